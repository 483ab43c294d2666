"""People over REST: the same permissions as the pages, and no sealed value in any answer but a look's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aralyk.orders.models import Order
from tests.api.test_api import get, post
from tests.orders.cast import HER_NAME, HER_PHONE, HERE, Cast, order

PURPOSE = "позвонить и предупредить"
STATED = {"hears": "yes", "reads": "no", "has_phone": "yes", "children_stated": "unknown"}


@pytest.fixture
def case(roles: Cast) -> Order:
    return order(roles.police)


def look(case: Order, **changed: Any) -> dict[str, Any]:
    return {"order": str(case.pk), "field": "phone", "purpose": PURPOSE} | changed


def test_a_look_answers_with_the_value_and_nothing_else_does(roles: Cast, case: Order) -> None:
    her = f"/people/protected/{case.protected_persons.get().pk}"
    status, body = get(roles.operator, her)
    assert status == 200
    assert {fact["field"] for fact in body["sealed"]} == {"name", "phone"}
    assert HER_PHONE not in json.dumps(body)
    assert post(roles.operator, f"{her}/look", look(case)) == (200, {"value": HER_PHONE})
    status, body = post(roles.operator, f"{her}/look", look(case, purpose="x"))
    assert (status, body["fields"][0]["field"]) == (422, "purpose")
    for user, expected in ((roles.probation, 403), (roles.prosecutor, 403), (roles.police_elsewhere, 404)):
        assert post(user, f"{her}/look", look(case))[0] == expected
        assert get(user, her)[0] == 404
    looked = get(roles.police, f"{her}/looks")[1]
    assert [each["granted"] for each in looked] == [False, False, False, True]


def test_a_shelter_needs_a_second_person_over_rest_too(roles: Cast, case: Order) -> None:
    her = f"/people/protected/{case.protected_persons.get().pk}"
    sealed = {"field": "shelter_address", "value": "убежище"}
    assert post(roles.police, f"{her}/facts", sealed)[0] == 200
    wanted = look(case, field="shelter_address")
    assert post(roles.operator, f"{her}/look", wanted)[1]["code"] == "confirmation_needed"
    asked = post(roles.operator, f"{her}/look-requests", wanted)[1]
    assert [each["id"] for each in get(roles.supervisor, "/vault/look-requests")[1]] == [asked["id"]]
    answer = f"/vault/look-requests/{asked['id']}/answer"
    assert post(roles.operator, answer, {"confirmed": True})[0] == 403
    assert post(roles.supervisor, answer, {"confirmed": True})[1]["confirmed"] is True
    wanted |= {"request": asked["id"]}
    assert post(roles.operator, f"{her}/look", wanted) == (200, {"value": "убежище"})
    assert post(roles.operator, f"{her}/look", wanted)[1]["code"] == "confirmation_over"


def test_people_are_registered_and_kept_over_rest_and_nothing_sealed_comes_back(roles: Cast, case: Order) -> None:
    him = {"name": "Синтетический Эрмек", "residence_district": HERE, "weapons": "unknown"}
    status, made = post(roles.police, "/people/respondents", him)
    assert status == 200
    found = get(roles.police, "/people/respondents?q=ermek")[1]
    assert [(each["id"], each["missing"]) for each in found["items"]] == [
        (made["id"], ["weapons", "born_on", "places"])
    ]
    where = f"/people/respondents/{made['id']}"
    assert post(roles.police, f"{where}/places", {"kind": "home", "address": "улица 1"})[0] == 200
    assert post(roles.police, f"{where}/weapons", {"kind": "cold", "registered": "no"})[0] == 200
    assert get(roles.police, where)[1]["weapons"] == "yes"
    hers = {"sealed": {"name": HER_NAME, "phone": HER_PHONE}, "safe_from": "10:00", "safe_until": "12:00"} | STATED
    status, answer = post(roles.police, "/people/protected", hers)
    assert status == 200
    assert HER_NAME not in json.dumps(answer, ensure_ascii=False)
    assert post(roles.police, "/people/protected", hers | {"safe_until": None})[0] == 422
    assert get(roles.police, f"/people/protected/{answer['id']}")[1]["safe_from"] == "10:00:00"
    assert get(roles.operator, f"/people/protected/{answer['id']}")[0] == 404


def test_what_is_known_of_her_is_kept_over_rest(roles: Cast, case: Order) -> None:
    her = f"/people/protected/{case.protected_persons.get().pk}"
    bodies: dict[str, dict[str, Any]] = {
        "channels": {"how": "call", "given_by": "herself", "number": "+996555777001"},
        "helpers": {"name": "Подруга", "phone": "+996555777002", "relation": "friend", "relative_of_his": "no",
                    "consents": True},
        "consents": {"kind": "device"},
        "children": {"name": "Ребёнок", "lives_with": "her", "role": "victim", "child_of_respondent": "yes"},
    }  # fmt: skip
    made = {}
    for what, body in bodies.items():
        assert post(roles.operator, f"{her}/{what}", body)[0] == 403
        assert post(roles.police_elsewhere, f"{her}/{what}", body)[0] == 404
        status, answer = post(roles.police, f"{her}/{what}", body)
        assert status == 200, (what, answer)
        made[what] = answer["id"]
    confirm = f"/people/channels/{made['channels']}/confirm"
    assert post(roles.police, confirm, {"alone": False})[1]["fields"][0]["field"] == "alone"
    assert post(roles.police, confirm, {"alone": True})[0] == 200
    rows = {row["what"]: row for row in get(roles.operator, her)[1]["rows"]}
    assert rows["channel"]["usable"] is True
    assert "Подруга" not in json.dumps(rows, ensure_ascii=False)
    assert post(roles.police, f"/people/consents/{made['consents']}/withdraw")[0] == 200
    stay = {"respondent": str(case.respondent_id), "since": "2026-01-01T10:00:00Z"}
    with_him = f"/people/children/{made['children']}/with-respondent"
    assert post(roles.police, with_him, stay | {"since": "2026-01-01T10:00:00"})[0] == 422
    status, recorded = post(roles.police, with_him, stay)
    assert status == 200
    assert [each["id"] for each in get(roles.operator, "/people/children-with-respondents")[1]] == [recorded["id"]]
    assert get(roles.operator, "/people/children-with-respondents?overdue=true")[1] == []
    assert get(roles.prosecutor, "/people/children-with-respondents")[1] == []
    assert post(roles.police, f"/people/stays/{recorded['id']}/notices/school")[1]["given_at"]
    assert post(roles.police, f"/people/stays/{recorded['id']}/end")[1]["ended_at"]
