"""What he can reckon of her home and of where she is, from all that reaches him and his own track: on a few orders.

docs/reference/what-he-can-learn.md has the figures of more orders, and what no software mends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from tests.conftest import Database
from tests.orders.cast import Cast
from tests.papers.attacker import runs
from tests.papers.attacker.estimator import BOUND_M
from tests.papers.attacker.platform import times_of, what_is_sent
from tests.papers.attacker.world import Channel, make_world

SEEDS: Final = range(1, 13)
DAYS: Final = 20
FOUND_BLINDLY: Final = 0.4  # of eight orders, three: what a blind guess finds in so few


def test_what_reaches_him_is_the_same_to_the_second_whether_or_not_he_was_ever_near_her(
    database: Database, roles: Cast
) -> None:
    world = make_world(1, days=DAYS, searching=True)
    assert len(world.alerts_s) >= 5
    never = replace(world, alerts_s=np.empty(0))
    near, far = (what_is_sent(each, roles, seed=1) for each in (world, never))
    assert [one.kind for one in near] == [one.kind for one in far]
    assert np.abs(times_of(near) - times_of(far)).max() < 1.0
    assert {one.kind for one in near} == {"message"}
    assert 2 * DAYS - 4 <= len(near) <= 2 * DAYS


def test_the_platform_leaves_her_home_a_kilometre_away_in_every_order_however_many_alerts_there_were(
    database: Database, roles: Cast
) -> None:
    """He knows that the moments are drawn and ignores them; or he takes each for an alert."""
    seeds, alerts = range(1, 9), (0, 3, 10)
    kept = {
        seed: times_of(what_is_sent(make_world(seed, days=DAYS, searching=True), roles, seed=seed)) for seed in seeds
    }
    world: dict[str, Any] = {"days": DAYS, "searching": True, "reaches": lambda _, seed: kept[seed]}
    knowing = runs.guesses_by_alerts(Channel.PLATFORM, seeds, **world, alerts=alerts)
    assert all(guess.error_m >= BOUND_M for found in knowing.values() for guess in found)
    trusting = runs.home_by_alerts(Channel.PLATFORM, seeds, **world, alerts=alerts, trusting=True)
    for row in trusting.values():
        assert row.median_m >= BOUND_M
        assert row.found <= FOUND_BLINDLY
    assert runs.live_at_calls(Channel.PLATFORM, seeds, **world).median_m >= BOUND_M


def test_the_same_platform_would_lead_him_to_her_home_if_it_took_the_order_for_one_that_hides_nothing(
    database: Database, roles: Cast
) -> None:
    """The faulty twin: what is lawful under an order that names every place is what betrays a hidden one."""
    seeds = range(1, 7)
    kept = {
        seed: times_of(
            what_is_sent(make_world(seed, days=DAYS, searching=True), roles, seed=seed, openly=True), faster=True
        )
        for seed in seeds
    }
    rows = runs.home_by_alerts(
        Channel.EXEMPT, seeds, days=DAYS, searching=True, alerts=(0, 3), reaches=lambda _, seed: kept[seed]
    )
    assert rows[0].median_m >= BOUND_M
    assert rows[3].median_m < BOUND_M / 2
    assert rows[3].found > 0.8


def test_another_text_that_only_waits_for_the_next_drawn_moment_would_lead_him_to_her_home() -> None:
    """The other twin, and why a person's message is refused: that it is another text tells of an alert."""
    rows = runs.home_by_alerts(Channel.HELD, SEEDS, days=30, searching=False, alerts=(0, 10))
    assert rows[0].median_m >= BOUND_M
    assert rows[10].median_m < BOUND_M
    assert rows[10].found > 0.5


def test_his_papers_leave_her_home_a_kilometre_away_however_many_alerts_there_were() -> None:
    rows = runs.home_by_alerts(Channel.PAPERS, SEEDS, days=DAYS, searching=True, alerts=(0, 3))
    for row in rows.values():
        assert row.median_m >= BOUND_M
        assert row.found <= 0.34


def test_calls_at_times_drawn_beforehand_tell_nothing_even_to_one_who_trusts_them() -> None:
    rows = runs.home_by_alerts(Channel.SLOTS, SEEDS, days=DAYS, searching=True, alerts=(0, 3, 10), trusting=True)
    assert rows[3].median_m >= BOUND_M
    assert rows[10].median_m >= BOUND_M
    live = runs.live_at_calls(Channel.SLOTS, SEEDS, days=DAYS, searching=True)
    assert live.median_m >= BOUND_M


def test_a_call_at_each_alert_leads_him_to_her_home() -> None:
    """The leak that no paper mends, and the proof that the attacker is able: an alert must not be why he is called."""
    rows = runs.home_by_alerts(Channel.AT_ONCE_1, SEEDS, days=DAYS, searching=True, alerts=(0, 3))
    assert rows[0].median_m >= BOUND_M
    assert rows[3].median_m < BOUND_M / 2
    assert rows[3].found > 0.8


def test_an_area_that_were_drawn_anew_each_time_would_lead_him_to_her_home() -> None:
    """The faulty twin of the rule that an area is drawn once."""
    once, often = (runs.home_by_redrawing(SEEDS, times=times) for times in (1, 12))
    assert once.median_m >= BOUND_M
    assert often.median_m < BOUND_M / 2
    assert often.found > 0.8


def test_one_offset_for_all_zones_would_lead_from_the_place_that_he_knows_to_the_one_that_he_does_not() -> None:
    """The faulty twin of the rule that each area has an offset of its own."""
    assert runs.home_by_shared_offset(SEEDS).median_m < 1.0
