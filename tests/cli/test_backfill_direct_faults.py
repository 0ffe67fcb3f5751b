"""What the direct shape of `backfill` meets that is not as it left it: each gives a clear error or a repair, and loses
nothing. The staged shape has tests/faults/test_backfill_bad_input.py."""

import json
import random
import shutil

import pytest
from conftest import backfill as any_backfill

OPTIONS = ["--chunk-size", 40]


def backfill(table, archive, *more):
    return any_backfill(table, archive, *more, shape="direct")


def forget_commit(table):
    """Leaves what a run has there that was killed before its commit; gives the run's folder."""
    run_id = json.loads((table.warehouse / "_runs/_backfill.json").read_text())["run_id"]
    run = table.warehouse / "_runs" / run_id
    record = run / "chunks/_run.json"
    state = json.loads(record.read_text())
    del state["committed_snapshot"]
    record.write_text(json.dumps(state))
    table.lose_table()
    shutil.rmtree(run / "compacted")
    return run


def cut(path, by=10):
    path.write_bytes(path.read_bytes()[:-by])


def part(table, chunks):
    """The first part of chunk 1 in a bucket that has parts of so many chunks."""
    parts = (table.warehouse / "_parts").rglob("chunk_000001.parquet")
    return next(path for path in sorted(parts) if len(list(path.parent.iterdir())) == chunks)


CUT = {
    "a part that is copied": lambda table, run: part(table, 1),
    "a part that is merged": lambda table, run: part(table, 2),
    "ingest_stats.json": lambda table, run: run / "chunk_000001/ingest_stats.json",
    "parts.avro": lambda table, run: run / "chunk_000001/parts.avro",
    "objects.parquet": lambda table, run: run / "chunk_000001/objects.parquet",
    "_run.json": lambda table, run: run / "chunks/_run.json",
    "_backfill.json": lambda table, run: table.warehouse / "_runs/_backfill.json",
}


@pytest.mark.parametrize("what", CUT)
def test_a_file_cut_short_is_named_and_its_repair_works(earthcatalog, small_archive, table, small_contents, what):
    earthcatalog.json(*backfill(table, small_archive, *OPTIONS, "--keep-staging"))
    victim = CUT[what](table, forget_commit(table))
    cut(victim)
    run = earthcatalog.run(*backfill(table, small_archive, *OPTIONS))
    assert run.returncode == 1 and victim.name in run.stderr, run.stderr
    assert not table.is_locked()
    assert not table.exists() or table.load().current_snapshot() is None
    if "remove it" in run.stderr:
        victim.unlink()
        earthcatalog.json(*backfill(table, small_archive, *OPTIONS))
    else:
        earthcatalog.json(*backfill(table, small_archive, *OPTIONS, "--restart"))
    assert table.contents().equals(small_contents)
    # Nobody knows any more which run it named.
    assert not table.staged() or what == "_backfill.json"


def test_a_list_of_a_chunk_cut_short(earthcatalog, small_archive, table, small_contents):
    earthcatalog.json(*backfill(table, small_archive, *OPTIONS, "--keep-staging"))
    run = forget_commit(table)
    (run / "chunk_000001/ingest_stats.json").unlink()
    cut(run / "chunks/chunk_000001.parquet")
    failed = earthcatalog.run(*backfill(table, small_archive, *OPTIONS))
    assert failed.returncode == 1 and "chunk_000001.parquet" in failed.stderr, failed.stderr
    earthcatalog.json(*backfill(table, small_archive, *OPTIONS, "--restart"))
    assert table.contents().equals(small_contents)


def test_a_large_part_cut_short(earthcatalog, table, tmp_path):
    """Large enough to be read in pieces."""
    folder = tmp_path / "archive/bucket"
    folder.mkdir(parents=True)
    choose = random.Random(1)
    for number in range(8):
        item = {"type": "Feature", "stac_version": "1.0.0", "id": f"item{number}", "collection": "c", "links": [], "assets": {},
                "geometry": {"type": "Point", "coordinates": [10, 50]}, "bbox": [10, 50, 10, 50],
                "properties": {"datetime": "2020-01-01T00:00:00Z", "noise": choose.randbytes(4 << 20).hex()}}
        (folder / f"item{number}.stac.json").write_text(json.dumps(item))
    command = ["backfill", "--inventory", folder, "--source-root", f"file://{folder.parent}/", *table.arguments,
               "--h3-resolution", 1, "--chunk-size", 6]
    earthcatalog.json(*command, "--keep-staging")
    rows = table.rows()
    assert len(rows) == 8
    forget_commit(table)
    victim = max((table.warehouse / "_parts").rglob("*.parquet"), key=lambda path: path.stat().st_size)
    assert victim.stat().st_size > 16 << 20
    cut(victim)
    run = earthcatalog.run(*command)
    assert run.returncode == 1 and victim.name in run.stderr, run.stderr
    earthcatalog.json(*command, "--restart")
    assert table.rows() == rows


def test_a_task_that_fails_takes_nothing_away_that_it_did_not_write(earthcatalog, small_archive, tmp_path):
    run_id = "5f0c9b1e4d3a4b7f8e2d6c1a0b9f8e7d"
    warehouse = tmp_path / "warehouse"
    places = {"staging": f"file://{warehouse}/_runs/{run_id}", "parts": f"file://{warehouse}/_parts/{run_id}"}

    def phase(name, **spec):
        return earthcatalog.run_phase(name, {**places, **spec})

    def tasks():
        return json.loads(phase("plan_compaction", **head).stdout)["tasks"]

    settings = {"inventory": f"file://{small_archive.inventory}", "source_root": small_archive.source_root}
    assert phase("write_chunks", settings=settings).returncode == 0
    assert phase("ingest_chunk", chunk=0, source_root=small_archive.source_root).returncode == 0
    head = {"catalog": f"file://{tmp_path}/catalog.db", "warehouse": f"file://{warehouse}", "run_id": run_id}
    assert [phase("compact_group", **task).returncode for task in tasks()] == [0]
    before = set(warehouse.glob("grid_partition=*/*/*.parquet"))

    gone = sorted((warehouse / "_parts").rglob("*.parquet"))[-1]
    gone.unlink()
    shutil.rmtree(warehouse / "_runs" / run_id / "compacted")
    task, = tasks()
    again = phase("compact_group", **task)
    assert again.returncode == 1 and f"{gone} is gone" in again.stderr, again.stderr
    left = set(warehouse.glob("grid_partition=*/*/*.parquet"))
    # Other copies of this attempt were made under the same names; they are taken away.
    assert {path for path in before if path.parent.parts[-2:] == gone.parent.parts[-2:]} <= left


def test_what_another_backfill_left_in_the_same_place_does_not_count(earthcatalog, small_archive, table, small_contents, tmp_path):
    other = earthcatalog.generate(tmp_path / "other", "--concentrate", items=120, seed=8)
    earthcatalog.json(*backfill(table, other, *OPTIONS, "--keep-staging"))
    forget_commit(table)
    wrong = earthcatalog.run(*backfill(table, small_archive, *OPTIONS))
    assert wrong.returncode == 2 and "inventory" in wrong.stderr and "--restart" in wrong.stderr, wrong.stderr
    next((table.warehouse / "_runs").glob("*/chunks/_run.json")).unlink()
    report = earthcatalog.json(*backfill(table, small_archive, *OPTIONS))
    assert report["written_items"] == 120
    assert table.contents().equals(small_contents)
