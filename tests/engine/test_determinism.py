"""The same input gives the same bytes: compiled or plain, in one batch or many, from a snapshot or going on."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aralyk.engine import Decision, Observation, SnapshotInvalid, State, compile_order, policy
from tests.engine.builders import HERS, HIS, LAT, LON, START_US, at, circle, order, polygon, proximity

REPOSITORY = Path(__file__).resolve().parent.parent.parent
STORED = Path(__file__).with_name("digest.json")
SQUARE = [(-900.0, -300.0), (700.0, -300.0), (700.0, 500.0), (-900.0, 500.0)]


def world() -> list[dict[str, Any]]:
    """Three orders, one sharing the respondent's bracelet, with every kind of rule."""
    hours = [{"days": ["sat"], "from": "10:10", "to": "10:40"}]
    second = {"devices": [{"id": HIS, "kind": "bracelet", "interval_s": 15}]}
    child = [{"id": "child", "devices": [{"id": "childs", "kind": "phone", "interval_s": 30}]}]
    return [
        order(proximity(warning_m=1200), circle(radius_m=400, schedule=hours)),
        order(
            proximity(distance_m=900) | {"protected": "child"}, order_id="order-2", respondent=second, protected=child
        ),
        order(polygon([SQUARE]) | {"kind": "curfew"}, order_id="order-3", protected=[], respondent={
            "devices": [{"id": "other", "kind": "phone", "interval_s": 60}]}),
    ]  # fmt: skip


def story(seed: int, count: int) -> list[Observation]:
    """Seeded observations of all devices, with noise, jumps, silence, late and repeated records, and alarms."""
    rng = np.random.default_rng(seed)
    place = {name: rng.normal(0.0, 700.0, 2) for name in (HIS, HERS, "childs", "other")}
    made: list[Observation] = []
    for i in range(count):
        name = [HIS, HERS, "childs", "other"][int(rng.integers(4))]
        place[name] += rng.normal(0.0, 60.0, 2)
        x, y = place[name] + (rng.normal(0.0, 9000.0, 2) if rng.random() < 0.03 else 0.0)
        fixed = START_US + i * 4_000_000 + int(rng.integers(-2_000_000, 2_000_000))
        if rng.random() < 0.04:
            fixed -= int(rng.integers(0, 1_200_000_000))
        seen = Observation(
            device=name, fixed_at_us=max(fixed, 0),
            received_at_us=START_US + i * 4_000_000 + int(rng.integers(3_000_000)),
            lat=LAT + float(y) / 111_083.0, lon=LON + float(x) / 81_735.0, valid=bool(rng.random() > 0.03),
            accuracy_m=float(rng.choice([4.0, 12.0, 40.0, 165.0, 900.0, 4000.0])),
            source=str(rng.choice(["gnss", "fused", "network"])), battery_pct=int(rng.integers(5, 100)),
            strap=[None, "locked", "open"][int(rng.choice(3, p=[0.5, 0.48, 0.02]))],
            alarms=("sos",) if rng.random() < 0.01 else ("jamming",) if rng.random() < 0.01 else (),
            mock=bool(rng.random() < 0.01),
        )  # fmt: skip
        made.extend([seen, seen] if rng.random() < 0.05 else [seen])
    return sorted(made, key=lambda one: one.received_at_us)


def fresh(buffer: int = policy.DECISIONS_BUFFER) -> State:
    """A state that took the world's orders at their start."""
    state = State(decisions_buffer=buffer)
    for given_order in world():
        state.set_order(compile_order(given_order), START_US)
    return state


def digest_of(made: list[Decision], state: State) -> str:
    """SHA-256 over the decisions as published and the state."""
    lines = "\n".join(json.dumps(d.as_dict(), sort_keys=True) for d in made)
    return hashlib.sha256(f"{lines}\n{state.digest()}".encode()).hexdigest()


def told() -> dict[str, object]:
    """What the stored digest is of: 6,000 observations, two changes of an order, a cleared tamper, a night after."""
    state = fresh()
    observations = story(2026, 6000)
    made = state.step(observations[:2000], observations[1999].received_at_us)
    made += state.set_order(compile_order(order(proximity(distance_m=700), version=2)), state.now_us)
    made += state.step(observations[2000:4000], observations[3999].received_at_us)
    made += state.clear_tamper(HIS, state.now_us)
    made += state.step(observations[4000:], observations[-1].received_at_us)
    made += state.tick(state.now_us + 36_000_000_000)
    made += state.end_order("order-2", state.now_us)
    kinds = sorted({d.kind.value for d in made})
    return {"digest": digest_of(made, state), "decisions": len(made), "kinds": kinds}


def test_the_compiled_engine_gives_the_stored_digest() -> None:
    assert told() == json.loads(STORED.read_text("utf-8"))


def test_the_plain_engine_gives_the_stored_digest() -> None:
    code = "import json; from tests.engine.test_determinism import told; print(json.dumps(told()))"
    path = os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)])
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == json.loads(STORED.read_text("utf-8"))


def test_the_stored_story_tells_of_every_rule() -> None:
    kinds = json.loads(STORED.read_text("utf-8"))["kinds"]
    assert kinds == ["approach", "battery", "better_fix", "curfew", "exclusion_zone", "jamming", "panic", "proximity",
                     "pursuit_mode", "silence", "spoofing", "tamper", "warning_ring"]  # fmt: skip


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 300), max_size=8))
def test_how_a_batch_is_split_changes_nothing(seed: int, cuts: list[int]) -> None:
    observations = story(seed, 300)
    whole, split = fresh(), fresh()
    end = observations[-1].received_at_us + 600_000_000
    expected = whole.step(observations, end)
    made: list[Decision] = []
    edges = sorted({0, len(observations), *(min(c, len(observations)) for c in cuts)})
    for low, high in itertools.pairwise(edges):
        batch = observations[low:high]
        made += split.step(batch, batch[-1].received_at_us)
    made += split.tick(end)
    for name in ("order-1", "order-2", "order-3"):
        assert [d for d in made if d.order_id == name] == [d for d in expected if d.order_id == name]
    assert split.digest() == whole.digest()


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(0, 300))
def test_a_snapshot_restored_is_going_on(seed: int, cut: int) -> None:
    observations = story(seed, 300)
    state = fresh()
    state.step(observations[:cut], observations[max(cut - 1, 0)].received_at_us)
    restored = State.restore(state.snapshot())
    assert restored.digest() == state.digest()
    end = observations[-1].received_at_us + 3_600_000_000
    assert restored.step(observations[cut:], end) == state.step(observations[cut:], end)
    assert restored.digest() == state.digest()
    assert restored.snapshot() == state.snapshot()


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 40))
def test_a_full_output_is_drained_and_nothing_lost(seed: int, room: int) -> None:
    """A step that says more than the buffer holds says the same as small steps."""
    observations = story(seed, 200)
    small, large = fresh(), fresh(policy.EVENT_DECISIONS + room)
    expected = [d for seen in observations for d in small.step([seen], seen.received_at_us)]
    made = large.step(observations, observations[-1].received_at_us)
    for name in ("order-1", "order-2", "order-3"):
        assert [d for d in made if d.order_id == name] == [d for d in expected if d.order_id == name]


def test_the_columnar_path_says_the_same() -> None:
    observations = story(5, 500)
    one, other = fresh(), fresh()
    end = observations[-1].received_at_us
    assert one.step(observations, end) == other.step_columns(other.columns_of(observations), end)


def test_time_never_goes_back() -> None:
    state = fresh()
    state.tick(at(1000))
    assert state.tick(at(10)) == []
    assert state.now_us == at(1000)


@pytest.mark.parametrize("data", [b"", b"nonsense", b"aralyk-engine-state\n" + b"\xff" * 40])
def test_other_bytes_are_no_snapshot(data: bytes) -> None:
    with pytest.raises(SnapshotInvalid):
        State.restore(data)


def test_a_snapshot_cut_short_is_refused() -> None:
    whole = fresh().snapshot()
    for length in (len(whole) - 1, len(whole) // 2, 60):
        with pytest.raises(SnapshotInvalid):
            State.restore(whole[:length])
