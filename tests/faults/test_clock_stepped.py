"""The wall clock jumps by an hour, either way: no timer moves, nobody is called silent, no silence is overlooked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from aralyk import clock
from tests.faults.running import (
    Load,
    Process,
    check_decisions_are_those_of_an_undisturbed_watch,
    check_nothing_lost,
    check_steps_replay,
    drained,
    until,
)
from tests.monitor.city import City


@pytest.mark.parametrize("step_s", [3600, -3600])
def test_a_stepped_clock_changes_no_decision(
    city: City, home: Path, monkeypatch: pytest.MonkeyPatch, step_s: int
) -> None:
    step = home / "step"
    monkeypatch.setenv("ARALYK_CLOCK_STEP_FILE", str(step))
    # As the supervisor hands it to its children; a process that is started again keeps the others' time.
    monkeypatch.setenv(clock.ANCHOR_VARIABLE, str(clock.anchor()))
    orders = [city.order(interval_s=30), city.order(interval_s=30)]
    # Just begun: a device that was awaited and silent before would go on with that incident instead.
    quiet = city.order(interval_s=2, starts_before=timedelta(seconds=1))
    began = clock.now()
    city.fix(quiet.hers, at=began)
    city.fix(quiet.his, at=began, north_m=20_000)
    with Process("monitor", home, settle_ms=100, pace_ms=20) as monitor, Load(city, orders) as load:
        load.until_more(100)
        step.write_text(str(step_s))
        load.until_more(100)
        monitor.kill()
        monitor.start()
        load.until_more(100)
        silent = "SELECT order_id, decided_at FROM incidents_incident WHERE kind = 'silence' AND decided_at > %s"
        until(lambda: len(city.rows(silent, began)) == 2, "the quiet order's silence is seen")
        load.end()
        until(drained, "everything is read")
    found = city.rows(silent, began)
    assert {order_id for order_id, _ in found} == {quiet.id}
    assert all(abs(decided_at - began - timedelta(seconds=6)) < timedelta(seconds=1) for _, decided_at in found)
    check_nothing_lost(load.confirmed)
    check_steps_replay()
    for decision in check_decisions_are_those_of_an_undisturbed_watch():
        decided_at = clock.parse_iso(decision["decided_at"])
        assert began - timedelta(minutes=1) < decided_at <= clock.now()
