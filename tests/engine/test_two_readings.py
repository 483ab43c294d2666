"""One source, two readings: whatever order and devices say, compiled and plain decide the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aralyk.engine.compiled import IS_PLAIN
from aralyk.engine.times import iso
from tests.engine.builders import EAST_M, HERS, HIS, LAT, LON, NORTH_M, START_US, order, proximity
from tests.engine.plain_reader import read
from tests.engine.test_replay_command import REPOSITORY

CHILDS = "childs"
SECOND_US = 1_000_000


@pytest.fixture(scope="module")
def plain() -> Iterator[subprocess.Popen[str]]:
    """One long-lived process that reads everything in plain Python."""
    path = os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)])
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path}
    command = [sys.executable, "-m", "tests.engine.plain_reader"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=REPOSITORY
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def asked(process: subprocess.Popen[str], story: dict[str, Any]) -> dict[str, Any]:
    """Let the other process read a story."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(story) + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


metres = st.floats(-2500, 2500, allow_nan=False).map(lambda x: round(x, 1))
distances = st.sampled_from([1, 50, 200, 500, 900, 3000])


def place(x: float, y: float) -> list[float]:
    """GeoJSON position of metres east and north of the origin."""
    return [LON + x / EAST_M, LAT + y / NORTH_M]


@st.composite
def shapes(draw: st.DrawFn) -> dict[str, Any]:
    """A circle, or a polygon with or without a hole."""
    x, y, size = draw(metres), draw(metres), draw(st.sampled_from([30, 150, 600, 2000]))
    if draw(st.booleans()):
        lon, lat = place(x, y)
        return {"circle": {"lat": lat, "lon": lon, "radius_m": size}}
    square = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    rings = [[place(x + size * i, y + size * j) for i, j in square]]
    if draw(st.booleans()):
        rings.append([place(x + size * i / 3, y + size * j / 3) for i, j in reversed(square)])
    return {"type": "Polygon", "coordinates": rings}


@st.composite
def conditions(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rings, areas with and without hours, check-ins, hand-overs."""
    made: list[dict[str, Any]] = [proximity(distance_m=draw(distances)) | {"id": "ring"}]
    made.append(proximity(distance_m=200, warning_m=draw(st.none() | st.just(700))) | {"id": "c", "protected": "child"})
    hours = [{"days": ["sat", "sun"], "from": "10:05", "to": draw(st.sampled_from(["10:20", "24:00", "07:00"]))}]
    for kind in draw(st.lists(st.sampled_from(["exclusion_zone", "inclusion_zone", "curfew"]), max_size=2)):
        schedule = draw(st.none() | st.just(hours))
        made.append({"id": f"a{len(made)}", "kind": kind, "shape": draw(shapes()), "schedule": schedule})
    if draw(st.booleans()):
        begins = START_US + draw(st.integers(60, 2000)) * SECOND_US
        window = {"from": iso(begins), "to": iso(begins + draw(st.integers(60, 900)) * SECOND_US)}
        window["return_at"] = iso(begins + draw(st.integers(300, 2000)) * SECOND_US)
        made.append({"id": "hand", "kind": "handover", "protected": "p", "child": "child", "shape": draw(shapes()),
                     "windows": [window]})  # fmt: skip
    if draw(st.booleans()):
        made.append({"id": "call", "kind": "check_in", "per_day": 4, "grace_s": 600})
    return made


@st.composite
def stories(draw: st.DrawFn) -> dict[str, Any]:
    """An order with its devices, what they say for about an hour, and a change in the middle."""
    people = [
        {"id": "p", "devices": [{"id": HERS, "kind": "phone", "interval_s": draw(st.sampled_from([15, 60]))}]},
        {"id": "child", "devices": draw(st.sampled_from([[], [{"id": CHILDS, "kind": "phone", "interval_s": 60}]]))},
    ]
    changes = {"protected": people, "threat_level": draw(st.sampled_from(["low", "medium", "high"]))}
    first = order(*draw(conditions()), **changes)
    second = order(*draw(conditions()), **changes, version=2)
    step = draw(st.sampled_from([7, 30, 90]))
    observations = []
    received_us = START_US
    for i in range(draw(st.integers(4, 40))):
        device = draw(st.sampled_from([HIS, HIS, HERS, HERS, CHILDS]))
        received_us = START_US + (i * step + draw(st.integers(0, 5))) * SECOND_US
        lon, lat = place(draw(metres), draw(metres))
        observations.append({
            "device": device, "received_at": iso(received_us),
            "fixed_at": iso(received_us - draw(st.sampled_from([0, 1, 20, 400, -9])) * SECOND_US),
            "lat": lat, "lon": lon, "valid": draw(st.sampled_from([True, True, True, False])),
            "accuracy_m": draw(st.sampled_from([None, 3.0, 12.0, 80.0, 400.0, 5000.0])),
            "source": draw(st.sampled_from(["gnss", "fused", "network", "unknown"])),
            "speed_mps": draw(st.sampled_from([None, 0.0, 1.4, 20.0])),
            "heading_deg": draw(st.sampled_from([None, 0.0, 90.0, 271.5])),
            "battery_pct": draw(st.sampled_from([None, 9, 60])),
            "strap": draw(st.sampled_from([None, "locked", "open"])),
            "alarms": draw(st.sampled_from([[], [], [], ["sos"], ["jamming"], ["tamper"], ["power_off"]])),
            "mock": draw(st.sampled_from([False, False, False, True])),
            "attestation": draw(st.sampled_from([None, "attested", "self_reported"])),
            "check_in": draw(st.sampled_from([None, None, "passed", "failed"])),
            "proximity_ble": draw(st.sampled_from([None, [], [HIS], [HERS, "stranger"]])),
        })  # fmt: skip
    half_us = START_US + len(observations) // 2 * step * SECOND_US
    return {
        "orders": [first], "changes": draw(st.sampled_from([[], [second]])), "observations": observations,
        "begins_us": START_US - draw(st.sampled_from([0, 600])) * SECOND_US, "half_us": half_us,
        "ends_us": received_us + draw(st.sampled_from([0, 300, 5000])) * SECOND_US,
    }  # fmt: skip


@pytest.mark.skipif(IS_PLAIN, reason="this process itself is plain: there is nothing to compare with")
@settings(max_examples=60)
@given(story=stories())
def test_any_story_is_decided_alike_compiled_and_plain(plain: subprocess.Popen[str], story: dict[str, Any]) -> None:
    mine, other = read(story), asked(plain, story)
    assert mine["lines"] == other["lines"]
    assert mine["digest"] == other["digest"]
