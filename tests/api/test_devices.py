"""Commands, health, checks and coverage by the API: the domain's permissions, and an app's own check by its secret."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from aralyk.devices.actions import do_register_device
from aralyk.devices.models import Device, DeviceKind
from tests.api.test_api import ROOT, get, post
from tests.conftest import Database
from tests.devices.speaking import PROTOCOL, spoken_protocol
from tests.devices.test_health import project, say
from tests.orders.cast import Cast, equip, open_order, order

DEVICE = "tracker-0001"


@pytest.fixture(autouse=True)
def _protocol() -> Iterator[None]:
    with spoken_protocol():
        yield


@pytest.fixture
def tracker(roles: Cast) -> None:
    Device.objects.create(id=DEVICE, kind=DeviceKind.BRACELET, protocol=PROTOCOL, interval_s=60, trust="imei")
    equip(roles.probation, open_order(roles.police), device=DEVICE)


def test_a_command_is_asked_for_listed_and_taken_back(roles: Cast, tracker: None) -> None:
    address = f"/devices/{DEVICE}/commands"
    status, asked = post(roles.operator, address, {"kind": "interval", "interval_s": 20, "reason": "проверка"})
    assert (status, asked["state"], asked["asked_by_name"]) == (200, "queued", "Т. operator")
    status, page = get(roles.police, address)
    assert (status, page["total"], page["spoken"]) == (200, 1, ["interval", "position", "message"])
    status, taken = post(roles.operator, f"{address}/{asked['id']}/withdraw", {"reason": "не нужно"})
    assert (status, taken["state"], taken["outcome"]) == (200, "withdrawn", "by_person")
    assert post(roles.operator, f"{address}/{asked['id']}/withdraw", {"reason": "не нужно"})[0] == 409


def test_a_command_that_may_not_or_can_not_be_is_refused(roles: Cast, tracker: None) -> None:
    address = f"/devices/{DEVICE}/commands"
    assert post(roles.police, address, {"kind": "position", "reason": "проверка"})[0] == 403
    assert post(roles.operator, address, {"kind": "buzz", "reason": "проверка"})[1]["code"] == "command_not_spoken"
    assert post(roles.operator, address, {"kind": "interval", "interval_s": 600, "reason": "проверка"})[0] == 422
    assert post(roles.operator, address, {"kind": "dance", "reason": "проверка"})[0] == 422
    assert get(roles.police_elsewhere, address)[0] == 404
    assert get(None, address)[0] == 401


def test_health_says_what_is_known_and_null_for_the_rest(database: Database, roles: Cast, tracker: None) -> None:
    for ago_s in (180, 120, 60):
        say(database, ago_s=ago_s, device=DEVICE, battery_pct=55)
    project(database)
    status, found = get(roles.operator, f"/devices/{DEVICE}/health")
    assert (status, found["keeping"]["interval_median_s"], found["firmware"]) == (200, 60.0, None)
    assert {point["pct"] for point in found["battery"]} == {55}
    assert (found["empty_in_s"], found["straps"]) == (None, [])
    assert get(roles.police_elsewhere, f"/devices/{DEVICE}/health")[0] == 404


def test_an_app_checks_itself_by_its_secret_and_no_other_device(roles: Cast, tracker: None) -> None:
    made = do_register_device(
        roles.probation, device_id="phone-0001", kind=DeviceKind.PHONE, protocol="osmand", interval_s=60
    )
    app = Client(headers={"Authorization": f"Bearer {made.secret}", "Accept-Language": "ky"})
    body = {"maker": "xiaomi"}
    started = app.post(f"{ROOT}/devices/phone-0001/checkups", body, content_type="application/json").json()
    assert (started["result"], started["checks"][0]["name"]) == ("running", "reports_kept")
    address = f"{ROOT}/checkups/{started['id']}"
    step = {"step": "screen_off"}
    marked = app.post(f"{address}/steps", step, content_type="application/json").json()
    assert [found["slug"] for found in marked["steps"] if found["done"]] == ["screen_off"]
    assert app.get(address).json()["checks"][0]["result"] == "running"
    assert app.post(f"{ROOT}/devices/{DEVICE}/checkups", body, content_type="application/json").status_code == 404
    assert app.get(f"{ROOT}/devices/{DEVICE}/health").status_code == 401
    stranger = Client(headers={"Authorization": "Bearer wrong"})
    assert stranger.get(address).status_code == 401
    status, listed = get(roles.probation, "/devices/phone-0001/checkups")
    assert (status, [run["id"] for run in listed]) == (200, [started["id"]])


def test_coverage_of_one_device_shows_nothing(database: Database, roles: Cast, tracker: None) -> None:
    say(database, ago_s=0, device=DEVICE, lat=42.87, lon=74.6)
    project(database)
    assert get(roles.operator, "/map/coverage") == (200, [])
    assert get(roles.administrator, "/map/coverage")[0] == 403


@pytest.fixture
def quiet(roles: Cast) -> None:
    """His device under an order that hides where she is."""
    Device.objects.create(id=DEVICE, kind=DeviceKind.BRACELET, protocol=PROTOCOL, interval_s=60, trust="imei")
    equip(roles.probation, order(roles.police), device=DEVICE)


def test_a_quiet_device_is_asked_for_nothing_and_says_when_its_carrier_is_written_to(roles: Cast, quiet: None) -> None:
    address = f"/devices/{DEVICE}/commands"
    status, page = get(roles.operator, address)
    assert (status, page["quiet"], page["spoken"]) == (200, True, [])
    assert [(item["why"], item["asked_by_name"]) for item in page["items"]] == [("constant_interval", "")]
    (coming,) = get(roles.operator, "/contacts")[1]
    assert (coming["at"], set(coming)) == (page["next_contact_at"], {"order", "order_number", "at", "call"})
    status, refused = post(roles.operator, address, {"kind": "position", "reason": "где он"})
    assert (status, refused["code"]) == (409, "would_tell_him")
    assert get(roles.police, address)[1]["next_contact_at"] is None
    assert get(roles.police, "/contacts")[0] == 403


def test_what_is_sent_at_once_is_proposed_by_one_and_sent_by_another(roles: Cast, quiet: None) -> None:
    address = f"/devices/{DEVICE}/urgent-contacts"
    asked = {"kind": "message", "listed": {"slug": "call_centre", "language": "ru"}, "reason": "счёт на минуты"}
    assert post(roles.operator, address, asked)[0] == 403
    status, proposed = post(roles.supervisor, address, asked)
    assert (status, proposed["command"], proposed["text"]) == (200, None, "call_centre:ru")
    send = f"/urgent-contacts/{proposed['id']}/send"
    assert post(roles.supervisor, send, {"reason": "подтверждаю"})[1]["code"] == "own_proposal"
    status, sent = post(roles.operator, send, {"reason": "подтверждаю"})
    assert (status, sent["second_by_name"]) == (200, "Т. operator")
    assert sent["command"] is not None
    assert [one["id"] for one in get(roles.prosecutor, address)[1]] == [proposed["id"]]
    assert [one["what"] for one in get(roles.prosecutor, "/protection-cuts")[1]] == ["contacted_at_once"]
    assert get(roles.police_elsewhere, address)[0] == 404
