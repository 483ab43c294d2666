"""What Queclink's trackers say, how their stream is cut into frames, and what they are sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aralyk.protocols.codec import BrokenFrame, Decoded, Sequence, Session
from aralyk.protocols.commands import Command, CommandAnswer, CommandKind, CommandNotSpoken
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.gl200 import CODEC
from aralyk.protocols.gl200.binary import EVENT_ALARMS, EVENT_BYTES
from aralyk.protocols.gl200.encoder import (
    encode_binary,
    encode_event,
    encode_heartbeat,
    encode_report,
    encode_state,
    encode_tagged,
    encode_track,
)
from aralyk.protocols.gl200.reports import REPORTS
from aralyk.protocols.gl200.splitter import FRAME_BYTES_MAX, QueclinkSplitter, frames_of_datagram
from aralyk.protocols.messages import AccessPoint, Alarm, Cell, Message, Source, iso_time
from tests.protocols.samples import check_message
from tests.protocols.test_any_bytes import START_US
from tests.protocols.vectors import vectors

IMEI = "860000000000017"
HEAD = f"{{type}},{{version}},{IMEI},,"
PLACE = "1,36.0,90,760.0,74.569820,42.874610,20261121100000,0437,0005,75F8,0401"
NO_PLACE = "0,,,,,,,0437,0005,75F8,0401"
TAIL = "20261121100002,00A7$"
SAID = Message(
    device_id=IMEI,
    fixed_at_us=START_US,
    sent_at_us=START_US + 2_000_000,
    lat=42.87461,
    lon=74.56982,
    valid=True,
    altitude_m=760.0,
    speed_mps=10.0,
    heading_deg=90.0,
    battery_pct=72.0,
    cells=(Cell(mcc=437, mnc=5, lac=30200, cid=1025),),
)


def decode(text: str, model: str | None = None) -> Decoded:
    return CODEC.decode(text.encode("latin-1"), Session(model=model))


def one(text: str, model: str | None = None) -> Message:
    (message,) = decode(text, model).messages
    return message


def report(type_: str, middle: str = PLACE, *, version: str = "1A0800", before: str = ",00,1,", after: str = "") -> str:
    return HEAD.format(type=f"+RESP:GT{type_}", version=version) + before + middle + "," + after + TAIL


def split(*chunks: bytes) -> list[bytes | BrokenFrame]:
    splitter = QueclinkSplitter()
    return [piece for chunk in chunks for piece in splitter.feed(chunk)]


def told(*chunks: bytes) -> list[object]:
    return [piece if isinstance(piece, bytes) else (piece.raw, piece.error.code) for piece in split(*chunks)]


def test_a_place_is_read_with_its_units() -> None:
    message = one(report("FRI", after=",72,"))
    assert message.device_id == IMEI
    assert iso_time(message.fixed_at_us) == "2026-11-21T10:00:00.000000Z"
    assert iso_time(message.sent_at_us) == "2026-11-21T10:00:02.000000Z"
    assert (message.lat, message.lon, message.valid, message.source) == (42.87461, 74.56982, True, Source.GNSS)
    assert (message.speed_mps, message.heading_deg, message.altitude_m, message.battery_pct) == (10.0, 90, 760, 72)
    assert message.cells == (Cell(mcc=437, mnc=5, lac=30200, cid=1025),)
    assert (message.accuracy_m, message.alarms, message.extra) == (None, (), {"type": "FRI", "hdop": 1})


def test_a_stored_report_says_so_and_its_number_is_no_step_back() -> None:
    decoded = decode(report("FRI").replace("+RESP", "+BUFF"))
    assert decoded.messages[0].extra["stored"] is True
    assert decoded.sequence is None
    assert decode(report("FRI")).sequence == Sequence(number=0xA7, last=0xFFFF)


def test_several_places_are_several_records_and_what_is_said_once_belongs_to_the_last() -> None:
    first, second, third = decode(
        report("FRI", f"{PLACE},,{NO_PLACE},,{PLACE}", before=",00,3,", after=",72,")
    ).messages
    assert (first.lat, second.lat, third.lat) == (42.87461, None, 42.87461)
    assert (first.battery_pct, second.battery_pct, third.battery_pct) == (None, None, 72)
    assert second.cells == first.cells


def test_a_report_without_a_fix_has_no_place_and_keeps_its_cell() -> None:
    message = one(report("STC", NO_PLACE, before=","))
    assert (message.lat, message.lon, message.valid, message.fixed_at_us) == (None, None, None, None)
    assert (message.source, message.charging) == (Source.NETWORK, False)
    assert message.cells == (Cell(mcc=437, mnc=5, lac=30200, cid=1025),)


@pytest.mark.parametrize(("type_", "wanted"), sorted((name, known.alarms) for name, known in REPORTS.items()))
def test_each_type_raises_its_alarms_with_a_place_and_without(type_: str, wanted: tuple[Alarm, ...]) -> None:
    assert one(report(type_)).alarms == wanted
    if wanted:
        assert one(report(type_, "", before="")).alarms == wanted


@pytest.mark.parametrize(("type_", "alarm"), [
    ("SOS", Alarm.SOS), ("BPL", Alarm.LOW_BATTERY), ("JDR", Alarm.JAMMING), ("JDS", Alarm.JAMMING),
    ("PFA", Alarm.POWER_OFF), ("EPF", Alarm.POWER_CUT), ("MPF", Alarm.POWER_CUT), ("STT", Alarm.MOVEMENT),
    ("TOW", Alarm.MOVEMENT),
    ("GEO", Alarm.GEOFENCE), ("SPD", Alarm.OVERSPEED), ("LSA", Alarm.TAMPER),
])  # fmt: skip
def test_the_alarms_that_matter_have_their_names(type_: str, alarm: Alarm) -> None:
    assert one(report(type_)).alarms == (alarm,)


def test_an_alarm_without_a_name_of_ours_keeps_the_devices_word() -> None:
    assert one(report("TMP")).extra["alarm"] == "TMP"


def test_a_place_outside_the_earth_refuses_a_report_and_never_an_alarm() -> None:
    outside = PLACE.replace("42.874610", "92.874610")
    with pytest.raises(ProtocolError) as caught:
        decode(report("FRI", outside))
    assert caught.value.detail.startswith("latitude: ")
    assert "92.8" not in str(caught.value)
    message = one(report("SOS", outside))
    assert (message.alarms, message.lat, message.extra["unreadable"]) == ((Alarm.SOS,), None, ["latitude"])


def test_a_time_that_does_not_exist_is_unknown() -> None:
    message = one(report("SOS", PLACE.replace("20261121100000", "20261321100000")))
    assert (message.fixed_at_us, message.lat, message.extra["unreadable"]) == (None, 42.87461, ["time"])


def test_a_type_that_nobody_knows_gives_its_place_or_a_contact() -> None:
    assert one(report("XYZ")).lat == 42.87461
    assert decode(report("XYZ", "", before="")) == Decoded(
        device_id=IMEI, messages=(), sequence=Sequence(number=0xA7, last=0xFFFF)
    )


def test_access_points_are_read_where_a_report_lists_them() -> None:
    heard = "2,34a1ede1914f,-71,,,,34a1ede19150,-80,,,"
    message = one(report("FRI", PLACE.replace(",0437", f",{heard},0437")))
    assert message.wifi == (
        AccessPoint(mac="34:a1:ed:e1:91:4f", rssi_dbm=-71),
        AccessPoint(mac="34:a1:ed:e1:91:50", rssi_dbm=-80),
    )
    assert message.cells == (Cell(mcc=437, mnc=5, lac=30200, cid=1025),)
    alone = one(f"+RESP:GTWIF,1A0800,{IMEI},,1,34a1ede1914f,-71,,,,,,,55,{TAIL}")
    assert (alone.wifi, alone.battery_pct, alone.source) == (message.wifi[:1], 55, Source.NETWORK)


def test_neighbouring_cells_are_read() -> None:
    message = one(f"+RESP:GTGSM,1A0800,{IMEI},SOS,0437,0005,75F8,0401,19,,0437,0005,75F8,0402,12,,,,,,,,{TAIL}")
    assert [cell.cid for cell in message.cells] == [0x401, 0x402]


@pytest.mark.parametrize(("version", "model", "after", "percent"), [
    ("1A0800", None, ",72,", 72), ("1A0800", None, ",,", None), ("110100", None, "31,0,,72,1,,21.5,", 72),
    ("423031", None, "31,-1,72,", 72), ("060228", None, "00,34.9,00117:31:26,,,72,210101,,,,", 72),
    ("6E0304", None, "01,12,21.1,,1930,,72,210100,2,0,", 72), ("060228", None, "00,34.9,,,,72,,,,,", 72),
    ("060228", "GL300", ",72,", 72), ("060228", None, "00,", None), ("060228", None, "00,34.9,,,,101,,,,,", None),
    ("8020990100", None, "00,34.9,,,,72,,,,,", None), ("8020990100", None, "00,34.9,,,,72,210101,,,,", 72),
])  # fmt: skip
def test_the_battery_stands_where_the_family_writes_it(
    version: str, model: str | None, after: str, percent: float | None
) -> None:
    assert one(report("FRI", version=version, after=after), model).battery_pct == percent


def test_appended_fields_are_read_by_their_mask_and_satellite_jamming_is_an_alarm() -> None:
    message = one(report("SOS", version="6E0304", after="11,12,3,"))
    assert message.alarms == (Alarm.SOS, Alarm.JAMMING)
    assert (message.extra["satellites"], message.extra["gnss_jamming_state"]) == (12, 3)
    assert message.battery_pct is None
    assert one(report("FRI", version="6E0304", after="11,12,1,21.1,")).alarms == ()


def test_a_can_report_tells_whether_its_place_is_a_fix() -> None:
    assert one(report("CAN", PLACE)).valid is True
    assert one(report("CAN", "0" + PLACE[1:])).valid is False
    assert one(report("CAN", "0" + PLACE[1:], version="8020050605")).lat is None


def test_the_state_report_gives_voltage_charging_and_percentage() -> None:
    message = one(f"+RESP:GTINF,1A0800,{IMEI},,42,,22,99,0,,,3.82,1,1,1,0,0,20261121095831,57,,,,,{TAIL}")
    assert (message.battery_pct, message.charging, message.lat) == (57, True, None)
    assert (message.extra["battery_v"], message.extra["motion"]) == (3.82, True)


def test_a_heartbeat_is_answered_with_its_number_and_is_no_record() -> None:
    decoded = decode(f"+ACK:GTHBD,1A0800,{IMEI},,{TAIL}")
    assert (decoded.device_id, decoded.messages) == (IMEI, ())
    assert decoded.answer == b"+SACK:GTHBD,1A0800,00A7$"


def test_the_acknowledgement_of_a_command_gives_its_serial_back() -> None:
    decoded = decode(f"+ACK:GTRTO,1A0800,{IMEI},,GPS,0007,{TAIL}")
    assert decoded.command_answers == (CommandAnswer(serial=7, accepted=True),)
    assert decoded.answer is None
    assert decoded.messages[0].lat is None


def test_commands() -> None:
    assert CODEC.encode_command is not None
    ask = Command(serial=7, kind=CommandKind.POSITION)
    assert CODEC.encode_command(ask, Session(key=b"gl300")) == b"AT+GTRTO=gl300,1,,,,,,0007$"
    assert CODEC.encode_command(ask, Session()) == b"AT+GTRTO=,1,,,,,,0007$"
    for command, session in [
        (Command(serial=7, kind=CommandKind.INTERVAL, interval_s=15), Session()),
        (Command(serial=7, kind=CommandKind.MESSAGE, text="x"), Session()),
        (Command(serial=7, kind=CommandKind.BUZZ), Session()),
        (ask, Session(key=b"a,b$")),
    ]:
        with pytest.raises(CommandNotSpoken):
            CODEC.encode_command(command, session)


@pytest.mark.parametrize("raw", [
    b"", b"+RESP:GTFRI", b"+RESP:FRI,1,2,3$", b"+RESP:GTFRI,1A0800,a b,,1,2$", b"+XYZ:GTFRI,1A0800,1,,1,2$",
    b"+RSP" + bytes(40), b"+RSP", b"+\0", b"+\0\0\x1c" + bytes(24), b"+" * 5000,
])  # fmt: skip
def test_what_is_no_frame_is_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        CODEC.decode(raw, Session())


def test_a_flipped_bit_of_a_binary_frame_is_refused() -> None:
    raw = encode_binary(SAID)
    assert CODEC.decode(raw, Session()).messages[0].lat == SAID.lat
    for at in range(4, len(raw) - 2):
        with pytest.raises(ProtocolError):
            CODEC.decode(raw[:at] + bytes([raw[at] ^ 0x10]) + raw[at + 1 :], Session())


@pytest.mark.parametrize(
    ("type_", "alarms"), [(7, ()), (10, (Alarm.SOS,)), (9, (Alarm.OVERSPEED,)), (1, (Alarm.MOVEMENT,))]
)
def test_binary_places_raise_the_alarm_of_their_type(type_: int, alarms: tuple[Alarm, ...]) -> None:
    assert CODEC.decode(encode_binary(SAID, type_=type_), Session()).messages[0].alarms == alarms


@pytest.mark.parametrize("type_", sorted({*EVENT_ALARMS, *EVENT_BYTES, 99}))
def test_binary_events_give_their_place_and_alarm(type_: int) -> None:
    decoded = CODEC.decode(encode_event(SAID, type_=type_, count=9), Session())
    (message,) = decoded.messages
    assert (message.lat, message.lon, message.fixed_at_us) == (SAID.lat, SAID.lon, SAID.fixed_at_us)
    assert message.alarms == ((EVENT_ALARMS[type_],) if type_ in EVENT_ALARMS else ())
    assert (decoded.device_id, decoded.sequence) == (IMEI, Sequence(number=9, last=0xFFFF))
    check_message(message)


def test_a_compressed_track_gives_one_place_for_each_second_with_a_fix() -> None:
    near = replace(SAID, lat=42.87471, lon=74.56962, speed_mps=9.5, heading_deg=60.0)
    far = replace(SAID, lat=-42.1, lon=-74.2)
    lost = replace(SAID, lat=None, lon=None)
    said = [SAID, near, lost, far, replace(far, lat=-42.1001, speed_mps=11.0)]
    (raw,) = split(encode_track(said))
    assert isinstance(raw, bytes)
    heard = CODEC.decode(raw, Session()).messages
    assert [message.fixed_at_us for message in heard] == [START_US + second * 1_000_000 for second in (0, 1, 3, 4)]
    for ours, theirs in zip(heard, (message for message in said if message.lat is not None), strict=True):
        assert (ours.lat, ours.lon, ours.heading_deg) == (theirs.lat, theirs.lon, theirs.heading_deg)
        assert ours.speed_mps == pytest.approx(theirs.speed_mps, abs=0.02)
        assert ours.valid is True


_places = st.builds(
    lambda lat, lon, valid, seconds, battery: replace(
        SAID,
        lat=lat,
        lon=lon,
        valid=valid,
        fixed_at_us=START_US + seconds * 1_000_000,
        battery_pct=battery,
    ),
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.booleans(),
    st.integers(0, 2_592_000),
    st.integers(0, 100).map(float),
)


@given(st.lists(_places, min_size=1, max_size=15))
def test_what_the_encoder_writes_is_what_the_codec_reads(said: list[Message]) -> None:
    (raw,) = split(encode_report(said))
    assert isinstance(raw, bytes)
    heard = CODEC.decode(raw, Session()).messages
    assert [message.fixed_at_us for message in heard] == [message.fixed_at_us for message in said]
    for ours, theirs in zip(heard, said, strict=True):
        assert ours.lat == pytest.approx(theirs.lat, abs=1e-6)
        assert ours.lon == pytest.approx(theirs.lon, abs=1e-6)
        assert (ours.speed_mps, ours.altitude_m, ours.cells) == (theirs.speed_mps, theirs.altitude_m, theirs.cells)
    assert heard[-1].battery_pct == said[-1].battery_pct
    for write in (encode_binary, encode_tagged):
        (raw,) = split(write(said[0]))
        assert isinstance(raw, bytes)
        (message,) = CODEC.decode(raw, Session()).messages
        assert (message.device_id, message.fixed_at_us, message.valid) == (IMEI, said[0].fixed_at_us, said[0].valid)
        assert message.lat == pytest.approx(said[0].lat, abs=1e-6)
        assert message.lon == pytest.approx(said[0].lon, abs=1e-6)


def test_the_states_that_the_encoder_writes_are_read() -> None:
    (raw,) = split(encode_state(SAID, type_="PFA"))
    assert isinstance(raw, bytes)
    assert CODEC.decode(raw, Session()).messages[0].alarms == (Alarm.POWER_OFF,)
    (raw,) = split(encode_heartbeat(SAID, count=3))
    assert isinstance(raw, bytes)
    assert CODEC.decode(raw, Session()).answer == b"+SACK:GTHBD,1A0800,0003$"


TEXT = report("FRI", after=",72,").encode()


def test_text_and_binary_frames_alternate_on_one_connection() -> None:
    stream = TEXT + encode_binary(SAID) + b"\r\n" + encode_tagged(SAID) + TEXT[:-1] + b"\0" + TEXT
    assert split(stream) == [TEXT[:-1], encode_binary(SAID), encode_tagged(SAID), TEXT[:-1], TEXT[:-1]]
    assert frames_of_datagram(TEXT + TEXT) == [TEXT[:-1], TEXT[:-1]]


def test_a_text_frame_that_lost_its_end_does_not_swallow_the_panic_after_it() -> None:
    sos = report("SOS").encode()
    broken, kept = split(TEXT[:50] + sos)
    assert isinstance(broken, BrokenFrame)
    assert broken.error.code is ErrorCode.FRAME_CUT
    assert kept == sos[:-1]


def test_garbage_is_one_broken_frame_and_the_stream_resynchronises() -> None:
    broken, kept = split(b"GET /+x HTTP", b"/1.1\r\n+RE", b"SP:GTSOS" + TEXT[11:])
    assert isinstance(broken, BrokenFrame)
    assert (broken.raw, broken.error.code) == (b"GET /+x HTTP/1.1", ErrorCode.UNKNOWN_FRAME)
    assert kept == b"+RESP:GTSOS" + TEXT[11:-1]


@pytest.mark.parametrize("endless", [b"x" * 1000, b"+RESP:GTFRI," + b"1," * 400, b"+RSP" + b"\xff" * 900])
def test_what_goes_over_the_limit_is_refused_once(endless: bytes) -> None:
    *broken, kept = split(*[endless[:1000]] + [b"y" * 1000] * 20, TEXT)
    (first,) = broken
    assert isinstance(first, BrokenFrame)
    assert first.error.code is ErrorCode.FRAME_TOO_LONG
    assert len(first.raw) == FRAME_BYTES_MAX
    assert kept == TEXT[:-1]


def test_the_end_of_the_connection_gives_the_frame_that_it_cut() -> None:
    splitter = QueclinkSplitter()
    assert splitter.feed(TEXT + b"+RESP:GT") == [TEXT[:-1]]
    cut = splitter.close()
    assert cut is not None
    assert (cut.raw, cut.error.code) == (b"+RESP:GT", ErrorCode.FRAME_CUT)
    assert splitter.close() is None
    assert frames_of_datagram(b"\r\n") == []


_pieces = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [b"+", b"$", b"\0", b"+RESP:", b"+ACK:", b"+ACK", b"+RSP", b"+\0", b"+\0\0\x20", b"+RSP" + b"\0" * 5]
    ),
    st.sampled_from([TEXT, TEXT[:-1], encode_binary(SAID), encode_tagged(SAID), encode_binary(SAID)[:-3]]),
    st.integers(4080, 4110).map(lambda size: b"x" * size),
    st.integers(4070, 4110).map(lambda size: b"+RESP:" + b"1" * size),
)


@given(st.lists(_pieces, max_size=12), st.data())
def test_frames_do_not_depend_on_how_the_bytes_were_chunked(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert told(*chunks) == told(stream)
    if len(stream) < 6000:
        assert told(*[stream[at : at + 1] for at in range(len(stream))]) == told(stream)


@given(st.data())
def test_any_bytes_give_messages_or_a_protocol_error(data: st.DataObject) -> None:
    texts = [TEXT, report("INF", "").encode(), report("GSM").encode(), report("SOS", NO_PLACE).encode()]
    valid = data.draw(st.sampled_from([*texts, encode_binary(SAID), encode_tagged(SAID), encode_heartbeat(SAID)]))
    at = data.draw(st.integers(0, len(valid)))
    raw = valid[:at] + data.draw(st.binary(max_size=6)) + valid[data.draw(st.integers(at, len(valid))) :]
    try:
        decoded = CODEC.decode(raw, Session())
    except ProtocolError:
        return
    for heard in decoded.messages:
        check_message(heard)


def test_a_stream_of_the_reference_is_cut_and_read() -> None:
    compared = 0
    for entry in vectors("framing"):
        if entry["protocol"] == "gl200":
            (first, *_) = split(bytes.fromhex(entry["frame"]))
            assert first == bytes.fromhex(entry["expect"]["first_frame"]), entry["id"]
            assert isinstance(first, bytes)
            assert CODEC.decode(first, Session()).messages[0].valid is True
            compared += 1
    assert compared >= 1


def test_every_known_text_frame_survives_the_wire() -> None:
    texts = [
        entry["frame"].removesuffix("$").encode("latin-1") for entry in vectors("gl200") if entry["kind"] == "text"
    ]
    assert split(b"".join(text + b"$\r\n" for text in texts)) == texts


@pytest.mark.parametrize("event", range(0, 256, 17))
def test_an_event_of_the_tagged_form_is_never_silent_though_nobody_published_what_it_means(event: int) -> None:
    frame = bytearray(encode_tagged(SAID))
    frame[27] = event  # behind head, IMEI, versions, and the record's time, number and id
    (message,) = CODEC.decode(bytes(frame), Session()).messages
    assert (message.extra["event"], message.extra["event_not_known"]) == (event, True)
    assert message.lat is not None
