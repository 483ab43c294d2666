"""Stacked bars as a drawing, a row for each thing compared; the page has a table that says the same.

Parts are told apart by their order, their shade and the number inside, so that no one needs to tell colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 640.0
LEFT: Final = 176.0
RIGHT: Final = 632.0
ROW_PX: Final = 26.0
BAR_PX: Final = 18.0
LABEL_CHARS: Final = 24
_NUMBER_PX: Final = 9.0  # a digit, with air: a number that does not fit stands in the table alone
# Fills by place; the ink on top is that token's own.
FILLS: Final = ("var(--p1-fill)", "var(--p3-fill)", "var(--p2-fill)", "var(--p4-fill)", "var(--line-strong)")
INKS: Final = ("var(--on-p1)", "var(--on-p3)", "var(--on-p2)", "var(--on-p4)", "var(--ink)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a bar."""

    x: float
    width: float
    fill: str
    ink: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A row."""

    y: float
    label: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything that the template draws, in the coordinates of its viewBox."""

    height: float
    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, str], ...]


def chart_of(rows: Sequence[tuple[str, Sequence[float | None]]], *, legend: Sequence[str], unit: str = "") -> Chart:
    """The drawing of rows; what is not known or suppressed (None) takes no room.

    Args:
        rows: Label and parts of each.
        legend: What the parts are, in their order; at most as many as FILLS.
        unit: Behind each number.
    """
    longest = max((sum(part or 0 for part in parts) for _, parts in rows), default=0) or 1
    bars = []
    for place, (label, parts) in enumerate(rows):
        x, drawn = LEFT, []
        for number, part in enumerate(parts):
            width = (part or 0) / longest * (RIGHT - LEFT)
            if width > 0:
                text = f"{part:g}{unit}"
                fits = width > _NUMBER_PX * len(text)
                drawn.append(Part(x=x, width=width, fill=FILLS[number], ink=INKS[number], text=text if fits else ""))
                x += width
        bars.append(Bar(y=place * ROW_PX + (ROW_PX - BAR_PX) / 2, label=label[:LABEL_CHARS], parts=tuple(drawn)))
    return Chart(height=max(1, len(rows)) * ROW_PX, bars=tuple(bars), legend=tuple(zip(legend, FILLS, strict=False)))
