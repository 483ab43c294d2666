"""Protocols with a login, over TCP, UDP and TLS: who speaks is known by the login, and "received" means stored."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

from aralyk.database import Role
from aralyk.protocols import registry
from aralyk.protocols.codec import Session
from aralyk.protocols.gt06 import encoder as gt06
from aralyk.protocols.jt808.encoder import Terminal
from aralyk.protocols.meitrack.envelope import envelope
from aralyk.protocols.messages import Message, Source
from aralyk.protocols.owntracks.encoder import encode_encrypted, encode_location
from aralyk.protocols.teltonika.encoder import encode_datagram, encode_login, encode_records
from tests.conftest import Database
from tests.gateway.driving import (
    GatewayProcess,
    ended,
    quarantine,
    register,
    rows,
    standing_alarms,
    stored_lines,
    tcp,
    until,
)

IMEI = "356307042441013"
OTHER = "356307042441021"
NOON_US = 1_760_000_000_000_000


def place(minute: int, device_id: str = IMEI) -> Message:
    return Message(
        device_id=device_id,
        fixed_at_us=NOON_US + minute * 60_000_000,
        lat=42.87,
        lon=74.57,
        valid=True,
        altitude_m=800.0,
        heading_deg=90.0,
        speed_mps=0.0,
        source=Source.GNSS,
    )


def record(minute: int) -> bytes:
    return encode_records([place(minute)])


@pytest.fixture
def gateway(database: Database, tmp_path: Path) -> GatewayProcess:
    register(IMEI, "teltonika", model="FMB")
    return GatewayProcess(tmp_path, ports="teltonika:0,gt06:0")


def test_only_the_protocols_that_were_named_are_served(database: Database, tmp_path: Path) -> None:
    with GatewayProcess(tmp_path) as running:
        assert set(running.ports) == {"http", "r16h"}


def test_a_login_says_who_speaks_in_the_frames_after_it(gateway: GatewayProcess) -> None:
    with gateway, tcp(gateway, "teltonika") as link:
        link.sendall(encode_login(IMEI))
        assert link.recv(16) == b"\x01"
        link.sendall(record(1))
        assert link.recv(16) == b"\x00\x00\x00\x01"
    login, fix = sorted(stored_lines(), key=lambda line: line.lane, reverse=True)
    assert (login.lane, login.messages) == ("status", [])
    assert (fix.device, fix.lane, fix.model, fix.trust) == (IMEI, "position", "FMB", "imei")
    assert fix.messages[0]["lat"] == pytest.approx(42.87)


def test_what_a_login_said_stands_beside_the_frames_that_were_read_with_it(database: Database, tmp_path: Path) -> None:
    register(IMEI, "gt06")
    with GatewayProcess(tmp_path, ports="gt06:0") as gateway, tcp(gateway, "gt06") as link:
        link.sendall(gt06.encode_login(IMEI, serial=1, zone_min=360))
        assert link.recv(64)
        link.sendall(gt06.encode_position(place(1), serial=2))
        until(lambda: stored_lines("position/g1"), "it is stored")
    (fix,) = stored_lines("position/g1")
    assert (fix.device, fix.context) == (IMEI, {"utc_offset_min": "360"})
    assert "context" not in first_line("status/g1")
    again = registry()["gt06"].decode(
        base64.b64decode(fix.frame), Session(device_id=fix.device, model=fix.model, context=fix.context)
    )
    assert [message.as_line() for message in again.messages] == fix.messages


def first_line(stream: str) -> dict[str, object]:
    ((payload,),) = rows("SELECT payload FROM log_batch WHERE stream = %(stream)s", stream=stream)
    return dict(json.loads(bytes(payload).split(b"\n")[0]))


def test_a_frame_before_any_login_is_set_aside_and_not_confirmed(gateway: GatewayProcess) -> None:
    with gateway, tcp(gateway, "teltonika") as link:
        link.sendall(record(1))
        until(quarantine, "it is set aside")
        link.settimeout(0.3)
        with pytest.raises(TimeoutError):
            link.recv(16)
    assert [row[:3] for row in quarantine()] == [("teltonika", None, "unnamed")]


def test_a_login_of_somebody_unknown_is_not_answered_and_makes_nobody_known(gateway: GatewayProcess) -> None:
    with gateway, tcp(gateway, "teltonika") as link:
        link.sendall(encode_login(OTHER) + record(1))
        until(lambda: len(quarantine()) == 2, "both are set aside")
        link.settimeout(0.3)
        with pytest.raises(TimeoutError):
            link.recv(16)
        until(lambda: len(seen()) == 2, "both are counted")
    assert [row[2] for row in quarantine()] == ["unknown_device", "unnamed"]
    assert seen() == {("teltonika", OTHER): 1, ("teltonika", ""): 1}
    assert rows("SELECT id FROM devices_device") == [(IMEI,)]


def seen() -> dict[tuple[str, str], int]:
    return {(row[0], row[1]): row[2] for row in rows("SELECT protocol, claimed_id, count FROM devices_stranger")}


def test_a_stranger_who_comes_again_is_one_row_with_a_count(gateway: GatewayProcess) -> None:
    with gateway:
        for _ in range(3):
            with tcp(gateway, "teltonika") as link:
                link.sendall(encode_login(OTHER))
        until(lambda: seen() == {("teltonika", OTHER): 3}, "each is counted")
    ((first, last),) = rows("SELECT first_seen, last_seen FROM devices_stranger")
    assert first < last


def test_received_is_said_after_the_commit_and_not_before(gateway: GatewayProcess, database: Database) -> None:
    with gateway, tcp(gateway, "teltonika") as link:
        link.sendall(encode_login(IMEI))
        assert link.recv(16) == b"\x01"
        with database.connect(Role.OWNER) as blocking:
            blocking.execute("LOCK TABLE log_batch IN EXCLUSIVE MODE")
            link.sendall(record(1))
            link.settimeout(1.0)
            with pytest.raises(TimeoutError):
                link.recv(16)
            blocking.rollback()
        link.settimeout(20.0)
        assert link.recv(16) == b"\x00\x00\x00\x01"
    assert len(stored_lines("position/g1")) == 1


def test_answers_keep_the_order_of_the_frames_whichever_lane_is_stored_first(gateway: GatewayProcess) -> None:
    with gateway, tcp(gateway, "teltonika") as link:
        link.sendall(encode_login(IMEI) + record(1) + encode_records([place(2), place(3)]))
        answers = b""
        while len(answers) < 9:
            answers += link.recv(16)
    assert answers == b"\x01" + b"\x00\x00\x00\x01" + b"\x00\x00\x00\x02"


def test_a_datagram_is_stored_and_then_answered(gateway: GatewayProcess) -> None:
    with gateway, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(20.0)
        link.connect(("127.0.0.1", gateway.ports["teltonika/udp"]))
        link.send(encode_datagram([place(1)], packet=7, avl_packet=3))
        answer = link.recv(64)
        assert len(stored_lines("position/g1")) == 1
        link.send(encode_datagram([place(2, OTHER)], packet=8, avl_packet=4))
        until(quarantine, "a stranger's is set aside")
        link.send(b"")
        link.send(b"noise")
        link.send(encode_datagram([place(3)], packet=9, avl_packet=5))
        assert link.recv(64) != answer
    assert len(stored_lines("position/g1")) == 2
    assert quarantine()[0][2] == "unknown_device"


def test_a_listener_with_a_certificate_speaks_tls_alone(database: Database, tmp_path: Path) -> None:
    register(IMEI, "teltonika")
    register("phone-1", secret="secret")
    certificate, key = a_certificate(tmp_path)
    listeners = f"teltonika:{certificate}:{key},http:{certificate}:{key}"
    context = ssl.create_default_context(cafile=str(certificate))
    with GatewayProcess(tmp_path, ports="teltonika:0", tls=listeners) as gateway:
        with tcp(gateway, "teltonika") as plain, context.wrap_socket(plain, server_hostname="localhost") as link:
            link.sendall(encode_login(IMEI) + record(1))
            assert link.recv(1) == b"\x01"
            assert link.recv(16) == b"\x00\x00\x00\x01"
        with tcp(gateway, "http") as plain, context.wrap_socket(plain, server_hostname="localhost") as link:
            link.sendall(b"GET /osmand/secret?id=phone-1&lat=1&lon=2 HTTP/1.1\r\n\r\n")
            assert link.recv(64).startswith(b"HTTP/1.1 200 OK")
        with tcp(gateway, "teltonika") as plain:
            plain.sendall(encode_login(IMEI))
            assert ended_or_alert(plain)
    assert len(stored_lines("position/g1")) == 2


def ended_or_alert(link: socket.socket) -> bool:
    """TLS may say in its own words that this was none, before it ends."""
    answer = b""
    try:
        while part := link.recv(64):
            answer += part
    except ConnectionResetError:
        pass
    return b"\x01" not in answer[:1]


def a_certificate(directory: Path) -> tuple[Path, Path]:
    certificate, key = directory / "tls.pem", directory / "tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key


def test_an_app_of_another_protocol_is_answered_with_its_own_words(database: Database, tmp_path: Path) -> None:
    register("phone-1", "owntracks", secret="first")
    register("phone-2", "owntracks", secret="second", key=b"correct horse", home=tmp_path)
    body = encode_location(place(1, "phone-1"))
    boxed = encode_encrypted(encode_location(place(2, "phone-2")), key=b"correct horse")
    with GatewayProcess(tmp_path) as gateway:
        phone = gateway.phone("first")
        answer = phone.ask("POST", "/owntracks/first", body, {"Content-Type": "application/json"})
        assert (answer.status, answer.text, answer.headers["content-type"]) == (200, "[]", "application/json")
        basic = base64.b64encode(b"anybody:second").decode()
        answer = phone.ask("POST", "/owntracks", boxed, {"Authorization": f"Basic {basic}", "X-Limit-D": "phone-2"})
        assert (answer.status, answer.text) == (200, "[]")
    lines = stored_lines("position/g1")
    assert [line.device for line in lines] == ["phone-1", "phone-2"]
    assert [line.trust for line in lines] == ["secret", "secret"]
    assert basic.encode() not in b"".join(base64.b64decode(line.frame) for line in lines)


def test_one_address_takes_no_more_than_its_share_of_connections(gateway: GatewayProcess, tmp_path: Path) -> None:
    crowded = {"connections_per_address_max": 2, "trusted_networks": "10.0.0.0/8"}
    with GatewayProcess(tmp_path, ports="teltonika:0", **crowded) as running:
        links = [tcp(running, "teltonika") for _ in range(3)]
        assert ended(links[2])
        links[2].close()
        with tcp(running, "teltonika", source="127.0.0.2") as another:
            another.sendall(encode_login(IMEI))
            assert another.recv(16) == b"\x01"
        links[0].close()

        def has_room() -> bool:
            with tcp(running, "teltonika") as again:
                again.sendall(encode_login(IMEI))
                try:
                    return again.recv(16) == b"\x01"
                except ConnectionResetError:
                    return False

        until(has_room, "its place is free again")
        links[1].close()


def test_a_trusted_network_stands_for_many_devices(gateway: GatewayProcess, tmp_path: Path) -> None:
    with GatewayProcess(tmp_path, ports="teltonika:0", connections_per_address_max=1) as running:
        links = [tcp(running, "teltonika") for _ in range(5)]
        for link in links:
            link.sendall(encode_login(IMEI))
            assert link.recv(16) == b"\x01"
            link.close()


def test_who_does_not_say_whose_device_it_is_is_not_kept_waiting_for(gateway: GatewayProcess, tmp_path: Path) -> None:
    running = GatewayProcess(tmp_path, ports="teltonika:0", login_s=1)
    with running, tcp(running, "teltonika") as named, tcp(running, "teltonika") as silent:
        named.sendall(encode_login(IMEI))
        assert named.recv(16) == b"\x01"
        assert ended(silent)
        named.sendall(record(1))
        assert named.recv(16) == b"\x00\x00\x00\x01"


def test_each_protocol_has_its_own_patience(gateway: GatewayProcess, tmp_path: Path) -> None:
    running = GatewayProcess(tmp_path, ports="teltonika:0,gt06:0", idle_by_protocol="gt06:1")
    with running, tcp(running, "teltonika") as patient, tcp(running, "gt06") as forgotten:
        patient.sendall(encode_login(IMEI))
        assert patient.recv(16) == b"\x01"
        assert ended(forgotten)
        patient.sendall(record(1))
        assert patient.recv(16) == b"\x00\x00\x00\x01"


def test_a_device_beyond_its_rate_is_slowed_down_and_loses_nothing(database: Database, tmp_path: Path) -> None:
    register(IMEI, "r16h")
    frames = b"".join(r16h(second) for second in range(60))
    with GatewayProcess(tmp_path, device_frames_per_s=100, device_frames_burst=60) as gateway, tcp(gateway) as link:
        started_s = time.monotonic()
        link.sendall(frames * 4)
        until(lambda: len(stored_lines("position/g1")) == 240, "every frame is stored")
        assert time.monotonic() - started_s > 1.5


def r16h(second: int, *, flag: str = "") -> bytes:
    return f"@GPSD,{IMEI},R,20261121,1000{second:02d},42.87461,N,074.56982,E,5,111,760,72,L,{flag}$".encode()


def test_a_phone_beyond_its_rate_is_told_to_come_again_and_its_panic_is_not(database: Database, tmp_path: Path) -> None:
    register("phone-1", secret="secret")
    with GatewayProcess(tmp_path, device_frames_per_s=0.1, device_frames_burst=2) as gateway:
        phone = gateway.phone("secret")
        assert [phone.place(number).status for number in range(3)] == [200, 200, 503]
        assert phone.place(4, "&alarm=sos").status == 200
    assert len(stored_lines("panic/g1")) == 1


def test_clients_that_stop_in_a_frame_or_never_read_their_answers_harm_nobody(gateway: GatewayProcess) -> None:
    with gateway, tcp(gateway, "teltonika") as deaf, tcp(gateway, "teltonika") as other:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(encode_login(IMEI))
        deaf.settimeout(0.5)
        sender = threading.Thread(target=_send_until_stuck, args=(deaf,))
        sender.start()
        with tcp(gateway, "teltonika") as half:
            half.sendall(encode_login(IMEI)[:9])
            other.sendall(encode_login(IMEI))
            assert other.recv(16) == b"\x01"
        sender.join()


def _send_until_stuck(link: socket.socket) -> None:
    for minute in range(3000):
        try:
            link.sendall(record(minute))
        except TimeoutError:
            return


def test_a_device_is_believed_only_from_the_networks_that_it_was_registered_with(
    database: Database, tmp_path: Path
) -> None:
    register(IMEI, "teltonika", networks="127.0.0.3/32,10.20.0.0/16")
    with GatewayProcess(tmp_path, ports="teltonika:0") as gateway:
        with tcp(gateway, "teltonika", source="127.0.0.3") as own:
            own.sendall(encode_login(IMEI) + record(1))
            until(lambda: len(stored_lines("position/g1")) == 1, "its own network is believed")
        with tcp(gateway, "teltonika", source="127.0.0.4") as foreign:
            foreign.sendall(encode_login(IMEI) + record(2))
            until(lambda: len(quarantine()) == 2, "both are set aside")
        until(standing_alarms, "people are told")
    assert [row[1:3] for row in quarantine()] == [(IMEI, "wrong_network"), (None, "unnamed")]
    assert {line.trust for line in stored_lines("position/g1")} == {"network"}
    assert len(stored_lines("position/g1")) == 1
    assert standing_alarms() == {f"device.{IMEI}": {"what": ["wrong_network"]}}


def test_no_tracker_is_asked_for_a_picture_and_one_that_comes_is_acknowledged_and_not_stored(
    database: Database, tmp_path: Path
) -> None:
    register(IMEI, "meitrack")
    register("13800138000", "jt808")
    face = b"whose face is this"
    with GatewayProcess(tmp_path, ports="meitrack:0,jt808:0") as gateway:
        with tcp(gateway, "meitrack") as camera:
            camera.sendall(envelope(b"$$", "D", IMEI, "D03", b"OK") + envelope(b"$$", "z", IMEI, "AAC", b"1"))
            assert b",AAC," in camera.recv(200)  # the only answer
            camera.sendall(envelope(b"$$", "D", IMEI, "D00", b"a.jpg,9,7," + face))
            until(lambda: len(stored_lines("status/g1")) == 3, "the packet is stored")
        with tcp(gateway, "jt808") as terminal:
            terminal.sendall(Terminal(device_id="13800138000").encode(0x0801, bytes(7) + b"\x01" + face))
            assert terminal.recv(200)[1:3] == b"\x88\x00"
    frames = [base64.b64decode(line.frame) for line in stored_lines()]
    assert len(frames) == 4
    assert not any(face in frame for frame in frames)


def test_a_damaged_frame_is_kept_with_its_reason_and_not_acknowledged(database: Database, tmp_path: Path) -> None:
    """Peer's case gt06-01."""
    register(IMEI, "gt06")
    damaged = bytearray(gt06.encode_position(place(1), serial=2))
    damaged[10] ^= 1
    with GatewayProcess(tmp_path, ports="gt06:0") as gateway, tcp(gateway, "gt06") as link:
        link.sendall(gt06.encode_login(IMEI, serial=1))
        assert link.recv(64)[3] == 0x01
        link.sendall(damaged)
        until(quarantine, "it is set aside")
        link.settimeout(0.3)
        with pytest.raises(TimeoutError):
            link.recv(64)
    ((protocol, device, code, _, raw),) = quarantine()
    assert (protocol, device, code, bytes(raw)) == ("gt06", IMEI, "bad_checksum", bytes(damaged))
    assert stored_lines("position/g1") == []
