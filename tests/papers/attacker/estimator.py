"""The best that can be reckoned from what reached him: likelihood over a grid of homes, from all calls and all silence.

For each home on the grid his own track says when alerts would have been raised. Calls are a Poisson process: welfare
calls all the time, and a burst of likelihood a minute or three after each of those alerts. A call that fits speaks for
a home, an alert that nothing followed speaks against it. Before the first call only the paper speaks: the home is in
the ring that the rule of drawing leaves open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from aralyk.papers.geometry import Circle, offset_m_min
from tests.papers.attacker.world import (
    ANSWERED,
    DAY_S,
    DECOYS,
    DELAY_S,
    ORDERED_M,
    STEP_S,
    WARNING_M,
    WELFARE_A_DAY,
    ZONE_M,
    Channel,
    Flags,
    Floats,
    World,
    on_plane,
    onsets,
)

GRID_M: Final = 150.0
BOUND_M: Final = max(1_000.0, 2 * ORDERED_M)
ELSEWHERE_A_DAY: Final = 1.0  # alerts about her while she is out: calls that no home explains
NEVER: Final = -1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Where he believes her home to be.

    Attributes:
        error_m: From the mean of what he believes to her home: the point that is least wrong on average.
        likeliest_error_m: From the likeliest single place.
        found: Whether she lives within BOUND_M of the point round which most of his belief lies.
    """

    error_m: float
    likeliest_error_m: float
    found: bool


def grid_of(areas: Sequence[Circle]) -> Floats:
    """Every place in the first area, GRID_M apart."""
    middle, reach = on_plane(areas[0]), areas[0].radius_m
    axis = np.arange(-reach, reach + GRID_M, GRID_M)
    east, north = np.meshgrid(axis, axis)
    return np.column_stack([east.ravel(), north.ravel()]) + middle


def belief_from_papers(grid: Floats, areas: Sequence[Circle]) -> Floats:
    """Log likelihood of each place, from every area that he was ever given for it; zones are the smallest class."""
    belief = np.zeros(len(grid))
    for area in areas:
        apart = np.hypot(*(grid - on_plane(area)).T)
        open_to_him = (apart >= offset_m_min(ORDERED_M)) & (apart + ZONE_M <= area.radius_m)
        belief += np.where(open_to_him, 0.0, NEVER)
    return belief


def expected_alerts(world: World, grid: Floats) -> Flags:
    """For each of his places and each home on the grid: whether an alert would begin there."""
    apart = np.hypot(world.his[:, 0, None] - grid[None, :, 0], world.his[:, 1, None] - grid[None, :, 1])
    ring = np.where(world.she_is_home, WARNING_M, ZONE_M)[:, None]
    return onsets(apart < ring, world.t_s)


def belief_from_calls(
    world: World, begins: Flags, calls_s: Floats, *, channel: Channel, until_s: float, trusting: bool = False
) -> Floats:
    """Log likelihood of each home, from the calls up to a moment and from the silence between them.

    Args:
        world: Of it, his own track alone.
        begins: From `expected_alerts`.
        calls_s: When he was called.
        channel: What he knows of their cause.
        until_s: How far the order has run.
        trusting: He reads meaning into calls whose times were drawn beforehand.
    """
    if channel in (Channel.PAPERS, Channel.SLOTS, Channel.PLATFORM) and not trusting:
        return np.zeros(begins.shape[1])  # their times were drawn before anything happened: the best is to ignore them
    device = channel in (Channel.DEVICE, Channel.EXEMPT)
    answered = 1.0 if device else ANSWERED
    window_s = (-STEP_S / 2, STEP_S / 2) if device else DELAY_S
    background = (WELFARE_A_DAY[channel] * 24 / 14 + ELSEWHERE_A_DAY) / DAY_S
    if channel is Channel.DECOYS:
        background += DECOYS * ELSEWHERE_A_DAY / DAY_S
    past = world.t_s <= until_s
    belief: Floats = -answered * begins[past].sum(axis=0).astype(float)
    for call_s in calls_s[calls_s <= until_s]:
        since = call_s - world.t_s
        could = (since >= window_s[0]) & (since <= window_s[1])
        rate = background + answered * begins[could].sum(axis=0) / (window_s[1] - window_s[0])
        belief += np.log(rate) - log(background)
    return belief


def belief_from_texts(begins: Flags, t_s: Floats, moments_s: Floats, others_s: Floats, *, until_s: float) -> Floats:
    """Log likelihood of each home, from which of the drawn moments brought another text than usually.

    Args:
        begins: From `expected_alerts`.
        t_s: The times of its rows.
        moments_s: All moments.
        others_s: Those with another text: something happened since the moment before.
        until_s: How far the order has run.
    """
    belongs = np.searchsorted(moments_s, t_s)
    expected = np.zeros((len(moments_s) + 1, begins.shape[1]))
    np.add.at(expected, belongs, begins.astype(float))
    belief = np.zeros(begins.shape[1])
    elsewhere = 1 - ELSEWHERE_A_DAY / 20  # alerts while she is out, seldom within his drives
    for place, moment_s in enumerate(moments_s[moments_s <= until_s]):
        as_usual = elsewhere * (1 - ANSWERED) ** expected[place]
        belief += np.log(1 - as_usual if moment_s in others_s else as_usual)
    return belief


def guess(grid: Floats, belief: Floats, home: Floats, *, chance: np.random.Generator) -> Guess:
    """What he would say, and how wrong it is."""
    weight = np.exp(belief - belief.max())
    weight /= weight.sum()
    mean = weight @ grid
    likeliest = grid[chance.choice(np.flatnonzero(belief >= belief.max() - 1e-9))]
    believed = weight > weight.max() * 1e-6
    within = np.hypot(grid[:, 0, None] - grid[None, believed, 0], grid[:, 1, None] - grid[None, believed, 1]) <= BOUND_M
    best = grid[np.argmax(within @ weight[believed])]
    return Guess(
        error_m=float(np.hypot(*(mean - home))),
        likeliest_error_m=float(np.hypot(*(likeliest - home))),
        found=bool(np.hypot(*(best - home)) <= BOUND_M),
    )
