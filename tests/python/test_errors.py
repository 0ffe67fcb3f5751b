"""Errors keep their attributes on their way between processes, and are the exceptions that Python users expect."""

import pickle
from datetime import UTC, datetime

import pytest

from earthcatalog import errors

EXPECTED = {
    "NotFoundError": FileNotFoundError,
    "TableExistsError": FileExistsError,
    "ConflictError": RuntimeError,
    "CatalogLocked": RuntimeError,
    "InvalidArgumentError": ValueError,
    "InvalidDataError": ValueError,
    "StorageError": OSError,
    "UnavailableError": OSError,
    "PermissionDeniedError": PermissionError,
    "UnsupportedError": NotImplementedError,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_error_is_the_builtin_exception_and_pickles_with_its_attributes(name):
    cls = getattr(errors, name)
    error = cls("what went wrong")
    error.kind, error.report, error.detail = "some kind", {"rows": 3}, {"owner": "backfill"}
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, EXPECTED[name]) and isinstance(copy, errors.EarthCatalogError)
    assert (type(copy), str(copy), copy.kind, copy.report) == (cls, "what went wrong", "some kind", {"rows": 3})
    assert copy.detail == {"owner": "backfill"}


def test_a_locked_catalog_says_who_holds_it():
    error = errors.CatalogLocked("locked")
    assert error.since is None and error.owner is None
    error.detail = {
        "owner": "backfill",
        "hostname": "h",
        "pid": 12,
        "run_id": "r",
        "acquired": "2026-04-21T10:00:00Z",
        "heartbeat": "2026-04-21T10:00:30.5Z",
    }
    assert (error.owner, error.hostname, error.pid, error.run_id) == ("backfill", "h", 12, "r")
    assert error.since == datetime(2026, 4, 21, 10, tzinfo=UTC) and error.heartbeat > error.since
