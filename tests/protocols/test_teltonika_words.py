"""What a Teltonika device says in words, and the words it is sent."""

from __future__ import annotations

import struct

import pytest

from aralyk.protocols.checksums import crc16_arc
from aralyk.protocols.codec import Decoded, Session
from aralyk.protocols.commands import Command, CommandAnswer, CommandKind, CommandNotSpoken
from aralyk.protocols.messages import Message, Source, iso_time
from aralyk.protocols.teltonika import CODEC, encoder
from aralyk.protocols.teltonika.commands import encode_words
from aralyk.protocols.teltonika.frame import framed
from tests.protocols.test_any_bytes import START_US

IMEI = "860000000000017"


def read(frame: bytes, session: Session | None = None) -> Decoded:
    return CODEC.decode(frame, session or Session(device_id=IMEI))


def only(frame: bytes) -> Message:
    (message,) = read(frame).messages
    return message


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("GPS:1 Sat:7", CommandAnswer(kind=CommandKind.POSITION, accepted=True)),
        ("Param ID:10050 New Val:15", CommandAnswer(kind=CommandKind.INTERVAL, accepted=True)),
        ("ERROR: unknown", CommandAnswer(accepted=False)),
        ("Data Link: 1", CommandAnswer()),
    ],
)
def test_what_a_device_says_to_a_command_is_heard(words: str, answer: CommandAnswer) -> None:
    decoded = read(encoder.encode_answer(words))
    assert decoded.command_answers == (answer,)
    assert decoded.messages[0].extra == {"type": 6, "result": words}
    assert decoded.answer is None


GETGPS = "GPS:{fix} Sat:7 Lat:{lat} Long:-74.56982 Alt:760 Speed:36 Dir:90 Date: 2026/{month}/21 Time: 9:5:7"


@pytest.mark.parametrize(("fix", "valid"), [("1", True), ("0", False)])
def test_the_answer_to_a_position_request_is_a_place(fix: str, valid: bool) -> None:
    message = only(encoder.encode_answer(GETGPS.format(fix=fix, lat="42.87461", month=11)))
    assert (message.lat, message.lon, message.valid, message.source) == (42.87461, -74.56982, valid, Source.GNSS)
    assert (message.speed_mps, message.heading_deg, message.altitude_m) == (10.0, 90.0, 760.0)
    assert iso_time(message.fixed_at_us) == "2026-11-21T09:05:07.000000Z"


@pytest.mark.parametrize(("lat", "month"), [("92.87461", 11), ("42.87461", 13), ("x", 11)])
def test_an_answer_with_an_impossible_place_or_time_is_words_alone(lat: str, month: int) -> None:
    message = only(encoder.encode_answer(GETGPS.format(fix="1", lat=lat, month=month)))
    assert (message.lat, message.valid, message.fixed_at_us) == (None, None, None)
    assert message.extra["result"].startswith("GPS:1")


def test_words_with_their_time_and_their_device_are_read() -> None:
    timed = read(framed(b"\x0d\x01\x06" + struct.pack(">II", 6, START_US // 1_000_000) + b"ok\x01"))
    assert (timed.messages[0].sent_at_us, timed.messages[0].extra["result"]) == (START_US, "ok")
    refused = read(framed(b"\x0e\x01\x11" + struct.pack(">I", 8) + bytes.fromhex("0" + IMEI) + b"\x01"), Session())
    assert (refused.device_id, refused.command_answers) == (IMEI, (CommandAnswer(accepted=False),))
    serial = read(framed(b"\x0c\x01\x07" + struct.pack(">I", 2) + b"\x80\x01\x01"))
    assert (serial.messages[0].extra["result"], serial.command_answers) == ("8001", ())


def test_what_would_fetch_a_photo_packet_by_packet_is_known_and_never_sent() -> None:
    announced = read(framed(b"\x0c\x01\x0d" + struct.pack(">I", 5) + b"\x01abcd\x01"))
    assert announced.answer == framed(
        b"\x0c\x01\x0d" + struct.pack(">I", 11) + b"\x02abcd" + struct.pack(">IH", 0, 2048) + b"\x01"
    )
    for size, asks in ((2048, True), (100, False)):
        body = b"\x02abcd" + struct.pack(">IH", 2048, size) + bytes(size)
        came = read(framed(b"\x0c\x01\x0d" + struct.pack(">I", len(body)) + body + b"\x01"))
        answer = came.answer
        assert (came.withheld, came.to_send) == (True, None)
        assert came.kept is not None
        assert len(came.kept) < 40  # nothing of the photo
        assert read(came.kept).answer == answer
        assert (answer is not None) is asks
        assert answer is None or struct.pack(">IH", 4096, 2048) in answer


def test_a_position_is_asked_for_in_words_and_an_interval_of_models_whose_parameters_are_known() -> None:
    assert CODEC.encode_command is not None
    assert CODEC.encode_command(Command(serial=1, kind=CommandKind.POSITION), Session()) == encode_words("getgps")
    interval = Command(serial=1, kind=CommandKind.INTERVAL, interval_s=15)
    words = CODEC.encode_command(interval, Session(model="TMT250"))
    assert b"setparam 10000:15;10005:15;10050:15;10055:15;10100:15" in words
    assert crc16_arc(words[8:-4]) == int.from_bytes(words[-4:], "big")


@pytest.mark.parametrize(
    ("command", "model"),
    [
        (Command(serial=1, kind=CommandKind.INTERVAL, interval_s=15), None),
        (Command(serial=1, kind=CommandKind.INTERVAL, interval_s=15), "FM3612"),
        (Command(serial=1, kind=CommandKind.INTERVAL, interval_s=70_000), "TMT250"),
        (Command(serial=1, kind=CommandKind.BUZZ), "TMT250"),
        (Command(serial=1, kind=CommandKind.MESSAGE, text="call"), "TMT250"),
    ],
)
def test_a_command_without_known_words_is_refused(command: Command, model: str | None) -> None:
    assert CODEC.encode_command is not None
    with pytest.raises(CommandNotSpoken):
        CODEC.encode_command(command, Session(model=model))
