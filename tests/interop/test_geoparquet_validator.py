"""Every file that `incremental` wrote conforms, by PyPI's geoparquet-validator."""

import pathlib
import shutil
import subprocess
import sys

import pytest
from conftest import Table, incremental


@pytest.fixture(scope="module")
def odd_archive(earthcatalog, tmp_path_factory):
    """Every second item is odd: over the antimeridian, round a pole, without geometry, without datetime, in 3-D, a point."""
    return earthcatalog.generate(tmp_path_factory.mktemp("odd"), "--odd-every", 2, items=100, seed=9)


def assert_conformant(table, requirements="all"):
    validator = pathlib.Path(sys.executable).parent / "geoparquet-validator"
    process = subprocess.run([str(validator), "check", "--class", requirements, "--max-files", "100000", str(table.warehouse)],
                             capture_output=True, text=True)
    assert process.returncode == 0, process.stdout[-3000:] + process.stderr[-1000:]


def test_every_file_is_conformant(earthcatalog, archive, tmp_path):
    table = Table(tmp_path)
    earthcatalog.json(*incremental(table, archive, "--limit", 300))
    assert list(table.warehouse.glob("grid_partition=*/year=*/*.parquet"))
    assert_conformant(table)


@pytest.mark.parametrize("schema", ["itslive", "auto"])
def test_so_are_files_of_odd_items(earthcatalog, odd_archive, tmp_path, schema):
    table = Table(tmp_path)
    report = earthcatalog.json(*incremental(table, odd_archive, "--schema", schema))
    assert report["unlocated"] > 0 and report["undated"] > 0
    unlocated = table.warehouse / "grid_partition=__none__"
    assert list(unlocated.glob("year=*/*.parquet"))
    assert_conformant(table, "core")
    assert_conformant(table, "covering")
    shutil.rmtree(unlocated)  # "distribution" wants bounding boxes, which files without any geometry cannot have
    assert_conformant(table)
