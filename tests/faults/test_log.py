"""`-v` and `--log-format`: what standard error says of retries, locks and lost races."""

import json
import re
import signal

import pytest
from conftest import Earthcatalog, S3Archive, S3Table, incremental, wait_for
from fault_proxy import FaultProxy
from test_two_processes import Gate

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (\w+): \S.*")
JSON = ["-v", "--log-format", "json"]


def events(stderr, name):
    """The events of this name. Every line of `stderr` is JSON."""
    lines = [json.loads(line) for line in stderr.splitlines()]
    for line in lines:
        assert list(line)[:4] == ["time", "level", "event", "message"] and "\n" not in line["message"], line
    return [line for line in lines if line["event"] == name]


@pytest.fixture(scope="module")
def s3_archive(s3_earthcatalog):
    s3_earthcatalog.run("generate", "--items", 40, "--seed", 5, "--concentrate", "--out", "s3://its-live-data/log", check=True)
    return S3Archive("log")


def run_with_faults(s3_server, s3_archive, tmp_path, name, *options):
    """`incremental` where a third of all requests is told to slow down: the finished process and how often it was."""
    with FaultProxy(s3_server.port, rate=0.3, seed=1, kinds=("slow_down",)) as proxy:
        client = Earthcatalog({**s3_server.environment, "AWS_ENDPOINT_URL": proxy.endpoint})
        process = client.run(*incremental(S3Table(s3_server, f"log/{name}", tmp_path), s3_archive, *options), check=True)
        return process, proxy.injected["slow_down"]


def test_each_retry_is_a_line_of_json(s3_server, s3_archive, tmp_path):
    process, refused = run_with_faults(s3_server, s3_archive, tmp_path, "json", *JSON)
    retries = events(process.stderr, "retry")
    assert len(retries) == refused > 10
    assert {retry["method"] for retry in retries} >= {"GET", "PUT"}
    assert {retry["uri"].split("/")[2] for retry in retries} == {"its-live-data", "test-warehouse"}
    for retry in retries:
        assert retry["level"] == "info" and "503" in retry["reason"] and 0 < retry["seconds"] < 30, retry
        assert retry["uri"] in retry["message"]
    assert events(process.stderr, "throttled")[0]["limit"] < events(process.stderr, "throttled")[0]["limit_before"]
    (commit,) = events(process.stderr, "commit")
    assert commit["files_added"] > 0 and commit["uri"].endswith("/json/catalog.db")
    (ended,) = events(process.stderr, "ended")
    assert (ended["command"], ended["exit_code"]) == ("incremental", 0)


def test_each_retry_is_a_line_of_text(s3_server, s3_archive, tmp_path):
    process, refused = run_with_faults(s3_server, s3_archive, tmp_path, "text", "--verbose")
    names = [LINE.fullmatch(line)[1] for line in process.stderr.splitlines()]
    assert names.count("retry") == refused > 10 and names[-1] == "ended"


def test_without_v_nothing_is_said_of_retries(s3_server, s3_archive, tmp_path):
    process, refused = run_with_faults(s3_server, s3_archive, tmp_path, "quiet")
    assert refused > 10 and process.stderr == ""


def test_a_lock_taken_over_names_its_holder(earthcatalog, archive, small_archive, table):
    lock = table.catalog.with_name(table.catalog.name + ".lock")
    killed = earthcatalog.start(*incremental(table, archive))
    wait_for(lambda: killed.poll() is not None or (lock.exists() and lock.stat().st_size))
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    process = earthcatalog.run(*incremental(table, small_archive, *JSON), check=True)
    (taken,) = events(process.stderr, "lock_taken_over")
    assert (taken["owner"], taken["pid"]) == ("incremental", killed.pid)
    assert taken["uri"] == f"file://{lock}" and "is gone" in taken["reason"]


def test_a_lost_race_names_the_attempt(earthcatalog, small_archive, table):
    earthcatalog.json(*incremental(table, small_archive, "--limit", 10))
    with Gate(small_archive.folder) as gate:
        late = earthcatalog.start("incremental", "--inventory", small_archive.inventory, "--limit", 50, *table.arguments, "--no-lock",
                                  "--endpoint", gate.endpoint, "--anonymous", "--region", "us-east-1", *JSON)
        assert gate.asked.wait(60), late.communicate()
        earthcatalog.json(*incremental(table, small_archive, "--no-lock"))
        gate.opened.set()
        _, stderr = late.communicate(timeout=120)
    assert late.returncode == 0, stderr
    assert events(stderr, "commit_lost_race")[0]["attempt"] == 1
    assert len({row[1] for row in table.rows()}) == 120


def test_an_error_comes_before_the_end(earthcatalog, table):
    process = earthcatalog.run("info", "--catalog", table.catalog, *JSON)
    assert process.returncode == 1
    (error,) = events(process.stderr, "error")
    assert error["level"] == "error" and str(table.catalog) in error["message"]
    assert events(process.stderr, "ended")[0]["exit_code"] == 1


def test_notes_and_warnings_are_json_too(earthcatalog, small_archive, table, tmp_path):
    (tmp_path / "earthcatalog.yaml").write_text("log_format: json\n")
    process = earthcatalog.run(*incremental(table, small_archive), cwd=tmp_path, check=True)
    assert "earthcatalog.yaml" in events(process.stderr, "note")[0]["message"]


def test_an_unknown_format_is_wrong_usage(earthcatalog, small_archive, table):
    process = earthcatalog.run(*incremental(table, small_archive, "--log-format", "xml"))
    assert process.returncode == 2 and "--log-format" in process.stderr and not table.exists()
