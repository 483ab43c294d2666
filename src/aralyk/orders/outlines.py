"""Outlines of zones for a map: a polygon as it stands, a circle as a polygon with 64 corners.

For drawing only. What counts as inside is decided by the engine, from the circle itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, pi, radians, sin
from typing import Any, Final

CORNERS: Final = 64  # the outline stays within 0.12 % of the radius: less than a pixel at any useful zoom
METRES_PER_DEGREE: Final = 111_320.0  # of latitude, WGS 84 near 43° N is 111,117: 0.2 % too small a circle at most


def outline(shape: Mapping[str, Any]) -> dict[str, Any]:
    """The GeoJSON geometry of a zone's shape."""
    circle = shape.get("circle")
    if circle is None:
        return {"type": shape["type"], "coordinates": shape["coordinates"]}
    corners = [_corner(circle, angle=2 * pi * step / CORNERS) for step in range(CORNERS)]
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


def _corner(circle: Mapping[str, float], *, angle: float) -> list[float]:
    north = circle["radius_m"] * sin(angle) / METRES_PER_DEGREE
    east = circle["radius_m"] * cos(angle) / (METRES_PER_DEGREE * cos(radians(circle["lat"])))
    return [round(circle["lon"] + east, 7), round(circle["lat"] + north, 7)]
