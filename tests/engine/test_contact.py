"""Contact: what counts as a sign of life, from when it is awaited, and what our own outage excuses."""

from __future__ import annotations

import pytest

from aralyk.engine import Decision, Observation, Phase, State, compile_order
from tests.engine.builders import (
    HERS,
    HIS,
    START_US,
    about,
    at,
    circle,
    decided,
    heard,
    opened,
    order,
    proximity,
    seen,
    started,
    still,
)

ALONE = {"protected": [{"id": "p", "devices": []}]}


def resent(original: Observation, received_s: float) -> Observation:
    """The same record, received once more."""
    values = {name: getattr(original, name) for name in original.__slots__}
    return Observation(**(values | {"received_at_us": at(received_s)}))


def silences(made: list[Decision]) -> list[tuple[str, Phase, int]]:
    """Device, phase and time of the decisions about silence."""
    return [(d.basis["device"], d.phase, d.decided_at_us) for d in about(made, "silence")]


def test_a_fix_that_is_sent_again_proves_that_the_device_is_alive() -> None:
    state = started(proximity(), **ALONE)
    first = seen(HIS, 0, 9000)
    again = [resent(first, 1 + 30 * i) for i in range(1, 10)]
    made = decided(state, [first], again, until_s=271 + 44)
    assert {d.reason for d in about(made, "silence")} == {"position_stale"}, "it is heard, and its place is old"


def test_a_fix_that_is_sent_again_does_not_make_its_place_younger() -> None:
    state = started(proximity(), **ALONE)
    first = seen(HIS, 0, 9000)
    made = decided(state, [first], [resent(first, 1 + 30 * i) for i in range(1, 30)])
    (stale,) = opened(made, "silence")
    assert (stale.reason, stale.decided_at_us) == ("position_stale", at(120))


def test_a_fix_that_is_sent_again_ends_a_silence_while_its_place_is_fresh() -> None:
    state = started(proximity(), **ALONE)
    first = seen(HIS, 0, 9000)
    made = decided(state, [first], [resent(first, 100)])
    assert [(d.phase, d.reason) for d in about(made, "silence")] == [
        (Phase.OPEN, "no_contact"),
        (Phase.CLOSE, "contact_restored"),
    ]


def test_a_record_of_the_log_that_is_read_twice_changes_nothing_at_all() -> None:
    first, second = seen(HIS, 0, 9000), seen(HIS, 15, 9000, battery_pct=40)
    once, twice = started(proximity()), started(proximity())
    decided(once, [first, second])
    decided(twice, [first, first, second])
    twice.step([first, second], second.received_at_us)
    assert once.digest() == twice.digest()
    assert twice.duplicates == 3


def test_a_device_given_later_is_awaited_from_its_assignment() -> None:
    state = started(proximity())
    decided(state, still(HIS, 0, 41, 90_000), still(HERS, 0, 41))
    two = {"devices": [{"id": name, "kind": "bracelet", "interval_s": 15} for name in (HIS, "second")]}
    assert state.set_order(compile_order(order(proximity(), respondent=two, version=2)), at(610)) == []
    made = decided(state, still(HIS, 611, 6, 90_000), still(HERS, 611, 6))
    (silent,) = opened(made, "silence")
    assert (silent.basis["device"], silent.decided_at_us, silent.occurred_at_us) == ("second", at(610 + 45), at(610))


def test_an_order_loaded_after_its_start_awaits_its_devices_from_then() -> None:
    state = State.empty()
    state.set_order(compile_order(order(proximity())), at(7200))
    assert {when for _, _, when in silences(state.tick(at(9000)))[:2]} == {at(7200 + 45)}


def test_our_own_outage_makes_no_device_silent() -> None:
    """Last heard 15 s before the outage: of 45 s, 30 are left after it."""
    state = started(proximity(), **ALONE)
    decided(state, still(HIS, 0, 4, 9000), until_s=61)
    assert state.away(at(61), at(4000)) == []
    assert state.tick(at(4029)) == []
    assert silences(state.tick(at(4100))) == [(HIS, Phase.OPEN, at(4000 + 30))]


def test_after_an_outage_a_device_has_at_least_one_interval() -> None:
    state = started(proximity(), **ALONE)
    decided(state, still(HIS, 0, 4, 9000), until_s=90)
    state.away(at(90), at(4000))
    assert silences(state.tick(at(5000))) == [(HIS, Phase.OPEN, at(4000 + 15))]


def test_what_was_due_before_the_outage_is_told() -> None:
    state = started(proximity(), **ALONE)
    decided(state, still(HIS, 0, 4, 9000))
    assert silences(state.away(at(200), at(4000))) == [(HIS, Phase.OPEN, at(46 + 45))]


def test_an_outage_leaves_an_open_silence_open() -> None:
    state = started(proximity(), **ALONE)
    decided(state, still(HIS, 0, 4, 9000), until_s=200)
    state.away(at(200), at(4000))
    assert decided(state, [heard(HIS, 4001)]) == []
    assert silences(decided(state, [seen(HIS, 4002, 9000)])) == [(HIS, Phase.CLOSE, at(4003))]


def test_hours_and_ends_go_on_through_an_outage() -> None:
    hours = [{"days": ["sat"], "from": "10:30", "to": "11:00"}]
    state = started(circle(schedule=hours), **ALONE)
    decided(state, still(HIS, 0, 118), until_s=1760)
    state.away(at(1760), at(2000))
    (inside,) = opened(state.tick(at(2000)), "exclusion_zone")
    assert (inside.reason, inside.decided_at_us) == ("became_active", at(1800))


def test_a_check_in_whose_deadline_lay_in_the_outage_has_its_grace_anew() -> None:
    call = {"id": "call", "kind": "check_in", "per_day": 4, "grace_s": 900}
    state = started(call)
    state.away(at(7 * 3600), at(9 * 3600))
    made = about(state.tick(at(10 * 3600)), "check_in")
    assert [(d.decided_at_us, d.occurred_at_us) for d in made] == [(at(9 * 3600 + 900), at(8 * 3600))]
    buffered = started(call)
    buffered.away(at(7 * 3600), at(9 * 3600))
    passed = heard(HIS, 7.5 * 3600, check_in="passed", received_at_us=at(9 * 3600 + 60))
    assert about(decided(buffered, [passed], until_s=10 * 3600), "check_in") == []


def test_an_outage_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="to_us"):
        started(proximity()).away(at(100), at(50))


def test_an_outage_is_kept_by_a_snapshot() -> None:
    state = started(proximity(), **ALONE)
    decided(state, still(HIS, 0, 4, 9000), until_s=60)
    state.away(at(60), at(4000))
    restored = State.restore(state.snapshot())
    assert restored.tick(at(5000)) == state.tick(at(5000))
    assert restored.digest() == state.digest()


def test_a_fix_says_whether_it_is_attested() -> None:
    """The bracelet is by its order, her phone is not; a record may say otherwise of itself."""
    state = started(proximity())
    (near,) = opened(decided(state, [seen(HERS, 0), seen(HIS, 1, 100)]), "proximity")
    assert near.basis["respondent"]["attestation"] == "attested"
    assert near.basis["protected"]["attestation"] == "self_reported"
    other = started(proximity())
    said = [seen(HERS, 0, attestation="attested"), seen(HIS, 1, 100, attestation="self_reported")]
    (near,) = opened(decided(other, said), "proximity")
    assert near.basis["respondent"]["attestation"] == "self_reported"
    assert near.basis["protected"]["attestation"] == "attested"


def test_an_attestation_holds_for_its_own_record_only() -> None:
    state = started(proximity(), respondent={"devices": [{"id": HIS, "kind": "phone", "interval_s": 15}]})
    decided(state, [seen(HIS, 0, 9000, attestation="attested")])
    near = about(decided(state, [seen(HERS, 600), seen(HIS, 601, 100)]), "proximity")[0]
    assert near.basis["respondent"]["attestation"] == "self_reported"
    assert near.decided_at_us > START_US
