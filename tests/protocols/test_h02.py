"""What H02 trackers say in text and in binary, and what they can be asked for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.protocols.codec import Decoded, Session
from aralyk.protocols.commands import Command, CommandAnswer, CommandKind, CommandNotSpoken
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.h02 import CODEC, encoder
from aralyk.protocols.h02.splitter import FRAME_BYTES_MAX
from aralyk.protocols.h02.status import ALARM_BITS, ALL_QUIET, STATE_BITS
from aralyk.protocols.messages import Alarm, Cell, Message, Source, iso_time

ID = "4100000017"
AT_US = 1_795_255_200_000_000  # 2026-11-21 10:00:00
PLACE = Message(
    device_id=ID, fixed_at_us=AT_US, lat=42.87461, lon=74.56982, valid=True, speed_mps=10.0, heading_deg=111,
    battery_pct=80, cells=(Cell(mcc=437, mnc=5, lac=30200, cid=10251),),
)  # fmt: skip
BLOCK = "100000,A,4252.4766,N,07434.1892,E,19.44,111,211126"


def read(frame: str | bytes, session: Session | None = None) -> Decoded:
    raw = frame.encode("latin-1") if isinstance(frame, str) else frame
    return CODEC.decode(raw, session or Session())


def text(rest: str, kind: str = "V1") -> Message:
    return read(f"*HQ,{ID},{kind},{rest}#").messages[0]


def refusal(frame: str | bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        read(frame)
    return caught.value


def test_a_place_is_read_with_its_units() -> None:
    message = text(f"{BLOCK},FFFFFBFF")
    assert message.device_id == ID
    assert iso_time(message.fixed_at_us) == "2026-11-21T10:00:00.000000Z"
    assert message.lat == pytest.approx(42.87461)
    assert message.lon == pytest.approx(74.56982)
    assert message.speed_mps == pytest.approx(10.0, abs=0.01)
    assert (message.heading_deg, message.valid, message.source, message.accuracy_m) == (111, True, Source.GNSS, None)
    assert message.extra == {"status": "FFFFFBFF", "ignition": False}


@pytest.mark.parametrize(("validity", "valid"), [("A", True), ("V", False), ("B", False), ("", False), ("0", True)])
def test_a_fix_that_the_tracker_calls_bad_is_not_valid(validity: str, valid: bool) -> None:
    assert text(f"{BLOCK.replace('A', validity)},FFFFFBFF").valid is valid


def test_hemispheres_give_the_sign_in_text_and_binary() -> None:
    south_west = text(BLOCK.replace("N", "S").replace("E", "W"))
    assert south_west.lat == pytest.approx(-42.87461)
    assert south_west.lon == pytest.approx(-74.56982)
    assert text(BLOCK.replace("4252.4766,N", "-42-52.4766,S")).lat == pytest.approx(-42.87461)
    there = Message(device_id=ID, fixed_at_us=AT_US, lat=-33.5, lon=-7.25, valid=True)
    (heard,) = read(encoder.encode_binary(there)).messages
    assert (heard.lat, heard.lon) == (-33.5, -7.25)


@pytest.mark.parametrize("bit", range(32))
def test_every_alarm_bit_is_read_in_text_and_binary(bit: int) -> None:
    word = ALL_QUIET & ~(1 << bit)
    in_text = text(f"{BLOCK},{word:08x}")
    quiet = encoder.encode_binary(PLACE)
    (in_binary,) = read(quiet[:25] + word.to_bytes(4) + quiet[29:]).messages
    for message in (in_text, in_binary):
        assert message.alarms == ((ALARM_BITS[bit][0],) if bit in ALARM_BITS else ())
        assert message.extra.get("states", []) == ([STATE_BITS[bit]] if bit in STATE_BITS else [])
        assert message.extra["ignition"] is (bit != 10)


@given(st.sets(st.integers(0, 31)))
def test_no_alarm_bit_hides_another(bits: set[int]) -> None:
    word = ALL_QUIET
    for bit in bits:
        word &= ~(1 << bit)
    wanted = {ALARM_BITS[bit][0] for bit in bits if bit in ALARM_BITS}
    alarms = text(f"{BLOCK},{word:08X}").alarms
    assert set(alarms) == wanted
    assert len(alarms) == len(wanted)


def test_a_panic_with_an_unreadable_place_is_still_given_and_one_without_is_refused() -> None:
    for broken in (BLOCK.replace("4252", "9952"), BLOCK.replace("100000", "256199"), BLOCK.replace("4252.", "soon")):
        message = text(f"{broken},FFFFFBFD")
        assert (message.alarms, message.lat, message.fixed_at_us) == ((Alarm.SOS,), None, None)
        assert message.extra["unreadable"]
        assert refusal(f"*HQ,{ID},V1,{broken},FFFFFBFF#").code in {ErrorCode.OUT_OF_RANGE, ErrorCode.BAD_FIELD}


def test_a_tracker_without_a_fix_is_a_sign_of_life_unless_it_raises_an_alarm() -> None:
    assert read(f"*HQ,{ID},V1,,V,,N,,E,0.00,0,,FFFFFBFF,1,2#") == Decoded(device_id=ID, messages=())
    message = text(",V,,N,,E,0.00,0,,FFFFFBFD")
    assert (message.alarms, message.lat, message.valid) == ((Alarm.SOS,), None, None)
    assert text("000000,V,0.0000,0,0.0000,0,0.00,0.00,000000,fffffffd").alarms == (Alarm.SOS,)
    assert read(f"*HQ,{ID},NEWS,12345678#").messages == ()  # eight digits are a number, not a word of alarms


def test_a_tracker_without_a_date_has_a_place_and_no_time() -> None:
    message = text(BLOCK.replace("211126", "000000"))
    assert message.lat == pytest.approx(42.87461)
    assert message.fixed_at_us is None


def test_a_day_without_a_time_is_marked() -> None:
    message = text("A,4252.4766,N,07434.1892,E,0.62,0.0000,211126", kind="VP1")
    assert (iso_time(message.fixed_at_us), message.extra["time_of_day"]) == ("2026-11-21T00:00:00.000000Z", "not said")


def test_the_numbers_of_a_sim_card_are_not_repeated() -> None:
    message = text(f"{BLOCK},,0700000000,8999650000000000000F,FFFFFBFD", kind="V19")
    assert message.alarms == (Alarm.SOS,)
    assert not re.search("0700000000|8999650", str(message.as_dict()))


def test_values_after_the_status_are_kept() -> None:
    assert text(f"{BLOCK},FFFFFBFF,437,05,30200, db,6").extra["io4"] == "db"
    vehicle = text(f"{BLOCK},FFFFFBFF,1200,-7,12.5,760,1a2b,3c4d")
    assert (vehicle.altitude_m, vehicle.extra["temperature"], vehicle.extra["cid"]) == (760, "-7", "3c4d")


def test_a_battery_before_the_date_does_not_move_it() -> None:
    message = text(BLOCK.replace("211126", "87,211126") + ",FFFFFBFD")
    assert (message.fixed_at_us, message.extra["battery_raw"], message.alarms) == (AT_US, 87, (Alarm.SOS,))


def test_an_unknown_kind_still_gives_its_place() -> None:
    for kind in ("V99", "NEW-KIND", "v1"):
        assert text(f"{BLOCK},FFFFFBFD", kind=kind).alarms == (Alarm.SOS,)


def test_an_odd_speed_does_not_cost_the_place() -> None:
    message = text(BLOCK.replace("19.44,111", "fast,400"))
    assert (message.speed_mps, message.heading_deg) == (None, None)
    assert message.extra["unreadable"] == ["course", "speed"]


# kinds with fields of their own


def test_cells_are_read() -> None:
    cells = (Cell(mcc=437, mnc=5, lac=30200, cid=10251, rssi_dbm=-71), Cell(mcc=437, mnc=5, lac=1, cid=2, rssi_dbm=-9))
    said = Message(device_id=ID, fixed_at_us=AT_US, alarms=(Alarm.SOS,), cells=cells)
    (heard,) = read(encoder.encode_neighbours(said)).messages
    assert (heard.cells, heard.alarms, heard.source, heard.lat) == (said.cells, said.alarms, Source.NETWORK, None)
    assert heard.fixed_at_us == heard.sent_at_us == AT_US
    v3 = text("100000,43705,02,030200,010251,158,-62,000001,000002,158,-70,0292,0,X,211126,FFFFFBFD", kind="V3")
    assert [(cell.mcc, cell.mnc, cell.lac, cell.cid, cell.rssi_dbm) for cell in v3.cells] == [
        (437, 5, 30200, 10251, -62), (437, 5, 1, 2, -70)]  # fmt: skip
    assert (v3.alarms, v3.fixed_at_us, v3.extra["battery_raw"]) == ((Alarm.SOS,), AT_US, 0x292)
    vp1 = text("V,437,005,92,3565,0Y92,1943,30Y92,x,29", kind="VP1")
    assert [(cell.lac, cell.cid) for cell in vp1.cells] == [(92, 3565), (92, 1943)]
    assert vp1.extra["unreadable"] == ["cells"]


def test_a_report_without_a_place_says_its_battery_and_steps() -> None:
    (message,) = read(encoder.encode_link(PLACE, signal=20, satellites=7, steps=1200)).messages
    assert (message.battery_pct, message.lat, message.fixed_at_us) == (80, None, AT_US)
    assert message.extra["steps"] == 1200


def test_a_heartbeat_waits_for_its_echo() -> None:
    beat = encoder.encode_heartbeat("860000000000017")
    assert read(beat) == Decoded(device_id="860000000000017", messages=(), answer=beat)
    with_battery = read("*HQ,860000000000017,HTBT,64#")
    assert (with_battery.answer, with_battery.messages[0].battery_pct) == (beat, 64)
    assert read("*TH,1,V0#").answer == b"*TH,1,V0#"


def test_a_place_gets_no_answer_because_that_would_hold_a_clock() -> None:
    assert read(encoder.encode_text(PLACE)).answer is None


def test_the_text_of_a_reply_is_kept_whole() -> None:
    assert text("VOLT:12.9V,A\nGSM:26", kind="SMS").extra == {"result": "VOLT:12.9V,A\nGSM:26"}


def test_a_frame_with_an_empty_id_is_the_sessions() -> None:
    frame = f"*HQ,,V1,{BLOCK},FFFFFBFF#"
    assert read(frame, Session(device_id=ID)).messages[0].device_id == ID
    assert read(frame).device_id is None


# binary


def test_a_binary_place_is_read_with_its_units() -> None:
    for frame, cells in ((encoder.encode_binary(PLACE), ()), (encoder.encode_binary(PLACE, signal=20), PLACE.cells)):
        (message,) = read(frame).messages
        assert (message.device_id, message.fixed_at_us, message.valid) == (ID, AT_US, True)
        assert message.lat == pytest.approx(42.87461, abs=1e-6)
        assert message.lon == pytest.approx(74.56982, abs=1e-6)
        assert message.speed_mps == pytest.approx(10.0, abs=0.3)
        assert (message.heading_deg, message.battery_pct, message.cells) == (111, 80, cells)


@pytest.mark.parametrize(("value", "percent"), [(0, None), (1, 0), (3, 20), (4, 60), (6, 100), (55, 55), (0xF3, None)])
def test_the_battery_of_a_binary_frame_is_a_level_or_percent(value: int, percent: float | None) -> None:
    frame = bytearray(encoder.encode_binary(PLACE))
    frame[16] = value
    (message,) = read(bytes(frame)).messages
    assert message.battery_pct == percent
    assert message.extra.get("battery_code") == (value if value > 100 else None)


def test_a_long_id_is_read() -> None:
    short = encoder.encode_binary(PLACE)
    frame = b"$" + bytes.fromhex("8600000000000170") + short[6:] + bytes(7)
    assert len(frame) == 42
    assert read(frame).device_id == "860000000000017"


def test_a_copy_under_another_number_is_a_sign_of_life_and_no_place_of_anybody() -> None:
    copy = b"X" + bytes.fromhex("0000981499") + encoder.encode_binary(PLACE)[6:]
    assert read(copy, Session(device_id=ID)) == Decoded(device_id=ID, messages=())


@pytest.mark.parametrize(("at", "field"), [(2, "id"), (6, "time"), (12, "latitude"), (18, "longitude")])
def test_digits_that_are_none_refuse_a_binary_frame(at: int, field: str) -> None:
    frame = bytearray(encoder.encode_binary(PLACE))
    frame[at] = 0xAA
    error = refusal(bytes(frame))
    assert error.detail.startswith(f"{field}: ")
    if field != "id":  # but an alarm does not wait for them
        panic = bytearray(encoder.encode_binary(PLACE))
        panic[at], panic[28] = 0xAA, 0xFD
        (message,) = read(bytes(panic)).messages
        assert (message.alarms, message.lat) == ((Alarm.SOS,), None)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", ErrorCode.UNKNOWN_FRAME),
        ("hello", ErrorCode.UNKNOWN_FRAME),
        ("*HQ#", ErrorCode.UNKNOWN_FRAME),
        ("X123", ErrorCode.UNKNOWN_FRAME),
        ("$123", ErrorCode.FRAME_CUT),
        (f"*HQ,{ID},V1,é#", ErrorCode.NOT_TEXT),
        (f"*HQ,{ID},V1,1*HQ,{ID},V1,{BLOCK}#", ErrorCode.NOT_TEXT),
        ("*" * (FRAME_BYTES_MAX + 1), ErrorCode.FRAME_TOO_LONG),
    ],
)
def test_what_is_no_frame_is_refused(frame: str, code: ErrorCode) -> None:
    assert refusal(frame).code is code


# commands


def command(kind: CommandKind, session: Session | None = None, **fields: int | str) -> str:
    assert CODEC.encode_command is not None
    asked = Command(serial=7, kind=kind, **fields)  # type: ignore[arg-type]
    return CODEC.encode_command(asked, session or Session(device_id=ID)).decode()


def test_an_interval_and_a_position_can_be_asked_for() -> None:
    assert command(CommandKind.INTERVAL, interval_s=15) == f"*HQ,{ID},S71,000007,22,15#"
    assert command(CommandKind.POSITION) == f"*HQ,{ID},D1,000007,30,1#"
    theirs = Session(device_id=ID, model="ST-901", context={"maker": "TH"})
    assert command(CommandKind.INTERVAL, theirs, interval_s=60) == f"*TH,{ID},S17,000007,60#"
    with pytest.raises(CommandNotSpoken):
        command(CommandKind.INTERVAL, theirs, interval_s=15)


def test_the_tracker_has_no_words_for_messages_and_buzzing() -> None:
    with pytest.raises(CommandNotSpoken):
        command(CommandKind.BUZZ)
    with pytest.raises(CommandNotSpoken):
        command(CommandKind.MESSAGE, text="call us")


@pytest.mark.parametrize("serial", [1, 59, 3600, 65_535])
def test_a_confirmation_gives_our_number_back(serial: int) -> None:
    assert CODEC.encode_command is not None
    asked = Command(serial=serial, kind=CommandKind.INTERVAL, interval_s=15)
    time = CODEC.encode_command(asked, Session(device_id=ID)).decode().split(",")[3]
    decoded = read(encoder.encode_confirmation(PLACE, command=f"S71,{time}"))
    assert decoded.command_answers == (CommandAnswer(serial=serial, kind=CommandKind.INTERVAL, accepted=True),)
    assert decoded.messages[0].lat == pytest.approx(42.87461)
    refused = read(encoder.encode_confirmation(PLACE, command=f"S20,ERROR,{time}"))
    assert refused.command_answers == (CommandAnswer(serial=serial, accepted=False),)
    assert read(f"*HQ,{ID},V4,S71,{time}#").command_answers[0].serial == serial


def test_the_makers_letters_are_kept_for_the_commands_to_come() -> None:
    assert read(encoder.encode_text(PLACE, maker="TH")).context == {"maker": "TH"}
    assert read(encoder.encode_text(PLACE)).context is None


@given(
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    seconds=st.integers(1_000_000_000, 3_000_000_000),
    valid=st.booleans(),
    alarms=st.sets(st.sampled_from([Alarm.SOS, Alarm.POWER_CUT, Alarm.VIBRATION, Alarm.LOW_BATTERY, Alarm.FAULT])),
)
def test_what_trackers_write_is_what_the_codec_reads(
    lat: float, lon: float, seconds: int, valid: bool, alarms: set[Alarm]
) -> None:
    said = Message(
        device_id=ID, fixed_at_us=seconds * 1_000_000, lat=lat, lon=lon, valid=valid, alarms=tuple(alarms)
    )  # fmt: skip
    for frame in (encoder.encode_text(said), encoder.encode_binary(said), encoder.encode_binary(said, signal=9)):
        (heard,) = read(frame).messages
        assert (heard.device_id, heard.fixed_at_us, heard.valid) == (ID, said.fixed_at_us, valid)
        assert heard.lat == pytest.approx(lat, abs=1e-6)
        assert heard.lon == pytest.approx(lon, abs=1e-6)
        assert set(heard.alarms) == alarms
