"""`backfill`: the same rows as `incremental`, and what it refuses."""

import json

import pyarrow.parquet as pq
import pytest
from conftest import Archive, Table, backfill, incremental, peak_mib


def items_of(earthcatalog, table):
    """Each row as the STAC item it holds, with its cell; sorted."""
    lines = earthcatalog.run("cat", *table.data_files(), check=True).stdout.splitlines()
    return sorted(lines)


@pytest.fixture(scope="module")
def by_incremental(earthcatalog, archive, tmp_path_factory):
    table = Table(tmp_path_factory.mktemp("incremental"))
    report = earthcatalog.json(*incremental(table, archive))
    return table, report


@pytest.mark.parametrize("options", [["--chunk-size", 300], ["--chunk-size", 300, "--scheduler", "synchronous"],
                                     ["--memory-limit", "4MiB"], ["--compact-rows", 3]])
@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_gives_the_rows_of_incremental(earthcatalog, archive, by_incremental, table, shape, options):
    expected, expected_report = by_incremental
    report = earthcatalog.json(*backfill(table, archive, *options, shape=shape))
    assert table.rows() == expected.rows()
    assert items_of(earthcatalog, table) == items_of(earthcatalog, expected)
    for name in ("source_items", "written_items", "rows", "unique_cells", "unique_years", "undated",
                 "unlocated", "fan_out_distribution", "bytes_fetched"):
        assert report[name] == expected_report[name], name
    assert not table.staged()
    # What it recorded is what incremental looks for.
    again = earthcatalog.json(*incremental(table, archive))
    assert again["unchanged"] == again["source_items"] and again["written_items"] == 0
    info = earthcatalog.json("info", *table.arguments)
    assert info["items"] == len(archive.objects())


@pytest.mark.parametrize("options", [["--chunk-size", 7], ["--chunk-size", 100], ["--memory-limit", "300KiB"]])
@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_of_one_item_in_several_objects_the_newest_has_the_rows(earthcatalog, tmp_path, shape, options):
    folder = tmp_path / "archive"
    archive = earthcatalog.generate(folder, items=60, seed=3)
    lines = archive.inventory.read_text().splitlines()
    copies = []
    for number, path in enumerate(archive.objects()[:20]):
        item = json.loads(path.read_text())
        # Half of them newer, with another footprint: the old rows lie in other cells.
        newer = number % 2 == 0
        item["properties"]["updated"] = "2031-01-01T00:00:00Z" if newer else "1999-01-01T00:00:00Z"
        item["geometry"] = {"type": "Polygon", "coordinates": [[[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]]]}
        copy = path.with_name(path.name.replace(".stac.json", "-copy.stac.json"))
        copy.write_text(json.dumps(item))
        bucket, key = copy.relative_to(folder).parts[0], "/".join(copy.relative_to(folder).parts[1:])
        copies.append(f"{bucket},{key},{copy.stat().st_size},2026-01-01T00:00:00.000Z")
    header = lines[0].split(",")
    assert header[:4] == ["bucket", "key", "size", "last_modified_date"], header
    archive.inventory.write_text("\n".join(lines[:1] + copies[:10] + lines[1:] + copies[10:] + lines[1:4]) + "\n")
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    expected, table = Table(tmp_path / "a"), Table(tmp_path / "b")
    counts = earthcatalog.json(*incremental(expected, archive))
    report = earthcatalog.json(*backfill(table, archive, *options, shape=shape))
    assert table.rows() == expected.rows()
    assert items_of(earthcatalog, table) == items_of(earthcatalog, expected)
    assert (report["written_items"], report["source_items"]) == (60, 83)
    assert report["superseded"] == 23
    assert report["fan_out_distribution"] == counts["fan_out_distribution"]
    assert earthcatalog.json(*incremental(table, archive))["written_items"] == 0
    assert counts["source_items"] == 83


def test_a_larger_limit_continues_in_new_chunks(earthcatalog, archive, table):
    earthcatalog.json(*backfill(table, archive, "--chunk-size", 300, "--limit", 500, "--keep-staging"))
    chunks = sorted((table.folder / "staging/chunks").glob("chunk_*.parquet"))
    before = [path.stat().st_mtime_ns for path in chunks]
    record = table.folder / "staging/chunks/_run.json"
    state = json.loads(record.read_text())
    del state["committed_snapshot"]  # as if the commit had not happened yet
    record.write_text(json.dumps(state))
    report = earthcatalog.json(*backfill(table, archive, "--chunk-size", 300, "--limit", 1100, "--keep-staging", "--replace"))
    assert report["source_items"] == 1100
    assert [path.stat().st_mtime_ns for path in chunks] == before
    assert len({identifier for _, identifier, _, _ in table.rows()}) == 1100


@pytest.mark.parametrize("change,named", [(("--suffix", ".json"), "suffix"), (("--chunk-size", 200), "chunk_size"),
                                          (("--since", "2020-01-01"), "since_text"), (("--limit", 10), "limit")])
def test_another_setting_is_named(earthcatalog, archive, table, change, named):
    settings = {"--chunk-size": 300, "--limit": 400}
    first = [word for pair in settings.items() for word in pair]
    second = [word for pair in (settings | dict([change])).items() for word in pair]
    earthcatalog.json(*backfill(table, archive, *first, "--keep-staging"))
    record = table.folder / "staging/chunks/_run.json"
    state = json.loads(record.read_text())
    del state["committed_snapshot"]
    record.write_text(json.dumps(state))
    run = earthcatalog.run(*backfill(table, archive, *second))
    assert run.returncode != 0
    assert named in run.stderr and "--restart" in run.stderr
    rows = table.rows()
    earthcatalog.json(*backfill(table, archive, *second, "--restart", "--replace"))
    assert rows != [] and table.rows() != []


def test_a_table_with_rows_is_refused_or_replaced(earthcatalog, archive, table):
    earthcatalog.json(*incremental(table, archive, "--limit", 100))
    before = table.rows()
    run = earthcatalog.run(*backfill(table, archive, "--limit", 200))
    assert run.returncode == 1 and "--replace" in run.stderr
    assert table.rows() == before
    report = earthcatalog.json(*backfill(table, archive, "--limit", 200, "--replace"))
    assert report["written_items"] == 200
    assert len({identifier for _, identifier, _, _ in table.rows()}) == 200
    assert len(table.load().history()) == 2


def test_bad_places(earthcatalog, archive, table):
    run = earthcatalog.run("backfill", "--inventory", archive.folder / "none.csv", *table.arguments, "--staging",
                           table.folder / "staging")
    assert run.returncode == 1 and "none.csv" in run.stderr
    assert not table.catalog.exists() and not (table.folder / "staging").exists()
    for staging in (table.warehouse, table.warehouse / "staging"):
        run = earthcatalog.run("backfill", "--inventory", archive.inventory, *table.arguments, "--staging", staging)
        assert run.returncode != 0 and "choose another --staging" in run.stderr


@pytest.mark.parametrize("what", ["rows", "marker", "chunk"])
def test_staged_files_that_were_cut_short(earthcatalog, archive, table, what):
    earthcatalog.json(*backfill(table, archive, "--chunk-size", 300, "--limit", 600, "--keep-staging"))
    staging = table.folder / "staging"
    record = staging / "chunks/_run.json"
    state = json.loads(record.read_text())
    del state["committed_snapshot"]
    record.write_text(json.dumps(state))
    for report in (staging / "compacted").iterdir():
        report.unlink()
    if what == "chunk":
        (staging / "staging/_completed/chunk_000001.done").unlink()
    victim = {"rows": next((staging / "staging").glob("8*/*/*.ndjson")),
              "marker": staging / "staging/_completed/chunk_000000.done",
              "chunk": staging / "chunks/chunk_000001.parquet"}[what]
    victim.write_bytes(victim.read_bytes()[:-10])
    before = table.rows()
    run = earthcatalog.run(*backfill(table, archive, "--chunk-size", 300, "--limit", 600, "--replace"))
    if run.returncode == 0:  # the snapshot of this plan is in the table already
        assert what != "chunk"
    else:
        assert victim.name in run.stderr
    assert table.rows() == before


def test_on_s3(s3_earthcatalog, s3_server, tmp_path):
    s3_earthcatalog.run("generate", "--items", 300, "--seed", 5, "--out", "s3://its-live-data/backfill", check=True)
    place = "s3://test-warehouse/backfill"
    report = s3_earthcatalog.json("backfill", "--inventory", "s3://its-live-data/backfill/inventory.csv", "--catalog",
                                  f"{place}.db", "--warehouse", place, "--staging", f"{place}-staging", "--chunk-size", 100,
                                  "--h3-resolution", 1)
    assert report["written_items"] == 300
    info = s3_earthcatalog.json("info", "--catalog", f"{place}.db", "--warehouse", place)
    assert info["items"] == 300 and info["rows"] == report["rows"]


def test_phases_one_by_one_as_a_worker_runs_them(earthcatalog, archive, tmp_path):
    staging = f"file://{tmp_path}/staging"
    settings = {"inventory": str(archive.inventory), "source_root": archive.source_root, "chunk_size": 900, "limit": 1000}
    run = earthcatalog.phase("write_chunks", {"staging": staging, "settings": settings})
    assert (run["chunks"], run["items"], run["complete"]) == (2, 1000, True)
    spec = {"staging": staging, "chunk": 1, "source_root": archive.source_root}
    record = earthcatalog.phase("ingest_chunk", spec)
    assert record["source_items"] == record["staged_items"] == 100
    assert sum(file["rows"] for file in record["files"]) == record["rows"] >= 100
    assert earthcatalog.phase("ingest_chunk", spec) == record  # the marker's words: nothing is done twice
    wrong = earthcatalog.run("phase", "ingest_chunk", "--spec", "-", input='{"chunk": "one"}')
    assert wrong.returncode == 2 and "the spec" in wrong.stderr
    unknown = earthcatalog.run_phase("ingest_chunk", {**spec, "chunk_sise": 3})
    assert unknown.returncode == 2 and 'there is no member "chunk_sise"; there are staging, ' in unknown.stderr
    assert earthcatalog.run("phase", "none", "--spec", "-", input="{}").returncode == 2


def test_data_files_that_went_before_the_commit_are_written_again(earthcatalog, archive, table):
    """What a killed run had written, and `expire` took because no snapshot named it."""
    earthcatalog.json(*backfill(table, archive, "--limit", 200, "--keep-staging"))
    expected = table.rows()
    record = table.folder / "staging/chunks/_run.json"
    state = json.loads(record.read_text())
    del state["committed_snapshot"]
    record.write_text(json.dumps(state))
    table.lose_table()
    for path in list(table.warehouse.rglob("part_*.parquet"))[::3]:
        path.unlink()
    report = earthcatalog.json(*backfill(table, archive, "--limit", 200))
    assert report["written_items"] == 200
    assert table.rows() == expected


def test_a_new_table_of_the_staged_shape_needs_a_resolution(earthcatalog, archive, table):
    for more in ([], ["--delta"]):
        run = earthcatalog.run("backfill", "--inventory", archive.inventory, "--source-root", archive.source_root,
                               *table.arguments, "--staging", table.folder / "staging", *more)
        assert run.returncode == 2 and "--h3-resolution" in run.stderr
    assert not table.catalog.exists() and not (table.folder / "staging").exists()


def test_a_new_table_of_the_direct_shape_gets_resolution_1_and_says_so(earthcatalog, archive, table):
    command = ["backfill", "--inventory", archive.inventory, "--source-root", archive.source_root, *table.arguments, "--limit", 20]
    run = earthcatalog.run(*command)
    assert run.returncode == 0 and "--h3-resolution was not given: the new table has 1" in run.stderr
    assert earthcatalog.json("info", *table.arguments)["grid"]["resolution"] == 1


def test_the_same_backfill_may_be_done_again(earthcatalog, archive, table):
    """What is in the table's history is no reason to do nothing."""
    earthcatalog.json(*backfill(table, archive, "--limit", 100))
    first = table.load().current_snapshot().snapshot_id
    report = earthcatalog.json(*backfill(table, archive, "--limit", 100, "--replace"))
    assert report["commits"] == 1 and report["snapshot_id"] != first
    assert len({identifier for _, identifier, _, _ in table.rows()}) == 100


def test_another_inventory_in_a_staging_prefix_that_was_kept(earthcatalog, archive, table):
    earthcatalog.json(*backfill(table, archive, "--limit", 100, "--keep-staging"))
    other = table.folder / "other.csv"
    other.write_text("".join(archive.inventory.open().readlines()[:50]))
    run = earthcatalog.run("backfill", "--inventory", other, "--source-root", archive.source_root, *table.arguments,
                           "--staging", table.folder / "staging", "--limit", 100, "--replace")
    assert run.returncode == 2 and "inventory" in run.stderr and "--restart" in run.stderr


def test_the_hash_index_when_asked(earthcatalog, archive, table):
    earthcatalog.json(*backfill(table, archive, "--limit", 100, "--update-hash-index"))
    assert earthcatalog.run("index", "check", *table.arguments).returncode == 0
    earthcatalog.json(*backfill(table, archive, "--limit", 300, "--delta", "--update-hash-index"))
    check = earthcatalog.json("index", "check", *table.arguments)
    assert check["good"] and check["hash_index"]["entries"] == 300
    elsewhere = table.folder / "ids.parquet"
    earthcatalog.json(*backfill(table, archive, "--limit", 310, "--delta", "--hash-index", elsewhere))
    check = earthcatalog.json("index", "check", *table.arguments, "--hash-index", elsewhere)
    assert check["good"] and check["hash_index"]["entries"] == 310


def test_problems_outlive_the_staged_files(earthcatalog, tmp_path):
    folder = tmp_path / "archive"
    archive = earthcatalog.generate(folder, items=30, seed=3)
    broken, gone = archive.objects()[3], archive.objects()[17]
    broken.write_text("{")
    gone.unlink()
    report = earthcatalog.json(*backfill(Table(tmp_path), archive, "--chunk-size", 10))
    assert (report["written_items"], report["rejected"], report["missing"]) == (28, 1, 1)
    lines = [json.loads(line) for line in open(report["problems"].removeprefix("file://"))]
    assert {(line["kind"], line["key"].split("/")[-1]) for line in lines} == {("rejected", broken.name), ("missing", gone.name)}


def test_a_bucket_larger_than_memory_is_sorted_in_a_temporary_file(earthcatalog, archive, table):
    """One bucket with 20,000 rows, of some 100 MB of JSON, with a limit of 24 MiB."""
    rows = 20_000
    source = archive.objects()[0]
    item = json.loads(source.read_text())
    item["properties"]["sentinel:filler"] = "x" * 2_000
    bucket, folder = source.relative_to(archive.folder).parts[0], table.folder / "many"
    lines = ["bucket,key\n"]
    for number in range(rows):
        item["id"] = f"item-{number:05}"
        item["properties"]["platform"] = "ABC"[number % 3]
        item["properties"]["datetime"] = f"2019-{number % 12 + 1:02}-01T00:00:00Z"
        path = folder / bucket / f"{number:05}.stac.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(item))
        lines.append(f"{bucket},{path.name}\n")
    inventory = table.folder / "many.csv"
    inventory.write_text("".join(lines))
    process = earthcatalog.start("backfill", "--inventory", inventory, "--source-root", Archive(folder).source_root, *table.arguments,
                                 "--staging", table.staging, "--h3-resolution", 0, "--chunk-size", 1_000, "--workers", 1,
                                 "--memory-limit", "24MiB", "--fetch-concurrency", 4, "--format", "json")
    peak = peak_mib(process)
    output, error = process.communicate()
    assert process.returncode == 0, error
    report = json.loads(output)
    assert report["written_items"] == rows
    for path in table.data_files():
        read = pq.read_table(path, columns=["platform", "datetime"], partitioning=None).to_pylist()
        keys = [(row["platform"], row["datetime"]) for row in read]
        assert keys == sorted(keys)
    assert sorted(set(name for _, name, _, _ in table.rows())) == [f"item-{number:05}" for number in range(rows)]
    print(f"peak {peak:.0f} MiB")
    assert peak < 220  # 275 without the limit
