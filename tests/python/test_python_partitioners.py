"""Partitioners written in Python, in a run: on threads and on a cluster."""

import threading

import pytest
import shapely

import earthcatalog as ec
from earthcatalog import _core
from earthcatalog.partitioner import AbstractPartitioner, H3Partitioner
from earthcatalog.pipelines import backfill, incremental


def is_supported():
    try:
        _core.call("info", '{"catalog": "/no/such.db"}', partitioner=H3Partitioner(1))
    except NotImplementedError:
        return False
    except Exception:
        return True
    return True


pytestmark = pytest.mark.skipif(not is_supported(), reason="this _core takes no partitioner")


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
    with pytest.raises(error):
        incremental.run(**arguments, partitioner=Broken(answer))
    assert not table.exists() or table.rows() == []


def test_no_key_is_no_place(arguments, table):
    incremental.run(**arguments, partitioner=Broken([]))
    assert cells(table) == {"__none__"}


def test_it_travels_to_a_cluster(dask_client, arguments, table):
    report = backfill.run_backfill(**arguments, partitioner=Hemispheres(), client=dask_client, chunk_size=30)
    assert report.written_items == 120 and cells(table) <= {"north", "south"}


def test_one_that_cannot_travel_is_named(dask_client, arguments, table):
    unpicklable = Broken([])
    unpicklable.lock = threading.Lock()
    with pytest.raises(TypeError, match="partitioner: Broken cannot be sent"):
        backfill.run_backfill(**arguments, partitioner=unpicklable, client=dask_client)
    assert not table.exists()
