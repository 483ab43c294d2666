"""The engine's own probabilities for arrays of cases: what is judged is the code that decides, not a copy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aralyk.engine import records
from aralyk.engine.areas import inside_probability
from aralyk.engine.compiled import entry
from aralyk.engine.error_model import aged, path_variance_m2, spread_of
from aralyk.engine.probability import within, within_of_fixed
from aralyk.engine.shapes import Area
from aralyk.engine.shard import TABLES, Shard, condition_at, door
from calibration.data import Floats, Ints

MICROSECONDS = 1_000_000


@entry
def _near_point(
    offset_m: Floats, limit_m: Floats, radius_m: Floats, speed_mps: Floats, age_us: Ints, out: Floats
) -> None:
    for i in range(out.size):
        out[i] = within_of_fixed(offset_m[i], limit_m[i], aged(spread_of(radius_m[i]), speed_mps[i], age_us[i]), 0.0)


@entry
def _near_pair(
    offset_m: Floats, limit_m: Floats, radius_m: Floats, speed_mps: Floats, age_us: Ints,
    other_radius_m: Floats, other_speed_mps: Floats, other_age_us: Ints, out: Floats,
) -> None:  # fmt: skip
    for i in range(out.size):
        a = aged(spread_of(radius_m[i]), speed_mps[i], age_us[i])
        b = aged(spread_of(other_radius_m[i]), other_speed_mps[i], other_age_us[i])
        out[i] = within(offset_m[i], limit_m[i], a, b, 0.0)


@entry
def _spreads(radius_m: Floats, speed_mps: Floats, age_us: Ints, out: Floats) -> None:
    for i in range(radius_m.size):
        a = aged(spread_of(radius_m[i]), speed_mps[i], age_us[i])
        out[i, 0], out[i, 1], out[i, 2], out[i, 3], out[i, 4] = (
            a.core2,
            a.wide2,
            a.outlier2,
            a.wide_share,
            a.outlier_share,
        )


@entry
def _path_variances(length_m: Floats, gap_us: Ints, share: Floats, out: Floats) -> None:
    for i in range(out.size):
        out[i] = path_variance_m2(length_m[i], gap_us[i], share[i])


@entry
def _inside(
    doors: Sequence[Shard], x_m: Floats, y_m: Floats, radius_m: Floats, speed_mps: Floats, age_us: Ints, out: Floats
) -> None:
    s = doors[0]
    c = condition_at(s, 0)
    for i in range(out.size):
        out[i] = inside_probability(s, c, x_m[i], y_m[i], aged(spread_of(radius_m[i]), speed_mps[i], age_us[i]), 0.0)


def _us(age_s: Floats) -> Ints:
    return np.ascontiguousarray(np.round(np.asarray(age_s, np.float64) * MICROSECONDS), np.int64)


def _floats(values: Floats) -> Floats:
    return np.ascontiguousarray(values, np.float64)


def near_point(*, offset_m: Floats, limit_m: Floats, radius_m: Floats, speed_mps: Floats, age_s: Floats) -> Floats:
    """P(true place within `limit_m` of a point) for a fix `offset_m` from it, `age_s` old."""
    out = np.empty(offset_m.size)
    _near_point(_floats(offset_m), _floats(limit_m), _floats(radius_m), _floats(speed_mps), _us(age_s), out)
    return out


def near_pair(
    *, offset_m: Floats, limit_m: Floats, radius_m: Floats, speed_mps: Floats, age_s: Floats,
    other_radius_m: Floats, other_speed_mps: Floats, other_age_s: Floats,
) -> Floats:  # fmt: skip
    """P(true distance below `limit_m`) for two fixes `offset_m` apart, each with its age."""
    out = np.empty(offset_m.size)
    _near_pair(
        _floats(offset_m), _floats(limit_m), _floats(radius_m), _floats(speed_mps), _us(age_s),
        _floats(other_radius_m), _floats(other_speed_mps), _us(other_age_s), out,
    )  # fmt: skip
    return out


def spreads(*, radius_m: Floats, speed_mps: Floats, age_s: Floats) -> Floats:
    """Rows of core, wide and outlier variance, wide and outlier share."""
    out = np.empty((radius_m.size, 5))
    _spreads(_floats(radius_m), _floats(speed_mps), _us(age_s), out)
    return out


def path_variances_m2(*, length_m: Floats, gap_s: Floats, share: Floats) -> Floats:
    """Added variance per axis between two fixes."""
    out = np.empty(length_m.size)
    _path_variances(_floats(length_m), _us(gap_s), _floats(share), out)
    return out


def inside(area: Area, *, x_m: Floats, y_m: Floats, radius_m: Floats, speed_mps: Floats, age_s: Floats) -> Floats:
    """P(true place inside an area) for fixes at metres from its anchor."""
    rows = {name: np.zeros(1, dtype) for name, dtype in TABLES.items()}
    c = rows["conditions"][0]
    c["circle"], c["bound_m"], c["edge_to"] = int(not area.edges), area.bound_m, len(area.edges)
    if area.edges:
        rows["edges"] = np.array(list(area.edges), records.EDGE)
    shard = Shard(**rows)
    out = np.empty(x_m.size)
    _inside(door(shard), _floats(x_m), _floats(y_m), _floats(radius_m), _floats(speed_mps), _us(age_s), out)
    return out
