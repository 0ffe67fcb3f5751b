"""Whatever the way that leads to it, the table has the same rows, in every column."""

import os

import pytest
from conftest import Table, backfill, incremental

ITEMS = 20_000 if os.environ.get("EARTHCATALOG_SOAK") else 12_000


def direct(table, archive, *more):
    return backfill(table, archive, *more, shape="direct")


WAYS = {
    "incremental, one worker": (incremental, "--workers", 1),
    "incremental, small chunks, a commit for each": (incremental, "--workers", 4, "--chunk-size", ITEMS // 5, "--commit-every", "0s"),
    "backfill, one worker": (backfill, "--workers", 1, "--chunk-size", ITEMS // 3),
    "backfill, four workers": (backfill, "--workers", 4, "--chunk-size", ITEMS // 7),
    "backfill, one chunk, four workers": (backfill, "--workers", 4),
    "backfill, one thread, many small chunks": (backfill, "--scheduler", "synchronous", "--chunk-size", ITEMS // 40),
    "backfill, little memory": (backfill, "--workers", 4, "--memory-limit", "4MiB", "--chunk-size", ITEMS // 2),
    "direct backfill, four workers": (direct, "--workers", 4, "--chunk-size", ITEMS // 7),
    "direct backfill, one chunk": (direct,),
    "direct backfill, one thread, many small chunks": (direct, "--scheduler", "synchronous", "--chunk-size", ITEMS // 40),
    "direct backfill, little memory": (direct, "--workers", 4, "--memory-limit", "4MiB", "--chunk-size", ITEMS // 2),
    "backfill as a delta": (backfill, "--delta", "--chunk-size", ITEMS // 3),
}
FIRST = next(iter(WAYS))


@pytest.fixture(scope="module")
def archive(earthcatalog, tmp_path_factory):
    """With items that several objects hold, and with odd ones."""
    return earthcatalog.generate(tmp_path_factory.mktemp("archive"), "--concentrate", "--duplicate-every", 20, "--odd-every", 30, items=ITEMS, seed=21)


def run(earthcatalog, archive, table, way):
    command, *options = WAYS[way]
    return earthcatalog.json(*command(table, archive, *options)), table.contents()


@pytest.fixture(scope="module")
def expected(earthcatalog, archive, tmp_path_factory):
    report, contents = run(earthcatalog, archive, Table(tmp_path_factory.mktemp("expected")), FIRST)
    assert contents.num_rows == report["rows"]
    assert sum(contents["grid_primary"].to_pylist()) == ITEMS
    return report, contents


@pytest.mark.parametrize("way", [way for way in WAYS if way != FIRST])
def test_the_same_rows(earthcatalog, archive, table, expected, way):
    first, contents = expected
    report, found = run(earthcatalog, archive, table, way)
    assert found.equals(contents)
    assert report["source_items"] == first["source_items"]
    # With a commit in between, an older version may have been written before it was replaced.
    if "--commit-every" not in WAYS[way]:
        for name in ("written_items", "superseded", "fan_out_distribution"):
            assert report[name] == first[name], name
