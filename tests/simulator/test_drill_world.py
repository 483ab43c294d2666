"""The drill's world is a city one can walk through, with a truth that can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from aralyk.simulator.chance import stream
from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import Device, inside, window
from aralyk.simulator.drill.moves import Around, Track
from aralyk.simulator.drill.plane import degrees, metres
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import approaches, motorway, ordinary_life, silence
from aralyk.simulator.drill.streets import MOTORWAY, Streets
from aralyk.simulator.drill.truth import breach_s, episodes

KMH = 1 / 3.6


@pytest.fixture(scope="module")
def streets() -> Streets:
    return Streets(1)


def meeting(he: Track, *, ends_s: float, distance_m: float = 200.0) -> Run:
    """She stands at the centre of the plane."""
    return Run(
        name="meeting", distance_m=distance_m, warning_m=None, his=Device(kind="phone", interval_s=15),
        hers=Device(kind="phone", interval_s=15), he=he, she=moves.standing(0, 0, from_s=0, to_s=ends_s), ends_s=ends_s,
    )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_corner_of_the_city_can_be_reached_on_foot(seed: int) -> None:
    assert Streets(seed).is_connected()


def test_another_seed_is_another_city() -> None:
    assert Streets(1).corners != Streets(2).corners or not np.array_equal(Streets(1).east_m, Streets(2).east_m)


def test_nobody_walks_on_the_motorway_and_a_way_begins_and_ends_at_its_doors(streets: Streets) -> None:
    rng = stream(1, "test")
    for _ in range(20):
        start, end = streets.door(rng), streets.door(rng)
        way = streets.way(start, end, on_foot=True)
        assert MOTORWAY not in way.road
        assert (way.east_m[0], way.north_m[0], way.east_m[-1], way.north_m[-1]) == (
            start.east_m, start.north_m, end.east_m, end.north_m,
        )  # fmt: skip
        assert way.length_m >= start.distance_m(end)


def test_walkers_walk_and_cars_keep_to_the_speeds_of_their_roads(streets: Streets) -> None:
    rng = stream(2, "test")
    for _ in range(10):
        start, end = streets.door(rng), streets.door(rng)
        for track, fastest in (
            (moves.walk(streets.way(start, end, on_foot=True), rng), 1.8),
            (moves.drive(streets.way(start, end, on_foot=False), rng), 120 * KMH),
            (moves.ride(streets.way(start, end, on_foot=False), rng), 45 * KMH),
        ):
            step = np.hypot(np.diff(track.east_m), np.diff(track.north_m))
            assert (np.diff(track.at_s) > 0).all(), "time goes forward"
            assert (step <= fastest * np.diff(track.at_s) + 1e-6).all()


def test_a_bus_ride_begins_and_ends_on_foot_and_stops_on_the_way(streets: Streets) -> None:
    rng = stream(3, "test")
    start, end = streets.door_at(0, rng), streets.door_at(streets.corners - 1, rng)
    track = moves.ride(streets.way(start, end, on_foot=False), rng)
    assert track.around[0] == track.around[-1] == Around.FOOT
    speed, _ = track.motion(np.arange(track.at_s[0], track.ends_s))
    assert ((speed < 0.1) & (track.surroundings(np.arange(track.at_s[0], track.ends_s)) == Around.BUS)).sum() > 60


def test_degrees_and_metres_are_inverse() -> None:
    east, north = np.array([-5000.0, 10.0]), np.array([4000.0, -7.0])
    back_east, back_north = metres(*degrees(east, north))
    assert back_east == pytest.approx(east, abs=1e-5)
    assert back_north == pytest.approx(north, abs=1e-5)


def test_the_breach_is_the_first_second_at_the_ordered_distance() -> None:
    straight = moves.straight([(1000.0, 0.0), (0.0, 0.0)], np.array([2.0]), Around.FOOT)
    assert breach_s(meeting(straight, ends_s=600)) == 400.0
    assert breach_s(meeting(straight, ends_s=300)) is None


def test_a_car_that_goes_through_is_a_drive_through_and_a_car_that_stops_is_not() -> None:
    through = moves.straight([(-2000.0, 50.0), (2000.0, 50.0)], np.array([14.0]), Around.CAR)
    (passing,) = episodes(meeting(through, ends_s=400))
    assert passing.drive_through
    assert passing.nearest_m == pytest.approx(50.0, abs=1.0)
    first = moves.straight([(-2000.0, 50.0), (0.0, 50.0)], np.array([14.0]), Around.CAR)
    second = moves.straight([(0.0, 50.0), (2000.0, 50.0)], np.array([14.0]), Around.CAR, from_s=first.ends_s + 120)
    (stopping,) = episodes(meeting(moves.joined(first, second, gap=Around.CAR), ends_s=600))
    assert not stopping.drive_through


def test_a_walker_who_passes_is_no_drive_through() -> None:
    walking = moves.straight([(-1000.0, 100.0), (1000.0, 100.0)], np.array([1.5]), Around.FOOT)
    (episode,) = episodes(meeting(walking, ends_s=1400))
    assert not episode.drive_through


def test_approaches_begin_two_kilometres_outside_the_ring_and_come_inside(streets: Streets) -> None:
    for number in range(40):
        run = approaches.make(streets, stream(1, "a", number), number, 0.0)
        away = run.apart_m(np.array([0.0, run.marks["leaves_s"]]))
        if run.tags["she"] != "walking":
            assert (away >= run.distance_m + 1900.0).all(), run.name
        assert breach_s(run, from_s=run.marks["leaves_s"]) is not None


def test_a_pass_by_on_the_motorway_comes_inside_without_slowing_and_a_turn_in_arrives(streets: Streets) -> None:
    runs = [motorway.make(streets, stream(1, "m", number), number, 0.0) for number in range(60)]
    for run in runs:
        (first, *_) = episodes(run)
        assert first.drive_through is (run.tags["turns_in"] == "no"), run.name
    assert {run.tags["turns_in"] for run in runs} == {"yes", "no"}


def test_a_turn_is_told_by_a_place_of_his_that_was_made_after_it(streets: Streets) -> None:
    """The last place before the turn lies in the ring and tells nothing; the next is 1.6 km off; the third is near."""
    run = next(r for r in (motorway.make(streets, stream(1, "m", n), n, 0.0) for n in range(60)) if r.distance_m < 600)
    rows = [(1, 0.0, 0.0, 10.0), (0, 50.0, 0.001, 10.0), (1, 61.0, 0.0, 10.0), (0, 110.0, 0.015, 250.0),
            (0, 170.0, 0.002, 250.0)]  # fmt: skip
    said = np.zeros(len(rows), [("party", int), ("fixed_s", float), ("received_s", float), ("lat", float),
                                ("lon", float), ("accuracy_m", float)])  # fmt: skip
    for row, (party, at_s, north_deg, radius_m) in zip(said, rows, strict=True):
        row["party"], row["fixed_s"], row["received_s"] = party, at_s, at_s + 1.0
        row["lat"], row["lon"], row["accuracy_m"] = 42.87 + north_deg, 74.6, radius_m
    assert motorway.naive_inside_s(run, said, 60.0) == 62.0
    assert motorway.naive_inside_s(run, said, 60.0, touching=True) == 171.0


def test_who_stays_away_is_never_near(streets: Streets) -> None:
    for number in range(16):
        run = silence.make(streets, stream(1, "s", number), number, 0.0)
        assert (breach_s(run) is None) is run.tags["story"].endswith("stays"), run.tags["story"]


def test_ordinary_nights_are_spent_at_home(streets: Streets) -> None:
    run = ordinary_life.make(streets, stream(1, "o"), 0, 3.0)
    nights = np.array([day * 86400 + hour * 3600 for day in range(3) for hour in (2, 3, 4)], np.float64)
    for track in (run.he, run.she):
        east, north = track.place(nights)
        assert np.ptp(east) < 1.0
        assert np.ptp(north) < 1.0


def test_windows_may_overlap() -> None:
    both = np.concatenate([window(10, 20), window(15, 30)])
    assert inside(np.array([5.0, 10.0, 17.0, 25.0, 30.0]), both).tolist() == [False, True, True, True, False]
