"""Bodies move like bodies: no jumps, no impossible speeds, and only on streets."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aralyk.simulator import city
from aralyk.simulator.chance import stream
from aralyk.simulator.city import Spot, Use
from aralyk.simulator.motion import Mode, Trip

EVERYWHERE = Spot(east_m=0, north_m=0)


def two_places(seed: int) -> tuple[city.Place, city.Place]:
    rng = stream(seed, "two places")
    return (
        city.place_near(centre=EVERYWHERE, within_m=3600, use=Use.HOME, rng=rng),
        city.place_near(centre=EVERYWHERE, within_m=3600, use=Use.WORK, rng=rng),
    )


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), mode=st.sampled_from(list(Mode)))
def test_nobody_jumps_or_breaks_the_limits_of_their_gait(seed: int, mode: Mode) -> None:
    home, work = two_places(seed)
    trip = Trip(way=city.way(home, work, stream(seed, "way")), mode=mode, rng=stream(seed, "trip"))
    times = np.linspace(-1, trip.lasts_s + 1, 800)
    moves = [trip.at(float(at_s)) for at_s in times]
    step_s = float(times[1] - times[0])
    gait = mode.value
    for before, after in pairwise(moves):
        assert before.spot.distance_m(after.spot) <= gait.cruise_high_mps * step_s + 1e-6
        assert abs(after.speed_mps - before.speed_mps) <= max(gait.accelerate_mps2, gait.brake_mps2) * step_s + 1e-6
        assert after.speed_mps <= gait.cruise_high_mps + 1e-6
    assert moves[0].spot == home.door
    assert moves[-1].spot == work.door


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_way_keeps_to_the_streets_and_inside_the_rectangle_of_its_ends(seed: int) -> None:
    home, work = two_places(seed)
    corners = city.way(home, work, stream(seed, "way"))
    for corner in corners[1:-1]:
        on_a_row = corner.north_m % city.BLOCK_M == 0
        assert on_a_row, "every corner lies on an east-west street"
        low, high = sorted((home.door.east_m, work.door.east_m))
        assert low - city.BLOCK_M <= corner.east_m <= high + city.BLOCK_M
    for a, b in pairwise(corners):
        assert a.east_m == b.east_m or a.north_m == b.north_m


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), mode=st.sampled_from([Mode.CAR, Mode.BUS]))
def test_the_speed_agrees_with_the_way_made(seed: int, mode: Mode) -> None:
    home, work = two_places(seed)
    trip = Trip(way=city.way(home, work, stream(seed, "way")), mode=mode, rng=stream(seed, "trip"))
    step_s = 0.05
    covered_m = sum(trip.at(at_s).speed_mps * step_s for at_s in np.arange(0, trip.lasts_s, step_s))
    assert covered_m == pytest.approx(trip.length_m, rel=0.01, abs=2)


def test_a_way_that_stays_on_one_point_is_refused() -> None:
    with pytest.raises(ValueError, match="one point"):
        Trip(way=[EVERYWHERE, EVERYWHERE], mode=Mode.WALK, rng=stream(1, "x"))


def test_degrees_and_metres_agree_with_the_ellipsoid() -> None:
    geodesic = pytest.importorskip("geographiclib.geodesic").Geodesic.WGS84
    for spot in (Spot(east_m=4000, north_m=2500), Spot(east_m=-4800, north_m=-3500)):
        lat, lon = spot.degrees()
        true_m = geodesic.Inverse(city.CENTRE_LAT_DEG, city.CENTRE_LON_DEG, lat, lon)["s12"]
        assert true_m == pytest.approx(spot.distance_m(EVERYWHERE), abs=2)
        back = Spot.from_degrees(lat=lat, lon=lon)
        assert back.distance_m(spot) < 1e-3


def test_the_ground_is_marked_synthetic_and_shows_no_home() -> None:
    rng = stream(7, "marks")
    marks = [city.place_near(centre=EVERYWHERE, within_m=3000, use=use, rng=rng) for use in Use]
    ground = json.loads(city.ground_geojson(marks))
    assert ground["synthetic"] is True
    assert all(feature["properties"]["synthetic"] is True for feature in ground["features"])
    kinds = {feature["properties"]["kind"] for feature in ground["features"]}
    assert kinds == {"avenue", "street", "work", "school", "shop", "market"}
    assert set(ground["label"]) == {"en", "ru", "ky"}
