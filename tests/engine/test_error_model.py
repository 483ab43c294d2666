"""The error model: what it must never do, and whether "70 percent" happens in 70 of 100 cases on trips not fitted."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon

from aralyk.engine import error_model_phones_2 as numbers
from aralyk.engine.error_model import ERROR_MODEL_VERSION
from aralyk.engine.shapes import parse_area
from calibration import data, law, reliability
from tests.engine.builders import polygon

GRID_ERROR = 2e-3
"""The Rice table is read between its grid points."""
radii = st.floats(1.0, 20_000.0)
speeds = st.floats(1.0, 45.0)
ages = st.floats(0.0, 3600.0)
distances = st.floats(0.0, 5000.0)
with_tracks = pytest.mark.skipif(not data.TRACKS.exists(), reason="the shared real tracks are not here")


def near(offset_m: float, limits_m: list[float], radius_m: float, speed_mps: float, age_s: float) -> list[float]:
    """P(within each limit of a point)."""
    many = np.ones(len(limits_m))
    found = law.near_point(
        offset_m=offset_m * many, limit_m=np.array(limits_m), radius_m=radius_m * many, speed_mps=speed_mps * many,
        age_s=age_s * many,
    )  # fmt: skip
    return [float(p) for p in found]


@given(distances, distances, st.floats(0.1, 2000.0), radii, speeds, ages)
def test_a_wider_ring_is_never_less_probable(
    offset: float, limit: float, more: float, radius: float, speed: float, age: float
) -> None:
    narrow, wide = near(offset, [limit, limit + more], radius, speed, age)
    assert 0.0 <= narrow <= wide + GRID_ERROR <= 1.0 + GRID_ERROR


@given(distances, distances, radii, speeds, ages, st.floats(0.0, 1200.0))
def test_waiting_never_makes_a_near_certainty_more_certain(
    offset: float, limit: float, radius: float, speed: float, age: float, later: float
) -> None:
    before = near(offset, [limit], radius, speed, age)[0]
    after = near(offset, [limit], radius, speed, age + later)[0]
    if before >= 0.95 and offset <= 0.5 * limit:
        assert after <= before + GRID_ERROR


@given(radii, speeds, ages, st.floats(0.0, 1200.0))
def test_no_part_of_the_error_shrinks_while_nobody_is_heard(
    radius: float, speed: float, age: float, later: float
) -> None:
    both = np.array([age, age + later])
    before, after = law.spreads(radius_m=radius * np.ones(2), speed_mps=speed * np.ones(2), age_s=both)
    assert (after >= before * (1.0 - 1e-9)).all()


@given(radii, speeds, ages)
def test_a_place_far_from_the_truth_is_never_impossible(radius: float, speed: float, age: float) -> None:
    core2, wide2, outlier2, wide_share, outlier_share = law.spreads(
        radius_m=np.array([radius]), speed_mps=np.array([speed]), age_s=np.array([age])
    )[0]
    assert 0.0 < core2 <= wide2 * 1.000001
    assert wide2 < outlier2 or radius > numbers.RADIUS_M[0]
    assert 0.0 < wide_share < 1.0
    assert outlier_share >= 0.001


def test_a_person_last_known_fast_is_less_surely_where_he_was() -> None:
    at_rest, on_foot, in_a_car = (near(0.0, [300.0], 10.0, speed, 60.0)[0] for speed in (1.0, 2.0, 15.0))
    assert at_rest > on_foot > in_a_car
    assert at_rest > 0.7
    assert in_a_car < 0.4


def test_the_numbers_are_the_fitted_ones_and_say_what_they_rest_on() -> None:
    text = numbers.__doc__ or ""
    for said in ("python -m calibration.fit", *data.FIT, *data.TEST, "Outlying blocks", "log density"):
        assert said in text
    assert "not calibrated for bracelets" in ERROR_MODEL_VERSION
    assert ERROR_MODEL_VERSION.startswith("phones-2 ")
    tables = [value for value in vars(numbers).values() if isinstance(value, np.ndarray)]
    assert len(tables) == 11
    assert all(np.isfinite(table).all() for table in tables)
    assert all(a <= b for a, b in itertools.pairwise(numbers.CORE_M.tolist()))
    assert (numbers.CORE_M < numbers.WIDE_M).all()


def test_fit_and_test_share_no_experiment() -> None:
    assert not set(data.FIT) & set(data.TEST)


@with_tracks
@pytest.mark.parametrize("title", ["a: one fix against a point, declared radius at most 150 m", "b: pairs"])
def test_what_is_said_to_happen_in_70_of_100_cases_does_so_on_trips_that_were_not_fitted(title: str) -> None:
    question = next(one for one in reliability.QUESTIONS if one.title.startswith(title))
    made = reliability.asked(question)
    assert len([one for one in made if one.count >= reliability.CASES_MIN]) == reliability.DECILES
    for one in made:
        assert abs(one.observed - one.predicted) <= reliability.TOLERANCE, one


@with_tracks
def test_coarse_places_are_off_by_no_more_than_is_published() -> None:
    made = reliability.asked(next(one for one in reliability.QUESTIONS if one.title.endswith("any declared radius")))
    assert max(abs(one.observed - one.predicted) for one in made) <= 0.08


RINGS: dict[str, list[list[tuple[float, float]]]] = {
    "corridor": [[(-600, -20), (600, -20), (600, 20), (-600, 20)]],
    "street, drawn clockwise": [[(-400, -8), (-400, 8), (400, 8), (400, -8)]],
    "yard with a house": [
        [(-200, -200), (200, -200), (200, 200), (-200, 200)],
        [(-150, -150), (150, -150), (150, 150), (-150, 150)],
    ],
    "corner": [[(-300, -300), (300, -300), (300, -200), (-200, -200), (-200, 300), (-300, 300)]],
}


def drawn_inside(area: Polygon, x: float, y: float, part: npt.NDArray[np.float64], rng: np.random.Generator) -> float:
    """The share of drawn true places that shapely finds inside."""
    count = 40_000
    shares = [(1 - part[4]) * (1 - part[3]), (1 - part[4]) * part[3], part[4]]
    sigma = np.sqrt(part[:3])[rng.choice(3, count, p=shares)]
    east, north = rng.standard_normal((2, count)) * sigma
    return float(shapely.contains_xy(area, x + east, y + north).mean())


@pytest.mark.parametrize("name", RINGS)
def test_the_probability_of_being_inside_agrees_with_drawn_places_in_narrow_and_hollow_areas(name: str) -> None:
    area = parse_area(polygon(RINGS[name])["shape"], "shape")
    corners = [(x0, y0) for x0, y0, _, _ in area.edges]
    outer = len(RINGS[name][0])
    truth = Polygon(corners[:outer], [corners[outer:]] if corners[outer:] else [])
    rng = np.random.default_rng(3)
    for radius in (5.0, 30.0, 100.0, 500.0):
        x = np.concatenate([rng.uniform(-650, 650, 8), np.array(corners)[:4, 0] + rng.normal(0.0, radius / 6, 4)])
        y = np.concatenate([rng.uniform(-60, 60, 8), np.array(corners)[:4, 1] + rng.normal(0.0, radius / 6, 4)])
        many = np.ones(x.size)
        said = law.inside(area, x_m=x, y_m=y, radius_m=radius * many, speed_mps=many, age_s=0.0 * many)
        part = law.spreads(radius_m=np.array([radius]), speed_mps=np.ones(1), age_s=np.zeros(1))[0]
        for one_x, one_y, p in zip(x, y, said, strict=True):
            assert p == pytest.approx(drawn_inside(truth, one_x, one_y, part, rng), abs=0.012)
