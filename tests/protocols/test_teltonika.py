"""What a Teltonika device says: positions, alarms, words, over TCP and UDP."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.protocols.codec import Decoded, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Alarm, Cell, Message, Source, iso_time
from aralyk.protocols.teltonika import CODEC, encoder
from aralyk.protocols.teltonika.frame import FRAME_BYTES_MAX, framed
from aralyk.protocols.teltonika.records import CODEC_8, CODEC_8_EXTENDED, CODEC_16
from tests.protocols.samples import check_message
from tests.protocols.test_any_bytes import START_US
from tests.protocols.vectors import frame_of, vectors

IMEI = "860000000000017"
SESSION = Session(device_id=IMEI)
RECORD = struct.Struct(">QBiihHBH")
CODECS = (CODEC_8, CODEC_8_EXTENDED, CODEC_16)


def fix(**changes: Any) -> Message:
    fields: dict[str, Any] = {
        "device_id": IMEI, "fixed_at_us": START_US, "lat": 42.87461, "lon": 74.56982, "valid": True,
        "altitude_m": 760.0, "speed_mps": 10.0, "heading_deg": 90.0, "source": Source.GNSS, "battery_pct": 72,
        "charging": False,
    }  # fmt: skip
    return Message(**(fields | changes))


def read(frame: bytes, session: Session = SESSION) -> Decoded:
    return CODEC.decode(frame, session)


def refusal(frame: bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        read(frame)
    return caught.value


def record(  # a record of Codec 8 by its parts
    ones: dict[int, int] | None = None, *, twos: dict[int, int] | None = None, priority: int = 0, event: int = 0,
    lat: int = 428_746_100, lon: int = 745_698_200, time_ms: int = START_US // 1000, heading: int = 90,
    satellites: int = 9, speed: int = 36,
) -> bytes:  # fmt: skip
    ones, twos = ones or {}, twos or {}
    head = RECORD.pack(time_ms, priority, lon, lat, 760, heading, satellites, speed)
    groups = bytes([len(ones)]) + b"".join(struct.pack(">BB", *pair) for pair in ones.items())
    groups += bytes([len(twos)]) + b"".join(struct.pack(">BH", *pair) for pair in twos.items())
    return head + bytes([event, len(ones) + len(twos)]) + groups + bytes(2)


def packet(*records: bytes, codec: int = CODEC_8) -> bytes:
    number = bytes([len(records)])
    return framed(bytes([codec]) + number + b"".join(records) + number)


def only(frame: bytes) -> Message:
    (message,) = read(frame).messages
    return message


def test_a_login_names_the_device_and_is_answered() -> None:
    assert read(encoder.encode_login(IMEI), Session()) == Decoded(device_id=IMEI, messages=(), answer=b"\x01")


def test_a_ping_is_a_sign_of_life_of_the_connections_device() -> None:
    assert read(b"\xff") == Decoded(device_id=IMEI, messages=())


@pytest.mark.parametrize("codec", CODECS)
def test_a_fix_is_read_with_its_units(codec: int) -> None:
    decoded = read(encoder.encode_records([fix()], codec=codec))
    (message,) = decoded.messages
    assert decoded.answer == bytes([0, 0, 0, 1])
    assert (message.device_id, iso_time(message.fixed_at_us)) == (IMEI, "2026-11-21T00:00:00.000000Z")
    assert (message.lat, message.lon, message.valid, message.source) == (42.87461, 74.56982, True, Source.GNSS)
    assert (message.speed_mps, message.heading_deg, message.altitude_m) == (10.0, 90.0, 760.0)
    assert (message.battery_pct, message.charging, message.accuracy_m, message.strap) == (72, False, None, None)


def test_a_record_without_satellites_is_the_last_known_place_and_not_valid() -> None:
    message = only(encoder.encode_records([fix(valid=False)]))
    assert (message.lat, message.valid, message.extra["satellites"]) == (42.87461, False, 0)


def test_a_record_without_satellites_says_no_standstill() -> None:
    message = only(encoder.encode_records([fix(valid=False, speed_mps=0.0, heading_deg=0.0, altitude_m=0.0)]))
    assert (message.speed_mps, message.heading_deg, message.altitude_m) == (None, None, None)
    parked = only(encoder.encode_records([fix(speed_mps=0.0, heading_deg=0.0, altitude_m=0.0)]))
    assert (parked.speed_mps, parked.heading_deg, parked.altitude_m) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("element", "value", "alarm"),
    [
        (236, 1, Alarm.SOS), (242, 1, Alarm.FALL), (246, 1, Alarm.MOVEMENT), (247, 1, Alarm.OTHER),
        (249, 1, Alarm.JAMMING), (251, 1, Alarm.OTHER), (252, 1, Alarm.POWER_CUT),
        (253, 2, Alarm.OTHER),
    ],
)  # fmt: skip
def test_each_alarm_is_read_when_raised_and_not_when_it_is_over(element: int, value: int, alarm: Alarm) -> None:
    assert only(packet(record({element: value}))).alarms == (alarm,)
    assert only(packet(record({element: 0}, event=element))).alarms == ()


def test_a_jammed_receiver_is_an_alarm_in_the_extended_codec() -> None:
    head = RECORD.pack(START_US // 1000, 0, 745_698_200, 428_746_100, 760, 90, 9, 36)
    elements = struct.pack(">HHHHB", 318, 1, 1, 318, 2) + bytes(8)
    assert only(packet(head + elements, codec=CODEC_8_EXTENDED)).alarms == (Alarm.JAMMING,)


def test_all_alarms_of_a_record_are_read_and_a_crash_hides_none() -> None:
    message = only(packet(record({253: 1, 252: 1, 249: 1, 247: 1, 242: 1, 236: 1})))
    assert message.alarms == (Alarm.SOS, Alarm.FALL, Alarm.OTHER, Alarm.JAMMING, Alarm.POWER_CUT)
    assert message.extra["alarm"] == "crash,harsh_driving"


@pytest.mark.parametrize(("event", "alarm"), [(155, Alarm.GEOFENCE), (175, Alarm.GEOFENCE), (255, Alarm.OVERSPEED)])
def test_a_zone_or_a_speed_is_an_alarm_when_it_is_the_event_of_the_record(event: int, alarm: Alarm) -> None:
    assert only(packet(record({event: 0}, event=event))).alarms == (alarm,)
    assert only(packet(record({event: 1}))).alarms == ()


def test_a_record_of_panic_priority_is_a_panic_unless_its_event_is_another_alarm() -> None:
    assert only(packet(record({1: 1}, event=1, priority=2))).alarms == (Alarm.SOS,)
    assert only(packet(record(event=0, priority=2))).alarms == (Alarm.SOS,)
    assert only(packet(record({249: 1}, event=249, priority=2))).alarms == (Alarm.JAMMING,)
    assert only(packet(record({1: 1}, event=1, priority=1))).alarms == ()


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"lat": 900_000_001}, "position"), ({"speed": 65_535}, "speed"), ({"heading": 361}, "heading"),
     ({"time_ms": 0}, "time"), ({"time_ms": 2**63}, "time")],
)  # fmt: skip
def test_an_impossible_field_is_unknown_and_keeps_back_neither_the_alarm_nor_the_next_record(
    changes: dict[str, Any], name: str
) -> None:
    first, second = read(packet(record({236: 1}, **changes), record())).messages
    assert (first.alarms, first.extra["unreadable"]) == ((Alarm.SOS,), [name])
    fields = {
        "position": (first.lat, first.lon, first.valid, first.fixed_at_us),
        "speed": (first.speed_mps,),
        "heading": (first.heading_deg,),
        "time": (first.fixed_at_us,),
    }
    assert set(fields[name]) == {None}
    assert second.lat == 42.87461


def test_the_time_of_a_record_without_a_place_is_when_it_was_sent() -> None:
    assert only(packet(record(lat=900_000_001))).sent_at_us == START_US


def test_an_engines_value_is_not_taken_for_a_battery() -> None:
    message = only(packet(record(twos={113: 50})))
    assert (message.battery_pct, message.extra["io113"]) == (None, 50)
    assert only(packet(record({113: 101}))).battery_pct is None


@pytest.mark.parametrize(
    ("ones", "twos", "charging"),
    [({}, {66: 12_000}, True), ({}, {66: 300}, False), ({252: 1}, {66: 12_000}, False), ({113: 50, 116: 1}, {}, True),
     ({113: 50, 116: 0}, {}, False), ({116: 1}, {}, None), ({}, {}, None)],
)  # fmt: skip
def test_charging_is_said_by_the_supply_or_by_a_personal_trackers_charger(
    ones: dict[int, int], twos: dict[int, int], charging: bool | None
) -> None:
    assert only(packet(record(ones, twos=twos))).charging is charging


@pytest.mark.parametrize("codec", CODECS)
def test_the_serving_cell_is_read_when_it_is_whole(codec: int) -> None:
    cell = Cell(mcc=437, mnc=5, lac=3020, cid=1025)
    assert only(encoder.encode_records([fix(cells=(cell,))], codec=codec)).cells == (cell,)
    assert only(encoder.encode_records([fix(cells=(Cell(mcc=0, mnc=5, lac=3020, cid=1025),))])).cells == ()


def test_a_group_of_sixteen_byte_elements_that_nothing_announces_is_found_because_it_fills_the_packet() -> None:
    wide = record()[:-1] + b"\x00" + b"\x01\x05" + bytes(15) + b"\x07"
    first, second = read(packet(wide, wide)).messages
    assert first == second
    assert first.extra["io5"] == "00" * 15 + "07"


def test_a_whole_number_that_json_readers_disagree_about_is_text() -> None:
    eight = record()[:-1] + b"\x01\x4e" + struct.pack(">Q", 2**63 + 1)
    assert only(packet(eight)).extra["io78"] == str(2**63 + 1)


def test_a_text_where_an_alarm_has_a_number_raises_nothing_and_breaks_nothing() -> None:
    eight = record()[:-1] + b"\x02\xfc" + struct.pack(">Q", 2**63) + b"\xec" + struct.pack(">Q", 1)
    message = only(packet(eight))
    assert (message.alarms, message.extra["io252"]) == ((Alarm.SOS,), str(2**63))


def test_more_elements_of_one_width_than_are_made_ready_are_read() -> None:
    ones = dict.fromkeys(range(10, 110), 3)
    assert only(packet(record(ones))).extra["io109"] == 3


def extended(number: int, data: bytes) -> bytes:
    head = RECORD.pack(START_US // 1000, 0, 745_698_200, 428_746_100, 760, 90, 9, 36)
    variable = struct.pack(">HHH", 1, number, len(data)) + data
    return packet(head + struct.pack(">HH", number, 1) + bytes(8) + variable, codec=CODEC_8_EXTENDED)


def test_beacons_and_tags_heard_are_read_and_never_taken_for_the_platforms_own_finding() -> None:
    beacon = bytes(range(16)) + struct.pack(">HHb", 523, 266, -48)
    eddystone = bytes(10) + bytes(6) + b"\xb0" + b"\x00\x1e"
    heard = only(extended(385, b"\x11\x21" + beacon + b"\x02" + eddystone)).extra
    assert [entry["rssi_dbm"] for entry in heard["beacons"]] == [-48, -80]
    assert (heard["beacons"][0]["major"], heard["beacons"][1]["battery_raw"]) == (523, 30)
    assert "proximity_ble" not in heard
    tag = b"\x00\x01\xc6\x01\x02\xab\xcd\x02\x02\x80\x6d\x09\x01\x07"
    (entry,) = only(extended(548, b"\x01" + bytes([len(tag)]) + tag)).extra["tags"]
    assert entry == {"rssi_dbm": -58, "id": "abcd", "battery_mv": 3090, "field9": "07"}


@pytest.mark.parametrize(
    ("number", "data"),
    [
        (385, b"\x11\x21\x00"),
        (548, b"\x01\x09\x00"),
        (548, b"\x01\x02\x00\x09"),
        (256, b"\xff\x00"),
        (999, b"\x01"),
    ],
)
def test_a_list_that_ends_too_early_is_kept_as_it_came_and_costs_no_place(number: int, data: bytes) -> None:
    message = only(extended(number, data))
    assert (message.lat, message.extra[f"io{number}"]) == (42.87461, data.hex())


def gh3000(priority: int = 0, mask: int = 0b1111, extra: bytes = b"", lat: float = 42.5) -> bytes:
    location = b"\xff" + struct.pack(">ffHBBBHHBI", lat, 74.5, 760, 64, 36, 7, 3020, 1025, 22, 43705)
    head = struct.pack(">IB", priority << 30 | START_US // 1_000_000 - 1_167_609_600, mask)
    elements = b"\x02\x01\x48" + (extra or b"\x02\x00") + b"\x01\x14\x00\x10" + b"\x01\x05\x00\x00\x00\x0a"
    return head + (location if mask & 1 else b"") + elements


def test_the_oldest_personal_tracker_is_read_by_its_masks() -> None:
    message = only(packet(gh3000(), codec=7))
    assert (message.lat, message.lon, message.valid, message.heading_deg) == (42.5, 74.5, True, 90.0)
    assert (message.speed_mps, message.altitude_m, message.battery_pct) == (10.0, 760.0, 72.0)
    assert (message.cells, message.alarms) == ((Cell(mcc=437, mnc=5, lac=3020, cid=1025),), ())
    assert message.fixed_at_us == START_US
    without = only(packet(gh3000(mask=0b1110), codec=7))
    assert (without.lat, without.valid, without.sent_at_us) == (None, None, START_US)
    assert only(packet(gh3000(lat=float("nan")), codec=7)).extra["unreadable"] == ["position"]


def test_the_oldest_trackers_panic_is_its_button_or_its_priority() -> None:
    assert only(packet(gh3000(extra=b"\xde\x01"), codec=7)).alarms == (Alarm.SOS,)
    assert only(packet(gh3000(priority=2), codec=7)).alarms == (Alarm.SOS,)
    assert refusal(packet(gh3000()[:-1], codec=7)).detail.startswith("records: ")


def test_a_datagram_names_its_device_and_is_answered_with_its_number() -> None:
    frame = encoder.encode_datagram([fix(), fix()], packet=0xCAFE, avl_packet=0x22)
    assert CODEC.frames_of_datagram is not None
    assert CODEC.frames_of_datagram(frame) == [frame]
    decoded = read(frame, Session())
    assert decoded.device_id == IMEI
    assert [message.device_id for message in decoded.messages] == [IMEI, IMEI]
    assert decoded.answer == bytes.fromhex("00050000012202")


def test_a_datagram_over_the_limit_is_refused_and_an_empty_one_is_nothing() -> None:
    assert CODEC.frames_of_datagram is not None
    (broken,) = CODEC.frames_of_datagram(bytes(FRAME_BYTES_MAX + 1))
    assert not isinstance(broken, bytes)
    assert (broken.error.code, len(broken.raw)) == (ErrorCode.FRAME_TOO_LONG, FRAME_BYTES_MAX)
    assert CODEC.frames_of_datagram(b"") == []


def test_a_flipped_bit_anywhere_in_the_data_is_found() -> None:
    frame = encoder.encode_records([fix()])
    for at in range(8, len(frame)):
        error = refusal(frame[:at] + bytes([frame[at] ^ 0x10]) + frame[at + 1 :])
        assert error.detail == "checksum: expected CRC-16/ARC of the data"


@pytest.mark.parametrize(
    ("frame", "code", "names"),
    [
        (b"", ErrorCode.UNKNOWN_FRAME, "frame"),
        (b"\x00\x0fabc", ErrorCode.UNKNOWN_FRAME, "frame"),
        (b"\x00\x0f86000000000001x", ErrorCode.BAD_FIELD, "imei"),
        (b"\x00\x04\x00\x01\x02\x00", ErrorCode.UNKNOWN_FRAME, "frame"),
        (bytes(8), ErrorCode.BAD_FIELD, "length"),
        (bytes(12), ErrorCode.BAD_FIELD, "data"),
        (packet(record())[:-2], ErrorCode.BAD_FIELD, "length"),
        (bytes(FRAME_BYTES_MAX + 1), ErrorCode.FRAME_TOO_LONG, "frame"),
        (framed(b"\x08\x01" + record() + b"\x02"), ErrorCode.BAD_FIELD, "number of records"),
        (framed(b"\x08\x02" + record() + b"\x02"), ErrorCode.BAD_FIELD, "records"),
        (framed(b"\x08\x01" + record() + b"\x00\x00\x01"), ErrorCode.BAD_FIELD, "records"),
    ],
)
def test_a_bad_frame_is_refused_naming_the_field(frame: bytes, code: ErrorCode, names: str) -> None:
    error = refusal(frame)
    assert error.code is code
    assert error.detail.startswith(f"{names}: ")


def test_a_codec_to_come_is_a_sign_of_life_and_acknowledged() -> None:
    assert read(framed(b"\x99\x02whatever\x02")) == Decoded(device_id=IMEI, messages=(), answer=bytes([0, 0, 0, 2]))


_fixes = st.builds(
    fix,
    fixed_at_us=st.integers(1, 4_102_444_799_999).map(lambda ms: ms * 1000),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    altitude_m=st.integers(-500, 9000).map(float),
    speed_mps=st.integers(0, 200).map(lambda kmh: round(kmh / 3.6, 6)),
    heading_deg=st.integers(0, 359).map(float),
    valid=st.booleans(),
    battery_pct=st.integers(0, 100),
    alarms=st.lists(st.sampled_from(sorted(encoder.ELEMENT_OF_ALARM)), unique=True).map(tuple),
)


@given(st.lists(_fixes, min_size=1, max_size=6), st.sampled_from(CODECS))
def test_what_the_device_writes_is_what_the_codec_reads(said: list[Message], codec: int) -> None:
    decoded = read(encoder.encode_records(said, codec=codec))
    assert decoded.answer == len(said).to_bytes(4, "big")
    for told, heard in zip(said, decoded.messages, strict=True):
        for name in ("fixed_at_us", "valid", "battery_pct"):
            assert getattr(heard, name) == getattr(told, name), name
        for name in ("altitude_m", "speed_mps", "heading_deg"):
            value = getattr(told, name)
            assert getattr(heard, name) == (value if told.valid or value else None), name
        assert set(heard.alarms) == set(told.alarms)
        assert heard.lat == pytest.approx(told.lat, abs=1e-7)
        assert heard.lon == pytest.approx(told.lon, abs=1e-7)


@given(st.binary(max_size=120), st.sampled_from([7, 8, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x8E, 0x99]), st.integers(0, 3))
def test_any_data_with_a_right_checksum_give_messages_or_a_protocol_error(data: bytes, codec: int, count: int) -> None:
    number = bytes([count])
    check(framed(bytes([codec]) + number + data + number))
    check(struct.pack(">HHBBH", 23 + len(data), 1, 1, 1, 15) + IMEI.encode() + bytes([codec]) + data)


@given(st.data())
def test_a_mutated_frame_gives_messages_or_a_protocol_error(data: st.DataObject) -> None:
    frames = [frame_of("teltonika", entry) for entry in vectors("teltonika")]
    frame = bytearray(data.draw(st.sampled_from(frames)))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    check(bytes(frame))
    if len(frame) > 12:
        check(framed(bytes(frame[8:-4])))


def check(frame: bytes) -> None:
    try:
        decoded = read(frame)
    except ProtocolError:
        return
    for message in decoded.messages:
        check_message(message)
