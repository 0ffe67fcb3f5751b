"""`earthcatalog delta` by the real binary: what is new, changed and gone, pending inventories, deletions, kills."""

import http.server
import json
import shutil
import threading
import time
import urllib.parse

import pyarrow.parquet
import pytest
from conftest import BUCKET, Archive, Table, incremental
from test_audit import Inventory, audit

ITEMS = 300


def delta(table, archive, inventory, *more):
    return ["delta", "--inventory", inventory, "--source-root", archive.source_root, *table.arguments, *more]


def run(earthcatalog, *arguments):
    report = earthcatalog.json(*arguments)
    assert report["rows"] == report["added"] + report["changed"] + report["unchanged"] + report["duplicates"]
    assert report["written"] == report["added"] + report["changed"] + report["taken_up"]
    if report["objects"]:
        objects = report["objects"]
        assert objects["recorded"] == objects["listed"] + objects["removed"] + objects["not_judged"]
    if report["out"] and report["done"] and not report["ingest"]:
        assert len(rows_of(report["out"])) == report["written"]
    return report


def rows_of(uri):
    return pyarrow.parquet.read_table(uri.removeprefix("file://")).to_pylist()


def pending(table):
    return sorted(table.warehouse.glob("delta/pending/*"))


class ArchivingServer(http.server.ThreadingHTTPServer):
    """Buckets of a folder over HTTP; objects in `archived` answer as those in Glacier do."""

    def __init__(self, folder):
        self.folder, self.archived = folder, set()
        super().__init__(("127.0.0.1", 0), ArchivingHandler)
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class ArchivingHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = urllib.parse.unquote(self.path.split("?")[0])
        archived = path in self.server.archived
        body = (b"<Error><Code>InvalidObjectState</Code><Message>archived</Message></Error>" if archived
                else (self.server.folder / path[1:]).read_bytes())
        self.send_response(403 if archived else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def own(archive, tmp_path):
    """A copy of some of the archive, to be changed."""
    copy = Archive(tmp_path / "bucket")
    rows = Inventory(archive, tmp_path / "unused.csv", ITEMS + 20).rows
    for row in rows:
        path = copy.folder / row["bucket"] / row["key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(archive.folder / row["bucket"] / row["key"], path)
    return copy


@pytest.fixture
def inventory(archive, tmp_path):
    return Inventory(archive, tmp_path / "list.csv", ITEMS)


@pytest.fixture
def made(earthcatalog, own, table, inventory):
    earthcatalog.json("incremental", "--inventory", inventory.write(), "--source-root", own.source_root, *table.arguments)
    return table


@pytest.fixture
def more(archive, inventory):
    """Rows of objects that are not in the table."""
    return Inventory(archive, inventory.path, ITEMS + 20).rows[ITEMS:]


class TestInventory:
    def test_nothing_new(self, earthcatalog, own, made, inventory):
        report = run(earthcatalog, *delta(made, own, inventory.path))
        assert (report["unchanged"], report["written"], report["out"]) == (ITEMS, 0, "")
        assert report["objects"] == {"recorded": ITEMS, "listed": ITEMS, "removed": 0, "not_judged": 0}
        assert pending(made) == []

    def test_new_changed_and_removed(self, earthcatalog, own, made, inventory, more):
        inventory.rows[3]["last_modified_date"] = "2026-10-01T00:00:00Z"
        gone = inventory.rows.pop(7)
        inventory.rows += [*more[:5], more[0]]
        report = run(earthcatalog, *delta(made, own, inventory.write()))
        assert (report["added"], report["changed"], report["duplicates"]) == (5, 1, 1)
        assert report["objects"]["removed"] == 1
        rows = rows_of(report["out"])
        assert [(row["key"], row["change"]) for row in rows] == sorted(
            [(row["key"], "added") for row in more[:5]] + [(inventory.rows[3]["key"], "changed")])
        assert {row["size"] for row in rows} == {int(row["size"]) for row in [*more[:5], inventory.rows[3]]}
        assert [path.name for path in pending(made)] == [f"{report['run_id']}.parquet"]
        text = earthcatalog.run(*delta(made, own, inventory.path, "--out", made.folder / "o.parquet"), check=True).stdout
        assert gone["key"] in text

    def test_an_earlier_pending_one_is_taken_up(self, earthcatalog, own, made, inventory, more):
        known = inventory.rows
        inventory.rows = known + more[:5]
        first = run(earthcatalog, *delta(made, own, inventory.write()))
        inventory.rows = known + more[3:8]
        second = run(earthcatalog, *delta(made, own, inventory.write()))
        assert (second["added"], second["taken_up"], second["pending_files"]) == (5, 3, 1)
        assert [path.name for path in pending(made)] == [f"{second['run_id']}.parquet"]
        assert first["run_id"] != second["run_id"]
        # What has been ingested meanwhile is not pending any more.
        earthcatalog.json("incremental", "--inventory", second["out"], "--source-root", own.source_root, *made.arguments)
        third = run(earthcatalog, *delta(made, own, inventory.path))
        assert (third["written"], third["pending_files"]) == (0, 1) and pending(made) == []

    def test_expire_leaves_pending_ones_alone(self, earthcatalog, own, made, inventory, more):
        inventory.rows += more[:1]
        run(earthcatalog, *delta(made, own, inventory.write()))
        before = pending(made)
        earthcatalog.json("expire", *made.arguments, "--older-than", "0s")
        assert pending(made) == before != []

    def test_another_place(self, earthcatalog, own, made, inventory, more, tmp_path):
        inventory.rows += more[:2]
        run(earthcatalog, *delta(made, own, inventory.write()))
        before = pending(made)
        report = run(earthcatalog, *delta(made, own, inventory.path, "--out", tmp_path / "mine.parquet"))
        assert report["out"].endswith("mine.parquet") and report["written"] == 2 and pending(made) == before

    def test_since_looks_for_nothing_removed(self, earthcatalog, own, made, inventory, more):
        inventory.rows += more[:2]
        report = run(earthcatalog, *delta(made, own, inventory.write(), "--since", more[0]["last_modified_date"]))
        assert report["added"] == 2 and report["objects"] is None

    def test_buckets_and_suffixes_that_the_list_does_not_have_are_not_judged(self, earthcatalog, own, made, tmp_path):
        other = tmp_path / "other.csv"
        other.write_text("bucket,key\nanother,x.stac.json\n")
        report = run(earthcatalog, *delta(made, own, other))
        assert report["objects"]["not_judged"] == ITEMS and report["objects"]["removed"] == 0

    def test_by_id(self, earthcatalog, own, made, inventory, more):
        earthcatalog.json("index", "build", *made.arguments)
        # The same item under another name, and a changed one: known by their ids.
        moved = dict(inventory.rows[0], key="elsewhere/" + inventory.rows[0]["key"].rsplit("/", 1)[1])
        inventory.rows[3]["last_modified_date"] = "2026-10-01T00:00:00Z"
        inventory.rows += [moved, *more[:4]]
        report = run(earthcatalog, *delta(made, own, inventory.write(), "--by-id"))
        assert (report["added"], report["changed"], report["unchanged"]) == (4, 0, ITEMS + 1)
        assert {row["key"] for row in rows_of(report["out"])} == {row["key"] for row in more[:4]}

    def test_by_id_without_a_hash_index(self, earthcatalog, own, made, inventory):
        process = earthcatalog.run(*delta(made, own, inventory.path, "--by-id"))
        assert process.returncode == 1 and "id_hashes" in process.stderr


class TestIngest:
    def test_the_table_follows_the_bucket(self, earthcatalog, own, made, inventory, more):
        gone = [inventory.rows.pop(index)["key"] for index in (11, 5)]
        changed = inventory.rows[3]
        path = own.folder / changed["bucket"] / changed["key"]
        item = json.loads(path.read_text())
        item["properties"]["updated"] = "2026-10-01T00:00:00Z"
        path.write_text(json.dumps(item))
        changed["last_modified_date"] = "2026-10-01T00:00:00Z"
        inventory.rows += more[:6]
        report = run(earthcatalog, *delta(made, own, inventory.write(), "--ingest", "--delete-removed"))
        assert report["deleted"]["objects"] == 2 and report["deleted"]["rows"] >= 2
        assert (report["ingest"]["source_items"], report["ingest"]["written_items"]) == (7, 7)
        assert report["out"] == ""  # the pending inventory is gone, and is not named
        assert report["done"] and pending(made) == []
        checked, _ = audit(earthcatalog, made, inventory.path)
        assert checked["good"] and checked["inventory_objects"]["held"] == ITEMS + 4
        ids = {row[1] for row in made.rows()}
        assert not any(key.rsplit("/", 1)[1].removesuffix(".stac.json") in ids for key in gone)
        assert earthcatalog.json("info", *made.arguments)["items"] == ITEMS + 4

    def test_what_cannot_be_fetched_stays_pending(self, earthcatalog, own, made, inventory, more):
        inventory.rows += more[:3]
        with ArchivingServer(own.folder) as server:
            arguments = ["delta", "--inventory", inventory.write(), *made.arguments, "--endpoint", server.endpoint, "--anonymous",
                         "--region", "us-east-1", "--ingest"]
            server.archived.add(f"/{more[0]['bucket']}/{more[0]['key']}")
            process = earthcatalog.run(*arguments, "--format", "json")
            report = json.loads(process.stdout)
            assert process.returncode == 1 and (report["done"], report["ingest"]["pending"]) == (False, 1)
            assert len(pending(made)) == 1 and "next delta" in process.stderr
            server.archived.clear()
            report = run(earthcatalog, *arguments)
        assert (report["added"], report["ingest"]["written_items"]) == (1, 1) and pending(made) == []

    def test_kills(self, earthcatalog, own, inventory, more, tmp_path):
        """Killed anywhere, the next delta comes to the same table."""
        for fraction in (0.1, 0.3, 0.5, 0.7, 0.9):
            table = Table(tmp_path / str(fraction))
            earthcatalog.json("incremental", "--inventory", inventory.write(), "--source-root", own.source_root,
                              *table.arguments)
            now = inventory.with_rows(table.folder / "now.csv", inventory.rows[2:] + more)
            arguments = delta(table, own, now.write(), "--ingest", "--delete-removed")
            process = earthcatalog.start(*arguments)
            time.sleep(fraction * 0.6)
            process.kill()
            process.communicate()
            run(earthcatalog, *arguments)
            checked, found = audit(earthcatalog, table, now.path)
            assert checked["good"], found
            assert pending(table) == []


class TestDeletion:
    def test_rows_go_in_one_commit(self, earthcatalog, own, made, inventory):
        gone = [inventory.rows.pop() for _ in range(2)]
        before = made.load().current_snapshot().snapshot_id
        report = run(earthcatalog, *delta(made, own, inventory.write(), "--delete-removed"))
        snapshot = made.load().current_snapshot()
        assert snapshot.parent_snapshot_id == before and snapshot.summary.operation.value in ("overwrite", "delete")
        assert snapshot.summary.additional_properties["earthcatalog.removed-objects"] == "2"
        assert report["deleted"]["snapshot_id"] == snapshot.snapshot_id
        assert not made.folder.joinpath("catalog.db.lock").exists()
        assert audit(earthcatalog, made, inventory.path)[0]["good"]
        again = run(earthcatalog, *delta(made, own, inventory.path, "--delete-removed"))
        assert again["deleted"]["objects"] == 0 and again["objects"]["recorded"] == ITEMS - len(gone)

    def test_refused_above_max_removed(self, earthcatalog, own, made, inventory, more):
        del inventory.rows[:4]
        inventory.rows += more[:1]
        before = made.load().metadata_location
        process = earthcatalog.run(*delta(made, own, inventory.write(), "--delete-removed", "--ingest"))
        assert process.returncode == 1 and "--max-removed" in process.stderr and "4 of 300" in process.stderr
        assert made.load().metadata_location == before and pending(made) == []
        assert not made.folder.joinpath("catalog.db.lock").exists()
        report = run(earthcatalog, *delta(made, own, inventory.path, "--delete-removed", "--max-removed", "2%"))
        assert report["deleted"]["objects"] == 4

    def test_a_listing_judges_only_what_lies_below_its_prefix(self, earthcatalog, own, made):
        """The listing of one of three platforms must not take the rows of the others for gone."""
        prefix = own.folder / BUCKET / "velocity_image_pair/sentinel2"
        below = sorted(prefix.rglob("*.stac.json"))
        ids = {path.name.removesuffix(".stac.json") for path in below} & {row[1] for row in made.rows()}
        assert 1 < len(ids) < ITEMS
        arguments = delta(made, own, prefix, "--delete-removed", "--max-removed", "100%")
        report = run(earthcatalog, *arguments)
        assert report["objects"] == {"recorded": ITEMS, "listed": len(ids), "removed": 0, "not_judged": ITEMS - len(ids)}
        gone = next(path for path in below if path.name.removesuffix(".stac.json") in ids)
        gone.unlink()
        refused = earthcatalog.run(*delta(made, own, prefix, "--delete-removed"))
        assert refused.returncode == 1 and f"1 of {len(ids)}" in refused.stderr
        report = run(earthcatalog, *arguments)
        assert report["deleted"]["objects"] == 1 and report["objects"]["not_judged"] == ITEMS - len(ids)
        left = {row[1] for row in made.rows()}
        assert len(left) == ITEMS - 1 and gone.name.removesuffix(".stac.json") not in left

    @pytest.mark.parametrize("option", [["--since", "2020-01-01"], ["--limit", "1000"]])
    def test_refused_with_a_part_of_the_list(self, earthcatalog, own, made, inventory, option):
        before = made.load().metadata_location
        process = earthcatalog.run(*delta(made, own, inventory.path, "--delete-removed", *option))
        assert process.returncode == 2 and "list of all objects" in process.stderr
        assert made.load().metadata_location == before

    def test_refused_with_a_manifest_that_lacks_a_file(self, earthcatalog, made, tmp_path):
        folder = tmp_path / "manifests"
        listed = earthcatalog.generate(folder, items=10, seed=3)
        next((folder / "inventory/data").glob("*")).unlink()
        before = made.load().metadata_location
        process = earthcatalog.run(*delta(made, listed, folder / "inventory/manifest.json", "--delete-removed"))
        assert process.returncode == 1 and "part_" in process.stderr
        assert made.load().metadata_location == before

    def test_an_older_object_of_the_item_counts_again(self, earthcatalog, table, tmp_path):
        folder = tmp_path / "doubles"
        twice = earthcatalog.generate(folder, "--duplicate-every", 10, items=100, seed=3)
        earthcatalog.json(*incremental(table, twice))
        state = json.loads(earthcatalog.run("audit", "--inventory", twice.inventory, *table.arguments, "--format", "json").stdout)
        assert state["inventory_objects"]["superseded"] == 10
        # Of two objects of one item the one that owns its rows goes.
        inventory = Inventory(twice, table.folder / "list.csv", 1000)
        entries = pyarrow.parquet.read_table(next((table.folder / "warehouse_objects").glob("*.parquet"))).to_pylist()
        losers = {entry["identity_hash"]: entry["name"] for entry in entries if entry["state"] == 0}
        winner = next(entry["name"] for entry in entries if entry["state"] == 1 and entry["identity_hash"] in losers)
        inventory.rows = [row for row in inventory.rows if f"{row['bucket']}/{row['key']}" != winner]
        report = run(earthcatalog, *delta(table, twice, inventory.write(), "--delete-removed", "--ingest"))
        assert (report["deleted"]["objects"], report["deleted"]["counting_again"]) == (1, 1)
        assert report["added"] == 1 and report["ingest"]["written_items"] == 1
        checked, found = audit(earthcatalog, table, inventory.path)
        assert checked["good"], found
        assert checked["inventory_objects"]["held"] == 100

    def test_another_writer_in_between(self, earthcatalog, own, made, inventory):
        """PyIceberg commits all the while."""
        inventory.rows = inventory.rows[2:]
        arguments = [str(word) for word in delta(made, own, inventory.write(), "--delete-removed")]
        rows = made.load().scan(limit=1).to_arrow()
        process = earthcatalog.start(*arguments)
        commits = 0
        while process.poll() is None:
            try:
                made.load().append(rows)
                commits += 1
            except Exception:  # a lost race of theirs, or a busy database
                pass
            time.sleep(0.3)  # the other one shall have its turn
        output, errors = process.communicate()
        assert process.returncode == 0, errors
        count = sum(row[1] == rows["id"][0].as_py() for row in made.rows())
        assert count >= commits
        report, found = audit(earthcatalog, made, inventory.path)
        assert {line["finding"] for line in found} <= {"doubled_rows", "primary"}
        assert report["inventory_objects"]["held"] == ITEMS - 2


class TestUsage:
    def test_a_mistyped_name_creates_nothing(self, earthcatalog, own, inventory, made, tmp_path):
        none = Table(tmp_path / "no")
        before = sorted(tmp_path.rglob("*"))
        for table, path in ((none, inventory.path), (made, tmp_path / "no.csv")):
            process = earthcatalog.run(*delta(table, own, path, "--delete-removed", "--ingest"))
            assert process.returncode == 1 and str(tmp_path / "no") in process.stderr
        assert sorted(tmp_path.rglob("*")) == before

    @pytest.mark.parametrize("option", [["--max-removed", "200%"], ["--max-removed", "some"], ["--out", "x.csv"]])
    def test_wrong_usage(self, earthcatalog, own, made, inventory, option):
        assert earthcatalog.run(*delta(made, own, inventory.path, *option)).returncode == 2

    def test_a_locked_table_is_left_alone(self, earthcatalog, own, made, inventory):
        lock = made.folder / "catalog.db.lock"
        lock.write_text(json.dumps({"owner": "somebody", "pid": 1, "hostname": "elsewhere",
                                    "acquired": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "ttl_hours": 12}))
        process = earthcatalog.run(*delta(made, own, inventory.path, "--delete-removed"))
        assert process.returncode == 1 and "CatalogLocked" in process.stderr
        run(earthcatalog, *delta(made, own, inventory.path))  # reading needs no lock


def test_on_s3(s3_earthcatalog):
    base = "s3://test-warehouse/delta"
    s3_earthcatalog.run("generate", "--items", 60, "--seed", 5, "--out", f"s3://{BUCKET}/delta", check=True)
    arguments = ["--catalog", f"{base}/catalog.db", "--warehouse", f"{base}/warehouse"]
    inventory = ["--inventory", f"s3://{BUCKET}/delta/inventory.csv"]
    s3_earthcatalog.json("incremental", *inventory, "--limit", 50, *arguments)
    report = run(s3_earthcatalog, "delta", *inventory, *arguments, "--ingest", "--delete-removed")
    assert (report["added"], report["ingest"]["written_items"], report["objects"]["removed"]) == (10, 10, 0)
    report = run(s3_earthcatalog, "delta", *inventory, *arguments, "--ingest")
    assert (report["unchanged"], report["pending_files"]) == (60, 0)
