"""`python -m tests.papers.attacker [orders] [days] [orders through the platform]`: prints what he can learn.

Seeds are 1 … orders. Orders that run through the platform itself need a database of their own and some seconds each.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from tests.papers.attacker import runs
from tests.papers.attacker.estimator import BOUND_M
from tests.papers.attacker.world import Channel, Floats, make_world

SIMULATED: Final = [channel for channel in Channel if channel not in (Channel.PLATFORM, Channel.EXEMPT)]


def main(orders: int = 40, days: int = 30, platform_orders: int = 12) -> None:
    """Print the tables of docs/reference/what-he-can-learn.md."""
    seeds = range(1, orders + 1)
    print(f"{orders} orders of {days} days, seeds 1-{orders}; bound {BOUND_M:.0f} m")
    print("\nHer home, after so many alerts\n")
    head("what reaches him", "he", "alerts")
    for channel in SIMULATED:
        for searching in (False, True):
            who = "combs the area" if searching else "ordinary ways"
            for alerts, row in runs.home_by_alerts(channel, seeds, days=days, searching=searching).items():
                line(channel, who, str(alerts), row)
    print(f"\nThe same through the platform itself, seeds 1-{platform_orders}\n")
    head("what reaches him", "he", "alerts")
    through_the_platform(platform_orders, days=days)
    print("\nHer live place, at each call\n")
    head("what reaches him", "he", "calls")
    for channel in (Channel.SLOTS, Channel.DECOYS, Channel.AT_ONCE_6, Channel.AT_ONCE_1, Channel.DEVICE):
        for searching in (False, True):
            row = runs.live_at_calls(channel, seeds, days=days, searching=searching)
            line(channel, "combs the area" if searching else "ordinary ways", str(row.orders), row)
    print("\nHer home, from papers drawn wrongly (faulty twins), and in the country\n")
    head("papers", "", "")
    for times in (1, 2, 5, 20):
        line("area drawn anew at each variation", f"{times} variations", "", runs.home_by_redrawing(seeds, times=times))
    line("one offset for all zones, one zone known", "", "", runs.home_by_shared_offset(seeds))
    for density in (0.5, 0.1, 0.02):
        row = runs.home_in_villages(seeds, villages_a_km2=density)
        line("villages 1 km wide", f"{density:g} a km²", "", row)


def through_the_platform(orders: int, *, days: int) -> None:
    """The rows of what the product's own code sends; of the last one the calls are counted, not the alerts."""
    # Here and not above: it sets up Django for tests, which the rest of this module needs not.
    import tests.conftest  # noqa: F401  (its settings must stand before the product's modules are read)
    from tests.papers.attacker.platform import a_platform, times_of, what_is_sent

    seeds = range(1, orders + 1)
    with a_platform() as roles:
        for channel, searching in ((Channel.PLATFORM, False), (Channel.PLATFORM, True), (Channel.EXEMPT, True)):
            exempt = channel is Channel.EXEMPT
            who = "combs the area" if searching else "ordinary ways"
            worlds = {seed: make_world(seed, days=days, searching=searching) for seed in seeds}
            kept = {
                seed: times_of(what_is_sent(world, roles, seed=seed, openly=exempt), faster=exempt)
                for seed, world in worlds.items()
            }
            rows = runs.home_by_alerts(
                channel,
                seeds,
                days=days,
                searching=searching,
                trusting=True,
                reaches=_given(kept),
            )
            for alerts, row in rows.items():
                line(channel, who, str(alerts), row)
            live = runs.live_at_calls(channel, seeds, days=days, searching=searching, reaches=_given(kept))
            line(f"{channel}: her live place", who, f"{live.orders} messages", live)


def _given(kept: Mapping[int, Floats]) -> runs.Reaches:
    return lambda _, seed: kept[seed]


def head(*names: str) -> None:
    """The table's head."""
    print("| " + " | ".join((*names, "orders", "median error, m", "5th percentile, m", "within bound")) + " |")
    print("|" + "---|" * (len(names) + 4))


def line(*cells: object) -> None:
    """One row of a table."""
    *names, row = cells
    assert isinstance(row, runs.Row)
    numbers = (str(row.orders), f"{row.median_m:.0f}", f"{row.low_m:.0f}", f"{row.found:.0%}")
    print("| " + " | ".join((*map(str, names), *numbers)) + " |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
