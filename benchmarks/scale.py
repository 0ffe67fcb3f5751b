"""The constants of docs/guide/scale.md: scale.py [--items N] [--chunk-size N] [--workers N] [--concentrate]

Generates an archive in a local folder, runs both shapes of backfill on it, and prints what an item, a row and a file cost in
CPU and in bytes. Phases 2 and 3 are told apart by the times in the markers that --keep-staging leaves.
"""

import argparse
import json
import pathlib
import tempfile

from measure import fresh, measure
from conftest import BINARY, clean_environment


def size(folder, pattern):
    return sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file())


def staged_phases(staging):
    """Seconds of phase 2 (all workers on one chunk), worker-seconds of phase 3, staged rows and their bytes."""
    ingest = [json.loads(path.read_text()) for path in (staging / "staging/_completed").glob("*.done")]
    compact = [json.loads(path.read_text()) for path in (staging / "compacted").glob("*.done")]
    return (sum(record["seconds"] for record in ingest), sum(record["seconds"] for record in compact),
            sum(record["rows"] for record in ingest), size(staging / "staging", "*.ndjson"))


def run(work, archive, chunk_size, workers, shape):
    table = fresh(work)
    command = [BINARY, "backfill", "--inventory", archive / "inventory.csv", "--source-root", f"file://{archive}/", "--catalog",
               table / "catalog.db", "--warehouse", table / "warehouse", "--h3-resolution", "1", "--chunk-size", chunk_size,
               "--format", "json", *(["--workers", workers] if workers else []),
               *(["--staging", table / "staging", "--keep-staging"] if shape == "staged" else [])]
    cost = measure(command, clean_environment())
    report = json.loads(cost["text"])
    items, rows, files = report["written_items"], report["rows"], report["files"]
    warehouse = table / "warehouse"
    print(f"## {shape}: {items} items, {rows} rows, {files} files, chunks of {chunk_size}")
    print(f"wall {cost['wall']:.1f} s, CPU {cost['cpu']:.1f} s, {1e6 * cost['cpu'] / items:.0f} us of CPU an item, peak {cost['rss']:.0f} MiB")
    if shape == "staged":
        ingest, compact, staged_rows, staged_bytes = staged_phases(table / "staging")
        print(f"phase 2: {ingest:.1f} s; phase 3: {compact:.1f} worker-seconds, {rows / compact:.0f} rows/s a worker")
        print(f"staged: {staged_bytes / staged_rows:.0f} bytes a row")
    print(f"data files: {size(warehouse / '.', 'part_*.parquet') / rows:.0f} bytes a row; manifests: "
          f"{size(warehouse / 'earthcatalog', '*-m*.avro') / files:.0f} bytes a file; object index: "
          f"{size(table / 'warehouse_objects', '*.parquet') / items:.0f} bytes an object", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--chunk-size", type=int, default=100_000)
    parser.add_argument("--workers", type=int, help="default: all cores")
    parser.add_argument("--concentrate", action="store_true", help="items that make few large files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="earthcatalog-scale-") as name:
        archive = pathlib.Path(name) / "archive"
        measure([BINARY, "generate", "--items", options.items, "--seed", 42, "--out", archive,
                 *(["--concentrate"] if options.concentrate else [])], clean_environment())
        for shape in ("staged", "direct"):
            run(pathlib.Path(name), archive, options.chunk_size, options.workers, shape)


if __name__ == "__main__":
    main()
