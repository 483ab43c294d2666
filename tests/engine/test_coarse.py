"""Coarse places: too vague to prove, too near to wait; and places that contradict where he can be are no places."""

from __future__ import annotations

from typing import Any, Final

from aralyk.engine import Kind, Phase
from tests.engine.builders import HERS, HIS, about, alerted, at, decided, proximity, seen, started, still

NEAR = (Kind.APPROACH, Kind.WARNING_RING, Kind.PROXIMITY)
CELL: Final[dict[str, Any]] = {"accuracy_m": 800.0, "source": "network"}


def test_a_coarse_place_whose_circle_touches_the_ring_is_priority_2_and_asks_for_a_better_fix() -> None:
    """1,250 m away, ring 500 m, radius 800 m: most probably outside, possibly at her door."""
    made = decided(started(proximity()), [seen(HERS, 0)], [seen(HIS, 2, 1250, **CELL)])
    (first,) = about(made, *NEAR)
    assert (first.kind, first.phase, first.priority) == (Kind.PROXIMITY, Phase.OPEN, 2)
    assert first.reason.endswith("request_better_fix")
    (asked,) = about(made, Kind.BETTER_FIX)
    assert (asked.phase, asked.priority, asked.reason) == (Phase.OPEN, 4, "requested")
    assert asked.basis["device"] == HIS


def test_a_coarse_place_far_from_the_ring_says_nothing() -> None:
    made = decided(started(proximity()), still(HERS, 0, 4), [seen(HIS, 2 + 15 * i, 4000, **CELL) for i in range(4)])
    assert about(made, *NEAR, Kind.BETTER_FIX) == []


def test_her_own_coarse_place_counts_alike() -> None:
    made = decided(started(proximity()), [seen(HERS, 0, 0, **CELL)], [seen(HIS, 2, 1250)])
    assert [(d.kind, d.priority) for d in about(made, *NEAR)] == [(Kind.PROXIMITY, 2)]
    assert [d.basis["device"] for d in about(made, Kind.BETTER_FIX)] == [HERS]


def test_coarse_places_alone_never_make_priority_1() -> None:
    made = decided(started(proximity()), still(HERS, 0, 40), [seen(HIS, 2 + 15 * i, 0, **CELL) for i in range(40)])
    assert {d.priority for d in about(made, *NEAR)} == {2}


def test_a_better_fix_ends_the_request_and_speaks_for_itself() -> None:
    his = [seen(HIS, 2, 1250, **CELL), seen(HIS, 17, 1250), *still(HIS, 32, 16, 1250)]
    made = decided(started(proximity()), still(HERS, 0, 19), his)
    assert [(d.phase, d.reason) for d in about(made, Kind.BETTER_FIX)] == [
        (Phase.OPEN, "requested"),
        (Phase.CLOSE, "request_met"),
    ]
    assert about(made, *NEAR)[-1].phase is Phase.CLOSE


def test_a_request_that_nothing_meets_expires_after_ten_minutes() -> None:
    made = decided(started(proximity()), [seen(HERS, 0)], [seen(HIS, 2, 1250, **CELL)], until_s=700)
    asked = [d for d in about(made, Kind.BETTER_FIX) if d.basis["device"] == HIS]
    assert asked[-1].phase is Phase.CLOSE
    assert asked[-1].reason == "request_expired"
    assert at(600) <= asked[-1].decided_at_us <= at(700)


def test_a_coarse_place_that_he_cannot_have_reached_is_no_place() -> None:
    """15 s after a good fix 9 km away a cell says he is at her door: a tower's error, not a journey."""
    his = [*still(HIS, 2, 5, 9000), seen(HIS, 77, 0, **CELL), *still(HIS, 92, 5, 9000)]
    made = decided(started(proximity()), still(HERS, 0, 12), his)
    assert about(made, *NEAR) == []


def test_a_coarse_place_that_he_can_have_reached_is_heard() -> None:
    """The same cell place seven minutes later: 9 km at city speed."""
    his = [*still(HIS, 2, 5, 9000), seen(HIS, 482, 0, **CELL)]
    made = decided(started(proximity()), still(HERS, 0, 34), his)
    assert alerted(made, Kind.PROXIMITY)


def test_contradicted_places_only_are_told_as_silence_after_two_minutes() -> None:
    """A device that sends only places that cannot be true is not placed at all."""
    lies = [seen(HIS, 77 + 15 * i, -60_000, **CELL) for i in range(12)]
    made = decided(started(proximity()), still(HIS, 2, 5, 9000), lies, still(HERS, 0, 20))
    first = next(d for d in about(made, Kind.SILENCE) if d.party == "respondent")
    assert first.reason == "position_vague_request_better_fix"
    assert first.decided_at_us == at(2 + 60 + 120)


def test_a_coarse_place_never_ends_what_good_ones_opened() -> None:
    his = [*still(HIS, 2, 4, 100), *[seen(HIS, 62 + 15 * i, 1250, **CELL) for i in range(30)]]
    made = about(decided(started(proximity()), still(HERS, 0, 34), his), *NEAR)
    assert Phase.CLOSE not in {d.phase for d in made}
