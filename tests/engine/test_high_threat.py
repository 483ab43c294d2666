"""At high threat what may be is critical when no better fix comes in two minutes; at medium it stays serious."""

from __future__ import annotations

from typing import Any, Final

import pytest

from aralyk.engine import Kind, Phase, policy
from tests.engine.builders import HERS, HIS, about, at, decided, proximity, seen, started, still

NEAR = (Kind.APPROACH, Kind.WARNING_RING, Kind.PROXIMITY)
CELL: Final[dict[str, Any]] = {"accuracy_m": 800.0, "source": "network"}
PATIENCE_S = policy.BETTER_FIX_US / 1e6


def test_a_coarse_place_near_her_without_a_better_fix_for_two_minutes_is_critical() -> None:
    state = started(proximity(), threat_level="high")
    made = decided(state, still(HERS, 0, 14), [seen(HIS, 2 + 15 * i, 900, **CELL) for i in range(14)])
    near = about(made, *NEAR)
    assert (near[0].phase, near[0].priority) == (Phase.OPEN, 2)
    first = next(d for d in near if d.priority == 1)
    assert (first.phase, first.reason) == (Phase.UPDATE, "no_better_fix")
    assert first.decided_at_us == near[0].decided_at_us + policy.BETTER_FIX_US
    assert first.incident == near[0].incident


def test_it_comes_by_time_alone_when_nothing_more_is_heard() -> None:
    state = started(proximity(), threat_level="high")
    made = decided(state, [seen(HERS, 0)], [seen(HIS, 2, 900, **CELL)], until_s=3 + PATIENCE_S)
    assert [(d.priority, d.decided_at_us) for d in about(made, *NEAR)] == [(2, at(3)), (1, at(3 + PATIENCE_S))]


def test_a_better_fix_in_time_that_shows_him_elsewhere_is_the_end_of_it() -> None:
    state = started(proximity(), threat_level="high")
    his = [seen(HIS, 2 + 15 * i, 900, **CELL) for i in range(4)] + still(HIS, 62, 20, 1300)
    made = about(decided(state, still(HERS, 0, 26), his), *NEAR)
    assert {d.priority for d in made} == {2}
    assert made[-1].phase is Phase.CLOSE


def test_at_medium_threat_it_stays_priority_2() -> None:
    state = started(proximity(), threat_level="medium")
    made = decided(state, still(HERS, 0, 40), [seen(HIS, 2 + 15 * i, 900, **CELL) for i in range(40)])
    assert {d.priority for d in about(made, *NEAR)} == {2}


def test_a_silence_that_may_hide_a_meeting_is_serious_at_once_and_critical_after_two_minutes() -> None:
    """2,000 m apart, ring 500 m: they can have met within a minute of the last fixes, at 45 s he is silent."""
    state = started(proximity(), threat_level="high")
    made = decided(state, still(HIS, 0, 4, 2000), still(HERS, 0, 40))
    told = [d for d in about(made, Kind.SILENCE) if d.party == "respondent"]
    silent_at = at(45 + 1 + 45)
    assert next(d.priority for d in told if d.phase is not Phase.CLOSE) == 3
    serious = next(d for d in told if d.priority == 2)
    critical = next(d for d in told if d.priority == 1)
    assert serious.decided_at_us >= silent_at
    assert critical.decided_at_us == serious.decided_at_us + policy.BETTER_FIX_US
    assert (critical.phase, critical.reason) == (Phase.UPDATE, "no_better_fix")
    assert len({d.incident for d in told}) == 1


def test_a_silence_at_medium_threat_stays_priority_2() -> None:
    state = started(proximity(), threat_level="medium")
    made = decided(state, still(HIS, 0, 4, 2000), still(HERS, 0, 480))
    assert {d.priority for d in about(made, Kind.SILENCE) if d.party == "respondent"} == {3, 2}


def test_a_silent_respondent_who_is_heard_in_time_is_never_critical() -> None:
    state = started(proximity(), threat_level="high")
    made = decided(state, still(HIS, 0, 4, 2000), still(HERS, 0, 40), still(HIS, 170, 29, 2000))
    told = [d for d in about(made, Kind.SILENCE) if d.party == "respondent"]
    assert 1 not in {d.priority for d in told}
    assert told[-1].phase is Phase.CLOSE


@pytest.mark.parametrize("level", ["medium", "high"])
def test_a_silence_far_from_her_stays_technical_until_he_can_be_there(level: str) -> None:
    state = started(proximity(), threat_level=level)
    decided(state, still(HIS, 0, 4, 90_000), still(HERS, 0, 4))
    made = state.tick(at(1200))
    assert {d.priority for d in about(made, Kind.SILENCE)} == {3}
