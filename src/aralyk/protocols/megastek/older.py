"""Takes the older sentences apart: STX, an identity, the receiver's own $GPRMC, and a status in one of two forms.

Form 1 has commas around the identity and words in its status: `F,Help,imei:…,0/8,137.1,Battery=50%,,0,mcc,mnc,lac,cid`.
Form 2 pads the identity to 16 characters and has numbers: `mcc,mnc,lac,cid,gsm,battery,flags,inputs,…,Timer`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from aralyk.protocols.checksums import xor_of
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.megastek import fields as read
from aralyk.protocols.messages import Cell

ID_CHARS: Final = 16
_OLDER: Final = re.compile(r"(?:LOG)?STX(.*?)\$(GPRMC,[^*$]*)(?:\*([0-9A-Fa-f]{2}))?(.*)", re.DOTALL)
_WORDS: Final = re.compile(r"([A-Z]),([^,;]*),imei:([0-9]*),(.*)", re.DOTALL)
_SATELLITES: Final = re.compile(r"([0-9]{1,2})(?:/([0-9]{1,2}))?")
_BATTERY: Final = re.compile(r"Battery=([0-9]{1,3})%")


@dataclass(slots=True, kw_only=True)
class Older:
    """The parts of an older sentence, in text."""

    device_id: str
    time: tuple[str, str]
    place: tuple[str, str, str, str]
    is_valid: bool
    measurements: dict[str, str] = field(default_factory=dict)
    alert: str = ""
    charging: bool | None = None
    cells: tuple[Cell, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


def older_of(text: str) -> Older:
    """Take a sentence apart.

    Raises:
        ProtocolError: It has neither form.
    """
    match = _OLDER.fullmatch(text)
    if match is None:
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "sentence: expected $MGV, or STX around a $GPRMC sentence")
    identity, sentence, checksum, status = match.groups()
    rmc = [part.strip() for part in sentence.split(",")]
    if len(rmc) < 10:
        raise ProtocolError(ErrorCode.MISSING_FIELD, "gprmc: expected time, status, place, speed, course and date")
    has_words = identity.startswith(",")
    older = Older(
        device_id=identity.split(",")[1].strip() if has_words else identity[:ID_CHARS].strip(" \0\x02"),
        time=(rmc[9], rmc[1]),
        place=(rmc[3], rmc[4], rmc[5], rmc[6]),
        is_valid=rmc[2] == "A",
        measurements={"speed": rmc[7], "course": rmc[8]},
    )
    if checksum is not None and int(checksum, 16) != xor_of(sentence.encode("latin-1")):
        older.extra["checksum"] = "wrong"
    if words := _WORDS.search(status if checksum is not None else sentence):
        _add_words(older, words)
    elif not has_words:
        _add_numbers(older, status.lstrip(",").partition(";")[0])
    return older


def _add_words(older: Older, match: re.Match[str]) -> None:
    older.extra["gps_signal"] = match[1]
    older.alert = match[2]
    older.device_id = match[3] or older.device_id
    parts = [part.strip() for part in match[4].partition(";")[0].split(",")]
    if satellites := _SATELLITES.fullmatch(parts[0]):
        older.extra["satellites"] = int(satellites[1])
        if satellites[2]:
            older.extra["satellites_visible"] = int(satellites[2])
    if len(parts) < 3:
        return
    older.measurements["altitude"] = parts[1]
    if battery := _BATTERY.fullmatch(parts[2]):
        older.measurements["battery"] = battery[1]
    rest = parts[4:] if parts[3:4] == [""] else parts[3:]  # some models leave a field empty
    older.charging = {"0": False, "1": True}.get(rest[0]) if rest else None
    if len(rest) >= 5:
        older.cells = read.cell(rest[1], rest[2], rest[3], rest[4])


def _add_numbers(older: Older, status: str) -> None:
    parts = [part.strip() for part in status.split(",")]
    if len(parts) < 8:
        return
    older.cells = read.cell(parts[0], parts[1], parts[2], parts[3], rssi=parts[4])
    older.measurements["battery"] = parts[5]
    older.extra |= {"flags": parts[6][:16], "inputs": parts[7][:16]}
    *measured, older.alert = parts[8:] or [""]
    if len(measured) in (2, 4):
        older.extra["outputs"] = measured[0][:16]
        measured = measured[1:]
    read.add_numbers(older.extra, {f"adc_{number}": text for number, text in enumerate(measured[:3], 1)})
