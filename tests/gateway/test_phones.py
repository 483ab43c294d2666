"""What a phone is told, and what the log holds when it is told."""

from __future__ import annotations

import base64
import json
import re
import socket
from pathlib import Path

from tests.conftest import Database
from tests.gateway.conftest import SECRET
from tests.gateway.driving import GatewayProcess, Phone, quarantine, register, rows, stored_lines, until

MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d+Z")


def test_a_record_is_confirmed_and_is_in_the_log_with_its_bytes(phone: Phone) -> None:
    answer = phone.place(1, "&batt=87.0")
    assert (answer.status, answer.text) == (200, "")
    (line,) = stored_lines()
    assert (line.device, line.lane, line.protocol) == ("phone-1", "position", "osmand")
    assert base64.b64decode(line.frame) == b"?id=phone-1&lat=42.87&lon=74.57&timestamp=1700000001&batt=87.0\n"
    assert line.messages[0]["lat"] == 42.87
    assert line.messages[0]["battery_pct"] == 87


def test_every_writing_of_the_app_is_taken(phone: Phone) -> None:
    body = {"device_id": "phone-1", "location": {"timestamp": "2024-01-01T00:02:00Z", "coords": {
        "latitude": 42.87, "longitude": 74.57}, "extras": {"alarm": "sos"}}}  # fmt: skip
    assert phone.say("id=phone-1&lat=42.87&lon=74.57&timestamp=1704067320", method="POST").status == 200
    assert phone.post(json.dumps(body).encode()).status == 200
    assert phone.post(b"id=phone-1&timestamp=1704067320&batt=78", "application/x-www-form-urlencoded").status == 200
    assert sorted(line.lane for line in stored_lines()) == ["panic", "position", "status"]


def test_neither_log_nor_database_nor_log_file_holds_the_secret_or_the_address(
    gateway: GatewayProcess, phone: Phone
) -> None:
    phone.place(1)
    phone.say("id=phone-1&lat=abc&lon=1")
    other = gateway.phone("another-secret")
    other.place(2)
    until(lambda: len(quarantine()) == 2, "both are set aside")
    assert gateway.stop() == 0
    everything = str(rows("SELECT payload FROM log_batch")) + str(quarantine()) + gateway.words()
    everything += str(rows("SELECT body FROM evidence_entry"))
    everything += "".join(str(bytes(row[0])) for row in rows("SELECT payload FROM log_batch"))
    for word in (SECRET, "another-secret", "127.0.0.1", "osmand/"):
        assert word not in everything
    # A line logged in that fraction of a 42nd second would look like a latitude.
    assert "42.87" not in MOMENT.sub("", gateway.words())


def test_a_batch_is_witnessed_by_its_root(phone: Phone) -> None:
    phone.place(1)
    ((root, stream, seq),) = rows("SELECT root, stream, seq FROM log_batch")
    bodies = [json.loads(bytes(body)) for (body,) in rows("SELECT body FROM evidence_entry WHERE kind = 'log_batch'")]
    assert bodies[0]["data"] == {"messages": 1, "root": bytes(root).hex(), "seq": seq, "stream": stream}
    assert (stream, seq) == ("position/g1", 1)


def test_the_log_may_hold_a_record_twice(phone: Phone) -> None:
    assert [phone.place(1).status, phone.place(1).status] == [200, 200]
    assert len(stored_lines()) == 2


def test_a_bad_record_is_set_aside_with_its_bytes_and_the_queue_moves_on(phone: Phone) -> None:
    bad = [
        ("id=phone-1&lat=abc&lon=1", "bad_field"),
        ("id=phone-1&lat=91&lon=1", "out_of_range"),
        ("id=phone-1&lat=1", "missing_field"),
        ("id=someone-else&lat=1&lon=1", "device_mismatch"),
    ]
    for query, _ in bad:
        answer = phone.say(query)
        assert answer.status == 200
        assert "expected" in answer.text
    assert [(row[0], row[1], row[2], bytes(row[4])) for row in quarantine()] == [
        ("osmand", "phone-1", code, f"?{query}\n".encode()) for query, code in bad
    ]
    for line in stored_lines():
        assert (line.device, line.messages, line.lane) == (None, [], "quarantine")
    assert phone.place(2).status == 200


def test_a_place_that_is_no_number_is_refused_once_and_let_go_when_repeated(phone: Phone) -> None:
    first, second = phone.say("id=phone-1&lat=NaN&lon=1"), phone.say("id=phone-1&lat=NaN&lon=1")
    assert (first.status, second.status) == (400, 200)
    assert "lat: expected degrees from -90 to 90" in first.text
    assert {row[2] for row in quarantine()} == {"not_finite"}
    assert phone.say("id=phone-1&lat=NaN&lon=2").status == 400


def test_the_reasons_of_quarantine_are_witnessed(phone: Phone) -> None:
    phone.say("id=phone-1&lat=abc&lon=1")
    ((body,),) = rows("SELECT body FROM evidence_entry WHERE kind = 'quarantined'")
    assert json.loads(bytes(body))["data"] == {"reasons": {"bad_field": 1}, "seq": 1, "stream": "quarantine/g1"}


def test_a_wrong_secret_is_not_found_and_kept_for_a_look_and_makes_no_device(gateway: GatewayProcess) -> None:
    answer = gateway.phone("wrong").place(1)
    assert answer.status == 404
    assert "expected the secret of a registered device" in answer.text
    until(quarantine, "it is kept")
    ((_, device, code, _, _),) = quarantine()
    assert (device, code) == (None, "unknown_device")
    assert stored_lines("position/g1") == []
    assert rows("SELECT count(*) FROM devices_device") == [(2,)]


def test_strangers_are_kept_at_a_bounded_rate(gateway: GatewayProcess) -> None:
    stranger = gateway.phone("wrong")
    assert {stranger.place(number).status for number in range(300)} == {404}
    until(lambda: len(quarantine()) >= 200, "the burst is kept")
    assert len(quarantine()) < 290


def test_a_device_taken_out_of_service_is_refused_and_heard_of(gateway: GatewayProcess, phone: Phone) -> None:
    assert phone.place(1).status == 200
    register("phone-1", secret=SECRET, active=False)
    until(lambda: phone.place(2).status == 404, "the register is read again")
    assert quarantine()[0][1:3] == ("phone-1", "inactive_device")
    register("phone-1", secret=SECRET, active=True)
    until(lambda: phone.place(3).status == 200, "the register is read again")


def test_a_device_registered_meanwhile_is_known_without_a_restart(gateway: GatewayProcess) -> None:
    register("phone-2", secret="another-secret")
    other = gateway.phone("another-secret", "phone-2")
    until(lambda: other.place(1).status == 200, "the register is read again")


NO_RECORDS = [
    (b"GET / HTTP/1.1\r\n\r\n", 404, "/osmand/"),
    (b"GET /osmand/ HTTP/1.1\r\n\r\n", 404, "/osmand/"),
    (b"GET /r16h/x HTTP/1.1\r\n\r\n", 404, "/osmand/"),
    (b"GET /osmand/" + b"s" * 200 + b" HTTP/1.1\r\n\r\n", 404, "/osmand/"),
    (b"PUT /osmand/x HTTP/1.1\r\n\r\n", 405, "GET or POST"),
    (b"nonsense\r\n\r\n", 400, "HTTP/1.1"),
    (b"GET /osmand/x?" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 414, "target of at most"),
    (b"GET /osmand/x HTTP/1.1\r\nX: " + b"a" * 80_000, 431, "headers of at most"),
    (b"POST /osmand/x HTTP/1.1\r\nContent-Length: 70000\r\n\r\n" + b"a" * 70_000, 413, "body of at most"),
    (b"GET /osmand/x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 404, "secret of a registered"),
]


def test_every_request_that_is_none_gets_a_clear_answer(gateway: GatewayProcess) -> None:
    for data, status, says in NO_RECORDS:
        answer = raw_exchange(gateway, data)
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), (data[:60], answer[:200])
        assert says.encode() in answer
        assert b"aaaa" not in answer
        assert b"ssss" not in answer
    # The last is a request, of somebody whom nobody knows: it is set aside a moment after its answer, and nothing else.
    (stranger,) = until(lambda: stored_lines("quarantine/g1"), "the stranger's is set aside")
    assert stored_lines() == [stranger]
    assert stranger.device is None


def raw_exchange(gateway: GatewayProcess, data: bytes, *, chunk: int = 8192) -> bytes:
    """Send bytes, give what comes back until the other side ends or has answered once."""
    with socket.create_connection(("127.0.0.1", gateway.http_port), timeout=20) as link:
        try:
            for start in range(0, len(data), chunk):
                link.sendall(data[start : start + chunk])
        except ConnectionError:
            pass  # refused while we were still speaking
        received = b""
        try:
            while b"\r\n\r\n" not in received or received.endswith(b"\r\n\r\n"):
                part = link.recv(65536)
                if not part:
                    break
                received += part
                if b"Content-Length: 0\r\n" in received:
                    break
        except ConnectionResetError:
            pass
    return received


def test_a_request_in_single_bytes_and_several_in_one_packet_are_both_read(gateway: GatewayProcess) -> None:
    request = f"GET /osmand/{SECRET}?id=phone-1&lat=1&lon=2&timestamp=1700000001 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    assert raw_exchange(gateway, request, chunk=1).startswith(b"HTTP/1.1 200 OK")
    with socket.create_connection(("127.0.0.1", gateway.http_port), timeout=20) as link:
        link.sendall(request * 40)
        received = b""
        while received.count(b"200 OK") < 40:
            received += link.recv(65536)
    assert len(stored_lines()) == 41


def test_a_connection_that_says_so_is_closed_after_its_answer(gateway: GatewayProcess) -> None:
    request = f"GET /osmand/{SECRET}?id=phone-1&lat=1&lon=2 HTTP/1.1\r\nConnection: close\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", gateway.http_port), timeout=20) as link:
        link.sendall(request)
        received = b""
        while part := link.recv(65536):
            received += part
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert b"Connection: close" in received


def test_a_slow_request_is_ended_and_the_others_are_served(database: Database, home: Path) -> None:
    register("phone-1", secret=SECRET)
    with GatewayProcess(home, request_s=1, idle_s=2) as gateway:
        with socket.create_connection(("127.0.0.1", gateway.http_port), timeout=20) as slow:
            slow.sendall(f"POST /osmand/{SECRET} HTTP/1.1\r\nContent-Length: 50\r\n\r\nid=".encode())
            assert gateway.phone(SECRET).place(1).status == 200
            received = b""
            while part := slow.recv(65536):
                received += part
        assert received.startswith(b"HTTP/1.1 408 ")
        with socket.create_connection(("127.0.0.1", gateway.http_port), timeout=20) as silent:
            assert silent.recv(10) == b""  # a forgotten connection is closed
    assert len(stored_lines()) == 1


def test_a_connection_beyond_the_limit_is_told_to_come_again(database: Database, home: Path) -> None:
    register("phone-1", secret=SECRET)
    with GatewayProcess(home, connections_max=2) as gateway:
        first, second = gateway.phone(SECRET), gateway.phone(SECRET)
        assert [first.place(1).status, second.place(2).status] == [200, 200]
        assert raw_exchange(gateway, b"").startswith(b"HTTP/1.1 503 ")
        first.close()
        until(lambda: second.place(3).status == 200, "others are served")
