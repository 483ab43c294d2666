"""How the levels between two people went, as a drawing; the page has a table that says the same.

A step for each level that was in force; a hollow point where answers were missing. Below the steps one lane of signs
for what happened meanwhile, several of one kind on one spot drawn once with their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.utils import timezone

from aralyk.risk.events import Cause
from aralyk.risk.levels import Level
from aralyk.risk.queries import Trajectory

LEFT: Final = 112.0
RIGHT: Final = 628.0
TOP: Final = 14.0
BOTTOM: Final = 122.0  # the lowest level
LANE: Final = 148.0  # what happened
PROPOSALS: Final = 134.0  # lower levels that somebody proposed
AXIS: Final = 162.0
SPOT_PX: Final = 12.0
TIMES: Final = 5
SPAN_MIN: Final = timedelta(days=1)


class Sign(StrEnum):
    """The shapes of the lane."""

    SIGNAL = "signal"  # triangle: what devices said
    HELP = "help"  # disc: her call
    WORD = "word"  # square: what people told or decided


_SIGNS: Final[Mapping[str, Sign]] = {
    Cause.POSSIBLE_VIOLATION: Sign.SIGNAL,
    Cause.TAMPER: Sign.SIGNAL,
    Cause.SILENCE: Sign.SIGNAL,
    Cause.DEVICE_REMOVED: Sign.SIGNAL,
    Cause.PANIC: Sign.HELP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A sign of the lane: what, where, how many of it."""

    x: float
    sign: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A level that came into force."""

    x: float
    y: float
    hollow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the grid with its word."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A lower level that was proposed; open while nobody agreed."""

    x: float
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything that the template draws, in the coordinates of its viewBox."""

    path: str
    steps: tuple[Step, ...]
    spots: tuple[Spot, ...]
    proposals: tuple[Proposal, ...]
    levels: tuple[Line, ...]
    times: tuple[Line, ...]


def chart_of(trajectory: Trajectory, *, names: Mapping[str, str], at: datetime) -> Chart | None:
    """The drawing; None before the first level."""
    points = trajectory.points
    if not points:
        return None
    moments = [points[0].at, *(mark.at for mark in trajectory.marks)]
    axis = _Axis(min(moments), at)
    corners = [(axis.x(points[0].at), _y(points[0].level))]
    for point in points[1:]:
        corners += [(axis.x(point.at), corners[-1][1]), (axis.x(point.at), _y(point.level))]
    corners.append((axis.x(at), corners[-1][1]))
    proposed = [row for row in trajectory.decisions if row.state != "in_force" or row.second_at is not None]
    return Chart(
        path=" ".join(f"{x:.1f},{y:.1f}" for x, y in corners),
        steps=tuple(Step(x=axis.x(point.at), y=_y(point.level), hollow=point.missing > 0) for point in points),
        spots=tuple(_spots(axis, [(mark.at, mark.cause) for mark in trajectory.marks])),
        proposals=tuple(Proposal(x=axis.x(row.decided_at), open=row.second_at is None) for row in reversed(proposed)),
        levels=tuple(Line(at=_y(level), text=names[level.value]) for level in Level),
        times=axis.lines(),
    )


class _Axis:
    """Time from left to right."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self._end = max(end, start + SPAN_MIN)
        self._start = start

    def x(self, when: datetime) -> float:
        return LEFT + (when - self._start) / (self._end - self._start) * (RIGHT - LEFT)

    def lines(self) -> tuple[Line, ...]:
        step = (self._end - self._start) / (TIMES - 1)
        moments = [timezone.localtime(self._start + number * step) for number in range(TIMES)]
        form = "%d.%m.%Y" if self._end - self._start > timedelta(days=300) else "%d.%m"
        form = "%d.%m %H:%M" if self._end - self._start < timedelta(days=4) else form
        return tuple(Line(at=self.x(moment), text=moment.strftime(form)) for moment in moments)


def _spots(axis: _Axis, marks: Sequence[tuple[datetime, str]]) -> list[Spot]:
    """One sign for what would lie on top of each other."""
    found = Counter((round(axis.x(when) / SPOT_PX), _SIGNS.get(cause, Sign.WORD)) for when, cause in marks)
    return [Spot(x=place * SPOT_PX, sign=sign.value, count=count) for (place, sign), count in sorted(found.items())]


def _y(level: Level) -> float:
    return BOTTOM - (level.height - 1) / (len(Level) - 1) * (BOTTOM - TOP)
