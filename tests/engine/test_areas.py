"""Areas: the unsafe behaviours of the reference (geo-*), hours, holes, and places he must be in."""

from __future__ import annotations

import pytest

from aralyk.engine import Kind, Phase
from tests.engine.builders import (
    HERS,
    HIS,
    about,
    alerted,
    at,
    circle,
    decided,
    line,
    opened,
    polygon,
    seen,
    started,
    still,
    walk,
)

SQUARE = [(-500.0, -500.0), (500.0, -500.0), (500.0, 500.0), (-500.0, 500.0)]
HOLE = [(-200.0, -200.0), (-200.0, 200.0), (200.0, 200.0), (200.0, -200.0)]


def test_an_invalid_fix_at_null_island_does_not_change_the_state() -> None:
    """geo-01"""
    state = started(circle())
    his = [*still(HIS, 0, 4), seen(HIS, 60, lat=0.0, lon=0.0, valid=False), seen(HIS, 75, lat=0.0, lon=0.0)]
    made = about(decided(state, his, still(HIS, 90, 4)), "exclusion_zone")
    assert [d.phase for d in made] == [Phase.OPEN]


def test_one_fix_outside_within_its_own_radius_is_no_exit() -> None:
    """geo-02"""
    state = started(circle(radius_m=500))
    his = [*still(HIS, 0, 4), seen(HIS, 60, 530, accuracy_m=80.0), *still(HIS, 75, 4)]
    assert [d.phase for d in about(decided(state, his), "exclusion_zone")] == [Phase.OPEN]


def test_a_buffered_record_outside_an_area_he_must_be_in_is_recorded_as_late() -> None:
    """geo-03"""
    state = started(circle("inclusion_zone"))
    late = seen(HIS, 300, 2000, delay_s=600)
    made = decided(state, still(HIS, 0, 70), [late])
    (said,) = about(made, "inclusion_zone")
    assert (said.phase, said.priority, said.occurred_at_us) == (Phase.LATE, 2, at(300))
    assert said.decided_at_us == late.received_at_us


def test_a_crossing_between_two_fixes_outside_is_found() -> None:
    """geo-04"""
    state = started(circle(radius_m=500))
    made = decided(state, [seen(HIS, 0, -1400), seen(HIS, 90, 1400)])
    (first,) = opened(made, "exclusion_zone")
    assert first.reason == "crossed_between_fixes"
    assert at(30) < first.occurred_at_us < at(60)


def test_a_crossing_of_a_polygon_is_found_and_a_near_miss_is_not() -> None:
    crossing = started(polygon([SQUARE]))
    assert alerted(decided(crossing, [seen(HIS, 0, -1100, 100), seen(HIS, 60, 1100, 100)]), "exclusion_zone")
    missing = started(polygon([SQUARE]))
    assert not alerted(decided(missing, [seen(HIS, 0, -1100, 900), seen(HIS, 60, 1100, 900)]), "exclusion_zone")


def test_a_hole_is_outside() -> None:
    state = started(polygon([SQUARE, HOLE]))
    assert not alerted(decided(state, still(HIS, 0, 4)), "exclusion_zone")
    assert alerted(decided(state, walk(HIS, 60, [(100, 0), (180, 0), (260, 0), (340, 0)])), "exclusion_zone")


def test_only_the_respondent_is_judged_by_an_area() -> None:
    state = started(circle())
    assert about(decided(state, still(HERS, 0, 8)), "exclusion_zone") == []


def test_an_area_that_becomes_active_round_him_speaks_without_a_fix() -> None:
    """10:05 in Bishkek; his last fix came at 10:04:46."""
    state = started(circle(schedule=[{"days": ["sat"], "from": "10:05", "to": "11:00"}]))
    before = decided(state, still(HIS, 0, 20))
    assert about(before, "exclusion_zone") == []
    (first,) = about(state.tick(at(300)), "exclusion_zone")
    assert (first.phase, first.priority, first.reason) == (Phase.OPEN, 1, "became_active")
    assert first.decided_at_us == at(300)


def test_the_end_of_its_hours_closes_an_area() -> None:
    state = started(circle(schedule=[{"days": ["sat"], "from": "10:00", "to": "10:05"}]))
    made = about(decided(state, still(HIS, 0, 40)), "exclusion_zone")
    assert [(d.phase, d.reason) for d in made] == [
        (Phase.OPEN, "probable_inside"),
        (Phase.CLOSE, "schedule_ended"),
    ]
    assert made[-1].decided_at_us == at(300)


def test_hours_over_midnight_hold_on_both_days() -> None:
    """Sat 20:00 to 07:00: 36,000 s after 10:00 is 20:00; 75,600 s is 07:00 on Sunday."""
    state = started(circle(schedule=[{"days": ["sat"], "from": "20:00", "to": "07:00"}]))
    assert about(decided(state, still(HIS, 35_900, 5)), "exclusion_zone") == []
    assert alerted(decided(state, still(HIS, 36_000, 5)), "exclusion_zone")
    made = about(decided(state, still(HIS, 75_500, 10)), "exclusion_zone")
    assert made[-1].reason == "schedule_ended"
    assert made[-1].decided_at_us == at(75_600)


@pytest.mark.parametrize("kind", ["inclusion_zone", "curfew"])
def test_being_away_from_where_he_must_be_is_told(kind: str) -> None:
    state = started(circle(kind, radius_m=200))
    assert about(decided(state, still(HIS, 0, 10)), kind) == []
    made = about(decided(state, walk(HIS, 150, line((0, 0), (1000, 0), 20))), kind)
    assert {d.kind for d in made} == {Kind(kind)}
    assert [d.phase for d in made].count(Phase.OPEN) == 1
    assert min(d.priority for d in made) == 2


def test_coming_home_ends_it() -> None:
    state = started(circle("curfew", radius_m=200))
    made = about(decided(state, still(HIS, 0, 5, 1500), still(HIS, 135, 16)), "curfew")
    assert [d.phase for d in made] == [Phase.OPEN, Phase.CLOSE]
    assert made[-1].decided_at_us == at(135 + 15 + 1 + 120)  # his second fix at home, and the lateness window after it


def test_an_ageing_place_is_no_evidence_of_leaving() -> None:
    state = started(circle("curfew", radius_m=200, schedule=[{"days": ["sat"], "from": "10:09", "to": "11:00"}]))
    decided(state, still(HIS, 0, 3))
    assert about(state.tick(at(600)), "curfew") == []
