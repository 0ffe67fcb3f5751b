"""Merges the small files of each partition. Run as ``python -m earthcatalog.maintenance.compact --help``."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from earthcatalog._call import call
from earthcatalog._catalog_place import catalog_place
from earthcatalog._places import Place, StorageSettings, merge, resolve

__all__ = ["compact_warehouse", "main"]


def _count_files(catalog: str, warehouse: str, storage: StorageSettings) -> int:
    partitions = call("stats", {"catalog": catalog, "warehouse": warehouse}, storage)["partitions"]
    return sum(partition.get("files", partition.get("file_count")) for partition in partitions)


def compact_warehouse(
    warehouse_path: Place,
    catalog_path: Place,
    threshold: int = 2,
    use_lock: bool = True,
    dry_run: bool = False,
    *,
    storage: StorageSettings | None = None,
    **options: Any,
) -> dict[str, int]:
    """Merges the files of each partition that has `threshold` or more, in one commit.

    Args:
        warehouse_path: Root of the data files.
        catalog_path: The catalog.
        threshold: Partitions with fewer files are left alone.
        use_lock: False: run without the lock, when nobody else writes.
        dry_run: Say what would be done, write nothing.
        storage: How buckets are reached.
        **options: Those of ``earthcatalog compact``: cell, year, compact_rows, memory_limit, …

    Returns:
        ``buckets_scanned``, ``buckets_compacted``, and the files of the whole warehouse: ``files_before``,
        ``files_after``.
    """
    catalog = catalog_place(catalog_path, lock_uri=options.pop("lock_uri", None))
    warehouse, found = resolve(warehouse_path, argument="warehouse_path")
    settings = merge(storage, found, catalog.storage)
    before = _count_files(catalog.uri, warehouse, settings)
    spec = {
        **options,
        "catalog": catalog.uri,
        "warehouse": warehouse,
        "threshold": threshold,
        "dry_run": dry_run,
        "lock": catalog.lock_uri,
        "no_lock": None if use_lock else True,
    }
    report = call("compact", spec, settings)
    catalog.leave_copy()
    after = before if dry_run else _count_files(catalog.uri, warehouse, settings)
    return {
        "buckets_scanned": report["buckets_scanned"],
        "buckets_compacted": report["buckets_compacted"],
        "files_before": before,
        "files_after": after,
    }


def main(argv: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    from earthcatalog.errors import EarthCatalogError, InvalidArgumentError

    parser = argparse.ArgumentParser(prog="python -m earthcatalog.maintenance.compact", description=__doc__)
    parser.add_argument("--warehouse", default="/tmp/earthcatalog_warehouse", help="root of the data files")
    parser.add_argument("--catalog", default="/tmp/earthcatalog.db", help="SQLite catalog: path or URI")
    parser.add_argument("--threshold", type=int, default=2, help="partitions with fewer files are left alone")
    parser.add_argument("--use-lock", action="store_true", help="taken anyway; --no-lock runs without")
    parser.add_argument("--no-lock", action="store_true", help="run without the lock")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, write nothing")
    asked = parser.parse_args(argv)
    try:
        counts = compact_warehouse(
            asked.warehouse, asked.catalog, asked.threshold, use_lock=not asked.no_lock, dry_run=asked.dry_run
        )
    except InvalidArgumentError as error:
        print(f"earthcatalog: {error}", file=sys.stderr)
        return 2
    except EarthCatalogError as error:
        print(f"earthcatalog: {error}", file=sys.stderr)
        return 1
    for name, count in counts.items():
        print(f"{name:<18}{count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
