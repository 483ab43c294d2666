"""What Meitrack devices say, how their stream is cut, and what they are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aralyk.protocols.codec import BrokenFrame, Decoded, Session
from aralyk.protocols.commands import Command, CommandAnswer, CommandKind, CommandNotSpoken
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.meitrack import CODEC, encoder
from aralyk.protocols.meitrack.binary import CCC_HEAD, CCE_HEAD, CCE_RECORD_HEAD
from aralyk.protocols.meitrack.envelope import FRAME_BYTES_MAX, START, checksum, envelope
from aralyk.protocols.meitrack.splitter import FrameSplitter
from aralyk.protocols.meitrack.values import ALARMS
from aralyk.protocols.messages import Alarm, Cell, Message, Source, iso_time
from tests.protocols.samples import check_message
from tests.protocols.test_any_bytes import START_US
from tests.protocols.vectors import frame_of, vectors

IMEI = "860000000000017"
FIELDS = {
    "event": "35", "lat": "42.874610", "lon": "-74.569820", "time": "261121100000", "valid": "A", "satellites": "7",
    "gsm": "20", "speed": "36", "course": "90", "hdop": "0.9", "altitude": "-12", "odometer": "1200",
    "runtime": "3600", "cell": "437|5|75F8|280B", "state": "0102", "adc": "0001|0002|0003|018D|04F0",
}  # fmt: skip


def device_says(kind: str, content: bytes) -> Decoded:
    return CODEC.decode(envelope(START, "A", IMEI, kind, content), Session())


def heard(**changes: str) -> Message:
    return device_says("AAA", ",".join((FIELDS | changes).values()).encode()).messages[0]


def cce(*groups: bytes) -> bytes:
    record = b"".join(groups)
    return CCE_HEAD.pack(0, 1) + CCE_RECORD_HEAD.pack(len(record) + 2, 1) + record


def refusal(frame: bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        CODEC.decode(frame, Session())
    return caught.value


def test_a_report_is_read_with_its_units() -> None:
    message = heard()
    assert (message.device_id, message.lat, message.lon, message.valid) == (IMEI, 42.87461, -74.56982, True)
    assert iso_time(message.fixed_at_us) == "2026-11-21T10:00:00.000000Z"
    assert (message.speed_mps, message.heading_deg, message.altitude_m) == (10, 90, -12)
    assert (message.battery_pct, message.alarms, message.source) == (None, (), Source.GNSS)
    assert message.cells == (Cell(mcc=437, mnc=5, lac=0x75F8, cid=0x280B, rssi_dbm=-73),)
    assert message.extra == {
        "event": 35, "satellites": 7, "gsm": 20, "hdop": 0.9, "odometer_m": 1200, "runtime_s": 3600, "inputs": 1,
        "outputs": 2, "adc_1": 1, "adc_2": 2, "adc_3": 3, "battery_v": 3.97, "power_v": 12.64,
    }  # fmt: skip


@pytest.mark.parametrize(("adc", "inputs"), [("000A|000C|0BAD|018D|04F0", 3), ("000A|018D|04F0", 1), ("018D|04F0", 0)])
def test_battery_and_supply_stand_behind_the_inputs_that_there_are(adc: str, inputs: int) -> None:
    extra = heard(adc=adc).extra
    assert (extra["battery_v"], extra["power_v"]) == (3.97, 12.64)
    assert sum(name.startswith("adc_") for name in extra) == inputs


def test_voltages_with_a_point_are_volts_and_begin_with_the_battery() -> None:
    extra = heard(adc="4.33|12.96|1.92").extra
    assert (extra["battery_v"], extra["power_v"], extra["adc_1"]) == (4.33, 12.96, 1.92)


@pytest.mark.parametrize(("event", "alarm"), sorted(ALARMS.items()))
def test_every_event_that_is_an_alarm_is_read_in_text_and_in_batches(event: int, alarm: Alarm) -> None:
    batch = device_says("CCE", cce(b"\x01\x01" + bytes((event,)), bytes(3))).messages[0]
    for message in (heard(event=str(event)), batch):
        assert (message.alarms, message.extra["event"]) == ((alarm,), event)
        assert ("alarm" in message.extra) is (alarm is Alarm.OTHER)


def test_an_unknown_event_is_told_and_is_no_alarm() -> None:
    message = heard(event="9999")
    assert (message.alarms, message.extra["event"]) == ((), 9999)


def test_all_alarms_of_a_record_are_read_also_those_of_two_bytes() -> None:
    message = device_says("CCE", cce(b"\x02\x01\x11\x01\x01", b"\x01\x40\x2c\x00", bytes(2))).messages[0]
    assert message.alarms == (Alarm.LOW_BATTERY, Alarm.SOS, Alarm.JAMMING)
    assert (message.lat, message.valid, message.fixed_at_us) == (None, None, None)


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"lat": "91.0"}, "place"), ({"lon": "x"}, "place"), ({"time": "261321100000"}, "time"), ({"time": "1"}, "time"),
     ({"valid": "?"}, "valid"), ({"gsm": "x"}, "gsm"), ({"speed": "-1"}, "speed"), ({"course": "361"}, "course"),
     ({"altitude": "99999"}, "altitude"), ({"cell": "437|5"}, "cell"), ({"state": "00"}, "state"),
     ({"adc": "zz|1"}, "voltages")],
)  # fmt: skip
def test_an_unreadable_field_is_named_and_does_not_cost_the_panic_beside_it(changes: dict[str, str], name: str) -> None:
    message = heard(event="1", **changes)
    assert message.alarms == (Alarm.SOS,)
    assert message.extra["unreadable"] == [name]


def test_a_record_that_ends_within_a_value_keeps_the_panic_in_front_of_it() -> None:
    message = device_says("CCE", cce(b"\x01\x01\x01", b"\x02\x08\x10\x00\x09")).messages[0]
    assert message.alarms == (Alarm.SOS,)
    assert message.extra["unreadable"] == ["values"]


def test_a_fix_that_the_device_calls_invalid_is_not_valid() -> None:
    assert heard(valid="V").valid is False
    assert heard(lat="", lon="").valid is None


def test_a_container_lock_is_no_strap() -> None:
    message = device_says("CCE", cce(b"\x01\x47\x01", bytes(3))).messages[0]
    assert (message.strap, message.extra["lock"]) == (None, False)


def test_each_temperature_and_each_battery_has_its_own_name() -> None:
    values = b"\x2a\x03\x00\x34\x21", b"\x2b\x03\x00\x9c\xff", b"\xfe\xa8\x07\x01\x50\x01\x28\x00\x00\x00"
    message = device_says("CCE", cce(bytes(3), b"\x03", *values)).messages[0]
    assert message.battery_pct == 80
    assert message.extra == {"temperature_0_c": 85.0, "temperature_1_c": -1.0, "battery_2_pct": 40}


def test_an_access_point_is_read_and_an_unknown_value_is_kept() -> None:
    values = b"\x1d\x08\x02\x00\x00\x00\x00\x01\xd2\xff", b"\x77\x01\xab"
    message = device_says("CCE", cce(bytes(3), b"\x02", *values)).messages[0]
    assert [(point.mac, point.rssi_dbm) for point in message.wifi] == [("02:00:00:00:00:01", -46)]
    assert (message.source, message.extra) == (Source.NETWORK, {"values": {"77": "ab"}})


PLACE = Message(device_id=IMEI, fixed_at_us=START_US, lat=42.0, lon=74.0, valid=True)


def test_a_batch_is_acknowledged_with_the_number_of_its_records() -> None:
    decoded = CODEC.decode(encoder.encode_ccc([PLACE] * 12), Session())
    assert len(decoded.messages) == 12
    assert decoded.answer == envelope(b"@@", "A", IMEI, "CCC", b"12")


def test_batches_of_values_and_reports_are_not_answered() -> None:
    assert CODEC.decode(encoder.encode_cce([PLACE]), Session()).answer is None
    assert CODEC.decode(encoder.encode_report(PLACE), Session()).answer is None


def test_a_question_is_confirmed_with_its_flag() -> None:
    answer = CODEC.decode(envelope(START, "z", IMEI, "AAC", b"1"), Session()).answer
    assert answer == envelope(b"@@", "z", IMEI, "AAC", b"1")


def test_what_would_fetch_a_picture_eight_packets_at_a_time_is_known_and_never_sent() -> None:
    for content in (b"OK", b"a.jpg,9,7,x"):
        said = device_says("D03" if content == b"OK" else "D00", content)
        assert (said.withheld, said.to_send) == (True, None)
    assert device_says("D03", b"OK").answer == envelope(b"@@", "O", IMEI, "D00", b"camera_picture.jpg,0")
    assert device_says("D00", b"a.jpg,9,7,\r\n*").answer == envelope(b"@@", "O", IMEI, "D00", b"a.jpg,8")
    assert device_says("D00", b"a.jpg,9,6,x").answer is None
    assert device_says("D00", b"a.jpg,8,7,x").answer is None
    assert device_says("D00", b"a b.jpg,9,7,x").answer is None


@pytest.mark.parametrize("content", [b"a.jpg,9,7,whose face", b"a b.jpg,whose face"])
def test_a_packet_of_a_picture_is_not_kept_and_what_is_kept_reads_the_same(content: bytes) -> None:
    came = device_says("D00", content)
    assert came.kept is not None
    assert b"face" not in came.kept
    again = CODEC.decode(came.kept, Session())
    assert (again.device_id, again.messages, again.answer) == (came.device_id, came.messages, came.answer)


def test_an_unknown_kind_is_a_sign_of_life_and_a_report_under_it_is_read() -> None:
    assert device_says("B07", b"OK") == Decoded(device_id=IMEI, messages=())
    assert device_says("AAB", ",".join(FIELDS.values()).encode()).messages == (heard(),)


def test_commands_are_confirmed_by_their_own_kind_and_by_the_place_that_was_asked_for() -> None:
    taken = device_says("A12", b"OK").command_answers
    assert taken == (CommandAnswer(kind=CommandKind.INTERVAL, accepted=True),)
    place = device_says("AAA", ",".join((FIELDS | {"event": "34"}).values()).encode())
    assert place.command_answers == (CommandAnswer(kind=CommandKind.POSITION, accepted=True),)


@pytest.mark.parametrize(
    ("frame", "code", "names"),
    [
        (b"", ErrorCode.UNKNOWN_FRAME, "frame"),
        (b"$$A25,860000000000017,AAA", ErrorCode.BAD_CHECKSUM, "checksum"),
        (b"$$A25,860000000000017,AAA*00\r\n", ErrorCode.BAD_CHECKSUM, "checksum"),
        (b"$$A25,860000000000017,AAA*zz\r\n", ErrorCode.BAD_CHECKSUM, "checksum"),
        (envelope(START, "A", IMEI, "AAAA", b"1"), ErrorCode.UNKNOWN_FRAME, "frame"),
        (envelope(START, "A", IMEI, "CCC", b"1"), ErrorCode.MISSING_FIELD, "CCC"),
        (envelope(START, "A", IMEI, "CCC", CCC_HEAD.pack(0, 51, 0)), ErrorCode.BAD_FIELD, "CCC"),
        (envelope(START, "A", IMEI, "CCE", b"1"), ErrorCode.MISSING_FIELD, "CCE"),
        (envelope(START, "A", IMEI, "CCE", CCE_HEAD.pack(0, 1)), ErrorCode.MISSING_FIELD, "CCE"),
        (envelope(START, "A", IMEI, "CCE", CCE_HEAD.pack(0, 1) + b"\x09\x00\x00\x00"), ErrorCode.BAD_FIELD, "CCE"),
        (START + b"1" * FRAME_BYTES_MAX, ErrorCode.FRAME_TOO_LONG, "frame"),
    ],
)
def test_a_bad_frame_is_refused_naming_the_field(frame: bytes, code: ErrorCode, names: str) -> None:
    error = refusal(frame)
    assert error.code is code
    assert error.detail.startswith(f"{names}: ")


def test_a_batch_whose_length_is_wrong_is_refused() -> None:
    body = encoder.encode_cce([PLACE])[:-4].replace(b"$$A", b"$$A1", 1)
    assert refusal(body + checksum(body).encode() + b"\r\n").detail.startswith("length: ")


@given(st.data())
def test_a_changed_byte_is_found(data: st.DataObject) -> None:
    frame = bytearray(data.draw(st.sampled_from(encoder.samples())))
    frame[data.draw(st.integers(0, len(frame) - 6))] ^= data.draw(st.integers(1, 255))
    refusal(bytes(frame))


_said = st.builds(
    Message,
    device_id=st.just(IMEI),
    fixed_at_us=st.integers(0, 30 * 86_400).map(lambda s: START_US + s * 1_000_000),
    lat=st.integers(-90_000_000, 90_000_000).map(lambda n: n / 1_000_000),
    lon=st.integers(-180_000_000, 180_000_000).map(lambda n: n / 1_000_000),
    valid=st.booleans(),
    altitude_m=st.integers(-400, 9000),
    speed_mps=st.integers(0, 50).map(lambda n: n * 5.0),
    heading_deg=st.integers(0, 359),
    source=st.just(Source.GNSS),
    alarms=st.sampled_from([(), *((alarm,) for alarm in encoder.EVENTS)]),
    cells=st.sampled_from([(), (Cell(mcc=437, mnc=5, lac=30200, cid=4711, rssi_dbm=-73),)]),
)


@given(st.lists(_said, min_size=1, max_size=5))
def test_what_the_device_writes_is_what_the_codec_reads(said: list[Message]) -> None:
    for chunk in (encoder.encode_report(said[0]), encoder.encode_ccc(said), encoder.encode_cce(said)):
        (frame,) = split(chunk)
        assert isinstance(frame, bytes)
        messages = CODEC.decode(frame, Session()).messages
        assert [replace(message, extra={}) for message in messages] == said[: len(messages)]
        assert len(messages) == (1 if b",AAA," in frame[:30] else len(said))
        assert all("unreadable" not in message.extra for message in messages)


def test_the_encoder_refuses_what_a_record_has_no_room_for() -> None:
    with pytest.raises(ValueError, match="place"):
        encoder.encode_report(Message(device_id=IMEI))
    with pytest.raises(ValueError, match="room"):
        encoder.encode_report(replace(PLACE, alarms=(Alarm.SOS, Alarm.JAMMING)))


@given(st.sampled_from(["AAA", "AAC", "CCC", "CCE", "D00", "A12"]), st.binary(max_size=200))
def test_any_content_with_a_right_checksum_gives_messages_or_a_protocol_error(kind: str, content: bytes) -> None:
    never_fails(envelope(START, "A", IMEI, kind, content))


@given(st.data())
def test_a_known_frame_with_changed_bytes_and_a_right_checksum_never_fails(data: st.DataObject) -> None:
    known = frame_of("meitrack", data.draw(st.sampled_from(vectors("meitrack")))).removesuffix(b"\r\n")
    frame = bytearray(known[:-2])
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(20, len(frame) - 2))] = data.draw(st.integers(0, 255))
    never_fails(bytes(frame) + checksum(bytes(frame)).encode())


@given(st.binary(max_size=80))
def test_any_bytes_give_messages_or_a_protocol_error(frame: bytes) -> None:
    never_fails(frame)


def never_fails(frame: bytes) -> None:
    try:
        decoded = CODEC.decode(frame, Session())
    except ProtocolError:
        return
    for message in decoded.messages:
        check_message(message)


def split(*chunks: bytes) -> list[bytes | BrokenFrame]:
    splitter = FrameSplitter()
    return [frame for chunk in chunks for frame in splitter.feed(chunk)]


def test_a_batch_ends_where_its_length_says_though_it_holds_line_ends() -> None:
    batch = envelope(START, "A", IMEI, "CCE", b"$$A9,1,AAA\r\n*00\r\n")
    assert split(batch + encoder.encode_question(IMEI)) == [batch, encoder.encode_question(IMEI)]


def test_garbage_is_one_broken_frame_and_the_stream_goes_on() -> None:
    first, broken, last = split(encoder.encode_question(IMEI) + b"GET /\r\n$$x\r\n" + encoder.encode_report(PLACE))
    assert (first, last) == (encoder.encode_question(IMEI), encoder.encode_report(PLACE))
    assert isinstance(broken, BrokenFrame)
    assert (broken.raw, broken.error.code) == (b"GET /\r\n$$x", ErrorCode.UNKNOWN_FRAME)


def test_a_batch_with_a_damaged_length_costs_itself_alone() -> None:
    damaged = encoder.encode_cce([PLACE]).replace(b"$$A", b"$$A1", 1)
    following = [encoder.encode_report(PLACE)] * 20
    broken, *frames = split(damaged, *following)
    assert isinstance(broken, BrokenFrame)
    assert frames == following


def test_a_frame_over_the_limit_is_refused_once_and_the_next_one_is_read() -> None:
    for kind, length in (("AAA", b"100"), ("CCE", b"99999")):
        frame = b"$$A" + length + f",{IMEI},{kind},".encode() + b"1" * 9000 + b"\r\n"
        broken, last = split(frame, encoder.encode_question(IMEI))
        assert isinstance(broken, BrokenFrame)
        assert (broken.error.code, len(broken.raw)) == (ErrorCode.FRAME_TOO_LONG, FRAME_BYTES_MAX)
        assert last == encoder.encode_question(IMEI)


def test_the_end_of_the_connection_gives_the_frame_that_it_cut() -> None:
    splitter = FrameSplitter()
    assert splitter.feed(encoder.encode_question(IMEI) + b"\r\n$$A30,86") == [encoder.encode_question(IMEI)]
    cut = splitter.close()
    assert cut is not None
    assert (cut.raw, cut.error.code) == (b"$$A30,86", ErrorCode.FRAME_CUT)
    assert splitter.close() is None


_parts = st.binary(max_size=30) | st.sampled_from(
    [b"$", b"\r", b"\n", b"$$A9,1,CCE", b"$$A4000,1,CCE", b"1" * 3000, *encoder.samples()]
)


@given(st.lists(_parts, max_size=12), st.data())
def test_frames_do_not_depend_on_how_the_bytes_were_chunked(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    def told(*pieces: bytes) -> list[object]:
        return [f if isinstance(f, bytes) else (f.raw, f.error.code) for f in split(*pieces)]

    assert told(*chunks) == told(stream)


def test_a_place_and_an_interval_can_be_asked_for_and_nothing_else() -> None:
    assert CODEC.encode_command is not None
    session = Session(device_id=IMEI)
    asked = CODEC.encode_command(Command(serial=1, kind=CommandKind.POSITION), session)
    assert asked == envelope(b"@@", "B", IMEI, "A10")
    for interval_s, units in ((15, b"1"), (1, b"1"), (60, b"6")):
        often = CODEC.encode_command(Command(serial=1, kind=CommandKind.INTERVAL, interval_s=interval_s), session)
        assert often == envelope(b"@@", "B", IMEI, "A12", units)
    with pytest.raises(CommandNotSpoken):
        CODEC.encode_command(Command(serial=1, kind=CommandKind.BUZZ), session)
    with pytest.raises(CommandNotSpoken):
        CODEC.encode_command(Command(serial=1, kind=CommandKind.POSITION), Session())
