"""The README's Python block does what stands below it."""

import re
import subprocess
import sys

from conftest import ROOT


def test_the_block_prints_what_is_shown(earthcatalog, tmp_path):
    text = (ROOT / "README.md").read_text()
    blocks = dict(re.findall(r"^```(python|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    earthcatalog.generate(tmp_path / "demo/archive", items=20000, seed=1)
    done = subprocess.run(
        [sys.executable, "-c", blocks["python"]], cwd=tmp_path, check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == blocks["text"]
    assert "<svg" in (tmp_path / "demo/cells.html").read_text()
