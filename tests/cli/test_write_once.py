"""Nothing in a warehouse is written over: runs whose ids share the digits that stand in file names, in both pipelines."""

import json

import pytest
from conftest import S3Table, Table, backfill, incremental

RUNS = ["0123abcd" + digit * 24 for digit in "0123"]  # 8 digits stand in the names of data files
ITEMS = 150


@pytest.fixture(scope="module")
def archives(earthcatalog, tmp_path_factory):
    """Two of other items in the same cells and years."""
    folder = tmp_path_factory.mktemp("archives")
    return [earthcatalog.generate(folder / str(seed), "--concentrate", items=ITEMS, seed=seed) for seed in (1, 2)]


@pytest.fixture(params=["local", "s3"])
def place(request, tmp_path):
    """A table, and what runs the binary on it."""
    if request.param == "local":
        return request.getfixturevalue("earthcatalog"), Table(tmp_path)
    server = request.getfixturevalue("s3_server")
    name = "write-once/" + request.node.name.split("[")[1].rstrip("]")
    return request.getfixturevalue("s3_earthcatalog"), S3Table(server, name, tmp_path)


def ids_of(archives):
    return sorted(json.loads(path.read_text())["id"] for archive in archives for path in archive.objects())


def ids(table):
    return sorted({row[1] for row in table.rows()})


def numbers(table):
    """The names of data files in each folder."""
    names = {}
    for path in table.data_files():
        folder, name = path.rsplit("/", 1)
        names.setdefault(folder, []).append(name)
    return names


PIPELINES = {
    "incremental": lambda table, archive: incremental(table, archive, "--h3-resolution", 1),
    "staged": lambda table, archive: backfill(table, archive, "--delta"),
    "direct": lambda table, archive: backfill(table, archive, "--delta", shape="direct"),
}


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_runs_that_share_the_digits_of_their_file_names(archives, place, pipeline):
    client, table = place
    command = PIPELINES[pipeline]
    client.json(*command(table, archives[0]), "--run-id", RUNS[0])
    first = set(table.data_files())
    client.json(*command(table, archives[1]), "--run-id", RUNS[1])
    names = numbers(table)
    assert ids(table) == ids_of(archives)
    assert first < set(table.data_files())
    shared = [files for files in names.values() if len(files) > 1]
    assert shared, "no bucket of both runs"
    for files in shared:
        assert sorted(files) == [f"part_{number:06}_0123abcd.parquet" for number in range(len(files))]
    client.json("compact", *table.arguments, "--run-id", RUNS[2])
    assert ids(table) == ids_of(archives)
    client.json("expire", *table.arguments, "--older-than", "0s")
    assert ids(table) == ids_of(archives)


def test_two_processes_at_once(earthcatalog, archives, table):
    earthcatalog.json(*incremental(table, archives[0], "--limit", 1, "--h3-resolution", 1))
    processes = [earthcatalog.start(*incremental(table, archive, "--no-lock", "--run-id", run))
                 for archive, run in zip(archives, RUNS)]
    for process in processes:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
    assert ids(table) == ids_of(archives)


def test_a_run_id_that_is_used_again(earthcatalog, archives, table):
    """The very same one, for each thing that a run writes under its name."""
    for archive in archives:
        earthcatalog.json(*incremental(table, archive, "--run-id", RUNS[0], "--memory-limit", "128KiB"))
        earthcatalog.json(*incremental(table, archive, "--run-id", RUNS[0], "--refetch"))
    assert ids(table) == ids_of(archives)


def test_a_pending_inventory_of_the_same_run_id_is_not_lost(earthcatalog, archives, table):
    earthcatalog.json(*incremental(table, archives[0], "--limit", 10))
    deltas = [["delta", "--inventory", archive.inventory, "--source-root", archive.source_root, *table.arguments,
               "--run-id", RUNS[0]] for archive in archives]
    first = earthcatalog.json(*deltas[0])
    second = earthcatalog.json(*deltas[1])
    assert (first["written"], second["taken_up"]) == (ITEMS - 10, ITEMS - 10)
    assert second["written"] == 2 * ITEMS - 10
    assert second["out"] != first["out"]


@pytest.mark.parametrize("run_id", ["0123abcd", "0123ABCD" * 4, "0123abcd" * 4 + "0", "../" + "0" * 29])
def test_what_is_no_run_id(earthcatalog, archives, table, run_id):
    process = earthcatalog.run(*incremental(table, archives[0], f"--run-id={run_id}"))
    assert process.returncode == 2 and "--run-id" in process.stderr
    assert not table.exists()
