"""Outlines of zones for a map: a polygon as it stands, a circle as a polygon with 32 corners.

For drawing only. What counts as inside is decided by the engine, from the circle itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, pi, radians, sin
from typing import Any, Final

CORNERS: Final = 32  # the outline stays within 0.5 % of the radius: less than a pixel at any useful zoom
METRES_PER_DEGREE: Final = 111_320.0  # of latitude, WGS 84 near 43° N is 111,117: 0.2 % too small a circle at most
_UNIT: Final = tuple((cos(2 * pi * step / CORNERS), sin(2 * pi * step / CORNERS)) for step in range(CORNERS))


def outline(shape: Mapping[str, Any]) -> dict[str, Any]:
    """The GeoJSON geometry of a zone's shape."""
    circle = shape.get("circle")
    if circle is None:
        return {"type": shape["type"], "coordinates": shape["coordinates"]}
    lat, lon = circle["lat"], circle["lon"]
    north = circle["radius_m"] / METRES_PER_DEGREE
    east = north / cos(radians(lat))
    corners = [[round(lon + east * x, 6), round(lat + north * y, 6)] for x, y in _UNIT]
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}
