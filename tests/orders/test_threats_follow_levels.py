"""A risk level that rises reaches the orders between the two people and the engine; none falls by itself."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aralyk import clock
from aralyk.access.errors import Code, Refused
from aralyk.access.models import Role
from aralyk.engine import compile_order
from aralyk.jobs.process import Jobs
from aralyk.jobs.settings import JobsSettings
from aralyk.orders.actions import do_vary_order
from aralyk.orders.drafts import ConditionDraft
from aralyk.orders.models import Order, Threat
from aralyk.orders.threats import THREAT_OF, do_follow_levels
from aralyk.risk.actions import do_assess, do_confirm_lowering, do_set_level
from aralyk.risk.levels import Level
from tests.conftest import Database
from tests.orders.cast import HERE, account, controls, order, protected, witnesses
from tests.platform.waiting import wait_until
from tests.risk.cast import WHY, assessed, form
from tests.risk.conftest import Pair, pair

__all__ = ["pair"]


def ordered(pair: Pair, threat: Threat) -> Order:
    return order(pair.inspector, respondent=pair.respondent.pk, protected_persons=(pair.protected.pk,), threat=threat)


def follow() -> int:
    return do_follow_levels(now=clock.now())


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("threat", Threat)
def test_an_orders_threat_follows_the_level_upward_and_never_downward(pair: Pair, level: Level, threat: Threat) -> None:
    found = ordered(pair, threat)
    assessed(pair, level)
    heights = [Threat.LOW, Threat.MEDIUM, Threat.HIGH]
    expected = max(threat, THREAT_OF[level], key=heights.index)
    assert follow() == (expected is not threat)
    assert follow() == 0
    found.refresh_from_db()
    assert found.threat == expected


def test_what_is_extreme_for_people_is_high_for_the_engine_and_both_are_witnessed(
    database: Database, pair: Pair
) -> None:
    found = ordered(pair, Threat.LOW)
    assessed(pair, Level.EXTREME)
    assert follow() == 1
    told = controls(database)[-1]
    assert (told["type"], told["version"], told["order"]["threat_level"]) == ("order", 2, "high")
    compile_order(told["order"])  # or it raises
    kind, subject, by, data = witnesses(database)[-1]
    assert (kind, subject, by) == ("order_varied", f"order:{found.pk}", "system:risk")
    assert (data["threat_before"], data["threat"], data["risk_level"]) == ("low", "high", "extreme")
    version = found.versions.get(version=2)
    assert (version.made_by, version.conditions.count()) == (None, found.versions.get(version=1).conditions.count())


def test_an_order_that_ended_and_another_pairs_order_stay_as_they_are(pair: Pair) -> None:
    ended = ordered(pair, Threat.LOW)
    Order.objects.filter(pk=ended.pk).update(ended_at=clock.now())
    other = order(pair.inspector, respondent=pair.respondent.pk, threat=Threat.LOW)
    assessed(pair, Level.HIGH)
    assert follow() == 0
    assert set(Order.objects.filter(pk__in=(ended.pk, other.pk)).values_list("threat", flat=True)) == {"low"}


def test_a_level_that_two_people_lowered_raises_nothing_any_more(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    lower = do_set_level(
        pair.inspector, respondent=pair.respondent.pk, protected_person=pair.protected.pk, level=Level.LOW, reason=WHY
    )
    ordered(pair, Threat.LOW)
    do_confirm_lowering(pair.second, lower.pk, reason=WHY)
    assert follow() == 0


def test_nobody_lowers_alone_by_varying_the_order_below_the_level_that_stands(database: Database, pair: Pair) -> None:
    found = ordered(pair, Threat.HIGH)
    # What nobody assessed is not low, and a low of one's own makes no second person.
    for level in (None, Level.LOW, Level.HIGH):
        if level is not None:
            assessed(pair, level)
        with pytest.raises(Refused) as refused:
            do_vary_order(pair.inspector, found.pk, reason="мешает спать", threat=Threat.LOW)
        assert refused.value.code is Code.PROPOSAL_NEEDED
    found.refresh_from_db()
    assert found.threat == Threat.HIGH
    assert [told["order"]["threat_level"] for told in controls(database)] == ["high"]


def test_a_level_that_somebody_else_assessed_as_low_may_be_written_into_the_order(
    database: Database, pair: Pair
) -> None:
    found = ordered(pair, Threat.HIGH)
    assessed(pair, Level.LOW)
    colleague = account("colleague", Role.POLICE, HERE, agency="police_oktyabrsky")
    do_vary_order(colleague, found.pk, reason="уровень определён коллегой", threat=Threat.LOW)
    assert [told["order"]["threat_level"] for told in controls(database)] == ["high", "low"]


def test_of_several_protected_persons_the_highest_level_counts(pair: Pair) -> None:
    other = protected(pair.inspector)
    ring = ConditionDraft(kind="proximity", distance_m=500, warning_m=1200, protected=other.pk)
    found = order(
        pair.inspector, respondent=pair.respondent.pk, protected_persons=(pair.protected.pk, other.pk),
        conditions=(ring,), threat=Threat.LOW,
    )  # fmt: skip
    assessed(pair, Level.HIGH)
    do_assess(pair.inspector, form(pair, protected_person=other.pk))
    assert follow() == 1
    found.refresh_from_db()
    assert found.threat == Threat.HIGH


def test_the_look_for_orders_below_their_level_is_one_query(pair: Pair) -> None:
    ordered(pair, Threat.HIGH)
    assessed(pair, Level.HIGH)
    with CaptureQueriesContext(connection) as asked:
        follow()
    assert len(asked) == 1


def test_the_running_jobs_process_carries_a_raised_level_to_the_engines_log(
    database: Database, pair: Pair, tmp_path: Path
) -> None:
    found = ordered(pair, Threat.LOW)
    stop = threading.Event()
    jobs = Jobs(JobsSettings(home=tmp_path, risk_s=1), stop)
    running = threading.Thread(target=jobs._follow_risk)
    running.start()
    try:
        assessed(pair, Level.EXTREME)
        wait_until(lambda: controls(database)[-1]["version"] > 1, within_s=30.0, what="a version of the raised threat")
    finally:
        stop.set()
        running.join()
    assert controls(database)[-1]["order"]["threat_level"] == "high"
    assert Order.objects.get(pk=found.pk).threat == Threat.HIGH
