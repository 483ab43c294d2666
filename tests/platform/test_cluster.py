"""The embedded server: where it lives, who reaches it, and that it never outlives its parent."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aralyk.database import Role
from aralyk.database.cluster import SUPERUSER, Cluster, ClusterError
from aralyk.database.location import (
    SOCKET_NAME,
    SOCKET_PATH_BYTES_MAX,
    Account,
    LocationError,
    reachable,
    recorded_location,
    remove_database,
    settle_location,
)
from tests.platform.waiting import wait_until

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="asks what happens when root starts the platform")


@pytest.fixture
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="aralyk-test-"))
    path.chmod(0o755)
    yield path
    remove_database(path)


def servers_of(home: Path) -> list[int]:
    location = recorded_location(home)
    assert location is not None
    wanted = os.fsencode(location.data)
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if wanted in command.split(b"\0"):
                found.append(int(entry.name))
    return found


def test_what_was_committed_is_there_after_a_restart(home: Path) -> None:
    with Cluster(home) as cluster, psycopg.connect(cluster.url) as connection:
        connection.execute("CREATE TABLE kept (id integer)")
        connection.execute("INSERT INTO kept VALUES (7)")
    with Cluster(home) as cluster, psycopg.connect(cluster.url) as connection:
        assert connection.execute("SELECT id FROM kept").fetchone() == (7,)


def test_a_durable_server_forces_commits_to_disk(own_postgres: Cluster) -> None:
    with own_postgres.superuser() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert connection.execute("SELECT current_setting(%s)", (setting,)).fetchone() == ("on",)


def test_the_server_listens_on_no_network_address(own_postgres: Cluster) -> None:
    with own_postgres.superuser() as connection:
        assert connection.execute("SELECT current_setting('listen_addresses')").fetchone() == ("",)


def test_the_server_log_quotes_no_values(own_postgres: Cluster) -> None:
    with psycopg.connect(own_postgres.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE person (phone text PRIMARY KEY)")
        connection.execute("INSERT INTO person VALUES ('+996555000111')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO person VALUES ('+996555000111')")
    own_postgres.stop()
    logs = "".join(path.read_text() for path in (own_postgres.location.data / "log").iterdir())
    assert "duplicate key" in logs
    assert "996555000111" not in logs


def test_a_killed_supervisor_leaves_no_server_and_the_next_start_works(home: Path) -> None:
    program = (
        "import sys, pathlib, signal\n"
        "from aralyk.database.cluster import Cluster\n"
        "cluster = Cluster(pathlib.Path(sys.argv[1])); cluster.start()\n"
        "print('ready', flush=True); signal.pause()\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == "ready\n"
    assert servers_of(home)
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    wait_until(lambda: not servers_of(home), within_s=20, what="the server follows its parent")
    with Cluster(home) as cluster, psycopg.connect(cluster.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_killed_server_starts_again_with_what_it_had_promised(own_postgres: Cluster) -> None:
    with psycopg.connect(own_postgres.url) as connection:
        connection.execute("CREATE TABLE promised (id integer)")
        connection.execute("INSERT INTO promised VALUES (1)")
    assert own_postgres.pid is not None
    os.kill(own_postgres.pid, signal.SIGKILL)
    wait_until(lambda: own_postgres.poll() is not None, within_s=10, what="the server is gone")
    own_postgres.start()
    with psycopg.connect(own_postgres.url) as connection:
        assert connection.execute("SELECT id FROM promised").fetchone() == (1,)


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    with Cluster(home) as cluster:
        data = cluster.location.data
    (data / "global" / "pg_control").rename(data / "global" / "pg_control.away")
    with pytest.raises(ClusterError, match="pg_control"):
        Cluster(home).start()


@AS_ROOT
def test_root_runs_the_server_as_an_unprivileged_user(own_postgres: Cluster) -> None:
    assert own_postgres.pid is not None
    assert Path(f"/proc/{own_postgres.pid}").stat().st_uid != 0


@AS_ROOT
def test_below_a_closed_directory_the_data_goes_to_a_reachable_place(home: Path) -> None:
    home.chmod(0o700)
    with Cluster(home) as cluster:
        assert home not in cluster.location.data.parents
        assert recorded_location(home) == cluster.location


@AS_ROOT
def test_the_place_once_chosen_stays_although_permissions_change(home: Path) -> None:
    home.chmod(0o700)
    chosen = settle_location(home)
    home.chmod(0o755)
    assert settle_location(home) == chosen


@AS_ROOT
def test_another_user_of_the_machine_is_refused(own_postgres: Cluster) -> None:
    client = shutil.which("psql")
    account = own_postgres.location.server_account
    if client is None or account is None:
        pytest.skip("no psql on this machine to try it with as another user")
    # The server's own user passes the directory's permissions, so only the kernel's answer is left to refuse it.
    command = [
        client,
        "-h",
        str(own_postgres.location.socket),
        "-U",
        Role.OWNER.login,
        "-d",
        "aralyk",
        "-c",
        "SELECT 1",
    ]
    stranger: dict[str, Any] = {"user": account.uid, "group": account.gid, "extra_groups": [], "cwd": "/", "env": {}}
    attempt = subprocess.run(command, capture_output=True, text=True, check=False, **stranger)
    assert attempt.returncode != 0
    assert "Peer authentication failed" in attempt.stderr


def test_a_long_home_gets_a_socket_with_a_short_path(home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    location = settle_location(deep)
    assert len(os.fsencode(location.socket / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX
    remove_database(deep)
    assert not location.socket.exists()


@AS_ROOT
def test_a_socket_directory_planted_by_someone_else_is_refused(home: Path) -> None:
    location = settle_location(home)
    location.socket.rmdir()
    location.socket.mkdir()
    os.chown(location.socket, 12345, 12345)
    with pytest.raises(LocationError, match="12345"):
        settle_location(home)


def test_permission_bits_say_who_may_pass(home: Path) -> None:
    stranger = Account(name="stranger", uid=54321, gid=54321)
    assert reachable(home, stranger)
    home.chmod(0o700)
    assert not reachable(home, stranger)
    assert not reachable(home / "not" / "made" / "yet", stranger)


def test_the_superuser_is_not_one_of_our_roles() -> None:
    assert SUPERUSER not in {role.login for role in Role}
