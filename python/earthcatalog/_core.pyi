"""
The native part of earthcatalog. Private: use the package's own modules.
"""

from collections.abc import Callable, Sequence

from typing_extensions import disjoint_base

def call(
    name: str,
    spec: str,
    *,
    storage: str = "{}",
    progress: Callable[[str], object] | None = None,
    event: Callable[[str], object] | None = None,
    partitioner: object | None = None,
    lock: object | None = None,
) -> str:
    """
    Runs a command, or "phase:<name>", by its JSON spec, whose members are the command's options with underscores.
    Returns its report as JSON. The GIL is free meanwhile; progress and event are called on this thread. The first
    Ctrl-C, or an exception of progress or event, stops the work where what is whole is committed, and is raised then,
    with the report as its attribute; after the second nobody waits for the work any more.
    """

def call_names() -> list[str]:
    """The names that call() knows."""

@disjoint_base
class GridHandle:
    """
    A grid by its JSON: type (h3, geojson), resolution, boundaries_path, id_field. Thread-safe.
    """

    def __init__(self, spec: str, storage: str = "{}") -> None: ...
    def cover(self, wkb: bytes) -> list[str]:
        """
        The names of the cells that a footprint touches, ascending; WKB as ISO or PostGIS writes it.
        """

    def names(self) -> list[str]:
        """The names of all regions of a geojson grid, ascending."""

    def cover_many(self, wkb: Sequence[bytes]) -> list[list[str]]: ...
    def cover_text(self, text: str) -> list[str]:
        """Of GeoJSON (a geometry, Feature or collection) or WKT."""

@disjoint_base
class Stream:
    """
    A call that prints data, such as search. The work runs at most a few MiB ahead of its reader, and ends when the reader closes it.
    """

    def __init__(self, name: str, spec: str, *, storage: str = "{}") -> None: ...
    def read(self) -> bytes | None:
        """
        The next bytes; None after the last. Raises the error that the call ended with.
        """

    def report(self) -> str:
        """The report as JSON, once read() has given None; empty before."""

    def close(self) -> None:
        """Ends the call early."""

def cover_geojson(grid_spec: str, text: str, storage: str = "{}") -> list[str]:
    """GridHandle(grid_spec).cover_text(text), once."""

def id_hashes(ids: Sequence[str]) -> bytes:
    """The hashes of ids, 16 bytes each, one after the other."""

def read_hashes(uri: str, storage: str = "{}") -> bytes | None:
    """
    The hashes of a hash index, 16 bytes each, ascending; None when there is no such file.
    """

def write_hashes(hashes: bytes, uri: str, storage: str = "{}") -> int:
    """
    Makes a hash index of them, in any order, doubles too. Returns how many there are.
    """

def write_items(ndjson: bytes, uri: str, cell: str, storage: str = "{}") -> str:
    """
    Writes items, one a line, as rows of a cell into a new GeoParquet file. JSON: rows, bytes.
    """

@disjoint_base
class Lock:
    """
    A lock that this process holds, with heartbeats on a thread of its own.
    """

    @staticmethod
    def acquire(spec: str, storage: str = "{}") -> Lock:
        """
        JSON: catalog (its fenced lock), or lock alone (a URI, without fence); owner, ttl_hours, run_id. CatalogLocked while another holds it.
        """

    def release(self) -> None:
        """Removes the lock, if it still is ours."""

    def record(self) -> str:
        """What the lock object holds, as JSON."""

def read_object(uri: str, storage: str = "{}") -> tuple[bytes, str] | None:
    """The bytes and the etag; None when there is no such object."""

def put_object(
    uri: str, data: bytes, storage: str = "{}", *, if_match: str | None = None, if_none_match: bool = False
) -> str:
    """Returns the etag. ConflictError when the condition is not met."""

def remove_object(uri: str, storage: str = "{}") -> bool:
    """False when there was none."""

def cli(argv: Sequence[str]) -> int:
    """
    The command line in this process; argv[0] is the program. Returns the exit code.
    """

def version() -> str:
    """JSON: version, commit, arrow."""

def stop_all(seconds: float) -> bool:
    """
    Asks all that runs in this process to stop, and waits. False when something runs on.
    """

def finalize() -> None:
    """Ends what the process has once. Nothing can run after it."""

def note_fork() -> None:
    """For the child of os.fork()."""
