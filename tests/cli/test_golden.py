"""Runs the commands in tests/golden/<command>/<case>/cmd and compares what they print with `expected` there.

A cmd file has one command a line; the last one's output counts. {archive} is an archive of 3 items, one of them odd,
{work} an empty folder. What differs from run to run is masked. EARTHCATALOG_UPDATE_GOLDEN=1 writes `expected` anew.
"""

import os
import pathlib
import re
import shlex

import pytest
from conftest import ROOT

CASES = sorted(path.parent for path in (ROOT / "tests/golden").glob("*/*/cmd"))
MASKS = [
    (r'"(seconds|items_per_second|peak_rss_bytes|snapshot_id|bytes)": [-0-9.e+]+', r'"\1": 0'),
    (r'"run_id": "[0-9a-f]+"', '"run_id": "RUN"'),
    (r'"(started|ended|version)": "[^"]+"', r'"\1": "-"'),
    (r"[0-9a-f]{32}\.problems", "RUN.problems"),
    (r"-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "-UUID"),
]


@pytest.fixture(scope="module")
def three_items(earthcatalog, tmp_path_factory):
    return earthcatalog.generate(tmp_path_factory.mktemp("three"), "--odd-every", 3, "--sidecar-rows", 1, items=3, seed=1)


@pytest.mark.parametrize("case", CASES, ids=lambda path: "/".join(path.parts[-2:]))
def test_golden(earthcatalog, three_items, tmp_path, case):
    for line in (case / "cmd").read_text().splitlines():
        words = shlex.split(line.format(archive=three_items.folder, work=tmp_path))
        words = [name for word in words for name in (sorted(map(str, pathlib.Path("/").glob(word[1:]))) if "*" in word else [word])]
        process = earthcatalog.run(*words, check=True, cwd=tmp_path)
    text = process.stdout.replace(str(tmp_path), "{work}").replace(str(three_items.folder), "{archive}")
    for pattern, replacement in MASKS:
        text = re.sub(pattern, replacement, text)
    expected = case / "expected"
    if os.environ.get("EARTHCATALOG_UPDATE_GOLDEN"):
        expected.write_text(text)
    assert text == expected.read_text()
