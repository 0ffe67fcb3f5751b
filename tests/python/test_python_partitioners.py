"""Partitioners written in Python, in a run: on threads and on a cluster."""

import signal
import subprocess
import sys
import threading
import time
import traceback
import types

import cloudpickle
import pytest
import shapely

import earthcatalog as ec
from conftest import Table
from earthcatalog.partitioner import AbstractPartitioner, H3Partitioner
from earthcatalog.pipelines import backfill, incremental

from .conftest import wait_until

# The workers of a cluster get its classes, and need not find this file.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


class Hemispheres(AbstractPartitioner):
    """north and south; a footprint on the equator is in both."""

    def get_intersecting_keys(self, geom_wkb):
        _, south, _, north = shapely.from_wkb(geom_wkb).bounds
        return ["south"] * (south < 0) + ["north"] * (north >= 0)


class Broken(AbstractPartitioner):
    def __init__(self, answer):
        self.answer = answer

    def get_intersecting_keys(self, geom_wkb):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def arguments(small_archive, table):
    return {
        "inventory_path": small_archive.inventory,
        "catalog_path": table.catalog,
        "warehouse_path": table.warehouse,
        "source_root": small_archive.source_root,
        "progress": False,
    }


def cells(table):
    return {row[2] for row in table.rows()}


def test_a_run_asks_it_and_the_table_says_whose_cells_these_are(arguments, table):
    report = incremental.run(**arguments, partitioner=Hemispheres())
    assert report.written_items == 120 and cells(table) <= {"north", "south"}
    properties = table.load().properties
    assert properties["earthcatalog.grid.type"] == "python"
    assert properties["earthcatalog.grid.python"].endswith("Hemispheres")
    with pytest.raises(ValueError):
        incremental.run(**arguments, refetch=True)
    catalog = ec.open(catalog=table.catalog)
    assert catalog.compact().buckets_scanned > 0 and catalog.grid_type == "python"
    with pytest.raises(NotImplementedError, match="Python"):
        catalog.cells_for_geometry("POINT (1 2)")
    assert "<svg" not in catalog._repr_html_()


def test_a_batch_is_asked_when_it_can_be(arguments, table):
    sizes = []

    class Batches(Hemispheres):
        def get_intersecting_keys_many(self, geoms):
            sizes.append(len(geoms))
            return [self.get_intersecting_keys(one) for one in geoms]

    incremental.run(**arguments, partitioner=Batches())
    assert sum(sizes) == 120 and len(sizes) < 120 and max(sizes) <= 256


@pytest.mark.parametrize(
    "answer, error",
    [
        (ZeroDivisionError("mine"), ZeroDivisionError),
        (["a/b"], ValueError),
        ([""], ValueError),
        (3, TypeError),
        ([3], TypeError),
    ],
)
def test_an_exception_and_rubbish_end_the_run_and_never_become_no_place(arguments, table, answer, error):
    with pytest.raises(error) as raised:
        incremental.run(**arguments, partitioner=Broken(answer))
    assert ".stac.json" in told(raised.value), "which item it was"
    assert not table.exists() or table.rows() == []


def told(error):
    """All that an exception says, with its notes and its traceback."""
    return "".join(traceback.format_exception(error))


def test_an_exception_keeps_its_traceback_and_rubbish_is_named(arguments, table):
    with pytest.raises(ZeroDivisionError) as raised:
        incremental.run(**arguments, partitioner=Broken(ZeroDivisionError("mine")))
    assert "raise self.answer" in told(raised.value) and raised.value.report["written_items"] == 0
    with pytest.raises(ValueError, match=r"2023|its-live.*a/b"):
        incremental.run(**arguments, partitioner=Broken(["a/b"]))
    with pytest.raises(TypeError, match="Broken returned 3"):
        incremental.run(**arguments, partitioner=Broken(3))


class FailsAt(Hemispheres):
    def __init__(self, number):
        self.left = number

    def get_intersecting_keys(self, geom_wkb):
        self.left -= 1
        if self.left < 0:
            raise LookupError("no more")
        return super().get_intersecting_keys(geom_wkb)


def test_whole_chunks_before_an_exception_are_committed_and_the_next_run_goes_on(arguments, table):
    run = {**arguments, "chunk_size": 10, "max_workers": 1, "fetch_concurrency": 1}
    with pytest.raises(LookupError) as raised:
        incremental.run(**run, partitioner=FailsAt(75))
    assert raised.value.report["written_items"] == 70
    assert len({row[1] for row in table.rows()}) == 70
    report = incremental.run(**run, partitioner=FailsAt(1_000))
    assert (report.unchanged, report.written_items) == (70, 50)


def test_a_batch_of_another_length_is_refused(arguments, table):
    class Short(Hemispheres):
        def get_intersecting_keys_many(self, geoms):
            return [["north"]] * (len(geoms) + 1)

    with pytest.raises(ValueError, match="named the cells of"):
        incremental.run(**arguments, partitioner=Short())
    assert not table.exists() or table.rows() == []


class Zones(Hemispheres):
    resolution = 7


def test_an_integer_resolution_becomes_the_table_s_property(arguments, table):
    incremental.run(**arguments, partitioner=Zones(), limit=10)
    assert table.load().properties["earthcatalog.grid.resolution"] == "7"
    with pytest.raises(ValueError, match="Zones"):
        incremental.run(**arguments, partitioner=Hemispheres())
    with pytest.raises(ValueError, match="the table has grid python"):
        incremental.run(**arguments, partitioner=H3Partitioner(1))
    incremental.run(**arguments, partitioner=Zones())


def run_hemispheres(archive, table):
    incremental.run(
        archive.inventory,
        table.catalog,
        table.warehouse,
        source_root=archive.source_root,
        partitioner=Hemispheres(),
        progress=False,
    )


@pytest.fixture(scope="module")
def rows(small_archive, tmp_path_factory):
    """What a table of Hemispheres holds."""
    table = Table(tmp_path_factory.mktemp("hemispheres"))
    run_hemispheres(small_archive, table)
    return table.rows()


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
@pytest.mark.parametrize("shape", ["direct", "staged"])
def test_a_backfill_makes_the_same_rows(arguments, table, rows, scheduler, shape):
    places = {} if shape == "direct" else {"staging_store": table.staging, "warehouse_root": table.warehouse}
    run = {name: value for name, value in arguments.items() if shape == "direct" or name != "warehouse_path"}
    run.update(places, partitioner=Hemispheres(), scheduler=scheduler, chunk_size=30)
    with pytest.raises(LookupError, match="no more"):
        backfill.run_backfill(**{**run, "partitioner": FailsAt(45)})
    assert not table.exists()
    run["restart"] = True  # FailsAt is another class
    assert backfill.run_backfill(**run).written_items == 120
    assert table.rows() == rows
    with pytest.raises(ValueError, match="Hemispheres, which was not given"):
        backfill.run_backfill(**{**run, "partitioner": None, "delta": True})


def test_the_phases_take_it(small_archive, table, rows):
    keys = backfill.write_chunks(
        small_archive.inventory,
        table.staging,
        "P/chunks",
        50,
        partitioner=Hemispheres(),
        source_root=small_archive.source_root,
    )
    for key in keys:
        backfill.ingest_chunk(key, table.staging, "P/staging", "P/pending_chunks", Hemispheres())
    plan = backfill.plan_compaction(None, table.warehouse, table.staging, "P")
    for task in plan.tasks:
        backfill.compact_group(task)
    backfill.register_and_cleanup(table.catalog, table.warehouse, table.staging, "P", plan=plan)
    assert table.rows() == rows


SLOW = """
import sys, time
from earthcatalog.partitioner import AbstractPartitioner
from earthcatalog.pipelines import incremental

class Slow(AbstractPartitioner):
    def get_intersecting_keys(self, geom_wkb):
        print("asked\\n", end="", flush=True)
        time.sleep(0.2)
        return ["slow"]

inventory, catalog, warehouse, source_root = sys.argv[1:]
incremental.run(inventory, catalog, warehouse, source_root=source_root, partitioner=Slow(), chunk_size=5,
                max_workers=2, fetch_concurrency=1, progress=False)
"""


def test_ctrl_c_ends_a_run_whose_partitioner_is_slow(small_archive, table):
    words = [small_archive.inventory, table.catalog, table.warehouse, small_archive.source_root]
    command = [sys.executable, "-c", SLOW, *map(str, words)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(14):
        assert run.stdout.readline() == "asked\n", run.communicate()
    asked = time.monotonic()
    run.send_signal(signal.SIGINT)
    _, problems = run.communicate(timeout=60)
    assert "KeyboardInterrupt" in problems and time.monotonic() - asked < 5, problems
    assert len(table.rows()) in (5, 10, 15) and not table.is_locked()


def test_runs_of_many_threads_of_python_share_the_interpreter(small_archive, tmp_path, rows):
    tables = [Table(tmp_path / str(number)) for number in range(3)]
    failed = []

    def work(table):
        try:
            run_hemispheres(small_archive, table)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=[table], daemon=True) for table in tables]
    for thread in threads:
        thread.start()
    wait_until(lambda: not any(thread.is_alive() for thread in threads))
    assert not failed and all(table.rows() == rows for table in tables)


def test_no_key_is_no_place(arguments, table):
    incremental.run(**arguments, partitioner=Broken([]))
    assert cells(table) == {"__none__"}


def test_it_travels_to_a_cluster(dask_client, arguments, table):
    report = backfill.run_backfill(**arguments, partitioner=Hemispheres(), client=dask_client, chunk_size=30)
    assert report.written_items == 120 and cells(table) <= {"north", "south"}


def test_an_exception_on_a_cluster_keeps_its_type(dask_client, arguments, table):
    with pytest.raises(ZeroDivisionError, match="mine"):
        backfill.run_backfill(**arguments, partitioner=Broken(ZeroDivisionError("mine")), client=dask_client)
    assert not table.exists() and not table.is_locked()


def test_one_that_the_workers_cannot_import_is_an_error_that_says_so(dask_client, arguments, table):
    home = types.ModuleType("nowhere_to_be_found")
    exec("class Local:\n    def get_intersecting_keys(self, geom_wkb): return []", home.__dict__)
    sys.modules[home.__name__] = home
    try:
        with pytest.raises(ImportError, match="partitioner: .*nowhere_to_be_found"):
            backfill.run_backfill(**arguments, partitioner=home.Local(), client=dask_client)
    finally:
        del sys.modules[home.__name__]
    assert not table.exists() and not table.is_locked()


def test_one_that_cannot_travel_is_named(dask_client, arguments, table):
    unpicklable = Broken([])
    unpicklable.lock = threading.Lock()
    with pytest.raises(TypeError, match="partitioner: Broken cannot be sent"):
        backfill.run_backfill(**arguments, partitioner=unpicklable, client=dask_client)
    assert not table.exists()
