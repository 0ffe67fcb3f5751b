"""Places: paths, URIs and object stores, as the core takes them: a URI, and settings of its bucket."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from earthcatalog.errors import InvalidArgumentError, UnsupportedError

__all__ = ["Place", "StorageSettings", "as_uri", "join", "merge", "resolve"]

#: A path, a URI, a store of obstore or rustac, or a pair of such a store and a key in it.
Place: TypeAlias = Any

_SECRETS = ("access_key", "secret_key", "session_token")


@dataclass(frozen=True, repr=False)
class StorageSettings:
    """How buckets are reached. What is None comes from the environment, then from AWS's own rules.

    Attributes:
        endpoint: URL of an S3 server, such as ``http://127.0.0.1:8333``. None: AWS.
        region: AWS region. None: asked from the bucket.
        profile: Profile of the shared AWS files.
        access_key: Access key. None: AWS's chain of credentials.
        secret_key: Secret key.
        session_token: Session token of temporary credentials.
        anonymous: True never signs requests.
        request_payer: True accepts the costs of requester-pays buckets.
        path_style: True puts the bucket into the path instead of the host name.
        ca_bundle: File of trusted certificates (PEM).
        io_concurrency: Most reads and writes of a table's files at once.
        buckets: Settings of single buckets, which win over those above.
    """

    endpoint: str | None = None
    region: str | None = None
    profile: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    session_token: str | None = None
    anonymous: bool | None = None
    request_payer: bool | None = None
    path_style: bool | None = None
    ca_bundle: str | None = None
    io_concurrency: int | None = None
    buckets: Mapping[str, StorageSettings] = field(default_factory=dict)

    def __repr__(self) -> str:
        shown = (f"{name}={'***' if name in _SECRETS else repr(value)}" for name, value in self._given().items())
        return f"StorageSettings({', '.join(shown)})"

    def _given(self) -> dict[str, Any]:
        pairs = ((item.name, getattr(self, item.name)) for item in dataclasses.fields(self))
        return {name: value for name, value in pairs if value is not None and value != {}}

    def without_secrets(self) -> StorageSettings:
        """The same settings without keys and tokens."""
        buckets = {name: bucket.without_secrets() for name, bucket in self.buckets.items()}
        return dataclasses.replace(self, access_key=None, secret_key=None, session_token=None, buckets=buckets)

    def has_secrets(self) -> bool:
        """Whether keys or tokens are among the settings."""
        own = any(getattr(self, name) is not None for name in _SECRETS)
        return own or any(bucket.has_secrets() for bucket in self.buckets.values())

    def to_dict(self) -> dict[str, Any]:
        """What is given, as plain values."""
        given = self._given()
        if self.buckets:
            given["buckets"] = {name: bucket.to_dict() for name, bucket in self.buckets.items()}
        return given

    def to_json(self) -> str:
        """What is given, as the core takes it. Holds the secrets."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> StorageSettings:
        """The settings that to_dict() said."""
        known = {item.name for item in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InvalidArgumentError(f"storage: unknown setting {unknown[0]!r}; there are {', '.join(sorted(known))}")
        buckets = {name: cls.from_dict(bucket) for name, bucket in values.get("buckets", {}).items()}
        return cls(**{**values, "buckets": buckets})


def join(base: str, *keys: str) -> str:
    """The place below another, with one slash between."""
    for key in keys:
        if key:
            base = f"{base.rstrip('/')}/{key.lstrip('/')}"
    return base


def as_uri(place: str) -> str:
    """The place as specs of phases name it, letter by letter: a local path becomes a file URI."""
    return place if "://" in place else f"file://{place}"


def resolve(place: Place, key: str = "", *, argument: str = "place") -> tuple[str, StorageSettings]:
    """Returns the URI or absolute path of a place, and the settings that its store has.

    Args:
        place: A path, a URI, a store, or (store, key).
        key: What is appended.
        argument: Name of the caller's argument, for messages.

    Raises:
        TypeError: It is no place.
        UnsupportedError: A store that the core cannot open by a URI, such as a MemoryStore.
        InvalidArgumentError: A store that cannot say its settings.
    """
    if isinstance(place, tuple):
        if len(place) != 2 or not isinstance(place[1], str):
            raise TypeError(f"{argument}: a pair is (store, key), key a str; got {place!r}")
        return resolve(place[0], join(place[1], key) if place[1] else key, argument=argument)
    if isinstance(place, (str, os.PathLike)):
        text = os.fspath(place)
        if not isinstance(text, str):
            raise TypeError(f"{argument}: a path is a str, not bytes")
        if not text:
            raise InvalidArgumentError(f"{argument}: an empty path names no place")
        return join(_absolute(text), key), StorageSettings()
    return _of_store(place, key, argument)


def _absolute(text: str) -> str:
    if "://" in text or text.startswith("file:") or text == "-":
        return text
    return os.path.abspath(os.path.expanduser(text))


def _of_store(store: object, key: str, argument: str) -> tuple[str, StorageSettings]:
    kind = type(store).__name__
    if kind == "LocalStore":
        prefix = getattr(store, "prefix", None)
        return join("" if prefix is None else os.fspath(prefix), key) or "/", StorageSettings()
    if kind == "S3Store":
        return _of_s3(store, key, argument)
    if kind == "GCSStore":
        return join(f"gs://{_config(store, argument)['bucket']}", _prefix(store), key), StorageSettings()
    if kind == "AzureStore":
        config = _config(store, argument)
        host = f"{config['container_name']}@{config['account_name']}.dfs.core.windows.net"
        return join(f"abfs://{host}", _prefix(store), key), StorageSettings()
    if kind in ("MemoryStore", "HTTPStore"):
        raise UnsupportedError(
            f"{argument}: {kind} has no URI that the core could open; use a LocalStore on a temporary folder, an "
            "S3Store, a path or a URI"
        )
    raise TypeError(
        f"{argument}: {type(store).__module__}.{kind} is no place; give a path, a URI, a store of obstore or rustac, "
        "or (store, key)"
    )


def _prefix(store: object) -> str:
    prefix = getattr(store, "prefix", None)
    return "" if prefix is None else str(prefix)


def _config(store: object, argument: str) -> dict[str, str]:
    try:
        return dict(store.config)  # type: ignore[attr-defined]
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # obstore panics here, and its panic is no Exception
        raise InvalidArgumentError(
            f"{argument}: this {type(store).__name__} cannot say its settings ({error}); make it with "
            'client_options={"allow_http": True} instead of allow_http in its config, or give a URI and storage='
        ) from None


def _of_s3(store: object, key: str, argument: str) -> tuple[str, StorageSettings]:
    config = {name.removeprefix("aws_"): value for name, value in _config(store, argument).items()}
    bucket = config["bucket"]
    keys = _keys_of_provider(store, argument)
    anonymous = config.get("skip_signature", os.environ.get("AWS_SKIP_SIGNATURE"))
    virtual = config.get("virtual_hosted_style_request")
    payer = config.get("request_payer")
    settings = StorageSettings(
        endpoint=config.get("endpoint") or config.get("endpoint_url"),
        region=config.get("region") or config.get("default_region"),
        access_key=keys.get("access_key_id") or config.get("access_key_id"),
        secret_key=keys.get("secret_access_key") or config.get("secret_access_key"),
        session_token=keys.get("token") or config.get("session_token") or config.get("token"),
        anonymous=_flag(anonymous),
        request_payer=_flag(payer),
        path_style=None if virtual is None else not _flag(virtual),
    )
    uri = join(f"s3://{bucket}", _prefix(store), key)
    return uri, StorageSettings(buckets={bucket: settings} if settings.to_dict() else {})


def _flag(value: object) -> bool | None:
    return None if value is None else str(value).strip().lower() in ("1", "true", "yes", "on", "y", "t")


def _keys_of_provider(store: object, argument: str) -> dict[str, Any]:
    provider = getattr(store, "credential_provider", None)
    if provider is None:
        return {}
    keys = provider()
    if inspect.isawaitable(keys):
        if inspect.iscoroutine(keys):
            keys.close()
        raise UnsupportedError(f"{argument}: an asynchronous credential provider; give a synchronous one")
    return {} if keys is None else dict(keys)


def merge(*settings: StorageSettings | None, argument: str = "storage") -> StorageSettings:
    """One set of settings out of several; the first that says something counts for what holds for every bucket.

    Raises:
        InvalidArgumentError: Two of them differ about one bucket.
    """
    whole: dict[str, Any] = {}
    buckets: dict[str, StorageSettings] = {}
    for one in settings:
        if one is None:
            continue
        if not isinstance(one, StorageSettings):
            raise TypeError(f"{argument}: StorageSettings expected, not {type(one).__name__}")
        for name, value in one._given().items():
            if name != "buckets":
                whole.setdefault(name, value)
        for name, bucket in one.buckets.items():
            if buckets.setdefault(name, bucket) != bucket:
                raise InvalidArgumentError(
                    f"{argument}: two stores of the bucket {name} have different settings; use one store for both"
                )
    return StorageSettings(**whole, buckets=buckets)
