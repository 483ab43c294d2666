"""Frames with a place: date, satellites, coordinates, speed, course; then a cell, a status, and what the model adds."""

from __future__ import annotations

from struct import Struct
from typing import Final

from aralyk.protocols.gt06.alarms import code_alarm, is_vehicle_model, status_alarm
from aralyk.protocols.gt06.reader import About, Draft, Reader, moment_us
from aralyk.protocols.messages import Alarm, Cell

KMH_MPS: Final = 1 / 3.6
DEGREE_PARTS: Final = 1_800_000  # minutes in ten-thousandths, times three
LAT_PARTS_MAX: Final = 90 * DEGREE_PARTS
LON_PARTS_MAX: Final = 180 * DEGREE_PARTS
COURSE_BITS: Final = 0x3FF
NORTH: Final = 1 << 10
WEST: Final = 1 << 11
VALID: Final = 1 << 12
_HAS_IGNITION: Final = 1 << 14
_IGNITION: Final = 1 << 15
_LONG_MNC: Final = 1 << 15

DATE: Final = Struct(">6B")
FIX: Final = Struct(">6BBIIBH")
_PLACE: Final = Struct(">IIH")
_CELL: Final = Struct(">HBHBH")
_WIDE_CELL_KINDS: Final = frozenset({0xA0, 0xA2, 0xA3, 0xA4, 0xA5})
_FENCE_LAST_KINDS: Final = frozenset({0x27, 0xA4})
_ZEROED_BYTES: Final = 45  # a device without any cell fills the room of five with zeros
_TRACKERS: Final = frozenset({"NT20", "XT40"})


def read_date(reader: Reader, draft: Draft, about: About) -> None:
    """Take year, month, day, hour, minute, second."""
    draft.at_us = moment_us(*reader.take(DATE), zone_us=about.zone_us)
    if draft.at_us is None:
        draft.unreadable("time")


def read_fix(reader: Reader, draft: Draft, about: About) -> None:
    """Take date, satellites, latitude, longitude, speed and flags: 18 bytes in nearly every frame with a place."""
    year, month, day, hour, minute, second, satellites, lat, lon, kmh, flags = reader.take(FIX)
    draft.at_us = moment_us(year, month, day, hour, minute, second, zone_us=about.zone_us)
    if draft.at_us is None:
        draft.unreadable("time")
    draft.extra["satellites"] = satellites & 0x0F
    draft.speed_mps = kmh * KMH_MPS
    place(draft, lat, lon, flags)


def place(draft: Draft, lat: int, lon: int, flags: int) -> None:
    """Understand coordinates and the flags that belong to them."""
    course = flags & COURSE_BITS
    if course < 360:
        draft.heading_deg = float(course)
    elif course == 360:
        draft.heading_deg = 0.0
    else:
        draft.unreadable("course")
    if flags & _HAS_IGNITION:
        draft.extra["ignition"] = bool(flags & _IGNITION)
    if lat > LAT_PARTS_MAX or lon > LON_PARTS_MAX:
        draft.unreadable("place")
        return
    draft.valid = bool(flags & VALID)
    draft.lat = lat / DEGREE_PARTS if flags & NORTH else 0.0 - lat / DEGREE_PARTS
    draft.lon = 0.0 - lon / DEGREE_PARTS if flags & WEST else lon / DEGREE_PARTS


def read_plain(reader: Reader, draft: Draft, about: About) -> None:
    """Kinds 10, 1A, 1E: a fix, and nothing that we read after it."""
    read_fix(reader, draft, about)


def read_cell(reader: Reader, draft: Draft, about: About, *, wide_mnc: bool = False, cid_bytes: int = 3) -> None:
    """Take one cell; all zeros is none."""
    if about.kind in _WIDE_CELL_KINDS or wide_mnc or cid_bytes != 3 or reader.data[reader.at] >= 0x80:
        mcc = reader.u16()
        mnc = reader.u16() if wide_mnc or mcc & _LONG_MNC else reader.u8()
        wide = about.kind in _WIDE_CELL_KINDS
        lac = reader.number(4 if wide else 2)
        cid = reader.number(8 if wide else cid_bytes)
        mcc &= ~_LONG_MNC
    else:
        mcc, mnc, lac, high, low = reader.take(_CELL)
        cid = high << 16 | low
    if mcc:
        draft.cells.append(Cell(mcc=mcc, mnc=mnc, lac=lac, cid=cid))


def read_1_2(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 12, the commonest: a fix and a cell; the length tells what a relative adds."""
    read_fix(reader, draft, about)
    if reader.rest > 6:
        read_cell(reader, draft, about)
        addition = _ADDITIONS_12.get(about.length)
        if addition is not None:
            addition(reader, draft, about)
        elif about.length >= 0x71:
            _read_card(reader, draft)
    read_tail(reader, draft)


def _read_card(reader: Reader, draft: Draft) -> None:
    draft.extra["odometer"] = reader.u32()
    draft.extra["card"] = reader.text(reader.u8())


def _read_meter(reader: Reader, draft: Draft, about: About) -> None:
    _read_card(reader, draft)
    if reader.u8():
        draft.raised(Alarm.OTHER)
        draft.extra["alarm"] = "general"
    draft.extra["card_status"] = reader.u8()
    draft.extra["driving_time"] = reader.u16()


def _read_inputs(reader: Reader, draft: Draft, about: About) -> None:
    mask = reader.u16()
    draft.extra |= {"ignition": bool(mask & 0x8000), "input_2": bool(mask & 0x4000), "input_mask": mask}


def _read_power(reader: Reader, draft: Draft, about: About) -> None:
    read_terminal(reader, draft, seventh=Alarm.OVERSPEED)
    draft.extra["external_power_v"] = reader.u16() / 100
    draft.extra["gsm_signal"] = reader.u8()
    draft.extra["alarm_extension"] = reader.u8()


def _read_tank(reader: Reader, draft: Draft, about: About) -> None:
    read_terminal(reader, draft)
    draft.extra["external_power_v"] = reader.u16() / 100
    draft.extra["gsm_signal"] = reader.u8()
    code_alarm(reader.u8(), draft, about)
    draft.extra["fuel"] = reader.u16()
    temperature = reader.u8()
    draft.extra["temperature_c"] = -(temperature & 0x7F) if temperature & 0x80 else temperature
    draft.extra["odometer"] = reader.u32() * 10


_ADDITIONS_12: Final = {0x21: _read_inputs, 0x24: _read_power, 0x29: _read_meter, 0x2B: _read_tank}


def read_11(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 11: the cell's numbers are wider."""
    read_fix(reader, draft, about)
    if reader.rest > 6:
        read_cell(reader, draft, about, wide_mnc=True, cid_bytes=4)
    read_tail(reader, draft)


def read_upload(reader: Reader, draft: Draft, about: About) -> None:
    """Kinds 22, 2D, 31, 37, A0: a fix, a cell, ignition, the reason of the report, and whether it was stored."""
    if about.kind == 0x22 and (about.model in _TRACKERS or _names_itself(reader)):
        _read_tracker(reader, draft, about)
        return
    read_fix(reader, draft, about)
    climate = about.kind == 0x22 and about.length == 0x2F
    high = about.kind == 0x31 and about.length == 0x2A
    if reader.rest > 6:
        read_cell(reader, draft, about, wide_mnc=high, cid_bytes=4 if climate or high else 3)
    if climate:
        _read_climate(reader, draft)
    elif reader.rest >= 3:
        draft.extra["ignition"] = reader.u8() > 0
        draft.extra["event"] = reader.u8()
        if reader.u8():
            draft.extra["stored"] = True
    if high:
        draft.extra["odometer"] = reader.u32()
        draft.altitude_m = float(reader.s16())
    elif about.kind == 0x37:
        read_modules(reader, draft)
    read_tail(reader, draft)


def _names_itself(reader: Reader) -> bool:
    imei = reader.data[reader.at + 1 : reader.at + 9].hex()
    return reader.rest >= 55 and imei.isdigit() and imei[0] == "0"


def _read_tracker(reader: Reader, draft: Draft, about: About) -> None:
    draft.extra["location_source"] = reader.u8()
    draft.device_id = reader.raw(8).hex()[1:]
    read_date(reader, draft, about)
    read_fix(reader, draft, about)
    _read_counted_cell(reader, draft, about)
    read_terminal(reader, draft)
    draft.extra["external_power_v"] = reader.u16() / 100
    draft.extra["battery_v"] = reader.u8() / 10
    draft.extra["gsm_signal"] = reader.u8()
    code_alarm(reader.u8(), draft, about)
    reader.skip(1)  # language
    draft.extra["odometer"] = reader.number(3)
    draft.extra["driving_time_min"] = reader.number(3)


def _read_climate(reader: Reader, draft: Draft) -> None:
    draft.extra["ignition"] = reader.u8() > 0
    reader.skip(1)  # way of reporting
    if reader.u8():
        draft.extra["stored"] = True
    draft.extra["odometer"] = reader.u32()
    reader.skip(4)  # driving time
    temperature = reader.u16()
    draft.extra["temperature_c"] = (-(temperature & 0x7FFF) if temperature & 0x8000 else temperature) / 100
    draft.extra["humidity_pct"] = reader.u16() / 100


def read_modules(reader: Reader, draft: Draft) -> None:
    """Take the additions that name themselves, to the end: number, length, value."""
    while reader.rest >= 3:
        number, value = reader.u16(), reader.raw(reader.u8())
        whole = int.from_bytes(value, "big")
        if number == 0x0018:
            draft.extra["battery_v"] = whole / 100
        elif number == 0x0027:
            draft.extra["external_power_v"] = whole / 100
        elif number == 0x002E:
            draft.extra["odometer"] = whole
        elif number == 0x003B:
            draft.accuracy_m = whole / 100 if whole else None
        elif number == 0x006A and whole <= 100:
            draft.battery_pct = float(whole)
        else:
            draft.extra.setdefault("modules", {})[f"{number:04x}"] = value.hex()


def read_status_position(reader: Reader, draft: Draft, about: About) -> None:
    """Kinds 16, 26, 27, 32, A3, A4: a fix, a cell with its length, status, battery, signal and alarm code."""
    read_fix(reader, draft, about)
    high = about.kind == 0x32 and about.length in (0x27, 0x29)
    if about.kind == 0x16 and about.length == 0x24:
        read_cell(reader, draft, about)
        read_terminal(reader, draft, seventh=Alarm.OVERSPEED)
        read_battery(reader, draft)
        draft.extra["gsm_signal"] = reader.u8()
        draft.extra["alarm_extension"] = reader.u8()
    else:
        if about.kind == 0xA3:
            draft.extra["fence"] = reader.u8()
            read_cell(reader, draft, about)
        else:
            _read_counted_cell(reader, draft, about, high=high)
        read_status(reader, draft, about)
    if reader.rest:
        reader.skip(1)  # language
    if high:
        draft.altitude_m = float(reader.s16())
    elif about.kind in _FENCE_LAST_KINDS and reader.rest:
        draft.extra["fence"] = reader.u8()
    elif is_vehicle_model(about.model) and reader.rest >= 9:
        draft.extra["driver_id"] = reader.raw(8).hex()
    read_tail(reader, draft)


def _read_counted_cell(reader: Reader, draft: Draft, about: About, *, high: bool = False) -> None:
    length = reader.u8()
    begin = reader.at
    if length == 0:
        filler = reader.data[begin + 9 : min(begin + _ZEROED_BYTES, reader.end)]
        if not any(filler):
            reader.skip(min(reader.rest, _ZEROED_BYTES))
        return
    seeworld = about.kind == 0x16 and about.length == 0x26
    read_cell(reader, draft, about, wide_mnc=high, cid_bytes=4 if seeworld or high else 3)
    # The length counts itself in most devices, and only the cell in others.
    if not high and not seeworld and reader.at < begin + length - 1:
        reader.skip(begin + length - 1 - reader.at)


def read_terminal(reader: Reader, draft: Draft, *, seventh: Alarm = Alarm.STRAP_OPEN) -> None:
    """Take the status byte."""
    status = reader.u8()
    draft.extra["status"] = status
    draft.extra["ignition"] = bool(status & 0x02)
    draft.charging = bool(status & 0x04)
    if status & 0x80:
        draft.extra["blocked"] = True  # fuel and current are cut off
    status_alarm(status >> 3 & 7, draft, seventh=seventh)


def read_battery(reader: Reader, draft: Draft) -> None:
    """Take the battery: 0 to 6 is a level in most devices, anything up to 100 a percentage."""
    battery = reader.u8()
    if battery <= 6:
        draft.battery_pct = float(battery * 100 // 6)
        draft.extra["battery_level"] = battery
    elif battery <= 100:
        draft.battery_pct = float(battery)


def read_status(reader: Reader, draft: Draft, about: About) -> None:
    """Take status, battery, signal and alarm code."""
    read_terminal(reader, draft)
    read_battery(reader, draft)
    draft.extra["gsm_signal"] = reader.u8()
    if reader.rest:
        code_alarm(reader.u8(), draft, about)


def read_lw_position(reader: Reader, draft: Draft, about: About) -> None:
    """Kind A2 with 64 bytes."""
    read_fix(reader, draft, about)
    read_cell(reader, draft, about)
    reader.skip(1)  # kind of network
    read_terminal(reader, draft)
    draft.extra["external_power_v"] = reader.u16() / 100
    read_battery(reader, draft)
    draft.extra["gsm_signal"] = reader.u8()
    code_alarm(reader.u8(), draft, about)
    reader.skip(1)  # language
    draft.extra["odometer"] = reader.u32()
    draft.extra["driving_time_s"] = reader.u32()
    reader.skip(8)  # the terminal's number
    draft.extra["inputs"] = reader.u16()


def read_card_position(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 17 with 40 bytes: a fix, a cell and a card that was read."""
    read_fix(reader, draft, about)
    read_cell(reader, draft, about)
    draft.extra["driver_id"] = reader.raw(8).hex()


def read_vehicle_position(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 36 of vehicle models."""
    read_fix(reader, draft, about)
    read_cell(reader, draft, about, cid_bytes=4)
    draft.extra["ignition"] = reader.u8() > 0
    draft.extra["event"] = reader.u8()
    if reader.u8():
        draft.extra["stored"] = True
    draft.extra["odometer"] = reader.u32()
    draft.extra["external_power_v"] = reader.u16() / 100
    draft.extra["battery_v"] = reader.u8() / 10
    draft.extra["driving_time_s"] = reader.u16() * 3600 + reader.u8() * 60 + reader.u8()


def read_driver_position(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 61: names its device itself."""
    draft.device_id = reader.raw(8).hex()[1:]
    read_fix(reader, draft, about)
    read_cell(reader, draft, about, cid_bytes=4)
    reader.skip(2)
    driver = reader.u32()
    if driver:
        draft.extra["driver_id"] = str(driver)


def read_x1_position(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 34 of X1; it expects no acknowledgement."""
    draft.answered = False
    draft.extra["data_and_alarm"] = reader.u32()
    read_fix(reader, draft, about)
    reader.skip(2)
    draft.extra["odometer"] = reader.u32()
    read_cell(reader, draft, about, cid_bytes=4)
    driver = reader.u32()
    if driver:
        draft.extra["driver_id"] = str(driver)
    draft.extra["battery_v"] = reader.u16() / 100
    draft.extra["external_power_v"] = reader.u16() / 100
    ports = reader.u32()
    draft.extra["inputs"], draft.extra["outputs"] = reader.u8(), reader.u8()
    draft.extra["adc_v"] = [reader.u16() / 100 for _ in range(ports >> 20 & 0x0F)]


def read_power_position(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 24 with 46 bytes; it expects no acknowledgement."""
    draft.answered = False
    read_fix(reader, draft, about)
    read_cell(reader, draft, about)
    draft.extra["ignition"] = reader.u8() > 0
    draft.extra["external_power_v"] = reader.u16() / 100
    draft.extra["battery_v"] = reader.u16() / 100


def read_tail(reader: Reader, draft: Draft) -> None:
    """Take what many models add: ignition, reason, stored; an odometer."""
    if reader.rest in (3, 7):
        draft.extra["ignition"] = reader.u8() > 0
        draft.extra["event"] = reader.u8()
        if reader.u8():
            draft.extra["stored"] = True
    if reader.rest == 4:
        draft.extra["odometer"] = reader.u32()


def read_short_place(reader: Reader, draft: Draft) -> None:
    """Take latitude, longitude and flags without satellites and speed."""
    place(draft, *reader.take(_PLACE))
