"""What incidents and orders mean for risk travels upward as rows, once, and nothing of hers is told against anybody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from aralyk import clock
from aralyk.incidents.models import Incident
from aralyk.incidents.upward import tell_risk as tell_of_incidents
from aralyk.orders.actions import do_end_order, do_vary_order
from aralyk.orders.upward import tell_risk as tell_of_orders
from aralyk.risk.models import RiskEvent
from aralyk.risk.pickup import do_pick_up_events
from aralyk.risk.queries import reassessments_for
from tests.conftest import Database
from tests.orders.cast import RULING, Cast, order, protected, raised
from tests.risk.conftest import Pair

WEEK = timedelta(days=7)


def tell() -> int:
    now = clock.now()
    return tell_of_incidents(now=now, since=now - WEEK) + tell_of_orders(now=now, since=now - WEEK)


def test_a_priority_one_signal_asks_for_an_assessment_once(database: Database, pair: Pair) -> None:
    found = order(pair.inspector, respondent=pair.respondent.pk)
    incident = raised(database, found)
    assert [tell(), tell()] == [1, 0]
    event = RiskEvent.objects.get()
    assert (event.cause, event.source) == ("possible_violation", f"incident:{incident.pk}")
    assert (event.protected_person_id, event.respondent_id) == (found.protected_persons.get().pk, pair.respondent.pk)
    assert event.facts == {"kind": "proximity", "priority": 1, "late": False, "jurisdiction": "KG"}
    assert do_pick_up_events() == 1
    assert [one.cause for one in reassessments_for(pair.inspector)] == ["possible_violation"]


@pytest.mark.parametrize(
    ("kind", "priority", "cause"),
    [
        ("tamper", 1, "tamper"), ("jamming", 2, "tamper"), ("silence", 3, "silence"), ("panic", 1, "panic"),
        ("proximity", 2, None), ("battery", 3, None), ("warning_ring", 2, None), ("better_fix", 2, None),
    ],
)  # fmt: skip
def test_what_each_kind_of_incident_is_told_as(
    database: Database, roles: Cast, kind: str, priority: int, cause: str | None
) -> None:
    raised(database, order(roles.police), kind=kind, priority=priority)
    tell()
    assert list(RiskEvent.objects.values_list("cause", flat=True)) == ([] if cause is None else [cause])


def test_a_signal_that_grew_to_priority_one_is_told_then(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police), priority=2)
    assert tell() == 0
    Incident.objects.filter(pk=incident.pk).update(worst_priority=1)
    assert tell() == 1


def test_her_devices_silence_and_tamper_say_nothing_about_him_and_her_call_for_help_does(
    database: Database, roles: Cast
) -> None:
    found = order(roles.police)
    for kind in ("silence", "tamper", "panic"):
        incident = raised(database, found, kind=kind)
        Incident.objects.filter(pk=incident.pk).update(party=f"protected:{found.protected_persons.get().pk}")
    tell()
    assert list(RiskEvent.objects.values_list("cause", flat=True)) == ["panic"]


def test_a_signal_in_an_order_for_several_people_is_about_each_of_them(database: Database, pair: Pair) -> None:
    people = (pair.protected.pk, protected(pair.inspector).pk)
    from aralyk.orders.drafts import ConditionDraft

    ring = ConditionDraft(kind="proximity", distance_m=500, warning_m=1200, protected=people[0])
    found = order(pair.inspector, respondent=pair.respondent.pk, protected_persons=people, conditions=(ring,))
    raised(database, found, kind="tamper")
    tell()
    do_pick_up_events()
    assert {one.protected_person_id for one in reassessments_for(pair.inspector)} == set(people)


def test_the_end_of_an_order_is_told_two_weeks_ahead_and_again_when_it_moved(pair: Pair) -> None:
    now = clock.now()
    far = order(pair.inspector, respondent=pair.respondent.pk, expires_at=now + timedelta(days=30))
    assert tell() == 0
    near = order(
        pair.inspector, respondent=pair.respondent.pk, legal_basis="police_temporary_order",
        expires_at=now + timedelta(days=2),
    )  # fmt: skip
    assert [tell(), tell()] == [1, 0]
    do_vary_order(
        pair.inspector, near.pk, reason="по её просьбе", expires_at=now + timedelta(days=5), extension_requested=True
    )
    assert tell() == 1
    do_end_order(pair.inspector, far.pk, reason="отменён судом", act=RULING)
    assert tell() == 1
    assert set(RiskEvent.objects.values_list("cause", flat=True)) == {"order_ending"}
    do_pick_up_events()
    ahead = {
        one.due_at for one in reassessments_for(pair.inspector).filter(event__occurred_at__gt=now + timedelta(days=1))
    }
    assert ahead == {now + timedelta(days=1), now + timedelta(days=4)}


def test_an_event_that_names_a_law_nobody_has_is_urgent_and_holds_nothing_up(database: Database, pair: Pair) -> None:
    found = order(pair.inspector, respondent=pair.respondent.pk)
    raised(database, found)
    raised(database, found, kind="panic")
    tell()
    first = RiskEvent.objects.earliest("pk")
    first.facts = {**first.facts, "jurisdiction": "nowhere"}
    first.save(update_fields=["facts"])
    assert do_pick_up_events() == 2
    assert not RiskEvent.objects.filter(picked_up_at__isnull=True).exists()
    assert {one.cause for one in reassessments_for(pair.inspector)} == {"possible_violation", "panic"}


def test_the_console_role_may_tell(database: Database, roles: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("aralyk_console",)
    raised(database, order(roles.police), kind="tamper")
    assert tell() == 1
