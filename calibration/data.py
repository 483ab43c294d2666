"""The real tracks as arrays, and the split: what the model is fitted on never judges it.

Errors are judged by the evaluation phones (-2) only, because the -1 phones feed the reference. A fix beside the
truth comes from the published pairs; a phone that lay still for days (`sfba_*`) has its truth at the middle of
that day's sharp fixes of all four phones.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

REPOSITORY: Final = Path(__file__).resolve().parent.parent
TRACKS: Final = Path(os.environ.get("ARALYK_SHARED", str(REPOSITORY.parent / "shared"))) / "tracks"

DRIVES: Final = "unimodal_trip_car_bike_mtv_la"
STILL: Final = ("sfba_hf_calibration_stationary_only", "sfba_med_freq_calibration_stationary_only")
FIT: Final = (DRIVES, *STILL)
TEST: Final = ("train_bus_ebike_mtv_ucb", "car_scooter_brex_san_jose")
ANDROID: Final = "ucb-sdb-android-2"
IPHONE: Final = "ucb-sdb-ios-2"
PHONES: Final = (ANDROID, IPHONE)
WALKED: Final = "pixel6-walk"
TRUTH_GAP_US: Final = 3_000_000
METRES_PER_DEGREE: Final = 111_195.0
SPEED_MIN_MPS: Final = 1.0
SPEED_MAX_MPS: Final = 45.0
"""As `engine.policy`, written anew: the fit must not change silently with the code that it is for."""
SHARP_M: Final = 20.0
SHARP_FIXES_MIN: Final = 10
BLOCK_US: Final = 600_000_000
"""Blocks of the bootstrap and of held-out likelihood: errors within ten minutes are one story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixes:
    """Fixes beside the truth: one row each."""

    phone: npt.NDArray[np.str_]
    at_us: Ints
    lat: Floats
    lon: Floats
    radius_m: Floats
    speed_mps: Floats
    true_lat: Floats
    true_lon: Floats
    still: Bools
    trip: npt.NDArray[np.str_]

    @property
    def east_m(self) -> Floats:
        """Error to the east."""
        return (self.lon - self.true_lon) * METRES_PER_DEGREE * np.cos(np.radians(self.true_lat))

    @property
    def north_m(self) -> Floats:
        """Error to the north."""
        return (self.lat - self.true_lat) * METRES_PER_DEGREE

    @property
    def error_m(self) -> Floats:
        """Distance from the truth."""
        return np.hypot(self.east_m, self.north_m)

    def only(self, rows: Bools | Ints) -> Fixes:
        """The chosen rows."""
        return Fixes(**{name: getattr(self, name)[rows] for name in Fixes.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Where the carrier was, each second known, on a plane (metres) round the first place."""

    at_s: Ints
    x_m: Floats
    y_m: Floats
    trip: npt.NDArray[np.str_]
    lat0: float
    lon0: float

    def index(self, at_s: npt.NDArray[Any]) -> Ints:
        """The row of each second; -1 where the truth is unknown."""
        wanted = np.asarray(at_s, np.int64)
        row = np.minimum(np.searchsorted(self.at_s, wanted), self.at_s.size - 1)
        return np.where(self.at_s[row] == wanted, row, -1)

    def plane(self, lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
        """Metres east and north of the origin."""
        east = METRES_PER_DEGREE * np.cos(np.radians(self.lat0))
        return (lon - self.lon0) * east, (lat - self.lat0) * METRES_PER_DEGREE


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """All fixes of one phone in one experiment, in time order, with or without a known truth."""

    at_us: Ints
    lat: Floats
    lon: Floats
    radius_m: Floats
    reported_mps: Floats

    def thinned(self, interval_us: int) -> Ints:
        """Rows of a device that reports this often: the newest fix of each interval."""
        slot = self.at_us // interval_us
        return np.flatnonzero(np.append(slot[1:] != slot[:-1], True))


def _column(table: Any, name: str) -> Floats:
    return np.asarray(table[name].to_numpy(zero_copy_only=False), np.float64)


def _names(table: Any, name: str) -> npt.NDArray[np.str_]:
    return np.array(table[name].cast("string").to_pylist())


def _us(table: Any) -> Ints:
    return np.asarray(table["time"].cast("int64"), np.int64) * 1000


def _known_speed(speed: Floats) -> Floats:
    return np.where(np.isfinite(speed) & (speed >= 0.0) & (speed <= 100.0), speed, -1.0)


def locations() -> dict[str, Any]:
    """Every fix of every phone."""
    table = pq.read_table(TRACKS / "mobilitynet_locations.parquet")
    return {
        "phone": _names(table, "device_id"), "experiment": _names(table, "experiment"), "at_us": _us(table),
        "lat": _column(table, "lat"), "lon": _column(table, "lon"), "radius_m": _column(table, "accuracy_m"),
        "speed_mps": _known_speed(_column(table, "speed_mps")),
    }  # fmt: skip


def track(experiment: str, phone: str) -> Track:
    """One phone's fixes in time order."""
    all_ = locations()
    rows = np.flatnonzero((all_["experiment"] == experiment) & (all_["phone"] == phone))
    rows = rows[np.argsort(all_["at_us"][rows], kind="stable")]
    return Track(
        at_us=all_["at_us"][rows], lat=all_["lat"][rows], lon=all_["lon"][rows],
        radius_m=all_["radius_m"][rows], reported_mps=all_["speed_mps"][rows],
    )  # fmt: skip


def moving(experiments: tuple[str, ...]) -> Fixes:
    """Fixes of the evaluation phones beside the reference, in these experiments."""
    all_ = locations()
    where = {
        (phone, int(at)): experiment
        for phone, at, experiment in zip(all_["phone"], all_["at_us"], all_["experiment"], strict=True)
    }
    table = pq.read_table(TRACKS / "mobilitynet_ground_truth_pairs.parquet")
    phone, at_us = _names(table, "device_id"), _us(table)
    of = np.array([where.get((name, int(at)), "") for name, at in zip(phone, at_us, strict=True)])
    fixes = Fixes(
        phone=phone, at_us=at_us, lat=_column(table, "lat"), lon=_column(table, "lon"),
        radius_m=_column(table, "accuracy_m"), speed_mps=_known_speed(_column(table, "speed_mps")),
        true_lat=_column(table, "true_lat"), true_lon=_column(table, "true_lon"), still=np.zeros(at_us.size, bool),
        trip=_names(table, "trip"),
    )  # fmt: skip
    chosen = fixes.only(np.isin(of, experiments) & np.isin(phone, PHONES))
    return chosen.only(np.argsort(chosen.at_us, kind="stable"))


def resting() -> Fixes:
    """Fixes of the evaluation phones lying still; repeats of one cached place are one fix."""
    all_ = locations()
    still = np.isin(all_["experiment"], STILL)
    day = all_["at_us"] // 86_400_000_000
    true_lat = np.full(day.size, np.nan)
    true_lon = np.full(day.size, np.nan)
    for one in np.unique(day[still]):
        today = still & (day == one)
        sharp = today & (all_["radius_m"] <= SHARP_M)
        if sharp.sum() >= SHARP_FIXES_MIN:
            true_lat[today] = np.median(all_["lat"][sharp])
            true_lon[today] = np.median(all_["lon"][sharp])
    judged = np.isin(all_["phone"], PHONES) & (all_["radius_m"] > SHARP_M)  # the sharp ones made the truth
    rows = np.flatnonzero(still & np.isfinite(true_lat) & judged)
    cached = np.stack([day[rows], np.round(all_["lat"][rows] * 1e5), np.round(all_["lon"][rows] * 1e5),
                       np.round(all_["radius_m"][rows]), all_["phone"][rows] == IPHONE], axis=1)  # fmt: skip
    rows = rows[np.sort(np.unique(cached, axis=0, return_index=True)[1])]
    return Fixes(
        phone=all_["phone"][rows], at_us=all_["at_us"][rows], lat=all_["lat"][rows], lon=all_["lon"][rows],
        radius_m=all_["radius_m"][rows], speed_mps=all_["speed_mps"][rows], true_lat=true_lat[rows],
        true_lon=true_lon[rows], still=np.ones(rows.size, bool), trip=np.full(rows.size, "still"),
    )  # fmt: skip


def network_walk() -> Fixes:
    """Network fixes of a newer phone on a walk, beside its own GNSS fixes (its fused ones are made of those)."""
    table = pq.read_table(TRACKS / "phone_and_logger_small.parquet")
    mine = _names(table, "device_id") == WALKED
    provider, at_us = _names(table, "provider"), _us(table)
    lat, lon = _column(table, "lat"), _column(table, "lon")
    truth = np.flatnonzero(mine & (provider == "gps"))
    truth = truth[np.argsort(at_us[truth], kind="stable")]
    rows = np.flatnonzero(mine & (provider == "nlp"))
    after = np.clip(np.searchsorted(at_us[truth], at_us[rows]), 1, truth.size - 1)
    gap = np.minimum(np.abs(at_us[truth[after]] - at_us[rows]), np.abs(at_us[rows] - at_us[truth[after - 1]]))
    rows = rows[gap <= TRUTH_GAP_US]
    return Fixes(
        phone=np.full(rows.size, WALKED), at_us=at_us[rows], lat=lat[rows], lon=lon[rows],
        radius_m=_column(table, "accuracy_m")[rows], speed_mps=np.full(rows.size, -1.0),
        true_lat=np.interp(at_us[rows], at_us[truth], lat[truth]),
        true_lon=np.interp(at_us[rows], at_us[truth], lon[truth]),
        still=np.zeros(rows.size, bool), trip=np.full(rows.size, "walk"),
    )  # fmt: skip


def joined(*parts: Fixes) -> Fixes:
    """All, one after the other."""
    return Fixes(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in Fixes.__slots__})


def fix_split() -> Fixes:
    """What the model is fitted on."""
    return joined(moving((DRIVES,)), resting(), network_walk())


def test_split() -> Fixes:
    """What the model is judged by."""
    return moving(TEST)


def carrier(experiment: str) -> Carrier:
    """The carrier's true way in an experiment."""
    table = pq.read_table(TRACKS / "mobilitynet_reference_1hz.parquet")
    rows = np.flatnonzero(_names(table, "experiment") == experiment)
    seconds = _us(table)[rows] // 1_000_000
    seconds, first = np.unique(seconds, return_index=True)
    lat, lon = _column(table, "true_lat")[rows][first], _column(table, "true_lon")[rows][first]
    trip = _names(table, "trip")[rows][first]
    lat0, lon0 = float(lat[0]), float(lon[0])
    east = METRES_PER_DEGREE * np.cos(np.radians(lat0))
    return Carrier(
        at_s=seconds, x_m=(lon - lon0) * east, y_m=(lat - lat0) * METRES_PER_DEGREE, trip=trip,
        lat0=lat0, lon0=lon0,
    )  # fmt: skip


def weights(fixes: Fixes, bin_us: int) -> Floats:
    """A weight per fix: each phone's every `bin_us` counts once, however often it spoke."""
    name = np.stack([fixes.at_us // bin_us, (fixes.phone == IPHONE).astype(np.int64)], axis=1)
    _, inverse, counts = np.unique(name, axis=0, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / counts[inverse], np.float64)


def engine_speed(track: Track, rows: Ints) -> Floats:
    """The speed at which the engine ages each place (`arrival._take_speed`), for a device heard at these rows."""
    at, lat, lon = track.at_us[rows] / 1e6, track.lat[rows], track.lon[rows]
    radius, reported = track.radius_m[rows], track.reported_mps[rows]
    east = METRES_PER_DEGREE * np.cos(np.radians(lat))
    step = np.hypot(np.diff(lon) * east[1:], np.diff(lat) * METRES_PER_DEGREE)
    seconds = np.diff(at)
    beyond = step - radius[1:] - radius[:-1]
    stepped = np.where(
        (seconds >= 1.0) & ~((beyond > 300.0) & (beyond > 70.0 * seconds)), beyond / np.maximum(seconds, 1.0), 0.0
    )
    speed = np.empty(rows.size)
    before = 0.0
    for i in range(rows.size):
        value = max(reported[i], 0.5 * before, stepped[i - 1] if i else 0.0)
        before = speed[i] = min(max(value, SPEED_MIN_MPS), SPEED_MAX_MPS)
    return speed
