"""Other engines read the table that `incremental` made, from local files and from the S3 server."""

import json
import pathlib
import shutil

import duckdb
import pytest
from conftest import ACCESS_KEY, BUCKET, SECRET_KEY, Table, incremental



def connect_duckdb(*extensions):
    """DuckDB with extensions out of their PyPI packages: nothing is downloaded."""
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true", "autoinstall_known_extensions": "false"})
    root = pathlib.Path(duckdb.__file__).resolve().parent.parent
    for name in extensions:
        found = sorted(root.rglob(f"{name}.duckdb_extension"))
        assert found, f"the PyPI package duckdb-ext-{name} has no extension"
        connection.execute(f"LOAD '{found[0]}'")
    return connection


@pytest.fixture(scope="module")
def local_table(earthcatalog, archive, tmp_path_factory):
    table = Table(tmp_path_factory.mktemp("table"))
    table.report = earthcatalog.json(*incremental(table, archive))
    return table


def expected_items(archive):
    return [json.loads(path.read_text()) for path in archive.objects()]


class TestPyIceberg:
    def test_counts_agree_with_the_report(self, local_table, archive):
        rows = local_table.load().scan(selected_fields=("id", "grid_primary")).to_arrow()
        assert rows.num_rows == local_table.report["rows"]
        assert sum(rows.column("grid_primary").to_pylist()) == local_table.report["written_items"] == len(archive.objects())

    def test_a_filter_by_cell_and_date_prunes_files_and_loses_nothing(self, local_table):
        table = local_table.load()
        everything = table.scan(selected_fields=("id", "grid_partition", "datetime")).to_arrow().to_pylist()
        cell = everything[0]["grid_partition"]
        wanted = {row["id"] for row in everything
                  if row["grid_partition"] == cell and 2017 <= row["datetime"].year < 2020}
        scan = table.scan(row_filter=f"grid_partition == '{cell}' and datetime >= '2017-01-01T00:00:00+00:00' "
                                     "and datetime < '2020-01-01T00:00:00+00:00'")
        files = list(scan.plan_files())
        assert 0 < len(files) <= 3 < local_table.report["files"]
        assert set(scan.to_arrow().column("id").to_pylist()) == wanted

    def test_its_append_and_our_next_commit_on_top(self, earthcatalog, archive, tmp_path):
        table = Table(tmp_path)
        first = earthcatalog.json(*incremental(table, archive, "--limit", 1000))
        theirs = table.load()
        row = theirs.scan(limit=1).to_arrow()
        renamed = row.set_column(0, row.schema.field(0), [["appended-by-pyiceberg"]])
        theirs.append(renamed)
        second = earthcatalog.json(*incremental(table, archive))
        assert second["unchanged"] == 1000
        assert second["written_items"] == 1000
        rows = table.load().scan(selected_fields=("id",)).to_arrow().column("id").to_pylist()
        assert len(rows) == first["rows"] + 1 + second["rows"]
        assert rows.count("appended-by-pyiceberg") == 1


class TestDuckDb:
    def test_iceberg_scan_on_the_folder_and_on_the_metadata_file(self, local_table):
        connection = connect_duckdb("avro", "iceberg")
        folder = f"{local_table.warehouse}/earthcatalog/stac_items"
        for place in (folder, local_table.load().metadata_location.removeprefix("file://")):
            count, primary = connection.execute(
                f"SELECT count(*), count(*) FILTER (WHERE grid_primary) FROM iceberg_scan('{place}')").fetchone()
            assert count == local_table.report["rows"]
            assert primary == local_table.report["written_items"]

    def test_read_parquet_with_st_intersects(self, local_table, archive):
        connection = connect_duckdb("spatial")
        box = "ST_MakeEnvelope(-50, 66, -40, 72)"
        found = connection.execute(
            f"SELECT DISTINCT id FROM read_parquet('{local_table.warehouse}/grid_partition=*/year=*/*.parquet', "
            f"hive_partitioning=false) WHERE ST_Intersects(geometry, {box})").fetchall()
        from shapely.geometry import box as shapely_box, shape

        area = shapely_box(-50, 66, -40, 72)
        wanted = {item["id"] for item in expected_items(archive) if shape(item["geometry"]).intersects(area)}
        assert {row[0] for row in found} == wanted
        assert wanted


class TestAfterExpire:
    """Three states of a table, of which the oldest was removed."""

    @pytest.fixture(scope="class")
    @classmethod
    def expired(cls, earthcatalog, archive, tmp_path_factory):
        table = Table(tmp_path_factory.mktemp("expired"))
        table.states = []
        for limit in (200, 300, 300):
            earthcatalog.json(*incremental(table, archive, "--limit", limit, "--refetch"))
            table.states.append((table.load().current_snapshot().snapshot_id, table.rows()))
        report = earthcatalog.json("expire", *table.arguments, "--older-than", "0s", "--retain-last", 2)
        assert report["snapshots"] == {"before": 3, "removed": 1, "kept": 2}
        assert report["places"]["data"]["removed"]["files"] > 0
        return table

    def test_pyiceberg_reads_the_table_and_travels_to_the_retained_snapshot(self, expired):
        assert expired.rows() == expired.states[-1][1]
        table = expired.load()
        snapshot, rows = expired.states[1]
        columns = ("collection", "id", "grid_partition", "datetime")
        past = table.scan(snapshot_id=snapshot, selected_fields=columns).to_arrow().to_pylist()
        assert sorted((row["collection"], row["id"], row["grid_partition"], row["datetime"].year) for row in past) == rows
        assert table.snapshot_by_id(expired.states[0][0]) is None
        assert [entry.snapshot_id for entry in table.history()] == [state[0] for state in expired.states[1:]]

    def test_duckdb_reads_the_table_and_the_retained_snapshot(self, expired):
        connection = connect_duckdb("avro", "iceberg")
        folder = f"{expired.warehouse}/earthcatalog/stac_items"
        count = connection.execute(f"SELECT count(*) FROM iceberg_scan('{folder}')").fetchone()[0]
        assert count == len(expired.states[-1][1])
        past = connection.execute(f"SELECT count(*) FROM iceberg_scan('{folder}', snapshot_from_id = {expired.states[1][0]})")
        assert past.fetchone()[0] == len(expired.states[1][1])

    def test_pyiceberg_commits_on_top(self, expired):
        table = expired.load()
        row = table.scan(limit=1).to_arrow()
        table.append(row)
        assert len(expired.rows()) == len(expired.states[-1][1]) + 1


class TestAfterRegister:
    def test_duckdb_and_pyiceberg_read_a_table_that_was_made_of_its_data_files(self, earthcatalog, archive, tmp_path):
        table = Table(tmp_path)
        earthcatalog.json(*incremental(table, archive, "--limit", 300))
        rows = table.rows()
        table.catalog.unlink()
        shutil.rmtree(table.warehouse / "earthcatalog")
        earthcatalog.json("register", "--from-warehouse", *table.arguments)
        assert table.rows() == rows
        table.load().append(table.load().scan(limit=1).to_arrow())
        connection = connect_duckdb("avro", "iceberg")
        folder = f"{table.warehouse}/earthcatalog/stac_items"
        assert connection.execute(f"SELECT count(*) FROM iceberg_scan('{folder}')").fetchone()[0] == len(rows)
        newest = table.load().metadata_location.removeprefix("file://")
        assert connection.execute(f"SELECT count(*) FROM iceberg_scan('{newest}')").fetchone()[0] == len(rows) + 1


class TestGeoPandas:
    def test_reads_geometry_and_crs(self, local_table):
        import geopandas

        path = sorted(local_table.warehouse.glob("grid_partition=8*/year=*/*.parquet"))[0]
        frame = geopandas.read_parquet(path)
        assert frame.crs.to_string() == "OGC:CRS84"
        assert frame.geometry.is_valid.all() and len(frame) > 0


class TestOnS3:
    """The same table, items and warehouse on the S3 server."""

    @pytest.fixture(scope="class")
    @classmethod
    def s3_table(cls, s3_earthcatalog):
        base = "s3://test-warehouse/readers"
        s3_earthcatalog.run("generate", "--items", 500, "--seed", 11, "--out", f"s3://{BUCKET}", check=True)
        arguments = ["--catalog", f"{base}/catalog.db", "--warehouse", f"{base}/warehouse"]
        report = s3_earthcatalog.json("incremental", "--inventory", f"s3://{BUCKET}/inventory.csv", *arguments)
        assert report["written_items"] == 500
        return base, arguments, report

    def test_pyiceberg_reads_it(self, s3_server, s3_table, s3_earthcatalog, tmp_path):
        from pyiceberg.table import StaticTable

        base, arguments, report = s3_table
        info = s3_earthcatalog.json("info", *arguments)
        table = StaticTable.from_metadata(info["metadata"], properties={
            "s3.endpoint": s3_server.endpoint, "s3.access-key-id": ACCESS_KEY, "s3.secret-access-key": SECRET_KEY,
            "s3.region": "us-east-1"})
        assert table.scan(selected_fields=("id",)).to_arrow().num_rows == report["rows"]

    def test_duckdb_reads_it(self, s3_server, s3_table, s3_earthcatalog):
        _, arguments, report = s3_table
        info = s3_earthcatalog.json("info", *arguments)
        connection = connect_duckdb("avro", "httpfs", "iceberg")
        connection.execute(f"CREATE SECRET (TYPE s3, KEY_ID '{ACCESS_KEY}', SECRET '{SECRET_KEY}', REGION 'us-east-1', "
                           f"ENDPOINT '{s3_server.endpoint.removeprefix('http://')}', URL_STYLE 'path', USE_SSL false)")
        count, = connection.execute(f"SELECT count(*) FROM iceberg_scan('{info['metadata']}')").fetchone()
        assert count == report["rows"]

    def test_a_second_run_finds_everything_unchanged(self, s3_table, s3_earthcatalog):
        _, arguments, _ = s3_table
        report = s3_earthcatalog.json("incremental", "--inventory", f"s3://{BUCKET}/inventory.csv", *arguments)
        assert report["unchanged"] == 500 and report["written_items"] == 0 and report["bytes_fetched"] == 0
