"""What earthcatalog raises. Each class is also the built-in one that a Python user would catch."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
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


class EarthCatalogError(Exception):
    """The base of all. A run that had begun says in ``report`` what it did."""

    kind: str = "error"

    def __init__(
        self, message: str = "", *, report: Mapping[str, Any] | None = None, detail: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.report = report
        self.detail = detail

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (type(self), str(self), self.report, self.detail)

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class NotFoundError(EarthCatalogError, FileNotFoundError):
    """Something that must exist does not."""

    kind = "not found"


class TableExistsError(EarthCatalogError, FileExistsError):
    """Something that must not exist does."""

    kind = "already exists"


class ConflictError(EarthCatalogError, RuntimeError):
    """Another writer was first: try again."""

    kind = "conflict"


class CatalogLocked(ConflictError):
    """Another run holds the catalog's lock."""

    kind = "locked"

    def _text(self, name: str) -> str | None:
        value = (self.detail or {}).get(name)
        return value if isinstance(value, str) and value else None

    @property
    def owner(self) -> str | None:
        return self._text("owner")

    @property
    def hostname(self) -> str | None:
        return self._text("hostname")

    @property
    def run_id(self) -> str | None:
        return self._text("run_id")

    @property
    def lock_uri(self) -> str | None:
        return self._text("lock_uri")

    @property
    def pid(self) -> int | None:
        value = (self.detail or {}).get("pid")
        return value if isinstance(value, int) else None

    @property
    def since(self) -> datetime | None:
        return _time_of(self._text("acquired"))

    @property
    def heartbeat(self) -> datetime | None:
        return _time_of(self._text("heartbeat"))


class InvalidArgumentError(EarthCatalogError, ValueError):
    """A request that makes no sense."""

    kind = "invalid argument"


class InvalidDataError(EarthCatalogError, ValueError):
    """Bytes that are not what they should be."""

    kind = "invalid data"


class StorageError(EarthCatalogError, OSError):
    """A disk or network failed."""

    kind = "I/O error"


class UnavailableError(StorageError):
    """The other side said "later" until patience ran out."""

    kind = "unavailable"


class PermissionDeniedError(EarthCatalogError, PermissionError):
    """The store refused."""

    kind = "permission denied"


class UnsupportedError(EarthCatalogError, NotImplementedError, ValueError):
    """Well-formed, but nothing that earthcatalog does."""

    kind = "unsupported"


class PendingObjectsWarning(UserWarning):
    """Some objects could not be fetched; the next run retries them."""


_CLASSES: dict[str, type[EarthCatalogError]] = {
    cls.kind: cls
    for cls in (
        NotFoundError,
        TableExistsError,
        ConflictError,
        CatalogLocked,
        InvalidArgumentError,
        InvalidDataError,
        StorageError,
        UnavailableError,
        PermissionDeniedError,
        UnsupportedError,
    )
}


def from_core(kind: str, message: str, report: str, detail: str) -> BaseException:
    """The exception that stands for an error of the core. Its message names settings; here they are arguments."""
    told = json.loads(report) if report else None
    if kind == "cancelled":
        interrupt = KeyboardInterrupt(in_arguments(message))
        interrupt.report = told  # type: ignore[attr-defined]
        return interrupt
    cls = _CLASSES.get(kind, EarthCatalogError)
    return cls(in_arguments(message), report=told, detail=json.loads(detail) if detail else None)


def in_arguments(message: str) -> str:
    """`h3_resolution` is h3_resolution=, `index.build()` is index_build()."""

    def words(match: re.Match[str]) -> str:
        name, call = match[1], match[2]
        if call is None:
            return f"{name}="
        return f"{name.replace('.', '_')}{call}"

    return re.sub(r"`([a-z][a-z0-9_.]*)(\([^`]*\))?`", words, message)


def _time_of(text: str | None) -> datetime | None:
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _remake(
    cls: type[EarthCatalogError], message: str, report: Mapping[str, Any] | None, detail: Mapping[str, Any] | None
) -> EarthCatalogError:
    return cls(message, report=report, detail=detail)
