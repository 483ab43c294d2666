"""A command from an operator's click to the device's word, over real sockets, a real gateway and a real database.

The trackers speak through their protocols' own encoders; what they receive is compared with bytes that are written out
here, with a checksum computed bit by bit, so that one mistake in encoder and decoder would not pass. Domain time runs
ten times as fast: the pause of 30 s before a command is said again takes three.
"""

from __future__ import annotations

import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from aralyk import clock
from aralyk.devices.commands import LIFE, do_ask_device
from aralyk.devices.models import Command, Device
from aralyk.protocols.commands import CommandKind
from aralyk.protocols.gt06 import encoder as gt06
from aralyk.protocols.messages import Message, Source
from aralyk.protocols.teltonika import encoder as teltonika
from tests.conftest import Database
from tests.gateway.driving import GatewayProcess, register, stored_lines, tcp, until
from tests.orders.cast import Cast, equip, open_order, witnesses

IMEI = "356307042441013"
SPEED: Final = 10.0
SILENCE_S: Final = 0.4  # so long nothing may come of what is known to wait
GETGPS = bytes.fromhex("000000000000000e0c01050000000667657467707301")  # without its checksum
HELLO_OF_TELTONIKA, STORED_OF_TELTONIKA = b"\x01", b"\x00\x00\x00\x01"


@pytest.fixture(autouse=True)
def pace(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same quick time for the operator here and for the gateway's process."""
    now_s = time.time()
    pace = clock.Pace(real_s=now_s, start_s=now_s, speed=getattr(request, "param", SPEED))
    monkeypatch.setenv("ARALYK_CLOCK_PACE", str(pace))
    monkeypatch.setattr(clock, "_clock", clock.SteadyClock(pace))


@pytest.fixture
def metrics_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def gateway(database: Database, roles: Cast, tmp_path: Path, metrics_port: int) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path, ports="gt06:0,teltonika:0", metrics_port=metrics_port) as running:
        yield running


def carried(roles: Cast, protocol: str, *, model: str = "") -> None:
    register(IMEI, protocol, model=model)
    equip(roles.probation, open_order(roles.police), device=IMEI)


def until_known(metrics_port: int) -> None:
    """Wait until the gateway says by its own figures that it knows of the one command that waits."""

    def known() -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=10) as page:
            return "aralyk_gateway_commands_waiting 1.0" in page.read().decode()

    until(known, "the gateway has read the queue")


def ask(roles: Cast, kind: CommandKind = CommandKind.POSITION, **asked: Any) -> Command:
    return do_ask_device(roles.operator, device_id=IMEI, kind=kind, reason="проверка связи", **asked)


def standing(asked: Command) -> tuple[str, str, int]:
    now = Command.objects.get(pk=asked.pk)
    return now.state, now.outcome, now.attempts


def witnessed(database: Database, asked: Command) -> list[tuple[str, str]]:
    """What was written about a command and who wrote it, oldest first."""
    return [
        (kind, by)
        for kind, subject, by, data in witnesses(database)
        if kind.startswith("command_") and subject == f"device:{IMEI}" and data["command"] == asked.pk
    ]


def place(minute: int = 0) -> Message:
    return Message(
        device_id=IMEI,
        fixed_at_us=(clock.now_us() // 60_000_000 + minute) * 60_000_000,
        lat=42.87,
        lon=74.57,
        valid=True,
        speed_mps=0.0,
        source=Source.GNSS,
    )


def exactly(link: socket.socket, count: int) -> bytes:
    taken = b""
    while len(taken) < count:
        more = link.recv(count - len(taken))
        assert more, "the gateway ended the connection"
        taken += more
    return taken


def nothing_comes(link: socket.socket) -> bool:
    link.settimeout(SILENCE_S)
    try:
        return link.recv(1) == b""
    except TimeoutError:
        return True
    finally:
        link.settimeout(30)


def crc(data: bytes, *, polynomial: int, start: int, end: int) -> int:
    """A reflected CRC of 16 bits, bit by bit."""
    value = start
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
    return value ^ end


class Gt06Tracker:
    """Counts its frames, and reads what it is told with its own eyes."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self._serial = 0

    def say(self, frame: bytes) -> bytes:
        """Send a frame; gives the answer."""
        self.link.sendall(frame)
        return self.heard()

    def log_in(self) -> None:
        answer = self.say(gt06.encode_login(IMEI, serial=self._next()))
        assert answer[3] == 0x01

    def report(self) -> None:
        answer = self.say(gt06.encode_position(place(), serial=self._next()))
        assert answer[3] == 0x12

    def answer(self, words: str, *, command_serial: int) -> None:
        self.link.sendall(gt06.encode_words(words, command_serial=command_serial, serial=self._next()))

    def heard(self) -> bytes:
        head = exactly(self.link, 3)
        return head + exactly(self.link, head[2] + 2)

    def _next(self) -> int:
        self._serial += 1
        return self._serial


@contextmanager
def gt06_tracker(gateway: GatewayProcess) -> Iterator[Gt06Tracker]:
    with tcp(gateway, "gt06") as link:
        yield Gt06Tracker(link)


def gt06_command(asked: Command, words: str) -> bytes:
    """What the vendor's page says that a server sends."""
    content = asked.serial.to_bytes(4, "big") + words.encode()
    body = bytes([len(content) + 6, 0x80, len(content)]) + content + asked.serial.to_bytes(2, "big")
    return b"\x78\x78" + body + crc(body, polynomial=0x8408, start=0xFFFF, end=0xFFFF).to_bytes(2, "big") + b"\r\n"


def getgps() -> bytes:
    data = GETGPS[8:]
    return GETGPS + crc(data, polynomial=0xA001, start=0, end=0).to_bytes(4, "big")


def log_in_teltonika(link: socket.socket) -> None:
    link.sendall(teltonika.encode_login(IMEI))
    assert exactly(link, 1) == HELLO_OF_TELTONIKA


def test_a_gt06_tracker_hears_at_its_next_frame_what_was_asked_and_its_word_closes_the_command(
    gateway: GatewayProcess, database: Database, roles: Cast
) -> None:
    carried(roles, "gt06")
    with gt06_tracker(gateway) as tracker:
        tracker.log_in()
        asked = ask(roles, CommandKind.INTERVAL, interval_s=15)
        assert standing(asked) == ("queued", "", 0)
        assert nothing_comes(tracker.link)  # until it speaks
        tracker.report()
        assert tracker.heard() == gt06_command(asked, "TIMER,15,15#")
        until(lambda: standing(asked) == ("sent", "", 1), "the sending is written down")
        tracker.answer("OK!", command_serial=asked.serial)
        until(lambda: standing(asked) == ("answered", "accepted", 1), "its word is written down")
    operator = f"user:{roles.operator.pk}"
    assert witnessed(database, asked) == [
        ("command_asked", operator),
        ("command_sent", "system:gateway"),
        ("command_answered", "system:gateway"),
    ]
    said = [message["extra"] for line in stored_lines("status/g1") for message in line.messages if "extra" in message]
    assert "OK!" in [extra.get("answer") for extra in said]


def test_a_teltonika_tracker_hears_what_was_asked_while_it_was_away_right_after_its_login(
    gateway: GatewayProcess, database: Database, roles: Cast, metrics_port: int
) -> None:
    carried(roles, "teltonika", model="FMB120")
    asked = ask(roles)
    assert standing(asked) == ("queued", "", 0)
    until_known(metrics_port)
    with tcp(gateway, "teltonika") as link:
        log_in_teltonika(link)
        assert exactly(link, len(getgps())) == getgps()
        until(lambda: standing(asked) == ("sent", "", 1), "the sending is written down")
        link.sendall(
            teltonika.encode_answer(
                "GPS:1 Sat:9 Lat:42.874610 Long:74.569820 Alt:760 Speed:0 Dir:0 Date: 2026/11/21 Time: 10:00:00"
            )
        )
        until(lambda: standing(asked) == ("answered", "accepted", 1), "its word is written down")
        link.sendall(teltonika.encode_records([place()]))
        assert exactly(link, 4) == STORED_OF_TELTONIKA
        assert nothing_comes(link)  # and it is not asked again
    assert [kind for kind, _ in witnessed(database, asked)] == ["command_asked", "command_sent", "command_answered"]
    places = [message["lat"] for line in stored_lines("position/g1") for message in line.messages]
    assert places[0] == pytest.approx(42.87461)  # the place it was asked for is a fix like any other


def test_a_device_that_says_it_can_not_is_on_the_command_as_refused(
    gateway: GatewayProcess, database: Database, roles: Cast, metrics_port: int
) -> None:
    carried(roles, "teltonika", model="FMB120")
    asked = ask(roles, CommandKind.INTERVAL, interval_s=15)
    until_known(metrics_port)
    with tcp(gateway, "teltonika") as link:
        log_in_teltonika(link)
        head = exactly(link, 8)
        words = exactly(link, int.from_bytes(head[4:8], "big") + 4)[7:-5]
        assert words.startswith(b"setparam 10000:15;10005:15;")
        link.sendall(teltonika.encode_answer("Error: unknown parameter"))
        until(lambda: standing(asked) == ("refused", "by_device", 1), "its word is written down")
    assert [kind for kind, _ in witnessed(database, asked)] == ["command_asked", "command_sent", "command_refused"]


@pytest.mark.parametrize("pace", [600.0], indirect=True)  # its ten minutes are a second
def test_what_nobody_wants_any_more_is_not_sent_and_is_closed_as_not_heard(
    gateway: GatewayProcess, database: Database, roles: Cast
) -> None:
    carried(roles, "gt06")
    asked = ask(roles)
    until(lambda: clock.now() > asked.created_at + LIFE[CommandKind.POSITION], "its time is over")
    with gt06_tracker(gateway) as tracker:
        tracker.log_in()
        tracker.report()
        assert nothing_comes(tracker.link)
    gateway.stop()
    gateway.start()
    until(lambda: standing(asked) == ("expired", "not_heard", 0), "the gateway closes it")
    assert witnessed(database, asked)[1:] == [("command_expired", "system:gateway")]


def test_what_was_not_confirmed_is_said_again_at_a_later_contact_until_it_is(
    gateway: GatewayProcess, database: Database, roles: Cast, metrics_port: int
) -> None:
    carried(roles, "gt06")
    asked = ask(roles)
    until_known(metrics_port)
    with gt06_tracker(gateway) as tracker:
        tracker.log_in()
        assert tracker.heard() == gt06_command(asked, "WHERE#")
        until(lambda: paused(asked, 30), "the first pause is over")
        tracker.report()
        assert tracker.heard() == gt06_command(asked, "WHERE#")
        tracker.report()
        assert nothing_comes(tracker.link)  # within the second pause, which is longer
        until(lambda: standing(asked) == ("sent", "", 2), "both sendings are written down")
        tracker.answer("Lat:N42.87461,Lon:E74.56982", command_serial=asked.serial)
        until(lambda: standing(asked)[0] == "answered", "its word is written down")
    kinds = [kind for kind, _ in witnessed(database, asked)]
    assert kinds == ["command_asked", "command_sent", "command_sent", "command_answered"]


def paused(asked: Command, seconds: float) -> bool:
    sent_at = Command.objects.get(pk=asked.pk).last_sent_at
    return sent_at is not None and (clock.now() - sent_at).total_seconds() > seconds


def test_a_gateway_killed_after_the_sending_knows_the_devices_word_when_it_is_back(
    gateway: GatewayProcess, database: Database, roles: Cast, metrics_port: int
) -> None:
    carried(roles, "gt06")
    asked = ask(roles, CommandKind.INTERVAL, interval_s=15)
    until_known(metrics_port)
    with gt06_tracker(gateway) as tracker:
        tracker.log_in()
        assert tracker.heard() == gt06_command(asked, "TIMER,15,15#")
        until(lambda: standing(asked) == ("sent", "", 1), "the sending is written down")
        gateway.kill()
    gateway.start()
    until_known(metrics_port)
    with gt06_tracker(gateway) as tracker:
        tracker.log_in()
        tracker.answer("OK!", command_serial=asked.serial)
        until(lambda: standing(asked)[:2] == ("answered", "accepted"), "its word is written down")


def test_a_gateway_killed_before_it_wrote_the_sending_down_asks_twice_and_never_not_at_all(
    gateway: GatewayProcess, database: Database, roles: Cast, metrics_port: int
) -> None:
    carried(roles, "gt06")
    asked = ask(roles, CommandKind.INTERVAL, interval_s=15)
    until_known(metrics_port)
    with database.connect() as other:
        other.execute("SELECT 1 FROM devices_command WHERE id = %s FOR UPDATE", (asked.pk,))  # nobody can write to it
        with gt06_tracker(gateway) as tracker:
            tracker.log_in()
            assert tracker.heard() == gt06_command(asked, "TIMER,15,15#")
            gateway.kill()
        other.rollback()
    assert standing(asked) == ("queued", "", 0)
    gateway.start()
    until_known(metrics_port)
    with gt06_tracker(gateway) as tracker:
        tracker.log_in()
        assert tracker.heard() == gt06_command(asked, "TIMER,15,15#")
        tracker.answer("OK!", command_serial=asked.serial)
        until(lambda: standing(asked) == ("answered", "accepted", 1), "its word is written down")
    assert [kind for kind, _ in witnessed(database, asked)] == ["command_asked", "command_sent", "command_answered"]


def test_a_device_never_hears_what_another_one_was_asked(
    gateway: GatewayProcess, database: Database, roles: Cast, metrics_port: int
) -> None:
    carried(roles, "gt06")
    other = "356307042441021"
    register(other, "gt06")
    asked = ask(roles)
    until_known(metrics_port)
    with tcp(gateway, "gt06") as link:
        link.sendall(gt06.encode_login(other, serial=1))
        assert exactly(link, 10)[3] == 0x01
        assert nothing_comes(link)
    assert Device.objects.filter(pk=other).exists()
    assert standing(asked) == ("queued", "", 0)
