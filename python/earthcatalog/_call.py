"""The one door to the C++ core: specs and reports as JSON."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from earthcatalog import _core
from earthcatalog._places import StorageSettings
from earthcatalog._progress import reporter
from earthcatalog._report import Report
from earthcatalog.errors import PendingObjectsWarning
from earthcatalog.lock import lock_of

__all__ = ["call", "run"]

logger = logging.getLogger("earthcatalog")
logger.addHandler(logging.NullHandler())
R = TypeVar("R", bound=Report)
_WRITES = frozenset(
    (
        "backfill",
        "compact",
        "delta",
        "expire",
        "incremental",
        "index_build",
        "index_update",
        "phase:register_and_cleanup",
        "phase:register_delta",
    )
)


def call(
    name: str,
    spec: Mapping[str, Any],
    storage: StorageSettings | None = None,
    *,
    progress: Callable[[str], None] | None = None,
    partitioner: object | None = None,
) -> dict[str, Any]:
    """The report of an operation of the core. One that writes takes over the lock that this process holds there."""
    lock = lock_of(spec) if name in _WRITES else None
    text = json.dumps({key: value for key, value in spec.items() if value is not None})
    settings = (storage or StorageSettings()).to_json()
    report = _core.call(name, text, storage=settings, progress=progress, event=_log, partitioner=partitioner, lock=lock)
    answer: dict[str, Any] = json.loads(report)
    return answer


def run(
    kind: type[R],
    name: str,
    spec: Mapping[str, Any],
    storage: StorageSettings,
    *,
    progress: bool | Callable[..., object] | None = None,
    partitioner: object | None = None,
) -> R:
    """As call(), with a bar, log lines and a warning about what is pending."""
    logger.info("%s begins", name)
    with reporter(progress) as tell:
        values = call(name, spec, storage, progress=tell.callback, partitioner=partitioner)
    report = kind(values)
    logger.info("%s ended: %s", name, _summary(values))
    warn_of_pending(report)
    return report


def warn_of_pending(report: Report) -> None:
    """A warning and a log line when objects are pending or rejected."""
    for count in ("pending", "rejected"):
        if report.get(count):
            logger.warning("%d objects are %s%s", report[count], count, _where(report))
    if report.get("pending"):
        message = f"{report['pending']} objects could not be fetched now{_where(report)}"
        warnings.warn(PendingObjectsWarning(message), stacklevel=4)


def _where(report: Report) -> str:
    problems = report.get("problems")
    return f"; see {problems}" if problems else ""


def _summary(values: Mapping[str, Any]) -> str:
    names = ("source_items", "written_items", "unchanged", "pending", "rejected", "rows", "files", "seconds")
    return ", ".join(f"{name} {values[name]}" for name in names if name in values)


def _log(text: str) -> None:
    """One event of the core, as a line of the log."""
    try:
        event = json.loads(text)
    except ValueError:
        event = {"message": text}
    level = logging.getLevelName(str(event.get("level", "info")).upper())
    logger.log(
        level if isinstance(level, int) else logging.INFO, "%s", event.get("message") or event.get("what") or text
    )
