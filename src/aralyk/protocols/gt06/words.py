"""Frames of words and information: answers to commands, modules, serial lines, the state of a battery."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from aralyk.protocols.codec import CommandAnswer
from aralyk.protocols.commands import CommandKind
from aralyk.protocols.gt06.alarms import RESTART_ALARMS
from aralyk.protocols.gt06.frame import SERIAL_LAST, wrapped
from aralyk.protocols.gt06.positions import DATE, KMH_MPS, place, read_date
from aralyk.protocols.gt06.reader import About, CutShort, Draft, Reader, epoch_us, moment_us
from aralyk.protocols.messages import Alarm, Cell

_ICCID: Final = re.compile(r"<?ICCID:\s*([0-9A-Fa-f]{18,20})")
_PLACE: Final = re.compile(
    r"Lat:([NS])(\d{1,2}\.\d+),Lon:([EW])(\d{1,3}\.\d+),Course:(\d+\.\d+),Speed:(\d+\.\d+),"
    r"DateTime:(\d{4}-\d\d-\d\d) +(\d\d:\d\d:\d\d)"
)
_REFUSED: Final = re.compile(r"error|fail|invalid|illegal|not support", re.IGNORECASE)
_TAKEN: Final = re.compile(r"\bok\b|success", re.IGNORECASE)
_FUEL: Final = re.compile(r"!AIOIL,\d+,\d+\.\d+,(\d+\.\d+),[^,]+,\d{4},(\d+\.\d+),")
_SETTING: Final = re.compile(r"(ALM\d|STA\d|DYD|MODE|ICCID)=([^;]*)")  # the others are telephone numbers
_NO_ADDRESS: Final = b"NA&&NA&&0##"
_ADDRESS_KIND: Final = 0x97


def read_short_words(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 15: the answer to a command, or words of the device's own."""
    length = reader.u8()
    if length < 4:
        return
    flag = reader.u32()
    _words(draft, flag, reader.text(min(length - 4, reader.rest)))


def read_long_words(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 21: the same with an alphabet; it expects no acknowledgement."""
    flag = reader.u32()
    _words(draft, flag, reader.text(encoding="ascii" if reader.u8() == 1 else "utf-16-be"))


def _words(draft: Draft, flag: int, words: str) -> None:
    if iccid := _ICCID.match(words):
        draft.extra["iccid"] = iccid[1]
        return
    draft.extra["answer"] = words
    kind = None
    if found := _PLACE.search(words):
        kind = CommandKind.POSITION
        del draft.extra["answer"]
        _place_of_words(found, draft)
    accepted = False if _REFUSED.search(words) else True if kind or _TAKEN.search(words) else None
    serial = flag if 0 < flag <= SERIAL_LAST else None
    draft.command_answers = (CommandAnswer(serial=serial, kind=kind, accepted=accepted),)


def _place_of_words(found: re.Match[str], draft: Draft) -> None:
    lat, lon = float(found[2]), float(found[4])
    if lat > 90 or lon > 180:
        draft.unreadable("place")
        return
    try:
        at = datetime.fromisoformat(f"{found[7]}T{found[8]}").replace(tzinfo=UTC)
    except ValueError:
        draft.unreadable("time")
    else:
        draft.at_us = int(at.timestamp()) * 1_000_000
    draft.lat = -lat if found[1] == "S" else lat
    draft.lon = -lon if found[3] == "W" else lon
    draft.valid = True
    draft.heading_deg = float(found[5]) % 360
    draft.speed_mps = float(found[6]) * KMH_MPS


def read_address_request(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 2A: the device asks for its address in words; it is told that there is none."""
    draft.silent = True
    content = bytes((len(_NO_ADDRESS),)) + bytes(4) + _NO_ADDRESS
    draft.answer = wrapped(_ADDRESS_KIND, content, 0, long=True)


def read_voltage(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 94 with a short envelope; it expects no acknowledgement."""
    draft.answered = False
    draft.extra["external_power_v"] = reader.s16() / 100


def read_information(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 94 with a long envelope: the first byte tells what about."""
    topic = reader.u8()
    if topic == 0x00:
        draft.extra["external_power_v"] = reader.u16() / 100
    elif topic == 0x04:
        draft.extra["settings"] = dict(_SETTING.findall(reader.text()))
    elif topic == 0x05:
        if reader.rest >= 7:
            read_date(reader, draft, about)
        flags = reader.u8()
        draft.extra |= {"door": bool(flags & 1), "input_1": bool(flags & 4)}
    elif topic == 0x0A:
        draft.extra["device_imei"] = reader.raw(8).hex()[1:]
        reader.skip(8)  # the number of the SIM card
        draft.extra["iccid"] = reader.raw(10).hex()
    elif topic == 0x0B:
        if reader.rest >= 2:
            draft.extra["external_power_v"] = reader.u16() / 100
        else:
            draft.extra["network_technology"] = "4G" if reader.u8() else "2G"
    elif topic == 0x0D:
        if found := _FUEL.search(reader.text()):
            draft.extra |= {"temperature_c": float(found[1]), "fuel": float(found[2])}
    elif topic == 0x1B:
        draft.extra["card"] = _words_or_hex(reader.raw(reader.rest))
    elif topic == 0x1E:
        draft.extra |= {"temperature_c": _signed(reader.u32()) / 10, "humidity_pct": reader.u32() / 10}
    else:
        draft.extra |= {"topic": topic, "content": reader.raw(reader.rest).hex()}


def _signed(number: int) -> int:
    return number - (1 << 32) if number >> 31 else number


def read_serial_line(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 9B: what a thing at the device's serial line said."""
    reader.skip(1)  # kind of thing
    draft.extra["serial_data"] = _words_or_hex(reader.raw(reader.rest))


def _words_or_hex(data: bytes) -> str:
    words = data.strip(b"\r\n\0 ")
    if words and all(0x20 <= byte < 0x7F for byte in words):
        return words.decode("ascii")
    return data.hex()


def read_obd(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 8C: what the vehicle's computer said, by the numbers of its questions."""
    draft.at_us = moment_us(*reader.take(DATE), zone_us=about.zone_us)
    draft.extra["ignition"] = reader.u8() > 0
    pairs = re.findall(r"([0-9A-Fa-f]{2,4})=([0-9A-Za-z]+)", reader.text())
    draft.extra["obd"] = dict(pairs)


def read_battery_system(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 40: a battery's own report."""
    draft.extra["battery_serial"] = reader.raw(8).hex()
    draft.at_us = epoch_us(reader.u32())
    draft.extra["relative_capacity_pct"] = reader.u8()
    draft.extra["remaining_capacity"] = reader.u16()
    draft.extra["absolute_capacity_pct"] = reader.u8()
    draft.extra["full_capacity"] = reader.u16()
    draft.extra["battery_health"] = reader.u8()
    draft.extra["battery_temperature_c"] = round(reader.u16() / 10 - 273.1, 1)
    draft.extra["current"] = reader.u16()
    draft.extra["battery_v"] = reader.u16() / 1000
    draft.extra["cycles"] = reader.u16()


def read_picture_piece(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 41 with a long envelope: a piece of a picture; the picture itself is not kept as one."""
    draft.extra["camera"] = reader.raw(8).hex()
    draft.at_us = epoch_us(reader.u32())
    reader.skip(14 + 8)  # a fix and a cell
    draft.extra |= {"media_id": reader.u32(), "media_bytes": reader.u32()}


def read_named_parts(reader: Reader, draft: Draft, about: About) -> None:
    """Kind 70 with a long envelope: parts that name themselves."""
    while reader.rest >= 4:
        number, value = reader.u16(), reader.raw(reader.u16())
        part = Reader(value, 0, len(value))
        try:
            _read_part(number, part, draft)
        except CutShort:
            draft.unreadable(f"part {number:04x}")


def _read_part(number: int, part: Reader, draft: Draft) -> None:
    if number == 0x03:
        draft.extra["iccid"] = part.raw(10).hex()
    elif number == 0x09:
        draft.extra["satellites"] = part.u8()
    elif number == 0x0A:
        draft.extra["satellites_visible"] = part.u8()
    elif number == 0x11:
        mcc, mnc, lac, cid = part.u16(), part.u16(), part.u16(), part.number(3)
        if cid:
            draft.cells.append(Cell(mcc=mcc, mnc=mnc, lac=lac, cid=cid))
    elif number == 0x18:
        draft.extra["battery_v"] = part.u16() / 100
    elif number == 0x28:
        draft.extra["hdop"] = part.u8() / 10
    elif number == 0x29:
        draft.extra["index"] = part.u32()
    elif number == 0x2A:
        inputs = part.u8()
        draft.extra["door"] = bool(inputs & 0x0F)
        if inputs >> 4:
            draft.raised(Alarm.TAMPER)
    elif number == 0x2B:
        _read_restart(part.u8(), draft)
    elif number == 0x2E:
        draft.extra["odometer"] = int.from_bytes(part.raw(4), "little")
    elif number == 0x33:
        draft.at_us = epoch_us(part.u32())
        draft.extra["satellites"] = part.u8()
        draft.altitude_m = float(part.s16())
        lat, lon = part.u32(), part.u32()
        draft.speed_mps = part.u8() * KMH_MPS
        place(draft, lat, lon, part.u16())
    elif number == 0x34:
        draft.extra.setdefault("events", []).append(part.u8())


def _read_restart(reason: int, draft: Draft) -> None:
    draft.extra["restart_reason"] = reason
    if alarm := RESTART_ALARMS.get(reason):
        draft.raised(alarm)
