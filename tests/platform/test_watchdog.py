"""The watchdog: whatever stops is said, on every way that is left, and cleared when it is well again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.cli.schema import bring_up_to_date
from aralyk.database import Role, connect
from aralyk.database.cluster import Cluster
from aralyk.watchdog.settings import WatchdogSettings
from aralyk.watchdog.signs import Ages
from tests.conftest import Database
from tests.platform.waiting import wait_until

STALLED_S = 1.0
RAISED_S = 30.0  # generous: this machine runs other tests at the same time


class Running:
    """A watchdog process over a directory of heartbeats, with short limits."""

    def __init__(self, home: Path, *, beating: bool = True, **more: str) -> None:
        self.home = home
        (home / "run").mkdir(parents=True, exist_ok=True)
        self.beating = threading.Event()
        if beating:
            self.beating.set()
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat)
        self._heart.start()
        environ = os.environ | {
            "ARALYK_HOME": str(home),
            "ARALYK_PROFILE": "test",
            "ARALYK_WATCHDOG_PROCESSES": "monitor",
            "ARALYK_WATCHDOG_INTERVAL_S": "0.2",
            "ARALYK_WATCHDOG_STALLED_S": str(STALLED_S),
            "ARALYK_WATCHDOG_SEQUENCER_DELAY_S": str(STALLED_S),
            **more,
        }
        self.process = subprocess.Popen([sys.executable, "-m", "aralyk.cli", "process", "watchdog"], env=environ)

    def _beat(self) -> None:
        count = 0
        while not self._ended.wait(0.1):
            if self.beating.is_set():
                count += 1
                partial = self.home / "run" / "monitor.heartbeat.new"
                partial.write_text(json.dumps({"count": count}))
                partial.replace(self.home / "run" / "monitor.heartbeat")

    def alarms(self, component: str) -> list[str]:
        try:
            lines = (self.home / "run" / "alarms.jsonl").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [alarm["state"] for alarm in map(json.loads, lines) if alarm["component"] == component]

    def status(self) -> dict[str, Any] | None:
        try:
            status: dict[str, Any] = json.loads((self.home / "run" / "status.json").read_text())
        except FileNotFoundError:
            return None
        return status

    def wait_for(self, component: str, states: list[str]) -> None:
        wait_until(
            lambda: self.alarms(component)[: len(states)] == states, within_s=RAISED_S, what=f"{component} {states}"
        )

    def wait_until_well(self, component: str) -> None:
        def well() -> bool:
            status = self.status()
            return status is not None and component in status["checks"] and bool(status["checks"][component]["well"])

        wait_until(well, within_s=RAISED_S, what=f"{component} is looked at and well")

    def wait_until_checked_by_itself(self) -> None:
        """Until this very process has looked several times."""
        looks: set[str] = set()

        def looked() -> bool:
            status = self.status()
            if status is not None and status["pid"] == self.process.pid:
                looks.add(status["at"])
            return len(looks) >= 3

        wait_until(looked, within_s=RAISED_S, what="the second watchdog has looked")

    def end(self) -> None:
        self._ended.set()
        self._heart.join()
        self.process.terminate()
        self.process.wait(30)


Watching = Callable[..., Running]


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Watching]:
    started: list[Running] = []

    def start(*, beating: bool = True, **more: str) -> Running:
        started.append(Running(tmp_path, beating=beating, **more))
        return started[-1]

    yield start
    for running in started:
        running.end()


def test_a_process_whose_heart_stops_is_raised_and_cleared_by_name(database: Database, watching: Watching) -> None:
    running = watching()
    running.wait_until_well("process:monitor")
    running.beating.clear()
    running.wait_for("process:monitor", ["raised"])
    running.beating.set()
    running.wait_for("process:monitor", ["raised", "cleared"])

    def stored() -> list[str]:
        query = "SELECT state FROM platform_alarm WHERE component = 'process:monitor' ORDER BY id"
        with database.connect() as connection:
            return [row[0] for row in connection.execute(query).fetchall()]

    wait_until(lambda: stored() == ["raised", "cleared"], within_s=RAISED_S, what="both are in the database")
    with database.connect() as connection:
        events = connection.execute("SELECT subject FROM live_event WHERE kind = 'platform'").fetchall()
        kinds = connection.execute("SELECT kind FROM evidence_entry ORDER BY id").fetchall()
    assert events == [("process:monitor",), ("process:monitor",)]
    assert kinds == [("alarm_raised",), ("alarm_cleared",)]


def test_a_process_that_never_started_is_raised(database: Database, watching: Watching) -> None:
    running = watching(ARALYK_WATCHDOG_PROCESSES="monitor,gateway")
    running.wait_for("process:gateway", ["raised"])


def test_the_second_channel_hears_the_alarm_on_its_standard_input(
    database: Database, watching: Watching, tmp_path: Path
) -> None:
    heard = tmp_path / "heard.jsonl"
    running = watching(ARALYK_WATCHDOG_COMMAND=f"{sys.executable} -c 'import sys; "
                       f"open(\"{heard}\", \"a\").write(sys.stdin.read())'")  # fmt: skip
    running.wait_until_well("process:monitor")
    running.beating.clear()

    def told() -> str | None:
        return heard.read_text() if heard.exists() else None

    alarm = json.loads(wait_until(told, within_s=RAISED_S, what="the channel was told"))
    assert (alarm["component"], alarm["state"]) == ("process:monitor", "raised")


def test_a_broken_second_channel_is_itself_an_alarm(database: Database, watching: Watching) -> None:
    running = watching(ARALYK_WATCHDOG_COMMAND="/nonexistent/modem")
    running.wait_until_well("process:monitor")
    running.beating.clear()
    running.wait_for("second_channel", ["raised"])


def test_a_database_that_stops_is_raised_without_it_and_stored_when_it_is_back(
    own_postgres: Cluster, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", own_postgres.url)
    migrate_in_a_process()
    running = watching()
    running.wait_until_well("sequencer")
    own_postgres.stop()
    running.wait_for("database", ["raised"])
    own_postgres.start()
    running.wait_for("database", ["raised", "cleared"])

    def stored() -> int:
        with connect(Role.OWNER) as connection:
            return len(connection.execute("SELECT 1 FROM platform_alarm WHERE component = 'database'").fetchall())

    wait_until(lambda: stored() == 2, within_s=RAISED_S, what="the alarms reached the database")


def test_a_database_that_hangs_is_raised(
    own_postgres: Cluster, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", own_postgres.url)
    migrate_in_a_process()
    running = watching()
    running.wait_until_well("sequencer")
    assert own_postgres.pid is not None
    os.kill(own_postgres.pid, signal.SIGSTOP)
    try:
        running.wait_for("database", ["raised"])
    finally:
        os.kill(own_postgres.pid, signal.SIGCONT)
    running.wait_for("database", ["raised", "cleared"])


def test_a_lane_that_nobody_reads_and_a_hole_in_the_log_are_raised(database: Database, watching: Watching) -> None:
    add_batch = "INSERT INTO log_batch VALUES ('panic/g1', %s, 0, now(), 1, %s, 'x')"
    with database.connect() as connection:
        connection.execute("INSERT INTO log_stream (stream, last_seq) VALUES ('panic/g1', 3)")
        for seq in (1, 3):
            connection.execute(add_batch, (seq, bytes(32)))
    running = watching()
    running.wait_for("log:panic/g1", ["raised"])
    running.wait_for("lane:panic/g1", ["raised"])
    with database.connect() as connection:
        connection.execute(add_batch, (2, bytes(32)))
        connection.execute("INSERT INTO step VALUES (0, 1, now(), '{\"panic/g1\": 3}', 'e', 's', 0)")
    running.wait_for("log:panic/g1", ["raised", "cleared"])
    running.wait_for("lane:panic/g1", ["raised", "cleared"])


def test_an_entry_that_waits_for_its_place_is_raised(database: Database, watching: Watching) -> None:
    with database.connect() as connection:
        connection.execute("INSERT INTO evidence_pending VALUES (1)")
    running = watching()
    running.wait_for("sequencer", ["raised"])

    def cleared_once_nothing_waits() -> bool:
        # No sequencer runs here: the alarm's own witness waits next, and must be taken out too.
        with database.connect() as connection:
            connection.execute("DELETE FROM evidence_pending")
        return running.alarms("sequencer") == ["raised", "cleared"]

    wait_until(cleared_once_nothing_waits, within_s=RAISED_S, what="sequencer raised and cleared")


def test_a_stepped_clock_is_raised_and_no_process_seems_silent_for_it(
    database: Database, watching: Watching, tmp_path: Path
) -> None:
    step = tmp_path / "step"
    running = watching(ARALYK_CLOCK_STEP_FILE=str(step))
    running.wait_until_well("clock")
    step.write_text("3600")
    running.wait_for("clock", ["raised"])
    step.write_text("0")
    running.wait_for("clock", ["raised", "cleared"])
    assert running.alarms("process:monitor") == []


def test_an_alarm_from_before_a_restart_is_cleared_by_name(database: Database, watching: Watching) -> None:
    first = watching()
    first.wait_until_well("process:monitor")
    first.beating.clear()
    first.wait_for("process:monitor", ["raised"])
    first.process.kill()
    second = watching(beating=False)
    # An old heartbeat file is no sign of life: the alarm stays until one is seen with the watch's own eyes.
    second.wait_until_checked_by_itself()
    assert second.alarms("process:monitor") == ["raised"]
    second.beating.set()
    second.wait_for("process:monitor", ["raised", "cleared"])


@given(
    looks=st.lists(st.tuples(st.integers(0, 3), st.floats(0, 100, allow_nan=False)), min_size=1),
    began_s=st.floats(0, 1e6, allow_nan=False),
)
def test_a_sign_is_as_old_as_its_last_change(looks: list[tuple[int, float]], began_s: float) -> None:
    ages = Ages(began_s)
    now_s = changed_s = began_s
    before: int | None = None
    for value, later_s in looks:
        now_s += later_s
        if value != before:
            before, changed_s = value, now_s
        assert ages.age_s("sign", value, now_s) == now_s - changed_s


def test_what_was_never_seen_is_as_old_as_the_watch() -> None:
    ages = Ages(100.0)
    assert ages.age_s("gateway", None, 131.0) == 31.0
    assert ages.age_s("gateway", "first beat", 132.0) == 0.0
    assert ages.age_s("gateway", None, 140.0) == 8.0


@pytest.mark.parametrize("values", [{"interval_s": 0}, {"interval_s": 20.0}, {"stalled_s": 50.0}, {"stalled_s": -1}])
def test_limits_that_could_not_keep_the_promise_are_refused(values: dict[str, float], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="_s above 0"):
        WatchdogSettings(home=tmp_path, **values)  # type: ignore[arg-type]


def migrate_in_a_process() -> None:
    # Django's connections of this process stay where the other tests left them.
    subprocess.run(
        [sys.executable, "-c", f"from {bring_up_to_date.__module__} import *; bring_up_to_date()"], check=True
    )
