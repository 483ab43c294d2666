"""Kind 70 with a long envelope: parts that name themselves, each with its number, its length and its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from aralyk.protocols.gt06.alarms import RESTART_ALARMS
from aralyk.protocols.gt06.positions import KMH_MPS, place
from aralyk.protocols.gt06.reader import CutShort, Draft, Reader, epoch_us
from aralyk.protocols.messages import Alarm, Cell


def read_named_parts(reader: Reader, draft: Draft) -> None:
    """Take part after part; one that is shorter than its fields does not cost the others."""
    while reader.rest >= 4:
        number, value = reader.u16(), reader.raw(reader.u16())
        read = _PARTS.get(number)
        if read is None:
            continue
        try:
            read(Reader(value, 0, len(value)), draft)
        except CutShort:
            draft.unreadable(f"part {number:04x}")


def _read_iccid(part: Reader, draft: Draft) -> None:
    draft.extra["iccid"] = part.raw(10).hex()


def _read_satellites(part: Reader, draft: Draft) -> None:
    draft.extra["satellites"] = part.u8()


def _read_satellites_visible(part: Reader, draft: Draft) -> None:
    draft.extra["satellites_visible"] = part.u8()


def _read_cell(part: Reader, draft: Draft) -> None:
    mcc, mnc, lac, cid = part.u16(), part.u16(), part.u16(), part.number(3)
    if cid:
        draft.cells.append(Cell(mcc=mcc, mnc=mnc, lac=lac, cid=cid))


def _read_battery(part: Reader, draft: Draft) -> None:
    draft.extra["battery_v"] = part.u16() / 100


def _read_hdop(part: Reader, draft: Draft) -> None:
    draft.extra["hdop"] = part.u8() / 10


def _read_index(part: Reader, draft: Draft) -> None:
    draft.extra["index"] = part.u32()


def _read_inputs(part: Reader, draft: Draft) -> None:
    inputs = part.u8()
    draft.extra["door"] = bool(inputs & 0x0F)
    if inputs >> 4:
        draft.raised(Alarm.TAMPER)


def _read_restart(part: Reader, draft: Draft) -> None:
    reason = part.u8()
    draft.extra["restart_reason"] = reason
    if alarm := RESTART_ALARMS.get(reason):
        draft.raised(alarm)


def _read_odometer(part: Reader, draft: Draft) -> None:
    draft.extra["odometer"] = int.from_bytes(part.raw(4), "little")


def _read_fix(part: Reader, draft: Draft) -> None:
    draft.at_us = epoch_us(part.u32())
    draft.extra["satellites"] = part.u8()
    draft.altitude_m = float(part.s16())
    lat, lon = part.u32(), part.u32()
    draft.speed_mps = part.u8() * KMH_MPS
    place(draft, lat, lon, part.u16())


def _read_event(part: Reader, draft: Draft) -> None:
    draft.extra.setdefault("events", []).append(part.u8())


_PARTS: Final[Mapping[int, Callable[[Reader, Draft], None]]] = {
    0x03: _read_iccid,
    0x09: _read_satellites,
    0x0A: _read_satellites_visible,
    0x11: _read_cell,
    0x18: _read_battery,
    0x28: _read_hdop,
    0x29: _read_index,
    0x2A: _read_inputs,
    0x2B: _read_restart,
    0x2E: _read_odometer,
    0x33: _read_fix,
    0x34: _read_event,
}
