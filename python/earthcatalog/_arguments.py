"""The arguments that all writing functions share, from Python's values to members of the core's specs."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from earthcatalog._places import Place, StorageSettings, merge, resolve
from earthcatalog.errors import InvalidArgumentError

if TYPE_CHECKING:
    from earthcatalog._progress import Progress

__all__ = [
    "Common",
    "Since",
    "amount",
    "common_spec",
    "duration",
    "fresh_run_id",
    "limit_of",
    "most_missing",
    "positive",
    "since_text",
]

#: What `since` may be: an aware datetime, a date (00:00 UTC), a timedelta that counts back from now, or a text such
#: as "2026-01-31", "2026-01-31T12:00:00Z" or "2d".
Since = datetime | date | timedelta | str | None


class Common(TypedDict, total=False):
    """Keyword arguments of every function that writes.

    Attributes:
        storage: How buckets are reached.
        source_root: Where buckets are: ``s3://``, or ``file:///data/`` for ``/data/<bucket>/<key>``.
        suffix: Keys that end so are items.
        key_encoding: Spelling of keys in a CSV: ``raw`` or ``url``.
        workers: Threads that parse items and write files. None: one a core.
        memory_limit: Items and bodies held: bytes, or a text such as ``"768MiB"``.
        max_object_size: Larger objects are rejected: bytes, or a text.
        schema: Columns of a new table: ``auto`` or ``itslive``.
        max_columns: Most columns of an ``auto`` schema.
        lock_uri: Where the lock is. None: ``<catalog>.lock``.
        lock_ttl: A lock without heartbeat for so long is taken over: seconds or a timedelta.
        problems: NDJSON file of problems. None: ``<catalog>.<run id>.problems.ndjson``.
        progress: False: none. None: a bar when stderr is a terminal or in a notebook. A function gets each Progress.
        run_id: 32 hexadecimal digits that name the run. None: random.
        max_missing: The run fails when more objects are missing: a number, or a share such as ``"1%"``.
    """

    storage: StorageSettings | None
    source_root: Place
    suffix: str
    key_encoding: Literal["raw", "url"] | None
    workers: int | None
    memory_limit: int | str
    max_object_size: int | str
    schema: Literal["auto", "itslive"] | None
    max_columns: int
    lock_uri: str | None
    lock_ttl: float | timedelta
    problems: Place | None
    progress: bool | Callable[[Progress], object] | None
    run_id: str | None
    max_missing: int | str


def since_text(since: Since, now: datetime | None = None) -> str | None:
    """`since` as the core reads it.

    Raises:
        InvalidArgumentError: A datetime without a time zone: which instant it means is not said.
        TypeError: Something else than a datetime, date, timedelta or str.
    """
    if since is None or isinstance(since, str):
        return since
    if isinstance(since, datetime):
        if since.tzinfo is None or since.utcoffset() is None:
            raise InvalidArgumentError(f"since: {since.isoformat()} has no time zone; add tzinfo=timezone.utc")
        return since.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(since, date):
        return since.isoformat()
    if isinstance(since, timedelta):
        if since < timedelta(0):
            raise InvalidArgumentError(f"since: {since} counts back from now; it cannot be negative")
        return since_text((now or datetime.now(UTC)) - since)
    raise TypeError(f"since: datetime, date, timedelta or str expected, not {type(since).__name__}")


def integer(name: str, value: object) -> int:
    """A whole number, also of numpy. TypeError for anything else, bool too."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: int expected, not {type(value).__name__}")
    return int(value.__index__())


def positive(name: str, value: object) -> int:
    """A whole number from 1 up."""
    number = integer(name, value)
    if number < 1:
        raise InvalidArgumentError(f"{name}: {number} is not positive")
    return number


def limit_of(limit: int | None) -> int | None:
    """The number of keys at most; None and 0 mean all."""
    if limit is None:
        return None
    number = integer("limit", limit)
    if number < 0:
        raise InvalidArgumentError(f"limit: {number} is negative; 0 or None means all")
    return number or None


def duration(name: str, value: float | timedelta | str) -> str:
    """A span as the core reads it. A number counts seconds."""
    if isinstance(value, str):
        return value
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: seconds, a timedelta or a str expected, not {type(value).__name__}")
    if not value > 0:
        raise InvalidArgumentError(f"{name}: {value} is not positive")
    return f"{value:g}s"


def amount(name: str, value: int | str) -> int | str:
    """Bytes, or a text such as "768MiB"."""
    return value if isinstance(value, str) else positive(name, value)


def most_missing(max_missing: int | str | None) -> dict[str, Any]:
    """Members of a coordinator's spec for a number of objects, or a share such as "1%"."""
    if max_missing is None:
        return {}
    text = str(max_missing).strip()
    try:
        if text.endswith("%"):
            share = float(text[:-1]) / 100
            if 0 <= share <= 1:
                return {"most_missing_share": share}
        elif int(text) >= 0:
            return {"most_missing": int(text)}
    except ValueError:
        pass
    raise InvalidArgumentError(f"max_missing: {max_missing!r} is neither a number of objects (100) nor a share (1%)")


def fresh_run_id() -> str:
    """A run id that nobody has: 32 hexadecimal digits."""
    return uuid.uuid4().hex


_CONVERT: dict[str, Callable[[str, Any], Any]] = {
    "workers": positive,
    "memory_limit": amount,
    "max_object_size": amount,
    "max_columns": positive,
    "lock_ttl": duration,
}


def _root(value: Place) -> tuple[str, StorageSettings]:
    """A source root keeps its form: "s3://" names all buckets, and the slash at the end of a folder counts."""
    if isinstance(value, str) and "://" in value:
        return value, StorageSettings()
    uri, settings = resolve(value, argument="source_root")
    return uri.rstrip("/") + "/", settings


_PLACES = {"problems": "problems", "source_root": "source_root", "lock_uri": "lock"}
_PLAIN = ("suffix", "key_encoding", "schema", "run_id", "max_missing")


def common_spec(function: str, common: Mapping[str, Any]) -> tuple[dict[str, Any], StorageSettings, Any]:
    """The members of a spec that common arguments say, the storage settings, and `progress`.

    Raises:
        TypeError: An argument that there is not.
    """
    unknown = sorted(set(common) - set(Common.__annotations__))
    if unknown:
        raise TypeError(f"{function}() got an unexpected keyword argument {unknown[0]!r}")
    spec: dict[str, Any] = {}
    settings = [common.get("storage")]
    for name, value in common.items():
        if value is None:
            continue
        if name in _CONVERT:
            spec[name] = _CONVERT[name](name, value)
        elif name in _PLACES:
            spec[_PLACES[name]], found = _root(value) if name == "source_root" else resolve(value, argument=name)
            settings.append(found)
        elif name in _PLAIN:
            spec[name] = value
    return spec, merge(*settings), common.get("progress")
