"""`earthcatalog index` and `earthcatalog diff` on real tables and inventories."""

import csv
import json
import time

import pytest
from conftest import Table, incremental


def rows_of(archive):
    with open(archive.inventory, newline="") as file:
        return list(csv.reader(file))


def write_inventory(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


class TestIndex:
    def test_follows_the_table(self, earthcatalog, archive, table):
        earthcatalog.json(*incremental(table, archive, "--limit", 300))
        first = earthcatalog.json("index", "update", *table.arguments)
        assert (first["entries"], first["rebuilt"]) == (300, True)
        earthcatalog.json(*incremental(table, archive, "--limit", 500))
        behind = earthcatalog.run("index", "check", *table.arguments, "--format", "json")
        assert behind.returncode == 1 and "index build" in behind.stderr
        assert json.loads(behind.stdout)["hash_index"]["missing"] == 200
        second = earthcatalog.json("index", "update", *table.arguments)
        assert (second["entries"], second["added"], second["dropped"], second["rebuilt"]) == (500, 200, 0, False)
        check = earthcatalog.json("index", "check", *table.arguments)
        assert check["good"] and check["hash_index"]["entries"] == check["object_index"]["objects"] == 500
        assert check["object_index"]["rows"] == check["object_index"]["table_rows"]

    def test_names_what_is_wrong_and_the_remedy(self, earthcatalog, archive, table):
        earthcatalog.json(*incremental(table, archive, "--limit", 5))
        index = table.folder / "warehouse_id_hashes.parquet"
        without = earthcatalog.run("index", "check", *table.arguments, check=True)
        assert f"none at file://{index}; `earthcatalog index build` makes it" in without.stdout
        assert earthcatalog.json("index", "check", *table.arguments)["hash_index"] is None
        missing = earthcatalog.run("index", "check", *table.arguments, "--hash-index", index)
        assert missing.returncode == 1 and missing.stdout == ""
        assert str(index) in missing.stderr and "earthcatalog index build" in missing.stderr
        index.write_bytes(b"PAR1 but no more")
        for command in ("check", "update"):
            broken = earthcatalog.run("index", command, *table.arguments)
            assert broken.returncode == 1 and str(index) in broken.stderr and "index build" in broken.stderr
        assert earthcatalog.json("index", "build", *table.arguments)["entries"] == 5
        assert "0 missing, 0 extra" in earthcatalog.run("index", "check", *table.arguments, check=True).stdout

    def test_the_object_index_follows_another_engine(self, earthcatalog, archive, table):
        earthcatalog.json(*incremental(table, archive, "--limit", 50))
        earthcatalog.json("index", "build", *table.arguments)
        gone, *others = sorted({row[1] for row in table.rows()})
        table.load().delete(f"id == '{gone}'")
        snapshot = table.load().current_snapshot().snapshot_id
        behind = earthcatalog.run("index", "check", *table.arguments, "--format", "json")
        assert behind.returncode == 1 and "`earthcatalog index update` brings the object index" in behind.stderr
        assert not json.loads(behind.stdout)["object_index"]["current"]
        report = earthcatalog.json("index", "update", *table.arguments)
        assert (report["entries"], report["dropped"], report["object_index"]["changed"]) == (49, 1, True)
        check = earthcatalog.json("index", "check", *table.arguments)
        assert check["good"] and check["object_index"]["current"]
        assert check["object_index"]["items"] == check["object_index"]["counted_items"] == len(others)
        assert table.load().current_snapshot().snapshot_id == snapshot and not table.is_locked()
        # A delta that only lists knows by now that this object has to be fetched again.
        delta = earthcatalog.json("delta", "--inventory", archive.inventory, "--source-root", archive.source_root,
                                  *table.arguments, "--limit", 50, "--out", table.folder / "new.parquet")
        assert (delta["added"], delta["unchanged"]) == (1, 49)
        before = table.load().metadata_location
        assert not earthcatalog.json("index", "build", *table.arguments)["object_index"]["changed"]
        assert table.load().metadata_location == before

    def test_the_lock_is_needed_only_to_change_the_table(self, earthcatalog, archive, table):
        earthcatalog.json(*incremental(table, archive, "--limit", 5))
        lock = table.folder / "catalog.db.lock"
        lock.write_text(json.dumps({"owner": "somebody", "pid": 1, "hostname": "elsewhere", "ttl_hours": 12,
                                    "acquired": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}))
        assert earthcatalog.json("index", "update", *table.arguments)["entries"] == 5
        table.load().append(table.load().scan(limit=1).to_arrow())
        before = table.load().metadata_location
        locked = earthcatalog.run("index", "update", *table.arguments)
        assert locked.returncode == 1 and "CatalogLocked" in locked.stderr
        assert table.load().metadata_location == before and lock.exists()

    @pytest.mark.parametrize("damage", ["gone", "cut short"])
    def test_an_object_index_without_its_files_is_made_anew(self, earthcatalog, archive, table, damage):
        earthcatalog.json(*incremental(table, archive, "--limit", 5))
        earthcatalog.json("index", "build", *table.arguments)
        (run,) = (table.folder / "warehouse_objects").glob("*.parquet")
        if damage == "gone":
            run.unlink()
        else:
            run.write_bytes(run.read_bytes()[:-10])
        check = earthcatalog.run("index", "check", *table.arguments, "--format", "json")
        assert check.returncode == 1 and "`earthcatalog index update` makes it anew" in check.stderr
        assert not json.loads(check.stdout)["object_index"]["whole"]
        assert earthcatalog.json("index", "update", *table.arguments)["object_index"]["changed"]
        check = earthcatalog.json("index", "check", *table.arguments)
        assert check["good"] and check["object_index"]["items"] == 5

    def test_an_object_index_that_miscounts_is_no_good(self, earthcatalog, archive, table):
        earthcatalog.json(*incremental(table, archive, "--limit", 5))
        earthcatalog.json("index", "build", *table.arguments)
        theirs = table.load()
        wrong = json.loads(theirs.properties["earthcatalog.object-index"]) | {"items": 6}
        with theirs.transaction() as change:
            change.set_properties({"earthcatalog.object-index": json.dumps(wrong)})
        check = earthcatalog.run("index", "check", *table.arguments, "--format", "json")
        assert check.returncode == 1 and "earthcatalog audit" in check.stderr
        index = json.loads(check.stdout)["object_index"]
        assert index["current"] and (index["items"], index["counted_items"]) == (5, 6)

    def test_of_no_table(self, earthcatalog, tmp_path):
        process = earthcatalog.run("index", "build", *Table(tmp_path).arguments)
        assert process.returncode == 1 and "catalog.db" in process.stderr
        assert list(tmp_path.iterdir()) == []


class TestDiff:
    def test_a_run_on_it_takes_what_came_and_never_fetches_what_went(self, earthcatalog, archive, table):
        header, *rows = rows_of(archive)
        rows = [row for row in rows if row[header.index("key")].endswith(".stac.json")][:100]
        old = write_inventory(table.folder / "old.csv", [header, *rows[:90]])
        gone = [*rows[0]]
        gone[header.index("key")] = "never/was/there.stac.json"
        old_and_gone = write_inventory(table.folder / "old_and_gone.csv", [header, *rows[:90], gone])
        new = write_inventory(table.folder / "new.csv", [header, *rows])
        out = table.folder / "changes.parquet"
        report = earthcatalog.json("diff", "--old", old_and_gone, "--new", new, "--out", out)
        counts = [report[name] for name in ("old", "new", "added", "changed", "removed", "unchanged")]
        assert counts == [91, 100, 10, 0, 1, 90]
        earthcatalog.json("incremental", "--inventory", old, "--source-root", archive.source_root, *table.arguments)
        run = earthcatalog.json("incremental", "--inventory", out, "--source-root", archive.source_root, *table.arguments)
        assert (run["source_items"], run["written_items"], run["missing"], run["skipped_versions"]) == (10, 10, 0, 1)

    def test_is_the_same_bytes_whatever_the_order_and_the_memory(self, earthcatalog, archive, tmp_path):
        header, *rows = rows_of(archive)
        old = write_inventory(tmp_path / "old.csv", [header, *rows[:1500]])
        outputs = set()
        for number, (order, memory) in enumerate([(1, "768MiB"), (-1, "768MiB"), (-1, "64KiB")]):
            new = write_inventory(tmp_path / f"new{number}.csv", [header, *sorted(rows[700:])[::order]])
            out = tmp_path / f"out{number}.parquet"
            earthcatalog.run("diff", "--old", old, "--new", new, "--out", out, "--memory-limit", memory, check=True)
            outputs.add(out.read_bytes())
        assert len(outputs) == 1

    def test_wrong_usage(self, earthcatalog, archive, tmp_path):
        arguments = ["diff", "--old", archive.inventory, "--new", archive.inventory, "--out"]
        assert earthcatalog.run(*arguments, archive.inventory).returncode == 2
        assert earthcatalog.run(*arguments, tmp_path / "out.csv").returncode == 2
        missing = earthcatalog.run("diff", "--old", tmp_path / "no.csv", "--new", archive.inventory, "--out", tmp_path / "o.parquet")
        assert missing.returncode == 1 and "no.csv" in missing.stderr
        assert list(tmp_path.iterdir()) == []
