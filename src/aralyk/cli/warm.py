"""`aralyk warm`: compiles the engine's kernel into Numba's cache, so that the first monitor need not.

Compiling takes up to a minute on a small machine; `make` does it once for each change of the engine,
while the pages are built. What is run here has no other use.
"""

from __future__ import annotations

import time

import typer

_START_US = 1_700_000_000_000_000
_ORDER = {
    "order_id": "00000000-0000-4000-8000-000000000000",
    "starts_at": "2023-11-14T00:00:00Z",
    "expires_at": "2023-12-14T00:00:00Z",
    "timezone": "Asia/Bishkek",
    "respondent": {"devices": [{"id": "a", "kind": "bracelet", "interval_s": 15}]},
    "protected": [{"id": "p", "devices": [{"id": "b", "kind": "phone", "interval_s": 15}]}],
    "conditions": [
        {"id": "ring", "kind": "proximity", "protected": "p", "distance_m": 300, "warning_m": 1000},
        {
            "id": "zone",
            "kind": "exclusion_zone",
            "shape": {"circle": {"lat": 42.87, "lon": 74.59, "radius_m": 200}},
            "schedule": None,
        },
    ],
}


def warm() -> int:
    """Compile the engine into its cache."""
    from aralyk.engine import Observation, State, compile_order

    started_s = time.monotonic()
    state = State.empty()
    state.set_order(compile_order(_ORDER), _START_US)
    heard = [
        Observation(
            device=device,
            fixed_at_us=_START_US + 1_000_000 * number,
            received_at_us=_START_US + 1_000_000 * number,
            lat=42.87,
            lon=74.59 + 0.001 * number,
            accuracy_m=10.0,
            source="gnss",
        )
        for number, device in enumerate(("a", "b", "a"), start=1)
    ]
    state.step(heard, _START_US + 600_000_000)
    State.restore(state.snapshot()).step([], _START_US + 1_200_000_000)
    typer.echo(f"the engine is compiled ({time.monotonic() - started_s:.0f} s)")
    return 0
