"""Hand-over of a child: place, person and time stand in for the ring, and nothing is muted by it."""

from __future__ import annotations

from typing import Any, Final

import pytest

from aralyk.engine import Decision, Observation, OrderInvalid, Phase, State, compile_order
from aralyk.engine.times import iso
from tests.engine.builders import (
    EAST_M,
    HERS,
    HIS,
    LAT,
    LON,
    START_US,
    about,
    alerted,
    at,
    circle,
    decided,
    going,
    line,
    opened,
    order,
    proximity,
    seen,
    started,
    still,
    walk,
)

CHILDS: Final = "childs"
HOUR: Final = 3600
FROM, TO, BACK = 2 * HOUR, 2.5 * HOUR, 6 * HOUR
GRACE: Final = 900
FAR: Final = 5000.0
ARRIVAL: Final = line((1500, 0), (20, 0), 25)
CHILD: Final = {"id": "child", "devices": [{"id": CHILDS, "kind": "phone", "interval_s": 15}]}
HER: Final = {"id": "p", "devices": [{"id": HERS, "kind": "phone", "interval_s": 15}]}


def handover(*, back_s: float | None = None, child: str | None = None, **fields: Any) -> dict[str, Any]:
    """Two hours after the order's start, for half an hour, at a place of 50 m about the origin."""
    window = {"from": iso(at(FROM)), "to": iso(at(TO)), "return_at": None if back_s is None else iso(at(back_s))}
    shape = {"circle": {"lat": LAT, "lon": LON, "radius_m": 50}}
    base = {"id": "hand", "kind": "handover", "protected": "p", "child": child, "shape": shape, "windows": [window]}
    return base | fields


def ring_of(person: str) -> dict[str, Any]:
    """A ring of 500 m round one person."""
    return proximity() | {"id": f"ring-{person}", "protected": person}


def reporting(state: State, at_s: float, **east_m: float) -> None:
    """All devices report for the two minutes before a moment, at rest."""
    batches = [
        still(device, at_s - 120 + i, 8, east_m.get(device, 0.0)) for i, device in enumerate((HIS, HERS, CHILDS))
    ]
    decided(state, *batches)


def both(*extra: dict[str, Any], **fields: Any) -> State:
    """An order with her ring and the hand-over."""
    return started(ring_of("p"), handover(**fields), *extra)


def with_child(**fields: Any) -> State:
    """An order with her, the child, their rings, and the child with him until `BACK`."""
    return started(
        ring_of("p"), ring_of("child"), handover(child="child", back_s=BACK, **fields), protected=[HER, CHILD]
    )


def told(made: list[Decision], kind: str = "handover") -> list[tuple[Phase, int, str]]:
    """What was said about the hand-over."""
    return [(d.phase, d.priority, d.reason) for d in about(made, kind)]


def meets(begin_s: float, end_s: float) -> list[list[Observation]]:
    """He comes to her at the place, stays, and goes away again, all within a part of the window; she stays there."""
    count = int(end_s - begin_s) // 15
    way = [*line((1500, 0), (20, 0), 25), *[(20.0, 0.0)] * (count - 50), *line((20, 0), (1500, 0), 25)]
    return [still(HERS, begin_s, count), walk(HIS, begin_s + 3, way)]


def test_in_the_window_he_may_come_to_the_place_and_go_again() -> None:
    state = both()
    reporting(state, FROM, bracelet=1500)
    made = decided(state, *meets(FROM, TO))
    made += decided(state, still(HERS, TO, 90), still(HIS, TO + 3, 90, 3000))
    assert about(made, "proximity", "warning_ring", "handover") == []


def test_the_same_meeting_without_a_window_is_a_breach() -> None:
    assert alerted(decided(started(ring_of("p")), *meets(FROM, TO)), "proximity")


def test_before_the_window_her_ring_holds() -> None:
    made = decided(both(), *meets(FROM - 1800, FROM - 60))
    assert min(d.priority for d in about(made, "proximity")) == 1


def test_an_approach_to_the_place_before_the_window_does_not_become_an_incident_inside_it() -> None:
    """He drives to the place where she waits two minutes before the window: her ring says approach, and no more."""
    state = both()
    his = going(HIS, FROM - 240, (2600, 0), (-9.0, 0), 18) + still(HIS, FROM + 35, 40, 20)
    made = decided(state, still(HERS, FROM - 300, 40, -600), walk(HERS, FROM + 303, line((-600, 0), (0, 0), 30)), his)
    assert opened(made, "approach")
    assert min(d.priority for d in about(made, "approach", "warning_ring", "proximity")) == 2
    assert [d.reason for d in about(made, "approach") if d.phase is Phase.CLOSE] == ["handover_window"]


def test_the_hour_before_a_return_window_does_not_make_him_early_in_the_window_itself() -> None:
    windows = [
        {"from": iso(at(FROM)), "to": iso(at(TO)), "return_at": iso(at(TO + HOUR))},
        {"from": iso(at(TO + 0.5 * HOUR)), "to": iso(at(TO + HOUR))},
    ]
    state = started(handover(child="child", windows=windows), protected=[HER, CHILD])
    made = decided(state, still(HERS, FROM - 300, 60), still(CHILDS, FROM - 299, 60, 0), still(HIS, FROM - 298, 60, 20))
    assert about(made, "handover") == []


def test_a_place_that_arrives_half_a_minute_late_from_a_child_with_him_is_no_incident_of_its_ring() -> None:
    """In the window and while they part the child may be with him anywhere, by late places as by live ones."""
    state = with_child()
    decided(state, still(HERS, FROM, 60, FAR), still(CHILDS, FROM + 1, 60, -FAR), still(HIS, FROM + 2, 60, -FAR))
    overtaken = seen(CHILDS, FROM + 880, -FAR, delay_s=40)
    made = decided(state, still(CHILDS, FROM + 901, 2, -FAR), still(HIS, FROM + 902, 2, -FAR), [overtaken])
    assert about(made, "proximity") == []


def test_he_is_early_at_the_place_although_she_is_not_there() -> None:
    state = both()
    made = decided(state, still(HERS, FROM - 1800, 20, FAR), still(HIS, FROM - 1800, 20, 100))
    assert told(made) == [(Phase.OPEN, 2, "handover_early_at_place")]


def test_who_waits_there_when_the_watch_begins_is_told_without_a_fix() -> None:
    state = both()
    assert about(decided(state, still(HIS, FROM - HOUR - 300, 19)), "handover") == []
    (said,) = about(state.tick(at(FROM - HOUR)), "handover")
    assert (said.decided_at_us, said.reason) == (at(FROM - HOUR), "handover_early_at_place")


def test_a_quarter_of_an_hour_early_is_no_alarm() -> None:
    state = both()
    reporting(state, FROM - 880, phone=FAR)
    made = decided(state, still(HERS, FROM - 880, 50, FAR), still(HIS, FROM - 880, 50))
    assert about(made, "handover") == []


def test_near_her_away_from_the_place_is_an_alarm_in_the_window() -> None:
    state = both()
    reporting(state, FROM, bracelet=3200, phone=2000)
    made = decided(state, still(HERS, FROM, 12, 2000), walk(HIS, FROM + 2, line((3200, 0), (2200, 0), 12)))
    assert told(made)[0] == (Phase.OPEN, 1, "handover_towards_protected_person")
    assert about(made, "proximity") == []
    first = about(made, "handover")[0]
    assert first.basis["respondent"]["device"] == HIS
    assert first.basis["protected"]["device"] == HERS
    assert first.distance_m is not None


def test_who_has_left_and_comes_back_to_her_is_told() -> None:
    state = both()
    reporting(state, FROM, bracelet=1500, phone=-30)
    his = [*ARRIVAL, *[(20.0, 0.0)] * 10, *line((20, 0), (480, 0), 16), *line((480, 0), (230, 0), 10)]
    made = decided(state, still(HERS, FROM, 61, -30), walk(HIS, FROM + 3, his))
    assert told(made)[0] == (Phase.OPEN, 1, "handover_towards_protected_person")
    assert about(made, "handover")[0].decided_at_us > at(FROM + (25 + 26) * 15)


def test_who_follows_her_from_the_place_is_told_after_five_minutes() -> None:
    state = both()
    reporting(state, FROM, bracelet=1500)
    hers = [*[(0.0, 0.0)] * 35, *line((0, 0), (3000, 0), 80)]
    his = [*ARRIVAL, *[(20.0, 0.0)] * 12, *line((20, 0), (2800, 0), 78)]
    made = decided(state, walk(HERS, FROM, hers), walk(HIS, FROM + 3, his))
    assert about(made, "proximity") == []
    first = about(made, "handover")[0]
    assert (first.priority, first.reason) == (1, "handover_follows_afterwards")
    both_gone_s = FROM + 35 * 15 + 200 / (3000 / 79 / 15)
    assert at(both_gone_s + 240) < first.decided_at_us < at(both_gone_s + 420)


def test_still_near_her_when_the_parting_ends_is_following_and_needs_no_fix() -> None:
    state = both()
    reporting(state, FROM, bracelet=1500)
    count = int(TO - FROM + GRACE) // 15
    his = [*ARRIVAL, *[(20.0, 0.0)] * (count - 26)]
    before = decided(state, still(HERS, FROM, count), walk(HIS, FROM + 3, his))
    assert about(before, "proximity", "handover") == []
    made = state.tick(at(TO + GRACE))
    (said,) = about(made, "handover")
    assert (said.phase, said.priority, said.reason) == (Phase.OPEN, 1, "handover_follows_afterwards")
    assert said.decided_at_us == at(TO + GRACE)
    after = decided(state, still(HIS, TO + GRACE + 3, 4, 20), still(HERS, TO + GRACE, 4))
    assert {d.priority for d in opened(after, "proximity")} == {1}


def test_an_incident_that_was_open_before_the_window_is_not_ended_by_it() -> None:
    state = both()
    before = decided(state, still(HERS, FROM - 300, 18, 1000), still(HIS, FROM - 297, 18, 1100))
    during = decided(state, still(HERS, FROM, 18, 1000), still(HIS, FROM + 3, 18, 1100))
    during += decided(state, still(HERS, FROM + 300, 14, 1000), still(HIS, FROM + 303, 14, 4000))
    assert alerted(before, "proximity")
    (closed,) = [d for d in about(during, "proximity") if d.phase is Phase.CLOSE]
    assert closed.reason == "clear_evidence"


@pytest.mark.parametrize("device", [HIS, HERS])
def test_silence_in_the_window_is_serious_at_once(device: str) -> None:
    state = both()
    other = HERS if device == HIS else HIS
    reporting(state, FROM - 60, **{device: FAR, other: -FAR})
    made = decided(state, still(device, FROM - 60, 6, FAR), still(other, FROM - 60, 30, -FAR))
    silence = about(made, "silence")[0]
    (said,) = about(made, "handover")
    assert (said.priority, said.reason, said.phase) == (2, "handover_device_silent", Phase.OPEN)
    assert said.decided_at_us == silence.decided_at_us == at(FROM - 60 + 75 + 1 + 45)


def test_silence_that_began_before_is_serious_from_the_window_s_first_moment() -> None:
    state = both()
    decided(state, still(HIS, FROM - 300, 4, FAR), still(HERS, FROM - 300, 20, -FAR))
    made = decided(state, still(HERS, FROM, 4, -FAR))
    assert [(d.decided_at_us, d.reason) for d in about(made, "handover")] == [(at(FROM), "handover_device_silent")]


def test_devices_that_report_seldom_are_asked_for_15_seconds_from_a_quarter_of_an_hour_before() -> None:
    """Until the parting is over; and again round the child's return."""
    rare = {"devices": [{"id": HIS, "kind": "bracelet", "interval_s": 300}]}
    state = started(ring_of("p"), handover(), respondent=rare)
    decided(state, walk(HIS, FROM - 3600, [(FAR, 0.0)] * 8, step_s=300))
    asked = [d for d in about(state.tick(at(FROM)), "pursuit_mode") if d.basis["device"] == HIS]
    assert [(d.phase, d.decided_at_us) for d in asked] == [(Phase.OPEN, at(FROM - GRACE))]
    over = [d for d in about(state.tick(at(TO + GRACE)), "pursuit_mode") if d.basis["device"] == HIS]
    assert [(d.phase, d.decided_at_us) for d in over] == [(Phase.CLOSE, at(TO + GRACE))]


def test_panic_and_tamper_are_never_muted() -> None:
    state = both()
    reporting(state, FROM, bracelet=1500)
    decided(state, *meets(FROM, FROM + 900))
    made = decided(state, [seen(HERS, FROM + 905, alarms=("sos",)), seen(HIS, FROM + 906, 20, strap="open")])
    assert [(d.kind, d.priority) for d in made if d.phase is Phase.OPEN] == [("panic", 1), ("tamper", 1)]


def away_with_the_child(state: State, until_s: float) -> list[Decision]:
    """He takes the child from the place to 5 km away and keeps it there."""
    reporting(state, FROM, bracelet=1500)
    count = int(until_s - FROM) // 15
    away = [*[(20.0, 0.0)] * 8, *line((20, 0), (FAR, 0), 60), *[(FAR, 0.0)] * (count - 93)]
    return decided(
        state, still(HERS, FROM, count), walk(HIS, FROM + 3, [*ARRIVAL, *away]),
        walk(CHILDS, FROM + 6, [*[(0.0, 0.0)] * 25, *away]),
    )  # fmt: skip


def test_the_child_s_ring_alone_is_replaced_while_it_is_with_him() -> None:
    state = with_child()
    made = away_with_the_child(state, BACK - 60)
    assert about(made, "proximity", "warning_ring", "handover", "silence") == []
    near_her = decided(state, still(HERS, BACK - 60, 3), still(HIS, BACK - 57, 3, 100))
    assert {d.condition for d in opened(near_her, "proximity")} == {"ring-p"}


def test_a_child_that_is_not_back_after_a_quarter_of_an_hour_is_an_alarm_by_the_clock() -> None:
    state = with_child()
    made = away_with_the_child(state, BACK + GRACE)
    assert about(made, "handover") == []
    (said,) = about(state.tick(at(BACK + GRACE)), "handover")
    assert (said.priority, said.reason, said.decided_at_us) == (1, "handover_child_not_back", at(BACK + GRACE))
    late = BACK + GRACE + 3
    after = decided(state, still(HERS, late, 6), still(CHILDS, late, 6, 30), still(HIS, late, 6, FAR))
    assert told(after)[-1] == (Phase.CLOSE, 1, "clear_evidence")
    assert [d.reason for d in about(after, "handover")].count("handover_child_not_back") == 0


def test_a_child_that_is_back_with_her_is_no_alarm() -> None:
    state = with_child()
    away_with_the_child(state, BACK)
    made = decided(
        state, still(HERS, BACK, 80, 900), still(HIS, BACK, 80, FAR), still(CHILDS, BACK, 80, 950), until_s=BACK + 1100
    )
    assert about(made, "handover") == []


def test_a_child_whose_device_says_nothing_is_not_taken_for_back() -> None:
    state = with_child()
    away_with_the_child(state, BACK - 60)
    made = decided(state, still(HERS, BACK - 60, 70), still(HIS, BACK - 60, 70, FAR), until_s=BACK + GRACE)
    assert [d.reason for d in about(made, "handover") if d.priority == 1][-1] == "handover_child_not_back"


def test_of_a_child_without_a_device_a_person_is_asked() -> None:
    child = {"id": "child", "devices": []}
    state = started(ring_of("p"), handover(child="child", back_s=BACK), protected=[HER, child])
    reporting(state, FROM, bracelet=FAR)
    count = int(TO + GRACE - FROM) // 15
    made = decided(state, still(HERS, FROM, count), still(HIS, FROM, count, FAR))
    made += decided(state, still(HERS, BACK, 60), still(HIS, BACK, 60, FAR), until_s=BACK + GRACE)
    assert [d for d in told(made) if d[2] != "handover_device_silent"] == [
        (Phase.UPDATE, 2, "handover_child_return_unconfirmed")
    ]
    assert "hand" in state.plan_of("order-1").unmeasured


def test_a_late_place_of_the_hand_over_is_no_late_breach_and_one_beside_her_elsewhere_is() -> None:
    state = both()
    count = int(TO - FROM) // 15
    decided(state, still(HERS, FROM - 60, count), still(HIS, FROM - 60, 4, FAR))
    there = decided(state, [seen(HIS, FROM + 600, 100, delay_s=1300)])
    assert about(there, "proximity", "warning_ring") == []
    state = both()
    decided(state, still(HERS, FROM, count, 2000), still(HIS, FROM - 60, 4, FAR))
    elsewhere = decided(state, [seen(HIS, FROM + 1500, 2100, delay_s=400)])
    assert [(d.phase, d.kind) for d in about(elsewhere, "proximity")] == [(Phase.LATE, "proximity")]


def test_a_hand_over_says_the_same_however_the_record_was_split_and_from_any_snapshot() -> None:
    def story(seed: int) -> list[Observation]:
        hers = walk(HERS, FROM - 2400, [((i * seed) % 700 - 300.0, 0.0) for i in range(500)])
        his = walk(HIS, FROM - 2397, [((i * (seed + 3)) % 1500 - 500.0, 60.0) for i in range(400)])
        childs = walk(CHILDS, FROM - 2394, [((i * 7) % 900 - 100.0, 30.0) for i in range(350)])
        return sorted([*hers, *his, *childs], key=lambda o: o.received_at_us)

    for seed in (3, 11, 29):
        whole, cut = with_child(), with_child()
        heard = story(seed)
        expected = whole.step(heard, at(BACK + 2 * HOUR))
        made: list[Decision] = []
        for first in range(0, len(heard), 97):
            batch = heard[first : first + 97]
            made += cut.step(batch, batch[-1].received_at_us)
            cut = State.restore(cut.snapshot())
        made += cut.tick(at(BACK + 2 * HOUR))
        assert made == expected
        assert about(expected, "handover")
        assert cut.digest() == whole.digest()


def test_a_change_of_the_order_in_the_window_keeps_the_hand_over() -> None:
    state = both()
    reporting(state, FROM, bracelet=1500)
    decided(state, *meets(FROM, FROM + 900), still(HIS, FROM + 903, 6, 1500), still(HERS, FROM + 900, 6))
    changed = order(ring_of("p"), handover(), circle(east_m=9000), version=2)
    assert about(state.set_order(compile_order(changed), at(FROM + 1000)), "handover", "proximity") == []
    made = decided(state, still(HERS, FROM + 1005, 8), still(HIS, FROM + 1003, 8, 1500))
    assert about(made, "handover", "proximity") == []


def test_the_end_of_the_order_ends_the_hand_over_s_incident() -> None:
    state = both()
    reporting(state, FROM, bracelet=2200, phone=2000)
    decided(state, still(HERS, FROM, 12, 2000), still(HIS, FROM + 2, 12, 2200))
    made = about(state.end_order("order-1", at(FROM + 190)), "handover")
    assert told(made) == [(Phase.CLOSE, 1, "order_ended")]


def test_a_weekly_hand_over_follows_the_order_s_clock() -> None:
    """Each Saturday from 10:00 in Berlin: 08:00 UTC before the clocks change on 25 October 2026, 09:00 after."""
    weekly = handover(windows=None, schedule=[{"days": ["sat"], "from": "10:00", "to": "11:00"}])
    given = order(
        ring_of("p"), weekly, timezone="Europe/Berlin", starts_at="2026-10-20T00:00:00Z",
        expires_at="2026-11-03T00:00:00Z",
    )  # fmt: skip
    plan = compile_order(given)
    assert [iso(begins)[:16] for begins, _ in plan.conditions[1].intervals_us or ()] == [
        "2026-10-24T08:00",
        "2026-10-31T09:00",
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"protected": "somebody"}, "conditions[1].protected"),
        ({"child": "p"}, "conditions[1].child"),
        ({"child": "nobody"}, "conditions[1].child"),
        ({"windows": None}, "conditions[1].windows"),
        ({"windows": [{"from": iso(at(9)), "to": iso(at(9))}]}, "conditions[1].windows[0].to"),
        ({"windows": [{"from": iso(at(9)), "to": iso(at(90_000))}]}, "conditions[1].windows"),
        ({"windows": [{"from": iso(at(9)), "to": iso(at(99)), "return_at": iso(at(999))}]},
         "conditions[1].windows[0].return_at"),
        ({"windows": [{"from": iso(at(9)), "til": iso(at(99))}]}, "conditions[1].windows[0].til"),
        ({"shape": None}, "conditions[1].shape"),
        ({"schedule": [{"days": ["sat"], "from": "24:00", "to": "07:00"}]}, "conditions[1].schedule[0].from"),
    ],
)  # fmt: skip
def test_a_wrong_hand_over_is_refused_by_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(OrderInvalid) as refused:
        compile_order(order(ring_of("p"), handover() | change))
    assert refused.value.field == field


def test_a_window_before_or_after_the_order_says_nothing() -> None:
    earlier = {"from": iso(START_US - 7_200_000_000), "to": iso(START_US - 3_600_000_000)}
    plan = compile_order(order(ring_of("p"), handover(windows=[earlier])))
    assert plan.conditions[1].intervals_us == ()
    assert EAST_M > 0
