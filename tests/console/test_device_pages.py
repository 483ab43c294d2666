"""The devices' pages: how a device keeps, what it can be asked for and by whom, its check, the list, the coverage."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aralyk import clock
from aralyk.database import Role as DatabaseRole
from aralyk.devices import command_queue
from aralyk.devices.checkups import do_start_checkup
from aralyk.devices.command_queue import Wanted
from aralyk.devices.listing import list_devices
from aralyk.devices.models import Checkup, Command, Device, DeviceKind, Party, UrgentContact
from aralyk.protocols.commands import CommandKind
from aralyk.tracking import log
from aralyk.tracking.health import Projector
from aralyk.tracking.log import Lane
from tests.conftest import Database
from tests.console.test_pages import client_of
from tests.devices.speaking import PROTOCOL, spoken_protocol
from tests.orders.cast import Cast, bracelet, equip, heard, open_order, order, phone, witnesses

TRACKER = "tracker-0001"
REASON = "проверка связи"


@pytest.fixture(autouse=True)
def _protocol() -> Iterator[None]:
    with spoken_protocol():
        yield


@pytest.fixture
def tracker(database: Database, roles: Cast) -> Device:
    """His device: it has words for an interval, a place and a message, none for a buzz."""
    return carried(database, roles, TRACKER)


def carried(database: Database, roles: Cast, device_id: str, *, party: Party = Party.RESPONDENT) -> Device:
    device = Device.objects.create(
        id=device_id, kind=DeviceKind.BRACELET, protocol=PROTOCOL, interval_s=60, trust="imei", synthetic=True
    )
    equip(roles.probation, open_order(roles.police), device=device_id, party=party)
    heard(database, device_id, lat=42.87, lon=74.61, strap="locked")
    return device


def say(database: Database, *, ago_s: float, device: str = TRACKER, **said: Any) -> None:
    at = clock.now() - timedelta(seconds=ago_s)
    line = log.frame_line(
        raw=b"x", lane=Lane.POSITION, messages=[{"fixed_at": clock.iso(at)} | said], protocol=PROTOCOL,
        received_at_us=clock.to_us(at), device=device,
    )  # fmt: skip
    with database.connect(DatabaseRole.GATEWAY) as session, session.cursor() as cursor:
        log.append(cursor, stream="position/g1", lines=[line], received_at=at, by="system:gateway")


def project(database: Database, *, after: timedelta = timedelta()) -> None:
    with database.connect(DatabaseRole.SEQUENCER, autocommit=True) as session:
        Projector(session).follow(now=clock.now() + after)


def page_of(client: Client, address: str = f"/devices/{TRACKER}/") -> str:
    return client.get(address).content.decode()


def test_the_page_tells_how_a_device_keeps_with_its_figures(database: Database, roles: Cast, tracker: Device) -> None:
    for minutes, pct in ((300, 80), (240, 70), (180, 60), (120, 50), (60, 40)):
        say(database, ago_s=minutes * 60, battery_pct=pct, lat=42.87, lon=74.61, accuracy_m=7.0, source="gnss",
            strap="open" if minutes == 180 else "locked", extra={"rssi": -71, "firmware": "V2.31"})  # fmt: skip
    project(database)
    page = page_of(client_of(roles.operator, "en"))
    for said in ("usually ± 7 m", "V2.31", "-71", "named by its IMEI", "reports late, 100 %"):
        assert said in page, said
    assert re.search(r"<dt>Empty in about</dt><dd>[23] h", page)
    assert len(re.findall(r'<polyline class="curve-line"', page)) == 1
    twin = page.split("The curve as a table")[-1].split("</table>")[0]
    assert re.findall(r'<td class="number">(\d+)</td>', twin) == ["40", "50", "60", "70", "80"]
    history = page.split("History of the strap")[1].split("</ol>")[0]
    assert re.findall(r"(open|locked)</span>", history) == ["locked", "open", "locked"]


def test_what_is_not_known_of_a_device_is_said_to_be_unknown(roles: Cast, tracker: Device) -> None:
    page = page_of(client_of(roles.operator, "en"))
    assert "not known yet" in page
    assert page.count(">unknown<") >= 5
    assert "no curve" in page


def test_only_what_a_device_can_do_has_a_button_and_only_for_those_who_may_ask(roles: Cast, tracker: Device) -> None:
    asked = r'action="/devices/tracker-0001/ask/(\w+)"'
    for user in (roles.operator, roles.supervisor, roles.probation):
        assert re.findall(asked, page_of(client_of(user))) == ["position", "interval", "message"]
    for user in (roles.police, roles.prosecutor):
        assert re.findall(asked, page_of(client_of(user))) == []


def test_nothing_seen_or_heard_is_offered_for_a_protected_persons_device(database: Database, roles: Cast) -> None:
    carried(database, roles, TRACKER, party=Party.PROTECTED)
    page = page_of(client_of(roles.operator, "en"))
    assert re.findall(r"/ask/(\w+)\"", page) == ["position", "interval"]
    assert "nothing that is seen or heard is sent to it" in page
    given = {"message-reason": REASON, "message-listed": "charge:ru"}
    assert client_of(roles.operator).post(f"/devices/{TRACKER}/ask/message", given).status_code == 409
    assert not Command.objects.exists()


def test_a_device_without_words_for_anything_says_so(database: Database, roles: Cast) -> None:
    phone(roles.probation)
    equip(roles.probation, open_order(roles.police), device="phone-0001")
    page = page_of(client_of(roles.operator, "en"), "/devices/phone-0001/")
    assert "can&#x27;t be asked for anything" in page or "can't be asked for anything" in page
    assert "/ask/" not in page


def test_what_is_asked_on_the_page_is_queued_witnessed_and_shown_with_who_and_why(
    database: Database, roles: Cast, tracker: Device
) -> None:
    client = client_of(roles.operator, "en")
    before = len(witnesses(database))
    response = client.post(f"/devices/{TRACKER}/ask/position", {"position-reason": REASON})
    assert (response.status_code, response["Location"]) == (302, f"/devices/{TRACKER}/#commands")
    assert [kind for kind, *_ in witnesses(database)[before:]] == ["command_asked"]
    page = page_of(client)
    for said in (
        REASON,
        "asked by Т. operator",
        "waits for the device",
        "witnessed in the evidence: 1",
        "Take it back",
    ):
        assert said in page, said
    (command,) = Command.objects.all()
    client.post(f"/devices/{TRACKER}/commands/{command.pk}/withdraw", {f"withdraw-{command.pk}-reason": "уже не нужно"})
    page = page_of(client)
    assert "taken back" in page
    assert "witnessed in the evidence: 2" in page
    assert "Take it back" not in page


def test_the_engines_own_command_is_named_as_its_and_is_not_a_persons_to_take_back(
    database: Database, roles: Cast, tracker: Device
) -> None:
    wanted = Wanted(
        device=TRACKER, kind=CommandKind.INTERVAL, interval_s=15, why="pursuit_mode", asked_by="decision:7",
        life=timedelta(hours=1), spoken=True,
    )  # fmt: skip
    with database.connect(DatabaseRole.MONITOR) as session, session.cursor() as cursor:
        (command,) = command_queue.ask(cursor, [wanted], by="system:monitor", at=clock.now())
    client = client_of(roles.supervisor, "en")
    page = page_of(client)
    assert "asked by the engine" in page
    assert "every 15 s" in page
    assert "Take it back" not in page
    given = {f"withdraw-{command}-reason": "уже не нужно"}
    assert client.post(f"/devices/{TRACKER}/commands/{command}/withdraw", given).status_code == 403


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("position", {}, "Write why"),
        ("interval", {"interval-interval_s": "61", "interval-reason": REASON}, "At most 60 seconds"),
        ("interval", {"interval-interval_s": "x", "interval-reason": REASON}, "Write a whole number of seconds"),
        ("message", {"message-reason": REASON}, "Choose the text"),
        ("message", {"message-reason": REASON, "message-listed": "own", "message-text": " "}, "Write the text"),
    ],
)
def test_what_is_not_filled_in_rightly_is_named_at_its_field_and_nothing_is_asked(
    roles: Cast, tracker: Device, kind: str, given: dict[str, str], said: str
) -> None:
    response = client_of(roles.supervisor, "en").post(f"/devices/{TRACKER}/ask/{kind}", given)
    page = response.content.decode()
    assert response.status_code == 422
    assert re.search(rf'href="#id_{kind}-\w+">{said}', page)
    assert not Command.objects.exists()


def test_words_of_ones_own_are_the_supervisors_alone(roles: Cast, tracker: Device) -> None:
    given = {"message-reason": REASON, "message-listed": "own", "message-text": "Позвоните в центр."}
    assert client_of(roles.operator).post(f"/devices/{TRACKER}/ask/message", given).status_code == 422
    assert client_of(roles.supervisor).post(f"/devices/{TRACKER}/ask/message", given).status_code == 302
    listed = {"message-reason": REASON, "message-listed": "charge:ky"}
    assert client_of(roles.operator).post(f"/devices/{TRACKER}/ask/message", listed).status_code == 302
    assert set(Command.objects.values_list("text", flat=True)) == {"Позвоните в центр.", "Түзмөктү кубаттаңыз."}


def test_who_may_not_command_is_refused_and_who_may_not_see_finds_nothing(roles: Cast, tracker: Device) -> None:
    posts = {
        f"/devices/{TRACKER}/ask/position": {"position-reason": REASON},
        f"/devices/{TRACKER}/checkups": {"checkup-minutes": "10"},
    }
    for address, given in posts.items():
        assert client_of(roles.police).post(address, given).status_code == 403, address
        assert client_of(roles.prosecutor).post(address, given).status_code == 403, address
        assert client_of(None).post(address, given).status_code == 302, address
    roles.probation.districts = ["bishkek_leninsky"]
    roles.probation.save()
    for address, given in posts.items():
        assert client_of(roles.probation).post(address, given).status_code == 404, address
    for part in ("health", "commands"):
        assert client_of(roles.police_elsewhere).get(f"/devices/{TRACKER}/live/{part}").status_code == 404
        assert client_of(roles.police).get(f"/devices/{TRACKER}/live/{part}").status_code == 200
    assert not Command.objects.exists()


def test_a_check_is_begun_on_the_page_and_its_steps_are_marked_by_those_who_may(
    database: Database, roles: Cast
) -> None:
    phone(roles.probation)
    equip(roles.probation, order(roles.police), device="phone-0001")
    client = client_of(roles.probation, "ru")
    begun = client.post("/devices/phone-0001/checkups", {"checkup-maker": "samsung", "checkup-minutes": "10"})
    address = begun["Location"]
    assert witnesses(database)[-1][0] == "checkup_started"
    page = page_of(client, address)
    assert "Спящие" in page or "спящ" in page.lower()
    assert "идёт" in page
    steps = re.findall(r'name="step" value="(\w+)"', page)
    assert "screen_off" in steps
    assert client_of(roles.police).post(f"{address}steps", {"step": steps[0]}).status_code == 403
    assert client.post(f"{address}steps", {"step": steps[0]}).status_code == 302
    assert Checkup.objects.get().steps_done == [steps[0]]
    kind, _, by, data = witnesses(database)[-1]
    assert (kind, by, data["done"]) == ("checkup_step", f"user:{roles.probation.pk}", steps[0])
    assert len(re.findall(r'name="step"', page_of(client, address))) == len(steps) - 1
    for user in (roles.police_elsewhere, roles.administrator):
        assert client_of(user).get(address).status_code == 404
        assert client_of(user).get(f"{address}live").status_code == 404
    again = client.post("/devices/phone-0001/checkups", {"checkup-maker": "samsung", "checkup-minutes": "10"})
    assert again.status_code == 409


def test_a_check_that_saw_nothing_has_failed_and_its_page_says_what_was_expected(roles: Cast, tracker: Device) -> None:
    run = do_start_checkup(roles.probation, device_id=TRACKER, maker="bracelet", minutes=5)
    Checkup.objects.filter(pk=run.checkup.pk).update(
        started_at=clock.now() - timedelta(hours=2), ends_at=clock.now() - timedelta(hours=1)
    )
    page = page_of(client_of(roles.operator, "en"), f"/checkups/{run.checkup.pk}/")
    assert page.count("failed") >= 4
    assert "at least 90 % in time, every 1 min; no gap above 3 min" in page
    assert "nothing was heard" in page


def test_the_list_puts_the_worst_first_and_shows_alone_what_needs_a_look(database: Database, roles: Cast) -> None:
    for device_id in ("tracker-well", "tracker-open", "tracker-late"):
        carried(database, roles, device_id)
        for ago_s in (180, 120, 60) if device_id != "tracker-late" else (600, 300, 60):
            say(database, ago_s=ago_s, device=device_id, lat=42.87, lon=74.61, source="gnss", accuracy_m=7.0)
    heard(database, "tracker-open", lat=42.87, lon=74.61, strap="open")
    project(database)
    listed = r'href="/devices/(tracker-\w+)/" class="device-name"'
    client = client_of(roles.operator, "en")
    everything, amiss = page_of(client, "/devices/"), page_of(client, "/devices/?look=1")
    assert re.findall(listed, everything) == ["tracker-open", "tracker-late", "tracker-well"]
    assert re.findall(listed, amiss) == ["tracker-open", "tracker-late"]
    assert "strap open" in everything
    assert "reports late, 100 %" in everything
    assert re.findall(listed, page_of(client, "/devices/?q=TRACKER-WELL&look=0")) == ["tracker-well"]
    assert re.findall(listed, page_of(client, "/devices/?page=77")) == re.findall(listed, everything)
    assert re.findall(listed, page_of(client_of(roles.police_elsewhere), "/devices/")) == []


def test_the_days_figures_are_laid_by_anew_after_ten_minutes(database: Database, roles: Cast, tracker: Device) -> None:
    for ago_s in (180, 120, 60):
        say(database, ago_s=ago_s, lat=42.87, lon=74.61)
    project(database)
    assert list_devices(roles.operator).devices[0].word == "well"
    for ago_s in (50, 40, 30, 20, 10):
        say(database, ago_s=ago_s, lat=42.87, lon=74.61, valid=False)
    project(database)
    assert list_devices(roles.operator).devices[0].word == "well"
    project(database, after=timedelta(minutes=11))
    assert list_devices(roles.operator).devices[0].word == "poor_places"


@pytest.mark.parametrize("address", ["/devices/", "/devices/?look=1", "/map/places.json"])
def test_the_same_number_of_questions_is_asked_however_many_devices_there_are(
    database: Database, roles: Cast, address: str
) -> None:
    client, counts = client_of(roles.operator), []
    for number in range(4):
        carried(database, roles, f"tracker-{number}")
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert f"tracker-{number}" in client.get(address).content.decode()
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 14, counts


def test_the_map_keeps_what_a_person_before_did_with_the_same_device_to_itself(database: Database, roles: Cast) -> None:
    bracelet(roles.probation)
    first = order(roles.police)
    equip(roles.probation, first, device="860000000000017")
    heard(database, "860000000000017", lat=42.8712, lon=74.61)
    assert "42.8712" in page_of(client_of(roles.operator), "/map/places.json")
    with database.connect() as owner:
        owner.execute("UPDATE devices_assignment SET until = now()")
    second = order(roles.police)
    equip(roles.probation, second, device="860000000000017")
    for address in ("/map/places.json", f"/map/places.json?order={second.pk}"):
        assert "42.8712" not in page_of(client_of(roles.operator), address)
    assert list_devices(roles.operator).devices[0].word == "silent"


def test_the_coverage_page_shows_no_cell_with_fewer_than_three_carriers(database: Database, roles: Cast) -> None:
    for number in range(3):
        carried(database, roles, f"tracker-{number}")
        for ago_s in (-60, -120, -300):
            say(database, ago_s=ago_s, device=f"tracker-{number}", lat=42.8701, lon=74.6101, source="gnss")
        project(database)
        page, cells = page_of(client_of(roles.prosecutor, "en"), "/devices/coverage"), 1 if number == 2 else 0
        assert page.count("<tbody>") == 1
        assert page.count('data-label="People"') == cells
        found = client_of(roles.prosecutor).get("/map/coverage.json").json()["cells"]
        assert len(found) == cells
    assert (found[0]["level"], found[0]["devices"]) == ("poor", 3)
    assert client_of(roles.administrator).get("/devices/coverage").status_code == 403
    assert client_of(roles.administrator).get("/map/coverage.json").status_code == 403


def test_a_device_in_doubt_stands_on_the_banner_of_those_who_see_it(
    database: Database, roles: Cast, tracker: Device, home: Path
) -> None:
    with database.connect() as owner:
        for component, detail in (("device.tracker-0001", {"what": ["clone"]}), ("monitor.lag.panic", {})):
            owner.execute(
                "INSERT INTO platform_alarm (component, state, at, detail) VALUES (%s, 'raised', now(), %s)",
                (component, json.dumps(detail)),
            )
    strip = page_of(client_of(roles.operator, "ru"), "/strip")
    assert "под сомнением: 1" in strip
    assert 'href="/devices/tracker-0001/"' in strip
    assert "два отправителя" in strip
    elsewhere = page_of(client_of(roles.police_elsewhere, "ru"), "/strip")
    assert "tracker-0001" not in elsewhere
    (home / "run").mkdir()
    status = {"at": clock.iso(clock.now()), "pid": 1, "open": [], "checks": {}}
    (home / "run" / "status.json").write_text(json.dumps(status))
    strip = page_of(client_of(roles.operator, "ru"), "/strip")
    assert "сбои: 1" in strip
    assert "решения по сообщениям очереди panic запаздывают" in strip
    with database.connect() as owner:
        owner.execute(
            "INSERT INTO platform_alarm (component, state, at, detail)"
            " SELECT component, 'cleared', now(), '{}' FROM platform_alarm"
        )
    strip = page_of(client_of(roles.operator, "ru"), "/strip")
    assert "tracker-0001" not in strip
    assert "все части" in strip or "работают" in strip


def test_a_step_of_a_command_is_told_to_open_pages(database: Database, roles: Cast, tracker: Device) -> None:
    client_of(roles.operator).post(f"/devices/{TRACKER}/ask/position", {"position-reason": REASON})
    step = command_queue.Step(
        command=Command.objects.get().pk, state=command_queue.State.SENT, at=clock.now(), outcome=None
    )
    with database.connect(DatabaseRole.GATEWAY) as session, session.cursor() as cursor:
        command_queue.note(cursor, [step], by="system:gateway", at=clock.now())
    with database.connect() as owner:
        told = owner.execute("SELECT kind, subject FROM live_event ORDER BY id DESC LIMIT 1").fetchall()
    assert told == [("device", TRACKER)]
    assert "sent, not confirmed yet" in page_of(client_of(roles.operator, "en"), f"/devices/{TRACKER}/live/commands")


@pytest.fixture
def quiet(database: Database, roles: Cast) -> Device:
    """His device under an order that hides where she is."""
    device = Device.objects.create(
        id=TRACKER, kind=DeviceKind.BRACELET, protocol=PROTOCOL, interval_s=60, trust="imei", synthetic=True
    )
    equip(roles.probation, order(roles.police), device=TRACKER)
    return device


def test_the_page_of_a_quiet_device_says_why_nothing_is_sent_and_when_the_platform_writes(
    database: Database, roles: Cast, quiet: Device
) -> None:
    wanted = Wanted(
        device=TRACKER, kind=CommandKind.POSITION, why="better_fix", asked_by="decision:7",
        life=timedelta(hours=1), spoken=True,
    )  # fmt: skip
    with database.connect(DatabaseRole.MONITOR) as session, session.cursor() as cursor:
        command_queue.ask(cursor, [wanted], by="system:monitor", at=clock.now())
    page = page_of(client_of(roles.operator, "en"))
    for said in (
        "Nothing is sent to this device because of what happens.",
        "not sent: it would tell him that he is near her",
        "at times drawn beforehand. Next:",
        "The constant interval of a respondent",
    ):
        assert said in page, said
    assert "/ask/" not in page
    assert "Emergency" not in page  # a supervisor's to propose
    read = page_of(client_of(roles.police, "en"))
    assert "at times drawn beforehand" not in read
    response = client_of(roles.operator, "en").post(f"/devices/{TRACKER}/ask/position", {"position-reason": REASON})
    assert response.status_code == 409


def test_a_device_that_can_not_be_told_its_interval_says_what_to_set_by_hand(roles: Cast) -> None:
    bracelet(roles.probation)
    equip(roles.probation, order(roles.police), device="860000000000017")
    page = page_of(client_of(roles.operator, "en"), "/devices/860000000000017/")
    assert "set 15 s at the device" in page


def test_an_emergency_is_proposed_and_sent_on_the_page_by_two_people(roles: Cast, quiet: Device) -> None:
    first, second = client_of(roles.supervisor, "en"), client_of(roles.operator, "en")
    given = {"urgent-what": "message:call_centre:ru", "urgent-reason": "счёт на минуты"}
    assert first.post(f"/devices/{TRACKER}/urgent", {**given, "urgent-what": ""}).status_code == 422
    assert first.post(f"/devices/{TRACKER}/urgent", given).status_code == 302
    assert "A second person must send it." in page_of(first)
    (proposed,) = UrgentContact.objects.all()
    address = f"/devices/{TRACKER}/urgent/{proposed.pk}/send"
    assert address in page_of(second)
    assert second.post(address, {f"urgent-{proposed.pk}-reason": "подтверждаю"}).status_code == 302
    assert Command.objects.get(kind="message").state == "queued"
    assert "A second person must send it." not in page_of(first)
