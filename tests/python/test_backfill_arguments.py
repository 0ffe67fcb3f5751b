"""Arguments of run_backfill that make no sense: what is said, and that nothing is created."""

from datetime import datetime

import obstore.store
import pytest

from earthcatalog import errors
from earthcatalog.partitioner import H3Partitioner
from earthcatalog.pipelines import backfill
from earthcatalog.pipelines._chunks import byte_count, since_micros
from earthcatalog.pipelines._command_line import backfill_main, coiled_arguments


@pytest.fixture
def direct(small_archive, tmp_path):
    return {
        "inventory_path": small_archive.inventory,
        "catalog_path": tmp_path / "t/catalog.db",
        "warehouse_path": tmp_path / "t/warehouse",
        "source_root": small_archive.source_root,
        "progress": False,
    }


@pytest.fixture
def staged(direct, tmp_path):
    arguments = {**direct, "staging_store": tmp_path / "t/staging", "warehouse_root": direct["warehouse_path"]}
    del arguments["warehouse_path"]
    return arguments


SENSELESS = [
    ({"scheduler": "dask"}, ValueError, r"scheduler: 'dask'; there are synchronous, threads, local, coiled"),
    ({"scheduler": "local", "n_workers": 0}, ValueError, "n_workers: 0"),
    ({"scheduler": "local", "threads_per_worker": 0}, ValueError, "threads_per_worker: 0"),
    ({"scheduler": "local", "client": object()}, ValueError, "scheduler, client: give one of them"),
    ({"scheduler": "local", "create_client": print}, ValueError, "scheduler, create_client"),
    ({"scheduler_address": "tcp://127.0.0.1:1", "client": object()}, ValueError, "scheduler_address, client"),
    ({"coiled": {"n_workers": 3}}, ValueError, "coiled: needs scheduler='coiled'"),
    ({"scheduler": "coiled"}, ValueError, "warehouse_path: .*folder of this machine"),
    ({"staging_prefix": "x"}, ValueError, "warehouse_path, staging_prefix"),
    ({"staging_store": "/tmp/x"}, ValueError, "warehouse_path, staging_store"),
    ({"warehouse_root": "/tmp/x"}, ValueError, "warehouse_path, warehouse_root"),
    ({"since": datetime(2026, 1, 1)}, ValueError, "since: .*time zone"),
    ({"limit": -1}, ValueError, "limit: -1"),
    ({"chunk_size": 0}, ValueError, "chunk_size: 0"),
    ({"fetch_concurrency": 0}, ValueError, "fetch_concurrency: 0"),
    ({"delta": True, "replace": True}, ValueError, "delta, replace"),
    ({"h3_resolution": 16}, ValueError, "h3_resolution: 16"),
    ({"h3_resolution": 1, "partitioner": H3Partitioner(2)}, ValueError, "contradict"),
    ({"partitioner": object()}, TypeError, "get_intersecting_keys"),
    ({"warehouse_path": obstore.store.MemoryStore()}, NotImplementedError, "warehouse_path: MemoryStore"),
    ({"inventory_path": 3}, TypeError, "inventory_path"),
    ({"memory": 3}, TypeError, "unexpected keyword argument 'memory'"),
    ({"upload": False, "catalog_path": "s3://b/catalog.db"}, ValueError, "upload: "),
]


@pytest.mark.parametrize("change, error, text", SENSELESS, ids=[",".join(change) for change, _, _ in SENSELESS])
def test_senseless_arguments_are_named_and_create_nothing(direct, tmp_path, change, error, text):
    with pytest.raises(error, match=text):
        backfill.run_backfill(**{**direct, **change})
    assert not (tmp_path / "t").exists()


def test_without_a_warehouse_the_remedy_is_named(direct):
    del direct["warehouse_path"]
    with pytest.raises(ValueError, match="warehouse_path: say where"):
        backfill.run_backfill(**direct)


def test_a_warehouse_outside_of_its_store_is_refused(staged, tmp_path):
    store = obstore.store.LocalStore(str(tmp_path / "other"), mkdir=True)
    with pytest.raises(ValueError, match="warehouse_root, warehouse_store"):
        backfill.run_backfill(**staged, warehouse_store=store)


def test_more_rows_a_file_than_there_may_be_is_a_warning(direct):
    with pytest.warns(UserWarning, match="compact_rows: 200000 is taken as 100000"):
        backfill.run_backfill(**direct, compact_rows=200_000, limit=3)


@pytest.mark.parametrize("prefix", ["P", "P/staging", "chunksy"])
def test_a_prefix_of_chunks_must_end_so(small_archive, tmp_path, prefix):
    with pytest.raises(ValueError, match="staging_prefix: .*/chunks"):
        backfill.write_chunks(small_archive.inventory, tmp_path, prefix)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("key", ["chunk_000000.parquet", "P/other/chunk_000000.parquet", "P/chunks/x.parquet"])
def test_a_key_that_is_no_chunk_is_named(tmp_path, key):
    with pytest.raises(ValueError, match="chunk_key"):
        backfill.ingest_chunk(key, tmp_path, "P/staging", "P/pending_chunks", H3Partitioner(1))


def test_prefixes_of_two_backfills_are_refused(tmp_path):
    with pytest.raises(ValueError, match="different prefixes"):
        backfill.ingest_chunk(
            "Q/chunks/chunk_000000.parquet", tmp_path, "P/staging", "P/pending_chunks", H3Partitioner(1)
        )


def test_a_chunk_of_nothing_is_not_found(tmp_path):
    with pytest.raises(errors.NotFoundError, match="write_chunks first"):
        backfill.ingest_chunk(
            "P/chunks/chunk_000000.parquet", tmp_path, "P/staging", "P/pending_chunks", H3Partitioner(1)
        )


def test_since_means_an_instant():
    assert since_micros(None) is None
    assert since_micros("1970-01-02") == 86_400_000_000
    assert since_micros("1970-01-01T02:00:00.5+02:00") == 500_000
    assert since_micros("2d", now=200_000) == (200_000 - 172_800) * 1_000_000
    for senseless in ("yesterday", "2026-13-01", "2026-01-01T00:00:00"):
        with pytest.raises(ValueError, match="since"):
            since_micros(senseless)


def test_amounts_are_bytes():
    assert byte_count("memory_limit", 7) == 7
    assert byte_count("memory_limit", "768MiB") == 768 << 20
    assert byte_count("memory_limit", "16 MB") == 16_000_000
    assert byte_count("memory_limit", "1.5kib") == 1536
    with pytest.raises(ValueError, match="memory_limit"):
        byte_count("memory_limit", "much")


def test_coiled_flags_become_arguments():
    words = [
        "--inventory",
        "i",
        "--coiled-n-workers",
        "20",
        "--coiled-software=itslive-ingest",
        "--coiled-arm",
        "--coiled-worker-vm-types",
        "a",
        "--coiled-worker-vm-types",
        "b",
        "--limit",
        "3",
    ]
    assert coiled_arguments(words) == (
        {"n_workers": 20, "software": "itslive-ingest", "arm": True, "worker_vm_types": ["a", "b"]},
        ["--inventory", "i", "--limit", "3"],
    )


def test_the_command_line_refuses_flags_that_do_not_go_together(capsys):
    assert backfill_main(["--scheduler", "threads", "--coiled-region", "us-west-2"]) == 2
    assert "--scheduler coiled" in capsys.readouterr().err
    assert backfill_main(["--scheduler", "local"]) == 2
    assert "--inventory" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        backfill_main(["--scheduler", "dask", "--inventory", "i"])
    assert stopped.value.code == 2


def test_the_help_names_all_schedulers(capsys):
    assert backfill_main(["--help"]) == 0
    shown = capsys.readouterr().out
    for word in ("synchronous", "threads", "local", "coiled", "--threads-per-worker", "--scheduler-address"):
        assert word in shown
