"""What devices say about themselves: panic, strap, battery, hints. Nothing a person must see is dropped."""

from __future__ import annotations

import pytest

from aralyk.engine import Kind, Phase
from tests.engine.builders import (
    HERS,
    HIS,
    START_US,
    about,
    at,
    decided,
    heard,
    opened,
    proximity,
    seen,
    started,
    still,
)


def test_every_press_reaches_an_operator() -> None:
    """alarm-01: two presses 10 s apart."""
    state = started(proximity())
    made = about(decided(state, [heard(HERS, 5, alarms=("sos",)), heard(HERS, 15, alarms=("sos",))]), "panic")
    assert [(d.phase, d.priority) for d in made] == [(Phase.OPEN, 1), (Phase.UPDATE, 1)]
    assert len({d.incident for d in made}) == 1


def test_a_press_minutes_later_is_a_new_incident() -> None:
    state = started(proximity())
    made = about(decided(state, [heard(HERS, 5, alarms=("sos",)), heard(HERS, 500, alarms=("sos",))]), "panic")
    assert [d.phase for d in made] == [Phase.OPEN, Phase.OPEN]


@pytest.mark.parametrize("at_s", [-3600.0, 31 * 86_400.0])
def test_panic_lives_before_the_order_starts_and_after_it_ended(at_s: float) -> None:
    state = started(proximity())
    if at_s < 0:
        from aralyk.engine import State, compile_order
        from tests.engine.builders import order

        state = State.empty()
        state.set_order(compile_order(order(proximity())), START_US - 7_200_000_000)
    made = decided(state, [heard(HERS, at_s, alarms=("sos",))])
    assert [d.priority for d in opened(made, "panic")] == [1]


def test_a_late_press_is_never_dropped() -> None:
    state = started(proximity())
    late = seen(HERS, 60, delay_s=900, alarms=("sos",))
    made = about(decided(state, still(HERS, 0, 60), [late]), "panic")
    assert [(d.phase, d.occurred_at_us) for d in made] == [(Phase.LATE, at(60))]


def test_all_alarms_of_one_record_are_read() -> None:
    state = started(proximity())
    made = decided(state, [seen(HIS, 5, alarms=("low_battery", "strap_open", "sos", "jamming"))])
    assert {d.kind for d in made if d.phase is Phase.OPEN} >= {Kind.PANIC, Kind.TAMPER, Kind.BATTERY, Kind.JAMMING}


def test_an_open_strap_is_one_incident_however_often_it_is_reported() -> None:
    state = started(proximity())
    made = about(decided(state, [seen(HIS, 15 * i, strap="open") for i in range(40)]), "tamper")
    assert [(d.phase, d.priority, d.occurred_at_us) for d in made] == [(Phase.OPEN, 1, at(0))]


def test_a_tamper_never_closes_itself() -> None:
    state = started(proximity())
    his = [seen(HIS, 0, strap="open"), *[seen(HIS, 15 * i, strap="locked") for i in range(1, 40)]]
    made = about(decided(state, his), "tamper")
    assert [(d.phase, d.reason) for d in made] == [(Phase.OPEN, "strap_open"), (Phase.UPDATE, "strap_locked_again")]


def test_only_staff_close_a_tamper() -> None:
    state = started(proximity())
    decided(state, [seen(HIS, 0, strap="open"), seen(HIS, 15, strap="locked")])
    (close,) = about(state.clear_tamper(HIS, at(600)), "tamper")
    assert (close.phase, close.reason, close.decided_at_us) == (Phase.CLOSE, "cleared_by_staff", at(600))
    assert about(state.clear_tamper(HIS, at(700)), "tamper") == []


def test_a_strap_cut_in_a_buffered_record_is_never_dropped() -> None:
    """alarm-02"""
    state = started(proximity())
    late = seen(HIS, 60, delay_s=900, alarms=("strap_open",))
    made = about(decided(state, still(HIS, 0, 60), [late]), "tamper")
    assert [(d.phase, d.priority, d.occurred_at_us) for d in made] == [(Phase.LATE, 1, at(60))]
    assert [d.phase for d in about(state.clear_tamper(HIS, at(2000)), "tamper")] == [Phase.CLOSE]


def test_a_tamper_outlives_the_order() -> None:
    state = started(proximity())
    decided(state, [seen(HIS, 0, strap="open")])
    made = state.end_order("order-1", at(100))
    assert about(made, "tamper") == []
    assert [d.phase for d in state.clear_tamper(HIS, at(200))] == [Phase.CLOSE]


def test_battery_has_hysteresis() -> None:
    state = started(proximity())
    levels = [20, 15, 14, 16, 20, 24, 25, 16]
    made = about(decided(state, [seen(HIS, 15 * i, battery_pct=p) for i, p in enumerate(levels)]), "battery")
    assert [(d.phase, d.priority, d.decided_at_us) for d in made] == [
        (Phase.OPEN, 3, at(16)),
        (Phase.CLOSE, 3, at(91)),
    ]


def test_the_charger_ends_a_low_battery() -> None:
    state = started(proximity())
    his = [
        seen(HIS, 0, alarms=("low_battery",)),
        seen(HIS, 15, battery_pct=5, charging=True),
        seen(HIS, 30, battery_pct=6),
    ]
    assert [d.phase for d in about(decided(state, his), "battery")] == [Phase.OPEN, Phase.CLOSE]


def test_jamming_is_a_technical_hint_that_ends_with_clean_fixes() -> None:
    state = started(proximity())
    made = about(decided(state, [seen(HIS, 0, alarms=("jamming",)), *still(HIS, 15, 4)]), "jamming")
    assert [(d.phase, d.priority) for d in made] == [(Phase.OPEN, 3), (Phase.CLOSE, 3)]


def test_a_mocked_place_can_raise_an_alarm_but_not_end_one() -> None:
    state = started(proximity())
    mocked = [seen(HIS, 100 + 15 * i, 9000, mock=True) for i in range(10)]
    made = decided(state, still(HERS, 0, 17), still(HIS, 2, 6, 100), mocked)
    assert opened(made, "spoofing")
    assert [d.phase for d in about(made, "proximity") if d.phase is Phase.CLOSE] == []


def test_a_clock_far_ahead_is_told_and_the_place_taken_as_of_its_receipt() -> None:
    state = started(proximity())
    ahead = seen(HIS, 3600, delay_s=-3590)
    made = decided(state, [seen(HERS, 9)], [ahead])
    assert [d.reason for d in opened(made, "spoofing")] == ["clock_disagreement"]
    (near,) = opened(made, "proximity")
    assert near.basis["respondent"]["age_s"] == 0.0
