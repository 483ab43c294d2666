"""What the engine's own probabilities were worth, through `State.step`: `python -m calibration.decided`.

A judgement takes the larger of two probabilities, *now* and *swept*; a decision is a judgement told because it is
large. Both choose, so neither can be as honest as the law. This measures both: the judgement that stood at the last
record of each minute, whatever it said, and the decisions. His phone and hers were carried by
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
MINUTE_US: Final = 60 * SECOND_US
FRESH_US: Final = 10 * MINUTE_US
INTERVAL_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Judgements or decisions with a probability: the cases, and which of them rest on the path between fixes."""

    cases: Cases
    is_swept: data.Bools


Rows = list[tuple[float, bool, int, float, bool]]
"""Probability, truth, block, D, swept."""


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


def said(experiment: str) -> tuple[Said, Said]:
    """The judgement at the last record of each minute, and every decision, against the truth."""
    rng = np.random.default_rng(cases.SEED + 4)
    carrier = data.carrier(experiment)
    his = _observations(data.track(experiment, data.ANDROID), "r", 0.0, 0.0)
    her_track = data.track(experiment, data.IPHONE)
    east = data.METRES_PER_DEGREE * float(np.cos(np.radians(carrier.lat0)))
    judged: Rows = []
    told: Rows = []
    for limit in LIMITS_M:
        for _ in range(VECTORS):
            length = REACH_LIMITS * limit * float(np.sqrt(rng.uniform()))
            angle = float(rng.uniform(0.0, 2.0 * np.pi))
            dx, dy = length * np.cos(angle), length * np.sin(angle)
            heard = his + _observations(her_track, "d", dx / east, dy / data.METRES_PER_DEGREE)
            heard.sort(key=lambda seen: seen.received_at_us)
            _replay(heard, limit, length < limit, carrier, judged, told)
    return _said(judged), _said(told)


def _replay(
    heard: list[Observation], limit: int, is_near: bool, carrier: data.Carrier, judged: Rows, told: Rows
) -> None:
    first, last = heard[0].received_at_us, heard[-1].received_at_us
    state = State.empty()
    state.set_order(compile_order(_order(first, last + MINUTE_US, limit)), first)
    draft = state._draft[0]  # what the rule at work found last: not public, and no decision shows it
    begin = 0
    for end in range(1, len(heard) + 1):
        now = heard[end - 1].received_at_us
        if end < len(heard) and heard[end].received_at_us // MINUTE_US == now // MINUTE_US:
            continue
        made = state.step(heard[begin:end], now)
        begin = end
        about = [d for d in made if d.kind is Kind.PROXIMITY and d.phase in (Phase.OPEN, Phase.UPDATE)]
        for decision in about:
            if decision.probability is not None and _is_known(carrier, decision.occurred_at_us):
                is_swept = decision.reason == "crossed_between_fixes"
                block = decision.occurred_at_us // data.BLOCK_US
                told.append((decision.probability, is_near, block, limit, is_swept))
        occurred = int(draft["occurred_us"])
        if draft["respondent"] >= 0 and now - occurred <= FRESH_US and _is_known(carrier, occurred):
            p, is_swept = float(draft["p_distance"]), bool(draft["swept"] == 1)
            judged.append((p, is_near, occurred // data.BLOCK_US, limit, is_swept))


def _is_known(carrier: data.Carrier, at_us: int) -> bool:
    return int(carrier.index(np.array([at_us // SECOND_US]))[0]) >= 0


def _said(rows: Rows) -> Said:
    predicted, observed, block, limit, is_swept = zip(*rows, strict=True)
    return Said(
        cases=Cases(
            predicted=np.array(predicted, np.float64), observed=np.array(observed, bool),
            block=np.array(block, np.int64), limit_m=np.array(limit, np.float64),
            radius_m=np.zeros(len(rows)), age_s=np.zeros(len(rows)),
        ),
        is_swept=np.array(is_swept, bool),
    )  # fmt: skip


def main() -> None:
    """Print the tables."""
    judged, told = said(data.TEST[0])
    print(f"### Judgements at the last record of each minute, all\n\n{_table(judged.cases)}")
    print(f"\n### Judgements that rest on the newest places\n\n{_table(judged.cases.only(~judged.is_swept))}")
    print(f"\n### Judgements that rest on the path between fixes\n\n{_table(judged.cases.only(judged.is_swept))}")
    print(f"\n### Decisions (open and update)\n\n{_table(told.cases)}")


def _table(judged: Cases) -> str:
    return reliability.table(reliability.deciles(judged))


if __name__ == "__main__":
    main()
