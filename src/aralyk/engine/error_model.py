"""From a declared radius to the distribution of the true place: versioned data.

A fix's true place is spread round it as a mixture of three round Gaussians: a core, a wide part and an
outlier part, whose sizes are interpolated over the declared 68 % radius. The figures follow the published
errors of real phones (MobilityNet evaluation phones: p50, p95 and outliers by declared radius); they are
fitted roughly. They are NOT calibrated for bracelets, and no fix is trusted below `RADIUS_M[0]`.

While no newer fix arrives, the person may move: each part grows by a share of the plausible speed times the
age. A fix that declares no radius gets the one of its source.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aralyk.engine.compiled import kernel

ERROR_MODEL_VERSION = "phones-2019.1 (rough fit; not calibrated for bracelets)"

RADIUS_M = np.array([4.0, 8.0, 15.0, 25.0, 40.0, 75.0, 150.0, 500.0, 2000.0])
CORE_M = np.array([3.7, 5.0, 7.5, 14.0, 17.0, 23.0, 45.0, 170.0, 600.0])
WIDE_M = np.array([9.0, 18.0, 22.0, 45.0, 65.0, 62.0, 130.0, 800.0, 2200.0])
WIDE_SHARE = np.array([0.12, 0.25, 0.22, 0.25, 0.28, 0.23, 0.20, 0.40, 0.45])
OUTLIER_M = np.array([500.0, 500.0, 500.0, 500.0, 500.0, 700.0, 1500.0, 5000.0, 10000.0])
OUTLIER_SHARE = np.array([0.005, 0.005, 0.005, 0.005, 0.005, 0.005, 0.006, 0.03, 0.06])

RADIUS_UNDECLARED_M = np.array([100.0, 30.0, 50.0, 800.0])
"""By source: unknown, gnss, fused, network."""

GROWTH_SHARE = 0.7
"""Per-axis standard deviation of a walk of unknown direction, as a share of its length (1/sqrt 2)."""

INTERPOLATION_SHARE = 0.1
"""Standard deviation midway between two fixes, as a share of their distance; 0 at the fixes themselves."""


class Spread(NamedTuple):
    """A mixture: per-axis variances in square metres, and the shares of the wide and the outlier part."""

    core2: float
    wide2: float
    outlier2: float
    wide_share: float
    outlier_share: float


@kernel
def spread_of(radius_m: float) -> Spread:
    """Return the error mixture of a fix that declares `radius_m` (68 %, metres, > 0)."""
    last = RADIUS_M.size - 1
    if radius_m <= RADIUS_M[0]:
        i, f, scale = 0, 0.0, 1.0
    elif radius_m >= RADIUS_M[last]:
        i, f, scale = last - 1, 1.0, radius_m / RADIUS_M[last]
    else:
        i, scale = 0, 1.0
        while radius_m >= RADIUS_M[i + 1]:
            i += 1
        f = (radius_m - RADIUS_M[i]) / (RADIUS_M[i + 1] - RADIUS_M[i])
    core = (CORE_M[i] + f * (CORE_M[i + 1] - CORE_M[i])) * scale
    wide = (WIDE_M[i] + f * (WIDE_M[i + 1] - WIDE_M[i])) * scale
    outlier = (OUTLIER_M[i] + f * (OUTLIER_M[i + 1] - OUTLIER_M[i])) * scale
    wide_share = WIDE_SHARE[i] + f * (WIDE_SHARE[i + 1] - WIDE_SHARE[i])
    outlier_share = OUTLIER_SHARE[i] + f * (OUTLIER_SHARE[i + 1] - OUTLIER_SHARE[i])
    return Spread(core * core, wide * wide, outlier * outlier, wide_share, outlier_share)


@kernel
def path_variance_m2(length_m: float, share: float) -> float:
    """Added variance per axis of a place interpolated at `share` of a path between two fixes."""
    nearest = share if share < 0.5 else 1.0 - share
    deviation = INTERPOLATION_SHARE * 2.0 * nearest * length_m
    return deviation * deviation


@kernel
def growth_m2(speed_mps: float, age_us: int) -> float:
    """Per-axis variance that `age_us` microseconds at `speed_mps` add to a place, square metres."""
    if age_us <= 0:
        return 0.0
    walked = GROWTH_SHARE * speed_mps * (age_us * 1e-6)
    return walked * walked
