"""An inventory from a pipe: `--inventory -`."""

import gzip
import json
import os
import subprocess

import pytest
from conftest import BINARY, backfill, incremental

LIST = {"csv": "inventory.csv", "gzip": "inventory.csv.gz", "parquet": "inventory.parquet"}


def with_input(earthcatalog, path, arguments):
    with open(path, "rb") as source:
        return subprocess.run([str(BINARY), *map(str, arguments)], stdin=source, capture_output=True, text=True,
                              env=earthcatalog.environment, timeout=300)


def piped(earthcatalog, data, arguments):
    process = subprocess.run([str(BINARY), *map(str, arguments)], input=data, capture_output=True,
                             env=earthcatalog.environment, timeout=300)
    return process.returncode, process.stdout.decode(), process.stderr.decode()


def from_standard_input(arguments):
    arguments = list(arguments)
    arguments[arguments.index("--inventory") + 1] = "-"
    return arguments


@pytest.mark.parametrize("kind", LIST)
def test_run_reads_it_whatever_its_format(earthcatalog, small_archive, table, kind):
    data = (small_archive.folder / LIST[kind]).read_bytes()
    code, out, errors = piped(earthcatalog, data, [*from_standard_input(incremental(table, small_archive)), "--format", "json"])
    assert code == 0, errors
    assert json.loads(out)["written_items"] == 120


def test_run_that_commits_on_the_way_reads_it_twice(earthcatalog, archive, table):
    code, out, errors = piped(earthcatalog, archive.inventory.read_bytes(), [
        *from_standard_input(incremental(table, archive)), "--memory-limit", "4MiB", "--chunk-size", 100, "--format", "json"])
    assert code == 0, errors
    report = json.loads(out)
    assert report["written_items"] == 2000 and report["commits"] > 1


def test_other_commands_read_it_too(earthcatalog, small_archive, table):
    data = gzip.compress(small_archive.inventory.read_bytes())
    for arguments in (from_standard_input(backfill(table, small_archive)),
                      ["audit", "--inventory", "-", "--catalog", table.catalog, "--source-root", small_archive.source_root],
                      ["delta", "--inventory", "-", *table.arguments],
                      ["inspect", "inventory", "-"],
                      ["diff", "--old", small_archive.inventory, "--new", "-", "--out", table.folder / "diff.parquet"]):
        code, _, errors = piped(earthcatalog, data, arguments)
        assert code == 0, (arguments[0], errors)


def test_file_as_standard_input(earthcatalog, small_archive):
    process = with_input(earthcatalog, small_archive.inventory, ["inspect", "inventory", "-", "--format", "json"])
    assert json.loads(process.stdout)["items"] == 120


def test_nothing_on_it_is_an_error(earthcatalog, small_archive, table):
    code, _, errors = piped(earthcatalog, b"", from_standard_input(incremental(table, small_archive)))
    assert code == 1
    assert "0 bytes" in errors
    assert not table.exists()


def test_nothing_stays_behind(earthcatalog, small_archive):
    before = set(os.listdir("/var/tmp"))
    piped(earthcatalog, small_archive.inventory.read_bytes(), ["inspect", "inventory", "-"])
    assert not [name for name in set(os.listdir("/var/tmp")) - before if name.startswith("earthcatalog-")]
