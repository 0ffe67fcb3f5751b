"""Another engine writes, then we: what must be in the table after each pair of operations.

An Engine has operations by name, each a function of a table (conftest.Table) that commits with that engine. For each of them
and each of OURS, check_pair() starts from the table that our first run made, and compares rows and values of every column
through the independent reader, not through either engine.
"""

import json
import shutil

from conftest import Table, incremental
from independent_reader import IndependentReader, read_local, sort_rows

# Two regions over each other: many items have a row in both, and files are few.
REGIONS = {"type": "FeatureCollection", "features": [
    {"type": "Feature", "properties": {"name": name},
     "geometry": {"type": "Polygon", "coordinates": [[[-180, south], [180, south], [180, 90], [-180, 90], [-180, south]]]}}
    for name, south in (("world", -90), ("north", 20))]}
FOREIGN = "foreign-"  # begins the ids of items that an operation adds


class Engine:
    """An engine under its name, with the operations of the matrix."""

    def __init__(self, name, operations):
        self.name, self.operations = name, operations


def read_table(table):
    """Rows of the table by the independent reader, each a dictionary by column."""
    return IndependentReader(table.load().metadata_location, read=getattr(table, "read", read_local)).rows()


def key_of(row):
    return row["collection"], row["id"]


def first_table(earthcatalog, archive, table):
    """Makes the table of the archive and remembers its rows."""
    table.folder.mkdir(parents=True, exist_ok=True)
    regions = table.folder / "regions.geojson"
    regions.write_text(json.dumps(REGIONS))
    earthcatalog.json(*incremental(table, archive, "--grid", "geojson", "--boundaries", regions, "--id-field", "name"))
    return read_table(table)


class SavedTable:
    """A local table that is made once and put back, in the same place, before each pair."""

    def __init__(self, earthcatalog, archive, folder):
        self.table = Table(folder / "table")
        self.saved = folder / "saved"
        self.original = first_table(earthcatalog, archive, self.table)
        shutil.copytree(self.table.folder, self.saved)

    def restore(self):
        shutil.rmtree(self.table.folder)
        shutil.copytree(self.saved, self.table.folder)
        return self.table


# What we do. Each takes what an operation left and returns the finished process.

def run_incremental(earthcatalog, archive, table):
    return earthcatalog.run(*incremental(table, archive), check=True)


def run_refetch(earthcatalog, archive, table):
    return earthcatalog.run(*incremental(table, archive, "--refetch"), check=True)


def run_delta(earthcatalog, archive, table):
    return earthcatalog.run("delta", "--inventory", archive.inventory, "--source-root", archive.source_root, *table.arguments,
                            "--ingest", check=True)


def run_compact(earthcatalog, archive, table):
    return earthcatalog.run("compact", *table.arguments, check=True)


def run_expire(earthcatalog, archive, table):
    return earthcatalog.run("expire", *table.arguments, "--older-than", "0s", "--retain-last", 1, check=True)


def run_audit(earthcatalog, archive, table):
    process = earthcatalog.run("audit", "--inventory", archive.inventory, *table.arguments, "--format", "json")
    assert process.stdout, process.stderr
    return process


def theirs_stay(original, theirs):
    return theirs


def lost_ones_come_back(original, theirs):
    """Items that lack a row come back whole; the others are as the engine left them, and so are items of its own."""
    rows_of = {}
    for row in theirs:
        rows_of.setdefault(key_of(row), []).append(row)
    expected = list(theirs)
    cells = {}
    for row in original:
        cells.setdefault(key_of(row), set()).add(row["grid_partition"])
    for key, wanted in cells.items():
        if wanted - {row["grid_partition"] for row in rows_of.get(key, [])}:
            expected = [row for row in expected if key_of(row) != key]
            expected += [row for row in original if key_of(row) == key]
    return expected


def ours_come_back(original, theirs):
    """Items of the archive are as they were fetched, and those of the engine stay."""
    ours = {key_of(row) for row in original}
    return [*original, *(row for row in theirs if key_of(row) not in ours)]


OURS = {
    "incremental": (run_incremental, lost_ones_come_back),
    "refetch": (run_refetch, ours_come_back),
    "delta": (run_delta, lost_ones_come_back),
    "compact": (run_compact, theirs_stay),
    "expire": (run_expire, theirs_stay),
    "audit": (run_audit, theirs_stay),
}


def check_pair(earthcatalog, archive, table, original, operation, ours):
    """The engine's operation, then ours; then a compaction and an expiry, which change no row either. `original`: the rows
    that the table has now."""
    operation(table)
    theirs = read_table(table)
    run, expected_of = OURS[ours]
    run(earthcatalog, archive, table)
    expected = sort_rows(expected_of(original, theirs))
    assert_same(sort_rows(read_table(table)), expected)
    if ours in ("incremental", "refetch", "delta"):
        run_compact(earthcatalog, archive, table)
        run_expire(earthcatalog, archive, table)
        assert_same(sort_rows(read_table(table)), expected)


def assert_same(found, expected):
    if found == expected:
        return
    lost, came = set(expected) - set(found), set(found) - set(expected)
    first = f"{differences(min(lost), min(came))}" if lost and came else (min(lost or came or {"the same row twice"})[:300])
    raise AssertionError(f"{len(found)} rows, expected {len(expected)}; {len(lost)} lost, {len(came)} came: {first}")


def differences(lost, came):
    lost, came = json.loads(lost), json.loads(came)
    return {name: (lost[name], came.get(name)) for name in lost if lost[name] != came.get(name)}
