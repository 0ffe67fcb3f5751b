"""Reports: what a run says that it did, as mappings with attributes."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["CompactReport", "IngestReport", "RegisterReport", "Report"]


class Report(Mapping[str, Any]):
    """A read-only mapping whose keys are attributes too. Its keys are those of the command line's reports."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    @classmethod
    def parse(cls, text: str) -> Report:
        return cls(json.loads(text))

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            there = ", ".join(self._values)
            raise AttributeError(f"{type(self).__name__} has no {name!r}; there are {there}") from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._values!r})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(key)}</th><td>{html.escape(_shown(value))}</td></tr>"
            for key, value in self._values.items()
            if value not in (None, "", [], {})
        )
        return f"<table>{rows}</table>"


def _shown(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        text = json.dumps(value, default=str) if isinstance(value, (dict, list)) else str(value)
        return text if len(text) <= 200 else text[:199] + "…"
    return f"{value:,}"


class IngestReport(Report):
    """Of a run that brings items into the table.

    ``source_items`` is the sum of ``written_items``, ``unchanged``, ``superseded``, ``missing``, ``pending``,
    ``rejected`` and ``not_done``.
    """


class RegisterReport(Report):
    """Of the commit of a backfill: ``rows``, ``files``, ``written_items``, ``pending``, ``snapshot_id``."""


class CompactReport(Report):
    """Of a compaction: ``buckets_scanned``, ``buckets_compacted``, ``files_before``, ``files_after``."""
