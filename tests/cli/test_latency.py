"""On a store that takes its time: requests wait side by side, whatever the cores, and one that fails ends the run."""

import json
import os
import re
import signal
import time

import pytest
from conftest import BINARY, Earthcatalog, LatencyServer, Table, incremental, peak_mib

LATENCY_S = 0.04
CORES = os.cpu_count()


@pytest.fixture(scope="module")
def server():
    server = LatencyServer(LATENCY_S * 1000)
    server.make_bucket("far")
    yield server
    server.stop()


@pytest.fixture
def far(server, request, tmp_path):
    """A table on the server."""
    server.refuse("PUT parquet", 0)
    table = Table(tmp_path)
    name = re.sub(r"\W", "-", request.node.name)
    table.catalog, table.warehouse, table.staging = (f"s3://far/{name}/{part}" for part in ("catalog.db", "warehouse", "staging"))
    return table


@pytest.fixture(scope="module")
def program(server):
    return Earthcatalog(server.environment)


def timed(program, server, *arguments):
    """The report, what the server was asked for, and the seconds that it took."""
    server.stats(reset=True)
    start = time.monotonic()
    report = program.json(*arguments)
    return report, server.stats(), time.monotonic() - start


def check_side_by_side(stats, seconds, kind):
    """More of this kind were in flight than cores can explain, and it took a fraction of one request after the other."""
    assert stats["max_in_flight"][kind] > 4 * CORES
    assert seconds < LATENCY_S * sum(stats["counts"].values()) / 3


def is_whole(program, far, archive):
    return program.json("audit", "--inventory", archive.inventory, *far.arguments)["good"]


def test_incremental_uploads_side_by_side(server, program, far, archive):
    report, stats, seconds = timed(program, server, *incremental(far, archive))
    assert report["written_items"] == 2000 and stats["counts"]["PUT parquet"] == report["files"]
    check_side_by_side(stats, seconds, "PUT parquet")


def test_each_small_index_run_is_read_by_one_request(server, program, far, archive):
    program.json(*incremental(far, archive, "--limit", 1800))  # more than what is read of any file's end
    program.json(*incremental(far, archive))
    report, stats, _ = timed(program, server, *incremental(far, archive))
    assert (report["unchanged"], report["written_items"]) == (2000, 0)
    assert stats["counts"]["GET index"] == 2, stats["counts"]


def test_io_concurrency_bounds_what_is_in_flight(server, program, far, archive):
    report, stats, _ = timed(program, server, *incremental(far, archive, "--io-concurrency", 7))
    assert report["written_items"] == 2000
    assert max(stats["max_in_flight"].values()) == 7


def test_a_compaction_a_rewrite_and_an_audit_read_and_write_side_by_side(server, program, far, archive):
    program.json(*incremental(far, archive, "--limit", 1000))
    program.json(*incremental(far, archive))
    _, stats, seconds = timed(program, server, "compact", *far.arguments)
    check_side_by_side(stats, seconds, "PUT parquet")
    _, stats, seconds = timed(program, server, *incremental(far, archive, "--refetch"))
    check_side_by_side(stats, seconds, "GET parquet")
    _, stats, seconds = timed(program, server, "audit", "--inventory", archive.inventory, *far.arguments)
    check_side_by_side(stats, seconds, "GET parquet")
    assert is_whole(program, far, archive)


@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_a_backfill_stages_and_compacts_side_by_side(server, program, far, archive, shape):
    staging = ["--staging", far.staging] if shape == "staged" else []
    arguments = ["backfill", "--inventory", archive.inventory, "--source-root", archive.source_root, *far.arguments, *staging,
                 "--h3-resolution", 1, "--chunk-size", 500]
    report, stats, seconds = timed(program, server, *arguments)
    assert report["written_items"] == 2000
    check_side_by_side(stats, seconds, "PUT parquet")
    check_side_by_side(stats, seconds, "PUT ndjson" if shape == "staged" else "GET parquet")
    assert is_whole(program, far, archive)


def test_a_backfill_has_few_requests_that_wait_for_the_one_before(server, program, far, archive):
    arguments = ["backfill", "--inventory", archive.inventory, "--source-root", archive.source_root, *far.arguments,
                 "--staging", far.staging, "--h3-resolution", 1]
    report, stats, _ = timed(program, server, *arguments)
    assert report["written_items"] == 2000
    # Catalog, lock and records have an order. Where each waits for the one before there are 77 steps.
    assert stats["steps"] < 70, stats


def test_register_lists_its_files_instead_of_asking_for_each(server, program, far, archive):
    head = {"staging": far.staging, "catalog": far.catalog, "warehouse": far.warehouse, "run_id": "a" * 32}
    program.phase("write_chunks", {"staging": far.staging, "settings": {
        "inventory": f"file://{archive.inventory}", "source_root": archive.source_root, "resolution": 1}})
    program.phase("ingest_chunk", {"staging": far.staging, "chunk": 0, "source_root": archive.source_root, "resolution": 1})
    for task in program.phase("plan_compaction", head)["tasks"]:
        program.phase("compact_group", task)
    server.stats(reset=True)
    report = program.phase("register_and_cleanup", head)
    counts = server.stats()["counts"]
    assert report["files"] > 500
    assert counts.get("HEAD parquet", 0) < 10 and counts["GET list"] < 20
    assert is_whole(program, far, archive)


def test_one_failed_upload_of_many_is_named_and_nothing_is_committed(server, program, far, archive):
    server.stats(reset=True)
    server.refuse("PUT parquet", 100)
    process = program.run(*incremental(far, archive))
    assert process.returncode == 1
    assert re.search(rf"writing {far.warehouse}/grid_partition=\S+\.parquet: 403 AccessDenied", process.stderr), process.stderr
    assert program.run("info", *far.arguments).returncode == 1
    server.refuse("PUT parquet", 0)
    assert program.json(*incremental(far, archive))["written_items"] == 2000
    assert is_whole(program, far, archive)


def test_ctrl_c_with_many_uploads_in_flight_ends_soon_and_leaves_a_whole_table(server, program, far, archive):
    server.stats(reset=True)
    process = program.start(*incremental(far, archive))
    while server.stats()["counts"].get("PUT parquet", 0) < 50:
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    process.communicate(timeout=60)
    assert time.monotonic() - start < 30
    assert process.returncode in (0, 130)  # 0: everything was staged by then
    assert program.json(*incremental(far, archive))["pending"] == 0
    assert is_whole(program, far, archive)


def test_the_memory_limit_holds_with_all_uploads_in_flight(server, program, far, archive, tmp_path):
    """64 files on their way take no more than their share of the limit."""
    limit = 16

    def peak(concurrency, name):
        far.catalog, far.warehouse = f"s3://far/{name}/catalog.db", f"s3://far/{name}/warehouse"
        process = program.start(*incremental(far, archive, "--memory-limit", f"{limit}MiB", "--io-concurrency", concurrency))
        most = peak_mib(process)
        assert process.returncode == 0, process.stderr.read()
        return most

    assert peak(64, "memory-64") < peak(1, "memory-1") + limit
