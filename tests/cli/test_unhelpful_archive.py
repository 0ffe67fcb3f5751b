"""An archive that is not there, not readable or not what it should be: what a run says, how it ends, what it remembers."""

import csv
import json
import time

import pytest
from conftest import BUCKET, S3Table, Earthcatalog, backfill, clean_environment, free_port, incremental


def inventory_of(path, keys, bucket=BUCKET):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("bucket", "key"), *((bucket, key) for key in keys)])
    return path


def failed(client, *arguments, within=30, status=1):
    """stderr of a command that fails in time."""
    start = time.monotonic()
    process = client.run(*arguments, timeout=120)
    assert time.monotonic() - start < within, process.stderr
    assert process.returncode == status, process.stdout + process.stderr
    return process.stderr


@pytest.fixture(scope="module")
def s3_keys(s3_earthcatalog, s3_server):
    s3_earthcatalog.run("generate", "--items", 12, "--seed", 5, "--out", f"s3://{BUCKET}/unhelpful", check=True)
    text = s3_server.get(f"{BUCKET}/unhelpful/inventory.csv").decode().splitlines()
    return [row["key"] for row in csv.DictReader(text)]


class TestDeadPlaces:
    def test_a_mistyped_bucket_ends_the_run_at_once(self, s3_earthcatalog, table, tmp_path):
        inventory = inventory_of(tmp_path / "list.csv", [f"{n}.stac.json" for n in range(300)], bucket="its-live-dtaa")
        said = failed(s3_earthcatalog, "incremental", "--inventory", inventory, *table.arguments)
        assert "s3://its-live-dtaa/" in said and "NoSuchBucket" in said and "check the bucket's name" in said
        assert not table.exists()

    @pytest.mark.parametrize("command", ["incremental", "backfill"])
    def test_a_dead_endpoint_ends_the_run_at_once(self, table, tmp_path, command):
        endpoint = f"http://127.0.0.1:{free_port()}"
        client = Earthcatalog(clean_environment(AWS_ENDPOINT_URL=endpoint, AWS_NO_SIGN_REQUEST="true"))
        inventory = inventory_of(tmp_path / "list.csv", [f"{n}.stac.json" for n in range(300)])
        said = failed(client, command, "--inventory", inventory, *table.arguments, "--h3-resolution", 1, within=15)
        assert endpoint in said and "--endpoint" in said and "AWS_ENDPOINT_URL" in said

    def test_https_to_a_server_without_it_says_so(self, s3_server, s3_keys, table, tmp_path):
        inventory = inventory_of(tmp_path / "list.csv", s3_keys)
        said = failed(Earthcatalog(s3_server.environment), "incremental", "--inventory", inventory, *table.arguments,
                      "--endpoint", s3_server.endpoint.replace("http:", "https:"), within=15)
        assert "http://" in said and "TLS" in said

    @pytest.mark.parametrize("endpoint", ["http://127.0.0.1:{port}", "http://nowhere.invalid"])
    def test_a_dead_endpoint_of_the_catalog(self, endpoint):
        endpoint = endpoint.format(port=free_port())
        client = Earthcatalog(clean_environment(AWS_ENDPOINT_URL=endpoint, AWS_NO_SIGN_REQUEST="true"))
        said = failed(client, "info", "--catalog", "s3://test-warehouse/x/catalog.db", within=15)
        assert endpoint in said and "--endpoint" in said


class TestKeys:
    def test_wrong_keys_are_named_for_what_they_are(self, s3_server, s3_keys, tmp_path):
        client = Earthcatalog({**s3_server.environment, "AWS_SECRET_ACCESS_KEY": "wrong"})
        table = S3Table(s3_server, "unhelpful/keys", tmp_path)
        inventory = inventory_of(tmp_path / "list.csv", s3_keys)
        said = failed(client, "incremental", "--inventory", inventory, *table.arguments)
        assert "SignatureDoesNotMatch" in said and "AWS_SECRET_ACCESS_KEY" in said and "--anonymous" not in said
        client = Earthcatalog({**s3_server.environment, "AWS_ACCESS_KEY_ID": "nobody"})
        said = failed(client, "incremental", "--inventory", inventory, *table.arguments)
        assert "InvalidAccessKeyId" in said and "AWS_ACCESS_KEY_ID" in said

    def test_a_warehouse_that_cannot_be_written_is_noticed_before_anything_is_fetched(self, s3_server, s3_keys, table, tmp_path):
        client = Earthcatalog(s3_server.environment)
        inventory = inventory_of(tmp_path / "list.csv", s3_keys)
        warehouse = "s3://test-warehouse/unhelpful/closed"
        said = failed(client, "incremental", "--inventory", inventory, "--catalog", table.catalog, "--warehouse", warehouse,
                      "--anonymous", "--report", tmp_path / "report.json")
        assert f"writing {warehouse}" in said and "not signed" in said and "leave --anonymous out" in said
        assert json.loads((tmp_path / "report.json").read_text())["bytes_fetched"] == 0
        assert not table.exists() and not table.is_locked()

    def test_a_probe_leaves_nothing_behind(self, s3_earthcatalog, s3_server, s3_keys, tmp_path):
        table = S3Table(s3_server, "unhelpful/probe", tmp_path)
        s3_earthcatalog.json("incremental", "--inventory", inventory_of(tmp_path / "list.csv", s3_keys), *table.arguments)
        assert not [key for key in s3_server.keys("test-warehouse", "unhelpful/probe/") if "_probe" in key]


def test_the_files_of_aws_say_where_s3_is(s3_server, s3_keys, table, tmp_path):
    config = tmp_path / "config"
    config.write_text(f"[profile here]\nservices = local\nregion = us-east-1\n[services local]\ns3 =\n"
                      f"  endpoint_url = {s3_server.endpoint}\n")
    client = Earthcatalog(clean_environment(AWS_CONFIG_FILE=str(config), AWS_PROFILE="here", AWS_NO_SIGN_REQUEST="true"))
    report = client.json("incremental", "--inventory", inventory_of(tmp_path / "list.csv", s3_keys), *table.arguments)
    assert report["written_items"] == len(s3_keys)


class TestMissing:
    @pytest.fixture
    def one_level_too_deep(self, small_archive):
        return f"{small_archive.source_root}{BUCKET}/"

    def test_a_run_that_finds_nothing_fails(self, earthcatalog, small_archive, one_level_too_deep, table):
        process = earthcatalog.run("incremental", "--inventory", small_archive.inventory, "--source-root",
                                   one_level_too_deep, *table.arguments, "--format", "json")
        report = json.loads(process.stdout)
        assert process.returncode == 1 and report["missing"] == report["source_items"] == 120
        assert report["first_missing"].startswith(one_level_too_deep) and report["first_missing"] in process.stderr
        assert "none of the 120 objects" in process.stderr and "--source-root" in process.stderr
        assert not table.exists()

    @pytest.mark.parametrize("shape", ["staged", "direct"])
    def test_a_backfill_that_finds_nothing_commits_nothing(self, earthcatalog, small_archive, one_level_too_deep, table, shape):
        arguments = backfill(table, small_archive, shape=shape)
        arguments[arguments.index("--source-root") + 1] = one_level_too_deep
        said = failed(earthcatalog, *arguments)
        assert "none of the 120 objects" in said and "Nothing was committed" in said and "--restart" in said
        assert not table.exists()
        assert "none of the 120 objects" in failed(earthcatalog, *arguments)
        report = earthcatalog.json(*backfill(table, small_archive, "--restart", shape=shape))
        assert report["written_items"] == 120

    def test_known_objects_count_as_found(self, earthcatalog, table, tmp_path):
        archive = earthcatalog.generate(tmp_path / "archive", items=20, seed=3)
        earthcatalog.json(*incremental(table, archive, "--limit", 19))
        archive_rows = list(csv.DictReader(open(archive.inventory)))
        (archive.folder / archive_rows[19]["bucket"] / archive_rows[19]["key"]).unlink()
        report = earthcatalog.json(*incremental(table, archive))
        assert (report["unchanged"], report["missing"]) == (19, 1)
        assert report["first_missing"].endswith(archive_rows[19]["key"])
        process = earthcatalog.run("delta", "--ingest", *incremental(table, archive)[1:])
        assert process.returncode == 0, process.stderr

    @pytest.mark.parametrize("most, code", [("1", 0), ("0", 1), ("5%", 0), ("4.9%", 1), ("x", 2)])
    @pytest.mark.parametrize("command", [incremental, backfill])
    def test_max_missing_is_a_bound(self, earthcatalog, table, tmp_path, most, code, command):
        archive = earthcatalog.generate(tmp_path / "archive", items=20, seed=3)
        archive.objects()[7].unlink()
        process = earthcatalog.run(*command(table, archive, "--max-missing", most))
        assert process.returncode == code, process.stderr
        if code == 1:
            assert "1 of 20 objects are missing" in process.stderr and "--max-missing" in process.stderr
            assert table.exists() == (command is incremental)
        assert code == 2 or "the first: file://" in process.stdout

    def test_max_missing_of_a_delta(self, earthcatalog, table, tmp_path):
        archive = earthcatalog.generate(tmp_path / "archive", items=20, seed=3)
        earthcatalog.json(*incremental(table, archive, "--limit", 10))
        gone, = [row["key"] for row in csv.DictReader(open(archive.inventory))][12:13]
        (archive.folder / BUCKET / gone).unlink()
        said = failed(earthcatalog, "delta", "--ingest", *incremental(table, archive, "--max-missing", 0)[1:])
        assert "1 of 20 objects are missing" in said and gone in said
        assert len({row[1] for row in table.rows()}) == 19


class TestRejected:
    """Objects that hold no Item are remembered by version."""

    @pytest.fixture
    def spoilt(self, earthcatalog, tmp_path):
        archive = earthcatalog.generate(tmp_path / "archive", "--concentrate", items=20, seed=3)
        self.rows = list(csv.DictReader(open(archive.inventory)))
        return archive

    def put(self, archive, number, text, etag):
        row = self.rows[number]
        (archive.folder / row["bucket"] / row["key"]).write_text(text)
        row["e_tag"] = etag
        with open(archive.inventory, "w", newline="") as file:
            writer = csv.DictWriter(file, sorted({name for row in self.rows for name in row}), restval="")
            writer.writeheader()
            writer.writerows(self.rows)

    def counts(self, report):
        return {name: report[name] for name in ("written_items", "unchanged", "rejected") if report[name]}

    def test_one_is_fetched_and_told_of_once(self, earthcatalog, spoilt, table):
        self.put(spoilt, 4, "no item", "v1")
        run = incremental(table, spoilt)
        assert self.counts(earthcatalog.json(*run)) == {"written_items": 19, "rejected": 1}
        report = earthcatalog.json(*run)
        assert self.counts(report) == {"unchanged": 20} and report["problems"] == "" and report["bytes_fetched"] == 0
        assert self.counts(earthcatalog.json(*run, "--refetch")) in ({"written_items": 19, "rejected": 1}, {"rejected": 1})
        self.put(spoilt, 4, "still no item", "v2")
        assert self.counts(earthcatalog.json(*run)) == {"unchanged": 19, "rejected": 1}
        assert self.counts(earthcatalog.json(*run)) == {"unchanged": 20}

    def test_a_delta_passes_it_over(self, earthcatalog, spoilt, table):
        self.put(spoilt, 4, "no item", "v1")
        earthcatalog.json(*incremental(table, spoilt))
        report = earthcatalog.json("delta", *incremental(table, spoilt)[1:])
        assert report["unchanged"] == 20 and report["written"] == 0

    def test_rows_of_an_earlier_version_stay_and_are_replaced_by_the_next_good_one(self, earthcatalog, spoilt, table):
        row = self.rows[4]
        item = json.loads((spoilt.folder / row["bucket"] / row["key"]).read_text())
        self.put(spoilt, 4, json.dumps(item), "v1")
        run = incremental(table, spoilt)
        earthcatalog.json(*run)
        before = table.rows()
        self.put(spoilt, 4, "no item", "v2")
        assert self.counts(earthcatalog.json(*run)) == {"unchanged": 19, "rejected": 1}
        assert table.rows() == before
        assert self.counts(earthcatalog.json(*run)) == {"unchanged": 20}
        later = {**item, "properties": {**item["properties"], "datetime": "2001-02-03T04:05:06Z", "updated": "2031-01-01T00:00:00Z"}}
        self.put(spoilt, 4, json.dumps(later), "v3")
        assert self.counts(earthcatalog.json(*run)) == {"unchanged": 19, "written_items": 1}
        rows = table.rows()
        assert {row[3] for row in rows if row[1] == item["id"]} == {2001}
        assert len(rows) == len(before) and len(set(rows)) == len(rows)
        audit = earthcatalog.run("audit", "--inventory", spoilt.inventory, *table.arguments)
        assert audit.returncode == 0, audit.stdout

    def test_audit_knows_it(self, earthcatalog, spoilt, table):
        self.put(spoilt, 4, "no item", "v1")
        earthcatalog.json(*incremental(table, spoilt))
        report = earthcatalog.json("audit", "--inventory", spoilt.inventory, *table.arguments)
        assert report["good"] and report["inventory_objects"]["rejected"] == 1
        self.put(spoilt, 4, "another", "v2")
        process = earthcatalog.run("audit", "--inventory", spoilt.inventory, *table.arguments)
        assert process.returncode == 1

    def test_an_object_that_holds_an_item_now_is_taken(self, earthcatalog, spoilt, table):
        row = self.rows[4]
        text = (spoilt.folder / row["bucket"] / row["key"]).read_text()
        self.put(spoilt, 4, "no item", "v1")
        earthcatalog.json(*incremental(table, spoilt))
        self.put(spoilt, 4, text, "v2")
        assert self.counts(earthcatalog.json(*incremental(table, spoilt))) == {"unchanged": 19, "written_items": 1}
        assert len({row[1] for row in table.rows()}) == 20
