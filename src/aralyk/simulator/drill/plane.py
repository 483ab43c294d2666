"""Metres on a flat plane to degrees, for whole arrays; the same plane as the demo city's."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from aralyk.simulator.city import CENTRE_LAT_DEG, CENTRE_LON_DEG, Spot

Array = npt.NDArray[np.float64]

_DEGREE: Final = Spot.from_degrees(lat=CENTRE_LAT_DEG + 1.0, lon=CENTRE_LON_DEG + 1.0)


def degrees(east_m: Array, north_m: Array) -> tuple[Array, Array]:
    """Latitude and longitude, WGS 84. At 8 km from the centre a distance is wrong by 0.1 %."""
    return CENTRE_LAT_DEG + north_m / _DEGREE.north_m, CENTRE_LON_DEG + east_m / _DEGREE.east_m


def metres(lat: Array, lon: Array) -> tuple[Array, Array]:
    """East and north metres from the centre."""
    return (lon - CENTRE_LON_DEG) * _DEGREE.east_m, (lat - CENTRE_LAT_DEG) * _DEGREE.north_m
