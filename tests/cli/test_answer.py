"""search --format, --fields and --out: each format holds the items that were ingested, as independent readers see it."""

import asyncio
import csv
import datetime
import io
import json
import os
import pty
import subprocess

import geopandas
import geoparquet_validator
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rustac
import shapely
from conftest import BINARY, BUCKET, Table, incremental


@pytest.fixture(scope="module")
def archive(earthcatalog, tmp_path_factory):
    return earthcatalog.generate(tmp_path_factory.mktemp("archive"), "--odd-every", 15, "--duplicate-every", 40, items=600, seed=21)


@pytest.fixture(scope="module")
def filled(earthcatalog, archive, tmp_path_factory):
    table = Table(tmp_path_factory.mktemp("table"))
    earthcatalog.json(*incremental(table, archive))
    return table


@pytest.fixture(scope="module")
def items(earthcatalog, filled):
    """The items as `ndjson` has them, by id: test_search.py compares these with the archive."""
    lines = earthcatalog.run("search", *filled.arguments, check=True).stdout.splitlines()
    return {item["id"]: item for item in map(json.loads, lines)}


def answer(earthcatalog, table, format, *arguments):
    """The bytes on standard output."""
    words = [str(BINARY), "search", *table.arguments, "--format", format, *map(str, arguments)]
    process = subprocess.run(words, capture_output=True, env=earthcatalog.environment, timeout=300)
    assert process.returncode == 0, process.stderr
    return process.stdout


def at_terminal(earthcatalog, *arguments):
    """What somebody at a terminal sees, and the exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([str(BINARY), *map(str, arguments)], stdout=theirs, stderr=theirs, env=earthcatalog.environment)
    os.close(theirs)
    seen = b""
    try:
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return seen.decode().replace("\r\n", "\n"), process.wait(timeout=300)


def instant(text):
    time = datetime.datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)


# Fields


def test_fields_leave_parts_out(earthcatalog, filled, items):
    lines = answer(earthcatalog, filled, "ndjson", "--fields", "-assets,-links,-properties.platform").splitlines()
    assert len(lines) == len(items)
    for item in map(json.loads, lines):
        known = items[item["id"]]
        wanted = {key: value for key, value in known.items() if key not in ("assets", "links")}
        if "platform" in wanted.get("properties", {}):
            wanted["properties"] = {key: value for key, value in wanted["properties"].items() if key != "platform"}
        assert item == wanted


def chosen(value, paths):
    """What the paths, lists of keys, choose of an object."""
    kept = {}
    for key, inner in value.items():
        rest = [path[1:] for path in paths if path[0] == key]
        if [] in rest:
            kept[key] = inner
        elif rest and isinstance(inner, dict) and (part := chosen(inner, rest)):
            kept[key] = part
    return kept


def test_fields_choose_parts_within_parts(earthcatalog, filled, items):
    fields = "+id,properties.datetime,percent_valid_pixels,assets.data.href"
    paths = [["id"], ["properties", "datetime"], ["properties", "percent_valid_pixels"], ["assets", "data", "href"]]
    found = [json.loads(line) for line in answer(earthcatalog, filled, "ndjson", "--fields", fields).splitlines()]
    assert {item["id"]: item for item in found} == {id: chosen(item, paths) for id, item in items.items()}


def test_what_is_included_and_excluded_is_left_out(earthcatalog, filled, items):
    lines = answer(earthcatalog, filled, "ndjson", "--fields", "id,properties,-properties.platform", "--max-items", 30).splitlines()
    for item in map(json.loads, lines):
        properties = {key: value for key, value in items[item["id"]]["properties"].items() if key != "platform"}
        assert item == {"id": item["id"], **({"properties": properties})}


# Text


def test_uris_are_the_hrefs_of_assets(earthcatalog, filled, items):
    every = sorted(asset["href"] for item in items.values() for asset in (item.get("assets") or {}).values() if "href" in asset)
    assert sorted(answer(earthcatalog, filled, "uris").decode().splitlines()) == every
    some = sorted(item["assets"]["data"]["href"] for item in items.values() if "data" in (item.get("assets") or {}))
    assert some and sorted(answer(earthcatalog, filled, "uris", "--asset", "data").decode().splitlines()) == some
    none = earthcatalog.run("search", *filled.arguments, "--format", "uris", "--asset", "B99")
    assert none.returncode == 1 and "B99" in none.stderr and "data" in none.stderr


def test_csv_is_read_by_a_csv_reader(earthcatalog, filled, items):
    rows = list(csv.DictReader(io.StringIO(answer(earthcatalog, filled, "csv").decode(), newline="")))
    assert sorted(row["id"] for row in rows) == sorted(items)
    for row in rows:
        item = items[row["id"]]
        geometry = item.get("geometry")
        assert (json.loads(row["geometry"]) if row["geometry"] else None) == geometry or "geometry" in row["stac_extra"]
        if item["properties"].get("datetime") and row["datetime"]:
            assert instant(row["datetime"]) == instant(item["properties"]["datetime"])
        if row["assets"]:
            assert json.loads(row["assets"]) == item["assets"]
    head, *lines = answer(earthcatalog, filled, "csv", "--fields", "id,datetime").decode().splitlines()
    assert head == "id,datetime" and len(lines) == len(items)
    assert answer(earthcatalog, filled, "csv", "--ids", "none such").decode().splitlines() == [",".join(rows[0])]


def test_a_terminal_gets_a_table_with_a_count_and_a_hint(earthcatalog, filled, items):
    seen, code = at_terminal(earthcatalog, "search", *filled.arguments)
    head, *lines = seen.splitlines()
    assert code == 0 and head.split() == ["datetime", "collection", "platform", "id"]
    shown = answer(earthcatalog, filled, "ids").decode().splitlines()[:20]
    assert [line.split()[-1] for line in lines[:20]] == shown
    assert lines[20] == "the first 20 items"
    assert "--token" in lines[21] and "--format ndjson" in lines[22]
    columns = {line.index(id) for line, id in zip(lines, shown)}
    assert len(columns) == 1, "the ids do not stand below one another"
    seen, code = at_terminal(earthcatalog, "search", *filled.arguments, "--format", "ids", "--max-items", 2)
    assert seen.splitlines() == shown[:2]
    assert answer(earthcatalog, filled, "table", "--ids", "none such") == b"0 items\n"


def test_a_terminal_gets_no_bytes(earthcatalog, filled):
    for format in ("arrow", "geoparquet", "stac-geoparquet"):
        seen, code = at_terminal(earthcatalog, "search", *filled.arguments, "--format", format)
        assert code == 2 and "--out" in seen


# Columns


def check_rows(table, items):
    assert sorted(table["id"].to_pylist()) == sorted(items)
    for row in table.select(["id", "geometry", "datetime", "assets"]).to_pylist():
        item = items[row["id"]]
        if row["geometry"] is not None:
            assert shapely.equals_exact(shapely.from_wkb(row["geometry"]), shapely.geometry.shape(item["geometry"]))
        if row["datetime"] is not None:
            assert row["datetime"] == instant(item["properties"]["datetime"])
        if row["assets"] is not None:
            assert json.loads(row["assets"]) == item["assets"]


def test_arrow_is_a_stream_of_the_columns_of_the_table(earthcatalog, filled, items):
    table = pa.ipc.open_stream(answer(earthcatalog, filled, "arrow")).read_all()
    check_rows(table, items)
    assert table.schema.field("geometry").metadata[b"ARROW:extension:name"] == b"geoarrow.wkb"
    assert not {"grid_partition", "grid_primary"} & set(table.column_names)
    some = pa.ipc.open_stream(answer(earthcatalog, filled, "arrow", "--fields", "id,datetime", "--sortby", "id")).read_all()
    assert some.column_names == ["id", "datetime"] and some["id"].to_pylist() == sorted(items)
    none = pa.ipc.open_stream(answer(earthcatalog, filled, "arrow", "--ids", "none such")).read_all()
    assert none.num_rows == 0 and none.schema == table.schema


def test_geoparquet_has_one_row_an_item(earthcatalog, filled, items, tmp_path):
    path = tmp_path / "found.parquet"
    answer(earthcatalog, filled, "geoparquet", "--out", path)
    check_rows(pq.read_table(path), items)
    assert geoparquet_validator.failed(geoparquet_validator.check(str(path)), "core") == []
    frame = geopandas.read_parquet(path)
    assert len(frame) == len(items) and frame.crs.to_epsg() in (4326, None)
    assert path.read_bytes() == answer(earthcatalog, filled, "geoparquet")
    answer(earthcatalog, filled, "geoparquet", "--ids", "none such", "--out", path)
    assert pq.read_table(path).num_rows == 0


def plain(value):
    """Without members that are null: structs have no others."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if inner is not None}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def exact(earthcatalog, filled, tmp_path_factory):
    path = tmp_path_factory.mktemp("exact") / "items.parquet"
    answer(earthcatalog, filled, "stac-geoparquet", "--out", path)
    return path


def test_stac_geoparquet_holds_the_items(exact, items):
    table = pq.read_table(exact)
    rows = {row["id"]: row for row in table.to_pylist()}
    assert sorted(rows) == sorted(items)
    for id, item in items.items():
        row = rows[id]
        for member in ("collection", "stac_version", "links", "assets", "stac_extensions"):
            assert plain(row.pop(member)) == plain(item.get(member, [] if member in ("links", "stac_extensions") else None)), (id, member)
        box, geometry = row.pop("bbox"), row.pop("geometry")
        corners = None if box is None else [box[name] for name in ("xmin", "ymin", "zmin", "xmax", "ymax", "zmax") if box.get(name) is not None]
        assert corners == item.get("bbox")
        if geometry is not None:
            assert shapely.equals_exact(shapely.from_wkb(geometry), shapely.geometry.shape(item["geometry"]))
        properties = {name: value.isoformat() if isinstance(value, datetime.datetime) else value for name, value in row.items()
                      if value is not None and name in item["properties"]}
        times = {name for name, value in row.items() if isinstance(value, datetime.datetime)}
        for name, value in plain(item["properties"]).items():
            assert properties[name] == (instant(value).astimezone(datetime.timezone.utc).isoformat() if name in times else value), (id, name)


def test_stac_geoparquet_keeps_to_its_specification(exact):
    file = pq.ParquetFile(exact)
    schema = file.schema_arrow
    assert json.loads(file.metadata.metadata[b"stac-geoparquet"])["version"] == "1.0.0"
    assert pa.types.is_struct(schema.field("bbox").type) and pa.types.is_struct(schema.field("assets").type)
    assert pa.types.is_list(schema.field("links").type) and pa.types.is_struct(schema.field("links").type.value_type)
    assert schema.field("stac_extensions").type == pa.list_(pa.field("element", pa.string()))
    for name in ("datetime", "created", "updated", "start_datetime", "end_datetime"):
        assert schema.field(name).type == pa.timestamp("us", "UTC"), name
    assert not {"type", "properties", "stac_extra"} & set(schema.names)
    assert geoparquet_validator.failed(geoparquet_validator.check(str(exact)), "core") == []


def test_rustac_reads_stac_geoparquet(earthcatalog, small_archive, tmp_path):
    """Of items without odd geometry: it panics at an empty point."""
    table = Table(tmp_path)
    earthcatalog.json(*incremental(table, small_archive))
    path = tmp_path / "items.parquet"
    answer(earthcatalog, table, "stac-geoparquet", "--out", path)

    async def read():
        return await rustac.read(str(path))

    found = asyncio.run(read())["features"]
    known = {item["id"]: item for item in map(json.loads, answer(earthcatalog, table, "ndjson").splitlines())}
    assert sorted(item["id"] for item in found) == sorted(known)
    for item in found:
        for member in ("assets", "links", "collection"):
            assert plain(item[member]) == plain(known[item["id"]][member])
        assert instant(item["properties"]["datetime"]) == instant(known[item["id"]]["properties"]["datetime"])


def test_stac_geoparquet_of_a_sorted_part(earthcatalog, filled, items):
    data = answer(earthcatalog, filled, "stac-geoparquet", "--fields", "id,geometry,datetime", "--sortby", "-id", "--limit", 50)
    table = pq.read_table(io.BytesIO(data))
    assert table["id"].to_pylist() == sorted(items, reverse=True)[:50]
    assert "assets" not in table.column_names


# Where to


def test_out_appears_whole_or_not_at_all(earthcatalog, archive, tmp_path):
    table = Table(tmp_path / "table")
    earthcatalog.json(*incremental(table, archive, "--limit", 60))
    out = tmp_path / "found.ndjson"
    out.write_text("before")
    lost = earthcatalog.run("files", *table.arguments, check=True).stdout.splitlines()[-1]
    os.rename(lost, lost + ".away")
    failed = earthcatalog.run("search", *table.arguments, "--out", out)
    assert failed.returncode == 1 and out.read_text() == "before"
    os.rename(lost + ".away", lost)
    done = earthcatalog.run("search", *table.arguments, "--out", out, check=True)
    assert done.stdout == "" and out.read_text() == earthcatalog.run("search", *table.arguments, check=True).stdout
    assert f"items in {out}" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found.ndjson", "table"]


def test_out_is_a_uri_too(s3_earthcatalog, archive, tmp_path):
    table = Table(tmp_path)
    s3_earthcatalog.json(*incremental(table, archive, "--limit", 60))
    for format in ("ndjson", "geoparquet"):
        there = f"s3://{BUCKET}/answers/found.{format}"
        s3_earthcatalog.run("search", *table.arguments, "--format", format, "--out", there, check=True)
    assert "stac_extra" in s3_earthcatalog.run("search", *table.arguments, "--format", "csv", check=True).stdout.splitlines()[0]
    found = s3_earthcatalog.run("cat", f"s3://{BUCKET}/answers/found.geoparquet", check=True).stdout
    assert sorted(found.splitlines()) == sorted(s3_earthcatalog.run("search", *table.arguments, check=True).stdout.splitlines())


BAD = [
    (["--fields", "id,,x"], "empty name"),
    (["--asset", "data"], "--format uris"),
    (["--format", "xml"], "--format"),
]


@pytest.mark.parametrize("arguments,words", BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_options_are_refused_before_the_catalog_is_looked_for(earthcatalog, arguments, words, tmp_path):
    process = earthcatalog.run("search", "--catalog", tmp_path / "none.db", *arguments)
    assert process.returncode == 2 and words in process.stderr and process.stdout == ""


def test_out_is_no_folder(earthcatalog, filled, tmp_path):
    process = earthcatalog.run("search", *filled.arguments, "--out", f"{tmp_path}/")
    assert process.returncode == 2 and "is a folder" in process.stderr
