"""What the engine's own decisions were worth, through `State.step`: `python -m calibration.decided`.

A decision takes the larger of two probabilities, *now* and *swept*, and it is told because it is large: both choose,
so its probability cannot be as honest as the law's. This measures by how much. His phone and hers were carried by
one person; hers is moved by known vectors spread evenly over a disc, so the true distance is known at each moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from aralyk.engine import Kind, Observation, Phase, State, compile_order
from aralyk.engine.times import iso
from calibration import cases, data, reliability
from calibration.cases import Cases
from calibration.data import Track

LIMITS_M: Final = (200, 500, 1000)
VECTORS: Final = 16
REACH_LIMITS: Final = 2.0
SECOND_US: Final = 1_000_000
INTERVAL_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Decisions with a probability: the cases, and which of them rest on the path between fixes."""

    cases: Cases
    is_swept: data.Bools


def _order(start_us: int, end_us: int, limit_m: int) -> dict[str, Any]:
    return {
        "order_id": "decided", "starts_at": iso(start_us), "expires_at": iso(end_us), "timezone": "America/Los_Angeles",
        "respondent": {"devices": [{"id": "r", "kind": "phone", "interval_s": INTERVAL_S}]},
        "protected": [{"id": "p", "devices": [{"id": "d", "kind": "phone", "interval_s": INTERVAL_S}]}],
        "conditions": [{"id": "ring", "kind": "proximity", "protected": "p", "distance_m": limit_m}],
    }  # fmt: skip


def _observations(track: Track, device: str, east_deg: float, north_deg: float) -> list[Observation]:
    return [
        Observation(
            device=device, fixed_at_us=int(at), received_at_us=int(at) + SECOND_US, lat=float(lat) + north_deg,
            lon=float(lon) + east_deg, accuracy_m=float(radius), source="fused",
            speed_mps=float(speed) if speed >= 0.0 else None,
        )
        for at, lat, lon, radius, speed in zip(
            track.at_us, track.lat, track.lon, track.radius_m, track.reported_mps, strict=True
        )
    ]  # fmt: skip


def told(experiment: str) -> Told:
    """Every decision about nearness with its probability, against the truth at its `occurred_at`."""
    rng = np.random.default_rng(cases.SEED + 4)
    carrier = data.carrier(experiment)
    his = _observations(data.track(experiment, data.ANDROID), "r", 0.0, 0.0)
    her_track = data.track(experiment, data.IPHONE)
    east = data.METRES_PER_DEGREE * float(np.cos(np.radians(carrier.lat0)))
    rows: list[tuple[float, bool, int, float, bool]] = []
    for limit in LIMITS_M:
        for _ in range(VECTORS):
            length = REACH_LIMITS * limit * float(np.sqrt(rng.uniform()))
            angle = float(rng.uniform(0.0, 2.0 * np.pi))
            dx, dy = length * np.cos(angle), length * np.sin(angle)
            heard = his + _observations(her_track, "d", dx / east, dy / data.METRES_PER_DEGREE)
            heard.sort(key=lambda seen: seen.received_at_us)
            first, last = heard[0].received_at_us, heard[-1].received_at_us
            state = State.empty()
            made = state.set_order(compile_order(_order(first, last + 60 * SECOND_US, limit)), first)
            made += state.step(heard, last)
            about = [d for d in made if d.kind is Kind.PROXIMITY and d.phase in (Phase.OPEN, Phase.UPDATE)]
            times = np.array([d.occurred_at_us // SECOND_US for d in about], np.int64)
            for decision, row in zip(about, carrier.index(times) if times.size else times, strict=True):
                if decision.probability is None or row < 0:
                    continue
                is_swept = decision.reason == "crossed_between_fixes"
                rows.append(
                    (decision.probability, length < limit, decision.occurred_at_us // data.BLOCK_US, limit, is_swept)
                )
    table = list(zip(*rows, strict=True))
    return Told(
        cases=Cases(
            predicted=np.array(table[0], np.float64), observed=np.array(table[1], bool),
            block=np.array(table[2], np.int64), limit_m=np.array(table[3], np.float64),
            radius_m=np.zeros(len(rows)), age_s=np.zeros(len(rows)),
        ),
        is_swept=np.array(table[4], bool),
    )  # fmt: skip


def main() -> None:
    """Print both tables."""
    made = told(data.TEST[0])
    print(f"### Decisions that rest on the newest places\n\n{_table(made.cases.only(~made.is_swept))}")
    print(f"\n### Decisions that rest on the path between fixes\n\n{_table(made.cases.only(made.is_swept))}")


def _table(judged: Cases) -> str:
    return reliability.table(reliability.deciles(judged))


if __name__ == "__main__":
    main()
