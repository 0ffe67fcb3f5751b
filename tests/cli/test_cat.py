"""cat: items of a table, each once, as they were fetched."""

import datetime
import json

import pyarrow
import pytest
from conftest import incremental


@pytest.fixture(scope="module")
def filled(earthcatalog, tmp_path_factory):
    from conftest import Table

    archive = earthcatalog.generate(tmp_path_factory.mktemp("odd"), "--odd-every", 4, items=200, seed=3)
    table = Table(tmp_path_factory.mktemp("cat"))
    earthcatalog.json(*incremental(table, archive))
    table.items = {item["id"]: item for item in (parse(path.read_text()) for path in archive.objects())}
    return table


def parse(text):
    """An item whose times are instants: their spelling may differ."""
    def instant(value):
        try:
            return datetime.datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else value
        except ValueError:
            return value

    return json.loads(text, object_hook=lambda members: {name: instant(value) for name, value in members.items()})


def cat(earthcatalog, *arguments):
    return [parse(line) for line in earthcatalog.run("cat", *arguments, check=True).stdout.splitlines()]


def test_cat_of_a_table_gives_each_item_once_as_it_was(earthcatalog, filled):
    items = cat(earthcatalog, "--catalog", filled.catalog)
    assert len(items) == len(filled.items) < len(filled.rows())
    assert {item["id"]: item for item in items} == filled.items


def test_cat_of_ids_gives_these_alone(earthcatalog, filled):
    chosen = sorted(filled.items)[::60]
    items = cat(earthcatalog, "--catalog", filled.catalog, *(word for name in chosen for word in ("--id", name)))
    assert sorted(item["id"] for item in items) == chosen
    assert all(item == filled.items[item["id"]] for item in items)


def test_cat_of_an_id_that_is_not_there_names_it_and_gives_the_others(earthcatalog, filled):
    some = next(iter(filled.items))
    process = earthcatalog.run("cat", "--catalog", filled.catalog, "--id", some, "--id", "nobody")
    assert process.returncode == 1
    assert "nobody" in process.stderr and some not in process.stderr
    assert parse(process.stdout)["id"] == some


def test_cat_of_a_collection_and_a_limit(earthcatalog, filled):
    assert len(cat(earthcatalog, *filled.arguments, "--limit", 7)) == 7
    assert cat(earthcatalog, *filled.arguments, "--limit", 0) == cat(earthcatalog, *filled.arguments)
    collection = next(iter(filled.items.values()))["collection"]
    assert len(cat(earthcatalog, *filled.arguments, "--collection", collection)) == 200
    assert cat(earthcatalog, *filled.arguments, "--collection", "another") == []


def test_cat_of_an_id_finds_an_item_that_lost_its_primary_row(earthcatalog, archive, table):
    earthcatalog.json(*incremental(table, archive, "--limit", 200))
    rows = table.contents().to_pylist()
    several = {row["id"] for row in rows if not row["grid_primary"]}
    name = sorted(several)[0]
    table.load().delete(f"id = '{name}' and grid_primary = true")
    (item,) = cat(earthcatalog, *table.arguments, "--id", name)
    assert item["id"] == name


@pytest.fixture
def fanned_out(earthcatalog, archive, table):
    """200 items, some of them in several cells."""
    earthcatalog.json(*incremental(table, archive, "--limit", 200))
    table.items = {item["id"]: item for item in cat(earthcatalog, *table.arguments)}
    assert len(table.items) == 200 < len(table.rows())
    return table


@pytest.mark.parametrize("limit", [[], ["--limit", 1000]], ids=["all", "limit"])
@pytest.mark.parametrize("gone", [True, False])
def test_cat_gives_an_item_once_whichever_of_its_rows_another_engine_deleted(earthcatalog, fanned_out, gone, limit):
    rows = fanned_out.contents().to_pylist()
    several = {row["id"] for row in rows if not row["grid_primary"]}
    left = {row["id"] for row in rows if row["grid_primary"] is not gone}
    assert several and several <= left
    names = ", ".join(f"'{name}'" for name in sorted(several))
    fanned_out.load().delete(f"id in ({names}) and grid_primary = {str(gone).lower()}")
    assert len(fanned_out.rows()) < len(rows)
    items = cat(earthcatalog, *fanned_out.arguments, *limit)
    assert len(items) == 200 and {item["id"]: item for item in items} == fanned_out.items


def test_cat_gives_an_item_once_that_another_engine_appended_again(earthcatalog, fanned_out):
    theirs = fanned_out.load()
    copies = theirs.scan().to_arrow()
    at = copies.schema.get_field_index("updated")
    later = pyarrow.array([datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)] * copies.num_rows,
                          copies.schema.field(at).type)
    theirs.append(copies.slice(0, 50))
    theirs.append(copies.set_column(at, copies.schema.field(at), later).slice(0, 50))
    items = cat(earthcatalog, *fanned_out.arguments)
    assert sorted(item["id"] for item in items) == sorted(fanned_out.items)
    newer = {item["id"] for item in items if item["properties"].get("updated", datetime.datetime.min).year == 2100}
    assert newer == set(copies.slice(0, 50)["id"].to_pylist())


def test_cat_of_another_engines_rows_keeps_names_with_colons(earthcatalog, small_archive, table):
    earthcatalog.json(*incremental(table, small_archive))
    before = {item["id"]: item for item in cat(earthcatalog, *table.arguments)}
    iceberg = table.load()
    iceberg.overwrite(iceberg.scan().to_arrow())
    assert {item["id"]: item for item in cat(earthcatalog, *table.arguments)} == before


def test_cat_of_files_takes_a_limit(earthcatalog, filled):
    assert len(cat(earthcatalog, *filled.data_files(), "--limit", 5)) == 5


def test_cat_of_an_inventory_is_refused(earthcatalog, small_archive, tmp_path):
    out = tmp_path / "inventory.parquet"
    (tmp_path / "empty.csv").write_text("bucket,key\n")
    earthcatalog.run("diff", "--old", tmp_path / "empty.csv", "--new", small_archive.inventory, "--out", out, check=True)
    process = earthcatalog.run("cat", out)
    assert process.returncode == 1 and process.stdout == ""
    assert "no STAC items" in process.stderr and "bucket" in process.stderr


@pytest.mark.parametrize("arguments", [["--id", "x"], ["a.parquet", "--id", "x"], ["a.parquet", "--collection", "c"]])
def test_cat_of_files_and_of_a_table_at_once_is_wrong_usage(earthcatalog, tmp_path, arguments):
    process = earthcatalog.run("cat", *arguments, cwd=tmp_path)
    assert process.returncode == 2 and process.stderr != ""
