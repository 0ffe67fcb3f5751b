"""Checks what the native module needs, and loads it."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import pathlib
from importlib import metadata

# libarrow's SONAME changes with each feature release: pyproject.toml pins the same.
_PYARROW = "26.0"
_LIBRARIES = ("arrow", "arrow_compute", "arrow_s3", "parquet")


def load() -> None:
    _refuse_namesake()
    _check_pyarrow()
    _load_sqlite()
    try:
        importlib.import_module("earthcatalog._core")
        return
    except ImportError as error:
        if "libarrow" not in str(error) and "libparquet" not in str(error):
            raise
    # pyarrow lies elsewhere than beside this package: another site folder, `pip install --target`, an editable install.
    _load_arrow()
    importlib.import_module("earthcatalog._core")


def _refuse_namesake() -> None:
    try:
        found = metadata.version("earthcatalog")
    except metadata.PackageNotFoundError:
        return
    raise ImportError(
        f"the distribution earthcatalog {found} has a package of the same name, and the two overwrite each other's "
        "files: pip uninstall -y earthcatalog earthcatalog-native && pip install earthcatalog-native"
    )


def _check_pyarrow() -> None:
    remedy = f"pip install 'pyarrow=={_PYARROW}.*'"
    try:
        found = metadata.version("pyarrow")
    except metadata.PackageNotFoundError:
        raise ImportError(f"earthcatalog needs pyarrow {_PYARROW}, and there is none: {remedy}") from None
    if not found.startswith(_PYARROW + "."):
        raise ImportError(f"earthcatalog needs pyarrow {_PYARROW}, and pyarrow {found} is installed: {remedy}")


def _load_sqlite() -> None:
    """Loads the interpreter's SQLite, so that the native module finds that one and both see each other's locks."""
    importlib.import_module("_sqlite3")


def _load_arrow() -> None:
    spec = importlib.util.find_spec("pyarrow")
    if spec is None or spec.origin is None:
        raise ImportError("pyarrow is installed, but cannot be found: is its folder in sys.path?")
    folder = pathlib.Path(spec.origin).parent
    for name in _LIBRARIES:
        for library in sorted(folder.glob(f"lib{name}.so.*")):
            ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
