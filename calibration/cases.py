"""Cases of the test split: a prediction of the engine's law and what was true.

Which point, vector or lag is tried depends on a seed and on what a device declares, never on the truth.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry import Polygon

from aralyk.engine.shapes import parse_area
from calibration import data, law
from calibration.data import Bools, Carrier, Fixes, Floats, Ints

LIMITS_M: Final = (100.0, 200.0, 300.0, 500.0, 1000.0, 2000.0)
AGES_S: Final = (0.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
LAGS_S: Final = (60, 120, 300, 600, 1200, 2400)
SEED: Final = 2026
REACH_SIGMAS: Final = 3.0
EVERY_US: Final = 10_000_000
TOGETHER_US: Final = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Test fixes of one experiment, at most one per phone and 10 s, on the carrier's plane."""

    fixes: Fixes
    carrier: Carrier
    x_m: Floats
    y_m: Floats
    true_x_m: Floats
    true_y_m: Floats
    speed_mps: Floats

    def truth_after(self, rows: Ints, age_s: Floats) -> tuple[Floats, Floats, Bools]:
        """Where the carrier was so long after these fixes, and whether that is known."""
        there = self.carrier.index((self.fixes.at_us[rows] // 1_000_000) + age_s.astype(np.int64))
        known = there >= 0
        x = np.where(age_s == 0.0, self.true_x_m[rows], self.carrier.x_m[there])
        y = np.where(age_s == 0.0, self.true_y_m[rows], self.carrier.y_m[there])
        return x, y, known | (age_s == 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """One row each: what was predicted, what was true, and whose story it belongs to."""

    predicted: Floats
    observed: Bools
    block: Ints
    limit_m: Floats
    radius_m: Floats
    age_s: Floats

    def only(self, rows: Bools) -> Cases:
        """The chosen rows."""
        return Cases(**{name: getattr(self, name)[rows] for name in Cases.__slots__})


def joined(parts: list[Cases]) -> Cases:
    """All of them."""
    return Cases(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in Cases.__slots__})


def heard(experiment: str) -> Heard:
    """An experiment's test fixes with the speeds that the engine would know."""
    every = data.moving((experiment,))
    slot = every.at_us // EVERY_US * 2 + (every.phone == data.IPHONE)
    fixes = every.only(np.sort(np.unique(slot, return_index=True)[1]))
    carrier = data.carrier(experiment)
    speed = np.ones(fixes.at_us.size)
    for phone in data.PHONES:
        track = data.track(experiment, phone)
        speeds = data.engine_speed(track, np.arange(track.at_us.size))
        mine = np.flatnonzero(fixes.phone == phone)
        speed[mine] = speeds[np.searchsorted(track.at_us, fixes.at_us[mine])]
    x, y = carrier.plane(fixes.lat, fixes.lon)
    true_x, true_y = carrier.plane(fixes.true_lat, fixes.true_lon)
    return Heard(fixes=fixes, carrier=carrier, x_m=x, y_m=y, true_x_m=true_x, true_y_m=true_y, speed_mps=speed)


def _vectors(rng: np.random.Generator, reach_m: Floats) -> tuple[Floats, Floats]:
    """Vectors spread evenly over a disc.

    Evenly over the area, because the law says nothing about where people are: it takes every place as equally
    probable before the fix. Vectors that favour short distances would test another prior.
    """
    length = reach_m * np.sqrt(rng.uniform(0.0, 1.0, reach_m.size))
    angle = rng.uniform(0.0, 2.0 * np.pi, reach_m.size)
    return length * np.cos(angle), length * np.sin(angle)


def _reach_m(limit_m: Floats, *variances: Floats) -> Floats:
    """A disc that holds every place at which the probability is not next to nothing."""
    return np.asarray(limit_m + REACH_SIGMAS * np.sqrt(np.sum(variances, axis=0)), np.float64)


def _grid(count: int, repeats: int = 1) -> tuple[Ints, Floats, Floats]:
    """Each fix with each limit and each age."""
    rows, limits, ages = np.meshgrid(np.arange(count), LIMITS_M, AGES_S, indexing="ij")
    tiled = [np.repeat(part.ravel(), repeats) for part in (rows, limits, ages)]
    return np.asarray(tiled[0], np.int64), tiled[1], tiled[2]


def single(experiment: str) -> Cases:
    """(a) One fix against a point chosen round it, now and after some minutes of silence."""
    h = heard(experiment)
    rng = np.random.default_rng(SEED)
    rows, limit, age = _grid(h.fixes.at_us.size)
    x, y, known = h.truth_after(rows, age)
    rows, limit, age, x, y = rows[known], limit[known], age[known], x[known], y[known]
    spread = law.spreads(radius_m=h.fixes.radius_m[rows], speed_mps=h.speed_mps[rows], age_s=age)
    vx, vy = _vectors(rng, _reach_m(limit, spread[:, 1]))
    predicted = law.near_point(
        offset_m=np.hypot(vx, vy), limit_m=limit, radius_m=h.fixes.radius_m[rows], speed_mps=h.speed_mps[rows],
        age_s=age,
    )  # fmt: skip
    return Cases(
        predicted=predicted, observed=np.hypot(h.x_m[rows] + vx - x, h.y_m[rows] + vy - y) < limit,
        block=h.fixes.at_us[rows] // data.BLOCK_US, limit_m=limit, radius_m=h.fixes.radius_m[rows], age_s=age,
    )  # fmt: skip


def _partners(h: Heard, rng: np.random.Generator) -> Ints:
    """For each fix another one: the other phone's within a minute, else any other of the experiment."""
    count = h.fixes.at_us.size
    partner = rng.integers(0, count, count)
    for phone in data.PHONES:
        mine = np.flatnonzero(h.fixes.phone == phone)
        others = np.flatnonzero(h.fixes.phone != phone)
        if others.size == 0:
            continue
        at = h.fixes.at_us[others]
        near = np.clip(np.searchsorted(at, h.fixes.at_us[mine]), 0, others.size - 1)
        close = np.abs(at[near] - h.fixes.at_us[mine]) <= TOGETHER_US
        partner[mine[close]] = others[near[close]]
    return partner


def moved(experiment: str) -> Cases:
    """(b) Two fixes, hers moved so that she truly is a known vector away from him; his may be minutes old."""
    return _moved(experiment, is_length_even=False)


def moved_by_even_lengths(experiment: str) -> Cases:
    """(e) As (b) with vectors whose length is even from 0 to 2 D: half of the pairs are near, whatever a phone says."""
    return _moved(experiment, is_length_even=True)


def _moved(experiment: str, *, is_length_even: bool) -> Cases:
    h = heard(experiment)
    rng = np.random.default_rng(SEED + 1)
    rows, limit, age = _grid(h.fixes.at_us.size)
    hers = _partners(h, rng)[rows]
    x, y, known = h.truth_after(rows, age)
    rows, hers, limit, age, x, y = rows[known], hers[known], limit[known], age[known], x[known], y[known]
    his = law.spreads(radius_m=h.fixes.radius_m[rows], speed_mps=h.speed_mps[rows], age_s=age)
    her = law.spreads(radius_m=h.fixes.radius_m[hers], speed_mps=h.speed_mps[hers], age_s=np.zeros(rows.size))
    vx, vy = _vectors(rng, _reach_m(limit, his[:, 1], her[:, 1]))
    if is_length_even:
        scale = 2.0 * limit * rng.uniform(0.0, 1.0, limit.size) / np.hypot(vx, vy)
        vx, vy = vx * scale, vy * scale
    her_x = x + vx + h.x_m[hers] - h.true_x_m[hers]
    her_y = y + vy + h.y_m[hers] - h.true_y_m[hers]
    predicted = law.near_pair(
        offset_m=np.hypot(her_x - h.x_m[rows], her_y - h.y_m[rows]), limit_m=limit,
        radius_m=h.fixes.radius_m[rows], speed_mps=h.speed_mps[rows], age_s=age,
        other_radius_m=h.fixes.radius_m[hers], other_speed_mps=h.speed_mps[hers], other_age_s=np.zeros(rows.size),
    )  # fmt: skip
    return Cases(
        predicted=predicted, observed=np.hypot(vx, vy) < limit, block=h.fixes.at_us[rows] // data.BLOCK_US,
        limit_m=limit, radius_m=np.maximum(h.fixes.radius_m[rows], h.fixes.radius_m[hers]), age_s=age,
    )  # fmt: skip


def lagged(experiment: str) -> Cases:
    """(c) The same way at another time: she goes it some minutes after him, both places may be minutes old."""
    return _lagged(experiment, is_moved=False)


def lagged_and_moved(experiment: str) -> Cases:
    """(d) As (c), and she is moved so that she truly is a known vector away from him."""
    return _lagged(experiment, is_moved=True)


def _lagged(experiment: str, *, is_moved: bool) -> Cases:
    h = heard(experiment)
    rng = np.random.default_rng(SEED + 2)
    rows, limit, age = _grid(h.fixes.at_us.size)
    lag = rng.choice(LAGS_S, rows.size)
    her_age = rng.choice(AGES_S, rows.size)
    now_s = h.fixes.at_us[rows] // 1_000_000 + age.astype(np.int64)
    wanted = (now_s - lag - her_age.astype(np.int64)) * 1_000_000
    hers = np.clip(np.searchsorted(h.fixes.at_us, wanted), 0, h.fixes.at_us.size - 1)
    her_age = (now_s - lag) - h.fixes.at_us[hers] / 1e6
    heard_then = (her_age >= 0.0) & (her_age <= AGES_S[-1])
    x, y, known = h.truth_after(rows, age)
    her_x, her_y, her_known = h.truth_after(hers, np.maximum(np.round(her_age), 0.0))
    chosen = heard_then & known & her_known
    rows, hers, limit, age, her_age = rows[chosen], hers[chosen], limit[chosen], age[chosen], her_age[chosen]
    dx, dy = her_x[chosen] - x[chosen], her_y[chosen] - y[chosen]
    vx, vy = np.zeros(rows.size), np.zeros(rows.size)
    if is_moved:
        his = law.spreads(radius_m=h.fixes.radius_m[rows], speed_mps=h.speed_mps[rows], age_s=age)
        her = law.spreads(radius_m=h.fixes.radius_m[hers], speed_mps=h.speed_mps[hers], age_s=her_age)
        apart_x, apart_y = _vectors(rng, _reach_m(limit, his[:, 1], her[:, 1]))
        vx, vy = apart_x - dx, apart_y - dy
    predicted = law.near_pair(
        offset_m=np.hypot(h.x_m[hers] + vx - h.x_m[rows], h.y_m[hers] + vy - h.y_m[rows]), limit_m=limit,
        radius_m=h.fixes.radius_m[rows], speed_mps=h.speed_mps[rows], age_s=age,
        other_radius_m=h.fixes.radius_m[hers], other_speed_mps=h.speed_mps[hers], other_age_s=her_age,
    )  # fmt: skip
    apart = np.hypot(dx + vx, dy + vy)
    return Cases(
        predicted=predicted, observed=apart < limit, block=h.fixes.at_us[rows] // data.BLOCK_US, limit_m=limit,
        radius_m=np.maximum(h.fixes.radius_m[rows], h.fixes.radius_m[hers]), age_s=np.maximum(age, her_age),
    )  # fmt: skip


def places(experiment: str) -> list[dict[str, Any]]:
    """The polygons of an experiment's real places, each once."""
    features = json.loads((data.TRACKS / "mobilitynet_places_routes.geojson").read_text("utf-8"))["features"]
    mine = [f for f in features if f["properties"]["kind"] == "place" and f["properties"]["experiment"] == experiment]
    return [json.loads(text) for text in sorted({json.dumps(feature["geometry"]) for feature in mine})]


def zones(experiment: str) -> Cases:
    """(z) One fix against the real places of the experiment, each moved by a known vector."""
    h = heard(experiment)
    rng = np.random.default_rng(SEED + 3)
    made = []
    for shape in places(experiment):
        area = parse_area(shape, "shape")
        polygon = Polygon([(x0, y0) for x0, y0, _, _ in area.edges])
        rows = np.repeat(np.arange(h.fixes.at_us.size), len(AGES_S))
        age = np.tile(np.array(AGES_S), h.fixes.at_us.size)
        x, y, known = h.truth_after(rows, age)
        rows, age, x, y = rows[known], age[known], x[known], y[known]
        radius, speed = h.fixes.radius_m[rows], h.speed_mps[rows]
        spread = law.spreads(radius_m=radius, speed_mps=speed, age_s=age)
        vx, vy = _vectors(rng, _reach_m(np.full(rows.size, area.bound_m), spread[:, 1]))
        predicted = law.inside(area, x_m=vx, y_m=vy, radius_m=radius, speed_mps=speed, age_s=age)
        truly = shapely.contains_xy(polygon, x - h.x_m[rows] + vx, y - h.y_m[rows] + vy)
        made.append(
            Cases(
                predicted=predicted, observed=np.asarray(truly, bool), block=h.fixes.at_us[rows] // data.BLOCK_US,
                limit_m=np.full(rows.size, area.bound_m), radius_m=radius, age_s=age,
            )
        )  # fmt: skip
    return joined(made)
