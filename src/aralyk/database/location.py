"""Where an embedded database lives, and as which user of the system it runs.

PostgreSQL refuses to run as root, so root's server runs as an unprivileged account. That account
must be able to reach the data, which fails below a 0700 directory (root's home, a temporary clone):
then the data goes to a root-owned place, `/var/lib/aralyk/<id>`. The choice is made once and written
to `<home>/cluster.json`: a later change of permissions must never make us start on an empty database.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from aralyk.database.binaries import ServerBinaries

SYSTEM_BASE = Path("/var/lib/aralyk")
# First that exists. `aralyk` is for an installation that made its own account; Debian's packages make `postgres`.
ACCOUNTS = ("aralyk", "postgres", "nobody")
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES_MAX = 107  # sockaddr_un.sun_path less its closing zero


class LocationError(RuntimeError):
    """The embedded database cannot be kept or reached where it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The system's user that runs the server when we are root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One embedded database's place.

    Attributes:
        base: Directory of everything below; removing it removes the database.
        data: PostgreSQL's data directory.
        socket: Directory of the Unix socket, mode 0700.
        account: Name of the unprivileged account, or None when the server runs as ourselves.
    """

    base: Path
    data: Path
    socket: Path
    account: str | None

    @property
    def server_account(self) -> Account | None:
        """The account with its ids.

        Raises:
            LocationError: The account has disappeared since the database was made.
        """
        if self.account is None:
            return None
        try:
            entry = pwd.getpwnam(self.account)
        except KeyError:
            raise LocationError(f"the database was made for the system's user {self.account}, found none") from None
        return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def recorded_location(home: Path) -> Location | None:
    """Read where the database of `home` lives; None when it was never made."""
    try:
        record = json.loads((home / "cluster.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Location(
        base=Path(record["base"]),
        data=Path(record["data"]),
        socket=Path(record["socket"]),
        account=record["account"],
    )


def settle_location(home: Path) -> Location:
    """Choose, once, where the database of `home` lives, make the directories and write the choice down."""
    # Others may pass through: root's server runs as another user. What is in it is closed to them.
    home.mkdir(mode=0o711, parents=True, exist_ok=True)
    location = recorded_location(home)
    if location is None:
        location = _choose(home.resolve())
        _record(home, location)
    _make_directories(location)
    return location


def reachable(path: Path, account: Account) -> bool:
    """Whether `account` may pass through every directory above and at `path` (permission bits only, no ACLs)."""
    existing = path
    while not existing.exists():
        existing = existing.parent
    return all(_may_enter(directory.stat(), account) for directory in (existing, *existing.parents))


def reachable_binaries(binaries: ServerBinaries, account: Account | None) -> ServerBinaries:
    """The binaries where `account` can run them: in place, or a copy below `SYSTEM_BASE`."""
    if account is None or _may_run(binaries, account):
        return binaries
    target = SYSTEM_BASE / f"server-{binaries.release}"
    if not target.is_dir():
        _copy_tree(binaries, target)
    return binaries.at(target)


def _choose(home: Path) -> Location:
    identity = secrets.token_hex(6)
    account = _root_account() if os.geteuid() == 0 else None
    base = home / "database"
    if account is not None and not reachable(home, account):
        base = SYSTEM_BASE / identity
    socket = base / "socket"
    if len(os.fsencode(socket / SOCKET_NAME)) > SOCKET_PATH_BYTES_MAX:
        socket = (SYSTEM_BASE if account else Path(tempfile.gettempdir())) / f"aralyk-{identity}"
    return Location(base=base, data=base / "data", socket=socket, account=account.name if account else None)


def _root_account() -> Account:
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise LocationError(f"PostgreSQL does not run as root: expected one of the system's users {', '.join(ACCOUNTS)}")


def _record(home: Path, location: Location) -> None:
    record = {
        "account": location.account,
        "base": str(location.base),
        "data": str(location.data),
        "home": str(home.resolve()),
        "socket": str(location.socket),
    }
    partial = home / "cluster.json.new"
    partial.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    partial.replace(home / "cluster.json")


def _make_directories(location: Location) -> None:
    account = location.server_account
    location.base.parent.mkdir(parents=True, exist_ok=True)
    # Others may pass through but not list: the account must reach data and socket, which are 0700 themselves.
    location.base.mkdir(mode=0o711, exist_ok=True)
    for directory in (location.data, location.socket):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
        if account is not None and found.st_uid == 0:
            os.chown(directory, account.uid, account.gid)
            found = directory.lstat()
        _check_ours(directory, found, account.uid if account else os.geteuid())


def _check_ours(directory: Path, found: os.stat_result, uid: int) -> None:
    # A directory planted by someone else (the socket may be in /tmp) would let them answer as our database.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
        raise LocationError(f"{directory}: expected a directory of user id {uid}, found user id {found.st_uid}")
    if stat.S_IMODE(found.st_mode) & 0o077:
        directory.chmod(0o700)


def _may_enter(directory: os.stat_result, account: Account) -> bool:
    if directory.st_uid == account.uid:
        return bool(directory.st_mode & stat.S_IXUSR)
    if directory.st_gid == account.gid:
        return bool(directory.st_mode & stat.S_IXGRP)
    return bool(directory.st_mode & stat.S_IXOTH)


def _may_run(binaries: ServerBinaries, account: Account) -> bool:
    # One program stands for the tree: an installer under a strict umask makes every file unreadable to others.
    return reachable(binaries.root / binaries.bin, account) and _may_enter(binaries.postgres.stat(), account)


def _copy_tree(binaries: ServerBinaries, target: Path) -> None:
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".server-", dir=target.parent))
    for part in binaries.parts:
        shutil.copytree(binaries.root / part, partial / part, symlinks=True)
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent == partial / binaries.bin else 0o644)
    try:
        partial.rename(target)
    except OSError:
        # Another start made the same copy a moment ago; both are equal.
        shutil.rmtree(partial)
        if not target.is_dir():
            raise


def remove_database(home: Path) -> None:
    """Delete the embedded database of `home` and the home itself, wherever the data went: for demos and tests."""
    location = recorded_location(home)
    if location is not None:
        shutil.rmtree(location.base, ignore_errors=True)
        shutil.rmtree(location.socket, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
