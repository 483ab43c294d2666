"""Frames that were not taken: who sees them, every look is witnessed, and what a person's word can and can't do."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils.translation import override

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.console.quarantine_words import CODES
from aralyk.database import Role
from aralyk.devices.actions import do_set_device_active
from aralyk.gateway.reception import Unbelieved
from aralyk.protocols.errors import ErrorCode
from aralyk.protocols.messages import Alarm, Message, Strap
from aralyk.protocols.r16h.encoder import encode_link, encode_position
from aralyk.quarantine.actions import do_dismiss, do_look, do_release, do_release_all
from aralyk.quarantine.queries import Filter, Standing, frame_for, frames_for, groups_for
from aralyk.quarantine.reading import Obstacle
from tests.conftest import Database
from tests.monitor.conftest import ShiftClock, StartWatch
from tests.orders.cast import Cast, bracelet, equip, order, phone, witnesses

HIS = "860000000000017"
REASON = "кодек исправлен"
HOUR = timedelta(hours=1)


def said(
    device: str = HIS, *, at: datetime | None = None, alarms: tuple[Alarm, ...] = (), strap: Strap | None = None
) -> bytes:
    """A bracelet's frame as its own encoder writes it, without the wire's terminator."""
    at_us = clock.to_us(at or clock.now())
    message = Message(
        device_id=device, fixed_at_us=at_us, lat=42.87, lon=74.61, valid=True, battery_pct=80.0, alarms=alarms,
        strap=strap,
    )  # fmt: skip
    return encode_position(message).rstrip(b"$")


def kept(
    database: Database,
    raw: bytes,
    *,
    code: str = "unknown_device",
    protocol: str = "r16h",
    device: str | None = None,
    at: datetime | None = None,
) -> int:
    """Put a frame into quarantine as the gateway does; returns its number."""
    with database.connect(Role.GATEWAY) as gateway:
        (number,) = gateway.execute(
            "INSERT INTO quarantine (received_at, protocol, device, code, detail, bytes)"
            " VALUES (%s, %s, %s, %s, 'device: expected one that is registered', %s) RETURNING id",
            (at or clock.now(), protocol, device, code, raw),
        ).fetchall()[0]
    return int(number)


def of(database: Database, kind: str) -> list[tuple[str, str, dict[str, object]]]:
    return [(subject, by, data) for found, subject, by, data in witnesses(database) if found == kind]


def test_only_the_centre_sees_the_quarantine(database: Database, roles: Cast) -> None:
    number = kept(database, said())
    for user in (roles.operator, roles.supervisor):
        assert [frame.id for frame in frames_for(user, Filter()).frames] == [number]
    for user in (roles.police, roles.probation, roles.prosecutor, roles.administrator):
        for look in (lambda who: frame_for(who, number), lambda who: do_look(who, number), groups_for):
            with pytest.raises(NotFound):
                look(user)


def test_every_look_at_the_bytes_is_witnessed_and_the_witness_holds_no_byte_of_them(
    database: Database, roles: Cast
) -> None:
    raw = said()
    number = kept(database, raw)
    found = do_look(roles.operator, number)
    assert found.raw == raw
    assert found.reading.obstacle is Obstacle.UNKNOWN_DEVICE
    assert of(database, "quarantine_look") == [
        (f"frame:{number}", f"user:{roles.operator.pk}", {"frame_sha256": hashlib.sha256(raw).hexdigest()})
    ]


def test_a_page_is_cut_in_the_database_and_its_filters_hold_on_the_next(database: Database, roles: Cast) -> None:
    numbers = [kept(database, b"@X", code="unknown_frame") for _ in range(5)]
    kept(database, said())
    wanted = Filter(protocol="r16h", code="unknown_frame")
    first = frames_for(roles.operator, wanted, limit=3)
    second = frames_for(roles.operator, wanted, limit=3, before=first.before)
    assert [frame.id for frame in (*first.frames, *second.frames)] == numbers[::-1]
    assert second.before is None
    assert [(group.code, group.waiting) for group in groups_for(roles.operator)] == [
        ("unknown_frame", 5), ("unknown_device", 1),
    ]  # fmt: skip
    nothing = Filter(until=clock.now() - HOUR)
    assert frames_for(roles.operator, nothing).frames == ()


def test_a_released_cry_for_help_is_a_late_incident_with_its_true_time_and_no_sign_of_life(
    database: Database, roles: Cast, start_watch: StartWatch, shift: ShiftClock
) -> None:
    case = order(roles.police)
    began = clock.now()
    bracelet(roles.probation)
    equip(roles.probation, case, device=HIS)
    watch = start_watch()
    watch.turn()
    pressed = shift.by(timedelta(minutes=5))
    number = kept(database, said(at=pressed, alarms=(Alarm.SOS,)), at=pressed, code="bad_field", device=HIS)
    shift.by(HOUR)
    watch.turn()
    silent = incidents(database, "silence")
    assert len(silent) == 1
    frame = do_release(roles.supervisor, number, reason=REASON)
    assert frame.standing is Standing.RELEASED
    assert (frame.stream, frame.seq) == ("panic/release", 1)
    watch.turn()
    ((late, occurred_at),) = incidents(database, "panic")
    assert late
    assert abs((occurred_at - pressed).total_seconds()) < 2
    shift.by(timedelta(minutes=1))
    watch.turn()
    assert incidents(database, "silence") == silent
    assert status(database) == (pressed, True)
    (witness,) = of(database, "frame_released")
    assert witness[0] == f"frame:{number}"
    assert witness[2]["heard_at"] == clock.iso(pressed)
    assert began < pressed


def incidents(database: Database, kind: str) -> list[tuple[bool, datetime]]:
    with database.connect() as owner:
        return owner.execute(
            "SELECT late, occurred_at FROM incidents_incident WHERE kind = %s AND (late OR episode_open)",
            (kind,),
        ).fetchall()


def status(database: Database) -> tuple[datetime, bool]:
    """When the device was last heard, and whether every stored fix of it is marked late."""
    with database.connect() as owner:
        (heard_at,) = owner.execute("SELECT received_at FROM device_status WHERE device = %s", (HIS,)).fetchall()[0]
        (late,) = owner.execute("SELECT bool_and(late) FROM fix WHERE device = %s", (HIS,)).fetchall()[0]
    return heard_at, late


def test_a_released_open_strap_is_told_late_and_moves_no_newer_state_backwards(
    database: Database, roles: Cast, start_watch: StartWatch, shift: ShiftClock
) -> None:
    case = order(roles.police)
    bracelet(roles.probation)
    equip(roles.probation, case, device=HIS)
    watch = start_watch()
    opened = shift.by(timedelta(minutes=5))
    raw = said(at=opened, alarms=(Alarm.STRAP_OPEN,), strap=Strap.OPEN)
    number = kept(database, raw, at=opened, code="bad_field", device=HIS)
    shift.by(HOUR)
    newer = kept(database, said(strap=Strap.LOCKED), code="bad_field", device=HIS)
    do_release(roles.supervisor, newer, reason=REASON)
    watch.turn()
    do_release(roles.supervisor, number, reason=REASON)
    watch.turn()
    ((late, occurred_at),) = incidents(database, "tamper")
    assert late
    assert abs((occurred_at - opened).total_seconds()) < 2
    with database.connect() as owner:
        assert owner.execute("SELECT strap FROM device_status WHERE device = %s", (HIS,)).fetchall() == [("locked",)]


def test_a_frame_is_decided_once_and_its_row_stays(database: Database, roles: Cast) -> None:
    bracelet(roles.probation)
    released, dismissed = (kept(database, said(), code="bad_field", device=HIS) for _ in range(2))
    do_release(roles.supervisor, released, reason=REASON)
    do_dismiss(roles.supervisor, dismissed, reason="повтор того же кадра")
    for number in (released, dismissed):
        for decide in (do_release, do_dismiss):
            with pytest.raises(Refused) as refused:
                decide(roles.supervisor, number, reason=REASON)
            assert refused.value.code is Code.FRAME_DECIDED
    assert frames_for(roles.operator, Filter(standing=Standing.WAITING)).frames == ()
    assert len(frames_for(roles.operator, Filter()).frames) == 2
    assert [data["protocol"] for _, _, data in of(database, "frame_dismissed")] == ["r16h"]
    with connection.cursor() as cursor, pytest.raises(Exception, match=r"only grows|permission denied"):
        cursor.execute("DELETE FROM quarantine_outcome")


def test_an_operator_may_look_and_may_not_release(database: Database, roles: Cast) -> None:
    bracelet(roles.probation)
    number = kept(database, said(), code="bad_field", device=HIS)
    for decide in (do_release, do_dismiss):
        with pytest.raises(Refused) as refused:
            decide(roles.operator, number, reason=REASON)
        assert refused.value.code is Code.NOT_PERMITTED
    with pytest.raises(Refused):
        do_release(roles.supervisor, number, reason=" ")


@pytest.mark.parametrize(
    ("raw", "protocol", "device", "obstacle"),
    [
        (b"@GPSD,garbage", "r16h", None, Obstacle.UNREADABLE),
        (said("860000000000099"), "r16h", None, Obstacle.UNKNOWN_DEVICE),
        (said(), "r16h", "860000000000025", Obstacle.DEVICE_MISMATCH),
        (b"?id=phone-0001&lat=42.87&lon=74.6&timestamp=1700000000\n", "osmand", None, Obstacle.UNPROVEN_SENDER),
        (b"?id=phone-0001&lat=42.87&lon=74.6&timestamp=1700000000\n", "r17h", None, Obstacle.UNKNOWN_PROTOCOL),
        (encode_link(HIS).rstrip(b"$"), "r16h", None, Obstacle.EMPTY),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),  # bytes with the time in them: no name of a test
)
def test_a_persons_word_does_not_replace_what_only_the_frame_can_prove(
    database: Database, roles: Cast, raw: bytes, protocol: str, device: str | None, obstacle: Obstacle
) -> None:
    bracelet(roles.probation)
    bracelet(roles.probation, "860000000000025")
    phone(roles.probation)
    number = kept(database, raw, protocol=protocol, device=device)
    assert do_look(roles.supervisor, number).reading.obstacle is obstacle
    with pytest.raises(Refused) as refused:
        do_release(roles.supervisor, number, reason=REASON)
    assert refused.value.code is Code.FRAME_NOT_RELEASABLE
    assert frame_for(roles.supervisor, number).standing is Standing.WAITING


def test_a_device_that_is_out_of_service_says_nothing_by_a_persons_word(database: Database, roles: Cast) -> None:
    bracelet(roles.probation)
    do_set_device_active(roles.probation, HIS, active=False, reason="потерян владельцем")
    number = kept(database, said(), code="inactive_device", device=HIS)
    assert do_look(roles.supervisor, number).reading.obstacle is Obstacle.INACTIVE_DEVICE


def test_all_of_one_reason_are_released_together_and_the_unreadable_stay(database: Database, roles: Cast) -> None:
    bracelet(roles.probation)
    now = clock.now()
    good = [kept(database, said(at=now - k * HOUR), at=now, code="bad_field", device=HIS) for k in range(1, 4)]
    kept(database, b"@GPSD,garbage", code="bad_field", device=HIS)
    other = kept(database, said(), code="unknown_device")
    done = do_release_all(roles.supervisor, protocol="r16h", code="bad_field", reason=REASON)
    assert (done.released, done.kept, done.before) == (3, 1, None)
    assert {frame.id for frame in frames_for(roles.operator, Filter(standing=Standing.RELEASED)).frames} == set(good)
    assert frame_for(roles.operator, other).standing is Standing.WAITING
    with database.connect() as owner:
        ((payload, messages),) = owner.execute(
            "SELECT payload, messages FROM log_batch WHERE stream = 'position/release'"
        ).fetchall()
    assert messages == 3
    assert {json.loads(line)["heard_at"] for line in bytes(payload).split(b"\n")} == {clock.iso(now)}


def client_of(user: User) -> Client:
    client = Client()
    client.cookies["language"] = "en"
    client.force_login(user)
    return client


def test_the_pages_show_the_bytes_only_to_those_who_asked_for_them(database: Database, roles: Cast) -> None:
    raw = said()
    number = kept(database, raw)
    page = client_of(roles.supervisor).get(f"/quarantine/{number}/").content.decode()
    assert raw[:16].hex(" ") not in page
    assert of(database, "quarantine_look") == []
    opened = client_of(roles.supervisor).post(f"/quarantine/{number}/look").content.decode()
    assert raw[:16].hex(" ") in opened
    assert f"/devices/register?device_id={HIS}&amp;protocol=r16h" in opened
    assert len(of(database, "quarantine_look")) == 1
    for user in (roles.police, roles.probation, roles.prosecutor, roles.administrator):
        for answer in (
            client_of(user).get("/quarantine/"),
            client_of(user).get(f"/quarantine/{number}/"),
            client_of(user).post(f"/quarantine/{number}/look"),
        ):
            assert answer.status_code == 404


def test_the_pages_release_dismiss_and_release_together(database: Database, roles: Cast) -> None:
    bracelet(roles.probation)
    one, two, three = (kept(database, said(at=clock.now() - k * HOUR), code="bad_field", device=HIS) for k in (1, 2, 3))
    client = client_of(roles.supervisor)
    assert client.post(f"/quarantine/{one}/release", {"release-reason": ""}).status_code == 422
    assert client.post(f"/quarantine/{one}/release", {"release-reason": REASON}).status_code == 302
    assert client.post(f"/quarantine/{two}/dismiss", {"dismiss-reason": REASON}).status_code == 302
    listing = client.get("/quarantine/?protocol=r16h&code=bad_field").content.decode()
    assert "Release all that can be read" in listing
    together = {"protocol": "r16h", "code": "bad_field", "release-reason": REASON}
    assert "Released: 1. Kept in quarantine: 0." in client.post("/quarantine/release", together).content.decode()
    standings = [frame_for(roles.operator, number).standing.value for number in (one, two, three)]
    assert standings == ["released", "dismissed", "released"]


def test_a_stranger_is_registered_by_a_person_and_never_by_itself(database: Database, roles: Cast) -> None:
    kept(database, said())
    client = client_of(roles.supervisor)
    with database.connect(Role.GATEWAY) as gateway:
        gateway.execute(
            "INSERT INTO devices_stranger (protocol, claimed_id, first_seen, last_seen, count)"
            " VALUES ('r16h', %s, now(), now(), 3)",
            (HIS,),
        )
    address = f"/devices/register?device_id={HIS}&amp;protocol=r16h"
    assert address in client.get("/quarantine/").content.decode()
    assert address not in client_of(roles.operator).get("/quarantine/").content.decode()
    form = client.get(f"/devices/register?device_id={HIS}&protocol=r16h").content.decode()
    assert f'value="{HIS}"' in form
    with database.connect() as owner:
        assert owner.execute("SELECT count(*) FROM devices_device").fetchall() == [(0,)]
    given = {"device_id": HIS, "kind": "bracelet", "protocol": "r16h", "interval_s": "60", "model": ""}
    assert client.post("/devices/register", given).status_code == 200
    assert client.post("/devices/register", given).status_code == 422
    assert [by for _, by, _ in of(database, "device_registered")] == [f"user:{roles.supervisor.pk}"]
    assert client_of(roles.operator).get("/devices/register").status_code == 403


def test_the_api_does_what_the_pages_do(database: Database, roles: Cast) -> None:
    bracelet(roles.probation)
    number = kept(database, said(), code="bad_field", device=HIS)
    client = client_of(roles.supervisor)

    def post(address: str, body: object) -> tuple[int, dict[str, object]]:
        answer = client.post(f"/api/v1/quarantine{address}", json.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()

    assert client.get("/api/v1/quarantine?standing=waiting").json()["items"][0]["id"] == number
    assert client.get("/api/v1/quarantine/groups").json()[0]["waiting"] == 1
    looked, content = post(f"/{number}/look", {})
    assert (looked, content["obstacle"], content["device"]) == (200, None, HIS)
    assert post(f"/{number}/release", {"reason": "x"})[0] == 422
    assert post(f"/{number}/release", {"reason": REASON})[1]["standing"] == "released"
    assert post(f"/{number}/dismiss", {"reason": REASON})[0] == 409
    assert post("/release", {"protocol": "r16h", "code": "bad_field", "reason": REASON})[1]["released"] == 0
    assert client_of(roles.police).get(f"/api/v1/quarantine/{number}").status_code == 404


@pytest.mark.parametrize("language", ["ru", "ky"])
def test_every_reason_has_words_in_every_language(language: str) -> None:
    assert CODES.keys() == {*ErrorCode, *Unbelieved}
    with override(language):
        said = {code: str(words) for code, words in CODES.items()}
    assert not [code for code, words in said.items() if words.isascii()]  # neither a code nor English
    assert len(set(said.values())) == len(said)
