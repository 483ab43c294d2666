"""A platform of a bench's own: an empty home with its own settings, what its processes use, figures on stdout alone.

Nothing of the caller's installation is read or touched: its variables are laid aside, ports are free ones, and home
and database are removed at the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def scratch_home() -> Iterator[Path]:
    """An empty home, removed at the end with the database that was made for it."""
    home = Path(tempfile.mkdtemp(prefix="aralyk-bench-"))
    home.chmod(0o755)  # the database may run as another user and must get through
    try:
        yield home
    finally:
        _remove(home)


@contextlib.contextmanager
def scratch_environment(home: Path, settings: Mapping[str, str]) -> Iterator[None]:
    """The environment of a test installation in `home` with these settings; the caller's comes back at the end."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("ARALYK_")]:
        del os.environ[name]
    os.environ.pop("DATABASE_URL", None)
    os.environ |= {"ARALYK_PROFILE": "test", "ARALYK_HOME": str(home), **settings}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def words_aside() -> Iterator[None]:
    """Progress goes to stderr: stdout belongs to the figures."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def free_port() -> int:
    """A TCP port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_of(home: Path, process: str, name: str) -> int:
    """Where a process really listens, as its heartbeat says."""
    beat = json.loads((home / "run" / f"{process}.heartbeat").read_text(encoding="utf-8"))
    return int(beat["detail"][name])


class Usage:
    """Processor time and memory of the platform's processes and the database's, from /proc."""

    def __init__(self, home: Path) -> None:
        self._status = home / "run" / "supervisor.json"
        self._read_pids()
        self._before = self._cpu_s()

    def since(self, seconds: float) -> dict[str, Any]:
        """Cores used on average, and resident memory now in MiB; of a process started anew, since then."""
        before = self._pids
        self._read_pids()
        began = {name: used for name, used in self._before.items() if before.get(name) == self._pids.get(name)}
        now = self._cpu_s()
        return {
            "cpu": {name: round((now[name] - began.get(name, 0.0)) / seconds, 3) for name in now},
            "memory_mib": {name: memory_mib(pid) for name, pid in self._pids.items()},
        }

    def _read_pids(self) -> None:
        status = json.loads(self._status.read_text(encoding="utf-8"))
        self._pids = {name: int(process["pid"]) for name, process in status["processes"].items()}
        self._database = int(status["database"])

    def _cpu_s(self) -> dict[str, float]:
        used = {name: cpu_s(pid) for name, pid in self._pids.items()}
        # The database's processes come and go with their connections: those that ended count with their parent.
        used["database"] = cpu_s(self._database, ended=True) + sum(cpu_s(pid) for pid in descendants(self._database))
        return used


def cpu_s(pid: int, *, ended: bool = False) -> float:
    """Processor seconds of a process, with `ended` also of its children that are gone; 0 when it is gone itself."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    counted = fields[11:15] if ended else fields[11:13]
    return sum(map(int, counted)) / os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """Every process below one."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [found for child in map(int, children) for found in (child, *descendants(child))]


def memory_mib(pid: int) -> float:
    """Resident memory of a process; 0 when it is gone: killed by the bench, or between its fall and its restart."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((round(int(line.split()[1]) / 1024, 1) for line in lines if line.startswith("VmRSS:")), 0.0)


def _remove(home: Path) -> None:
    from aralyk.database.location import recorded_location

    location = recorded_location(home)
    if location is not None:
        shutil.rmtree(location.base, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
