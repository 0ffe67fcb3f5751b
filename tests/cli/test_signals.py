"""Signals: SIGHUP ends a run in order, as SIGTERM and Ctrl-C do."""

import os
import signal
import socket
import subprocess
import time

import pytest
from conftest import BINARY, incremental


def wait_for_lock(table, process):
    lock = table.catalog.with_name(table.catalog.name + ".lock")
    while not (lock.exists() and lock.stat().st_size):
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)


@pytest.mark.parametrize("signals", [["SIGHUP"], ["SIGHUP", "SIGHUP"], ["SIGTERM"], ["SIGINT"]])
def test_run_ends_in_order(earthcatalog, archive, table, signals):
    process = earthcatalog.start(*incremental(table, archive, "--fetch-concurrency", 1, "--workers", 1, "--chunk-size", 50))
    wait_for_lock(table, process)
    process.send_signal(signal.SIGSTOP)  # so that the signals meet the run, not its end
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    for name in signals:
        process.send_signal(getattr(signal, name))
    process.send_signal(signal.SIGCONT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "Run the same command to go on" in errors
    assert not table.is_locked()
    assert earthcatalog.json(*incremental(table, archive))["written_items"] > 0


def test_nohup_run_minds_no_hangup(earthcatalog, archive, table):
    process = subprocess.Popen([str(BINARY), *map(str, incremental(table, archive))], env=earthcatalog.environment,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    wait_for_lock(table, process)
    process.send_signal(signal.SIGHUP)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors


def test_command_that_holds_nothing_ends_at_once(earthcatalog):
    """It waits for a server that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = earthcatalog.start("inspect", "inventory", "s3://bucket/list.csv", "--anonymous", "--region", "us-east-1",
                                     "--endpoint", f"http://127.0.0.1:{server.getsockname()[1]}")
        server.settimeout(60)
        connection, _ = server.accept()
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=20) == 130
        finally:
            process.kill()
            process.communicate()
            connection.close()
