"""What the specification shows, with buckets and paths replaced: command lines, calls, signatures, report keys."""

import inspect
import json
import subprocess
import sys

import obstore.store
import pyarrow.csv
import pyarrow.parquet
import pytest

from conftest import ACCESS_KEY, BUCKET, ROOT, SECRET_KEY
from earthcatalog import config
from earthcatalog.lock import S3Lock
from earthcatalog.partitioner import H3Partitioner, build_partitioner
from earthcatalog.pipelines import backfill, incremental

from .conftest import generate_in_bucket
from .test_dask import fake_coiled

SPECIFICATION = json.loads((ROOT / "tests/python/data/specification.json").read_text())
# A direct backfill takes another chunk size than a staged one, and may leave out what only the staged one needs.
DECIDED_OTHERWISE = {
    ("run_backfill", "chunk_size"),
    ("run_backfill", "staging_store"),
    ("run_backfill", "staging_prefix"),
    ("run_backfill", "warehouse_store"),
    ("run_backfill", "warehouse_root"),
}


@pytest.fixture(scope="module")
def bucket(s3_earthcatalog, s3_server, tmp_path_factory):
    """Items in a bucket of the server, and their inventory: s3://its-live-data/inventory/latest.parquet, and local."""
    generate_in_bucket(s3_earthcatalog, "spec")
    folder = tmp_path_factory.mktemp("inventories")
    (folder / "inventory.csv").write_bytes(s3_server.get(f"{BUCKET}/spec/inventory.csv"))
    table = pyarrow.csv.read_csv(folder / "inventory.csv")
    pyarrow.parquet.write_table(table, folder / "inventory.parquet")
    with s3_server.file_system().open_output_stream(f"{BUCKET}/inventory/latest.parquet") as stream:
        stream.write((folder / "inventory.parquet").read_bytes())
    return folder


@pytest.fixture
def on_the_server(s3_server, monkeypatch):
    for name, value in (
        ("AWS_ENDPOINT_URL", s3_server.endpoint),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)


def replaced(words, bucket, folder):
    """The words of a command line with other buckets and paths."""
    places = {
        "/tmp/test_inventory.csv": bucket / "inventory.csv",
        "/tmp/inventory.csv": bucket / "inventory.csv",
        "/tmp/inventory.parquet": bucket / "inventory.parquet",
        "s3://my-log-bucket/inventory/manifest.json": f"s3://{BUCKET}/inventory/latest.parquet",
        "/tmp/earthcatalog.db": folder / "catalog.db",
        "/tmp/catalog.db": folder / "catalog.db",
        "/tmp/earthcatalog_warehouse": folder / "warehouse",
        "/tmp/warehouse": folder / "warehouse",
    }
    return [str(places.get(word, word)) for word in words]


LINES = SPECIFICATION["command_lines"]


@pytest.mark.parametrize("line", [line for line in LINES if "coiled" not in line], ids=lambda line: " ".join(line[-4:]))
def test_a_command_line_of_the_specification_runs(line, bucket, on_the_server, table, small_contents):
    module, *words = replaced(line, bucket, table.folder)
    done = subprocess.run([sys.executable, "-m", module, *words], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert table.contents().num_rows == small_contents.num_rows
    assert table.load().properties["earthcatalog.grid.resolution"] == "1"


def test_the_command_line_for_coiled_hands_over_what_it_says(bucket, on_the_server, dask_client, tmp_path, monkeypatch):
    (line,) = (line for line in LINES if "coiled" in line)
    made, called = [], []
    monkeypatch.setitem(sys.modules, "coiled", fake_coiled(dask_client, made))
    monkeypatch.setattr(backfill, "check_reachable", lambda *_: None)
    monkeypatch.setattr(
        backfill, "run_on_cluster", lambda options, cluster: called.append((options, cluster)) or {"rows": 3}
    )
    assert backfill.main(replaced(line, bucket, tmp_path)[1:]) == 0
    ((options, cluster),) = called
    assert options.inventory == "s3://its-live-data/inventory/latest.parquet"
    assert cluster.coiled == {"n_workers": 20, "software": "itslive-ingest", "region": "us-west-2"}


def test_the_call_of_the_guide_runs_as_a_script(bucket, on_the_server, table, small_contents):
    arguments = dict(SPECIFICATION["run_backfill"])
    names = ("inventory_path", "catalog_path", "warehouse_path")
    arguments.update(zip(names, replaced([arguments[name] for name in names], bucket, table.folder), strict=True))
    lines = ",\n    ".join(f"{name}={value!r}" for name, value in arguments.items())
    script = table.folder / "guide.py"
    script.write_text(f"from earthcatalog.pipelines.backfill import run_backfill\n\nrun_backfill(\n    {lines},\n)\n")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert table.contents().num_rows == small_contents.num_rows


def test_a_run_of_the_last_two_days_is_written_as_shown(small_archive, table):
    from datetime import datetime, timedelta, timezone

    since = datetime.now(tz=timezone.utc) - timedelta(days=2)  # noqa: UP017, as the specification writes it
    report = incremental.run(
        inventory_path=str(small_archive.inventory),
        catalog_path=str(table.catalog),
        warehouse_path=str(table.warehouse),
        since=since,
        source_root=small_archive.source_root,
        progress=False,
    )
    assert report.source_items + report.skipped_since == 120


def test_a_run_from_a_configuration(small_archive, table, small_contents):
    chosen = config.AppConfig(
        catalog=config.CatalogConfig(db_path=str(table.catalog), warehouse=str(table.warehouse)),
        grid=config.GridConfig(type="h3", resolution=1),
        ingest=config.IngestConfig(chunk_size=50, max_workers=2),
    )
    assert build_partitioner(chosen.grid) == H3Partitioner(resolution=1)
    incremental.run_from_config(str(small_archive.inventory), chosen, limit=None, source_root=small_archive.source_root)
    assert table.contents().equals(small_contents)


@pytest.mark.parametrize("name", SPECIFICATION["signatures"])
def test_a_function_has_the_parameters_of_the_specification_in_its_order(name):
    function = getattr(incremental if name in ("run", "run_from_config") else backfill, name)
    ours = [one for one in inspect.signature(function).parameters.values() if one.kind == one.POSITIONAL_OR_KEYWORD]
    for (expected, *default), parameter in zip(SPECIFICATION["signatures"][name], ours, strict=True):
        assert parameter.name == expected
        if (name, expected) in DECIDED_OTHERWISE:
            continue
        if default:
            assert repr(parameter.default) == default[0], expected
        else:
            assert parameter.default is parameter.empty, expected


def phase_functions(client, store, warehouse, table, archive, *, delta):
    """The four phases as the specification's own run_backfill calls them on a cluster."""
    prefix, partitioner = "ingest", H3Partitioner(resolution=1)
    chunk_keys = backfill.write_chunks(
        inventory_path=str(archive.inventory),
        staging_store=store,
        staging_prefix=f"{prefix}/chunks",
        chunk_size=40,
        limit=None,
        since=None,
        source_root=archive.source_root,
    )
    futures = client.map(
        backfill.ingest_chunk,
        chunk_keys,
        staging_store=store,
        staging_prefix=f"{prefix}/staging",
        pending_prefix=f"{prefix}/pending_chunks",
        partitioner=partitioner,
        fetch_concurrency=256,
        pure=False,
    )
    chunks = client.gather(futures)
    buckets = dict.fromkeys(tuple(key.split("/")[-3:-1]) for chunk in chunks for key in chunk["ndjson_keys"])
    compact = backfill.compact_cell_year_delta if delta else backfill.compact_cell_year
    common = {
        "staging_store": store,
        "staging_prefix": f"{prefix}/staging",
        "compact_rows": 100_000,
        "warehouse_store": warehouse,
    }

    def task(cell_year):
        cell, year = cell_year
        return compact(cell=cell, year=year, **common)

    compacted = client.gather(client.map(task, list(buckets), pure=False))
    return chunks, compacted


@pytest.mark.parametrize("delta", [False, True], ids=["full", "delta"])
def test_the_phases_run_on_a_cluster_as_the_specification_maps_them(
    dask_client, small_archive, table, small_contents, delta
):
    store = obstore.store.LocalStore(str(table.folder / "store"), mkdir=True)
    warehouse = obstore.store.LocalStore(str(table.warehouse), mkdir=True)
    with S3Lock(owner="backfill-v2", store=table.folder, key="lock"):
        chunks, compacted = phase_functions(dask_client, store, warehouse, table, small_archive, delta=delta)
        assert set(SPECIFICATION["ingest_report"]) <= set(chunks[0])
        assert set(SPECIFICATION["compact_report"]) <= set(compacted[0])
        places = {
            "catalog_path": str(table.catalog),
            "warehouse_root": str(table.warehouse),
            "staging_store": store,
            "staging_prefix": "ingest",
            "h3_resolution": 1,
            "upload": True,
            "hash_index_path": None,
        }
        if delta:
            paths = [path for report in compacted for path in report["output_files"]]
            backfill.register_delta(**places, new_parquet_paths=paths, update_hash_index=False)
        else:
            backfill.register_and_cleanup(**places, warehouse_store=warehouse)
    assert table.contents().equals(small_contents)
    assert isinstance(backfill.cleanup_staging(store, "ingest"), int)
