"""What waiting for a store costs: latency.py [--items N] [--latency MS] [--runs N] [--binary PATH]...

Runs each command twice: with catalog, warehouse and staging in local folders, and on tests/support/latency_s3.py, which
answers each request after MS (40) milliseconds; the items lie in a local folder both times. Prints a Markdown table of
medians, with the most requests of one kind that were in flight at once. Each command should take at most 4 times as long
as locally, and 3 s. Binaries take turns.
"""

import argparse
import pathlib
import tempfile

from measure import fresh, measure, median
from conftest import BINARY, LatencyServer, clean_environment


class Place:
    """Where a binary's tables lie, and how they are reached."""

    def __init__(self, root, environment, server=None):
        self.root, self.environment, self.server = root, environment, server

    def arguments(self, name, staging=False):
        table = ["--catalog", f"{self.root}/{name}.db", "--warehouse", f"{self.root}/{name}"]
        return table + (["--staging", f"{self.root}/{name}-staging"] if staging else [])


def commands(place, archive):
    """Name and arguments, in the order in which they have to run."""
    source = ["--source-root", f"file://{archive}/"]
    whole, half = ["--inventory", archive / "inventory.csv", *source], ["--inventory", archive / "half.csv", *source]
    both, rest = place.arguments("both"), ["--inventory", archive / "rest.csv", *source]
    return [
        ("incremental", ["incremental", *whole, *place.arguments("one")]),
        ("the same again, nothing new", ["incremental", *whole, *place.arguments("one")]),
        ("backfill, staged", ["backfill", *whole, *place.arguments("staged", staging=True), "--h3-resolution", 1]),
        ("backfill, staged, chunks of 500 keys",
         ["backfill", *whole, *place.arguments("chunks", staging=True), "--h3-resolution", 1, "--chunk-size", 500]),
        ("backfill, direct, chunks of 500 keys", ["backfill", *whole, *place.arguments("direct"), "--h3-resolution", 1, "--chunk-size", 500]),
        ("incremental, half", ["incremental", *half, *both]),
        ("incremental, the other half", ["incremental", *rest, *both]),
        ("compact", ["compact", *both]),
        ("audit", ["audit", *both, "--inventory", archive / "inventory.csv"]),
        ("index build", ["index", "build", *both]),
        ("index check", ["index", "check", *both]),
        ("incremental, all items again", ["incremental", *whole, *both, "--refetch"]),
        ("expire", ["expire", *both, "--older-than", "0s", "--retain-last", 1]),
    ]


def split_inventory(archive):
    lines = (archive / "inventory.csv").read_text().splitlines(keepends=True)
    for name, part in (("half", lines[1::2]), ("rest", lines[2::2])):
        (archive / f"{name}.csv").write_text(lines[0] + "".join(part))


def run(binary, place, archive):
    """What each command cost, by name."""
    costs = {}
    for name, arguments in commands(place, archive):
        if place.server:
            place.server.stats(reset=True)
        cost = measure([binary, *arguments], place.environment)
        if place.server:
            stats = place.server.stats()
            cost["requests"] = sum(stats["counts"].values())
            cost["in_flight"] = max(stats["max_in_flight"].values())
        costs[name] = cost
    return costs


def runs_of(binary, arguments, archive, work):
    """Costs of one round, local and far."""
    server = LatencyServer(arguments.latency)
    try:
        server.make_bucket("test")
        return (run(binary, Place(fresh(work), clean_environment()), archive),
                run(binary, Place("s3://test", server.environment, server), archive))
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--latency", type=float, default=40, help="milliseconds")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--binary", action="append", help="several are measured in turn")
    arguments = parser.parse_args()
    binaries = arguments.binary or [BINARY]
    with tempfile.TemporaryDirectory(prefix="earthcatalog-latency-") as work:
        archive = pathlib.Path(work) / "archive"
        measure([binaries[0], "generate", "--items", arguments.items, "--seed", 42, "--out", archive], clean_environment())
        split_inventory(archive)
        rounds = {binary: [] for binary in binaries}
        for _ in range(arguments.runs):
            for binary in binaries:
                rounds[binary].append(runs_of(binary, arguments, archive, work))
    for binary in binaries:
        print(f"{binary}, {arguments.items:,} items, {arguments.latency:g} ms\n\n"
              "| command | local s | far s | allowed s | local CPU s | far CPU s | local MiB | far MiB | requests | at once |\n"
              "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
        for name in rounds[binary][0][0]:
            local, far = ([costs[side][name] for costs in rounds[binary]] for side in (0, 1))
            allowed = 4 * median(local, "wall") + 3
            cells = [f"{median(local, 'wall'):.2f}", f"{median(far, 'wall'):.2f}", f"{allowed:.1f}",
                     *(f"{median(side, 'cpu'):.2f}" for side in (local, far)), *(f"{median(side, 'rss'):.0f}" for side in (local, far)),
                     f"{median(far, 'requests'):.0f}", f"{median(far, 'in_flight'):.0f}"]
            print(f"| {name}{'' if median(far, 'wall') <= allowed else ' (too slow)'} | {' | '.join(cells)} |", flush=True)
        print()


if __name__ == "__main__":
    main()
