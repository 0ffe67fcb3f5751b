"""Files that PyIceberg wrote ("proj_x3Acode" for "proj:code") are read as the table's by what reads files without a table."""

import datetime
import json
import pathlib
import shutil

import pytest
from independent_reader import sort_rows
from matrix import SavedTable, read_table

ITEMS = 120


TIMES = ("datetime", "start_datetime", "end_datetime", "created", "updated")


def by_instant(properties):
    """Of an equal instant the fraction may be written with fewer digits."""
    return {name: datetime.datetime.fromisoformat(value) if name in TIMES and value else value
            for name, value in properties.items()}


@pytest.fixture(scope="module")
def archive(earthcatalog, tmp_path_factory):
    return earthcatalog.generate(tmp_path_factory.mktemp("foreign"), "--concentrate", items=ITEMS, seed=7)


@pytest.fixture(scope="module")
def saved(earthcatalog, archive, tmp_path_factory):
    return SavedTable(earthcatalog, archive, tmp_path_factory.mktemp("saved"))


@pytest.fixture
def overwritten(saved):
    """The table, of which PyIceberg wrote some rows."""
    table = saved.restore()
    theirs = table.load()
    theirs.overwrite(theirs.scan(row_filter="platform == 'LC08'").to_arrow(), overwrite_filter="platform == 'LC08'")
    return table


def test_cat_gives_items_with_their_own_names(earthcatalog, archive, overwritten):
    files = [path for path in overwritten.data_files() if not pathlib.Path(path).name.startswith("part_")]
    assert files
    items = [json.loads(line) for line in earthcatalog.run("cat", *files, check=True).stdout.splitlines()]
    made = {item["id"]: item for item in (json.loads(path.read_text()) for path in archive.objects())}
    assert items
    for item in items:
        assert by_instant(item["properties"]) == by_instant(made[item["id"]]["properties"])


def test_a_table_is_made_of_its_data_files(earthcatalog, overwritten):
    rows = read_table(overwritten)
    earthcatalog.json("expire", *overwritten.arguments, "--older-than", "0s", "--retain-last", 1)
    overwritten.catalog.unlink()
    shutil.rmtree(overwritten.warehouse / "earthcatalog")
    regions = overwritten.folder / "regions.geojson"
    earthcatalog.json("register", "--from-warehouse", *overwritten.arguments, "--grid", "geojson", "--boundaries", regions,
                      "--id-field", "name")
    assert sort_rows(read_table(overwritten)) == sort_rows(rows)
