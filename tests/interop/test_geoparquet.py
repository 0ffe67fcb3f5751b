"""Files of the C++ writer, opened by other readers: pyarrow, GeoPandas, DuckDB, PyIceberg, geoparquet-validator.

Run by ctest, which names the program that writes the files in GEOPARQUET_SAMPLES; or by hand:
    GEOPARQUET_SAMPLES=build/bin/geoparquet_samples .deps/test/bin/python -m pytest tests/interop/test_geoparquet.py
"""

import importlib
import json
import os
import pathlib
import subprocess

import duckdb
import geopandas
import geoparquet_validator
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import shapely
from pyiceberg.conversions import from_bytes
from pyiceberg.io.pyarrow import pyarrow_to_schema
from pyiceberg.utils.truncate import truncate_upper_bound_text_string

PROGRAM = os.environ.get("GEOPARQUET_SAMPLES")
pytestmark = pytest.mark.skipif(not PROGRAM, reason="GEOPARQUET_SAMPLES names no program")

NAMES = ["one", "tiny", "small", "groups", "large", "gaps", "odd", "antimeridian", "nowhere"]
UNBOUNDED = {"geometry", "assets", "links", "bbox", "stac_extensions", "stac_extra"}


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("geoparquet")
    subprocess.run([PROGRAM, str(path)], check=True)
    return path


@pytest.fixture(scope="session")
def said(folder):
    return json.loads((folder / "samples.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_validator_finds_the_file_conformant(folder, name):
    report = geoparquet_validator.check(str(folder / f"{name}.parquet"))
    outcomes = {o["id"]: o["status"] for o in report["outcomes"]}
    assert geoparquet_validator.failed(report, "core") == []
    assert outcomes["/conf/core/wkb"] == "pass"
    if name == "nowhere":
        assert outcomes["/conf/covering/keys"] == "skip"
        return
    assert geoparquet_validator.failed(report, "covering") == []
    assert geoparquet_validator.failed(report, "distribution") == []
    # Coordinates past longitude 180 fit no box of OGC:CRS84: the file gives none.
    assert outcomes["/conf/core/bbox-extent"] == ("skip" if name == "antimeridian" else "pass")
    assert all(status == "pass" for test, status in outcomes.items() if test.startswith("/conf/covering/"))
    assert outcomes["/conf/distribution/geospatial-statistics"] == "pass"


def leaves(table):
    """{field id: (path, the column's values)} of all leaves."""
    found = {}
    for field, column in zip(table.schema, table.columns):
        if pa.types.is_struct(field.type):
            for i, member in enumerate(field.type):
                values = pc.struct_field(column, [i])
                found[int(member.metadata[b"PARQUET:field_id"])] = (f"{field.name}.{member.name}", values)
        else:
            found[int(field.metadata[b"PARQUET:field_id"])] = (field.name, column)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_manifest_figures_are_true(folder, said, name):
    path = folder / f"{name}.parquet"
    file, metadata, table = said[path.name], pq.read_metadata(path), pq.read_table(path)
    schema = pyarrow_to_schema(table.schema)
    assert file["record_count"] == table.num_rows
    assert file["file_size_in_bytes"] == path.stat().st_size
    assert file["split_offsets"] == [metadata.row_group(i).column(0).data_page_offset for i in range(metadata.num_row_groups)]
    for field_id, (column, values) in leaves(table).items():
        key = str(field_id)
        assert file["value_counts"][key] == table.num_rows
        assert file["null_value_counts"][key] == values.null_count
        if pa.types.is_floating(values.type):
            assert file["nan_value_counts"][key] == (pc.sum(pc.is_nan(values)).as_py() or 0)
            values = values.filter(pc.invert(pc.is_nan(values)))
        values = values.drop_null()
        if column in UNBOUNDED or len(values) == 0:
            assert key not in file["lower_bounds"] and key not in file["upper_bounds"]
            continue
        bound = {end: from_bytes(schema.find_type(field_id), bytes.fromhex(file[f"{end}_bounds"][key])) for end in ("lower", "upper")}
        least, most = min(values.to_pylist()), max(values.to_pylist())
        if pa.types.is_string(values.type):
            assert bound["lower"] == least[:16]
            assert bound["upper"] == (most if len(most) <= 16 else truncate_upper_bound_text_string(most, 16))
        elif pa.types.is_timestamp(values.type):
            as_micros = values.cast(pa.int64())
            assert (bound["lower"], bound["upper"]) == (pc.min(as_micros).as_py(), pc.max(as_micros).as_py())
        else:
            assert (bound["lower"], bound["upper"]) == (least, most)


@pytest.mark.parametrize("name", ["tiny", "groups", "odd"])
def test_geopandas_reads_geometry_and_crs(folder, name):
    frame = geopandas.read_parquet(folder / f"{name}.parquet")
    assert frame.geometry.name == "geometry"
    assert frame.crs.to_authority() == ("OGC", "CRS84")
    present = frame[frame.geometry.notna()]
    # GeoPandas drops the covering column, whose boxes must be null where the geometry is, and hold it elsewhere.
    boxes = pq.read_table(folder / f"{name}.parquet", columns=["geometry_bbox"])["geometry_bbox"].to_pylist()
    assert [box is None for box in boxes] == list(frame.geometry.isna())
    for geometry, box in zip(frame.geometry, boxes):
        assert box is None or shapely.box(*box.values()).buffer(1e-9).covers(geometry)
    near = geopandas.read_parquet(folder / f"{name}.parquet", bbox=(-46, 66, -45, 67))
    assert len(near) < len(frame)
    assert set(near.id) >= set(present[present.intersects(shapely.box(-46, 66, -45, 67))].id)


def test_geopandas_reads_several_files_as_one(folder):
    names = [folder / f"{name}.parquet" for name in ("tiny", "small")]
    frame = geopandas.read_parquet(names, partitioning=None)
    assert len(frame) == sum(pq.read_metadata(name).num_rows for name in names)
    assert frame.crs.to_authority() == ("OGC", "CRS84")


@pytest.fixture(scope="session")
def database():
    """DuckDB with the spatial extension of the PyPI package; nothing is downloaded."""
    connection = duckdb.connect()
    for place in importlib.import_module("duckdb_ext").__path__:
        for extension in pathlib.Path(place).glob("extensions/*/*/spatial.duckdb_extension"):
            connection.load_extension(str(extension))
            return connection
    pytest.fail("no spatial.duckdb_extension beside duckdb_ext")


@pytest.mark.parametrize("name", NAMES)
def test_duckdb_reads_all_values(folder, database, name):
    path = folder / f"{name}.parquet"
    columns = [f.name for f in pq.read_schema(path) if f.name != "geometry"]
    query = f"SELECT {', '.join(chr(34) + c + chr(34) for c in columns)} FROM read_parquet('{path}')"
    theirs = database.execute(query).arrow()
    theirs = theirs.read_all() if hasattr(theirs, "read_all") else theirs
    ours = pq.read_table(path, columns=columns)
    for column in columns:
        assert [str(v) for v in theirs[column].to_pylist()] == [str(v) for v in ours[column].to_pylist()], column


def test_duckdb_finds_what_intersects(folder, database):
    path = folder / "large.parquet"
    box = shapely.box(-46, 66, -45.5, 66.5)
    found = database.execute(
        f"SELECT id FROM read_parquet('{path}') WHERE ST_Intersects(geometry, ST_GeomFromText('{box.wkt}'))"
        " AND geometry_bbox.xmin <= -45.5 AND geometry_bbox.xmax >= -46"
        " AND geometry_bbox.ymin <= 66.5 AND geometry_bbox.ymax >= 66"
    ).fetchall()
    frame = geopandas.read_parquet(path)
    assert {row[0] for row in found} == set(frame[frame.intersects(box)].id) != set()


def test_duckdb_skips_row_groups_by_the_bloom_filter(folder, database):
    path = folder / "groups.parquet"
    ids = pq.read_table(path, columns=["id"])["id"].to_pylist()
    for wanted in (0, 700, 1899):
        excluded = database.execute(
            f"SELECT bloom_filter_excludes FROM parquet_bloom_probe('{path}', 'id', '{ids[wanted]}') ORDER BY row_group_id"
        ).fetchall()
        assert [row[0] for row in excluded].index(False) == wanted // 500
        assert len(excluded) == 4 and sum(row[0] for row in excluded) >= 2


def test_pyarrow_verifies_page_checksums_and_prunes_pages(folder):
    path = folder / "large.parquet"
    table = pq.read_table(path, page_checksum_verification=True)
    assert table.num_rows == 30_000
    table.validate(full=True)
    pairs = list(zip(table["platform"].to_pylist(), table["datetime"].to_pylist()))
    assert pairs == sorted(pairs)


def test_pyiceberg_takes_the_file_with_its_field_ids(folder):
    schema = pyarrow_to_schema(pq.read_schema(folder / "small.parquet"))
    assert [f.field_id for f in schema.fields] == list(range(1, 32))
    assert [f.field_id for f in schema.find_type("geometry_bbox").fields] == [32, 33, 34, 35]
    assert str(schema.find_type("datetime")) == "timestamptz"


def test_coordinates_past_the_antimeridian_stay_as_they_are(folder):
    frame = geopandas.read_parquet(folder / "antimeridian.parquet")
    assert frame.crs.to_authority() == ("OGC", "CRS84")
    assert frame.total_bounds[2] == 180.5
