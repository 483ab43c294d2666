"""What bracelets say over TCP, whatever the chunks, and what is kept of it."""

from __future__ import annotations

import time

from tests.gateway.conftest import IMEI
from tests.gateway.driving import GatewayProcess, ended, quarantine, register, stored_lines, tcp, until

FIX = "@GPSD,{imei},R,20261121,1000{second:02d},42.87461,N,074.56982,E,5,111,760,72,{strap},{flag}$"


def fix(second: int, *, imei: str = IMEI, strap: str = "L", flag: str = "") -> bytes:
    return FIX.format(imei=imei, second=second, strap=strap, flag=flag).encode()


def seconds_in(stream: str) -> list[int]:
    return [int(line.messages[0]["fixed_at"][17:19]) for line in stored_lines(stream)]


def test_frames_are_kept_in_their_order_whatever_the_chunks(gateway: GatewayProcess) -> None:
    stream = b"".join(fix(second) for second in range(30)) + b"\r\n"
    with tcp(gateway) as link:
        for start in range(0, len(stream), 7):
            link.sendall(stream[start : start + 7])
        until(lambda: len(stored_lines("position/g1")) == 30, "all are stored")
    assert seconds_in("position/g1") == list(range(30))


def test_an_open_strap_and_a_panic_have_lanes_of_their_own(gateway: GatewayProcess) -> None:
    with tcp(gateway) as link:
        link.sendall(fix(1) + fix(2, strap="R", flag="ULK") + fix(3, flag="SOS") + f"@LINK,{IMEI}$".encode())
        until(lambda: len(stored_lines()) == 4, "all are stored")
    assert {line.lane for line in stored_lines()} == {"panic", "position", "status", "tamper"}
    assert [line.messages for line in stored_lines("status/g1")] == [[]]
    assert stored_lines("status/g1")[0].device == IMEI


def test_what_cannot_be_believed_is_set_aside(gateway: GatewayProcess) -> None:
    register("860000000000025", "r16h", active=False)
    register("860000000000033", "osmand", secret="only-over-http")
    with tcp(gateway) as link:
        link.sendall(fix(1))
        until(lambda: stored_lines("position/g1"), "the register was read")
        link.sendall(fix(2, imei="860000000000099") + fix(3, imei="860000000000025") + fix(4, imei="860000000000033"))
        link.sendall(b"@GPSD,garbage$" + fix(5))
        until(lambda: len(quarantine()) == 4, "all are set aside")
        until(lambda: len(stored_lines("position/g1")) == 2, "the good one behind them is stored")
    assert [row[1:3] for row in quarantine()] == [
        (None, "unknown_device"),
        ("860000000000025", "inactive_device"),
        ("860000000000033", "wrong_protocol"),
        (IMEI, "unknown_frame"),
    ]


def test_what_the_end_of_a_connection_cut_off_is_set_aside(gateway: GatewayProcess) -> None:
    with tcp(gateway) as link:
        link.sendall(fix(1) + b"@GPSD,8600000")
    until(quarantine, "the rest is set aside")
    assert [(row[2], bytes(row[4])) for row in quarantine()] == [("frame_cut", b"@GPSD,8600000")]
    assert seconds_in("position/g1") == [1]


def test_who_speaks_nothing_but_noise_is_disconnected(gateway: GatewayProcess) -> None:
    with tcp(gateway) as link:
        link.sendall(b"noise$" * 50)
        assert ended(link)
    until(lambda: len(quarantine()) == 20, "what was judged is kept")


def test_bad_frames_among_good_ones_cost_no_good_one(gateway: GatewayProcess) -> None:
    frames = [fix(second) if second % 10 else b"@GPSD,broken$" for second in range(60)] * 10
    with tcp(gateway) as link:
        link.sendall(f"@LINK,{IMEI}$".encode() + b"".join(frames))
        until(lambda: len(stored_lines("position/g1")) == 540, "every good frame is stored")
        until(lambda: len(quarantine()) == 60, "every bad frame is set aside")
    assert seconds_in("position/g1") == [second for second in range(60) if second % 10] * 10


def test_a_bracelet_that_sends_faster_than_we_commit_is_not_read_and_loses_nothing(gateway: GatewayProcess) -> None:
    frames = b"".join(fix(second) for second in range(60))
    with tcp(gateway) as link:
        for _ in range(50):
            link.sendall(frames)
    until(lambda: len(stored_lines("position/g1")) == 3000, "every frame is stored")
    assert seconds_in("position/g1") == list(range(60)) * 50


def test_a_forgotten_connection_is_closed(gateway: GatewayProcess) -> None:
    assert gateway.stop() == 0
    with GatewayProcess(gateway.home, bracelet_idle_s=1) as again, tcp(again) as link:
        link.sendall(fix(1))
        started_s = time.monotonic()
        assert ended(link)
        assert time.monotonic() - started_s > 0.5
