"""The jobs process sees to it that what happened asks for an assessment, also after it was away for weeks."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from aralyk import clock
from aralyk.access.errors import Refused
from aralyk.jobs import upward
from aralyk.jobs.upward import Round
from aralyk.risk.levels import Level
from aralyk.risk.models import RiskDuty
from aralyk.risk.queries import reassessments_for
from tests.conftest import NOT_STARTED, Database, point_to
from tests.orders.cast import HERE, Cast, order, raised
from tests.orders.stage import roles, with_accounts
from tests.risk.cast import assessed
from tests.risk.conftest import Pair, pair

__all__ = ["pair", "roles", "with_accounts"]


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


def test_an_order_that_can_not_be_compiled_any_more_holds_up_no_other_and_no_alarm(
    database: Database, pair: Pair
) -> None:
    first, second = (
        order(pair.inspector, respondent=pair.respondent.pk, protected_persons=(pair.protected.pk,), threat="low")
        for _ in range(2)
    )
    broken, sound = sorted((first, second), key=lambda one: one.pk)  # in the order in which they are found
    assessed(pair, Level.HIGH)
    RiskDuty.objects.filter(kind="refer").update(due_at=clock.now() - 2 * upward.GRACE)
    with database.connect() as connection:
        connection.execute(
            "UPDATE orders_orderversion SET spec = jsonb_set(spec, '{timezone}', '\"Asia/Nowhere\"')"
            " WHERE order_id = %s",
            (broken.pk,),
        )
    with pytest.raises(Refused):
        upward.follow(now=clock.now())
    sound.refresh_from_db()
    broken.refresh_from_db()
    assert (sound.threat, broken.threat) == ("high", "low")
    with database.connect() as connection:
        raised_now = connection.execute("SELECT component, state FROM platform_alarm").fetchall()
    assert raised_now == [(f"duties.{HERE}", "raised")]
