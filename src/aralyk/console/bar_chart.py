"""Stacked bars as a drawing, a row for each thing compared; the page has a table that says the same.

Parts are told apart by their order, their shade and the number inside, so that no one needs to tell colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 640.0
ROW_PX: Final = 52.0  # the label stands over its bar: it has the whole width, on a phone too
LABEL_PX: Final = 20.0  # its baseline
BAR_TOP_PX: Final = 26.0
LABEL_CHARS: Final = 60
_NUMBER_PX: Final = 14.0  # a digit, with air: a number that does not fit stands in the table alone
# Fills by place; the ink on top is that token's own.
FILLS: Final = ("var(--p1-fill)", "var(--p3-fill)", "var(--p2-fill)", "var(--p4-fill)", "var(--raised)")
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

    label_y: float
    y: float
    label: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything that the template draws, in the coordinates of its viewBox."""

    height: float
    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, str], ...]


def chart_of(
    rows: Sequence[tuple[str, Sequence[float | None]]], *, legend: Sequence[str], first: int = 0, running: bool = False
) -> Chart:
    """The drawing of rows; what is not known or suppressed (None) takes no room.

    Args:
        rows: Label and parts of each.
        legend: What the parts are, in their order; at most as many as FILLS.
        first: Which of FILLS is the first part's: the gravest colour is not for what is no danger.
        running: The numbers count from the bar's beginning, not each from the part before.
    """
    longest = max((sum(part or 0 for part in parts) for _, parts in rows), default=0) or 1
    bars = []
    for place, (label, parts) in enumerate(rows):
        x, reached, drawn = 0.0, 0.0, []
        for number, part in enumerate(parts):
            width = (part or 0) / longest * WIDTH
            reached += part or 0
            if width > 0:
                text = f"{reached if running else part:g}"
                fits = width > _NUMBER_PX * len(text)
                drawn.append(
                    Part(
                        x=x,
                        width=width,
                        fill=FILLS[first + number],
                        ink=INKS[first + number],
                        text=text if fits else "",
                    )
                )
                x += width
        bars.append(
            Bar(
                label_y=place * ROW_PX + LABEL_PX,
                y=place * ROW_PX + BAR_TOP_PX,
                label=label[:LABEL_CHARS],
                parts=tuple(drawn),
            )
        )
    return Chart(
        height=max(1, len(rows)) * ROW_PX, bars=tuple(bars), legend=tuple(zip(legend, FILLS[first:], strict=False))
    )
