"""What several scenarios use: devices of the pilot, going from door to door, and whether both were heard."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import Device
from aralyk.simulator.drill.moves import Around, Track
from aralyk.simulator.drill.plane import Array
from aralyk.simulator.drill.streets import Door, Streets
from aralyk.simulator.drill.verdicts import Verdicts, alerts, ends_s

DISTANCES_M: Final = (200.0, 500.0, 1000.0)
INTERVALS_S: Final = (15, 30, 60)
BRACELET_SHARE: Final = 1 / 3  # of respondents in the pilot; every protected person has a phone
DELAY_S: Final = 2.0  # an ordinary delay, for bounds
CONTACT_S: Final = 300.0
SHARP_M: Final = 150.0
STANDS_S: Final = 900.0  # before he leaves: devices have a history


def ring(rng: np.random.Generator) -> tuple[float, float | None]:
    """A distance of an order, and a warning ring of twice it in half of the orders."""
    distance = float(rng.choice(DISTANCES_M))
    return distance, 2 * distance if rng.random() < 0.5 else None


def his_device(rng: np.random.Generator, interval_s: int) -> Device:
    """A bracelet for one in three, else a phone."""
    kind = "bracelet" if rng.random() < BRACELET_SHARE else "phone"
    return Device(kind=kind, interval_s=interval_s, battery=((0.0, float(rng.uniform(45, 100))),))


def her_device(rng: np.random.Generator, interval_s: int) -> Device:
    """A phone."""
    return Device(kind="phone", interval_s=interval_s, battery=((0.0, float(rng.uniform(45, 100))),))


def door_away(streets: Streets, rng: np.random.Generator, target: Door, low_m: float, high_m: float) -> Door:
    """A door at a straight distance between two bounds from another."""
    away = np.hypot(
        streets.east_m[: streets.corners] - target.east_m, streets.north_m[: streets.corners] - target.north_m
    )
    fits = np.flatnonzero((away >= low_m + 60.0) & (away <= high_m - 60.0))
    if not fits.size:
        fits = np.array([int(np.argmin(np.abs(away - 0.5 * (low_m + high_m))))])
    return streets.door_at(int(rng.choice(fits)), rng)


def go(streets: Streets, rng: np.random.Generator, start: Door, end: Door, mode: str, from_s: float) -> Track:
    """From door to door on foot, by car or by bus."""
    if mode == "foot":
        return moves.walk(streets.way(start, end, on_foot=True), rng, from_s=from_s)
    way = streets.way(start, end, on_foot=False)
    return (moves.drive if mode == "car" else moves.ride)(way, rng, from_s=from_s)


def go_straight(rng: np.random.Generator, start: Door, end: Door, from_s: float) -> Track:
    """Across country, at one speed: the shortest way there is."""
    on_foot = rng.random() < 0.4
    speed = float(rng.uniform(1.0, 1.8)) if on_foot else float(rng.uniform(20, 60)) / 3.6
    points = [(start.east_m, start.north_m), (end.east_m, end.north_m)]
    return moves.straight(points, np.array([speed]), Around.FOOT if on_foot else Around.CAR, from_s=from_s)


def stays(track: Track, *, until_s: float, before_s: float | None = None, around: Around = Around.INDOORS) -> Track:
    """The track with standing before it and after it."""
    parts = []
    if before_s is not None and before_s < track.at_s[0]:
        first = (float(track.east_m[0]), float(track.north_m[0]))
        parts.append(moves.standing(*first, from_s=before_s, to_s=float(track.at_s[0]) - 1e-3))
    parts.append(track)
    last = (float(track.east_m[-1]), float(track.north_m[-1]))
    parts.append(
        moves.standing(*last, from_s=track.ends_s + 1e-3, to_s=max(until_s, track.ends_s + 1.0), around=around)
    )
    return moves.joined(*parts)


def heard(said: npt.NDArray[Any], party: int, *, radius_m: float = np.inf) -> Array:
    """Seconds at which a place of this party was received."""
    mine = said[(said["party"] == party) & ~np.isnan(said["lat"])]
    return np.asarray(mine["received_s"][mine["accuracy_m"] <= radius_m], np.float64)


def in_contact(received_s: Array, until_s: float, gap_s: float) -> bool:
    """Whether no pause in the last five minutes was longer than `gap_s`."""
    begins = until_s - CONTACT_S
    before = received_s[received_s <= until_s]
    if not before.size:
        return False
    first = max(int(np.searchsorted(before, begins, side="right")) - 1, 0)
    seen = before[first:]
    if seen[0] > begins + gap_s:
        return False
    return bool((np.diff(np.append(seen, until_s)) <= gap_s + 1.0).all())


def both_in_contact(said: npt.NDArray[Any], until_s: float, interval_s: int, *, radius_m: float = np.inf) -> bool:
    """Both devices reported places within twice their interval in the last five minutes."""
    return all(in_contact(heard(said, party, radius_m=radius_m), until_s, 2.0 * interval_s) for party in (0, 1))


def first_alert_s(verdicts: Verdicts, *, from_s: float) -> float | None:
    """The first alert from a moment on; an incident that was open already counts from that moment."""
    best = None
    for v in alerts(verdicts):
        begins = float(v["decided_s"])
        if begins < from_s and ends_s(verdicts, v, np.inf) < from_s:
            continue
        at = max(begins, from_s)
        best = at if best is None else min(best, at)
    return best


def first_priority_1_s(verdicts: Verdicts, *, from_s: float = 0.0) -> float | None:
    """The first decision of priority 1."""
    mine = alerts(verdicts)
    mine = mine[(mine["priority"] == 1) & (mine["decided_s"] >= from_s)]
    return float(mine["decided_s"].min()) if mine.size else None


def fixes_until(said: npt.NDArray[Any], party: int, from_s: float, to_s: float | None) -> int | None:
    """How many of a party's fixes, made after a moment, it took; 0 if it was decided before, none if never."""
    if to_s is None:
        return None
    mine = said[(said["party"] == party) & ~np.isnan(said["lat"]) & (said["fixed_s"] > from_s)]
    return int((mine["received_s"] <= to_s + 1e-3).sum())
