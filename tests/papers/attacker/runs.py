"""Runs the attacker over many orders: her home against the number of alerts, her live place, faulty papers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aralyk.papers.geometry import draw
from tests.papers.attacker import estimator
from tests.papers.attacker.estimator import BOUND_M, Guess
from tests.papers.attacker.world import (
    ORDERED_M,
    ZONE_M,
    Channel,
    Floats,
    World,
    drawn_moments,
    heard,
    make_world,
    on_earth,
    on_plane,
)

Reaches = Callable[[World, int], Floats]  # a world and its seed: when something reached him

ALERTS: Final = (0, 1, 3, 10, 30)
CALL_BACK_S: Final = 120.0  # he looks where he was two minutes before he was called


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Many orders in one line.

    Attributes:
        orders: How many had so many alerts.
        median_m: Of the error of the better of his two points.
        low_m: Its 5th percentile.
        found: Share of orders in which she lives within BOUND_M of his best point.
    """

    orders: int
    median_m: float
    low_m: float
    found: float


def home_by_alerts(
    channel: Channel,
    seeds: Iterable[int],
    *,
    days: int,
    searching: bool,
    alerts: Sequence[int] = ALERTS,
    trusting: bool = False,
    reaches: Reaches | None = None,
) -> dict[int, Row]:
    """The error of her home after so many alerts of the order; `reaches`: what came to him instead of `heard`."""
    guesses = guesses_by_alerts(
        channel, seeds, days=days, searching=searching, alerts=alerts, trusting=trusting, reaches=reaches
    )
    return {number: row_of(found) for number, found in guesses.items() if found}


def guesses_by_alerts(
    channel: Channel,
    seeds: Iterable[int],
    *,
    days: int,
    searching: bool,
    alerts: Sequence[int],
    trusting: bool = False,
    reaches: Reaches | None = None,
) -> dict[int, list[Guess]]:
    """The same, one guess an order."""
    guesses: dict[int, list[Guess]] = {number: [] for number in alerts}
    for seed in seeds:
        world = make_world(seed, days=days, searching=searching)
        calls_s = heard(world, channel, seed=seed)[0] if reaches is None else reaches(world, seed)
        grid = estimator.grid_of([world.area])
        from_papers = estimator.belief_from_papers(grid, [world.area])
        open_to_him = from_papers > estimator.NEVER / 2
        grid, from_papers = grid[open_to_him], from_papers[open_to_him]
        begins = estimator.expected_alerts(world, grid)
        chance = np.random.default_rng(seed)
        for number in alerts:
            if number > len(world.alerts_s):
                continue
            until_s = world.alerts_s[number - 1] + 600 if number else 0.0
            if channel is Channel.HELD:
                moments_s = drawn_moments(world, seed=seed)
                until_s = moments_s[np.searchsorted(moments_s, until_s)] if number else 0.0
                said = estimator.belief_from_texts(begins, world.t_s, moments_s, calls_s, until_s=until_s)
            else:
                said = estimator.belief_from_calls(
                    world, begins, calls_s, channel=channel, until_s=until_s, trusting=trusting
                )
            guesses[number].append(estimator.guess(grid, from_papers + said, world.home, chance=chance))
    return guesses


def live_at_calls(
    channel: Channel, seeds: Iterable[int], *, days: int, searching: bool, reaches: Reaches | None = None
) -> Row:
    """How far she was, at each call, from where he was two minutes before it: the best guess of her live place then."""
    errors = []
    for seed in seeds:
        world = make_world(seed, days=days, searching=searching)
        calls_s = heard(world, channel, seed=seed)[0] if reaches is None else reaches(world, seed)
        back_s = 0 if channel in (Channel.DEVICE, Channel.EXEMPT) else CALL_BACK_S
        at = np.searchsorted(world.t_s, calls_s - back_s).clip(max=len(world.t_s) - 1)
        errors.append(np.hypot(*(world.his[at] - world.hers[at]).T))
    every = np.concatenate(errors)
    if not len(every):
        return Row(orders=0, median_m=float("nan"), low_m=float("nan"), found=float("nan"))
    return Row(
        orders=len(every),
        median_m=float(np.median(every)),
        low_m=float(np.percentile(every, 5)),
        found=float(np.mean(every <= BOUND_M)),
    )


def home_by_redrawing(seeds: Iterable[int], *, times: int) -> Row:
    """The faulty twin: an area that is drawn anew at each variation. What would he know after `times` of them?"""
    guesses = []
    for seed in seeds:
        chance, luck = np.random.default_rng(seed), random.Random(seed)
        home = chance.uniform((-5_000, -3_500), (5_000, 3_500))
        areas = [draw(on_earth(home, ZONE_M), ordered_m=ORDERED_M, chance=luck) for _ in range(times)]
        grid = estimator.grid_of(areas)
        guesses.append(estimator.guess(grid, estimator.belief_from_papers(grid, areas), home, chance=chance))
    return row_of(guesses)


def home_by_shared_offset(seeds: Iterable[int]) -> Row:
    """The other faulty twin: one offset for all zones of an order, and he knows one of them, for he lived there."""
    errors = []
    for seed in seeds:
        chance, luck = np.random.default_rng(seed), random.Random(seed)
        known, home = chance.uniform((-5_000, -3_500), (5_000, 3_500), size=(2, 2))
        offset = on_plane(draw(on_earth(known, ZONE_M), ordered_m=ORDERED_M, chance=luck)) - known
        shown = home + offset
        errors.append(float(np.hypot(*(shown - offset - home))))
    return Row(
        orders=len(errors),
        median_m=float(np.median(errors)),
        low_m=float(np.percentile(errors, 5)),
        found=float(np.mean(np.array(errors) <= BOUND_M)),
    )


def home_in_villages(seeds: Iterable[int], *, villages_a_km2: float, village_m: float = 500.0) -> Row:
    """The same papers where people live in villages: he knows every village, and that she lives in one."""
    guesses = []
    for seed in seeds:
        chance, luck = np.random.default_rng(seed), random.Random(seed)
        side_m = 12_000.0
        others = chance.uniform(-side_m / 2, side_m / 2, size=(chance.poisson(villages_a_km2 * 144), 2))
        hers = np.zeros(2)
        home = hers + chance.uniform(-village_m, village_m, size=2) * 0.7
        area = draw(on_earth(home, ZONE_M), ordered_m=ORDERED_M, chance=luck)
        grid = estimator.grid_of([area])
        villages = np.vstack([hers, others])
        apart = np.hypot(grid[:, 0, None] - villages[None, :, 0], grid[:, 1, None] - villages[None, :, 1])
        inhabited = np.where(apart.min(axis=1) <= village_m, 0.0, -50.0)
        belief = estimator.belief_from_papers(grid, [area]) + inhabited
        guesses.append(estimator.guess(grid, belief, home, chance=chance))
    return row_of(guesses)


def row_of(guesses: Sequence[Guess]) -> Row:
    """One line; of his two points the one that is better over all these orders."""
    points = np.array([[guess.error_m, guess.likeliest_error_m] for guess in guesses])
    better = points[:, int(np.argmin(np.median(points, axis=0)))]
    return Row(
        orders=len(guesses),
        median_m=float(np.median(better)),
        low_m=float(np.percentile(better, 5)),
        found=float(np.mean([guess.found for guess in guesses])),
    )
