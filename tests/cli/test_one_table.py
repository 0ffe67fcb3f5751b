"""A warehouse holds one table."""

import shutil

import pytest
from conftest import S3Table, Table, backfill, incremental


@pytest.fixture
def made(earthcatalog, archive, table):
    earthcatalog.json(*incremental(table, archive, "--limit", 100))
    table.expected = table.rows()
    return table


def other_catalog(made):
    """The same warehouse under a mistyped catalog."""
    other = Table(made.folder)
    other.catalog = made.folder / "catalogue.db"
    return other


def files_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(earthcatalog, made, *arguments):
    before = files_of(made.folder)
    process = earthcatalog.run(*arguments)
    assert process.returncode == 1
    assert files_of(made.folder) == before
    return process.stderr


class TestAnotherTable:
    def test_through_a_mistyped_catalog_is_refused_before_anything_is_written(self, earthcatalog, archive, made):
        other = other_catalog(made)
        for command in (incremental(other, archive, "--limit", 10), incremental(other, archive, "--limit", 10, "--dry-run"),
                        backfill(other, archive, "--limit", 10), backfill(other, archive, "--limit", 10, shape="direct")):
            message = refused(earthcatalog, made, *command)
            assert str(made.catalog) in message and str(other.catalog) in message and "register" in message
        assert made.rows() == made.expected
        assert earthcatalog.json(*incremental(made, archive, "--limit", 100))["unchanged"] == 100

    def test_in_place_of_a_lost_catalog_is_refused_and_register_named(self, earthcatalog, archive, made):
        made.catalog.unlink()
        message = refused(earthcatalog, made, *incremental(made, archive, "--limit", 10))
        assert f"register --from-warehouse --catalog file://{made.catalog}" in message
        earthcatalog.json("register", "--from-warehouse", *made.arguments)
        assert earthcatalog.json(*incremental(made, archive, "--limit", 100))["unchanged"] == 100

    def test_a_table_that_names_no_catalog_is_named_by_its_metadata(self, earthcatalog, archive, made):
        with made.load().transaction() as change:
            change.remove_properties("earthcatalog.catalog")
        message = refused(earthcatalog, made, *incremental(other_catalog(made), archive, "--limit", 10))
        assert made.load().metadata_location in message and str(made.load().metadata.table_uuid) in message

    def test_a_moved_catalog_is_known_by_its_new_name_after_its_next_commit(self, earthcatalog, archive, made):
        moved = other_catalog(made)
        shutil.move(made.catalog, moved.catalog)
        earthcatalog.json(*incremental(moved, archive, "--limit", 110))
        assert moved.load().properties["earthcatalog.catalog"] == f"file://{moved.catalog}"
        assert str(moved.catalog) in refused(earthcatalog, made, *incremental(made, archive, "--limit", 10))

    def test_on_s3(self, s3_earthcatalog, s3_server, archive, tmp_path):
        made = S3Table(s3_server, "one-table", tmp_path)
        s3_earthcatalog.json(*incremental(made, archive, "--limit", 10))
        other = S3Table(s3_server, "one-table", tmp_path)
        other.catalog = made.catalog.replace("catalog.db", "catalogue.db")
        keys = s3_server.keys(made.BUCKET, made.name)
        process = s3_earthcatalog.run(*incremental(other, archive, "--limit", 10))
        assert process.returncode == 1 and made.catalog in process.stderr
        assert s3_server.keys(made.BUCKET, made.name) == keys


class TestAFirstRunThatCameToNothing:
    def test_leaves_the_warehouse_to_the_next_one(self, earthcatalog, archive, table):
        """A run that was killed between the table's creation and its first commit."""
        earthcatalog.json(*incremental(table, archive, "--limit", 10))
        first = min((table.warehouse / "earthcatalog/stac_items/metadata").glob("00000-*.metadata.json"))
        kept = first.read_bytes()
        shutil.rmtree(table.folder)
        first.parent.mkdir(parents=True)
        first.write_bytes(kept)
        (first.parent / "version-hint.text").write_text(first.name.removesuffix(".metadata.json"))
        assert earthcatalog.json(*incremental(table, archive, "--limit", 10))["written_items"] == 10


class TestRegister:
    @pytest.fixture
    def two(self, earthcatalog, archive, made, tmp_path):
        """A warehouse with the metadata of two tables, as a mistyped catalog could once make it."""
        aside = made.folder / "aside"
        shutil.move(made.warehouse / "earthcatalog", aside)
        other = other_catalog(made)
        earthcatalog.json(*incremental(other, archive, "--limit", 5))
        other.expected = other.rows()
        shutil.copytree(aside / "stac_items/metadata", made.warehouse / "earthcatalog/stac_items/metadata",
                        ignore=shutil.ignore_patterns("version-hint.text"), dirs_exist_ok=True)
        shutil.rmtree(aside)
        return made, other

    def test_names_the_tables_of_a_warehouse_that_holds_several_and_asks_which(self, earthcatalog, two):
        uuids = [str(table.load().metadata.table_uuid) for table in two]
        for table in two:
            table.catalog.unlink()
        made, other = two
        message = refused(earthcatalog, made, "register", "--from-warehouse", *made.arguments)
        assert "--table-uuid" in message and all(uuid in message for uuid in uuids)
        assert f"{len(made.expected)} rows" in message and f"{len(other.expected)} rows" in message
        for table, uuid in zip(two, uuids):
            earthcatalog.json("register", "--from-warehouse", *table.arguments, "--table-uuid", uuid)
            assert str(table.load().metadata.table_uuid) == uuid
            assert table.rows() == table.expected

    def test_names_the_tables_that_there_are_when_asked_for_another(self, earthcatalog, made):
        uuid = str(made.load().metadata.table_uuid)
        made.catalog.unlink()
        message = refused(earthcatalog, made, "register", "--from-warehouse", *made.arguments, "--table-uuid", "0-0")
        assert "0-0" in message and uuid in message
