"""Reads Codec 7, the format of the vendor's first personal tracker (GH3000): fields announced by masks.

Known from the reference decoder alone; the meaning of the two priority bits follows the later codecs.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any, Final

from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Alarm, Cell, Message, Source
from aralyk.protocols.teltonika.elements import PANIC

CODEC_7: Final = 0x07
EPOCH_S: Final = 1_167_609_600  # 2007-01-01
DECIMALS: Final = 6

_BATTERY, _SOS = 1, 222
_NAMES: Final = {2: "usb_connected", 5: "uptime_s", 20: "hdop_tenths", 21: "vdop_tenths", 22: "pdop_tenths",
                 67: "battery_voltage_mv", 221: "button", _SOS: "sos", 240: "movement", 244: "roaming"}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class _Reader:
    data: bytes
    at: int

    def take(self, code: str) -> Any:
        """Read one big-endian number; struct.error after the end."""
        value = struct.unpack_from(">" + code, self.data, self.at)[0]
        self.at += struct.calcsize(">" + code)
        return value


def read_gh3000_records(data: bytes, at: int, count: int, device_id: str | None) -> tuple[Message, ...]:
    """Read `count` records that fill `data` from `at` to the byte before its last.

    Raises:
        ProtocolError: They don't fill it.
    """
    reader = _Reader(data=data, at=at)
    try:
        messages = tuple(_read(reader, device_id) for _ in range(count))
    except struct.error:
        messages = ()
    if len(messages) != count or reader.at != len(data) - 1:
        raise ProtocolError(ErrorCode.BAD_FIELD, "records: expected as many as announced, filling the data")
    return messages


def _read(reader: _Reader, device_id: str | None) -> Message:
    time = reader.take("I")
    mask = reader.take("B")
    extra: dict[str, Any] = {"priority": time >> 30}
    fields = _location(reader, extra) if mask & 1 else {}
    battery_pct, sos = None, time >> 30 >= PANIC
    for bit, code in ((1, "B"), (2, "H"), (3, "I")):
        for _ in range(reader.take("B") if mask >> bit & 1 else 0):
            number, value = reader.take("B"), reader.take(code)
            if number == _BATTERY and code == "B" and value <= 100:
                battery_pct = float(value)
            else:
                extra[_NAMES.get(number, f"io{number}")] = value
            sos = sos or (number == _SOS and value == 1)
    at_us = ((time & 0x3FFF_FFFF) + EPOCH_S) * 1_000_000
    has_place = "lat" in fields
    return Message(
        device_id=device_id,
        fixed_at_us=at_us if has_place else None,
        sent_at_us=None if has_place else at_us,
        battery_pct=battery_pct,
        alarms=(Alarm.SOS,) if sos else (),
        extra=extra,
        **fields,
    )


def _location(reader: _Reader, extra: dict[str, Any]) -> dict[str, Any]:
    mask = reader.take("B")
    fields: dict[str, Any] = {}
    place = (reader.take("f"), reader.take("f")) if mask & 1 else None
    if mask >> 1 & 1:
        fields["altitude_m"] = float(reader.take("H"))
    if mask >> 2 & 1:
        fields["heading_deg"] = reader.take("B") * 360 / 256
    if mask >> 3 & 1:
        fields["speed_mps"] = round(reader.take("B") / 3.6, DECIMALS)
    if mask >> 4 & 1:
        extra["satellites"] = reader.take("B")
    if place is not None:
        lat, lon = place
        if math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180:
            valid = extra.get("satellites") != 0
            fields |= {"lat": lat, "lon": lon, "valid": valid, "source": Source.GNSS}
        else:
            extra["unreadable"] = ["position"]
    return fields | _cell(reader, mask, extra)


def _cell(reader: _Reader, mask: int, extra: dict[str, Any]) -> dict[str, Any]:
    area = (reader.take("H"), reader.take("H")) if mask >> 5 & 1 else None
    if mask >> 6 & 1:
        extra["gsm_signal"] = reader.take("B")
    operator = reader.take("I") if mask >> 7 & 1 else None
    if operator is not None:
        extra["gsm_operator"] = operator
    if area is None:
        return {}
    extra["gsm_area_code"], extra["gsm_cell_id"] = area
    if operator is None or not 10_000 <= operator <= 99_999:
        return {}
    mcc, mnc = divmod(operator, 100)
    return {"cells": (Cell(mcc=mcc, mnc=mnc, lac=area[0], cid=area[1]),)}
