"""From paths, URIs and stores to what the core opens."""

import pathlib
import pickle

import obstore.store
import pytest
import rustac.store

from earthcatalog import errors
from earthcatalog._places import StorageSettings, merge, resolve

STORES = pytest.mark.parametrize("stores", [obstore.store, rustac.store], ids=["obstore", "rustac"])


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.delenv("AWS_SKIP_SIGNATURE", raising=False)


@pytest.mark.parametrize(
    "uri", ["s3://bucket/a b+c%20.parquet", "gs://b/k", "abfs://c@a.dfs.core.windows.net/k", "memory://m/k"]
)
def test_a_uri_stays_as_it_is(uri):
    assert resolve(uri) == (uri, StorageSettings())


def test_a_relative_path_becomes_absolute_and_home_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert resolve("a/b.csv")[0] == f"{tmp_path}/a/b.csv"
    assert resolve(pathlib.Path("a"), "k")[0] == f"{tmp_path}/a/k"
    assert resolve("~/x")[0] == "/home/somebody/x"


@STORES
def test_an_s3_store_becomes_a_uri_and_settings_of_its_bucket(stores):
    store = stores.S3Store(
        "b", prefix="p/q", region="us-west-2", skip_signature=True, virtual_hosted_style_request=False
    )
    uri, settings = resolve((store, "x/y.parquet"))
    assert uri == "s3://b/p/q/x/y.parquet"
    assert settings.buckets == {"b": StorageSettings(region="us-west-2", anonymous=True, path_style=True)}


@STORES
def test_the_keys_of_an_s3_store_are_taken_and_never_shown(stores):
    store = stores.S3Store(
        "b",
        endpoint="http://127.0.0.1:1",
        access_key_id="AKIA",
        secret_access_key="SECRET",
        session_token="TOKEN",
        client_options={"allow_http": True},
    )
    _, settings = resolve(store)
    assert settings.to_dict()["buckets"]["b"] == {
        "endpoint": "http://127.0.0.1:1",
        "access_key": "AKIA",
        "secret_key": "SECRET",
        "session_token": "TOKEN",
    }
    assert not any(secret in repr(settings) for secret in ("AKIA", "SECRET", "TOKEN"))
    assert "SECRET" not in settings.without_secrets().to_json() and settings.has_secrets()
    assert pickle.loads(pickle.dumps(settings)) == settings


@STORES
def test_a_store_that_panics_when_asked_is_an_error_with_the_remedy(stores):
    store = stores.S3Store("b", config={"allow_http": True, "endpoint": "http://127.0.0.1:1"})
    with pytest.raises(ValueError, match=r"staging_store: .*client_options"):
        resolve(store, argument="staging_store")


@STORES
def test_a_local_store_becomes_a_path(stores, tmp_path):
    assert resolve(stores.LocalStore(str(tmp_path)), "k")[0] == f"{tmp_path}/k"
    assert resolve(stores.LocalStore(), "etc/k")[0] == "/etc/k"


@STORES
def test_google_and_azure_stores_become_uris(stores):
    assert resolve(stores.GCSStore("b", prefix="z", skip_signature=True), "k")[0] == "gs://b/z/k"
    azure = stores.AzureStore("c", account_name="a", prefix="z", skip_signature=True)
    assert resolve(azure)[0] == "abfs://c@a.dfs.core.windows.net/z"


def test_the_environment_of_a_store_counts_as_its_settings(monkeypatch):
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    assert resolve(obstore.store.S3Store("b"))[1].buckets["b"].anonymous is True


def test_a_credential_provider_is_asked():
    class Provider:
        def __call__(self):
            return {"access_key_id": "A", "secret_access_key": "S", "token": None, "expires_at": None}

    bucket = resolve(obstore.store.S3Store("b", credential_provider=Provider()))[1].buckets["b"]
    assert (bucket.access_key, bucket.secret_key, bucket.session_token) == ("A", "S", None)


@STORES
def test_a_store_without_a_uri_is_refused_by_its_name(stores):
    for store in (stores.MemoryStore(), stores.HTTPStore("https://example.org/x")):
        with pytest.raises(NotImplementedError, match=rf"warehouse_store: {type(store).__name__}"):
            resolve(store, argument="warehouse_store")


@pytest.mark.parametrize("place", [None, 3, object(), b"/path", ("a", 3), ("a", "b", "c")])
def test_what_is_no_place_is_a_type_error_that_names_the_argument(place):
    with pytest.raises(TypeError, match="inventory_path"):
        resolve(place, argument="inventory_path")


def test_an_empty_path_is_refused():
    with pytest.raises(ValueError, match="catalog_path"):
        resolve("", argument="catalog_path")


def test_settings_merge_and_two_opinions_about_one_bucket_are_refused():
    open_bucket = StorageSettings(buckets={"b": StorageSettings(anonymous=True)})
    other = StorageSettings(region="eu-west-1", buckets={"c": StorageSettings(region="us-west-2")})
    merged = merge(None, open_bucket, other)
    assert merged.region == "eu-west-1" and set(merged.buckets) == {"b", "c"}
    with pytest.raises(errors.InvalidArgumentError, match="bucket b"):
        merge(open_bucket, StorageSettings(buckets={"b": StorageSettings(anonymous=False)}))
    with pytest.raises(TypeError, match="storage"):
        merge({"region": "x"})


def test_settings_go_to_a_dictionary_and_back_and_unknown_ones_are_refused():
    settings = StorageSettings(region="r", buckets={"b": StorageSettings(endpoint="http://h")})
    assert StorageSettings.from_dict(settings.to_dict()) == settings
    with pytest.raises(ValueError, match="regoin"):
        StorageSettings.from_dict({"regoin": "x"})
