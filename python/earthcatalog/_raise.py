"""From an error of the core to the exception that stands for it."""

from __future__ import annotations

import json
import re

from earthcatalog import errors

_CLASSES: dict[str, type[errors.EarthCatalogError]] = {
    "not found": errors.NotFoundError,
    "already exists": errors.TableExistsError,
    "conflict": errors.ConflictError,
    "locked": errors.CatalogLocked,
    "invalid argument": errors.InvalidArgumentError,
    "invalid data": errors.InvalidDataError,
    "I/O error": errors.StorageError,
    "unavailable": errors.UnavailableError,
    "permission denied": errors.PermissionDeniedError,
    "unsupported": errors.UnsupportedError,
}

_SETTING = re.compile(r"`([a-z][a-z0-9_.]*)(\([^`]*\))?`")


def exception(kind: str, message: str, report: str, detail: str) -> BaseException:
    """`kind` is the core's word for it; `report` and `detail` are JSON, or empty."""
    text = in_arguments(message)
    error = KeyboardInterrupt(text) if kind == "cancelled" else _CLASSES.get(kind, errors.EarthCatalogError)(text)
    if isinstance(error, errors.EarthCatalogError):
        error.kind = kind
        error.detail = json.loads(detail) if detail else None
    error.report = json.loads(report) if report else None  # type: ignore[union-attr]
    return error


def in_arguments(message: str) -> str:
    """Settings, which a message of the core has in backquotes, as arguments: `limit` is limit=, `index.build()` is
    index_build()."""
    return _SETTING.sub(lambda found: found[1].replace(".", "_") + found[2] if found[2] else f"{found[1]}=", message)
