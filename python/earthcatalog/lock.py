"""The lock of a catalog: one writer at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from earthcatalog import _core, store_config
from earthcatalog._places import Place, StorageSettings, as_uri, merge, resolve
from earthcatalog.errors import CatalogLocked

__all__ = ["CatalogLocked", "S3Lock"]


class _Held:
    """Locks that this process holds, by URI."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.locks: dict[str, Any] = {}


_held = _Held()


def default_lock_uri(catalog: str) -> str:
    """Where the lock of a catalog is when nobody says another place."""
    return f"{catalog}.lock"


def held_lock(uri: str) -> Any | None:
    """The core's lock that this process holds at a URI, or None."""
    with _held.mutex:
        return _held.locks.get(as_uri(uri))


def lock_of(spec: Mapping[str, Any]) -> Any | None:
    """The lock that this process holds and that a run with this spec would take; None when it holds none."""
    place = spec.get("lock_uri") or spec.get("lock")
    if spec.get("no_lock") or place is False or not spec.get("catalog"):
        return None
    return held_lock(place if isinstance(place, str) else default_lock_uri(str(spec["catalog"])))


def _acquire(uri: str, spec: Mapping[str, Any], storage: StorageSettings) -> Any:
    lock = _core.Lock.acquire(json.dumps({"lock": uri, **spec}), storage.to_json())
    with _held.mutex:
        _held.locks[as_uri(uri)] = lock
    return lock


def _release(uri: str) -> None:
    with _held.mutex:
        lock = _held.locks.pop(as_uri(uri), None)
    if lock is not None:
        lock.release()


@contextmanager
def hold(catalog: str, lock_uri: str | None, owner: str, storage: StorageSettings, **options: Any) -> Iterator[None]:
    """Holds the lock of a catalog for a run; the one that this process holds there already will do."""
    uri = lock_uri or default_lock_uri(catalog)
    if held_lock(uri) is not None:
        yield
        return
    spec = {"catalog": catalog, "owner": owner, **{name: value for name, value in options.items() if value is not None}}
    _acquire(uri, spec, storage)
    try:
        yield
    finally:
        _release(uri)


class S3Lock:
    """Excludes other writers. A context manager.

    With `catalog` the lock has a fence: whoever loses it can commit nothing any more. With a store and key alone it
    excludes, but commits don't ask it. A thread of the core keeps it alive. Runs of this process that are started
    while it is held take it over.

    Args:
        owner: The kind of job, for others who meet the lock.
        ttl_hours: After so long a lock without heartbeat counts as left.
        store: Where the lock is. None: the store of store_config.
        key: The lock's key. None: the one of store_config.
        catalog: The catalog whose lock it is; instead of `store` and `key`.

    Raises:
        ValueError: Nothing says where the lock is.
    """

    def __init__(
        self,
        owner: str,
        ttl_hours: float = 12,
        store: Place | None = None,
        key: str | None = None,
        *,
        catalog: Place | None = None,
    ) -> None:
        if not owner:
            raise ValueError("owner: say what kind of job holds the lock")
        if ttl_hours <= 0:
            raise ValueError(f"ttl_hours: {ttl_hours} is not positive")
        if catalog is not None and (store is not None or key is not None):
            raise ValueError("catalog and store: give the catalog, or the lock's store and key")
        self._spec: dict[str, Any] = {"owner": owner, "ttl_hours": ttl_hours}
        self._uri, self._storage = self._place(store, key, catalog)
        self._lock: Any = None

    def _place(self, store: Place | None, key: str | None, catalog: Place | None) -> tuple[str, StorageSettings]:
        if catalog is not None:
            uri, storage = resolve(catalog, argument="catalog")
            self._spec["catalog"] = uri
            return default_lock_uri(uri), storage
        configured = store_config.configured()
        if store is None and configured is not None and key is None:
            self._spec["catalog"] = configured[0]
            return configured[1], configured[2]
        store = store_config.get_store() if store is None else store
        if store is None:
            raise ValueError(
                "store: nothing says where the lock is; give catalog=, store=, or call store_config.set_store"
            )
        return resolve(store, key or store_config.get_lock_key(), argument="store")

    @property
    def uri(self) -> str:
        """Where the lock is."""
        return self._uri

    @property
    def record(self) -> dict[str, Any] | None:
        """What acquire() wrote, or None."""
        return None if self._lock is None else json.loads(self._lock.record())

    def acquire(self) -> None:
        """Takes the lock.

        Raises:
            CatalogLocked: Somebody else holds it.
        """
        if self._lock is not None or held_lock(self._uri) is not None:
            raise CatalogLocked(f"{self._uri}: this process holds the lock already")
        self._lock = _acquire(self._uri, self._spec, self._storage)

    def release(self) -> None:
        """Gives the lock back. Does nothing when it is not held."""
        if self._lock is not None:
            self._lock = None
            _release(self._uri)

    def __enter__(self) -> S3Lock:
        self.acquire()
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()


def with_storage(lock: S3Lock, storage: StorageSettings) -> S3Lock:
    """The same lock, whose bucket is reached with these settings too."""
    lock._storage = merge(lock._storage, storage)
    return lock
