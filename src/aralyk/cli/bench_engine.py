"""`aralyk bench engine`: fixes per second of the engine on one core, against the number of cases.

The mix: each case has a respondent and a protected person, a moving ring with a warning ring, and a closed area;
each device reports once a minute, walks, and declares 5 to 60 m; one case in 50 lives near its ring, so decisions
are made. Places of one round come in a shuffled order of devices, as they would arrive. Timed is the whole of
`State.step_columns`, decisions included; making the input is not. Processor time, so that a busy machine
does not blur it; the wall clock stands beside it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Final

import numpy as np
import typer

START_US: Final = 1_790_000_000_000_000
DAY_US: Final = 86_400_000_000
ROUND_US: Final = 60_000_000
FIXES_MIN: Final = 1_000_000
"""Per measurement, so that a small number of cases runs long enough."""
NEAR_EVERY: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One line of the result."""

    cases: int
    fixes: int
    fixes_per_s: float
    fixes_per_s_wall: float
    decisions: int
    bytes_per_case: float
    tick_ms: float
    engine: str
    seed: int


def bench_engine(
    cases: Annotated[list[int] | None, typer.Option(min=1, max=5_000_000, help="Numbers of cases to measure.")] = None,
    seed: Annotated[int, typer.Option(help="Of the synthetic walks.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> int:
    """Measure the engine: fixes per second on one core, memory per case, one clock scan."""
    if not as_json:
        typer.echo(f"{'cases':>9} {'fixes/s':>12} {'wall':>12} {'decisions':>10} {'bytes/case':>11} {'tick ms':>8}")
    for count in cases or [1_000, 10_000, 100_000, 1_000_000]:
        measured = measure(count, seed)
        if as_json:
            typer.echo(json.dumps(asdict(measured)))
        else:
            typer.echo(
                f"{measured.cases:>9,} {measured.fixes_per_s:>12,.0f} {measured.fixes_per_s_wall:>12,.0f}"
                f" {measured.decisions:>10,} {measured.bytes_per_case:>11,.0f} {measured.tick_ms:>8.2f}"
            )
    return 0


def measure(cases: int, seed: int) -> Measured:
    """Run whole rounds of fixes through one state and time them; the first round fills the state and is not timed."""
    from aralyk.engine import ENGINE_VERSION, State

    state = State.empty()
    state.set_orders(_plans(cases), START_US)
    rng = np.random.default_rng(seed)
    devices = 2 * cases
    walk = _Walk(rng, cases)
    rounds = 1 + max(2, FIXES_MIN // devices)
    fixes = decisions = 0
    seconds = wall = 0.0
    for number in range(rounds):
        rows = walk.round(START_US + number * ROUND_US)
        began, began_wall = time.process_time(), time.perf_counter()
        made = state.step_columns(rows, int(rows["received_us"][-1]))
        if number > 0:
            seconds += time.process_time() - began
            wall += time.perf_counter() - began_wall
            fixes += devices
            decisions += len(made)
    began = time.process_time()
    state.tick(state.now_us)
    return Measured(
        cases=cases, fixes=fixes, fixes_per_s=round(fixes / seconds), fixes_per_s_wall=round(fixes / wall),
        decisions=decisions, bytes_per_case=round(state.nbytes / cases, 1),
        tick_ms=round((time.process_time() - began) * 1e3, 3), engine=ENGINE_VERSION, seed=seed,
    )  # fmt: skip


class _Walk:
    """Devices walking; row 2n is a respondent's, row 2n + 1 the protected person's of the same case."""

    def __init__(self, rng: np.random.Generator, cases: int) -> None:
        self._rng = rng
        self._lat = 42.87 + rng.normal(0.0, 0.04, 2 * cases)
        self._lon = 74.60 + rng.normal(0.0, 0.05, 2 * cases)
        near = np.arange(0, cases, NEAR_EVERY)
        self._lat[2 * near] = self._lat[2 * near + 1] + 0.0060  # 670 m: between the rings of 500 and 1,000 m
        self._lon[2 * near] = self._lon[2 * near + 1]

    def round(self, at_us: int) -> Any:
        """One fix of each device within a minute, sorted by receipt."""
        from aralyk.engine import records

        count = self._lat.size
        self._lat += self._rng.normal(0.0, 2e-4, count)
        self._lon += self._rng.normal(0.0, 2e-4, count)
        rows = np.zeros(count, records.RECORD)
        rows["heading_deg"] = -1.0
        rows["device"] = self._rng.permutation(count)
        rows["fixed_us"] = at_us + np.arange(count) * ROUND_US // count
        rows["received_us"] = rows["fixed_us"] + 2_000_000
        rows["flags"] = records.PLACED | (1 << records.SOURCE_SHIFT) | (80 << records.BATTERY_SHIFT)
        rows["lat"] = self._lat[rows["device"]]
        rows["lon"] = self._lon[rows["device"]]
        rows["radius_m"] = self._rng.choice([5.0, 10.0, 20.0, 60.0], count)
        rows["speed_mps"] = -1.0
        return rows


def _plans(cases: int) -> Iterator[Any]:
    """One compiled order under many names: compiling a million would take longer than the measurement."""
    from aralyk.engine import compile_order
    from aralyk.engine.times import iso

    plan = compile_order(_order(iso(START_US), iso(START_US + 30 * DAY_US)))
    for case in range(cases):
        devices = tuple(replace(device, id=f"{device.id}-{case}") for device in plan.devices)
        yield replace(plan, order_id=f"bench-{case}", devices=devices)


def _order(starts_at: str, expires_at: str) -> dict[str, object]:
    return {
        "order_id": "bench",
        "starts_at": starts_at,
        "expires_at": expires_at,
        "timezone": "Asia/Bishkek",
        "respondent": {"devices": [{"id": "r", "kind": "bracelet", "interval_s": 60}]},
        "protected": [{"id": "p", "devices": [{"id": "d", "kind": "phone", "interval_s": 60}]}],
        "conditions": [
            {"id": "ring", "kind": "proximity", "protected": "p", "distance_m": 500, "warning_m": 1000},
            {
                "id": "home",
                "kind": "exclusion_zone",
                "shape": {"circle": {"lat": 42.87, "lon": 74.6, "radius_m": 300}},
                "schedule": None,
            },
        ],
    }
