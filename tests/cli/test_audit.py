"""`earthcatalog audit` by the real binary: a table that agrees with its bucket passes, and whatever is planted is named.

Faults are planted as they come about: by PyIceberg, in the bucket's inventory, on disk, or in the manifests."""

import copy
import csv
import json
import os
import shutil
import time

import pytest
from conftest import BUCKET, Table, backfill, incremental

ITEMS = 300


class Inventory:
    """The rows of an archive's inventory, to be changed and written."""

    def __init__(self, archive, path, rows=ITEMS):
        self.path = path
        with open(archive.inventory, newline="") as file:
            self.rows = list(csv.DictReader(file))[:rows]

    def with_rows(self, path, rows):
        other = copy.copy(self)
        other.path, other.rows = path, rows
        return other

    def write(self):
        with open(self.path, "w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=["bucket", "key", "size", "last_modified_date", "e_tag"], restval="")
            writer.writeheader()
            writer.writerows(self.rows)
        return self.path


def audit(earthcatalog, table, inventory, *more):
    """The exit code, the report, and all findings."""
    out = table.folder / "findings.ndjson"
    out.unlink(missing_ok=True)
    process = earthcatalog.run("audit", "--inventory", inventory, *table.arguments, "--out", out, "--format", "json", *more)
    assert process.stdout, process.stderr
    report = json.loads(process.stdout)
    found = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    assert_sums(report, found)
    assert process.returncode == (0 if report["good"] else 1)
    return report, found


def assert_sums(report, found):
    objects, index, rows, findings = (report[name] for name in ("inventory_objects", "object_index", "table", "findings"))
    assert objects["objects"] == sum(count for name, count in objects.items() if name not in ("objects", "duplicates"))
    assert (objects["stale"], objects["missing"]) == (findings["stale"], findings["missing"])
    known = objects["held"] + objects["superseded"] + objects["stale"]
    assert index["entries"] == known + index["extra"] + index["elsewhere"] + index["other_suffix"] + index["nameless"]
    assert rows["rows"] == (rows["held"] + rows["by_name"] + findings["stale_rows"] + findings["doubled_rows"] +
                            findings["unknown_rows"])
    for kind, count in findings.items():
        assert count == sum(line["finding"] == kind for line in found), kind
    assert report["good"] == (found == [])


def kinds(report):
    return {kind: count for kind, count in report["findings"].items() if count}


def of_kind(found, kind):
    return [line for line in found if line["finding"] == kind]


def item_of(archive, row):
    return json.loads((archive.folder / row["bucket"] / row["key"]).read_text())


@pytest.fixture
def inventory(archive, table):
    return Inventory(archive, table.folder / "list.csv")


@pytest.fixture
def made(earthcatalog, archive, table, inventory):
    """A table of two commits, which agrees with `inventory`."""
    for limit in (200, ITEMS):
        earthcatalog.json(*incremental(table, archive, "--limit", limit))
    inventory.write()
    return table


@pytest.fixture
def row_of(made):
    """Item, rows and files of the first item with two rows, as PyIceberg sees them."""
    rows = made.rows()
    collection, identifier, *_ = next(row for row in rows if sum(other[1] == row[1] for other in rows) == 2)
    return identifier, made.load().scan(row_filter=f"id == '{identifier}'").to_arrow()


def edit_manifests(table, edit):
    """Changes what the manifests of the current snapshot say of data files: `edit(data_file)`, a dictionary."""
    import fastavro

    def rewrite(path, change):
        with open(path, "rb") as file:
            reader = fastavro.reader(file)
            schema, metadata, records = reader.writer_schema, dict(reader.metadata), list(reader)
        for record in records:
            change(record)
        metadata = {name: value for name, value in metadata.items() if not name.startswith("avro.")}
        with open(path, "wb") as file:
            fastavro.writer(file, schema, records, codec="deflate", metadata=metadata)

    def change_manifest(line):
        path = line["manifest_path"].removeprefix("file://")
        rewrite(path, lambda entry: edit(entry["data_file"]))
        line["manifest_length"] = os.path.getsize(path)

    rewrite(table.load().current_snapshot().manifest_list.removeprefix("file://"), change_manifest)


def field_id(table, name):
    return table.load().schema().find_field(name).field_id


class Once:
    """An edit of the first data file that it meets."""

    def __init__(self, edit):
        self.edit = edit
        self.path = None

    def __call__(self, data_file):
        if self.path is None:
            self.path = data_file["file_path"]
            self.edit(data_file)


class TestAgreement:
    def test_a_table_made_by_incremental_passes_and_nothing_is_written(self, earthcatalog, made, inventory):
        before = {path: path.stat().st_mtime_ns for path in made.folder.rglob("*")}
        report, _ = audit(earthcatalog, made, inventory.path)
        assert report["good"] and report["inventory_objects"]["held"] == ITEMS
        assert report["table"]["rows"] == report["table"]["held"] == len(made.rows())
        assert report["table"]["items"] == ITEMS and report["object_index"]["current"]
        assert {path: path.stat().st_mtime_ns for path in made.folder.rglob("*")} == before
        text = earthcatalog.run("audit", "--inventory", inventory.path, *made.arguments, check=True).stdout
        assert "all is as it should be" in text

    @pytest.mark.parametrize("shape", ["staged", "direct"])
    def test_one_made_by_backfill(self, earthcatalog, archive, table, shape):
        earthcatalog.json(*backfill(table, archive, shape=shape))
        report, _ = audit(earthcatalog, table, archive.inventory)
        assert report["good"] and report["inventory_objects"]["held"] == len(archive.objects())

    def test_one_that_was_compacted(self, earthcatalog, made, inventory):
        assert earthcatalog.json("compact", *made.arguments)["files_after"] < len(made.rows())
        report, _ = audit(earthcatalog, made, inventory.path)
        assert report["good"] and report["inventory_objects"]["held"] == ITEMS and report["object_index"]["current"]

    def test_every_row_rewritten(self, earthcatalog, archive, made, inventory):
        earthcatalog.json(*incremental(made, archive, "--limit", 150, "--refetch"))
        assert audit(earthcatalog, made, inventory.path)[0]["good"]

    def test_an_auto_schema_and_a_geojson_grid(self, earthcatalog, archive, table, tmp_path):
        regions = {"type": "FeatureCollection", "features": [
            {"type": "Feature", "properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": [
                [[west, -90], [west + 180, -90], [west + 180, 90], [west, 90], [west, -90]]]}}
            for name, west in (("west", -180), ("east", 0))]}
        (tmp_path / "regions.geojson").write_text(json.dumps(regions))
        earthcatalog.json(*incremental(table, archive, "--schema", "auto", "--grid", "geojson", "--boundaries",
                                       tmp_path / "regions.geojson", "--id-field", "name"))
        assert audit(earthcatalog, table, archive.inventory)[0]["good"]

    def test_superseded_objects_count_as_such(self, earthcatalog, table, tmp_path):
        folder = tmp_path / "doubles"
        twice = earthcatalog.generate(folder, "--duplicate-every", 10, "--odd-every", 7, items=100, seed=3)
        earthcatalog.json(*incremental(table, twice))
        report, _ = audit(earthcatalog, table, twice.inventory)
        assert report["good"]
        assert (report["inventory_objects"]["held"], report["inventory_objects"]["superseded"]) == (100, 10)

    def test_a_listing_is_an_inventory(self, earthcatalog, archive, table):
        earthcatalog.json(*incremental(table, archive))
        report, _ = audit(earthcatalog, table, archive.folder, "--source-root", archive.source_root)
        assert report["good"] and report["inventory_objects"]["held"] == len(archive.objects())

    def test_little_memory_is_enough(self, earthcatalog, archive, table):
        earthcatalog.json(*incremental(table, archive))
        report, _ = audit(earthcatalog, table, archive.inventory, "--memory-limit", "64KiB", "--workers", 3)
        assert report["good"] and report["inventory_objects"]["held"] == len(archive.objects())

    def test_rows_of_a_file_in_the_inventory_twice_are_one_object(self, earthcatalog, made, inventory):
        older = dict(inventory.rows[5], last_modified_date="2001-01-01T00:00:00Z")
        inventory.rows += [older, inventory.rows[7]]
        report, _ = audit(earthcatalog, made, inventory.write())
        assert report["good"] and report["inventory_objects"]["duplicates"] == 2

    def test_a_table_made_of_its_data_files_is_held_by_name(self, earthcatalog, made, inventory):
        shutil.rmtree(made.warehouse / "earthcatalog")
        made.catalog.unlink()
        earthcatalog.json("register", "--from-warehouse", *made.arguments)
        report, _ = audit(earthcatalog, made, inventory.path)
        assert report["good"] and report["object_index"]["entries"] == 0
        assert report["inventory_objects"]["by_name"] == ITEMS and report["table"]["by_name"] == len(made.rows())
        # What no file bears the name of is missing and unknown all the same.
        inventory.rows[0]["key"] = inventory.rows[0]["key"].replace(".stac.json", "-v2.stac.json")
        report, found = audit(earthcatalog, made, inventory.write())
        assert set(kinds(report)) == {"missing", "unknown_rows"}
        assert [line["key"] for line in of_kind(found, "missing")] == [inventory.rows[0]["key"]]

    def test_on_s3(self, s3_earthcatalog):
        base = "s3://test-warehouse/audit"
        s3_earthcatalog.run("generate", "--items", 60, "--seed", 5, "--out", f"s3://{BUCKET}/audit", check=True)
        arguments = ["--catalog", f"{base}/catalog.db", "--warehouse", f"{base}/warehouse"]
        inventory = f"s3://{BUCKET}/audit/inventory.csv"
        s3_earthcatalog.json("incremental", "--inventory", inventory, "--limit", 50, *arguments)
        process = s3_earthcatalog.run("audit", "--inventory", inventory, *arguments, "--format", "json")
        report = json.loads(process.stdout)
        assert process.returncode == 1 and kinds(report) == {"missing": 10}
        assert report["out"].startswith(f"{base}/catalog.db.")
        s3_earthcatalog.json("incremental", "--inventory", inventory, *arguments)
        assert s3_earthcatalog.json("audit", "--inventory", inventory, *arguments)["inventory_objects"]["held"] == 60


class TestObjects:
    def test_a_gap(self, earthcatalog, archive, made, inventory):
        inventory.rows = Inventory(archive, inventory.path, ITEMS + 2).rows
        report, found = audit(earthcatalog, made, inventory.write())
        assert kinds(report) == {"missing": 2}
        assert {line["key"] for line in found} == {row["key"] for row in inventory.rows[-2:]}
        text = earthcatalog.run("audit", "--inventory", inventory.path, *made.arguments).stdout
        assert inventory.rows[-1]["key"] in text and "2 missing" in text
        # Only what is older than --since may be missing.
        dates = sorted(row["last_modified_date"] for row in inventory.rows)
        report, _ = audit(earthcatalog, made, inventory.path, "--since", dates[-1])
        assert kinds(report) == {"missing": 1} and report["inventory_objects"]["before_since"] == 1

    def test_an_object_that_is_gone(self, earthcatalog, made, inventory):
        gone = inventory.rows.pop(17)
        report, found = audit(earthcatalog, made, inventory.write())
        assert kinds(report) == {"extra": 1}
        assert (found[0]["bucket"], found[0]["key"]) == (gone["bucket"], gone["key"])

    @pytest.mark.parametrize("column, value", [("last_modified_date", "2026-08-01T00:00:00Z"), ("size", "1")])
    def test_another_version(self, earthcatalog, made, inventory, column, value):
        row = inventory.rows[42]
        row[column] = value
        if column == "size":
            row["last_modified_date"] = ""
        report, found = audit(earthcatalog, made, inventory.write())
        assert kinds(report) == {"stale": 1} and found[0]["key"] == row["key"]

    def test_another_etag(self, earthcatalog, archive, table, inventory):
        for number, row in enumerate(inventory.rows):
            row["e_tag"] = f"tag{number}"
        run = ["incremental", "--inventory", inventory.write(), "--source-root", archive.source_root, *table.arguments]
        earthcatalog.json(*run)
        assert audit(earthcatalog, table, inventory.path)[0]["good"]
        inventory.rows[3]["e_tag"] = "another"
        report, found = audit(earthcatalog, table, inventory.write())
        assert kinds(report) == {"stale": 1} and found[0]["key"] == inventory.rows[3]["key"]

    def test_problems_files_explain_what_has_no_rows(self, earthcatalog, table, tmp_path):
        folder = tmp_path / "broken"
        broken = earthcatalog.generate(folder, items=20, seed=3)
        rejected, missing, *_ = broken.objects()
        rejected.write_text("no item")
        missing.unlink()
        problems = tmp_path / "problems.ndjson"
        earthcatalog.json(*incremental(table, broken, "--problems", problems))
        report, found = audit(earthcatalog, table, broken.inventory)
        assert kinds(report) == {"missing": 1}  # what holds no Item is recorded as such
        report, _ = audit(earthcatalog, table, broken.inventory, "--problems", problems)
        assert report["good"]
        assert (report["inventory_objects"]["rejected"], report["inventory_objects"]["not_found"]) == (1, 1)
        lines = sorted(map(json.loads, problems.read_text().splitlines()), key=lambda line: line["kind"], reverse=True)
        (tmp_path / "one.ndjson").write_text(json.dumps(lines[0]) + "\n")
        (tmp_path / "two.ndjson").write_text(json.dumps(lines[1] | {"kind": "pending"}) + "\n")
        report, _ = audit(earthcatalog, table, broken.inventory, "--problems", tmp_path / "one.ndjson",
                          "--problems", tmp_path / "two.ndjson")
        assert report["good"] and report["inventory_objects"]["pending"] == 1

    def test_a_listing_says_nothing_of_what_lies_outside_of_its_prefix(self, earthcatalog, archive, table, tmp_path):
        folder = tmp_path / "archive"
        listed = earthcatalog.generate(folder, items=60, seed=3)
        earthcatalog.json("incremental", "--inventory", folder, "--source-root", listed.source_root, *table.arguments)
        one = next(path for path in listed.objects() if "/velocity_image_pair/sentinel2/" in str(path))
        prefix = folder / one.relative_to(folder).parts[0] / "velocity_image_pair/sentinel2"
        below = len(list(prefix.rglob("*.stac.json")))
        assert 1 < below < 60
        report, _ = audit(earthcatalog, table, prefix, "--source-root", listed.source_root)
        assert report["good"]
        assert (report["inventory_objects"]["held"], report["object_index"]["elsewhere"]) == (below, 60 - below)
        one.unlink()
        report, found = audit(earthcatalog, table, prefix, "--source-root", listed.source_root)
        assert kinds(report) == {"extra": 1} and found[0]["key"].endswith(one.name)
        report, _ = audit(earthcatalog, table, folder, "--source-root", listed.source_root)
        assert kinds(report) == {"extra": 1} and report["object_index"]["elsewhere"] == 0

    def test_objects_of_another_suffix_are_left_out(self, earthcatalog, archive, made, tmp_path):
        other = tmp_path / "other.csv"
        other.write_text("bucket,key\n")
        report, _ = audit(earthcatalog, made, other, "--suffix", ".nc")
        assert report["good"] and report["object_index"]["other_suffix"] == ITEMS


class TestRows:
    def test_rows_that_another_engine_removed(self, earthcatalog, made, inventory, row_of):
        identifier, rows = row_of
        made.load().delete(f"id == '{identifier}'")
        report, found = audit(earthcatalog, made, inventory.path)
        assert kinds(report) == {"lost_rows": 2} and not report["object_index"]["current"]
        assert all(line["key"].endswith(f"{identifier}.stac.json") for line in found)
        assert {line["cell"] for line in found} == set(rows["grid_partition"].to_pylist())

    def test_one_row_of_two(self, earthcatalog, made, inventory, row_of):
        identifier, rows = row_of
        other = rows["grid_partition"].to_pylist()[rows["grid_primary"].to_pylist().index(False)]
        made.load().delete(f"id == '{identifier}' and grid_partition == '{other}'")
        report, found = audit(earthcatalog, made, inventory.path)
        assert kinds(report) == {"lost_rows": 1} and found[0]["cell"] == other

    def test_a_row_twice(self, earthcatalog, made, inventory, row_of):
        identifier, rows = row_of
        other = rows.filter([not primary for primary in rows["grid_primary"].to_pylist()])
        made.load().append(other)
        report, found = audit(earthcatalog, made, inventory.path)
        assert kinds(report) == {"doubled_rows": 1}
        assert (found[0]["id"], found[0]["cell"]) == (identifier, other["grid_partition"][0].as_py())

    def test_all_rows_of_an_item_twice(self, earthcatalog, archive, made, inventory, row_of):
        identifier, rows = row_of
        made.load().append(rows)
        report, found = audit(earthcatalog, made, inventory.path)
        assert kinds(report) == {"doubled_rows": 2, "primary": 1}
        assert {line["id"] for line in found} == {identifier}
        # What docs/commands/audit.md says to do then.
        row = next(row for row in inventory.rows if identifier in row["key"])
        one = inventory.with_rows(made.folder / "one.csv", [row])
        earthcatalog.json("incremental", "--inventory", one.write(), "--source-root", archive.source_root, "--refetch",
                          *made.arguments)
        assert audit(earthcatalog, made, inventory.path)[0]["good"]

    def test_a_data_file_twice(self, earthcatalog, made, inventory):
        path = sorted(made.data_files())[0]
        made.load().add_files([f"file://{path}"], check_duplicate_files=False)
        report, found = audit(earthcatalog, made, inventory.path)
        assert report["findings"]["doubled_rows"] > 0 and set(kinds(report)) <= {"doubled_rows", "primary"}
        assert {line["file"] for line in of_kind(found, "doubled_rows")} == {f"file://{path}"}

    def test_a_row_that_belongs_to_nothing(self, earthcatalog, made, inventory, row_of):
        import pyarrow

        _, rows = row_of
        rows = rows.slice(0, 1)
        at = rows.schema.get_field_index("id")
        made.load().append(rows.set_column(at, rows.schema.field(at), pyarrow.array(["stranger"], rows.schema.field(at).type)))
        report, found = audit(earthcatalog, made, inventory.path)
        assert set(kinds(report)) <= {"unknown_rows", "primary"} and report["findings"]["unknown_rows"] == 1
        assert {line["id"] for line in found} == {"stranger"}

    def test_an_older_version_of_the_rows(self, earthcatalog, made, inventory, row_of):
        import datetime

        import pyarrow

        identifier, rows = row_of
        made.load().delete(f"id == '{identifier}'")
        at = rows.schema.get_field_index("updated")
        older = [value - datetime.timedelta(days=30) for value in rows["updated"].to_pylist()]
        made.load().append(rows.set_column(at, rows.schema.field(at), pyarrow.array(older, rows.schema.field(at).type)))
        report, found = audit(earthcatalog, made, inventory.path)
        assert kinds(report) == {"stale_rows": 2} and {line["id"] for line in found} == {identifier}

    def test_an_item_without_a_primary_row(self, earthcatalog, made, inventory, row_of):
        import pyarrow

        identifier, rows = row_of
        made.load().delete(f"id == '{identifier}'")
        at = rows.schema.get_field_index("grid_primary")
        made.load().append(rows.set_column(at, rows.schema.field(at), pyarrow.array([False, False])))
        report, found = audit(earthcatalog, made, inventory.path)
        assert kinds(report) == {"primary": 1} and found[0]["id"] == identifier

    def test_after_the_next_run_the_gap_is_closed(self, earthcatalog, archive, made, inventory, row_of):
        made.load().delete(f"id == '{row_of[0]}'")
        earthcatalog.json(*incremental(made, archive, "--limit", ITEMS))
        assert audit(earthcatalog, made, inventory.path)[0]["good"]

    def test_rows_that_another_engine_brought_are_known_by_name(self, earthcatalog, archive, made, inventory):
        """PyIceberg puts rows of a second table into the first one."""
        more = Table(made.folder / "more")
        earthcatalog.json(*incremental(more, archive, "--limit", ITEMS + 10))
        known = {row[1] for row in made.rows()}
        rows = more.load().scan().to_arrow()
        rows = rows.filter([identifier not in known for identifier in rows["id"].to_pylist()])
        made.load().append(rows)
        inventory.rows = Inventory(archive, inventory.path, ITEMS + 10).rows
        report, _ = audit(earthcatalog, made, inventory.write())
        assert report["good"] and report["inventory_objects"]["by_name"] == 10
        assert report["table"]["by_name"] == len(rows)
        report, _ = audit(earthcatalog, made, Inventory(archive, inventory.path, ITEMS).write())
        assert kinds(report) == {"unknown_rows": len(rows)}


def rewrite_without_values(table, column):
    """Writes the largest file anew with a column of nulls, as a snapshot that claims to hold the same rows. How many values
    went."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyiceberg.io.pyarrow import _dataframe_to_data_files

    theirs = table.load()
    old = max((task.file for task in theirs.scan().plan_files()), key=lambda file: file.record_count)
    rows = theirs.scan(row_filter=f"grid_partition == '{old.partition[0]}'").to_arrow()
    ids = set(pq.read_table(old.file_path.removeprefix("file://"), columns=["id"], partitioning=None)["id"].to_pylist())
    year = old.partition[1] + 1970
    rows = rows.filter(pa.array([row["id"] in ids and row["datetime"].year == year for row in
                                 rows.select(["id", "datetime"]).to_pylist()]))
    assert len(rows) == old.record_count
    at = rows.schema.get_field_index(column)
    values = len(rows) - rows[column].null_count
    rows = rows.set_column(at, rows.schema.field(at), pa.nulls(len(rows), rows.schema.field(at).type))
    with theirs.transaction() as change, change.update_snapshot().overwrite() as snapshot:
        snapshot.delete_data_file(old)
        for file in _dataframe_to_data_files(theirs.metadata, rows, theirs.io):
            snapshot.append_data_file(file)
    path = table.load().metadata_location.removeprefix("file://")
    with open(path) as file:
        metadata = json.load(file)
    newest = next(each for each in metadata["snapshots"] if each["snapshot-id"] == metadata["current-snapshot-id"])
    newest["summary"]["operation"] = "replace"
    with open(path, "w") as file:
        json.dump(metadata, file)
    return values


class TestFiles:
    def test_a_lost_data_file(self, earthcatalog, made, inventory):
        path = sorted(made.data_files())[0]
        cell = path.split("grid_partition=")[1].split("/")[0]
        os.unlink(path)
        report, found = audit(earthcatalog, made, inventory.path)
        assert report["findings"]["lost_files"] == 1 and report["findings"]["lost_rows"] > 0
        assert set(kinds(report)) <= {"lost_files", "lost_rows", "primary"}
        assert of_kind(found, "lost_files")[0]["file"] == f"file://{path}"
        assert {line["cell"] for line in of_kind(found, "lost_rows")} == {cell}

    @pytest.mark.parametrize("keep", [0, 3, 1000])
    def test_a_truncated_data_file(self, earthcatalog, made, inventory, keep):
        path = sorted(made.data_files())[0]
        with open(path, "r+b") as file:
            file.truncate(keep)
        report, found = audit(earthcatalog, made, inventory.path)
        broken = of_kind(found, "broken_files")
        assert [line["file"] for line in broken] == [f"file://{path}"] and f"{keep} bytes, not" in broken[0]["reason"]

    def test_a_data_file_of_the_right_size_that_is_rubbish(self, earthcatalog, made, inventory):
        path = sorted(made.data_files())[0]
        size = os.path.getsize(path)
        with open(path, "r+b") as file:
            file.seek(size - 500)
            file.write(b"\0" * 490)
        report, found = audit(earthcatalog, made, inventory.path)
        assert [line["file"] for line in of_kind(found, "broken_files")] == [f"file://{path}"]

    def test_a_wrong_record_count(self, earthcatalog, made, inventory):
        edit = Once(lambda file: file.update(record_count=file["record_count"] + 1))
        edit_manifests(made, edit)
        report, found = audit(earthcatalog, made, inventory.path)
        assert kinds(report) == {"wrong_counts": 1} and found[0]["file"] == edit.path

    def test_a_wrong_null_count(self, earthcatalog, made, inventory):
        column = field_id(made, "platform")

        def lie(file):
            for entry in file["null_value_counts"]:
                if entry["key"] == column:
                    entry["value"] += 1

        edit = Once(lie)
        edit_manifests(made, edit)
        report, found = audit(earthcatalog, made, inventory.path)
        assert kinds(report) == {"wrong_counts": 1} and "platform" in found[0]["reason"]

    def test_values_that_a_rewriting_of_files_lost(self, earthcatalog, made, archive, inventory):
        """A snapshot that says "replace" and dropped a column's values, until the objects are fetched again."""
        values = rewrite_without_values(made, "proj:code")
        report, found = audit(earthcatalog, made, inventory.path)
        assert kinds(report) == {"lost_values": 1}
        assert f'lost {values} values of "proj:code"' in found[0]["reason"] and found[0]["file"]
        earthcatalog.run(*incremental(made, archive, "--limit", ITEMS, "--refetch"), check=True)
        report, _ = audit(earthcatalog, made, inventory.path)
        assert report["good"]

    @pytest.mark.parametrize("side, column, bound", [
        ("lower_bounds", "datetime", (2**62).to_bytes(8, "little")),
        ("upper_bounds", "datetime", (-(2**62)).to_bytes(8, "little", signed=True)),
        ("lower_bounds", "id", b"zzzz"), ("upper_bounds", "platform", b""), ("upper_bounds", "geometry_bbox.xmax", b"\0\0"),
    ])
    def test_a_wrong_bound(self, earthcatalog, made, inventory, side, column, bound):
        number = field_id(made, column)

        def lie(file):
            for entry in file[side]:
                if entry["key"] == number:
                    entry["value"] = bound

        edit = Once(lie)
        edit_manifests(made, edit)
        report, found = audit(earthcatalog, made, inventory.path)
        assert kinds(report) == {"wrong_bounds": 1}
        assert found[0]["file"] == edit.path and column in found[0]["reason"]

    def test_wider_bounds_are_no_lie(self, earthcatalog, made, inventory):
        number = field_id(made, "id")

        def widen(file):
            for entry in file["lower_bounds"]:
                if entry["key"] == number:
                    entry["value"] = b""

        edit_manifests(made, widen)
        assert audit(earthcatalog, made, inventory.path)[0]["good"]

    @pytest.mark.parametrize("partition", [{"grid_partition": "8101bffffffffff"}, {"year": 12}, {"year": None}])
    def test_a_wrong_partition(self, earthcatalog, made, inventory, partition):
        edit = Once(lambda file: file["partition"].update(partition))
        edit_manifests(made, edit)
        report, found = audit(earthcatalog, made, inventory.path)
        assert kinds(report) == {"wrong_partitions": 1} and found[0]["file"] == edit.path

    def test_a_manifest_that_cannot_be_read_is_an_error_that_names_it(self, earthcatalog, made, inventory):
        manifest = made.load().current_snapshot().manifests(made.load().io)[0].manifest_path.removeprefix("file://")
        with open(manifest, "r+b") as file:
            file.truncate(100)
        process = earthcatalog.run("audit", "--inventory", inventory.path, *made.arguments)
        assert process.returncode == 1 and manifest in process.stderr and process.stdout == ""

    def test_a_lost_run_of_the_object_index(self, earthcatalog, made, inventory):
        lost = sorted((made.folder / "warehouse_objects").glob("*.parquet"))[0]
        lost.unlink()
        report, found = audit(earthcatalog, made, inventory.path)
        assert kinds(report) == {"index": 1} and found[0]["file"].endswith(lost.name)
        assert report["inventory_objects"]["by_name"] == ITEMS


class TestUsage:
    def test_a_mistyped_name_creates_nothing(self, earthcatalog, made, inventory, tmp_path):
        before = sorted(tmp_path.rglob("*"))
        for arguments in (["--catalog", tmp_path / "no.db", "--inventory", inventory.path],
                          ["--catalog", made.catalog, "--inventory", tmp_path / "no.csv"],
                          ["--catalog", made.catalog, "--inventory", inventory.path, "--problems", tmp_path / "no.ndjson"]):
            process = earthcatalog.run("audit", *arguments)
            assert process.returncode == 1 and str(tmp_path / "no") in process.stderr
        assert sorted(tmp_path.rglob("*")) == before

    @pytest.mark.parametrize("option", [["--since", "yesterday"], ["--memory-limit", "lots"], ["--workers", "0"]])
    def test_wrong_usage(self, earthcatalog, made, inventory, option):
        assert earthcatalog.run("audit", "--inventory", inventory.path, *made.arguments, *option).returncode == 2

    def test_it_takes_no_lock(self, earthcatalog, archive, made, inventory):
        lock = made.folder / "catalog.db.lock"
        lock.write_text(json.dumps({"owner": "somebody", "pid": 1, "hostname": "elsewhere",
                                    "acquired": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "ttl_hours": 12}))
        assert audit(earthcatalog, made, inventory.path)[0]["good"] and lock.exists()
