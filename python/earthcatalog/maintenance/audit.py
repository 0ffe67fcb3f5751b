"""Compares a table with an inventory of all objects."""

from __future__ import annotations

from typing import Any

from earthcatalog._call import call
from earthcatalog._places import Place, merge, resolve
from earthcatalog._report import Report
from earthcatalog.errors import EarthCatalogError
from earthcatalog.maintenance._options import with_inventory

__all__ = ["audit"]


def audit(catalog_path: Place, inventory_path: Place, **options: Any) -> Report:
    """Is everything of the inventory in the table, once, and nothing else?

    Args:
        catalog_path: The catalog.
        inventory_path: A list of all objects.
        **options: Those of ``earthcatalog audit``, with underscores: warehouse, since, source_root, problems, out, …;
            and storage.

    Returns:
        The findings; ``good`` is true when there are none.
    """
    catalog, found = resolve(catalog_path, argument="catalog_path")
    spec = with_inventory(inventory_path, options)
    storage = merge(spec.pop("storage"), found)
    try:
        return Report(call("audit", {"catalog": catalog, **spec}, storage))
    except EarthCatalogError as error:
        if error.report is None or "good" not in error.report:
            raise
        return Report(error.report)
