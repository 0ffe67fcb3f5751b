"""Kills in the middle of `backfill`: in every phase, at many moments; all places on local disk, and all on S3."""

import signal
import time

import pytest
from conftest import S3Archive, S3Table, Table, backfill, incremental
from kills import KILLS, Undisturbed, archive, kill_and_rerun, undisturbed  # noqa: F401 - fixtures

OPTIONS = ["--chunk-size", 150, "--workers", 2]
OPTIONS_ON_S3 = ["--chunk-size", 20, "--workers", 2]


def command(table, archive):
    return backfill(table, archive, *OPTIONS)


@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_kills_and_reruns(earthcatalog, archive, undisturbed, tmp_path, shape):
    def again(table):
        # The table may be finished when the kill comes: then the rerun finds it so, or its clean-up half done.
        return backfill(table, archive, *OPTIONS, "--replace", shape=shape)

    kill_and_rerun(earthcatalog, again, undisturbed, lambda kill: Table(tmp_path / str(kill)), KILLS // 4)


@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_kills_of_a_delta(earthcatalog, archive, undisturbed, tmp_path, shape):
    """On a table that has a part of the archive: its rows are replaced, the others are added."""
    def make_table(kill):
        table = Table(tmp_path / str(kill))
        earthcatalog.json(*incremental(table, archive, "--limit", 200))
        return table

    kill_and_rerun(earthcatalog, lambda table: backfill(table, archive, *OPTIONS, "--delta", shape=shape), undisturbed,
                   make_table, KILLS // 4)


@pytest.fixture(scope="module")
def on_s3(s3_earthcatalog, s3_server, tmp_path_factory):
    """An archive whose bucket is on the S3 server, and the backfill of it that nobody kills, there too."""
    s3_earthcatalog.run("generate", "--items", 60, "--seed", 13, "--concentrate", "--out", "s3://its-live-data/kills",
                        check=True)
    archive = S3Archive("kills")
    # A worker that takes up this module again makes the fixture again, on the same server.
    folder = tmp_path_factory.mktemp("none")
    table = S3Table(s3_server, f"kills/{folder.name}", folder)
    return archive, Undisturbed(s3_earthcatalog, lambda table, archive: backfill(table, archive, *OPTIONS_ON_S3), table, archive)


@pytest.mark.parametrize("more", [["--replace"], ["--delta"]], ids=["full", "delta"])
@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_kills_and_reruns_on_s3(s3_earthcatalog, s3_server, on_s3, tmp_path, shape, more):
    """Bucket, staging, warehouse, catalog and lock on the S3 server."""
    archive, undisturbed = on_s3

    def make_table(kill):
        table = S3Table(s3_server, f"kills/{shape}{more[0]}/{kill}", tmp_path)
        if more == ["--delta"]:
            s3_earthcatalog.json(*incremental(table, archive, "--limit", 15))
        return table

    kill_and_rerun(s3_earthcatalog, lambda table: backfill(table, archive, *OPTIONS_ON_S3, *more, shape=shape), undisturbed,
                   make_table, KILLS)


def test_ctrl_c_leaves_finished_chunks_and_goes_on(earthcatalog, archive, undisturbed, tmp_path):
    table = Table(tmp_path)
    process = earthcatalog.start(*command(table, archive))
    while not list((tmp_path / "staging/staging/_completed").glob("*.done")):
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("the run was over before the signal")
    assert process.returncode == 130 and "Run the same command" in stderr
    assert not (tmp_path / "catalog.db.lock").exists()
    markers = tmp_path / "staging/staging/_completed"
    finished = {path: path.stat().st_mtime_ns for path in markers.iterdir()}
    earthcatalog.json(*command(table, archive), "--keep-staging")
    assert finished.items() <= {path: path.stat().st_mtime_ns for path in markers.iterdir()}.items()
    assert table.rows() == undisturbed.rows
