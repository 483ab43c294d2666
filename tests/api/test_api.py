"""The API sees and does what the pages do: same permission, same witnesses, one form of refusal."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aralyk.access.models import User
from aralyk.api.schemas import PlacesOut
from aralyk.devices.models import Party
from aralyk.incidents.models import Incident
from aralyk.orders.models import Order
from tests.conftest import NOT_STARTED, Database, point_to
from tests.orders.cast import (
    HER_NAME,
    HER_PHONE,
    Cast,
    bracelet,
    equip,
    heard,
    order,
    phone,
    raised,
    witnesses,
)

ROOT = "/api/v1"
PROBLEM = {"type", "title", "status", "code", "message", "fields"}


def client_of(user: User | None, *, csrf: bool = False) -> Client:
    client = Client(enforce_csrf_checks=csrf, raise_request_exception=True)
    if user is not None:
        client.force_login(user)
    return client


def get(user: User | None, address: str) -> tuple[int, Any]:
    response = client_of(user).get(ROOT + address)
    return response.status_code, response.json()


def post(user: User | None, address: str, body: object = None) -> tuple[int, Any]:
    response = client_of(user).post(ROOT + address, json.dumps(body or {}), content_type="application/json")
    return response.status_code, response.json()


@pytest.fixture
def scene(database: Database, roles: Cast) -> tuple[Order, Incident]:
    """An order with two devices that were heard, and an incident in it."""
    case = order(roles.police)
    bracelet(roles.probation)
    phone(roles.probation)
    equip(roles.probation, case, device="860000000000017")
    equip(roles.probation, case, device="phone-0001", party=Party.PROTECTED)
    heard(database, "860000000000017", lat=42.87, lon=74.61, strap="locked")
    heard(database, "phone-0001", lat=42.8801, lon=74.6202)
    return case, raised(database, case)


def addresses(case: Order, incident: Incident) -> list[str]:
    return [
        f"/incidents/{incident.pk}", f"/incidents/{incident.pk}/time-line", f"/orders/{case.pk}",
        f"/orders/{case.pk}/trails", "/devices/860000000000017", f"/map/zones?order={case.pk}",
    ]  # fmt: skip


def test_whose_district_it_is_reads_everything_and_others_get_404(roles: Cast, scene: tuple[Order, Incident]) -> None:
    for address in addresses(*scene):
        for user in (roles.operator, roles.supervisor, roles.police, roles.probation, roles.prosecutor):
            assert get(user, address)[0] == 200, address
        for user in (roles.police_elsewhere, roles.administrator):
            status, body = get(user, address)
            assert (status, body["code"], body["fields"]) == (404, "not_found", []), address


def test_lists_of_another_district_are_empty(roles: Cast, scene: tuple[Order, Incident]) -> None:
    for user in (roles.police_elsewhere, roles.administrator):
        for address in ("/incidents?include_closed=true", "/orders", "/devices"):
            status, body = get(user, address)
            assert (status, body["items"], body["total"]) == (200, [], 0)
        assert get(user, "/map/places")[1]["places"] == []
        assert get(user, "/map/zones")[1]["features"] == []


def test_nobody_reads_anything_without_log_in(scene: tuple[Order, Incident]) -> None:
    for address in [*addresses(*scene), "/incidents", "/orders", "/devices", "/map/places", "/status", "/me"]:
        status, body = get(None, address)
        assert (status, body["code"]) == (401, "not_signed_in"), address
    for act in ("acknowledge", "notes", "close"):
        assert post(None, f"/incidents/{scene[1].pk}/{act}")[0] == 401


def test_a_disabled_account_is_out_at_its_next_request(roles: Cast, scene: tuple[Order, Incident]) -> None:
    client = client_of(roles.operator)
    assert client.get(ROOT + "/incidents").status_code == 200
    User.objects.filter(pk=roles.operator.pk).update(is_active=False)
    assert client.get(ROOT + "/incidents").status_code == 401


def test_a_write_needs_the_token_of_the_page(roles: Cast, scene: tuple[Order, Incident]) -> None:
    client = client_of(roles.operator, csrf=True)
    response = client.post(f"{ROOT}/incidents/{scene[1].pk}/acknowledge", content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    assert Incident.objects.get(pk=scene[1].pk).status == "open"


def test_acknowledge_note_and_close_by_the_api(database: Database, roles: Cast, scene: tuple[Order, Incident]) -> None:
    address = f"/incidents/{scene[1].pk}"
    before = len(witnesses(database))
    status, body = post(roles.operator, f"{address}/acknowledge")
    assert (status, body["status"], body["acknowledged_by"]) == (200, "acknowledged", "Т. operator")
    status, body = post(roles.supervisor, f"{address}/acknowledge")
    assert (status, body["code"]) == (409, "already_acknowledged")
    assert "Т. operator" in body["message"]
    status, body = post(roles.police, f"{address}/notes", {"text": "выехал наряд"})
    assert (status, body[-1]["text"], body[-1]["by"]) == (200, "выехал наряд", "Т. police")
    closing = {"outcome": "possible_violation", "reason": "подтверждено нарядом"}
    assert post(roles.police, f"{address}/close", closing)[0] == 403
    status, body = post(roles.operator, f"{address}/close", closing)
    assert (status, body["code"]) == (409, "still_open")
    status, body = post(roles.operator, f"{address}/close", closing | {"still_open_confirmed": True})
    assert (status, body["status"], body["outcome"]) == (200, "closed", "possible_violation")
    kinds = [kind for kind, *_ in witnesses(database)[before:]]
    besides = {"second_look_asked"}  # the lot may fall on it
    assert [kind for kind in kinds if kind not in besides] == [
        "incident_acknowledged", "incident_noted", "incident_closed"
    ]  # fmt: skip


def test_shown_is_counted_by_the_servers_clock(roles: Cast, scene: tuple[Order, Incident]) -> None:
    body = {"incidents": [str(scene[1].pk)]}
    assert post(roles.police, "/incidents/shown", body) == (200, {"incidents": []})
    assert post(roles.operator, "/incidents/shown", body) == (200, {"incidents": [str(scene[1].pk)]})
    assert Incident.objects.get(pk=scene[1].pk).shown_at is not None


def test_times_are_utc_with_six_decimals_and_places_have_ages(roles: Cast, scene: tuple[Order, Incident]) -> None:
    _, page = get(roles.operator, "/incidents")
    (item,) = page["items"]
    assert len(item["raised_at"]) == len("2026-11-21T10:00:00.123456Z")
    assert item["raised_at"].endswith("Z")
    _, body = get(roles.operator, "/map/places")
    assert PlacesOut.model_validate(body).model_dump(mode="json") == body
    his, hers = body["places"]
    assert (his["lat"], his["strap"], his["silent"]) == (42.87, "locked", False)
    assert hers["rings"] == [[500.0, 1200.0]]
    assert his["fix_age_s"] >= 9


def test_her_place_and_name_never_leave_by_the_api_for_those_who_do_not_watch(
    roles: Cast, scene: tuple[Order, Incident]
) -> None:
    case, incident = scene
    everything = [*addresses(case, incident), "/incidents", "/orders", "/devices", "/map/places"]
    for user in (roles.police, roles.probation, roles.prosecutor):
        text = json.dumps([get(user, address)[1] for address in everything], ensure_ascii=False)
        for hers in ("42.8801", "74.6202", "42.871,", "74.613,"):
            assert hers not in text
    for user in (roles.operator, roles.police):
        text = json.dumps([get(user, address)[1] for address in everything], ensure_ascii=False)
        assert HER_NAME not in text
        assert HER_PHONE not in text


def test_an_order_shows_what_each_condition_rests_on(roles: Cast, scene: tuple[Order, Incident]) -> None:
    status, body = get(roles.prosecutor, f"/orders/{scene[0].pk}")
    assert status == 200
    assert [condition["kind"] for condition in body["conditions"]] == ["proximity", "exclusion_zone", "no_contact"]
    assert body["conditions"][0]["unverified"] is True
    assert body["conditions"][0]["number"] is None
    assert [clock["slug"] for clock in body["clocks"]] == ["issue_from_established_fact", "issue_from_report"]
    assert body["standing"] == "live"


def test_a_list_costs_the_same_however_long(database: Database, roles: Cast, scene: tuple[Order, Incident]) -> None:
    for _ in range(5):
        raised(database, order(roles.police))
    client = client_of(roles.operator)
    client.get(ROOT + "/me")  # log-in is noted once
    with CaptureQueriesContext(connection) as session_alone:
        client.get(ROOT + "/me")
    for address, queries in (("/incidents", 2), ("/orders", 4), ("/devices", 2), ("/map/places", 1), ("/map/zones", 1)):
        with CaptureQueriesContext(connection) as all_of_it:
            assert client.get(ROOT + address).status_code == 200
        by_name = 1  # what is open or closed to this person besides the office
        assert len(all_of_it) - len(session_alone) == queries + by_name, address


def test_the_openapi_document_names_every_address_and_the_form_of_a_refusal(roles: Cast) -> None:
    document = client_of(None).get(ROOT + "/openapi.json").json()
    assert document["info"]["version"] == "1"
    paths = {address.removeprefix(ROOT) for address in document["paths"]}
    assert {"/incidents", "/incidents/{incident_id}/close", "/orders/{order_id}", "/map/places", "/status"} <= paths
    assert set(document["components"]["schemas"]["Error"]["properties"]) == PROBLEM


def test_status_says_what_it_does_not_know_and_health_needs_no_log_in(database: Database, roles: Cast) -> None:
    status, body = get(roles.operator, "/status")
    assert (status, body["newest_step_at"], body["newest_step_age_s"], body["alarms"]) == (200, None, None, [])
    assert body["evidence_waiting"] > 0
    with database.connect() as owner:
        owner.execute(
            "INSERT INTO platform_alarm (component, state, at, detail) VALUES"
            " ('gateway', 'raised', now(), '{}'), ('monitor', 'raised', now(), '{}'),"
            " ('monitor', 'cleared', now(), '{}'), ('device.not-theirs', 'raised', now(), '{}')"
        )
    assert [alarm["component"] for alarm in get(roles.operator, "/status")[1]["alarms"]] == ["gateway"]
    assert get(None, "/health") == (200, {"database": True})


def test_health_says_so_when_the_database_is_away(database: Database) -> None:
    point_to(NOT_STARTED)
    assert get(None, "/health") == (503, {"database": False})


def test_me_tells_role_and_reach(roles: Cast) -> None:
    _, police = get(roles.police, "/me")
    assert (police["role"], police["districts"]) == ("police", ["bishkek_oktyabrsky"])
    assert get(roles.operator, "/me")[1]["districts"] is None


BAD = [
    ("GET", "/incidents?status=odd", None, "status"),
    ("GET", "/incidents?kind=DROP%20TABLE", None, "kind"),
    ("GET", "/incidents?district=%00", None, "district"),
    ("GET", "/incidents?priority=9", None, "priority"),
    ("GET", "/incidents?limit=0", None, "limit"),
    ("GET", "/incidents?limit=201", None, "limit"),
    ("GET", "/incidents?offset=-1", None, "offset"),
    ("GET", "/incidents?order=7", None, "order"),
    ("GET", "/incidents/7", None, "incident_id"),
    ("GET", "/orders/7", None, "order_id"),
    ("GET", "/devices/a%00b1", None, "device_id"),
    ("GET", "/map/places?order=x", None, "order"),
    ("POST", "/incidents/shown", {"incidents": ["x"]}, "incidents.0"),
    ("POST", "/incidents/{id}/notes", {}, "text"),
    ("POST", "/incidents/{id}/notes", {"text": 7}, "text"),
    ("POST", "/incidents/{id}/notes", {"text": ""}, "text"),
    ("POST", "/incidents/{id}/notes", {"text": "a\x00"}, "text"),
    ("POST", "/incidents/{id}/notes", {"text": "x" * 4001}, "text"),
    ("POST", "/incidents/{id}/close", {"outcome": "guilty", "reason": "так"}, "outcome"),
    ("POST", "/incidents/{id}/close", {"outcome": "false"}, "reason"),
]


def test_bad_input_names_its_field_and_is_never_quoted(roles: Cast, scene: tuple[Order, Incident]) -> None:
    for method, address, body, field in BAD:
        address = address.replace("{id}", str(scene[1].pk))
        status, answer = get(roles.operator, address) if method == "GET" else post(roles.operator, address, body)
        assert (status, answer["code"]) == (422, "invalid"), address
        assert answer["fields"][0]["field"] == field, address
        assert answer["fields"][0]["expected"]
        assert "guilty" not in json.dumps(answer)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b'"text"', b"null", b'{"text": ' + b"[" * 5000])
def test_a_body_that_is_not_the_expected_json_is_a_clear_error(
    roles: Cast, scene: tuple[Order, Incident], body: bytes
) -> None:
    client = client_of(roles.operator)
    response = client.post(f"{ROOT}/incidents/{scene[1].pk}/notes", body, content_type="application/json")
    assert response.status_code in {400, 422}
    assert set(response.json()) == PROBLEM


def test_an_address_that_leads_nowhere_answers_in_the_same_form(roles: Cast) -> None:
    for address in ("/nothing", "/incidents/", "/orders/../../etc/passwd"):
        status, body = get(roles.operator, address)
        assert (status, body["code"]) == (404, "not_found")


def test_what_was_sent_is_never_too_large_to_be_refused(roles: Cast, scene: tuple[Order, Incident]) -> None:
    status, body = post(roles.operator, f"/incidents/{scene[1].pk}/notes", {"text": "x" * 3_000_000})
    assert (status, body["code"]) == (413, "too_large")


def test_a_wrong_method_is_refused(roles: Cast, scene: tuple[Order, Incident]) -> None:
    client = client_of(roles.operator)
    assert client.delete(f"{ROOT}/incidents/{scene[1].pk}").status_code == 405
    assert client.get(f"{ROOT}/incidents/{scene[1].pk}/acknowledge").status_code == 405


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)


def test_any_json_at_any_address_gives_an_answer_and_never_a_failure(
    roles: Cast, scene: tuple[Order, Incident]
) -> None:
    """Fuzz: whatever is sent, the answer is one of ours, in one form."""
    client = client_of(roles.operator)
    incident = str(scene[1].pk)
    names = st.sampled_from(["text", "outcome", "reason", "still_open_confirmed", "incidents"])
    bodies = values | st.dictionaries(names, values, max_size=5)
    targets = st.sampled_from(
        [f"/incidents/{incident}/notes", f"/incidents/{incident}/close", "/incidents/shown",
         f"/incidents/{incident}/acknowledge"]
    )  # fmt: skip

    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(address=targets, body=bodies)
    def posts(address: str, body: object) -> None:
        sent = json.dumps(body).encode("utf-8")
        response = client.post(ROOT + address, sent, content_type="application/json")
        check(response)

    parameters = st.sampled_from(["status", "kind", "district", "priority", "order", "limit", "offset", "since"])

    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(
        address=st.sampled_from(["/incidents", "/orders", "/devices", "/map/places", "/map/zones",
                                 f"/orders/{scene[0].pk}/trails"]),
        query=st.dictionaries(parameters, st.text(max_size=30), max_size=4),
        tail=st.text(max_size=20),
    )  # fmt: skip
    def gets(address: str, query: dict[str, str], tail: str) -> None:
        check(client.get(ROOT + address, query))
        check(client.get(ROOT + address + "/" + quote(tail, safe="")))

    posts()
    gets()


@pytest.mark.parametrize("field", ["since", "until"])
def test_a_time_before_there_were_places_is_refused_by_its_field(
    scene: tuple[Order, Incident], roles: Cast, field: str
) -> None:
    address = f"{ROOT}/orders/{scene[0].pk}/trails"
    answer = client_of(roles.operator).get(address, {field: "0001-01-01T00:00:00Z"})
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == field


def check(response: Any) -> None:
    assert response.status_code in {200, 400, 404, 405, 409, 413, 422}
    if response.status_code not in {200, 405}:
        assert set(response.json()) == PROBLEM


def test_an_unknown_incident_is_404_for_every_act(roles: Cast) -> None:
    for act, body in (("acknowledge", {}), ("notes", {"text": "x"}), ("close", {"outcome": "false", "reason": "нет"})):
        assert post(roles.operator, f"/incidents/{uuid4()}/{act}", body)[0] == 404
