"""The exceptions of earthcatalog.

Each stands for one kind of failure of the C++ core and is at the same time the built-in exception that a Python
user expects. All pickle with their attributes, so that they come back from a worker of a cluster as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

__all__ = [
    "CatalogLocked",
    "ConflictError",
    "EarthCatalogError",
    "InvalidArgumentError",
    "InvalidDataError",
    "NotFoundError",
    "PendingObjectsWarning",
    "PermissionDeniedError",
    "StorageError",
    "TableExistsError",
    "UnavailableError",
    "UnsupportedError",
]


def _rebuild(cls: type[EarthCatalogError], args: tuple[Any, ...], state: dict[str, Any]) -> EarthCatalogError:
    error = cls(*args)
    error.__dict__.update(state)
    return error


class EarthCatalogError(Exception):
    """Base of all errors of the core.

    Attributes:
        kind: The core's word for the kind of failure, such as ``"not found"``.
        report: What the run had done when it failed, or None.
        detail: More about the failure as a mapping, or None.
    """

    kind: str = ""
    report: Mapping[str, Any] | None = None
    detail: Mapping[str, Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, dict(self.__dict__))

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class NotFoundError(EarthCatalogError, FileNotFoundError):
    """A thing that must exist does not."""


class TableExistsError(EarthCatalogError, FileExistsError):
    """The table has rows already, and the call neither adds to them nor replaces them."""


class ConflictError(EarthCatalogError, RuntimeError):
    """Another writer won. Try again on the new state."""


class CatalogLocked(ConflictError):
    """Somebody else holds the lock of the catalog.

    Attributes:
        owner: The kind of job that holds it.
        hostname: Where it runs.
        pid: Its process.
        run_id: Its run.
        since: When it took the lock, in UTC.
        heartbeat: When it last said that it is alive, in UTC, or None.
        lock_uri: Where the lock is.
    """

    @property
    def owner(self) -> str | None:
        return self._text("owner")

    @property
    def hostname(self) -> str | None:
        return self._text("hostname")

    @property
    def pid(self) -> int | None:
        value = (self.detail or {}).get("pid")
        return None if value is None else int(value)

    @property
    def run_id(self) -> str | None:
        return self._text("run_id")

    @property
    def since(self) -> datetime | None:
        return self._time("acquired") or self._time("since")

    @property
    def heartbeat(self) -> datetime | None:
        return self._time("heartbeat")

    @property
    def lock_uri(self) -> str | None:
        return self._text("lock_uri")

    def _text(self, name: str) -> str | None:
        value = (self.detail or {}).get(name)
        return None if value is None else str(value)

    def _time(self, name: str) -> datetime | None:
        value = self._text(name)
        return None if not value else datetime.fromisoformat(value.replace("Z", "+00:00"))


class InvalidArgumentError(EarthCatalogError, ValueError):
    """What was asked for makes no sense."""


class InvalidDataError(EarthCatalogError, ValueError):
    """Bytes that are not what they should be."""


class StorageError(EarthCatalogError, OSError):
    """Disk or network failed. Trying again may help."""


class UnavailableError(StorageError):
    """The other side said "later" until patience ran out."""


class PermissionDeniedError(EarthCatalogError, PermissionError):
    """The store refuses access."""


class UnsupportedError(EarthCatalogError, NotImplementedError, ValueError):
    """Well-formed, but not something that earthcatalog does."""


class PendingObjectsWarning(UserWarning):
    """Some objects could not be fetched now; the report counts them as ``pending``."""
