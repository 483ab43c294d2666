"""A case is opened to one person by name: for a purpose, with a right, until a day, and every way follows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.grants import cases_opened_to, do_withdraw_grant, grants_of_case
from aralyk.access.models import CaseGrant, Right, Role, User
from aralyk.access.permissions import served_to
from aralyk.devices.actions import do_unassign_device
from aralyk.devices.commands import do_ask_device
from aralyk.devices.queries import places_for
from aralyk.incidents.actions import do_acknowledge, do_note
from aralyk.incidents.models import Incident
from aralyk.orders.actions import do_end_order, do_vary_order
from aralyk.orders.models import Order
from aralyk.orders.queries import orders_for
from aralyk.people.looks import do_look
from aralyk.people.vault import SealedName
from aralyk.protocols.commands import CommandKind
from tests.access.people import open_to, other, scene, ways_to
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, HER_PHONE, Cast, order, witnesses


@pytest.fixture
def case(database: Database, roles: Cast) -> tuple[Order, Incident]:
    return scene(database, roles)


def test_whoever_was_given_a_case_finds_it_by_every_way_and_before_that_by_none(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    ombudsman = other(Role.OMBUDSMAN)
    ways = ways_to(roles.police, *case)
    assert {name for name, open_ in ways.items() if not open_} == {"risk level"}  # nobody assessed it yet
    assert not any(ways_to(ombudsman, *case).values())
    open_to(roles.police, ombudsman, case[0])
    assert ways_to(ombudsman, *case) == ways


def test_one_case_opens_no_other(roles: Cast, case: tuple[Order, Incident]) -> None:
    order(roles.police)
    ombudsman = other(Role.OMBUDSMAN)
    open_to(roles.police, ombudsman, case[0])
    assert [found.pk for found in orders_for(ombudsman)] == [case[0].pk]


def test_where_she_is_stays_closed_in_a_case_that_was_opened(roles: Cast, case: tuple[Order, Incident]) -> None:
    for role, right in ((Role.OMBUDSMAN, Right.READ), (Role.POLICE, Right.WORK)):
        user = other(role, f"x-{role.value}", *([ELSEWHERE] if role is Role.POLICE else []))
        open_to(roles.police, user, case[0], right=right)
        his, hers = places_for(user)
        assert his.lat is not None
        assert (hers.lat, hers.lon, hers.withheld) == (None, None, True)


def test_a_case_given_to_read_is_not_there_to_work_in(roles: Cast, case: tuple[Order, Incident]) -> None:
    found, incident = case
    police, probation = other(Role.POLICE, "p2", ELSEWHERE), other(Role.PROBATION, "b2", ELSEWHERE)
    for user in (police, probation):
        open_to(roles.police, user, found)
    her = found.protected_persons.get().pk
    acts: list[Callable[[], object]] = [
        lambda: do_acknowledge(police, incident.pk),
        lambda: do_note(police, incident.pk, text="выехал"),
        lambda: do_look(police, person=her, order=found.pk, field=SealedName.PHONE, purpose="позвонить ей"),
        lambda: do_ask_device(probation, device_id="860000000000017", kind=CommandKind.BUZZ, reason="где он"),
        lambda: do_unassign_device(probation, device_id="860000000000017", order_id=found.pk, reason="замена"),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()


def test_a_case_given_to_work_in_lets_the_role_do_its_work_but_not_touch_the_order(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    found, incident = case
    police = roles.police_elsewhere
    open_to(roles.police, police, found, right=Right.WORK)
    do_acknowledge(police, incident.pk)
    her = found.protected_persons.get().pk
    look = do_look(police, person=her, order=found.pk, field=SealedName.PHONE, purpose="позвонить ей")
    assert look == HER_PHONE
    with pytest.raises(NotFound):
        do_vary_order(police, found.pk, reason="чужой район", expires_at=clock.now() + timedelta(days=3))
    with pytest.raises(NotFound):
        do_end_order(police, found.pk, reason="чужой район")


def test_a_grant_ends_by_itself_and_at_once_when_it_is_taken_back(
    roles: Cast, case: tuple[Order, Incident], monkeypatch: pytest.MonkeyPatch
) -> None:
    court = other(Role.COURT, "court", ELSEWHERE)
    grant = open_to(roles.supervisor, court, case[0], days=1)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=1, seconds=1))
    assert not any(ways_to(court, *case).values())
    monkeypatch.setattr(clock, "now", lambda: now)
    assert ways_to(court, *case)["order"]
    do_withdraw_grant(roles.police, grant.pk, reason="больше не нужно")
    assert not any(ways_to(court, *case).values())
    with pytest.raises(Refused) as refused:
        do_withdraw_grant(roles.police, grant.pk, reason="ещё раз")
    assert refused.value.code is Code.ACCESS_OVER


def test_a_defence_lawyer_is_given_what_was_served_and_nothing_that_leads_to_her(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    lawyer = other(Role.DEFENCE_LAWYER)
    for right in (Right.READ, Right.WORK):
        with pytest.raises(Refused) as refused:
            open_to(roles.police, lawyer, case[0], right=right)
        assert refused.value.fields[0].field == "right"
    open_to(roles.police, lawyer, case[0], right=Right.SERVED)
    assert not any(ways_to(lawyer, *case).values())
    assert served_to(lawyer) == {case[0].pk}
    assert [one.case.number for one in cases_opened_to(lawyer)] == [case[0].number]


def test_even_a_lawyers_row_with_another_right_opens_nothing(roles: Cast, case: tuple[Order, Incident]) -> None:
    lawyer = other(Role.DEFENCE_LAWYER)
    grant = open_to(roles.police, lawyer, case[0], right=Right.SERVED)
    CaseGrant.objects.filter(pk=grant.pk).update(right=Right.WORK)
    assert not any(ways_to(lawyer, *case).values())


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.ANALYST])
def test_some_roles_are_never_given_a_case(roles: Cast, case: tuple[Order, Incident], role: Role) -> None:
    user = other(role)
    for right in Right:
        with pytest.raises(Refused) as refused:
            open_to(roles.police, user, case[0], right=right)
        assert refused.value.fields[0].field == "right"


@pytest.mark.parametrize("days", [-1, 91])
def test_a_grant_lies_ahead_and_is_not_longer_than_the_installation_allows(
    roles: Cast, case: tuple[Order, Incident], days: float
) -> None:
    with pytest.raises(Refused) as refused:
        open_to(roles.police, other(Role.OMBUDSMAN), case[0], days=days)
    assert refused.value.fields[0].field == "ends_at"


def test_only_who_has_the_case_by_office_gives_it_and_never_to_oneself(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    found, _ = case
    ombudsman = other(Role.OMBUDSMAN)
    with pytest.raises(NotFound):
        open_to(roles.police_elsewhere, ombudsman, found)
    open_to(roles.police, roles.police_elsewhere, found, right=Right.WORK)
    with pytest.raises(NotFound):  # what was opened by name is not handed on
        open_to(roles.police_elsewhere, ombudsman, found)
    with pytest.raises(Refused) as refused:
        open_to(roles.operator, ombudsman, found)
    assert refused.value.code is Code.NOT_PERMITTED
    with pytest.raises(Refused) as refused:
        open_to(roles.police, roles.police, found)
    assert refused.value.fields[0].field == "username"
    with pytest.raises(NotFound):
        grants_of_case(ombudsman, found.pk)
    assert grants_of_case(roles.prosecutor, found.pk).count() == 1


def test_giving_and_taking_back_leave_a_witness_each_without_a_word_of_the_purpose(
    database: Database, roles: Cast, case: tuple[Order, Incident]
) -> None:
    ombudsman = other(Role.OMBUDSMAN)
    before = len(witnesses(database))
    grant = open_to(roles.police, ombudsman, case[0])
    do_withdraw_grant(roles.police, grant.pk, reason="Айгуль просила")
    (first, second) = witnesses(database)[before:]
    assert (first[0], first[1], first[2]) == ("case_granted", f"order:{case[0].pk}", f"user:{roles.police.pk}")
    assert first[3]["user"] == f"user:{ombudsman.pk}"
    assert second[0] == "case_grant_withdrawn"
    assert "Айгуль" not in str((first, second))
    assert "суде" not in str((first, second))


def test_a_disabled_person_cannot_be_given_a_case(roles: Cast, case: tuple[Order, Incident]) -> None:
    ombudsman = other(Role.OMBUDSMAN)
    User.objects.filter(pk=ombudsman.pk).update(is_active=False)
    with pytest.raises(Refused):
        open_to(roles.police, ombudsman, case[0])
