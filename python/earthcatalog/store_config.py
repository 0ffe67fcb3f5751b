"""Where a process keeps its catalog, said once for all functions: a store, and keys in it.

Nothing is set by default. When a store is set, functions with a `catalog_path` work on the catalog in the store and
leave a copy at that path.
"""

from __future__ import annotations

import threading

from earthcatalog._places import Place, StorageSettings, resolve

__all__ = [
    "get_catalog_key",
    "get_lock_key",
    "get_store",
    "reset",
    "set_catalog_key",
    "set_lock_key",
    "set_store",
]

DEFAULT_CATALOG_KEY = "catalog.db"


class _Settings:
    """What is set now."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.store: Place | None = None
        self.catalog_key: str | None = None
        self.lock_key: str | None = None


_settings = _Settings()


def get_store() -> Place | None:
    """The store, or None."""
    with _settings.mutex:
        return _settings.store


def set_store(store: Place | None) -> None:
    """Says in which store the catalog is: a store, path or URI. None: in none.

    Raises:
        TypeError: It is no place.
    """
    if store is not None and type(store).__name__ != "MemoryStore":
        resolve(store, argument="store")
    with _settings.mutex:
        _settings.store = store


def get_catalog_key() -> str:
    """The catalog's key in the store."""
    with _settings.mutex:
        return _settings.catalog_key or DEFAULT_CATALOG_KEY


def set_catalog_key(key: str) -> None:
    """Says which key in the store is the catalog's."""
    with _settings.mutex:
        _settings.catalog_key = _key("catalog_key", key)


def get_lock_key() -> str:
    """The lock's key in the store: ``<catalog key>.lock`` unless another was set."""
    with _settings.mutex:
        return _settings.lock_key or f"{_settings.catalog_key or DEFAULT_CATALOG_KEY}.lock"


def set_lock_key(key: str) -> None:
    """Says which key in the store is the lock's."""
    with _settings.mutex:
        _settings.lock_key = _key("lock_key", key)


def reset() -> None:
    """Sets nothing again."""
    with _settings.mutex:
        _settings.store = _settings.catalog_key = _settings.lock_key = None


def _key(name: str, key: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{name}: str expected, not {type(key).__name__}")
    if not key.strip("/"):
        raise ValueError(f"{name}: an empty key names no object")
    return key


def configured() -> tuple[str, str, StorageSettings] | None:
    """URIs of catalog and lock in the store, and its settings; None when no store is set."""
    store = get_store()
    if store is None:
        return None
    catalog, settings = resolve(store, get_catalog_key(), argument="store")
    lock, _ = resolve(store, get_lock_key(), argument="store")
    return catalog, lock, settings
