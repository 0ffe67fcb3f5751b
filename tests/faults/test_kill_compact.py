"""Kills and Ctrl-C in the middle of `compact`."""

import os
import shutil
import signal
import time

import pytest
from conftest import Table, incremental
from kills import SEED, Killer, Reader, Undisturbed

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
    table.files = count_files(table)
    table.undisturbed = Undisturbed(earthcatalog, command, table, archive, phase_of, phases=range(3))
    return table


def command(table, archive=None):
    return ["compact", *table.arguments, "--workers", 2]


def count_files(table):
    """Data files and metadata files, whether the table names them or not."""
    return (len(list(table.warehouse.glob("grid_partition=*/*/*.parquet"))),
            len(list(table.warehouse.glob("earthcatalog/stac_items/metadata/*.metadata.json"))))


def phase_of(table):
    """0: nothing is written; 1: there are merged files; 2: and the metadata that are committed or about to be."""
    data, metadata = count_files(table)
    return 2 if metadata > table.files[1] else int(data > table.files[0])


def restore(table):
    shutil.rmtree(table.folder)
    shutil.copytree(table.copy, table.folder)


def test_kills_and_reruns(earthcatalog, archive, grown):
    killer = Killer(grown.undisturbed, KILLS)
    print(f"EARTHCATALOG_SEED={SEED}")
    for kill in killer:
        restore(grown)
        with Reader(grown) as reader:
            killer.kill(earthcatalog.start(*command(grown)), grown, kill)
            rerun = earthcatalog.run(*command(grown))
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
    killer.check()


def test_ctrl_c_leaves_the_table_as_it_was(earthcatalog, grown):
    for fraction in (0.3, 0.5, 0.7):
        restore(grown)
        metadata, listed = grown.load().metadata_location, set(grown.folder.rglob("*"))
        process = earthcatalog.start("compact", *grown.arguments, "--workers", 1)
        time.sleep(fraction * sum(grown.undisturbed.seconds.values()))
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
