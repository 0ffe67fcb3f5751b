"""Other engines read the table that `incremental` made, from local files and from the S3 server."""

import json
import pathlib
import shutil

import duckdb
import pytest
from conftest import ACCESS_KEY, BUCKET, SECRET_KEY, Archive, S3Archive, S3Table, Table, incremental


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


def assert_cell_and_date_prune(made):
    """A filter by cell and date opens few files and loses no row."""
    table = made.load()
    everything = table.scan(selected_fields=("id", "grid_partition", "datetime")).to_arrow().to_pylist()
    in_time = [row for row in everything if 2017 <= row["datetime"].year < 2020]
    cell = in_time[0]["grid_partition"]
    wanted = {row["id"] for row in in_time if row["grid_partition"] == cell}
    scan = table.scan(row_filter=f"grid_partition == '{cell}' and datetime >= '2017-01-01T00:00:00+00:00' "
                                 "and datetime < '2020-01-01T00:00:00+00:00'")
    assert 0 < len(list(scan.plan_files())) <= 3 < made.report["files"]
    assert set(scan.to_arrow().column("id").to_pylist()) == wanted


GREENLAND = (-50, 66, -40, 72)


def ids_in_greenland(connection, files):
    return {identifier for identifier, in connection.execute(
        f"SELECT DISTINCT id FROM read_parquet('{files}', hive_partitioning=false) "
        f"WHERE ST_Intersects(geometry, ST_MakeEnvelope{GREENLAND})").fetchall()}


def expected_in_greenland(objects):
    from shapely.geometry import box, shape

    items = [json.loads(path.read_text()) for path in objects]
    return {item["id"] for item in items if shape(item["geometry"]).intersects(box(*GREENLAND))}


class TestPyIceberg:
    def test_counts_agree_with_the_report(self, local_table, archive):
        rows = local_table.load().scan(selected_fields=("id", "grid_primary")).to_arrow()
        assert rows.num_rows == local_table.report["rows"]
        assert sum(rows.column("grid_primary").to_pylist()) == local_table.report["written_items"] == len(archive.objects())

    def test_a_filter_by_cell_and_date_prunes_files_and_loses_nothing(self, local_table):
        assert_cell_and_date_prune(local_table)

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
        found = ids_in_greenland(connect_duckdb("spatial"), f"{local_table.warehouse}/grid_partition=*/year=*/*.parquet")
        assert found == expected_in_greenland(archive.objects()) != set()


class TestRegions:
    def test_items_outside_every_region_are_found_by_their_geometry_in_none(self, earthcatalog, archive, tmp_path):
        """What docs/format/warehouse_format.md tells readers: the cells of an area and __none__, then the geometry of each row."""
        from shapely.geometry import box, mapping

        region = {"type": "Feature", "properties": {"name": "south"}, "geometry": mapping(box(-50, 60, -40, 69))}
        boundaries = tmp_path / "regions.geojson"
        boundaries.write_text(json.dumps({"type": "FeatureCollection", "features": [region]}))
        table = Table(tmp_path / "table")
        earthcatalog.json(*incremental(table, archive, "--limit", 500, "--grid", "geojson", "--boundaries", boundaries,
                                       "--id-field", "name"))
        connection = connect_duckdb("spatial")
        south, none = (ids_in_greenland(connection, f"{table.warehouse}/grid_partition={cell}/year=*/*.parquet")
                       for cell in ("south", "__none__"))
        assert none - south and south - none
        keys = [line.split(",")[1] for line in archive.inventory.read_text().splitlines()[1:501]]
        assert south | none == expected_in_greenland(archive.folder / BUCKET / key for key in keys)


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
    """Items, catalog and warehouse on the S3 server."""

    @pytest.fixture(scope="class")
    @classmethod
    def s3_archive(cls, s3_earthcatalog, earthcatalog, tmp_path_factory):
        """500 items in the bucket, and the same ones in a folder to compare with."""
        made = ("generate", "--items", 500, "--seed", 11, "--out")
        s3_earthcatalog.run(*made, f"s3://{BUCKET}/readers", check=True)
        archive = S3Archive("readers")
        archive.copy = Archive(tmp_path_factory.mktemp("copy"))
        earthcatalog.run(*made, archive.copy.folder, check=True)
        return archive

    @pytest.fixture(scope="class")
    @classmethod
    def s3_table(cls, s3_server, s3_earthcatalog, s3_archive, tmp_path_factory):
        table = S3Table(s3_server, "readers", tmp_path_factory.mktemp("readers"))
        table.report = s3_earthcatalog.json(*incremental(table, s3_archive))
        assert table.report["written_items"] == 500
        return table

    @pytest.fixture(scope="class")
    @classmethod
    def duckdb_on_s3(cls, s3_server):
        connection = connect_duckdb("avro", "httpfs", "iceberg", "spatial")
        connection.execute(f"CREATE SECRET (TYPE s3, KEY_ID '{ACCESS_KEY}', SECRET '{SECRET_KEY}', REGION 'us-east-1', "
                           f"ENDPOINT '{s3_server.endpoint.removeprefix('http://')}', URL_STYLE 'path', USE_SSL false)")
        return connection

    def test_pyiceberg_reads_it(self, s3_table):
        rows = s3_table.load().scan(selected_fields=("id", "grid_primary")).to_arrow()
        assert rows.num_rows == s3_table.report["rows"]
        assert sum(rows.column("grid_primary").to_pylist()) == 500

    def test_pyiceberg_prunes_files_by_cell_and_date(self, s3_table):
        assert_cell_and_date_prune(s3_table)

    def test_pyiceberg_appends_and_our_next_commit_lies_on_top(self, s3_server, s3_earthcatalog, s3_archive, tmp_path):
        table = S3Table(s3_server, "appended", tmp_path)
        first = s3_earthcatalog.json(*incremental(table, s3_archive, "--limit", 100))
        theirs = table.load()
        row = theirs.scan(limit=1).to_arrow()
        theirs.append(row.set_column(0, row.schema.field(0), [["appended-by-pyiceberg"]]))
        table.store_copy()
        second = s3_earthcatalog.json(*incremental(table, s3_archive))
        assert (second["unchanged"], second["written_items"]) == (100, 400)
        rows = table.load().scan(selected_fields=("id",)).to_arrow().column("id").to_pylist()
        assert len(rows) == first["rows"] + 1 + second["rows"]
        assert rows.count("appended-by-pyiceberg") == 1

    def test_duckdb_scans_the_folder_and_the_metadata_file(self, s3_table, duckdb_on_s3):
        for place in (f"{s3_table.warehouse}/earthcatalog/stac_items", s3_table.load().metadata_location):
            counts = duckdb_on_s3.execute(
                f"SELECT count(*), count(*) FILTER (WHERE grid_primary) FROM iceberg_scan('{place}')").fetchone()
            assert counts == (s3_table.report["rows"], 500)

    def test_duckdb_finds_what_intersects_a_box_in_the_files(self, s3_table, s3_archive, duckdb_on_s3):
        found = ids_in_greenland(duckdb_on_s3, f"{s3_table.warehouse}/grid_partition=*/year=*/*.parquet")
        assert found == expected_in_greenland(s3_archive.copy.objects()) != set()

    def test_geopandas_reads_geometry_and_crs(self, s3_server, s3_table):
        import geopandas

        path = next(iter(s3_table.load().scan().plan_files())).file.file_path
        frame = geopandas.read_parquet(path.removeprefix("s3://"), filesystem=s3_server.file_system())
        assert frame.crs.to_string() == "OGC:CRS84"
        assert frame.geometry.is_valid.all() and len(frame) > 0

    def test_a_second_run_finds_everything_unchanged(self, s3_table, s3_archive, s3_earthcatalog):
        report = s3_earthcatalog.json(*incremental(s3_table, s3_archive))
        assert report["unchanged"] == 500 and report["written_items"] == 0 and report["bytes_fetched"] == 0
