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
PI = 3.141592653589793

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

SECTOR_SIGMAS_MAX = 6
SECTOR_PER_SIGMA = 16
SECTOR_NEAR_SIGMAS = 0.25
"""Nearer than this to a corner the angle alone decides, and a table would blur it."""
_SECTOR_STEPS = 8
"""Steps of the numerical integral per cell of the table."""


def _sector_table() -> npt.NDArray[np.float64]:
    size = SECTOR_SIGMAS_MAX * SECTOR_PER_SIGMA + 1
    heights = np.arange(size) / SECTOR_PER_SIGMA
    table = np.zeros((size, size))
    step = 1.0 / (SECTOR_PER_SIGMA * _SECTOR_STEPS)
    beyond_height = np.array([exp_negative(float(h * h * 0.5)) for h in heights])
    for cell in range(1, size):
        total = np.zeros(size)
        for part in range(_SECTOR_STEPS):
            t = (cell - 1) / SECTOR_PER_SIGMA + (part + 0.5) * step
            total += exp_negative(t * t * 0.5) * step * heights / (heights * heights + t * t)
        table[:, cell] = table[:, cell - 1] + beyond_height * total / (2.0 * PI)
    table[0, 1:] = 0.25  # the limit: a place on the line through an edge sees a quarter turn to either side
    return table


SECTOR = _sector_table()


@kernel
def _turns(x: float, y: float) -> float:
    """The angle of (x, y), both >= 0, in turns, within 2e-6."""
    if x <= 0.0 and y <= 0.0:
        return 0.0
    q = y / x if y <= x else x / y
    p = q * q
    angle = q * (0.999866 + p * (-0.3302995 + p * (0.180141 + p * (-0.085133 + p * 0.0208351)))) / (2.0 * PI)
    return angle if y <= x else 0.25 - angle


@kernel
def sector(height: float, along: float) -> float:
    """Probability beyond an edge's line, from the foot of the height to `along` on it (both in sigmas, both >= 0).

    A round unit Gaussian's mass in the sector that the place sees, on the far side of the line; Owen's T function.
    """
    if height >= SECTOR_SIGMAS_MAX:
        return 0.0
    if height < SECTOR_NEAR_SIGMAS and along < SECTOR_NEAR_SIGMAS:
        return _turns(height, along) - height * along / (4.0 * PI)
    h = height * SECTOR_PER_SIGMA
    t = min(along, SECTOR_SIGMAS_MAX - 1e-9) * SECTOR_PER_SIGMA
    i = int(h)
    j = int(t)
    fh = h - i
    ft = t - j
    low = SECTOR[i, j] * (1.0 - ft) + SECTOR[i, j + 1] * ft
    high = SECTOR[i + 1, j] * (1.0 - ft) + SECTOR[i + 1, j + 1] * ft
    return float(low * (1.0 - fh) + high * fh)


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
