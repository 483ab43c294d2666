"""Whatever order records arrive in within the lateness window, afterwards the same things are known to have happened.

The respondent jumps between places that leave no doubt (deep inside the ring or far outside, slowly enough to be
possible), so a judgement at the border is never what differs. What must not differ: of each meeting, that it was told,
by which condition, and how gravely at its worst.
"""

from __future__ import annotations

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from aralyk.engine import Decision, Kind, Observation, Phase, policy
from tests.engine.builders import HERS, HIS, START_US, circle, decided, proximity, seen, started

RING_M: Final = 400.0
AREA_EAST_M: Final = 9000.0
STAY_S: Final = 300
"""Long enough for a close between two visits: two calm fixes, the lateness window and the longest delay."""
WAY_S: Final = 420
DELAYS_S: Final = st.integers(0, 115)
PLACES: Final = {"away": 4500.0, "hers": 0.0, "area": AREA_EAST_M}
GROUPS: Final = {
    Kind.APPROACH: "pair", Kind.WARNING_RING: "pair", Kind.PROXIMITY: "pair", Kind.EXCLUSION_ZONE: "area",
}  # fmt: skip


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Observation], list[Observation]]:
    """The same records of both, received one second after they were made, and in another order with some twice."""
    stops = ["away", *draw(st.lists(st.sampled_from(["away", "hers", "area"]), min_size=1, max_size=4)), "away"]
    truth = []
    at_s = 0
    for here, there in zip(stops, [*stops[1:], "away"], strict=True):
        truth += [(at_s + 15 * i, PLACES[here]) for i in range(STAY_S // 15)]
        at_s += STAY_S
        way = PLACES[there] - PLACES[here]
        if way:
            truth += [(at_s + 15 * i, PLACES[here] + way * 15 * i / WAY_S) for i in range(WAY_S // 15)]
            at_s += WAY_S
    records = [seen(HIS, s, x) for s, x in truth]
    for s in range(3, at_s, 15):
        x, y = draw(st.tuples(st.integers(-20, 20), st.integers(-20, 20))) if s % 8 == 0 else (0, 0)
        records.append(seen(HERS, s, x, y))
    shuffled = []
    delayed = draw(st.lists(DELAYS_S, min_size=len(records), max_size=len(records)))
    for record, delay_s in zip(records, delayed, strict=True):
        fixed = record.fixed_at_us
        assert fixed is not None
        values = {name: getattr(record, name) for name in record.__slots__}
        shuffled.append(Observation(**(values | {"received_at_us": fixed + 1_000_000 * (1 + delay_s)})))
        if delay_s % 7 == 3:
            shuffled.append(Observation(**(values | {"received_at_us": fixed + 1_000_000 * (1 + 115)})))
    return records, shuffled


def happened(made: list[Decision]) -> list[tuple[str, str | None, int]]:
    """Group, condition and gravest priority: of each incident of priority 1, and of the others once."""
    assert Phase.LATE not in {d.phase for d in made}  # nothing here is later than the window
    worst: dict[str, tuple[str, str | None, int]] = {}
    for d in made:
        if d.kind in GROUPS and d.phase is not Phase.CLOSE:
            _, _, before = worst.get(d.incident, ("", None, 9))
            worst[d.incident] = (GROUPS[d.kind], d.condition, min(before, d.priority))
    grave = [told for told in worst.values() if told[2] == 1]
    return sorted([*grave, *(set(worst.values()) - set(grave))], key=str)


def told(records: list[Observation]) -> list[Decision]:
    """What is decided, with time enough after for every end."""
    state = started(proximity(distance_m=RING_M), circle(radius_m=RING_M, east_m=AREA_EAST_M))
    last_s = max(r.received_at_us for r in records) / 1e6 - START_US / 1e6
    return decided(state, records, until_s=last_s + 2 * policy.LATE_US / 1e6)


@settings(max_examples=25)
@given(days())
def test_the_same_is_known_in_the_end_in_whatever_order_records_arrive(
    day: tuple[list[Observation], list[Observation]],
) -> None:
    in_order, shuffled = day
    assert happened(told(shuffled)) == happened(told(in_order))


def test_the_story_makes_priority_1_of_both_kinds() -> None:
    """Without which the property above could not fail."""
    visit = [(15 * i, x) for i, x in enumerate([4500.0] * 9 + [0.0] * 9 + [4500.0] * 9 + [9000.0] * 9)]
    his = [seen(HIS, 15 * s, x) for s, x in visit]
    hers = [seen(HERS, s) for s in range(3, 36 * 225, 15)]
    assert happened(told(his + hers)) == [("area", "area", 1), ("pair", "ring", 1)]
