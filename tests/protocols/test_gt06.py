"""What GT06 devices say, how their stream is cut, and what they are told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aralyk.protocols.checksums import crc16_x25
from aralyk.protocols.codec import BrokenFrame, Decoded, Sequence, Session
from aralyk.protocols.commands import Command, CommandAnswer, CommandKind, CommandNotSpoken
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.gt06 import CODEC, encoder
from aralyk.protocols.gt06.alarms import CODE_ALARMS, STATUS_ALARMS
from aralyk.protocols.gt06.frame import END, FRAME_BYTES_MAX, SHORT, wrapped
from aralyk.protocols.gt06.splitter import LengthSplitter
from aralyk.protocols.messages import Alarm, Cell, Message, Source, Strap, iso_time
from tests.protocols.samples import check_message
from tests.protocols.test_any_bytes import START_US
from tests.protocols.vectors import frame_of, read, vector, vectors

IMEI = "860000000000017"
SESSION = Session(device_id=IMEI)
CELL = Cell(mcc=437, mnc=5, lac=30200, cid=102512)
SAID = Message(
    device_id=IMEI,
    fixed_at_us=START_US,
    lat=42.87461,
    lon=74.56982,
    valid=True,
    speed_mps=10.0,
    heading_deg=111.0,
    source=Source.GNSS,
    cells=(CELL,),
    extra={"satellites": 9},
)


def heard(frame: bytes, session: Session = SESSION) -> Message:
    return CODEC.decode(frame, session).messages[0]


def refusal(frame: bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        CODEC.decode(frame, Session())
    return caught.value


def status_frame(status: int, code: int = 0) -> bytes:
    return wrapped(0x13, bytes((status, 80, 4, code, 2)), 7)


def test_the_checksum_is_the_published_crc_16_x_25() -> None:
    assert crc16_x25(b"123456789").hex() == "906e"  # the check value of the CRC catalogue


def test_a_login_names_the_device_and_is_acknowledged_with_its_kind_and_serial() -> None:
    decoded = CODEC.decode(encoder.encode_login(IMEI, serial=5), Session())
    assert (decoded.device_id, decoded.messages) == (IMEI, ())
    assert decoded.answer == SHORT + bytes.fromhex("05010005") + crc16_x25(bytes.fromhex("05010005")) + END
    assert decoded.sequence == Sequence(number=5, last=65535)


def test_a_place_is_read_with_its_units() -> None:
    message = heard(encoder.encode_position(SAID))
    assert message.device_id == IMEI
    assert iso_time(message.fixed_at_us) == "2026-11-21T00:00:00.000000Z"
    assert message.lat == pytest.approx(42.87461, abs=1e-6)
    assert message.lon == pytest.approx(74.56982, abs=1e-6)
    assert (message.valid, message.source, message.heading_deg) == (True, Source.GNSS, 111.0)
    assert message.speed_mps == pytest.approx(10.0)
    assert (message.cells, message.alarms, message.strap) == ((CELL,), (), None)
    assert (message.accuracy_m, message.battery_pct, message.charging) == (None, None, None)
    assert message.extra == {"satellites": 9}


@pytest.mark.parametrize(("zone_min", "at"), [
    (None, "2026-11-21T00:00:00.000000Z"), (360, "2026-11-20T18:00:00.000000Z"), (-210, "2026-11-21T03:30:00.000000Z"),
])  # fmt: skip
def test_the_zone_of_the_login_is_taken_off_the_clock_of_later_frames(zone_min: int | None, at: str) -> None:
    login = CODEC.decode(encoder.encode_login(IMEI, zone_min=zone_min), Session())
    assert login.context is not None
    session = Session(device_id=login.device_id, context=login.context)
    assert iso_time(heard(encoder.encode_position(SAID), session).fixed_at_us) == at


@pytest.mark.parametrize("extension", ["6400", "0A50", "FFFF"])
def test_a_zone_that_does_not_exist_moves_no_clock(extension: str) -> None:
    frame = wrapped(0x01, bytes.fromhex(f"0{IMEI}0000{extension}"), 1)
    assert CODEC.decode(frame, Session()).context == {"utc_offset_min": "0"}


def test_a_fix_that_the_device_calls_invalid_is_marked_so() -> None:
    invalid = Message(device_id=IMEI, fixed_at_us=START_US, lat=42.0, lon=74.0, valid=False)
    assert heard(encoder.encode_position(invalid)).valid is False


@pytest.mark.parametrize(("bits", "alarm"), sorted(STATUS_ALARMS.items()))
def test_every_alarm_of_the_status_byte_is_read(bits: int, alarm: Alarm) -> None:
    assert heard(status_frame(bits << 3)).alarms == (alarm,)


@pytest.mark.parametrize(("code", "alarm"), [*sorted(CODE_ALARMS.items()), (0x1C, Alarm.OTHER), (0x77, Alarm.OTHER)])
def test_every_alarm_code_is_read_and_an_unknown_one_is_still_an_alarm(code: int, alarm: Alarm) -> None:
    message = heard(status_frame(0, code))
    assert message.alarms == (alarm,)
    assert message.extra["alarm"] == f"code {code:#04x}"


def test_an_alarm_in_the_status_byte_does_not_hide_the_one_of_the_code() -> None:
    message = heard(status_frame(4 << 3, 0x18))
    assert message.alarms == (Alarm.SOS, Alarm.STRAP_OPEN)
    assert message.strap is Strap.OPEN


@pytest.mark.parametrize("frame", [status_frame(7 << 3), status_frame(0, 0x18)])
def test_a_device_that_was_taken_off_opens_its_strap_in_either_place(frame: bytes) -> None:
    message = heard(frame)
    assert (message.strap, message.alarms) == (Strap.OPEN, (Alarm.STRAP_OPEN,))


def test_a_heartbeat_without_alarm_says_nothing_about_the_strap() -> None:
    message = heard(encoder.encode_heartbeat(Message(device_id=IMEI, battery_pct=80, charging=True)))
    assert (message.strap, message.alarms, message.charging, message.battery_pct) == (None, (), True, 80)
    assert (message.lat, message.valid, message.fixed_at_us) == (None, None, None)


def test_models_give_some_codes_another_meaning() -> None:
    removed = status_frame(0, 0x18)
    assert heard(removed, Session(device_id=IMEI)).alarms == (Alarm.STRAP_OPEN,)
    jamming = wrapped(0x16, bytes.fromhex("1a0b15000000c9") + bytes(11) + bytes((9, *bytes(8), 0, 80, 4, 0x30, 2)), 1)
    assert heard(jamming).alarms == (Alarm.JAMMING,)
    assert heard(jamming, Session(device_id=IMEI, model="vl103")).alarms == (Alarm.OTHER,)


def test_a_frame_shorter_than_its_fields_gives_what_was_read_and_is_acknowledged() -> None:
    whole = encoder.encode_position(Message(
        device_id=IMEI, fixed_at_us=START_US, lat=42.0, lon=74.0, valid=True, alarms=(Alarm.SOS, Alarm.TAMPER),
    ))  # fmt: skip
    content = whole[4:-6]
    decoded = CODEC.decode(wrapped(0x16, content[:-2], 9), SESSION)
    assert decoded.messages[0].lat == pytest.approx(42.0, abs=1e-6)
    assert decoded.messages[0].alarms == (Alarm.SOS,)
    short = CODEC.decode(wrapped(0x16, content[:-4], 9), SESSION)
    assert short.messages[0].extra["unreadable"] == ["the rest"]
    assert short.answer is not None


def test_an_unknown_kind_is_a_sign_of_life_and_acknowledged() -> None:
    decoded = CODEC.decode(wrapped(0x7B, b"whatever", 300), SESSION)
    assert (decoded.device_id, decoded.messages) == (IMEI, ())
    assert decoded.answer == wrapped(0x7B, b"", 300)


def test_the_request_for_the_time_is_not_answered_because_a_codec_knows_no_clock() -> None:
    assert CODEC.decode(wrapped(0x8A, b"", 1), SESSION) == Decoded(
        device_id=IMEI, messages=(), sequence=Sequence(number=1, last=65535)
    )


@pytest.mark.parametrize("changes", [{"lat": "0cafe001"}, {"date": "1a0d15000000"}, {"course": "17ff"}])
def test_an_impossible_field_is_unknown_and_named(changes: dict[str, str]) -> None:
    fields = {"date": "1a0b15000000", "lat": "049b5f00", "course": "1400"} | changes
    message = heard(wrapped(0x10, bytes.fromhex(f"{fields['date']}c9{fields['lat']}0800000000{fields['course']}"), 1))
    (name,) = changes
    assert message.extra["unreadable"] == [{"lat": "place", "date": "time"}.get(name, name)]
    assert {"lat": message.lat, "date": message.fixed_at_us, "course": message.heading_deg}[name] is None


@pytest.mark.parametrize(
    ("frame", "code", "names"),
    [
        (b"", ErrorCode.UNKNOWN_FRAME, "frame"),
        (b"\x78\x78\x05\x13\x00\x01\x00\x00\r\r", ErrorCode.UNKNOWN_FRAME, "frame"),
        (status_frame(0)[:-4] + b"\0\0\r\n", ErrorCode.BAD_CHECKSUM, "checksum"),
        (wrapped(0x01, b"1234567", 1), ErrorCode.MISSING_FIELD, "imei"),
        (wrapped(0x01, bytes.fromhex("0860000000000abc"), 1), ErrorCode.BAD_FIELD, "imei"),
        (bytes(FRAME_BYTES_MAX + 1), ErrorCode.FRAME_TOO_LONG, "frame"),
    ],
)
def test_a_bad_frame_is_refused_naming_the_field(frame: bytes, code: ErrorCode, names: str) -> None:
    error = refusal(frame)
    assert error.code is code
    assert error.detail.startswith(f"{names}: ")


@given(st.integers(2, 31), st.integers(1, 255))
def test_a_changed_byte_is_found_and_the_frame_is_neither_read_nor_acknowledged(place: int, change: int) -> None:
    frame = bytearray(encoder.encode_position(SAID))
    frame[place] ^= change
    refusal(bytes(frame))


_alarms = st.sampled_from([*((alarm,) for alarm in encoder.CODES), (), (Alarm.SOS, Alarm.TAMPER),
                           (Alarm.STRAP_OPEN, Alarm.FALL)])  # fmt: skip
_said = st.builds(
    Message,
    device_id=st.just(IMEI),
    fixed_at_us=st.integers(0, 30 * 86_400).map(lambda s: START_US + s * 1_000_000),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    valid=st.booleans(),
    speed_mps=st.floats(0, 70),
    heading_deg=st.floats(0, 359),
    battery_pct=st.none() | st.floats(7, 100),
    charging=st.booleans(),
    alarms=_alarms,
)


@given(_said, st.integers(0, 65535))
def test_what_the_device_writes_is_what_the_codec_reads(said: Message, serial: int) -> None:
    (frame,) = split(encoder.encode_position(said, serial=serial))
    assert isinstance(frame, bytes)
    decoded = CODEC.decode(frame, SESSION)
    (message,) = decoded.messages
    assert decoded.sequence == Sequence(number=serial, last=65535)
    assert set(message.alarms) == set(said.alarms)
    assert (message.fixed_at_us, message.valid, message.charging) == (said.fixed_at_us, said.valid, said.charging)
    assert message.lat == pytest.approx(said.lat, abs=1e-6)
    assert message.lon == pytest.approx(said.lon, abs=1e-6)
    assert message.speed_mps == pytest.approx(said.speed_mps, abs=0.2)
    assert (message.battery_pct is None) == (said.battery_pct is None)


def split(*chunks: bytes) -> list[bytes | BrokenFrame]:
    splitter = LengthSplitter()
    return [frame for chunk in chunks for frame in splitter.feed(chunk)]


LOGIN = encoder.encode_login(IMEI)
POSITION = encoder.encode_position(SAID)
LONG = wrapped(0x94, b"\0\0\xed", 3, long=True)


def test_garbage_between_frames_is_one_broken_frame_and_the_stream_goes_on() -> None:
    login, broken, position, long = split(LOGIN + b"GET / HTTP/1.1\r\n\r\n" + POSITION + b"\r\n" + LONG)
    assert (login, position, long) == (LOGIN, POSITION, LONG)
    assert isinstance(broken, BrokenFrame)
    assert (broken.raw, broken.error.code) == (b"GET / HTTP/1.1\r\n\r\n", ErrorCode.UNKNOWN_FRAME)


def test_a_frame_whose_length_lies_ends_at_its_line_end_and_costs_no_other() -> None:
    lying = POSITION[:2] + b"\x09" + POSITION[3:]
    first, second = split(lying + LOGIN)
    assert (first, second) == (lying, LOGIN)
    refusal(lying)


@pytest.mark.parametrize("kept", [4, 9, 20, 31])
def test_a_frame_that_lost_its_end_does_not_swallow_the_panic_after_it(kept: int) -> None:
    panic = status_frame(0x20)
    broken, first, second = split(POSITION[:kept] + panic + POSITION)
    assert isinstance(broken, BrokenFrame)
    assert broken.raw == POSITION[:kept]
    assert (first, second) == (panic, POSITION)


def test_a_device_that_leaves_the_checksum_out_of_its_length_is_understood() -> None:
    body = bytes((8,)) + status_frame(0x20)[3:-4]
    frame = SHORT + body + crc16_x25(body) + END
    assert split(frame + LOGIN) == [frame, LOGIN]
    assert heard(frame).alarms == (Alarm.SOS,)


def test_a_frame_over_the_limit_is_refused_and_the_next_one_is_read() -> None:
    broken, login = split(b"\x79\x79\xff\xff" + bytes(3 * FRAME_BYTES_MAX) + LOGIN)
    assert isinstance(broken, BrokenFrame)
    assert (broken.error.code, len(broken.raw)) == (ErrorCode.FRAME_TOO_LONG, FRAME_BYTES_MAX)
    assert login == LOGIN


def test_bytes_without_an_end_are_held_only_up_to_the_limit() -> None:
    splitter = LengthSplitter()
    for _ in range(100):
        assert splitter.feed(b"\x78\x78\x01" + b"\x55" * 997) == []
        assert len(splitter._held) + len(splitter._garbage) <= 3 * FRAME_BYTES_MAX


def test_the_end_of_the_connection_gives_the_frame_that_it_cut() -> None:
    splitter = LengthSplitter()
    assert splitter.feed(LOGIN + POSITION[:9]) == [LOGIN]
    cut = splitter.close()
    assert cut is not None
    assert (cut.raw, cut.error.code) == (POSITION[:9], ErrorCode.FRAME_CUT)
    assert splitter.close() is None


_parts = st.binary(max_size=30) | st.sampled_from(
    [LOGIN, POSITION, LONG, END, b"\x78", b"\x79\x79\x0f\xff", b"x" * 700]
)


@given(st.lists(_parts, max_size=10), st.data())
def test_frames_do_not_depend_on_how_the_bytes_were_chunked(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    def told(*pieces: bytes) -> list[object]:
        return [f if isinstance(f, bytes) else (f.raw, f.error.code) for f in split(*pieces)]

    assert told(*chunks) == told(stream)


_kinds = st.sampled_from(bytes.fromhex(
    "10 11 12 13 15 16 17 18 19 21 22 23 24 27 28 2a 2c 31 32 33 34 35 36 37 38 40 41 61 70 8c 94 95 9b a0 a1 a2 a3 a4"
    "a5 a7 f3"
)) | st.integers(0, 255)  # fmt: skip
_models = st.sampled_from([None, "R11", "SEEWORLD", "NT20", "VL103", "LW01"])


@given(_kinds, st.binary(max_size=90), st.booleans(), _models)
@example(0x16, bytes(60), False, None)
def test_any_content_with_a_right_checksum_is_read_and_never_fails(
    kind: int, content: bytes, long: bool, model: str | None
) -> None:
    frame = wrapped(kind, content, 1, long=long)
    if kind == 0x01 and not long and not (len(content) >= 8 and content[:8].hex()[1:].isdecimal()):
        refusal(frame)
        return
    decoded = CODEC.decode(frame, Session(model=model))
    for message in decoded.messages:
        check_message(message)


@given(st.data())
def test_a_known_frame_with_changed_content_and_a_right_checksum_never_fails(data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from([entry for entry in vectors("gt06") if entry["checksum"]["ok"]]))
    frame = bytearray(frame_of("gt06", entry))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(2, len(frame) - 7))] = data.draw(st.integers(0, 255))
    frame[-4:-2] = crc16_x25(bytes(frame[2:-4]))
    try:
        decoded = CODEC.decode(bytes(frame), Session(model=entry.get("model")))
    except ProtocolError:
        return
    for message in decoded.messages:
        check_message(message)


def framing(protocol: str) -> list[Any]:
    return [entry for entry in vectors("framing") if entry["protocol"] == protocol]


def test_the_streams_that_the_reference_splits_are_split_alike() -> None:
    entries = framing("gt06")
    assert len(entries) >= 5
    for entry in entries:
        assert split(bytes.fromhex(entry["frame"]))[0] == bytes.fromhex(entry["expect"]["first_frame"]), entry["id"]


def test_a_wrong_checksum_is_refused_though_the_reference_accepts_and_acknowledges_it() -> None:
    assert vector("peer_behaviour", "gt06-01")["given"] == "frame with a wrong CRC"
    wrong = [entry for entry in vectors("gt06") if not entry["checksum"]["ok"]]
    assert len(wrong) > 5
    for entry in wrong:
        assert isinstance(read("gt06", entry), ProtocolError), entry["id"]


def command_words(frame: bytes) -> str:
    assert frame[3] == 0x80
    assert frame[4] == len(frame) - 5 - 6
    return frame[9:-6].decode("ascii")


def test_commands_carry_our_number_where_the_device_gives_it_back() -> None:
    assert CODEC.encode_command is not None
    interval = CODEC.encode_command(Command(serial=513, kind=CommandKind.INTERVAL, interval_s=15), SESSION)
    assert command_words(interval) == "TIMER,15,15#"
    assert interval[5:9] == bytes.fromhex("00000201")
    assert command_words(CODEC.encode_command(Command(serial=1, kind=CommandKind.POSITION), SESSION)) == "WHERE#"


@pytest.mark.parametrize(
    "command",
    [
        Command(serial=1, kind=CommandKind.BUZZ),
        Command(serial=1, kind=CommandKind.MESSAGE, text="hello"),
        Command(serial=1, kind=CommandKind.INTERVAL, interval_s=4),
        Command(serial=1, kind=CommandKind.INTERVAL, interval_s=18_001),
    ],
)
def test_what_the_family_has_no_words_for_is_refused(command: Command) -> None:
    assert CODEC.encode_command is not None
    with pytest.raises(CommandNotSpoken):
        CODEC.encode_command(command, SESSION)


@pytest.mark.parametrize(("words", "accepted"), [
    ("OK!", True), ("Set timer: Success!", True), ("Command error!", False), ("TIMER:10,10", None),
])  # fmt: skip
def test_an_answer_names_the_command_it_answers(words: str, accepted: bool | None) -> None:
    decoded = CODEC.decode(encoder.encode_words(words, command_serial=513, serial=8), SESSION)
    assert decoded.command_answers == (CommandAnswer(serial=513, accepted=accepted),)
    assert decoded.messages[0].extra["answer"].startswith(words)
    assert decoded.answer == wrapped(0x15, b"", 8)


def test_an_answer_with_a_place_is_a_place() -> None:
    words = "Current position!Lat:S42.87461,Lon:E74.56982,Course:90.50,Speed:36.0000,DateTime:2026-11-21  10:00:00"
    decoded = CODEC.decode(encoder.encode_words(words, command_serial=513), SESSION)
    assert decoded.command_answers == (CommandAnswer(serial=513, kind=CommandKind.POSITION, accepted=True),)
    message = decoded.messages[0]
    assert (message.lat, message.lon, message.valid, message.heading_deg) == (-42.87461, 74.56982, True, 90.5)
    assert iso_time(message.fixed_at_us) == "2026-11-21T10:00:00.000000Z"
    assert message.speed_mps == pytest.approx(10.0)


def test_the_telephone_numbers_of_a_settings_report_are_not_kept() -> None:
    frame = wrapped(0x94, b"\x04ALM1=45;SOS=0550000000,,;CENTER=0550000001;DYD=01", 1, long=True)
    assert heard(frame).extra == {"settings": {"ALM1": "45", "DYD": "01"}}


@pytest.mark.parametrize("message", [
    Message(device_id=IMEI), Message(device_id=IMEI, fixed_at_us=START_US, lat=1.0, lon=1.0, valid=True,
                                     alarms=(Alarm.TAMPER, Alarm.FALL)),
])  # fmt: skip
def test_the_encoder_refuses_what_the_frame_has_no_room_for(message: Message) -> None:
    with pytest.raises(ValueError, match=r"place|room"):
        encoder.encode_position(message)


def test_what_would_fetch_a_picture_is_known_and_never_sent() -> None:
    content = bytes(6 + 1 + 4 + 4 + 3) + (5000).to_bytes(4, "big") + (7).to_bytes(4, "big")
    decoded = CODEC.decode(wrapped(0x35, content, 3), SESSION)
    assert decoded.answer == wrapped(0x36, (7).to_bytes(4, "big") + bytes(4) + (1024).to_bytes(2, "big"), 0)
    assert (decoded.withheld, decoded.to_send) == (True, None)


def test_a_piece_of_a_picture_is_not_kept_and_what_is_kept_reads_the_same() -> None:
    head = bytes(8) + b"".join(number.to_bytes(4, "big") for number in (1_760_000_000, *bytes(5))) + bytes(2)
    head += (7).to_bytes(4, "big") + (5000).to_bytes(4, "big")
    came = CODEC.decode(wrapped(0x41, head + b"whose face" * 40, 3, long=True), SESSION)
    assert came.kept is not None
    assert b"face" not in came.kept
    again = CODEC.decode(came.kept, SESSION)
    assert (again.messages, again.answer, again.sequence) == (came.messages, came.answer, came.sequence)
