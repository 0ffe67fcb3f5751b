"""Whole commands, timed from outside: whole_job.py [--items N] [--runs N] [--no-peer] [--only NAME,...]

Starts SeaweedFS on 127.0.0.1, fills it with generated items, and runs in turn (so that a noisy machine disturbs all
alike): our incremental run, a run that only fetches, and the Python system's backfill, each into a fresh local
warehouse. Then the runs from local disk, and those that show peak memory. `--only staging`: backfills of ten times as many
items, one of each, whose staging and warehouse lie on the S3 server too. Prints a Markdown table of medians.
"""

import argparse
import contextlib
import json
import pathlib
import tempfile
import urllib.request

from measure import ROOT, fresh, measure, median
from conftest import BINARY, BUCKET, S3Server, clean_environment

PEER = ROOT / ".deps/peer/bin/python"


def row(name, runs, note=""):
    print(f"| {name} | {median(runs, 'wall'):.2f} | {median(runs, 'cpu'):.2f} | {median(runs, 'rss'):.0f} | "
          f"{len(runs)} | {note} |", flush=True)


def less(peer, ours):
    if not peer:
        return ""
    wall, cpu = (median(peer, what) / median(ours, what) for what in ("wall", "cpu"))
    return f"{wall:.1f} times less wall and {cpu:.1f} times less CPU than the Python system"


def incremental(work, inventory, *more):
    work = fresh(work)
    return [BINARY, "incremental", "--inventory", inventory, "--catalog", work / "catalog.db", "--warehouse",
            work / "warehouse", "--h3-resolution", "1", "--format", "json", *more]


# Shape and keys a chunk: the Python system's 5,000, and the default.
BACKFILLS = [("staged", 5_000), ("direct", 5_000), ("staged", 100_000), ("direct", 100_000)]


def backfill(work, inventory, shape, chunk_size, staging="", warehouse=""):
    work = fresh(work)
    return [BINARY, "backfill", "--inventory", inventory, "--catalog", work / "catalog.db", "--warehouse",
            warehouse or work / "warehouse", "--h3-resolution", "1", "--chunk-size", chunk_size, "--format", "json",
            *(["--staging", staging or work / "staging"] if shape == "staged" else [])]


@contextlib.contextmanager
def s3_server(work):
    """A server, and the environment in which a command reaches it."""
    (work / "s3").mkdir()
    server = S3Server(work / "s3")
    try:
        yield server, {**server.environment, "AWS_ALLOW_HTTP": "true", "HOME": str(work), "TMPDIR": str(work)}
    finally:
        server.stop()


def archive_on(server, environment, work, items, kind):
    """The inventory of a new archive."""
    bucket = BUCKET if kind == "spread" else "test-warehouse"
    measure([BINARY, "generate", "--items", items, "--seed", 42, "--out", f"s3://{bucket}/{kind}",
             *(["--concentrate"] if kind == "concentrated" else [])], environment)
    inventory = work / f"{kind}.csv"
    inventory.write_bytes(urllib.request.urlopen(f"{server.endpoint}/{bucket}/{kind}/inventory.csv").read())
    return inventory


def from_s3(work, items, count, with_peer):
    with s3_server(work) as (server, environment):
        for kind in ("spread", "concentrated"):
            inventory = archive_on(server, environment, work, items, kind)
            ours, fetch, peer, backfills = [], [], [], {which: [] for which in BACKFILLS}
            for _ in range(count):
                ours.append(measure(incremental(work, inventory), environment))
                for which, runs in backfills.items():
                    runs.append(measure(backfill(work, inventory, *which), environment))
                fetch.append(measure([ROOT / "build/bin/fetch_only", inventory], environment))
                if with_peer:
                    peer.append(measure([PEER, ROOT / "benchmarks/peer_backfill.py", inventory, fresh(work), 5000], environment))
            report = json.loads(ours[-1]["text"])
            row(f"ours, S3, {items} items, {kind}", ours, f"{report['files']} files, {report['rows']} rows {less(peer, ours)}")
            row(f"fetch only, S3, {items} items, {kind}", fetch, f"ours takes {median(ours, 'wall') / median(fetch, 'wall'):.2f} times as long")
            for (shape, chunk_size), runs in backfills.items():
                row(f"ours, backfill, {shape}, chunks of {chunk_size:,} keys, S3, {items} items, {kind}", runs, less(peer, runs))
            if peer:
                row(f"Python system, S3, {items} items, {kind}", peer)


def staging_on_s3(work, items):
    with s3_server(work) as (server, environment):
        inventory = archive_on(server, environment, work, items, "spread")
        there = "s3://test-warehouse"
        for name, shape, staging, warehouse in (("staged, all local", "staged", "", ""),
                                                ("staged, staging on S3", "staged", f"{there}/staging-1", ""),
                                                ("staged, staging and warehouse on S3", "staged", f"{there}/staging-2", f"{there}/staged"),
                                                ("direct, warehouse on S3", "direct", "", f"{there}/direct")):
            run = measure(backfill(work, inventory, shape, 100_000, staging, warehouse), environment)
            report = json.loads(run["text"])
            row(f"ours, backfill, {name}, S3, {items} items", [run], f"{report['files']} files, {items / run['wall']:.0f} items/s")


def from_disk(work, items, count, sidecars=0, limits=("768MiB",)):
    environment = clean_environment()
    folder = fresh(work)
    measure([BINARY, "generate", "--items", items, "--seed", 42, "--out", folder, "--sidecar-rows", sidecars], environment)
    for limit in limits:
        runs = []
        for _ in range(count):
            command = incremental(work, folder / "inventory.csv", "--source-root", f"file://{folder}/", "--memory-limit", limit)
            runs.append(measure(command, environment))
        report = json.loads(runs[-1]["text"])
        row(f"ours, disk, {items} items of {report['inventory_rows']} rows, --memory-limit {limit}", runs,
            f"{items / median(runs, 'wall'):.0f} items/s, {report['files']} files, {report['commits']} commits")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--only", default="s3,disk,memory", help="of these and staging (default: %(default)s)")
    options = parser.parse_args()
    print("| command | wall s | CPU s | peak MiB | runs | |\n|---|--:|--:|--:|--:|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="earthcatalog-bench-") as name:
        work = pathlib.Path(name)
        if "s3" in options.only:
            from_s3(work, options.items, options.runs, PEER.exists() and not options.no_peer)
        if "disk" in options.only:
            from_disk(work, 200_000, options.runs, limits=("768MiB", "4GiB"))
        if "memory" in options.only:
            from_disk(work, 10_000, 1)
            from_disk(work, 200_000, 1, sidecars=9)
        if "staging" in options.only:
            staging_on_s3(pathlib.Path(tempfile.mkdtemp(dir=work)), 10 * options.items)


if __name__ == "__main__":
    main()
