"""Whoever lost an answer asks again with the same key: it is done once, and nothing is given away by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from pytest_django import Settings

from aralyk.access.models import User
from aralyk.api.idempotency import WRITES
from aralyk.api.models import IdempotencyKey
from aralyk.api.urls import api
from aralyk.devices.actions import do_register_device
from aralyk.devices.models import Checkup, DeviceKind
from aralyk.incidents.models import Incident, IncidentEvent
from aralyk.orders.models import Order
from aralyk.reports.models import Report
from tests.api.test_api import ROOT, client_of, scene
from tests.api.test_reports import WHY, body
from tests.conftest import Database
from tests.orders.cast import HER_PHONE, Cast, witnesses

__all__ = ["scene"]
KEY = "phone-17-0001"


def keyed(user: User, address: str, sent: object = None, key: str = KEY) -> tuple[int, Any]:
    return answered(client_of(user), address, sent, key)


def answered(client: Client, address: str, sent: object = None, key: str = KEY) -> tuple[int, Any]:
    answer = client.post(
        ROOT + address, json.dumps(sent or {}), content_type="application/json", headers={"Idempotency-Key": key}
    )
    return answer.status_code, answer.json()


def writes() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for address, operations in api.get_openapi_schema(path_prefix="/")["paths"].items():
        for method, operation in operations.items():
            if method.upper() in WRITES:
                yield method.upper(), address, operation


def some_value(parameter: dict[str, Any]) -> str:
    """A value of the form that a path's parameter has; nothing has this id."""
    schema = parameter["schema"]
    if "enum" in schema:
        return str(schema["enum"][0])
    return {"integer": "1", "uuid": "00000000-0000-4000-8000-000000000000"}.get(
        schema.get("format", schema["type"]), "nothing-0001"
    )


def test_every_route_that_writes_takes_a_key(roles: Cast) -> None:
    client = client_of(roles.operator)
    found = list(writes())
    assert len(found) > 50
    for method, address, operation in found:
        named = [each for each in operation["parameters"] if each["name"] == "Idempotency-Key"]
        assert [each["in"] for each in named] == ["header"], address
        for each in operation["parameters"]:
            address = address.replace(f"{{{each['name']}}}", some_value(each))
        answer = client.generic(
            method, ROOT + address, "{}", content_type="application/json", headers={"Idempotency-Key": "short"}
        )
        problem = answer.json()
        fields = [field["field"] for field in problem["fields"]]
        assert (answer.status_code, fields) == (422, ["Idempotency-Key"]), (address, problem)


def test_the_same_request_under_the_same_key_is_done_once_and_answered_alike(
    roles: Cast, scene: tuple[Order, Incident]
) -> None:
    address, sent = f"/incidents/{scene[1].pk}/notes", {"text": "выехал наряд"}
    first = keyed(roles.operator, address, sent)
    answer = client_of(roles.operator).post(
        ROOT + address, json.dumps(sent), content_type="application/json", headers={"Idempotency-Key": KEY}
    )
    assert (answer.status_code, answer.json()) == first
    assert answer["Idempotency-Replayed"] == "true"
    assert IncidentEvent.objects.filter(text="выехал наряд").count() == 1
    assert keyed(roles.operator, address, sent, "phone-17-0002")[0] == 200
    assert IncidentEvent.objects.filter(text="выехал наряд").count() == 2


def test_the_same_key_gives_the_same_report(roles: Cast) -> None:
    sent = body()
    first = keyed(roles.police, "/reports", sent)
    assert first[0] == 200
    assert keyed(roles.police, "/reports", sent) == first
    assert Report.objects.count() == 1
    assert keyed(roles.police, "/reports", sent, "phone-17-0002")[1]["number"] != first[1]["number"]


def test_a_key_that_was_used_for_another_request_is_refused(roles: Cast) -> None:
    sent = body()
    _, made = keyed(roles.police, "/reports", sent)
    status, refusal = keyed(roles.police, "/reports", sent | {"violence": []})
    assert (status, refusal["code"]) == (422, "key_reused")
    status, refusal = keyed(roles.police, f"/reports/{made['id']}/reopen", {"reason": WHY})
    assert (status, refusal["code"]) == (422, "key_reused")
    assert Report.objects.count() == 1


def test_a_refused_request_leaves_its_key_free(roles: Cast) -> None:
    assert keyed(roles.police, "/reports", body(district="moscow"))[0] == 409
    assert keyed(roles.police, "/reports", {"district": "x"})[0] == 422
    assert not IdempotencyKey.objects.exists()
    assert keyed(roles.police, "/reports", body())[0] == 200


def test_keys_of_two_people_do_not_meet(roles: Cast) -> None:
    sent = body()
    ours = keyed(roles.police, "/reports", sent)[1]
    theirs = keyed(roles.police_elsewhere, "/reports", sent)[1]
    assert ours["id"] != theirs["id"]


@pytest.mark.parametrize("key", ["short", "ключ-для-отчёта", "x" * 129, "with a space"])
def test_a_key_without_the_form_is_refused_and_nothing_is_done(roles: Cast, key: str) -> None:
    status, refusal = keyed(roles.police, "/reports", body(), key)
    assert (status, refusal["fields"][0]["field"]) == (422, "Idempotency-Key")
    assert key not in json.dumps(refusal, ensure_ascii=False)
    assert not Report.objects.exists()


def test_while_a_request_runs_another_under_its_key_is_refused_at_once(
    database: Database, roles: Cast, scene: tuple[Order, Incident]
) -> None:
    address = f"/incidents/{scene[1].pk}/acknowledge"
    answers: list[tuple[int, Any]] = []
    slow = client_of(roles.operator)

    def send() -> None:
        try:
            answers.append(answered(slow, address))
        finally:
            connections.close_all()

    running = Thread(target=send)
    with database.connect() as holder:
        holder.execute("SELECT 1 FROM incidents_incident WHERE id = %s FOR UPDATE", (scene[1].pk,))
        running.start()
        wait_for_a_waiting_act(database)
        status, refusal = keyed(roles.operator, address)
        assert (status, refusal["code"]) == (409, "key_in_use")
    running.join()
    assert answers[0][0] == 200
    assert keyed(roles.operator, address) == answers[0]


def wait_for_a_waiting_act(database: Database) -> None:
    """Until the first request stands before the row that the test holds."""
    with database.connect(autocommit=True) as connection:
        for _ in range(200):
            row = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
            if row and row[0]:
                return
            connection.execute("SELECT pg_sleep(0.05)")
    raise AssertionError("the first request never began its act")


def test_two_requests_with_one_key_at_one_moment_take_one_report(roles: Cast) -> None:
    sent = body()
    clients = [client_of(roles.police) for _ in range(2)]
    answers: list[int] = []

    def send(client: Client) -> None:
        try:
            answers.append(answered(client, "/reports", sent)[0])
        finally:
            connections.close_all()

    threads = [Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) in ([200, 200], [200, 409])
    assert Report.objects.count() == 1


def test_no_word_of_the_answer_and_not_the_key_stand_in_the_database(
    database: Database, roles: Cast, scene: tuple[Order, Incident]
) -> None:
    _, answer = keyed(roles.operator, f"/incidents/{scene[1].pk}/acknowledge")
    assert IdempotencyKey.objects.get().status == 200
    with database.connect() as owner:
        stored = bytes(owner.execute("SELECT answer FROM api_idempotencykey").fetchall()[0][0])
        everything = str(owner.execute("SELECT * FROM api_idempotencykey").fetchall())
    for word in (answer["respondent"], answer["order_number"], "acknowledged", KEY):
        assert word.encode() not in stored
        assert word not in everything
    assert len(stored) > len(answer["respondent"])


def test_an_answer_opens_with_the_installations_secret_alone(
    roles: Cast, scene: tuple[Order, Incident], settings: Settings
) -> None:
    address = f"/incidents/{scene[1].pk}/acknowledge"
    assert keyed(roles.operator, address)[0] == 200
    settings.SECRET_KEY = "of-another-installation-000000000000000000000000"
    status, refusal = keyed(roles.operator, address)
    assert (status, refusal["code"]) == (409, "answer_not_kept")


def test_a_look_is_not_kept_and_is_not_made_again_unwitnessed(
    database: Database, roles: Cast, scene: tuple[Order, Incident]
) -> None:
    case = scene[0]
    address = f"/people/protected/{case.protected_persons.get().pk}/look"
    sent = {"order": str(case.pk), "field": "phone", "purpose": "позвонить и предупредить"}
    assert keyed(roles.operator, address, sent) == (200, {"value": HER_PHONE})
    status, refusal = keyed(roles.operator, address, sent)
    assert (status, refusal["code"]) == (409, "answer_not_kept")
    assert HER_PHONE not in json.dumps(refusal)
    assert [kind for kind, *_ in witnesses(database)].count("vault_look") == 1
    assert IdempotencyKey.objects.get().answer is None
    assert keyed(roles.operator, address, sent, "phone-17-0002") == (200, {"value": HER_PHONE})
    assert [kind for kind, *_ in witnesses(database)].count("vault_look") == 2


def test_a_refused_look_leaves_its_witness_under_a_key_too(
    database: Database, roles: Cast, scene: tuple[Order, Incident]
) -> None:
    case = scene[0]
    address = f"/people/protected/{case.protected_persons.get().pk}/look"
    sent = {"order": str(case.pk), "field": "phone", "purpose": "позвонить и предупредить"}
    assert keyed(roles.probation, address, sent)[0] == 403
    assert [kind for kind, *_ in witnesses(database)].count("vault_refused") == 1


def test_an_answer_is_not_given_again_to_whom_the_case_was_closed_since(
    roles: Cast, scene: tuple[Order, Incident]
) -> None:
    case, incident = scene
    address = f"/incidents/{incident.pk}/acknowledge"
    assert keyed(roles.operator, address)[0] == 200
    close = {
        "username": "operator", "subject_kind": "respondent", "subject_id": str(case.respondent_id),
        "closeness": "relative", "note": "двоюродный",
    }  # fmt: skip
    assert keyed(roles.operator, "/access/conflicts", close, "phone-17-0002")[0] == 200
    status, refusal = keyed(roles.operator, address)
    assert (status, refusal["code"]) == (409, "answer_not_kept")


def test_a_key_opens_nothing_without_log_in_or_the_token_of_the_page(
    roles: Cast, scene: tuple[Order, Incident]
) -> None:
    address = f"/incidents/{scene[1].pk}/acknowledge"
    assert keyed(roles.operator, address)[0] == 200
    assert answered(client_of(None), address)[0] == 401
    assert answered(client_of(roles.operator, csrf=True), address)[0] == 403


def test_an_app_may_name_its_own_requests(roles: Cast) -> None:
    made = do_register_device(
        roles.probation, device_id="phone-0001", kind=DeviceKind.PHONE, protocol="osmand", interval_s=60
    )
    app = Client(headers={"Authorization": f"Bearer {made.secret}"})
    first = answered(app, "/devices/phone-0001/checkups", {"maker": "xiaomi"})
    assert first[0] == 200
    assert answered(app, "/devices/phone-0001/checkups", {"maker": "xiaomi"}) == first
    assert Checkup.objects.count() == 1
