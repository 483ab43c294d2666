"""After a restart the watch stands where it stood, or says that it cannot."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import numpy as np
import psycopg
import pytest

from aralyk import clock
from aralyk.database import Role
from aralyk.engine import Decision, State
from aralyk.monitor import recovery, watch
from aralyk.monitor.process import REPLAY_DIFFERS, watch_until
from aralyk.monitor.recovery import ReplayDiffers
from aralyk.monitor.settings import MonitorSettings
from aralyk.monitor.watch import AnotherMonitor, EngineFails
from tests.conftest import Database
from tests.monitor.city import City, Order
from tests.monitor.conftest import StartWatch


def episode(city: City, order: Order, *, ago_s: float) -> None:
    at = clock.now() - timedelta(seconds=ago_s)
    city.fix(order.hers, at=at)
    city.fix(order.his, north_m=100, at=at)


def end_sessions(database: Database) -> None:
    """End the monitor's sessions from the server's side, as a restart of the database does."""
    with database.cluster.superuser() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'aralyk_monitor' AND datname = %s",
            (database.name,),
        )


def test_a_restarted_watch_goes_on_as_if_it_had_never_stopped(city: City, start_watch: StartWatch) -> None:
    order = city.order()
    first = start_watch()
    episode(city, order, ago_s=3)
    first.turn()
    second = start_watch()
    assert second.step == first.step
    episode(city, order, ago_s=0)
    second.turn()
    assert city.rows("SELECT count(*) FROM incidents_incident WHERE kind = 'proximity'") == [(1,)]
    assert [step for (step,) in city.rows("SELECT step FROM step ORDER BY step")] == list(range(1, second.step + 1))


def test_time_never_runs_back_over_a_restart(city: City, start_watch: StartWatch) -> None:
    order = city.order()
    for ago_s in (3, 2, 1):
        episode(city, order, ago_s=ago_s)
        start_watch().turn()
    moments = [now for (now,) in city.rows("SELECT now FROM step ORDER BY step")]
    assert moments == sorted(moments)


def test_a_clock_behind_the_last_step_is_raised_because_no_silence_is_seen_until_it_is_past(
    city: City, database: Database, start_watch: StartWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = city.order()
    episode(city, order, ago_s=0)
    start_watch().turn()
    anchor = clock.Anchor(wall_s=clock.now_us() / 1e6 - 3600, monotonic_ns=time.monotonic_ns())
    monkeypatch.setattr(clock, "_clock", clock.SteadyClock(None, anchor))
    second = start_watch()
    assert ("monitor.clock", "raised") in city.alarms()
    city.fix(order.hers)
    second.turn()
    moments = [now for (now,) in city.rows("SELECT now FROM step ORDER BY step")]
    assert moments[0] == moments[1]


def test_a_snapshot_shortens_the_replay_and_only_the_newest_few_stay(city: City, start_watch: StartWatch) -> None:
    order = city.order()
    first = start_watch(snapshots_kept=2)
    for ago_s in (9, 7, 5, 3):
        episode(city, order, ago_s=ago_s)
        first.turn()
        first.keep_snapshot()
    episode(city, order, ago_s=1)
    first.turn()
    assert [step for (step,) in city.rows("SELECT step FROM snapshot ORDER BY step")] == [
        first.step - 2,
        first.step - 1,
    ]
    start_watch()
    assert city.witnessed("process_started")[-1]["replayed"] == 1


@pytest.mark.parametrize(
    "damage",
    [
        "state = 'x'",
        "state = set_byte(state, length(state) - 9, 255 - get_byte(state, length(state) - 9))",
        "digest = 'y'",
    ],
)
def test_an_unsound_snapshot_is_raised_and_an_older_one_taken(
    city: City, database: Database, start_watch: StartWatch, damage: str
) -> None:
    order = city.order()
    first = start_watch()
    for ago_s in (5, 3):
        episode(city, order, ago_s=ago_s)
        first.turn()
        first.keep_snapshot()
    with database.connect(Role.OWNER, autocommit=True) as owner:
        owner.execute(f"UPDATE snapshot SET {damage} WHERE step = %s", (first.step,))
    second = start_watch()
    assert second.step == first.step
    assert ("monitor.snapshot", "raised") in city.alarms()
    assert city.witnessed("process_started")[-1]["replayed"] == 1


def test_a_changed_decision_is_found_and_the_watch_does_not_go_on(
    city: City, database: Database, start_watch: StartWatch
) -> None:
    order = city.order()
    first = start_watch()
    episode(city, order, ago_s=0)
    first.turn()
    with database.connect(Role.OWNER, autocommit=True) as owner:
        owner.execute("ALTER TABLE decision DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE decision SET body = replace(encode(body, 'escape'), '\"priority\":1', '\"priority\":2')::bytea"
        )
    with pytest.raises(ReplayDiffers) as found:
        start_watch()
    assert "lat" not in str(found.value)


def test_a_changed_log_is_found_and_leaves_an_alarm_that_stays(
    city: City, database: Database, start_watch: StartWatch, tmp_path: Any
) -> None:
    import threading

    order = city.order()
    first = start_watch()
    episode(city, order, ago_s=0)
    first.turn()
    with database.connect(Role.OWNER, autocommit=True) as owner:
        owner.execute("ALTER TABLE log_batch DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE log_batch SET payload = replace(encode(payload, 'escape'), '42.87', '43.87')::bytea"
            " WHERE encode(payload, 'escape') LIKE %s",
            (f"%{order.his}%",),
        )
    end_sessions(database)
    settings = MonitorSettings(home=tmp_path, settle_ms=0, lock_wait_s=5)
    for _ in range(2):
        assert watch_until(settings, threading.Event()) == REPLAY_DIFFERS
    assert [alarm for alarm in city.alarms() if alarm[0] == "monitor.replay"] == [("monitor.replay", "raised")]


def test_silence_that_fell_due_while_everything_was_down_is_decided_at_its_due_time_and_raised_now(
    city: City, start_watch: StartWatch
) -> None:
    order = city.order(starts_before=timedelta(minutes=20, seconds=10))
    heard_at = clock.now() - timedelta(minutes=20)
    city.fix(order.hers, at=clock.now())
    city.fix(order.his, north_m=20_000, at=heard_at)
    before = clock.now()
    start_watch().turn()
    ((decided_at, raised_at),) = city.rows(
        "SELECT decided_at, raised_at FROM incidents_incident WHERE kind = 'silence' AND engine_key LIKE %s"
        " AND decided_at > %s",
        f"%{order.his}%",
        heard_at,
    )
    assert heard_at < decided_at <= heard_at + timedelta(seconds=3 * order.interval_s + 1)
    assert raised_at >= before


def test_one_shard_has_one_monitor(city: City, database: Database, start_watch: StartWatch) -> None:
    city.order()
    with database.connect(Role.MONITOR, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s, 0)", (watch.LOCK_CLASS,))
        with pytest.raises(AnotherMonitor):
            start_watch(lock_wait_s=1)


def test_a_step_is_recorded_though_nothing_happens_so_that_time_itself_is_witnessed(
    city: City, start_watch: StartWatch
) -> None:
    order = city.order(interval_s=3600)
    found = start_watch(witness_s=1, poll_ms=50)
    city.fix(order.hers)
    city.fix(order.his, north_m=20_000)
    found.turn()
    step, deadline = found.step, clock.now() + timedelta(seconds=10)
    while found.step == step and clock.now() < deadline:
        found.wait()
        found.turn()
    assert found.step == step + 1
    assert city.witnessed("step")[-1]["step"] == step + 1


def test_nothing_is_recorded_while_nothing_happens_and_nothing_is_due(city: City, start_watch: StartWatch) -> None:
    order = city.order(interval_s=3600)
    found = start_watch()
    city.fix(order.hers)
    city.fix(order.his, north_m=20_000)
    found.turn()
    step = found.step
    for _ in range(5):
        found.turn()
    assert found.step == step


class FaultyState(State):
    """The engine's faulty twin: it breaks on every message of one device, half-way through a step."""

    breaks_on = "bracelet-1"

    def step_columns(self, rows: np.ndarray[Any, Any], now_us: int) -> list[Decision]:
        broken = self.rows_of(self.breaks_on)
        for place, row in enumerate(rows):
            if row["device"] in broken and row["flags"] & 1 and row["speed_mps"] == 13.0:
                super().step_columns(rows[:place], now_us)
                raise ZeroDivisionError
        return super().step_columns(rows, now_us)


@pytest.fixture
def faulty_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (watch, recovery):
        monkeypatch.setattr(module, "State", FaultyState)


@pytest.mark.usefixtures("faulty_engine")
def test_a_message_that_breaks_the_engine_is_set_aside_and_everyone_else_is_watched(
    city: City, start_watch: StartWatch
) -> None:
    broken, other = city.order(), city.order()
    found = start_watch()
    episode(city, broken, ago_s=4)
    found.turn()
    city.fix(broken.his, speed_mps=13.0, at=clock.now() - timedelta(seconds=2))
    episode(city, other, ago_s=1)
    found.turn()
    orders = {row[0] for row in city.rows("SELECT order_id FROM incidents_incident WHERE kind = 'proximity'")}
    assert orders == {broken.id, other.id}
    (aside,) = city.witnessed("quarantined")
    assert aside["unbearable"]
    assert aside["reason"] == "the engine fails: ZeroDivisionError"
    assert ("monitor.line", "raised") in city.alarms()
    # A replay must not break on it again, and must find the same decisions.
    again = start_watch()
    assert again.step == found.step


@pytest.mark.usefixtures("faulty_engine")
def test_an_engine_that_breaks_on_too_much_stops_the_watch(
    city: City, start_watch: StartWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "UNBEARABLE_MAX", 2)
    order = city.order()
    found = start_watch()
    found.turn()
    for second in (3, 2, 1):
        city.fix(order.his, speed_mps=13.0, at=clock.now() - timedelta(seconds=second))
    with pytest.raises(EngineFails):
        found.turn()
    assert city.witnessed("quarantined") == []


def test_a_lost_connection_writes_all_of_a_step_or_nothing(
    city: City, database: Database, start_watch: StartWatch
) -> None:
    order = city.order()
    found = start_watch()
    episode(city, order, ago_s=2)
    end_sessions(database)
    with pytest.raises(psycopg.OperationalError):
        found.turn()
    start_watch().turn()
    assert city.rows("SELECT count(*) FROM fix") == [(2,)]
    assert city.rows("SELECT kind FROM incidents_incident") == [("proximity",)]


def test_the_state_after_a_replay_is_the_state_that_was(city: City, start_watch: StartWatch) -> None:
    order = city.order(starts_before=timedelta(minutes=10))
    first = start_watch(snapshot_s=3600)
    for ago_s in (500, 400, 30, 15, 0):
        episode(city, order, ago_s=ago_s)
        first.turn()
    # The first step after a start names the state itself: this one was reached by replaying five steps.
    second = start_watch(snapshot_s=3600)
    city.fix(order.hers)
    second.turn()
    third = start_watch()
    assert third.step == 6
    marks = [mark[:6] for (mark,) in city.rows("SELECT state FROM step ORDER BY step")]
    assert marks == ["state:", "since:", "since:", "since:", "since:", "state:"]


@pytest.mark.parametrize("change", ["state = 'since:0'", "now = now + interval '1 microsecond'"])
def test_a_changed_step_is_found(city: City, database: Database, start_watch: StartWatch, change: str) -> None:
    order = city.order()
    first = start_watch()
    for ago_s in (3, 2):
        episode(city, order, ago_s=ago_s)
        first.turn()
    with database.connect(Role.OWNER, autocommit=True) as owner:
        owner.execute("ALTER TABLE step DISABLE TRIGGER USER")
        owner.execute(f"UPDATE step SET {change} WHERE step = 2")
    with pytest.raises(ReplayDiffers):
        start_watch()
