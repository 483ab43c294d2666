"""One incident for what happens between two people: a silence and an approach that overlap call a person once."""

from __future__ import annotations

from typing import Any

from aralyk.engine import Decision, Phase, State, compile_order, policy
from tests.engine.builders import (
    HERS,
    HIS,
    about,
    alerted,
    at,
    decided,
    going,
    order,
    proximity,
    seen,
    started,
    still,
)

PHONE = {"id": "his-2", "kind": "phone", "interval_s": 15}
TWO_PEOPLE = [
    {"id": "p", "devices": [{"id": HERS, "kind": "phone", "interval_s": 15}]},
    {"id": "q", "devices": [{"id": "other", "kind": "phone", "interval_s": 15}]},
]


def incidents(made: list[Decision]) -> set[str]:
    """What a person was called to."""
    return {d.incident for d in made if d.priority <= 2}


def test_a_ring_that_opens_after_a_silence_is_an_incident_of_its_own() -> None:
    """The silence may come of records that are still under way: in another order there would be none."""
    state = started(proximity())
    made = decided(state, going(HIS, 0, (3000, -20), (0, 1.4), 4), still(HERS, 0, 28))
    assert alerted(made, "silence")
    made += decided(state, still(HIS, 430, 4, 100), still(HERS, 431, 4))
    near = about(made, "proximity")
    assert (near[0].phase, near[0].priority) == (Phase.OPEN, 1)
    assert near[0].incident not in {d.incident for d in about(made, "silence")}


def test_he_is_lost_beside_her_and_the_incident_stays_critical() -> None:
    state = started(proximity())
    met = decided(state, still(HIS, 0, 4, 100), still(HERS, 0, 28))
    assert len(incidents(met)) == 1
    silent = [d for d in about(met, "silence") if d.priority <= 2]
    assert {d.priority for d in silent} == {1}, "nothing says that he has left her"
    assert {d.incident for d in silent} == incidents(met)


def two_devices() -> dict[str, Any]:
    """A bracelet, and a phone that only reports itself."""
    return {"devices": [{"id": HIS, "kind": "bracelet", "interval_s": 15}, PHONE]}


def test_a_silence_that_outlasts_the_approach_speaks_for_itself_at_once() -> None:
    """His bracelet is lost in her ring, his phone goes away: the ring's end must not hide the bracelet."""
    state = started(proximity(), respondent=two_devices())
    his = [*still(HIS, 0, 4, 100), *still("his-2", 0, 4, 100), *still("his-2", 60, 100, 3000)]
    made = decided(state, still(HERS, 0, 104), his)
    silent = [d for d in about(made, "silence") if d.party == "respondent" and d.priority <= 2]
    (ended,) = [d.decided_at_us for d in about(made, "proximity") if d.phase is Phase.CLOSE]
    (ring,) = {d.incident for d in about(made, "proximity")}
    assert {d.incident for d in silent if d.decided_at_us < ended} == {ring}
    later = [d for d in silent if d.decided_at_us >= ended]
    assert later
    assert ring not in {d.incident for d in later}


def test_coming_back_within_minutes_is_the_same_incident_and_calls_again() -> None:
    state = started(proximity())
    his = [*still(HIS, 2, 4, 100), *still(HIS, 62, 20, 1500), *still(HIS, 362, 4, 100)]
    made = about(decided(state, still(HERS, 0, 30), his), "proximity")
    assert len({d.incident for d in made}) == 1
    phases = [d.phase for d in made]
    again = made[phases.index(Phase.CLOSE) + 1]
    assert (again.phase, again.priority) == (Phase.UPDATE, 1)


def test_coming_back_long_after_is_another_incident() -> None:
    state = started(proximity())
    away = int(policy.EPISODE_US / 15e6) + 20
    his = [*still(HIS, 2, 4, 100), *still(HIS, 62, away, 1500), *still(HIS, 62 + away * 15, 4, 100)]
    made = decided(state, still(HERS, 0, away + 12), his)
    assert len({d.incident for d in about(made, "proximity")}) == 2


def test_another_persons_silence_is_another_incident() -> None:
    """He stands beside the first; the second one's phone is lost near him: two people are in danger, not one."""
    rings = (proximity(), {"id": "ring-q", "kind": "proximity", "protected": "q", "distance_m": 500, "warning_m": None})
    state = started(*rings, protected=TWO_PEOPLE)
    made = decided(state, still(HERS, 0, 60), still(HIS, 2, 60, 100), still("other", 0, 4, 1000))
    hers = {d.incident for d in made if d.condition == "ring"}
    others = {d.incident for d in made if d.party == "q" and d.priority <= 2}
    assert hers
    assert others
    assert not hers & others


def test_a_new_version_of_the_order_keeps_the_joined_incident() -> None:
    """The new version has another condition before the ring: which ring leads is still known."""
    state = started(proximity())
    made = decided(state, still(HIS, 0, 4, 100), still(HERS, 0, 20))
    (joined,) = {d.incident for d in about(made, "silence") if d.priority == 1}
    extra = {"id": "area", "kind": "exclusion_zone", "shape": {"circle": {"lat": 42.9, "lon": 74.9, "radius_m": 100}}}
    made = state.set_order(compile_order(order(extra, proximity(), version=2)), at(302))
    made += decided(state, still(HERS, 306, 40, 900))
    assert joined in {d.incident for d in made}
    assert {d.incident for d in about(made, "silence") if d.priority == 1} <= {joined}


def test_a_snapshot_goes_on_with_the_joined_incident() -> None:
    state = started(proximity())
    decided(state, still(HIS, 0, 4, 100), still(HERS, 0, 20))
    restored = State.restore(state.snapshot())
    way = (still(HIS, 470, 20, 3000), still(HERS, 471, 24))
    assert decided(restored, *way) == decided(state, *way)


def test_a_silence_of_hers_waits_one_interval_more_than_possible() -> None:
    state = started(proximity())
    decided(state, still(HERS, 0, 4), going(HIS, 0, (3000, 0), (-5, 0), 20))
    serious = [d for d in about(state.tick(at(600)), "silence") if d.party == "p" and d.priority == 2]
    hers = [d for d in serious if d.reason == "possible_since"]
    for d in hers:
        assert d.decided_at_us >= d.occurred_at_us + 15_000_000


def test_he_stands_where_she_was_last_seen_while_her_phone_is_heard_without_a_place() -> None:
    """Six minutes indoors: the growth of her place would hide that he is at her door."""
    state = started(proximity(distance_m=200))
    decided(state, still(HERS, 0, 8), still(HIS, 0, 8, 6000))
    indoors = [seen(HERS, 120 + 15 * i, lat=None, lon=None, accuracy_m=None) for i in range(24)]
    made = decided(state, indoors, still(HIS, 121, 20, 6000), still(HIS, 450, 2, 30))
    assert alerted(made, "proximity")
    assert {d.priority for d in about(made, "proximity")} == {2}, "an old place proves nothing"


def test_an_order_may_take_driving_through_as_seriously_as_standing_there() -> None:
    def told(**ring: Any) -> set[int]:
        state = started(proximity() | ring)
        through = going(HIS, 0, (-6000, 300), (28, 0), 30)
        return {d.priority for d in about(decided(state, still(HERS, 0, 30), through), "proximity")}

    assert told() == {2}
    assert 1 in told(drive_through=False)
