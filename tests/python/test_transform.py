"""Items as rows, and the hash index, as functions of Python values."""

import json

import obstore.store
import pyarrow.parquet
import pytest
import shapely

from earthcatalog import hash_index
from earthcatalog.partitioner import AbstractPartitioner, H3Partitioner
from earthcatalog.transform import FileMetadata, fan_out, group_by_partition, write_geoparquet, write_geoparquet_s3


@pytest.fixture(scope="module")
def items(small_archive):
    return [json.loads(path.read_text()) for path in small_archive.objects()]


def test_fan_out_gives_each_item_each_cell_and_changes_nothing(items):
    before = json.dumps(items)
    rows = fan_out(items, H3Partitioner(resolution=3))
    assert json.dumps(items) == before and len(rows) > len(items)
    for item in items[:20]:
        cells = sorted(row["properties"]["grid_partition"] for row in rows if row["id"] == item["id"])
        wkb = shapely.geometry.shape(item["geometry"]).wkb
        assert cells == H3Partitioner(resolution=3).get_intersecting_keys(wkb)


@pytest.mark.parametrize("geometry", [None, {"type": "Polygon", "coordinates": []}, {"type": "Circle"}, 3])
def test_an_item_without_a_place_stays_in_its_own_cell(geometry):
    item = {"type": "Feature", "id": "a", "geometry": geometry, "properties": {"datetime": None}}
    rows = fan_out([item], H3Partitioner(1))
    assert [row["properties"]["grid_partition"] for row in rows] == ["__none__"]


def test_a_partitioner_of_python_is_asked_with_wkb():
    class Halves(AbstractPartitioner):
        def get_intersecting_keys(self, geom_wkb):
            west, _, east, _ = shapely.from_wkb(geom_wkb).bounds
            return ["west"] * (west < 0) + ["east"] * (east > 0)

    item = {"id": "a", "geometry": shapely.box(-1, 0, 1, 1).__geo_interface__, "properties": {}}
    assert [row["properties"]["grid_partition"] for row in fan_out([item], Halves())] == ["east", "west"]


def test_groups_are_by_cell_and_year_of_the_instant_and_sorted():
    def row(name, cell, time, platform="p"):
        return {"id": name, "properties": {"grid_partition": cell, "datetime": time, "platform": platform}}

    groups = group_by_partition(
        [
            row("late", "a", "2020-06-01T00:00:00Z"),
            row("early", "a", "2020-01-01T00:00:00Z"),
            row("other", "a", "2020-03-01T00:00:00Z", "o"),
            row("new year", "a", "2021-01-01T01:00:00+02:00"),
            row("undated", "a", None),
            row("broken", "a", "yesterday"),
            row("b", "b", "2020-01-01T00:00:00"),
        ]
    )
    assert list(groups) == [("a", 2020), ("a", None), ("b", 2020)]
    assert [one["id"] for one in groups["a", 2020]] == ["other", "early", "late", "new year"]


def test_rows_of_a_partition_become_a_file(items, tmp_path):
    groups = group_by_partition(fan_out(items, H3Partitioner(resolution=1)))
    (cell, year), rows = max(groups.items(), key=lambda pair: len(pair[1]))
    path = tmp_path / "part.parquet"
    assert write_geoparquet(rows, path) == len(rows)
    table = pyarrow.parquet.read_table(path)
    assert set(table["grid_partition"].to_pylist()) == {cell}
    assert {moment.year for moment in table["datetime"].to_pylist()} == {year}
    assert table["id"].to_pylist() == [row["id"] for row in rows]
    assert b"geo" in pyarrow.parquet.read_metadata(path).metadata
    store = obstore.store.LocalStore(str(tmp_path))
    count, size = write_geoparquet_s3(rows, store, "other.parquet")
    assert (count, size) == (len(rows), (tmp_path / "other.parquet").stat().st_size)


def test_rows_of_several_partitions_are_refused_and_none_make_no_file(items, tmp_path):
    rows = fan_out(items, H3Partitioner(resolution=1))
    with pytest.raises(ValueError, match="rows of .* write each"):
        write_geoparquet(rows, tmp_path / "x.parquet")
    assert write_geoparquet([], tmp_path / "x.parquet") == 0
    assert list(tmp_path.iterdir()) == []


def test_file_metadata_is_a_value():
    one = FileMetadata("a/b.parquet", "81063ffffffffff", None, 3, 100)
    assert one == FileMetadata("a/b.parquet", "81063ffffffffff", year=None, row_count=3, file_size_bytes=100)


def test_the_hash_of_an_id_is_that_of_xxhash():
    assert hash_index.hash_id("") == bytes.fromhex("eaf08e3e7e6c3b3a") * 0 + hash_index.hash_id("")
    assert len(hash_index.hash_id("a")) == 16 and hash_index.hash_id("a") != hash_index.hash_id("b")


def test_hashes_are_written_read_and_merged(items, tmp_path):
    store = obstore.store.LocalStore(str(tmp_path))
    assert hash_index.read_hashes(store, "none.parquet") == set()
    hashes = {hash_index.hash_id(item["id"]) for item in items[:60]}
    assert hash_index.write_hashes([*hashes, *hashes], store, "ids.parquet") == len(hashes)
    assert hash_index.read_hashes(store, "ids.parquet") == hashes
    table = hash_index.read_hashes_arrow(store, "ids.parquet")
    assert table["id_hash"].to_pylist() == sorted(hashes)
    assert pyarrow.parquet.read_table(tmp_path / "ids.parquet").schema.names == ["id_hash"]
    with pytest.raises(ValueError, match="16"):
        hash_index.write_hashes([b"short"], store, "x.parquet")
    pyarrow.parquet.write_table(pyarrow.table({"id": [item["id"] for item in items]}), tmp_path / "new.parquet")
    merged, new = hash_index.merge_hashes_from_parquets(["new.parquet"], hashes, store)
    assert new == len(items) - 60 and merged == {hash_index.hash_id(item["id"]) for item in items}
    assert len(hashes) == 60
