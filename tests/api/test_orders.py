"""Over REST an order lives as on the pages: the same checks, the same two people, one form of refusal."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from aralyk import clock
from aralyk.access.models import Role, User
from aralyk.orders.models import ExtensionQuestion, Order
from tests.conftest import Database
from tests.orders.cast import HERE, STATED, Cast, account, controls, order, protected, respondent

ROOT = "/api/v1"
ZONE = {"circle": {"lat": 42.8746, "lon": 74.6122, "radius_m": 300}}
PRIVATE = {"alone": True, "code_word_used": True, "not_on_her_phone": True, "adviser_offered": True}


def get(user: User, address: str) -> tuple[int, Any]:
    client = Client()
    client.force_login(user)
    answer = client.get(ROOT + address)
    return answer.status_code, answer.json()


def post(user: User, address: str, body: object = None) -> tuple[int, Any]:
    client = Client()
    client.force_login(user)
    answer = client.post(ROOT + address, json.dumps(body or {}), content_type="application/json")
    return answer.status_code, answer.json()


def plan(roles: Cast, **changed: Any) -> dict[str, Any]:
    now = clock.now()
    her = str(protected(roles.police).pk)
    values: dict[str, Any] = {
        "number": "API-1", "legal_basis": "court_measure", "respondent": str(respondent(roles.police).pk),
        "protected_persons": [her], "district": HERE, "threat": "high",
        "expires_at": clock.iso(now + timedelta(days=30)),
        "conditions": [
            {"kind": "proximity", "code": "ring", "distance_m": 500, "warning_m": 2000},
            {"kind": "exclusion_zone", "code": "home", "shape": ZONE,
             "schedule": [{"days": ["mon"], "from": "08:00", "to": "09:00"}]},
        ],
        "statements": {name: str(value) for name, value in STATED.items()},
        "circumstances": {"his_home": {"lat": 42.8, "lon": 74.5}, "police_travel_min": 12, "carries": {her: "yes"}},
    }  # fmt: skip
    return values | changed


def answered(roles: Cast, body: dict[str, Any]) -> dict[str, Any]:
    status, found = post(roles.police, "/order-checks", body)
    assert status == 200, found
    given = {"reason": "известно при выдаче", "alternative": "охрана в подъезде, убежище"}
    return body | {"answers": {one["key"]: given for one in found}}


def test_an_order_is_checked_answered_and_issued(database: Database, roles: Cast) -> None:
    body = plan(roles)
    status, refused = post(roles.police, "/orders", body)
    assert (status, refused["code"]) == (409, "findings_unanswered")
    assert "findings.cannot_protect_here:ring" in {field["field"] for field in refused["fields"]}
    status, issued = post(roles.police, "/orders", answered(roles, body))
    assert status == 200, issued
    assert [control["type"] for control in controls(database)] == ["order"]
    assert get(roles.operator, f"/orders/{issued['id']}")[0] == 200
    assert {one["kind"] for one in get(roles.police, f"/orders/{issued['id']}/clocks")[1]} >= {"choose_device"}


def test_a_finding_holds_no_place(roles: Cast) -> None:
    _, found = post(roles.police, "/order-checks", plan(roles))
    assert found
    assert "42." not in json.dumps(found)


def test_less_protection_waits_for_a_second_person(roles: Cast) -> None:
    issued = order(roles.police)
    ring = {"kind": "proximity", "code": "proximity-1", "distance_m": 500, "warning_m": 1200}
    body = {"reason": "зона не нужна", "conditions": [ring, {"kind": "no_contact", "code": "no_contact-3"}]}
    assert post(roles.police, f"/orders/{issued.pk}/vary", body)[1]["code"] == "proposal_needed"
    status, made = post(roles.police, f"/orders/{issued.pk}/proposals", body)
    assert (status, made["cuts"]) == (200, ["home"])
    where = f"/proposals/{made['id']}/confirm"
    assert post(roles.police, where, {"reason": "сам"})[1]["code"] == "own_proposal"
    assert post(roles.police_elsewhere, where, {"reason": "чужой"})[0] == 404
    assert [one["id"] for one in get(roles.supervisor, "/proposals")[1]] == [made["id"]]
    status, confirmed = post(roles.supervisor, where, {"reason": "проверено"})
    assert (status, confirmed["state"]) == (200, "confirmed")
    assert [one["what"] for one in get(roles.prosecutor, "/protection-cuts")[1]] == ["zone_cut"]
    assert get(roles.operator, "/protection-cuts")[0] == 403


def test_a_suspension_is_proposed_confirmed_and_ended(roles: Cast) -> None:
    issued = order(roles.police)
    now = clock.now()
    body = {
        "from_at": clock.iso(now), "until_at": clock.iso(now + timedelta(hours=5)), "reason": "замена устройства",
    }  # fmt: skip
    made = post(roles.police, f"/orders/{issued.pk}/suspension", body)[1]
    assert post(roles.supervisor, f"/proposals/{made['id']}/confirm", {"reason": "мастер едет"})[0] == 200
    status, ended = post(roles.police, f"/orders/{issued.pk}/resume", {"reason": "готово"})
    assert status == 200, ended
    assert ended["begun_at"] is not None


def test_the_question_and_the_request_go_their_way(roles: Cast) -> None:
    second = account("police_second", Role.POLICE, HERE, agency="police_oktyabrsky")
    now = clock.now()
    issued = order(
        roles.police, legal_basis="police_temporary_order", starts_at=now, expires_at=now + timedelta(days=3)
    )
    (question,) = get(roles.police, "/extension-questions")[1]
    where = f"/extension-questions/{question['id']}"
    assert post(roles.police, f"{where}/attempts", {"note": "не отвечает"})[1]["attempts"] == 1
    half = {"answer": "wishes", "privacy": PRIVATE | {"alone": False}}
    assert post(roles.police, f"{where}/answer", half)[1]["code"] == "conversation_needed"
    new_end = clock.iso(issued.expires_at + timedelta(days=5))
    wished = {"answer": "wishes", "privacy": PRIVATE, "extend_to": new_end}
    assert post(roles.police, f"{where}/answer", wished)[0] == 200
    assert ExtensionQuestion.objects.filter(closed_at__isnull=True).get().expires_at == issued.expires_at + timedelta(
        days=5
    )
    her = str(issued.protected_persons.get().pk)
    made = post(roles.police, f"/orders/{issued.pk}/reduction-requests", {"person": her, "wish": "lift"})[1]
    talk = {"privacy": PRIVATE, "still_wishes": "yes", "pressure": "yes"}
    assert post(roles.police, f"/reduction-requests/{made['id']}/conversation", talk)[1]["pressure"] == "yes"
    decided = post(second, f"/reduction-requests/{made['id']}/decision", {"granted": True, "reason": "просьба"})
    assert (decided[0], decided[1]["code"]) == (409, "assessment_needed")
    assert Order.objects.get(pk=issued.pk).ended_at is None


def test_service_choice_limits_and_loss_are_recorded(roles: Cast) -> None:
    issued = order(roles.police)
    now = clock.iso(clock.now())
    her = str(issued.protected_persons.get().pk)
    told = ["conditions", "term", "breach", "contest"]
    service = {"served_at": now, "language": "ky", "told": told, "weapons": "seized", "weapon_register_answered": True}
    assert post(roles.police, f"/orders/{issued.pk}/service", service)[0] == 200
    choice = {"carries": "bracelet", "reason": "риск высокий", "free_charger_given": True}
    assert post(roles.probation, f"/orders/{issued.pk}/device-choice", choice)[0] == 200
    assert post(roles.police, f"/orders/{issued.pk}/device-choice", choice)[0] == 403
    limits = ["no_signal_no_place", "police_may_be_late", "device_may_fail", "others_may_come", "no_device_no_ring"]
    heard = {"person": her, "limits": limits, "language": "ky", "carries_device": "no"}
    assert post(roles.probation, f"/orders/{issued.pk}/limits-told", heard)[0] == 200
    loss = {"cause": "no_power", "from_at": now, "note": "отключение в районе"}
    assert post(roles.probation, f"/orders/{issued.pk}/losses", loss)[0] == 200


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"threat": "none"}, "threat"),
        ({"expires_at": "2026-01-01T00:00:00"}, "expires_at"),
        ({"conditions": [{"kind": "curfew"}]}, "conditions[0].kind"),
        ({"conditions": [{"kind": "exclusion_zone", "shape": {"circle": {}}}]}, "conditions[0].shape.circle.lat"),
        ({"conditions": [{"kind": "proximity", "distance_m": 1, "warning_m": 2}]}, "conditions[0].distance_m"),
    ],
)
def test_a_bad_order_is_refused_by_the_name_of_its_field(roles: Cast, changed: dict[str, Any], field: str) -> None:
    status, refused = post(roles.police, "/orders", plan(roles, **changed))
    assert status in {409, 422}
    assert any(one["field"].startswith(field) for one in refused["fields"]), refused


def test_an_order_is_ended_by_its_issuer_alone(roles: Cast) -> None:
    issued = order(roles.police)
    where = f"/orders/{issued.pk}/end"
    assert post(roles.operator, where, {"reason": "не моё"})[0] == 403
    assert post(roles.police_elsewhere, where, {"reason": "чужой район"})[0] == 404
    assert post(roles.police, where, {"reason": "без суда"})[1]["fields"][0]["field"] == "act"
    assert post(roles.police, where, {"reason": "отменено", "act": "№ 12"})[0] == 200
