"""The ring in seconds: who comes towards her and will soon be within the ring is told before he is."""

from __future__ import annotations

import pytest

from aralyk.engine import Approached, Decision, Kind, Phase, policy
from tests.engine.builders import HERS, HIS, about, decided, going, opened, proximity, seen, started, still

RING_M = 500.0
NEAR = (Kind.APPROACH, Kind.WARNING_RING, Kind.PROXIMITY)


def told_first(mps: float, *, from_m: float, count: int) -> Decision:
    """The first word about the pair when he comes straight at this speed and she rests."""
    made = decided(
        started(proximity(distance_m=RING_M)), still(HERS, 0, count), going(HIS, 2, (from_m, 0), (-mps, 0), count)
    )
    return about(made, *NEAR)[0]


def test_on_foot_he_is_told_five_minutes_before_he_reaches_the_ring() -> None:
    first = told_first(1.4, from_m=1500, count=60)
    assert (first.kind, first.phase, first.priority, first.reason) == (Kind.APPROACH, Phase.OPEN, 2, "approaching")
    assert first.distance_m is not None
    left_s = (first.distance_m - RING_M) / 1.4 - first.basis["respondent"]["age_s"]
    assert 300 <= left_s <= policy.APPROACH_WALK_S + 1


def test_in_a_car_he_is_told_two_minutes_before_he_reaches_the_ring() -> None:
    first = told_first(12.0, from_m=6000, count=30)
    assert (first.kind, first.priority) == (Kind.APPROACH, 2)
    assert first.distance_m is not None
    left_s = (first.distance_m - RING_M) / 12.0 - first.basis["respondent"]["age_s"]
    assert 120 <= left_s <= policy.APPROACH_DRIVE_S + 1


def test_the_time_to_contact_is_the_way_left_divided_by_the_speed() -> None:
    first = told_first(12.0, from_m=6000, count=30)
    assert first.distance_m is not None
    gone_s = first.basis["respondent"]["age_s"]  # since the fix he went on
    assert first.time_to_contact_s == pytest.approx((first.distance_m - RING_M) / 12.0 - gone_s, abs=0.5)


def test_without_speed_and_heading_the_way_between_two_fixes_shows_the_approach() -> None:
    made = decided(
        started(proximity(distance_m=RING_M)), still(HERS, 0, 30),
        going(HIS, 2, (6000, 0), (-12, 0), 30, speed_mps=None, heading_deg=None),
    )  # fmt: skip
    assert about(made, *NEAR)[0].kind is Kind.APPROACH


def test_an_approach_becomes_the_breach_in_the_same_incident() -> None:
    made = decided(started(proximity(distance_m=RING_M)), still(HERS, 0, 60), going(HIS, 2, (1500, 0), (-1.4, 0), 60))
    near = about(made, *NEAR)
    assert len({d.incident for d in near}) == 1
    assert [(d.kind, d.priority) for d in near if d.phase is Phase.OPEN] == [(Kind.APPROACH, 2)]
    assert (near[-1].kind, near[-1].priority) == (Kind.PROXIMITY, 1)


@pytest.mark.parametrize(("mps", "aside_m"), [(1.4, 800), (12.0, 2000)])
def test_passing_at_a_tangent_is_no_approach(mps: float, aside_m: float) -> None:
    """While he nears her by more than half of his speed, he is still too far away in seconds."""
    begin = (-mps * 400, aside_m)
    made = decided(started(proximity(distance_m=RING_M)), still(HERS, 0, 60), going(HIS, 2, begin, (mps, 0), 60))
    assert about(made, *NEAR) == []


def test_going_away_is_no_approach() -> None:
    made = decided(started(proximity(distance_m=RING_M)), still(HERS, 0, 20), going(HIS, 2, (800, 0), (1.4, 0), 20))
    assert about(made, *NEAR) == []


def test_her_own_way_to_him_at_rest_opens_no_approach() -> None:
    """Only his movement can make an approach; inside the ring the distance is his to answer for, whoever moved."""
    hers = going(HERS, 0, (1500, 0), (-1.4, 0), 50)
    made = decided(started(proximity(distance_m=RING_M)), hers, still(HIS, 2, 50))
    assert about(made, Kind.APPROACH) == []
    outside = decided(started(proximity(distance_m=RING_M)), hers[:40], still(HIS, 2, 40))
    assert about(outside, *NEAR) == []


def test_her_flight_from_him_who_follows_is_his_approach() -> None:
    """Both go west, he faster by 6 m/s and within its seconds of the ring."""
    his = going(HIS, 2, (1600, 0), (-12, 0), 12)
    made = decided(started(proximity(distance_m=RING_M)), going(HERS, 0, (0, 0), (-6, 0), 12), his)
    first = about(made, *NEAR)[0]
    assert first.kind is Kind.APPROACH
    assert all(d.who_approached is not Approached.PROTECTED for d in about(made, Kind.APPROACH))


def test_a_place_that_is_coarse_shows_no_approach() -> None:
    coarse = going(HIS, 2, (6000, 0), (-12, 0), 16, accuracy_m=400.0, source="network")
    made = decided(started(proximity(distance_m=RING_M)), still(HERS, 0, 16), coarse)
    assert about(made, Kind.APPROACH) == []


def test_a_stop_at_a_light_does_not_end_an_approach() -> None:
    state = started(proximity(distance_m=RING_M))
    stopped_at = 6000 - 12 * 15 * 18
    his = [
        *going(HIS, 2, (6000, 0), (-12, 0), 19),
        *[seen(HIS, 2 + 15 * (19 + i), stopped_at, speed_mps=0.0) for i in range(4)],
        *going(HIS, 2 + 15 * 23, (stopped_at, 0), (-12, 0), 8),
    ]
    made = about(decided(state, still(HERS, 0, 32), his), *NEAR)
    assert made[0].kind is Kind.APPROACH
    assert Phase.CLOSE not in {d.phase for d in made}
    assert len(opened(made, *NEAR)) == 1


def test_an_approach_that_was_given_up_closes() -> None:
    state = started(proximity(distance_m=RING_M))
    his = [*going(HIS, 2, (6000, 0), (-12, 0), 20), *going(HIS, 302, (2400, 0), (12, 0), 40)]
    made = about(decided(state, still(HERS, 0, 60), his), *NEAR)
    assert {d.kind for d in made} == {Kind.APPROACH}
    assert [d.phase for d in made if d.phase is not Phase.UPDATE] == [Phase.OPEN, Phase.CLOSE]


def test_he_who_stands_outside_the_ring_is_never_approaching() -> None:
    made = decided(started(proximity(distance_m=RING_M)), still(HERS, 0, 60), still(HIS, 2, 60, 700))
    assert about(made, *NEAR) == []
