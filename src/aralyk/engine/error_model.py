"""From a declared radius to the distribution of the true place, now and as it ages: versioned data.

A fix's true place is spread round it as a mixture of three round Gaussians: a core, a wide part and an outlier
part, interpolated over the declared 68 % radius. The numbers (`error_model_phones_2`) are fitted by maximum
likelihood on real phones and judged on other trips: docs/reference/error-model.md. They are NOT calibrated for
bracelets, and no fix is trusted below `RADIUS_M[0]`.

While no newer fix arrives the person stays near (and the parts hardly grow) or goes (and much of the core becomes
wide): how far, and how probably, depends on the age and on the speed known. A fix that declares no radius gets the
one of its source.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from aralyk.engine import error_model_phones_2 as phones
from aralyk.engine.compiled import kernel

ERROR_MODEL_VERSION = "phones-2 (real phones of 2019-20; not calibrated for bracelets)"

RADIUS_M = phones.RADIUS_M
CORE_M = phones.CORE_M
WIDE_M = phones.WIDE_M
WIDE_SHARE = phones.WIDE_SHARE
OUTLIER_M = phones.OUTLIER_M
OUTLIER_SHARE = phones.OUTLIER_SHARE
AGE_S = phones.AGE_S
SPEED_MPS = phones.SPEED_MPS
NEAR_M = phones.NEAR_M
GONE_M = phones.GONE_M
GONE_SHARE = phones.GONE_SHARE
HIDDEN_S = phones.HIDDEN_S
HIDDEN_MPS_MAX = phones.HIDDEN_MPS_MAX
PATH_LENGTH_SHARE = phones.PATH_LENGTH_SHARE
PATH_MPS = phones.PATH_MPS

RADIUS_UNDECLARED_M = np.array([100.0, 30.0, 50.0, 800.0])
"""By source: unknown, gnss, fused, network. Not fitted: no track with a truth leaves the radius out."""


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
def aged(spread: Spread, speed_mps: float, age_us: int) -> Spread:
    """Return the mixture of a place `age_us` microseconds after its fix, for a person last known at `speed_mps`.

    Who went becomes part of the wide part as far as going is wider than that already is, else he widens both
    parts: so no part ever shrinks, and nothing near certain becomes more certain by waiting.
    """
    if age_us <= 0:
        return spread
    # A motion smaller than the place is wide shows no speed, so a wide place ages as one of a person under way.
    hidden_mps = min(math.sqrt(spread.wide2) / HIDDEN_S, HIDDEN_MPS_MAX)
    near, gone, share = _displacement(max(speed_mps, hidden_mps), age_us * 1e-6)
    near2 = near * near
    beyond2 = gone * gone - near2
    moved = share * gone * gone / (gone * gone + spread.wide2)
    wide_share = spread.wide_share + (1.0 - spread.wide_share) * moved
    gone_in_wide = (spread.wide_share * share + (1.0 - spread.wide_share) * moved) / wide_share
    return Spread(
        spread.core2 + near2 + (share - moved) * beyond2,
        spread.wide2 + near2 + gone_in_wide * beyond2,
        spread.outlier2 + near2 + share * beyond2,
        wide_share,
        spread.outlier_share,
    )


@kernel
def _displacement(speed_mps: float, age_s: float) -> tuple[float, float, float]:
    """Per-axis deviation of who stayed near and of who went, metres, and the share that went."""
    last_age = AGE_S.size - 1
    last_speed = SPEED_MPS.size - 1
    scale = 1.0
    if age_s >= AGE_S[last_age]:
        j, g = last_age - 1, 1.0
        scale = math.sqrt(age_s / AGE_S[last_age])
    else:
        j = 0
        while age_s >= AGE_S[j + 1]:
            j += 1
        g = (age_s - AGE_S[j]) / (AGE_S[j + 1] - AGE_S[j])
    if speed_mps >= SPEED_MPS[last_speed]:
        i, f = last_speed - 1, 1.0
        scale *= speed_mps / SPEED_MPS[last_speed]
    elif speed_mps <= SPEED_MPS[0]:
        i, f = 0, 0.0
    else:
        i = 0
        while speed_mps >= SPEED_MPS[i + 1]:
            i += 1
        f = (speed_mps - SPEED_MPS[i]) / (SPEED_MPS[i + 1] - SPEED_MPS[i])
    a = (1.0 - f) * (1.0 - g)
    b = (1.0 - f) * g
    c = f * (1.0 - g)
    d = f * g
    near = a * NEAR_M[i, j] + b * NEAR_M[i, j + 1] + c * NEAR_M[i + 1, j] + d * NEAR_M[i + 1, j + 1]
    gone = a * GONE_M[i, j] + b * GONE_M[i, j + 1] + c * GONE_M[i + 1, j] + d * GONE_M[i + 1, j + 1]
    share = a * GONE_SHARE[i, j] + b * GONE_SHARE[i, j + 1] + c * GONE_SHARE[i + 1, j] + d * GONE_SHARE[i + 1, j + 1]
    return near * scale, gone * scale, share


@kernel
def path_variance_m2(length_m: float, gap_us: int, share: float) -> float:
    """Added variance per axis of a place interpolated at `share` of a straight path over `gap_us` microseconds."""
    gap_m = PATH_MPS * (gap_us * 1e-6)
    along_m = PATH_LENGTH_SHARE * length_m
    return 4.0 * share * (1.0 - share) * (along_m * along_m + gap_m * gap_m)
