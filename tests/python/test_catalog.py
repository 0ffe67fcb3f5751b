"""A table as an object."""

import datetime as dt
import json
import pickle
import re
import shutil
import subprocess
import sys

import pyarrow.dataset
import pyarrow.parquet
import pytest
import shapely

import earthcatalog as ec
from conftest import Table
from earthcatalog import config, errors, maintenance, store_config
from earthcatalog._geometry import bbox_text, geometry_text, span_text
from earthcatalog._picture import h3_parent
from earthcatalog.catalog import download_catalog, get_or_create, upload_catalog
from earthcatalog.maintenance.compact import compact_warehouse


@pytest.fixture(scope="module")
def made(small_archive, tmp_path_factory):
    """A table in a folder as open(base=) expects it."""
    base = tmp_path_factory.mktemp("base")
    ec.ingest(small_archive.inventory, base=base, mode="full", source_root=small_archive.source_root, progress=False)
    return base


@pytest.fixture
def base(made, tmp_path):
    """A table in the same folder, to be changed and put back."""
    yield made


@pytest.fixture
def own(small_archive, tmp_path):
    """A table of the test's own, of half of the items."""
    base = tmp_path / "own"
    ec.ingest(
        small_archive.inventory, base=base, mode="full", limit=60, source_root=small_archive.source_root, progress=False
    )
    return base


def test_open_says_what_the_table_is(base, small_contents):
    with ec.open(base=base) as catalog:
        assert (catalog.grid_type, catalog.grid_resolution) == ("h3", 1)
        assert catalog.info().grid_resolution == catalog.info.grid_resolution == 1
        assert catalog.total_files() == len(catalog.files()) == len(list((base / "warehouse").rglob("part_*.parquet")))
        assert catalog.unique_item_count() == 120
        assert sum(one["row_count"] for one in catalog.stats()) == small_contents.num_rows
        assert set(catalog.stats()[0]) == {"grid_partition", "year", "row_count", "file_count", "total_bytes"}
        assert catalog.schema.names == small_contents.schema.names
        assert catalog.catalog_key == "earthcatalog.db" and catalog.warehouse.endswith("/warehouse")
        top = catalog.top_cells()
        assert [one["row_count"] for one in top] == sorted((one["row_count"] for one in top), reverse=True)
        assert top[0]["row_count"] == max(catalog._rows_of_cells().values()) and len(top) == 5
        assert "rows=120" in repr(catalog)


def test_open_of_nothing_is_not_found_and_makes_nothing(tmp_path):
    for arguments in ({"base": tmp_path / "x"}, {"catalog": tmp_path / "y.db"}):
        with pytest.raises(FileNotFoundError):
            ec.open(**arguments)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="base: say where"):
        ec.open()


def test_open_takes_stores_keys_and_other_layouts(base):
    import obstore.store

    store = obstore.store.LocalStore(str(base.parent))
    expected = ec.open(base=base).snapshot_id
    assert ec.open(store=store, base=base.name).snapshot_id == expected
    assert ec.open(store=obstore.store.LocalStore(str(base))).snapshot_id == expected
    assert ec.open(catalog=base / "earthcatalog.db").snapshot_id == expected
    assert (
        ec.open(catalog=(store, f"{base.name}/earthcatalog.db"), warehouse=base / "warehouse").snapshot_id == expected
    )


def test_the_table_for_pyiceberg_and_pyarrow_has_the_rows(base, small_contents):
    catalog = ec.open(base=base)
    rows = catalog.table.scan().to_arrow()
    assert rows.num_rows == small_contents.num_rows
    dataset = catalog.to_arrow_dataset()
    order = [("collection", "ascending"), ("id", "ascending"), ("grid_partition", "ascending")]
    assert dataset.to_table().combine_chunks().sort_by(order).select(
        small_contents.schema.names
    ) == small_contents.cast(dataset.schema)


def test_files_are_found_by_cell_year_time_and_place(base):
    catalog = ec.open(base=base)
    cell = catalog.top_cells(1)[0]["grid_partition"]
    years = sorted(one["year"] for one in catalog.stats() if one["grid_partition"] == cell)
    of_cell = catalog.files(cells=[cell])
    assert {file["grid_partition"] for file in of_cell} == {cell} and len(of_cell) == len(years)
    assert [file["year"] for file in catalog.files(cells=[cell], years=[years[0]])] == [years[0]]
    assert catalog.files(cells=[]) == [] == catalog.files(years=[])
    found = catalog.search_files(start_datetime=f"{years[0]}-01-01", end_datetime=str(years[0]))
    assert found and all(f"/year={years[0]}/" in path for path in found)
    assert (
        found
        == catalog.search_files(datetime=f"{years[0]}")
        == catalog.info.file_paths(None, None, found and str(years[0]), str(years[0]))
    )
    geometry = pyarrow.parquet.read_table(of_cell[0]["path"].removeprefix("file://"), columns=["geometry"])
    point = shapely.from_wkb(geometry.column(0)[0].as_py()).centroid
    near = catalog.search_files(point)
    assert near and all(f"grid_partition={catalog.cells_for_geometry(point)[0]}" in path for path in near)
    assert catalog.search_files(point.wkb) == catalog.search_files(point.wkt) == near
    assert catalog.search_files(json.dumps(point.__geo_interface__)) == near
    around = (point.x - 1e-3, point.y - 1e-3, point.x + 1e-3, point.y + 1e-3)
    assert set(near) <= set(catalog.search_files(bbox=around))
    assert catalog.search_files(shapely.Point(0, 0)) == []
    assert f"'{cell}'" in catalog.cell_list_sql(footprint(of_cell[0]))


def footprint(file):
    table = pyarrow.parquet.read_table(file["path"].removeprefix("file://"), columns=["geometry"])
    return table.column(0)[0].as_py()


@pytest.mark.parametrize(
    "arguments, text",
    [
        ({"geom": "POINT (1 2)", "bbox": (1, 2, 3, 4)}, "geom, bbox"),
        ({"bbox": (1, 2, 3)}, "bbox"),
        ({"bbox": (1, 5, 2, 4)}, "bbox"),
        ({"datetime": "2020", "start_datetime": "2020"}, "datetime, start_datetime"),
        ({"datetime": "../.."}, "datetime"),
        ({"datetime": "2021/2020"}, "datetime"),
        ({"datetime": "later"}, "datetime"),
        ({"geom": "CIRCLE (1 2)"}, "intersects"),
    ],
)
def test_a_senseless_question_is_named(base, arguments, text):
    with pytest.raises(ValueError, match=text):
        ec.open(base=base).search_files(**arguments)


def test_what_is_asked_for_becomes_the_words_of_the_core():
    utc = dt.UTC
    assert span_text("2020-01/..") == "2020-01/.."
    assert span_text((dt.date(2020, 1, 1), None)) == "2020-01-01/.."
    assert (
        span_text(dt.datetime(2020, 1, 1)) == span_text(dt.datetime(2020, 1, 1, tzinfo=utc)) == "2020-01-01T00:00:00Z"
    )
    assert bbox_text((1, 2.5, -3, 4)) == "1.0,2.5,-3.0,4.0" and bbox_text("1,2,3,4") == "1,2,3,4"
    assert geometry_text(shapely.Point(1, 2)) == '{"type": "Point", "coordinates": [1.0, 2.0]}'
    assert geometry_text("POINT (1 2)") == "POINT (1 2)" and geometry_text(b"wkb") == b"wkb"
    with pytest.raises(TypeError, match="geom"):
        geometry_text(3)
    with pytest.raises(ValueError, match="two ends"):
        span_text((1, 2, 3))


def test_the_picture_is_small_and_asks_no_network(base):
    text = ec.open(base=base)._repr_html_()
    assert len(text) < 50_000 and "<svg" in text and text.count("<path") >= 2
    assert not re.search(r"(href|src)=|url\(|@import", text)
    assert "120" in text and str(base) in text


def test_the_parent_of_a_cell_is_that_of_h3():
    import h3

    cell = h3.latlng_to_cell(70, -45, 7)
    for resolution in range(8):
        assert h3_parent(cell, resolution) == h3.cell_to_parent(cell, resolution)
    assert h3_parent("81063ffffffffff", 2) == "81063ffffffffff"


def test_a_catalog_pickles_and_reads_the_same(base):
    catalog = ec.open(base=base)
    copy = pickle.loads(pickle.dumps(catalog))
    assert (copy.snapshot_id, copy.stats()) == (catalog.snapshot_id, catalog.stats())


def test_what_is_ingested_is_seen_after_it(own, small_archive, small_contents):
    catalog, reader = ec.open(base=own), ec.open(base=own)
    before = reader.snapshot_id
    report = catalog.ingest(small_archive.inventory, source_root=small_archive.source_root, progress=False)
    assert (report["items_processed"], report["rows_written"], report.unchanged) == (120, 60, 60)
    assert catalog.unique_item_count() == 120 and reader.snapshot_id == before
    assert reader.refresh() is True and reader.refresh() is False
    assert len(catalog.snapshots()) == 2
    old = ec.open(base=own, as_of=before)
    assert sum(one["row_count"] for one in old.stats()) == 60
    assert Table(own).folder == own and small_contents.num_rows == 120


def test_bulk_ingest_adds_or_replaces(own, small_archive):
    catalog = ec.open(base=own)
    common = {"source_root": small_archive.source_root, "progress": False, "scheduler": "threads"}
    assert catalog.bulk_ingest(small_archive.inventory, **common).source_items == 120
    assert catalog.unique_item_count() == 120
    report = catalog.bulk_ingest(small_archive.inventory, mode="full", limit=30, staging_prefix="staging", **common)
    assert report["rows_written"] == 30 and catalog.unique_item_count() == 30
    with pytest.raises(ValueError, match="mode"):
        catalog.bulk_ingest(small_archive.inventory, mode="fast")


def test_the_table_is_kept_in_order(own, small_archive):
    catalog = ec.open(base=own)
    catalog.ingest(small_archive.inventory, source_root=small_archive.source_root, progress=False)
    files = catalog.total_files()
    planned = catalog.compact(dry_run=True)
    assert planned.buckets_compacted > 0 and catalog.total_files() == files
    done = catalog.compact()
    assert done.buckets_compacted == planned.buckets_compacted and catalog.total_files() < files
    assert catalog.audit(small_archive.inventory, source_root=small_archive.source_root).good
    gone = catalog.expire(older_than=dt.timedelta(seconds=1), dry_run=True)
    assert gone.dry_run
    index = catalog.index_build()
    assert index.entries == 120 and catalog.index_check()
    removed = catalog.garbage_collect(small_archive.inventory, dry_run=True, source_root=small_archive.source_root)
    assert removed.objects["removed"] == 0


def test_an_audit_says_what_is_missing(own, small_archive):
    findings = ec.open(base=own).audit(small_archive.inventory, source_root=small_archive.source_root)
    assert findings.good is False and findings.findings["missing"] == 60


def test_compact_warehouse_counts_the_files_of_the_whole_warehouse(own, small_archive):
    catalog = ec.open(base=own)
    files = catalog.total_files()
    idle = compact_warehouse(own / "warehouse", own / "earthcatalog.db")
    assert idle == {"buckets_scanned": files, "buckets_compacted": 0, "files_before": files, "files_after": files}
    catalog.ingest(small_archive.inventory, source_root=small_archive.source_root, progress=False)
    before = catalog.total_files()
    command = [
        sys.executable,
        "-m",
        "earthcatalog.maintenance.compact",
        "--warehouse",
        own / "warehouse",
        "--catalog",
        own / "earthcatalog.db",
        "--threshold",
        "2",
        "--use-lock",
    ]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    counts = dict(line.split() for line in done.stdout.splitlines())
    catalog.refresh()
    assert (int(counts["files_before"]), int(counts["files_after"])) == (before, catalog.total_files())


def test_the_lock_excludes_others_and_is_taken_over_by_runs_of_this_process(own, small_archive):
    catalog = ec.open(base=own)
    with catalog.lock("maintenance") as lock:
        assert lock.record["owner"] == "maintenance"
        command = [
            sys.executable,
            "-c",
            "import sys, earthcatalog as ec; ec.open(base=sys.argv[1]).compact()",
            str(own),
        ]
        other = subprocess.run(command, capture_output=True, text=True)
        assert other.returncode == 1 and "CatalogLocked" in other.stderr and "maintenance" in other.stderr
        with pytest.raises(ec.CatalogLocked):
            catalog.lock("another").acquire()
        catalog.ingest(small_archive.inventory, source_root=small_archive.source_root, progress=False)
        assert lock.record is not None
    assert lock.record is None and catalog.unique_item_count() == 120
    lock.release()
    catalog.compact()


def test_a_lock_needs_a_place_and_an_owner(tmp_path):
    with pytest.raises(ValueError, match="store"):
        ec.S3Lock(owner="x")
    with pytest.raises(ValueError, match="owner"):
        ec.S3Lock(owner="", store=tmp_path)
    with pytest.raises(ValueError, match="ttl_hours"):
        ec.S3Lock(owner="x", ttl_hours=0, store=tmp_path)
    with pytest.raises(ValueError, match="catalog and store"):
        ec.S3Lock(owner="x", store=tmp_path, catalog=tmp_path / "c.db")


def test_a_lock_of_a_store_alone_excludes(tmp_path):
    store_config.set_store(tmp_path)
    with ec.S3Lock(owner="first") as lock:
        assert lock.uri == f"{tmp_path}/catalog.db.lock"
        with pytest.raises(RuntimeError) as raised:
            ec.S3Lock(owner="second", store=tmp_path, key="catalog.db.lock").acquire()
        assert isinstance(raised.value, errors.CatalogLocked)
    ec.S3Lock(owner="second", store=tmp_path, key="catalog.db.lock").acquire()


def test_a_stored_catalog_is_downloaded_changed_and_stored_unless_somebody_was_first(tmp_path):
    import obstore.store

    for store in (obstore.store.MemoryStore(), obstore.store.LocalStore(str(tmp_path / "s"), mkdir=True)):
        mine, theirs = str(tmp_path / "mine.db"), str(tmp_path / "theirs.db")
        download_catalog(mine, store, "catalog.db")
        assert not (tmp_path / "mine.db").exists()
        (tmp_path / "mine.db").write_bytes(b"one")
        upload_catalog(mine, store, "catalog.db")
        download_catalog(theirs, store, "catalog.db")
        assert (tmp_path / "theirs.db").read_bytes() == b"one"
        (tmp_path / "theirs.db").write_bytes(b"two")
        upload_catalog(theirs, store, "catalog.db")
        with pytest.raises(errors.ConflictError, match="somebody else"):
            upload_catalog(mine, store, "catalog.db")
        (tmp_path / "third.db").write_bytes(b"three")
        with pytest.raises(ValueError, match="was not downloaded"):
            upload_catalog(str(tmp_path / "third.db"), store, "catalog.db")
        upload_catalog(str(tmp_path / "third.db"), store, "catalog.db", force=True)
        for name in ("mine.db", "theirs.db", "third.db"):
            (tmp_path / name).unlink()


def test_a_configured_store_holds_the_catalog_and_a_copy_stays_at_the_path(small_archive, tmp_path):
    from earthcatalog.pipelines.backfill import run_backfill

    store_config.set_store(tmp_path / "store")
    local = tmp_path / "local.db"
    run = {
        "inventory_path": small_archive.inventory,
        "catalog_path": local,
        "warehouse_path": tmp_path / "w",
        "source_root": small_archive.source_root,
        "progress": False,
    }
    run_backfill(**run)
    assert (tmp_path / "store/catalog.db").read_bytes() == local.read_bytes()
    assert ec.open().unique_item_count() == ec.open(catalog=local).unique_item_count() == 120
    run_backfill(**{**run, "catalog_path": tmp_path / "alone.db", "warehouse_path": tmp_path / "w2"}, upload=False)
    assert ec.open(catalog=tmp_path / "alone.db").snapshot_id != ec.open().snapshot_id


def test_a_table_is_created_for_pyiceberg_and_filled_by_a_run(small_archive, tmp_path, small_contents):
    from pyiceberg.catalog.sql import SqlCatalog

    from earthcatalog.catalog import FULL_NAME, ICEBERG_SCHEMA, PARTITION_SPEC

    table = Table(tmp_path / "t")
    catalog = SqlCatalog("earthcatalog", uri=f"sqlite:///{table.catalog}", warehouse=f"file://{table.warehouse}")
    made = get_or_create(catalog, config.GridConfig(resolution=1))
    assert made.name() == tuple(FULL_NAME.split(".")) == get_or_create(catalog).name()
    assert made.schema().column_names == ICEBERG_SCHEMA.column_names and len(ICEBERG_SCHEMA.fields) == 31
    assert [field.name for field in PARTITION_SPEC.fields] == ["grid_partition", "year"]
    assert made.properties["earthcatalog.catalog"] == f"file://{table.catalog}", "the core's properties"
    with pytest.raises(ValueError, match="sqlite:///<path>"):
        get_or_create(SqlCatalog("earthcatalog", uri="sqlite://", warehouse=f"file://{tmp_path}/x"))
    with pytest.raises(errors.UnsupportedError, match="s2"):
        get_or_create(
            SqlCatalog("earthcatalog", uri="sqlite://", warehouse=f"file://{tmp_path}/x"), config.GridConfig(type="s2")
        )
    catalog.close()
    from earthcatalog.pipelines.backfill import run_backfill

    run_backfill(
        small_archive.inventory,
        table.catalog,
        warehouse_path=table.warehouse,
        progress=False,
        source_root=small_archive.source_root,
    )
    assert table.contents().cast(small_contents.schema).equals(small_contents)


def test_older_module_names_are_the_same_modules():
    from earthcatalog.core import catalog, hash_index, lock, partitioner, transform
    from earthcatalog.core import store_config as older

    assert catalog.EarthCatalog is ec.EarthCatalog and lock.S3Lock is ec.S3Lock
    assert older.set_store is store_config.set_store
    assert callable(hash_index.hash_id) and callable(transform.fan_out) and callable(partitioner.build_partitioner)
    assert maintenance.__doc__


def test_an_inventory_to_try_things_on_is_written(small_archive, tmp_path):
    from earthcatalog.tools.make_test_inventory import main

    output = tmp_path / "inventory.csv"
    assert main(["--prefix", str(small_archive.folder), "--limit", "7", "--output", str(output)]) == 0
    lines = output.read_text().splitlines()
    assert lines[0] == "bucket,key" and len(lines) == 8
    assert all((small_archive.folder / line.replace(",", "/", 1)).exists() for line in lines[1:])
    assert main(["--prefix", str(tmp_path / "nothing"), "--output", str(output)]) == 1
    shutil.rmtree(tmp_path, ignore_errors=True)
