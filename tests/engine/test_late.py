"""Late data and repetitions: true times, nothing rewound, nothing told twice."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from aralyk.engine import Phase
from tests.engine.builders import HERS, HIS, about, at, decided, opened, proximity, seen, started, still, walk


def test_a_buffered_meeting_is_recorded_as_late_with_its_true_time() -> None:
    """He was with her at 5 min, his phone sent it at 20 min, by when he is far."""
    state = started(proximity())
    his_live = [*still(HIS, 0, 16, 5000), *still(HIS, 600, 40, 5000)]
    buffered = [seen(HIS, 300 + 15 * i, 100, delay_s=900) for i in range(4)]
    made = about(decided(state, still(HERS, 0, 80), his_live, buffered), "proximity")
    (late,) = [d for d in made if d.phase is Phase.LATE]
    assert (late.priority, late.occurred_at_us, late.decided_at_us) == (1, at(300), at(1200))
    assert late.basis["protected"]["age_s"] == 900.0
    assert opened(made, "proximity") == []


def test_her_late_fix_is_judged_against_his_history() -> None:
    state = started(proximity())
    buffered = [seen(HERS, 300, 5100, delay_s=900)]
    made = decided(state, still(HIS, 0, 80, 5000), still(HERS, 0, 10), still(HERS, 600, 40), buffered)
    assert [d.occurred_at_us for d in about(made, "proximity") if d.phase is Phase.LATE] == [at(300)]


def test_a_late_fix_does_not_reopen_a_closed_incident() -> None:
    state = started(proximity())
    his = [*still(HIS, 2, 10, 100), *still(HIS, 152, 20, 4000)]
    before = decided(state, still(HERS, 0, 40), his)
    assert [d.phase for d in about(before, "proximity") if d.phase is Phase.CLOSE] == [Phase.CLOSE]
    assert about(decided(state, [seen(HIS, 63, 110, delay_s=900)]), "proximity") == []


def test_a_late_fix_never_rewinds_the_live_place() -> None:
    state = started(proximity())
    decided(state, still(HERS, 0, 40), still(HIS, 2, 40, 4000))
    made = decided(state, [seen(HIS, 100, 50, delay_s=505)], [seen(HERS, 606)])
    assert [d.phase for d in about(made, "proximity")] == [Phase.LATE]


def test_a_newest_fix_that_was_minutes_under_way_still_counts_for_now() -> None:
    state = started(proximity())
    made = decided(state, still(HERS, 0, 40), [seen(HIS, 400, 100, delay_s=180)])
    first = about(made, "proximity")[0]
    assert first.decided_at_us == at(580)
    assert first.basis["respondent"]["age_s"] == 180.0


def test_late_places_that_meet_no_history_are_counted() -> None:
    state = started(proximity())
    decided(state, still(HERS, 4000, 4), still(HIS, 4000, 4, 5000), [seen(HIS, 100, delay_s=4100)])
    assert state.unjudged == 1


def test_a_late_fix_of_the_order_s_last_minutes_is_judged_after_its_end() -> None:
    state = started(proximity(), expires_at="2026-11-21T04:20:00Z")
    decided(state, still(HERS, 0, 80), still(HIS, 2, 40, 4000), until_s=1300)
    made = decided(state, [seen(HIS, 1100, 100, delay_s=300)], [seen(HIS, 1250, 100, delay_s=200)])
    assert [(d.phase, d.occurred_at_us) for d in about(made, "proximity")] == [(Phase.LATE, at(1100))]


def test_nothing_is_collected_after_the_order_s_end() -> None:
    state = started(proximity(), expires_at="2026-11-21T04:20:00Z")
    made = decided(state, still(HERS, 0, 90), still(HIS, 2, 90, 100))
    assert [(d.phase, d.reason) for d in about(made, "proximity") if d.phase is Phase.CLOSE] == [
        (Phase.CLOSE, "order_ended")
    ]
    assert made[-1].decided_at_us == at(1200)
    assert decided(state, still(HIS, 1400, 10, 50)) == []


@settings(max_examples=40)
@given(st.data(), st.booleans())
def test_repeated_records_change_nothing(data: st.DataObject, sent_again: bool) -> None:
    """Read twice from the log, nothing at all; sent again by the device, nothing but that it is alive."""
    places = data.draw(st.lists(st.sampled_from([0.0, 100.0, 400.0, 900.0, 5000.0]), min_size=5, max_size=30))
    his = [
        seen(HIS, 15 * i, x, strap=data.draw(st.sampled_from([None, "open", "locked"])), battery_pct=10 + i)
        for i, x in enumerate(places)
    ]
    hers = walk(HERS, 3, [(0.0, 0.0)] * len(places), alarms=data.draw(st.sampled_from([(), ("sos",)])))
    copies = []
    for original in data.draw(st.lists(st.sampled_from(his + hers), max_size=15)):
        delay = data.draw(st.integers(1, 200)) if sent_again else 0
        values = {name: getattr(original, name) for name in original.__slots__}
        copies.append(type(original)(**(values | {"received_at_us": original.received_at_us + delay * 1_000_000})))
    end = 15 * len(places) + 300
    expected = decided(started(proximity(warning_m=1000)), his, hers, until_s=end)
    with_copies = decided(started(proximity(warning_m=1000)), his, hers, copies, until_s=end)
    alive = ("silence", "jamming", "better_fix") if sent_again else ()  # with a silence come a hint and a request
    assert [d for d in with_copies if d.kind not in alive] == [d for d in expected if d.kind not in alive]
