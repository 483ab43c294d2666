"""One order: a town, she, he, what really happened, and what of it reached him."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from math import cos, radians
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aralyk.papers.geometry import METRES_PER_DEGREE, Circle, draw

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LAT: Final = 42.87
LON: Final = 74.60
TOWN_M: Final = (14_000.0, 10_000.0)
STEP_S: Final = 30.0
DAY_S: Final = 86_400.0
ORDERED_M: Final = 500.0
WARNING_M: Final = 1_200.0
ZONE_M: Final = 300.0
REARM_S: Final = 600.0  # a ring entered again sooner is the same incident (ADR-0016)
ANSWERED: Final = 0.8  # of his alerts, those in which somebody calls or writes to him at once
DELAY_S: Final = (60.0, 180.0)  # from the alert to that call
DECOYS: Final = 9  # secret places in the same public area, each with her ring and her hours
SPEED_MPS: Final = 6.0  # a car in a town's streets, stops included


class Channel(StrEnum):
    """What reaches him besides his papers."""

    PAPERS = "papers alone"
    SLOTS = "calls at times drawn beforehand"
    DECOYS = "a call at each alert, and at nine decoys just so"
    AT_ONCE_6 = "a call at each alert, 6 welfare calls a day"
    AT_ONCE_1 = "a call at each alert, 1 welfare call a day"
    DEVICE = "his device shows when it is asked oftener"
    HELD = "another text at the next of 2 moments a day"
    PLATFORM = "what the platform sends; he takes each for an alert"
    EXEMPT = "the same platform, an order that hides nothing"


WELFARE_A_DAY: Final = {
    Channel.PAPERS: 0.0,
    Channel.SLOTS: 3.0,
    Channel.DECOYS: 1.0,
    Channel.AT_ONCE_6: 6.0,
    Channel.AT_ONCE_1: 1.0,
    Channel.DEVICE: 0.0,
    Channel.HELD: 2.0,
    Channel.PLATFORM: 2.0,
    Channel.EXEMPT: 0.0,
}
assert set(WELFARE_A_DAY) == set(Channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is true, and what he has.

    Attributes:
        home: Hers, metres east and north.
        area: The public area of his paper, on the same plane.
        t_s: Seconds since the order began, of each of his own places while he moves.
        his: His places, one row a time.
        hers: Hers at the same times; he does not have them.
        she_is_home: At the same times; he knows her hours, the worst case.
        alerts_s: When the platform raised an alert; he does not have them.
    """

    home: Floats
    area: Circle
    t_s: Floats
    his: Floats
    hers: Floats
    she_is_home: Flags
    alerts_s: Floats


def on_earth(point: Floats, radius_m: float) -> Circle:
    """A circle round a point of the plane."""
    lat = LAT + float(point[1]) / METRES_PER_DEGREE
    return Circle(lat=lat, lon=LON + float(point[0]) / (METRES_PER_DEGREE * cos(radians(LAT))), radius_m=radius_m)


def on_plane(circle: Circle) -> Floats:
    """The middle of a circle on the plane."""
    return np.array(
        [
            (circle.lon - LON) * METRES_PER_DEGREE * cos(radians(LAT)),
            (circle.lat - LAT) * METRES_PER_DEGREE,
        ]
    )


def make_world(seed: int, *, days: int, searching: bool) -> World:
    """One order.

    Args:
        seed: Of everything in it.
        days: Its length.
        searching: Whether he combs his public area two hours a day; else he drives to ordinary places.
    """
    chance = np.random.default_rng(seed)
    home = chance.uniform((-5_000, -3_500), (5_000, 3_500))
    work = chance.uniform((-5_000, -3_500), (5_000, 3_500))
    area = draw(on_earth(home, ZONE_M), ordered_m=ORDERED_M, chance=random.Random(seed))
    times, his = [], []
    for day in range(days):
        # Half of his hours fall into her evenings at home, half into her days.
        start_s = day * DAY_S + (chance.uniform(9, 16) if day % 2 else chance.uniform(19, 21)) * 3_600
        stops = _combing(area, chance) if searching else _errands(chance)
        places = _along(stops)
        times.append(start_s + STEP_S * np.arange(len(places)))
        his.append(places)
    t_s, track = np.concatenate(times), np.concatenate(his)
    hour = (t_s % DAY_S) / 3_600
    at_home = (hour >= 18) | (hour < 8)
    errand = chance.uniform((-5_000, -3_500), (5_000, 3_500), size=(days, 2))[(t_s // DAY_S).astype(int)]
    hers = np.where(at_home[:, None], home, np.where((hour < 14)[:, None], work, errand))
    near = np.hypot(*(track - hers).T) < WARNING_M
    inside = np.hypot(*(track - home).T) < ZONE_M
    return World(
        home=home, area=area, t_s=t_s, his=track, hers=hers, she_is_home=at_home,
        alerts_s=t_s[onsets((near | inside)[:, None], t_s)[:, 0]],
    )  # fmt: skip


def onsets(inside: Flags, t_s: Floats) -> Flags:
    """Where an episode begins: inside now, and not inside within the time in which it would be the same incident.

    Args:
        inside: One column a ring, one row a time.
        t_s: The times.
    """
    steps = int(REARM_S / STEP_S)
    begins = inside.copy()
    for back in range(1, steps + 1):
        joined = (t_s[back:] - t_s[:-back]) <= REARM_S
        begins[back:] &= ~(inside[:-back] & joined[:, None])
    return begins


def drawn_moments(world: World, *, seed: int) -> Floats:
    """Two moments each day between 9 and 21 o'clock, as the pack has them."""
    chance = np.random.default_rng(seed + 31_337)
    days = int(world.t_s[-1] // DAY_S) + 2
    return np.sort((np.arange(days)[:, None] * DAY_S + chance.uniform(9, 21, size=(days, 2)) * 3_600).ravel())


def heard(world: World, channel: Channel, *, seed: int) -> tuple[Floats, Floats]:
    """When he was called or saw his device change, and which of them an alert caused (NaN: chance alone).

    Of HELD: the moments at which another text came than usually, because of an alert since the last moment.
    """
    chance = np.random.default_rng(seed + 7_919)
    if channel is Channel.DEVICE:
        return world.alerts_s, world.alerts_s
    if channel is Channel.HELD:
        moments = drawn_moments(world, seed=seed)
        answered = world.alerts_s[chance.random(len(world.alerts_s)) < ANSWERED]
        other = np.unique(np.searchsorted(moments, answered))
        return moments[other], moments[other]
    caused: Floats = np.empty(0)
    if channel in (Channel.AT_ONCE_1, Channel.AT_ONCE_6, Channel.DECOYS):
        alerts = world.alerts_s
        if channel is Channel.DECOYS:
            alerts = np.concatenate([alerts, *_decoy_alerts(world, seed)])
        caused = alerts[chance.random(len(alerts)) < ANSWERED]
    # Welfare calls come only while he is about, as the others do: at home both would tell him nothing.
    hours_about = len(world.t_s) * STEP_S / 3_600
    number = chance.poisson(WELFARE_A_DAY[channel] * hours_about / 14)  # calls between 8 and 22 o'clock
    at_random = chance.choice(world.t_s, size=min(number, len(world.t_s)), replace=False)
    called = np.concatenate([caused + chance.uniform(*DELAY_S, size=len(caused)), at_random])
    because = np.concatenate([caused, np.full(len(at_random), np.nan)])
    order = np.argsort(called)
    return called[order], because[order]


def _decoy_alerts(world: World, seed: int) -> list[Floats]:
    """When the platform pretends: he comes near a place that might be hers and is not."""
    luck = random.Random(seed + 104_729)
    area = Circle(lat=world.area.lat, lon=world.area.lon, radius_m=ZONE_M)
    found = []
    for _ in range(DECOYS):
        # Any place that his paper leaves open: the rule of drawing, the other way round.
        place = on_plane(draw(area, ordered_m=ORDERED_M, chance=luck))
        ring = np.where(world.she_is_home, WARNING_M, ZONE_M)
        inside = np.hypot(*(world.his - place).T) < ring
        found.append(world.t_s[onsets(inside[:, None], world.t_s)[:, 0]])
    return found


def _errands(chance: np.random.Generator) -> Floats:
    return np.concatenate([chance.uniform((-6_000, -4_500), (6_000, 4_500), size=(5, 2))])


def _combing(area: Circle, chance: np.random.Generator) -> Floats:
    """A third of the area's lanes a day, 600 m apart, from a random one on."""
    middle, reach = on_plane(area), area.radius_m - 300
    lanes = np.arange(-reach, reach, 600.0)
    first = int(chance.integers(len(lanes)))
    stops = []
    for turn, lane in enumerate(np.roll(lanes, -first)[: max(3, len(lanes) // 3)]):
        half = np.sqrt(max(reach**2 - lane**2, 0.0))
        ends = [middle + np.array([lane, side]) for side in (-half, half)]
        stops += ends if turn % 2 else ends[::-1]
    return np.array(stops)


def _along(stops: Floats) -> Floats:
    """Places every STEP_S on the way from stop to stop."""
    legs = np.hypot(*np.diff(stops, axis=0).T)
    way = np.concatenate([[0.0], np.cumsum(legs)])
    at = np.arange(0.0, way[-1], SPEED_MPS * STEP_S)
    return np.column_stack([np.interp(at, way, stops[:, 0]), np.interp(at, way, stops[:, 1])])
