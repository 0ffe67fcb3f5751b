"""Every shell block of README and docs/ runs, page by page, in order: against an archive of `earthcatalog generate` and the S3
test server. A block that cannot run here says so in its title. Commands and flags in running text must exist."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import BINARY, BUCKET, ROOT, Earthcatalog

NOT_RUN = "not run here"
SHELLS = {"sh", "bash", "console"}
OTHERS = {"", "text", "json", "python", "sql", "yaml"}
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Pages that make their table themselves; all others find one that holds the archive.
FROM_NOTHING = {"README.md", "backfill.md", "first_steps.md", "generate.md", "operations.md", "phase.md"}
# Commands whose pages cannot have their name.
PAGE_OF = {"index": "index_command", "man": "completion"}


class Block:
    def __init__(self, page, info, text):
        self.page, self.text = page, text
        self.language, _, self.title = info.strip().partition(" ")

    @property
    def is_shell(self):
        return self.language in SHELLS

    @property
    def runs(self):
        return self.is_shell and NOT_RUN not in self.title

    @property
    def script(self):
        """What is typed: of a console, what stands behind the prompts."""
        if self.language != "console":
            return self.text
        return "\n".join(re.findall(r"^\$ ((?:.*\\\n)*.*)$", self.text, re.MULTILINE))

    @property
    def shown(self):
        """What a console shows besides."""
        return re.sub(r"^\$ (?:.*\\\n)*.*$", "", self.text, flags=re.MULTILINE).split("\n") if self.language == "console" else []


def blocks(page):
    return [Block(page, info, text) for info, text in re.findall(r"^```([^\n]*)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)]


def name_of(page):
    return str(page.relative_to(ROOT))


BLOCKS = [block for page in PAGES for block in blocks(page)]
PAGES_THAT_RUN = [page for page in PAGES if any(block.runs for block in blocks(page))]


@pytest.fixture(scope="module")
def listed(s3_earthcatalog, tmp_path_factory):
    """300 items in a bucket, and where their inventories are."""
    s3_earthcatalog.run("generate", "--items", 300, "--seed", 3, "--concentrate", "--out", f"s3://{BUCKET}/docs", check=True)
    keys = tmp_path_factory.mktemp("docs") / "keys.csv.gz"
    s3_earthcatalog.run("generate", "--items", 300, "--seed", 3, "--no-objects", "--out", keys.parent, check=True)
    (keys.parent / "inventory.csv.gz").rename(keys)
    return f"s3://{BUCKET}/docs", keys


def here(text, archive, page):
    """The text with the buckets and programs of this machine."""
    text = re.sub(r"s3://my-logs/inventory/(?:[\w-]+/)?manifest\.json", f"{archive}/inventory/manifest.json", text)
    text = text.replace("s3://my-logs/inventory/inventory.csv", f"{archive}/inventory.csv")
    text = re.sub(r"s3://my-(\w+)", rf"s3://test-warehouse/docs-{page.stem}/\1", text)
    text = text.replace("build/bin/earthcatalog", "earthcatalog").replace(".deps/demo/bin/python", sys.executable)
    return text.replace("examples/query.py", str(ROOT / "examples/query.py"))


def write_files_of(page, folder, archive, target):
    """Each YAML block that begins with a file's name, as that file."""
    for block in blocks(page):
        if name := re.match(r"# (\S+\.yaml)\n", block.text):
            (folder / name[1]).write_text(here(block.text, archive, target))


def changing(line):
    """The line without what differs from run to run: times, rates, memory, random names, blanks."""
    line = re.sub(r"\b[0-9a-f]{32}\b|\b\d{15,}\b|\b\d+(\.\d+)?(?= (s|items/s|MiB)\b)", "#", line)
    return " ".join(line.split())


@pytest.mark.parametrize("page", PAGES_THAT_RUN, ids=name_of)
def test_every_command_of_a_page_runs(s3_earthcatalog, listed, tmp_path, page):
    archive, keys = listed
    (tmp_path / keys.name).write_bytes(keys.read_bytes())
    write_files_of(ROOT / "docs/guide/operations.md", tmp_path, archive, page)
    write_files_of(page, tmp_path, archive, page)
    environment = {**s3_earthcatalog.environment, "PATH": f"{BINARY.parent}{os.pathsep}{os.environ['PATH']}"}
    if page.name not in FROM_NOTHING:
        filled = s3_earthcatalog.run("incremental", "--config", "archive.yaml", "--inventory", f"{archive}/inventory.csv", cwd=tmp_path)
        assert filled.returncode == 0, filled.stderr
    for block in blocks(page):
        if not block.runs:
            continue
        if re.search(r"\bjq\b", block.script) and not shutil.which("jq"):
            pytest.skip("the example needs jq")
        process = subprocess.run(["bash", "-euo", "pipefail", "-c", here(block.script, archive, page)], cwd=tmp_path, env=environment,
                                 capture_output=True, text=True, timeout=300)
        assert process.returncode == 0, f"{block.script}\n{process.stdout}\n{process.stderr}"
        printed = {changing(line) for line in (process.stdout + process.stderr).splitlines()}
        for line in map(changing, block.shown):
            assert line in printed or not line, f"not printed: {line}\n{process.stdout}"


def test_blocks_that_do_not_run_are_few_and_say_why():
    left_out = [block for block in BLOCKS if block.is_shell and not block.runs]
    assert len(left_out) <= 3, [name_of(block.page) for block in left_out]
    for block in left_out:
        assert re.fullmatch(r'title="not run here: \S.*"', block.title), block.title


def test_commands_stand_in_shell_blocks():
    for block in BLOCKS:
        assert block.language in SHELLS | OTHERS, f"{name_of(block.page)}: ```{block.language}"
        if not block.is_shell:
            assert not re.search(r"^(\$ )?earthcatalog [a-z]+ ", block.text, re.MULTILINE), name_of(block.page)


def command_names(earthcatalog):
    return re.findall(r"^  (\w+) {2,}", earthcatalog.run("--help").stdout.partition("Subcommands:")[2], re.MULTILINE)


def test_every_command_has_a_page_that_runs_it(earthcatalog):
    names = command_names(earthcatalog)
    assert len(names) >= 17
    pages = {page.stem for page in (ROOT / "docs/commands").glob("*.md")}
    assert pages == {PAGE_OF.get(name, name) for name in names}
    for name in names:
        page = ROOT / f"docs/commands/{PAGE_OF.get(name, name)}.md"
        assert any(re.search(rf"\bearthcatalog {name}\b", block.script) for block in blocks(page) if block.runs), name


@pytest.fixture(scope="module")
def flags(earthcatalog):
    """The flags of each command."""
    calls = {name: [name] for name in command_names(earthcatalog)}
    calls.update(index=["index", "build"], inspect=["inspect", "inventory"])
    return {name: set(re.findall(r"--[a-z0-9-]+", earthcatalog.run(*call, "--help").stdout)) for name, call in calls.items()}


def spans(page):
    """The pieces of code in running text."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_and_flags_in_running_text_exist(flags, page):
    known = set.union(*flags.values()) | {"--version"}
    left_out = [block.script for block in blocks(page) if block.is_shell and not block.runs]
    own = flags.get({value: key for key, value in PAGE_OF.items()}.get(page.stem, page.stem), known) if page.parent.name == "commands" else known
    for span in spans(page) + [line for script in left_out for line in script.splitlines()]:
        words = span.removeprefix("earthcatalog ").split()
        if span.startswith("earthcatalog "):
            assert words[0] in flags or words[0].startswith("-") or words[0].isupper(), f"`{span}`"
        of_command = own if span.startswith("--") else flags.get(words[0], known) if words else known
        if words and words[0].startswith(("cmake", "ctest", "make", "benchmarks/", "build/bin/", ".deps/")):
            continue
        for flag in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", span):
            assert flag in of_command, f"`{span}`: no {flag}"


def test_links_of_pages_outside_of_the_site_lead_somewhere():
    for page in PAGES[:2]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            assert "://" in target or (page.parent / target).exists(), f"{name_of(page)}: {target}"
