"""`aralyk decode`: the door for experts and vendors, through the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aralyk.protocols import registry
from aralyk.protocols.errors import ProtocolError
from aralyk.protocols.gt06 import encoder as gt06
from aralyk.protocols.meitrack.envelope import envelope
from aralyk.protocols.messages import Message
from aralyk.protocols.owntracks import encoder as owntracks
from tests.protocols.vectors import read, vectors

SOURCE = Path(__file__).resolve().parents[2] / "src"
LINK = {"id": "a", "kind": "text", "frame": "@LINK,860000000000017"}
PLACE = Message(fixed_at_us=1_795_255_200_000_000, lat=42.5, lon=74.5, valid=True)  # 21 November 2026, 10:00
PHONE = {
    "id": "b",
    "kind": "http",
    "http": {"method": "GET", "uri": "/x?id=7&lat=1&lon=2", "headers": {}, "body": None},
}


def run(*arguments: str, lines: list[Any]) -> subprocess.CompletedProcess[str]:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    command = [sys.executable, "-m", "aralyk.cli", "decode", *arguments]
    environ = os.environ | {"PYTHONPATH": str(SOURCE)}
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60, env=environ)


def answers(result: subprocess.CompletedProcess[str]) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("protocol", sorted(registry()))
def test_every_vector_gets_one_answer_in_the_stable_form(protocol: str) -> None:
    entries = vectors(protocol)
    result = run(protocol, "--json", lines=entries)
    assert (result.returncode, result.stderr) == (0, "")
    assert [answer["id"] for answer in answers(result)] == [entry["id"] for entry in entries]
    for answer, entry in zip(answers(result), entries, strict=True):
        assert {"id", "messages", "reply_hex", "error"} <= answer.keys()
        wanted = read(protocol, entry)
        if isinstance(wanted, ProtocolError):
            assert (answer["messages"], answer["reply_hex"]) == ([], None)
            assert answer["error"] == {"code": wanted.code.value, "detail": wanted.detail}
        else:
            assert answer["messages"] == [message.as_dict() for message in wanted.messages]
            assert answer["reply_hex"] == (None if wanted.answer is None else wanted.answer.hex())
            assert answer["error"] is None
        for message in answer["messages"]:
            assert message.keys() == {
                "device_id", "fixed_at", "sent_at", "lat", "lon", "valid", "accuracy_m", "altitude_m", "speed_mps",
                "heading_deg", "source", "battery_pct", "charging", "strap", "alarms", "cells", "wifi", "extra",
            }  # fmt: skip


def test_a_request_is_read_with_its_headers_its_secret_and_its_body_or_frame() -> None:
    place = {"_type": "location", "lat": 42.5, "lon": 74.5, "tst": 1_795_255_200}
    headers = {"X-Limit-U": "a", "X-Limit-D": "b"}
    http = {"method": "POST", "uri": "/x", "headers": headers}
    by_frame = {"id": "a", "kind": "http", "http": http, "frame": json.dumps(place)}
    by_body = {"id": "b", "kind": "http", "http": http | {"body": json.dumps(place)}, "frame": "not read"}
    box = owntracks.encode_encrypted(json.dumps(place).encode(), key=b"key").decode()
    encrypted = {"id": "c", "kind": "http", "http": http | {"body": box}, "secret": "key"}
    locked = {"id": "d", "kind": "http", "http": http | {"body": box}}
    first, second, third, fourth = answers(run("owntracks", "--json", lines=[by_frame, by_body, encrypted, locked]))
    assert first["messages"] == second["messages"] == third["messages"]
    assert (first["messages"][0]["device_id"], first["messages"][0]["lat"]) == ("a/b", 42.5)
    assert (fourth["error"]["code"], fourth["reply_status"]) == ("not_opened", 200)


def as_line(name: str, frame: bytes, **known: Any) -> dict[str, Any]:
    return {"id": name, "kind": "hex", "frame": frame.hex(), **known}


def test_frames_of_one_connection_are_read_in_order_and_those_of_another_apart() -> None:
    position = gt06.encode_position(PLACE, serial=2)
    logins = {name: gt06.encode_login(f"86000000000000{name}", zone_min=zone) for name, zone in (("1", 360), ("2", 0))}
    first, second, of_first, of_second, alone = answers(
        run(
            "gt06",
            "--json",
            lines=[
                as_line("a", logins["1"], connection="x"),
                as_line("b", logins["2"], connection="y"),
                as_line("c", position, connection="x"),
                as_line("d", position, connection="y"),
                as_line("e", position),
            ],
        )
    )
    assert (first["context"], second["context"]) == ({"utc_offset_min": "360"}, {"utc_offset_min": "0"})
    assert of_first["messages"][0]["device_id"] == "860000000000001"
    assert of_second["messages"][0]["device_id"] == "860000000000002"
    assert alone["messages"][0]["device_id"] is None
    assert of_first["messages"][0]["fixed_at"] == "2026-11-21T04:00:00.000000Z"  # its clock is six hours ahead of UTC
    assert of_second["messages"][0]["fixed_at"] == alone["messages"][0]["fixed_at"] == "2026-11-21T10:00:00.000000Z"


def test_a_frame_of_the_log_is_read_with_the_context_that_stands_beside_it() -> None:
    line = as_line("a", gt06.encode_position(PLACE), device_id="9", context={"utc_offset_min": "360"})
    (answer,) = answers(run("gt06", "--json", lines=[line]))
    (message,) = answer["messages"]
    assert (message["device_id"], message["fixed_at"]) == ("9", "2026-11-21T04:00:00.000000Z")


def test_an_unreadable_frame_costs_its_connection_nothing() -> None:
    login, position = gt06.encode_login("860000000000001"), gt06.encode_position(PLACE)
    damaged = position[:10] + bytes([position[10] ^ 1]) + position[11:]
    lines = [as_line(name, frame, connection="x") for name, frame in (("a", login), ("b", damaged), ("c", position))]
    _, bad, good = answers(run("gt06", "--json", lines=lines))
    assert bad["error"]["code"] == "bad_checksum"
    assert good["messages"][0]["device_id"] == "860000000000001"


def test_an_answer_that_would_fetch_a_picture_is_shown_and_marked_as_never_sent() -> None:
    (answer,) = answers(run("meitrack", "--json", lines=[as_line("a", envelope(b"$$", "D", "860000000000017", "D03"))]))
    assert answer["reply_hex"] is not None
    assert answer["reply_withheld"] is True


def test_hex_and_text_and_http_are_read_and_a_bad_frame_is_an_answer() -> None:
    bad = PHONE | {"id": "c", "http": {"uri": "/x?id=7&lat=NaN&lon=2"}}
    kept = {"id": "d", "kind": "hex", "frame": b"?id=7&lat=1&lon=2\n".hex()}
    sessionless = {"id": "e", "kind": "text", "frame": "?lat=1&lon=2\n", "device_id": "9"}
    phone, refused, logged, named = answers(run("osmand", "--json", lines=[PHONE, bad, kept, sessionless]))
    assert (phone["reply_status"], phone["reply_hex"], phone["error"]) == (200, None, None)
    assert refused["error"]["code"] == "not_finite"
    assert (refused["messages"], refused["reply_status"]) == ([], 400)
    assert logged["messages"] == phone["messages"]
    assert named["messages"][0]["device_id"] == "9"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("not json", "line"),
        ("[]", "line"),
        ({"id": "x", "kind": "smoke"}, "kind"),
        ({"id": 5, "kind": "text"}, "id"),
        ({"id": "x", "kind": "hex", "frame": "xyz"}, "frame"),
        ({"id": "x", "kind": "text", "frame": "→"}, "frame"),
        ({"id": "x", "kind": "http"}, "kind"),
    ],
)
def test_a_line_that_is_no_frame_is_named_and_the_others_are_answered(line: Any, field: str) -> None:
    result = run("r16h", "--json", lines=[LINK, line, LINK])
    assert result.returncode == 2
    assert f"line 2: {field}: " in result.stderr
    assert len(answers(result)) == 2


def test_an_unknown_protocol_names_the_known_ones() -> None:
    result = run("smoke", "--json", lines=[])
    assert result.returncode == 2
    assert ", ".join(registry()) in result.stderr


def test_people_get_a_table() -> None:
    result = run("osmand", lines=[PHONE])
    assert result.returncode == 0
    assert "1.000000, 2.000000" in result.stdout


def test_a_table_shows_a_frame_that_names_nobody() -> None:
    place = '{"_type":"location","lat":1,"lon":2}'
    result = run("owntracks", lines=[{"id": "a", "kind": "text", "frame": place}, {"id": "b", "kind": "text"}])
    assert result.returncode == 0
    assert "1.000000, 2.000000" in result.stdout
    assert "a sign of life" in result.stdout
