"""changes: what a mirror has to follow, compared with the two states as searches see them."""

import json
import shutil

import pytest
from conftest import Archive, Table, incremental
from pyiceberg.expressions import In
from test_audit import Inventory


@pytest.fixture(scope="module")
def archive(earthcatalog, tmp_path_factory):
    return earthcatalog.generate(tmp_path_factory.mktemp("archive"), "--odd-every", 20, items=500, seed=12)


def state(earthcatalog, table, *arguments):
    lines = earthcatalog.run("search", *table.arguments, *arguments, check=True).stdout.splitlines()
    return {(item.get("collection"), item["id"]): item for item in map(json.loads, lines)}


def snapshot_of(table):
    return table.load().current_snapshot().snapshot_id


def changes(earthcatalog, table, *arguments):
    """What each line says, by the item's identity."""
    found = {}
    for line in map(json.loads, earthcatalog.run("changes", *table.arguments, *arguments, check=True).stdout.splitlines()):
        item = line.get("item", line)
        key = item.get("collection"), item["id"]
        assert key not in found, "an item came twice"
        found[key] = line["change"], line.get("item")
    return found


def expected(before, after):
    told = {key: ("deleted", None) for key in before.keys() - after.keys()}
    told |= {key: ("added", after[key]) for key in after.keys() - before.keys()}
    return told | {key: ("updated", after[key]) for key in before.keys() & after.keys() if before[key] != after[key]}


def test_changes_are_the_difference_of_two_states(earthcatalog, archive, tmp_path):
    table = Table(tmp_path / "table")
    earthcatalog.json(*incremental(table, archive, "--limit", 350))
    first, before = snapshot_of(table), state(earthcatalog, table)
    earthcatalog.json(*incremental(table, archive))
    second, between = snapshot_of(table), state(earthcatalog, table)
    earthcatalog.json("compact", *table.arguments)
    assert changes(earthcatalog, table, "--since", second) == {}
    gone = sorted(id for _, id in between)[::9]
    table.load().delete(In("id", gone))
    after = state(earthcatalog, table)
    assert changes(earthcatalog, table, "--since", second) == expected(between, after)
    assert changes(earthcatalog, table, "--since", first) == expected(before, after)
    assert changes(earthcatalog, table, "--since", first, "--until", second) == expected(before, between)
    assert {kind for kind, _ in expected(before, after).values()} == {"added", "deleted"}
    moment = earthcatalog.json("history", *table.arguments, "--limit", 0)["snapshots"][-1]["time"]
    assert changes(earthcatalog, table, "--since", moment) == expected(before, after)


def test_a_delta_updates_and_deletes(earthcatalog, archive, tmp_path):
    table = Table(tmp_path / "table")
    copied = Archive(tmp_path / "copy")
    shutil.copytree(archive.folder, copied.folder)
    earthcatalog.json(*incremental(table, copied))
    before, since = state(earthcatalog, table), snapshot_of(table)
    inventory = Inventory(copied, tmp_path / "newer.csv", rows=500)
    for number, row in enumerate(inventory.rows):
        path = copied.folder / row["bucket"] / row["key"]
        item = json.loads(path.read_text())
        if number % 7 or not isinstance(item.get("properties"), dict):
            continue
        item["properties"]["updated"], item["properties"]["platform"] = "2031-01-01T00:00:00Z", "moved"
        item["geometry"] = {"type": "Point", "coordinates": [number % 170, number % 80]}
        path.write_text(json.dumps(item))
        row["last_modified_date"], row["size"] = "2031-01-01T00:00:00.000Z", path.stat().st_size
    inventory.rows = inventory.rows[20:]
    earthcatalog.json("delta", "--inventory", inventory.write(), "--source-root", copied.source_root, *table.arguments, "--ingest",
                      "--delete-removed", "--max-removed", "50%")
    told = expected(before, state(earthcatalog, table))
    assert {kind for kind, _ in told.values()} == {"updated", "deleted"}
    assert changes(earthcatalog, table, "--since", since) == told


def test_rows_that_another_engine_doubles_change_nothing(earthcatalog, archive, tmp_path):
    table = Table(tmp_path / "table")
    earthcatalog.json(*incremental(table, archive, "--limit", 200))
    since = snapshot_of(table)
    iceberg = table.load()
    iceberg.append(iceberg.scan(limit=50).to_arrow())
    assert changes(earthcatalog, table, "--since", since) == {}


def test_states_that_make_no_sense_are_refused(earthcatalog, archive, tmp_path):
    table = Table(tmp_path / "table")
    earthcatalog.json(*incremental(table, archive, "--limit", 50))
    first = snapshot_of(table)
    earthcatalog.json(*incremental(table, archive, "--limit", 100))
    for arguments, code, words in [
        (["--since", "yesterday"], 2, "--since"),
        (["--since", "123456789"], 1, "123456789"),
        (["--since", "2001-01-01"], 1, "--since"),
        (["--since", snapshot_of(table), "--until", first], 2, "later than --until"),
        ([], 2, "--since"),
    ]:
        process = earthcatalog.run("changes", *table.arguments, *arguments)
        assert process.returncode == code and words in process.stderr and process.stdout == "", process.stderr
