"""Small worlds for the engine's tests: an order over Bishkek, and observations in metres and seconds from its start."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from aralyk.engine import Decision, Observation, Phase, State, compile_order
from aralyk.engine.times import parse_us

STARTS_AT: Final = "2026-11-21T04:00:00Z"  # a Saturday, 10:00 in Bishkek
START_US: Final = parse_us(STARTS_AT)
SECOND_US: Final = 1_000_000
LAT: Final = 42.8746
LON: Final = 74.5698
NORTH_M: Final = 111_083.0  # metres per degree at LAT, WGS 84
EAST_M: Final = 81_735.0
HIS: Final = "bracelet"
HERS: Final = "phone"


def proximity(*, distance_m: float = 500, warning_m: float | None = None) -> dict[str, Any]:
    """The moving ring round the protected person."""
    return {"id": "ring", "kind": "proximity", "protected": "p", "distance_m": distance_m, "warning_m": warning_m}


def circle(
    kind: str = "exclusion_zone", *, radius_m: float = 500, east_m: float = 0.0, schedule: Any = None
) -> dict[str, Any]:
    """A round area about the origin."""
    shape = {"circle": {"lat": LAT, "lon": LON + east_m / EAST_M, "radius_m": radius_m}}
    return {"id": "area", "kind": kind, "shape": shape, "schedule": schedule}


def polygon(rings: Sequence[Sequence[tuple[float, float]]], kind: str = "exclusion_zone") -> dict[str, Any]:
    """An area of rings in metres east and north of the origin (open rings: the closing point is added)."""
    shape = {
        "type": "Polygon",
        "coordinates": [[[LON + x / EAST_M, LAT + y / NORTH_M] for x, y in [*ring, ring[0]]] for ring in rings],
    }
    return {"id": "area", "kind": kind, "shape": shape, "schedule": None}


def order(*conditions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An order with one bracelet on him and one phone with her, a fix each 15 s."""
    base: dict[str, Any] = {
        "order_id": "order-1",
        "starts_at": STARTS_AT,
        "expires_at": "2026-12-21T04:00:00Z",
        "timezone": "Asia/Bishkek",
        "respondent": {"devices": [{"id": HIS, "kind": "bracelet", "interval_s": 15}]},
        "protected": [{"id": "p", "devices": [{"id": HERS, "kind": "phone", "interval_s": 15}]}],
        "conditions": list(conditions),
    }
    return base | changes


def seen(
    device: str, at_s: float, east_m: float = 0.0, north_m: float = 0.0, *, delay_s: float = 1.0, **fields: Any
) -> Observation:
    """A fix taken `at_s` seconds after the order's start and received `delay_s` later."""
    fixed = START_US + round(at_s * SECOND_US)
    values: dict[str, Any] = {
        "device": device,
        "fixed_at_us": fixed,
        "received_at_us": fixed + round(delay_s * SECOND_US),
        "lat": LAT + north_m / NORTH_M,
        "lon": LON + east_m / EAST_M,
        "accuracy_m": 10.0,
        "source": "gnss",
    }
    return Observation(**(values | fields))


def heard(device: str, at_s: float, **fields: Any) -> Observation:
    """A record without a place, received `at_s` seconds after the order's start."""
    at = START_US + round(at_s * SECOND_US)
    values: dict[str, Any] = {"device": device, "fixed_at_us": at, "received_at_us": at}
    return Observation(**(values | fields))


def walk(
    device: str, start_s: float, places: Iterable[tuple[float, float]], *, step_s: float = 15.0, **fields: Any
) -> list[Observation]:
    """Fixes at one place after another."""
    return [seen(device, start_s + i * step_s, x, y, **fields) for i, (x, y) in enumerate(places)]


def line(begin: tuple[float, float], end: tuple[float, float], steps: int) -> list[tuple[float, float]]:
    """Places on a straight way, both ends included."""
    shares = [i / (steps - 1) for i in range(steps)]
    return [(begin[0] + s * (end[0] - begin[0]), begin[1] + s * (end[1] - begin[1])) for s in shares]


def still(device: str, start_s: float, count: int, east_m: float = 0.0, north_m: float = 0.0) -> list[Observation]:
    """Fixes at one place."""
    return walk(device, start_s, [(east_m, north_m)] * count)


def going(
    device: str,
    start_s: float,
    begin: tuple[float, float],
    mps: tuple[float, float],
    count: int,
    *,
    step_s: float = 15.0,
    **fields: Any,
) -> list[Observation]:
    """Fixes of somebody who keeps a velocity (metres per second east and north) and whose device says so."""
    east, north = mps
    motion = {"speed_mps": math.hypot(east, north), "heading_deg": math.degrees(math.atan2(east, north)) % 360.0}
    places = [(begin[0] + i * step_s * east, begin[1] + i * step_s * north) for i in range(count)]
    return walk(device, start_s, places, step_s=step_s, **(motion | fields))


def started(*conditions: dict[str, Any], **changes: Any) -> State:
    """A state that took an order at its start."""
    state = State.empty()
    assert state.set_order(compile_order(order(*conditions, **changes)), START_US) == []
    return state


def decided(state: State, *batches: Iterable[Observation], until_s: float | None = None) -> list[Decision]:
    """Everything decided about the observations, merged by receipt; time passes up to `until_s` if it is given."""
    observations = sorted((o for batch in batches for o in batch), key=lambda o: o.received_at_us)
    now = observations[-1].received_at_us if observations else state.now_us
    made = state.step(observations, now)
    if until_s is not None:
        made += state.tick(at(until_s))
    return made


def at(seconds: float) -> int:
    """Microseconds since the epoch of a moment after the order's start."""
    return START_US + round(seconds * SECOND_US)


def about(decisions: Iterable[Decision], *kinds: str) -> list[Decision]:
    """The decisions of these kinds."""
    return [d for d in decisions if d.kind in kinds]


def opened(decisions: Iterable[Decision], *kinds: str) -> list[Decision]:
    """The opening decisions of these kinds."""
    return [d for d in about(decisions, *kinds) if d.phase is Phase.OPEN]


def alerted(decisions: Iterable[Decision], *kinds: str) -> bool:
    """Whether a person was called: an open or update of priority 1 or 2."""
    return any(d.phase in (Phase.OPEN, Phase.UPDATE) and d.priority <= 2 for d in about(decisions, *kinds))


def metres_apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Plane distance."""
    return math.hypot(a[0] - b[0], a[1] - b[1])
