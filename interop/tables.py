"""Tables and files that only weir writes."""

import os
import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import inputs
import readers
import sparkside
from weirrun import WORK, datagen, files, folder, iceberg, pipeline

DATA = os.environ["DATA"]


def everywhere(checks, spark, name, want, kinds=None, raw_kinds=None):
    """Reads a table with all readers and holds each against want."""
    table = "t." + name
    got = checks.run(name + " pyiceberg", readers.pyiceberg, table)
    if got is not None:
        checks.rows(name + " pyiceberg", got, to_pyiceberg(want), kinds)
    found = checks.run(name + " plan", readers.paths, table) or []
    for reader in (readers.duck, readers.arrow):
        got = checks.run(f"{name} {reader.__name__}", reader, found)
        if got is not None:
            checks.rows(f"{name} {reader.__name__}", got, want, raw_kinds or kinds)
    in_spark(checks, spark, name, want, kinds)


def to_pyiceberg(t):
    """PyIceberg 0.11.1 reads a null list of structs as an empty list, whoever
    wrote it (pyarrow.py builds such lists anew, without their nulls)."""
    for i, field in enumerate(t.schema):
        if pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type):
            t = t.set_column(i, field, pa.array([v or [] for v in t.column(i).to_pylist()], field.type))
    return t


def in_spark(checks, spark, name, want, kinds=None):
    if spark is None:
        return
    got = checks.run(name + " spark", lambda: sparkside.arrow(spark.table(sparkside.named("t." + name))))
    if got is not None:
        checks.rows(name + " spark", got, want, kinds)


def filtered(checks, spark, name, want_sql, filters, fewer=True):
    """Rows that a filter leaves, beside DuckDB's answer on the input; the plan
    must leave files out where fewer says so."""
    whole = len(readers.paths("t." + name))
    for py, sql in filters:
        want = readers.query(f"{want_sql} WHERE {sql}")
        label = f"{name} where {sql}"
        got = checks.run(label + " pyiceberg", lambda: readers.pyiceberg("t." + name, row_filter=py))
        if got is not None:
            checks.rows(label + " pyiceberg", got, want)
        part = checks.run(label + " plan", lambda: readers.paths("t." + name, row_filter=py))
        if part is not None and fewer:
            checks.that(label + " prunes", len(part) < whole, f"{len(part)} of {whole} files")
        if spark is not None:
            got = checks.run(label + " spark", lambda: sparkside.arrow(
                spark.sql(f"SELECT * FROM {sparkside.named('t.' + name)} WHERE {sql}")))
            if got is not None:
                checks.rows(label + " spark", got, want)


def flights(checks, spark):
    """Parquet into a table partitioned by month, in several commits and two runs."""
    source, name = os.path.join(WORK, "flights"), "flights"
    os.makedirs(source)
    shutil.copy(os.path.join(DATA, "flights.parquet"), os.path.join(source, "a.parquet"))
    sink = {"lake": iceberg("t.flights", partition=["month(date)"])}
    pipeline(name, files(source), sink, checkpoint="50ms")
    rows = "SELECT * FROM read_parquet('%s')"
    first = readers.query(rows % (source + "/*.parquet"))
    everywhere(checks, spark, name, first)
    before = readers.load("t.flights").current_snapshot().snapshot_id
    pipeline(name, files(source), sink)
    checks.equal("flights run again adds nothing", readers.load("t.flights").scan().count(), len(first))
    later = readers.query(f"SELECT date + INTERVAL 9 MONTH date, delay, distance, origin, destination "
                          f"FROM ({rows % (source + '/*.parquet')}) USING SAMPLE 40000 ROWS (reservoir, 1)")
    pq.write_table(later, os.path.join(source, "b.parquet"))
    pipeline(name, files(source), sink, checkpoint="50ms")
    both = readers.query(rows % (source + "/*.parquet"))
    everywhere(checks, spark, name, both)
    old = checks.run("flights then", lambda: readers.pyiceberg("t.flights", snapshot_id=before))
    checks.rows("flights then pyiceberg", old, first)
    travel(checks, spark, first, before)
    filtered(checks, spark, name, f"SELECT * FROM '{source}/*.parquet'", [
        ("date >= '2001-03-01T00:00:00' and date < '2001-03-15T00:00:00'",
         "date >= TIMESTAMP '2001-03-01 00:00:00' AND date < TIMESTAMP '2001-03-15 00:00:00'"),
        ("date > '2001-12-31T23:59:59' and origin = 'SFO'", "date > TIMESTAMP '2001-12-31 23:59:59' AND origin = 'SFO'"),
    ])
    filtered(checks, spark, name, f"SELECT * FROM '{source}/*.parquet'", [
        ("delay > 300", "delay > 300"), ("distance in (2475, 337)", "distance IN (2475, 337)"),
        ("origin in ('JFK', 'LGA') and delay < -20", "origin IN ('JFK', 'LGA') AND delay < -20"),
        ("origin is null", "origin IS NULL"), ("not (distance <= 2500)", "NOT (distance <= 2500)"),
    ], fewer=False)
    if spark is not None:
        metadata(checks, spark, name, source)


def travel(checks, spark, want, snapshot):
    """Every snapshot holds what the summaries up to it say."""
    total = 0
    for s in readers.load("t.flights").snapshots():
        total += int(s.summary["added-records"])
        checks.equal("flights summary total", int(s.summary["total-records"]), total)
        checks.equal("flights snapshot rows pyiceberg",
                     readers.load("t.flights").scan(snapshot_id=s.snapshot_id).count(), total)
        if spark is not None:
            n = spark.sql(f"SELECT count(delay) FROM {sparkside.named('t.flights')} VERSION AS OF {s.snapshot_id}").first()
            checks.equal("flights snapshot rows spark", n[0], total)
    checks.that("flights has several snapshots", len(readers.load("t.flights").snapshots()) >= 3)
    if spark is not None:
        frame = spark.sql(f"SELECT * FROM {sparkside.named('t.flights')} VERSION AS OF {snapshot}")
        checks.rows("flights then spark", sparkside.arrow(frame), want)


def metadata(checks, spark, name, source):
    """Spark's metadata tables, and aggregates answered from statistics."""
    columns = ["date", "delay", "distance", "origin", "destination"]
    want = readers.database().execute(f"SELECT count(*), {', '.join(f'count({c}), min({c}), max({c}), count(DISTINCT {c})' for c in columns)} "
                                      f"FROM '{source}/*.parquet'").fetchone()
    checks.equal(f"{name} aggregates spark", sparkside.figures(spark, "t." + name, columns), list(want))
    pushed = spark.sql(f"SELECT count(*), min(delay), max(distance), max(date) FROM {sparkside.named('t.' + name)}")
    checks.that(f"{name} aggregates from statistics", "LocalTableScan" in pushed._jdf.queryExecution().toString(),
                "Spark did not answer from the metadata")
    checks.equal(f"{name} aggregates pushed", list(pushed.first()), [want[0], want[6], want[11], want[3]])
    for i, c in enumerate(columns):
        rows, values, nulls, low, high = sparkside.bounds(spark, "t." + name, c)
        at = 1 + 4 * i
        checks.equal(f"{name}.files {c}", [rows, values, nulls, low, high],
                     [want[0], want[0], want[0] - want[at], want[at + 1], want[at + 2]])
    got = spark.sql(f"SELECT partition.date_month, record_count FROM {sparkside.named('t.' + name)}.partitions").collect()
    months = readers.database().execute(
        f"SELECT (year(date) - 1970) * 12 + month(date) - 1, count(*) FROM '{source}/*.parquet' GROUP BY 1").fetchall()
    checks.equal(f"{name}.partitions", sorted(map(tuple, got)), sorted(months))
    snapshots = spark.sql(f"SELECT operation, summary['total-records'] n FROM {sparkside.named('t.' + name)}.snapshots "
                          f"ORDER BY committed_at").collect()
    checks.equal(f"{name}.snapshots", (int(snapshots[-1].n), {s.operation for s in snapshots}), (want[0], {"append"}))
    entries = spark.sql(f"SELECT count(*), sum(data_file.record_count) FROM {sparkside.named('t.' + name)}.entries").first()
    checks.equal(f"{name}.entries", entries[1], want[0])


def inferred(checks, spark):
    """JSON lines with an inferred schema into bucket and truncate partitions."""
    path = os.path.join(DATA, "flights.jsonl")
    sink = {"lake": iceberg("t.inferred", partition=["bucket(16, origin)", "truncate(1000, distance)", "truncate(1, destination)"])}
    pipeline("inferred", files(path), sink)
    sql = (f"SELECT date::TIMESTAMPTZ date, delay::BIGINT delay, distance, origin, destination "
           f"FROM read_json('{path}', columns={{date: 'VARCHAR', delay: 'BIGINT', distance: 'BIGINT', origin: 'VARCHAR', destination: 'VARCHAR'}})")
    everywhere(checks, spark, "inferred", readers.query(sql))
    filtered(checks, spark, "inferred", f"SELECT * FROM ({sql})", [
        ("origin = 'SFO'", "origin = 'SFO'"), ("origin in ('JFK', 'ORD')", "origin IN ('JFK', 'ORD')"),
        ("distance >= 2000", "distance >= 2000"), ("distance = 1999 or distance = 2000", "distance = 1999 OR distance = 2000"),
        ("destination like 'S%'", "destination LIKE 'S%'"), ("destination > 'SFO'", "destination > 'SFO'"),
    ])


def types(checks, spark):
    """Every type from JSON lines and CSV, with nulls and extremes, partitioned by columns with nulls."""
    columns = inputs.TYPES + inputs.NESTED
    want = inputs.table(1, columns, 2000)
    path = os.path.join(WORK, "types.jsonl")
    inputs.write_jsonl(path, want)
    source = files(path, schema=inputs.schema(columns))
    kinds = inputs.kinds(columns)
    pipeline("types", source, {"lake": iceberg("t.types", bloom=["s", "id"]),
                               "parted": iceberg("t.parted", partition=["bucket(4, id)", "truncate(3, s)", "year(d)"], open_partitions=200),
                               "money": iceberg("t.money", partition=["truncate(50, m1)", "bucket(3, m3)", "bucket(2, bin)"]),
                               "hours": iceberg("t.hours", partition=["day(tz)", "i8"])})
    for name in ("types", "parted", "money", "hours"):
        everywhere(checks, spark, name, want, kinds)
    scalars = inputs.table(2, inputs.TYPES, 1500)
    inputs.write_csv(os.path.join(WORK, "types.csv"), scalars)
    pipeline("fromcsv", files(os.path.join(WORK, "types.csv"), schema=inputs.schema(inputs.TYPES)),
             {"lake": iceberg("t.fromcsv", partition=["bucket(5, n)", "month(ts)"], compression="snappy")})
    everywhere(checks, spark, "fromcsv", scalars, inputs.kinds(inputs.TYPES))
    times = inputs.table(3, inputs.TIMES, 300)
    inputs.write_jsonl(os.path.join(WORK, "times.jsonl"), times)
    pipeline("times", files(os.path.join(WORK, "times.jsonl"), schema=inputs.schema(inputs.TIMES)), {"lake": iceberg("t.times")})
    everywhere(checks, None, "times", times, inputs.kinds(inputs.TIMES))  # Spark has no type for times
    if spark is not None:
        pruned(checks, spark, want, kinds)


def pruned(checks, spark, want, kinds):
    """Filters on partition columns of every transform, nulls and extremes among them."""
    def column(name):
        return want.column(name)
    somewhere = want.slice(700, 1).to_pylist()[0]
    day = "2025-03-20"
    low = "TIMESTAMP '2025-03-20 00:00:00'"
    cases = [
        ("parted", "d IS NULL", pc.is_null(column("d"))),
        ("parted", "d < DATE '1970-01-01'", pc.less(column("d"), inputs.dt.date(1970, 1, 1))),
        ("parted", "s = ''", pc.equal(column("s"), "")),
        ("parted", "s LIKE '漢字%'", pc.starts_with(column("s"), "漢字")),
        ("parted", "s > 'zz'", pc.greater(column("s"), "zz")),
        ("parted", f"n = {somewhere['n']}", pc.equal(column("n"), somewhere["n"])),
        ("money", "m1 = -99999.99", pc.equal(column("m1"), inputs.D("-99999.99"))),
        ("money", "m1 > 0", pc.greater(column("m1"), inputs.D("0.00"))),
        ("money", "m3 = 0", pc.equal(column("m3"), inputs.D("0").quantize(inputs.D("1e-10")))),
        ("hours", "i8 = -128", pc.equal(column("i8"), -128)),
        ("hours", "i8 IS NULL", pc.is_null(column("i8"))),
        ("hours", f"tz >= {low}", pc.greater_equal(column("tz"), inputs.dt.datetime.fromisoformat(day + "T00:00:00+00:00"))),
        ("hours", "tz < TIMESTAMP '1970-01-01 00:00:00'", pc.less(column("tz"), inputs.dt.datetime(1970, 1, 1, tzinfo=inputs.UTC))),
        ("types", "u64 > 18446744073709551614", pc.equal(column("u64").cast("string"), str(2 ** 64 - 1))),
        ("types", "f64 >= 1e308", pc.greater_equal(column("f64"), 1e308)),
        ("types", "pt.y > 2147483646", pc.greater(pc.struct_field(column("pt"), "y"), 2147483646)),
    ]
    for name, sql, mask in cases:
        frame = checks.run(f"{name} where {sql}", lambda: sparkside.arrow(
            spark.sql(f"SELECT * FROM {sparkside.named('t.' + name)} WHERE {sql}")))
        if frame is not None:
            checks.rows(f"{name} where {sql} spark", frame, want.filter(mask), kinds)


def generated(checks, spark):
    """The patterns of datagen, with structs and maps, beside a copy as JSON lines read by DuckDB."""
    shapes = {
        "events": "payload: 'STRUCT(page VARCHAR, referrer VARCHAR, duration_ms BIGINT)'",
        "orders": "", "metrics": "tags: 'MAP(VARCHAR, VARCHAR)'", "users": "",
    }
    for pattern in shapes:
        copy = os.path.join(WORK, "copy-" + pattern)
        pipeline(pattern, datagen(pattern, 20000), {
            "lake": iceberg("t." + pattern, partition=["hour(_timestamp)"]), "copy": folder(copy, format="jsonl")}, checkpoint="50ms")
        types = {f["name"]: f["type"] for f in described("t." + pattern)}
        columns = ", ".join(f"{n}: '{t}'" for n, t in types.items())
        want = readers.query(f"SELECT * FROM read_json('{copy}/*.jsonl', format='newline_delimited', columns={{{columns}}})")
        everywhere(checks, spark, pattern, want)


def described(table):
    """The columns of a table in DuckDB's words, from PyIceberg's reading of the schema."""
    names = {"long": "BIGINT", "int": "INTEGER", "string": "VARCHAR", "double": "DOUBLE", "float": "FLOAT", "boolean": "BOOLEAN",
             "date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ", "uuid": "UUID"}

    def of(t):
        kind = type(t).__name__
        if kind == "StructType":
            return "STRUCT(" + ", ".join(f'"{f.name}" {of(f.field_type)}' for f in t.fields) + ")"
        if kind == "MapType":
            return f"MAP({of(t.key_type)}, {of(t.value_type)})"
        if kind == "ListType":
            return of(t.element_type) + "[]"
        if kind == "DecimalType":
            return f"DECIMAL({t.precision}, {t.scale})"
        return names[str(t)]
    return [{"name": f.name, "type": of(f.field_type)} for f in readers.load(table).schema().fields]


def parquet(checks, spark):
    """Weir's Parquet files with the encodings it chooses by itself."""
    columns = inputs.TYPES + inputs.NESTED
    want = inputs.table(4, columns, 5000)
    path = os.path.join(WORK, "parquet.jsonl")
    inputs.write_jsonl(path, want)
    kinds = inputs.kinds(columns)
    sinks = {c: folder(os.path.join(WORK, "pq-" + c), compression=c, parquet={"bloom": ["s", "id", "i64"], "row_group_rows": 700})
             for c in ("zstd", "snappy", "none")}
    sinks["hive"] = folder(os.path.join(WORK, "pq-hive"), partition=["flag", "month(tz)"])
    pipeline("parquet", files(path, schema=inputs.schema(columns)), sinks)
    for sink in sinks:
        found = readers.tree(os.path.join(WORK, "pq-" + sink))
        read_files(checks, None, "parquet " + sink, found, want, kinds)
    found = readers.tree(os.path.join(WORK, "pq-zstd"))
    indexes(checks, found, want)
    some = [c for c in want.column_names if c != "id"]  # Spark's own reader refuses UUID
    pipeline("pqspark", files(path, schema=inputs.schema(columns), columns=some), {
        c: folder(os.path.join(WORK, "pqspark-" + c), compression=c, parquet={"bloom": ["s"]}) for c in ("zstd", "snappy")})
    for c in ("zstd", "snappy"):
        read_files(checks, spark, "parquet for spark " + c, readers.tree(os.path.join(WORK, "pqspark-" + c)), want.select(some), kinds)
    source = os.path.join(DATA, "flights.parquet")
    pipeline("pqflights", files(source), {"out": folder(os.path.join(WORK, "pq-flights"), parquet={"bloom": ["origin"]})})
    found = readers.tree(os.path.join(WORK, "pq-flights"))
    read_files(checks, spark, "parquet flights", found, readers.query(f"SELECT * FROM '{source}'"), None)
    if spark is not None:
        spark_filters(checks, spark, found, source)


def read_files(checks, spark, name, found, want, kinds):
    for reader in (readers.duck, readers.arrow):
        got = checks.run(f"{name} {reader.__name__}", reader, found)
        if got is not None:
            checks.rows(f"{name} {reader.__name__}", got, want, kinds)
    if spark is not None:
        got = checks.run(name + " spark", lambda: sparkside.arrow(spark.read.parquet(*found)))
        if got is not None:
            checks.rows(name + " spark", got, want, kinds)


def indexes(checks, found, want):
    """Page indexes are there; bloom filters say no where they can and never where they must not."""
    db = readers.database()
    for f in found:
        meta = pq.ParquetFile(f).metadata
        for g in range(meta.num_row_groups):
            for c in range(meta.num_columns):
                col = meta.row_group(g).column(c)
                checks.that(f"parquet page index {col.path_in_schema}", col.has_offset_index and col.has_column_index)
    present = want.column("i64").drop_null().to_pylist()
    excluded = 0
    for v in present[:50] + [123456789123, -77777777777]:
        probe = [db.execute(f"SELECT bool_and(bloom_filter_excludes) FROM parquet_bloom_probe('{f}', 'i64', '{v}'::BIGINT)").fetchone()[0] for f in found]
        excluded += all(probe)
        if v in present:
            checks.that(f"parquet bloom filter keeps {v}", not all(probe))
    checks.that("parquet bloom filter excludes", excluded >= 1, "a value that is not there was never excluded")


def spark_filters(checks, spark, found, source):
    for sql in ("origin = 'SFO'", "origin = 'XXX'", "delay BETWEEN 100 AND 110", "date < TIMESTAMP_NTZ '2001-01-02 00:00:00'"):
        want = readers.query(f"SELECT * FROM '{source}' WHERE {sql.replace('_NTZ', '')}")
        got = checks.run("parquet flights where " + sql, lambda: sparkside.arrow(spark.read.parquet(*found).where(sql)))
        if got is not None:
            checks.rows(f"parquet flights where {sql} spark", got, want)
