"""A meeting between two fixes is found by the way between them; what only the way says is proved by good ends alone."""

from __future__ import annotations

from typing import Any

from aralyk.engine import Kind, Observation, Phase
from tests.engine.builders import HERS, HIS, about, at, decided, proximity, seen, started, still

NEAR = (Kind.APPROACH, Kind.WARNING_RING, Kind.PROXIMITY)


def crossing(**last: Any) -> list[Observation]:
    """His fixes each minute on a straight way that passes 20 m from her between two of them."""
    return [seen(HIS, 0, -1800, 20), seen(HIS, 60, -600, 20), seen(HIS, 120, 600, 20, **last), seen(HIS, 180, 1800, 20)]


def test_a_crossing_between_two_good_fixes_is_a_breach_with_the_time_of_the_crossing() -> None:
    made = about(decided(started(proximity(distance_m=300)), still(HERS, 0, 14), crossing()), *NEAR)
    first = next(d for d in made if d.kind is Kind.PROXIMITY)
    assert first.reason in ("crossed_between_fixes", "passing_through")
    assert at(60) < first.occurred_at_us < at(120)


def test_a_crossing_that_ends_at_a_coarse_fix_is_possible_not_proved() -> None:
    his = crossing(accuracy_m=400.0, source="network")
    made = about(decided(started(proximity(distance_m=500)), still(HERS, 0, 14), his), *NEAR)
    assert made
    assert 1 not in {d.priority for d in made}


def test_a_way_that_passes_far_from_her_crosses_nothing() -> None:
    his = [seen(HIS, 60 * i, -1800 + 1200 * i, 1800) for i in range(4)]
    assert about(decided(started(proximity(distance_m=200)), still(HERS, 0, 14), his), Kind.PROXIMITY) == []


def test_a_pause_of_more_than_ten_minutes_is_no_way() -> None:
    his = [seen(HIS, 0, -1800, 20), seen(HIS, 700, 1800, 20)]
    made = decided(started(proximity(distance_m=200)), still(HERS, 0, 48), his)
    assert about(made, Kind.PROXIMITY) == []


def test_her_fixes_between_his_two_are_met_by_his_way() -> None:
    """His fixes lie 60 s apart, hers 15 s: the crossing is found when his second comes."""
    made = about(decided(started(proximity(distance_m=300)), still(HERS, 3, 9), crossing()[:3]), Kind.PROXIMITY)
    assert made
    assert made[0].phase is not Phase.LATE
    assert made[0].decided_at_us <= at(121)


def test_who_is_inside_by_his_newest_fix_is_told_by_it_and_not_by_the_way() -> None:
    """After a bad fix the first good one inside proves it at once: the way that led there is not needed."""
    his = [*still(HIS, 2, 4, 2500), seen(HIS, 62, 2500, accuracy_m=400.0, source="network"), seen(HIS, 152, 100)]
    made = about(decided(started(proximity()), still(HERS, 0, 11), his), *NEAR)
    first = next(d for d in made if d.priority == 1)
    assert (first.decided_at_us, first.reason) == (at(153), "probable_inside")
