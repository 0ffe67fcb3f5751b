"""Spark writes, then we: every row and every value is what it must be, by the independent reader. Run by `make interop`."""

import functools
import json
import pathlib

import pytest

pytest.importorskip("pyspark", reason="`make interop` has Spark")

from conftest import Table, incremental
from matrix import FOREIGN, OURS, Engine, SavedTable, check_pair, key_of, read_table
from spark_session import NAME, session_on, start

ITEMS = 60
KEY = "t.collection = s.collection AND t.id = s.id AND t.grid_partition = s.grid_partition"


@pytest.fixture(scope="module")
def spark():
    session = start()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def spark_archive(earthcatalog, tmp_path_factory):
    return earthcatalog.generate(tmp_path_factory.mktemp("matrix"), "--concentrate", "--odd-every", 12, items=ITEMS, seed=7)


@pytest.fixture(scope="module")
def saved(earthcatalog, spark_archive, tmp_path_factory):
    return SavedTable(earthcatalog, spark_archive, tmp_path_factory.mktemp("saved"))


def set_mode(session, operation, mode):
    session.sql(f"ALTER TABLE {NAME} SET TBLPROPERTIES ('write.{operation}.mode' = '{mode}')")


def new_items(session, platform):
    from pyspark.sql.functions import concat, lit

    rows = session.table(NAME).where(f"platform = '{platform}'")
    return rows.withColumn("id", concat(lit(FOREIGN), rows["id"])).select(*[f"`{name}`" for name in rows.columns])


def insert(session):
    new_items(session, "LE07").createOrReplaceTempView("came")
    session.sql(f"INSERT INTO {NAME} SELECT * FROM came")


def delete(session, mode):
    """Some rows of a file each, so that no file goes as a whole."""
    set_mode(session, "delete", mode)
    session.sql(f"DELETE FROM {NAME} WHERE platform IN ('LC08', 'S2B')")


def merge(session, mode):
    """New values in some rows, and rows of new items."""
    from pyspark.sql.functions import lit

    set_mode(session, "merge", mode)
    changed = session.table(NAME).where("platform = 'LT05'").withColumn("percent_valid_pixels", lit(99).cast("long"))
    changed.union(new_items(session, "LT05")).localCheckpoint().createOrReplaceTempView("changes")
    session.sql(f"MERGE INTO {NAME} t USING changes s ON {KEY} WHEN MATCHED THEN UPDATE SET "
                "t.percent_valid_pixels = s.percent_valid_pixels WHEN NOT MATCHED THEN INSERT *")


def rewrite_data_files(session):
    session.sql(f"CALL earthcatalog.system.rewrite_data_files(table => '{NAME}', options => map('rewrite-all', 'true'))")


def rewrite_after_deletes(session):
    """Spark applies its own position deletes and drops them."""
    delete(session, "merge-on-read")
    session.sql(f"CALL earthcatalog.system.rewrite_data_files(table => '{NAME}', options => map('rewrite-all', 'true', "
                "'remove-dangling-deletes', 'true'))")


def rewrite_manifests(session):
    insert(session)
    session.sql(f"CALL earthcatalog.system.rewrite_manifests(table => '{NAME}', use_caching => false)")


def expire_snapshots(session):
    delete(session, "copy-on-write")
    session.sql(f"CALL earthcatalog.system.expire_snapshots(table => '{NAME}', older_than => now(), retain_last => 1)")


OPERATIONS = {
    "insert": insert,
    "delete_copy_on_write": functools.partial(delete, mode="copy-on-write"),
    "delete_merge_on_read": functools.partial(delete, mode="merge-on-read"),
    "merge_copy_on_write": functools.partial(merge, mode="copy-on-write"),
    "merge_merge_on_read": functools.partial(merge, mode="merge-on-read"),
    "rewrite_data_files": rewrite_data_files,
    "rewrite_after_deletes": rewrite_after_deletes,
    "rewrite_manifests": rewrite_manifests,
    "expire_snapshots": expire_snapshots,
}


@pytest.mark.parametrize("ours", OURS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_row_and_value_stays(spark, earthcatalog, spark_archive, saved, operation, ours):
    engine = Engine("spark", {operation: lambda table: OPERATIONS[operation](session_on(spark, table))})
    check_pair(earthcatalog, spark_archive, saved.restore(), saved.original, engine.operations[operation], ours)


def test_spark_reads_what_we_wrote_after_it(spark, earthcatalog, spark_archive, saved):
    table = saved.restore()
    insert(session_on(spark, table))
    earthcatalog.json(*incremental(table, spark_archive, "--refetch"))
    earthcatalog.json("compact", *table.arguments)
    rows = session_on(spark, table).table(NAME).select("collection", "id", "grid_partition", "proj:code").collect()
    theirs = sorted(((row["collection"], row["id"], row["grid_partition"], row["proj:code"]) for row in rows), key=str)
    ours = sorted(((*key_of(row), row["grid_partition"], row["proj:code"]) for row in read_table(table)), key=str)
    assert theirs == ours


def metadata_of(table):
    return json.loads(pathlib.Path(table.load().metadata_location.removeprefix("file:").removeprefix("//")).read_text())


def statistics_of(table):
    metadata = metadata_of(table)
    return {name: {pathlib.Path(each["statistics-path"]).name for each in metadata.get(name, [])}
            for name in ("statistics", "partition-statistics")}


def test_expire_removes_the_statistics_of_snapshots_that_went(spark, earthcatalog, saved):
    table = saved.restore()
    session = session_on(spark, table)
    for platform in ("LE07", "LT05"):
        session.sql(f"CALL earthcatalog.system.compute_table_stats(table => '{NAME}', columns => array('platform'))")
        session.sql(f"CALL earthcatalog.system.compute_partition_stats(table => '{NAME}')")
        new_items(session, platform).createOrReplaceTempView("came")
        session.sql(f"INSERT INTO {NAME} SELECT * FROM came")
    session.sql(f"CALL earthcatalog.system.compute_partition_stats(table => '{NAME}')")
    folder = table.warehouse / "earthcatalog/stac_items/metadata"
    before = statistics_of(table)
    assert len(before["statistics"]) == 2 and len(before["partition-statistics"]) == 3
    rows = read_table(table)
    earthcatalog.json("expire", *table.arguments, "--older-than", "0s")
    after = statistics_of(table)
    assert len(after["partition-statistics"]) == 1 and after["statistics"] == set()
    left = {path.name for path in folder.iterdir()}
    assert after["partition-statistics"] <= left
    assert not ((before["statistics"] | before["partition-statistics"]) - after["partition-statistics"]) & left
    assert len(read_table(table)) == len(rows)


def test_a_column_of_sparks_disturbs_only_who_writes(spark, earthcatalog, spark_archive, tmp_path):
    table = Table(tmp_path)
    earthcatalog.json(*incremental(table, spark_archive))
    session_on(spark, table).sql(f"ALTER TABLE {NAME} ADD COLUMN note string")
    rows = earthcatalog.json("info", *table.arguments)["rows"]
    assert earthcatalog.json("audit", "--inventory", spark_archive.inventory, *table.arguments)["good"]
    earthcatalog.json("expire", *table.arguments, "--older-than", "0s")
    for command in (incremental(table, spark_archive, "--refetch"), ["compact", *table.arguments]):
        process = earthcatalog.run(*command)
        assert process.returncode == 1 and '"note"' in process.stderr and "ALTER TABLE" in process.stderr
    session_on(spark, table).sql(f"ALTER TABLE {NAME} DROP COLUMN note")
    assert earthcatalog.json(*incremental(table, spark_archive))["unchanged"] == ITEMS
    assert earthcatalog.json("info", *table.arguments)["rows"] == rows


class TestIdleSession:
    """A session that has read and does nothing."""

    def read(self, spark, table, **options):
        session = session_on(spark, table, **options)
        assert session.table(NAME).count() > 0
        return session

    def test_with_the_setting_of_the_page_it_holds_nobody_up(self, spark, earthcatalog, spark_archive, saved):
        table = saved.restore()
        session = self.read(spark, table)
        earthcatalog.json(*incremental(table, spark_archive, "--refetch"))
        assert session.table(NAME).count() == len(read_table(table))

    def test_without_it_our_write_names_the_reader(self, spark, earthcatalog, spark_archive, saved):
        table = saved.restore()
        self.read(spark, table, **{"jdbc.init-catalog-tables": "true"})
        process = earthcatalog.run(*incremental(table, spark_archive, "--refetch"))
        assert process.returncode == 1
        assert "a reader keeps a transaction" in process.stderr and "jdbc.init-catalog-tables" in process.stderr
