"""Who drives through her ring and goes on has met nobody: serious, not critical, until he slows, turns or stays."""

from __future__ import annotations

import pytest

from aralyk.engine import Decision, Kind, Phase
from tests.engine.builders import HERS, HIS, about, at, decided, going, line, proximity, started, still, walk

RING_M = 500.0
MPS = 27.0  # 97 km/h
NEAR = (Kind.APPROACH, Kind.WARNING_RING, Kind.PROXIMITY)


def by(decisions: list[Decision]) -> list[Decision]:
    """What was said of the pair."""
    return about(decisions, *NEAR)


def test_a_steady_drive_along_the_motorway_through_her_ring_is_priority_2() -> None:
    state = started(proximity(distance_m=RING_M))
    made = by(decided(state, still(HERS, 0, 40), going(HIS, 2, (-4000, 300), (MPS, 0), 30)))
    assert made
    assert {d.priority for d in made} == {2}
    assert "passing_through" in {d.reason for d in made}


@pytest.mark.parametrize("aside_m", [0.0, 100.0, 450.0])
def test_at_motorway_speed_it_does_not_matter_where_the_road_cuts_the_ring(aside_m: float) -> None:
    state = started(proximity(distance_m=RING_M))
    made = by(decided(state, still(HERS, 0, 40), going(HIS, 2, (-4000, aside_m), (MPS, 0), 30)))
    assert {d.priority for d in made} == {2}


def test_who_leaves_the_motorway_inside_the_ring_is_critical_at_his_next_fix() -> None:
    """He turns to her after the second fix inside: the first fix of the new way is priority 1."""
    state = started(proximity(distance_m=1000))
    motorway = going(HIS, 2, (-4000, 800), (MPS, 0), 10)
    turned_at = (-4000 + MPS * 15 * 9, 800.0)
    in_s = 2 + 15 * 10
    to_her = going(HIS, in_s, (turned_at[0] + 40, turned_at[1] - 120), (0.0, -10.0), 5)
    made = by(decided(state, still(HERS, 0, 20), motorway, to_her))
    first = next(d for d in made if d.priority == 1)
    assert first.decided_at_us == at(in_s + 1)
    assert (first.kind, first.reason) == (Kind.PROXIMITY, "probable_inside")


def test_who_slows_down_inside_the_ring_is_critical_at_his_next_fix() -> None:
    state = started(proximity(distance_m=1000))
    fast = going(HIS, 2, (-4000, 300), (MPS, 0), 9)
    slowed_s = 2 + 15 * 9
    slow = going(HIS, slowed_s, (-4000 + MPS * 15 * 8 + 250, 300), (9.0, 0.0), 4)
    made = by(decided(state, still(HERS, 0, 20), fast, slow))
    first = next(d for d in made if d.priority == 1)
    assert first.decided_at_us == at(slowed_s + 1)


def test_who_stops_inside_the_ring_is_critical() -> None:
    state = started(proximity(distance_m=RING_M))
    his = [*going(HIS, 2, (-4000, 200), (MPS, 0), 11), *still(HIS, 2 + 15 * 11, 4, 100, 200)]
    assert any(d.priority == 1 for d in by(decided(state, still(HERS, 0, 20), his)))


def test_a_city_car_that_heads_for_her_is_not_passing() -> None:
    """At 50 km/h he could stop at her door: straight at her is critical, past her at 400 m it is not."""
    heading_for_her = decided(
        started(proximity(distance_m=RING_M)), still(HERS, 0, 30), going(HIS, 2, (-3000, 0), (14, 0), 20)
    )
    past_her = decided(
        started(proximity(distance_m=RING_M)), still(HERS, 0, 30), going(HIS, 2, (-3000, 350), (14, 0), 30)
    )
    assert any(d.priority == 1 for d in by(heading_for_her))
    assert {d.priority for d in by(past_her)} == {2}


def test_who_has_just_come_to_her_is_critical_though_the_way_behind_him_was_fast() -> None:
    """Fixes a minute apart, without a speed: 13 m/s on average remain of the motorway and the last street."""
    places = [(-5240.0, 0.0), (-3640.0, 0.0), (-2040.0, 0.0), (-770.0, 0.0), (8.0, 0.0)]
    his = walk(HIS, 2, places, step_s=60, speed_mps=None)
    state = started(proximity(distance_m=1000))
    made = by(decided(state, still(HERS, 0, 18), his))
    first = next(d for d in made if d.priority == 1)
    assert first.decided_at_us == at(2 + 240 + 1)


def test_who_stops_at_her_last_place_is_critical_though_her_phone_is_not_heard() -> None:
    """What was a drive through is none any more: her place is minutes old, which may not speak for him."""
    state = started(proximity(distance_m=RING_M))
    hers = walk(HERS, 0, [(0.0, 0.0)] * 2, step_s=60, accuracy_m=26, speed_mps=None)
    fast = [*going(HIS, 2, (-3480, 0), (26, 0), 3, step_s=60), *going(HIS, 152, (-200, 120), (26, 5), 1)]
    made = by(decided(state, hers, fast, walk(HIS, 212, [(10.0, 10.0)], speed_mps=0.1)))
    assert "passing_through" in {d.reason for d in made}
    first = next(d for d in made if d.priority == 1)
    assert first.decided_at_us == at(212 + 1)


def test_on_foot_nobody_drives_through() -> None:
    state = started(proximity(distance_m=RING_M))
    made = by(decided(state, still(HERS, 0, 80), going(HIS, 2, (-800, 350), (1.6, 0), 70)))
    assert any(d.priority == 1 for d in made)


def test_her_car_that_passes_him_at_rest_is_priority_2() -> None:
    state = started(proximity(distance_m=RING_M))
    made = by(decided(state, going(HERS, 0, (-4000, 200), (MPS, 0), 20), still(HIS, 2, 20)))
    assert made
    assert {d.priority for d in made} == {2}


def test_her_car_that_stops_beside_him_is_critical() -> None:
    state = started(proximity(distance_m=RING_M))
    hers = [*going(HERS, 0, (-3000, 100), (14, 0), 14), *still(HERS, 15 * 14, 5, -100, 100)]
    assert any(d.priority == 1 for d in by(decided(state, hers, still(HIS, 2, 20))))


def test_a_closed_area_is_driven_through_alike() -> None:
    from tests.engine.builders import circle

    through = decided(started(circle(radius_m=500)), going(HIS, 2, (-4000, 250), (MPS, 0), 30))
    stays = decided(
        started(circle(radius_m=500)), going(HIS, 2, (-4000, 250), (MPS, 0), 11), still(HIS, 170, 4, 100, 250)
    )
    assert {d.priority for d in about(through, "exclusion_zone")} == {2}
    assert any(d.priority == 1 for d in about(stays, "exclusion_zone"))


def test_a_drive_through_makes_one_incident_and_closes() -> None:
    state = started(proximity(distance_m=RING_M))
    made = by(decided(state, still(HERS, 0, 60), going(HIS, 2, (-4000, 300), (MPS, 0), 50)))
    assert len({d.incident for d in made}) == 1
    assert made[-1].phase is Phase.CLOSE


def test_driving_round_within_the_ring_is_not_passing_through() -> None:
    """A circle of 300 m round her at 12 m/s: steady in speed, but each fix turns by a third of a circle."""
    corners = [(300.0, 0.0), (0.0, 300.0), (-300.0, 0.0), (0.0, -300.0)] * 4
    state = started(proximity(distance_m=RING_M))
    made = by(decided(state, still(HERS, 0, 30), walk(HIS, 2, line((2000, 0), (300, 0), 10) + corners, speed_mps=None)))
    assert any(d.priority == 1 for d in made)
