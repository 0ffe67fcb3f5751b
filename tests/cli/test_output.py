"""Standard output and standard error that fail: a full disk is an error, a reader that has gone ends the program quietly."""

import os
import re
import signal
import subprocess

import pytest
from conftest import BINARY, ROOT, Table, incremental


@pytest.fixture(scope="module")
def filled(earthcatalog, small_archive, tmp_path_factory):
    table = Table(tmp_path_factory.mktemp("filled"))
    earthcatalog.json(*incremental(table, small_archive))
    return table


def commands(table, archive):
    catalog = ["--catalog", table.catalog]
    return {
        "cat": ["cat", *table.data_files()],
        "info": ["info", *catalog],
        "info-json": ["info", *catalog, "--format", "json"],
        "inspect": ["inspect", "inventory", archive.inventory],
        "audit": ["audit", *catalog, "--inventory", archive.inventory],
        "compact": ["compact", *catalog, "--dry-run"],
        "expire": ["expire", *catalog, "--dry-run", "--format", "json"],
        "unlock": ["unlock", *catalog],
        "help": ["--help"],
        "help-of-a-command": ["incremental", "--help"],
        "version": ["--version"],
    }


NAMES = ["cat", "info", "info-json", "inspect", "audit", "compact", "expire", "unlock", "help", "help-of-a-command",
         "version"]


@pytest.mark.parametrize("name", NAMES)
def test_full_disk_is_an_error(earthcatalog, filled, small_archive, name):
    with open("/dev/full", "w") as full:
        process = subprocess.run([str(BINARY), *map(str, commands(filled, small_archive)[name])], stdout=full,
                                 stderr=subprocess.PIPE, text=True, env=earthcatalog.environment, timeout=300)
    assert process.returncode == 1
    assert "No space left on device" in process.stderr


@pytest.mark.parametrize("name", NAMES)
def test_closed_pipe_ends_quietly(earthcatalog, filled, small_archive, name):
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run([str(BINARY), *map(str, commands(filled, small_archive)[name])], stdout=writer,
                             stderr=subprocess.PIPE, text=True, env=earthcatalog.environment, timeout=300)
    os.close(writer)
    assert process.returncode == -signal.SIGPIPE
    assert process.stderr == ""


def test_head_of_cat_ends_cat(earthcatalog, filled):
    files = " ".join(f"'{path}'" for path in filled.data_files())
    process = subprocess.run(["bash", "-c", f"'{BINARY}' cat {files} {files} | head -1; echo ${{PIPESTATUS[0]}}"],
                             capture_output=True, text=True, env=earthcatalog.environment, timeout=300)
    line, code = process.stdout.splitlines()
    assert line.startswith('{"type":"Feature"')
    assert code in ("0", "141")
    assert process.stderr == ""


@pytest.mark.parametrize("broken", ["/dev/full", "closed pipe"])
@pytest.mark.parametrize("arguments, code", [(["nonsense"], 2), (["info", "--catalog", "/nowhere/c.db"], 1)])
def test_standard_error_that_fails_changes_no_exit_code(earthcatalog, broken, arguments, code):
    if broken == "closed pipe":
        reader, target = os.pipe()
        os.close(reader)
    else:
        target = os.open(broken, os.O_WRONLY)
    process = subprocess.run([str(BINARY), *arguments], stdout=subprocess.PIPE, stderr=target, env=earthcatalog.environment,
                             timeout=300)
    os.close(target)
    assert process.returncode == code


def test_job_goes_on_when_nobody_reads_what_it_says(earthcatalog, small_archive, table):
    script = " ".join(f"'{word}'" for word in [BINARY, *incremental(table, small_archive)])
    subprocess.run(["bash", "-c", f"{script} 2>&1 | true"], env=earthcatalog.environment, timeout=300)
    assert table.load().current_snapshot() is not None
    assert not table.is_locked()


def test_nothing_is_printed_into_a_file_that_takes_the_place_of_a_closed_stream(earthcatalog, small_archive, table):
    script = " ".join(f"'{word}'" for word in [BINARY, *incremental(table, small_archive)])
    process = subprocess.run(["bash", "-c", f"{script} >&- 2>&-"], env=earthcatalog.environment, timeout=300)
    assert process.returncode == 1
    rows = table.load().scan().to_arrow().num_rows
    assert rows > 0
    assert earthcatalog.json("info", "--catalog", table.catalog)["rows"] == rows


def test_only_one_place_writes_to_the_standard_streams():
    """fmt::print throws when a stream fails, in a destructor too."""
    direct = re.compile(r"fmt::print\(|std::cout|std::cerr|\bf?puts\(|\bfwrite\(|\bf?printf\(")
    found = [str(path.relative_to(ROOT)) for path in (ROOT / "src").rglob("*.cc")
             if path.name != "output.cc" and direct.search(path.read_text())]
    assert found == []


def test_cat_refuses_a_parquet_file_without_items(earthcatalog, small_archive):
    process = earthcatalog.run("cat", small_archive.folder / "inventory.parquet")
    assert process.returncode == 1
    assert process.stdout == ""
    assert "inventory.parquet holds no STAC items: it has no column id; its columns are bucket, key" in process.stderr


def test_info_counts_the_years_that_a_run_counts(earthcatalog, tmp_path):
    archive = earthcatalog.generate(tmp_path / "archive", "--odd-every", 2, items=60, seed=5)
    table = Table(tmp_path / "table")
    report = earthcatalog.json(*incremental(table, archive))
    info = earthcatalog.json("info", "--catalog", table.catalog)
    assert report["undated"] > 0 and "unknown" in earthcatalog.json("info", "--catalog", table.catalog, "--top", 100)["top_years"]
    assert (info["years"], info["cells"]) == (report["unique_years"], report["unique_cells"])
