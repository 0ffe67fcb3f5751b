"""Single small objects of a place: read, written, on condition."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

from earthcatalog import _core
from earthcatalog._places import Place, StorageSettings, join, resolve
from earthcatalog.errors import ConflictError

__all__ = ["Stored", "object_exists", "put_object", "read_json", "read_object"]


@dataclass(frozen=True)
class Stored:
    """An object and the etag that it had."""

    data: bytes
    etag: str


def _is_memory(place: Place) -> bool:
    return type(place).__name__ == "MemoryStore"


def read_object(place: Place, key: str = "", storage: StorageSettings | None = None) -> Stored | None:
    """The object, or None when there is none."""
    if _is_memory(place):
        return _read_memory(place, key)
    uri, settings = resolve(place, key)
    found = _core.read_object(uri, (storage or settings).to_json())
    return None if found is None else Stored(found[0], found[1])


def object_exists(uri: str, storage: StorageSettings) -> bool:
    """Whether an object is there. Of stores the core asks when it commits: here they count as there."""
    if "://" in uri and not uri.startswith("file://"):
        return True
    return os.path.exists(uri.removeprefix("file://"))


def put_object(
    place: Place,
    key: str,
    data: bytes,
    storage: StorageSettings | None = None,
    *,
    if_match: str | None = None,
    if_none_match: bool = False,
) -> str:
    """Writes an object and returns its etag.

    Raises:
        ConflictError: The condition does not hold: somebody else was first.
    """
    if _is_memory(place):
        return _put_memory(place, key, data, if_match, if_none_match)
    uri, settings = resolve(place, key)
    return _core.put_object(uri, data, (storage or settings).to_json(), if_match=if_match, if_none_match=if_none_match)


def read_json(uri: str, name: str, storage: StorageSettings) -> dict[str, Any] | None:
    """A small JSON object below a place, or None when there is none."""
    found = read_object(join(uri, name), storage=storage)
    if found is None:
        return None
    values: dict[str, Any] = json.loads(found.data)
    return values


def _read_memory(store: Any, key: str) -> Stored | None:
    try:
        found = store.get(key)
    except FileNotFoundError:
        return None
    return Stored(bytes(found.bytes()), str(found.meta["e_tag"]))


def _put_memory(store: Any, key: str, data: bytes, if_match: str | None, if_none_match: bool) -> str:
    mode: Any = "create" if if_none_match else ({"e_tag": if_match} if if_match else "overwrite")
    try:
        return str(store.put(key, data, mode=mode)["e_tag"])
    except Exception as error:
        if type(error).__name__ in ("AlreadyExistsError", "PreconditionError", "FileExistsError"):
            raise ConflictError(f"{key}: somebody else wrote it first") from error
        raise
