"""The native module in a process: how it is loaded, stopped and ended, and whom it shares that process with.

Each test runs a script in a process of its own, as a user would.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import pytest

import earthcatalog

PACKAGE = pathlib.Path(earthcatalog.__file__).parent

# What the scripts have in common: call(), and an archive of `items` below `folder`.
PREAMBLE = """
import json, os, sys, threading, time
from earthcatalog import _core

def call(name, progress=None, event=None, **spec):
    return json.loads(_core.call(name, json.dumps(spec), progress=progress, event=event))

def archive(folder, items):
    made = call("generate", items=items, out=f"{folder}/archive")
    return {"inventory": made["inventories"][0], "source_root": made["source_root"],
            "catalog": f"{folder}/catalog.db", "warehouse": f"{folder}/warehouse"}
"""


def run(script, *, preamble=PREAMBLE, path=(), timeout=120, **options):
    """A finished process: of `script`, with the folders of `path` in front of Python's."""
    environment = {**os.environ, **options.pop("environment", {})}
    environment["PYTHONPATH"] = os.pathsep.join([*map(str, path), environment.get("PYTHONPATH", "")]).strip(os.pathsep)
    return subprocess.run(
        [sys.executable, "-c", preamble + textwrap.dedent(script)],
        check=False, capture_output=True, text=True, env=environment, timeout=timeout, **options,
    )  # fmt: skip


def succeed(script, **options):
    """What a script that must succeed prints."""
    process = run(script, **options)
    assert process.returncode == 0, process.stderr
    assert process.stderr == "", process.stderr
    return process.stdout


def fake_distribution(folder, name, version):
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder


def test_the_import_opens_nothing_and_leaves_pyarrow_alone(tmp_path):
    script = """
    import os, sys, threading
    import earthcatalog
    print("pyarrow" in sys.modules, threading.active_count(), os.listdir("."))
    """
    assert succeed(script, preamble="", cwd=tmp_path) == "False 1 []\n"


def test_the_import_takes_at_most_60_ms_besides_pyarrow():
    script = """
    import time, pyarrow, pyarrow.parquet
    begin = time.process_time()
    import earthcatalog
    print(time.process_time() - begin)
    """
    assert sorted(float(succeed(script, preamble="")) for _ in range(5))[2] < 0.06


@pytest.mark.parametrize("first", ["earthcatalog", "pyarrow.parquet"])
def test_there_is_one_libarrow_whoever_comes_first(tmp_path, first):
    script = f"""
    import pyarrow.parquet
    spec = archive({str(tmp_path)!r}, 40)
    call("incremental", **spec)
    files = [file["path"].removeprefix("file://") for file in call("files", catalog=spec["catalog"])["files"]]
    rows = sum(pyarrow.parquet.read_metadata(file).num_rows for file in files)
    mapped = {{line.split()[-1] for line in open("/proc/self/maps") if "libarrow.so" in line}}
    print(rows == call("info", catalog=spec["catalog"])["rows"], len(mapped))
    """
    assert succeed(script, preamble=f"import {first}\n{PREAMBLE}") == "True 1\n"


def test_a_copy_of_the_package_elsewhere_finds_pyarrow(tmp_path):
    """As after `pip install --target`."""
    shutil.copytree(PACKAGE, tmp_path / "earthcatalog")
    libraries = PACKAGE.parent / "earthcatalog_native.libs"
    if libraries.exists():
        shutil.copytree(libraries, tmp_path / libraries.name)
    script = "import earthcatalog; print(earthcatalog.__file__)"
    assert succeed(script, preamble="", path=[tmp_path]).startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        ("pyarrow", "25.0.1", ["pyarrow 25.0.1", "26.0", "pip install"]),
        ("earthcatalog", "0.6.1", ["earthcatalog 0.6.1", "pip uninstall"]),
    ],
)
def test_the_import_refuses_what_it_cannot_work_beside(tmp_path, name, version, words):
    process = run("import earthcatalog", preamble="", path=[fake_distribution(tmp_path, name, version)])
    assert process.returncode == 1
    last = process.stderr.splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert all(word in last for word in words)


def test_errors_are_classes_that_python_users_expect(tmp_path):
    script = """
    import earthcatalog as ec
    for name, spec, kinds in [
        ("info", {"catalog": "no.db"}, (ec.NotFoundError, FileNotFoundError)),
        ("compact", {"catalog": "no.db", "threshold": 0}, (ec.InvalidArgumentError, ValueError)),
        ("compakt", {}, (ec.InvalidArgumentError, ValueError)),
    ]:
        try:
            call(name, **spec)
        except kinds[0] as error:
            print(isinstance(error, kinds[1]), error.kind, "--" in str(error), error.report is None)
    """
    out = succeed(script, cwd=tmp_path).splitlines()
    assert out == [
        "True not found False False",
        "True invalid argument False True",
        "True invalid argument False True",
    ]


def test_an_exception_of_progress_stops_the_run_and_keeps_its_type(tmp_path):
    script = f"""
    spec = archive({str(tmp_path)!r}, 5000)
    class Enough(Exception):
        pass
    def progress(text):
        raise Enough(json.loads(text)["stage"])
    try:
        call("incremental", progress, chunk_size=100, **spec)
    except Enough as error:
        print(bool(error.args[0]), error.report["status"], error.report["interrupted"])
    print(call("incremental", **spec)["written_items"] < 5000, call("info", catalog=spec["catalog"])["items"])
    """
    assert succeed(script) == "True interrupted True\nTrue 5000\n"


def test_a_fork_of_a_process_that_worked_is_refused(tmp_path):
    script = f"""
    spec = archive({str(tmp_path)!r}, 10)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            call("incremental", **spec)
        except RuntimeError as error:
            os._exit(7 if "spawn" in str(error) else 8)
        os._exit(9)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), call("incremental", **spec)["written_items"])
    """
    assert succeed(script) == "7 10\n"


def test_a_fork_before_any_work_may_work(tmp_path):
    script = f"""
    child = os.fork()
    if child == 0:
        os._exit(0 if archive({str(tmp_path)!r}, 10) else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    assert succeed(script) == "0\n"


@pytest.mark.parametrize("daemon", [True, False])
def test_the_interpreter_ends_cleanly_while_a_thread_works(tmp_path, daemon):
    script = f"""
    spec = archive({str(tmp_path)!r}, 3000)
    begun = threading.Event()
    def work():
        try:
            call("incremental", lambda _: begun.set(), **spec)
        except KeyboardInterrupt:
            pass
    threading.Thread(target=work, daemon={daemon}).start()
    begun.wait()
    """
    for _ in range(3):
        process = run(script)
        assert process.returncode == 0, process.stderr
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()


def test_pyarrows_s3_works_beside_ours_and_the_exit_is_quiet(tmp_path):
    script = f"""
    import pyarrow.fs
    spec = archive({str(tmp_path)!r}, 10)
    call("incremental", **spec)
    pyarrow.fs.S3FileSystem(anonymous=True, region="us-west-2")
    try:
        _core.read_object("s3://nobody/x", json.dumps({{"endpoint": "http://127.0.0.1:1", "region": "x"}}))
    except OSError as error:
        print(type(error).__name__)
    """
    environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_EC2_METADATA_DISABLED": "true"}
    assert succeed(script, environment=environment).endswith("Error\n")


def test_two_runs_in_threads_meet_at_the_lock(tmp_path):
    script = f"""
    import earthcatalog as ec
    spec = archive({str(tmp_path)!r}, 2000)
    begun = threading.Event()
    thread = threading.Thread(target=lambda: call("incremental", lambda _: begun.set(), **spec))
    thread.start()
    begun.wait()
    try:
        call("incremental", **spec)
    except ec.ConflictError as error:
        print("locked" in str(error))
    thread.join()
    print(call("info", catalog=spec["catalog"])["items"])
    """
    assert succeed(script) == "True\n2000\n"


def test_python_threads_run_while_the_core_works(tmp_path):
    script = f"""
    spec = archive({str(tmp_path)!r}, 2000)
    thread = threading.Thread(target=lambda: call("incremental", **spec))
    thread.start()
    ticks = 0
    while thread.is_alive():
        time.sleep(0.01)
        ticks += 1
    print(ticks > 10)
    """
    assert succeed(script) == "True\n"


def test_another_sqlite_in_the_process_may_read_the_catalog_while_a_run_commits(tmp_path):
    script = f"""
    import sqlite3
    spec = archive({str(tmp_path)!r}, 2000)
    thread = threading.Thread(target=lambda: call("incremental", chunk_size=100, commit_every="1s", **spec))
    thread.start()
    while thread.is_alive():
        if os.path.exists(spec["catalog"]):
            connection = sqlite3.connect(spec["catalog"], timeout=10)
            try:
                connection.execute("select count(*) from iceberg_tables").fetchall()
            except sqlite3.OperationalError as error:
                assert "no such table" in str(error), error
            connection.close()
    print(call("info", catalog=spec["catalog"])["items"])
    print(sqlite3.connect(spec["catalog"]).execute("pragma integrity_check").fetchone()[0])
    """
    assert succeed(script) == "2000\nok\n"


class Interrupted:
    """A script that works, and gets Ctrl-C when it has fetched something."""

    def __init__(self, folder, items, script):
        self.process = subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + textwrap.dedent(script).format(folder=str(folder), items=items)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout.readline() == "begun\n"

    def press(self):
        self.process.send_signal(signal.SIGINT)
        return time.monotonic()


WORK = """
spec = archive({folder!r}, {items})
def progress(text):
    global shown
    look = json.loads(text)
    if look["stage"] == "fetch" and look["settled"] > 0 and not shown:
        print("begun", flush=True)
        shown = True
shown = False
try:
    call("incremental", progress, chunk_size=200, **spec)
except KeyboardInterrupt as interrupt:
    print(json.dumps(interrupt.report), flush=True)
"""


def test_ctrl_c_is_acknowledged_at_once_and_commits_whole_chunks(tmp_path):
    script = Interrupted(tmp_path, 6000, WORK)
    pressed = script.press()
    assert "second Ctrl-C" in script.process.stderr.readline()
    assert time.monotonic() - pressed < 1
    report = json.loads(script.process.stdout.readline())
    assert script.process.wait(60) == 0
    assert report["status"] == "interrupted"
    spec = {"catalog": f"{tmp_path}/catalog.db"}
    info = json.loads(earthcatalog._core.call("info", json.dumps(spec)))
    assert info["items"] == report["written_items"] > 0
    assert report["written_items"] < 6000


def test_a_second_ctrl_c_ends_the_process_within_a_second(tmp_path):
    script = Interrupted(tmp_path, 6000, WORK)
    script.press()
    assert "second Ctrl-C" in script.process.stderr.readline()
    pressed = script.press()
    assert script.process.wait(60) == 130
    assert time.monotonic() - pressed < 1
    # The next run goes on, and has nothing to complain of.
    again = {"inventory": f"{tmp_path}/archive/inventory.csv", "source_root": f"file://{tmp_path}/archive/"}
    spec = {"catalog": f"{tmp_path}/catalog.db", "warehouse": f"{tmp_path}/warehouse"}
    earthcatalog._core.call("incremental", json.dumps({**again, **spec}))
    info = json.loads(earthcatalog._core.call("info", json.dumps({"catalog": spec["catalog"]})))
    assert info["items"] == 6000


def test_the_command_line_runs_in_the_process(tmp_path):
    def cli(*arguments, **options):
        return subprocess.run(
            [sys.executable, "-m", "earthcatalog", *arguments], check=False, capture_output=True, text=True, **options
        )

    assert cli("--version").stdout.startswith("earthcatalog ")
    wrong = cli("incremental", "--limt", "3")
    assert wrong.returncode == 2
    assert "--limit" in wrong.stderr
    made = cli("generate", "--items", "5", "--out", str(tmp_path), "--format", "json")
    assert json.loads(made.stdout)["items"] == 5
    missing = cli("info", "--catalog", str(tmp_path / "no.db"))
    assert missing.returncode == 1
    assert "there is no catalog" in missing.stderr


def test_a_configuration_file_is_read_by_the_rules_of_the_command_line(tmp_path):
    from earthcatalog.config import load_config

    file = tmp_path / "c.yaml"
    file.write_text(
        "catalog: {db_path: c.db, warehouse: 's3://b/wh'}\ngrid: {type: h3, resolution: 3}\n"
        "ingest: {chunk_size: 7, max_workers: 2, batch_add_files: true}\n"
        "storage: {region: us-west-2, buckets: {b: {anonymous: true}}}\n"
    )
    config = load_config(file)
    assert (config.catalog.db_path, config.catalog.warehouse) == (str(tmp_path / "c.db"), "s3://b/wh")
    assert (config.grid.resolution, config.ingest.chunk_size, config.ingest.max_workers) == (3, 7, 2)
    assert config.ingest.batch_add_files and config.storage.region == "us-west-2"
    assert config.storage.buckets["b"].anonymous
    file.write_text("catalog: {db_pth: c.db}\n")
    with pytest.raises(ValueError, match="line 1.*db_path"):
        load_config(file)
