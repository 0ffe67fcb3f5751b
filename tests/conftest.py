"""What the Python tests share: the real binary, a real S3 server, archives made by `earthcatalog generate`."""

import atexit
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

import pytest

# Set before pytest starts its workers, so that all have the same.
os.environ.setdefault("EARTHCATALOG_SEED", str(time.time_ns() % 1_000_000))
os.environ["no_proxy"] = "127.0.0.1"  # a proxy in the environment has no business with the servers of tests

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = pathlib.Path(os.environ.get("EARTHCATALOG_BINARY", ROOT / "build/bin/earthcatalog"))
WEED = ROOT / ".deps/test/bin/weed"
BUCKET = "its-live-data"
ACCESS_KEY, SECRET_KEY = "testkey", "testsecret"
CACHE = tempfile.mkdtemp(prefix="earthcatalog-cache-")
atexit.register(shutil.rmtree, CACHE, ignore_errors=True)


def clean_environment(**extra):
    """The environment without anything that would change how S3 is reached, or that is an option."""
    ours = ("AWS_", "EARTHCATALOG_", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", "XDG_CACHE_HOME": CACHE, **extra}


class Earthcatalog:
    """Runs the binary. `run` gives the finished process, `json` the parsed report of a successful one."""

    def __init__(self, environment):
        self.environment = environment

    def run(self, *arguments, check=False, timeout=300, **options):
        process = subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True,
                                 env=self.environment, timeout=timeout, **options)
        if check:
            assert process.returncode == 0, f"{process.args}\n{process.stdout}\n{process.stderr}"
        return process

    def json(self, *arguments, **options):
        return json.loads(self.run(*arguments, "--format", "json", check=True, **options).stdout)

    def generate(self, folder, *options, items, seed):
        """An archive of the items in the folder."""
        self.run("generate", "--items", items, "--seed", seed, *options, "--out", folder, check=True)
        return Archive(folder)

    def run_phase(self, name, spec):
        """The finished process of one phase of a backfill."""
        return self.run("phase", name, "--spec", "-", input=json.dumps(spec))

    def phase(self, name, spec):
        """The report of a phase that succeeds."""
        process = self.run_phase(name, spec)
        assert process.returncode == 0, f"{name}: {process.stderr}"
        return json.loads(process.stdout)

    def start(self, *arguments):
        return subprocess.Popen([str(BINARY), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env=self.environment)


def peak_mib(process):
    """Most memory of a running process that is its own, once it has ended: how much of the libraries' files is there as
    well depends on the machine."""
    kib = 0
    while process.poll() is None:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        kib = max([kib, *map(int, re.findall(r"RssAnon:\s+(\d+)", status))])
        time.sleep(0.005)
    return kib / 1024


@pytest.fixture(scope="session")
def earthcatalog():
    assert BINARY.exists(), f"{BINARY} is not built; run make"
    return Earthcatalog(clean_environment())


class Archive:
    """A folder that `earthcatalog generate` filled."""

    def __init__(self, folder):
        self.folder = folder

    @property
    def inventory(self):
        return self.folder / "inventory.csv"

    @property
    def source_root(self):
        return f"file://{self.folder}/"

    def objects(self):
        return sorted(self.folder.rglob("*.stac.json"))


@pytest.fixture(scope="session")
def archive(earthcatalog, tmp_path_factory):
    """2,000 ITS_LIVE-like items."""
    return earthcatalog.generate(tmp_path_factory.mktemp("archive"), items=2000, seed=7)


@pytest.fixture(scope="session")
def small_archive(earthcatalog, tmp_path_factory):
    """120 items in few cells and years."""
    return earthcatalog.generate(tmp_path_factory.mktemp("small"), "--concentrate", items=120, seed=7)


@pytest.fixture(scope="session")
def small_contents(earthcatalog, small_archive, tmp_path_factory):
    """What a table holds that was made of it."""
    table = Table(tmp_path_factory.mktemp("small-table"))
    earthcatalog.json(*backfill(table, small_archive))
    return table.contents()


class Table:
    """Where a test keeps its table, and the arguments that say so."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.catalog = folder / "catalog.db"
        self.warehouse = folder / "warehouse"
        self.staging = folder / "staging"

    @property
    def arguments(self):
        return ["--catalog", str(self.catalog), "--warehouse", str(self.warehouse)]

    def exists(self):
        return self.catalog.exists()

    def lose_table(self):
        """Removes catalog and metadata: as before the first commit, but for the data files that it named."""
        self.catalog.unlink()
        shutil.rmtree(self.warehouse / "earthcatalog")

    def staged(self):
        """The names of all that a backfill of either shape has staged."""
        folders = [self.staging, self.warehouse / "_runs", self.warehouse / "_parts"]
        return [str(path) for folder in folders for path in folder.rglob("*") if path.is_file()]

    def is_locked(self):
        return self.catalog.with_name(self.catalog.name + ".lock").exists()

    def open_catalog(self):
        """The catalog through PyIceberg."""
        from pyiceberg.catalog.sql import SqlCatalog

        # A reader only reads: PyIceberg would create tables in a catalog file that is just coming into being.
        return SqlCatalog("earthcatalog", uri=f"sqlite:///{self.catalog}", warehouse=f"file://{self.warehouse}",
                          init_catalog_tables="false")

    def load(self):
        """The table through PyIceberg."""
        return self.open_catalog().load_table("earthcatalog.stac_items")

    def data_files(self):
        return [task.file.file_path.removeprefix("file://") for task in self.load().scan().plan_files()]

    def rows(self):
        """(collection, id, cell, year) of all rows, sorted."""
        columns = self.load().scan(selected_fields=("collection", "id", "grid_partition", "datetime")).to_arrow().to_pylist()
        return sorted((row["collection"], row["id"], row["grid_partition"], row["datetime"].year if row["datetime"] else None)
                      for row in columns)

    def contents(self):
        """All columns of all rows, in one order."""
        return self.load().scan().to_arrow().combine_chunks().sort_by(
            [(name, "ascending") for name in ("collection", "id", "grid_partition")])


@pytest.fixture
def table(tmp_path):
    return Table(tmp_path)


def incremental(table, archive, *more):
    return ["incremental", "--inventory", archive.inventory, "--source-root", archive.source_root, *table.arguments, *more]


def backfill(table, archive, *more, shape="staged"):
    staging = ["--staging", table.staging] if shape == "staged" else []
    return ["backfill", "--inventory", archive.inventory, "--source-root", archive.source_root, *table.arguments, *staging,
            "--h3-resolution", 1, *more]


def wait_for(condition, seconds=60):
    """Until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def free_port():
    """A port free together with the one 10,000 above it, which SeaweedFS takes for gRPC."""
    while True:
        with socket.socket() as low, socket.socket() as high:
            low.bind(("127.0.0.1", 0))
            port = low.getsockname()[1]
            if port + 10_000 > 65_535:
                continue
            try:
                high.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            return port


class S3Server:
    """SeaweedFS on 127.0.0.1: one key may do all, whoever does not sign may read and list."""

    def __init__(self, folder):
        self.folder = folder
        config = folder / "s3.json"
        config.write_text(json.dumps({"identities": [
            {"name": "admin", "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
             "actions": ["Admin", "Read", "List", "Tagging", "Write"]},
            {"name": "anonymous", "actions": ["Read", "List"]}]}))
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        data = folder / "data"
        data.mkdir()
        self.process = subprocess.Popen(
            [str(WEED), "mini", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.port={self.port}",
             f"-master.port={free_port()}", f"-volume.port={free_port()}", f"-filer.port={free_port()}",
             f"-admin.port={free_port()}",
             f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-admin.ui=false",
             "-master.telemetry=false", f"-bucket={BUCKET},test-warehouse"],
            stdout=open(folder / "weed.log", "wb"), stderr=subprocess.STDOUT, cwd=folder)
        self.wait_until_ready()

    def wait_until_ready(self):
        for _ in range(2400):
            if self.process.poll() is not None:
                break
            try:
                if urllib.request.urlopen(f"{self.endpoint}/test-warehouse", timeout=2).status == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError((self.folder / "weed.log").read_text()[-2000:])

    @property
    def environment(self):
        return clean_environment(AWS_ENDPOINT_URL=self.endpoint, AWS_ACCESS_KEY_ID=ACCESS_KEY,
                                 AWS_SECRET_ACCESS_KEY=SECRET_KEY, AWS_REGION="us-east-1")

    def get(self, path):
        """The bytes of /<bucket>/<key>; nothing when there is none."""
        try:
            return urllib.request.urlopen(f"{self.endpoint}/{path}", timeout=30).read()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def keys(self, bucket, prefix):
        listing = self.get(f"{bucket}?list-type=2&max-keys=1000&prefix={urllib.parse.quote(prefix)}")
        return [node.text for node in xml.etree.ElementTree.fromstring(listing).iter() if node.tag.endswith("}Key")]

    def file_system(self):
        """The server as a pyarrow file system."""
        from pyarrow.fs import S3FileSystem

        return S3FileSystem(access_key=ACCESS_KEY, secret_key=SECRET_KEY, region="us-east-1", scheme="http",
                            endpoint_override=f"127.0.0.1:{self.port}")

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class S3Archive:
    """What `earthcatalog generate` put under s3://its-live-data/<prefix>."""

    source_root = "s3://"

    def __init__(self, prefix):
        self.inventory = f"s3://{BUCKET}/{prefix}/inventory.csv"


class S3Table(Table):
    """A table whose catalog, warehouse and staging lie on the S3 server; `folder` is for the reader's copy."""

    BUCKET = "test-warehouse"

    def __init__(self, server, name, folder):
        self.server, self.name, self.folder = server, name, folder
        self.catalog, self.warehouse, self.staging = (f"s3://{self.BUCKET}/{name}/{part}"
                                                      for part in ("catalog.db", "warehouse", "staging"))

    def exists(self):
        return self.server.get(f"{self.BUCKET}/{self.name}/catalog.db") is not None

    def staged(self):
        return [key for place in ("staging", "warehouse/_runs", "warehouse/_parts")
                for key in self.server.keys(self.BUCKET, f"{self.name}/{place}/")]

    def is_locked(self):
        return self.server.get(f"{self.BUCKET}/{self.name}/catalog.db.lock") is not None

    @property
    def copy(self):
        return self.folder / f"{self.name.replace('/', '-')}.db"

    def store_copy(self):
        """Puts the copy of the catalog, which PyIceberg wrote to, in place of the catalog."""
        with self.server.file_system().open_output_stream(f"{self.BUCKET}/{self.name}/catalog.db") as stream:
            stream.write(self.copy.read_bytes())

    def open_catalog(self):
        from pyiceberg.catalog.sql import SqlCatalog

        self.copy.write_bytes(self.server.get(f"{self.BUCKET}/{self.name}/catalog.db"))
        return SqlCatalog("earthcatalog", uri=f"sqlite:///{self.copy}", init_catalog_tables="false",
                          **{"s3.endpoint": self.server.endpoint, "s3.access-key-id": ACCESS_KEY,
                             "s3.secret-access-key": SECRET_KEY, "s3.region": "us-east-1"})


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory):
    server = S3Server(tmp_path_factory.mktemp("s3"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3_earthcatalog(s3_server):
    return Earthcatalog(s3_server.environment)


class LatencyServer:
    """tests/support/latency_s3.py: each request takes `milliseconds`, and is counted."""

    def __init__(self, milliseconds):
        self.process = subprocess.Popen([sys.executable, str(ROOT / "tests/support/latency_s3.py"), "0", str(milliseconds)],
                                        stdout=subprocess.PIPE, text=True)
        self.endpoint = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    @property
    def environment(self):
        return clean_environment(AWS_ENDPOINT_URL=self.endpoint, AWS_ACCESS_KEY_ID=ACCESS_KEY,
                                 AWS_SECRET_ACCESS_KEY=SECRET_KEY, AWS_REGION="us-east-1")

    def make_bucket(self, name):
        urllib.request.urlopen(urllib.request.Request(f"{self.endpoint}/{name}", method="PUT"), timeout=30)

    def stats(self, reset=False):
        """{"counts": {"PUT parquet": …}, "max_in_flight": {…}, "bytes_in", "bytes_out", "objects"}."""
        return json.load(urllib.request.urlopen(f"{self.endpoint}/__stats{'?reset' if reset else ''}", timeout=30))

    def refuse(self, kind, count):
        """From the `count`-th request of this kind on they are refused; 0: no more."""
        query = urllib.parse.urlencode({"kind": kind, "count": count})
        urllib.request.urlopen(f"{self.endpoint}/__fail?{query}", timeout=30)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Glacier:
    """Serves a folder's objects as S3 does, but for those that are archived."""

    def __init__(self, folder):
        self.archived = set()
        glacier = self

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 256  # a run opens many connections at once

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16  # head and body in one packet

            def do_GET(self):
                path = folder / self.path.split("?")[0].lstrip("/")
                status, body = 200, b""
                if path.name in glacier.archived:
                    status, body = 403, b"<Error><Code>InvalidObjectState</Code><Message>archived</Message></Error>"
                elif path.is_file():
                    body = path.read_bytes()
                else:
                    status, body = 404, b"<Error><Code>NoSuchKey</Code></Error>"
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self.environment = clean_environment(AWS_ENDPOINT_URL=self.endpoint,
                                             AWS_REGION="us-east-1")
