"""A backfill that goes on: with what it finds staged, with other settings, after others have committed."""

import base64
import json
import os
import time

import pytest
from conftest import backfill, incremental

SQUARE = {"type": "Polygon", "coordinates": [[[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]]]}


def staged(earthcatalog, table, archive, inventory=None, **settings):
    """Phase 1 alone, as a killed run leaves it."""
    settings = {"inventory": str(inventory or archive.inventory), "source_root": archive.source_root, "chunk_size": 100,
                "resolution": 1, **settings}
    return earthcatalog.phase("write_chunks", {"staging": f"file://{table.staging}", "settings": settings})


def with_options(command, **options):
    """The command with other values of options that it has already."""
    command = list(command)
    for name, value in options.items():
        command[command.index("--" + name.replace("_", "-")) + 1] = value
    return command


def rows_in(table):
    return sorted(row[:2] for row in table.rows())


@pytest.fixture
def small(earthcatalog, tmp_path):
    return earthcatalog.generate(tmp_path / "archive", items=60, seed=4)


@pytest.mark.parametrize("where", ["assets", "properties"])
def test_a_large_part_that_was_cut_short(earthcatalog, tmp_path, table, where):
    """A part that is alone is copied without a look at what is in it; one whose columns are not those of the table is
    read, above 16 MiB piece by piece."""
    archive = earthcatalog.generate(tmp_path / "archive", items=14, seed=4)
    for path in archive.objects():
        item = json.loads(path.read_text())
        item["geometry"] = SQUARE
        item["properties"]["datetime"] = "2020-01-01T00:00:00Z"
        noise = base64.b64encode(os.urandom(5 << 18)).decode()
        item[where]["noise"] = noise if where == "properties" else {"href": noise}
        path.write_text(json.dumps(item))
    command = backfill(table, archive, *(["--schema", "auto"] if where == "properties" else []), shape="direct")
    earthcatalog.run(*command, "--keep-staging", check=True)
    record = next((table.warehouse / "_runs").rglob("_run.json"))
    record.write_text(json.dumps({**json.loads(record.read_text()), "committed_snapshot": None}))
    table.lose_table()
    for path in [*(table.warehouse / "_runs").rglob("task_*"), *record.parents[1].rglob("compacted/*")]:
        path.unlink(missing_ok=True)
    part = max((table.warehouse / "_parts").rglob("*.parquet"), key=lambda path: path.stat().st_size)
    whole = part.read_bytes()
    assert len(whole) > 16 << 20
    part.write_bytes(whole[:-100_000])
    run = earthcatalog.run(*command)
    assert run.returncode == 1 and str(len(whole)) in run.stderr and "run again" in run.stderr, run.stderr
    assert part.name in run.stderr
    part.write_bytes(whole)
    earthcatalog.run(*command, check=True)
    assert len(table.rows()) == 14


def write_inventory(archive, paths=None):
    lines = ["bucket,key,size,last_modified_date"]
    for path in paths or archive.objects():
        bucket, *key = path.relative_to(archive.folder).parts
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(path.stat().st_mtime))
        lines.append(f"{bucket},{'/'.join(key)},{path.stat().st_size},{when}")
    archive.inventory.write_text("\n".join(lines) + "\n")


def stage_delta(earthcatalog, table, archive, shape):
    """As a delta leaves it that was killed before its commit: the table is somewhere else in the meantime."""
    catalog = table.catalog.read_bytes()
    earthcatalog.json(*backfill(table, archive, "--delta", "--keep-staging", shape=shape))
    record = next(table.folder.rglob("_run.json"))
    record.write_text(json.dumps({**json.loads(record.read_text()), "committed_snapshot": None}))
    table.catalog.write_bytes(catalog)


@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_what_others_committed_since_it_was_staged_stays(earthcatalog, small, table, shape):
    def put(number, day, path=None):
        path = path or small.objects()[number]
        item = json.loads(small.objects()[number].read_text())
        item["properties"]["updated"] = f"2031-01-{day:02}T00:00:00Z"
        item["properties"]["percent_valid_pixels"] = day
        path.write_text(json.dumps(item))
        os.utime(path, (time.time() + 100 * day,) * 2)

    def valid_pixels():
        column = table.load().scan(selected_fields=("id", "percent_valid_pixels")).to_arrow().to_pylist()
        return {row["id"]: row["percent_valid_pixels"] for row in column}

    write_inventory(small)
    earthcatalog.json(*incremental(table, small))
    for number in range(10):
        put(number, 1)
    write_inventory(small)
    stage_delta(earthcatalog, table, small, shape)
    for number in range(5):
        put(number, 2)
    write_inventory(small)
    newer = earthcatalog.json(*incremental(table, small))
    assert newer["written_items"] == 10
    expected = valid_pixels()
    assert sorted(expected.values()).count(2) >= 5
    report = earthcatalog.json(*backfill(table, small, "--delta", "--skip-inventory", shape=shape))
    assert report["superseded"] == 5 and report["written_items"] == 55
    assert valid_pixels() == expected
    write_inventory(small)
    audit = earthcatalog.run("audit", "--inventory", small.inventory, "--source-root", small.source_root, *table.arguments)
    assert audit.returncode == 0, audit.stdout
    assert earthcatalog.json(*incremental(table, small))["unchanged"] == 60


@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_an_object_that_lost_to_one_that_others_recorded_since_is_not_lost(earthcatalog, small, table, shape):
    """Of two staged objects of an item the older one has its rows when the newer holds another item by now."""
    def put(path, item, day):
        path.write_text(json.dumps(item))
        os.utime(path, (time.time() + 100 * day,) * 2)

    write_inventory(small)
    earthcatalog.json(*incremental(table, small))
    before = small.objects()
    newer, older = before[0].with_name("newer.stac.json"), before[0].with_name("older.stac.json")
    item = {**json.loads(before[0].read_text()), "id": "twice"}
    for day, path in ((2, older), (3, newer)):
        item["properties"]["updated"] = f"2031-01-0{day}T00:00:00Z"
        put(path, item, day)
    write_inventory(small)
    stage_delta(earthcatalog, table, small, shape)
    put(newer, {**item, "id": "once"}, 4)
    write_inventory(small, [newer])
    assert earthcatalog.json(*incremental(table, small))["written_items"] == 1
    report = earthcatalog.json(*backfill(table, small, "--delta", "--skip-inventory", shape=shape))
    assert sum(report["fan_out_distribution"].values()) == report["written_items"]
    write_inventory(small)
    earthcatalog.json(*incremental(table, small))
    assert {"once", "twice"} <= {row[1] for row in table.rows()}
    audit = earthcatalog.run("audit", "--inventory", small.inventory, "--source-root", small.source_root, *table.arguments)
    assert audit.returncode == 0, audit.stdout
    assert earthcatalog.json(*incremental(table, small))["unchanged"] == 62


@pytest.mark.parametrize("setting, options", [("resolution = 1", {"h3_resolution": 3}),
                                              ("source_root = ", {"source_root": "file:///elsewhere/"})])
def test_chunks_that_are_there_keep_their_settings(earthcatalog, small, table, setting, options):
    staged(earthcatalog, table, small)
    run = earthcatalog.run(*with_options(backfill(table, small, "--skip-inventory"), **options))
    assert run.returncode == 2 and setting in run.stderr, run.stderr
    assert not table.catalog.exists() or not earthcatalog.json("info", *table.arguments)["rows"]


def test_chunks_that_are_there_know_where_their_objects_are(earthcatalog, small, table):
    staged(earthcatalog, table, small)
    report = earthcatalog.json("backfill", *table.arguments, "--inventory", small.inventory, "--staging", table.staging,
                               "--skip-inventory", "--h3-resolution", 1)
    assert (report["written_items"], report["missing"]) == (60, 0)


def test_a_worker_cannot_stage_another_grid(earthcatalog, small, table):
    staged(earthcatalog, table, small, resolution=2)
    run = earthcatalog.run_phase("ingest_chunk", {"staging": f"file://{table.staging}", "chunk": 0,
                                               "source_root": small.source_root})
    assert run.returncode == 2 and "resolution = 2" in run.stderr
    wrong = {"staging": f"file://{table.staging}", "chunk": 0, "resolution": 2}
    assert "source_root" in earthcatalog.run_phase("ingest_chunk", wrong).stderr


def test_nothing_replaces_nothing(earthcatalog, small, table):
    earthcatalog.json(*backfill(table, small))
    before = table.rows()
    report = earthcatalog.json(*backfill(table, small, "--replace", "--since", "2100-01-01"))
    assert report["source_items"] == 0 and table.rows() == before
    run = earthcatalog.run(*backfill(table, small, "--replace", "--suffix", ".mistyped"))
    assert run.returncode == 1 and "--suffix" in run.stderr and table.rows() == before
    run = earthcatalog.run(*with_options(backfill(table, small, "--replace"), source_root=f"file://{table.folder}/"))
    assert run.returncode == 1 and "none of the 60 objects" in run.stderr and "--source-root" in run.stderr, run.stderr
    assert table.rows() == before
    assert earthcatalog.json(*incremental(table, small))["unchanged"] == 60


def test_a_listing_that_changes_while_it_is_cut_loses_nothing(earthcatalog, small, table):
    """What was listed first may be gone, and others come: the rest is not shifted."""
    bucket = small.folder / small.objects()[0].relative_to(small.folder).parts[0]
    assert staged(earthcatalog, table, small, inventory=bucket, chunk_size=7, limit=21)["chunks"] == 3
    # As if it had been killed after the second chunk.
    record = table.staging / "chunks/_run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "complete": False, "chunks": 0, "items": 0}))
    (table.staging / "chunks/chunk_000002.parquet").unlink()
    gone = small.objects()[2:5]
    for path in gone:
        path.unlink()
    again = staged(earthcatalog, table, small, inventory=bucket, chunk_size=7, limit=21)
    assert again["complete"] and again["chunks"] >= 3
    later = small.objects()[30]
    later.unlink()
    report = earthcatalog.json(*with_options(backfill(table, small, "--chunk-size", 7, "--limit", 1000), inventory=bucket))
    assert report["missing"] == 3 and report["written_items"] == 56
    ids = {json.loads(path.read_text())["id"] for path in small.objects()}
    assert {row[1] for row in table.rows()} == ids


def all_phases(earthcatalog, table, archive, limit, register, delta):
    """A backfill in phases, always of the same run id."""
    staging = f"file://{table.folder}/staging-{limit}"
    settings = {"inventory": str(archive.inventory), "source_root": archive.source_root, "resolution": 1, "limit": limit}
    head = {"catalog": str(table.catalog), "warehouse": str(table.warehouse), "staging": staging,
            "run_id": "0123456789abcdef" * 2, "delta": delta}
    for name, spec in (("write_chunks", {"staging": staging, "settings": settings}),
                       ("ingest_chunk", {"staging": staging, "source_root": archive.source_root})):
        earthcatalog.phase(name, spec)
    plan = earthcatalog.phase("plan_compaction", head)
    for task in plan["tasks"]:
        report = earthcatalog.phase("compact_cell_year_delta", task)
        assert report["manifest"].endswith(".avro")
    earthcatalog.phase(register, head)


def inodes(files):
    return {path: os.stat(path).st_ino for path in files}


def test_a_run_id_that_is_used_again_writes_over_nothing(earthcatalog, small, table):
    all_phases(earthcatalog, table, small, 40, "register_and_cleanup", False)
    first = set(table.data_files())
    for path in small.objects()[:40]:
        item = json.loads(path.read_text())
        item["properties"]["updated"] = "2031-01-01T00:00:00Z"
        path.write_text(json.dumps(item))
        os.utime(path, (time.time() + 100,) * 2)
    kept = inodes(first)
    all_phases(earthcatalog, table, small, 60, "register_delta", True)
    files = table.data_files()
    assert len(files) == len(set(files)) and len(rows_in(table)) == len(set(table.rows()))
    assert inodes(first) == kept
    assert earthcatalog.json("info", *table.arguments)["items"] == 60
    # The current snapshot names no file of that run any more, but older ones do.
    earthcatalog.json(*backfill(table, small, "--replace"))
    kept |= inodes(files)
    for path in small.objects()[:20]:
        os.utime(path, (time.time() + 200,) * 2)
    all_phases(earthcatalog, table, small, 20, "register_delta", True)
    assert inodes(kept) == kept


def test_a_run_id_that_is_used_again_after_its_snapshots_expired_writes_over_nothing(earthcatalog, small, table):
    all_phases(earthcatalog, table, small, 40, "register_and_cleanup", False)
    kept = inodes(table.data_files())
    earthcatalog.json(*incremental(table, small, "--limit", 45))
    expired = earthcatalog.json("expire", *table.arguments, "--older-than", "0s")
    assert expired["removed_snapshots"]
    all_phases(earthcatalog, table, small, 60, "register_delta", True)
    assert inodes(kept) == kept
    assert len(rows_in(table)) == len(set(table.rows()))
    assert earthcatalog.json("info", *table.arguments)["items"] == 60


def test_restart_refuses_before_it_throws_away(earthcatalog, small, table):
    earthcatalog.json(*incremental(table, small, "--limit", 5))
    staged(earthcatalog, table, small)
    before = table.staged()
    run = earthcatalog.run(*backfill(table, small, "--restart"))
    assert run.returncode == 1 and "has rows already" in run.stderr
    assert table.staged() == before


@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_the_same_command_again_has_nothing_to_do(earthcatalog, small, table, shape):
    """Killed at its very end it cannot know better, and nobody shall be told to --replace what is right."""
    first = earthcatalog.json(*backfill(table, small, shape=shape))
    again = earthcatalog.run(*backfill(table, small, shape=shape))
    assert again.returncode == 0, again.stderr
    assert earthcatalog.json(*backfill(table, small, shape=shape))["snapshot_id"] == first["snapshot_id"]
    assert len(table.load().history()) == 1 and not table.staged()
    other = earthcatalog.run(*backfill(table, small, "--limit", 20, shape=shape))
    assert other.returncode == 1 and "has rows already" in other.stderr


class TestTheSameCommandAgain:
    """It has nothing to do as long as the table is what it made; else it says that the table has rows, and does nothing."""

    def refused(self, earthcatalog, table, command):
        before = table.rows()
        run = earthcatalog.run(*command)
        assert run.returncode == 1 and "has rows already" in run.stderr, run.stderr
        assert table.rows() == before

    def test_after_another_backfill_replaced_the_rows(self, earthcatalog, small, table):
        earthcatalog.json(*backfill(table, small))
        earthcatalog.json(*backfill(table, small, "--limit", 20, "--replace"))
        self.refused(earthcatalog, table, backfill(table, small))

    def test_of_a_listing(self, earthcatalog, small, table):
        command = with_options(backfill(table, small), inventory=small.folder / small.objects()[0].relative_to(small.folder).parts[0])
        earthcatalog.json(*command)
        path = small.objects()[0]
        path.with_name("one-more.stac.json").write_text(json.dumps({**json.loads(path.read_text()), "id": "one-more"}))
        self.refused(earthcatalog, table, command)

    def test_brings_the_hash_index_up_to_date(self, earthcatalog, small, table):
        earthcatalog.json(*backfill(table, small))
        earthcatalog.json(*backfill(table, small, "--update-hash-index"))
        check = earthcatalog.json("index", "check", *table.arguments)["hash_index"]
        assert (check["missing"], check["extra"]) == (0, 0), check


def test_a_larger_limit_of_a_listing_counts_what_is_in_chunks(earthcatalog, small, table):
    bucket = small.folder / small.objects()[0].relative_to(small.folder).parts[0]
    staged(earthcatalog, table, small, inventory=bucket, chunk_size=10, limit=30)
    for path in small.objects()[:5]:
        path.unlink()
    record = staged(earthcatalog, table, small, inventory=bucket, chunk_size=10, limit=40)
    assert (record["items"], record["chunks"], record["inventory_rows"]) == (40, 4, 40)
    record = staged(earthcatalog, table, small, inventory=bucket, chunk_size=10)
    assert (record["items"], record["complete"]) == (60, True)


def test_a_listing_that_is_not_in_the_order_of_names(s3_earthcatalog, s3_server, earthcatalog, small, tmp_path):
    """SeaweedFS lists a folder's objects before those that lie beside it: k/1, k/2, k/3, k-b, where '-' is less than '/'."""
    body = small.objects()[0].read_bytes()
    for number, key in enumerate(["k/1", "k/2", "k/3", "k-b", "k-c"]):
        item = {**json.loads(body), "id": f"item-{number}"}
        with s3_server.file_system().open_output_stream(f"its-live-data/unordered/{key}.stac.json") as stream:
            stream.write(json.dumps(item).encode())
    settings = {"inventory": "s3://its-live-data/unordered/", "source_root": "s3://", "chunk_size": 3, "resolution": 1}
    for limit, items in ((3, 3), (None, 5)):
        run = s3_earthcatalog.run_phase("write_chunks", {"staging": f"file://{tmp_path}/staging", "settings": {**settings, "limit": limit}})
        assert json.loads(run.stdout)["items"] == items, run.stdout


def test_phases_replace_nothing_by_nothing_too(earthcatalog, small, table):
    earthcatalog.json(*backfill(table, small))
    before = table.rows()
    empty = table.folder / "empty.csv"
    empty.write_text("bucket,key\n")
    staged(earthcatalog, table, small, inventory=empty)
    head = {"catalog": str(table.catalog), "warehouse": str(table.warehouse), "staging": f"file://{table.staging}",
            "run_id": "0123456789abcdef" * 2, "replace": True}
    plan = earthcatalog.run_phase("plan_compaction", head)
    assert plan.returncode == 0 and json.loads(plan.stdout)["tasks"] == [], plan.stderr
    done = earthcatalog.run_phase("register_and_cleanup", head)
    assert done.returncode == 0 and json.loads(done.stdout)["rows"] == 0, done.stderr
    assert table.rows() == before and not table.staged()
