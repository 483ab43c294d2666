"""The page of duty: who is there now, hours with nobody in words, the test call by one button, a new shift."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from aralyk import clock
from aralyk.access.models import User
from aralyk.jurisdictions.values import DeskKind
from aralyk.roster.actions import do_open_desk, do_plan_shift
from aralyk.roster.models import Shift
from tests.conftest import Database
from tests.console.test_pages import client_of
from tests.incidents.stage import DUTY_UNIT, man, officer, sit
from tests.orders.cast import ELSEWHERE, HERE, Cast

pytestmark = pytest.mark.usefixtures("database")


def page_of(user: User) -> str:
    return client_of(user, "en").get("/roster/").content.decode()


def row(page: str, code: str) -> str:
    return page.split(f'<tr data-desk="{code}">')[1].split("</tr>")[0]


def test_the_page_says_who_is_there_who_has_not_answered_and_where_nobody_is(database: Database, roles: Cast) -> None:
    duty = officer()
    man(roles.supervisor, DUTY_UNIT, DeskKind.DUTY_UNIT, duty, district=HERE)
    man(roles.supervisor, "centre", DeskKind.CENTRE, roles.operator, answers=False)
    do_open_desk(roles.supervisor, code="last", kind=DeskKind.LAST)
    page = page_of(roles.operator)
    assert "Т. duty_officer" in row(page, DUTY_UNIT)
    assert "has not answered" not in row(page, DUTY_UNIT)
    assert "Т. operator: has not answered the test call" in row(page, "centre")
    empty = row(page, "last")
    assert "state-bad" in empty
    assert "</svg>nobody<" in empty


def test_hours_without_anybody_are_said_before_they_come(database: Database, roles: Cast) -> None:
    man(roles.supervisor, "centre", DeskKind.CENTRE, roles.operator)
    gap = row(page_of(roles.supervisor), "centre")
    assert "triangle-alert" not in gap  # the icon is drawn, not named
    ends = Shift.objects.get().ends_at
    assert timezone.localtime(ends).strftime("%d.%m.%Y %H:%M") in gap
    sit(roles.supervisor, "centre", roles.operator)
    now = clock.now()
    do_plan_shift(
        roles.supervisor, desk="centre", starts_at=now + timedelta(hours=11), ends_at=now + timedelta(hours=30),
        people=["supervisor"],
    )  # fmt: skip
    assert "no gap" in row(page_of(roles.supervisor), "centre")


def test_the_test_call_is_answered_by_one_button_by_whoever_sits_there(database: Database, roles: Cast) -> None:
    do_open_desk(roles.supervisor, code="centre", kind=DeskKind.CENTRE)
    shift = sit(roles.supervisor, "centre", roles.operator, answers=False)
    address = f"/roster/shifts/{shift.pk}/answer"
    assert address in page_of(roles.operator)
    assert address not in page_of(roles.supervisor)
    assert client_of(roles.supervisor).post(address).status_code == 404
    assert client_of(roles.operator).post(address).status_code == 302
    shift.refresh_from_db()
    assert shift.call_answered_by == roles.operator
    again = client_of(roles.operator, "en").post(address)
    assert (again.status_code, "Somebody has already answered this." in again.content.decode()) == (409, True)
    assert address not in page_of(roles.operator)


def when(hours: int) -> str:
    return timezone.localtime(clock.now() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


def test_a_supervisor_makes_a_shift_and_each_mistake_stands_at_its_field(database: Database, roles: Cast) -> None:
    do_open_desk(roles.supervisor, code="centre", kind=DeskKind.CENTRE)
    client = client_of(roles.supervisor, "en")
    given = {"desk": "centre", "starts_at": when(1), "ends_at": when(13), "people": "operator, supervisor"}
    unknown = client.post("/roster/plan", given | {"people": "operator, nobody_of_that_name"})
    assert (unknown.status_code, "User names of active accounts" in unknown.content.decode()) == (422, True)
    too_long = client.post("/roster/plan", given | {"ends_at": when(60)})
    assert (too_long.status_code, "a shift lasts at most 36 hours" in too_long.content.decode()) == (422, True)
    assert not Shift.objects.exists()
    assert client.post("/roster/plan", given).status_code == 302
    shift = Shift.objects.get()
    assert [one.person.username for one in shift.postings.order_by("pk")] == ["operator", "supervisor"]
    assert client.post(f"/roster/shifts/{shift.pk}/cancel").status_code == 302
    shift.refresh_from_db()
    assert shift.cancelled_by == roles.supervisor


def test_who_keeps_no_roster_plans_nothing_and_who_reads_none_sees_none(database: Database, roles: Cast) -> None:
    do_open_desk(roles.supervisor, code="centre", kind=DeskKind.CENTRE)
    assert "Make a shift" not in page_of(roles.operator)
    given = {"desk": "centre", "starts_at": when(1), "ends_at": when(13), "people": "operator"}
    assert client_of(roles.operator).post("/roster/plan", given).status_code == 403
    assert client_of(roles.probation).get("/roster/").status_code == 403
    assert not Shift.objects.exists()


def test_a_desk_of_another_district_is_not_there(database: Database, roles: Cast) -> None:
    do_open_desk(roles.supervisor, code="duty_unit_leninsky", kind=DeskKind.DUTY_UNIT, district=ELSEWHERE)
    assert "duty_unit_leninsky" in page_of(roles.supervisor)
    assert "duty_unit_leninsky" not in page_of(roles.police)
