"""Ten trackers shout, a tenth of it rubbish, and somebody cries for help."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from tests.conftest import Database
from tests.gateway.driving import GatewayProcess, quarantine, register, stored_lines, tcp, until

TRACKERS = [f"8600000000{number:05d}" for number in range(10)]
FRAMES = 600  # each; every tenth is broken
HELP = "860000000099999"


def frame(imei: str, number: int, flag: str = "") -> bytes:
    time_of_day = f"10{number // 60:02d}{number % 60:02d}"
    return f"@GPSD,{imei},R,20261121,{time_of_day},42.87461,N,074.56982,E,5,111,760,72,L,{flag}$".encode()


def test_a_cry_for_help_passes_a_storm_of_frames_good_and_bad(database: Database, tmp_path: Path) -> None:
    for imei in (*TRACKERS, HELP):
        register(imei, "r16h")
    with GatewayProcess(tmp_path) as gateway, tcp(gateway) as help_link:
        help_link.sendall(frame(HELP, 0))
        until(lambda: stored_lines("position/g1"), "it is known")
        threads = [threading.Thread(target=shout, args=(gateway, imei)) for imei in TRACKERS]
        for thread in threads:
            thread.start()
        until(quarantine, "the storm is on")
        cried_s = time.monotonic()
        help_link.sendall(frame(HELP, 1, "SOS"))
        until(lambda: stored_lines("panic/g1"), "the cry is stored", within_s=5.0)
        took_s = time.monotonic() - cried_s
        for thread in threads:
            thread.join()
        until(lambda: len(quarantine()) == len(TRACKERS) * FRAMES // 10, "every bad frame is set aside")
        until(lambda: len(stored_lines("position/g1")) == 1 + len(TRACKERS) * FRAMES * 9 // 10, "every good is stored")
    assert took_s < 2.0
    heard = {(line.device, line.messages[0]["fixed_at"]) for line in stored_lines("position/g1")}
    assert len(heard) == 1 + len(TRACKERS) * FRAMES * 9 // 10
    assert not any(line.suspect for line in stored_lines())


def shout(gateway: GatewayProcess, imei: str) -> None:
    with tcp(gateway) as link:
        for number in range(FRAMES):
            link.sendall(b"@GPSD,rubbish$" if number % 10 == 9 else frame(imei, number))
