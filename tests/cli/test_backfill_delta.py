"""`backfill --delta`: the upsert of `incremental`, in phases."""

import json
import os
import shutil
import signal
import time

import pytest
from conftest import Table, backfill, incremental

SQUARE = {"type": "Polygon", "coordinates": [[[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]]]}


def items_of(earthcatalog, table):
    return sorted(earthcatalog.run("cat", *table.data_files(), check=True).stdout.splitlines())


class Bucket:
    """An archive that changes, and its inventory."""

    def __init__(self, earthcatalog, folder, items):
        self.archive = earthcatalog.generate(folder, items=items, seed=11)
        self.paths = self.archive.objects()
        self.tick = 0

    def item(self, number):
        return json.loads(self.paths[number].read_text())

    def put(self, path, item):
        path.write_text(json.dumps(item))
        # The inventory knows seconds, and a file of the same second would be the same version.
        self.tick += 10
        os.utime(path, (time.time() + self.tick, time.time() + self.tick))

    def write_inventory(self, only=None):
        lines = ["bucket,key,size,last_modified_date"]
        for path in self.archive.objects() if only is None else only:
            bucket, *key = path.relative_to(self.archive.folder).parts
            stat = path.stat()
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stat.st_mtime))
            lines.append(f"{bucket},{'/'.join(key)},{stat.st_size},{when}")
        self.archive.inventory.write_text("\n".join(lines) + "\n")

    def change(self):
        """New items, newer and older versions, in place and in other objects, and objects that change their item."""
        changed = []
        for number in range(0, 40):  # newer, elsewhere on the globe and in another year
            item = self.item(number)
            item["properties"].update(updated="2031-01-01T00:00:00Z", datetime="2003-05-06T00:00:00Z")
            item["geometry"] = SQUARE
            self.put(self.paths[number], item)
            changed.append(self.paths[number])
        for number in range(40, 60):  # a copy: every second one newer than what the table has
            item = self.item(number)
            item["properties"]["updated"] = "2031-01-01T00:00:00Z" if number % 2 else "1999-01-01T00:00:00Z"
            item["geometry"] = SQUARE
            copy = self.paths[number].with_name(f"copy-{number}.stac.json")
            self.put(copy, item)
            changed.append(copy)
        for number in range(60, 80):  # the object holds its neighbour's item from now on, and nobody holds its own
            item = self.item(number + 20)
            item["properties"]["updated"] = "2031-01-01T00:00:00Z" if number % 2 else "1999-01-01T00:00:00Z"
            self.put(self.paths[number], item)
            changed.append(self.paths[number])
        for number in range(100, 110):  # back to an older version
            item = self.item(number)
            item["properties"]["updated"] = "1998-01-01T00:00:00Z"
            self.put(self.paths[number], item)
            changed.append(self.paths[number])
        for number in range(110, 140):  # new
            item = self.item(number)
            item["id"] = f"new-{number}"
            new = self.paths[number].with_name(f"new-{number}.stac.json")
            self.put(new, item)
            changed.append(new)
        return changed


@pytest.fixture
def bucket(earthcatalog, tmp_path):
    return Bucket(earthcatalog, tmp_path / "archive", 400)


def check_objects(earthcatalog, table):
    earthcatalog.run("index", "build", *table.arguments, check=True)
    return earthcatalog.json("index", "check", *table.arguments)["object_index"]


def two_tables(tmp_path):
    tables = []
    for name in "ab":
        (tmp_path / name).mkdir()
        tables.append(Table(tmp_path / name))
    return tables


@pytest.mark.parametrize("options", [[], ["--chunk-size", 17, "--scheduler", "synchronous"],
                                     ["--chunk-size", 50, "--memory-limit", "1MiB", "--compact-rows", 5]])
@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_is_the_upsert_of_incremental(earthcatalog, bucket, tmp_path, shape, options):
    expected, table = two_tables(tmp_path)
    bucket.write_inventory()
    earthcatalog.json(*incremental(expected, bucket.archive))
    earthcatalog.json(*backfill(table, bucket.archive, "--chunk-size", 60))
    assert table.rows() == expected.rows()
    bucket.write_inventory(bucket.change())
    before = set(table.data_files())
    counts = earthcatalog.json(*incremental(expected, bucket.archive))
    report = earthcatalog.json(*backfill(table, bucket.archive, "--delta", *options, shape=shape))
    assert table.rows() == expected.rows() and not table.staged()
    assert items_of(earthcatalog, table) == items_of(earthcatalog, expected)
    for name in ("source_items", "written_items", "superseded", "rows", "replaced_rows", "fan_out_distribution"):
        assert report[name] == counts[name], name
    assert report["replaced_rows"] > 0 and report["superseded"] > 0
    # Copy-on-write: files are not overwritten, and most of them are not touched.
    assert len(before & set(table.data_files())) > len(before) / 2
    assert len(table.load().history()) == 2
    # The object indexes agree: the whole archive is known, apart from what counts again.
    bucket.write_inventory()
    again = [earthcatalog.json(*incremental(t, bucket.archive)) for t in (expected, table)]
    for name in ("unchanged", "written_items", "superseded"):
        assert again[0][name] == again[1][name], name
    assert table.rows() == expected.rows()
    check = [check_objects(earthcatalog, t) for t in (expected, table)]
    assert check[0]["objects"] == check[1]["objects"] and check[1]["rows"] == check[1]["table_rows"]
    info = [earthcatalog.json("info", *t.arguments) for t in (expected, table)]
    assert info[0]["items"] == info[1]["items"]


def test_on_a_new_table_it_is_a_full_one(earthcatalog, bucket, table):
    bucket.write_inventory()
    report = earthcatalog.json(*backfill(table, bucket.archive, "--delta", "--chunk-size", 100))
    assert report["written_items"] == 400
    again = earthcatalog.json(*incremental(table, bucket.archive))
    assert again["unchanged"] == 400
    assert earthcatalog.json("info", *table.arguments)["items"] == 400


def test_twice_the_same_is_one_table(earthcatalog, bucket, table):
    bucket.write_inventory()
    earthcatalog.json(*backfill(table, bucket.archive))
    rows = table.rows()
    report = earthcatalog.json(*backfill(table, bucket.archive, "--delta"))
    assert report["replaced_rows"] == len(rows) and report["rows"] == len(rows)
    assert table.rows() == rows


def test_delta_and_replace_exclude_each_other(earthcatalog, bucket, table):
    bucket.write_inventory()
    run = earthcatalog.run(*backfill(table, bucket.archive, "--delta", "--replace"))
    assert run.returncode == 2 and not table.catalog.exists()


@pytest.mark.parametrize("delta", [False, True])
def test_phase_by_phase_as_a_cluster_runs_it(earthcatalog, bucket, tmp_path, delta):
    expected, table = two_tables(tmp_path)
    if delta:
        bucket.write_inventory()
        for t in (expected, table):
            earthcatalog.json(*incremental(t, bucket.archive))
        bucket.write_inventory(bucket.change())
    else:
        bucket.write_inventory()
    earthcatalog.json(*incremental(expected, bucket.archive))

    staging = f"file://{table.folder}/staging"
    settings = {"inventory": str(bucket.archive.inventory), "source_root": bucket.archive.source_root, "chunk_size": 90,
                "resolution": 1}
    run = earthcatalog.phase("write_chunks", {"staging": staging, "settings": settings})
    for chunk in range(run["chunks"]):
        earthcatalog.phase("ingest_chunk", {"staging": staging, "chunk": chunk, "resolution": 1,
                                             "source_root": bucket.archive.source_root})
    head = {"catalog": str(table.catalog), "warehouse": str(table.warehouse), "staging": staging,
            "run_id": "0123456789abcdef" * 2, "delta": delta, "task_bytes": 200_000}
    register = "register_delta" if delta else "register_and_cleanup"
    early = earthcatalog.run_phase(register, head)
    assert early.returncode == 1 and "is not done" in early.stderr
    tasks = earthcatalog.phase("plan_compaction", head)["tasks"]
    assert len(tasks) > 3
    assert any(group.get("removals") for task in tasks for group in task["groups"]) == delta
    name = "compact_cell_year_delta" if delta else "compact_group"
    reports = [earthcatalog.phase(name, task) for task in tasks]
    assert earthcatalog.phase("plan_compaction", head)["tasks"] == tasks  # another head, another order: the same
    kept = earthcatalog.run_phase("cleanup_staging", {"staging": staging})
    assert kept.returncode == 2 and "not committed" in kept.stderr
    report = earthcatalog.phase(register, head)
    assert report["files"] == sum(r["files"] for r in reports)
    assert table.rows() == expected.rows()
    assert items_of(earthcatalog, table) == items_of(earthcatalog, expected)
    assert not list((table.folder / "staging").rglob("*.*"))


def test_a_bucket_by_itself(earthcatalog, bucket, table):
    bucket.write_inventory()
    staging = f"file://{table.folder}/staging"
    settings = {"inventory": str(bucket.archive.inventory), "source_root": bucket.archive.source_root, "limit": 50}
    earthcatalog.phase("write_chunks", {"staging": staging, "settings": settings})
    earthcatalog.phase("ingest_chunk", {"staging": staging, "source_root": bucket.archive.source_root})
    head = {"catalog": str(table.catalog), "warehouse": str(table.warehouse), "staging": staging,
            "run_id": "0123456789abcdef" * 2}
    (task,) = earthcatalog.phase("plan_compaction", head)["tasks"]
    wrong = earthcatalog.run_phase("compact_cell_year", task)
    assert wrong.returncode == 2 and "compact_group" in wrong.stderr
    for group in task["groups"][:2]:
        report = earthcatalog.phase("compact_cell_year", {**task, "groups": [group]})
        assert report["files"] == 1 and report["rows"] == sum(file["rows"] for file in group["files"])
    assert not table.catalog.exists()


def test_another_writer_between_plan_and_commit(earthcatalog, bucket, tmp_path):
    """What was decided on the old state is decided again; only the tasks that it concerns are done again."""
    expected, table = two_tables(tmp_path)
    bucket.write_inventory()
    for t in (expected, table):
        earthcatalog.json(*incremental(t, bucket.archive))
    changed = bucket.change()
    bucket.write_inventory(changed)
    staging = f"file://{table.folder}/staging"
    settings = {"inventory": str(bucket.archive.inventory), "source_root": bucket.archive.source_root}
    earthcatalog.phase("write_chunks", {"staging": staging, "settings": settings})
    earthcatalog.phase("ingest_chunk", {"staging": staging, "source_root": bucket.archive.source_root})
    head = {"catalog": str(table.catalog), "warehouse": str(table.warehouse), "staging": staging,
            "run_id": "0123456789abcdef" * 2, "delta": True, "task_bytes": 100_000}
    first = earthcatalog.phase("plan_compaction", head)["tasks"]
    for task in first:
        earthcatalog.phase("compact_cell_year_delta", task)
    # One of the copies wins against the delta meanwhile.
    item = bucket.item(200)
    item["properties"]["updated"] = "2032-01-01T00:00:00Z"
    item["id"] = bucket.item(41)["id"]
    other = bucket.paths[200].with_name("other.stac.json")
    bucket.put(other, item)
    bucket.write_inventory([other])
    for t in (expected, table):
        earthcatalog.json(*incremental(t, bucket.archive))
    refused = earthcatalog.run_phase("register_delta", head)
    assert refused.returncode == 1 and "plan and compact again" in refused.stderr
    second = earthcatalog.phase("plan_compaction", head)["tasks"]
    done = {path: path.stat().st_mtime_ns for path in (table.folder / "staging/compacted").glob("*.done")}
    for task in second:
        earthcatalog.phase("compact_cell_year_delta", {**task, "first_part": 100})
    after = {path: path.stat().st_mtime_ns for path in (table.folder / "staging/compacted").glob("*.done")}
    assert done.items() <= after.items() and 0 < len(after) - len(done) < len(done)
    earthcatalog.phase("register_delta", head)
    bucket.write_inventory(changed)
    earthcatalog.json(*incremental(expected, bucket.archive))
    assert table.rows() == expected.rows()
    assert items_of(earthcatalog, table) == items_of(earthcatalog, expected)


def test_another_engine_commits_while_it_compacts(earthcatalog, bucket, table):
    """PyIceberg, without our lock: the run notices, and decides again."""
    bucket.write_inventory()
    earthcatalog.json(*incremental(table, bucket.archive))
    bucket.write_inventory(bucket.change())
    process = earthcatalog.start(*backfill(table, bucket.archive, "--delta", "--scheduler", "synchronous",
                                           "--format", "json"))
    compacted = table.folder / "staging/compacted"
    while not list(compacted.glob("files_*.avro")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.0005)
    process.send_signal(signal.SIGSTOP)
    iceberg = table.load()
    gone = bucket.item(300)["id"]
    iceberg.delete(f"id == '{gone}'")
    process.send_signal(signal.SIGCONT)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    identifiers = [(identifier, cell) for _, identifier, cell, _ in table.rows()]
    assert gone not in {identifier for identifier, _ in identifiers}
    assert len(set(identifiers)) == len(identifiers)
    assert {f"new-{number}" for number in range(110, 140)} <= {identifier for identifier, _ in identifiers}
    assert json.loads(stdout)["written_items"] > 60
    check = check_objects(earthcatalog, table)
    assert check["current"] and check["rows"] == check["table_rows"]


def test_a_delta_that_was_committed_is_only_cleaned_up(earthcatalog, bucket, tmp_path):
    (tmp_path / "t").mkdir()
    table = Table(tmp_path / "t")
    bucket.write_inventory()
    earthcatalog.json(*incremental(table, bucket.archive))
    bucket.write_inventory(bucket.change())
    report = earthcatalog.json(*backfill(table, bucket.archive, "--delta", "--keep-staging"))
    record = table.folder / "staging/chunks/_run.json"
    state = json.loads(record.read_text())
    state["committed_snapshot"] = None  # killed just after the commit
    record.write_text(json.dumps(state))
    again = earthcatalog.json(*backfill(table, bucket.archive, "--delta"))
    assert again["snapshot_id"] == report["snapshot_id"] and again["commits"] == 0
    for name in ("source_items", "written_items", "superseded"):
        assert again[name] == report[name], name
    assert not list((table.folder / "staging").rglob("*.*"))
    shutil.rmtree(table.folder / "staging")
