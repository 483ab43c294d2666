"""The engine's own arithmetic against independent references: geographiclib, shapely, the C library, chance."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon

from aralyk.engine import Observation, ObservationInvalid
from aralyk.engine.areas import local, signed_distance_m
from aralyk.engine.compiled import entry, plain
from aralyk.engine.error_model import RADIUS_M, Spread, spread_of
from aralyk.engine.geodesy import distance_m, metres_per_degree
from aralyk.engine.plan import compile_order
from aralyk.engine.probability import distance_quantile, within
from aralyk.engine.schedules import DAYS
from aralyk.engine.shapes import parse_area
from aralyk.engine.tables import cos_degrees, exp_negative, rice_cdf
from tests.engine.builders import LAT, LON, circle, decided, order, polygon, seen, started


@entry
def cosines(angles: npt.NDArray[np.float64], out: npt.NDArray[np.float64]) -> None:
    """Compiled cosines (kernel functions have no door to Python of their own)."""
    for i in range(angles.size):
        out[i] = cos_degrees(angles[i])


@entry
def distances(ends: npt.NDArray[np.float64], out: npt.NDArray[np.float64]) -> None:
    """Compiled distances."""
    for i in range(out.size):
        out[i] = distance_m(ends[i, 0], ends[i, 1], ends[i, 2], ends[i, 3])


@entry
def rices(pairs: npt.NDArray[np.float64], out: npt.NDArray[np.float64]) -> None:
    """Compiled Rice probabilities."""
    for i in range(out.size):
        out[i] = rice_cdf(pairs[i, 0], pairs[i, 1])


@entry
def nearness(offset: float, ring: float, radius_a: float, radius_b: float) -> float:
    """Compiled P(distance < ring)."""
    return within(offset, ring, spread_of(radius_a), spread_of(radius_b), 0.0)


@entry
def quantile(share: float, offset: float, radius_a: float, radius_b: float) -> float:
    """Compiled quantile of the distance."""
    return distance_quantile(share, offset, spread_of(radius_a), spread_of(radius_b), 0.0)


def test_the_cosine_is_the_cosine() -> None:
    angles = np.linspace(-90.0, 90.0, 20_001)
    found = np.empty_like(angles)
    cosines(angles, found)
    assert np.abs(found - np.cos(np.radians(angles))).max() < 3e-16


def test_the_exponential_is_the_exponential() -> None:
    for x in np.linspace(0.0, 700.0, 3001):
        assert exp_negative(float(x)) == pytest.approx(math.exp(-x), rel=5e-14)


def test_distances_agree_with_the_geodesic_up_to_50_km() -> None:
    rng = np.random.default_rng(7)
    ends = []
    truth = []
    for _ in range(3000):
        lat, lon = rng.uniform(35, 56), rng.uniform(-180, 180)
        there = Geodesic.WGS84.Direct(lat, lon, rng.uniform(0, 360), rng.uniform(1, 50_000))
        ends.append((lat, lon, there["lat2"], there["lon2"]))
        truth.append(there["s12"])
    found = np.empty(len(truth))
    distances(np.array(ends), found)
    assert np.abs(found / np.array(truth) - 1.0).max() < 1e-3
    near = np.array(truth) < 5000
    assert np.abs(found[near] / np.array(truth)[near] - 1.0).max() < 1e-5


def test_the_antimeridian_is_no_wall() -> None:
    found = np.empty(1)
    distances(np.array([[52.0, 179.999, 52.0, -179.999]]), found)
    assert found[0] == pytest.approx(Geodesic.WGS84.Inverse(52.0, 179.999, 52.0, -179.999)["s12"], rel=1e-6)


def test_the_rice_table_agrees_with_drawn_distances() -> None:
    rng = np.random.default_rng(11)
    x, y = rng.standard_normal((2, 400_000))
    pairs = [
        (u, b) for u in (0.0, 0.3, 1.0, 2.5, 5.0, 11.0, 14.0, 40.0) for b in (0.2, 1.0, 2.7, 6.0, 12.5, 15.0, 39.0)
    ]
    found = np.empty(len(pairs))
    rices(np.array(pairs), found)
    for (offset, radius), said in zip(pairs, found, strict=True):
        drawn = float(np.mean(np.hypot(offset + x, y) < radius))
        assert said == pytest.approx(drawn, abs=0.005), (offset, radius)


@given(st.floats(0, 60), st.floats(0, 60), st.floats(0.01, 3))
def test_a_wider_ring_is_never_less_probable(offset: float, radius: float, more: float) -> None:
    found = np.empty(2)
    rices(np.array([[offset, radius], [offset, radius + more]]), found)
    assert 0.0 <= found[0] <= found[1] + 5e-3 <= 1.006


def test_the_probability_of_nearness_agrees_with_drawn_places() -> None:
    rng = np.random.default_rng(5)

    def draw(radius: float, count: int) -> npt.NDArray[np.float64]:
        s: Spread = spread_plain(radius)
        shares = [(1 - s.outlier_share) * (1 - s.wide_share), (1 - s.outlier_share) * s.wide_share, s.outlier_share]
        part = rng.choice(3, count, p=shares)
        sigma = np.sqrt(np.array([s.core2, s.wide2, s.outlier2]))[part]
        drawn: npt.NDArray[np.float64] = rng.standard_normal((2, count)) * sigma
        return drawn

    for offset, ring, a, b in [(300, 500, 10, 10), (520, 500, 30, 65), (600, 500, 165, 40), (900, 500, 400, 20)]:
        dx, dy = draw(a, 300_000) - draw(b, 300_000)
        apart = np.hypot(offset + dx, dy)
        assert nearness(offset, ring, a, b) == pytest.approx(float(np.mean(apart < ring)), abs=0.01)


def spread_plain(radius: float) -> Spread:
    """The error mixture, in plain Python."""
    return plain(spread_of)(radius)


def test_the_interval_holds_95_percent() -> None:
    low, high = quantile(0.025, 400.0, 10.0, 65.0), quantile(0.975, 400.0, 10.0, 65.0)
    assert nearness(400.0, high, 10.0, 65.0) - nearness(400.0, low, 10.0, 65.0) == pytest.approx(0.95, abs=1e-3)


def test_a_larger_declared_radius_never_makes_a_place_surer() -> None:
    radii = [1.0, *RADIUS_M.tolist(), 5000.0, 20_000.0]
    parts = [spread_plain(r) for r in radii]
    assert all(a.core2 <= b.core2 for a, b in itertools.pairwise(parts))
    assert all(a.outlier_share <= b.outlier_share for a, b in itertools.pairwise(parts))


@given(
    st.lists(st.tuples(st.floats(-2000, 2000), st.floats(-2000, 2000)), min_size=3, max_size=9, unique=True),
    st.tuples(st.floats(-2500, 2500), st.floats(-2500, 2500)),
)
def test_a_place_is_in_an_area_where_shapely_says_so(
    ring: list[tuple[float, float]], place: tuple[float, float]
) -> None:
    area = Polygon(ring)
    if not area.is_valid or area.area < 10_000 or area.exterior.distance(Point(place)) < 150:
        return
    state = started(polygon([ring]))
    made = decided(state, [seen("bracelet", i * 15, *place, accuracy_m=1.0) for i in range(3)])
    wide_enough = area.contains(Point(place))
    assert any(d.kind == "exclusion_zone" and d.priority == 1 for d in made) == wide_enough


@entry
def signed_distances(doors: Any, c: Any, places: npt.NDArray[np.float64], out: npt.NDArray[np.float64]) -> None:
    """Compiled signed distances of places (degrees) to the area of condition row 0."""
    s = doors[0]
    for i in range(out.size):
        east, north = metres_per_degree(places[i, 0])
        x, y = local(c[0], places[i, 0], places[i, 1], east, north)
        out[i] = signed_distance_m(s, c[0], x, y)


def ring_about(lat: float, lon: float, sides: list[tuple[float, float]]) -> list[list[float]]:
    """A closed GeoJSON ring of geodesic bearings and distances from a middle."""
    ends = [Geodesic.WGS84.Direct(lat, lon, bearing, metres) for bearing, metres in sides]
    ring = [[end["lon2"], end["lat2"]] for end in ends]
    return [*ring, ring[0]]


@settings(max_examples=60)
@given(
    lat=st.floats(35, 56), lon=st.sampled_from([-180.0, -179.99, 74.57, 179.995, 180.0, 0.0]),
    size_m=st.sampled_from([15.0, 120.0, 2500.0, 20_000.0]), corners=st.integers(3, 11), hole=st.booleans(),
    spread=st.lists(st.floats(0.5, 1.0), min_size=11, max_size=11),
    ways=st.lists(st.tuples(st.floats(0, 360), st.floats(0.0, 1.8)), min_size=8, max_size=8),
)  # fmt: skip
def test_the_distance_to_any_area_is_that_of_shapely_in_a_projection_by_geodesics(
    lat: float,
    lon: float,
    size_m: float,
    corners: int,
    hole: bool,
    spread: list[float],
    ways: list[tuple[float, float]],
) -> None:
    """Tiny and large, with a hole, across the antimeridian: within 0.3 % of the area's size (0.1 m at least)."""
    sides = [(360.0 * k / corners, size_m * spread[k]) for k in range(corners)]
    inner = [(360.0 * k / corners, 0.3 * metres) for k, (_, metres) in enumerate(sides)]
    rings = [sides, inner] if hole else [sides]
    shape = {"type": "Polygon", "coordinates": [ring_about(lat, lon, ring) for ring in rings]}
    area = parse_area(shape, "shape")

    def flat(bearing: float, metres: float) -> tuple[float, float]:
        """Azimuthal equidistant: true distances and bearings from the middle."""
        return metres * math.sin(math.radians(bearing)), metres * math.cos(math.radians(bearing))

    drawn = Polygon([flat(*side) for side in sides], [[flat(*side) for side in inner]] if hole else [])
    asked = [(bearing, share * size_m) for bearing, share in ways]
    ends = [Geodesic.WGS84.Direct(lat, lon, bearing, metres) for bearing, metres in asked]
    places = np.array([(end["lat2"], end["lon2"]) for end in ends])
    found = np.empty(len(asked))
    state = started({"id": "area", "kind": "exclusion_zone", "shape": shape, "schedule": None})
    signed_distances(state._opened(), state._layout.rows("conditions"), places, found)
    assert area.edges
    tolerance_m = max(0.1, 0.003 * size_m)
    for way, said in zip(asked, found.tolist(), strict=True):
        point = Point(flat(*way))
        truth = drawn.boundary.distance(point) * (-1.0 if drawn.contains(point) else 1.0)
        if abs(truth) > tolerance_m:
            assert said == pytest.approx(truth, abs=tolerance_m), (way, truth)


@settings(max_examples=200)
@given(
    lat=st.floats(35, 56), lon=st.sampled_from([-180.0, -179.9995, 0.0, 74.57, 179.9999]), bearing=st.floats(0, 360),
    metres=st.floats(0.5, 5000),
)  # fmt: skip
def test_any_distance_an_order_speaks_of_agrees_with_the_geodesic(
    lat: float, lon: float, bearing: float, metres: float
) -> None:
    there = Geodesic.WGS84.Direct(lat, lon, bearing, metres)
    found = np.empty(1)
    distances(np.array([[lat, lon, there["lat2"], there["lon2"]]]), found)
    assert found[0] == pytest.approx(metres, rel=2e-5, abs=1e-3)


@given(
    lat=st.floats() | st.sampled_from([0.0, 90.0, -90.0, 1e-300]),
    lon=st.floats() | st.sampled_from([180.0, -180.0, 0.0]),
    accuracy=st.none() | st.floats(),
    speed=st.none() | st.floats(),
    fixed=st.none() | st.integers(),
    received=st.integers(),
)
def test_any_number_is_taken_or_refused_never_a_crash(
    lat: float, lon: float, accuracy: float | None, speed: float | None, fixed: int | None, received: int
) -> None:
    state = started({"id": "ring", "kind": "proximity", "protected": "p", "distance_m": 500}, circle())
    try:
        strange = Observation(
            device="bracelet", fixed_at_us=fixed, received_at_us=received, lat=lat, lon=lon,
            accuracy_m=accuracy, speed_mps=speed,
        )  # fmt: skip
    except ObservationInvalid:
        return
    for decision in state.step([seen("phone", 1), strange, strange, seen("bracelet", 30)], received):
        assert decision.probability is None or 0.0 <= decision.probability <= 1.0


def test_a_refused_place_is_not_quoted() -> None:
    with pytest.raises(ObservationInvalid) as refused:
        Observation(device="x", received_at_us=1, lat=123.456, lon=LON)
    assert "123" not in str(refused.value)


def test_poles_and_the_date_line_are_legal() -> None:
    for lat, lon in [(90.0, 0.0), (-90.0, 180.0), (0.5, -180.0)]:
        state = started({"id": "ring", "kind": "proximity", "protected": "p", "distance_m": 500})
        made = decided(state, [seen("phone", 0, lat=lat, lon=lon)], [seen("bracelet", 1, lat=lat, lon=lon)])
        assert any(d.kind == "proximity" and d.priority == 1 for d in made)


def test_weekdays_are_seven() -> None:
    assert len(DAYS) == 7
    plan = compile_order(order(circle(schedule=[{"days": list(DAYS), "from": "00:00", "to": "00:00"}])))
    assert plan.conditions[0].intervals_us == ((plan.starts_us, plan.expires_us),)
    assert abs(LAT) > 1
