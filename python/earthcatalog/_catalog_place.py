"""Where a run has its catalog: at the path that it was given, or in the store of store_config."""

from __future__ import annotations

import os
from dataclasses import dataclass

from earthcatalog import store_config
from earthcatalog._objects import read_object
from earthcatalog._places import Place, StorageSettings, merge, resolve
from earthcatalog.errors import InvalidArgumentError

__all__ = ["CatalogPlace", "catalog_place"]


@dataclass(frozen=True)
class CatalogPlace:
    """The catalog that a run works on.

    Attributes:
        uri: The catalog.
        lock_uri: Its lock; None: beside it.
        storage: Settings of its bucket.
        copy: Local path that gets a copy at the end, or None.
    """

    uri: str
    lock_uri: str | None
    storage: StorageSettings
    copy: str | None = None

    def leave_copy(self) -> None:
        """Puts a copy at the path that the caller gave, when the catalog is in a store."""
        if self.copy is None:
            return
        found = read_object(self.uri, storage=self.storage)
        if found is None:
            return
        temporary = f"{self.copy}.{os.getpid()}.tmp"
        with open(temporary, "wb") as file:
            file.write(found.data)
        os.replace(temporary, self.copy)


def catalog_place(catalog_path: Place, *, upload: bool = True, lock_uri: str | None = None) -> CatalogPlace:
    """The catalog that a call means by `catalog_path`.

    Raises:
        InvalidArgumentError: `upload=False` for a catalog in a store: the commit is the moment when it is stored.
    """
    uri, storage = resolve(catalog_path, argument="catalog_path")
    is_local = "://" not in uri or uri.startswith("file://")
    if not upload and not is_local:
        raise InvalidArgumentError(
            f"upload: the commit is the moment when {uri} is stored; give the path of a local catalog"
        )
    configured = store_config.configured() if upload and is_local else None
    if configured is None:
        return CatalogPlace(uri, lock_uri, storage)
    stored, lock, settings = configured
    return CatalogPlace(stored, lock_uri or lock, merge(storage, settings), copy=uri.removeprefix("file://"))
