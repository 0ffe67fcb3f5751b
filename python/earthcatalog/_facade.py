"""A table as an object, and how to come to one."""

from __future__ import annotations

import html
from typing import Unpack

from earthcatalog import store_config
from earthcatalog._arguments import Common, Since
from earthcatalog._catalog_info import CatalogInfo
from earthcatalog._places import Place, StorageSettings, join, merge, resolve
from earthcatalog._report import IngestReport
from earthcatalog._table_facts import AsOf
from earthcatalog._table_work import Mode, TableWork, ingest_into
from earthcatalog.errors import InvalidArgumentError

__all__ = ["CatalogInfo", "EarthCatalog", "ingest", "open"]

CATALOG_NAME = "earthcatalog.db"
WAREHOUSE_NAME = "warehouse"


def _places(
    store: Place | None, base: Place | None, catalog: Place | None, warehouse: Place | None
) -> tuple[str, str | None, StorageSettings]:
    """Catalog, warehouse and settings of what open() was given."""
    settings = [None if store is None else resolve(store, argument="store")[1]]
    if base is not None:
        is_key = store is not None and isinstance(base, str) and "://" not in base and not base.startswith("/")
        root, found = resolve((store, base) if is_key else base, argument="base")
        settings.append(found)
    elif store is not None:
        root, _ = resolve(store, argument="store")
    else:
        root = ""
    if catalog is None:
        configured = store_config.configured() if not root else None
        if not root and configured is None:
            raise InvalidArgumentError("base: say where the table is: base=, or catalog= and warehouse=")
        catalog_uri = join(root, CATALOG_NAME) if configured is None else configured[0]
        settings.append(None if configured is None else configured[2])
    else:
        catalog_uri, found = resolve(catalog, argument="catalog")
        settings.append(found)
    warehouse_uri = join(root, WAREHOUSE_NAME) if root and catalog is None else None
    if warehouse is not None:
        warehouse_uri, found = resolve(warehouse, argument="warehouse")
        settings.append(found)
    return catalog_uri, warehouse_uri, merge(*settings)


def open(
    store: Place | None = None,
    base: Place | None = None,
    *,
    anonymous: bool | None = None,
    catalog: Place | None = None,
    warehouse: Place | None = None,
    as_of: AsOf = None,
    storage: StorageSettings | None = None,
) -> EarthCatalog:
    """Opens a table for reading. Takes no lock, makes nothing.

    Args:
        store: The store of the table; alone, its root holds ``earthcatalog.db`` and ``warehouse/``.
        base: Folder, prefix or URI that holds ``earthcatalog.db`` and ``warehouse/``.
        anonymous: True never signs requests.
        catalog: The catalog file, for other layouts.
        warehouse: Root of the data files. None: as the table says.
        as_of: A snapshot id, or a time: the snapshot that was current then.
        storage: How buckets are reached.

    Raises:
        NotFoundError: There is no table.
    """
    catalog_uri, warehouse_uri, found = _places(store, base, catalog, warehouse)
    settings = merge(storage, None if anonymous is None else StorageSettings(anonymous=anonymous), found)
    return EarthCatalog(catalog_uri, warehouse_uri, settings, as_of=as_of, store=store)


def ingest(
    inventory_path: Place,
    *,
    store: Place | None = None,
    base: Place | None = None,
    mode: Mode = "auto",
    chunk_size: int = 10_000,
    limit: int | None = None,
    since: Since = None,
    update_hash_index: bool = False,
    **common: Unpack[Common],
) -> IngestReport:
    """Brings the items of an inventory into a table; makes the table when there is none.

    Args:
        inventory_path: The inventory: path, URI or (store, key).
        store: As open().
        base: As open().
        mode: ``full`` replaces the table's rows; ``delta`` and ``auto`` add to them.
        chunk_size: Keys; the unit of fetch and progress.
        limit: Keys at most; None or 0: all.
        since: Only objects modified since.
        update_hash_index: Bring the hash index up to date.
        **common: See Common.

    Returns:
        The report; also with ``items_processed``, ``rows_written`` and ``files_registered``.
    """
    catalog, warehouse, settings = _places(store, base, None, None)
    common["storage"] = merge(common.get("storage"), settings)
    warehouse = warehouse or _warehouse_beside(catalog)
    return ingest_into(catalog, warehouse, inventory_path, mode, chunk_size, limit, since, update_hash_index, common)


def _warehouse_beside(catalog: str) -> str:
    return join(catalog.rpartition("/")[0] or "/", WAREHOUSE_NAME)


class EarthCatalog(TableWork):
    """A table. Made by open(); reads one snapshot until refresh().

    A context manager that holds nothing. Picklable: it is places and settings. Safe to read from many threads.

    Attributes:
        catalog: URI or path of the catalog file.
        warehouse: URI of the root of the data files.
        store: The store that open() was given, or None.
    """

    def __enter__(self) -> EarthCatalog:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def __repr__(self) -> str:
        facts = self._facts
        return f"EarthCatalog({self.catalog!r}, snapshot_id={self.snapshot_id}, rows={facts['rows']})"

    def _repr_html_(self) -> str:
        from earthcatalog._picture import picture

        facts = self._facts
        shown = {
            "catalog": self.catalog,
            "warehouse": self.warehouse,
            "grid": " ".join(f"{value}" for value in facts["grid"].values() if value not in (None, "")),
            "snapshot": self.snapshot_id,
            "rows": f"{facts['rows']:,}",
            "items": "unknown" if facts.get("items") is None else f"{facts['items']:,}",
            "files": f"{self.total_files():,}",
            "largest cells": ", ".join(
                f"{cell['grid_partition']} ({cell['row_count']:,})" for cell in self.top_cells()
            ),
        }
        lines = "".join(
            f"<tr><th style='text-align:left'>{name}</th><td>{html.escape(str(value))}</td></tr>"
            for name, value in shown.items()
        )
        return f"<div><table>{lines}</table>{picture(facts['grid'], self._rows_of_cells())}</div>"
