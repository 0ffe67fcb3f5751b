"""The hash index: one hash for each id of a table, for finding out quickly which ids are new."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from earthcatalog._call import call
from earthcatalog._places import Place, merge, resolve
from earthcatalog._report import Report
from earthcatalog.errors import InvalidArgumentError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "build",
    "check",
    "hash_id",
    "merge_hashes_from_parquets",
    "read_hashes",
    "read_hashes_arrow",
    "update",
    "write_hashes",
]

_BYTES = 16


def hash_id(item_id: str) -> bytes:
    """The hash of an id: 16 bytes of XXH3-128 with seed 42, big-endian."""
    from earthcatalog import _core

    return bytes(_core.id_hashes([item_id]))


def _read(store: Place, key: str) -> bytes:
    from earthcatalog import _core

    uri, storage = resolve(store, key, argument="store")
    return bytes(_core.read_hashes(uri, storage.to_json()) or b"")


def _cut(data: bytes) -> set[bytes]:
    return {data[at : at + _BYTES] for at in range(0, len(data), _BYTES)}


def read_hashes(store: Place, key: str) -> set[bytes]:
    """All hashes of an index; the empty set when there is none. About 90 bytes of memory for each."""
    return _cut(_read(store, key))


def read_hashes_arrow(store: Place, key: str) -> pa.Table:
    """All hashes of an index as a table with the column ``id_hash``, sorted; 16 bytes of memory for each."""
    import pyarrow as pa

    data = _read(store, key)
    kind = pa.binary(_BYTES)
    column = pa.Array.from_buffers(kind, len(data) // _BYTES, [None, pa.py_buffer(data)])
    return pa.table({"id_hash": column})


def write_hashes(hashes: Iterable[bytes], store: Place, key: str) -> int:
    """Writes an index, sorted, each hash once. Returns how many.

    Raises:
        InvalidArgumentError: A hash has not 16 bytes.
    """
    from earthcatalog import _core

    ordered = sorted(set(hashes))
    wrong = next((one for one in ordered if len(one) != _BYTES), None)
    if wrong is not None:
        raise InvalidArgumentError(f"hashes: one has {len(wrong)} bytes, not {_BYTES}")
    uri, storage = resolve(store, key, argument="store")
    return int(_core.write_hashes(b"".join(ordered), uri, storage.to_json()))


def merge_hashes_from_parquets(
    new_parquet_paths: list[str], existing: set[bytes], store: Place | None = None
) -> tuple[set[bytes], int]:
    """Adds the ids of data files to a set of hashes.

    Args:
        new_parquet_paths: The files, or keys of them in `store`.
        existing: Hashes so far. It is not changed.
        store: Where relative paths are.

    Returns:
        All hashes, and how many are new.
    """
    import pyarrow.parquet as pq

    from earthcatalog import _core
    from earthcatalog._arrow_files import open_file

    merged = set(existing)
    for path in new_parquet_paths:
        place: Any = path if store is None or "://" in path or path.startswith("/") else (store, path)
        with open_file(place) as file:
            for batch in pq.ParquetFile(file).iter_batches(columns=["id"]):
                ids = [one for one in batch.column(0).to_pylist() if one is not None]
                merged.update(_cut(_core.id_hashes(ids)))
    return merged, len(merged) - len(existing)


def _index(command: str, catalog: Place, hash_index: Place | None, options: dict[str, Any]) -> Report:
    uri, storage = resolve(catalog, argument="catalog")
    spec: dict[str, Any] = {"catalog": uri, **options}
    settings = [spec.pop("storage", None), storage]
    if hash_index is not None:
        spec["hash_index"], found = resolve(hash_index, argument="hash_index")
        settings.append(found)
    return Report(call(f"index_{command}", spec, merge(*settings)))


def build(catalog: Place, *, hash_index: Place | None = None, **options: Any) -> Report:
    """Makes the hash index anew from all ids of the table. Options are those of ``earthcatalog index build``."""
    return _index("build", catalog, hash_index, options)


def update(catalog: Place, *, hash_index: Place | None = None, **options: Any) -> Report:
    """Brings hash index and object index up to date. Options are those of ``earthcatalog index update``."""
    return _index("update", catalog, hash_index, options)


def check(catalog: Place, *, hash_index: Place | None = None, **options: Any) -> Report:
    """Compares both indexes with the table. Options are those of ``earthcatalog index check``.

    Raises:
        EarthCatalogError: They differ; its ``report`` says how.
    """
    return _index("check", catalog, hash_index, options)
