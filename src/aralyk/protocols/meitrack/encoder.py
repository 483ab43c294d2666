"""Speaks as the device: the load tools and the tests use it. Frames end with a line's end, as on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from aralyk.protocols.meitrack.binary import CCC_HEAD, CCC_RECORD, CCE_CELL, CCE_HEAD, CCE_RECORD_HEAD, DEGREE_STEPS
from aralyk.protocols.meitrack.envelope import START, envelope
from aralyk.protocols.meitrack.values import DEVICE_EPOCH_S
from aralyk.protocols.messages import EPOCH, Alarm, Cell, Message

EVENTS: Final = {
    Alarm.SOS: 1,
    Alarm.LOW_BATTERY: 17,
    Alarm.OVERSPEED: 19,
    Alarm.GEOFENCE: 21,
    Alarm.POWER_CUT: 23,
    Alarm.TAMPER: 28,
    Alarm.MOVEMENT: 36,
    Alarm.POWER_OFF: 40,
    Alarm.JAMMING: 44,
}
_REGULAR: Final = 35
_FLAG: Final = "A"


def encode_report(message: Message) -> bytes:
    """Write the text report.

    Raises:
        ValueError: No device, no time, no place, or more than one alarm (a report has room for one event).
    """
    device_id, lat, lon, at_us = _stands_on(message)
    at = EPOCH + timedelta(microseconds=at_us)
    cell = "0|0|0000|0000"
    for heard in message.cells[:1]:
        cell = f"{heard.mcc}|{heard.mnc}|{heard.lac:04X}|{heard.cid:04X}"
    fields = [
        str(_event(message)), f"{lat:.6f}", f"{lon:.6f}", at.strftime("%y%m%d%H%M%S"), "A" if message.valid else "V",
        "7", "20", str(_speed_kmh(message)), str(int(message.heading_deg or 0)), "0.9",
        str(int(message.altitude_m or 0)), "1200", "3600", cell, "0000", "0000|0000|0000|018D|04F0",
    ]  # fmt: skip
    return envelope(START, _FLAG, device_id, "AAA", ",".join(fields).encode("ascii"))


def encode_ccc(messages: Sequence[Message]) -> bytes:
    """Write a batch of records of one size; the first one names the device.

    Raises:
        ValueError: As of the report.
    """
    content = CCC_HEAD.pack(0x0102, CCC_RECORD.size, 0)
    for message in messages:
        _, lat, lon, at_us = _stands_on(message)
        cell = _cell(message)
        content += CCC_RECORD.pack(
            _event(message), round(lat * DEGREE_STEPS), round(lon * DEGREE_STEPS), at_us // 1_000_000 - DEVICE_EPOCH_S,
            bool(message.valid), 7, 20, _speed_kmh(message), int(message.heading_deg or 0), 9,
            int(message.altitude_m or 0), 1200, 3600, cell.mcc, cell.mnc, cell.lac, cell.cid & 0xFFFF, 0, 0, 397, 0, 0,
        )  # fmt: skip
    return envelope(START, _FLAG, _stands_on(messages[0])[0], "CCC", content)


def encode_cce(messages: Sequence[Message]) -> bytes:
    """Write a batch of records of numbered values; a record has room for all alarms.

    Raises:
        ValueError: No device, no time or no place.
    """
    content = CCE_HEAD.pack(0, len(messages))
    for message in messages:
        record = _cce_record(message)
        content += CCE_RECORD_HEAD.pack(len(record) + 2, sum(map(len, _cce_values(message)))) + record
    return envelope(START, _FLAG, _stands_on(messages[0])[0], "CCE", content)


def encode_question(device_id: str) -> bytes:
    """Write the frame that the device waits to have confirmed."""
    return envelope(START, _FLAG, device_id, "AAC", b"1")


def encode_confirmation(device_id: str, kind: str) -> bytes:
    """Write that a command was taken."""
    return envelope(START, _FLAG, device_id, kind, b"OK")


def samples() -> list[bytes]:
    """One frame of each kind as on the wire, for tests that must hold for all protocols."""
    place = Message(
        device_id="860000000000017", fixed_at_us=1_795_255_200_000_000, lat=42.87461, lon=74.56982, valid=True,
        speed_mps=5.0, heading_deg=111, altitude_m=760, battery_pct=80, alarms=(Alarm.SOS,),
        cells=(Cell(mcc=437, mnc=5, lac=30200, cid=10251, rssi_dbm=-73),),
    )  # fmt: skip
    return [
        encode_report(place),
        encode_ccc([place, place]),
        encode_cce([place, place]),
        encode_question("860000000000017"),
        encode_confirmation("860000000000017", "A12"),
    ]


def _cce_record(message: Message) -> bytes:
    return b"".join(bytes((len(values),)) + b"".join(values) for values in _cce_values(message))


def _cce_values(message: Message) -> tuple[list[bytes], list[bytes], list[bytes], list[bytes]]:
    """The values of one, of two, of four bytes, and those that say their length."""
    _, lat, lon, at_us = _stands_on(message)
    ones = [bytes((0x01, EVENTS[alarm])) for alarm in message.alarms] or [bytes((0x01, _REGULAR))]
    ones += [bytes((0x05, bool(message.valid))), b"\x06\x07", b"\x07\x14"]
    if message.battery_pct is not None:
        ones.append(b"\xfe\x69" + bytes((int(message.battery_pct),)))
    twos = [
        b"\x08" + _speed_kmh(message).to_bytes(2, "little"),
        b"\x09" + int(message.heading_deg or 0).to_bytes(2, "little"),
        b"\x0b" + int(message.altitude_m or 0).to_bytes(2, "little", signed=True),
    ]
    fours = [
        b"\x02" + round(lat * DEGREE_STEPS).to_bytes(4, "little", signed=True),
        b"\x03" + round(lon * DEGREE_STEPS).to_bytes(4, "little", signed=True),
        b"\x04" + (at_us // 1_000_000 - DEVICE_EPOCH_S).to_bytes(4, "little"),
    ]
    cells = [
        bytes((0x0E, CCE_CELL.size)) + CCE_CELL.pack(cell.mcc, cell.mnc, cell.lac, cell.cid, cell.rssi_dbm or 0)
        for cell in message.cells[:1]
    ]
    return ones, twos, fours, cells


def _stands_on(message: Message) -> tuple[str, float, float, int]:
    if message.device_id is None or message.fixed_at_us is None or message.lat is None or message.lon is None:
        raise ValueError("a record has a device, a time and a place")
    return message.device_id, message.lat, message.lon, message.fixed_at_us


def _event(message: Message) -> int:
    if len(message.alarms) > 1:
        raise ValueError("a record has room for one event")
    return EVENTS[message.alarms[0]] if message.alarms else _REGULAR


def _speed_kmh(message: Message) -> int:
    return round((message.speed_mps or 0) * 3.6)


def _cell(message: Message) -> Cell:
    return message.cells[0] if message.cells else Cell(mcc=0, mnc=0, lac=0, cid=0)
