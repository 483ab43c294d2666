"""Whom an order is about: several persons and children, nobody's device, both ways."""

from __future__ import annotations

from aralyk.engine import Kind, State, compile_order
from tests.engine.builders import (
    HERS,
    HIS,
    START_US,
    about,
    alerted,
    circle,
    decided,
    line,
    opened,
    order,
    proximity,
    seen,
    started,
    still,
    walk,
)

CHILDREN = [
    {"id": name, "devices": [{"id": f"{name}s", "kind": "phone", "interval_s": 15}]} for name in ("anna", "bek")
]
HER = {"id": "p", "devices": [{"id": HERS, "kind": "phone", "interval_s": 15}]}


def test_each_person_has_a_ring_and_a_distance_of_its_own() -> None:
    rings = [
        proximity(distance_m=800) | {"id": "ring-p"},
        proximity(distance_m=300) | {"id": "ring-anna", "protected": "anna"},
        proximity(distance_m=300) | {"id": "ring-bek", "protected": "bek"},
    ]
    state = started(*rings, protected=[HER, *CHILDREN])
    made = decided(
        state, still(HERS, 0, 8, 2000), still("annas", 0, 8), still("beks", 0, 8, 500), still(HIS, 2, 8, 600)
    )
    assert {d.condition for d in opened(made, "proximity")} == {"ring-bek"}
    nearer = decided(state, walk(HIS, 130, line((600, 0), (1700, 0), 30)), still(HERS, 130, 30, 2000))
    assert "ring-p" in {d.condition for d in about(nearer, "proximity")}


def test_an_order_without_a_device_on_her_is_watched_by_his() -> None:
    """Her ring can't be measured, and the plan says so; areas, hours, tamper and silence speak as ever."""
    nobody = [{"id": "p", "devices": []}]
    zone = circle(radius_m=500)
    home = circle("curfew", radius_m=200, east_m=3000) | {"id": "home"}
    plan = compile_order(order(proximity(), zone, home, protected=nobody))
    assert plan.unmeasured == ("ring",)
    state = started(proximity(), zone, home, protected=nobody)
    made = decided(state, walk(HIS, 0, line((3000, 0), (100, 0), 40)), [seen(HIS, 610, 100, strap="open")])
    assert {d.kind for d in made if d.priority <= 2} >= {Kind.EXCLUSION_ZONE, Kind.CURFEW, Kind.TAMPER}
    assert about(made, "proximity", "warning_ring") == []


def test_silence_of_his_device_near_a_closed_area_is_serious_without_a_device_on_her() -> None:
    state = started(circle(radius_m=500), protected=[{"id": "p", "devices": []}])
    made = decided(state, still(HIS, 0, 4, 3000), until_s=1200)
    assert [(d.priority, d.reason) for d in about(made, "silence")] == [(3, "no_contact"), (2, "possible_since")]


def test_an_order_without_any_device_of_his_measures_nothing_and_says_so() -> None:
    plan = compile_order(order(proximity(), circle(), respondent={"devices": []}))
    assert plan.unmeasured == ("ring", "area")


def both_ways() -> State:
    """He may not come near her, and by another order she may not come near him, nor to his home."""
    hers = {"devices": [{"id": HERS, "kind": "phone", "interval_s": 15}]}
    him = [{"id": "he", "devices": [{"id": HIS, "kind": "bracelet", "interval_s": 15}]}]
    state = State.empty()
    state.set_order(compile_order(order(proximity(distance_m=500), order_id="against-him")), START_US)
    state.set_order(
        compile_order(
            order(
                proximity(distance_m=200) | {"protected": "he"}, circle(radius_m=500, east_m=4000),
                order_id="against-her", respondent=hers, protected=him,
            )
        ),
        START_US,
    )  # fmt: skip
    return state


def test_of_orders_both_ways_each_decides_its_own_direction() -> None:
    """She walks into the area that is closed to her: his order says nothing of it."""
    state = both_ways()
    made = decided(state, walk(HERS, 0, line((0, 0), (4000, 0), 60)), still(HIS, 0, 60, -3000))
    assert {d.order_id for d in opened(made, "exclusion_zone")} == {"against-her"}
    assert [d for d in made if d.order_id == "against-him" and d.priority <= 2] == []


def test_of_orders_both_ways_each_has_its_own_distance_and_names_its_own_respondent() -> None:
    state = both_ways()
    made = decided(state, still(HERS, 0, 40), walk(HIS, 2, line((2000, 0), (320, 0), 40)))
    assert {d.order_id for d in about(made, "proximity")} == {"against-him"}
    said = about(made, "proximity")[0]
    assert said.who_approached in ("respondent", "unknown")
    assert said.basis["respondent"]["device"] == HIS
    nearer = decided(state, still(HERS, 605, 6), still(HIS, 607, 6, 100))
    other = next(d for d in about(nearer, "proximity") if d.order_id == "against-her")
    assert other.basis["respondent"]["device"] == HERS


def test_her_own_way_to_him_is_told_as_hers() -> None:
    """The distance is a fact under his order; whose movement closed it stands beside it; no area is judged by hers."""
    state = started(proximity(distance_m=500), circle(radius_m=100, east_m=1500))
    made = decided(state, walk(HERS, 0, line((0, 0), (1600, 0), 40)), still(HIS, 2, 40, 2000))
    assert alerted(made, "proximity")
    assert opened(made, "proximity")[0].who_approached == "protected"
    assert about(made, "exclusion_zone", "inclusion_zone", "curfew") == []
