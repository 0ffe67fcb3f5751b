"""What a run counts: sums that add up in every command, estimates before it writes, warnings of grids too fine."""

import json

import pytest
from conftest import BUCKET, Earthcatalog, backfill, incremental
from test_backfill_retry import Glacier

PARTS = ("written_items", "unchanged", "superseded", "missing", "pending", "rejected", "not_done")


def check_sum(report):
    assert report["source_items"] == sum(report[name] for name in PARTS), {name: report[name] for name in PARTS}


class Mixed:
    """60 objects of every fate: 3 missing, 2 no items, 4 in the archive tier, 5 that hold another's item."""

    def __init__(self, earthcatalog, folder):
        earthcatalog.generate(folder, items=60, seed=9)
        self.inventory = folder / "inventory.csv"
        objects = sorted((folder / BUCKET).rglob("*.stac.json"))
        for path in objects[:3]:
            path.unlink()
        for path in objects[3:5]:
            path.write_text("{}")
        for path in objects[5:10]:
            older = json.loads(objects[20].read_text())
            older["properties"]["updated"] = "1990-01-01T00:00:00Z"
            path.write_text(json.dumps(older))
        self.server = Glacier(folder)
        self.server.archived = {path.name for path in objects[10:14]}
        self.earthcatalog = Earthcatalog(self.server.environment)

    def report(self, *arguments):
        process = self.earthcatalog.run(*arguments, "--inventory", self.inventory, "--anonymous", "--format", "json")
        return json.loads(process.stdout)


@pytest.fixture(scope="module")
def mixed(earthcatalog, tmp_path_factory):
    mixed = Mixed(earthcatalog, tmp_path_factory.mktemp("mixed"))
    yield mixed
    mixed.server.server.shutdown()
    mixed.server.server.server_close()


def fates(report):
    check_sum(report)
    return {name: report[name] for name in PARTS if report[name]}


ALL = {"written_items": 46, "superseded": 5, "missing": 3, "pending": 4, "rejected": 2}


def test_counts_of_incremental_add_up(mixed, table):
    assert fates(mixed.report("incremental", *table.arguments)) == ALL
    assert fates(mixed.report("incremental", "--dry-run", *table.arguments))["unchanged"] >= 51


@pytest.mark.parametrize("shape", [["--staging"], []], ids=["staged", "direct"])
def test_counts_of_a_backfill_add_up(mixed, table, shape):
    run = ["backfill", *table.arguments, "--h3-resolution", 1, "--chunk-size", 25, *shape, *([table.staging] if shape else [])]
    assert fates(mixed.report(*run)) == ALL
    assert fates(mixed.report(*run)) == {"pending": 4}


def test_counts_of_a_delta_add_up(mixed, table):
    mixed.report("incremental", "--limit", 30, *table.arguments)
    report = mixed.report("delta", "--ingest", *table.arguments)
    check_sum(report["ingest"])
    assert report["rows"] == report["added"] + report["changed"] + report["unchanged"] + report["duplicates"] == 60
    assert report["written"] == report["added"] + report["changed"] + report["taken_up"] == report["ingest"]["source_items"]


# --- estimates


def test_dry_run_estimates_what_the_run_then_writes(earthcatalog, archive, table):
    estimate = earthcatalog.json(*incremental(table, archive, "--dry-run"))
    assert not table.exists()
    done = earthcatalog.json(*incremental(table, archive))
    assert (estimate["rows"], estimate["files"]) == (done["rows"], done["files"])
    assert done["bytes"] == sum(task.file.file_size_in_bytes for task in table.load().scan().plan_files())
    assert done["bytes"] / 2 < estimate["bytes"] < done["bytes"] * 2
    text = earthcatalog.run(*incremental(table, archive, "--dry-run", "--refetch"), check=True).stdout
    assert "an estimate" in text and f"{done['rows']} rows" in text


def test_grid_too_fine_is_warned_of_before_its_files_are_written(earthcatalog, small_archive, table):
    fine = incremental(table, small_archive, "--h3-resolution", 6, "--limit", 5)
    process = earthcatalog.run(*fine, "--dry-run", "--format", "json", check=True)
    report = json.loads(process.stdout)
    assert report["files"] > 1000 and not table.exists()
    (warning,) = report["warnings"]
    assert f"5 items make {report['rows']} rows in {report['files']} files" in warning and "--h3-resolution" in warning
    assert f"warning: {warning}" in process.stderr


@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_grid_too_fine_is_warned_of_in_a_backfill(earthcatalog, small_archive, table, shape):
    arguments = [6 if word == 1 else word for word in backfill(table, small_archive, shape=shape)]  # the resolution
    process = earthcatalog.run(*arguments, "--limit", 5, "--format", "json")
    assert process.returncode == 0, process.stderr
    report = json.loads(process.stdout)
    assert len(report["warnings"]) == 1 and process.stderr.count("warning:") == 1


def test_grid_that_suits_is_not_warned_of(earthcatalog, archive, table):
    process = earthcatalog.run(*incremental(table, archive, "--format", "json"), check=True)
    assert json.loads(process.stdout)["warnings"] == [] and "warning" not in process.stderr


def test_summary_says_one_commit(earthcatalog, small_archive, table):
    first = earthcatalog.run(*incremental(table, small_archive, "--limit", 50), check=True).stdout
    assert "(1 commit)" in first


def test_info_as_text_says_units(earthcatalog, small_archive, table):
    earthcatalog.json(*incremental(table, small_archive))
    text = earthcatalog.run("info", *table.arguments, check=True).stdout
    assert "MB" in text and " rows\n" in text and "type h3, resolution 1" in text
