"""`make install`: the program runs from wherever its tree is moved to, without the folder of dependencies."""

import os
import shutil
import subprocess

import pytest
from conftest import BINARY, ROOT, Archive, Table, clean_environment, incremental

pytestmark = pytest.mark.skipif(BINARY != ROOT / "build/bin/earthcatalog", reason="installs the build of this tree")


def make_install(**variables):
    words = [f"{name}={value}" for name, value in variables.items()]
    # `all` would look for packages of the system anew.
    return subprocess.run(["make", "-o", "all", "install", *words], cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("install")
    process = make_install(PREFIX=folder / "first")
    assert process.returncode == 0, process.stderr
    shutil.move(folder / "first", folder / "second place")
    return folder / "second place"


def libraries(program):
    return subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout


def test_needs_nothing_of_the_folder_of_dependencies(moved):
    linked = libraries(moved / "bin/earthcatalog")
    assert "not found" not in linked
    assert ".deps" not in linked and "site-packages" not in linked
    for library in ("libarrow.so", "libparquet.so"):
        line, = [line for line in linked.splitlines() if line.strip().startswith(library)]
        assert str(moved / "lib/earthcatalog") in os.path.normpath(line.split("=> ")[1].split(" (")[0])


def test_does_the_main_job(moved, tmp_path):
    def run(*arguments):
        subprocess.run([moved / "bin/earthcatalog", *map(str, arguments)], env=clean_environment(PATH="/nowhere"), check=True,
                       capture_output=True, timeout=300)

    run("generate", "--items", 50, "--seed", 1, "--out", tmp_path / "archive")
    table = Table(tmp_path / "table")
    run(*incremental(table, Archive(tmp_path / "archive")))
    assert len({row[1] for row in table.rows()}) == 50


def test_stages_below_destdir(tmp_path):
    process = make_install(PREFIX="/opt/earthcatalog", DESTDIR=tmp_path)
    assert process.returncode == 0, process.stderr
    assert os.access(tmp_path / "opt/earthcatalog/bin/earthcatalog", os.X_OK)
    assert "not found" not in libraries(tmp_path / "opt/earthcatalog/bin/earthcatalog")
