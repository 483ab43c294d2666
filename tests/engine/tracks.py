"""Real phones through the engine, and what came of it, minute by minute: `python -m tests.engine.tracks`.

One person carried both phones, so where the carrier was each second is the truth for either. Pairs are made as
the order would see them: the evaluation Android phone is the respondent's, the evaluation iPhone the protected
person's; her fixes (with their times of writing) are left as they are, shifted by 20 minutes, or moved by a vector.
A minute counts if both phones were heard and placed within the last 5 minutes. It is *inside* if the truth stayed
below 0.8 D all the minute, *outside* if it stayed beyond 1.25 D; in between either answer is right.
"""

from __future__ import annotations

import json
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
import shapely
from shapely.geometry import Polygon

from aralyk.engine import Decision, Kind, Observation, Phase, State, compile_order, policy
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
FOREVER_US: Final = 1 << 62
MINUTE_US: Final = 60 * SECOND_US
METRES_PER_DEGREE: Final = 111_195.0
FRESH_US: Final = 5 * MINUTE_US
SHARP_M: Final = 100.0
"""A *clear* minute: both phones declared at most this within the last minute, at its begin and at its end."""
PLACES: Final = TRACKS / "mobilitynet_places_routes.geojson"
VISIT_S: Final = 60
NEAR_M: Final = 200.0


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
    sharp_inside: int = 0
    sharp_inside_alerted: int = 0
    sharp_outside: int = 0
    sharp_outside_first: int = 0
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
        _count(tally, made, at, apart, (_times(his), _times(hers)), (_sharp_times(his), _sharp_times(hers)))
        tally.decisions += made
    return tally


def _times(observations: Sequence[Observation]) -> npt.NDArray[np.int64]:
    return np.array(sorted(seen.received_at_us for seen in observations), np.int64)


def _sharp_times(observations: Sequence[Observation]) -> npt.NDArray[np.int64]:
    return _times([seen for seen in observations if seen.accuracy_m is not None and seen.accuracy_m <= SHARP_M])


def _count(
    tally: Tally,
    made: Sequence[Decision],
    at: npt.NDArray[np.int64],
    apart: npt.NDArray[np.float64],
    heard: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    sharp: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
) -> None:
    about = [d for d in made if d.kind in (Kind.PROXIMITY, Kind.WARNING_RING)]
    first = _standing(about, 1, until_calm=True)
    any_ = _standing(about, 2)
    unknown = _standing([d for d in made if d.kind is Kind.SILENCE and d.party == "respondent"], 2)
    unknown += _standing([d for d in made if d.kind is Kind.SILENCE and d.party == "p"], 2)
    tally.incidents += sum(d.phase is Phase.OPEN for d in about)
    tally.unknowns += sum(d.kind is Kind.SILENCE and d.phase is Phase.UPDATE and d.priority == 2 for d in made)
    tally.late += sum(d.phase is Phase.LATE for d in about)
    for minute in np.unique(at // MINUTE_US):
        begins, ends = int(minute) * MINUTE_US, (int(minute) + 1) * MINUTE_US
        within = apart[(at >= begins) & (at < ends)]
        if within.size < 30 or not all(_heard(times, begins, FRESH_US) for times in heard):
            continue
        clear = all(_heard(times, begins, MINUTE_US) and _heard(times, ends, MINUTE_US) for times in sharp)
        if within.max() <= 0.8 * tally.distance_m:
            tally.inside += 1
            alerted = _overlaps(any_, begins, ends)
            tally.inside_alerted += alerted
            tally.sharp_inside += clear
            tally.sharp_inside_alerted += clear and alerted
            tally.inside_unknown += 0 if alerted else _overlaps(unknown, begins, ends)
            tally.inside_first += _overlaps(first, begins, ends)
        elif within.min() >= 1.25 * tally.distance_m:
            tally.outside += 1
            alerted = _overlaps(any_, begins, ends)
            tally.outside_alerted += alerted
            tally.outside_unknown += 0 if alerted else _overlaps(unknown, begins, ends)
            tally.outside_first += _overlaps(first, begins, ends)
            tally.sharp_outside += clear
            tally.sharp_outside_first += clear and _overlaps(first, begins, ends)


def _heard(times: npt.NDArray[np.int64], at_us: int, within_us: int) -> bool:
    last = int(np.searchsorted(times, at_us, side="right")) - 1
    return last >= 0 and at_us - int(times[last]) <= within_us


def _standing(made: Sequence[Decision], priority: int, *, until_calm: bool = False) -> list[tuple[int, int]]:
    """Spans in which one of these decisions' incidents stood open at this priority or a higher one (one at a time).

    A close by evidence comes a lateness window after the calm it speaks of; `until_calm` ends the span with the calm.
    """
    spans = []
    since: int | None = None
    for d in made:
        if d.phase is Phase.LATE:
            continue
        stands = d.phase is not Phase.CLOSE and d.priority <= priority
        if stands and since is None:
            since = d.decided_at_us
        elif not stands and since is not None:
            waited = until_calm and d.reason in ("clear_evidence", "self_reported_clear")
            spans.append((since, max(since, d.decided_at_us - policy.LATE_US) if waited else d.decided_at_us))
            since = None
    if since is not None:
        spans.append((since, FOREVER_US))
    return spans


def _overlaps(spans: Sequence[tuple[int, int]], begins: int, ends: int) -> int:
    return int(any(since < ends and until >= begins for since, until in spans))


@dataclass(slots=True, kw_only=True)
class Visits:
    """What a closed area of the real places made of the respondent's phone."""

    place: str
    visits: int = 0
    alerted: int = 0
    incidents: int = 0
    far_incidents: int = 0


def places(experiment: str) -> list[tuple[str, dict[str, Any]]]:
    """The polygons of an experiment's places, each shape once."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for feature in json.loads(PLACES.read_text("utf-8"))["features"]:
        properties = feature["properties"]
        if properties["kind"] == "place" and properties["experiment"] == experiment:
            found[json.dumps(feature["geometry"])] = (properties["name"], feature["geometry"])
    return list(found.values())


def visited(name: str, shape: dict[str, Any], experiment: str) -> Visits:
    """Replay the respondent's phone against a place as a closed area.

    A visit is a minute or more of truth inside with at least one clear fix in it; it is alerted if an incident of
    priority 1 or 2 stood open between a minute before it and three after it. An incident is far if the truth stayed
    200 m away round its opening.
    """
    his = fixes(RESPONDENT_PHONE, experiment, device="r")
    heard = sorted(his, key=lambda seen: seen.received_at_us)
    given = order(heard[0].received_at_us, heard[-1].received_at_us + MINUTE_US, distance_m=1)
    given["conditions"] = [{"id": "area", "kind": "exclusion_zone", "shape": shape, "schedule": None}]
    given["protected"] = []
    state = State.empty()
    made = state.set_order(compile_order(given), heard[0].received_at_us)
    made += state.step(heard, heard[-1].received_at_us)
    areas = [d for d in made if d.kind is Kind.EXCLUSION_ZONE]
    spans = _standing(areas, 2)
    tally = Visits(place=name, incidents=sum(d.phase is Phase.OPEN for d in areas))
    seconds, metres = _distance_to(shape, experiment)
    sharp = _sharp_times(his)
    for begins, ends in _stays(seconds, metres):
        if not _overlaps([(int(t), int(t)) for t in sharp if begins <= t <= ends], begins, ends):
            continue
        tally.visits += 1
        tally.alerted += _overlaps(spans, begins - MINUTE_US, ends + 3 * MINUTE_US)
    for opening in (d for d in areas if d.phase is Phase.OPEN):
        near = np.abs(seconds - opening.occurred_at_us) <= MINUTE_US
        tally.far_incidents += bool(near.any()) and float(metres[near].min()) > NEAR_M
    return tally


def _distance_to(shape: dict[str, Any], experiment: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    table = pq.read_table(REFERENCE)
    rows = table.filter(pc.equal(table["experiment"].cast("string"), experiment))
    lon0, lat0 = shape["coordinates"][0][0]
    east = METRES_PER_DEGREE * math.cos(math.radians(lat0))
    rings = [
        [((x - lon0) * east, (y - lat0) * METRES_PER_DEGREE) for x, y, *_ in ring] for ring in shape["coordinates"]
    ]
    area = Polygon(rings[0], rings[1:])
    points = shapely.points(
        (np.asarray(rows["true_lon"]) - lon0) * east, (np.asarray(rows["true_lat"]) - lat0) * METRES_PER_DEGREE
    )
    at = np.asarray(rows["time"].cast("int64")) * 1000
    order_of_time = np.argsort(at, kind="stable")
    return at[order_of_time], shapely.distance(area, points)[order_of_time]


def _stays(seconds: npt.NDArray[np.int64], metres: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    stays = []
    inside = [int(t) for t, m in zip(seconds, metres, strict=True) if m == 0.0]
    begins = last = None
    for t in inside:
        if last is not None and begins is not None and t - last > 10 * SECOND_US:
            stays.append((begins, last))
            begins = t
        begins = t if begins is None else begins
        last = t
    if begins is not None and last is not None:
        stays.append((begins, last))
    return [(b, e) for b, e in stays if e - b >= VISIT_S * SECOND_US]


def main() -> None:
    """Print the tables."""
    columns = "in alerted P1 unknown none | clear_in alerted | out alerted P1 unknown | clear_out P1 | incidents late"
    print(f"{'pair':<14} {'D m':>5} | {columns}")
    for pair in PAIRS:
        for distance_m in (300, 500, 1000):
            t = run(pair, distance_m=distance_m)
            none = t.inside - t.inside_alerted - t.inside_unknown
            inside = (t.inside, t.inside_alerted, t.inside_first, t.inside_unknown, none)
            outside = (t.outside, t.outside_alerted, t.outside_first, t.outside_unknown)
            clear = ((t.sharp_inside, t.sharp_inside_alerted), (t.sharp_outside, t.sharp_outside_first))
            groups = (inside, clear[0], outside, clear[1], (t.incidents, t.late))
            text = " | ".join(" ".join(f"{figure:>5}" for figure in group) for group in groups)
            print(f"{t.pair:<14} {t.distance_m:>5} | {text}")
    print(f"\n{'place as closed area':<30} {'visits':>7} {'alerted':>8} {'incidents':>10} {'far':>5}")
    for experiment in EXPERIMENTS:
        for name, shape in places(experiment):
            v = visited(name, shape, experiment)
            print(f"{v.place:<30} {v.visits:>7} {v.alerted:>8} {v.incidents:>10} {v.far_incidents:>5}")


if __name__ == "__main__":
    main()
