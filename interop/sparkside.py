"""Spark with Iceberg's own runtime, on weir's SQLite catalog as it is."""

import os

import pyarrow as pa

from weirrun import LAKE, WORK


def start():
    """A session, or None if run.sh found no jars."""
    jars = os.environ.get("JARS")
    if not jars:
        return None
    from pyspark.sql import SparkSession
    b = SparkSession.builder.master("local[2]").appName("weir-interop").config("spark.jars", jars)
    catalog = "spark.sql.catalog.default"
    for key, value in {
        "spark.driver.memory": "2g", "spark.ui.enabled": "false", "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1", "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2", "spark.sql.session.timeZone": "UTC",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC", "spark.local.dir": os.path.join(WORK, "spark"),
        "spark.sql.warehouse.dir": os.path.join(WORK, "spark-warehouse"),
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        # Files that Spark did not write have no note on their calendar: it is today's.
        "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
        catalog: "org.apache.iceberg.spark.SparkCatalog", catalog + ".type": "jdbc",
        catalog + ".uri": "jdbc:sqlite:" + os.path.join(LAKE, "catalog.db"),
        catalog + ".warehouse": "file://" + LAKE, catalog + ".jdbc.schema-version": "V1",
        # Java's JdbcCatalog looks for the tables with a result that it never
        # closes: SQLite then shows that connection the catalog of that moment
        # for good, and its commits fail.
        catalog + ".jdbc.init-catalog-tables": "false", catalog + ".cache-enabled": "false",
    }.items():
        b = b.config(key, value)
    spark = b.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def named(table):
    return "`default`." + table


def arrow(frame):
    """The rows of a data frame, through Spark's Arrow serialiser."""
    from pyspark.sql.pandas.types import to_arrow_schema
    batches = frame._collect_as_arrow()
    if batches:
        return pa.Table.from_batches(batches)
    return to_arrow_schema(frame.schema).empty_table()


def figures(spark, table, columns):
    """Rows, and least, greatest, distinct and present values as Spark computes
    them: from the statistics in the metadata where it can."""
    parts = ["count(*)"]
    for c in columns:
        parts += [f"count({c})", f"min({c})", f"max({c})", f"count(DISTINCT {c})"]
    return list(spark.sql(f"SELECT {', '.join(parts)} FROM {named(table)}").first())


def bounds(spark, table, column):
    """Rows, nulls and bounds of a column over all data files, as readable_metrics decodes them."""
    m = f"readable_metrics.{column}"
    return spark.sql(f"SELECT sum(record_count), sum({m}.value_count), sum({m}.null_value_count), "
                     f"min({m}.lower_bound), max({m}.upper_bound) FROM {named(table)}.files").first()
