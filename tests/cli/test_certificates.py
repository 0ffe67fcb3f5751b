"""Servers whose certificates no trusted authority has signed."""

import csv
import http.server
import ssl
import subprocess
import threading

import pytest
from conftest import BUCKET, Earthcatalog, clean_environment, incremental


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A self-signed certificate of 127.0.0.1, with its key, and the certificate of another."""
    folder = tmp_path_factory.mktemp("certificates")
    for name, host in (("server", "127.0.0.1"), ("other", "127.0.0.2")):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                        "-addext", f"subjectAltName=IP:{host}", "-keyout", folder / f"{name}.key",
                        "-out", folder / f"{name}.pem"], check=True, capture_output=True)
    return folder


@pytest.fixture
def endpoint(authority, small_archive):
    """Serves the archive's items by HTTPS, whatever the bucket."""
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            items = {path.name: path for path in small_archive.objects()}
            path = items.get(self.path.rsplit("/", 1)[1])
            body = path.read_bytes() if path else b"<Error><Code>NoSuchKey</Code></Error>"
            self.send_response(200 if path else 404)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"x"')
            self.end_headers()
            self.wfile.write(body)

        def do_HEAD(self):
            self.send_error(404)

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_):
            """Who refuses the certificate ends the connection."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def run(endpoint):
    def run_with(variables, *arguments):
        environment = clean_environment(AWS_ENDPOINT_URL=endpoint, AWS_NO_SIGN_REQUEST="true", **variables)
        return Earthcatalog(environment).run(*arguments, timeout=60)
    return run_with


@pytest.fixture
def fetching(small_archive, table, tmp_path):
    """incremental of 5 objects of a bucket."""
    inventory = tmp_path / "list.csv"
    with open(inventory, "w", newline="") as file:
        names = [path.name for path in small_archive.objects()][:5]
        csv.writer(file).writerows([("bucket", "key"), *((BUCKET, name) for name in names)])
    command = incremental(table, small_archive)
    command[command.index("--inventory") + 1] = inventory
    command[command.index("--source-root") + 1] = "s3://"
    return command


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_certificate_that_a_named_file_vouches_for_is_taken(run, authority, fetching, table, variable):
    bundle = {variable: str(authority / "server.pem")}
    process = run(bundle, *fetching)
    assert process.returncode == 0, process.stderr
    assert len(table.rows()) >= 5
    said = run(bundle, "info", "--catalog", f"s3://{BUCKET}/catalog.db").stderr
    assert "certificate" not in said and f"s3://{BUCKET}/catalog.db" in said


@pytest.mark.parametrize("variables", [{}, {"AWS_CA_BUNDLE": "other.pem"},
                                       {"AWS_CA_BUNDLE": "other.pem", "CURL_CA_BUNDLE": "server.pem"}],
                         ids=["system", "another", "AWS before curl"])
def test_a_refused_certificate_ends_the_run_with_the_endpoint_and_the_remedy(run, authority, endpoint, fetching, table,
                                                                              variables):
    bundle = {name: str(authority / file) for name, file in variables.items()}
    for arguments in (fetching, ["info", "--catalog", f"s3://{BUCKET}/catalog.db"]):
        process = run(bundle, *arguments)
        assert process.returncode == 1
        assert endpoint in process.stderr and "its certificate is refused" in process.stderr
        assert "AWS_CA_BUNDLE" in process.stderr and "--endpoint" in process.stderr
    assert not table.exists()


def test_a_file_of_certificates_that_is_not_there_is_named(run, authority, fetching):
    missing = str(authority / "none.pem")
    for arguments in (fetching, ["info", "--catalog", f"s3://{BUCKET}/catalog.db"]):
        process = run({"AWS_CA_BUNDLE": missing}, *arguments)
        assert process.returncode == 1
        assert missing in process.stderr and "AWS_CA_BUNDLE" in process.stderr
