#!/usr/bin/env python3
"""What a partitioner written in Python costs a footprint: CPU of a run with it, less that of one with the core's grid.

PYTHONPATH=python python benchmarks/python_partitioner.py [items]
"""

import pathlib
import resource
import subprocess
import sys
import tempfile

from earthcatalog.partitioner import AbstractPartitioner, H3Partitioner
from earthcatalog.pipelines import incremental

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "build/bin/earthcatalog"
TRIES = 3


class One(AbstractPartitioner):
    """A name for each footprint, and nothing else: what remains is the way into Python and back."""

    def get_intersecting_keys(self, geom_wkb):
        return ["everywhere"]


class Many(One):
    """The same, in batches."""

    def get_intersecting_keys_many(self, geoms):
        return [["everywhere"]] * len(geoms)


class H3InPython(AbstractPartitioner):
    """The core's cells, asked for one at a time from Python."""

    def __init__(self):
        self.native = H3Partitioner(1)

    def get_intersecting_keys(self, geom_wkb):
        return self.native.get_intersecting_keys(geom_wkb)


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(archive, partitioner):
    best = float("inf")
    for _ in range(TRIES):
        with tempfile.TemporaryDirectory() as folder:
            begin = cpu_seconds()
            incremental.run(f"{archive}/inventory.csv", f"{folder}/c.db", f"{folder}/w", source_root=f"{archive}/",
                            partitioner=partitioner, dry_run=True, progress=False)  # fmt: skip
            best = min(best, cpu_seconds() - begin)
    return best


def main():
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as archive:
        subprocess.run([PROGRAM, "generate", "--items", str(items), "--seed", "1", "--out", archive], check=True)
        native = measure(archive, H3Partitioner(1))
        print(f"H3 in the core: {native / items * 1e6:.1f} us of CPU an item, all told")
        for partitioner in (One(), Many(), H3InPython()):
            more = measure(archive, partitioner) - native
            print(f"{type(partitioner).__name__}: {more / items * 1e6:+.1f} us a footprint")


if __name__ == "__main__":
    main()
