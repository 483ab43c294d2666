"""We were away: a platform that could not hear calls nobody silent for it, and excuses nobody for longer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aralyk import clock
from tests.monitor.city import City, Order
from tests.monitor.conftest import ShiftClock, StartWatch

SILENCES = "SELECT engine_key, decided_at FROM incidents_incident WHERE kind = 'silence' ORDER BY decided_at"
AWAY = timedelta(minutes=30)


def both_heard(city: City, order: Order) -> None:
    city.fix(order.hers)
    city.fix(order.his, north_m=20_000)


def away_lines(city: City) -> int:
    return int(city.rows("SELECT count(*) FROM log_batch WHERE stream = 'control/away-0'")[0][0])


def test_after_half_an_hour_in_which_nothing_could_be_heard_nobody_is_called_silent_for_it(
    city: City, start_watch: StartWatch, shift: ShiftClock
) -> None:
    orders = [city.order() for _ in range(5)]
    first = start_watch()
    for order in orders:
        both_heard(city, order)
    first.turn()
    shift.by(AWAY)
    start_watch().turn()
    assert city.rows(SILENCES) == []
    assert away_lines(city) == 1


def test_who_stays_silent_after_the_outage_is_flagged_after_his_own_intervals_and_a_replay_finds_the_same(
    city: City, start_watch: StartWatch, shift: ShiftClock
) -> None:
    order = city.order()
    first = start_watch()
    both_heard(city, order)
    first.turn()
    back_at = shift.by(AWAY)
    second = start_watch()
    city.fix(order.hers)
    second.turn()
    assert city.rows(SILENCES) == []
    shift.by(timedelta(seconds=30))
    city.fix(order.hers)
    shift.by(timedelta(seconds=30))
    city.fix(order.hers)
    second.turn()
    ((key, decided_at),) = city.rows(SILENCES)
    assert order.his in key
    # At least one interval to be heard again, and not more than the three that anybody has.
    assert timedelta(seconds=15) <= decided_at - back_at <= timedelta(seconds=46)
    before = city.rows("SELECT body FROM decision ORDER BY step, ordinal")
    third = start_watch()
    assert third.step == second.step
    assert city.rows("SELECT body FROM decision ORDER BY step, ordinal") == before
    assert city.witnessed("process_started")[-1]["replayed"] == second.step


def test_what_was_heard_right_after_the_outage_is_judged_with_it_excused(
    city: City, start_watch: StartWatch, shift: ShiftClock
) -> None:
    order = city.order()
    first = start_watch()
    both_heard(city, order)
    first.turn()
    shift.by(AWAY)
    # The gateway is back a moment before the monitor is.
    city.fix(order.hers)
    shift.by(timedelta(seconds=5))
    start_watch().turn()
    assert city.rows(SILENCES) == []
    assert away_lines(city) == 1


def test_while_gateways_went_on_hearing_nobody_is_excused_though_the_monitor_was_gone(
    city: City, start_watch: StartWatch, shift: ShiftClock
) -> None:
    order = city.order()
    first = start_watch()
    both_heard(city, order)
    first.turn()
    heard_at = clock.now()
    back_at = shift.by(AWAY)
    for seconds in range(15, 1_800, 15):
        city.fix(order.hers, at=heard_at + timedelta(seconds=seconds))
    start_watch().turn()
    ((key, decided_at),) = city.rows(SILENCES)
    assert order.his in key
    assert decided_at < heard_at + timedelta(minutes=1) < back_at
    assert away_lines(city) == 0


def test_a_start_that_came_to_no_step_does_not_excuse_the_same_time_twice(
    city: City, start_watch: StartWatch, shift: ShiftClock
) -> None:
    order = city.order()
    first = start_watch()
    both_heard(city, order)
    first.turn()
    shift.by(AWAY)
    start_watch()
    shift.by(timedelta(seconds=20))
    start_watch()
    assert away_lines(city) == 1
    back_at = shift.by(timedelta(minutes=2))
    third = start_watch()
    assert away_lines(city) == 2
    shift.by(timedelta(minutes=1))
    third.turn()
    moments = [decided_at for _, decided_at in city.rows(SILENCES)]
    assert len(moments) == 2
    assert max(moments) - back_at <= timedelta(seconds=46)


def test_a_short_restart_excuses_nothing(city: City, start_watch: StartWatch, shift: ShiftClock) -> None:
    order = city.order()
    first = start_watch()
    both_heard(city, order)
    first.turn()
    shift.by(timedelta(seconds=50))
    start_watch().turn()
    assert away_lines(city) == 0
    assert len(city.rows(SILENCES)) == 2


def test_an_outage_waits_until_what_was_heard_before_it_is_read(
    city: City, start_watch: StartWatch, shift: ShiftClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aralyk.monitor import intake

    monkeypatch.setattr(intake, "BATCHES_MAX", 4)
    order = city.order()
    first = start_watch()
    both_heard(city, order)
    first.turn()
    heard_at = clock.now()
    shift.by(timedelta(minutes=10))
    # The monitor was gone for the whole of it, the gateways for its second half.
    for seconds in range(10, 300, 10):
        for device, north_m in ((order.hers, 0), (order.his, 20_000)):
            city.fix(device, north_m=north_m, at=heard_at + timedelta(seconds=seconds))
    second = start_watch()
    while second.turn():
        pass
    assert away_lines(city) == 1
    assert city.rows(SILENCES) == []
