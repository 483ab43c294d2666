"""Who hears whom by BLE: his bracelet and phone apart, both parties met, places that can't be true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aralyk.engine import Observation, Phase, State, compile_order
from tests.engine.builders import HERS, HIS, about, at, decided, heard, opened, order, proximity, seen, started

PHONE = "his-phone"
BOTH = {
    "devices": [{"id": HIS, "kind": "bracelet", "interval_s": 15}, {"id": PHONE, "kind": "phone", "interval_s": 15}]
}


def pair_of_his(**changes: Any) -> State:
    """An order whose respondent wears a bracelet and carries a phone."""
    return started(proximity(), respondent=BOTH, **changes)


def hearing(device: str, others: Sequence[str], times: range, east_m: float = 9000.0) -> list[Observation]:
    """Fixes at one place that state which devices are heard."""
    return [seen(device, t, east_m, proximity_ble=tuple(others)) for t in times]


def test_a_phone_left_behind_is_told_after_two_minutes_and_ended_by_two_records() -> None:
    state = pair_of_his()
    together = hearing(HIS, [PHONE], range(0, 61, 15))
    apart = hearing(HIS, [], range(75, 300, 15))
    again = hearing(HIS, [PHONE], range(300, 400, 15))
    made = about(decided(state, together, apart, again), "separation")
    assert [(d.phase, d.priority, d.reason) for d in made] == [
        (Phase.OPEN, 2, "devices_apart"),
        (Phase.CLOSE, 2, "devices_together"),
    ]
    assert made[0].occurred_at_us == at(60)
    assert made[0].decided_at_us == at(195 + 1)
    assert made[1].decided_at_us == at(315 + 1)


def test_both_last_places_stand_beside_a_separation() -> None:
    state = pair_of_his()
    his_phone = [seen(PHONE, t, 12_000) for t in range(2, 240, 15)]
    (first,) = about(decided(state, hearing(HIS, [], range(0, 240, 15)), his_phone), "separation")
    assert first.basis["device"] == HIS
    assert first.basis["respondent"]["device"] == HIS
    assert first.basis["companion"]["device"] == PHONE
    assert first.basis["protected"] is None
    assert first.distance_m is not None
    assert abs(first.distance_m - 3000) < 5


def test_one_of_the_two_hearing_the_other_is_enough() -> None:
    state = pair_of_his()
    deaf = hearing(PHONE, [], range(0, 600, 15))
    made = decided(state, deaf, hearing(HIS, [PHONE], range(5, 600, 15)))
    assert about(made, "separation") == []


def test_a_device_that_states_nothing_about_ble_separates_nothing() -> None:
    state = pair_of_his()
    made = decided(state, [seen(HIS, t, 9000) for t in range(0, 600, 15)])
    assert about(made, "separation") == []


def test_two_phones_without_a_bracelet_are_never_apart() -> None:
    phones = {"devices": [{"id": name, "kind": "phone", "interval_s": 15} for name in (HIS, PHONE)]}
    state = started(proximity(), respondent=phones)
    assert about(decided(state, hearing(HIS, [], range(0, 600, 15))), "separation") == []


def test_a_bracelet_heard_rarely_is_given_three_of_its_intervals() -> None:
    slow = {"devices": [{"id": HIS, "kind": "bracelet", "interval_s": 300}, BOTH["devices"][1]]}
    state = started(proximity(), respondent=slow)
    made = decided(state, hearing(HIS, [PHONE], range(0, 1, 1)), hearing(HIS, [], range(300, 1600, 300)))
    (first,) = about(made, "separation")
    assert (first.occurred_at_us, first.decided_at_us) == (at(0), at(1200 + 1))


def test_a_buffered_record_from_before_does_not_separate_what_is_together() -> None:
    state = pair_of_his()
    decided(state, hearing(HIS, [PHONE], range(0, 900, 15)))
    late = [seen(HIS, t + 7, 9000, delay_s=1000 - t, proximity_ble=()) for t in range(0, 600, 15)]
    assert about(decided(state, late), "separation") == []


def test_the_removed_phone_ends_the_separation() -> None:
    state = pair_of_his()
    decided(state, hearing(HIS, [], range(0, 240, 15)))
    made = state.set_order(compile_order(order(proximity(), version=2)), at(300))
    assert [(d.phase, d.reason) for d in about(made, "separation")] == [(Phase.CLOSE, "device_removed")]


def test_her_phone_that_hears_his_bracelet_notes_the_meeting_on_both() -> None:
    state = started(proximity())
    decided(state, [heard(HERS, 40, proximity_ble=("somebody's", HIS))])
    met = {name: int(state._layout.rows("devices")[state.rows_of(name)[0]]["met_us"]) for name in (HIS, HERS)}
    assert met == {HIS: at(40), HERS: at(40)}
    assert np.all(started(proximity())._layout.rows("devices")["met_us"] == -1)


def test_a_place_far_from_the_device_that_hears_it_is_a_hint_of_false_places() -> None:
    """Her phone hears his bracelet, whose fixes lie 9 km away."""
    state = started(proximity())
    his = [seen(HIS, t, 9000) for t in range(0, 120, 15)]
    hers = [seen(HERS, t + 3, proximity_ble=(HIS,)) for t in range(0, 120, 15)]
    (hint,) = about(decided(state, his, hers), "spoofing")
    assert (hint.phase, hint.priority, hint.reason, hint.party) == (
        Phase.OPEN,
        3,
        "ble_contradicts_place",
        "respondent",
    )


def test_coarse_places_far_apart_do_not_contradict_what_is_heard() -> None:
    state = started(proximity())
    his = [seen(HIS, t, 900, accuracy_m=700.0, source="network") for t in range(0, 120, 15)]
    hers = [seen(HERS, t + 3, proximity_ble=(HIS,)) for t in range(0, 120, 15)]
    assert about(decided(state, his, hers), "spoofing") == []


def test_his_phone_can_not_be_far_from_the_bracelet_that_heard_it_just_now() -> None:
    """The phone's places leave the bracelet's at once, but the bracelet heard it seconds before."""
    state = pair_of_his()
    bracelet = hearing(HIS, [PHONE], range(0, 61, 15))
    phone = [seen(PHONE, 61 + 5 * i, 25_000) for i in range(4)]
    (hint,) = opened(decided(state, bracelet, [seen(PHONE, 2, 9000)], phone), "spoofing")
    assert (hint.reason, hint.basis["device"]) == ("places_contradict", PHONE)
