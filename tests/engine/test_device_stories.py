"""Whatever devices say about themselves: batches, snapshots, small buffers and repeated records change no decision."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aralyk.engine import Decision, Observation, State, compile_order, policy
from tests.engine.builders import HERS, HIS, LAT, LON, START_US, order, proximity

PHONE = "his-phone"
NAMES = (HIS, PHONE, HERS)


def fresh(buffer: int = policy.DECISIONS_BUFFER) -> State:
    """One order at high threat with 96 check-ins a day, his bracelet and phone, and her phone."""
    his: dict[str, Any] = {
        "devices": [
            {"id": HIS, "kind": "bracelet", "interval_s": 15},
            {"id": PHONE, "kind": "phone", "interval_s": 15},
        ]
    }
    call = {"id": "call", "kind": "check_in", "per_day": 96, "grace_s": 60}
    state = State(decisions_buffer=buffer)
    state.set_order(compile_order(order(proximity(), call, respondent=his, threat_level="high")), START_US)
    return state


def story(seed: int, count: int) -> list[Observation]:
    """Seeded records with BLE, check-ins, attestation, switching-off, straps, jumps, and late or repeated records."""
    rng = np.random.default_rng(seed)
    made: list[Observation] = []
    for i in range(count):
        fixed = START_US + i * 20_000_000 - (int(rng.integers(900_000_000)) if rng.random() < 0.1 else 0)
        x, y = rng.normal(0.0, 200.0, 2) + (30_000.0 if rng.random() < 0.1 else 0.0)
        placed = bool(rng.random() < 0.8)
        ble = None if rng.random() < 0.3 else tuple(str(name) for name in NAMES if rng.random() < 0.3)
        seen = Observation(
            device=NAMES[int(rng.integers(3))], fixed_at_us=max(fixed, START_US - 500_000_000),
            received_at_us=START_US + i * 20_000_000 + int(rng.integers(3_000_000)),
            lat=LAT + float(y) / 111_083.0 if placed else None, lon=LON + float(x) / 81_735.0 if placed else None,
            accuracy_m=float(rng.choice([5.0, 15.0, 300.0])), source=str(rng.choice(["gnss", "fused"])),
            speed_mps=float(rng.choice([0.0, 5.0, 20.0])), battery_pct=int(rng.integers(0, 100)),
            strap=[None, "locked", "open"][int(rng.choice(3, p=[0.5, 0.45, 0.05]))],
            alarms=(str(rng.choice(["jamming", "tamper", "power_off"])),) if rng.random() < 0.1 else (),
            mock=bool(rng.random() < 0.02), attestation=[None, "attested", "self_reported"][int(rng.integers(3))],
            check_in=[None, "passed", "failed"][int(rng.choice(3, p=[0.9, 0.07, 0.03]))], proximity_ble=ble,
        )  # fmt: skip
        made.append(seen)
    return sorted(made, key=lambda one: one.received_at_us)


def test_the_story_tells_of_every_rule_about_devices() -> None:
    observations = story(1, 2000)
    made = fresh().step(observations, observations[-1].received_at_us)
    assert {d.kind.value for d in made} >= {
        "battery", "check_in", "jamming", "separation", "silence", "spoofing", "tamper",
    }  # fmt: skip
    assert {d.reason for d in made} >= {
        "check_in_missed", "check_in_failed", "check_in_passed", "devices_apart", "devices_together",
        "repeated_provocation", "lost_while_moving", "powered_off", "impossible_jumps",
    }  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 150), max_size=5))
def test_how_a_batch_is_split_changes_nothing(seed: int, cuts: list[int]) -> None:
    observations = story(seed, 150)
    end = observations[-1].received_at_us + 3_600_000_000
    whole, split = fresh(), fresh()
    expected = whole.step(observations, end)
    made: list[Decision] = []
    for low, high in itertools.pairwise(sorted({0, len(observations), *cuts})):
        made += split.step(observations[low:high], observations[high - 1].received_at_us)
    assert made + split.tick(end) == expected
    assert split.digest() == whole.digest()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 150))
def test_a_snapshot_restored_is_going_on(seed: int, cut: int) -> None:
    observations = story(seed, 150)
    state = fresh()
    state.step(observations[:cut], observations[cut - 1].received_at_us)
    restored = State.restore(state.snapshot())
    end = observations[-1].received_at_us + 3_600_000_000
    assert restored.step(observations[cut:], end) == state.step(observations[cut:], end)
    assert restored.digest() == state.digest()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_records_read_twice_change_nothing(seed: int, every: int) -> None:
    observations = story(seed, 150)
    end = observations[-1].received_at_us
    doubled = [one for i, seen in enumerate(observations) for one in ([seen, seen] if i % every == 0 else [seen])]
    once, twice = fresh(), fresh()
    assert twice.step(doubled, end) == once.step(observations, end)
    assert once.digest() == twice.digest()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40))
def test_a_full_output_is_drained_and_nothing_lost(seed: int, room: int) -> None:
    observations = story(seed, 150)
    end = observations[-1].received_at_us
    small = fresh(policy.EVENT_DECISIONS + room)
    assert small.step(observations, end) == fresh().step(observations, end)
