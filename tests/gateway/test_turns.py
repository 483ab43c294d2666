"""Whose frame is heard first when many wait: a cry for help, and nobody is kept out by another's flood."""

from __future__ import annotations

import threading
from pathlib import Path

from aralyk.protocols import registry
from aralyk.protocols.gt06 import encoder as gt06
from aralyk.protocols.messages import Alarm, Message
from aralyk.protocols.r16h import encoder as r16h
from aralyk.protocols.teltonika import encoder as teltonika
from tests.conftest import Database
from tests.gateway.driving import GatewayProcess, register, stored_lines, tcp, until

IMEI = "860000000000017"
HELP = "860000000000025"
NOON_US = 1_760_000_000_000_000
FLOOD = 30_000


def fix(second: int, *, device_id: str = IMEI, alarms: tuple[Alarm, ...] = ()) -> Message:
    return Message(
        device_id=device_id, fixed_at_us=NOON_US + second * 1_000_000, lat=42.87, lon=74.57, valid=True, alarms=alarms,
        altitude_m=800.0, heading_deg=90.0, speed_mps=0.0,
    )  # fmt: skip


def test_a_cry_overtakes_the_frames_before_it_and_the_answers_keep_their_order(
    database: Database, tmp_path: Path
) -> None:
    register(IMEI, "teltonika")
    before = b"".join(teltonika.encode_records([fix(100 * n + k) for k in range(n)]) for n in range(1, 11))
    cry = teltonika.encode_records([fix(9_000 + k, alarms=(Alarm.SOS,)) for k in range(50)])
    with GatewayProcess(tmp_path, ports="teltonika:0") as gateway, tcp(gateway, "teltonika") as link:
        link.settimeout(30.0)
        link.sendall(teltonika.encode_login(IMEI))
        assert link.recv(1) == b"\x01"
        link.sendall(before + cry)
        answers = b""
        while len(answers) < 4 * 11:
            answers += link.recv(64)
    assert [int.from_bytes(answers[at : at + 4], "big") for at in range(0, 44, 4)] == [*range(1, 11), 50]
    (panic,) = stored_lines("panic/g1")
    assert all(panic.received_at < line.received_at for line in stored_lines("position/g1"))
    assert not any(line.suspect for line in stored_lines())


def test_a_cry_is_found_behind_what_its_own_device_sent_before_it(database: Database, tmp_path: Path) -> None:
    register(IMEI, "r16h")
    backlog = b"".join(r16h.encode_position(fix(second)) for second in range(1, 601))
    with GatewayProcess(tmp_path, device_frames_per_s=1e6) as gateway, tcp(gateway) as link:
        link.sendall(r16h.encode_position(fix(0)))
        until(lambda: stored_lines("position/g1"), "it is known")
        link.sendall(backlog + r16h.encode_position(fix(601, alarms=(Alarm.SOS,))))
        until(lambda: len(stored_lines()) == 602, "all are stored")
    (panic,) = stored_lines("panic/g1")
    assert sum(line.received_at > panic.received_at for line in stored_lines("position/g1")) > 100


def test_a_flood_on_one_connection_keeps_nobody_elses_cry_waiting(database: Database, tmp_path: Path) -> None:
    register(IMEI, "r16h")
    register(HELP, "r16h")
    flood = b"".join(r16h.encode_position(fix(second)) for second in range(FLOOD))
    with (
        GatewayProcess(tmp_path, device_frames_per_s=1e6) as gateway,
        tcp(gateway) as flooding,
        tcp(gateway) as calling,
    ):
        sender = threading.Thread(target=flooding.sendall, args=(flood,))
        sender.start()
        until(lambda: stored_lines("position/g1"), "the flood is heard")
        calling.sendall(r16h.encode_position(fix(0, device_id=HELP, alarms=(Alarm.SOS,))))
        (panic,) = until(lambda: stored_lines("panic/g1"), "the cry is stored")
        until(lambda: len(stored_lines("position/g1")) == FLOOD, "the flood is stored, all of it")
        sender.join()
    lines = stored_lines("position/g1")
    assert sum(line.received_at > panic.received_at for line in lines) > FLOOD // 10  # it did not wait for the flood
    times = [line.messages[0]["fixed_at"] for line in lines]
    assert times == sorted(set(times))  # none twice, none lost, in the device's order


def test_a_look_at_the_bytes_finds_the_cries_of_the_hot_protocols() -> None:
    cries = {
        "r16h": (r16h.encode_position(fix(1, alarms=(Alarm.SOS,))), r16h.encode_position(fix(1))),
        "teltonika": (teltonika.encode_records([fix(1, alarms=(Alarm.SOS,))]), teltonika.encode_records([fix(1)])),
        "gt06": (gt06.encode_position(fix(1, alarms=(Alarm.SOS,))), gt06.encode_position(fix(1))),
    }
    for name, (cry, ordinary) in cries.items():
        may_cry = registry()[name].may_cry
        assert may_cry is not None
        assert (may_cry(cry), may_cry(ordinary), may_cry(b"")) == (True, False, False), name
