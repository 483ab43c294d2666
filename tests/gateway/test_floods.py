"""Ten times the load and a tenth of it broken: nothing valid is lost, nothing broken is silently dropped."""

from __future__ import annotations

import socket
import threading
import urllib.request
from pathlib import Path

from tests.conftest import Database
from tests.gateway.driving import GatewayProcess, quarantine, register, stored_lines, until

PHONES = 20
RECORDS = 300  # each; every tenth is broken
BROKEN = ("lat=abc&lon=1", "lat=NaN&lon=1", "lat=95&lon=1", "lat=1", "lat=%ff&lon=1")


def request_of(index: int, number: int) -> bytes:
    place = BROKEN[number // 10 % len(BROKEN)] if number % 10 == 0 else "lat=42.87&lon=74.57"
    target = f"/osmand/secret-{index}?id=phone-{index}&timestamp={1_700_000_000 + number}&{place}"
    return f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def test_a_burst_with_a_tenth_of_it_broken_loses_no_valid_record(database: Database, home: Path) -> None:
    for index in range(PHONES):
        register(f"phone-{index}", secret=f"secret-{index}")
    answers: list[bytes] = []
    with GatewayProcess(home) as gateway:
        threads = [
            threading.Thread(target=lambda index=index: answers.append(flood(gateway, index)))
            for index in range(PHONES)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (
        sum(answer.count(b"HTTP/1.1 200 ") + answer.count(b"HTTP/1.1 400 ") for answer in answers) == PHONES * RECORDS
    )
    valid = [(line.device, line.messages[0]["fixed_at"]) for line in stored_lines("position/g1")]
    assert len(set(valid)) == len(valid) == PHONES * RECORDS * 9 // 10
    assert len(quarantine()) == PHONES * RECORDS // 10
    assert {row[2] for row in quarantine()} == {"bad_field", "not_finite", "out_of_range", "missing_field", "not_text"}


def flood(gateway: GatewayProcess, index: int) -> bytes:
    """Send all records at once, not waiting for answers; give all answers."""
    received = b""
    with socket.create_connection(("127.0.0.1", gateway.http_port), timeout=60) as link:
        sender = threading.Thread(
            target=lambda: link.sendall(b"".join(request_of(index, number) for number in range(RECORDS)))
        )
        sender.start()
        while received.count(b"HTTP/1.1 ") < RECORDS or not received.endswith(b"\n"):
            part = link.recv(65536)
            assert part, "the connection ended early"
            received += part
        sender.join()
    return received


def test_every_lane_has_its_own_figures(database: Database, home: Path) -> None:
    register("phone-1", secret="secret")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with GatewayProcess(home, metrics_port=port) as gateway:
        phone = gateway.phone("secret")
        phone.place(1)
        phone.place(2, "&alarm=sos")
        phone.say("id=phone-1&lat=abc&lon=1")
        text = ""

        def counted() -> bool:
            nonlocal text
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
                text = page.read().decode()
            return 'aralyk_gateway_frames_total{lane="quarantine"} 1.0' in text

        until(counted, "the metrics count")
    for lane in ("panic", "position", "quarantine"):
        assert f'aralyk_gateway_frames_total{{lane="{lane}"}} 1.0' in text
        assert f'aralyk_gateway_commit_seconds_count{{lane="{lane}"}} 1.0' in text
    assert 'aralyk_gateway_quarantined_total{code="bad_field",protocol="osmand"} 1.0' in text
    assert 'aralyk_gateway_queue{lane="tamper"} 0.0' in text
    assert 'aralyk_gateway_answers_total{status="200"} 3.0' in text
