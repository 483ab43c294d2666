"""What is asked of devices: a report each 15 s while an incident speaks, of both parties, and no longer than needed."""

from __future__ import annotations

from typing import Any

from aralyk.engine import Decision, Kind, Phase, policy
from tests.engine.builders import HERS, HIS, about, at, circle, decided, proximity, started, walk

MINUTE: dict[str, Any] = {
    "respondent": {"devices": [{"id": HIS, "kind": "bracelet", "interval_s": 60}]},
    "protected": [{"id": "p", "devices": [{"id": HERS, "kind": "phone", "interval_s": 60}]}],
}


def asked(made: list[Decision]) -> list[tuple[str, Phase, str]]:
    """Which device was asked for a shorter interval, and how it ended."""
    return [(d.basis["device"], d.phase, d.reason) for d in about(made, Kind.PURSUIT_MODE)]


def test_an_incident_asks_both_parties_for_15_s() -> None:
    state = started(proximity(), **MINUTE)
    made = decided(state, walk(HERS, 0, [(0, 0)] * 3, step_s=60), walk(HIS, 2, [(100, 0)] * 3, step_s=60))
    assert sorted(asked(made)) == sorted([(HIS, Phase.OPEN, "requested"), (HERS, Phase.OPEN, "requested")])
    assert {d.priority for d in about(made, Kind.PURSUIT_MODE)} == {4}


def test_the_request_ends_ten_minutes_after_the_incident_s_last_word() -> None:
    state = started(proximity(), **MINUTE)
    his = walk(HIS, 2, [(100.0, 0.0)] * 3 + [(1500.0, 0.0)] * 20, step_s=60)
    made = decided(state, walk(HERS, 0, [(0, 0)] * 23, step_s=60), his)
    near = [d for d in about(made, Kind.PROXIMITY) if d.phase is not Phase.CLOSE]
    ended = [d for d in about(made, Kind.PURSUIT_MODE) if d.phase is Phase.CLOSE]
    assert {d.reason for d in ended} == {"request_expired"}
    assert {d.basis["device"] for d in ended} == {HIS, HERS}
    assert {d.decided_at_us - near[-1].decided_at_us for d in ended} == {policy.PURSUIT_US}


def test_a_device_that_reports_each_15_s_is_not_asked() -> None:
    state = started(proximity())
    made = decided(state, walk(HERS, 0, [(0, 0)] * 3), walk(HIS, 2, [(100, 0)] * 3))
    assert asked(made) == []


def test_a_closed_area_asks_the_respondent_only() -> None:
    state = started(circle(), **MINUTE)
    made = decided(state, walk(HERS, 0, [(9000, 0)] * 3, step_s=60), walk(HIS, 2, [(0, 0)] * 3, step_s=60))
    assert asked(made) == [(HIS, Phase.OPEN, "requested")]


def test_nobody_far_away_is_asked_for_more() -> None:
    state = started(proximity(), **MINUTE)
    made = decided(state, walk(HERS, 0, [(0, 0)] * 9, step_s=60), walk(HIS, 2, [(9000, 0)] * 9, step_s=60))
    assert asked(made) == []
    assert about(state.tick(at(540)), Kind.BETTER_FIX) == []
