"""Small line diagrams as SVG text: no dependency, the same bytes each time."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Final

from calibration.data import Floats

SIDE: Final = 240
MARGIN: Final = 46
COLUMNS: Final = 3
LETTERS: Final = 42
"""Of a title's line above a panel."""
COLOURS: Final = ("#c2410c", "#6b7280", "#1d4ed8", "#15803d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One square diagram: lines by name, and bars (x, low, high) of an interval."""

    title: str
    x_label: str
    y_label: str
    lines: dict[str, tuple[Floats, Floats]]
    x_max: float = 1.0
    is_diagonal: bool = False
    bars: list[tuple[float, float, float]] = field(default_factory=list)


def svg(panels: list[Panel]) -> str:
    """All panels, three in a row."""
    wide, high = SIDE + MARGIN + 34, SIDE + 2 * MARGIN + 24
    width = min(len(panels), COLUMNS) * wide + 10
    height = (len(panels) + COLUMNS - 1) // COLUMNS * high
    places = [(i % COLUMNS * wide + MARGIN + 8, i // COLUMNS * high + 46) for i in range(len(panels))]
    drawn = "".join(_panel(panel, *place) for panel, place in zip(panels, places, strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="11"><rect width="{width}" height="{height}" fill="#ffffff"/>{drawn}</svg>\n'
    )


def _panel(panel: Panel, left: int, top: int) -> str:
    def at(x: float, y: float) -> str:
        return f"{left + SIDE * min(x / panel.x_max, 1.0):.1f},{top + SIDE * (1.0 - y):.1f}"

    parts = [f'<rect x="{left}" y="{top}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#9ca3af"/>']
    for i, title in enumerate(reversed(textwrap.wrap(panel.title, LETTERS))):
        parts.append(f'<text x="{left}" y="{top - 10 - 14 * i}" font-weight="bold">{title}</text>')
    for i in range(6):
        share = i / 5
        parts.append(_text(left + SIDE * share, top + SIDE + 14, f"{panel.x_max * share:g}", "middle"))
        parts.append(_text(left - 5, top + SIDE * (1.0 - share) + 4, f"{share:g}", "end"))
    parts.append(_text(left + SIDE / 2, top + SIDE + 32, panel.x_label, "middle"))
    x, y = left - 32, top + SIDE / 2
    parts.append(f'<text transform="translate({x},{y:.0f}) rotate(-90)" text-anchor="middle">{panel.y_label}</text>')
    if panel.is_diagonal:
        parts.append(f'<polyline points="{at(0, 0)} {at(1, 1)}" fill="none" stroke="#9ca3af" stroke-dasharray="4 3"/>')
    for x_value, low, high in panel.bars:
        parts.append(f'<polyline points="{at(x_value, low)} {at(x_value, high)}" stroke="#93c5fd" stroke-width="4"/>')
    for colour, (name, (xs, ys)) in zip(COLOURS, panel.lines.items(), strict=False):
        parts.append(_line(colour, [at(float(a), float(b)) for a, b in _thinned(xs, ys, panel.x_max)]))
        row = top + SIDE - 96 - 14 * list(panel.lines).index(name)
        parts.append(f'<text x="{left + SIDE - 8}" y="{row}" text-anchor="end" fill="{colour}">{name}</text>')
    return "".join(parts)


def _line(colour: str, points: list[str]) -> str:
    return f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="1.8"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{text}</text>'


def _thinned(xs: Floats, ys: Floats, x_max: float) -> list[tuple[float, float]]:
    """Points that can be told apart on the picture."""
    kept: list[tuple[float, float]] = []
    for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
        if x > x_max:
            break
        if not kept or abs(x - kept[-1][0]) > x_max / SIDE or abs(y - kept[-1][1]) > 1 / SIDE:
            kept.append((x, y))
    return kept
