"""Writes tables and files with weir and reads them with readers that are not
ours, among them some that write. Ends with one line of JSON."""

import datetime
import json
import os
import sys
import traceback

import duckdb
import pyarrow as pa
import pyiceberg

import evolve
import foreign
import sparkside
import tables
from checks import Checks


def main():
    checks = Checks()
    versions = [f"pyiceberg {pyiceberg.__version__}", f"duckdb {duckdb.__version__}", f"pyarrow {pa.__version__}"]
    spark = None
    began = datetime.datetime.now()
    try:
        spark = sparkside.start()
        if spark is not None:
            iceberg = os.path.basename(os.environ["JARS"].split(",")[0]).rsplit("-", 1)[1].removesuffix(".jar")
            versions += [f"spark {spark.version}", f"iceberg-spark-runtime {iceberg}"]
        for part in (tables.flights, tables.inferred, tables.types, tables.generated, tables.parquet,
                     evolve.evolution, foreign.pyiceberg_appends, foreign.spark_maintains,
                     foreign.spark_writes, foreign.weir_reads):
            checks.run(part.__name__, part, checks, spark)
            seconds = (datetime.datetime.now() - began).total_seconds()
            print(f"{part.__name__}: {checks.count} checks, {checks.failed} failed, {seconds:.0f} s", flush=True)
    except Exception:
        checks.that("scenario", False, traceback.format_exc())
    finally:
        if spark is not None:
            spark.stop()
    print(json.dumps({"suite": "interop", "checks": checks.count, "failed": checks.failed, "readers": versions,
                      "skipped": [] if spark is not None else ["spark"]}))
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
