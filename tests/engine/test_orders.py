"""Orders: read strictly, begun and ended in time, changed without forgetting."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.engine import OrderInvalid, Phase, State, compile_order
from aralyk.engine.times import iso
from tests.engine.builders import (
    HERS,
    HIS,
    LON,
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

CHECK_IN = {"id": "call", "kind": "check_in", "per_day": 2, "grace_s": 900}


def test_every_condition_of_the_published_form_is_taken() -> None:
    hours = [{"days": ["mon", "sun"], "from": "20:00", "to": "07:00"}]
    areas = [circle(kind, schedule=hours) | {"id": kind} for kind in ("exclusion_zone", "inclusion_zone", "curfew")]
    plan = compile_order(order(proximity(warning_m=1000), *areas, CHECK_IN, threat_level="high", version=3))
    assert len(plan.conditions) == 5
    assert (plan.version, plan.threat) == (3, 2)
    assert plan.conditions[1].intervals_us


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"starts_at": "2026-11-21 04:00"}, "starts_at"),
        ({"expires_at": "2026-11-20T04:00:00Z"}, "expires_at"),
        ({"timezone": "Asia/Nowhere"}, "timezone"),
        ({"respondent": {"devices": [{"id": "x", "kind": "watch", "interval_s": 15}]}}, "respondent.devices[0].kind"),
        ({"respondent": {"devices": [{"id": "x", "kind": "phone"}]}}, "respondent.devices[0].interval_s"),
        ({"respondent": {"devices": [{"id": HERS, "kind": "phone", "interval_s": 15}]}}, "devices"),
        ({"conditions": [proximity() | {"distance_m": "500"}]}, "conditions[0].distance_m"),
        ({"conditions": [proximity() | {"distance_m": float("nan")}]}, "conditions[0].distance_m"),
        ({"conditions": [proximity(distance_m=500, warning_m=400)]}, "conditions[0].warning_m"),
        ({"conditions": [proximity() | {"warnign_m": 900}]}, "conditions[0].warnign_m"),
        ({"conditions": [proximity() | {"protected": "somebody"}]}, "conditions[0].protected"),
        ({"conditions": [proximity(), proximity()]}, "conditions"),
        ({"conditions": [circle() | {"shape": {"circle": {"lat": 91, "lon": 0, "radius_m": 5}}}]},
         "conditions[0].shape.circle.lat"),
        ({"conditions": [circle() | {"shape": {"type": "Point"}}]}, "conditions[0].shape"),
        ({"conditions": [circle(schedule=[{"days": ["mo"], "from": "20:00", "to": "07:00"}])]},
         "conditions[0].schedule[0].days"),
        ({"conditions": [circle(schedule=[{"days": ["mon"], "from": "8pm", "to": "07:00"}])]},
         "conditions[0].schedule[0].from"),
        ({"nonsense": 1}, "nonsense"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_the_path_of_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(OrderInvalid) as refused:
        compile_order(order(**change) if change else order())
    assert refused.value.field == field
    assert refused.value.expected


def test_an_error_about_an_area_never_quotes_a_place() -> None:
    area = polygon([[(0.0, 0.0), (500.0, 0.0), (500.0, 500.0)]])
    area["shape"]["coordinates"][0][1] = [LON, 95.4321]
    with pytest.raises(OrderInvalid) as refused:
        compile_order(order(area))
    assert "95.4" not in str(refused.value)
    assert str(LON)[:5] not in str(refused.value)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
                    max_leaves=5),
       st.sampled_from(["starts_at", "expires_at", "timezone", "respondent", "protected", "conditions", "order_id",
                        "version", "threat_level"]))  # fmt: skip
def test_any_value_in_any_field_is_taken_or_refused_never_a_crash(value: object, field: str) -> None:
    with contextlib.suppress(OrderInvalid):
        compile_order(order(proximity(), **{field: value}))


def test_rules_live_from_the_order_s_start() -> None:
    state = State.empty()
    state.set_order(compile_order(order(proximity())), START_US - 600_000_000)
    before = decided(state, still(HERS, -300, 20), still(HIS, -298, 20, 100))
    assert before == []
    (first,) = opened(state.tick(at(1)), "proximity")
    assert (first.decided_at_us, first.reason, first.priority) == (START_US, "became_active", 1)


def test_the_order_s_end_closes_what_is_open() -> None:
    state = started(proximity(), circle())
    decided(state, still(HERS, 0, 4), still(HIS, 2, 4, 100))
    made = state.end_order("order-1", at(70))
    assert {d.reason for d in made if d.phase is Phase.CLOSE} == {"order_ended"}
    assert {d.kind for d in made} >= {"proximity", "exclusion_zone"}
    assert state.tick(at(86_400)) == []


def test_the_end_of_an_order_never_shows_a_place_of_another_order() -> None:
    state = started(proximity())
    others = {
        "respondent": {"devices": [{"id": "x", "kind": "bracelet", "interval_s": 15}]},
        "protected": [{"id": "p", "devices": [{"id": "y", "kind": "phone", "interval_s": 15}]}],
    }
    state.set_order(compile_order(order(proximity(), order_id="order-2", **others)), START_US)
    decided(state, still(HERS, 0, 4), still(HIS, 2, 4, 100))
    decided(state, still("x", 60, 1, 50_000), still("y", 61, 1, 47_000))
    (close,) = about(state.end_order("order-1", at(70)), "proximity")
    assert (close.basis["respondent"], close.basis["protected"], close.probability) == (None, None, None)


def test_a_changed_ring_is_judged_at_once_with_what_is_known() -> None:
    state = started(proximity(distance_m=300))
    assert about(decided(state, still(HERS, 0, 4), still(HIS, 2, 4, 600)), "proximity") == []
    made = state.set_order(compile_order(order(proximity(distance_m=1000), version=2)), at(60))
    (first,) = opened(made, "proximity")
    assert (first.reason, first.decided_at_us) == ("order_changed", at(60))


def test_a_change_keeps_open_incidents_and_their_names() -> None:
    state = started(proximity())
    before = decided(state, still(HERS, 0, 4), still(HIS, 2, 4, 100))
    assert state.set_order(compile_order(order(proximity(), circle(east_m=9000), version=2)), at(60)) == []
    after = about(decided(state, still(HIS, 62, 16, 3000), still(HERS, 62, 16)), "proximity")
    assert after[-1].phase is Phase.CLOSE
    assert after[-1].incident == opened(before, "proximity")[0].incident


def test_a_removed_condition_closes_its_incident() -> None:
    state = started(proximity(), circle())
    decided(state, still(HERS, 0, 4), still(HIS, 2, 4, 100))
    made = state.set_order(compile_order(order(proximity(), version=2)), at(60))
    assert [(d.kind, d.phase, d.reason) for d in made] == [("exclusion_zone", Phase.CLOSE, "order_changed")]


def test_the_tamper_of_a_removed_device_waits_for_staff() -> None:
    state = started(proximity())
    decided(state, [seen(HIS, 0, strap="open")])
    new = {"devices": [{"id": "new-bracelet", "kind": "bracelet", "interval_s": 15}]}
    made = state.set_order(compile_order(order(proximity(), respondent=new, version=2)), at(20))
    assert about(made, "tamper") == []
    assert decided(state, [seen(HIS, 30, strap="open")], until_s=31) == []
    assert state.ignored == 1
    assert [d.phase for d in about(state.clear_tamper(HIS, at(40)), "tamper")] == [Phase.CLOSE]


def test_silence_timers_survive_a_change() -> None:
    state = started(proximity())
    decided(state, still(HIS, 0, 1), still(HERS, 0, 1, 90_000))
    state.set_order(compile_order(order(proximity(distance_m=400), version=2)), at(30))
    assert {d.decided_at_us for d in opened(state.tick(at(100)), "silence")} == {at(46)}


def test_an_extended_order_goes_on() -> None:
    state = started(proximity(), expires_at=iso(at(100)))
    decided(state, still(HERS, 0, 4), still(HIS, 2, 4, 100))
    state.set_order(compile_order(order(proximity(), version=2)), at(70))
    assert about(decided(state, still(HIS, 75, 10, 100), still(HERS, 75, 10)), "proximity") == []


def test_many_orders_at_once_are_the_same_as_one_by_one() -> None:
    plans = [compile_order(order(proximity(), order_id=f"o{i}")) for i in range(3)]
    together, one_by_one = State.empty(), State.empty()
    together.set_orders(plans, START_US)
    for plan in plans:
        one_by_one.set_order(plan, START_US)
    assert together.digest() == one_by_one.digest()
    with pytest.raises(ValueError, match="known already"):
        together.set_orders(plans[:1], START_US)


def test_hours_follow_the_order_s_clock_through_a_clock_change() -> None:
    """Berlin, 25 October 2026: the hour from 02:00 to 03:00 comes twice; curfew from 01:30 to 02:30 holds 2 h."""
    hours = [{"days": ["sun"], "from": "01:30", "to": "02:30"}]
    given_order = order(
        circle("curfew", schedule=hours), timezone="Europe/Berlin",
        starts_at="2026-10-20T00:00:00Z", expires_at="2026-10-30T00:00:00Z",
    )  # fmt: skip
    (interval,) = compile_order(given_order).conditions[0].intervals_us or ()
    assert [iso(t) for t in interval] == ["2026-10-24T23:30:00.000000Z", "2026-10-25T01:30:00.000000Z"]


def test_a_plan_s_source_compiles_to_the_same_plan() -> None:
    plan = compile_order(order(proximity(), circle(), CHECK_IN))
    assert compile_order(json.loads(plan.source)) == plan


@given(
    st.sampled_from(["id", "kind", "protected", "distance_m", "warning_m", "shape", "schedule"]),
    st.none() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
    st.booleans(),
)  # fmt: skip
def test_any_value_in_a_condition_is_taken_or_refused_never_a_crash(field: str, value: object, area: bool) -> None:
    condition = (circle() if area else proximity()) | {field: value}
    with contextlib.suppress(OrderInvalid):
        compile_order(order(condition))
