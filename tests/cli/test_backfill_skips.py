"""`backfill` that takes up what is staged: --skip-inventory, --skip-ingest; and --skip-upload."""

import json
import shutil

import pytest
from conftest import Archive, Table, backfill

OPTIONS = ["--chunk-size", 20]


@pytest.fixture(scope="module")
def generated(earthcatalog, tmp_path_factory):
    return earthcatalog.generate(tmp_path_factory.mktemp("generated"), "--concentrate", items=60, seed=7)


@pytest.fixture(scope="module")
def expected(earthcatalog, generated, tmp_path_factory):
    table = Table(tmp_path_factory.mktemp("expected"))
    earthcatalog.json(*backfill(table, generated))
    return table.contents()


@pytest.fixture
def archive(generated, tmp_path):
    """A copy, to lose things from."""
    return Archive(shutil.copytree(generated.folder, tmp_path / "archive"))


@pytest.fixture(params=["staged", "direct"])
def shape(request):
    return request.param


@pytest.fixture
def command(archive, table, shape):
    return lambda *more: backfill(table, archive, *OPTIONS, *more, shape=shape)


@pytest.fixture
def staged(earthcatalog, table, command, shape):
    """What a run left that was killed before its commit: the folder that it staged in."""
    earthcatalog.json(*command("--keep-staging"))
    (record,) = (table.staging if shape == "staged" else table.warehouse / "_runs").rglob("_run.json")
    state = json.loads(record.read_text())
    del state["committed_snapshot"]
    record.write_text(json.dumps(state))
    table.lose_table()
    return record.parent.parent


def markers(staged, shape):
    return sorted(staged.rglob("*.done" if shape == "staged" else "ingest_stats.json"))


class TestSkipInventory:
    def test_goes_on_without_the_inventory(self, earthcatalog, archive, table, command, staged, shape, expected):
        archive.inventory.unlink()
        for path in markers(staged / "staging" if shape == "staged" else staged, shape)[1:]:
            path.unlink()  # these chunks are fetched again
        missing = earthcatalog.run(*command())
        assert missing.returncode == 1 and "inventory.csv" in missing.stderr
        report = earthcatalog.json(*command("--skip-inventory"))
        assert report["written_items"] == 60
        assert table.contents().equals(expected)

    def test_needs_chunks(self, earthcatalog, table, command):
        run = earthcatalog.run(*command("--skip-inventory"))
        assert run.returncode == 2 and "holds no finished chunks" in run.stderr
        assert not table.is_locked()

    @pytest.mark.parametrize("option, value, named", [("--h3-resolution", 2, "resolution"),
                                                      ("--source-root", "file:///nowhere/", "source_root")])
    @pytest.mark.parametrize("more", [[], ["--skip-ingest"]], ids=["", "skip-ingest"])
    def test_another_setting_is_named(self, earthcatalog, table, command, staged, expected, option, value, named, more):
        wrong = command("--skip-inventory", *more)
        wrong[wrong.index(option) + 1] = value
        run = earthcatalog.run(*wrong)
        assert run.returncode == 2 and named in run.stderr, run.stderr
        assert not table.is_locked()
        assert not table.exists() or table.load().current_snapshot() is None
        earthcatalog.json(*command("--skip-inventory"))  # what is staged can still be used
        assert table.contents().equals(expected)


class TestSkipIngest:
    def test_fetches_nothing(self, earthcatalog, archive, table, command, staged, expected):
        for path in archive.objects():
            path.unlink()
        report = earthcatalog.json(*command("--skip-ingest"))
        assert (report["written_items"], report["missing"]) == (60, 0)
        assert table.contents().equals(expected)

    def test_needs_neither_bucket_nor_inventory(self, earthcatalog, archive, table, command, staged, expected):
        shutil.rmtree(archive.folder)
        earthcatalog.json(*command("--skip-inventory", "--skip-ingest"))
        assert table.contents().equals(expected)

    def test_a_chunk_that_is_not_staged_is_named(self, earthcatalog, table, command, staged, shape, expected):
        marker = next(path for path in markers(staged, shape) if "000001" in str(path.relative_to(staged)))
        marker.unlink()
        run = earthcatalog.run(*command("--skip-ingest"))
        assert run.returncode in (1, 2) and "chunk 1 " in run.stderr, run.stderr
        assert not table.exists() or table.load().current_snapshot() is None
        earthcatalog.json(*command())
        assert table.contents().equals(expected)


class TestSkipUpload:
    def test_is_true_of_a_local_catalog(self, earthcatalog, table, command, expected):
        assert earthcatalog.json(*command("--skip-upload"))["written_items"] == 60
        assert table.contents().equals(expected)

    def test_cannot_be_true_of_a_remote_one(self, earthcatalog, table, command):
        arguments = command("--skip-upload")
        arguments[arguments.index("--catalog") + 1] = "s3://bucket/catalog.db"
        run = earthcatalog.run(*arguments)
        assert run.returncode == 2 and "--skip-upload" in run.stderr and "s3://bucket/catalog.db" in run.stderr
        assert not table.warehouse.exists()
