"""Access over REST: the same permission as on the pages, for every role and every address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aralyk import clock
from aralyk.access.models import Right, Role, User
from aralyk.incidents.models import Incident
from aralyk.orders.models import Order
from tests.access.people import PURPOSE, REASON, open_to, other, scene
from tests.api.test_api import get, post
from tests.conftest import Database
from tests.orders.cast import Cast


@pytest.fixture
def case(database: Database, roles: Cast) -> tuple[Order, Incident]:
    return scene(database, roles)


def addresses(case: tuple[Order, Incident]) -> list[str]:
    order, incident = case
    return [f"/orders/{order.pk}", f"/incidents/{incident.pk}", f"/incidents/{incident.pk}/time-line",
            "/devices/860000000000017", f"/map/zones?order={order.pk}"]  # fmt: skip


def granting(to: str, **changed: Any) -> dict[str, Any]:
    ends_at = clock.iso(clock.now() + timedelta(days=3))
    return {"username": to, "right": "read", "purpose": PURPOSE, "ends_at": ends_at} | changed


def test_a_case_is_opened_and_taken_back_over_rest(roles: Cast, case: tuple[Order, Incident]) -> None:
    ombudsman, grants = other(Role.OMBUDSMAN), f"/orders/{case[0].pk}/grants"
    assert {get(ombudsman, address)[0] for address in addresses(case)} == {404}
    status, made = post(roles.police, grants, granting(ombudsman.username))
    assert (status, made["username"], made["right"]) == (200, ombudsman.username, "read")
    assert {get(ombudsman, address)[0] for address in addresses(case)} == {200}
    assert [one["number"] for one in get(ombudsman, "/access/cases")[1]] == [case[0].number]
    assert get(ombudsman, grants)[0] == 404
    assert post(roles.police, f"/access/grants/{made['id']}/withdraw", {"reason": "выполнено"})[0] == 200
    assert {get(ombudsman, address)[0] for address in addresses(case)} == {404}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": "nobody-here"}, "username"),
        ({"username": "a\u0000b"}, "username"),
        ({"right": "served"}, "right"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"ends_at": "2030-01-01T00:00:00"}, "ends_at"),
        ({"purpose": "x"}, "purpose"),
    ],
)
def test_a_bad_grant_names_its_field(
    roles: Cast, case: tuple[Order, Incident], changed: dict[str, Any], field: str
) -> None:
    given = granting(other(Role.OMBUDSMAN).username, **changed)
    status, body = post(roles.police, f"/orders/{case[0].pk}/grants", given)
    assert status == 422
    assert body["fields"][0]["field"].endswith(field)


def test_an_emergency_runs_over_rest_from_its_reason_to_its_finding(roles: Cast, case: tuple[Order, Incident]) -> None:
    asked = {"number": case[0].number, "reason": REASON}
    assert post(roles.administrator, "/access/emergencies", asked)[0] == 403
    status, glass = post(roles.police_elsewhere, "/access/emergencies", asked)
    assert (status, glass["confirmed_at"]) == (200, None)
    assert {get(roles.police_elsewhere, address)[0] for address in addresses(case)} == {200}
    address = f"/access/emergencies/{glass['id']}"
    assert post(roles.police_elsewhere, f"{address}/answer", {"act": "confirm"})[1]["code"] == "another_person_needed"
    assert post(roles.operator, f"{address}/answer", {"act": "confirm"})[0] == 200
    assert post(roles.police_elsewhere, f"{address}/answer", {"act": "close"})[0] == 200
    assert {get(roles.police_elsewhere, one)[0] for one in addresses(case)} == {404}
    finding = {"finding": "justified", "text": "проверено по записи звонка"}
    assert post(roles.prosecutor, f"{address}/review", finding)[0] == 200
    (listed,) = get(roles.prosecutor, "/access/emergencies")[1]
    assert (listed["number"], listed["open"], listed["finding"]) == (case[0].number, False, "justified")
    assert get(roles.prosecutor, "/access/emergencies?only_unreviewed=true")[1] == []


def test_a_conflict_closes_the_case_over_rest(roles: Cast, case: tuple[Order, Incident]) -> None:
    given = {
        "username": "police", "subject_kind": "respondent", "subject_id": str(case[0].respondent_id),
        "closeness": "relative", "note": "двоюродный",
    }  # fmt: skip
    status, made = post(roles.police, "/access/conflicts", given)
    assert status == 200
    assert {get(roles.police, address)[0] for address in addresses(case)} == {404}
    assert get(roles.supervisor, "/access/conflicts")[1][0]["orders"] == [case[0].number]
    decide = f"/access/conflicts/{made['id']}/decide"
    assert post(roles.supervisor, decide, {"act": "agree"})[0] == 200
    assert post(roles.supervisor, decide, {"act": "ask_to_lift", "reason": "однофамилец"})[0] == 200
    assert post(roles.supervisor, decide, {"act": "lift"})[1]["code"] == "another_person_needed"
    assert post(roles.prosecutor, decide, {"act": "lift"})[0] == 200
    assert {get(roles.police, address)[0] for address in addresses(case)} == {200}


def test_accounts_are_reviewed_over_rest(roles: Cast) -> None:
    assert [one["username"] for one in get(roles.supervisor, "/access/review")[1]] == ["operator"]
    taken = {"keep": False, "note": "уволена"}
    assert post(roles.supervisor, f"/access/review/{roles.police.pk}", taken)[0] == 404
    assert post(roles.supervisor, f"/access/review/{roles.operator.pk}", taken)[0] == 200
    assert not User.objects.get(pk=roles.operator.pk).is_active


def test_what_was_only_served_is_a_number_without_an_address(roles: Cast, case: tuple[Order, Incident]) -> None:
    lawyer = other(Role.DEFENCE_LAWYER)
    open_to(roles.police, lawyer, case[0], right=Right.SERVED)
    ((one,), marks) = get(lawyer, "/access/cases")[1], (str(case[0].pk), str(case[0].respondent_id))
    assert (one["order"], one["number"]) == (None, case[0].number)
    for address in (*addresses(case), "/orders", "/incidents", "/devices", "/map/places", "/map/zones"):
        status, body = get(lawyer, address)
        assert not any(mark in str(body) for mark in marks), address
        assert status in {200, 404}, address
