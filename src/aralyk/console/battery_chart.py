"""The battery's curve as a drawing, and as a table that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from aralyk.devices.health import BATTERY_LOW_PCT, Battery

WIDTH: Final = 640.0
LEFT: Final = 34.0
RIGHT: Final = 632.0
TOP: Final = 8.0
BOTTOM: Final = 128.0
BREAK: Final = timedelta(hours=2)  # a longer gap is drawn as a gap: nobody knows what the battery did
AHEAD_MAX: Final = timedelta(hours=12)  # how far the line to empty is drawn
MARKS_MIN_PX: Final = 56.0
STEPS_H: Final = (1, 2, 3, 6, 12, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One line of the grid with its word."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One hour of the table: the battery at its end."""

    at: datetime
    pct: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything that the template draws; coordinates of the viewBox, as text for its attributes."""

    pieces: tuple[str, ...]
    ahead: str
    low_y: float
    levels: tuple[Mark, ...]
    times: tuple[Mark, ...]
    rows: tuple[Row, ...]
    first: Row
    last: Row
    lowest: int
    highest: int


def chart_of(battery: Battery, *, at: datetime) -> Chart | None:
    """The drawing; None when fewer than two readings are known."""
    curve = battery.curve
    if len(curve) < 2:
        return None
    ahead = min(battery.empty_in, AHEAD_MAX) if battery.empty_in is not None else timedelta()
    axis = _Axis(curve[0][0], max(at, curve[-1][0]) + ahead)
    percents = [pct for _, pct in curve]
    return Chart(
        pieces=tuple(" ".join(axis.point(when, pct) for when, pct in piece) for piece in _pieces(curve)),
        ahead=_ahead(battery, axis, at=at, drawn=ahead),
        low_y=_y(BATTERY_LOW_PCT),
        levels=tuple(Mark(at=_y(level), text=str(level)) for level in (0, 50, 100)),
        times=axis.marks(),
        rows=tuple(_rows(curve)),
        first=Row(at=curve[0][0], pct=curve[0][1]),
        last=Row(at=curve[-1][0], pct=curve[-1][1]),
        lowest=min(percents),
        highest=max(percents),
    )


class _Axis:
    """Time from left to right."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self._start = start
        self._end = max(end, start + timedelta(minutes=30))

    def x(self, when: datetime) -> float:
        return LEFT + (when - self._start) / (self._end - self._start) * (RIGHT - LEFT)

    def point(self, when: datetime, pct: float) -> str:
        return f"{self.x(when):.1f},{_y(pct):.1f}"

    def marks(self) -> tuple[Mark, ...]:
        """Round hours where the centre stands, as many as have room; midnight is told by its date."""
        hours = (self._end - self._start) / timedelta(hours=1)
        room = int((RIGHT - LEFT) / MARKS_MIN_PX)
        step = next((step for step in STEPS_H if hours / step <= room), STEPS_H[-1])
        local = timezone.localtime(self._start).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        found = []
        while local <= self._end:
            if local.hour % step == 0 and self.x(local) < RIGHT - 14:
                found.append(Mark(at=self.x(local), text=local.strftime("%H:%M" if local.hour else "%d.%m")))
            local += timedelta(hours=1)
        return tuple(found)


def _y(pct: float) -> float:
    return BOTTOM - pct / 100 * (BOTTOM - TOP)


def _pieces(curve: Sequence[tuple[datetime, int]]) -> list[list[tuple[datetime, int]]]:
    pieces: list[list[tuple[datetime, int]]] = []
    for when, pct in curve:
        if pieces and when - pieces[-1][-1][0] <= BREAK:
            pieces[-1].append((when, pct))
        else:
            pieces.append([(when, pct)])
    # A reading alone is a short line, or it would not be seen.
    return [
        piece if len(piece) > 1 else [*piece, (piece[0][0] + timedelta(minutes=5), piece[0][1])] for piece in pieces
    ]


def _ahead(battery: Battery, axis: _Axis, *, at: datetime, drawn: timedelta) -> str:
    """From the last reading towards empty, as far as is drawn."""
    if not battery.empty_in:
        return ""
    when, pct = battery.curve[-1]
    end = at + drawn
    left = pct * (1 - (end - when) / (at + battery.empty_in - when)) if at + battery.empty_in > when else 0.0
    return f"{axis.point(when, pct)} {axis.point(end, max(left, 0.0))}"


def _rows(curve: Sequence[tuple[datetime, int]]) -> list[Row]:
    by_hour = {when.replace(minute=0, second=0, microsecond=0): Row(at=when, pct=pct) for when, pct in curve}
    return [by_hour[hour] for hour in sorted(by_hour, reverse=True)]
