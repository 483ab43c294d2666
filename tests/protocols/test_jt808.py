"""What a JT/T 808 terminal says, what it is answered and asked, and how its stream is cut into frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.protocols.codec import BrokenFrame, Decoded, Session
from aralyk.protocols.commands import Command, CommandAnswer, CommandKind, CommandNotSpoken
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.jt808 import CODEC
from aralyk.protocols.jt808.alarms import ALARM_BITS
from aralyk.protocols.jt808.encoder import Terminal, location_of
from aralyk.protocols.jt808.splitter import SENTENCE_BYTES_MAX, DelimiterSplitter
from aralyk.protocols.jt808.wire import (
    ALTERNATIVE,
    FRAME_BYTES_MAX,
    Envelope,
    escaped,
    id_bytes_of,
    opened,
    sealed,
    unescaped,
)
from aralyk.protocols.messages import Alarm, Message, Strap
from tests.protocols.samples import check_message
from tests.protocols.test_any_bytes import START_US

IDS = ("13800138000", "490154203237518")  # digits, and an IMEI that travels as a number


def terminal(**changes: object) -> Terminal:
    return Terminal(**({"device_id": IDS[0]} | changes))  # type: ignore[arg-type]


def fix(**changes: object) -> Message:
    return Message(**({"fixed_at_us": START_US, "lat": 42.87461, "lon": 74.56982, "valid": True} | changes))  # type: ignore[arg-type]


def frames(*chunks: bytes) -> list[bytes | BrokenFrame]:
    splitter = DelimiterSplitter()
    out = [frame for chunk in chunks for frame in splitter.feed(chunk)]
    cut = splitter.close()
    return out if cut is None else [*out, cut]


def heard(wire: bytes, model: str | None = None) -> Decoded:
    (frame,) = frames(wire)
    assert isinstance(frame, bytes)
    return CODEC.decode(frame, Session(model=model))


def heard_body(kind: int, body: bytes, model: str | None = None) -> Decoded:
    return heard(terminal().encode(kind, body), model)


def heard_items(items: bytes, model: str | None = None) -> Message:
    return heard_body(0x0200, location_of(fix()) + items, model).messages[0]


# positions and alarms


@pytest.mark.parametrize("bit", range(32))
def test_every_bit_of_the_alarm_word_raises_its_alarm(bit: int) -> None:
    body = (1 << bit).to_bytes(4, "big") + location_of(fix())[4:]
    (message,) = heard_body(0x0200, body).messages
    name, alarms = ALARM_BITS[bit]
    assert message.alarms == alarms
    assert alarms
    if Alarm.OTHER in alarms:
        assert message.extra["alarm"] == name


def test_no_alarm_hides_another() -> None:
    (message,) = heard_body(0x0200, b"\xff\xff\xff\xff" + location_of(fix())[4:]).messages
    assert set(message.alarms) == {alarm for _, alarms in ALARM_BITS.values() for alarm in alarms}


def test_an_alarm_is_given_though_the_position_behind_it_is_cut_off() -> None:
    (message,) = heard_body(0x0200, b"\x00\x00\x00\x01\x00").messages
    assert message.alarms == (Alarm.SOS,)
    assert (message.lat, message.fixed_at_us) == (None, None)
    assert message.extra["unreadable"] == ["position"]


def test_a_position_without_even_its_alarms_is_refused() -> None:
    with pytest.raises(ProtocolError):
        heard_body(0x0200, b"\x00\x00")


def test_a_place_that_is_nowhere_on_earth_does_not_cost_the_alarm() -> None:
    body = location_of(fix(alarms=(Alarm.SOS,)))
    (message,) = heard_body(0x0200, body[:8] + b"\xff\xff\xff\xff" + body[12:]).messages
    assert (message.lat, message.lon, message.valid, message.alarms) == (None, None, None, (Alarm.SOS,))
    assert message.extra["unreadable"] == ["latitude"]


def test_a_terminal_without_a_clock_has_no_time() -> None:
    body = location_of(fix())
    (message,) = heard_body(0x0200, body[:22] + bytes(6)).messages
    assert message.fixed_at_us is None
    assert message.lat == pytest.approx(42.87461)


def test_a_removed_terminal_is_an_open_strap_and_an_alarm() -> None:
    (message,) = heard(terminal().encode_position(fix(strap=Strap.OPEN))).messages
    assert (message.strap, message.alarms) == (Strap.OPEN, (Alarm.STRAP_OPEN,))
    assert heard_items(b"").strap is None  # it never says that it is locked


def test_a_padlock_model_gives_its_bits_another_meaning() -> None:
    body = b"\x00\x00\x00\x13" + location_of(fix())[4:]
    (message,) = heard_body(0x0200, body, "G-360P").messages
    assert (message.strap, message.alarms) == (Strap.OPEN, (Alarm.STRAP_OPEN, Alarm.TAMPER))


@pytest.mark.parametrize(
    ("item", "alarms"),
    [
        ("d00400000008", (Alarm.VIBRATION,)),
        ("e7080002000000000000", (Alarm.SOS,)),
        ("e7080009000000000000", (Alarm.VIBRATION, Alarm.SOS)),
        ("eb08000600c5ffffffbf", (Alarm.VIBRATION,)),
        ("eb050003" + "00c603", (Alarm.LOW_BATTERY,)),
        ("eb0800060089fffffffe", (Alarm.POWER_CUT, Alarm.POWER_OFF)),
        ("fe077c010400000010", (Alarm.TAMPER,)),
        ("1206000000000001", (Alarm.GEOFENCE,)),
    ],
)
def test_the_alarms_of_makers_are_read(item: str, alarms: tuple[Alarm, ...]) -> None:
    assert heard_items(bytes.fromhex(item)).alarms == alarms


@pytest.mark.parametrize(
    ("event", "alarm"),
    [("0c01", Alarm.SOS), ("0c0e", Alarm.POWER_CUT), ("0c0f", Alarm.LOW_BATTERY), ("0c12", Alarm.TAMPER)],
)
def test_the_alarms_of_cameras_are_read(event: str, alarm: Alarm) -> None:
    assert heard_items(bytes.fromhex("e803" + event + "00"), "JC371").alarms == (alarm,)
    assert heard_items(bytes.fromhex("e803" + event + "00")).alarms == ()  # a padlock's state


def test_a_battery_above_a_hundred_is_not_a_percentage() -> None:
    assert heard_items(b"\x06\x01\x64").battery_pct == 100
    message = heard_items(b"\x06\x01\x99")
    assert (message.battery_pct, message.extra["battery_raw"]) == (None, 0x99)


def test_an_item_that_is_unreadable_is_named_and_the_next_is_read() -> None:
    message = heard_items(b"\x69\x01\x07\x06\x01\x32\xaa\x01\x05")
    assert message.extra["unreadable"] == ["item_69"]
    assert (message.battery_pct, message.extra["item_aa"]) == (50, "05")


def test_a_lock_password_is_not_repeated() -> None:
    message = heard_items(b"\x0b\x08\x03654321\x65")
    assert message.extra["lock_password_given"] is True
    assert "654321" not in str(message.as_dict())


def test_kept_positions_come_in_their_order_and_are_marked() -> None:
    said = [fix(fixed_at_us=START_US + second * 1_000_000, alarms=(Alarm.SOS,)) for second in range(3)]
    decoded = heard(terminal().encode_batch(said))
    assert [message.fixed_at_us for message in decoded.messages] == [message.fixed_at_us for message in said]
    assert all(message.extra["archive"] and message.alarms == (Alarm.SOS,) for message in decoded.messages)


def test_a_cut_record_of_a_batch_does_not_cost_the_others() -> None:
    record = location_of(fix(alarms=(Alarm.SOS,)))
    body = b"\x00\x02\x00" + b"\x00\x1c" + record + b"\x00\x1c" + record[:6]
    whole, cut = heard_body(0x0704, body).messages
    assert whole.lat == pytest.approx(42.87461)
    assert cut.lat is None
    assert cut.alarms == (Alarm.SOS,)
    assert cut.extra["unreadable"] == ["batch", "position"]


def test_a_later_part_of_a_message_is_acknowledged_and_marked_as_unread() -> None:
    decoded = heard(terminal().encode(0x0704, b"\x01\x02", part=(2, 2)))
    assert decoded.messages[0].extra == {"unread_part_of": "0704"}
    assert decoded.answer is not None


# envelope and answers


@pytest.mark.parametrize(
    ("device_id", "version", "delimiter"),
    [
        (IDS[0], None, 0x7E),
        (IDS[0], 1, 0x7E),
        (IDS[0], None, ALTERNATIVE),
        (IDS[0], 1, ALTERNATIVE),
        (IDS[1], None, 0x7E),
        (IDS[1], 1, 0x7E),
    ],
)
def test_every_form_of_the_id_names_the_same_device(device_id: str, version: int | None, delimiter: int) -> None:
    said = terminal(device_id=device_id, version=version, delimiter=delimiter, serial=7)
    decoded = heard(said.encode_heartbeat())
    assert decoded.device_id == device_id
    assert decoded.sequence is not None
    assert (decoded.sequence.number, decoded.sequence.last, decoded.messages) == (7, 65_535, ())
    assert decoded.answer is not None
    answer = opened(decoded.answer)
    assert (answer.kind, answer.delimiter, answer.version, answer.device_id) == (0x8001, delimiter, version, device_id)
    assert answer.body == b"\x00\x07\x00\x02\x00"


def test_a_registration_is_answered_with_the_token_that_the_terminal_gives_back() -> None:
    said = terminal(version=1)
    decoded = heard(said.encode_register())
    assert decoded.answer is not None
    answer = opened(decoded.answer)
    assert (answer.kind, answer.body[:3]) == (0x8100, b"\x00\x00\x00")
    assert answer.body[3:] == b"00000000013800138000"
    assert heard(said.encode_authenticate(answer.body[3:])).answer is not None


def test_an_answer_is_escaped_for_the_wire() -> None:
    decoded = heard(terminal(serial=0x7D7E).encode_heartbeat())
    assert decoded.answer is not None
    assert CODEC.wire_of_answer is not None
    wire = CODEC.wire_of_answer(decoded.answer)
    assert b"\x7d\x01\x7d\x02" in wire
    assert frames(wire) == [decoded.answer]


def test_a_wrong_checksum_is_refused_without_an_answer() -> None:
    wire = bytearray(terminal().encode_position(fix()))
    wire[20] ^= 1
    (frame,) = frames(bytes(wire))
    assert isinstance(frame, bytes)
    with pytest.raises(ProtocolError) as caught:
        CODEC.decode(frame, Session())
    assert caught.value.detail.startswith("checksum: ")


def test_a_message_of_an_unknown_kind_is_a_sign_of_life_and_acknowledged() -> None:
    decoded = heard_body(0x0F0F, b"\x01\x02\x03")
    assert (decoded.device_id, decoded.messages) == (IDS[0], ())
    assert decoded.answer is not None
    assert opened(decoded.answer).body == b"\x00\x00\x0f\x0f\x00"


def test_a_question_for_the_time_is_not_answered_because_no_clock_is_read() -> None:
    assert heard_body(0x0109, b"").answer is None


def test_a_padlock_names_its_place_and_asks_for_an_answer_or_not() -> None:
    body = bytes.fromhex("211126100000" + "42524766" + "0743418927" + "000a" + "0909" + "00000007" + "50")
    body += bytes.fromhex("00000000" + "0000" + "03" + "0020" + "0008")
    envelope = Envelope(kind=0x5501, id_bytes=id_bytes_of(IDS[0]), serial=9, body=body)
    decoded = CODEC.decode(sealed(envelope), Session())
    (message,) = decoded.messages
    assert message.lat == pytest.approx(42.87461)
    assert message.lon == pytest.approx(74.56982, abs=1e-6)
    assert (message.valid, message.battery_pct, message.heading_deg) == (True, 80, 20)
    assert (message.alarms, message.extra["blocked"]) == ((Alarm.LOW_BATTERY,), True)
    assert (decoded.answer, decoded.sequence and decoded.sequence.last) == (None, 255)


def test_a_sentence_of_a_padlock_names_its_device() -> None:
    decoded = CODEC.decode(b"(013800138000,1,001,WORD,3)", Session())
    assert decoded.device_id == IDS[0]
    assert decoded.messages[0].extra == {"result": "1,001,WORD,3"}


# commands


def asked(kind: CommandKind, session: Session | None = None, **changes: object) -> Envelope:
    assert CODEC.encode_command is not None
    command = Command(serial=0x7E, kind=kind, **changes)  # type: ignore[arg-type]
    wire = CODEC.encode_command(command, session or Session(device_id=IDS[0]))
    (frame,) = frames(wire)
    assert isinstance(frame, bytes)
    return opened(frame)


def test_a_position_is_asked_for_and_its_answer_names_the_command() -> None:
    envelope = asked(CommandKind.POSITION)
    assert (envelope.kind, envelope.serial, envelope.device_id, envelope.body) == (0x8201, 0x7E, IDS[0], b"")
    decoded = heard_body(0x0201, b"\x00\x7e" + location_of(fix()))
    assert decoded.command_answers == (CommandAnswer(serial=0x7E, kind=CommandKind.POSITION, accepted=True),)
    assert decoded.messages[0].lat == pytest.approx(42.87461)
    assert decoded.answer is None


def test_an_interval_is_set_as_the_terminals_own() -> None:
    envelope = asked(CommandKind.INTERVAL, interval_s=15)
    assert (envelope.kind, envelope.body.hex()) == (0x8103, "0100000029040000000f")


def test_a_message_is_shown_and_read_aloud_in_the_letters_of_the_standard() -> None:
    envelope = asked(CommandKind.MESSAGE, text="Вернитесь")
    assert (envelope.kind, envelope.body[0]) == (0x8300, 0b1101)
    assert envelope.body[1:].decode("gbk") == "Вернитесь"


def test_a_command_speaks_as_the_device_spoke() -> None:
    said = terminal(version=1)
    context = heard(said.encode_heartbeat()).context
    assert context == {"version": "1"}
    envelope = asked(CommandKind.POSITION, Session(device_id=IDS[0], context=context))
    assert (envelope.version, len(envelope.id_bytes)) == (1, 10)


@pytest.mark.parametrize(
    ("command", "session"),
    [
        (Command(serial=1, kind=CommandKind.BUZZ), Session(device_id=IDS[0])),
        (Command(serial=1, kind=CommandKind.POSITION), Session()),
        (Command(serial=1, kind=CommandKind.MESSAGE, text="Ү"), Session(device_id=IDS[0])),
    ],
)
def test_what_can_not_be_said_is_refused(command: Command, session: Session) -> None:
    assert CODEC.encode_command is not None
    with pytest.raises(CommandNotSpoken):
        CODEC.encode_command(command, session)


@pytest.mark.parametrize(("result", "accepted"), [(0, True), (1, False), (3, False)])
def test_a_terminals_answer_says_whether_it_took_the_command(result: int, accepted: bool) -> None:
    decoded = heard(terminal().encode_answer(0x7E, 0x8103, result))
    assert decoded.command_answers == (CommandAnswer(serial=0x7E, kind=CommandKind.INTERVAL, accepted=accepted),)
    assert decoded.answer is None


# the stream

_said = st.builds(
    fix,
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    valid=st.booleans(),
    altitude_m=st.integers(-400, 9000).map(float),
    speed_mps=st.floats(0, 80),
    heading_deg=st.integers(0, 359).map(float),
    battery_pct=st.none() | st.integers(0, 100).map(float),
    charging=st.sampled_from([None, True]),
    strap=st.sampled_from([None, Strap.OPEN]),
    alarms=st.sampled_from([(), (Alarm.SOS,), (Alarm.LOW_BATTERY, Alarm.TAMPER), (Alarm.VIBRATION,)]),
)


@given(said=_said, delimiter=st.sampled_from([0x7E, ALTERNATIVE]), version=st.sampled_from([None, 1]))
def test_what_a_terminal_writes_is_what_the_codec_reads(said: Message, delimiter: int, version: int | None) -> None:
    (read,) = heard(terminal(delimiter=delimiter, version=version, serial=0xE73D).encode_position(said)).messages
    assert (read.fixed_at_us, read.valid, read.battery_pct) == (said.fixed_at_us, said.valid, said.battery_pct)
    assert (read.charging, read.strap, read.heading_deg) == (said.charging, said.strap, said.heading_deg)
    assert read.lat == pytest.approx(said.lat, abs=1e-6)
    assert read.lon == pytest.approx(said.lon, abs=1e-6)
    assert read.speed_mps == pytest.approx(said.speed_mps, abs=0.02)
    expected = {*said.alarms} | ({Alarm.STRAP_OPEN} if said.strap else set())
    assert set(read.alarms) == expected
    assert "unreadable" not in read.extra


_pieces = st.one_of(
    st.binary(max_size=30),
    st.binary(max_size=6).map(lambda body: terminal().encode(0x0900, body)),
    st.binary(max_size=6).map(lambda body: terminal(delimiter=ALTERNATIVE).encode(0x0900, body)),
    st.sampled_from([b"\x7e", b"\xe7", b"(", b")", b"\r\n", b"(013800138000,1,001,WORD)", b"\x7d", b"x" * 600]),
    st.sampled_from([b"(" + b"a" * SENTENCE_BYTES_MAX, b"y" * FRAME_BYTES_MAX]),
)


@given(pieces=st.lists(_pieces, max_size=8), data=st.data())
def test_the_frames_do_not_depend_on_how_the_stream_was_chunked(pieces: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(pieces)
    marks = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    chunks = [stream[start:end] for start, end in zip([0, *marks], [*marks, len(stream)], strict=True)]

    def told(*parts: bytes) -> list[object]:
        return [(f.raw, f.error.code) if isinstance(f, BrokenFrame) else f for f in frames(*parts)]

    whole = told(stream)
    assert told(*chunks) == whole
    assert told(*(bytes([byte]) for byte in stream)) == whole


def test_what_stands_between_frames_is_one_broken_frame_and_the_stream_goes_on() -> None:
    first, second = terminal().encode_heartbeat(), terminal(serial=1).encode_heartbeat()
    out = frames(b"noise (of" + first + b"junk )( \r\n more" + second + second)
    assert [frame.error.code if isinstance(frame, BrokenFrame) else "frame" for frame in out] == [
        ErrorCode.UNKNOWN_FRAME,
        "frame",
        ErrorCode.UNKNOWN_FRAME,
        "frame",
        "frame",
    ]


def test_a_frame_that_lost_its_end_costs_only_itself() -> None:
    first, second = terminal().encode_position(fix()), terminal(serial=1).encode_heartbeat()
    cut, whole = frames(first[:20] + second)
    assert isinstance(cut, bytes)
    with pytest.raises(ProtocolError):
        CODEC.decode(cut, Session())
    assert whole == unescaped(second, 0x7E)


def test_terminals_that_write_one_delimiter_between_two_frames_are_heard() -> None:
    first, second = terminal().encode_heartbeat(), terminal(serial=1).encode_heartbeat()
    assert len([frame for frame in frames(first + second[1:]) if isinstance(frame, bytes)]) == 2


def test_a_frame_over_the_limit_is_refused_once_and_the_next_is_heard() -> None:
    splitter = DelimiterSplitter()
    out = splitter.feed(b"\x7e" + b"z" * (3 * FRAME_BYTES_MAX) + terminal().encode_heartbeat())
    assert isinstance(out[0], BrokenFrame)
    assert (out[0].error.code, len(out[0].raw)) == (ErrorCode.FRAME_TOO_LONG, FRAME_BYTES_MAX - 2)
    assert isinstance(out[-1], bytes)
    assert len(out) == 2


def test_a_frame_that_the_connections_end_cuts_is_told() -> None:
    (cut,) = frames(terminal().encode_heartbeat()[:-1])
    assert isinstance(cut, BrokenFrame)
    assert cut.error.code is ErrorCode.FRAME_CUT


# any bytes


_bodies = st.one_of(
    st.binary(max_size=80),
    st.tuples(st.binary(min_size=22, max_size=22), st.binary(max_size=60)).map(
        lambda parts: parts[0] + b"\x26\x11\x22\x10\x00\x00" + parts[1]
    ),
)
_models = st.sampled_from([None, "AL300", "G-360P", "JC371", "VL300", "G1C Pro", "MV810G"])
_known = st.sampled_from([1, 2, 0x104, 0x107, 0x200, 0x201, 0x210, 0x500, 0x701, 0x702, 0x704, 0x900, 0x1300, 0x2070])


@given(kind=_known | st.sampled_from([0x5501, 0x5502, 0x6006]) | st.integers(0, 0xFFFF), body=_bodies, model=_models)
def test_any_body_in_a_right_envelope_gives_messages_or_a_protocol_error(
    kind: int, body: bytes, model: str | None
) -> None:
    frame = sealed(Envelope(kind=kind, id_bytes=id_bytes_of(IDS[0]), body=body))
    try:
        decoded = CODEC.decode(frame, Session(model=model))
    except ProtocolError:
        return
    assert decoded.device_id == IDS[0]
    for message in decoded.messages:
        check_message(message)


@given(topic=st.sampled_from([0x40, 0x41, 0x53, 0x54, 0xF0, 0xF3, 0xFF]), body=st.binary(max_size=60))
def test_any_content_of_a_maker_gives_messages_or_a_protocol_error(topic: int, body: bytes) -> None:
    frame = sealed(Envelope(kind=0x0900, id_bytes=id_bytes_of(IDS[0]), body=bytes([topic]) + body))
    try:
        messages = CODEC.decode(frame, Session()).messages
    except ProtocolError:
        return
    for message in messages:
        check_message(message)


@given(item=st.integers(0, 255), value=st.binary(max_size=40), model=_models)
def test_any_item_gives_a_message(item: int, value: bytes, model: str | None) -> None:
    check_message(heard_items(bytes([item, len(value)]) + value, model))


@given(at=st.integers(0, 200), byte=st.integers(1, 255))
def test_any_changed_byte_of_a_frame_is_found(at: int, byte: int) -> None:
    (frame,) = frames(terminal().encode_position(fix(strap=Strap.OPEN)))
    assert isinstance(frame, bytes)
    changed = bytearray(frame)
    changed[at % len(frame)] ^= byte
    with pytest.raises(ProtocolError):
        CODEC.decode(bytes(changed), Session())


@given(st.binary(max_size=60))
def test_escaping_is_undone_by_unescaping(inside: bytes) -> None:
    for delimiter in (0x7E, ALTERNATIVE):
        mark = bytes([delimiter])
        wire = escaped(mark + inside + mark)
        assert mark not in wire[1:-1]
        assert unescaped(wire[1:-1], delimiter) == inside
