"""What Laipac devices say, how their stream is cut, and what they are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.protocols.codec import BrokenFrame, Decoded, Session
from aralyk.protocols.commands import Command, CommandKind, CommandNotSpoken
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.laipac import CODEC, encoder
from aralyk.protocols.laipac.codec import ALARMS
from aralyk.protocols.laipac.sentence import FRAME_BYTES_MAX, LINE_END, checksum, sentence
from aralyk.protocols.laipac.splitter import SentenceSplitter
from aralyk.protocols.messages import Alarm, Cell, Message, Source, iso_time
from tests.protocols.samples import check_message
from tests.protocols.test_any_bytes import START_US
from tests.protocols.vectors import frame_of, vectors

IMEI = "860000000000017"
FIELDS = {
    "id": IMEI, "time": "100000", "status": "A", "lat": "4252.4766", "ns": "N", "lon": "07434.1892", "ew": "E",
    "knots": "10.00", "course": "90.50", "date": "211126", "event": "0", "battery": "3.870", "km": "12", "gps": "1",
    "adc_1": "0", "adc_2": "5",
}  # fmt: skip


def read(**changes: str) -> Decoded:
    return CODEC.decode(sentence("AVRMC", *(FIELDS | changes).values()), Session())


def heard(**changes: str) -> Message:
    return read(**changes).messages[0]


def refusal(frame: bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        CODEC.decode(frame, Session())
    return caught.value


def test_a_place_is_read_with_its_units() -> None:
    message = heard()
    assert message.device_id == IMEI
    assert iso_time(message.fixed_at_us) == "2026-11-21T10:00:00.000000Z"
    assert message.lat == pytest.approx(42.87461, abs=1e-7)
    assert message.lon == pytest.approx(74.56982, abs=1e-7)
    assert (message.valid, message.source, message.heading_deg) == (True, Source.GNSS, 90.5)
    assert message.speed_mps == pytest.approx(5.144444)
    assert (message.battery_pct, message.accuracy_m, message.alarms, message.strap) == (None, None, (), None)
    assert message.extra == {
        "status": "A", "event": "0", "battery_v": 3.87, "odometer_km": 12, "adc_1_mv": 0, "adc_2_mv": 5,
    }  # fmt: skip


def test_hemispheres_give_the_sign() -> None:
    message = heard(ns="S", ew="W")
    assert message.lat == pytest.approx(-42.87461, abs=1e-7)
    assert message.lon == pytest.approx(-74.56982, abs=1e-7)


@pytest.mark.parametrize(("status", "valid"), [("A", True), ("r", True), ("p", True), ("V", False), ("v", False)])
def test_the_device_calls_its_fix_good_or_not(status: str, valid: bool) -> None:
    assert heard(status=status).valid is valid


@pytest.mark.parametrize(("event", "alarm"), sorted(ALARMS.items()))
def test_every_event_that_is_an_alarm_is_read(event: str, alarm: Alarm) -> None:
    assert heard(event=event).alarms == (alarm,)


def test_an_input_is_told_and_is_no_alarm() -> None:
    message = heard(event="B")
    assert message.alarms == ()
    assert (message.extra["input_1"], message.extra["input_2"]) == (True, False)


@pytest.mark.parametrize(("network", "mcc", "mnc"), [("043705", 437, 5), ("302720", 302, 720), ("020408", 204, 8)])
def test_a_network_of_two_and_of_three_digits_is_read(network: str, mcc: int, mnc: int) -> None:
    fields = [*FIELDS.values(), "75F80010", network]
    message = CODEC.decode(sentence("AVRMC", *fields), Session()).messages[0]
    assert message.cells == (Cell(mcc=mcc, mnc=mnc, lac=0x75F8, cid=0x10),)


@pytest.mark.parametrize("battery", ["3.870", "3870"])
def test_volts_and_millivolts_are_the_same_battery(battery: str) -> None:
    assert heard(battery=battery).extra["battery_v"] == 3.87


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"lat": "9960.0000"}, "place"), ({"lon": "abc"}, "place"), ({"ew": "N"}, "place"), ({"date": "321126"}, "time"),
     ({"time": "1000"}, "time"), ({"knots": "x"}, "speed"), ({"battery": "full"}, "battery"),
     ({"status": "?"}, "status")],
)  # fmt: skip
def test_an_unreadable_field_is_named_and_does_not_cost_the_panic_beside_it(changes: dict[str, str], name: str) -> None:
    message = heard(event="3", **changes)
    assert message.alarms == (Alarm.SOS,)
    assert message.extra["unreadable"] == [name]


def test_a_record_without_a_fix_has_no_place() -> None:
    message = heard(status="V", lat="", ns="", lon="", ew="")
    assert (message.lat, message.lon, message.valid) == (None, None, None)
    assert "unreadable" not in message.extra


def test_a_small_status_letter_is_acknowledged_with_the_events_own_checksum() -> None:
    said = sentence("AVRMC", *(FIELDS | {"status": "a"}).values())
    answer = CODEC.decode(said, Session()).answer
    assert answer == sentence("EAVACK", "0", said[-4:-2].decode())
    assert read(status="A").answer is None


@pytest.mark.parametrize(("event", "word"), [("3", "d"), ("T", "t"), ("S", "t"), ("X", "x"), ("Y", "y"), ("Z", "z")])
def test_an_alarm_is_ended_on_the_device_by_its_word(event: str, word: str) -> None:
    assert read(event=event).answer == sentence("AVCFG", "00000000", word)


def test_a_panic_that_waits_for_an_acknowledgement_gets_both_answers_in_their_order() -> None:
    answer = read(event="3", status="r").answer
    assert answer is not None
    assert [line[:7] for line in answer.split(LINE_END)] == [b"$EAVACK", b"$AVCFG,", b""]


def test_a_sign_of_life_is_given_back_as_it_came() -> None:
    frame = encoder.encode_check(IMEI, 7)
    assert CODEC.decode(frame, Session()) == Decoded(device_id=IMEI, messages=(), answer=frame)


def test_what_the_device_says_about_its_owner_is_not_kept() -> None:
    assert CODEC.decode(sentence("EAVSYS", IMEI, "1", "", "Owner", "0"), Session()) == Decoded(
        device_id=IMEI, messages=()
    )


@pytest.mark.parametrize(
    ("frame", "code", "names"),
    [
        (b"$ECHK,1,0*00", ErrorCode.BAD_CHECKSUM, "checksum"),
        (b"ECHK,1,0*35", ErrorCode.UNKNOWN_FRAME, "frame"),
        (b"$ECHK,1,0", ErrorCode.UNKNOWN_FRAME, "frame"),
        (sentence("ECHK"), ErrorCode.BAD_FIELD, "id"),
        (sentence("ECHK", "two words"), ErrorCode.BAD_FIELD, "id"),
        (sentence("AVRMC", IMEI, "100000"), ErrorCode.MISSING_FIELD, "frame"),
        (b"$\xff*FF", ErrorCode.NOT_TEXT, "frame"),
        (b"$" + b"1" * FRAME_BYTES_MAX, ErrorCode.FRAME_TOO_LONG, "frame"),
    ],
)
def test_a_bad_sentence_is_refused_naming_the_field(frame: bytes, code: ErrorCode, names: str) -> None:
    error = refusal(frame)
    assert error.code is code
    assert error.detail.startswith(f"{names}: ")


@given(st.integers(1, 90), st.integers(1, 255))
def test_a_changed_byte_is_found(place: int, change: int) -> None:
    frame = bytearray(sentence("AVRMC", *FIELDS.values()))
    frame[place % (len(frame) - 3)] ^= change
    refusal(bytes(frame))


_said = st.builds(
    Message,
    device_id=st.sampled_from([IMEI, "MSG00009"]),
    fixed_at_us=st.integers(0, 30 * 86_400).map(lambda s: START_US + s * 1_000_000),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    valid=st.booleans(),
    speed_mps=st.floats(0, 70),
    heading_deg=st.floats(0, 359),
    alarms=st.sampled_from([(), *((alarm,) for alarm in encoder.EVENTS)]),
    cells=st.sampled_from([(), (Cell(mcc=437, mnc=5, lac=30200, cid=4711),)]),
)


@given(_said)
def test_what_the_device_writes_is_what_the_codec_reads(said: Message) -> None:
    (frame,) = split(encoder.encode_position(said))
    assert isinstance(frame, bytes)
    (message,) = CODEC.decode(frame, Session()).messages
    assert (message.device_id, message.fixed_at_us, message.valid) == (said.device_id, said.fixed_at_us, said.valid)
    assert (message.alarms, message.cells) == (said.alarms, said.cells)
    assert message.lat == pytest.approx(said.lat, abs=1e-6)
    assert message.lon == pytest.approx(said.lon, abs=1e-6)
    assert message.speed_mps == pytest.approx(said.speed_mps, abs=0.01)
    assert "unreadable" not in message.extra


@pytest.mark.parametrize("message", [
    Message(device_id=IMEI), Message(device_id=IMEI, fixed_at_us=1, lat=1.0, lon=1.0, valid=True,
                                     alarms=(Alarm.SOS, Alarm.TAMPER)),
])  # fmt: skip
def test_the_encoder_refuses_what_the_sentence_has_no_room_for(message: Message) -> None:
    with pytest.raises(ValueError, match=r"place|room"):
        encoder.encode_position(message)


@given(
    st.lists(st.text(st.characters(codec="ascii"), max_size=9) | st.sampled_from(list(FIELDS.values())), max_size=22)
)
def test_any_fields_with_a_right_checksum_give_messages_or_a_protocol_error(fields: list[str]) -> None:
    try:
        decoded = CODEC.decode(sentence("AVRMC", IMEI, *fields), Session())
    except ProtocolError:
        return
    for message in decoded.messages:
        check_message(message)


@given(st.data())
def test_a_known_sentence_with_changed_bytes_and_a_right_checksum_never_fails(data: st.DataObject) -> None:
    frame = bytearray(frame_of("laipac", data.draw(st.sampled_from(vectors("laipac")))))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(1, len(frame) - 4))] = data.draw(st.integers(0, 255))
    frame[-2:] = checksum(bytes(frame[1:-3])).encode()
    try:
        decoded = CODEC.decode(bytes(frame), Session())
    except ProtocolError:
        return
    for message in decoded.messages:
        check_message(message)


def split(*chunks: bytes) -> list[bytes | BrokenFrame]:
    splitter = SentenceSplitter()
    return [frame for chunk in chunks for frame in splitter.feed(chunk)]


def test_sentences_end_at_the_line_or_where_the_next_one_begins() -> None:
    assert split(b"$A,1*00\r\n\r\n$B,2*00$C,3*00\n$D") == [b"$A,1*00", b"$B,2*00", b"$C,3*00"]


def test_garbage_is_one_broken_frame_and_the_stream_goes_on() -> None:
    first, broken, last = split(b"$A,1*00\r\nGET /\r\nHost: x\r\n\r\n$B,2*00\r\n")
    assert (first, last) == (b"$A,1*00", b"$B,2*00")
    assert isinstance(broken, BrokenFrame)
    assert (broken.raw, broken.error.code) == (b"GET /\r\nHost: x", ErrorCode.UNKNOWN_FRAME)


def test_a_sentence_over_the_limit_is_refused_once_and_the_next_one_is_read() -> None:
    broken, last = split(b"$" + b"1" * 3000, b"22\n$B,2*00\n")
    assert isinstance(broken, BrokenFrame)
    assert (broken.error.code, len(broken.raw)) == (ErrorCode.FRAME_TOO_LONG, FRAME_BYTES_MAX)
    assert last == b"$B,2*00"


def test_the_end_of_the_connection_gives_the_sentence_that_it_cut() -> None:
    splitter = SentenceSplitter()
    assert splitter.feed(b"$A,1*00\r\n$B,2") == [b"$A,1*00"]
    cut = splitter.close()
    assert cut is not None
    assert (cut.raw, cut.error.code) == (b"$B,2", ErrorCode.FRAME_CUT)
    assert splitter.close() is None


_parts = st.binary(max_size=30) | st.sampled_from([b"$", b"\r", b"\n", b"$ECHK,1,0*05\r\n", b"1" * 300, b"\r\n"])


@given(st.lists(_parts, max_size=12), st.data())
def test_sentences_do_not_depend_on_how_the_bytes_were_chunked(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    def told(*pieces: bytes) -> list[object]:
        return [f if isinstance(f, bytes) else (f.raw, f.error.code) for f in split(*pieces)]

    assert told(*chunks) == told(stream)


def test_a_place_can_be_asked_for_and_nothing_else() -> None:
    assert CODEC.encode_command is not None
    asked = CODEC.encode_command(Command(serial=1, kind=CommandKind.POSITION), Session())
    assert asked == sentence("AVREQ", "00000000", "1")
    with pytest.raises(CommandNotSpoken):
        CODEC.encode_command(Command(serial=1, kind=CommandKind.INTERVAL, interval_s=15), Session())
