"""The direct shape of `backfill`: phase 2 writes data files into the warehouse, phase 3 merges them."""

import json

import pytest
from conftest import Table, backfill, incremental


def items_of(earthcatalog, table):
    """Members of an object have no order."""
    lines = earthcatalog.run("cat", *table.data_files(), check=True).stdout.splitlines()
    return sorted(json.dumps(json.loads(line), sort_keys=True) for line in lines)


def values_of(table):
    columns = ("id", "grid_partition", "free", "other", "eo:cloud_cover", "stac_extra", "grid_primary", "datetime",
               "platform", "percent_valid_pixels", "geometry_bbox")
    rows = table.load().scan(selected_fields=columns).to_arrow().to_pylist()
    for row in rows:
        row["stac_extra"] = row["stac_extra"] and json.dumps(json.loads(row["stac_extra"]), sort_keys=True)
    return sorted(map(str, rows))


def pair(tmp_path):
    tables = []
    for name in "ab":
        (tmp_path / name).mkdir()
        tables.append(Table(tmp_path / name))
    return tables


def test_a_chunk_says_what_it_did(earthcatalog, archive, table):
    report = earthcatalog.json(*backfill(table, archive, "--limit", 500, "--chunk-size", 200, "--keep-staging",
                                         "--since", "2001-01-01", shape="direct"))
    (named,) = (table.warehouse / "_runs").glob("_backfill.json")
    run_id = json.loads(named.read_text())["run_id"]
    run = table.warehouse / "_runs" / run_id
    stats = [json.loads((run / f"chunk_{n:06}/ingest_stats.json").read_text()) for n in range(3)]
    assert [s["source_items"] for s in stats] == [200, 200, 100]
    assert sum(s["total_rows"] for s in stats) == report["rows"]
    for s in stats:
        assert s["run_id"] == run_id and s["inventory"].endswith("inventory.csv") and s["h3_resolution"] == 1
        assert s["since"].startswith("2001-01-01")
        assert s["avg_fan_out"] == pytest.approx(s["total_rows"] / s["source_items"])
        assert s["overhead_pct"] == pytest.approx(100 * (s["total_rows"] - s["source_items"]) / s["source_items"])
        assert sum(int(cells) * items for cells, items in s["fan_out_distribution"].items()) == s["total_rows"]
        assert s["files_written"] == len(s["part_files"]) > 0
        parts = [f"{table.warehouse}/{part['s3_key']}" for part in s["part_files"]]
        assert sum(part["row_count"] for part in s["part_files"]) == s["total_rows"]
        assert all(part["grid_partition"] in part["s3_key"] and f"year={part['year'] or 'unknown'}/" in part["s3_key"]
                   and part["file_size_bytes"] > 1000 for part in s["part_files"])
        cells = {path.split("grid_partition=")[1].split("/")[0] for path in parts}
        assert s["unique_cells"] == len(cells) and s["unique_years"] > 1
        assert all(path.startswith(f"{table.warehouse}/_parts/{run_id}/") for path in parts)


def test_parts_that_are_alone_are_copied_as_they_are(earthcatalog, archive, table):
    earthcatalog.json(*backfill(table, archive, "--limit", 300, "--keep-staging", shape="direct"))
    parts = sorted(path.read_bytes() for path in (table.warehouse / "_parts").rglob("*.parquet"))
    files = sorted(open(path, "rb").read() for path in table.data_files())
    assert parts == files
    for task in table.load().scan().plan_files():  # metrics came along
        assert task.file.lower_bounds and task.file.record_count > 0


@pytest.mark.parametrize("options", [["--chunk-size", 40], ["--chunk-size", 40, "--schema", "auto"], []])
def test_collections_that_mix(earthcatalog, tmp_path, options):
    """One chunk is all ITS_LIVE, others have properties of their own, of types that differ: the schema is the same as if
    all had come at once."""
    folder = tmp_path / "archive"
    archive = earthcatalog.generate(folder, items=120, seed=4)
    keys = [line.split(",")[1] for line in archive.inventory.read_text().splitlines()[1:]]
    paths = {path.name: path for path in archive.objects()}
    for number, key in enumerate(keys):
        path = paths[key.split("/")[-1]]
        item = json.loads(path.read_text())
        if number < 45:
            item["properties"]["free"] = "text"
            if number < 20:
                item["properties"]["other"] = True
        elif number >= 80:
            item["collection"] = "elsewhere"
            item["properties"]["eo:cloud_cover"] = number
            item["properties"]["free"] = number if number % 2 else "text"
            item["properties"]["nested"] = {"a": [1, None]}
        path.write_text(json.dumps(item))
    expected, table = pair(tmp_path)
    earthcatalog.json(*backfill(expected, archive, *options))
    report = earthcatalog.json(*backfill(table, archive, *options, shape="direct"))
    assert report["written_items"] == 120
    assert table.rows() == expected.rows()
    assert items_of(earthcatalog, table) == items_of(earthcatalog, expected)
    names = [[field.name for field in t.load().schema().fields] for t in (expected, table)]
    assert names[0] == names[1] and {"free", "other", "eo:cloud_cover", "percent_valid_pixels"} <= set(names[0])
    assert values_of(expected) == values_of(table)


def test_rows_of_a_bucket_are_sorted(earthcatalog, archive, table):
    import pyarrow.parquet as pq

    earthcatalog.json(*backfill(table, archive, "--chunk-size", 150, shape="direct"))
    merged = 0
    for path in table.data_files():
        rows = pq.read_table(path, columns=["platform", "datetime"], partitioning=None).to_pylist()
        merged += len(rows) > 1
        keys = [(row["platform"] or "", row["datetime"]) for row in rows]
        assert keys == sorted(keys)
    assert merged > 100


def test_an_unfinished_run_is_found_and_its_parts_are_left_alone(earthcatalog, archive, table):
    earthcatalog.json(*incremental(table, archive, "--limit", 10))
    earthcatalog.json(*backfill(table, archive, "--limit", 400, "--chunk-size", 100, "--delta", "--keep-staging",
                                shape="direct"))
    rows = table.rows()
    run = next((table.warehouse / "_runs").glob("*/"))
    parts = list((table.warehouse / "_parts").rglob("*.parquet"))
    assert parts
    earthcatalog.json("expire", *table.arguments, "--older-than", "0s")
    assert list((table.warehouse / "_parts").rglob("*.parquet")) == parts
    record = run / "chunks/_run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "committed_snapshot": None}))
    done = {path: path.stat().st_mtime_ns for path in run.rglob("ingest_stats.json")}
    assert len(done) == 4
    wrong = earthcatalog.run(*backfill(table, archive, "--limit", 400, "--chunk-size", 50, "--delta", shape="direct"))
    assert wrong.returncode == 2 and "chunk_size" in wrong.stderr and "--restart" in wrong.stderr
    assert {path: path.stat().st_mtime_ns for path in run.rglob("ingest_stats.json")} == done
    earthcatalog.json(*backfill(table, archive, "--limit", 400, "--chunk-size", 100, "--delta", shape="direct"))
    assert table.rows() == rows and not table.staged()
    earthcatalog.json(*backfill(table, archive, "--limit", 100, "--replace", shape="direct"))
    assert len({identifier for _, identifier, _, _ in table.rows()}) == 100


def test_a_restart_throws_the_parts_away(earthcatalog, archive, table):
    earthcatalog.json(*backfill(table, archive, "--limit", 100, "--keep-staging", shape="direct"))
    before = set((table.warehouse / "_parts").rglob("*.parquet"))
    earthcatalog.json(*backfill(table, archive, "--limit", 50, "--restart", "--replace", shape="direct"))
    assert before and not table.staged()
    assert len({identifier for _, identifier, _, _ in table.rows()}) == 50


def test_on_s3(s3_earthcatalog, s3_server):
    s3_earthcatalog.run("generate", "--items", 300, "--seed", 5, "--out", "s3://its-live-data/direct", check=True)
    place = "s3://test-warehouse/direct"
    report = s3_earthcatalog.json("backfill", "--inventory", "s3://its-live-data/direct/inventory.csv", "--catalog",
                                  f"{place}.db", "--warehouse", place, "--chunk-size", 100, "--h3-resolution", 1)
    assert report["written_items"] == 300
    info = s3_earthcatalog.json("info", "--catalog", f"{place}.db", "--warehouse", place)
    assert info["items"] == 300 and info["rows"] == report["rows"]
