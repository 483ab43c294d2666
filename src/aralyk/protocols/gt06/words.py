"""Frames of words and information: answers to commands, serial lines, the state of a battery."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from aralyk.protocols.commands import CommandAnswer, CommandKind
from aralyk.protocols.gt06.frame import SERIAL_LAST, wrapped
from aralyk.protocols.gt06.positions import DATE, KMH_MPS, read_date
from aralyk.protocols.gt06.reader import Draft, Reader, epoch_us, moment_us

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


def read_short_words(reader: Reader, draft: Draft) -> None:
    """Kind 15: the answer to a command, or words of the device's own."""
    length = reader.u8()
    if length < 4:
        return
    flag = reader.u32()
    _words(draft, flag, reader.text(min(length - 4, reader.rest)))


def read_long_words(reader: Reader, draft: Draft) -> None:
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


def read_address_request(reader: Reader, draft: Draft) -> None:
    """Kind 2A: the device asks for its address in words; it is told that there is none."""
    draft.silent = True
    content = bytes((len(_NO_ADDRESS),)) + bytes(4) + _NO_ADDRESS
    draft.answer = wrapped(_ADDRESS_KIND, content, 0, long=True)


def read_voltage(reader: Reader, draft: Draft) -> None:
    """Kind 94 with a short envelope; it expects no acknowledgement."""
    draft.answered = False
    draft.extra["external_power_v"] = reader.s16() / 100


def read_information(reader: Reader, draft: Draft) -> None:
    """Kind 94 with a long envelope: the first byte is the topic."""
    read = _TOPICS.get(reader.u8())
    if read is not None:
        read(reader, draft)
    else:
        draft.silent = True


def _read_external_power(reader: Reader, draft: Draft) -> None:
    draft.extra["external_power_v"] = reader.u16() / 100


def _read_settings(reader: Reader, draft: Draft) -> None:
    draft.extra["settings"] = dict(_SETTING.findall(reader.text()))


def _read_inputs(reader: Reader, draft: Draft) -> None:
    if reader.rest >= 7:
        read_date(reader, draft)
    flags = reader.u8()
    draft.extra |= {"door": bool(flags & 1), "input_1": bool(flags & 4)}


def _read_identity(reader: Reader, draft: Draft) -> None:
    draft.names_itself(reader.raw(8))
    reader.skip(8)  # the subscriber's number
    draft.extra["iccid"] = reader.raw(10).hex()


def _read_network_or_power(reader: Reader, draft: Draft) -> None:
    if reader.rest >= 2:
        _read_external_power(reader, draft)
    else:
        draft.extra["network_technology"] = "4G" if reader.u8() else "2G"


def _read_fuel(reader: Reader, draft: Draft) -> None:
    if found := _FUEL.search(reader.text()):
        draft.extra |= {"temperature_c": float(found[1]), "fuel": float(found[2])}
    else:
        draft.silent = True


def _read_card(reader: Reader, draft: Draft) -> None:
    draft.extra["card"] = _words_or_hex(reader.raw(reader.rest))


def _read_climate(reader: Reader, draft: Draft) -> None:
    draft.extra |= {"temperature_c": _signed(reader.u32()) / 10, "humidity_pct": reader.u32() / 10}


_TOPICS: Final[Mapping[int, Callable[[Reader, Draft], None]]] = {
    0x00: _read_external_power,
    0x04: _read_settings,
    0x05: _read_inputs,
    0x0A: _read_identity,
    0x0B: _read_network_or_power,
    0x0D: _read_fuel,
    0x1B: _read_card,
    0x1E: _read_climate,
}


def _signed(number: int) -> int:
    return number - (1 << 32) if number >> 31 else number


def read_serial_line(reader: Reader, draft: Draft) -> None:
    """Kind 9B: what a thing at the device's serial line said."""
    reader.skip(1)  # kind of thing
    draft.extra["serial_data"] = _words_or_hex(reader.raw(reader.rest))


def _words_or_hex(data: bytes) -> str:
    words = data.strip(b"\r\n\0 ")
    if words and all(0x20 <= byte < 0x7F for byte in words):
        return words.decode("ascii")
    return data.hex()


def read_obd(reader: Reader, draft: Draft) -> None:
    """Kind 8C: what the vehicle's computer said, by the numbers of its questions."""
    draft.at_us = moment_us(*reader.take(DATE), zone_us=reader.zone_us)
    draft.extra["ignition"] = reader.u8() > 0
    pairs = re.findall(r"([0-9A-Fa-f]{2,4})=([0-9A-Za-z]+)", reader.text())
    draft.extra["obd"] = dict(pairs)


def read_battery_system(reader: Reader, draft: Draft) -> None:
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


def read_picture_piece(reader: Reader, draft: Draft) -> None:
    """Kind 41 with a long envelope: a piece of a picture, of which the log keeps the head (ADR-0015)."""
    begins_at = reader.at
    draft.extra["camera"] = reader.raw(8).hex()
    draft.at_us = epoch_us(reader.u32())
    reader.skip(14 + 8)  # a fix and a cell
    draft.extra |= {"media_id": reader.u32(), "media_bytes": reader.u32()}
    draft.kept = wrapped(reader.kind, reader.data[begins_at : reader.at], reader.serial, long=True)
