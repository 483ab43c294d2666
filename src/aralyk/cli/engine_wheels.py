"""Old engine versions, each in its own wheel: found, unpacked once, run in a process that sees nothing else of Aralyk.

A wheel is looked for in `--engines DIRECTORY`, in the bundle itself (a directory, or a member of the zip) and beside
it. It is unpacked because Numba keeps its machine code beside the source; the folder is named by the wheel's own hash.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from aralyk.cli.errors import CommandRefused

NAME = "aralyk_engine-{version}-py3-none-any.whl"
VERSION = re.compile(r"[0-9A-Za-z.+]{1,40}")
CACHE = "aralyk/engines"


def find_wheel(version: str, engines: Path | None, given: Path) -> bytes:
    """The wheel of an engine version.

    Args:    engines: Where to look first.  given: The bundle or order; a wheel may lie in it or beside it.
    Raises:  CommandRefused: There is none, or the version cannot be one.
    """
    if not VERSION.fullmatch(version):
        raise CommandRefused(f"--engine: expected a version such as 1.0.0, found {version[:40]!r}")
    name = NAME.format(version=version)
    for wheel in _wheels(name, engines, given):
        return wheel
    from aralyk.engine import ENGINE_VERSION

    raise CommandRefused(
        f"--engine: expected {ENGINE_VERSION} (the one installed), or {name} in the directory of --engines,"
        f" in the bundle or beside it; found neither for {version}"
    )


def _wheels(name: str, engines: Path | None, given: Path) -> Iterator[bytes]:
    for folder in (engines, given if given.is_dir() else None, given.parent):
        if folder is not None and (folder / name).is_file():
            yield (folder / name).read_bytes()
    if given.is_file() and zipfile.is_zipfile(given):
        with zipfile.ZipFile(given) as bundle:
            for member in bundle.namelist():
                if Path(member).name == name:
                    yield bundle.read(member)


def run_wheel(wheel: bytes, arguments: Sequence[str]) -> int:
    """Run the engine of a wheel; its output is this process's output. Returns: Its exit code."""
    try:
        folder = _unpacked(wheel)
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise CommandRefused(f"--engine: the wheel cannot be unpacked: {error}") from error
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONIOENCODING": "utf-8"}
    sys.stdout.flush()
    done = subprocess.run([sys.executable, "-P", "-m", "aralyk.engine", *arguments], env=environment, check=False)
    return done.returncode


def _unpacked(wheel: bytes) -> Path:
    """Unpack a wheel into the cache, all or nothing; a second run finds it there, with its compiled code."""
    home = os.environ.get("XDG_CACHE_HOME")
    cache = (Path(home) if home else Path.home() / ".cache") / CACHE
    folder = cache / hashlib.sha256(wheel).hexdigest()
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=cache))
    try:
        with zipfile.ZipFile(io.BytesIO(wheel)) as packed:
            if any(name.startswith("/") or ".." in Path(name).parts for name in packed.namelist()):
                raise ValueError("expected members below the folder, found another path")
            packed.extractall(fresh)
        fresh.rename(folder)
    except OSError:
        if not folder.is_dir():  # another run was quicker
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder
