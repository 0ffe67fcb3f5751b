"""The Python system of the same name (PyPI earthcatalog 0.6.1): its table is taken over, and it searches ours."""

import collections
import json
import pathlib
import shutil
import subprocess

import h3
import pytest
from conftest import ROOT, Table, clean_environment, incremental

PYTHON = ROOT / ".deps/peer/bin/python"
HERE = pathlib.Path(__file__).parent

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="the Python system needs Python 3.12 or newer")


def run_peer(script, *arguments, folder, stdin=None):
    """In a home of its own, since it writes to fixed places."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    process = subprocess.run([str(PYTHON), str(HERE / script), *map(str, arguments)], capture_output=True, text=True,
                             input=stdin, env=clean_environment(HOME=str(home), TMPDIR=str(home)), timeout=300)
    assert process.returncode == 0, process.stdout[-1000:] + process.stderr[-3000:]
    return process.stdout


@pytest.fixture(scope="module")
def peer_table(earthcatalog, archive, tmp_path_factory):
    """300 of the items in a table that the Python system made."""
    table = Table(tmp_path_factory.mktemp("peer"))
    table.warehouse.mkdir()
    inventory = table.folder / "first.csv"
    inventory.write_text("".join(open(archive.inventory).readlines()[:301]))
    run_peer("peer_make_table.py", inventory, archive.folder, table.folder, folder=table.folder)
    return table


def test_a_table_is_made_of_its_data_files_alone(earthcatalog, archive, peer_table, tmp_path):
    table = Table(tmp_path)
    shutil.copytree(peer_table.warehouse, table.warehouse, ignore=shutil.ignore_patterns("earthcatalog", "metadata"))
    report = earthcatalog.json("register", "--from-warehouse", *table.arguments)
    assert report["from"] == "data files" and report["reconstructed"]["files_left_out"] == 0
    assert table.rows() == peer_table.rows()
    assert earthcatalog.json("info", *table.arguments)["columns"] == 31
    earthcatalog.json(*incremental(table, archive))
    ours = Table(tmp_path / "ours")
    earthcatalog.json(*incremental(ours, archive, "--h3-resolution", 1))
    assert table.rows() == ours.rows()


def test_its_table_opens_and_takes_an_incremental_run(earthcatalog, archive, peer_table, tmp_path):
    table = peer_table
    before = table.rows()
    info = earthcatalog.json("info", *table.arguments)
    assert info["rows"] == len(before) and info["items"] is None and info["grid"] == {"type": "h3", "resolution": 1}
    report = earthcatalog.json(*incremental(table, archive))
    # It keeps no record of objects: its 300 items are fetched once more and found, and their rows replaced.
    assert report["written_items"] == len(archive.objects())
    ours = Table(tmp_path)
    earthcatalog.json(*incremental(ours, archive, "--h3-resolution", 1))
    assert table.rows() == ours.rows()


def test_its_search_files_works_on_ours(earthcatalog, archive, tmp_path):
    table = Table(tmp_path)
    earthcatalog.json(*incremental(table, archive, "--h3-resolution", 1))
    item = json.loads(archive.objects()[0].read_text())
    shutil.copy(table.catalog, tmp_path / "earthcatalog.db")
    lon, lat = item["properties"]["longitude"], item["properties"]["latitude"]
    found = run_peer("peer_search.py", tmp_path, lon, lat, folder=tmp_path).split()
    rows = table.load().scan(selected_fields=("id", "grid_partition"), row_filter=f"id == '{item['id']}'").to_arrow()
    cells = set(rows.column("grid_partition").to_pylist())
    assert found and {path.split("grid_partition=")[1].split("/")[0] for path in found} <= cells


def hashes_in(path):
    import pyarrow.parquet

    return [value.hex() for value in pyarrow.parquet.read_table(path).column("id_hash").to_pylist()]


def test_the_hash_index_is_the_same_and_both_read_both(earthcatalog, archive, tmp_path):
    import pyarrow.parquet

    table = Table(tmp_path)
    earthcatalog.json(*incremental(table, archive))
    report = earthcatalog.json("index", "build", *table.arguments)
    ours = tmp_path / "warehouse_id_hashes.parquet"
    assert report["hash_index"] == f"file://{ours}"
    ids = sorted({row[1] for row in table.rows()})
    theirs = tmp_path / "theirs.parquet"
    run_peer("peer_hashes.py", "write", theirs, folder=tmp_path, stdin="".join(f"{id}\n" for id in ids))
    assert report["entries"] == len(ids)
    assert hashes_in(ours) == hashes_in(theirs)
    schemas = [pyarrow.parquet.read_schema(path).remove_metadata() for path in (ours, theirs)]
    assert schemas[0] == schemas[1]
    assert run_peer("peer_hashes.py", "read", ours, folder=tmp_path).split() == hashes_in(theirs)
    check = earthcatalog.json("index", "check", *table.arguments, "--hash-index", theirs)
    assert check["good"] and check["hash_index"]["snapshot_id"] is None
    # Theirs names no snapshot: it is made anew, once.
    assert earthcatalog.json("index", "update", *table.arguments, "--hash-index", theirs)["rebuilt"]
    assert not earthcatalog.json("index", "update", *table.arguments, "--hash-index", theirs)["rebuilt"]


def cells_by_item(table):
    cells = collections.defaultdict(set)
    for _, identifier, cell, _ in table.rows():
        cells[identifier].add(cell)
    return cells


def kind_of(geometry):
    """What about a footprint the Python system takes in another way than docs/format/grid.md says; "plain" when nothing is."""
    if geometry is None:
        return "none"
    if geometry["type"] == "MultiPolygon":
        return "multi"
    if geometry["type"] == "Point":
        return "plain"
    ring = geometry["coordinates"][0]
    if len(ring[0]) == 3:
        return "3-D"
    longitudes = sorted({point[0] % 360 for point in ring})
    if max(b - a for a, b in zip(longitudes, longitudes[1:])) < 60 and longitudes[-1] - longitudes[0] > 300:
        return "pole"
    jumps = any(abs(a[0] - b[0]) > 180 for a, b in zip(ring, ring[1:]))
    return "antimeridian" if jumps else "plain"


def is_touched(cell, ring):
    """A point of an edge lies in the cell: proof, by H3's own latLngToCell."""
    steps = 2_000
    return any(h3.latlng_to_cell(a[1] + (b[1] - a[1]) * n / steps, a[0] + (b[0] - a[0]) * n / steps, 1) == cell
               for a, b in zip(ring, ring[1:]) for n in range(steps))


def test_cells_differ_where_and_why(earthcatalog, tmp_path_factory):
    """The list of docs/format/grid.md: the same inventory through both, and a reason for each item whose cells differ."""
    table = Table(tmp_path_factory.mktemp("theirs"))
    archive = earthcatalog.generate(table.folder / "archive", "--odd-every", 20, items=800, seed=5)
    table.warehouse.mkdir()
    run_peer("peer_make_table.py", archive.inventory, archive.folder, table.folder, folder=table.folder)
    ours = Table(tmp_path_factory.mktemp("ours"))
    earthcatalog.json(*incremental(ours, archive, "--h3-resolution", 1))
    theirs_of, ours_of = cells_by_item(table), cells_by_item(ours)
    differences = collections.Counter()
    for path in archive.objects():
        item = json.loads(path.read_text())
        geometry, identifier = item["geometry"], item["id"]
        theirs, mine, kind = theirs_of[identifier], ours_of[identifier], kind_of(item["geometry"])
        if theirs == mine:
            continue
        how = "lost" if not theirs else "fewer" if theirs < mine else "more" if theirs > mine else "other"
        differences[kind, how] += 1
        if kind == "plain":
            assert all(is_touched(cell, geometry["coordinates"][0]) for cell in mine - theirs), identifier
        if kind == "antimeridian":
            assert how == "more" and len(theirs) > 20, identifier  # the long way round the world
    print(dict(differences))
    assert set(differences) <= {("none", "lost"), ("multi", "lost"), ("3-D", "lost"), ("pole", "lost"),
                                ("antimeridian", "more"), ("plain", "fewer")}
    assert len(ours_of) == 800 and differences["plain", "fewer"] <= 8
