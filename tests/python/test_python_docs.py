"""The Python blocks of docs/python run, page by page, in order; and every public name has a docstring."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys

import pytest

import earthcatalog
from conftest import ROOT

PAGES = sorted((ROOT / "docs/python").glob("*.md"))
PAGES_THAT_RUN = [page for page in PAGES if "```python\n" in page.read_text()]


@pytest.mark.parametrize("page", PAGES_THAT_RUN, ids=lambda page: page.stem)
def test_the_blocks_of_a_page_run(page, small_archive, tmp_path):
    (tmp_path / "archive").symlink_to(small_archive.folder)
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks))
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def modules():
    names = [one.name for one in pkgutil.walk_packages(earthcatalog.__path__, "earthcatalog.")]
    return [name for name in names if not re.search(r"\._|__main__|\.core\.|_core$", name)]


@pytest.mark.parametrize("name", modules())
def test_every_public_name_says_what_it_is(name):
    module = importlib.import_module(name)
    assert module.__doc__, name
    for exported in getattr(module, "__all__", []):
        thing = getattr(module, exported)
        if inspect.isroutine(thing) or inspect.isclass(thing):
            assert thing.__doc__, f"{name}.{exported}"
            for inner, member in vars(thing).items() if inspect.isclass(thing) else ():
                if not inner.startswith("_") and inspect.isroutine(member):
                    assert inspect.getdoc(getattr(thing, inner)), f"{name}.{exported}.{inner}"


def test_every_name_of_the_page_for_newcomers_from_the_other_package_exists():
    text = (ROOT / "docs/python/coming_from.md").read_text()
    for name in ("open", "ingest", "EarthCatalog", "CatalogInfo", "S3Lock", "CatalogLocked"):
        assert name in text and hasattr(earthcatalog, name)
    rows = re.findall(r"^\| (`.*?) \| (?!not yet)", text, re.MULTILINE)
    for name in re.findall(r"`EarthCatalog\.(\w+)", "\n".join(rows)):
        assert hasattr(earthcatalog.EarthCatalog, name), name


def test_no_message_of_the_python_layer_speaks_of_flags():
    for path in (ROOT / "python/earthcatalog").rglob("*.py"):
        if path.name in ("_command_line.py", "make_test_inventory.py", "compact.py"):
            continue
        raised = re.findall(r"raise \w+\((.*?)\)\n", path.read_text(), re.DOTALL)
        assert not [text for text in raised if re.search(r"(?<!-)--[a-z]", text)], path
