"""What docs/commands/phase.md shows and says."""

import json
import os
import re
import shutil
import subprocess

import pytest
from conftest import BINARY, ROOT


@pytest.fixture
def example(earthcatalog, tmp_path):
    """The page's example, run in an empty folder; what it printed."""
    if not shutil.which("jq"):
        pytest.skip("the example needs jq")
    page = (ROOT / "docs/commands/phase.md").read_text()
    script, = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    path = f"{BINARY.parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, capture_output=True, text=True,
                             env={**earthcatalog.environment, "PATH": path})
    assert process.returncode == 0, process.stderr
    return process.stdout


def without_what_changes(lines):
    """Keys depend on where the staging prefix is, ids on the moment, sizes on neither."""
    return [re.sub(r'"(key|plan_id)":"[0-9a-f]+"|"snapshot_id":\d+|, \d\.\d s$', "", line) for line in lines]


def test_the_example_prints_what_the_page_says(example):
    page = (ROOT / "docs/commands/phase.md").read_text()
    shown, = re.findall(r"It prints .*?```\n(.*?)```", page, re.DOTALL)
    printed = without_what_changes(example.splitlines())
    for line in without_what_changes(shown.splitlines()):
        assert line in printed


def test_after_the_clean_up_the_same_spec_is_refused(earthcatalog, example, tmp_path):
    process = earthcatalog.run("phase", "register_and_cleanup", "--spec", "head.json", cwd=tmp_path)
    assert process.returncode == 2 and "holds no finished chunks" in process.stderr


def test_a_task_is_the_plans_with_other_names_of_files_but_not_with_other_rows(earthcatalog, example, tmp_path):
    task = json.loads((tmp_path / "tasks").read_text().splitlines()[2])
    done = json.loads([line for line in example.splitlines() if line.startswith('{"task":2,"key"')][0])
    settings = {"inventory": f"file://{tmp_path}/archive/inventory.csv", "source_root": f"file://{tmp_path}/archive/", "chunk_size": 40}
    earthcatalog.phase("write_chunks", {"staging": f"file://{tmp_path}/other", "settings": settings})
    for chunk in (0, 1):
        spec = {"staging": f"file://{tmp_path}/other", "chunk": chunk, "source_root": settings["source_root"]}
        earthcatalog.phase("ingest_chunk", spec)
    earthcatalog.phase("plan_compaction", {"staging": f"file://{tmp_path}/other", "warehouse": f"file://{tmp_path}/new",
                                           "run_id": "e" * 32})  # for the columns, which specs name
    started = json.loads((tmp_path / "other/chunks/_run.json").read_text())["started"]
    again = {**task, "staging": f"file://{tmp_path}/other", "started": started}

    def key(**changes):
        return earthcatalog.phase("compact_group", {**again, **changes})["key"]

    assert key(first_part=50) == key(first_part=60, workers=2, run_id="f" * 32) != done["key"]
    assert key(first_part=70, compact_rows=1) != key(first_part=50)
