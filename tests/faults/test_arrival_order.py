"""Phones repeat themselves and overtake each other: within the lateness window the incidents stay the same."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from aralyk import clock
from tests.faults.running import Process, check_steps_replay, drained, until
from tests.monitor.city import City, Order

WINDOW_S = 120.0


class Said(NamedTuple):
    """One fix: whose, when it was taken, how far north."""

    device: str
    fixed_at: datetime
    north_m: float


def ordinary_and_near(order: Order, began: datetime) -> list[Said]:
    """Ten minutes at 15 s: far apart, four minutes beside her, far apart again."""
    said = []
    for index in range(60):
        at = began + timedelta(seconds=15 * index)
        near = 15 <= index < 30
        said += [Said(order.hers, at, 0.0), Said(order.his, at, 60.0 if near else 6_000.0)]
    return said


def tell(city: City, said: list[tuple[float, Said]]) -> None:
    """Deliver each fix so many seconds after it was taken, one batch a second."""
    by_second: dict[datetime, list[bytes]] = {}
    for delay_s, fix in said:
        at = fix.fixed_at + timedelta(seconds=delay_s)
        line = city.line(fix.device, north_m=fix.north_m, at=at, fixed_at=fix.fixed_at)
        by_second.setdefault(at.replace(microsecond=0), []).append(line)
    for second in sorted(by_second):
        city.write("position/g1", by_second[second], at=second + timedelta(seconds=1))


def incidents(city: City, order: Order) -> set[tuple[str, str]]:
    """What was raised about the distance, by kind and condition (silence depends on arrivals, not on fixes)."""
    rows = city.rows(
        "SELECT kind, condition FROM incidents_incident WHERE order_id = %s AND kind IN ('proximity', 'warning_ring')",
        order.id,
    )
    return set(rows)


def test_duplicates_of_everything_change_nothing(city: City, home: Path) -> None:
    once, twice = city.order(starts_before=timedelta(minutes=30)), city.order(starts_before=timedelta(minutes=30))
    began = clock.now() - timedelta(minutes=25)
    chance = random.Random(3)
    tell(city, [(1.0, fix) for fix in ordinary_and_near(once, began)])
    said = ordinary_and_near(twice, began)
    tell(city, [(1.0, fix) for fix in said])
    again = [fix for fix in said for _ in range(3)]
    chance.shuffle(again)
    with Process("monitor", home, settle_ms=100, pace_ms=20):
        until(drained, "everything is read")
        before = city.rows("SELECT count(*) FROM incidents_incident WHERE order_id = %s", twice.id)
        fixes = city.rows("SELECT count(*) FROM fix")
        at = clock.now()
        city.write(
            "position/g1", [city.line(f.device, north_m=f.north_m, at=at, fixed_at=f.fixed_at) for f in again], at=at
        )
        until(drained, "the repetitions are read")
    near = "SELECT count(*) FROM incidents_incident WHERE order_id = %s AND kind = 'proximity'"
    assert city.rows(near, twice.id) == city.rows(near, once.id) == [(1,)]
    assert city.rows("SELECT count(*) FROM incidents_incident WHERE order_id = %s", twice.id) == before
    assert city.rows("SELECT count(*) FROM fix") == fixes
    assert city.rows("SELECT count(*) FROM incidents_incident WHERE late") == [(0,)]
    check_steps_replay()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_order_of_arrival_inside_the_lateness_window_raises_the_same_incidents(
    city: City, home: Path, seed: int
) -> None:
    straight = city.order(starts_before=timedelta(minutes=40))
    shuffled = city.order(starts_before=timedelta(minutes=40))
    began = clock.now() - timedelta(minutes=35)
    chance = random.Random(seed)
    tell(city, [(0.5, fix) for fix in ordinary_and_near(straight, began)])
    with Process("monitor", home, settle_ms=100, pace_ms=20):
        tell(city, [(chance.uniform(0.5, WINDOW_S - 1), fix) for fix in ordinary_and_near(shuffled, began)])
        until(drained, "everything is read")
    assert incidents(city, straight) == incidents(city, shuffled) == {("proximity", "c1")}
    check_steps_replay()
