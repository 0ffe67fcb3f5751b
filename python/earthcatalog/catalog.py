"""Tables: opening one, its catalog file, and the names that other code needs to find it."""

from __future__ import annotations

import builtins
import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any

from earthcatalog import store_config
from earthcatalog._call import call
from earthcatalog._facade import CatalogInfo, EarthCatalog, ingest, open
from earthcatalog._objects import Stored, put_object, read_object
from earthcatalog._places import Place
from earthcatalog.config import GridConfig
from earthcatalog.errors import ConflictError, InvalidArgumentError, TableExistsError, UnsupportedError

if TYPE_CHECKING:
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.partitioning import PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table

    ICEBERG_SCHEMA: Schema
    PARTITION_SPEC: PartitionSpec

__all__ = [
    "FULL_NAME",
    "ICEBERG_SCHEMA",
    "NAMESPACE",
    "PARTITION_SPEC",
    "PROP_GRID_BOUNDARIES_PATH",
    "PROP_GRID_ID_FIELD",
    "PROP_GRID_RESOLUTION",
    "PROP_GRID_TYPE",
    "PROP_HASH_INDEX_PATH",
    "TABLE_NAME",
    "CatalogInfo",
    "EarthCatalog",
    "download_catalog",
    "get_or_create",
    "ingest",
    "open",
    "upload_catalog",
]

NAMESPACE = "earthcatalog"
TABLE_NAME = "stac_items"
FULL_NAME = f"{NAMESPACE}.{TABLE_NAME}"
PROP_GRID_TYPE = "earthcatalog.grid.type"
PROP_GRID_RESOLUTION = "earthcatalog.grid.resolution"
PROP_GRID_BOUNDARIES_PATH = "earthcatalog.grid.boundaries_path"
PROP_GRID_ID_FIELD = "earthcatalog.grid.id_field"
PROP_HASH_INDEX_PATH = "earthcatalog.hash_index_path"


def __getattr__(name: str) -> Any:
    """ICEBERG_SCHEMA and PARTITION_SPEC, made at first use: they need PyIceberg."""
    from earthcatalog import _iceberg_schema

    if name == "ICEBERG_SCHEMA":
        return _iceberg_schema.iceberg_schema()
    if name == "PARTITION_SPEC":
        return _iceberg_schema.partition_spec()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Downloads:
    """Which object each local catalog file is a copy of, and its etag then."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.etags: dict[str, tuple[str, str | None]] = {}


_downloads = _Downloads()


def _stored_place(store: Place | None, catalog_key: str | None) -> tuple[Place, str]:
    store = store_config.get_store() if store is None else store
    if store is None:
        raise InvalidArgumentError("store: nothing says where the catalog is stored; give store=, or call set_store()")
    return store, catalog_key or store_config.get_catalog_key()


def _name_of(store: Place, key: str) -> str:
    if type(store).__name__ == "MemoryStore":
        return f"memory-{id(store)}/{key}"
    from earthcatalog._places import resolve

    return resolve(store, key, argument="store")[0]


def download_catalog(local_path: str, store: Place | None = None, catalog_key: str | None = None) -> None:
    """Copies a stored catalog file to this machine. Does nothing when none is stored, or when no store is set.

    Args:
        local_path: Where the copy goes.
        store: Store of the catalog. None: the store of store_config.
        catalog_key: Its key. None: that of store_config.
    """
    if store is None and store_config.get_store() is None:
        return
    place, key = _stored_place(store, catalog_key)
    found = read_object(place, key)
    _remember(local_path, place, key, found)
    if found is None:
        return
    os.makedirs(os.path.dirname(os.path.abspath(local_path)), exist_ok=True)
    temporary = f"{local_path}.{os.getpid()}.tmp"
    with builtins.open(temporary, "wb") as file:
        file.write(found.data)
    os.replace(temporary, local_path)


def _remember(local_path: str, store: Place, key: str, found: Stored | None) -> None:
    with _downloads.mutex:
        _downloads.etags[os.path.abspath(local_path)] = (_name_of(store, key), found.etag if found else None)


def upload_catalog(
    local_path: str, store: Place | None = None, catalog_key: str | None = None, *, force: bool = False
) -> None:
    """Stores a catalog file, unless somebody else stored one since it was downloaded. Without a store it does nothing.

    Args:
        local_path: The file.
        store: Where it goes. None: the store of store_config.
        catalog_key: Its key there. None: that of store_config.
        force: Store it whatever is there.

    Raises:
        ConflictError: Somebody else stored a catalog since the download.
        InvalidArgumentError: The file was never downloaded from there, and a catalog is there.
    """
    if store is None and store_config.get_store() is None:
        return
    place, key = _stored_place(store, catalog_key)
    with builtins.open(local_path, "rb") as file:
        data = file.read()
    with _downloads.mutex:
        name, etag = _downloads.etags.get(os.path.abspath(local_path), (None, None))
    if force:
        stored = put_object(place, key, data)
    else:
        known = name == _name_of(place, key)
        if not known and read_object(place, key) is not None:
            raise InvalidArgumentError(
                f"local_path: {local_path} was not downloaded from {_name_of(place, key)}, where a catalog is; "
                "download it first, or say force=True"
            )
        try:
            stored = put_object(place, key, data, if_match=etag, if_none_match=etag is None)
        except ConflictError as error:
            name = _name_of(place, key)
            raise ConflictError(f"{name}: somebody else stored a catalog since {local_path} was downloaded") from error
    _remember(local_path, place, key, Stored(b"", stored))


def get_or_create(catalog: SqlCatalog, grid_config: GridConfig | None = None) -> Table:
    """The table of a PyIceberg catalog; a new one when there is none.

    No run of this process may write to the catalog meanwhile: PyIceberg has an SQLite of its own.

    Args:
        catalog: PyIceberg's catalog: a local file (``uri="sqlite:///path"``) with a ``warehouse``.
        grid_config: The grid of a new table. None: H3 of resolution 1.

    Raises:
        UnsupportedError: A grid type that there is not.
        InvalidArgumentError: There is no table, and the catalog is none of these.
    """
    from earthcatalog._iceberg_schema import require_pyiceberg

    require_pyiceberg()
    from pyiceberg.exceptions import NoSuchTableError

    try:
        return catalog.load_table(FULL_NAME)
    except NoSuchTableError:
        pass
    grid = _grid_options(grid_config or GridConfig())
    path, warehouse = _places_of(catalog)
    with contextlib.suppress(TableExistsError):
        call("create_table", {"catalog": path, "warehouse": warehouse, "schema": "itslive", **grid})
    return catalog.load_table(FULL_NAME)


def _grid_options(grid: GridConfig) -> dict[str, Any]:
    kind: str = grid.type
    if kind not in ("h3", "geojson"):
        raise UnsupportedError(f"grid type {kind!r}: there are h3 and geojson")
    if kind == "h3":
        return {"grid": kind, "h3_resolution": 1 if grid.resolution is None else grid.resolution}
    if not grid.boundaries_path:
        raise InvalidArgumentError("boundaries_path: the grid type geojson needs a file of regions")
    return {"grid": kind, "boundaries": grid.boundaries_path, "id_field": grid.id_field or "id"}


def _places_of(catalog: SqlCatalog) -> tuple[str, str]:
    uri, warehouse = str(catalog.properties.get("uri", "")), catalog.properties.get("warehouse")
    path = uri.removeprefix("sqlite:///")
    if path == uri or not path or not warehouse or catalog.name != NAMESPACE:
        raise InvalidArgumentError(
            f"catalog: there is no table in {catalog.name!r} at {uri!r} with the warehouse {warehouse!r}; to make one, "
            f"name it {NAMESPACE!r}, and give uri='sqlite:///<path>' and a warehouse"
        )
    return path, str(warehouse)
