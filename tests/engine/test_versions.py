"""Versions of an order: an equal one changes nothing, memory follows the orders, any snapshot goes on."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aralyk.engine import Decision, Phase, State, compile_order
from tests.engine.builders import (
    HERS,
    HIS,
    START_US,
    about,
    at,
    circle,
    decided,
    opened,
    order,
    polygon,
    proximity,
    seen,
    started,
    still,
)
from tests.engine.test_determinism import story, world

SQUARE = [(-900.0, -300.0), (700.0, -300.0), (700.0, 500.0), (-900.0, 500.0)]


def version(number: int, *, wide: bool = False) -> dict[str, Any]:
    """The first order of the world, or one with another ring, area and hours."""
    hours = [{"days": ["sat"], "from": "10:10", "to": "10:40"}]
    if wide:
        return order(proximity(distance_m=800), polygon([SQUARE]) | {"id": "other"}, version=number)
    return order(proximity(warning_m=1200), circle(radius_m=400, schedule=hours), version=number)


def told(made: list[Decision]) -> list[dict[str, Any]]:
    """Decisions as published, by order: cases of one shard have no order among themselves."""
    return sorted((d.as_dict() for d in made), key=lambda d: (d["order_id"], d["decided_at"]))


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 250), min_size=1, max_size=5, unique=True))
def test_a_version_that_says_the_same_changes_nothing(seed: int, cuts: list[int]) -> None:
    observations = story(seed, 250)
    plain, renewed = State.empty(), State.empty()
    for state in (plain, renewed):
        for given_order in world():
            state.set_order(compile_order(given_order), START_US)
    expected = [d for one in observations for d in plain.step([one], one.received_at_us)]
    made: list[Decision] = []
    for number, one in enumerate(observations):
        made += renewed.step([one], one.received_at_us)
        if number in cuts:
            assert renewed.set_order(compile_order(version(number + 2)), renewed.now_us) == []
    end = observations[-1].received_at_us + 3_600_000_000
    assert told(made + renewed.tick(end)) == told(expected + plain.tick(end))


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 250), min_size=1, max_size=4, unique=True))
def test_a_snapshot_at_any_point_between_versions_is_going_on(seed: int, cuts: list[int]) -> None:
    observations = story(seed, 250)
    going, restored = State.empty(), State.empty()
    for state in (going, restored):
        for given_order in world():
            state.set_order(compile_order(given_order), START_US)
    for number, one in enumerate(observations):
        if number in cuts:
            plan = compile_order(version(number + 2, wide=number % 2 == 0))
            assert restored.set_order(plan, one.received_at_us) == going.set_order(plan, one.received_at_us)
            restored = State.restore(restored.snapshot())
        assert restored.step([one], one.received_at_us) == going.step([one], one.received_at_us)
    assert restored.digest() == going.digest()


def test_ten_thousand_versions_take_the_room_of_a_few() -> None:
    state = started(proximity())
    state.set_order(compile_order(order(proximity(), order_id="bystander")), START_US)
    first = state.nbytes
    plans = [compile_order(version(2, wide=wide)) for wide in (True, False)]
    decided(state, [seen(HIS, 0, strap="open")], still(HIS, 1, 20, 3000), still(HERS, 1, 20))
    for number in range(10_000):
        state.set_order(plans[number % 2], at(400 + number * 0.001))
    assert state.nbytes < first + 4096 * 2000
    after = decided(state, still(HIS, 420, 8, 300), still(HERS, 421, 8))
    assert {d.order_id for d in opened(after, "proximity")} == {"order-1", "bystander"}
    restored = State.restore(state.snapshot())
    assert restored.digest() == state.digest()
    assert "tamper" in {d.kind for d in restored.clear_tamper(HIS, at(600))}


def test_rows_taken_away_lose_nothing_that_is_known() -> None:
    """Many versions of one order move the rows of all; incidents, silence and a removed device's tamper go on."""
    other = {"devices": [{"id": "his-2", "kind": "bracelet", "interval_s": 15}]}
    moved, rested = State.empty(), State.empty()
    for state in (moved, rested):
        state.set_order(compile_order(order(polygon([SQUARE]), order_id="quiet")), START_US)
        state.set_order(compile_order(order(proximity(), order_id="changed")), START_US)
        decided(state, still(HIS, 0, 4, 100), still(HERS, 0, 4), [seen(HIS, 60, 100, strap="open")])
        state.set_order(compile_order(order(proximity(), order_id="changed", respondent=other, version=2)), at(61))
    for number in range(3000):
        wide = proximity(distance_m=500 + number % 2)
        moved.set_order(compile_order(order(wide, order_id="changed", respondent=other, version=3 + number)), at(62))
    assert moved.nbytes < 3 * 1024 * 9000
    for state in (moved, rested):
        state.set_order(compile_order(order(proximity(), order_id="changed", respondent=other, version=9999)), at(63))
    later = [*still(HIS, 70, 3, 100), *still(HIS, 130, 6, 4000)]
    quiet = [[d for d in told(decided(s, later, until_s=900)) if d["order_id"] == "quiet"] for s in (moved, rested)]
    assert quiet[0] == quiet[1]
    assert {d["kind"] for d in quiet[0]} >= {"exclusion_zone", "silence"}
    cleared = [told(s.clear_tamper(HIS, at(1000))) for s in (moved, rested)]
    assert cleared[0] == cleared[1]
    assert {d["order_id"] for d in cleared[0]} == {"quiet", "changed"}


def test_a_close_by_time_shows_no_place_of_another_order() -> None:
    """An area's hours end in one order at the moment at which another order's respondent is judged."""
    hours = [{"days": ["sat"], "from": "10:00", "to": "10:05"}]
    later = [{"days": ["sat"], "from": "10:05", "to": "10:10"}]
    state = State.empty()
    state.set_order(compile_order(order(circle(schedule=later), order_id="a")), START_US)
    theirs = {"devices": [{"id": "x", "kind": "bracelet", "interval_s": 15}]}
    state.set_order(
        compile_order(order(circle(schedule=hours), order_id="b", respondent=theirs, protected=[])), START_US
    )
    decided(state, still(HIS, 0, 19), still("x", 0, 19))
    made = about(state.tick(at(300)), "exclusion_zone")
    assert [(d.order_id, d.phase) for d in made] == [("a", Phase.OPEN), ("b", Phase.CLOSE)]
    assert made[1].basis["respondent"] is None
    assert made[1].probability is None
