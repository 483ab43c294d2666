"""The supervisor: starts in order, restarts what falls, leaves nothing behind, and says why it does not start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aralyk.database import Role, connect
from aralyk.database.connect import socket_url
from aralyk.database.location import recorded_location, remove_database
from tests.platform.waiting import wait_until

START_S = 90.0
# One process is enough to see how the supervisor treats processes; the whole platform runs in tests/e2e and in CI.
PROGRAM = """
import sys
from aralyk.cli.errors import explain
from aralyk.cli.up import migrate_schema, running_platform
try:
    with running_platform(("watchdog",), migrate_schema) as (supervisor, settings):
        print("running", flush=True)
        supervisor.watch(lambda: None)
except Exception as error:
    sys.exit(explain(error))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A supervisor in a process of its own."""

    home: Path
    process: subprocess.Popen[str]

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = json.loads((self.home / "run" / "supervisor.json").read_text())
        return status

    def pids(self) -> set[int]:
        """Of everything that the supervisor started and that still runs."""
        status = self.status()
        pids = {int(entry["pid"]) for entry in status["processes"].values()} | {int(status["database"])}
        return {pid for pid in pids if is_running(pid)}


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return kept | {"ARALYK_HOME": str(home), "ARALYK_PROFILE": "test", "ARALYK_WATCHDOG_INTERVAL_S": "0.5"}


@pytest.fixture
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="aralyk-test-"))
    path.chmod(0o755)
    yield path
    remove_database(path)


@pytest.fixture
def started(home: Path) -> Iterator[Started]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(home),
        text=True,
    )
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if line == "running\n":
            break
    else:
        pytest.fail("did not start: " + "".join(said))
    supervisor = Started(home=home, process=process)
    yield supervisor
    process.kill()
    process.wait()
    process.stdout.close()
    wait_until(lambda: not supervisor.pids(), within_s=30, what="nothing is left")


def test_a_process_that_falls_is_started_again_and_its_end_is_witnessed(started: Started) -> None:
    first = started.status()["processes"]["watchdog"]["pid"]
    os.kill(first, signal.SIGKILL)

    def again() -> bool:
        entry = started.status()["processes"]["watchdog"]
        return bool(entry["restarts"] == 1 and entry["pid"] != first)

    wait_until(again, within_s=20, what="the process is back")

    def witnessed() -> dict[str, Any] | None:
        location = recorded_location(started.home)
        assert location is not None
        os.environ[Role.OWNER.variable] = socket_url(location.socket)
        try:
            with connect(Role.OWNER) as connection:
                row = connection.execute("SELECT body FROM evidence_entry WHERE kind = 'process_stopped'").fetchone()
        finally:
            del os.environ[Role.OWNER.variable]
        return json.loads(bytes(row[0])) if row else None

    entry = wait_until(witnessed, within_s=20, what="the end is in the evidence")
    assert entry["subject"] == "process:watchdog"
    assert entry["data"]["exit_code"] == -signal.SIGKILL


def test_a_database_that_falls_is_started_again(started: Started) -> None:
    first = started.status()["database"]
    os.kill(first, signal.SIGKILL)
    location = recorded_location(started.home)
    assert location is not None

    def answers() -> bool:
        pid = int((location.data / "postmaster.pid").read_text().split()[0])
        return pid != first and "ready" in (location.data / "postmaster.pid").read_text()

    wait_until(answers, within_s=30, what="the database is back")


def test_ctrl_c_stops_everything(started: Started) -> None:
    assert len(started.pids()) == 2
    started.process.send_signal(signal.SIGINT)
    assert started.process.wait(60) == 0
    assert started.pids() == set()


def test_a_killed_supervisor_leaves_no_process(started: Started) -> None:
    before = started.pids()
    assert len(before) == 2
    started.process.kill()
    wait_until(lambda: not started.pids(), within_s=30, what="the children follow")


def test_a_second_supervisor_of_the_same_home_is_refused(started: Started) -> None:
    second = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment(started.home), capture_output=True, text=True, check=False
    )
    assert second.returncode == 2
    assert f"already in use by process {started.process.pid}" in second.stderr


def test_a_taken_port_is_named_with_the_setting_that_moves_it(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = subprocess.run(
            [sys.executable, "-m", "aralyk.cli", "up", "--port", str(port)],
            env=environment(home),
            capture_output=True,
            text=True,
            check=False,
        )
    assert refused.returncode == 2
    assert f"port {port}" in refused.stderr
    assert "ARALYK_CONSOLE_PORT" in refused.stderr


def test_an_unknown_setting_stops_the_start_before_anything_runs(home: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "aralyk.cli", "up"],
        env=environment(home) | {"ARALYK_WATCHDOG_STALED_S": "5"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert "ARALYK_WATCHDOG_STALED_S" in refused.stderr
    assert "ARALYK_WATCHDOG_STALLED_S" in refused.stderr
    assert not (home / "cluster.json").exists()


def test_a_process_that_cannot_start_is_named_with_its_reason(home: Path) -> None:
    (home / "run").mkdir(mode=0o700)
    (home / "run" / "watchdog.heartbeat.new").mkdir()  # where it must write its first sign of life
    refused = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment(home), capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "watchdog ended at its start" in refused.stderr
    assert "IsADirectoryError" in refused.stderr
