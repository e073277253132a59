"""PyIceberg, DuckDB and pyarrow. DuckDB and pyarrow read the data files that
PyIceberg's plan names: DuckDB's Iceberg extension is on neither PyPI nor Maven."""

import glob
import os
import urllib.parse

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog

from weirrun import LAKE


def database():
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'; SET threads = 2; SET memory_limit = '1GB'")
    return db


def query(sql):
    """What DuckDB answers, as an Arrow table."""
    out = database().execute(sql).arrow()
    return out.read_all() if isinstance(out, pa.RecordBatchReader) else out


def load(table):
    catalog = SqlCatalog("default", uri="sqlite:///" + os.path.join(LAKE, "catalog.db"), warehouse="file://" + LAKE)
    return catalog.load_table(table)


def local(path):
    return urllib.parse.unquote(urllib.parse.urlparse(path).path) if path.startswith("file:") else path


def paths(table, snapshot=None, row_filter="true"):
    scan = load(table).scan(snapshot_id=snapshot) if row_filter == "true" else load(table).scan(row_filter=row_filter)
    return [local(task.file.file_path) for task in scan.plan_files()]


def pyiceberg(table, **scan):
    return load(table).scan(**scan).to_arrow()


def duck(files):
    names = ", ".join("'" + f.replace("'", "''") + "'" for f in files)
    return query(f"SELECT * FROM read_parquet([{names}], union_by_name=true, hive_partitioning=false)")


def arrow(files):
    """Each file by itself, then put together: their columns may differ in width."""
    return pa.concat_tables([pq.ParquetFile(f).read() for f in files], promote_options="permissive")


def arrow_filtered(files, expression):
    return ds.dataset(files, format="parquet").to_table(filter=expression)


def tree(folder):
    """The visible Parquet files of weir's file sink."""
    found = glob.glob(os.path.join(glob.escape(folder), "**", "*.parquet"), recursive=True)
    return sorted(f for f in found if "/_weir/" not in f)
