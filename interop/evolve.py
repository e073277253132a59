"""A table whose input gains columns and widens."""

import os

import pyarrow as pa

import inputs
import tables
from weirrun import WORK, files, iceberg, pipeline

OLD = [("n", "int64", pa.int64(), None), ("count", "int32", pa.int32(), None), ("ratio", "float32", pa.float32(), None),
       ("price", "decimal(7,2)", pa.decimal128(7, 2), None), ("name", "string", pa.string(), None),
       ("gone", "string", pa.string(), None)]
NEW = [("n", "int64", pa.int64(), None), ("extra", "struct<a: int64, b: list<string>>",
                                          pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))]), None),
       ("count", "int64", pa.int64(), None), ("ratio", "float64", pa.float64(), None),
       ("price", "decimal(18,2)", pa.decimal128(18, 2), None), ("name", "string", pa.string(), None),
       ("seen", "timestamp[us, UTC]", pa.timestamp("us", "UTC"), None)]


def evolution(checks, spark):
    """Added, missing and wider columns; old and new files read together."""
    old, new = inputs.table(5, OLD, 800), inputs.table(6, NEW, 900, first=800)
    for name, t in (("old", old), ("new", new)):
        inputs.write_jsonl(os.path.join(WORK, name + ".jsonl"), t)
    sink = {"lake": iceberg("t.evolved", schema="full", partition=["bucket(3, count)", "truncate(2, name)"])}
    pipeline("evolved", files(os.path.join(WORK, "old.jsonl"), schema=inputs.schema(OLD)), sink)
    tables.everywhere(checks, spark, "evolved", old)
    pipeline("evolved2", files(os.path.join(WORK, "new.jsonl"), schema=inputs.schema(NEW)), sink)
    want = pa.concat_tables([old, new], promote_options="permissive")
    tables.everywhere(checks, spark, "evolved", want)
    if spark is not None:
        for sql in ("count = 2147483647", "count > 2147483647", "price = -99999.99", "name IS NULL", "seen IS NOT NULL"):
            got = checks.run("evolved where " + sql, lambda: tables.sparkside.arrow(
                spark.sql(f"SELECT * FROM `default`.t.evolved WHERE {sql}")))
            expected = tables.readers.database()
            expected.register("w", want)
            rows = expected.execute(f"SELECT n FROM w WHERE {sql}").fetchall()
            if got is not None:
                checks.equal(f"evolved where {sql} spark", sorted(got.column("n").to_pylist()), sorted(r[0] for r in rows))
