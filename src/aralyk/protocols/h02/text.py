"""Text frames: `*maker,id,KIND,…#`.

Most kinds carry the same block of fields (validity, latitude, N or S, longitude, E or W, speed, course, date, status)
after some of their own; it is looked for where it stands, so that a kind that we don't know still gives its place.
Cells (NBR, V3, VP1), values without a place (LINK, HTBT) and answers in words (SMS) have readers of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aralyk.protocols.codec import Decoded, Session
from aralyk.protocols.commands import CommandAnswer, CommandKind
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import LATITUDE, LONGITUDE, Range, Record
from aralyk.protocols.h02.fields import (
    ALTITUDE_M,
    HEADING,
    PERCENT,
    SPEED_KN,
    Place,
    moment_us,
    noted,
    place_or_alarm,
    speed_mps,
)
from aralyk.protocols.h02.status import read_status
from aralyk.protocols.messages import Alarm, Cell, Message, Source
from aralyk.protocols.wire import angle

VALUES_MAX: Final = 16
VALUE_CHARS_MAX: Final = 64
RESULT_CHARS_MAX: Final = 512
CELLS_MAX: Final = 32

_FRAME: Final = re.compile(r"\*([A-Za-z]{2}),([0-9A-Za-z]{0,20}),((?:(?![,*#])[!-~]){1,12})(?:,(.*?))?#?", re.DOTALL)
_VALIDITY: Final = re.compile(r"[ABV]?|[0-9]+")
_SPLIT_ANGLE: Final = re.compile(r"-([0-9]{1,3})-([0-9]{1,2}(?:\.[0-9]{1,12})?)")
_ANGLE: Final = re.compile(r"([0-9]{0,3}?)([0-9]{1,2}(?:\.[0-9]{1,12})?)")
_SIX_DIGITS: Final = re.compile(r"[0-9]{6}")
_STATUS: Final = re.compile(r"[0-9A-Fa-f]{8}")
_STATUS_ALONE: Final = re.compile(r"(?=.*[A-Fa-f])[0-9A-Fa-f]{8}")  # in a frame that we don't know: no eight digits
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_SIGNED: Final = re.compile(r"-?[0-9]{1,4}")
_VEHICLE_VALUES: Final = tuple(
    re.compile(form) for form in ("[0-9]+", "-?[0-9]+", r"[0-9]+\.[0-9]+", "-?[0-9]+", "[0-9A-Fa-f]+", "[0-9A-Fa-f]+")
)
_COMMANDS: Final = {"S71": CommandKind.INTERVAL, "S17": CommandKind.INTERVAL, "D1": CommandKind.POSITION}


@dataclass(slots=True, kw_only=True)
class _Said:
    """One frame while it is read."""

    device_id: str | None
    kind: str
    parts: list[str]
    text: str
    extra: dict[str, Any]
    unreadable: list[str]

    def message(self, **fields: Any) -> Message:
        """Make the frame's message."""
        return Message(device_id=self.device_id, extra=noted(self.extra, self.unreadable), **fields)

    def without_place(self, time: str, date: str, status: str, **fields: Any) -> Message:
        """Make a message that has only its own time, its status and values."""
        at_us = None
        try:
            at_us = moment_us(time, date)
        except ProtocolError:
            self.unreadable.append("time")
        alarms = read_status(int(status, 16), self.extra) if _STATUS.fullmatch(status) else ()
        return self.message(fixed_at_us=at_us, sent_at_us=at_us, alarms=alarms, **fields)

    def number(self, name: str, text: str, bounds: Range) -> float | None:
        """Read a value that the place does not depend on."""
        record = Record(values={name: text} if text else {}, unreadable=self.unreadable)
        return record.optional_number(name, bounds)


def read_text(frame: bytes, session: Session) -> Decoded:
    """Read a frame with its markers.

    Raises:
        ProtocolError: Not of this form, or a place that can't be read (unless an alarm is raised).
    """
    said, maker = _said(frame, session)
    read = _READERS.get(said.kind, _general)
    message, command_answers = read(said), _command_answers(said)
    return Decoded(
        device_id=said.device_id,
        messages=() if message is None else (message,),
        answer=f"*{maker},{said.text}#".encode("latin-1") if said.kind in ("HTBT", "V0") else None,
        context=None if maker == "HQ" else {"maker": maker},
        command_answers=command_answers,
    )


def _said(frame: bytes, session: Session) -> tuple[_Said, str]:
    match = _FRAME.fullmatch(frame.decode("latin-1").strip())
    if match is None:
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected '*', maker, id, kind and fields between commas")
    maker, device_id, kind, rest = match[1], match[2], match[3].upper(), match[4] or ""
    if kind != "SMS" and not (rest.isascii() and "*" not in rest and "#" not in rest):
        raise ProtocolError(ErrorCode.NOT_TEXT, "frame: expected ASCII text without '*' and '#' inside")
    parts = [part.strip() for part in rest.split(",")] if match[4] is not None else []
    text = f"{device_id},{match[3]}"
    return _Said(
        device_id=device_id or session.device_id, kind=kind, parts=parts, text=text, extra={}, unreadable=[]
    ), maker  # fmt: skip


def _command_answers(said: _Said) -> tuple[CommandAnswer, ...]:
    if said.kind != "V4" or not said.parts:
        return ()
    block = _block_at(said.parts, last=True)
    words = said.parts if block is None else said.parts[: max(0, block - 1)]
    if not words:
        return ()
    refused = any(word.upper() in ("ERROR", "FAIL") for word in words)
    answer = CommandAnswer(serial=_serial(words[-1]), kind=_COMMANDS.get(words[0]), accepted=not refused)
    return (answer,)


def _serial(time: str) -> int | None:
    """Our number is sent as a time of day, in seconds, and comes back as it was sent."""
    if not _SIX_DIGITS.fullmatch(time):
        return None
    serial = int(time[:2]) * 3600 + int(time[2:4]) * 60 + int(time[4:])
    return serial if 1 <= serial <= 65_535 else None


# the block of fields around a place


def _block_at(parts: Sequence[str], *, last: bool) -> int | None:
    found = [
        at
        for at in range(len(parts) - 4)
        if parts[at + 2] in ("N", "S") and parts[at + 4] in ("E", "W") and _VALIDITY.fullmatch(parts[at])
    ]
    return None if not found else found[-1 if last else 0]


def _general(said: _Said) -> Message | None:
    block = _block_at(said.parts, last=said.kind == "V4")
    if block is None:
        return _alarm_alone(said)
    timed = block > 0 and said.kind != "VP1"
    words = said.parts[: block - 1] if timed else []
    if words:
        said.extra["result"] = ",".join(words)[:RESULT_CHARS_MAX]
    return _of_block(said, time=said.parts[block - 1] if timed else "", block=said.parts[block:])


def _of_block(said: _Said, *, time: str, block: list[str]) -> Message | None:
    validity, lat, north, lon, east, speed, course, *rest = [*block, "", ""]
    date, rest = _date(said, rest)
    alarms, values = _status(said, rest)
    place = place_or_alarm(
        lambda: Place(
            at_us=_moment_us(said, time, date),
            lat=_angle(lat, north, LATITUDE, "latitude"),
            lon=_angle(lon, east, LONGITUDE, "longitude"),
            valid=validity == "A" or validity.isdecimal() or (validity == "B" and said.kind == "VP1"),
        ),
        alarms,
        said.unreadable,
    )
    altitude_m = _values(said, values)
    if place.lat is None or place.lon is None:
        if not alarms:
            return None  # the tracker lives and knows no place
        return said.message(fixed_at_us=place.at_us, sent_at_us=place.at_us, alarms=alarms)
    heading_deg = said.number("course", course, HEADING)
    return said.message(
        fixed_at_us=place.at_us,
        lat=place.lat,
        lon=place.lon,
        valid=place.valid,
        altitude_m=altitude_m,
        speed_mps=speed_mps(said.number("speed", speed, SPEED_KN)),
        heading_deg=0.0 if heading_deg == 360 else heading_deg,
        source=Source.GNSS,
        alarms=alarms,
    )


def _date(said: _Said, rest: list[str]) -> tuple[str, list[str]]:
    """Some trackers put a battery value before the date."""
    is_date = [bool(_SIX_DIGITS.fullmatch(part)) for part in rest[:2]]
    if is_date == [False, True] and _NUMBER.fullmatch(rest[0]):
        said.extra["battery_raw"] = int(rest[0])
        return rest[1], rest[2:]
    return (rest[0], rest[1:]) if rest else ("", [])


def _moment_us(said: _Said, time: str, date: str) -> int | None:
    if not time and _SIX_DIGITS.fullmatch(date):
        said.extra["time_of_day"] = "not said"  # the reference's midnight: a day, not a moment
        time = "000000"
    return moment_us(time, date)


def _angle(text: str, letter: str, bounds: Range, name: str) -> float | None:
    if not text:
        return None
    match = _SPLIT_ANGLE.fullmatch(text) or _ANGLE.fullmatch(text)
    if match is None:
        raise ProtocolError(ErrorCode.BAD_FIELD, f"{name}: expected degrees and minutes like 4252.4766")
    degrees = angle(int(match[1] or "0"), float(match[2]), name=name, bounds=bounds)
    return degrees * (-1 if letter in "SW" else 1) + 0.0


def _status(said: _Said, rest: list[str]) -> tuple[tuple[Alarm, ...], list[str]]:
    """Read the status word, which may stand after the numbers of a SIM card; those are a person's and are not kept."""
    for before in (0, 3):
        if len(rest) > before and _STATUS.fullmatch(rest[before]):
            return read_status(int(rest[before], 16), said.extra), rest[before + 1 :]
    return (), rest


def _values(said: _Said, values: list[str]) -> float | None:
    """Keep what follows the status; a vehicle's six values have names, the others are numbered as in the reference."""
    values = values[:-2] if values[-2:] == ["", ""] else values
    forms = zip(_VEHICLE_VALUES, values, strict=False)
    if len(values) == len(_VEHICLE_VALUES) and all(form.fullmatch(value) for form, value in forms):
        odometer, temperature, fuel, altitude, lac, cid = values
        said.extra |= {"odometer": odometer, "temperature": temperature, "fuel": fuel, "lac": lac, "cid": cid}
        return said.number("altitude", altitude, ALTITUDE_M)
    for number, value in enumerate(values[:VALUES_MAX], start=1):
        if value:
            said.extra[f"io{number}"] = value[:VALUE_CHARS_MAX]
    return None


def _alarm_alone(said: _Said) -> Message | None:
    """A frame without a place is a sign of life, unless its status raises an alarm."""
    word = next((part for part in said.parts if _STATUS_ALONE.fullmatch(part)), None)
    if word is None or not (alarms := read_status(int(word, 16), said.extra)):
        return None
    return said.message(alarms=alarms)


# kinds with fields of their own


def _link(said: _Said) -> Message | None:
    if len(said.parts) < 8:
        return None
    time, signal, satellites, battery, steps, turnovers, date, status = said.parts[:8]
    for name, text in (("signal", signal), ("satellites", satellites), ("steps", steps), ("turnovers", turnovers)):
        if _NUMBER.fullmatch(text):
            said.extra[name] = int(text)
    return said.without_place(time, date, status, battery_pct=said.number("battery", battery, PERCENT))


def _heartbeat(said: _Said) -> Message | None:
    if not said.parts or not _NUMBER.fullmatch(said.parts[0]):
        return None
    return said.message(battery_pct=said.number("battery", said.parts[0], PERCENT))


def _sms(said: _Said) -> Message | None:
    said.extra["result"] = ",".join(said.parts)[:RESULT_CHARS_MAX]
    return said.message()


def _neighbours(said: _Said) -> Message | None:
    """NBR: time, mcc, mnc, timing advance, count, (lac, cid, strength) each, date, status."""
    if len(said.parts) < 7 or not _NUMBER.fullmatch(said.parts[4]):
        return None
    time, mcc, mnc, _, count, *rest = said.parts
    size = 3 * min(int(count), CELLS_MAX)
    cells = _cells(said, mcc, mnc, [rest[at : at + 3] for at in range(0, size, 3)])
    date, status = [*rest[3 * int(count) : 3 * int(count) + 2], "", ""][:2]
    return said.without_place(time, date, status, cells=cells, source=Source.NETWORK)


def _v3(said: _Said) -> Message | None:
    """V3: time, mcc and mnc together, count, (lac, cid, ?, strength) each, voltage, restarts, X, date, status."""
    if "X" not in said.parts[5:] or not _NUMBER.fullmatch(said.parts[2]):
        return _general(said)
    end = said.parts.index("X", 5)
    time, network, count = said.parts[:3]
    quads = [said.parts[at : at + 4] for at in range(3, min(end - 2, 3 + 4 * min(int(count), CELLS_MAX)), 4)]
    cells = _cells(said, network[:3], network[3:], [[*quad[:2], *quad[3:]] for quad in quads])
    if re.fullmatch(r"[0-9A-Fa-f]{4}", said.parts[end - 2]):
        said.extra["battery_raw"] = int(said.parts[end - 2], 16)
    date, status = [*said.parts[end + 1 : end + 3], "", ""][:2]
    return said.without_place(time, date, status, cells=cells, source=Source.NETWORK)


def _vp1(said: _Said) -> Message | None:
    """VP1: a place with a date and no time of day, or V, mcc, mnc and cells parted by Y."""
    if said.parts[:1] != ["V"] or _block_at(said.parts, last=False) is not None or len(said.parts) < 4:
        return _general(said)
    triples = [cell.split(",")[:2] for cell in ",".join(said.parts[3:]).split("Y")[:CELLS_MAX]]
    cells = _cells(said, said.parts[1], said.parts[2], triples)
    return said.message(cells=cells, source=Source.NETWORK)


def _cells(said: _Said, mcc: str, mnc: str, cells: list[list[str]]) -> tuple[Cell, ...]:
    found = [
        Cell(mcc=int(mcc), mnc=int(mnc), lac=int(cell[0]), cid=int(cell[1]), rssi_dbm=_rssi_dbm(cell[2:]))
        for cell in cells
        if len(cell) >= 2 and all(_NUMBER.fullmatch(text) for text in (mcc, mnc, *cell[:2]))
    ]
    if len(found) < len(cells):
        said.unreadable.append("cells")
    return tuple(found)


def _rssi_dbm(texts: list[str]) -> int | None:
    # Trackers write the strength with or without its minus.
    return -abs(int(texts[0])) if texts and _SIGNED.fullmatch(texts[0]) else None


_READERS: Final[Mapping[str, Callable[[_Said], Message | None]]] = {
    "HTBT": _heartbeat,
    "LINK": _link,
    "NBR": _neighbours,
    "SMS": _sms,
    "V3": _v3,
    "VP1": _vp1,
}
