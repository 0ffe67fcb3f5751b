"""Kills and Ctrl-C in the middle of `compact`."""

import os
import random
import shutil
import signal
import time

import pytest
from conftest import Table, incremental
from kills import SEED, Reader

KILLS = 100 if os.environ.get("EARTHCATALOG_SOAK") else 10

ITEMS = 400


@pytest.fixture(scope="module")
def grown(earthcatalog, archive, tmp_path_factory):
    """A table whose buckets have several files; how long an undisturbed compaction of it takes; its rows."""
    # Where it lies is in its metadata: each test puts a copy of the folder at this place.
    table = Table(tmp_path_factory.mktemp("grown") / "table")
    for limit in (100, 200, 300, ITEMS):
        earthcatalog.json(*incremental(table, archive, "--h3-resolution", 0, "--limit", limit))
    table.copy = table.folder.parent / "copy"
    shutil.copytree(table.folder, table.copy)
    table.expected = table.rows()
    start = time.monotonic()
    earthcatalog.json("compact", *table.arguments, "--workers", 2)
    table.seconds = time.monotonic() - start
    return table


def restore(table):
    shutil.rmtree(table.folder)
    shutil.copytree(table.copy, table.folder)


def test_kills_and_reruns(earthcatalog, archive, grown):
    choose = random.Random(SEED)
    print(f"EARTHCATALOG_SEED={SEED}")
    for kill in range(KILLS):
        restore(grown)
        reader = Reader(grown)
        reader.start()
        process = earthcatalog.start("compact", *grown.arguments, "--workers", 2)
        time.sleep(choose.uniform(0, 1.1) * grown.seconds)
        process.kill()
        process.communicate()
        rerun = earthcatalog.run("compact", *grown.arguments, "--workers", 2)
        reader.stop.set()
        reader.join()
        where = f"kill {kill}, EARTHCATALOG_SEED={SEED}"
        assert rerun.returncode == 0, f"{where}: {rerun.stderr}"
        assert reader.errors == [], where
        assert reader.states and all(state == grown.expected for state in reader.states), where
        assert grown.rows() == grown.expected, where
        files = [task.file for task in grown.load().scan().plan_files()]
        assert len({tuple(file.partition) for file in files}) == len(files), where
        again = earthcatalog.json(*incremental(grown, archive, "--limit", ITEMS))
        assert again["unchanged"] == ITEMS, where
        assert earthcatalog.json("info", *grown.arguments)["items"] == ITEMS, where


def test_ctrl_c_leaves_the_table_as_it_was(earthcatalog, grown):
    for fraction in (0.3, 0.5, 0.7):
        restore(grown)
        metadata, listed = grown.load().metadata_location, set(grown.folder.rglob("*"))
        process = earthcatalog.start("compact", *grown.arguments, "--workers", 1)
        time.sleep(fraction * grown.seconds)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
        if process.returncode == 130:
            break
    else:
        pytest.skip("no delay hit the moment between the start and the commit")
    assert "the table is as it was" in stderr
    assert grown.load().metadata_location == metadata
    # New files are taken away again, and the lock is.
    assert {path for path in grown.folder.rglob("*") if path.is_file()} <= listed
    earthcatalog.json("compact", *grown.arguments)
    assert grown.rows() == grown.expected
