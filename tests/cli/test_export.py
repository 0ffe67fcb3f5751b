"""export: the items of a table as files, whole or not at all, one for all or one a collection."""

import collections
import json
import os
import subprocess

import geoparquet_validator
import pyarrow.parquet as pq
import pytest
from conftest import BINARY, Archive, Table, incremental, peak_mib


@pytest.fixture(scope="module")
def filled(earthcatalog, tmp_path_factory):
    """Items of three collections, and some without any."""
    made = earthcatalog.generate(tmp_path_factory.mktemp("archive"), items=400, seed=8)
    for number, path in enumerate(made.objects()):
        item = json.loads(path.read_text())
        item["collection"] = ["a/b", "landsat", "sentinel"][number % 3]
        if number % 50 == 0:
            del item["collection"]
        item["assets"] = {f"{item.get('collection', 'x')[0]}{key}": asset for key, asset in item["assets"].items()}
        path.write_text(json.dumps(item))
    table = Table(tmp_path_factory.mktemp("table"))
    earthcatalog.json(*incremental(table, Archive(made.folder)))
    return table


@pytest.fixture(scope="module")
def items(earthcatalog, filled):
    lines = earthcatalog.run("search", *filled.arguments, check=True).stdout.splitlines()
    return {item["id"]: item for item in map(json.loads, lines)}


def assets_of(row):
    return {key: {name: value for name, value in asset.items() if value is not None} for key, asset in row["assets"].items() if asset}


def test_export_is_stac_geoparquet_of_all_collections(earthcatalog, filled, items, tmp_path):
    path = tmp_path / "items.parquet"
    process = earthcatalog.run("export", *filled.arguments, path, check=True)
    assert process.stdout == "" and f"{len(items)} items in {path}" in process.stderr
    rows = {row["id"]: row for row in pq.read_table(path).to_pylist()}
    assert {id: (row["collection"], assets_of(row).keys()) for id, row in rows.items()} == \
        {id: (item.get("collection"), item["assets"].keys()) for id, item in items.items()}
    assert geoparquet_validator.failed(geoparquet_validator.check(str(path)), "core") == []


def test_export_makes_a_file_for_each_collection(earthcatalog, filled, items, tmp_path):
    earthcatalog.run("export", *filled.arguments, tmp_path / "of-{collection}.ndjson", "--format", "ndjson", "--sortby", "id", check=True)
    wanted = collections.defaultdict(list)
    for id in sorted(items):
        wanted[items[id].get("collection", "__none__").replace("/", "%2F")].append(items[id])
    found = {path.name: [json.loads(line) for line in path.read_text().splitlines()] for path in tmp_path.iterdir()}
    assert found == {f"of-{name}.ndjson": list(some) for name, some in wanted.items()}
    assert len(found) == 4


def test_export_of_a_search(earthcatalog, filled, items, tmp_path):
    path = tmp_path / "some.geojson"
    earthcatalog.run("export", *filled.arguments, "--collections", "landsat", "--fields", "id,type,geometry", "--format", "geojson", path, check=True)
    found = json.loads(path.read_text())["features"]
    assert sorted(item["id"] for item in found) == sorted(id for id, item in items.items() if item.get("collection") == "landsat")
    assert all(set(item) == {"id", "type", "geometry"} for item in found)


def test_export_tells_what_it_leaves_out(earthcatalog, tmp_path):
    archive = earthcatalog.generate(tmp_path / "archive", items=30, seed=8)
    for path, odd in zip(archive.objects(), ({"bbox": [1, 2, 3]}, {"bbox": "none"}, {"geometry": {"type": "Polygon", "coordinates": "x"}})):
        path.write_text(json.dumps({**json.loads(path.read_text()), **odd}))
    table = Table(tmp_path / "table")
    earthcatalog.json(*incremental(table, archive))
    process = earthcatalog.run("export", *table.arguments, tmp_path / "items.parquet", check=True)
    assert "bbox or geometry of 3 items" in process.stderr
    rows = pq.read_table(tmp_path / "items.parquet").to_pylist()
    assert len(rows) == 30 and sum(row["bbox"] is None for row in rows) == 2 and sum(row["geometry"] is None for row in rows) == 1
    quiet = earthcatalog.run("export", *table.arguments, tmp_path / "items.ndjson", "--format", "ndjson", "--filter", "nosuch = 1", check=True)
    assert "no column holds nosuch" in quiet.stderr and "0 items" in quiet.stderr


def test_properties_beside_members_of_their_name_are_refused(earthcatalog, tmp_path):
    archive = earthcatalog.generate(tmp_path / "archive", items=5, seed=8)
    path = archive.objects()[0]
    item = json.loads(path.read_text())
    item["properties"]["links"] = "elsewhere"
    path.write_text(json.dumps(item))
    table = Table(tmp_path / "table")
    earthcatalog.json(*incremental(table, archive))
    process = earthcatalog.run("export", *table.arguments, tmp_path / "items.parquet")
    assert process.returncode == 1 and item["id"] in process.stderr and "--fields -properties.links" in process.stderr
    earthcatalog.run("export", *table.arguments, tmp_path / "items.parquet", "--fields", "-properties.links", check=True)
    assert pq.ParquetFile(tmp_path / "items.parquet").metadata.num_rows == 5


def test_export_that_fails_leaves_what_was_there(earthcatalog, filled, tmp_path):
    path = tmp_path / "items.parquet"
    path.write_text("before")
    lost = filled.data_files()[-1]
    os.rename(lost, lost + ".away")
    try:
        process = earthcatalog.run("export", *filled.arguments, path)
    finally:
        os.rename(lost + ".away", lost)
    assert process.returncode == 1 and path.read_text() == "before" and [path] == list(tmp_path.iterdir())


def test_export_of_many_items_stays_in_bounded_memory(earthcatalog, tmp_path):
    archive = earthcatalog.generate(tmp_path / "archive", "--concentrate", items=8_000, seed=4)
    table = Table(tmp_path / "table")
    earthcatalog.json(*incremental(table, archive))
    earthcatalog.json("compact", *table.arguments)
    path = tmp_path / "items.parquet"
    process = subprocess.Popen([str(BINARY), "export", *map(str, table.arguments), str(path)], env=earthcatalog.environment,
                               stderr=subprocess.PIPE)
    peak = peak_mib(process)
    assert process.wait() == 0 and pq.ParquetFile(path).metadata.num_rows == 8_000
    assert peak < 400, f"{peak} MiB"
