"""Reads the binary batches: CCC (records of one size) and CCE (records of numbered values)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final

from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.meitrack.values import DEVICE_EPOCH_S, Said, cell, dbm_of_csq
from aralyk.protocols.messages import AccessPoint, Message

DEGREE_STEPS: Final = 1_000_000
CCC_HEAD: Final = Struct("<HHI")  # version, bytes of a record, records still to come
CCC_RECORD: Final = Struct("<BiiIBBBHHHhIIHHHHHHHHI")
CCE_HEAD: Final = Struct("<IH")  # records still to come, records
CCE_RECORD_HEAD: Final = Struct("<HH")  # bytes behind itself, values
CCE_CELL: Final = Struct("<HHHIh")
_EXTENDED: Final = 0xFE
_MAC_BYTES: Final = 6
_ID_MAX: Final = 64  # unknown values that are kept

# id: name in extra, divisor; without a divisor it is kept as it stands.
_NUMBERS: Final[dict[int, tuple[str, int | None]]] = {
    0x06: ("satellites", None), 0x07: ("gsm", None), 0x14: ("outputs", None), 0x15: ("inputs", None),
    0x0A: ("hdop", 10), 0x16: ("adc_1_v", 100), 0x17: ("adc_2_v", 100), 0x19: ("battery_v", 100),
    0x1A: ("power_v", 100), 0x0C: ("odometer_m", None), 0x0D: ("runtime_s", None), 0x25: ("tag", None),
}  # fmt: skip
_LAT, _LON, _TIME = 0x02, 0x03, 0x04
_VALID, _SPEED, _COURSE, _ALTITUDE = 0x05, 0x08, 0x09, 0x0B
_EVENTS: Final = frozenset({0x01, 0x40})  # of one byte and of two
_LOCK, _LOCKED = 0x47, 2
_BATTERY_LEVEL, _BATTERY_LEVELS = 0xFE69, 0xFEA8
_CELL: Final = 0x0E
_WIFI: Final = range(0x1D, 0x26)
_TEMPERATURES: Final = range(0x2A, 0x32)


def read_ccc(content: bytes, device_id: str) -> list[Message]:
    """Read records of one size.

    Raises:
        ProtocolError: No head, or records shorter than the known ones.
    """
    if len(content) < CCC_HEAD.size:
        raise ProtocolError(ErrorCode.MISSING_FIELD, "CCC: expected a head of 8 bytes")
    size = CCC_HEAD.unpack_from(content)[1]
    if size < CCC_RECORD.size:
        raise ProtocolError(ErrorCode.BAD_FIELD, f"CCC: expected records of at least {CCC_RECORD.size} bytes")
    # A record that was cut is not read and not counted in the answer: the device sends it again.
    starts = range(CCC_HEAD.size, len(content) - size + 1, size)
    return [_ccc_record(content, start).message(device_id) for start in starts]


def _ccc_record(content: bytes, start: int) -> Said:
    (
        event, lat, lon, time, valid, satellites, gsm, speed, course, hdop, altitude, odometer, runtime,
        mcc, mnc, lac, cid, state, adc, battery, power, fence,
    ) = CCC_RECORD.unpack_from(content, start)  # fmt: skip
    return Said(
        events=[event],
        lat=lat / DEGREE_STEPS,
        lon=lon / DEGREE_STEPS,
        time_s=time + DEVICE_EPOCH_S,
        valid=valid == 1,
        speed_kmh=speed,
        course_deg=course,
        altitude_m=altitude,
        cells=cell(mcc, mnc, lac, cid, rssi_dbm=dbm_of_csq(gsm)),
        extra={
            "satellites": satellites, "gsm": gsm, "hdop": hdop / 10, "odometer_m": odometer, "runtime_s": runtime,
            "status": state, "adc_1": adc, "battery_v": battery / 100, "power_raw": power, "fence": fence,
        },
    )  # fmt: skip


def read_cce(content: bytes, device_id: str) -> list[Message]:
    """Read records of numbered values.

    Raises:
        ProtocolError: No head, or a record that does not fit into the frame.
    """
    if len(content) < CCE_HEAD.size:
        raise ProtocolError(ErrorCode.MISSING_FIELD, "CCE: expected a head of 6 bytes")
    count, place = CCE_HEAD.unpack_from(content)[1], CCE_HEAD.size
    messages = []
    for _ in range(count):
        if len(content) < place + CCE_RECORD_HEAD.size:
            raise ProtocolError(ErrorCode.MISSING_FIELD, "CCE: expected as many records as its head says")
        length = CCE_RECORD_HEAD.unpack_from(content, place)[0]
        end = place + 2 + length
        if length < 2 or end > len(content):
            raise ProtocolError(ErrorCode.BAD_FIELD, "CCE: expected records that end within the frame")
        messages.append(_cce_record(content[place + CCE_RECORD_HEAD.size : end]).message(device_id))
        place = end
    return messages


def _cce_record(record: bytes) -> Said:
    said = Said()
    try:
        for number, raw in _values(record):
            _take(number, raw, said)
    except IndexError:
        # What stood before it was read: it may hold the event.
        said.unreadable.append("values")
    return said


def _values(record: bytes) -> Iterator[tuple[int, bytes]]:
    """The values of one, of two, of four bytes, and those that say their length.

    Raises:
        IndexError: The record ends within a value.
    """
    place = 0
    for size in (1, 2, 4, None):
        if place == len(record) and place:
            return
        count = record[place]
        place += 1
        for _ in range(count):
            number = record[place]
            place += 1
            if number == _EXTENDED:
                number = number << 8 | record[place]
                place += 1
            length = size
            if length is None:
                length = record[place]
                place += 1
            if place + length > len(record):
                raise IndexError
            yield number, record[place : place + length]
            place += length


def _take(number: int, raw: bytes, said: Said) -> None:
    if (take := _KNOWN.get(number)) is not None:
        take(raw, said)
    elif number in _NUMBERS:
        name, divisor = _NUMBERS[number]
        value = int.from_bytes(raw, "little")
        said.extra[name] = value if divisor is None else value / divisor
    elif number in _WIFI and len(raw) > _MAC_BYTES:
        _take_wifi(raw, said)
    elif number in _TEMPERATURES and len(raw) == 3:
        said.extra[f"temperature_{number - _TEMPERATURES.start}_c"] = _signed(raw[1:]) / 100
    else:
        unknown = said.extra.setdefault("values", {})
        if len(unknown) < _ID_MAX:
            unknown[f"{number:02x}"] = raw.hex()


def _signed(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def _take_event(raw: bytes, said: Said) -> None:
    said.events.append(int.from_bytes(raw, "little"))


def _take_lat(raw: bytes, said: Said) -> None:
    said.lat = _signed(raw) / DEGREE_STEPS


def _take_lon(raw: bytes, said: Said) -> None:
    said.lon = _signed(raw) / DEGREE_STEPS


def _take_time(raw: bytes, said: Said) -> None:
    said.time_s = int.from_bytes(raw, "little") + DEVICE_EPOCH_S


def _take_valid(raw: bytes, said: Said) -> None:
    said.valid = any(raw)


def _take_speed(raw: bytes, said: Said) -> None:
    said.speed_kmh = int.from_bytes(raw, "little")


def _take_course(raw: bytes, said: Said) -> None:
    said.course_deg = int.from_bytes(raw, "little")


def _take_altitude(raw: bytes, said: Said) -> None:
    said.altitude_m = _signed(raw)


def _take_lock(raw: bytes, said: Said) -> None:
    """The lock of a container, not of a strap; 0 is its word for "none"."""
    if any(raw):
        said.extra["lock"] = raw[0] == _LOCKED


def _take_battery(raw: bytes, said: Said) -> None:
    said.battery_pct = int.from_bytes(raw, "little")


def _take_batteries(raw: bytes, said: Said) -> None:
    """Pairs of "there is one" and its percentage, of up to three batteries."""
    for place, number in zip(range(0, len(raw) - 1, 2), (1, 2, 3), strict=False):
        if raw[place]:
            if number == 1:
                said.battery_pct = raw[place + 1]
            else:
                said.extra[f"battery_{number}_pct"] = raw[place + 1]


def _take_cell(raw: bytes, said: Said) -> None:
    if len(raw) < CCE_CELL.size:
        said.unreadable.append("cell")
        return
    mcc, mnc, lac, cid, rssi_dbm = CCE_CELL.unpack_from(raw)
    said.cells += cell(mcc, mnc, lac, cid, rssi_dbm=rssi_dbm)


def _take_wifi(raw: bytes, said: Said) -> None:
    mac = raw[:_MAC_BYTES]
    if any(mac) and mac != b"\xff" * _MAC_BYTES:
        said.wifi.append(AccessPoint(mac=mac.hex(":"), rssi_dbm=_signed(raw[_MAC_BYTES : _MAC_BYTES + 2])))


_KNOWN: Final[dict[int, Callable[[bytes, Said], None]]] = {
    **dict.fromkeys(_EVENTS, _take_event),
    _LAT: _take_lat,
    _LON: _take_lon,
    _TIME: _take_time,
    _VALID: _take_valid,
    _SPEED: _take_speed,
    _COURSE: _take_course,
    _ALTITUDE: _take_altitude,
    _LOCK: _take_lock,
    _BATTERY_LEVEL: _take_battery,
    _BATTERY_LEVELS: _take_batteries,
    _CELL: _take_cell,
}
