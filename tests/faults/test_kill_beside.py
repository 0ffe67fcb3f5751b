"""Kills a command, and runs it again, while a second process appends to, compacts or audits the table all the while.

The rows of the killed command are those of a run that nobody disturbed, the second process's are whole, readers never see
an error, and audits find no damage. EARTHCATALOG_SOAK=1: 200 kills a shape. EARTHCATALOG_KILLS: so many.
"""

import collections
import json
import os
import random
import signal
import threading
import time

import pytest
from conftest import Table, backfill, incremental
from kills import SEED, Reader, archive, cells_of_items  # noqa: F401 - a fixture

KILLS = int(os.environ.get("EARTHCATALOG_KILLS", 200 if os.environ.get("EARTHCATALOG_SOAK") else 6))
BESIDE = ["append", "compact", "audit"]

# What a run may say to whom another process was quicker: it has changed nothing, and is to be run again.
CONFLICTS = ("another writer", "commits of others", "another commit", "another process is writing")

SHAPES = {
    "incremental": lambda table, archive: incremental(table, archive, "--chunk-size", 100, "--commit-every", "0s", "--workers", 2),
    "staged": lambda table, archive: backfill(table, archive, "--chunk-size", 150, "--workers", 2, "--delta"),
    "direct": lambda table, archive: backfill(table, archive, "--chunk-size", 150, "--workers", 2, "--delta", shape="direct"),
    "compact": lambda table, archive: ["compact", *table.arguments, "--workers", 2],
}


@pytest.fixture(scope="module")
def other(earthcatalog, tmp_path_factory):
    """What the second process appends."""
    return earthcatalog.generate(tmp_path_factory.mktemp("other"), "--concentrate", items=300, seed=8)


@pytest.fixture(scope="module")
def whole(earthcatalog, archive, other, tmp_path_factory):  # noqa: F811
    """(collection, id) -> cells and years, of both archives when nobody disturbs them."""
    items = []
    for source in (archive, other):
        table = Table(tmp_path_factory.mktemp("whole"))
        earthcatalog.json(*incremental(table, source))
        items.append(cells_of_items(table.rows()))
    return items


class Beside(threading.Thread):
    """Runs a command at the table, again and again, until it is told to stop; at least once."""

    def __init__(self, earthcatalog, table, archive, other, what):
        super().__init__(daemon=True)
        self.earthcatalog, self.table, self.archive, self.other, self.what = earthcatalog, table, archive, other, what
        self.stop, self.runs, self.conflicts, self.errors = threading.Event(), 0, 0, []

    def command(self):
        if self.what == "append":
            return incremental(self.table, self.other, "--no-lock", "--workers", 1, "--limit", 20 * (self.runs + 1))
        if self.what == "compact":
            return ["compact", *self.table.arguments, "--no-lock", "--workers", 1]
        return ["audit", "--inventory", self.archive.inventory, *self.table.arguments, "--format", "json",
                "--out", self.table.folder / "findings"]

    def run(self):
        while not self.stop.is_set() or self.runs == 0:
            process = self.earthcatalog.run(*self.command())
            self.judge(process)
            self.runs += 1

    def judge(self, process):
        if process.returncode == 0:
            return
        if any(words in process.stderr for words in CONFLICTS):
            self.conflicts += 1
        elif self.what != "audit" or not process.stdout or damage(json.loads(process.stdout)):
            self.errors.append(f"{self.what}: {process.stdout}{process.stderr}")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.join()


def damage(report):
    """Findings that come neither from how far the other process is nor from its own inventory."""
    expected = ("missing", "stale", "extra")
    return {name: count for name, count in report["findings"].items() if count and name not in expected}


def run_until_done(earthcatalog, command):
    """How often another process was quicker."""
    for conflicts in range(50):
        process = earthcatalog.run(*command)
        if process.returncode == 0:
            return conflicts
        assert any(words in process.stderr for words in CONFLICTS), process.stderr
    raise AssertionError(f"never done: {process.stderr}")


def check_states(states, whole):
    for state in states:
        assert len(set(state)) == len(state), "doubled rows"
        for item, cells in cells_of_items(state).items():
            assert cells == whole.get(item), f"a part of {item}"
    for earlier, later in zip(states, states[1:]):
        assert set(earlier) <= set(later), "rows went"


@pytest.mark.parametrize("shape", SHAPES)
def test_kills_beside_a_second_process(earthcatalog, archive, other, whole, tmp_path, shape):  # noqa: F811
    print(f"EARTHCATALOG_SEED={SEED}")
    choose, seen = random.Random(SEED), collections.Counter()
    seconds = dict.fromkeys(BESIDE, 0.5)  # how long the command takes beside each: an append makes it begin again
    items = {**whole[0], **whole[1]}
    for kill in range(KILLS):
        what = BESIDE[kill % len(BESIDE)]
        where = f"kill {kill} beside {what}, EARTHCATALOG_SEED={SEED}"
        table = Table(tmp_path / str(kill))
        for limit in (100, 200, 300) if shape == "compact" else (50,):
            earthcatalog.json(*incremental(table, archive, "--h3-resolution", 1, "--limit", limit))
        command = SHAPES[shape](table, archive)
        with Reader(table) as reader, Beside(earthcatalog, table, archive, other, what) as beside:
            process = earthcatalog.start(*command)
            time.sleep(choose.uniform(0, 1.1) * seconds[what])
            process.kill()
            process.communicate()
            seen["killed"] += process.returncode == -signal.SIGKILL
            begin = time.monotonic()
            seen["conflicts of reruns"] += run_until_done(earthcatalog, command)
            seconds[what] = time.monotonic() - begin
        assert beside.errors == [] and reader.errors == [], where
        print(where)
        check_states(reader.states, items)
        rows = cells_of_items(table.rows())
        expected = set(whole[0]) if shape != "compact" else {item for item in rows if item in whole[0]}
        assert expected <= set(rows), where
        check_states([table.rows()], items)
        if what == "append":
            assert set(rows) - set(whole[0]), where
        checked = earthcatalog.run(*Beside(earthcatalog, table, archive, other, "audit").command())
        assert damage(json.loads(checked.stdout)) == {}, f"{where}: {checked.stdout}"
        assert not table.is_locked(), where
        seen.update({f"{what}: runs": beside.runs, f"{what}: conflicts": beside.conflicts, "looks": len(reader.states)})
    print(f"{shape}: {KILLS} kills, {dict(seen)}")
    assert seen["killed"] > KILLS / 3, "most runs were over before they were killed"
