"""Charts and maps as SVG text: no dependency, the same bytes each time, on a white ground of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

WIDTH: Final = 960
INK: Final = "#1f2937"
GREY: Final = "#6b7280"
LIGHT: Final = "#d1d5db"
HE: Final = "#b45309"
SHE: Final = "#1d4ed8"
RED: Final = "#b91c1c"
AMBER: Final = "#d97706"
GREEN: Final = "#15803d"
PRIORITY_COLOURS: Final = {1: RED, 2: AMBER, 3: "#7c3aed", 4: GREY}

Point = tuple[float, float]


def picture(title: str, subtitle: str, height: int, body: Sequence[str]) -> str:
    """A whole picture: title, one line of what is drawn, and its panels."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="13" fill="{INK}"><title>{escape(title)}</title>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
        f"{text((20, 28), title, size=18, weight='bold')}\n{text((20, 50), subtitle, colour=GREY)}\n"
        + "\n".join(body)
        + "\n</svg>\n"
    )


def text(
    at: Point, words: str, *, colour: str = INK, anchor: str = "start", size: int = 13, weight: str = "normal"
) -> str:
    """Words at a point of the picture, with a white edge so that lines never cross out a letter."""
    return (
        f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" fill="{colour}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}" stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke">'
        f"{escape(words)}</text>"
    )


def notes(at: Point, lines: Sequence[str], *, colour: str = INK, size: int = 13) -> list[str]:
    """Several lines of words."""
    return [text((at[0], at[1] + 18 * i), line, colour=colour, size=size) for i, line in enumerate(lines)]


@dataclass(slots=True, kw_only=True)
class Panel:
    """A rectangle with two axes; x and y are in the units of what is drawn, y upwards."""

    left: float
    top: float
    width: float
    height: float
    x: Point
    y: Point
    parts: list[str] = field(default_factory=list)

    def at(self, x: float, y: float) -> Point:
        """Where a value lies in the picture, bounded by the panel's edge."""
        share_x = (x - self.x[0]) / (self.x[1] - self.x[0])
        share_y = (y - self.y[0]) / (self.y[1] - self.y[0])
        return (
            self.left + self.width * min(max(share_x, 0.0), 1.0),
            self.top + self.height * (1.0 - min(max(share_y, 0.0), 1.0)),
        )

    def axes(self, title: str, x_label: str, y_label: str, xs: Sequence[float], ys: Sequence[float]) -> None:
        """The frame, its ticks and what they count."""
        low = self.top + self.height
        for value in ys:
            _, y = self.at(self.x[0], value)
            self.parts.append(f'<path d="M{self.left:.1f} {y:.1f}h{self.width:.1f}" stroke="{LIGHT}" opacity=".6"/>')
            self.parts.append(text((self.left - 7, y + 4), f"{value:g}", anchor="end", colour=GREY))
        for value in xs:
            x, _ = self.at(value, self.y[0])
            self.parts.append(f'<path d="M{x:.1f} {low:.1f}v5" stroke="{GREY}"/>')
            self.parts.append(text((x, low + 20), f"{value:g}", anchor="middle", colour=GREY))
        self.parts.append(
            f'<path d="M{self.left:.1f} {self.top:.1f}V{low:.1f}H{self.left + self.width:.1f}" fill="none" '
            f'stroke="{GREY}"/>'
        )
        self.parts.append(text((self.left, self.top - 12), title, weight="bold"))
        self.parts.append(text((self.left + self.width / 2, low + 40), x_label, anchor="middle", colour=GREY))
        if y_label:
            x, y = self.left - 48, self.top + self.height / 2
            self.parts.append(
                f'<text transform="translate({x:.1f},{y:.1f}) rotate(-90)" text-anchor="middle" fill="{GREY}">'
                f"{escape(y_label)}</text>"
            )

    def frame(self, title: str) -> None:
        """A frame without ticks, for a map."""
        self.parts.append(
            f'<rect x="{self.left:.1f}" y="{self.top:.1f}" width="{self.width:.1f}" height="{self.height:.1f}" '
            f'fill="none" stroke="{LIGHT}"/>'
        )
        self.parts.append(text((self.left, self.top - 12), title, weight="bold"))

    def line(self, points: Sequence[Point], colour: str, *, dashed: bool = False, width: float = 2.0) -> None:
        """A line through values."""
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*p) for p in points))
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        self.parts.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>')

    def steps(self, points: Sequence[Point], colour: str) -> None:
        """A line that keeps each value until the next."""
        kept: list[Point] = []
        for x, y in points:
            if kept:
                kept.append((x, kept[-1][1]))
            kept.append((x, y))
        self.line(kept, colour, width=3.0)

    def level(self, y: float, words: str, colour: str, *, is_left: bool = False) -> None:
        """A dashed line across, with its name at one edge."""
        self.line([(self.x[0], y), (self.x[1], y)], colour, dashed=True, width=1.4)
        _, at = self.at(self.x[1], y)
        edge, anchor = (self.left + 4, "start") if is_left else (self.left + self.width - 4, "end")
        self.parts.append(text((edge, at - 5), words, anchor=anchor, colour=colour, size=12))

    def area(self, points: Sequence[Point], colour: str) -> None:
        """A filled area, pale."""
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*p) for p in points))
        self.parts.append(f'<polygon points="{drawn}" fill="{colour}" opacity=".16"/>')

    def dot(self, x: float, y: float, colour: str, *, radius: float = 4.5, hollow: bool = False) -> None:
        """A fix or a decision."""
        px, py = self.at(x, y)
        fill = "#ffffff" if hollow else colour
        self.parts.append(
            f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{radius}" fill="{fill}" stroke="{colour}" stroke-width="2"/>'
        )

    def circle(
        self, x: float, y: float, radius: float, colour: str, *, dashed: bool = False, filled: bool = False
    ) -> None:
        """A circle with a radius in the panel's own units (both axes must have the same scale)."""
        px, py = self.at(x, y)
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        fill = f'fill="{colour}" fill-opacity=".12"' if filled else 'fill="none"'
        drawn = radius * self.width / (self.x[1] - self.x[0])
        self.parts.append(
            f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{drawn:.1f}" {fill} stroke="{colour}" stroke-width="1.6"{dash}/>'
        )

    def words(self, x: float, y: float, words: str, *, colour: str = INK, anchor: str = "start", dy: float = 0) -> None:
        """Words at a value."""
        px, py = self.at(x, y)
        self.parts.append(text((px, py + dy), words, colour=colour, anchor=anchor))
