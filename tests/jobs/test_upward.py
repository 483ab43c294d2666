"""The jobs process sees to it that what happened asks for an assessment, also after it was away for weeks."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from aralyk import clock
from aralyk.jobs import upward
from aralyk.jobs.upward import Round
from aralyk.risk.queries import reassessments_for
from tests.conftest import NOT_STARTED, Database, point_to
from tests.orders.cast import Cast, order, raised
from tests.orders.stage import roles, with_accounts

__all__ = ["roles", "with_accounts"]


def test_a_round_tells_and_picks_up_and_the_next_has_nothing_to_do(database: Database, roles: Cast) -> None:
    raised(database, order(roles.police), kind="tamper")
    assert upward.follow(now=clock.now()) == Round(told=1, picked_up=1, overdue=0)
    assert upward.follow(now=clock.now()) == Round(told=0, picked_up=0, overdue=0)
    assert [one.cause for one in reassessments_for(roles.police)] == ["tamper"]


def test_what_happened_while_the_process_was_away_for_weeks_is_told_by_its_first_round(
    database: Database, roles: Cast
) -> None:
    raised(database, order(roles.police), kind="panic", minutes_ago=30 * 24 * 60)
    assert upward.follow(now=clock.now()) == Round(told=0, picked_up=0, overdue=0)
    assert upward.follow(now=clock.now(), look_back=upward.EVER) == Round(told=1, picked_up=1, overdue=0)


def test_a_lost_database_is_said_in_the_words_that_the_process_waits_for(database: Database) -> None:
    point_to(NOT_STARTED)
    with pytest.raises(psycopg.OperationalError):
        upward.follow(now=clock.now(), look_back=timedelta(days=1))
