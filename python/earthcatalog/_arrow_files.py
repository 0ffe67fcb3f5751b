"""Data files through pyarrow: for datasets, and for reading single columns."""

from __future__ import annotations

from typing import Any

from earthcatalog._places import Place, StorageSettings, merge, resolve

__all__ = ["file_system", "open_file", "settings_of"]


def settings_of(uri: str, storage: StorageSettings) -> StorageSettings:
    """The settings of the bucket of a URI."""
    bucket = uri.removeprefix("s3://").partition("/")[0]
    own = storage.buckets.get(bucket)
    return storage if own is None else merge(own, StorageSettings.from_dict({**storage.to_dict(), "buckets": {}}))


def file_system(uri: str, storage: StorageSettings) -> tuple[Any, str]:
    """pyarrow's file system of a place, and its path there."""
    from pyarrow import fs

    if not uri.startswith("s3://"):
        system, path = fs.FileSystem.from_uri(uri if "://" in uri else f"file://{uri}")
        return system, path
    path = uri.removeprefix("s3://")
    settings = settings_of(uri, storage)
    options: dict[str, Any] = {}
    if settings.endpoint:
        scheme, _, host = settings.endpoint.rpartition("://")
        options.update(endpoint_override=host, scheme=scheme or "https")
    if settings.access_key:
        options.update(access_key=settings.access_key, secret_key=settings.secret_key)
    if settings.session_token:
        options["session_token"] = settings.session_token
    if settings.region:
        options["region"] = settings.region
    if settings.anonymous:
        options["anonymous"] = True
    return fs.S3FileSystem(**options), path


def open_file(place: Place, storage: StorageSettings | None = None) -> Any:
    """A file for reading at any position."""
    uri, found = resolve(place)
    system, path = file_system(uri, merge(storage, found))
    return system.open_input_file(path)
