"""Jamming and false places are hints: told once, ended by clean fixes, never proof of anything."""

from __future__ import annotations

import math
from typing import Any

import pytest

from aralyk.engine import Observation, Phase
from tests.engine.builders import HERS, HIS, about, at, decided, opened, proximity, seen, started, still, walk


def test_one_lone_outlier_is_no_hint() -> None:
    state = started(proximity())
    his = [seen(HIS, 15 * i, 40_000 if i == 5 else 9000) for i in range(20)]
    assert about(decided(state, his), "spoofing") == []


def test_a_teleport_and_back_is_a_hint_that_ends_with_clean_fixes() -> None:
    state = started(proximity())
    his = [*still(HIS, 0, 5, 9000), *still(HIS, 75, 5, 40_000), *still(HIS, 150, 5, 9000)]
    made = about(decided(state, his), "spoofing")
    assert [(d.phase, d.priority, d.reason) for d in made] == [
        (Phase.OPEN, 3, "impossible_jumps"),
        (Phase.CLOSE, 3, "hint_ended"),
    ]
    assert (made[0].decided_at_us, made[1].decided_at_us) == (at(151), at(181))


def test_jumps_of_coarse_places_are_ordinary() -> None:
    state = started(proximity())
    his = [seen(HIS, 15 * i, 9000 + 6000 * (i % 2), accuracy_m=900.0, source="network") for i in range(20)]
    assert about(decided(state, his), "spoofing") == []


def test_one_time_with_two_places_twice_is_a_hint() -> None:
    state = started(proximity())
    his = still(HIS, 0, 4, 9000)
    again = [seen(HIS, 15 * i, 15_000, delay_s=60) for i in (1, 2)]
    (hint,) = opened(decided(state, his, again), "spoofing")
    assert hint.reason == "time_contradicts_place"


def test_a_clock_set_back_is_found_by_its_places() -> None:
    """Half an hour of his way is told again with other places."""
    state = started(proximity())
    true_way = walk(HIS, 0, [(9000 + 20.0 * i, 0) for i in range(40)])
    told_again = [seen(HIS, 15 * i + 4, -20_000, delay_s=700 - 15 * i + 10 * i) for i in range(3)]
    (hint,) = opened(decided(state, true_way, told_again), "spoofing")
    assert (hint.reason, hint.priority) == ("time_contradicts_place", 3)


def test_buffered_places_on_his_own_way_are_no_hint() -> None:
    state = started(proximity())
    live = walk(HIS, 0, [(9000 + 300.0 * i, 0) for i in range(20)], step_s=30)
    buffered = [seen(HIS, 30 * i + 15, 9000 + 300.0 * i + 150, delay_s=900) for i in range(19)]
    assert about(decided(state, live, buffered), "spoofing") == []


def frozen(speeds: list[float | None], source: str = "gnss") -> list[Observation]:
    """The very same place for an hour, a fix a minute, claiming these speeds in turn."""
    return [
        seen(HIS, 60 * i, 9000, source=source, speed_mps=speeds[i % len(speeds)], accuracy_m=5.0 + i % 3)
        for i in range(60)
    ]


def test_a_place_frozen_to_the_centimetre_while_its_speed_changes_is_a_hint() -> None:
    state = started(proximity())
    (hint,) = about(decided(state, frozen([8.0, 11.0, 9.5])), "spoofing")
    assert (hint.phase, hint.reason) == (Phase.OPEN, "position_frozen")
    assert hint.decided_at_us == at(31 * 60 + 1)


@pytest.mark.parametrize(
    ("speeds", "source"),
    [([0.0], "gnss"), ([None], "gnss"), ([1.4], "gnss"), ([0.2, 0.6], "gnss"), ([8.0, 11.0], "fused")],
)
def test_a_resting_phone_that_repeats_its_cached_place_is_no_hint(speeds: list[float | None], source: str) -> None:
    state = started(proximity())
    assert about(decided(state, frozen(speeds, source)), "spoofing") == []


def test_a_hint_is_serious_at_high_threat_unless_another_device_says_where_he_is() -> None:
    mocked = [seen(HIS, 15 * i, 9000, mock=True) for i in range(3)]
    state = started(proximity(), threat_level="high")
    assert [d.priority for d in opened(decided(state, mocked), "spoofing")] == [2]
    two = {"devices": [{"id": name, "kind": "bracelet", "interval_s": 15} for name in (HIS, "second")]}
    state = started(proximity(), threat_level="high", respondent=two)
    made = decided(state, [seen("second", 0, 9000)], mocked)
    assert [d.priority for d in opened(made, "spoofing")] == [3]


def test_hints_close_no_other_episode() -> None:
    state = started(proximity())
    near = [*still(HERS, 0, 20), *still(HIS, 2, 4, 100)]
    far = [seen(HIS, 62 + 15 * i, 9000 + 30_000 * (i % 2)) for i in range(10)]
    made = decided(state, near, far)
    assert opened(made, "spoofing")
    assert [d for d in about(made, "proximity") if d.phase is Phase.CLOSE] == []


def driven(count: int, mps: float) -> list[Observation]:
    """A way at a steady speed, far from her."""
    return walk(HIS, 0, [(30_000 + mps * 15 * i, 0) for i in range(count)], speed_mps=mps)


def test_a_device_lost_while_moving_is_a_silence_with_a_jamming_hint() -> None:
    state = started(proximity())
    made = decided(state, driven(10, 14.0), still(HERS, 0, 11), until_s=200)
    lost = about(made, "silence", "jamming")
    his = [(d.kind.value, d.phase, d.priority, d.reason) for d in lost if d.party == "respondent"][:2]
    assert his == [
        ("silence", Phase.OPEN, 3, "lost_while_moving"),
        ("jamming", Phase.OPEN, 3, "lost_while_moving"),
    ]


def test_at_high_threat_a_device_lost_while_moving_is_serious() -> None:
    state = started(proximity(), threat_level="high")
    made = decided(state, driven(10, 14.0), until_s=200)
    assert [d.priority for d in opened(made, "jamming")] == [2]


def test_a_device_lost_at_rest_is_no_jamming() -> None:
    state = started(proximity())
    made = decided(state, still(HIS, 0, 10, 30_000), until_s=200)
    assert about(made, "jamming") == []
    assert {d.reason for d in opened(made, "silence") if d.party == "respondent"} == {"no_contact"}


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ({"alarms": ("power_off",)}, "powered_off"),
        ({"battery_pct": 3}, "battery_died"),
        ({"battery_pct": 3, "alarms": ("power_off",)}, "battery_died"),
        ({"battery_pct": 3, "charging": True}, "lost_while_moving"),
        ({"battery_pct": 60}, "lost_while_moving"),
    ],
)
def test_a_silence_says_how_the_device_was_lost(last: dict[str, Any], reason: str) -> None:
    state = started(proximity())
    way = driven(10, 14.0)
    end = seen(HIS, 150, 30_000 + 14.0 * 150, speed_mps=14.0, **last)
    made = decided(state, way, [end], until_s=220)
    (silent,) = [d for d in opened(made, "silence") if d.party == "respondent"]
    assert silent.reason == reason
    assert math.isclose(silent.decided_at_us, at(151 + 45))
