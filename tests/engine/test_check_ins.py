"""Check-ins: in every window of the day he shows that it is he who carries the device."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from aralyk.engine import Decision, Observation, OrderInvalid, Phase, State, compile_order
from aralyk.engine.times import iso
from tests.engine.builders import (
    HERS,
    HIS,
    START_US,
    about,
    at,
    decided,
    heard,
    opened,
    order,
    proximity,
    seen,
    started,
)

HOUR_S = 3600.0


def call(*, per_day: float = 4, grace_s: float = 900) -> dict[str, Any]:
    """A check-in every six hours: in Bishkek from 00:00, 06:00, 12:00 and 18:00; the order starts at 10:00."""
    return {"id": "call", "kind": "check_in", "per_day": per_day, "grace_s": grace_s}


def passed(at_h: float, **fields: Any) -> Observation:
    """He checked in some hours after the order's start."""
    return heard(HIS, at_h * HOUR_S, check_in="passed", **fields)


def calls(made: list[Decision]) -> list[tuple[Phase, int, str, float]]:
    """Phase, priority, reason and hour of the decisions about check-ins."""
    return [
        (d.phase, d.priority, d.reason, (d.decided_at_us - START_US) / 3_600_000_000) for d in about(made, "check_in")
    ]


def test_a_missed_check_in_is_told_when_its_grace_has_run_out() -> None:
    """The window from 12:00 to 18:00 ends 8 h after the order's start."""
    state = started(call())
    (missed,) = about(state.tick(at(9 * HOUR_S)), "check_in")
    assert (missed.phase, missed.priority, missed.reason) == (Phase.OPEN, 3, "check_in_missed")
    assert (missed.condition, missed.party) == ("call", "respondent")
    assert missed.decided_at_us == at(8 * HOUR_S + 900)
    assert missed.occurred_at_us == at(8 * HOUR_S)


def test_a_window_of_which_the_order_leaves_less_than_half_needs_no_check_in() -> None:
    """06:00 to 12:00: the order starts at 10:00. Had it started at 09:00, half would be left."""
    windows = compile_order(order(call())).conditions[0].intervals_us or ()
    assert iso(windows[0][0]) == "2026-11-21T06:00:00.000000Z"
    early = compile_order(order(call(), starts_at="2026-11-21T03:00:00Z")).conditions[0].intervals_us or ()
    assert [iso(t) for t in early[0]] == ["2026-11-21T03:00:00.000000Z", "2026-11-21T06:00:00.000000Z"]


def test_a_passed_check_in_in_every_window_keeps_it_quiet() -> None:
    state = started(call())
    made = decided(state, [passed(2 + 6 * i) for i in range(8)], until_s=48 * HOUR_S)
    assert calls(made) == []


def test_a_check_in_counts_by_its_own_time_not_by_its_receipt() -> None:
    state = started(call())
    on_time = passed(7.9, received_at_us=at(8.2 * HOUR_S))
    assert calls(decided(state, [on_time], until_s=9 * HOUR_S)) == []


def test_two_missed_in_a_row_are_one_serious_incident() -> None:
    state = started(call())
    made = state.tick(at(21 * HOUR_S))
    assert calls(made) == [
        (Phase.OPEN, 3, "check_in_missed", 8.25),
        (Phase.UPDATE, 2, "check_in_missed", 14.25),
        (Phase.UPDATE, 2, "check_in_missed", 20.25),
    ]
    assert len({d.incident for d in about(made, "check_in")}) == 1


def test_at_high_threat_one_missed_is_serious() -> None:
    state = started(call(), threat_level="high")
    assert calls(state.tick(at(9 * HOUR_S))) == [(Phase.OPEN, 2, "check_in_missed", 8.25)]


def test_the_next_passed_check_in_closes_the_incident() -> None:
    state = started(call())
    made = decided(state, [passed(10)], until_s=21 * HOUR_S)
    assert calls(made) == [
        (Phase.OPEN, 3, "check_in_missed", 8.25),
        (Phase.CLOSE, 3, "check_in_passed", 10.0),
        (Phase.OPEN, 3, "check_in_missed", 20.25),
    ]


def test_a_failed_check_in_is_serious_at_once_and_a_passed_one_closes_it() -> None:
    state = started(call())
    made = decided(state, [heard(HIS, 3 * HOUR_S, check_in="failed"), passed(3.1)], until_s=9 * HOUR_S)
    assert calls(made) == [
        (Phase.OPEN, 2, "check_in_failed", 3.0),
        (Phase.CLOSE, 2, "check_in_passed", 3.1),
    ]


def test_a_check_in_after_its_window_but_within_the_grace_does_not_undo_the_miss() -> None:
    """It lies in the next window: the missed one is told, and over at once, for he has shown himself since."""
    state = started(call())
    made = decided(state, [passed(8.1)], until_s=9 * HOUR_S)
    assert calls(made) == [
        (Phase.OPEN, 3, "check_in_missed", 8.25),
        (Phase.CLOSE, 3, "check_in_passed", 8.25),
    ]


def test_a_buffered_check_in_from_inside_the_missed_window_closes_it_with_its_true_time() -> None:
    state = started(call())
    late = passed(5, received_at_us=at(9 * HOUR_S))
    made = about(decided(state, [late]), "check_in")
    assert [(d.phase, d.reason) for d in made] == [(Phase.OPEN, "check_in_missed"), (Phase.CLOSE, "check_in_late")]
    assert (made[-1].occurred_at_us, made[-1].decided_at_us) == (at(5 * HOUR_S), at(9 * HOUR_S))


def test_a_buffered_check_in_of_the_first_of_two_missed_windows_corrects_but_does_not_close() -> None:
    state = started(call())
    made = decided(state, [passed(5, received_at_us=at(15 * HOUR_S))])
    assert [(phase, reason) for phase, _, reason, _ in calls(made)] == [
        (Phase.OPEN, "check_in_missed"),
        (Phase.UPDATE, "check_in_missed"),
        (Phase.UPDATE, "check_in_late"),
    ]


def test_a_record_read_twice_is_one_failed_check_in() -> None:
    state = started(call())
    failed = heard(HIS, 60, check_in="failed")
    made = decided(state, [failed, heard(HIS, 75), failed])
    assert calls(made) == [(Phase.OPEN, 2, "check_in_failed", 60 / 3600)]


def test_her_phone_can_not_check_in_for_him() -> None:
    state = started(call())
    made = decided(state, [heard(HERS, 5 * HOUR_S, check_in="passed")], until_s=9 * HOUR_S)
    assert [reason for _, _, reason, _ in calls(made)] == ["check_in_missed"]


def test_the_order_s_end_closes_the_incident_and_judges_no_window_after_it() -> None:
    state = started(call(), expires_at="2026-11-21T18:05:00Z")
    made = state.tick(at(100 * HOUR_S))
    assert calls(made) == [
        (Phase.OPEN, 3, "check_in_missed", 8.25),
        (Phase.CLOSE, 3, "order_ended", 14 + 1 / 12),
    ]


def test_a_changed_order_forgets_neither_what_was_passed_nor_what_is_due() -> None:
    state = started(call())
    decided(state, [passed(7)])
    assert calls(state.set_order(compile_order(order(call(), version=2)), at(8.1 * HOUR_S))) == []
    assert calls(state.tick(at(9 * HOUR_S))) == []
    other = started(call())
    other.tick(at(8 * HOUR_S))
    assert calls(other.set_order(compile_order(order(call(), version=2)), at(8.1 * HOUR_S))) == []
    assert calls(other.tick(at(9 * HOUR_S))) == [(Phase.OPEN, 3, "check_in_missed", 8.25)]


def test_a_run_of_misses_goes_on_through_a_changed_order() -> None:
    state = started(call())
    first = state.tick(at(9 * HOUR_S))
    assert calls(state.set_order(compile_order(order(call(), version=2)), at(10 * HOUR_S))) == []
    (second,) = about(state.tick(at(15 * HOUR_S)), "check_in")
    assert (second.phase, second.priority) == (Phase.UPDATE, 2)
    assert second.incident == about(first, "check_in")[0].incident


def test_a_check_in_added_in_the_last_half_of_a_window_begins_with_the_next() -> None:
    state = started(proximity())
    state.set_order(compile_order(order(proximity(), call(), version=2)), at(6 * HOUR_S))
    assert [hour for *_, hour in calls(state.tick(at(15 * HOUR_S)))] == [14.25]


def test_days_of_23_and_25_hours_have_as_many_windows_as_any_other() -> None:
    """Berlin, 25 October 2026 (25 h) and 29 March 2026 (23 h): midnight stays midnight."""
    for day, hours in (("2026-10-24T22:00:00Z", 25), ("2026-03-28T23:00:00Z", 23)):
        given = order(call(), timezone="Europe/Berlin", starts_at=day, expires_at="2027-01-01T00:00:00Z")
        windows = (compile_order(given).conditions[0].intervals_us or ())[:4]
        assert iso(windows[0][0])[:19] + "Z" == day
        assert windows[-1][1] - windows[0][0] == hours * 3_600_000_000
        assert all(a[1] == b[0] for a, b in itertools.pairwise(windows))


@pytest.mark.parametrize("change", [{"per_day": 2.5}, {"per_day": 0}, {"per_day": 97}, {"grace_s": -1}])
def test_a_check_in_that_can_not_be_kept_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(OrderInvalid) as refused:
        compile_order(order(call() | change))
    assert refused.value.field == f"conditions[0].{next(iter(change))}"


def test_more_windows_than_a_state_can_hold_are_refused() -> None:
    with pytest.raises(OrderInvalid, match="per_day"):
        compile_order(order(call(per_day=96), expires_at="2036-11-21T04:00:00Z"))


def test_when_his_identity_was_last_confirmed_stands_beside_his_place() -> None:
    state = started(proximity())
    (before,) = opened(decided(state, [seen(HERS, 0), seen(HIS, 1, 100)]), "proximity")
    assert before.basis["respondent"]["identity_confirmed_at"] is None
    other = started(proximity())
    checked = seen(HIS, 0, 9000, check_in="passed")
    near = [seen(HIS, HOUR_S, 100), seen(HERS, HOUR_S + 1)]
    after = about(decided(other, [checked], near), "proximity")[0]
    assert after.basis["respondent"]["identity_confirmed_at"] == iso(at(0))
    assert "identity_confirmed_at" not in after.basis["protected"]


def test_a_snapshot_knows_which_windows_were_met() -> None:
    state = started(call())
    decided(state, [passed(7)])
    restored = State.restore(state.snapshot())
    assert calls(restored.tick(at(9 * HOUR_S))) == []
    assert restored.tick(at(15 * HOUR_S)) == state.tick(at(15 * HOUR_S))
