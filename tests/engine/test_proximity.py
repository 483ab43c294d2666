"""The moving ring: the unsafe behaviours of the reference (prox-*), and ours in their place."""

from __future__ import annotations

import itertools

import pytest

from aralyk.engine import Approached, Kind, Phase
from tests.engine.builders import (
    HERS,
    HIS,
    about,
    alerted,
    at,
    decided,
    heard,
    line,
    opened,
    order,
    proximity,
    seen,
    started,
    still,
    walk,
)

RING = (Kind.PROXIMITY, Kind.WARNING_RING)
NEAR = (Kind.APPROACH, *RING)


def test_one_incident_when_she_walks_into_the_ring_of_him_standing() -> None:
    """prox-01: whoever moves, one event at the moment the pair is inside."""
    state = started(proximity(distance_m=500))
    hers = walk(HERS, 0, [*line((1000, 0), (400, 0), 21), *[(400.0, 0.0)] * 4])
    made = decided(state, still(HIS, 0, 25), hers)
    (first,) = opened(made, *RING)
    crossed_s = 15 * 20 * (1000 - 500) / 600
    assert first.decided_at_us == pytest.approx(at(crossed_s), abs=20_000_000)
    assert first.who_approached is Approached.PROTECTED
    assert any(d.priority == 1 for d in about(made, *RING))


def test_her_own_approach_never_names_the_respondent_as_the_one_who_came() -> None:
    state = started(proximity(distance_m=500))
    made = decided(state, still(HIS, 0, 40), walk(HERS, 0, line((1500, 0), (100, 0), 40)))
    said = {d.who_approached for d in about(made, *RING) if d.phase is not Phase.CLOSE}
    assert said <= {Approached.PROTECTED, Approached.UNKNOWN}


def test_his_approach_is_told_as_his() -> None:
    state = started(proximity(distance_m=500))
    made = decided(state, still(HERS, 0, 40), walk(HIS, 0, line((1500, 0), (100, 0), 40)))
    assert about(made, *RING)[0].who_approached is Approached.RESPONDENT
    assert {d.who_approached for d in about(made, Kind.APPROACH)} <= {Approached.RESPONDENT, Approached.UNKNOWN}


def test_a_pair_that_closes_in_makes_one_incident_not_two() -> None:
    """prox-02"""
    state = started(proximity())
    made = decided(state, walk(HIS, 0, line((900, 0), (50, 0), 30)), walk(HERS, 3, line((-900, 0), (-50, 0), 30)))
    assert len(opened(made, *NEAR)) == 1
    assert len({d.incident for d in about(made, *NEAR)}) == 1


def test_no_nearness_is_claimed_from_a_place_three_days_old() -> None:
    """prox-03: the partner's place is stale: that is told, priority 2, and no proximity."""
    state = started(proximity())
    made = decided(state, [seen(HERS, 0)], [seen(HIS, 3 * 86_400, 400)])
    assert about(made, *RING) == []
    (stale,) = [d for d in about(made, "silence") if d.reason == "partner_position_stale"]
    assert (stale.priority, stale.party) == (2, "p")
    assert stale.distance_m == pytest.approx(400, abs=1)


def test_a_partner_never_placed_is_a_loss_of_coverage_not_a_quiet_screen() -> None:
    """prox-04"""
    state = started(proximity())
    made = decided(state, still(HIS, 0, 10, 400))
    unknown = [d for d in about(made, "silence") if d.party == "p" and d.priority == 2]
    assert [d.reason for d in unknown] == ["position_unknown"]
    assert alerted(made, "silence")


def test_the_first_ever_fix_inside_the_ring_opens() -> None:
    """prox-05: state, not crossing."""
    state = started(proximity())
    made = decided(state, [seen(HERS, 0)], [seen(HIS, 2, 10)])
    (first,) = opened(made, "proximity")
    assert first.priority == 1
    assert first.probability is not None
    assert first.probability > 0.95


def test_a_fix_that_the_device_calls_invalid_is_no_place_but_a_sign_of_life() -> None:
    """prox-06"""
    state = started(proximity())
    made = decided(state, still(HERS, 0, 5), [seen(HIS, 20, 300, accuracy_m=5000.0, valid=False)])
    assert about(made, *RING) == []
    assert [d for d in about(made, "silence") if d.party == "respondent"] == []


def test_a_place_at_null_island_is_never_used() -> None:
    state = started(proximity())
    made = decided(state, [seen(HERS, 0)], [seen(HIS, 1, lat=0.0, lon=0.0), seen(HIS, 16, lat=0.0, lon=0.0)])
    assert about(made, *RING) == []


def test_a_coarse_fix_alone_opens_priority_2_and_asks_for_a_better_one() -> None:
    state = started(proximity(distance_m=1000))
    made = decided(state, [seen(HERS, 0)], [seen(HIS, 2, 50, accuracy_m=300.0, source="network")])
    (first,) = opened(made, "proximity")
    assert (first.priority, first.reason) == (2, "coarse_fix_request_better_fix")


def test_a_good_fix_raises_what_a_coarse_one_opened() -> None:
    state = started(proximity(distance_m=1000))
    his = [seen(HIS, 2, 50, accuracy_m=300.0, source="network"), seen(HIS, 17, 60)]
    made = about(decided(state, [seen(HERS, 0)], his), "proximity")
    assert [(d.phase, d.priority) for d in made] == [(Phase.OPEN, 2), (Phase.UPDATE, 1)]


def test_a_lone_outlier_does_not_end_an_incident() -> None:
    state = started(proximity())
    his = walk(HIS, 2, [(100, 0)] * 5 + [(4000, 0)] + [(100, 0)] * 5)
    made = about(decided(state, still(HERS, 0, 11), his), *RING)
    assert [d.phase for d in made if d.phase is not Phase.UPDATE] == [Phase.OPEN]


JUMP = [(9000.0, 0.0)] * 5 + [(100.0, 0.0)] + [(9000.0, 0.0)] * 14


def test_a_lone_jump_into_the_ring_opens_nothing_and_asks_for_a_better_fix() -> None:
    state = started(proximity())
    made = decided(state, still(HERS, 0, 20), walk(HIS, 2, JUMP))
    assert about(made, *NEAR) == []
    asked = about(made, Kind.BETTER_FIX)
    assert [(d.phase, d.priority, d.reason) for d in asked] == [
        (Phase.OPEN, 4, "requested"),
        (Phase.CLOSE, 4, "request_met"),
    ]
    assert asked[0].decided_at_us == at(2 + 5 * 15 + 1)
    assert asked[0].basis["device"] == HIS


def test_at_high_threat_a_lone_jump_into_the_ring_opens_priority_2() -> None:
    state = started(proximity(), threat_level="high")
    made = about(decided(state, still(HERS, 0, 20), walk(HIS, 2, JUMP)), *NEAR)
    assert (made[0].phase, made[0].priority, made[0].reason) == (Phase.OPEN, 2, "suspect_jump_request_better_fix")
    assert all(d.priority == 2 for d in made)
    assert made[-1].phase is Phase.CLOSE


def test_a_jump_that_the_next_fix_confirms_is_a_breach() -> None:
    state = started(proximity())
    made = about(decided(state, still(HERS, 0, 10), walk(HIS, 2, JUMP[:5] + [(100.0, 0.0)] * 4)), *NEAR)
    assert (made[0].kind, made[0].priority) == (Kind.PROXIMITY, 1)
    assert made[0].decided_at_us == at(2 + 6 * 15 + 1)


def test_leaving_ends_the_incident_and_coming_back_later_opens_another() -> None:
    state = started(proximity())
    way = line((1500, 0), (100, 0), 20) + line((100, 0), (2500, 0), 30) + [(2500.0, 0.0)] * 40
    way += line((2500, 0), (100, 0), 30)
    made = about(decided(state, still(HERS, 0, 120), walk(HIS, 2, way)), *NEAR)
    incidents = [d.incident for d in made if d.phase is Phase.OPEN]
    assert len(set(incidents)) == 2
    assert [d.incident for d in made if d.phase is Phase.CLOSE] == incidents[:1]


def test_the_warning_ring_becomes_the_same_incident_of_higher_priority() -> None:
    state = started(proximity(distance_m=500, warning_m=1000))
    hers = walk(HERS, 0, line((1500, 0), (100, 0), 40))  # she walks: his own coming would be an approach before
    made = about(decided(state, hers, still(HIS, 2, 40)), *NEAR)
    assert (made[0].kind, made[0].priority, made[0].phase) == (Kind.WARNING_RING, 2, Phase.OPEN)
    first = next(d for d in made if d.priority == 1)
    assert (first.kind, first.phase, first.incident) == (Kind.PROXIMITY, Phase.UPDATE, made[0].incident)
    assert made[0].time_to_contact_s is not None
    assert 5 < made[0].time_to_contact_s < 600


def test_falling_back_into_the_warning_ring_and_coming_again_alerts_again() -> None:
    state = started(proximity(distance_m=500, warning_m=1500))
    way = line((1200, 0), (100, 0), 15) + line((100, 0), (1000, 0), 15) + line((1000, 0), (100, 0), 15)
    made = about(decided(state, still(HERS, 0, 45), walk(HIS, 2, way)), *RING)
    raised = [a.priority > b.priority for a, b in itertools.pairwise(made)]
    assert sum(raised) >= 2
    assert len({d.incident for d in made}) == 1


def test_a_meeting_between_two_fixes_is_found() -> None:
    state = started(proximity(distance_m=200))
    his = [seen(HIS, 0, -1200, 20), seen(HIS, 60, 1200, 20)]
    made = decided(state, walk(HERS, 0, [(0, 0)] * 5), his)
    assert alerted(made, "proximity")
    assert opened(made, "proximity")[0].reason in ("crossed_between_fixes", "possible_inside_request_better_fix")
    assert at(20) < opened(made, "proximity")[0].occurred_at_us < at(40)


def test_a_standing_pair_does_not_flood_the_queue() -> None:
    state = started(proximity())
    made = about(decided(state, still(HERS, 0, 240), still(HIS, 2, 240, 100)), *RING)
    assert len(made) <= 2


def test_with_several_devices_the_nearest_decides() -> None:
    kinds = {HIS: "bracelet", "his-phone": "phone"}
    devices = [{"id": name, "kind": kind, "interval_s": 15} for name, kind in kinds.items()]
    state = started(proximity(), respondent={"devices": devices})
    left_at_home = still("his-phone", 4, 20, 5000)
    made = decided(state, still(HERS, 0, 20), still(HIS, 2, 20, 100), left_at_home)
    assert [d.phase for d in about(made, *RING)] == [Phase.OPEN]


def test_each_protected_person_has_her_own_ring() -> None:
    people = [{"id": n, "devices": [{"id": f"phone-{n}", "kind": "phone", "interval_s": 15}]} for n in ("p", "child")]
    second = proximity() | {"id": "child-ring", "protected": "child"}
    state = started(proximity(), second, protected=people)
    made = decided(state, still("phone-p", 0, 9), still("phone-child", 1, 9, 8000), still(HIS, 2, 9, 7900))
    assert {d.condition for d in about(made, *RING)} == {"child-ring"}


def test_a_protected_person_without_a_device_is_legal_and_makes_no_silence() -> None:
    state = started(proximity(), protected=[{"id": "p", "devices": []}])
    made = decided(state, still(HIS, 0, 20), until_s=320)
    assert [d for d in made if d.priority <= 2] == []


def test_a_device_in_two_orders_feeds_both() -> None:
    from aralyk.engine import compile_order

    state = started(proximity())
    other = order(proximity(), order_id="order-2", protected=[
        {"id": "p", "devices": [{"id": "other-phone", "kind": "phone", "interval_s": 15}]}
    ])  # fmt: skip
    state.set_order(compile_order(other), at(0))
    made = decided(state, [seen(HERS, 0, 100)], [seen("other-phone", 1, -100)], [seen(HIS, 2)])
    assert {d.order_id for d in opened(made, "proximity")} == {"order-1", "order-2"}


def test_the_decision_holds_what_a_court_needs() -> None:
    state = started(proximity())
    made = decided(state, [seen(HERS, 0)], [seen(HIS, 2, 300)])
    said = opened(made, "proximity")[0].as_dict()
    assert said["decided_at"] == "2026-11-21T04:00:03.000000Z"
    assert said["basis"]["protected"]["age_s"] == 3.0
    assert said["basis"]["respondent"]["accuracy_m"] == 10.0
    low, high = said["distance_m_95"]
    assert low < 300 < high
    assert 30 < high - low < 200
    assert said["engine"]
    assert set(said) == {
        "decided_at", "occurred_at", "order_id", "incident", "phase", "priority", "kind", "condition", "party",
        "probability", "distance_m", "distance_m_95", "time_to_contact_s", "who_approached", "basis", "reason",
        "engine",
    }  # fmt: skip


def test_a_heartbeat_without_a_place_moves_nobody() -> None:
    state = started(proximity())
    made = decided(state, [seen(HERS, 0)], [seen(HIS, 2, 2000)], [heard(HIS, 20), heard(HERS, 21)])
    assert about(made, *RING) == []
