"""From a bucket of STAC items to an Apache Iceberg table of GeoParquet files.

>>> import earthcatalog as ec
>>> catalog = ec.open("./catalog")
>>> catalog.stats()
"""

from __future__ import annotations

import atexit as _atexit
import json as _json
import os as _os
import sys as _sys
from typing import TYPE_CHECKING, Any

from . import _preload
from ._version import __version__
from .errors import (
    CatalogLocked,
    ConflictError,
    EarthCatalogError,
    InvalidArgumentError,
    InvalidDataError,
    NotFoundError,
    PendingObjectsWarning,
    PermissionDeniedError,
    StorageError,
    TableExistsError,
    UnavailableError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from .catalog import CatalogInfo, EarthCatalog, ingest, open
    from .lock import S3Lock

_preload.load()
from . import _core  # noqa: E402  that is what was loaded

__commit__: str = _json.loads(_core.version())["commit"]
__version_full__ = f"{__version__}+{__commit__}" if __commit__ else __version__

__all__ = [
    "CatalogInfo",
    "CatalogLocked",
    "ConflictError",
    "EarthCatalog",
    "EarthCatalogError",
    "InvalidArgumentError",
    "InvalidDataError",
    "NotFoundError",
    "PendingObjectsWarning",
    "PermissionDeniedError",
    "S3Lock",
    "StorageError",
    "TableExistsError",
    "UnavailableError",
    "UnsupportedError",
    "__commit__",
    "__version__",
    "__version_full__",
    "ingest",
    "open",
]

# Imported at first use: importing the package opens nothing and takes a few milliseconds.
_HOMES = {"CatalogInfo": "catalog", "EarthCatalog": "catalog", "ingest": "catalog", "open": "catalog", "S3Lock": "lock"}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _end() -> None:
    """A call that runs in a daemon thread ends before what it uses does."""
    if _core.stop_all(30.0):
        _core.finalize()
        return
    # Given up by a second Ctrl-C, or stuck: what it uses cannot go. Nothing of a table is lost by a process that dies.
    for stream in (_sys.stdout, _sys.stderr):
        stream.flush()
    _os._exit(130)


_atexit.register(_end)
_os.register_at_fork(after_in_child=_core.note_fork)
