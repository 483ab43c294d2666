"""The officer's phone in pages: what is not his to see is in no page, no part and no answer of a program."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.test import Client

from aralyk import clock
from aralyk.access.models import Role, User
from aralyk.incidents.actions import do_close
from aralyk.incidents.handing import do_accept
from aralyk.incidents.models import Incident, Outcome, Status
from aralyk.response.models import Challenge, Check, FieldEntry, Proof
from tests.conftest import Database
from tests.incidents.stage import officer
from tests.orders.cast import HERE, Cast, account
from tests.response.stage import AT_HIS, case
from tests.response.test_checks import her_channel
from tests.response.test_tasks import handed

HERS = ("42.8712", "42,8712", "74.6139", "74,6139")


def client_of(user: User, language: str = "ru") -> Client:
    client = Client()
    client.force_login(user)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def text(client: Client, path: str, *, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def paths(incident: Incident) -> tuple[str, ...]:
    """Everything that could say where she is."""
    task = f"/tasks/{incident.pk}/"
    return (task, f"{task}place", "/tasks/", "/tasks/rows", f"/incidents/{incident.pk}/",
            f"/api/v1/incidents/{incident.pk}", f"/api/v1/incidents/{incident.pk}/life",
            f"/api/v1/tasks/{incident.pk}", "/api/v1/tasks", f"/orders/{incident.order_id}/",
            f"/api/v1/orders/{incident.order_id}/places")  # fmt: skip


def tells(client: Client, incident: Incident) -> list[str]:
    """The addresses whose answers hold her place."""
    found = {path: client.get(path).content.decode() for path in paths(incident)}
    return [path for path, body in found.items() if any(part in body for part in HERS)]


def test_her_place_is_nowhere_before_acceptance_then_with_one_officer_and_after_closing_with_nobody(
    database: Database, roles: Cast
) -> None:
    duty, other = officer(), officer("second_officer")
    incident = handed(database, roles, duty)
    for person in (duty, other, roles.police):
        assert tells(client_of(person), incident) == []
    do_accept(duty, incident.pk, no_relation=True)
    task = f"/tasks/{incident.pk}/"
    assert tells(client_of(duty), incident) == [task, f"{task}place", f"/api/v1/tasks/{incident.pk}"]
    for person in (other, roles.police, roles.police_elsewhere):
        assert tells(client_of(person), incident) == []
    do_close(roles.operator, incident.pk, outcome=Outcome.TECHNICAL, reason="замок неисправен")
    assert tells(client_of(duty), incident) == []


def test_before_acceptance_the_page_names_nobody_and_asks_for_the_declaration(database: Database, roles: Cast) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    client = client_of(duty)
    body = text(client, f"/tasks/{incident.pk}/")
    assert "охотничье" in body
    assert f"{AT_HIS[0]:.3f}".replace(".", ",") in body or f"{AT_HIS[0]:.3f}" in body
    her = incident.order.protected_persons.get()
    for hidden in (her.code, incident.order.respondent.name, incident.order.number):
        assert hidden not in body
        assert hidden not in text(client, "/tasks/")
    assert client.post(f"/tasks/{incident.pk}/accept").status_code == 400
    incident.refresh_from_db()
    assert incident.status == Status.HANDED_OVER
    assert client.post(f"/tasks/{incident.pk}/accept", {"no_relation": "on"}).status_code == 302
    incident.refresh_from_db()
    assert incident.accepted_by == duty


def test_an_officer_of_another_desk_finds_no_task_and_can_accept_none(database: Database, roles: Cast) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    for person in (roles.police, roles.police_elsewhere):
        client = client_of(person)
        text(client, f"/tasks/{incident.pk}/", status=404)
        assert client.post(f"/tasks/{incident.pk}/accept", {"no_relation": "on"}).status_code == 404
    assert client_of(roles.prosecutor).get("/tasks/").status_code == 403


def road(client: Client, incident: Incident, act: str, **fields: Any) -> Any:
    sent = {"id": str(uuid4()), "act": act, "device_at": clock.iso(clock.now()), **fields}
    return client.post(f"/tasks/{incident.pk}/say", sent, headers={"X-Fragment": "1"})


def test_an_officer_says_from_the_page_that_he_goes_arrives_and_what_it_was(database: Database, roles: Cast) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    client = client_of(duty)
    assert road(client, incident, "set_out").json() == {"late": False, "moved": True}
    place = {"lat": AT_HIS[0], "lon": AT_HIS[1], "accuracy_m": 9, "fixed_at": clock.iso(clock.now())}
    assert road(client, incident, "arrive", **place).json()["moved"] is True
    assert Check.objects.get(incident=incident).proof == Proof.VERIFIED
    assert road(client, incident, "conclude", outcome="possible_violation").status_code == 422
    told = road(client, incident, "conclude", outcome="possible_violation", reason="находился у подъезда")
    assert told.json()["moved"] is True
    assert FieldEntry.objects.count() == 3
    body = text(client, f"/tasks/{incident.pk}/")
    assert "доказано" in body
    assert client.post(f"/tasks/{incident.pk}/weapon", {"weapon-kind": "none"}).status_code == 302


def test_the_prosecutor_reads_a_claimed_arrival_as_claimed(database: Database, roles: Cast) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    road(client_of(duty), incident, "arrive")
    body = text(client_of(roles.prosecutor), "/checks/?show=unproven")
    assert "заявлено без доказательства" in body
    assert "устройство сотрудника не дало места" in body
    text(client_of(roles.probation), "/checks/", status=404)


def test_the_pages_are_in_kyrgyz_too(database: Database, roles: Cast) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    body = text(client_of(duty, "ky"), f"/tasks/{incident.pk}/")
    assert "Жолго чыктым" in body
    assert "Алар кайда" in body


def test_a_check_is_made_on_the_spot_with_the_code_of_his_device(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    client = client_of(roles.police)
    page = f"/checks/{here.order.pk}/"
    assert "Показать код на его устройстве" in text(client, page)
    asked = client.post(f"{page}code").content.decode()
    challenge = Challenge.objects.get()
    assert challenge.code not in asked
    assert str(challenge.pk) in asked
    sent = {
        "id": str(uuid4()), "challenge": str(challenge.pk), "code": challenge.code,
        "device_at": clock.iso(clock.now()), "lat": AT_HIS[0], "lon": AT_HIS[1], "accuracy_m": 12,
        "fixed_at": clock.iso(clock.now()),
    }  # fmt: skip
    entered = client.post(f"{page}enter", sent, headers={"X-Fragment": "1"})
    assert entered.json() == {"late": False, "proof": "verified"}
    assert "доказано" in text(client, "/checks/")
    assert client_of(roles.police_elsewhere).get(page).status_code == 404
    assert client_of(roles.operator).post(f"{page}enter", sent).status_code == 403


def test_the_respondents_app_shows_the_code_by_its_devices_secret_and_nobody_else_gets_it(
    database: Database, roles: Cast
) -> None:
    here = case(database, roles)
    assert client_of(roles.police).post(f"/checks/{here.order.pk}/code").status_code == 200
    code = Challenge.objects.get().code
    shown = Client().get("/api/v1/checks/code", headers={"Authorization": f"Bearer {here.secret}"})
    assert (shown.status_code, shown.json()["code"]) == (200, code)
    assert Client().get("/api/v1/checks/code", headers={"Authorization": "Bearer other"}).status_code == 401
    for person in (roles.police, roles.operator, roles.supervisor):
        assert client_of(person).get("/api/v1/checks/code").status_code == 404
        assert code not in client_of(person).get(f"/api/v1/devices/{here.phone.pk}/commands").content.decode()


def test_a_visit_to_her_is_entered_without_a_place_and_counts_when_the_centre_took_her_word(
    database: Database, roles: Cast
) -> None:
    here = case(database, roles)
    channel = her_channel(roles, here, account("second_inspector", Role.POLICE, HERE, agency="police_oktyabrsky"))
    her = here.order.protected_persons.get()
    officer_s, centre = client_of(roles.police), client_of(roles.operator)
    assert her.code in text(officer_s, f"/checks/{here.order.pk}/")
    sent = {"id": str(uuid4()), "person": str(her.pk), "device_at": clock.iso(clock.now()), "lat": "42.8712"}
    answer = officer_s.post(f"/checks/{here.order.pk}/visit", sent, headers={"X-Fragment": "1"})
    assert answer.json() == {"late": False, "proof": "claimed"}
    check = Check.objects.get()
    assert check.lat is None
    word = {"channel": str(channel.pk), "visited": "yes"}
    assert "Записать её слово" not in text(officer_s, "/checks/")
    assert officer_s.post(f"/checks/{check.pk}/her-word", word).status_code == 403
    assert "Записать её слово" in text(centre, "/checks/")
    assert centre.post(f"/checks/{check.pk}/her-word", word | {"visited": ""}).status_code == 400
    assert centre.post(f"/checks/{check.pk}/her-word", word).status_code == 302
    assert "доказано" in text(client_of(roles.prosecutor), "/checks/")
