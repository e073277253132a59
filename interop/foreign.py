"""Others write to weir's tables, and weir goes on."""

import datetime
import os

import pyarrow as pa
import pyarrow.parquet as pq

import inputs
import readers
import tables
from checks import plain
from weirrun import WORK, files, folder, iceberg, pipeline


def more(name, rows, number):
    """Another file of flights in the folder that the pipeline reads."""
    sql = f"SELECT date + INTERVAL {number} DAY date, delay + {number} delay, distance, origin, destination FROM '{tables.DATA}/flights.parquet' LIMIT {rows}"
    t = readers.query(sql)
    pq.write_table(t, os.path.join(WORK, "flights", name + ".parquet"))
    return t


def run_flights():
    pipeline("flights", files(os.path.join(WORK, "flights")), {"lake": iceberg("t.flights", partition=["month(date)"])})


def from_input(*extra):
    t = readers.query(f"SELECT * FROM '{WORK}/flights/*.parquet'")
    return pa.concat_tables([t, *extra], promote_options="permissive")


def foreign_rows(number):
    t = readers.query(f"SELECT date, delay, distance, 'F{number}' origin, destination FROM '{tables.DATA}/flights.parquet' LIMIT 1234")
    return t


def pyiceberg_appends(checks, spark):
    """PyIceberg appends, weir goes on: both sets of rows are there."""
    t = readers.load("t.flights")
    t.append(foreign_rows(1).cast(t.schema().as_arrow()))
    more("c", 5000, 1)
    run_flights()
    tables.everywhere(checks, spark, "flights", from_input(foreign_rows(1)))
    run_flights()
    checks.equal("flights run again adds nothing after PyIceberg", readers.load("t.flights").scan().count(),
                 len(from_input(foreign_rows(1))))
    want = inputs.table(1, inputs.TYPES + inputs.NESTED, 2000)
    t = readers.load("t.parted")
    copy = t.scan(limit=50).to_arrow()
    t.append(copy)
    kinds = inputs.kinds(inputs.TYPES + inputs.NESTED)
    both = pa.concat_tables([plain(tables.to_pyiceberg(want), kinds), plain(copy, kinds)], promote_options="permissive")
    got = readers.pyiceberg("t.parted")
    checks.rows("parted after PyIceberg", plain(got, kinds).select(both.column_names), both)


def spark_maintains(checks, spark):
    """Spark compacts the table and expires its snapshots, weir goes on."""
    if spark is None:
        return
    want = len(from_input(foreign_rows(1)))
    done = spark.sql("CALL `default`.system.rewrite_data_files(table => 't.flights', options => map('rewrite-all', 'true'))").first()
    checks.that("flights compacted", done.rewritten_data_files_count >= 8, done)
    checks.equal("flights rows after compaction", readers.load("t.flights").scan().count(), want)
    more("d", 7000, 2)
    run_flights()
    tables.everywhere(checks, spark, "flights", from_input(foreign_rows(1)))
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
    done = spark.sql(f"CALL `default`.system.expire_snapshots(table => 't.flights', older_than => TIMESTAMP '{now}', retain_last => 1)").first()
    checks.that("flights files expired", done.deleted_data_files_count >= 8, done)
    spark.sql("CALL `default`.system.rewrite_manifests('t.flights')").collect()
    tables.everywhere(checks, spark, "flights", from_input(foreign_rows(1)))
    run_flights()
    checks.equal("flights run again adds nothing after expiry", readers.load("t.flights").scan().count(),
                 len(from_input(foreign_rows(1))))
    more("e", 3000, 3)
    run_flights()
    tables.everywhere(checks, spark, "flights", from_input(foreign_rows(1)))


def spark_writes(checks, spark):
    """Spark makes a table, changes its partitions and columns and deletes rows; weir appends in between."""
    if spark is None:
        return
    spark.sql("CREATE TABLE `default`.t.shared (n BIGINT NOT NULL, count INT, ratio FLOAT, price DECIMAL(7,2), name STRING, gone STRING) "
              "USING iceberg PARTITIONED BY (bucket(4, n), truncate(2, name)) "
              "TBLPROPERTIES ('format-version'='2', 'write.delete.mode'='merge-on-read', 'write.update.mode'='merge-on-read')")
    import evolve
    columns = evolve.OLD
    source = os.path.join(WORK, "shared")
    os.makedirs(source)

    def run(number):
        t = inputs.table(20 + number, columns, 400, first=1000 * number)
        inputs.write_jsonl(os.path.join(source, f"{number}.jsonl"), t)
        pipeline("shared", files(source, schema=inputs.schema(columns)), {"lake": iceberg("t.shared")})
        return t
    want = run(1)
    tables.everywhere(checks, spark, "shared", want)
    spark.sql("INSERT INTO `default`.t.shared VALUES (7, 1, 1.5F, 2.25, 'spark', NULL), (8, NULL, NULL, NULL, NULL, 'x')")
    spark.sql("DELETE FROM `default`.t.shared WHERE n % 10 = 3")
    spark.sql("ALTER TABLE `default`.t.shared DROP PARTITION FIELD truncate(2, name)")
    spark.sql("ALTER TABLE `default`.t.shared ADD PARTITION FIELD truncate(3, name)")
    spark.sql("ALTER TABLE `default`.t.shared ADD COLUMN note STRING AFTER count")
    spark.sql("ALTER TABLE `default`.t.shared RENAME COLUMN gone TO away")
    spark.sql("UPDATE `default`.t.shared SET note = 'seen' WHERE n < 1050")
    later = run(2)
    db = readers.database()
    db.register("a", want)
    db.register("b", later)
    sql = ("SELECT n, count, CASE WHEN n < 1050 THEN 'seen' END note, ratio, price, name, gone away, NULL::VARCHAR gone FROM ("
           "SELECT n, count, ratio, price, name, gone FROM a UNION ALL "
           "SELECT 7, 1, 1.5, 2.25, 'spark', NULL UNION ALL SELECT 8, NULL, NULL, NULL, NULL, 'x') WHERE n % 10 <> 3 "
           "UNION ALL SELECT n, count, NULL, ratio, price, name, NULL, gone FROM b")
    expected = db.execute(sql).arrow()
    expected = expected.read_all() if isinstance(expected, pa.RecordBatchReader) else expected
    tables.in_spark(checks, spark, "shared", expected)
    got = checks.run("shared pyiceberg", readers.pyiceberg, "t.shared")
    if got is not None:
        checks.rows("shared pyiceberg", got, expected)
    read_back(checks, "shared", expected)


def read_back(checks, name, want, kinds=None):
    """Reads a table with weir into Parquet files, and those with DuckDB."""
    out = os.path.join(WORK, "back-" + name)
    source = {"connector": "iceberg", "config": {"warehouse": os.path.join(WORK, "lake"), "table": "t." + name}}
    if checks.run(name + " weir", lambda: pipeline("back-" + name, source, {"out": folder(out)})) is not None:
        checks.rows(name + " weir", readers.duck(readers.tree(out)), want, kinds)


def weir_reads(checks, spark):
    """What weir, PyIceberg and Spark wrote together, read by weir."""
    read_back(checks, "flights", from_input(foreign_rows(1)))
