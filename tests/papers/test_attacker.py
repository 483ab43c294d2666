"""What he can reckon of her home and of where she is, from papers, calls and his own track: on a few orders.

docs/reference/what-he-can-learn.md has the figures of more orders, and what is not mended yet.
"""

from __future__ import annotations

from typing import Final

from tests.papers.attacker import runs
from tests.papers.attacker.estimator import BOUND_M
from tests.papers.attacker.world import Channel

SEEDS: Final = range(1, 13)
DAYS: Final = 20


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
