"""Lists some items under a prefix as an inventory. Run as ``python -m earthcatalog.tools.make_test_inventory``."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from typing import Any

from earthcatalog._arrow_files import file_system
from earthcatalog._places import Place, StorageSettings, merge, resolve
from earthcatalog.errors import InvalidArgumentError

__all__ = ["main", "make_test_inventory"]


def _files(system: Any, folder: str) -> Iterator[str]:
    """Paths of files, folder by folder, so that a large prefix is not listed as a whole."""
    from pyarrow import fs

    found = sorted(system.get_file_info(fs.FileSelector(folder)), key=lambda info: info.path)
    for info in found:
        if info.type == fs.FileType.File:
            yield info.path
        else:
            yield from _files(system, info.path)


def make_test_inventory(
    prefix: Place,
    output: str = "/tmp/test_inventory.csv",
    limit: int = 2_000,
    *,
    suffix: str = ".stac.json",
    storage: StorageSettings | None = None,
) -> int:
    """Writes an inventory of the first items under a prefix: a CSV with the columns bucket and key.

    Args:
        prefix: ``s3://bucket/prefix``, or a folder, whose first level counts as the bucket.
        output: The CSV file.
        limit: Items at most.
        suffix: Keys that end so are items.
        storage: How buckets are reached. None: signed as AWS's rules say; ``anonymous=True`` for public buckets.

    Returns:
        How many items it lists.
    """
    if limit < 1:
        raise InvalidArgumentError(f"limit: {limit} is not positive")
    uri, found = resolve(prefix, argument="prefix")
    system, path = file_system(uri.rstrip("/"), merge(storage, found))
    is_store = "://" in uri and not uri.startswith("file://")
    root = "" if is_store else path.rstrip("/") + "/"
    count = 0
    with open(output, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["bucket", "key"])
        for name in _files(system, path):
            bucket, _, key = name.removeprefix(root).partition("/")
            if not key.endswith(suffix):
                continue
            writer.writerow([bucket, key])
            count += 1
            if count == limit:
                break
    return count


def main(argv: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m earthcatalog.tools.make_test_inventory", description=__doc__)
    parser.add_argument("--prefix", required=True, help="s3://bucket/prefix, or a folder of buckets")
    parser.add_argument("--limit", type=int, default=2_000, help="items at most (default: %(default)s)")
    parser.add_argument("--output", default="/tmp/test_inventory.csv", help="the CSV file (default: %(default)s)")
    parser.add_argument("--anonymous", action="store_true", help="never sign requests")
    parser.add_argument("--endpoint", help="URL of an S3 server")
    parser.add_argument("--region", help="AWS region of the bucket")
    asked = parser.parse_args(argv)
    settings = StorageSettings(endpoint=asked.endpoint, region=asked.region, anonymous=asked.anonymous or None)
    try:
        count = make_test_inventory(asked.prefix, asked.output, asked.limit, storage=settings)
    except (InvalidArgumentError, OSError) as error:
        print(f"earthcatalog: {error}", file=sys.stderr)
        return 1
    print(f"{count} items in {asked.output}")
    return 0 if count else 1


if __name__ == "__main__":
    sys.exit(main())
