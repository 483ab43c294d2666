"""Starts the platform's real processes on a test's own database, with a clock that starts elsewhere and runs faster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from aralyk import clock
from aralyk.clock import Pace
from aralyk.database import Role
from tests.conftest import Database

REPOSITORY = Path(__file__).resolve().parents[2]
READY_S = 120.0  # the engine compiles its kernel at the very first start of a machine
STOP_S = 20.0
LOOK_S = 0.05
BEHIND = """
    SELECT count(*) FROM log_stream s
    LEFT JOIN (SELECT up_to FROM step ORDER BY step DESC LIMIT 1) newest ON true
    WHERE s.last_seq > coalesce((newest.up_to->>s.stream)::bigint, 0) AND s.stream NOT LIKE 'quarantine/%'
"""


@dataclass(slots=True, kw_only=True)
class RunningPlatform:
    """Processes of one test, with what they were told about where things are."""

    home: Path
    pace: Pace
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, **settings: object) -> dict[str, Any]:
        """Start a process and return its first heartbeat's detail: its doors are open then."""
        given = {f"ARALYK_{name}_{key}".upper(): str(value) for key, value in settings.items()}
        self.environment |= given
        command = [sys.executable, "-m", "aralyk.cli", "process", name, "--log", str(self.home / f"{name}.log")]
        self.processes[name] = subprocess.Popen(command, env=self.environment)
        beat_path = self.home / "run" / f"{name}.heartbeat"
        ends_s = time.monotonic() + READY_S
        while True:
            assert self.processes[name].poll() is None, f"{name} ended: {self.words(name)}"
            assert time.monotonic() < ends_s, f"{name} gave no sign: {self.words(name)}"
            if beat_path.exists():
                beat: dict[str, Any] = json.loads(beat_path.read_text())
                if beat["pid"] == self.processes[name].pid:
                    detail: dict[str, Any] = beat["detail"]
                    return detail
            time.sleep(LOOK_S)

    def detail_of(self, name: str) -> dict[str, Any]:
        """What a running process says of itself: its ports."""
        beat: dict[str, Any] = json.loads((self.home / "run" / f"{name}.heartbeat").read_text())["detail"]
        return beat

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `aralyk …` to its end, with the clock and the database of this platform."""
        return subprocess.run(
            [sys.executable, "-m", "aralyk.cli", *arguments],
            env=self.environment,
            check=check,
            capture_output=True,
            text=True,
        )

    def wait_until_judged(self, database: Database) -> None:
        """Return when the monitor has taken everything that is in the log now; the first step of all may compile."""
        with database.connect(Role.OWNER, autocommit=True) as connection:
            ends_s = time.monotonic() + READY_S
            while True:
                assert self.processes["monitor"].poll() is None, f"monitor ended: {self.words('monitor')}"
                assert time.monotonic() < ends_s, f"the monitor did not catch up: {self.words('monitor')}"
                (behind,) = connection.execute(BEHIND).fetchone() or (None,)
                if behind == 0:
                    return
                time.sleep(LOOK_S)

    def words(self, name: str) -> str:
        """The end of a process's log, for a failed assertion."""
        path = self.home / f"{name}.log"
        return path.read_text()[-2000:] if path.exists() else "no log"

    def wait_until(self, at: datetime) -> None:
        """Let the domain's time come, while the processes live."""
        while clock.now() < at:
            for name, process in self.processes.items():
                assert process.poll() is None, f"{name} ended: {self.words(name)}"
            time.sleep(LOOK_S)

    def stop(self) -> None:
        """Stop everything, the last started first."""
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes.values()):
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def running_platform(
    home: Path, *, starts_at: datetime, speed: float, names: Sequence[str], settings: dict[str, dict[str, object]]
) -> Iterator[RunningPlatform]:
    """The named processes, ready, and this process's own clock on their pace; DATABASE_URL is the test's.

    Args:
        home: An empty directory.
        starts_at: The domain's time now.
        speed: Domain seconds in a real one.
        names: In the order of their start.
        settings: By process: fields of its settings.
    """
    pace = Pace(real_s=time.time(), start_s=starts_at.timestamp(), speed=speed)
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY / "src"),
        "ARALYK_PROFILE": "test",
        "ARALYK_HOME": str(home),
        "ARALYK_CLOCK_PACE": str(pace),
    }
    platform = RunningPlatform(home=home, pace=pace, environment=environment)
    home_before = os.environ["ARALYK_HOME"]
    os.environ["ARALYK_HOME"] = str(home)  # the vault's key: actions of this process use the same
    clock.follow(pace)
    try:
        for name in names:
            platform.start(name, **settings.get(name, {}))
        yield platform
    finally:
        platform.stop()
        os.environ["ARALYK_HOME"] = home_before
        now_s = time.time()
        clock.follow(Pace(real_s=now_s, start_s=now_s, speed=1.0))
