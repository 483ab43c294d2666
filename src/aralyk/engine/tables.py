"""Own elementary functions: the same bytes on every machine.

libm differs between systems in the last bits, so nothing here calls it: cosine by its Taylor series on a
reduced range, exp by reduction to [0, ln 2), and the Rice distribution (the distance from a point to a
round Gaussian cloud) from a table that is computed at import with + - * / alone:

    P(R < b | u) = sum_k Poisson(k; u^2/2) * P(Gamma(k + 1) < b^2/2)        (non-central chi square, 2 df)

with b = radius / sigma and u = offset / sigma, on a grid of 1/8; between grid points bilinear, error < 6e-4.
Beyond b = 12 the circle's edge is almost straight: the row b = 12 is used, shifted by the known 1/(2u).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aralyk.engine.compiled import kernel

RADIANS_PER_DEGREE = 0.017453292519943295
LN2 = 0.6931471805599453

GRID_PER_SIGMA = 8
RADIUS_SIGMAS_MAX = 12
OFFSET_SIGMAS_MAX = 18
TAIL_SIGMAS = 6.0
"""Beyond six standard deviations the table says 0 or 1 (true value < 1e-8)."""


@kernel
def cos_degrees(angle_deg: float) -> float:
    """Cosine of an angle in [-90, 90] degrees, within 2e-16."""
    angle = angle_deg if angle_deg >= 0.0 else -angle_deg
    if angle <= 45.0:
        x = angle * RADIANS_PER_DEGREE
        return _cos_series(x * x)
    x = (90.0 - angle) * RADIANS_PER_DEGREE
    return x * _sin_series(x * x)


@kernel
def _cos_series(q: float) -> float:
    term = 1.0 - q / 240.0
    term = 1.0 - q / 182.0 * term
    term = 1.0 - q / 132.0 * term
    term = 1.0 - q / 90.0 * term
    term = 1.0 - q / 56.0 * term
    term = 1.0 - q / 30.0 * term
    term = 1.0 - q / 12.0 * term
    return 1.0 - q / 2.0 * term


@kernel
def _sin_series(q: float) -> float:
    term = 1.0 - q / 272.0
    term = 1.0 - q / 210.0 * term
    term = 1.0 - q / 156.0 * term
    term = 1.0 - q / 110.0 * term
    term = 1.0 - q / 72.0 * term
    term = 1.0 - q / 42.0 * term
    term = 1.0 - q / 20.0 * term
    return 1.0 - q / 6.0 * term


def exp_negative(x: float) -> float:
    """e**-x for 0 <= x <= 700, within 1e-15 relative."""
    if not 0.0 <= x <= 700.0:
        raise ValueError(f"x must be in [0, 700], found {x}")
    halvings = int(x / LN2)
    rest = x - halvings * LN2
    term = 1.0
    total = 1.0
    for k in range(1, 24):
        term = term * rest / k
        total += term
    value = 1.0 / total
    for _ in range(halvings):
        value *= 0.5
    return value


def _rice_table() -> npt.NDArray[np.float64]:
    radii = np.arange(RADIUS_SIGMAS_MAX * GRID_PER_SIGMA + 1) / GRID_PER_SIGMA
    offsets = np.arange(OFFSET_SIGMAS_MAX * GRID_PER_SIGMA + 2) / GRID_PER_SIGMA
    y = radii * radii * 0.5
    mean = offsets * offsets * 0.5
    share = np.array([exp_negative(float(m)) for m in mean])
    term = np.array([exp_negative(float(v)) for v in y])
    below = 1.0 - term
    table = np.zeros((offsets.size, radii.size))
    for k in range(320):  # mean <= 164: the terms past 320 weigh less than 1e-25
        table += share[:, None] * below[None, :]
        share = share * mean / (k + 1)
        term = term * y / (k + 1)
        below = below - term
    clipped: npt.NDArray[np.float64] = np.minimum(np.maximum(table, 0.0), 1.0)
    return clipped


RICE = _rice_table()


@kernel
def rice_cdf(offset: float, radius: float) -> float:
    """P(R < radius) for the distance R to a round unit Gaussian whose centre lies `offset` away (both in sigmas)."""
    if radius <= 0.0 or offset - radius >= TAIL_SIGMAS:
        return 0.0
    if radius - offset >= TAIL_SIGMAS:
        return 1.0
    u = offset
    b = radius
    if b > RADIUS_SIGMAS_MAX:
        margin = b - u - 0.5 / u
        b = float(RADIUS_SIGMAS_MAX)
        u = b - margin - 0.5 / (b - margin)
        if u >= b + TAIL_SIGMAS:
            return 0.0
    u = u * GRID_PER_SIGMA
    b = b * GRID_PER_SIGMA
    i = int(u)
    j = int(b)
    if j >= RADIUS_SIGMAS_MAX * GRID_PER_SIGMA:
        j = RADIUS_SIGMAS_MAX * GRID_PER_SIGMA - 1
    fu = u - i
    fb = b - j
    low = RICE[i, j] * (1.0 - fb) + RICE[i, j + 1] * fb
    high = RICE[i + 1, j] * (1.0 - fb) + RICE[i + 1, j + 1] * fb
    return float(low * (1.0 - fu) + high * fu)
