"""Kills a command at random moments, runs it again, and reads the table all the while.

Whatever the moment: a reader never sees an error or a part of an item, the rerun goes on at once and ends with the same
rows as a run that nobody disturbed. EARTHCATALOG_SOAK=1: 200 kills instead of 20.
"""

import collections
import os
import random
import threading
import time

from conftest import Table

KILLS = 200 if os.environ.get("EARTHCATALOG_SOAK") else 20
SEED = int(os.environ.get("EARTHCATALOG_SEED", time.time_ns() % 1_000_000))


class Reader(threading.Thread):
    """Loads the table again and again and remembers each state that it saw."""

    def __init__(self, table):
        super().__init__(daemon=True)
        self.table, self.states, self.errors, self.stop = table, [], [], threading.Event()

    def run(self):
        from pyiceberg.exceptions import NoSuchTableError

        while not self.stop.is_set():
            if not self.table.catalog.exists():
                time.sleep(0.005)
                continue
            try:
                self.states.append(self.table.rows())
            except NoSuchTableError:
                if self.states:
                    self.errors.append("the table was there and is gone")
            except Exception as error:  # noqa: BLE001 - whatever a reader meets is a finding
                if "no such table: iceberg_tables" not in str(error) or self.states:
                    self.errors.append(repr(error))


def cells_of_items(rows):
    items = collections.defaultdict(set)
    for collection, identifier, cell, year in rows:
        items[collection, identifier].add((cell, year))
    return items


def kill_and_rerun(earthcatalog, command, seconds, expected, folder, prepare=None):
    """`command(table)` gives the arguments; undisturbed it takes `seconds` and leaves the rows `expected`.
    `prepare(table)` may make a table first; readers may see it too."""
    expected_cells = cells_of_items(expected)
    choose = random.Random(SEED)
    print(f"EARTHCATALOG_SEED={SEED}")
    for kill in range(KILLS):
        table = Table(folder / str(kill))
        table.folder.mkdir()
        if prepare:
            prepare(table)
        before = table.rows() if prepare else None
        reader = Reader(table)
        reader.start()
        process = earthcatalog.start(*command(table))
        time.sleep(choose.uniform(0, 1.1) * seconds)
        process.kill()
        process.communicate()
        rerun = earthcatalog.run(*command(table))
        reader.stop.set()
        reader.join()
        where = f"kill {kill}, EARTHCATALOG_SEED={SEED}"
        assert rerun.returncode == 0, f"{where}: {rerun.stderr}"
        assert table.rows() == expected, where
        assert reader.errors == [], where
        for state in reader.states:
            if state == before:
                continue
            assert len(set(state)) == len(state), f"{where}: doubled rows"
            for item, cells in cells_of_items(state).items():
                assert cells == expected_cells[item], f"{where}: a part of {item}"
