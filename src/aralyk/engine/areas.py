"""An area and a place: signed distance, probability inside, and a crossing between two fixes.

An area lies in the local plane of its anchor: a circle, or the edges of a polygon with its holes. The
probability of being inside is exact for a circle, and for a polygon too: each edge cuts off what lies beyond it in the
sector that the place sees (`tables.sector`), so narrow, bent and hollow areas need no approximation.
"""

from __future__ import annotations

import math

from aralyk.engine.compiled import kernel
from aralyk.engine.error_model import Spread
from aralyk.engine.geodesy import wrap_degrees
from aralyk.engine.probability import within_of_fixed
from aralyk.engine.records import Row
from aralyk.engine.shard import Shard, edge_at
from aralyk.engine.tables import sector

FAR_M = 1e7


@kernel
def local(c: Row, lat: float, lon: float, east_m: float, north_m: float) -> tuple[float, float]:
    """East and north metres of a place from the area's anchor; the scales are those at the place's latitude."""
    x = wrap_degrees(lon - c["lon"]) * (east_m + c["east_m"]) * 0.5
    y = (lat - c["lat"]) * (north_m + c["north_m"]) * 0.5
    return x, y


@kernel
def signed_distance_m(s: Shard, c: Row, x: float, y: float) -> float:
    """Metres to the area's boundary, negative inside."""
    if c["circle"] == 1:
        return float(math.sqrt(x * x + y * y) - c["bound_m"])
    inside = False
    nearest2 = FAR_M * FAR_M
    for k in range(c["edge_from"], c["edge_to"]):
        edge = edge_at(s, k)
        x0, y0, x1, y1 = edge["x0"], edge["y0"], edge["x1"], edge["y1"]
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
        nearest2 = min(nearest2, _to_edge2(x, y, x0, y0, x1 - x0, y1 - y0))
    distance = math.sqrt(nearest2)
    return -distance if inside else distance


@kernel
def _to_edge2(x: float, y: float, x0: float, y0: float, dx: float, dy: float) -> float:
    length2 = dx * dx + dy * dy
    along = 0.0
    if length2 > 0.0:
        along = ((x - x0) * dx + (y - y0) * dy) / length2
        along = min(max(along, 0.0), 1.0)
    ex = x - x0 - along * dx
    ey = y - y0 - along * dy
    return ex * ex + ey * ey


@kernel
def inside_probability(s: Shard, c: Row, x: float, y: float, spread: Spread, extra_m2: float) -> float:
    """P(true place inside the area) for a place measured `x`, `y` metres from its anchor."""
    if c["circle"] == 1:
        return within_of_fixed(math.sqrt(x * x + y * y), c["bound_m"], spread, extra_m2)
    core = _inside_polygon(s, c, x, y, math.sqrt(spread.core2 + extra_m2))
    wide = _inside_polygon(s, c, x, y, math.sqrt(spread.wide2 + extra_m2))
    outlier = _inside_polygon(s, c, x, y, math.sqrt(spread.outlier2 + extra_m2))
    inner = core + spread.wide_share * (wide - core)
    p = inner + spread.outlier_share * (outlier - inner)
    return min(max(p, 0.0), 1.0)


@kernel
def _inside_polygon(s: Shard, c: Row, x: float, y: float, sigma_m: float) -> float:
    """P(inside) for one round Gaussian: all of it where the place lies inside, less what lies beyond each edge."""
    inside = False
    beyond = 0.0
    for k in range(c["edge_from"], c["edge_to"]):
        edge = edge_at(s, k)
        x0 = edge["x0"] - x
        y0 = edge["y0"] - y
        x1 = edge["x1"] - x
        y1 = edge["y1"] - y
        if (y0 > 0.0) != (y1 > 0.0) and x0 - y0 / (y1 - y0) * (x1 - x0) > 0.0:
            inside = not inside
        dx = x1 - x0
        dy = y1 - y0
        length = math.sqrt(dx * dx + dy * dy)
        if length <= 0.0:
            continue
        height = (x0 * dy - y0 * dx) / length  # positive where the place lies on the inner (left) side
        size = (height if height >= 0.0 else -height) / sigma_m
        first = (x0 * dx + y0 * dy) / length / sigma_m
        last = (x1 * dx + y1 * dy) / length / sigma_m
        seen = _signed_sector(size, last) - _signed_sector(size, first)
        beyond += seen if height >= 0.0 else -seen
    return (1.0 if inside else 0.0) - beyond


@kernel
def _signed_sector(height: float, along: float) -> float:
    return sector(height, along) if along >= 0.0 else -sector(height, -along)


@kernel
def crossing(s: Shard, c: Row, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float]:
    """Deepest known point of a straight path in the area: share of the path from its start, and signed distance.

    Both ends lie outside. For a circle it is the nearest approach to the centre; for a polygon the middle of the
    first chord. Without a crossing the share is -1.
    """
    dx = x1 - x0
    dy = y1 - y0
    length2 = dx * dx + dy * dy
    if length2 <= 0.0:
        return -1.0, 0.0
    along = min(max(-(x0 * dx + y0 * dy) / length2, 0.0), 1.0)
    nx = x0 + along * dx
    ny = y0 + along * dy
    if c["circle"] == 1 or nx * nx + ny * ny > c["bound_m"] * c["bound_m"]:
        signed = math.sqrt(nx * nx + ny * ny) - c["bound_m"]
        return (along, signed) if signed < 0.0 else (-1.0, signed)
    first, second = _first_cuts(s, c, x0, y0, dx, dy)
    if second > 1.0:
        return -1.0, 0.0
    along = 0.5 * (first + second)
    return along, signed_distance_m(s, c, x0 + along * dx, y0 + along * dy)


@kernel
def _first_cuts(s: Shard, c: Row, x0: float, y0: float, dx: float, dy: float) -> tuple[float, float]:
    """The two smallest shares at which a path cuts the edges; 2 where there is none."""
    first = 2.0
    second = 2.0
    for k in range(c["edge_from"], c["edge_to"]):
        edge = edge_at(s, k)
        ex = edge["x1"] - edge["x0"]
        ey = edge["y1"] - edge["y0"]
        cross = dx * ey - dy * ex
        if cross == 0.0:
            continue
        u = ((edge["x0"] - x0) * ey - (edge["y0"] - y0) * ex) / cross
        v = ((edge["x0"] - x0) * dy - (edge["y0"] - y0) * dx) / cross
        if 0.0 <= u <= 1.0 and 0.0 <= v < 1.0:
            if u < first:
                first, second = u, first
            elif u < second:
                second = u
    return first, second
