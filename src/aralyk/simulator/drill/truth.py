"""What truly happened in a run: the moment of a breach, and every time the two were nearer than the order allows.

An *episode* is a time in which the true distance stayed below D (breaks shorter than two minutes belong to it). It is a
*drive-through* if he moved through without stopping: at most 10 minutes, a mean speed of his of at least 5 m/s and
no more than 90 s of standing in all (lights). Every other episode is a *true priority-1 event*, on foot too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aralyk.simulator.drill.plane import Array
from aralyk.simulator.drill.runs import Run

STEP_S: Final = 1.0
DAY_S: Final = 86400.0
BREAK_S: Final = 120.0
THROUGH_S_MAX: Final = 600.0
THROUGH_MPS: Final = 5.0
STANDING_MPS: Final = 0.5
STANDING_S_MAX: Final = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A time of being too near."""

    from_s: float
    to_s: float
    nearest_m: float
    drive_through: bool


def breach_s(run: Run, *, from_s: float = 0.0) -> float | None:
    """The first second from `from_s` on at which the true distance is at most D."""
    at = np.arange(from_s, run.ends_s, STEP_S)
    near = np.flatnonzero(run.apart_m(at) <= run.distance_m)
    return float(at[near[0]]) if near.size else None


def nearest_m(run: Run, from_s: float, to_s: float) -> float:
    """The least true distance between two seconds, both included."""
    at = np.arange(max(0.0, from_s), max(to_s, from_s + STEP_S), STEP_S)
    return float(run.apart_m(np.append(at, max(to_s, 0.0))).min())


def episodes(run: Run) -> list[Episode]:
    """All episodes of a run."""
    near = np.concatenate([_near_seconds(run, day) for day in np.arange(0.0, run.ends_s, DAY_S)])
    if not near.size:
        return []
    found = []
    for stretch in np.split(near, np.flatnonzero(np.diff(near) > BREAK_S) + 1):
        begins, ends = float(stretch[0]), float(stretch[-1])
        found.append(
            Episode(
                from_s=begins,
                to_s=ends,
                nearest_m=nearest_m(run, begins, ends),
                drive_through=_is_drive_through(run, begins, ends),
            )
        )
    return found


def _near_seconds(run: Run, day_s: float) -> Array:
    at = np.arange(day_s, min(day_s + DAY_S, run.ends_s), STEP_S)
    return np.asarray(at[run.apart_m(at) < run.distance_m], np.float64)


def _is_drive_through(run: Run, from_s: float, to_s: float) -> bool:
    if to_s - from_s > THROUGH_S_MAX:
        return False
    speed, _ = run.he.motion(np.arange(from_s, to_s + STEP_S, STEP_S))
    return bool(speed.mean() >= THROUGH_MPS and (speed < STANDING_MPS).sum() * STEP_S <= STANDING_S_MAX)
