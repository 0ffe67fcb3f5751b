"""Removes old snapshots, and files that no snapshot names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from earthcatalog._arguments import duration
from earthcatalog._call import call
from earthcatalog._catalog_place import catalog_place
from earthcatalog._places import Place, merge
from earthcatalog._report import Report

__all__ = ["expire"]


def expire(
    catalog_path: Place, older_than: str | float | timedelta = "24h", *, dry_run: bool = False, **options: Any
) -> Report:
    """Removes old snapshots, and files that no snapshot names and that are old enough.

    Args:
        catalog_path: The catalog.
        older_than: What the table needed since so long ago stays: a text, seconds or a timedelta.
        dry_run: Say what would go, change nothing.
        **options: Those of ``earthcatalog expire``: warehouse, retain_last, …; and storage.
    """
    catalog = catalog_place(catalog_path, lock_uri=options.pop("lock_uri", None))
    storage = merge(options.pop("storage", None), catalog.storage)
    spec = {
        **options,
        "catalog": catalog.uri,
        "lock": catalog.lock_uri,
        "older_than": duration("older_than", older_than),
        "dry_run": dry_run,
    }
    report = Report(call("expire", spec, storage))
    catalog.leave_copy()
    return report
