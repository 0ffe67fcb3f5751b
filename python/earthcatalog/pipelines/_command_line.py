"""The command line of ``python -m earthcatalog.pipelines.backfill``."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from earthcatalog import _core

__all__ = ["backfill_main", "coiled_arguments"]

_DEFAULT_CATALOG = "/tmp/earthcatalog.db"
_DEFAULT_WAREHOUSE = "/tmp/earthcatalog_warehouse"
_OF_CLUSTERS = ("--threads-per-worker", "--scheduler-address", "--performance-report")


def coiled_arguments(argv: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Arguments of ``coiled.Cluster`` from ``--coiled-<name> [value]``, and what is left.

    Hyphens become underscores, a name said several times a list, a name without a value True, digits an int.
    """
    found: dict[str, list[Any]] = {}
    rest: list[str] = []
    words = iter(range(len(argv)))
    for at in words:
        word = argv[at]
        if not word.startswith("--coiled-"):
            rest.append(word)
            continue
        name, equals, value = word.removeprefix("--coiled-").partition("=")
        if not equals and at + 1 < len(argv) and not argv[at + 1].startswith("--"):
            value, equals = argv[next(words)], "="
        found.setdefault(name.replace("-", "_"), []).append(_value(value) if equals else True)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}, rest


def _value(text: str) -> Any:
    return int(text) if text.isdecimal() else text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m earthcatalog.pipelines.backfill",
        description="Loads a whole archive, on this machine or on a Dask cluster.",
        epilog="Any --coiled-<name> [value] is handed to coiled.Cluster. With threads and synchronous all options of "
        "`earthcatalog backfill` are taken too. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--inventory", help="list of objects: path or URI")
    add("--catalog", default=_DEFAULT_CATALOG, help="SQLite catalog: path or URI (default: %(default)s)")
    add("--warehouse", default=_DEFAULT_WAREHOUSE, help="root of the data files (default: %(default)s)")
    add("--staging", help="folder for what is done so far (default: the direct shape, within the warehouse)")
    add("--scheduler", choices=("synchronous", "threads", "local", "coiled"), help="where it runs (default: threads)")
    add("--workers", type=int, help="threads of threads, processes of local, machines of coiled (default: one a core)")
    add("--threads-per-worker", type=int, default=1, help="threads of a process of local (default: %(default)s)")
    add("--scheduler-address", help="address of a Dask scheduler that runs already")
    add("--performance-report", help="HTML file for Dask's performance report")
    add("--limit", type=int, help="only the first N keys; 0: all")
    add("--since", help="only objects modified since: 2026-01-31, an RFC 3339 time, or 2d")
    add("--chunk-size", type=int, help="keys in a chunk (default: 100,000 staged, 500 direct)")
    add("--compact-rows", type=int, default=100_000, help="most rows of a data file (default: %(default)s)")
    add("--fetch-concurrency", type=int, default=256, help="most GETs in flight, of one chunk (default: %(default)s)")
    add("--h3-resolution", type=int, help="0 to 15 (default: the table's)")
    add("--source-root", default="s3://", help="where buckets are (default: %(default)s)")
    add("--suffix", default=".stac.json", help="keys that end so are items (default: %(default)s)")
    add("--hash-index", help="where the hash index is; implies --update-hash-index")
    for name in ("delta", "skip-inventory", "skip-ingest", "skip-upload", "retry-pending", "update-hash-index"):
        add(f"--{name}", action="store_true", help=f"as of `earthcatalog backfill --{name}`")
    for name in ("no-lock", "replace", "restart", "keep-staging", "allow-pending"):
        add(f"--{name}", action="store_true", help=f"as of `earthcatalog backfill --{name}`")
    for name in (
        "run-id",
        "lock",
        "problems",
        "schema",
        "memory-limit",
        "max-object-size",
        "endpoint",
        "region",
        "profile",
    ):
        add(f"--{name}", help=f"as of `earthcatalog backfill --{name}`")
    add("--anonymous", action="store_true", help="never sign requests")
    add("--format", choices=("text", "json"), default="text", help="how the result is printed (default: %(default)s)")
    return parser


def backfill_main(argv: list[str]) -> int:
    """Runs it and returns the exit code. On threads it is the command line of the core itself."""
    if any(word in ("-h", "--help") for word in argv):
        _parser().print_help()
        return 0
    coiled, rest = coiled_arguments(argv)
    chosen = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    chosen.add_argument("--scheduler")
    chosen.add_argument("--scheduler-address")
    asked, _ = chosen.parse_known_args(rest)
    if asked.scheduler_address is None and asked.scheduler in (None, "threads", "synchronous"):
        if coiled:
            print("--coiled-… needs --scheduler coiled", file=sys.stderr)
            return 2
        return _core.cli(["earthcatalog", "backfill", *_native_words(rest)])
    return _run_on_cluster(_parser().parse_args(rest), coiled)


def _native_words(words: list[str]) -> list[str]:
    """The same words for the core, with the defaults of this module."""
    kept: list[str] = []
    at = 0
    while at < len(words):
        name, equals, _ = words[at].partition("=")
        if name in _OF_CLUSTERS:
            at += 1 if equals else 2
            continue
        kept.append(words[at])
        at += 1
    given = {word.partition("=")[0] for word in kept}
    for name, value in (("--catalog", _DEFAULT_CATALOG), ("--warehouse", _DEFAULT_WAREHOUSE)):
        if name not in given and "--config" not in given:
            kept += [name, value]
    if "--staging" in given:
        return kept
    if "--chunk-size" not in given:
        kept += ["--chunk-size", "500"]
    return kept


def _run_on_cluster(asked: argparse.Namespace, coiled: dict[str, Any]) -> int:
    from earthcatalog.errors import EarthCatalogError, InvalidArgumentError

    if asked.inventory is None and not asked.skip_inventory:
        print("--inventory is required", file=sys.stderr)
        return 2
    if coiled and asked.scheduler != "coiled":
        print("--coiled-… needs --scheduler coiled", file=sys.stderr)
        return 2
    try:
        report = _call(asked, coiled)
    except KeyboardInterrupt:
        print("stopped; finished chunks are staged, and the same command goes on", file=sys.stderr)
        return 130
    except (InvalidArgumentError, TypeError) as error:
        print(f"earthcatalog: {error}", file=sys.stderr)
        return 2
    except (EarthCatalogError, ImportError) as error:
        print(f"earthcatalog: {error}", file=sys.stderr)
        return 1
    _print(report, asked.format)
    return 1 if report.get("pending") and not asked.allow_pending else 0


def _call(asked: argparse.Namespace, coiled: dict[str, Any]) -> Any:
    from earthcatalog._places import StorageSettings
    from earthcatalog.pipelines.backfill import run_backfill

    common = {
        "run_id": asked.run_id,
        "lock_uri": asked.lock,
        "problems": asked.problems,
        "schema": asked.schema,
        "memory_limit": asked.memory_limit,
        "max_object_size": asked.max_object_size,
        "source_root": asked.source_root,
        "suffix": asked.suffix,
        "storage": StorageSettings(
            endpoint=asked.endpoint, region=asked.region, profile=asked.profile, anonymous=asked.anonymous or None
        ),
    }
    shape: dict[str, Any] = {"warehouse_path": asked.warehouse}
    if asked.staging is not None:
        shape = {"staging_store": asked.staging, "warehouse_root": asked.warehouse}
    if asked.scheduler == "coiled":
        coiled.setdefault("n_workers", asked.workers) if asked.workers else None
    return run_backfill(
        asked.inventory or asked.catalog,
        asked.catalog,
        **shape,
        scheduler=asked.scheduler,
        scheduler_address=asked.scheduler_address,
        n_workers=None if asked.scheduler == "coiled" else asked.workers,
        threads_per_worker=asked.threads_per_worker,
        coiled=coiled if asked.scheduler == "coiled" else None,
        performance_report=asked.performance_report,
        limit=asked.limit,
        since=asked.since,
        chunk_size=asked.chunk_size,
        compact_rows=asked.compact_rows,
        fetch_concurrency=asked.fetch_concurrency,
        h3_resolution=asked.h3_resolution,
        use_lock=not asked.no_lock,
        upload=not asked.skip_upload,
        hash_index_path=asked.hash_index,
        update_hash_index=asked.update_hash_index or asked.hash_index is not None,
        **{name: getattr(asked, name) for name in ("delta", "skip_inventory", "skip_ingest", "retry_pending")},
        **{name: getattr(asked, name) for name in ("replace", "restart", "keep_staging")},
        **{name: value for name, value in common.items() if value is not None},
    )


def _print(report: Any, form: str) -> None:
    import json

    if form == "json":
        print(json.dumps(dict(report), indent=2))
        return
    names = (
        "source_items",
        "written_items",
        "superseded",
        "missing",
        "pending",
        "rejected",
        "rows",
        "files",
        "seconds",
    )
    for name in (*names, "snapshot_id"):
        if name in report:
            print(f"{name:<16}{report[name]}")
