"""The calls that README and docs of the Python earthcatalog 0.6.1 make, with buckets and paths replaced."""

import duckdb
import pytest
import shapely

import earthcatalog as ec
from conftest import ACCESS_KEY, SECRET_KEY
from earthcatalog import store_config
from earthcatalog.catalog import FULL_NAME, download_catalog
from earthcatalog.config import StorageSettings

from .conftest import generate_in_bucket, wait_until


@pytest.fixture(scope="module")
def base(s3_server, s3_earthcatalog):
    """A table at s3://test-warehouse/peer, as ec.open() expects it."""
    generate_in_bucket(s3_earthcatalog, "peer")
    place = "s3://test-warehouse/peer"
    s3_earthcatalog.run(
        "incremental",
        "--inventory",
        "s3://its-live-data/peer/inventory.csv",
        "--catalog",
        f"{place}/earthcatalog.db",
        "--warehouse",
        f"{place}/warehouse",
        check=True,
    )
    return place


@pytest.fixture
def store(s3_server):
    from obstore.store import S3Store

    return S3Store(
        "test-warehouse",
        endpoint=s3_server.endpoint,
        access_key_id=ACCESS_KEY,
        region="us-east-1",
        secret_access_key=SECRET_KEY,
        client_options={"allow_http": True},
    )


@pytest.fixture
def catalog(store, base):
    return ec.open(store=store, base=base)


def test_open_of_a_store_and_base(catalog):
    assert (catalog.grid_type, catalog.grid_resolution, catalog.unique_item_count()) == ("h3", 1, 120)
    info = catalog.info()
    assert info.total_files(catalog.table) == len(catalog.search_files()) == info.total_files()
    assert info.stats(catalog.table) == catalog.stats()
    assert {"grid_partition", "row_count"} <= set(info.top_cells(catalog.table, limit=5)[0])
    assert catalog.table.name()[-2:] == tuple(FULL_NAME.split("."))
    assert catalog.table.scan().count() == 120


def test_files_of_a_point_and_a_time_are_read_by_duckdb(catalog, s3_server, tmp_path):
    everything = catalog.to_arrow_dataset().to_table(columns=["geometry", "datetime"])
    point = shapely.from_wkb(everything["geometry"][0].as_py()).centroid
    year = everything["datetime"][0].as_py().year
    paths = catalog.search_files(point, start_datetime=f"{year}-01-01", end_datetime=f"{year}-12-31")
    assert paths and all(path.startswith("s3://test-warehouse/peer/warehouse/grid_partition=") for path in paths)
    copies = []
    for number, path in enumerate(paths):
        copies.append(tmp_path / f"{number}.parquet")
        copies[-1].write_bytes(s3_server.get(path.removeprefix("s3://")))
    cells = catalog.cell_list_sql(point)
    query = f"SELECT count(*) FROM read_parquet(?) WHERE grid_partition IN ({cells})"
    (found,) = duckdb.execute(query, [[str(copy) for copy in copies]]).fetchone()
    assert found >= 1


def test_ingest_bulk_ingest_and_compact(store, s3_server, base, dask_client):
    place = "s3://test-warehouse/peer-own"
    settings = {"storage": StorageSettings(endpoint=s3_server.endpoint, region="us-east-1"), "progress": False}
    inventory = "s3://its-live-data/peer/inventory.csv"
    first = ec.ingest(inventory, store=store, base=place, mode="auto", chunk_size=10_000, limit=50, **settings)
    assert (first["items_processed"], first["rows_written"]) == (50, 50) and first["files_registered"] > 0
    catalog = ec.open(store=store, base=place)
    done = catalog.ingest(inventory, mode="delta", chunk_size=10_000, update_hash_index=True, **settings)
    assert done["items_processed"] == 120 and catalog.unique_item_count() == 120
    planned = catalog.compact(threshold=2, dry_run=True)
    assert planned["buckets_scanned"] > 0
    assert catalog.compact(threshold=2)["files_after"] <= planned["files_before"]
    full = catalog.bulk_ingest(
        inventory, mode="full", create_client=lambda: dask_client, ship_credentials=True, **settings
    )
    assert full["rows_written"] == 120 and catalog.unique_item_count() == 120


def test_a_configured_store_and_its_copy(store, base, tmp_path):
    store_config.set_store(store)
    store_config.set_catalog_key("peer/earthcatalog.db")
    store_config.set_lock_key("peer/.lock")
    assert (store_config.get_catalog_key(), store_config.get_lock_key()) == ("peer/earthcatalog.db", "peer/.lock")
    download_catalog(str(tmp_path / "local.db"))
    wait_until((tmp_path / "local.db").exists)
    assert ec.open(catalog=tmp_path / "local.db", storage=ec.open()._storage).unique_item_count() == 120
