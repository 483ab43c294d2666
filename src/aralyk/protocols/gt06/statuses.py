"""Frames without a place: status and heartbeat, cells, access points, alarms with a picture."""

from __future__ import annotations

from typing import Final

from aralyk.protocols.gt06.alarms import EVENT_ALARMS, code_alarm, status_alarm
from aralyk.protocols.gt06.frame import wrapped
from aralyk.protocols.gt06.positions import (
    KMH_MPS,
    place,
    read_battery,
    read_cell,
    read_date,
    read_fix,
    read_modules,
    read_short_place,
    read_status,
    read_terminal,
)
from aralyk.protocols.gt06.reader import Draft, Reader
from aralyk.protocols.messages import AccessPoint, Alarm, Cell

_CELLS: Final = 7
_NO_WIFI_KINDS: Final = frozenset({0x24, 0x28, 0x2E, 0x34, 0xA1})
_WIDE_KINDS: Final = frozenset({0xA1, 0xA2})
_LONG_CID_KINDS: Final = frozenset({0x33, 0x34})
_PICTURE_BYTES: Final = 1024
_PICTURE_KIND: Final = 0x36
_MARKED: Final = b"\xff\xff"


def read_heartbeat_13(reader: Reader, draft: Draft) -> None:
    """Kind 13; the length and the model tell what stands after the status byte."""
    if reader.length == 0x13:
        _read_signal_status(reader, draft)
        return
    if reader.model == "R11":
        read_terminal(reader, draft)
        draft.extra["external_power_v"] = reader.u16() / 100
        draft.extra["gsm_signal"] = reader.u8()
        if reader.rest:
            code_alarm(reader.u8(), draft, model=reader.model)
    elif reader.model == "SEEWORLD":
        read_terminal(reader, draft)
        read_battery(reader, draft)
        draft.extra["gsm_signal"] = reader.u8()
        draft.extra["external_power_v"] = float(reader.u8())
    elif reader.model.startswith("LW"):
        read_terminal(reader, draft)
        read_battery(reader, draft)
        draft.extra["gsm_signal"] = reader.u8()
        draft.extra["external_power_v"] = (reader.u16() & 0x0FFF) / 10
    else:
        read_status(reader, draft)


def _read_signal_status(reader: Reader, draft: Draft) -> None:
    read_terminal(reader, draft)
    signal = reader.u16()
    draft.extra["satellites"] = (signal >> 10 & 0x1F) + (signal >> 5 & 0x1F)
    draft.extra["gsm_signal"] = signal & 0x1F
    code_alarm(reader.u8(), draft, model=reader.model)
    reader.skip(1)  # language
    battery = reader.u8()
    if battery <= 100:
        draft.battery_pct = float(battery)
    mode = reader.u8()
    draft.extra["external_power_v"] = reader.u16() / 100
    reader.skip(3)
    if mode == 4:
        draft.extra["temperature_c"] = reader.s16() / 10


def read_heartbeat_23(reader: Reader, draft: Draft) -> None:
    """Kind 23: bits 3 to 5 are not an alarm here."""
    status = reader.u8()
    draft.extra |= {"status": status, "armed": bool(status & 1), "ignition": bool(status & 2)}
    draft.charging = bool(status & 4)
    if reader.rest >= 2:
        draft.extra["battery_v"] = reader.u16() / 100
    if reader.rest:
        draft.extra["gsm_signal"] = reader.u8()


def read_status_modules(reader: Reader, draft: Draft) -> None:
    """Kind 36 of trackers: a status, then additions that name themselves."""
    read_status(reader, draft)
    reader.skip(1)  # language
    read_modules(reader, draft)


def read_status_a3(reader: Reader, draft: Draft) -> None:
    """Kind A3 with 12 bytes."""
    read_status(reader, draft)


def read_steps(reader: Reader, draft: Draft) -> None:
    """Kind A3 with 24 bytes: of a wearable, with steps."""
    status = reader.u8()
    draft.extra |= {"status": status, "ignition": bool(status & 0x02)}
    draft.charging = bool(status & 0x04)
    status_alarm(status >> 3 & 7, draft)
    reader.skip(3)
    draft.extra["gsm_signal"] = reader.u8()
    reader.skip(4)
    draft.extra["steps"] = reader.u32()
    battery = reader.u8()
    if battery <= 100:
        draft.battery_pct = float(battery)


def read_cell_status(reader: Reader, draft: Draft) -> None:
    """Kinds 19, A5: a cell and a status."""
    read_cell(reader, draft)
    read_status(reader, draft)


def read_cell_only(reader: Reader, draft: Draft) -> None:
    """Kind A7: a cell, and the wish for an address that we don't have."""
    if reader.rest > 6:
        read_cell(reader, draft)


def read_unknown_cells(reader: Reader, draft: Draft) -> None:
    """Kind 19 from 23 bytes on: several cells in a form that is not known; it expects no acknowledgement."""
    draft.silent = True
    draft.answered = False


def read_cells(reader: Reader, draft: Draft) -> None:
    """Kinds 18, 24, 28, 2C, 2E, 33, 34, A1, A2: a time, cells of one network, then access points in some."""
    read_date(reader, draft)
    counted = reader.kind == 0x24 and reader.length == 0x31
    ahead = counted or reader.kind == 0x34
    if ahead:
        reader.skip(1)  # timing advance
    mcc = reader.u16()
    mnc = reader.u16() if mcc & 0x8000 or reader.kind == 0x34 else reader.u8()
    count = reader.u8() if counted else 6 if reader.kind == 0x33 else _CELLS
    for _ in range(count):
        lac = reader.number(4 if reader.kind in _WIDE_KINDS else 2)
        cid = reader.number(8 if reader.kind in _WIDE_KINDS else 4 if reader.kind in _LONG_CID_KINDS else 3)
        rssi = reader.u8()
        if lac:
            draft.cells.append(Cell(mcc=mcc & 0x7FFF, mnc=mnc, lac=lac, cid=cid, rssi_dbm=_dbm(rssi)))
    if not ahead:
        reader.skip(1)
    if reader.kind not in _NO_WIFI_KINDS and reader.rest:
        for _ in range(reader.u8()):
            draft.wifi.append(AccessPoint(mac=reader.raw(6).hex(":"), rssi_dbm=_dbm(reader.u8())))


def _dbm(byte: int) -> int | None:
    """Most devices send the amount of a negative level, some the level itself with its sign."""
    return None if byte in (0, 255) else -byte if byte < 128 else byte - 256


def read_wifi(reader: Reader, draft: Draft) -> None:
    """Kind F3: access points without levels; it expects no acknowledgement."""
    draft.answered = False
    read_date(reader, draft)
    for _ in range(reader.u8()):
        reader.skip(2)
        draft.wifi.append(AccessPoint(mac=reader.raw(6).hex(":")))


def read_event(reader: Reader, draft: Draft) -> None:
    """Kind 95: an event of a camera, with a place in longer frames, and the names of its pictures."""
    marked = reader.data[reader.at : reader.at + 2] == _MARKED
    if marked:
        reader.skip(3)
    read_date(reader, draft)
    placed = reader.rest > 3
    if marked:
        draft.extra["satellites"] = reader.u8() & 0x0F
        lat, lon, flags = reader.u32(), reader.u32(), reader.u16()
        place(draft, lat, lon, flags)
        draft.speed_mps = reader.u16() * KMH_MPS
        draft.extra["external_power_v"] = reader.u16() / 10
    elif placed:
        read_short_place(reader, draft)
    event = reader.u8()
    draft.extra["event"] = event
    draft.raised(Alarm.SOS if event == 1 and placed else EVENT_ALARMS.get(event, Alarm.OTHER))
    draft.extra["alarm"] = f"event {event:#04x}"
    if reader.rest >= 2:
        draft.extra["event_data"] = reader.u16()
    if reader.rest:
        draft.extra["files"] = reader.text()


def read_picture(reader: Reader, draft: Draft) -> None:
    """Kind 35: a picture is ready; the device waits for being asked for its first piece."""
    draft.silent = True
    reader.skip(6 + 1 + 4 + 4 + 3)  # time, fix, place, camera, source, format
    size, number = reader.u32(), reader.u32()
    first = min(size, _PICTURE_BYTES)
    content = number.to_bytes(4, "big") + bytes(4) + first.to_bytes(2, "big")
    draft.answer = wrapped(_PICTURE_KIND, content, 0)
    draft.withheld = True


def read_asset(reader: Reader, draft: Draft) -> None:
    """Kinds 32 and 33 with a long envelope: parts with their lengths, for an electronic lock."""
    read_date(reader, draft)
    if reader.u8():
        draft.extra["satellites"] = reader.u8() & 0x0F
        lat, lon = reader.u32(), reader.u32()
        draft.speed_mps = reader.u8() * KMH_MPS
        place(draft, lat, lon, reader.u16())
    if reader.u8():
        read_cell(reader, draft)
        draft.extra["gsm_signal"] = reader.u8()
    _read_more_cells(_part(reader), draft)
    _read_access_points(_part(reader), draft)
    status = reader.u8()
    draft.extra["status"] = status
    if reader.kind == 0x33:
        _asset_alarm(status, draft)


def _part(reader: Reader) -> Reader:
    data = reader.raw(reader.u8())
    return Reader(data, 0, len(data))


def _asset_alarm(status: int, draft: Draft) -> None:
    if status in (0xA0, 0xA1):
        draft.extra["armed"] = status == 0xA0
    elif status in (0xA2, 0xA3):
        draft.raised(Alarm.LOW_BATTERY)
    elif status:
        draft.raised(Alarm.OTHER)
        draft.extra["alarm"] = f"status {status:#04x}"


def _read_more_cells(part: Reader, draft: Draft) -> None:
    while part.rest >= 6 and draft.cells:
        lac, cid = part.u16(), part.number(3)
        part.skip(1)
        if lac:
            first = draft.cells[0]
            draft.cells.append(Cell(mcc=first.mcc, mnc=first.mnc, lac=lac, cid=cid))


def _read_access_points(part: Reader, draft: Draft) -> None:
    while part.rest >= 7:
        draft.wifi.append(AccessPoint(mac=part.raw(6).hex(":"), rssi_dbm=_dbm(part.u8())))


def read_long_position(reader: Reader, draft: Draft) -> None:
    """Kind 38 with a long envelope: a fix, a cell whose kind tells its widths, additions."""
    read_fix(reader, draft)
    draft.extra["event"] = reader.u8()
    if reader.u8():
        draft.extra["stored"] = True
    wide = reader.u8() >= 3
    mcc = reader.u16()
    mnc = reader.u16() if mcc & 0x8000 else reader.u8()
    lac, cid = reader.number(4 if wide else 2), reader.number(8 if wide else 3)
    rssi = reader.u16() if wide else reader.u8()
    if mcc:
        draft.cells.append(Cell(mcc=mcc & 0x7FFF, mnc=mnc, lac=lac, cid=cid, rssi_dbm=_dbm(rssi & 0xFF)))
    read_modules(reader, draft)
