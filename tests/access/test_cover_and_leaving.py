"""Who stands in for a colleague sees those districts and hands nothing on; who leaves is cut off at once."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from aralyk import clock
from aralyk.access.actions import do_change_user
from aralyk.access.break_glass import do_break_glass
from aralyk.access.delegations import delegations_for, do_delegate, do_end_delegation
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import BreakGlass, CaseGrant, Delegation, Right, Role, User
from aralyk.incidents.actions import do_acknowledge
from aralyk.incidents.models import Incident
from aralyk.orders.models import Order
from aralyk.orders.queries import orders_for
from tests.access.people import REASON, open_to, other, scene, ways_to
from tests.conftest import Database
from tests.console.serving import Served, session_of
from tests.orders.cast import ELSEWHERE, HERE, Cast, witnesses


@pytest.fixture
def case(database: Database, roles: Cast) -> tuple[Order, Incident]:
    return scene(database, roles)


def colleague(name: str = "colleague", *districts: str) -> User:
    return other(Role.POLICE, name, *(districts or (ELSEWHERE,)), agency="police_oktyabrsky")


def cover(by: User, deputy: User, giver: User | None = None, *, days: float = 14, begins: float = 0) -> Delegation:
    starts_at = clock.now() + timedelta(days=begins)
    return do_delegate(
        by, giver=(giver or by).username, deputy=deputy.username, starts_at=starts_at,
        ends_at=starts_at + timedelta(days=days), reason="отпуск",
    )  # fmt: skip


def test_a_deputy_sees_and_answers_the_cases_of_the_colleague_and_keeps_the_own(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    deputy = colleague()
    assert not any(ways_to(deputy, *case).values())
    cover(roles.police, deputy)
    assert ways_to(deputy, *case) == ways_to(roles.police, *case)
    assert do_acknowledge(deputy, case[1].pk).acknowledged_by == deputy


def test_cover_begins_and_ends_by_the_clock_or_at_once(
    roles: Cast, case: tuple[Order, Incident], monkeypatch: pytest.MonkeyPatch
) -> None:
    deputy = colleague()
    made = cover(roles.police, deputy, days=2, begins=1)
    now = clock.now()
    seen = []
    for hours in (0, 25, 71, 73):
        monkeypatch.setattr(clock, "now", lambda hours=hours: now + timedelta(hours=hours))
        seen.append(ways_to(deputy, *case)["order"])
    assert seen == [False, True, True, False]
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=25))
    do_end_delegation(deputy, made.pk)
    assert not ways_to(deputy, *case)["order"]


def test_what_is_held_for_somebody_is_not_handed_on(roles: Cast, case: tuple[Order, Incident]) -> None:
    second, third = colleague("second"), colleague("third", "bishkek_pervomaisky")
    cover(roles.police, second)
    cover(second, third)
    assert ways_to(second, *case)["order"]
    assert not any(ways_to(third, *case).values())


def test_cover_is_for_a_colleague_of_the_same_agency_and_role_and_not_too_long(roles: Cast) -> None:
    deputy = colleague()
    refusals = [
        (roles.police, roles.police_elsewhere, 14, "deputy"),  # another agency
        (roles.police, roles.probation, 14, "deputy"),
        (roles.police, roles.police, 14, "deputy"),
        (roles.police, deputy, 61, "ends_at"),
        (roles.police, deputy, -1, "ends_at"),
        (roles.supervisor, deputy, 14, "giver"),  # no districts of one's own
    ]
    for by, to, days, field in refusals:
        with pytest.raises(Refused) as refused:
            cover(by, to, days=days)
        assert refused.value.fields[0].field == field
    with pytest.raises(Refused) as refused:
        cover(deputy, deputy, giver=roles.police)
    assert refused.value.code is Code.NOT_PERMITTED
    assert cover(roles.administrator, deputy, giver=roles.police).made_by == roles.administrator


def test_naming_a_deputy_tells_nobody_who_else_has_an_account(roles: Cast) -> None:
    said = set()
    for name in ("nobody-of-this-name", roles.prosecutor.username, roles.police_elsewhere.username, "police"):
        with pytest.raises(Refused) as refused:
            do_delegate(
                roles.police, giver="police", deputy=name, starts_at=clock.now(),
                ends_at=clock.now() + timedelta(days=1), reason="отпуск",
            )  # fmt: skip
        said.add(refused.value.fields)
    assert len(said) == 1


def test_cover_is_known_to_both_and_to_administrators_and_witnessed(database: Database, roles: Cast) -> None:
    deputy = colleague()
    before = len(witnesses(database))
    made = cover(roles.police, deputy)
    for user in (roles.police, deputy, roles.administrator):
        assert [one.pk for one in delegations_for(user)] == [made.pk]
    assert not delegations_for(roles.operator).exists()
    with pytest.raises(NotFound):
        do_end_delegation(roles.operator, made.pk)
    do_end_delegation(roles.police, made.pk)
    ((kind, _, _, data), (end, *_)) = witnesses(database)[before:]
    assert (kind, end, data["districts"]) == ("districts_lent", "districts_taken_back", [HERE])


def test_cover_ends_with_the_account_or_the_role_that_gave_it(roles: Cast, case: tuple[Order, Incident]) -> None:
    deputy = colleague()
    cover(roles.police, deputy)
    User.objects.filter(pk=roles.police.pk).update(is_active=False)  # whoever wrote it
    assert not any(ways_to(deputy, *case).values())
    User.objects.filter(pk=roles.police.pk).update(is_active=True)
    do_change_user(roles.administrator, roles.police.pk, role=Role.PROBATION)
    assert Delegation.objects.get().ended_at is not None
    assert not any(ways_to(deputy, *case).values())


def test_a_leaver_loses_sessions_grants_emergencies_and_covers_in_one_act(
    database: Database, roles: Cast, case: tuple[Order, Incident]
) -> None:
    leaver = roles.police_elsewhere
    open_to(roles.police, leaver, case[0], right=Right.WORK)
    cover(leaver, other(Role.POLICE, "stays", HERE, agency="police_leninsky"))
    second_case = scene_of_another(roles)
    do_break_glass(leaver, number=second_case.number, reason=REASON)
    keys = [session_of(leaver), session_of(leaver)]
    kept = session_of(roles.operator)
    do_change_user(roles.administrator, leaver.pk, active=False)
    assert set(Session.objects.values_list("pk", flat=True)) & {*keys, kept} == {kept}
    assert CaseGrant.objects.get().withdrawn_at is not None
    assert Delegation.objects.get().ended_at is not None
    assert BreakGlass.objects.get().closed_why == "account"
    assert witnesses(database)[-1][3]["sessions_closed"] == 2
    do_change_user(roles.administrator, leaver.pk, active=True)
    back = User.objects.get(pk=leaver.pk)
    assert not any(ways_to(back, *case).values())
    assert not orders_for(back).exists()


def scene_of_another(roles: Cast) -> Order:
    from tests.orders.cast import order

    return order(roles.police)


@pytest.mark.usefixtures("home")
def test_a_leavers_open_page_and_session_are_dead_within_five_seconds(
    roles: Cast, case: tuple[Order, Incident], server: Served
) -> None:
    session = session_of(roles.police)
    page = server.open_page(session)
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    assert client.get(f"/orders/{case[0].pk}/").status_code == 200
    began_s = time.monotonic()
    do_change_user(roles.administrator, roles.police.pk, active=False)
    assert client.get(f"/orders/{case[0].pk}/").status_code == 302
    assert page.until_ended()[-1].name == "bye"
    assert time.monotonic() - began_s < 5.0


@pytest.mark.usefixtures("home")
def test_a_page_hears_of_a_case_from_its_grant_on_and_nothing_after_it_was_taken_back(
    database: Database, roles: Cast, case: tuple[Order, Incident], server: Served
) -> None:
    from aralyk.access.grants import do_withdraw_grant
    from aralyk.tracking.live import LiveKind
    from tests.console.test_stream import tell

    page = server.open_page(session_of(roles.police_elsewhere))
    grant = open_to(roles.police, roles.police_elsewhere, case[0])
    tell(database, LiveKind.INCIDENT, str(case[1].pk))
    assert page.next("incident").data == {"subject": str(case[1].pk)}
    do_withdraw_grant(roles.police, grant.pk, reason="выполнено")
    tell(database, LiveKind.INCIDENT, str(case[1].pk))
    tell(database, LiveKind.PLATFORM, "monitor")
    assert page.next("incident", "platform").name == "platform"
