"""The embedded PostgreSQL: laid out once, started and stopped by our supervisor.

Only a Unix socket, no TCP. Who may connect is asked of the kernel (`peer`): the user who started
us and nobody else, as any of our roles; the socket's directory is 0700 besides. Commits are durable
(fsync and synchronous_commit on): a device hears "received" only after them.
The server dies with its parent (see `launch`), by a fast shutdown, so a killed supervisor leaves no
server behind and the next start finds a clean or recoverable directory.
The server's log says what failed but quotes neither statements nor values: they hold names.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg
from psycopg import Connection, sql

from aralyk.database import launch
from aralyk.database.binaries import find_binaries
from aralyk.database.connect import DATABASE, socket_url
from aralyk.database.location import Location, reachable_binaries, settle_location
from aralyk.database.roles import Role, close_database_to_others, create_roles

SUPERUSER = "aralyk_superuser"
START_S_MAX = 60.0  # crash recovery replays at most max_wal_size, seconds on any disk
STOP_S_MAX = 30.0  # fast shutdown writes one checkpoint
_WAIT_STEP_S = 0.05
_MAP = "aralyk"

# Sane for one desk on 4 GiB and up; an installation that needs more brings its own server (DATABASE_URL).
_SETTINGS: dict[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    "jit": "off",  # compiling costs more than our short queries run
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "password_encryption": "scram-sha-256",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",  # one file a weekday, overwritten after a week
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# For tests that do not ask about durability.
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ClusterError(RuntimeError):
    """The embedded server could not be laid out, started or stopped."""


class Cluster:
    """One embedded server with its data below `home`; start it from the main thread.

    The kernel ties the server to the thread that started it, not only to the process.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        """Choose the place; nothing runs yet.

        Args:
            home: The installation's directory; `cluster.json` in it remembers where the data is.
            durable: False only in tests: commits may be lost at a crash.
        """
        self.location: Location = settle_location(home)
        self._account = self.location.server_account
        self._binaries = reachable_binaries(find_binaries(), self._account)
        self._settings = _SETTINGS | (_DURABLE if durable else _QUICK)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The owner's DATABASE_URL of the main database."""
        return self.url_of(DATABASE)

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def url_of(self, database: str) -> str:
        """The owner's DATABASE_URL of `database`."""
        return socket_url(self.location.socket, database)

    def start(self) -> None:
        """Lay out the data directory if it is new, start the server, make roles and database; returns when ready.

        Raises:
            ClusterError: The server did not become ready; the message ends with its last words.
        """
        data = self.location.data
        if not (data / "PG_VERSION").exists():
            self._lay_out(data)
        self._write_access_rules(data)
        self._await_predecessor(data)
        self._process = self._spawn(data)
        self._await_ready(data)
        with self.superuser() as connection:
            create_roles(connection, Role, {})
            self._create_main_database(connection)

    def poll(self) -> int | None:
        """The server's exit code, or None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self) -> None:
        """Stop the server: sessions are ended, a checkpoint is written; after `STOP_S_MAX` it is made to stop."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(STOP_S_MAX)

    @contextlib.contextmanager
    def superuser(self, database: str = "postgres") -> Iterator[Connection]:
        """A superuser's connection in autocommit: for roles and databases, never for our tables."""
        with psycopg.connect(
            host=str(self.location.socket), user=SUPERUSER, dbname=database, autocommit=True
        ) as connection:
            yield connection

    def create_database(self, name: str, *, template: str = "template0") -> None:
        """Create `name`, owned by the owner role and open to our roles only, as a copy of `template`."""
        with self.superuser() as connection:
            # FILE_COPY: for the small templates of the tests and an empty one alike the quicker way.
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY").format(
                    sql.Identifier(name), sql.Identifier(Role.OWNER.login), sql.Identifier(template)
                )
            )
            close_database_to_others(connection, name)

    def drop_database(self, name: str) -> None:
        """Drop `name`, ending its sessions."""
        with self.superuser() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def __enter__(self) -> Cluster:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _lay_out(self, data: Path) -> None:
        # C.UTF-8 from PostgreSQL itself: Cyrillic letters have their capitals, and no library update can reorder an
        # index. What people see sorted is sorted by explicit keys.
        options = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        options += ["--data-checksums", "--auth=reject", f"--username={SUPERUSER}", f"--pgdata={data}"]
        if self._settings["fsync"] == "off":
            options.append("--no-sync")
        finished = subprocess.run(
            self._command(self._binaries.initdb, options), capture_output=True, cwd="/", env=_environment(), check=False
        )
        if finished.returncode != 0:
            raise ClusterError(f"initdb failed: {finished.stderr.decode(errors='replace').strip()[-2000:]}")

    def _write_access_rules(self, data: Path) -> None:
        us = pwd.getpwuid(os.geteuid()).pw_name
        logins = [SUPERUSER, *(role.login for role in Role)]
        self._write_as_server(data / "pg_hba.conf", f"local all all peer map={_MAP}\n")
        self._write_as_server(data / "pg_ident.conf", "".join(f'{_MAP} "{us}" {login}\n' for login in logins))

    def _write_as_server(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        if self._account is not None:
            os.chown(path, self._account.uid, self._account.gid)

    def _await_predecessor(self, data: Path) -> None:
        """Wait for a server that is still shutting down after its parent was killed."""
        pid = _running_server(data)
        if pid is None:
            return
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if not select.select([handle], [], [], STOP_S_MAX)[0]:
                raise ClusterError(f"another server (process {pid}) still uses {data}")
        finally:
            os.close(handle)

    def _spawn(self, data: Path) -> subprocess.Popen[bytes]:
        settings = self._settings | {"unix_socket_directories": str(self.location.socket)}
        options = ["-D", str(data)]
        for name, value in settings.items():
            options += ["-c", f"{name}={value}"]
        # Until its own log is open the server speaks to standard error: why it did not start, mostly.
        with self._first_words.open("wb") as first_words:
            return subprocess.Popen(
                self._command(self._binaries.postgres, options),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=first_words,
                cwd="/",
                env=_environment(),
                start_new_session=True,  # Ctrl-C at the terminal is for the supervisor, which stops the server last
            )

    def _command(self, program: Path, options: Iterable[str]) -> list[str]:
        uid, gid = (self._account.uid, self._account.gid) if self._account else (-1, -1)
        shim = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(signal.SIGINT))]
        return [*shim, str(uid), str(gid), str(program), *options]

    def _await_ready(self, data: Path) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_WAIT_STEP_S)
                raise ClusterError(f"the server stopped at its start: {self._last_words(data)}")
            if _status(data, self._process.pid) == "ready":
                return
        self.stop()
        raise ClusterError(f"the server was not ready within {START_S_MAX:.0f} s: {self._last_words(data)}")

    @property
    def _first_words(self) -> Path:
        return self.location.base / "start.log"

    def _last_words(self, data: Path) -> str:
        logs = sorted([self._first_words, *(data / "log").glob("*.log")], key=lambda path: path.stat().st_mtime_ns)
        lines = logs[-1].read_text(encoding="utf-8", errors="replace").splitlines()
        return " | ".join(lines[-5:]) or "it wrote no log"

    def _create_main_database(self, connection: Connection) -> None:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            self.create_database(DATABASE)


def _environment() -> dict[str, str]:
    # The server inherits neither our settings (DATABASE_URL may hold a password) nor a stray PG* variable.
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _status(data: Path, pid: int) -> str | None:
    """What the server with `pid` says of itself in postmaster.pid (8th line: starting, ready, stopping)."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return None
    return lines[7].strip() if len(lines) > 7 and lines[0].strip() == str(pid) else None


def _running_server(data: Path) -> int | None:
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ValueError):
        return None
    # After a crash the number may belong to a stranger by now.
    return pid if os.fsencode(data) in command else None
