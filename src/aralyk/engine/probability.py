"""Probabilities of distance from two error mixtures: the law behind every decision.

The distance between two uncertain places, or between one and a circle's centre, has in each pair of mixture
parts a Rice distribution, whose table is in `tables`. Pairs that hold an outlier are taken as one part of their mean
variance. The answers are "the probability that the distance was below D, given this error model", never more.
"""

from __future__ import annotations

import math

from aralyk.engine.compiled import kernel
from aralyk.engine.error_model import Spread
from aralyk.engine.tables import TAIL_SIGMAS, rice_cdf

QUANTILE_STEPS = 40
"""Halvings of the bracket: a continent's width down to a millimetre."""


@kernel
def _part(offset_m: float, radius_m: float, variance_m2: float) -> float:
    sigma = math.sqrt(variance_m2)
    return rice_cdf(offset_m / sigma, radius_m / sigma)


@kernel
def within(offset_m: float, radius_m: float, a: Spread, b: Spread, extra_m2: float) -> float:
    """P(true distance < radius_m) of two places measured `offset_m` apart; `extra_m2` is added variance per axis."""
    if radius_m <= 0.0:
        return 0.0
    wide = math.sqrt(a.wide2 + b.wide2 + extra_m2)
    outlier_share = a.outlier_share + b.outlier_share - a.outlier_share * b.outlier_share
    calm = 1.0 - outlier_share
    share_a = a.wide_share
    share_b = b.wide_share
    if offset_m - radius_m >= TAIL_SIGMAS * wide:
        inner = 0.0
    elif radius_m - offset_m >= TAIL_SIGMAS * wide:
        inner = 1.0
    else:
        inner = (1.0 - share_a) * (1.0 - share_b) * _part(offset_m, radius_m, a.core2 + b.core2 + extra_m2)
        inner += (1.0 - share_a) * share_b * _part(offset_m, radius_m, a.core2 + b.wide2 + extra_m2)
        inner += share_a * (1.0 - share_b) * _part(offset_m, radius_m, a.wide2 + b.core2 + extra_m2)
        inner += share_a * share_b * _part(offset_m, radius_m, a.wide2 + b.wide2 + extra_m2)
    if outlier_share <= 0.0:
        return inner
    return calm * inner + outlier_share * _part(offset_m, radius_m, _outlying2(a, b) + extra_m2)


@kernel
def _outlying2(a: Spread, b: Spread) -> float:
    """Variance of the distance if one of the two places is an outlier (both at once is rare enough to leave out)."""
    calm_a = a.core2 + a.wide_share * (a.wide2 - a.core2)
    calm_b = b.core2 + b.wide_share * (b.wide2 - b.core2)
    outlying = a.outlier_share * (a.outlier2 + calm_b) + b.outlier_share * (b.outlier2 + calm_a)
    return outlying / (a.outlier_share + b.outlier_share)


@kernel
def within_of_fixed(offset_m: float, radius_m: float, a: Spread, extra_m2: float) -> float:
    """P(true place within radius_m of a fixed point) for a place measured `offset_m` from it."""
    if radius_m <= 0.0:
        return 0.0
    wide = math.sqrt(a.wide2 + extra_m2)
    if offset_m - radius_m >= TAIL_SIGMAS * wide:
        inner = 0.0
    elif radius_m - offset_m >= TAIL_SIGMAS * wide:
        inner = 1.0
    else:
        inner = (1.0 - a.wide_share) * _part(offset_m, radius_m, a.core2 + extra_m2)
        inner += a.wide_share * _part(offset_m, radius_m, a.wide2 + extra_m2)
    if a.outlier_share <= 0.0:
        return inner
    return (1.0 - a.outlier_share) * inner + a.outlier_share * _part(offset_m, radius_m, a.outlier2 + extra_m2)


@kernel
def distance_quantile(share: float, offset_m: float, a: Spread, b: Spread, extra_m2: float) -> float:
    """The distance that the true one stays below with probability `share`, metres."""
    low = 0.0
    outer = math.sqrt(a.outlier2 + b.outlier2 + extra_m2)
    high = offset_m + 8.0 * outer
    for _ in range(QUANTILE_STEPS):
        middle = 0.5 * (low + high)
        if within(offset_m, middle, a, b, extra_m2) < share:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
