"""run_backfill in this process, and its phases one by one."""

import obstore.store
import pytest

from conftest import Table
from earthcatalog import errors
from earthcatalog.partitioner import H3Partitioner
from earthcatalog.pipelines import backfill


@pytest.fixture
def arguments(small_archive, table):
    return {
        "inventory_path": small_archive.inventory,
        "catalog_path": table.catalog,
        "chunk_size": 50,
        "source_root": small_archive.source_root,
        "progress": False,
    }


def run(arguments, table, shape, **more):
    if shape == "direct":
        return backfill.run_backfill(**{**arguments, **more}, warehouse_path=table.warehouse)
    return backfill.run_backfill(
        **{"h3_resolution": 1, **arguments, **more},
        staging_store=obstore.store.LocalStore(str(table.folder)),
        staging_prefix="staging",
        warehouse_root=table.warehouse,
    )


@pytest.mark.parametrize("shape", ["direct", "staged"])
@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_the_table_is_that_of_the_command_line(arguments, table, small_contents, shape, scheduler):
    report = run(arguments, table, shape, scheduler=scheduler, n_workers=2)
    assert table.contents().equals(small_contents)
    assert report["source_items"] == report["written_items"] == 120 and report["pending"] == 0


def test_the_direct_shape_takes_resolution_1_for_a_new_table_and_the_staged_one_refuses(arguments, table):
    with pytest.raises(ValueError, match="h3_resolution|resolution must be given"):
        run(arguments, table, "staged", h3_resolution=None)
    assert not table.exists()
    run(arguments, table, "direct")
    assert table.load().properties["earthcatalog.grid.resolution"] == "1"


def test_a_table_with_rows_is_neither_replaced_nor_doubled_unasked(arguments, table, small_contents):
    run(arguments, table, "direct")
    with pytest.raises(FileExistsError) as raised:
        run(arguments, table, "direct", chunk_size=60)
    assert isinstance(raised.value, errors.TableExistsError) and "--" not in str(raised.value)
    run(arguments, table, "direct", delta=True)
    assert table.contents().equals(small_contents)


def test_limit_zero_means_all(arguments, table, small_contents):
    run(arguments, table, "direct", limit=0)
    assert table.contents().equals(small_contents)


def phases(store, warehouse, archive, partitioner, *, catalog, prefix="P", delta=False):
    """The phases as the specification's own run_backfill calls them."""
    keys = backfill.write_chunks(
        inventory_path=str(archive.inventory),
        staging_store=store,
        staging_prefix=f"{prefix}/chunks",
        chunk_size=50,
        source_root=archive.source_root,
    )
    chunks = [
        backfill.ingest_chunk(
            chunk_key=key,
            staging_store=store,
            staging_prefix=f"{prefix}/staging",
            pending_prefix=f"{prefix}/pending_chunks",
            partitioner=partitioner,
            fetch_concurrency=16,
        )
        for key in keys
    ]
    buckets = dict.fromkeys(tuple(key.split("/")[-3:-1]) for chunk in chunks for key in chunk["ndjson_keys"])
    compact = backfill.compact_cell_year_delta if delta else backfill.compact_cell_year
    more = {"catalog_path": catalog} if delta else {}
    compacted = [
        compact(
            cell=cell,
            year=year,
            staging_store=store,
            staging_prefix=f"{prefix}/staging",
            compact_rows=100_000,
            warehouse_store=warehouse,
            **more,
        )
        for cell, year in buckets
    ]
    return keys, chunks, compacted


def test_the_phases_one_by_one_make_the_same_table(small_archive, table, small_contents):
    store = obstore.store.LocalStore(str(table.folder / "store"), mkdir=True)
    warehouse = obstore.store.LocalStore(str(table.warehouse), mkdir=True)
    keys, chunks, compacted = phases(
        store, warehouse, small_archive, H3Partitioner(resolution=1), catalog=table.catalog
    )
    assert keys == [f"P/chunks/chunk_{number:06d}.parquet" for number in range(3)]
    assert [chunk["chunk_key"] for chunk in chunks] == keys
    assert sum(chunk["source_items"] for chunk in chunks) == sum(chunk["fetched_items"] for chunk in chunks) == 120
    assert all(chunk["fetch_failures"] == 0 for chunk in chunks)
    assert all(chunk["groups_written"] == len(chunk["ndjson_keys"]) for chunk in chunks)
    assert sum(items for chunk in chunks for items in chunk["fan_out_counter"].values()) == 120
    assert sum(one["output_rows"] for one in compacted) == sum(one["unique_items"] for one in compacted) == 120
    assert sum(one["input_items"] for one in compacted) == 120
    report = backfill.register_and_cleanup(
        catalog_path=str(table.catalog),
        warehouse_root=str(table.warehouse),
        staging_store=store,
        staging_prefix="P",
        warehouse_store=warehouse,
        h3_resolution=1,
        upload=True,
    )
    assert report.rows == 120
    assert table.contents().equals(small_contents)


def test_the_keys_that_a_chunk_names_are_there(small_archive, table):
    folder = table.folder / "store"
    store = obstore.store.LocalStore(str(folder), mkdir=True)
    _, chunks, _ = phases(store, table.warehouse, small_archive, H3Partitioner(resolution=1), catalog=table.catalog)
    named = [key for chunk in chunks for key in chunk["ndjson_keys"]]
    assert named and all((folder / key).exists() for key in named)


def test_the_first_chunk_names_the_grid_when_nobody_did_before(small_archive, table):
    phases(table.folder, table.warehouse, small_archive, H3Partitioner(resolution=2), catalog=table.catalog)
    with pytest.raises(errors.EarthCatalogError, match="resolution"):
        backfill.ingest_chunk(
            "P/chunks/chunk_000000.parquet", table.folder, "P/staging", "P/pending_chunks", H3Partitioner(3)
        )
    backfill.register_and_cleanup(table.catalog, table.warehouse, table.folder, "P")
    assert table.load().properties["earthcatalog.grid.resolution"] == "2"


def test_a_delta_by_phases_adds_nothing_twice(small_archive, table, small_contents):
    phases(table.folder, table.warehouse, small_archive, H3Partitioner(resolution=1), catalog=table.catalog)
    backfill.register_and_cleanup(table.catalog, table.warehouse, table.folder, "P")
    _, _, compacted = phases(
        table.folder,
        table.warehouse,
        small_archive,
        H3Partitioner(resolution=1),
        catalog=table.catalog,
        prefix="Q",
        delta=True,
    )
    names = [name for one in compacted for name in one["output_files"]]
    backfill.register_delta(
        catalog_path=table.catalog,
        warehouse_root=table.warehouse,
        new_parquet_paths=names,
        staging_store=table.folder,
        staging_prefix="Q",
        h3_resolution=1,
    )
    assert table.contents().equals(small_contents)


def test_a_file_that_is_not_there_cannot_be_registered(small_archive, table):
    phases(table.folder, table.warehouse, small_archive, H3Partitioner(resolution=1), catalog=table.catalog, delta=True)
    with pytest.raises(errors.InvalidDataError, match="new_parquet_paths: x.parquet"):
        backfill.register_delta(table.catalog, table.warehouse, ["x.parquet"], table.folder, "P")
    assert not table.exists()


def test_a_larger_limit_goes_on_in_new_chunks(small_archive, tmp_path):
    arguments = (small_archive.inventory, tmp_path, "P/chunks", 50)
    assert len(backfill.write_chunks(*arguments, limit=50, source_root=small_archive.source_root)) == 1
    assert len(backfill.write_chunks(*arguments, source_root=small_archive.source_root)) == 3


def test_what_is_staged_is_only_removed_when_it_is_asked_for(small_archive, tmp_path):
    backfill.write_chunks(small_archive.inventory, tmp_path, "P/chunks", 50, source_root=small_archive.source_root)
    with pytest.raises(ValueError, match="not committed"):
        backfill.cleanup_staging(tmp_path, "P")
    assert isinstance(backfill.cleanup_staging(tmp_path, "P", restart=True), int)
    assert not [path for path in (tmp_path / "P").rglob("*") if path.is_file()]


def test_the_warehouse_may_be_a_store_alone(arguments, tmp_path, small_contents):
    table = Table(tmp_path / "other")
    warehouse = obstore.store.LocalStore(str(table.warehouse), mkdir=True)
    backfill.run_backfill(
        **{**arguments, "catalog_path": table.catalog},
        staging_store=table.staging,
        warehouse_store=warehouse,
        partitioner=H3Partitioner(1),
    )
    assert table.contents().equals(small_contents)
