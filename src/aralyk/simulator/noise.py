"""What a receiver says instead of the truth: an error that persists, with a heavy tail, and a radius that lies.

Real errors are not independent draws round the truth. A phone beside a wall is wrong in the same direction for
minutes, and its declared radius is broken by far more than a normal law allows. So a receiver has a state (open sky,
street, indoors, network, nothing), which changes as a Markov chain; inside a state the error's length is log-normal
with a slowly wandering quantile, and its direction wanders too. The log-normal of each radius class passes through the
two quantiles measured on real phones, so its tail is the measured one.

Source of `MEASURED`: the MobilityNet evaluation phones (BSD-3-Clause, (c) 2019 e-mission), p50 and p95 of 62,286 fixes
by declared radius. `ErrorSource` is the seam: a resampler of real error traces takes the place of `Receiver`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from aralyk.simulator.chance import stream

Z95: Final = 1.6448536269514722  # the normal quantile at 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class RadiusClass:
    """Declared radii from `low_m` to `high_m`, and the errors measured behind them."""

    low_m: float
    high_m: float
    error_p50_m: float
    error_p95_m: float

    def error_m(self, z: float) -> float:
        """The error's length at a standard normal score: p50 at 0, p95 at `Z95`."""
        return self.error_p50_m * math.exp(z * math.log(self.error_p95_m / self.error_p50_m) / Z95)


MEASURED: Final = {
    "to_5": RadiusClass(low_m=3, high_m=5, error_p50_m=4.6, error_p95_m=12.9),
    "to_10": RadiusClass(low_m=5, high_m=10, error_p50_m=6.7, error_p95_m=34.6),
    "to_20": RadiusClass(low_m=10, high_m=20, error_p50_m=10.3, error_p95_m=37.8),
    "to_30": RadiusClass(low_m=20, high_m=30, error_p50_m=20.8, error_p95_m=90.6),
    "to_50": RadiusClass(low_m=30, high_m=50, error_p50_m=26.9, error_p95_m=128.0),
    "to_100": RadiusClass(low_m=50, high_m=100, error_p50_m=30.0, error_p95_m=105.0),
    "to_200": RadiusClass(low_m=100, high_m=200, error_p50_m=63.0, error_p95_m=269.0),
    # Declared radii up to 1000 m were measured together; cell fixes here declare the lower part of it.
    "network": RadiusClass(low_m=200, high_m=500, error_p50_m=266.0, error_p95_m=1678.0),
}


class Sky(StrEnum):
    """What surrounds the receiver."""

    OPEN = "open"
    VEHICLE = "vehicle"
    INDOORS = "indoors"


class Source(StrEnum):
    """Where the receiver got its place from."""

    GNSS = "gnss"
    NETWORK = "network"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the receiver says, as an offset from the truth."""

    error_east_m: float
    error_north_m: float
    accuracy_m: float
    source: Source


class ErrorSource(Protocol):
    """Anything that turns time and surroundings into a receiver's error; asked in order of time."""

    def reading(self, *, at_s: float, sky: Sky) -> Reading | None:
        """The error now, or none while the receiver has no place at all."""
        ...


NO_PLACE: Final = "none"
NETWORK: Final = "network"
FALLBACK: Final = "to_200"
# Shares of receiver states by surroundings. Over a day (about 20 h indoors) network fixes come to about 5 %.
SHARES: Final[dict[Sky, dict[str, float]]] = {
    Sky.OPEN: {"to_5": 0.45, "to_10": 0.43, "to_20": 0.10, NETWORK: 0.02},
    Sky.VEHICLE: {"to_5": 0.50, "to_10": 0.35, "to_20": 0.13, NETWORK: 0.02},
    Sky.INDOORS: {"to_10": 0.20, "to_20": 0.38, "to_30": 0.20, "to_50": 0.10, NETWORK: 0.06, NO_PLACE: 0.06},
}
STATE_LASTS_S: Final = 90.0
LENGTH_PERSISTS_S: Final = 180.0  # correlation time of the error's quantile
TURN_RAD_PER_SQRT_S: Final = 0.06  # the direction wanders by about 1 rad in 5 minutes


class Receiver:
    """One device's receiver: states, quantile and direction, each with a memory."""

    def __init__(self, *, seed: int, name: str, always_a_place: bool = False) -> None:
        """Begin with a random state.

        Args:
            seed: Of the city.
            name: Of the device; each has its own errors.
            always_a_place: A phone whose app falls back to the network (100 to 200 m) where satellites fail.
        """
        self._always_a_place = always_a_place
        self._rng = stream(seed, "receiver", name)
        self._at_s: float | None = None
        self._sky = Sky.OPEN
        self._state = ""
        self._radius_share = 0.5
        self._z = float(self._rng.normal())
        self._direction_rad = float(self._rng.uniform(0, 2 * math.pi))

    def reading(self, *, at_s: float, sky: Sky) -> Reading | None:
        """The error now, or none while the receiver has no place at all."""
        elapsed_s = 0.0 if self._at_s is None else max(at_s - self._at_s, 0.0)
        self._at_s = at_s
        self._wander(elapsed_s)
        self._change_state(elapsed_s, sky)
        if self._state == NO_PLACE and not self._always_a_place:
            return None
        radius = MEASURED[FALLBACK if self._state == NO_PLACE else self._state]
        length_m = radius.error_m(self._z)
        return Reading(
            error_east_m=length_m * math.sin(self._direction_rad),
            error_north_m=length_m * math.cos(self._direction_rad),
            accuracy_m=radius.low_m + (radius.high_m - radius.low_m) * self._radius_share,
            source=Source.NETWORK if self._state in (NETWORK, NO_PLACE) else Source.GNSS,
        )

    def _wander(self, elapsed_s: float) -> None:
        keep = math.exp(-elapsed_s / LENGTH_PERSISTS_S)
        self._z = keep * self._z + math.sqrt(1 - keep**2) * float(self._rng.normal())
        self._direction_rad += TURN_RAD_PER_SQRT_S * math.sqrt(elapsed_s) * float(self._rng.normal())

    def _change_state(self, elapsed_s: float, sky: Sky) -> None:
        stays = self._rng.random() < math.exp(-elapsed_s / STATE_LASTS_S)
        if self._state and stays and sky is self._sky:
            return
        self._sky = sky
        names = list(SHARES[sky])
        self._state = names[int(self._rng.choice(len(names), p=list(SHARES[sky].values())))]
        self._radius_share = float(self._rng.random())
