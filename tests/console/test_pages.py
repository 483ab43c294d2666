"""The pages show what a person may see, do what they may do, and say clearly what is refused."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aralyk import clock
from aralyk.access.models import User
from aralyk.devices.models import Device, Party
from aralyk.incidents.actions import do_acknowledge
from aralyk.incidents.models import Incident, Status
from aralyk.orders.models import Order
from tests.conftest import Database
from tests.orders.cast import HER_NAME, HER_PHONE, Cast, bracelet, equip, heard, order, phone, raised

HER_LAT, HER_LON = 42.8801, 74.6202


def client_of(user: User | None, language: str = "ru") -> Client:
    client = Client()
    client.cookies["language"] = language
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def scene(database: Database, roles: Cast) -> tuple[Order, Incident]:
    """An order whose two devices were heard, and an incident in it."""
    case = order(roles.police)
    bracelet(roles.probation)
    phone(roles.probation)
    equip(roles.probation, case, device="860000000000017")
    equip(roles.probation, case, device="phone-0001", party=Party.PROTECTED)
    heard(database, "860000000000017", lat=42.87, lon=74.61, strap="locked")
    heard(database, "phone-0001", lat=HER_LAT, lon=HER_LON)
    return case, raised(database, case)


@pytest.mark.parametrize("kind", ["warning_ring", "approach", "proximity"])
def test_the_probability_on_the_page_is_that_of_the_ordered_distance(
    database: Database, scene: tuple[Order, Incident], roles: Cast, kind: str
) -> None:
    case, _ = scene
    incident = raised(database, case, kind=kind, priority=2)
    page = client_of(roles.operator, "en").get(f"/incidents/{incident.pk}/").content.decode()
    assert "500 m" in page.split("error model")[0].split("robability that the distance was below")[1][:60]


def test_an_alert_says_how_far_the_word_of_its_devices_goes(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    case, _ = scene
    incident = raised(database, case, kind="proximity", priority=2)
    words = {"imei": "named by its IMEI<", "network": "from the network that it was registered with"}
    for trust, text in words.items():
        Device.objects.filter(pk="860000000000017").update(trust=trust)
        page = client_of(roles.operator, "en").get(f"/incidents/{incident.pk}/").content.decode()
        assert text in page.split("How sure")[1].split("</section>")[0]


def test_an_alert_and_the_devices_page_say_that_somebody_else_may_speak_in_its_name(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    case, _ = scene
    incident = raised(database, case, kind="proximity", priority=2)
    pages = (f"/incidents/{incident.pk}/", "/devices/860000000000017/")
    said = "somebody else may speak in its name: two senders take turns, records came from a foreign network"
    for state, shown in (("raised", True), ("cleared", False)):
        with database.connect() as connection_of_owner:
            connection_of_owner.execute(
                "INSERT INTO platform_alarm (component, state, at, detail)"
                " VALUES ('device.860000000000017', %s, now(), %s)",
                (state, json.dumps({"what": ["clone", "wrong_network"]} if shown else {})),
            )
        for address in pages:
            assert (said in client_of(roles.operator, "en").get(address).content.decode()) is shown, address


def addresses(case: Order, incident: Incident) -> list[str]:
    return [
        f"/incidents/{incident.pk}/", f"/incidents/{incident.pk}/peek", f"/incidents/{incident.pk}/live/head",
        f"/incidents/{incident.pk}/live/sure", f"/incidents/{incident.pk}/live/when", f"/orders/{case.pk}/",
        "/devices/860000000000017/", f"/map/orders/{case.pk}/tracks.json",
    ]  # fmt: skip


def test_every_page_opens_for_its_district_and_is_not_there_for_another(
    roles: Cast, scene: tuple[Order, Incident]
) -> None:
    for address in addresses(*scene):
        for user in (roles.operator, roles.supervisor, roles.police, roles.probation, roles.prosecutor):
            assert client_of(user).get(address).status_code == 200, (address, user.username)
        for user in (roles.police_elsewhere, roles.administrator):
            assert client_of(user).get(address).status_code == 404, (address, user.username)


def test_lists_and_the_map_hold_nothing_of_another_district(roles: Cast, scene: tuple[Order, Incident]) -> None:
    case, incident = scene
    for address in ("/", "/desk/rows", "/desk/rows?show=all", "/orders/?all=1", "/devices/", "/map/places.json"):
        here = client_of(roles.police).get(address).content.decode()
        there = client_of(roles.police_elsewhere).get(address).content.decode()
        marks = (case.number, str(incident.pk), str(case.pk), case.respondent.name)
        assert any(mark in here for mark in marks), address
        assert not any(mark in there for mark in marks), address


def test_who_is_not_logged_in_is_sent_to_the_log_in_and_a_script_hears_401(
    database: Database, roles: Cast, scene: tuple[Order, Incident]
) -> None:
    for address in ["/", "/orders/", "/devices/", "/map/places.json", *addresses(*scene)]:
        response = client_of(None).get(address)
        assert (response.status_code, response.headers["Location"].split("?")[0]) == (302, "/account/login/"), address
        assert client_of(None).get(address, headers={"X-Fragment": "1"}).status_code == 401, address


def test_the_protected_persons_name_and_phone_stand_on_no_page(roles: Cast, scene: tuple[Order, Incident]) -> None:
    for address in ["/", "/orders/", "/devices/", "/map/places.json", *addresses(*scene)]:
        page = client_of(roles.operator).get(address).content.decode()
        assert HER_NAME not in page, address
        assert HER_PHONE not in page, address


def test_where_she_is_shows_to_the_centre_alone(roles: Cast, scene: tuple[Order, Incident]) -> None:
    def places(user: User) -> str:
        return client_of(user).get("/map/places.json").content.decode()

    assert str(HER_LAT) in places(roles.operator)
    assert str(HER_LAT) not in places(roles.police)
    (seen,) = json.loads(places(roles.police))["orders"]
    assert [party["party"] for party in seen["parties"]] == ["respondent"]
    assert seen["placeless"][0]["withheld"] is True
    assert (seen["rings"], seen["between_m"]) == ([], None)


def test_the_map_asks_for_changed_orders_alone(database: Database, roles: Cast, scene: tuple[Order, Incident]) -> None:
    case, _ = scene
    client = client_of(roles.operator)
    everything = client.get("/map/places.json").json()
    only = client.get(f"/map/places.json?order={case.pk}").json()
    assert (everything["complete"], only["complete"]) == (True, False)
    assert only["orders"] == everything["orders"]
    assert client.get(f"/map/places.json?order={uuid4()}").json()["orders"] == []
    assert client.get("/map/places.json?order=nonsense").status_code == 400


def test_acknowledging_twice_says_who_was_first(roles: Cast, scene: tuple[Order, Incident]) -> None:
    _, incident = scene
    address = f"/incidents/{incident.pk}/acknowledge"
    assert client_of(roles.operator).post(address, headers={"X-Fragment": "1"}).status_code == 204
    again = client_of(roles.supervisor).post(address, headers={"X-Fragment": "1"})
    assert again.status_code == 409
    assert "Т. operator" in again.content.decode()
    assert client_of(roles.operator).get(address).status_code == 405


def test_a_role_that_only_reads_cannot_act(roles: Cast, scene: tuple[Order, Incident]) -> None:
    _, incident = scene
    for act in ("acknowledge", "note", "close", "bundle"):
        response = client_of(roles.probation).post(
            f"/incidents/{incident.pk}/{act}",
            {"note-text": "x", "close-outcome": "false", "close-reason": "none", "bundle-reason": "none"},
        )
        assert response.status_code == 403, act
    incident.refresh_from_db()
    assert incident.status == Status.OPEN


def test_a_note_stands_on_the_time_line_as_it_was_written(roles: Cast, scene: tuple[Order, Incident]) -> None:
    _, incident = scene
    client = client_of(roles.operator)
    client.post(f"/incidents/{incident.pk}/note", {"note-text": "позвонили ей: <b>в безопасности</b>"})
    page = client.get(f"/incidents/{incident.pk}/").content.decode()
    assert "позвонили ей: &lt;b&gt;в безопасности&lt;/b&gt;" in page
    assert "<b>в безопасности" not in page


def test_closing_without_a_reason_names_the_field_and_keeps_what_was_written(
    roles: Cast, scene: tuple[Order, Incident]
) -> None:
    _, incident = scene
    do_acknowledge(roles.operator, incident.pk)
    response = client_of(roles.operator).post(
        f"/incidents/{incident.pk}/close", {"close-outcome": "technical", "close-reason": ""}
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert re.search(r'href="#id_close-reason">Напишите, почему', page)
    assert re.search(r'value="technical"[^>]*checked', page)


def test_a_situation_that_goes_on_is_closed_only_knowingly(roles: Cast, scene: tuple[Order, Incident]) -> None:
    _, incident = scene
    do_acknowledge(roles.operator, incident.pk)
    client = client_of(roles.operator)
    closing = {"close-outcome": "no_pursuit", "close-reason": "проехал мимо по шоссе"}
    refused = client.post(f"/incidents/{incident.pk}/close", closing)
    assert refused.status_code == 422
    assert "Ситуация ещё продолжается" in refused.content.decode()
    client.post(f"/incidents/{incident.pk}/close", closing | {"close-still_open_confirmed": "on"})
    incident.refresh_from_db()
    assert (incident.status, incident.closed_by) == (Status.CLOSED, roles.operator)


def test_shown_counts_only_on_a_screen_whose_duty_is_to_watch(roles: Cast, scene: tuple[Order, Incident]) -> None:
    _, incident = scene
    for user, counts in ((roles.police, False), (roles.operator, True)):
        assert client_of(user).post("/incidents/shown", {"incident": str(incident.pk)}).status_code == 204
        incident.refresh_from_db()
        assert (incident.shown_at is not None) is counts
    assert client_of(roles.operator).post("/incidents/shown", {"incident": "x"}).status_code == 400


def test_the_queue_says_probability_of_a_distance_and_never_of_a_violation(
    roles: Cast, scene: tuple[Order, Incident]
) -> None:
    _, incident = scene
    page = client_of(roles.operator).get(f"/incidents/{incident.pk}/").content.decode()
    assert "Вероятность того, что расстояние было меньше" in page
    for word in ("вероятность нарушения", "агрессор", "нарушитель", "жертва", "поднадзорный"):
        assert word not in page.lower()


@pytest.mark.parametrize(
    ("language", "words"),
    [("ru", "Сигналы"), ("ky", "Сигналдар"), ("en", "Signals")],
)
def test_the_desk_speaks_three_languages(roles: Cast, language: str, words: str) -> None:
    page = client_of(roles.operator, language).get("/").content.decode()
    assert f'<html lang="{language}"' in page
    assert f">{words}</h1>" in page


def test_kyrgyz_pages_say_that_their_texts_are_a_draft(roles: Cast) -> None:
    assert "долбоор котормо" in client_of(roles.operator, "ky").get("/orders/").content.decode()


def test_the_language_is_remembered_with_the_account(roles: Cast) -> None:
    client = client_of(roles.operator)
    response = client.post("/language", {"language": "ky", "next": "/orders/"})
    assert (response.status_code, response.headers["Location"]) == (302, "/orders/")
    assert User.objects.get(pk=roles.operator.pk).language == "ky"
    del client.cookies["language"]
    assert '<html lang="ky"' in client.get("/orders/").content.decode()


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_the_language_switch_leads_nowhere_else(roles: Cast, target: str) -> None:
    response = client_of(roles.operator).post("/language", {"language": "en", "next": target})
    assert response.headers["Location"] == "/"


def test_a_browsers_own_language_does_not_choose(roles: Cast) -> None:
    client = Client(headers={"Accept-Language": "en"})
    assert '<html lang="ru"' in client.get("/account/login/").content.decode()


def test_no_page_holds_an_inline_script_style_or_handler(roles: Cast, scene: tuple[Order, Incident]) -> None:
    for address in ["/", "/orders/", "/devices/", "/account/login/", *addresses(*scene)[:6]]:
        response = client_of(roles.operator if "login" not in address else None).get(address)
        page = response.content.decode()
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        scripts = re.findall(r"<script(?![^>]*(?:src=|application/json))", page)
        assert not scripts, address
        assert not re.findall(r"\sstyle=|\son\w+=", page), address


def test_pages_of_people_are_kept_by_no_cache(roles: Cast, scene: tuple[Order, Incident]) -> None:
    for address in ["/", "/orders/", "/map/places.json", *addresses(*scene)]:
        assert "no-store" in client_of(roles.operator).get(address).headers["Cache-Control"], address


def test_a_silent_watchdog_is_never_shown_as_well(roles: Cast, home: Path) -> None:
    assert "сторож молчит" in client_of(roles.operator).get("/strip").content.decode()


def test_faults_of_the_platform_are_named(roles: Cast, home: Path) -> None:
    alarm = {"at": clock.iso(clock.now()), "component": "process:monitor", "reason": "no_heartbeat", "detail": {}}
    (home / "run").mkdir()
    status = {"at": clock.iso(clock.now()), "pid": 1, "open": [alarm | {"state": "raised"}], "checks": {}}
    (home / "run" / "status.json").write_text(json.dumps(status))
    page = client_of(roles.operator).get("/strip").content.decode()
    assert "сбои: 1" in page
    assert "процесс monitor не отвечает" in page


def test_a_search_finds_codes_and_respondents_but_no_sealed_name(roles: Cast, scene: tuple[Order, Incident]) -> None:
    case, _ = scene
    client = client_of(roles.operator)

    def finds(text: str) -> bool:
        return f"/orders/{case.pk}/" in client.get("/orders/", {"q": text}).content.decode()

    assert finds(case.respondent.name)
    assert finds(case.number)
    assert not finds(HER_NAME)
    assert not finds("%")


def test_a_device_that_was_not_heard_stands_first(
    database: Database, roles: Cast, scene: tuple[Order, Incident]
) -> None:
    with database.connect() as owner:
        owner.execute(
            "UPDATE device_status SET received_at = %s WHERE device = 'phone-0001'", (clock.now() - timedelta(hours=3),)
        )
    page = client_of(roles.operator).get("/devices/").content.decode()
    assert page.index("/devices/phone-0001/") < page.index("/devices/860000000000017/")
    assert "без связи три интервала и дольше: 1" in page


def test_the_queue_asks_the_same_number_of_questions_however_long_it_is(database: Database, roles: Cast) -> None:
    def questions() -> int:
        client = client_of(roles.operator)
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/desk/rows").status_code == 200
        return len(asked)

    case = order(roles.police)
    raised(database, case)
    before = questions()
    for _ in range(12):
        raised(database, case)
    assert questions() == before


def test_nobody_signs_up_and_nothing_is_mailed(database: Database) -> None:
    response = client_of(None).get("/account/signup/")
    assert response.status_code == 404
    assert "администратор" in response.content.decode()
    assert client_of(None).get("/account/password/reset/").status_code == 404


def test_a_wrong_password_says_so_and_says_nothing_more(roles: Cast) -> None:
    def answer(name: str) -> str:
        page = client_of(None).post("/account/login/", {"login": name, "password": "wrong-password"}).content.decode()
        return re.sub(r'value="[^"]*"', "", page)

    known, unknown = answer(roles.operator.username), answer("nobody-has-this-name")
    summary = re.compile(r"data-error-summary.*?</div>", re.DOTALL)
    found = summary.search(known)
    assert found is not None
    assert found[0] == (summary.search(unknown) or [""])[0]


def test_health_is_told_without_a_log_in_and_names_nobody(database: Database) -> None:
    response = client_of(None).get("/healthz")
    assert response.status_code == 200
    assert set(response.json()) == {"at", "live_event", "status"}
