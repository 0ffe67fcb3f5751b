"""Objects that gave up: in a store that keeps some of them in its archive tier until somebody restores them."""

import json

import pytest
from conftest import Archive, Earthcatalog, Glacier, Table


@pytest.fixture
def glacier(earthcatalog, tmp_path):
    earthcatalog.generate(tmp_path / "archive", items=60, seed=5)
    glacier = Glacier(tmp_path / "archive")
    yield glacier
    glacier.server.shutdown()
    glacier.server.server_close()


@pytest.fixture
def run(glacier, tmp_path):
    """Runs the backfill; gives exit code, report and messages."""
    binary = Earthcatalog(glacier.environment)
    table = Table(tmp_path)

    def run(*more):
        done = binary.run("backfill", "--inventory", tmp_path / "archive/inventory.csv", "--anonymous", *table.arguments,
                          "--h3-resolution", 1, "--chunk-size", 25, "--format", "json",
                          *([] if "--staging" in more else ["--staging", tmp_path / "staging"]), *more)
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    run.table = table
    run.binary = binary
    return run


def names(folder):
    return [path.name for path in Archive(folder).objects()]


def ids(table):
    return {identifier for _, identifier, _, _ in table.rows()}


def test_a_retry_after_the_commit_is_a_delta(run, glacier, tmp_path):
    glacier.archived = set(names(tmp_path / "archive")[::10])
    code, report, _ = run()
    assert code == 1 and (report["written_items"], report["pending"]) == (54, 6)
    assert len(ids(run.table)) == 54
    lists = sorted(path.name for path in (tmp_path / "staging/pending_chunks").iterdir())
    assert lists
    assert [path.name for path in (tmp_path / "staging/chunks").iterdir()] == ["_run.json"]
    # Without --retry-pending nothing is fetched, and what is pending is still said.
    code, report, message = run()
    assert (code, report["pending"], report["commits"]) == (1, 6, 0) and "--retry-pending" in message
    # From elsewhere it is no finished one either.
    code, _, message = run("--staging", tmp_path / "elsewhere")
    assert code == 1 and "has rows already" in message
    # Half of them come back.
    restored = sorted(glacier.archived)[:3]
    glacier.archived -= set(restored)
    code, report, _ = run("--retry-pending")
    assert code == 1 and (report["source_items"], report["written_items"], report["pending"]) == (6, 3, 3)
    assert len(ids(run.table)) == 57 and report["bytes_fetched"] > 0
    # And the rest.
    glacier.archived = set()
    code, report, _ = run("--retry-pending")
    assert code == 0 and (report["source_items"], report["written_items"], report["pending"]) == (3, 3, 0)
    assert len(ids(run.table)) == 60
    assert len(run.table.load().history()) == 3
    assert not [path for path in (tmp_path / "staging").rglob("*") if path.is_file()]
    assert run.binary.json("info", *run.table.arguments)["items"] == 60


def test_a_retry_before_the_commit_that_was_killed(run, glacier, tmp_path):
    """Whatever the last thing was that it wrote: what it had fetched is not lost."""
    glacier.archived = set(names(tmp_path / "archive")[::10])
    code, report, _ = run("--retry-pending", "--keep-staging")
    assert report["pending"] == 6
    staging = tmp_path / "staging"
    record = json.loads((staging / "chunks/_run.json").read_text())

    def forget_the_commit():
        run.table.lose_table()
        (staging / "chunks/_run.json").write_text(json.dumps({**record, "committed_snapshot": None}))

    forget_the_commit()
    restored = sorted(glacier.archived)[:3]
    glacier.archived -= set(restored)
    code, report, _ = run("--retry-pending", "--keep-staging")
    assert (report["written_items"], report["pending"], report["source_items"]) == (57, 3, 60)
    # As if the kill had come before the markers of the second attempt, once its lists were written.
    forget_the_commit()
    seconds = list((staging / "staging/_completed").glob("chunk_*_p2.done"))
    assert seconds
    for marker in seconds:
        marker.unlink()
    code, report, _ = run("--skip-ingest", "--keep-staging")  # commits what the first attempts left
    assert (report["written_items"], report["pending"], report["source_items"]) == (54, 6, 60)
    glacier.archived = set()
    code, report, _ = run("--retry-pending")
    assert code == 0 and (report["written_items"], report["pending"]) == (6, 0)
    assert len(ids(run.table)) == 60


def test_a_list_of_an_attempt_that_did_not_count_is_not_taken_for_the_rest(run, glacier, tmp_path):
    glacier.archived = set(names(tmp_path / "archive")[::10])
    staging = tmp_path / "staging"
    run("--retry-pending", "--keep-staging")
    record = json.loads((staging / "chunks/_run.json").read_text())

    def forget_the_commit():
        run.table.lose_table()
        (staging / "chunks/_run.json").write_text(json.dumps({**record, "committed_snapshot": None}))

    forget_the_commit()
    glacier.archived -= set(sorted(glacier.archived)[::2])
    assert run("--retry-pending", "--keep-staging")[1]["written_items"] == 57
    # As if one chunk had been killed between its lists and its marker, and the others not.
    forget_the_commit()
    markers = sorted((staging / "staging/_completed").glob("chunk_*_p2.done"))
    lost = next(path for path in markers if json.loads(path.read_text())["staged_items"] > 0)
    back = json.loads(lost.read_text())["staged_items"]
    lost.unlink()
    assert len(markers) > 1 and run("--skip-ingest", "--keep-staging")[1]["written_items"] == 57 - back
    glacier.archived = set()
    code, report, _ = run("--retry-pending")
    assert code == 0 and len(ids(run.table)) == 60, report


def test_a_stopped_retry_goes_on(run, glacier, tmp_path):
    glacier.archived = set(names(tmp_path / "archive")[::7])
    run()
    pending = len(glacier.archived)
    glacier.archived = set()
    staging = tmp_path / "staging"
    lists = {path: path.read_bytes() for path in (staging / "pending_chunks").iterdir()}
    code, report, _ = run("--retry-pending", "--keep-staging")
    assert code == 0 and report["written_items"] == pending
    # As if it had been killed with some chunks tried and others not.
    record = json.loads((staging / "chunks/_run.json").read_text())
    (staging / "chunks/_run.json").write_text(json.dumps({**record, "committed_snapshot": None}))
    first = sorted(lists)[0]
    first.write_bytes(lists[first])
    (staging / f"staging/_completed/{first.stem}_p1.done").unlink()
    rows = run.table.rows()
    code, report, _ = run()
    assert code == 0 and run.table.rows() == rows
    assert not [path for path in staging.rglob("*") if path.is_file()]


def test_the_direct_shape_retries_too(run, glacier, tmp_path):
    glacier.archived = set(names(tmp_path / "archive")[::10])
    binary, table = run.binary, run.table
    command = ["backfill", "--inventory", tmp_path / "archive/inventory.csv", "--anonymous", *table.arguments,
               "--h3-resolution", 1, "--chunk-size", 25, "--format", "json"]
    first = binary.run(*command)
    assert first.returncode == 1 and "_runs" in first.stderr
    assert json.loads(first.stdout)["pending"] == 6 and len(ids(table)) == 54
    assert not list((table.warehouse / "_parts").rglob("*.parquet"))
    glacier.archived = set(sorted(glacier.archived)[:2])
    second = binary.run(*command, "--retry-pending")
    assert json.loads(second.stdout)["pending"] == 2 and len(ids(table)) == 58
    glacier.archived = set()
    assert binary.run(*command, "--retry-pending").returncode == 0
    assert len(ids(table)) == 60 and not table.staged()


def test_pending_lists_are_inventories(run, glacier, tmp_path):
    glacier.archived = set(names(tmp_path / "archive")[:5])
    run()
    glacier.archived = set()
    written = 0
    for pending in (tmp_path / "staging/pending_chunks").iterdir():
        report = run.binary.json("incremental", "--inventory", pending, "--anonymous", *run.table.arguments)
        written += report["written_items"]
    assert written == 5
    assert len(ids(run.table)) == 60
