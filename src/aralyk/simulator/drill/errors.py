"""What a receiver says instead of the truth, for whole days at once: real errors, resampled in blocks.

A block is a stretch of a real phone's errors in their order: (east, north, declared radius) as they came, so that an
error persists as it did, a radius lies as it did, and an outlier has the company it had. Blocks of minutes are
stitched, each turned by one random angle; standing indoors, walking, driving and riding a bus have blocks of their own.

Source: MobilityNet evaluation phones (-2), experiments `train_bus_ebike_mtv_ucb` and `car_scooter_brex_san_jose` alone
(the engine's error model is fitted on the others). Moving errors are fix minus carrier. Errors at rest are dwells
between the trips, fix minus the dwell's middle, plus one real error of a standing carrier for each block (the middle
of a dwell is not the truth either). Trains and tunnels serve cell fixes only: no train runs in the drill's city.

Real fixes declared above 150 m are cell or Wi-Fi places. They come when the drill says "cell" (5 % of all fixes declare
200 to 500 m, REQUIREMENTS 3.7; the error is that of a real fix declared 150 to 1500 m, scaled by the two radii), not on
their own: the phones of the bus legs ran at medium accuracy, a monitoring device does not. `everything` leaves each
moving fix where it was, coarse and vague too, and every fifth cell block as it came, up to many kilometres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill.moves import Around
from aralyk.simulator.drill.plane import Array
from aralyk.simulator.noise import MEASURED, NETWORK, SHARES, STATE_LASTS_S, Z95, Sky

PAIRS_FILE: Final = "mobilitynet_ground_truth_pairs.parquet"
REFERENCE_FILE: Final = "mobilitynet_reference_1hz.parquet"
LOCATIONS_FILE: Final = "mobilitynet_locations.parquet"
EXPERIMENTS: Final = ("train_bus_ebike_mtv_ucb", "car_scooter_brex_san_jose")
PHONES: Final = ("ucb-sdb-android-2", "ucb-sdb-ios-2")
LEGS: Final = {
    Around.FOOT: ("walk", "ebike"),
    Around.CAR: ("freeway",),
    Around.BUS: ("express_bus", "city_bus", "light_rail"),
}
BLOCK_S: Final = 900.0  # errors persist for minutes; a block is longer than that
COARSE_M: Final = 150.0
SCALED_M_MAX: Final = 1500.0
AS_IT_CAME_SHARE: Final = 0.2  # of cell blocks, with `everything` [U]
CELL, CELL_AS_IT_CAME = len(Around), len(Around) + 1
STEP_S_MAX: Final = 60.0  # a longer silence of the real phone is not a silence of ours
CELL_LOW_M, CELL_HIGH_M = 200.0, 500.0
REST_DRIFT_M: Final = 100.0  # nine of ten sharp fixes of a dwell lie this near to its middle
METRES_PER_DEGREE: Final = 111_195.0


Marks = npt.NDArray[np.bool_]


class TracksMissing(Exception):
    """The real tracks are not where they were looked for, or cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Errors of fixes in order of time."""

    east_m: Array
    north_m: Array
    accuracy_m: Array


class Errors(Protocol):
    """Anything that gives a device's errors."""

    name: str

    def draw(self, rng: np.random.Generator, at_s: Array, around: npt.NDArray[np.int8], cell: Marks) -> Said:
        """Errors at these seconds, given the surroundings and where cell fixes are all there is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Real errors on a time line of their own, one trace after the other."""

    until_s: Array  # when each row ends
    east_m: Array
    north_m: Array
    accuracy_m: Array

    def at(self, since_s: Array) -> npt.NDArray[np.int64]:
        """Rows at these seconds of the pool's time line, which begins again at its end."""
        row = np.searchsorted(self.until_s, since_s % self.until_s[-1], side="right")
        return np.asarray(np.minimum(row, self.until_s.size - 1), np.int64)


class Resampled:
    """Errors of real phones, from the directory of tracks."""

    def __init__(self, directory: Path, *, everything: bool = False) -> None:
        """Read the tracks.

        Args:
            directory: Where mobilitynet_*.parquet are.
            everything: Fixes declared above 150 m stay among the others, vague ones too.

        Raises:
            TracksMissing: They are not there, or cannot be read.
        """
        self.name = "resampled: MobilityNet " + ", ".join(EXPERIMENTS) + (", everything" if everything else "")
        self._as_it_came_share = AS_IT_CAME_SHARE if everything else 0.0
        self._pools, self._bias = _pools(directory, coarse_m=math.inf if everything else COARSE_M)

    def draw(self, rng: np.random.Generator, at_s: Array, around: npt.NDArray[np.int8], cell: Marks) -> Said:
        """Errors at these seconds: blocks begin at a change of surroundings and every quarter of an hour."""
        block, begins = _blocks(rng, at_s, np.where(cell, np.int8(CELL), around))
        count = int(block[-1]) + 1 if block.size else 0
        angle = rng.uniform(0, 2 * math.pi, count)[block]
        from_share = rng.random(count)[block]
        radius = rng.uniform(CELL_LOW_M, CELL_HIGH_M, count)[block]
        as_it_came = (rng.random(count) < self._as_it_came_share)[block]
        bias = self._bias[rng.integers(len(self._bias), size=count)][block]
        kind = np.where(cell, np.where(as_it_came, CELL_AS_IT_CAME, CELL), around)
        east, north, accuracy = np.zeros(at_s.size), np.zeros(at_s.size), np.ones(at_s.size)
        for number, pool in self._pools.items():
            mine = np.flatnonzero(kind == number)
            row = pool.at(from_share[mine] * pool.until_s[-1] + at_s[mine] - begins[block[mine]])
            east[mine], north[mine], accuracy[mine] = pool.east_m[row], pool.north_m[row], pool.accuracy_m[row]
        scale = np.where(kind == CELL, radius / accuracy, 1.0)
        indoors = kind == Around.INDOORS
        east = east * scale + np.where(indoors, bias[:, 0], 0.0)
        north = north * scale + np.where(indoors, bias[:, 1], 0.0)
        cos, sin = np.cos(angle), np.sin(angle)
        return Said(east_m=east * cos - north * sin, north_m=east * sin + north * cos, accuracy_m=accuracy * scale)


class FittedErrors:
    """Without tracks: regimes that last, a log-normal length that wanders, a direction that wanders (as the demo's)."""

    name = "fitted: regimes with heavy tails, autocorrelated"
    _SKY: Final = {Around.INDOORS: Sky.INDOORS, Around.FOOT: Sky.OPEN, Around.CAR: Sky.VEHICLE, Around.BUS: Sky.VEHICLE}

    def draw(self, rng: np.random.Generator, at_s: Array, around: npt.NDArray[np.int8], cell: Marks) -> Said:
        """Errors at these seconds."""
        regime, _ = _blocks(rng, at_s, np.where(cell, np.int8(len(Around)), around), lasts_s=STATE_LASTS_S)
        count = int(regime[-1]) + 1 if regime.size else 0
        named = np.empty(count, np.int64)
        classes = list(MEASURED)
        first = np.searchsorted(regime, np.arange(count))
        for k in range(count):
            row = int(first[k])
            if cell[row]:
                named[k] = classes.index(NETWORK)
                continue
            shares = {
                n: s for n, s in SHARES[self._SKY[Around(int(around[row]))]].items() if n in MEASURED and n != NETWORK
            }
            weights = np.array(list(shares.values()))
            named[k] = classes.index(list(shares)[int(rng.choice(weights.size, p=weights / weights.sum()))])
        table = np.array([[c.low_m, c.high_m, c.error_p50_m, c.error_p95_m] for c in MEASURED.values()])
        low, high, p50, p95 = table[named][regime].T
        share = rng.random(count)[regime]
        z = _wandering(rng, at_s, STATE_LASTS_S * 2)
        angle = 2 * math.pi * rng.random() + 1.2 * _wandering(rng, at_s, 600.0)
        length = p50 * np.exp(z * np.log(p95 / p50) / Z95)
        return Said(
            east_m=length * np.sin(angle), north_m=length * np.cos(angle), accuracy_m=low + (high - low) * share
        )


def _wandering(rng: np.random.Generator, at_s: Array, keeps_s: float) -> Array:
    """A standard normal score with a memory of `keeps_s`: noise laid on a grid of a quarter of it, smoothed."""
    if not at_s.size:
        return at_s
    step = keeps_s / 4
    grid = np.arange(at_s[0] - step, at_s[-1] + 2 * step, step)
    kernel = np.exp(-np.arange(17) / 4.0)
    raw = rng.normal(0, 1, grid.size + 16)
    smooth = np.convolve(raw, kernel, mode="valid") / math.sqrt(float((kernel**2).sum()))
    return np.interp(at_s, grid, smooth)


def _blocks(
    rng: np.random.Generator, at_s: Array, kind: npt.NDArray[Any], *, lasts_s: float = BLOCK_S
) -> tuple[npt.NDArray[np.int64], Array]:
    """The number of each fix's block, and when each block begins."""
    if not at_s.size:
        return np.zeros(0, np.int64), np.zeros(0)
    turn = np.floor((at_s + rng.uniform(0, lasts_s)) / lasts_s)
    new = np.concatenate([[False], (np.diff(turn) > 0) | (np.diff(kind) != 0)])
    block = np.cumsum(new).astype(np.int64)
    return block, at_s[np.concatenate([[0], np.flatnonzero(new)])]


# --- reading the tracks -----------------------------------------------------------------------------------


def _read(path: Path, names: list[str]) -> dict[str, npt.NDArray[Any]]:
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise TracksMissing(
            "reading the tracks needs pyarrow: pip install 'aralyk[dev]', or use --noise fitted"
        ) from error
    if not path.exists():
        raise TracksMissing(
            f"--tracks: {path} is not there. The drill resamples errors of real phones (MobilityNet, BSD-3-Clause); "
            "name the directory that holds mobilitynet_*.parquet with --tracks DIR, or use --noise fitted"
        )
    table = parquet.read_table(path, columns=names)
    return {
        n: table[n].cast("int64").to_numpy() / 1000.0 if n == "time" else np.array(table[n].to_pylist()) for n in names
    }


def _pools(directory: Path, *, coarse_m: float) -> tuple[dict[int, Pool], Array]:
    """The pools by surroundings, and real errors of a standing carrier."""
    names = ["device_id", "time", "lat", "lon", "accuracy_m", "true_lat", "true_lon", "leg_run"]
    pairs = _read(directory / PAIRS_FILE, names)
    reference = _read(directory / REFERENCE_FILE, ["time", "true_lat", "true_lon", "experiment"])
    order = np.argsort(reference["time"], kind="stable")
    reference = {name: values[order] for name, values in reference.items()}
    beside = np.clip(np.searchsorted(reference["time"], pairs["time"]), 0, reference["time"].size - 1)
    wanted = np.isin(reference["experiment"][beside], EXPERIMENTS) & np.isin(pairs["device_id"], PHONES)
    east, north = _offset(pairs["lat"], pairs["lon"], pairs["true_lat"], pairs["true_lon"])
    radius = pairs["accuracy_m"]
    found: dict[int, Pool] = {int(Around.INDOORS): _rest_pool(directory, reference)}
    for around, legs in LEGS.items():
        mine = np.array([any(leg in str(name) for leg in legs) for name in pairs["leg_run"]])
        found[int(around)] = _pool(pairs, east, north, wanted & mine & (radius <= coarse_m))
    found[CELL] = _pool(pairs, east, north, wanted & (radius >= COARSE_M) & (radius <= SCALED_M_MAX))
    found[CELL_AS_IT_CAME] = _pool(pairs, east, north, wanted & (radius >= COARSE_M))
    rest = wanted & (_truth_speed(reference, pairs["time"]) < 0.5) & (radius <= 50.0)
    return found, np.column_stack([east[rest], north[rest]])


def _pool(rows: dict[str, npt.NDArray[Any]], east: Array, north: Array, mine: npt.NDArray[np.bool_]) -> Pool:
    """Rows of one kind, phone by phone in order of time."""
    chosen = np.flatnonzero(mine)
    chosen = chosen[np.lexsort((rows["time"][chosen], rows["device_id"][chosen]))]
    step = np.diff(rows["time"][chosen], append=rows["time"][chosen][-1:] + STEP_S_MAX)
    lasts = np.where(step < 0, STEP_S_MAX, np.clip(step, 0.05, STEP_S_MAX))
    return Pool(
        until_s=np.cumsum(lasts), east_m=east[chosen], north_m=north[chosen],
        accuracy_m=np.maximum(rows["accuracy_m"][chosen].astype(np.float64), 1.0),
    )  # fmt: skip


def _rest_pool(directory: Path, reference: dict[str, npt.NDArray[Any]]) -> Pool:
    """Dwells between the trips: sharp fixes lie close together; what else was said there is error."""
    rows = _read(directory / LOCATIONS_FILE, ["device_id", "time", "lat", "lon", "accuracy_m", "experiment"])
    after = np.searchsorted(reference["time"], rows["time"])
    ends = np.concatenate([[-np.inf], reference["time"], [np.inf]])
    away = np.minimum(rows["time"] - ends[after], ends[after + 1] - rows["time"]) > 300.0
    wanted = away & np.isin(rows["experiment"], EXPERIMENTS) & np.isin(rows["device_id"], PHONES)
    east, north = np.zeros(wanted.size), np.zeros(wanted.size)
    kept = np.zeros(wanted.size, np.bool_)
    for phone in PHONES:
        mine = np.flatnonzero(wanted & (rows["device_id"] == phone))
        mine = mine[np.argsort(rows["time"][mine], kind="stable")]
        cuts = np.flatnonzero((np.diff(rows["time"][mine]) > 1800.0) | (np.diff(after[mine]) != 0)) + 1
        for dwell in np.split(mine, cuts):
            sharp = dwell[rows["accuracy_m"][dwell] <= 40.0]
            if sharp.size < 10:
                continue
            lat, lon = np.median(rows["lat"][sharp]), np.median(rows["lon"][sharp])
            x, y = _offset(rows["lat"][dwell], rows["lon"][dwell], lat, lon)
            near = np.hypot(*_offset(rows["lat"][sharp], rows["lon"][sharp], lat, lon)) < REST_DRIFT_M
            if near.mean() >= 0.9:
                east[dwell], north[dwell], kept[dwell] = x, y, True
    return _pool(rows, east, north, kept)


def _offset(lat: Array, lon: Array, from_lat: Any, from_lon: Any) -> tuple[Array, Array]:
    east = (lon - from_lon) * METRES_PER_DEGREE * np.cos(np.radians(from_lat))
    return np.asarray(east, np.float64), np.asarray((lat - from_lat) * METRES_PER_DEGREE, np.float64)


def _truth_speed(reference: dict[str, npt.NDArray[Any]], at_s: Array) -> Array:
    """The carrier's mean speed over the minute round a moment."""
    last = reference["time"].size - 1
    a = np.clip(np.searchsorted(reference["time"], at_s - 30.0), 0, last)
    b = np.clip(np.searchsorted(reference["time"], at_s + 30.0), 0, last)
    x, y = _offset(
        reference["true_lat"][b], reference["true_lon"][b], reference["true_lat"][a], reference["true_lon"][a]
    )
    return np.asarray(np.hypot(x, y) / 60.0, np.float64)
