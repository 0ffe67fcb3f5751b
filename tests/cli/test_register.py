"""`earthcatalog register --from-warehouse`: a lost catalog file, lost metadata, and what lies in the way."""

import shutil

import pytest
from conftest import BUCKET, Table, incremental


def register(table, *more):
    return ["register", "--from-warehouse", *table.arguments, *more]


def metadata_files(table):
    return sorted((table.warehouse / "earthcatalog/stac_items/metadata").glob("*.metadata.json"))


def lose_metadata(table):
    table.catalog.unlink()
    shutil.rmtree(table.warehouse / "earthcatalog")


def summary_of(table):
    return table.load().current_snapshot().summary.additional_properties


@pytest.fixture
def made(earthcatalog, archive, table):
    """A table of two commits."""
    for limit in (200, 300):
        earthcatalog.json(*incremental(table, archive, "--limit", limit))
    table.expected = table.rows()
    return table


class TestFromMetadata:
    def test_a_lost_catalog_comes_back_as_it_was(self, earthcatalog, archive, made):
        before = made.load()
        made.catalog.unlink()
        report = earthcatalog.json(*register(made))
        assert report["from"] == "metadata" and report["passed_over"] == [] and report["notes"] == []
        assert made.load().metadata == before.metadata
        assert made.load().metadata_location == before.metadata_location
        assert report["rows"] == len(made.expected)
        assert earthcatalog.json(*incremental(made, archive, "--limit", 300))["unchanged"] == 300

    def test_a_catalog_that_has_the_table_is_left_alone(self, earthcatalog, made):
        content = made.catalog.read_bytes()
        process = earthcatalog.run(*register(made))
        assert process.returncode == 1
        assert str(made.catalog) in process.stderr and "--replace" in process.stderr
        assert made.catalog.read_bytes() == content
        report = earthcatalog.json(*register(made, "--replace"))
        assert report["replaced"] == report["metadata"]
        assert made.rows() == made.expected

    def test_a_catalog_whose_metadata_are_gone_is_pointed_to_what_is_left(self, earthcatalog, made):
        newest = metadata_files(made)[-1]
        newest.unlink()
        report = earthcatalog.json(*register(made))
        assert report["replaced"].endswith(newest.name)
        assert any(newest.name in note for note in report["notes"])
        assert len(made.load().metadata.snapshots) == 1

    def test_broken_newest_metadata_are_named_and_the_ones_before_taken(self, earthcatalog, made):
        made.catalog.unlink()
        *_, before, newest = metadata_files(made)
        newest.write_text(newest.read_text()[:100])
        report = earthcatalog.json(*register(made))
        assert report["metadata"].endswith(before.name)
        assert [entry["uri"].rsplit("/", 1)[1] for entry in report["passed_over"]] == [newest.name]
        assert newest.name in earthcatalog.run(*register(made, "--replace"), check=True).stdout

    def test_a_dry_run_changes_nothing(self, earthcatalog, made):
        made.catalog.unlink()
        before = sorted(made.folder.rglob("*"))
        report = earthcatalog.json(*register(made, "--dry-run"))
        assert report["dry_run"] and report["rows"] == len(made.expected)
        assert sorted(made.folder.rglob("*")) == before

    def test_a_lost_data_file_is_named_and_nothing_is_taken_back(self, earthcatalog, made):
        made.catalog.unlink()
        lost = sorted(made.warehouse.glob("grid_partition=*/year=*/*.parquet"))[-1]
        lost.unlink()
        process = earthcatalog.run(*register(made))
        assert process.returncode == 1
        assert lost.name in process.stderr and "--reconstruct" in process.stderr
        assert not made.catalog.exists()
        report = earthcatalog.json(*register(made, "--reconstruct"))
        assert report["from"] == "data files"
        assert set(made.rows()) < set(made.expected)
        # What comes after follows on the old metadata, and is found when the catalog is lost once more.
        made.catalog.unlink()
        assert earthcatalog.json(*register(made))["metadata"] == report["metadata"]

    def test_a_manifest_cut_short_is_named(self, earthcatalog, made):
        manifest = made.load().current_snapshot().manifests(made.load().io)[0].manifest_path.removeprefix("file://")
        with open(manifest, "r+b") as file:
            file.truncate(100)
        made.catalog.unlink()
        process = earthcatalog.run(*register(made))
        assert process.returncode == 1 and manifest in process.stderr


class TestFromDataFiles:
    def test_the_rows_come_back(self, earthcatalog, archive, made):
        lose_metadata(made)
        report = earthcatalog.json(*register(made))
        assert report["from"] == "data files" and report["reconstructed"]["files_left_out"] == 0
        assert made.rows() == made.expected
        assert summary_of(made)["earthcatalog.reconstructed"] == "true"
        # Objects are unknown, so they are fetched once more; their rows are replaced, not doubled.
        again = earthcatalog.json(*incremental(made, archive, "--limit", 300))
        assert again["written_items"] == 300
        assert made.rows() == made.expected

    def test_filters_prune_by_bounds_of_the_footers(self, earthcatalog, made):
        lose_metadata(made)
        earthcatalog.json(*register(made))
        identifier = made.expected[0][1]
        scan = made.load().scan(row_filter=f"id == '{identifier}'", selected_fields=("id",))
        assert 0 < len(list(scan.plan_files())) < len(list(made.load().scan().plan_files()))
        assert set(scan.to_arrow().column("id").to_pylist()) == {identifier}

    def test_files_that_others_replaced_are_left_out(self, earthcatalog, archive, made):
        earthcatalog.json(*incremental(made, archive, "--limit", 300, "--refetch"))
        lose_metadata(made)
        report = earthcatalog.json(*register(made))
        counts = report["reconstructed"]
        assert counts["files_left_out"] > 0 and counts["files_rewritten"] == 0
        assert counts["files_found"] == counts["files_taken"] + counts["files_left_out"]
        assert made.rows() == made.expected

    def test_what_a_killed_run_left_and_another_wrote_is_there_once(self, earthcatalog, archive, made, tmp_path):
        """A file of which some rows are doubles is refused, and written anew when asked."""
        other = Table(tmp_path / "other")
        inventory = tmp_path / "some.csv"
        lines = open(archive.inventory).readlines()
        inventory.write_text("".join([lines[0], *lines[150:450]]))
        earthcatalog.run("incremental", "--inventory", inventory, "--source-root", archive.source_root, *other.arguments,
                         "--h3-resolution", 1, check=True)
        expected = sorted(set(made.expected) | set(other.rows()))
        shutil.copytree(other.warehouse, made.warehouse, dirs_exist_ok=True, copy_function=shutil.copy,
                        ignore=shutil.ignore_patterns("earthcatalog"))
        lose_metadata(made)
        process = earthcatalog.run(*register(made))
        assert process.returncode == 1 and "--rewrite" in process.stderr
        assert not made.catalog.exists() and not (made.warehouse / "earthcatalog").exists()
        promised = earthcatalog.json(*register(made, "--dry-run"))
        report = earthcatalog.json(*register(made, "--rewrite"))
        assert report["reconstructed"]["files_rewritten"] > 0
        assert report["rows"] == promised["rows"] == len(expected)
        assert made.rows() == expected

    def test_a_broken_data_file_is_left_out_and_named(self, earthcatalog, made):
        lose_metadata(made)
        broken = sorted(made.warehouse.glob("grid_partition=*/year=*/*.parquet"))[0]
        broken.write_bytes(b"PAR1")
        report = earthcatalog.json(*register(made))
        assert [entry["uri"] for entry in report["reconstructed"]["unreadable"]] == [f"file://{broken}"]
        assert set(made.rows()) < set(made.expected)

    def test_a_file_in_the_wrong_folder_is_named(self, earthcatalog, made):
        lose_metadata(made)
        first, *_, last = sorted(made.warehouse.glob("grid_partition=8*/year=*/*.parquet"))
        moved = last.parent / "part_000000_ffffffff.parquet"
        first.rename(moved)
        process = earthcatalog.run(*register(made))
        assert process.returncode == 1 and moved.name in process.stderr and "folder" in process.stderr

    def test_metadata_of_a_table_that_was_only_just_made_do_not_hide_the_files(self, earthcatalog, made):
        made.catalog.unlink()
        empty, *later = metadata_files(made)
        for path in later:
            path.unlink()
        report = earthcatalog.json(*register(made))
        assert report["from"] == "data files" and report["passed_over"][0]["uri"].endswith(empty.name)
        assert made.rows() == made.expected

    def test_a_copied_warehouse(self, earthcatalog, made, tmp_path):
        copy = Table(tmp_path / "copy")
        shutil.copytree(made.warehouse, copy.warehouse)
        process = earthcatalog.run(*register(copy))
        assert process.returncode == 1 and "copy" in process.stderr and not copy.catalog.exists()
        earthcatalog.json(*register(copy, "--reconstruct"))
        assert copy.rows() == made.expected
        assert all(str(copy.warehouse) in task.file.file_path for task in copy.load().scan().plan_files())


class TestRefused:
    def test_a_mistyped_warehouse_creates_nothing(self, earthcatalog, tmp_path):
        process = earthcatalog.run("register", "--from-warehouse", "--catalog", tmp_path / "c.db", "--warehouse", tmp_path / "no")
        assert process.returncode == 1 and str(tmp_path / "no") in process.stderr
        assert list(tmp_path.iterdir()) == []

    def test_a_file_that_is_no_catalog_is_not_written_over(self, earthcatalog, made):
        made.catalog.write_bytes(b"not SQLite, at least 16 bytes of it" * 100)
        content = made.catalog.read_bytes()
        process = earthcatalog.run(*register(made, "--replace"))
        assert process.returncode == 1 and "move it away" in process.stderr
        assert made.catalog.read_bytes() == content

    @pytest.mark.parametrize("missing", ["--from-warehouse", "--warehouse", "--catalog"])
    def test_wrong_usage(self, earthcatalog, made, missing):
        arguments = register(made)
        at = arguments.index(missing)
        del arguments[at:at + (1 if missing == "--from-warehouse" else 2)]
        assert earthcatalog.run(*arguments).returncode == 2


def test_on_s3(s3_earthcatalog, s3_server):
    base = "s3://test-warehouse/register"
    s3_earthcatalog.run("generate", "--items", 100, "--seed", 6, "--out", f"s3://{BUCKET}/register", check=True)
    warehouse = ["--warehouse", f"{base}/warehouse"]
    run = ["incremental", "--inventory", f"s3://{BUCKET}/register/inventory.csv", *warehouse]
    first = s3_earthcatalog.json(*run, "--catalog", f"{base}/lost.db")
    arguments = ["--catalog", f"{base}/catalog.db", *warehouse]
    report = s3_earthcatalog.json("register", "--from-warehouse", *arguments)
    assert (report["from"], report["rows"]) == ("metadata", first["rows"])
    assert s3_earthcatalog.json(*run, "--catalog", f"{base}/catalog.db")["unchanged"] == 100
    report = s3_earthcatalog.json("register", "--from-warehouse", *arguments, "--reconstruct", "--replace")
    assert (report["from"], report["rows"], report["files"]) == ("data files", first["rows"], first["files"])
    assert s3_earthcatalog.json("info", *arguments)["rows"] == first["rows"]
