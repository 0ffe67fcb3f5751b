"""Every file that `incremental` wrote conforms, by PyPI's geoparquet-validator."""

import pathlib
import subprocess
import sys

from conftest import Table, incremental


def test_every_file_is_conformant(earthcatalog, archive, tmp_path):
    table = Table(tmp_path)
    earthcatalog.json(*incremental(table, archive, "--limit", 300))
    files = sorted(table.warehouse.glob("grid_partition=*/year=*/*.parquet"))
    assert files
    validator = pathlib.Path(sys.executable).parent / "geoparquet-validator"
    process = subprocess.run([str(validator), "check", "--class", "all", "--max-files", "100000", str(table.warehouse)],
                             capture_output=True, text=True)
    assert process.returncode == 0, process.stdout[-3000:] + process.stderr[-1000:]
