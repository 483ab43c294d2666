"""A case opened at once by somebody without access: with a reason, a second person, an end and a finding afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from aralyk import clock
from aralyk.access.break_glass import (
    OVERDUE_ALARM,
    do_break_glass,
    do_close_glass,
    do_confirm_glass,
    do_refuse_glass,
    do_review_glass,
    do_settle_emergencies,
    emergencies_for,
)
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.limits import limits
from aralyk.access.models import BreakGlass, Finding, Role
from aralyk.devices.queries import alarms_seen_by
from aralyk.incidents.actions import do_acknowledge
from aralyk.incidents.models import Incident
from aralyk.orders.models import Order
from aralyk.people.looks import do_look
from aralyk.people.vault import SealedName
from tests.access.people import REASON, other, scene, ways_to
from tests.conftest import Database
from tests.orders.cast import HER_PHONE, Cast, witnesses

FOUND = "проверено: звонок ребёнка, выезд обоснован"
Pass = Callable[[timedelta], None]


@pytest.fixture
def case(database: Database, roles: Cast) -> tuple[Order, Incident]:
    return scene(database, roles)


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Pass:
    """Let domain time go on."""
    real: Callable[[], datetime] = clock.now
    ahead = [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: real() + ahead[0])

    def let(time: timedelta) -> None:
        ahead[0] += time

    return let


def broken(roles: Cast, case: Order) -> BreakGlass:
    return do_break_glass(roles.police_elsewhere, number=case.number, reason=REASON)


def look(roles: Cast, case: Order) -> str:
    her = case.protected_persons.get().pk
    return do_look(roles.police_elsewhere, person=her, order=case.pk, field=SealedName.PHONE, purpose="предупредить её")


def test_a_case_opens_at_once_to_read_and_only_with_a_second_person_to_work_in(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    found, incident = case
    outsider = roles.police_elsewhere
    assert not any(ways_to(outsider, *case).values())
    glass = broken(roles, found)
    assert ways_to(outsider, *case)["order"]
    assert ways_to(outsider, *case)["places"]
    with pytest.raises(NotFound):
        do_acknowledge(outsider, incident.pk)
    with pytest.raises(NotFound):
        look(roles, found)
    do_confirm_glass(roles.operator, glass.pk)
    assert do_acknowledge(outsider, incident.pk).acknowledged_by == outsider
    assert look(roles, found) == HER_PHONE


def test_without_a_second_person_it_closes_by_itself(
    database: Database, roles: Cast, case: tuple[Order, Incident], passes: Pass
) -> None:
    glass = broken(roles, case[0])
    passes(limits().glass_confirm + timedelta(seconds=1))
    assert not any(ways_to(roles.police_elsewhere, *case).values())
    with pytest.raises(Refused) as refused:
        do_confirm_glass(roles.operator, glass.pk)
    assert refused.value.code is Code.ACCESS_OVER
    assert do_settle_emergencies(now=clock.now()) == 1
    kind, subject, by, data = witnesses(database)[-1]
    assert (kind, subject, by) == ("glass_closed", f"order:{case[0].pk}", "system:access")
    assert (data["why"], data["ended_at"]) == ("unconfirmed", clock.iso(glass.confirm_by))
    assert do_settle_emergencies(now=clock.now()) == 0


def test_with_a_second_person_it_ends_by_itself_all_the_same(
    roles: Cast, case: tuple[Order, Incident], passes: Pass
) -> None:
    glass = broken(roles, case[0])
    do_confirm_glass(roles.supervisor, glass.pk)
    passes(limits().glass_open - timedelta(minutes=1))
    assert ways_to(roles.police_elsewhere, *case)["order"]
    passes(timedelta(minutes=2))
    assert not any(ways_to(roles.police_elsewhere, *case).values())


@pytest.mark.parametrize("how", ["refused", "self"])
def test_it_closes_at_once_when_the_second_person_says_no_or_the_first_has_done(
    roles: Cast, case: tuple[Order, Incident], how: str
) -> None:
    glass = broken(roles, case[0])
    if how == "refused":
        do_refuse_glass(roles.prosecutor, glass.pk)
    else:
        do_close_glass(roles.police_elsewhere, glass.pk)
    assert not any(ways_to(roles.police_elsewhere, *case).values())
    assert BreakGlass.objects.get(pk=glass.pk).closed_why == how


def test_nobody_is_their_own_second_person_and_no_outsider_is_one(roles: Cast, case: tuple[Order, Incident]) -> None:
    glass = broken(roles, case[0])
    with pytest.raises(Refused) as refused:
        do_confirm_glass(roles.police_elsewhere, glass.pk)
    assert refused.value.code is Code.ANOTHER_PERSON_NEEDED
    outsider = other(Role.POLICE, "third", "bishkek_pervomaisky")
    with pytest.raises(NotFound):
        do_confirm_glass(outsider, glass.pk)
    with pytest.raises(Refused) as refused:
        do_confirm_glass(roles.probation, glass.pk)
    assert refused.value.code is Code.NOT_PERMITTED


def test_an_unknown_number_looks_like_one_that_must_stay_closed_and_is_witnessed(
    database: Database, roles: Cast, case: tuple[Order, Incident]
) -> None:
    with pytest.raises(NotFound) as missing:
        do_break_glass(roles.police_elsewhere, number="ПР-нет-такого", reason=REASON)
    assert missing.value.what == "order"
    assert witnesses(database)[-1][0] == "glass_refused"
    assert "нет-такого" not in str(witnesses(database)[-1])


def test_who_sees_the_case_needs_no_emergency_and_some_roles_have_none(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    with pytest.raises(Refused) as refused:
        do_break_glass(roles.police, number=case[0].number, reason=REASON)
    assert refused.value.code is Code.ALREADY_SEEN
    roles_without = (Role.ADMINISTRATOR, Role.ANALYST, Role.DEFENCE_LAWYER, Role.OMBUDSMAN, Role.CRISIS_CENTRE)
    for role in roles_without:
        with pytest.raises(Refused) as refused:
            do_break_glass(other(role), number=case[0].number, reason=REASON)
        assert refused.value.code is Code.NOT_PERMITTED


def test_guessing_numbers_is_stopped_and_told(database: Database, roles: Cast, case: tuple[Order, Incident]) -> None:
    for number in range(limits().glass_asks_an_hour):
        with pytest.raises(NotFound):
            do_break_glass(roles.police_elsewhere, number=f"ПР-{number}", reason=REASON)
    with pytest.raises(Refused) as refused:
        broken(roles, case[0])
    assert refused.value.code is Code.TOO_MANY_LOOKS
    assert "looks_stopped" in [kind for kind, *_ in witnesses(database)]


def test_a_third_person_writes_the_finding_after_it_ended(
    database: Database, roles: Cast, case: tuple[Order, Incident]
) -> None:
    glass = broken(roles, case[0])
    do_confirm_glass(roles.supervisor, glass.pk)
    with pytest.raises(Refused) as refused:
        do_review_glass(roles.prosecutor, glass.pk, finding=Finding.JUSTIFIED, text=FOUND)
    assert refused.value.code is Code.STILL_IN_USE
    do_close_glass(roles.police_elsewhere, glass.pk)
    with pytest.raises(Refused) as refused:
        do_review_glass(roles.supervisor, glass.pk, finding=Finding.JUSTIFIED, text=FOUND)
    assert refused.value.code is Code.ANOTHER_PERSON_NEEDED
    with pytest.raises(Refused) as refused:
        do_review_glass(roles.operator, glass.pk, finding=Finding.JUSTIFIED, text=FOUND)
    assert refused.value.code is Code.NOT_PERMITTED
    assert [one.glass.pk for one in emergencies_for(roles.prosecutor, only_unreviewed=True)] == [glass.pk]
    do_review_glass(roles.prosecutor, glass.pk, finding=Finding.MISTAKEN, text=FOUND)
    assert emergencies_for(roles.prosecutor, only_unreviewed=True) == []
    assert emergencies_for(roles.prosecutor)[0].glass.finding_text == FOUND
    kinds = [kind for kind, *_ in witnesses(database) if kind.startswith("glass_")]
    assert kinds == ["glass_broken", "glass_confirmed", "glass_closed", "glass_reviewed"]
    assert "ребёнка" not in str(witnesses(database))
    with pytest.raises(Refused) as refused:
        do_review_glass(roles.prosecutor, glass.pk, finding=Finding.ABUSE, text=FOUND)
    assert refused.value.code is Code.ALREADY_REVIEWED


def test_the_list_is_for_those_of_the_case_alone(roles: Cast, case: tuple[Order, Incident]) -> None:
    glass = broken(roles, case[0])
    seen = {
        user.username: [one.glass.pk for one in emergencies_for(user)]
        for user in (roles.operator, roles.prosecutor, roles.police, roles.police_elsewhere, roles.probation)
    }
    assert seen == {
        "operator": [glass.pk], "prosecutor": [glass.pk], "police": [glass.pk], "police_elsewhere": [glass.pk],
        "probation": [],
    }  # fmt: skip


def test_a_late_review_is_told_once_and_cleared_by_the_finding(
    database: Database, roles: Cast, case: tuple[Order, Incident], passes: Pass
) -> None:
    glass = broken(roles, case[0])
    do_close_glass(roles.police_elsewhere, glass.pk)
    passes(limits().glass_review + timedelta(hours=1))
    for _ in range(2):
        do_settle_emergencies(now=clock.now())
    assert [kind for kind, *_ in witnesses(database)].count("glass_review_overdue") == 1
    assert emergencies_for(roles.prosecutor)[0].overdue
    assert alarms_seen_by(roles.prosecutor, [OVERDUE_ALARM]) == {OVERDUE_ALARM}
    assert alarms_seen_by(roles.police, [OVERDUE_ALARM]) == set()
    do_review_glass(roles.prosecutor, glass.pk, finding=Finding.JUSTIFIED, text=FOUND)
    do_settle_emergencies(now=clock.now())
    assert [kind for kind, *_ in witnesses(database)][-1] == "alarm_cleared"
