"""A backfill on a Dask cluster makes the table that one machine makes."""

import json
import logging
import os
import pickle
import shutil
import subprocess
import sys
import types

import obstore.store
import pytest

from conftest import ROOT, Glacier
from earthcatalog import _dask, errors
from earthcatalog._places import StorageSettings
from earthcatalog.pipelines import backfill

from .conftest import generate_in_bucket, start_cluster

SOAK = os.environ.get("EARTHCATALOG_SOAK") is not None


@pytest.fixture
def arguments(small_archive, table):
    return {
        "inventory_path": small_archive.inventory,
        "catalog_path": table.catalog,
        "chunk_size": 30,
        "source_root": small_archive.source_root,
        "progress": False,
    }


def places(table, shape):
    if shape == "direct":
        return {"warehouse_path": table.warehouse}
    return {
        "staging_store": table.staging,
        "staging_prefix": "P",
        "warehouse_root": table.warehouse,
        "h3_resolution": 1,
    }


SHAPES = pytest.mark.parametrize("shape", ["direct", "staged"])


@SHAPES
def test_the_table_is_that_of_one_machine(dask_client, arguments, table, small_contents, shape):
    report = backfill.run_backfill(**arguments, **places(table, shape), client=dask_client)
    assert table.contents().equals(small_contents)
    sums = sum(report[name] for name in ("written_items", "superseded", "missing", "pending", "rejected"))
    assert report.source_items == report.written_items == sums == 120
    assert (report.chunks, report.rows, report.files) == (4, 120, len(table.data_files()))
    assert not table.staged() and not table.is_locked()


@pytest.mark.parametrize("workers", [1, 4] if SOAK else [1])
def test_any_number_of_workers_makes_the_same_table(arguments, table, small_contents, workers):
    cluster, client = start_cluster(workers)
    with cluster, client:
        backfill.run_backfill(**arguments, **places(table, "direct"), client=client)
    assert table.contents().equals(small_contents)


@SHAPES
def test_a_finished_backfill_asks_for_no_cluster(dask_client, arguments, table, small_contents, shape):
    backfill.run_backfill(**arguments, **places(table, shape), client=dask_client)

    def create_client():
        raise AssertionError("nothing is left to do on a cluster")

    report = backfill.run_backfill(**arguments, **places(table, shape), create_client=create_client)
    assert report.already_committed and table.contents().equals(small_contents)


def test_rows_are_added_by_a_delta_and_replaced_when_asked(dask_client, arguments, table, small_contents):
    first = {**arguments, **places(table, "direct"), "client": dask_client}
    backfill.run_backfill(**first, limit=60)
    with pytest.raises(FileExistsError):
        backfill.run_backfill(**first)
    backfill.run_backfill(**first, delta=True)
    assert table.contents().equals(small_contents)
    backfill.run_backfill(**first, limit=30, replace=True)
    assert len(table.rows()) == 30


@SHAPES
def test_pending_objects_are_fetched_again(dask_client, small_archive, arguments, table, small_contents, shape):
    glacier = Glacier(small_archive.folder)
    archived = sorted(path.name for path in small_archive.objects())[3:5]
    glacier.archived = set(archived)
    run = {
        **arguments,
        **places(table, shape),
        "client": dask_client,
        "source_root": "s3://",
        "storage": StorageSettings(endpoint=glacier.endpoint, region="us-east-1", anonymous=True),
    }
    with pytest.warns(errors.PendingObjectsWarning, match="2 objects"):
        report = backfill.run_backfill(**run)
    assert (report.pending, report.written_items, len(table.rows())) == (2, 118, 118)
    glacier.archived = {archived[0]}
    with pytest.warns(errors.PendingObjectsWarning, match="1 objects"):
        report = backfill.run_backfill(**run, retry_pending=True)
    assert (report.source_items, report.written_items, report.pending, len(table.rows())) == (2, 1, 1, 119)
    glacier.archived = set()
    assert backfill.run_backfill(**run, retry_pending=True).pending == 0
    assert table.contents().equals(small_contents)


@SHAPES
def test_pending_objects_are_fetched_again_before_the_commit(
    dask_client, small_archive, arguments, table, small_contents, shape
):
    glacier = Glacier(small_archive.folder)
    glacier.archived = {small_archive.objects()[3].name}
    run = {
        **arguments,
        **places(table, shape),
        "client": dask_client,
        "source_root": "s3://",
        "storage": StorageSettings(endpoint=glacier.endpoint, region="us-east-1", anonymous=True),
    }

    def restore(progress):
        if progress.stage == "fetch" and progress.settled == 120:
            glacier.archived = set()

    report = backfill.run_backfill(**{**run, "progress": restore}, retry_pending=True)
    assert (report.pending, report.written_items) == (0, 120)
    assert table.contents().equals(small_contents)


def test_the_client_is_made_once_after_the_inventory_is_cut_and_stays_open(dask_client, arguments, table):
    made = []

    def create_client():
        made.append((table.staging / "P/chunks/_run.json").exists())
        return dask_client

    backfill.run_backfill(**arguments, **places(table, "staged"), create_client=create_client)
    assert made == [True]
    assert dask_client.status == "running"


def test_a_scheduler_that_runs_already_is_found_by_its_address(dask_client, arguments, table, small_contents):
    address = dask_client.scheduler.address
    backfill.run_backfill(**arguments, **places(table, "direct"), scheduler_address=address)
    assert table.contents().equals(small_contents)
    assert dask_client.status == "running" and len(dask_client.nthreads()) == 2


def test_the_client_that_the_code_runs_in_is_taken(dask_client, arguments, table, small_contents):
    with dask_client.as_current():
        report = backfill.run_backfill(**arguments, **places(table, "direct"))
    assert report.tasks > 4 and table.contents().equals(small_contents)


SCRIPT = """
from earthcatalog.pipelines.backfill import run_backfill

print(run_backfill(
    inventory_path={inventory!r}, catalog_path={catalog!r}, warehouse_path={warehouse!r}, scheduler="local",
    n_workers=2, chunk_size=50, limit=None, source_root={source_root!r},
)["written_items"])
"""


def test_a_script_without_a_main_guard_runs_on_local_processes(small_archive, table, small_contents):
    script = table.folder / "script.py"
    script.write_text(
        SCRIPT.format(
            inventory=str(small_archive.inventory),
            catalog=str(table.catalog),
            warehouse=str(table.warehouse),
            source_root=small_archive.source_root,
        )
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=180)
    assert (done.returncode, done.stdout) == (0, "120\n"), done.stderr
    assert table.contents().equals(small_contents)


def test_the_command_line_of_the_guide_runs_on_local_processes(small_archive, table, small_contents):
    command = [
        sys.executable,
        "-m",
        "earthcatalog.pipelines.backfill",
        "--inventory",
        small_archive.inventory,
        "--catalog",
        table.catalog,
        "--warehouse",
        table.warehouse,
        "--scheduler",
        "local",
        "--workers",
        "2",
        "--source-root",
        small_archive.source_root,
        "--format",
        "json",
    ]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 120 and table.contents().equals(small_contents)


def test_progress_comes_by_stages_and_an_exception_of_it_stops_the_run(dask_client, arguments, table, small_contents):
    seen = []
    run = {**arguments, **places(table, "direct"), "client": dask_client}
    del run["progress"]

    def stop(progress):
        seen.append(progress)
        if progress.stage == "fetch" and progress.settled >= 60:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        backfill.run_backfill(**run, progress=stop)
    assert not table.exists() and not table.is_locked()
    seen.clear()
    backfill.run_backfill(**run, progress=seen.append)
    assert list(dict.fromkeys(progress.stage for progress in seen)) == ["inventory", "fetch", "compact", "commit"]
    assert max(progress.settled for progress in seen if progress.stage == "fetch") == 120
    assert table.contents().equals(small_contents)


def test_two_heads_exclude_each_other(dask_client, arguments, table):
    child = subprocess_that_meets_the_lock(table, arguments)
    run = {**arguments, **places(table, "direct"), "client": dask_client, "progress": child}
    backfill.run_backfill(**run)
    assert child.codes == [1]


def subprocess_that_meets_the_lock(table, arguments):
    """A progress function that tries the same in another process, once."""

    def function(progress):
        if progress.stage == "fetch" and not function.codes:
            command = [
                ROOT / "build/bin/earthcatalog",
                "incremental",
                "--inventory",
                arguments["inventory_path"],
                *table.arguments,
                "--source-root",
                arguments["source_root"],
            ]
            function.codes.append(subprocess.run(list(map(str, command)), capture_output=True).returncode)

    function.codes = []
    return function


def test_at_most_four_tasks_a_thread_are_under_way(dask_client):
    tasks = [_dask.Task(f"t-{number}", "no_such_phase", {"number": number}) for number in range(40)]
    at_once, under_way = [], set()

    class Client:
        loop = dask_client.loop

        def nthreads(self):
            return {"a": 1, "b": 1}

        def submit(self, function, *arguments, **options):
            future = dask_client.submit(lambda: "{}", key=options["key"], pure=False)
            under_way.add(options["key"])
            at_once.append(len(under_way))
            return future

    for task, report in _dask.Pool(Client(), StorageSettings()).run(tasks):
        under_way.discard(task.key)
        assert report == {}
    assert max(at_once) == 8 + 1, "eight, and the one whose report is being taken"
    assert len(at_once) == 40


def test_neither_specs_nor_keys_nor_arguments_hold_credentials(dask_client, arguments, table, monkeypatch, caplog):
    sent = []
    submit = type(dask_client).submit

    def record(self, function, *values, **options):
        sent.append((pickle.dumps(values), options["key"]))
        return submit(self, function, *values, **options)

    monkeypatch.setattr(type(dask_client), "submit", record)
    keys = StorageSettings(access_key="AKIAFORTHETEST", secret_key="SECRETFORTHETEST", session_token="TOKENFORTHETEST")
    with caplog.at_level(logging.DEBUG):
        backfill.run_backfill(**arguments, **places(table, "direct"), client=dask_client, storage=keys)
    assert len(sent) > 4
    for values, key in sent:
        assert b"FORTHETEST" not in values and "/" not in key and str(table.folder) not in key
    assert "FORTHETEST" not in caplog.text
    sent.clear()
    backfill.run_backfill(
        **arguments, **places(table, "direct"), client=dask_client, storage=keys, ship_credentials=True, replace=True
    )
    assert all(b"SECRETFORTHETEST" in values for values, _ in sent)


def test_local_processes_find_the_keys_in_their_environment_alone(monkeypatch):
    keys = StorageSettings(access_key="AKIAFORTHETEST", secret_key="SECRETFORTHETEST")
    with _dask._secrets_of_workers(keys):
        assert "SECRETFORTHETEST" in os.environ[_dask._SECRETS]
        given = {}
        monkeypatch.setattr(_dask._core, "call", lambda name, spec, **more: given.update(more) or "{}")
        _dask.run_phase("x", "{}", "{}", None, _dask._core.version())
        assert json.loads(given["storage"])["secret_key"] == "SECRETFORTHETEST"
    assert _dask._SECRETS not in os.environ


def travelled(report):
    """Bytes of specs and reports a data file."""
    assert report.files > 300, report
    return (report.spec_bytes + report.report_bytes) / report.files


@SHAPES
def test_at_most_200_bytes_a_data_file_travel(dask_client, archive, table, shape):
    glacier = Glacier(archive.folder)
    glacier.archived = {path.name for path in archive.objects()[::2]}
    run = {
        "inventory_path": archive.inventory,
        "catalog_path": table.catalog,
        "chunk_size": 500,
        "progress": False,
        "client": dask_client,
        "source_root": "s3://",
        "storage": StorageSettings(endpoint=glacier.endpoint, region="us-east-1", anonymous=True),
    }
    with pytest.warns(errors.PendingObjectsWarning):
        full = backfill.run_backfill(**run, **places(table, shape), limit=1_000)
    assert travelled(full) <= 200
    glacier.archived = set()
    retry = backfill.run_backfill(**run, **places(table, shape), limit=1_000, retry_pending=True)
    assert retry.written_items == full.pending and travelled(retry) <= 200
    delta = backfill.run_backfill(**run, **places(table, shape), delta=True)
    assert travelled(delta) <= 200


@pytest.mark.parametrize("most", [2, "1%"])
def test_too_many_missing_objects_commit_nothing(dask_client, small_archive, table, tmp_path, most):
    copy = tmp_path / "archive"
    shutil.copytree(small_archive.folder, copy)
    for path in sorted(copy.rglob("*.stac.json"))[:3]:
        path.unlink()
    run = {
        "inventory_path": copy / "inventory.csv",
        "catalog_path": table.catalog,
        "chunk_size": 30,
        "source_root": f"file://{copy}/",
        "progress": False,
        "client": dask_client,
        **places(table, "direct"),
    }
    with pytest.raises(FileNotFoundError, match="3 of 120 objects are missing.*max_missing"):
        backfill.run_backfill(**run, max_missing=most)
    assert not table.exists()
    with pytest.raises(ValueError, match="max_missing: 'few'"):
        backfill.run_backfill(**run, max_missing="few")
    report = backfill.run_backfill(**run, max_missing="3%")
    assert (report.missing, report.written_items) == (3, 117)


def test_a_worker_with_another_version_is_named(dask_client, arguments, table, monkeypatch):
    monkeypatch.setattr(_dask._core, "version", lambda: "other")
    with pytest.raises(RuntimeError, match="install the same on both"):
        backfill.run_backfill(**arguments, **places(table, "direct"), client=dask_client)
    assert not table.exists() and not table.is_locked()


def test_a_folder_that_the_workers_do_not_see_is_refused(dask_client, arguments, table, monkeypatch):
    monkeypatch.setattr(type(dask_client), "run", lambda *arguments: {"tcp://far:1": False})
    with pytest.raises(ValueError, match="tcp://far:1 does not see this folder"):
        backfill.run_backfill(**arguments, **places(table, "direct"), client=dask_client)


def test_a_mistyped_inventory_leaves_nothing_behind(dask_client, arguments, table):
    for run in ({"client": dask_client}, {"scheduler": "local"}):
        with pytest.raises(FileNotFoundError, match="no-such.csv"):
            backfill.run_backfill(
                **{**arguments, "inventory_path": table.folder / "no-such.csv"}, **places(table, "direct"), **run
            )
    assert list(table.folder.iterdir()) == []


def test_without_dask_the_remedy_is_named(arguments, table, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"earthcatalog-native\[dask\]"):
        backfill.run_backfill(**arguments, **places(table, "direct"), scheduler="local")


COILED_ARGUMENTS = json.loads((ROOT / "tests/python/data/coiled_cluster.json").read_text())


def fake_coiled(client, made):
    """coiled with its real argument names, whose cluster is the one of the test."""

    from distributed import Status

    class Cluster:
        def __init__(self, name=None, **arguments):
            unknown = set(arguments) - set(COILED_ARGUMENTS)
            if unknown:
                raise TypeError(f"unexpected keyword argument {unknown}")
            made.append(arguments)
            self.scheduler_address = client.scheduler.address
            self.status, self.closed = Status.running, False

        def close(self, timeout=None):
            self.closed = True

    module = types.ModuleType("coiled")
    module.Cluster = Cluster
    return module


def test_coiled_gets_its_arguments(dask_client, arguments, table, small_contents, monkeypatch):
    made = []
    monkeypatch.setitem(sys.modules, "coiled", fake_coiled(dask_client, made))
    monkeypatch.setattr(backfill, "check_reachable", lambda *_: None)  # the test's folders are those of its workers
    backfill.run_backfill(
        **arguments,
        **places(table, "direct"),
        scheduler="coiled",
        n_workers=20,
        coiled={"software": "itslive-ingest", "region": "us-west-2", "vm_type": "m6i.large"},
    )
    assert made == [
        {"software": "itslive-ingest", "region": "us-west-2", "worker_vm_types": ["m6i.large"], "n_workers": 20}
    ]
    assert table.contents().equals(small_contents)


def test_a_misspelt_argument_of_coiled_is_coiled_s_own_error(dask_client, arguments, table, monkeypatch):
    monkeypatch.setitem(sys.modules, "coiled", fake_coiled(dask_client, []))
    monkeypatch.setattr(backfill, "check_reachable", lambda *_: None)
    with pytest.raises(TypeError, match="sofware"):
        backfill.run_backfill(**arguments, **places(table, "direct"), scheduler="coiled", coiled={"sofware": "x"})
    assert not table.is_locked()


def test_without_coiled_the_remedy_is_named(arguments, table, monkeypatch):
    monkeypatch.setitem(sys.modules, "coiled", None)
    monkeypatch.setattr(backfill, "check_reachable", lambda *_: None)
    with pytest.raises(ImportError, match=r"earthcatalog-native\[coiled\]"):
        backfill.run_backfill(**arguments, **places(table, "direct"), scheduler="coiled")


def test_a_performance_report_is_written(dask_client, arguments, table):
    pytest.importorskip("bokeh")
    path = table.folder / "report.html"
    backfill.run_backfill(**arguments, **places(table, "direct"), client=dask_client, performance_report=str(path))
    assert path.read_text().startswith("<!DOCTYPE html>") or "<html" in path.read_text()


@pytest.fixture(scope="module")
def s3_archive(s3_earthcatalog):
    from conftest import S3Archive

    generate_in_bucket(s3_earthcatalog, "dask")
    return S3Archive("dask")


def test_stores_with_keys_reach_the_workers_of_local_processes(s3_server, s3_archive, tmp_path, monkeypatch):
    from conftest import ACCESS_KEY, SECRET_KEY, S3Table

    table = S3Table(s3_server, "dask-local", tmp_path)
    store = obstore.store.S3Store(
        "test-warehouse",
        prefix="dask-local",
        endpoint=s3_server.endpoint,
        access_key_id=ACCESS_KEY,
        secret_access_key=SECRET_KEY,
        region="us-east-1",
        client_options={"allow_http": True},
    )
    report = backfill.run_backfill(
        s3_archive.inventory,
        (store, "catalog.db"),
        store,
        "staging",
        store,
        table.warehouse,
        h3_resolution=1,
        scheduler="local",
        n_workers=2,
        chunk_size=40,
        progress=False,
        storage=StorageSettings(endpoint=s3_server.endpoint, region="us-east-1"),
    )
    assert report.written_items == 120 and len(table.rows()) == 120
