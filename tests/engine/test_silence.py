"""Silence: unknown is never safe, and time alone makes it speak."""

from __future__ import annotations

import pytest

from aralyk.engine import Observation, Phase, policy
from tests.engine.builders import (
    HERS,
    HIS,
    about,
    at,
    circle,
    decided,
    going,
    heard,
    proximity,
    seen,
    started,
    still,
    walk,
)


def strolling(device: str, count: int, east_m: float) -> list[Observation]:
    """Fixes of somebody on foot about a place: who was at rest when the device fell silent is given more time."""
    return going(device, 0, (east_m, -20), (0, 1.4), count)


def test_a_silent_device_is_flagged_after_three_of_its_intervals() -> None:
    state = started(proximity())
    decided(state, still(HERS, 0, 100, 90_000), still(HIS, 0, 10))
    made = [d for d in state.tick(at(1600)) if d.party == "respondent"]
    assert made == []  # said already while her fixes came in
    state = started(proximity())
    made = decided(state, still(HIS, 0, 10), still(HERS, 0, 100, 90_000))
    (first,) = [d for d in about(made, "silence") if d.party == "respondent" and d.phase is Phase.OPEN]
    last_heard = at(9 * 15 + 1)
    assert first.decided_at_us == last_heard + 45_000_000
    assert (first.priority, first.reason, first.occurred_at_us) == (3, "no_contact", last_heard)


def test_silence_becomes_serious_when_he_can_have_reached_her_and_not_before() -> None:
    """9,000 m away, ring 500 m: he by car, she rested, (9000 - 500 - 20) / (16.7 + 2) = 453 s after the last fixes."""
    state = started(proximity(distance_m=500))
    decided(state, strolling(HIS, 4, 0), still(HERS, 0, 4, 9000))
    met_s = 45 + 8480 / (policy.REACH_MPS + policy.STROLL_MPS)
    told_s = met_s + 15 * policy.SERIOUS_INTERVALS
    quiet = [d for d in state.tick(at(told_s - 2)) if d.party == "respondent"]
    assert {d.priority for d in about(quiet, "silence")} == {3}
    serious = [d for d in state.tick(at(told_s + 2)) if d.party == "respondent" and d.priority == 2]
    assert {d.reason for d in serious} == {"possible_since"}
    assert serious[0].occurred_at_us == pytest.approx(at(met_s), abs=2_000_000)
    assert serious[0].decided_at_us == serious[0].occurred_at_us + policy.SERIOUS_INTERVALS * 15_000_000
    assert serious[0].phase is Phase.UPDATE


def test_at_high_threat_it_is_serious_at_the_moment_it_is_possible() -> None:
    """And her own unseen way is a car's too: (9000 - 500 - 20) / 33.4 = 254 s."""
    state = started(proximity(distance_m=500), threat_level="high")
    decided(state, still(HIS, 0, 4), still(HERS, 0, 4, 9000))
    serious = [d for d in about(state.tick(at(320)), "silence") if d.priority == 2]
    assert {d.reason for d in serious} == {"possible_since"}
    assert serious[0].decided_at_us == serious[0].occurred_at_us
    assert serious[0].occurred_at_us == pytest.approx(at(45 + 8480 / (2 * policy.REACH_MPS)), abs=2_000_000)


def test_her_fixes_do_not_put_off_the_moment_from_which_he_can_be_there() -> None:
    """She reports all the time that she is where he can have gone: each of her fixes is no excuse for his silence."""
    state = started(proximity(distance_m=500))
    made = decided(state, strolling(HIS, 4, 3000), still(HERS, 0, 60))
    serious = [d for d in about(made, "silence") if d.party == "respondent" and d.priority == 2]
    possible_s = 45 + 2480 / policy.REACH_MPS
    assert serious
    assert at(possible_s) <= serious[0].decided_at_us <= at(possible_s + 15 * policy.SERIOUS_INTERVALS + 15)


def test_the_assumed_speed_stands_beside_a_silence_that_may_hide_a_meeting() -> None:
    state = started(proximity(distance_m=500))
    decided(state, strolling(HIS, 4, 3000), still(HERS, 0, 4))
    serious = [d for d in about(state.tick(at(7200)), "silence") if d.priority == 2]
    assert {d.party: d.basis["reach_mps"] for d in serious} == {
        "respondent": policy.REACH_MPS,
        "p": policy.STROLL_MPS,
    }


def test_a_device_that_falls_silent_again_within_a_shift_continues_its_incident() -> None:
    state = started(proximity())
    hers = still(HERS, 0, 700, 90_000)
    spells = [still(HIS, begins, 4) for begins in (0, 600, 1200)]
    made = [d for d in about(decided(state, hers, *spells), "silence") if d.party == "respondent"]
    assert [d.phase for d in made if d.reason == "no_contact"] == [Phase.OPEN, Phase.UPDATE, Phase.UPDATE]
    assert len({d.incident for d in made}) == 1


def test_a_device_that_falls_silent_again_in_a_later_shift_opens_a_new_incident() -> None:
    state = started(proximity())
    hers = still(HERS, 0, 3400, 90_000)
    his = [*still(HIS, 0, 4), *still(HIS, 600, 3000), *still(HIS, 46_200, 4)]
    made = [d for d in about(decided(state, hers, his), "silence") if d.party == "respondent"]
    assert [d.phase for d in made if d.reason == "no_contact"] == [Phase.OPEN, Phase.OPEN, Phase.UPDATE]
    assert len({d.incident for d in made}) == 2


def test_a_silent_respondent_who_can_have_reached_a_closed_area_is_serious() -> None:
    """3,000 m from the centre, radius 500: 2,490 m at 16.7 m/s take 149 s; told two intervals later."""
    state = started(circle(radius_m=500), protected=[{"id": "p", "devices": []}])
    decided(state, strolling(HIS, 4, 3000))
    (serious,) = [d for d in state.tick(at(1000)) if d.priority == 2]
    assert serious.occurred_at_us == pytest.approx(at(45 + 149), abs=2_000_000)


def test_hearing_and_placing_the_device_again_closes_its_silence() -> None:
    state = started(proximity())
    decided(state, still(HIS, 0, 4), still(HERS, 0, 4, 9000))
    state.tick(at(200))
    made = decided(state, [seen(HIS, 300)])
    (close,) = [d for d in about(made, "silence") if d.phase is Phase.CLOSE]
    assert (close.party, close.reason) == ("respondent", "contact_restored")


def test_a_heartbeat_keeps_contact_but_not_the_place() -> None:
    state = started(proximity())
    beats = [heard(HIS, 60 + 15 * i) for i in range(80)]
    made = decided(state, still(HIS, 0, 4), still(HERS, 0, 84, 60_000), beats)
    (first,) = [d for d in about(made, "silence") if d.party == "respondent" and d.phase is Phase.OPEN]
    assert first.reason == "position_stale"
    assert first.decided_at_us == at(45 + 120)


def test_vague_places_only_are_told_after_two_minutes() -> None:
    state = started(proximity())
    vague = walk(HIS, 60, [(6000, 0)] * 140, accuracy_m=5000.0)
    made = decided(state, strolling(HIS, 4, 6000), vague, still(HERS, 0, 144))
    his = [d for d in about(made, "silence") if d.party == "respondent"]
    assert his[0].reason == "position_vague_request_better_fix"
    assert his[0].decided_at_us == at(45 + 120)
    assert his[1].priority == 2


def test_a_fresh_fix_of_the_other_party_renews_the_judgement() -> None:
    state = started(proximity())
    decided(state, strolling(HIS, 4, 0), still(HERS, 0, 4, 30_000))
    made = decided(state, walk(HERS, 120, [(30_000, 0), (3000, 0), (400, 0), (300, 0)], step_s=400))
    renewed = [d for d in about(made, "silence") if d.reason == "partner_position_stale"]
    assert renewed
    assert renewed[-1].distance_m == pytest.approx(400, abs=150)
    assert all(d.priority == 2 and d.party == "respondent" for d in renewed)


def test_silence_is_told_once_and_not_every_interval() -> None:
    state = started(proximity())
    decided(state, still(HIS, 0, 4), still(HERS, 0, 4, 2000))
    first = state.tick(at(7200))
    assert [d.phase for d in about(first, "silence")].count(Phase.OPEN) == 2
    assert state.tick(at(86_400)) == []


def test_a_device_that_was_never_heard_is_silent_from_the_order_s_start() -> None:
    state = started(proximity())
    made = state.tick(at(60))
    assert {d.party for d in about(made, "silence")} == {"respondent", "p"}
    assert {d.decided_at_us for d in made} == {at(45)}
    assert any(d.priority == 2 and d.reason == "position_unknown" for d in made)


def test_another_device_of_hers_keeps_her_silence_technical() -> None:
    devices = [{"id": HERS, "kind": "phone", "interval_s": 15}, {"id": "watch", "kind": "phone", "interval_s": 15}]
    state = started(proximity(), protected=[{"id": "p", "devices": devices}])
    made = decided(state, still(HIS, 0, 60, 20_000), still("watch", 1, 60), still(HERS, 2, 4))
    hers = [d for d in about(made, "silence") if d.basis["device"] == HERS]
    assert [d.priority for d in hers] == [3]
