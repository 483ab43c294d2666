"""What a Megastek bracelet says, and how its stream is cut into sentences."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.protocols.codec import BrokenFrame, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.megastek import CODEC, encoder
from aralyk.protocols.megastek.splitter import FRAME_BYTES_MAX, LineSplitter
from aralyk.protocols.messages import AccessPoint, Alarm, Cell, Message, Source, Strap, iso_time
from tests.protocols.samples import check_message
from tests.protocols.test_any_bytes import START_US
from tests.protocols.vectors import frame_of, vectors

IMEI = "860000000000017"
NEWER = (
    "$MGV002,{imei},Somebody,{stored},211126,100000,{fix},{lat},N,07434.18920,E,00,07,00,0.9,19.438,90.00,760.0,1.5,"
    "437,05,0BCC,0401,71,{inputs},,,,{belt},{battery},{alert},{wifi};!"
)
OLDER = (
    "STX,{name},$GPRMC,100000.250,A,4252.4766,N,07434.1892,E,19.44,90.00,211126,,,A*{checksum},F,{alert},imei:{imei},"
    "05/9,760.0,Battery=72%,,1,437,05,0BCC,0401;8F"
)


def newer(**changes: str) -> Message:
    fields = {
        "imei": IMEI, "stored": "R", "fix": "A", "lat": "4252.47660", "inputs": "0001,0000,1,2,3", "belt": "01",
        "battery": "072", "alert": "Timer", "wifi": "",
    } | changes  # fmt: skip
    return only(NEWER.format(**fields))


def older(**changes: str) -> Message:
    return only(OLDER.format(**({"name": "x1", "imei": IMEI, "alert": "", "checksum": "6A"} | changes)))


def only(text: str, session: Session | None = None) -> Message:
    (message,) = CODEC.decode(text.encode("latin-1"), session or Session()).messages
    return message


def refusal(text: str) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        CODEC.decode(text.encode("latin-1"), Session())
    return caught.value


def test_a_fix_is_read_with_its_units() -> None:
    message = newer()
    assert message.device_id == IMEI
    assert iso_time(message.fixed_at_us) == "2026-11-21T10:00:00.000000Z"
    assert message.lat == pytest.approx(42.87461)
    assert message.lon == pytest.approx(74.56982)
    assert (message.valid, message.source) == (True, Source.GNSS)
    assert message.speed_mps == pytest.approx(10.0, abs=1e-3)
    assert (message.heading_deg, message.altitude_m, message.battery_pct) == (90.0, 760.0, 72.0)
    assert (message.charging, message.strap, message.alarms) == (False, Strap.LOCKED, ())
    assert message.cells == (Cell(mcc=437, mnc=5, lac=0xBCC, cid=0x401, rssi_dbm=-71),)
    assert message.extra == {
        "satellites": 7, "hdop": 0.9, "odometer_km": 1.5, "inputs": "0001", "outputs": "0000", "adc_1": 1, "adc_2": 2,
        "adc_3": 3, "event": "Timer", "belt": 1,
    }  # fmt: skip


def test_the_name_that_a_person_gave_the_device_is_not_repeated() -> None:
    assert "Somebody" not in str(newer().as_dict())


@pytest.mark.parametrize(
    ("belt", "charging", "strap"),
    [
        ("00", False, Strap.OPEN), ("10", True, Strap.OPEN), ("01", False, Strap.LOCKED), ("11", True, Strap.LOCKED),
        ("02", False, Strap.OPEN), ("03", False, Strap.LOCKED), ("100", True, Strap.OPEN), ("1-1", True, None),
        ("", None, None),
    ],
)  # fmt: skip
def test_the_belts_digit_is_the_straps_state(belt: str, charging: bool | None, strap: Strap | None) -> None:
    message = newer(belt=belt)
    assert (message.charging, message.strap, message.alarms) == (charging, strap, ())


def test_an_unreadable_belt_is_unknown_and_never_locked() -> None:
    message = newer(belt="x")
    assert (message.strap, message.extra["unreadable"]) == (None, ["belt"])


@pytest.mark.parametrize(
    ("alert", "alarm"),
    [
        ("SOS", Alarm.SOS), ("Help", Alarm.SOS), ("Belt Off", Alarm.STRAP_OPEN), ("BeltOff", Alarm.STRAP_OPEN),
        ("Tamper", Alarm.TAMPER), ("Fall", Alarm.FALL), ("Low Battery", Alarm.LOW_BATTERY), ("PSD", Alarm.POWER_CUT),
        ("PW OFF", Alarm.POWER_OFF), ("Jamming", Alarm.JAMMING), ("Geo1 Out", Alarm.GEOFENCE),
        ("Move in", Alarm.GEOFENCE), ("Vib", Alarm.VIBRATION), ("Tow", Alarm.MOVEMENT), ("Over Speed", Alarm.OVERSPEED),
        ("Error", Alarm.FAULT),
    ],
)  # fmt: skip
def test_each_alert_is_read_in_both_forms(alert: str, alarm: Alarm) -> None:
    for message in (newer(alert=alert), older(alert=alert)):
        assert message.alarms == (alarm,)
        assert message.extra["event"] == alert


@pytest.mark.parametrize("alert", ["PW ON", "Something new", "Belt Up"])
def test_a_word_nobody_knows_is_still_an_alarm(alert: str) -> None:
    message = newer(alert=alert)
    assert (message.alarms, message.extra["alarm"]) == ((Alarm.OTHER,), alert)


@pytest.mark.parametrize("alert", ["Timer", "Dist", "Nil-Alarms", "Restart", ""])
def test_a_routine_report_raises_nothing(alert: str) -> None:
    assert newer(alert=alert).alarms == ()


def test_all_words_of_an_alert_are_read() -> None:
    assert newer(alert="LowBattery|SOS|Belt Off").alarms == (Alarm.LOW_BATTERY, Alarm.SOS, Alarm.STRAP_OPEN)


def test_a_word_about_the_belt_is_a_state_unless_the_belt_itself_is_open() -> None:
    assert newer(belt="", alert="Belt On").strap is Strap.LOCKED
    assert newer(belt="01", alert="Belt Off").strap is Strap.OPEN
    assert newer(belt="00", alert="Belt On").strap is Strap.OPEN
    assert older(alert="Belt Off").strap is Strap.OPEN


def test_a_fix_that_the_receiver_does_not_believe_is_not_valid_and_a_stored_one_says_so() -> None:
    message = newer(fix="V", stored="S")
    assert (message.lat is None, message.valid, message.extra["stored"]) == (False, False, True)


def test_a_wrist_models_health_stands_where_others_have_inputs() -> None:
    extra = newer(inputs="64,1055,10,20,600").extra
    assert (extra["heart_rate"], extra["steps"], extra["deep_sleep_s"]) == (64, 1055, 600)


def test_access_points_are_read_and_a_broken_one_costs_no_other() -> None:
    message = newer(wifi="0268EB529865:50|nonsense|3ca62f1ff798:63")
    assert message.wifi == (
        AccessPoint(mac="02:68:eb:52:98:65", rssi_dbm=-50),
        AccessPoint(mac="3c:a6:2f:1f:f7:98", rssi_dbm=-63),
    )


def test_the_older_form_is_read_with_its_fraction_of_a_second_and_the_imei_before_the_name() -> None:
    message = older()
    assert (message.device_id, iso_time(message.fixed_at_us)) == (IMEI, "2026-11-21T10:00:00.250000Z")
    assert (message.battery_pct, message.charging, message.strap, message.altitude_m) == (72.0, True, None, 760.0)
    assert (message.extra["satellites"], message.extra["satellites_visible"]) == (5, 9)
    assert message.cells == (Cell(mcc=437, mnc=5, lac=0xBCC, cid=0x401),)
    assert "checksum" not in message.extra
    assert older(imei="").device_id == "x1"


def test_a_receivers_sentence_with_a_wrong_checksum_is_marked() -> None:
    assert older(checksum="7D").extra["checksum"] == "wrong"


@pytest.mark.parametrize("measured", ["91", "0010,91", "0.00,0.02,0.01", "0010,0.00,0.02,0.01"])
def test_the_older_form_with_numbers_is_read(measured: str) -> None:
    rmc = "$GPRMC,100000.000,V,,,,,,,211126,,,N*00"
    message = only(f"STX{'260475':16}\x02O{rmc},437,05,0BCC,0401,71,72,1000,0001,{measured},SOS;1D")
    assert (message.device_id, message.lat, message.valid) == ("260475", None, None)
    assert iso_time(message.sent_at_us) == "2026-11-21T10:00:00.000000Z"
    assert (message.battery_pct, message.alarms, message.source) == (72.0, (Alarm.SOS,), Source.NETWORK)
    assert message.extra["flags"] == "1000"
    assert ("outputs" in message.extra) is measured.startswith("0010,")
    assert "adc_1" in message.extra


def test_a_sentence_that_names_nobody_is_the_connections_device_or_refused() -> None:
    sentence = NEWER.format(imei="", stored="R", fix="A", lat="4252.4766", inputs="0,0,0,0,0", belt="01", battery="72",
                            alert="Timer", wifi="")  # fmt: skip
    assert only(sentence, Session(device_id=IMEI)).device_id == IMEI
    assert refusal(sentence).code is ErrorCode.MISSING_FIELD


@pytest.mark.parametrize("changes", [{"belt": "00"}, {"alert": "SOS"}])
def test_an_open_belt_or_a_panic_with_an_unreadable_place_is_still_given(changes: dict[str, str]) -> None:
    message = newer(lat="9952.47660", **changes)
    assert message.strap is Strap.OPEN or message.alarms == (Alarm.SOS,)
    assert (message.lat, message.extra["unreadable"]) == (None, ["latitude"])


@pytest.mark.parametrize(
    ("text", "code", "names"),
    [
        ("hello", ErrorCode.UNKNOWN_FRAME, "sentence"),
        ("$MGV002,1;!", ErrorCode.UNKNOWN_FRAME, "sentence"),
        ("STX,x1,$GPRMC,100000.000,A", ErrorCode.MISSING_FIELD, "gprmc"),
        ("0009$MGV002," + ",".join("0" * 30), ErrorCode.BAD_FIELD, "length"),
        (f"$MGV002,{IMEI},,R,321126,100000,A,4252.4766,N,07434.1892,E,;!", ErrorCode.BAD_FIELD, "time"),
        (f"$MGV002,{IMEI},,R,211199,100000,A,4252.4766,N,07434.1892,E,;!", ErrorCode.OUT_OF_RANGE, "time"),
        (f"$MGV002,{IMEI},,R,211126,100000,A,4260.0000,N,07434.1892,E,;!", ErrorCode.OUT_OF_RANGE, "latitude"),
        (f"$MGV002,{IMEI},,R,211126,100000,A,4252.4766,N,18034.1892,E,;!", ErrorCode.OUT_OF_RANGE, "longitude"),
        (f"$MGV002,{IMEI},,R,211126,100000,A,4252.4766,E,07434.1892,E,;!", ErrorCode.BAD_FIELD, "latitude"),
        (f"$MGV002,{IMEI},,R,211126,100000,A,4252.4766,N,,E,;!", ErrorCode.BAD_FIELD, "longitude"),
        ("$MGV002,no id,,R,211126,100000,A,4252.4766,N,07434.1892,E,;!", ErrorCode.BAD_FIELD, "imei"),
        ("$" * (FRAME_BYTES_MAX + 1), ErrorCode.FRAME_TOO_LONG, "sentence"),
    ],
)
def test_a_bad_sentence_is_refused_naming_the_field(text: str, code: ErrorCode, names: str) -> None:
    error = refusal(text)
    assert error.code is code
    assert error.detail.startswith(f"{names}: ")
    assert "18034" not in error.detail


_bracelets = st.builds(
    Message,
    device_id=st.just(IMEI),
    fixed_at_us=st.integers(0, 86_400 * 30).map(lambda s: START_US + s * 1_000_000),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    valid=st.booleans(),
    speed_mps=st.none() | st.floats(0, 80),
    heading_deg=st.none() | st.floats(0, 359),
    altitude_m=st.none() | st.floats(-100, 5000),
    battery_pct=st.none() | st.integers(0, 100),
    charging=st.booleans(),
    strap=st.sampled_from([Strap.LOCKED, Strap.OPEN]),
    alarms=st.sampled_from([(), *((alarm,) for alarm in encoder.WORDS)]),
    cells=st.sampled_from([(), (Cell(mcc=437, mnc=5, lac=3020, cid=1025, rssi_dbm=-71),)]),
    wifi=st.sampled_from([(), (AccessPoint(mac="02:68:eb:52:98:65", rssi_dbm=-50),)]),
)


@given(_bracelets, st.booleans())
def test_what_the_bracelet_writes_is_what_the_codec_reads(said: Message, has_length: bool) -> None:
    (frame,) = split(encoder.encode_position(said, has_length=has_length))
    assert isinstance(frame, bytes)
    (heard,) = CODEC.decode(frame, Session()).messages
    names = ["device_id", "fixed_at_us", "valid", "battery_pct", "charging", "alarms", "cells", "wifi"]
    is_opened = Alarm.STRAP_OPEN in said.alarms
    assert heard.strap is (Strap.OPEN if is_opened else said.strap)
    check_alike(said, heard, names)


@given(_bracelets)
def test_what_the_older_bracelet_writes_is_what_the_codec_reads(said: Message) -> None:
    (frame,) = split(encoder.encode_older(said))
    assert isinstance(frame, bytes)
    (heard,) = CODEC.decode(frame, Session()).messages
    assert "checksum" not in heard.extra
    check_alike(said, heard, ["device_id", "fixed_at_us", "valid", "battery_pct", "charging", "alarms"])


def check_alike(said: Message, heard: Message, names: list[str]) -> None:
    for name in names:
        assert getattr(heard, name) == getattr(said, name), name
    for name, tolerance in (("lat", 1e-7), ("lon", 1e-7), ("speed_mps", 0.01), ("heading_deg", 0.01)):
        told: Any = getattr(said, name)
        assert getattr(heard, name) == (None if told is None else pytest.approx(told, abs=tolerance)), name


@given(st.data())
def test_a_mutated_sentence_gives_messages_or_a_protocol_error(data: st.DataObject) -> None:
    frame = bytearray(data.draw(st.sampled_from([frame_of("megastek", entry) for entry in vectors("megastek")])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(frame) - 1))
        frame[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3) | st.sampled_from([b",", b";"]))
    try:
        decoded = CODEC.decode(bytes(frame), Session())
    except ProtocolError:
        return
    for message in decoded.messages:
        check_message(message)


def split(*chunks: bytes) -> list[bytes | BrokenFrame]:
    splitter = LineSplitter()
    return [frame for chunk in chunks for frame in splitter.feed(chunk)]


def told(*chunks: bytes) -> list[object]:
    splitter = LineSplitter()
    frames: list[bytes | BrokenFrame] = [frame for chunk in chunks for frame in splitter.feed(chunk)]
    cut = splitter.close()
    return [f if isinstance(f, bytes) else (f.raw, f.error.code) for f in [*frames, *([cut] if cut else [])]]


A, B = b"$MGV002,1,Timer;!", b"STX,2,$GPRMC,!;00"


def test_the_references_streams_are_cut_where_it_cuts_them() -> None:
    entries = [entry for entry in vectors("framing") if entry["protocol"] == "megastek"]
    assert entries
    for entry in entries:
        assert split(bytes.fromhex(entry["frame"]))[0] == bytes.fromhex(entry["expect"]["first_frame"])


def test_sentences_are_cut_at_their_ends_and_line_breaks_belong_to_none() -> None:
    assert split(A + b"\r\n" + B + b"\r\n0017" + A + A) == [A, B, b"0017" + A, A]


def test_a_sentence_that_was_left_open_is_ended_by_the_head_of_the_next() -> None:
    assert split(A[:-1] + b"0017" + A) == [A[:-1], b"0017" + A]


def test_garbage_between_sentences_is_given_once_and_the_stream_goes_on() -> None:
    assert told(A + b"GET /\r\n\r\nHost!x" + A + b"\r\n") == [A, (b"GET /Host!x", ErrorCode.UNKNOWN_FRAME), A]


def test_a_sentence_over_the_limit_is_refused_once_and_the_next_one_is_read() -> None:
    long = b"$MGV002," + b"x" * (3 * FRAME_BYTES_MAX)
    assert told(long + b"!" + A) == [(long[:FRAME_BYTES_MAX], ErrorCode.FRAME_TOO_LONG), A]


def test_garbage_without_end_holds_no_memory() -> None:
    splitter = LineSplitter()
    frames = [frame for _ in range(20) for frame in splitter.feed(b"x" * FRAME_BYTES_MAX + b"\n")]
    assert len(frames) == 1
    assert len(splitter._held) + len(splitter._garbage) == 0


def test_the_end_of_the_connection_gives_what_it_cut() -> None:
    assert told(A + A[:9]) == [A, (A[:9], ErrorCode.FRAME_CUT)]
    splitter = LineSplitter()
    splitter.feed(A[:9])
    assert splitter.close() is not None
    assert splitter.close() is None


_PARTS = st.sampled_from([A, B, b"\r\n", b"!", b"0017", b"x" * 900, b"STX", b"LOG", b"$MGV002,"])


@given(st.lists(st.binary(max_size=20) | _PARTS, max_size=12), st.data())
def test_sentences_do_not_depend_on_how_the_bytes_were_chunked(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert told(*chunks) == told(stream)
    assert told(*(stream[at : at + 1] for at in range(len(stream)))) == told(stream)
