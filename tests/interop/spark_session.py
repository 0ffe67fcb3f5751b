"""Spark sessions on tables of ours. `make interop` has Spark, in an environment of its own."""

from conftest import ROOT

JARS = ROOT / ".deps/interop/jars"
NAME = "earthcatalog.earthcatalog.stac_items"  # catalog, namespace, table
SETTINGS = {
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
}


def start():
    from pyspark.sql import SparkSession

    jars = sorted(map(str, JARS.glob("*.jar")))
    assert len(jars) == 2, f"{JARS} is not filled; run tools/setup.sh interop"
    builder = SparkSession.builder.master("local[2]").config("spark.jars", ",".join(jars))
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def session_on(spark, table, **options):
    """A session with the table's catalog as `earthcatalog`, and connections of its own. The catalog's name is part of what
    the SQLite file says, and no other will do."""
    session = spark.newSession()
    prefix = "spark.sql.catalog.earthcatalog"
    for key, value in {
        prefix: "org.apache.iceberg.spark.SparkCatalog",
        f"{prefix}.type": "jdbc",
        f"{prefix}.uri": f"jdbc:sqlite:{table.catalog}",
        f"{prefix}.warehouse": f"file://{table.warehouse}",
        f"{prefix}.jdbc.schema-version": "V1",
        f"{prefix}.jdbc.init-catalog-tables": "false",
        f"{prefix}.cache-enabled": "false",
        **{f"{prefix}.{name}": value for name, value in options.items()},
    }.items():
        session.conf.set(key, value)
    return session
