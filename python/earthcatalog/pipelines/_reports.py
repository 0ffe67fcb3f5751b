"""Reports of phases under the names that the Python earthcatalog gives them, with ours beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earthcatalog._places import join
from earthcatalog.pipelines._staging import StagingPlace
from earthcatalog.transform import FileMetadata

__all__ = ["chunk_report", "fan_out_of", "task_report"]


def fan_out_of(items: Mapping[str, Any]) -> dict[int, int]:
    """{cells of an item: items}."""
    pairs = items.get("fan_out", [])
    found = pairs.items() if isinstance(pairs, Mapping) else pairs
    return {int(cells): int(count) for cells, count in found}


def file_partition(entry: Any) -> tuple[str, str]:
    """(cell, year) of a file that a chunk staged."""
    if isinstance(entry, Mapping):
        cell, year = entry["cell"], entry.get("year")
    else:
        cell, year = entry[0], entry[1]
    return str(cell), "unknown" if year is None else str(year)


def _ndjson_key(place: StagingPlace, record: Mapping[str, Any], entry: Any) -> str:
    cell, year = file_partition(entry)
    if isinstance(entry, Mapping) and entry.get("name"):
        return place.key(f"staging/{cell}/{year}/{entry['name']}")
    number = entry.get("spill", 0) if isinstance(entry, Mapping) else int(entry[2])
    attempt = f"_p{record['attempt']}" if record.get("attempt") else ""
    writer = f"_{record['writer']}" if record.get("writer") else ""
    name = f"chunk_{record['chunk']:06d}{attempt}{writer}" + (f"_m{number}" if number else "")
    return place.key(f"staging/{cell}/{year}/{name}.ndjson")


def chunk_report(place: StagingPlace, chunk_key: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """The report of ingest_chunk: chunk_key, source_items, fetched_items, fetch_failures, groups_written,
    fan_out_counter, ndjson_keys; then the members of the record."""
    files = record.get("files", [])
    return {
        **record,
        "chunk_key": chunk_key,
        "fetched_items": record["staged_items"] + record.get("superseded", 0) + record.get("repeated", 0),
        "fetch_failures": record.get("pending", 0) + record.get("missing", 0),
        "groups_written": len({file_partition(entry) for entry in files}),
        "fan_out_counter": fan_out_of(record.get("items", {})),
        "ndjson_keys": [] if place.parts else [_ndjson_key(place, record, entry) for entry in files],
    }


def part_files(record: Mapping[str, Any]) -> list[FileMetadata]:
    """The data files that a chunk wrote in the direct shape."""
    return [file_metadata(entry) for entry in record.get("part_files", [])]


def file_metadata(entry: Mapping[str, Any]) -> FileMetadata:
    """A data file as the core describes it."""
    year = entry.get("year")
    return FileMetadata(
        s3_key=str(entry["s3_key"]),
        grid_partition=str(entry["grid_partition"]),
        year=None if year in (None, "unknown") else int(year),
        row_count=int(entry["row_count"]),
        file_size_bytes=int(entry["file_size_bytes"]),
    )


def output_files(reports: Sequence[Mapping[str, Any]], warehouse: str) -> list[str]:
    """Data files that tasks wrote, relative to the warehouse."""
    root = f"{warehouse.removeprefix('file://').rstrip('/')}/"
    names: list[str] = []
    for report in reports:
        for entry in report.get("output_files", report.get("data_files", [])):
            name = str(entry["s3_key"] if isinstance(entry, Mapping) else entry)
            names.append(name.removeprefix("file://").removeprefix(root))
    return names


def task_report(
    cell: str, year: str, groups: Sequence[Mapping[str, Any]], reports: Sequence[Mapping[str, Any]], warehouse: str
) -> dict[str, Any]:
    """The report of compact_cell_year: cell, year, input_files, input_items, unique_items, output_files, output_rows;
    then sums of ours."""
    rows = sum(report["rows"] for report in reports)
    dropped = sum(report["dropped_rows"] for report in reports)
    return {
        "cell": cell,
        "year": year,
        "input_files": sum(len(group["files"]) for group in groups),
        "input_items": rows + dropped,
        "unique_items": rows,
        "output_files": output_files(reports, warehouse),
        "output_rows": rows,
        "dropped_rows": dropped,
        "bytes": sum(report["bytes"] for report in reports),
        "manifests": [report["manifest"] for report in reports],
    }


def absolute(warehouse: str, path: str) -> str:
    """A data file as the table names it: relative ones lie in the warehouse."""
    if "://" in path or path.startswith("/"):
        return path
    return join(warehouse, path)
