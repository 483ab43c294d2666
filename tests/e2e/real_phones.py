"""Real phones of the shared tracks, with the truth beside them, ready to be replayed.

MobilityNet (BSD-3-Clause, (c) 2019 e-mission): one person carried all phones, so two of them are truly together, and
a phone shifted in time or moved in space has an exactly known truth too. What is replayed is what the phone wrote, when
it wrote it: nothing is smoothed, thinned or repaired. Tracks are moved in time by a constant, because in 2019 the law
of the pack knew no electronic monitoring and an order of that year is refused; a constant changes no age and no delay.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

METRES_PER_DEGREE = 111_200.0  # of latitude, within 0.3 % at 37 degrees north


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One record of a phone: when and where it was taken, and when the phone wrote it."""

    fixed_s: float
    written_s: float
    lat: float
    lon: float
    accuracy_m: float | None
    speed_mps: float | None

    @property
    def delay_s(self) -> float:
        """How late it was written; a little below zero when the phone stamps the future."""
        return self.written_s - self.fixed_s

    def later(self, shift_s: float) -> Fix:
        """The same record so many seconds later."""
        return replace(self, fixed_s=self.fixed_s + shift_s, written_s=self.written_s + shift_s)

    def moved_north(self, metres: float) -> Fix:
        """The same record so many metres further north."""
        return replace(self, lat=self.lat + metres / METRES_PER_DEGREE)


def epoch_s(text: str) -> float:
    """Seconds since the Unix epoch of a UTC time."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


class Tracks:
    """The shared tracks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        reference = pq.read_table(folder / "mobilitynet_reference_1hz.parquet")
        at_s = reference["time"].to_numpy().astype("datetime64[s]").astype(np.float64)
        order = np.argsort(at_s, kind="stable")
        self._truth_s = at_s[order]
        self._truth_lat = reference["true_lat"].to_numpy()[order]
        self._truth_lon = reference["true_lon"].to_numpy()[order]

    def fixes(self, phone: str, *, begins: str, ends: str) -> list[Fix]:
        """What a phone recorded from one UTC time to another, in the order in which it wrote."""
        table = pq.read_table(
            self._folder / "mobilitynet_locations.parquet",
            filters=(pc.field("device_id") == f"ucb-sdb-{phone}")
            & (pc.field("time") >= datetime.fromisoformat(begins).replace(tzinfo=UTC))
            & (pc.field("time") <= datetime.fromisoformat(ends).replace(tzinfo=UTC)),
        )
        return sorted(self._rows(table.to_pylist()), key=lambda fix: fix.written_s)

    @staticmethod
    def _rows(rows: list[dict[str, Any]]) -> Iterator[Fix]:
        for row in rows:
            fixed_s = row["time"].timestamp()
            speed = row["speed_mps"]
            yield Fix(
                fixed_s=fixed_s,
                written_s=fixed_s + row["write_delay_s"],
                lat=row["lat"],
                lon=row["lon"],
                accuracy_m=row["accuracy_m"],
                speed_mps=None if speed is None or math.isnan(speed) or speed < 0 else speed,
            )

    def zone(self, name: str) -> dict[str, Any]:
        """The polygon of a place where trips start, stop or end."""
        places = json.loads((self._folder / "mobilitynet_places_routes.geojson").read_text())["features"]
        found: dict[str, Any] = next(place["geometry"] for place in places if place["properties"]["name"] == name)
        assert found["type"] == "Polygon"
        return found

    def truth(self, at_s: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[Any, Any]:
        """Where the carrier really was: latitudes and longitudes; between trips, where the last one ended."""
        return (
            np.interp(at_s, self._truth_s, self._truth_lat),
            np.interp(at_s, self._truth_s, self._truth_lon),
        )

    def distance_to_itself_m(self, at_s: np.ndarray[Any, np.dtype[np.float64]], *, lag_s: float) -> Any:
        """The true distance between the carrier and a carrier who comes `lag_s` later by the same way."""
        lat, lon = self.truth(at_s)
        lat_behind, lon_behind = self.truth(at_s - lag_s)
        east_m = (lon - lon_behind) * METRES_PER_DEGREE * np.cos(np.radians(lat))
        return np.hypot((lat - lat_behind) * METRES_PER_DEGREE, east_m)
