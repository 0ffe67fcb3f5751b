"""A table whose cells a Python partitioner named: what needs no footprint covered works without it."""

import json

import pytest
from conftest import incremental


@pytest.fixture
def made(earthcatalog, archive, table):
    """A table of 200 items, as a run from Python would have made it."""
    earthcatalog.json(*incremental(table, archive, "--limit", 200))
    with table.load().transaction() as change:
        change.set_properties({"earthcatalog.grid.type": "python", "earthcatalog.grid.python": "here.Mine"})
        change.remove_properties("earthcatalog.grid.resolution")
    return table


@pytest.mark.parametrize("command", [
    ["info"], ["history"], ["status"], ["cat", "--limit", "3"], ["compact"], ["expire", "--older-than", "0s"], ["index", "check"],
    ["index", "update"], ["index", "build"]], ids=" ".join)
def test_commands_that_cover_nothing_work(earthcatalog, made, command):
    before = made.contents()
    earthcatalog.run(*command, *made.arguments, check=True)
    assert made.contents() == before


def test_info_names_the_partitioner(earthcatalog, made):
    assert earthcatalog.json("info", *made.arguments)["grid"] == {"type": "python", "python": "here.Mine", "resolution": None}
    assert "here.Mine" in earthcatalog.run("info", *made.arguments, check=True).stdout


def test_audit_judges_all_but_the_number_of_cells(earthcatalog, archive, made):
    run = earthcatalog.run("audit", "--inventory", archive.inventory, *made.arguments, "--format", "json")
    report = json.loads(run.stdout)
    assert report["table"]["held"] == report["table"]["rows"] > 0, run.stderr
    assert {kind for kind, count in report["findings"].items() if count} == {"missing"}


@pytest.mark.parametrize("wish", [[], ["--grid", "python"], ["--h3-resolution", 1]], ids=["plain", "python", "resolution"])
def test_incremental_says_that_the_partitioner_is_missing(earthcatalog, archive, made, wish):
    before = made.contents()
    run = earthcatalog.run(*incremental(made, archive, *wish))
    assert run.returncode == 2 and "here.Mine" in run.stderr and "Python" in run.stderr, run.stderr
    assert made.contents() == before and not made.is_locked()


def test_a_new_table_of_python_needs_python(earthcatalog, archive, table):
    run = earthcatalog.run(*incremental(table, archive, "--grid", "python"))
    assert run.returncode == 2 and "partitioner" in run.stderr, run.stderr
