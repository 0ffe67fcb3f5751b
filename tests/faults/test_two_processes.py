"""Two processes at one table, of which none takes anything away from under the other."""

import http.server
import json
import threading
import time
import urllib.parse

import pytest
from conftest import incremental

HOURS = 3600


@pytest.fixture(scope="module")
def archive(earthcatalog, tmp_path_factory):
    return earthcatalog.generate(tmp_path_factory.mktemp("archive"), "--concentrate", items=600, seed=11)


def audit(table, archive):
    return ["audit", "--inventory", archive.inventory, *table.arguments, "--format", "json", "--out", table.folder / "findings"]


def damage(report):
    """Findings that do not depend on how far the other process has come."""
    return {name: count for name, count in report["findings"].items() if count and name not in ("missing", "stale")}


def test_an_audit_beside_commits_finds_no_damage(earthcatalog, archive, table):
    """Every commit merges the object index, whose files an audit is reading."""
    earthcatalog.json(*incremental(table, archive, "--limit", 50))
    writer = earthcatalog.start(*incremental(table, archive, "--chunk-size", 10, "--commit-every", "0s", "--memory-limit", "64KiB",
                                             "--workers", 1))
    audits = 0
    while writer.poll() is None or audits == 0:
        process = earthcatalog.run(*audit(table, archive))
        assert process.stdout, process.stderr
        report = json.loads(process.stdout)
        assert report["object_index"]["entries"] >= 50 and damage(report) == {}, process.stdout
        audits += 1
    _, stderr = writer.communicate()
    assert writer.returncode == 0, stderr
    after = earthcatalog.run(*audit(table, archive))
    assert after.returncode == 0, after.stdout


class Gate(http.server.ThreadingHTTPServer):
    """The archive's buckets over HTTP. Who asks for an object waits until `opened` is set."""

    daemon_threads = True

    def __init__(self, folder):
        self.folder, self.asked, self.opened = folder, threading.Event(), threading.Event()
        super().__init__(("127.0.0.1", 0), GateHandler)
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.opened.set()
        self.shutdown()
        self.server_close()


class GateHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.set()
        self.server.opened.wait(60)
        body = (self.server.folder / urllib.parse.unquote(self.path.split("?")[0])[1:]).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def begun(earthcatalog, archive, table):
    """A table of 50 items, and `delta --ingest` of 100 that waits for the first object: the process and the gate."""
    earthcatalog.json(*incremental(table, archive, "--limit", 50))
    with Gate(archive.folder) as gate:
        ingesting = earthcatalog.start("delta", "--inventory", archive.inventory, "--limit", 100, *table.arguments, "--ingest",
                                       "--endpoint", gate.endpoint, "--anonymous", "--region", "us-east-1", "--format", "json")
        assert gate.asked.wait(60), ingesting.communicate()
        yield ingesting, gate
        ingesting.kill()
        ingesting.wait()


def delta(table, archive, *more):
    return ["delta", "--inventory", archive.inventory, "--source-root", archive.source_root, *table.arguments, *more]


def pending(table):
    return list(table.warehouse.glob("delta/pending/*"))


def test_a_delta_leaves_what_another_is_ingesting(earthcatalog, archive, table, begun):
    ingesting, gate = begun
    beside = earthcatalog.json(*delta(table, archive, "--limit", 200))
    assert len(pending(table)) == 2, "the one that is being ingested is gone"
    assert (beside["pending_left"], beside["pending_files"], beside["written"]) == (1, 0, 150)
    gate.opened.set()
    stdout, stderr = ingesting.communicate(timeout=120)
    assert ingesting.returncode == 0, stderr
    report = json.loads(stdout)
    assert (report["done"], report["ingest"]["written_items"]) == (True, 50)
    assert [str(path) for path in pending(table)] == [beside["out"].removeprefix("file://")]
    # The next one takes up what is left, without what has been ingested meanwhile.
    after = earthcatalog.json(*delta(table, archive, "--ingest"))
    assert (after["pending_files"], after["pending_left"]) == (1, 0)
    assert earthcatalog.json("info", *table.arguments)["items"] == 600 and pending(table) == []


def test_a_second_ingest_is_told_who_is_at_it(earthcatalog, archive, table, begun):
    second = earthcatalog.run(*delta(table, archive, "--ingest"))
    assert second.returncode == 1 and "CatalogLocked" in second.stderr
    assert len(pending(table)) == 1, "neither taken up nor made anew"


def test_an_unlocked_first_run_leaves_nothing_in_the_way_of_expire(earthcatalog, archive, table):
    """Its lock is taken from it by force before it makes the table, which the next one makes."""
    with Gate(archive.folder) as gate:
        first = earthcatalog.start("incremental", "--inventory", archive.inventory, "--limit", 50, *table.arguments, "--endpoint",
                                   gate.endpoint, "--anonymous", "--region", "us-east-1")
        assert gate.asked.wait(60), first.communicate()
        earthcatalog.run("unlock", "--catalog", table.catalog, "--force", check=True)
        earthcatalog.json(*incremental(table, archive, "--limit", 60))
        gate.opened.set()
        _, stderr = first.communicate(timeout=120)
    assert first.returncode == 1 and "lock" in stderr
    rows = table.rows()
    report = earthcatalog.json("expire", *table.arguments, "--older-than", "0s")
    assert report["files"]["not_removed"]["files"] == 0
    assert table.rows() == rows
    assert len(list(table.warehouse.glob("earthcatalog/stac_items/metadata/00000-*"))) <= 1


@pytest.mark.parametrize("dry_run", [False, True])
def test_metadata_of_a_table_that_never_was_go_by_age(earthcatalog, archive, table, dry_run):
    earthcatalog.json(*incremental(table, archive, "--limit", 20))
    metadata = table.warehouse / "earthcatalog/stac_items/metadata"
    first = next(metadata.glob("00000-*.metadata.json"))
    orphan = metadata / "00000-6f4d8a52-5d7b-4f5a-9a39-0f5d4a8b1c2d.metadata.json"
    orphan.write_text(json.dumps({**json.loads(first.read_text()), "table-uuid": "6f4d8a52-5d7b-4f5a-9a39-0f5d4a8b1c2d"}))
    young = earthcatalog.json("expire", *table.arguments)
    assert young["places"]["metadata"]["too_young"]["files"] >= 1 and orphan.exists()
    arguments = ["expire", *table.arguments, "--older-than", "0s", *(["--dry-run"] if dry_run else [])]
    removed = earthcatalog.json(*arguments)["places"]["metadata"]["removed"]
    assert removed["files"] >= 1 and orphan.exists() == dry_run


def test_an_expire_that_removes_nothing_says_so(earthcatalog, archive, table):
    """Of two tables in one folder it cannot know what the other needs."""
    for _ in range(2):
        earthcatalog.json(*incremental(table, archive, "--limit", 20, "--refetch"))
    metadata = table.warehouse / "earthcatalog/stac_items/metadata"
    last = max(metadata.glob("*.metadata.json"))
    other = json.loads(last.read_text())
    (metadata / f"99999-{other['table-uuid']}.metadata.json").write_text(
        json.dumps({**other, "table-uuid": "6f4d8a52-5d7b-4f5a-9a39-0f5d4a8b1c2d"}))
    before = sorted(table.warehouse.rglob("*"))
    process = earthcatalog.run("expire", *table.arguments, "--older-than", "0s", "--format", "json")
    assert process.returncode == 1 and "of another table" in process.stderr
    if process.stdout:
        assert json.loads(process.stdout)["files"]["removed"]["files"] == 0
    assert {path for path in before if path.suffix == ".parquet"} <= set(table.warehouse.rglob("*"))


def test_parts_of_a_backfill_by_phases_outlive_expire(earthcatalog, archive, table):
    """Whoever calls the phases: they themselves say that the run is not finished."""
    earthcatalog.json(*incremental(table, archive, "--limit", 20))
    run_id = "5f0c9b1e4d3a4b7f8e2d6c1a0b9f8e7d"
    places = {"staging": f"file://{table.warehouse}/_runs/{run_id}", "parts": f"file://{table.warehouse}/_parts/{run_id}"}
    settings = {"inventory": f"file://{archive.inventory}", "source_root": archive.source_root, "chunk_size": 300}

    def expire():
        earthcatalog.json("expire", *table.arguments, "--older-than", "0s")

    earthcatalog.phase("write_chunks", {"staging": places["staging"], "settings": settings})
    expire()
    for chunk in (0, 1):
        earthcatalog.phase("ingest_chunk", {**places, "chunk": chunk, "source_root": archive.source_root})
        parts = sorted((table.warehouse / "_parts").rglob("*.parquet"))
        expire()
        assert parts and sorted((table.warehouse / "_parts").rglob("*.parquet")) == parts
    other = {"staging": places["staging"][:-1] + "0"}
    refused = earthcatalog.run_phase("write_chunks", {**other, "settings": settings})
    assert refused.returncode == 1 and run_id in refused.stderr, "one backfill at a time has files here"
    head = {**places, "catalog": f"file://{table.catalog}", "warehouse": f"file://{table.warehouse}", "run_id": run_id, "delta": True}
    for task in earthcatalog.phase("plan_compaction", head)["tasks"]:
        earthcatalog.phase("compact_cell_year_delta", task)
    earthcatalog.phase("register_delta", head)
    assert earthcatalog.json("info", *table.arguments)["items"] == 600
    assert not (table.warehouse / "_runs/_backfill.json").exists()
    earthcatalog.phase("write_chunks", {**other, "settings": settings})
    earthcatalog.phase("cleanup_staging", {**other, "parts": places["parts"][:-1] + "0", "restart": True})
    assert not (table.warehouse / "_runs/_backfill.json").exists()


def test_what_killed_runs_left_goes_by_age_and_what_is_being_written_stays(earthcatalog, archive, table):
    import fcntl
    import os

    earthcatalog.json(*incremental(table, archive, "--limit", 20))
    data = next(table.warehouse.glob("grid_partition=*/year=*"))
    objects = table.warehouse.with_name(table.warehouse.name + "_objects")
    places = [data, objects, table.warehouse / "earthcatalog/stac_items/metadata", table.folder]
    left = [place / name for place in places for name in (".ec-tmp-1-2-3", ".ec-lock-4")]
    held = data / ".ec-tmp-5-6-7"
    theirs = data / ".hidden"
    for path in [*left, held, theirs]:
        path.write_bytes(b"half a file")
        os.utime(path, (time.time() - 25 * HOURS,) * 2)
    young = data / ".ec-tmp-8-9-0"
    young.write_bytes(b"young")
    with open(held) as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        promised = earthcatalog.json("expire", *table.arguments, "--dry-run")["places"]["leftovers"]
        assert all(path.exists() for path in left)
        counts = earthcatalog.json("expire", *table.arguments)["places"]["leftovers"]
    assert promised == counts
    assert {name: counts[name]["files"] for name in ("listed", "live", "too_young", "removed", "not_removed")} == {
        "listed": 10, "live": 1, "too_young": 1, "removed": 8, "not_removed": 0}
    assert not any(path.exists() for path in left)
    assert held.exists() and young.exists() and theirs.exists()
