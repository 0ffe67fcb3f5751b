"""Whole commands, timed from outside: whole_job.py [--items N] [--runs N] [--no-peer] [--only NAME,...]

Starts SeaweedFS on 127.0.0.1, fills it with generated items, and runs in turn (so that a noisy machine disturbs all
alike): our incremental run, a run that only fetches, and the Python system's backfill, each into a fresh local
warehouse. Then the runs from local disk, and those that show peak memory. Prints a Markdown table of medians.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from conftest import BINARY, BUCKET, S3Server, clean_environment  # noqa: E402

PEER = ROOT / ".deps/peer/bin/python"


def measure(command, environment):
    """Wall seconds, CPU seconds and peak memory (MiB) of one command, and what it printed."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.monotonic()
        process = subprocess.Popen(list(map(str, command)), stdout=out, stderr=err, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        out.seek(0), err.seek(0)
        text = out.read()
        if status != 0:
            raise RuntimeError(f"{command}: {status}\n{text[-2000:]}\n{err.read()[-2000:]}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss / 1024, "text": text}


def median(runs, name):
    return statistics.median(run[name] for run in runs)


def row(name, runs, note=""):
    print(f"| {name} | {median(runs, 'wall'):.2f} | {median(runs, 'cpu'):.2f} | {median(runs, 'rss'):.0f} | "
          f"{len(runs)} | {note} |", flush=True)


def fresh(work):
    """A new folder each time: making folders where thousands were just removed is slower, for any program."""
    return pathlib.Path(tempfile.mkdtemp(dir=work))


def incremental(work, inventory, *more):
    work = fresh(work)
    return [BINARY, "incremental", "--inventory", inventory, "--catalog", work / "catalog.db", "--warehouse",
            work / "warehouse", "--h3-resolution", "1", "--format", "json", *more]


def backfill(work, inventory, *more):
    work = fresh(work)
    return [BINARY, "backfill", "--inventory", inventory, "--catalog", work / "catalog.db", "--warehouse",
            work / "warehouse", "--staging", work / "staging", "--h3-resolution", "1", "--chunk-size", 5000, "--format",
            "json", *more]


def from_s3(work, items, count, with_peer):
    (work / "s3").mkdir()
    server = S3Server(work / "s3")
    environment = {**server.environment, "AWS_ALLOW_HTTP": "true", "HOME": str(work), "TMPDIR": str(work)}
    try:
        for kind, options in (("spread", []), ("concentrated", ["--concentrate"])):
            bucket = BUCKET if kind == "spread" else "test-warehouse"
            measure([BINARY, "generate", "--items", items, "--seed", 42, "--out", f"s3://{bucket}/{kind}", *options], environment)
            inventory = work / f"{kind}.csv"
            listed = urllib.request.urlopen(f"{server.endpoint}/{bucket}/{kind}/inventory.csv").read()
            inventory.write_bytes(listed)
            ours, staged, fetch, peer = [], [], [], []
            for _ in range(count):
                ours.append(measure(incremental(work, inventory), environment))
                staged.append(measure(backfill(work, inventory), environment))
                fetch.append(measure([ROOT / "build/bin/fetch_only", inventory], environment))
                if with_peer:
                    peer.append(measure([PEER, ROOT / "benchmarks/peer_backfill.py", inventory, fresh(work), 5000], environment))
            report = json.loads(ours[-1]["text"])
            row(f"ours, S3, {items} items, {kind}", ours, f"{report['files']} files, {report['rows']} rows")
            row(f"fetch only, S3, {items} items, {kind}", fetch, f"ours takes {median(ours, 'wall') / median(fetch, 'wall'):.2f} times as long")
            row(f"ours, backfill, S3, {items} items, {kind}", staged, "chunks of 5,000 keys, staging on the local disk")
            if peer:
                row(f"Python system, S3, {items} items, {kind}", peer,
                    f"ours: {median(peer, 'wall') / median(ours, 'wall'):.1f} times less wall, "
                    f"{median(peer, 'cpu') / median(ours, 'cpu'):.1f} times less CPU; backfill: "
                    f"{median(peer, 'wall') / median(staged, 'wall'):.1f} and {median(peer, 'cpu') / median(staged, 'cpu'):.1f}")
    finally:
        server.stop()


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
    parser.add_argument("--only", default="s3,disk,memory")
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


if __name__ == "__main__":
    main()
