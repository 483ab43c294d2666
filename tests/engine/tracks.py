"""Real phones through the engine, and what came of it, minute by minute: `python -m tests.engine.tracks`.

One person carried both phones, so where the carrier was each second is the truth for either. Pairs are made as
the order would see them: the evaluation Android phone is the respondent's, the evaluation iPhone the protected
person's; her fixes (with their times of writing) are left as they are, shifted by 20 minutes, or moved by a vector.
A minute counts if both phones were heard and placed within the last 5 minutes. It is *inside* if the truth stayed
below 0.8 D all the minute, *outside* if it stayed beyond 1.25 D; in between either answer is right.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aralyk.engine import Decision, Kind, Observation, Phase, State, compile_order
from aralyk.engine.times import iso

REPOSITORY: Final = Path(__file__).resolve().parent.parent.parent
SHARED: Final = Path(os.environ.get("ARALYK_SHARED", str(REPOSITORY.parent / "shared")))
TRACKS: Final = SHARED / "tracks"
LOCATIONS: Final = TRACKS / "mobilitynet_locations.parquet"
REFERENCE: Final = TRACKS / "mobilitynet_reference_1hz.parquet"
EXPERIMENTS: Final = ("unimodal_trip_car_bike_mtv_la", "train_bus_ebike_mtv_ucb")
RESPONDENT_PHONE: Final = "ucb-sdb-android-2"
PROTECTED_PHONE: Final = "ucb-sdb-ios-2"
SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
METRES_PER_DEGREE: Final = 111_195.0
FRESH_US: Final = 5 * MINUTE_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """How the protected person's track is made from the second phone's."""

    name: str
    lag_s: int = 0
    north_m: float = 0.0


PAIRS: Final = (
    Pair(name="together"),
    Pair(name="lagged 20 min", lag_s=1200),
    Pair(name="moved 400 m", north_m=400.0),
    Pair(name="moved 3 km", north_m=3000.0),
)


@dataclass(slots=True, kw_only=True)
class Tally:
    """Minutes counted; `alerted` means an incident about the pair of priority 1 or 2 stood open in the minute."""

    pair: str
    distance_m: int
    inside: int = 0
    inside_alerted: int = 0
    inside_first: int = 0
    inside_unknown: int = 0
    outside: int = 0
    outside_first: int = 0
    outside_alerted: int = 0
    outside_unknown: int = 0
    unknowns: int = 0
    incidents: int = 0
    late: int = 0
    decisions: list[Decision] = field(default_factory=list)


def fixes(phone: str, experiment: str, *, device: str, lag_s: int = 0, north_m: float = 0.0) -> list[Observation]:
    """The phone's fixes as observations: received when they were written; future stamps and late records stay."""
    table = pq.read_table(LOCATIONS)
    wanted = pc.and_(pc.equal(table["device_id"], phone), pc.equal(table["experiment"].cast("string"), experiment))
    columns = table.filter(wanted).to_pydict()
    shift = lag_s * SECOND_US
    made = []
    for at, lat, lon, radius, speed, delay in zip(
        *(columns[name] for name in ("time", "lat", "lon", "accuracy_m", "speed_mps", "write_delay_s")), strict=True
    ):
        fixed = int(at.timestamp() * 1000) * 1000 + shift
        delay_us = 0 if delay is None or math.isnan(delay) else int(delay * 1e6)
        known = speed is not None and math.isfinite(speed) and 0.0 <= speed <= 100.0
        made.append(
            Observation(
                device=device,
                fixed_at_us=fixed,
                received_at_us=fixed + delay_us,
                lat=lat + north_m / METRES_PER_DEGREE,
                lon=lon,
                accuracy_m=None if radius is None or math.isnan(radius) or radius < 0 else float(radius),
                source="fused",
                speed_mps=float(speed) if known else None,
            )
        )
    return made


def truth(experiment: str, pair: Pair) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """True distance of the pair each second that the carrier's place is known: microseconds, metres."""
    table = pq.read_table(REFERENCE)
    rows = table.filter(pc.equal(table["experiment"].cast("string"), experiment))
    seconds = np.asarray(rows["time"].cast("int64")) // 1000
    lat = dict(zip(seconds.tolist(), rows["true_lat"].to_pylist(), strict=True))
    lon = dict(zip(seconds.tolist(), rows["true_lon"].to_pylist(), strict=True))
    at, apart = [], []
    for second in sorted(lat):
        before = second - pair.lag_s
        if before not in lat:
            continue
        dy = (lat[before] - lat[second]) * METRES_PER_DEGREE + pair.north_m
        dx = (lon[before] - lon[second]) * METRES_PER_DEGREE * math.cos(math.radians(lat[second]))
        at.append(second * SECOND_US)
        apart.append(math.hypot(dx, dy))
    return np.array(at, np.int64), np.array(apart)


def order(start_us: int, end_us: int, *, distance_m: int, interval_s: int = 60) -> dict[str, Any]:
    """An order for the pair of phones; no warning ring, so that every alert is about D itself."""
    return {
        "order_id": "tracks",
        "starts_at": iso(start_us),
        "expires_at": iso(end_us),
        "timezone": "America/Los_Angeles",
        "respondent": {"devices": [{"id": "r", "kind": "phone", "interval_s": interval_s}]},
        "protected": [{"id": "p", "devices": [{"id": "d", "kind": "phone", "interval_s": interval_s}]}],
        "conditions": [{"id": "ring", "kind": "proximity", "protected": "p", "distance_m": distance_m}],
    }


def replayed(observations: Sequence[Observation], *, distance_m: int) -> list[Decision]:
    """Everything the engine decides about these observations."""
    heard = sorted(observations, key=lambda seen: seen.received_at_us)
    first, last = heard[0].received_at_us, heard[-1].received_at_us
    state = State.empty()
    made = state.set_order(compile_order(order(first, last + MINUTE_US, distance_m=distance_m)), first)
    return made + state.step(heard, last)


def run(pair: Pair, *, distance_m: int, experiments: Sequence[str] = EXPERIMENTS) -> Tally:
    """Replay a pair over the experiments and count its minutes."""
    tally = Tally(pair=pair.name, distance_m=distance_m)
    for experiment in experiments:
        his = fixes(RESPONDENT_PHONE, experiment, device="r")
        hers = fixes(PROTECTED_PHONE, experiment, device="d", lag_s=pair.lag_s, north_m=pair.north_m)
        made = replayed(his + hers, distance_m=distance_m)
        at, apart = truth(experiment, pair)
        _count(tally, made, at, apart, (_times(his), _times(hers)))
        tally.decisions += made
    return tally


def _times(observations: Sequence[Observation]) -> npt.NDArray[np.int64]:
    return np.array(sorted(seen.received_at_us for seen in observations), np.int64)


def _count(
    tally: Tally,
    made: Sequence[Decision],
    at: npt.NDArray[np.int64],
    apart: npt.NDArray[np.float64],
    heard: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
) -> None:
    about = [d for d in made if d.kind in (Kind.PROXIMITY, Kind.WARNING_RING)]
    first = _standing(about, 1)
    any_ = _standing(about, 2)
    unknown = _standing([d for d in made if d.kind is Kind.SILENCE and d.party == "respondent"], 2)
    unknown += _standing([d for d in made if d.kind is Kind.SILENCE and d.party == "p"], 2)
    tally.incidents += sum(d.phase is Phase.OPEN for d in about)
    tally.unknowns += sum(d.kind is Kind.SILENCE and d.phase is Phase.UPDATE and d.priority == 2 for d in made)
    tally.late += sum(d.phase is Phase.LATE for d in about)
    for minute in np.unique(at // MINUTE_US):
        begins, ends = int(minute) * MINUTE_US, (int(minute) + 1) * MINUTE_US
        within = apart[(at >= begins) & (at < ends)]
        if within.size < 30 or not all(_heard(times, begins) for times in heard):
            continue
        if within.max() <= 0.8 * tally.distance_m:
            tally.inside += 1
            alerted = _overlaps(any_, begins, ends)
            tally.inside_alerted += alerted
            tally.inside_unknown += 0 if alerted else _overlaps(unknown, begins, ends)
            tally.inside_first += _overlaps(first, begins, ends)
        elif within.min() >= 1.25 * tally.distance_m:
            tally.outside += 1
            alerted = _overlaps(any_, begins, ends)
            tally.outside_alerted += alerted
            tally.outside_unknown += 0 if alerted else _overlaps(unknown, begins, ends)
            tally.outside_first += _overlaps(first, begins, ends)


def _heard(times: npt.NDArray[np.int64], at_us: int) -> bool:
    last = int(np.searchsorted(times, at_us, side="right")) - 1
    return last >= 0 and at_us - int(times[last]) <= FRESH_US


def _standing(made: Sequence[Decision], priority: int) -> list[tuple[int, int]]:
    """Spans in which one of these decisions' incidents stood open at this priority or a higher one (one at a time)."""
    spans = []
    since: int | None = None
    for d in made:
        if d.phase is Phase.LATE:
            continue
        stands = d.phase is not Phase.CLOSE and d.priority <= priority
        if stands and since is None:
            since = d.decided_at_us
        elif not stands and since is not None:
            spans.append((since, d.decided_at_us))
            since = None
    if since is not None:
        spans.append((since, made[-1].decided_at_us))
    return spans


def _overlaps(spans: Sequence[tuple[int, int]], begins: int, ends: int) -> int:
    return int(any(since < ends and until >= begins for since, until in spans))


def main() -> None:
    """Print the table."""
    print(
        f"{'pair':<15}{'D m':>6}{'minutes in':>12}{'alerted':>9}{'P1':>7}{'unknown':>9}"
        f"{'minutes out':>13}{'alerted':>9}{'P1':>6}{'unknown':>9}{'incidents':>11}{'unknowns':>10}{'late':>6}"
    )
    for pair in PAIRS:
        for distance_m in (300, 500, 1000):
            t = run(pair, distance_m=distance_m)
            print(
                f"{t.pair:<15}{t.distance_m:>6}{t.inside:>12}{t.inside_alerted:>9}{t.inside_first:>7}{t.inside_unknown:>9}"
                f"{t.outside:>13}{t.outside_alerted:>9}{t.outside_first:>6}{t.outside_unknown:>9}{t.incidents:>11}{t.unknowns:>10}{t.late:>6}"
            )


if __name__ == "__main__":
    main()
