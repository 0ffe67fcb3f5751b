"""One command's cost, from outside."""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))


def measure(command, environment, allowed=(0,)):
    """Wall seconds, CPU seconds and peak memory (MiB) of one command that ends with an `allowed` code, and what it printed."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.monotonic()
        process = subprocess.Popen(list(map(str, command)), stdout=out, stderr=err, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        out.seek(0), err.seek(0)
        text = out.read()
        if os.waitstatus_to_exitcode(status) not in allowed:
            raise RuntimeError(f"{command}: {status}\n{text[-2000:]}\n{err.read()[-2000:]}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss / 1024, "text": text}


def median(runs, name):
    return statistics.median(run[name] for run in runs)


def fresh(work):
    """A new folder each time: making folders where thousands were just removed is slower, for any program."""
    return pathlib.Path(tempfile.mkdtemp(dir=work))
