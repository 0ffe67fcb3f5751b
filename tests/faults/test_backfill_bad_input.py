"""What `backfill` meets that is not as it left it: each gives a clear error or a stated repair, and loses nothing."""

import json
import shutil
import resource
import subprocess

import pyarrow.parquet
import pytest
from conftest import BINARY, Archive, Earthcatalog, S3Archive, S3Table, Table, backfill, incremental
from fault_proxy import FaultProxy

OPTIONS = ["--chunk-size", 40]


@pytest.fixture
def staged(earthcatalog, small_archive, table):
    """A table whose backfill went as far as its commit, which is lost."""
    earthcatalog.json(*backfill(table, small_archive, *OPTIONS, "--keep-staging"))
    record = table.staging / "chunks/_run.json"
    state = json.loads(record.read_text())
    del state["committed_snapshot"]
    record.write_text(json.dumps(state))
    table.lose_table()
    return table


CUT = {"rows": "staging/8*/*/*.ndjson", "marker": "staging/_completed/chunk_000001.done",
       "entries": "staging/_objects/chunk_000001.parquet", "run": "chunks/_run.json", "chunk": "chunks/chunk_000001.parquet"}


@pytest.mark.parametrize("what", CUT)
def test_a_file_cut_short_is_named_and_its_repair_works(earthcatalog, small_archive, staged, small_contents, what):
    for report in (staged.staging / "compacted").iterdir():
        report.unlink()
    if what == "chunk":
        (staged.staging / CUT["marker"]).unlink()
    victim = sorted(staged.staging.glob(CUT[what]))[0]
    victim.write_bytes(victim.read_bytes()[:-10])
    run = earthcatalog.run(*backfill(staged, small_archive, *OPTIONS))
    assert run.returncode == 1 and victim.name in run.stderr, run.stderr
    assert not staged.is_locked()
    if what == "marker":
        assert "remove it and run again" in run.stderr
        victim.unlink()
        earthcatalog.json(*backfill(staged, small_archive, *OPTIONS))
    else:
        assert "--restart" in run.stderr or "run again" in run.stderr or what in ("entries", "chunk"), run.stderr
        earthcatalog.json(*backfill(staged, small_archive, *OPTIONS, "--restart"))
    assert staged.contents().equals(small_contents)


def test_a_catalog_lost_after_the_commit_is_no_success(earthcatalog, small_archive, table, small_contents):
    earthcatalog.json(*backfill(table, small_archive, *OPTIONS, "--keep-staging"))
    table.catalog.unlink()
    for more in ([], ["--restart"]):
        run = earthcatalog.run(*backfill(table, small_archive, *OPTIONS, *more))
        assert run.returncode == 1 and "register --from-warehouse" in run.stderr, run.stderr
        assert not table.is_locked()
    shutil.rmtree(table.warehouse / "earthcatalog")
    run = earthcatalog.run(*backfill(table, small_archive, *OPTIONS))
    assert run.returncode == 1 and "register --from-warehouse" in run.stderr and "--restart" in run.stderr, run.stderr
    earthcatalog.run("register", "--from-warehouse", "--reconstruct", *table.arguments, check=True)
    earthcatalog.run(*backfill(table, small_archive, *OPTIONS, "--keep-staging"), check=True)
    assert table.contents().equals(small_contents)
    table.lose_table()
    earthcatalog.json(*backfill(table, small_archive, *OPTIONS, "--restart"))
    assert table.contents().equals(small_contents)


def test_what_another_backfill_left_in_the_same_place_does_not_count(earthcatalog, small_archive, table, small_contents, tmp_path):
    other = earthcatalog.generate(tmp_path / "other", "--concentrate", items=120, seed=8)
    earthcatalog.json(*backfill(Table(tmp_path), other, *OPTIONS, "--keep-staging"))
    table.lose_table()
    (table.staging / "chunks/_run.json").unlink()
    report = earthcatalog.json(*backfill(table, small_archive, *OPTIONS))
    assert report["written_items"] == 120
    assert table.contents().equals(small_contents)


def test_the_same_backfill_again_replaces_what_came_in_between(earthcatalog, small_archive, table, small_contents):
    earthcatalog.json(*backfill(table, small_archive, *OPTIONS))
    theirs = table.load()
    row = theirs.scan(limit=1).to_arrow()
    theirs.append(row.set_column(0, row.schema.field(0), [["appended-by-pyiceberg"]]))
    report = earthcatalog.json(*backfill(table, small_archive, *OPTIONS, "--replace"))
    assert report["written_items"] == 120
    assert table.contents().equals(small_contents)


@pytest.mark.parametrize("what", ["compacted/task_*.done", "compacted/task_*.avro", "../warehouse/**/part_*.parquet"])
def test_what_phase_3_left_cut_short_is_made_again(earthcatalog, small_archive, staged, small_contents, what):
    victim = sorted(staged.staging.glob(what))[0]
    victim.write_bytes(victim.read_bytes()[:-10])
    earthcatalog.json(*backfill(staged, small_archive, *OPTIONS))
    assert staged.contents().equals(small_contents)


@pytest.mark.parametrize("change,named", [(("--h3-resolution", 2), "resolution"), (("--inventory", None), "inventory"),
                                          (("--source-root", "s3://"), "source_root")])
def test_the_staging_of_another_backfill_is_named(earthcatalog, small_archive, staged, small_contents, tmp_path, change, named):
    option, value = change
    if option == "--inventory":
        value = tmp_path / "other.csv"
        value.write_text("".join(small_archive.inventory.read_text().splitlines(keepends=True)[:50]))
    command = list(map(str, backfill(staged, small_archive, *OPTIONS)))
    if option in command:
        command[command.index(option) + 1] = value
    else:
        command += [option, value]
    run = earthcatalog.run(*command)
    assert run.returncode == 2 and named in run.stderr and "--restart" in run.stderr, run.stderr
    earthcatalog.json(*backfill(staged, small_archive, *OPTIONS))  # the first one still goes on
    assert staged.contents().equals(small_contents)


def test_an_inventory_that_changed_under_the_backfill_is_named(earthcatalog, small_archive, staged, tmp_path):
    changed = Archive(small_archive.folder)
    command = list(map(str, backfill(staged, changed, *OPTIONS)))
    before = small_archive.inventory.read_text()
    try:
        small_archive.inventory.write_text(before + before.splitlines(keepends=True)[1])
        run = earthcatalog.run(*command)
    finally:
        small_archive.inventory.write_text(before)
    assert run.returncode == 2 and "inventory_identity" in run.stderr, run.stderr


def test_a_table_dropped_between_the_phases_is_made_anew_once_its_metadata_are_gone(earthcatalog, small_archive, staged,
                                                                                    small_contents):
    earthcatalog.json(*incremental(staged, small_archive, "--limit", 10))
    staged.open_catalog().drop_table("earthcatalog.stac_items")
    run = earthcatalog.run(*backfill(staged, small_archive, *OPTIONS))
    metadata = staged.warehouse / "earthcatalog/stac_items"
    assert run.returncode == 1 and "register --from-warehouse" in run.stderr, run.stderr
    assert f"remove file://{metadata}" in run.stderr
    shutil.rmtree(metadata)
    report = earthcatalog.json(*backfill(staged, small_archive, *OPTIONS))
    assert report["written_items"] == 120
    assert staged.contents().equals(small_contents)


def test_rows_of_another_writer_between_two_runs_are_not_lost(earthcatalog, small_archive, staged, small_contents):
    earthcatalog.json(*incremental(staged, small_archive, "--limit", 10))
    theirs = staged.load()
    row = theirs.scan(limit=1).to_arrow()
    theirs.append(row.set_column(0, row.schema.field(0), [["appended-by-pyiceberg"]]))
    before = staged.contents()
    run = earthcatalog.run(*backfill(staged, small_archive, *OPTIONS))
    assert run.returncode == 1 and "has rows already" in run.stderr and "--replace" in run.stderr
    assert staged.contents().equals(before)
    earthcatalog.json(*backfill(staged, small_archive, *OPTIONS, "--replace"))
    assert staged.contents().equals(small_contents)


def test_a_commit_of_pyiceberg_in_the_middle_of_a_run_is_not_overwritten(earthcatalog, small_archive, table, small_contents):
    import signal

    earthcatalog.json(*incremental(table, small_archive, "--limit", 10))
    process = earthcatalog.start(*backfill(table, small_archive, "--chunk-size", 2, "--replace"))
    while not table.staged():
        assert process.poll() is None
    process.send_signal(signal.SIGSTOP)
    theirs = table.load()
    row = theirs.scan(limit=1).to_arrow()
    theirs.append(row.set_column(0, row.schema.field(0), [["appended-by-pyiceberg"]]))
    before = table.contents()
    process.send_signal(signal.SIGCONT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1 and "another writer changed the table meanwhile; run again" in stderr, stderr
    assert table.contents().equals(before)
    earthcatalog.json(*backfill(table, small_archive, "--chunk-size", 2, "--replace"))
    assert table.contents().equals(small_contents)


def test_two_at_once(earthcatalog, small_archive, table, small_contents):
    import signal

    first = earthcatalog.start(*backfill(table, small_archive, "--chunk-size", 2))
    while not table.staged():
        assert first.poll() is None
    first.send_signal(signal.SIGSTOP)
    second = earthcatalog.run(*backfill(table, small_archive, "--chunk-size", 2))
    first.send_signal(signal.SIGCONT)
    _, stderr = first.communicate(timeout=60)
    assert second.returncode == 1 and "CatalogLocked" in second.stderr and "backfill" in second.stderr
    assert first.returncode == 0, stderr
    assert table.contents().equals(small_contents)


@pytest.mark.parametrize("warehouse,staging", [("w", "w"), ("w", "w/staging"), ("s/warehouse", "s"), ("w", "x/../w/s")])
def test_staging_and_warehouse_in_each_other(earthcatalog, small_archive, tmp_path, warehouse, staging):
    run = earthcatalog.run("backfill", "--inventory", small_archive.inventory, "--catalog", tmp_path / "catalog.db",
                           "--warehouse", tmp_path / warehouse, "--staging", f"{tmp_path}/{staging}")
    assert run.returncode == 2 and "choose another --staging" in run.stderr, run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("warehouse,staging", [("a", "a"), ("a", "a/staging"), ("a/b", "a"), ("", "staging")])
def test_staging_and_warehouse_in_each_other_on_s3(s3_earthcatalog, small_archive, tmp_path, warehouse, staging):
    run = s3_earthcatalog.run("backfill", "--inventory", small_archive.inventory, "--catalog", tmp_path / "catalog.db",
                              "--warehouse", f"s3://test-warehouse/{warehouse}", "--staging", f"s3://test-warehouse/{staging}/")
    assert run.returncode == 2 and "choose another --staging" in run.stderr, run.stderr


@pytest.mark.parametrize("shape", ["staged", "direct"])
@pytest.mark.parametrize("most_bytes", [0, 2000, 6000, 10_000, 20_000, 40_000])
def test_no_space(earthcatalog, small_archive, table, small_contents, most_bytes, shape):
    """A limit on the size of files stands for a full disk: the larger it is, the later the phase that meets it."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))

    command = list(map(str, backfill(table, small_archive, *OPTIONS, shape=shape)))
    # Python ignores SIGXFSZ, and so do its children then.
    run = subprocess.run([str(BINARY), *command], capture_output=True, text=True, env=earthcatalog.environment,
                         preexec_fn=limit, restore_signals=False, timeout=60)
    if run.returncode != 0:
        assert run.returncode == 1 and ("File too large" in run.stderr or "full" in run.stderr), run.stderr
        assert not table.exists() or table.load().current_snapshot() is None
        assert not table.is_locked()
        earthcatalog.json(*command)
    assert table.contents().equals(small_contents)


@pytest.fixture
def pending(s3_earthcatalog, s3_server, tmp_path):
    """A table on S3, the client that made it through a proxy, its archive, and the proxy, which first refuses two objects
    as archived, so that they are pending."""
    name = f"pending-{tmp_path.name}"
    s3_earthcatalog.run("generate", "--items", 30, "--seed", 5, "--concentrate", "--out", f"s3://its-live-data/{name}", check=True)
    with FaultProxy(s3_server.port) as proxy:
        keys = [key for key in s3_server.keys("its-live-data", f"{name}/") if key.endswith(".stac.json")]
        proxy.refused = {key: (403, "InvalidObjectState") for key in keys[3:20:9]}
        client = Earthcatalog({**s3_server.environment, "AWS_ENDPOINT_URL": proxy.endpoint})
        table = S3Table(s3_server, name, tmp_path)
        table.staging = tmp_path / "staging"
        archive = S3Archive(name)
        run = client.run(*backfill(table, archive, "--chunk-size", 10, "--keep-staging", "--allow-pending", "--format", "json"))
        assert json.loads(run.stdout)["pending"] == 2, run.stderr
        record = table.staging / "chunks/_run.json"
        state = json.loads(record.read_text())
        del state["committed_snapshot"]
        record.write_text(json.dumps(state))
        # As if the commit had not happened: another table.
        table.catalog, table.warehouse = f"{table.catalog}-2", f"{table.warehouse}-2"
        yield table, client, archive, proxy


def pending_lists(table):
    """What the next attempt reads."""
    return sorted({*(table.staging / "pending_chunks").glob("*.parquet"), *(table.staging / "chunks").glob("*_p*.parquet")})


def test_pending_objects_are_fetched_again(pending):
    table, client, archive, proxy = pending
    proxy.refused = {}
    report = client.json(*backfill(table, archive, "--chunk-size", 10, "--retry-pending"))
    assert (report["written_items"], report["pending"], report["source_items"]) == (30, 0, 30)
    assert not list(table.staging.rglob("*.parquet"))


@pytest.mark.parametrize("change", ["bucket and key alone", "other names", "cut short"])
def test_a_list_of_pending_objects_of_another_layout(pending, change):
    table, client, archive, proxy = pending
    proxy.refused = {}
    lists = pending_lists(table)
    for path in lists:
        content = pyarrow.parquet.read_table(path)
        if change == "bucket and key alone":
            pyarrow.parquet.write_table(content.select(["bucket", "key"]), path)
        elif change == "other names":
            pyarrow.parquet.write_table(content.rename_columns({"bucket": "b", "key": "k"}), path)
        else:
            path.write_bytes(path.read_bytes()[:-10])
    run = client.run(*backfill(table, archive, "--chunk-size", 10, "--retry-pending", "--format", "json"))
    if change == "bucket and key alone":  # all that is needed
        assert json.loads(run.stdout)["written_items"] == 30
    else:
        assert run.returncode == 1 and any(path.name in run.stderr for path in lists), run.stderr
        if change == "other names":
            assert "bucket" in run.stderr, run.stderr
        report = client.json(*backfill(table, archive, "--chunk-size", 10, "--restart"))
        assert (report["written_items"], report["pending"]) == (30, 0)
