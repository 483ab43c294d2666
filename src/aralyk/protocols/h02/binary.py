"""Binary frames: BCD digits at fixed places, the status word, and in long frames the serving cell."""

from __future__ import annotations

from typing import Any, Final

from aralyk.protocols.codec import Decoded
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import LATITUDE, LONGITUDE, Range
from aralyk.protocols.h02.fields import Place, moment_us, noted, place_or_alarm, speed_mps
from aralyk.protocols.h02.splitter import LONG, LONG_ID
from aralyk.protocols.h02.status import read_status
from aralyk.protocols.messages import Cell, Message, Source
from aralyk.protocols.wire import angle, degrees_and_minutes

BODY_BYTES: Final = 23  # from the time to the status word
ID_BYTES: Final = 5
LONG_ID_BYTES: Final = 8
IMEI_DIGITS: Final = 15
_VALID, _NORTH, _EAST = 0x2, 0x4, 0x8
MCC_MIN: Final = 200
# The battery's byte: 1 to 6 are levels, larger values percent (as the reference reads them).
LEVELS: Final = {1: 0, 2: 10, 3: 20, 4: 60, 5: 80, 6: 100}


def read_binary(frame: bytes) -> Decoded:
    """Read a frame with its "$".

    Raises:
        ProtocolError: Too short, or digits that are none in id, time or place (the latter unless an alarm is raised).
    """
    id_bytes = LONG_ID_BYTES if len(frame) == LONG_ID else ID_BYTES
    body = frame[1 + id_bytes :]
    if len(body) < BODY_BYTES:
        raise ProtocolError(ErrorCode.FRAME_CUT, f"frame: expected at least {1 + id_bytes + BODY_BYTES} bytes")
    device_id = _digits(frame[1 : 1 + id_bytes].hex()[:IMEI_DIGITS], "id")
    extra: dict[str, Any] = {}
    unreadable: list[str] = []
    alarms = read_status(int.from_bytes(body[19:23]), extra)
    place = place_or_alarm(lambda: _place(body), alarms, unreadable)
    has_place = place.lat is not None
    speed_kn = _optional(body[16:19].hex()[:3], "speed", unreadable)
    heading_deg = _optional(body[16:19].hex()[3:], "course", unreadable)
    if heading_deg is not None and heading_deg > 360:
        unreadable.append("course")
        heading_deg = None
    message = Message(
        device_id=device_id,
        fixed_at_us=place.at_us,
        sent_at_us=None if has_place else place.at_us,
        lat=place.lat,
        lon=place.lon,
        valid=place.valid,
        speed_mps=speed_mps(speed_kn) if has_place else None,
        heading_deg=(0.0 if heading_deg == 360 else heading_deg) if has_place else None,
        source=Source.GNSS if has_place else Source.UNKNOWN,
        battery_pct=_battery_pct(body[10], extra),
        alarms=alarms,
        cells=_cells(frame) if len(frame) == LONG else (),
        extra=noted(extra, unreadable),
    )
    return Decoded(device_id=device_id, messages=(message,))


def _place(body: bytes) -> Place:
    time, date, lat, lon = body[0:3].hex(), body[3:6].hex(), body[6:10].hex(), body[11:16].hex()
    flags = int(lon[9], 16)
    return Place(
        at_us=moment_us(_digits(time, "time"), _digits(date, "time")),
        lat=_degrees(lat, name="latitude", bounds=LATITUDE) * (1 if flags & _NORTH else -1) + 0.0,
        lon=_degrees(lon[:9], name="longitude", bounds=LONGITUDE) * (1 if flags & _EAST else -1) + 0.0,
        valid=bool(flags & _VALID),
    )


def _degrees(digits: str, *, name: str, bounds: Range) -> float:
    degrees, minutes = degrees_and_minutes(digits, name=name)
    return angle(degrees, minutes, name=name, bounds=bounds)


def _digits(text: str, name: str) -> str:
    if not text.isdecimal():
        raise ProtocolError(ErrorCode.BAD_FIELD, f"{name}: expected decimal digits")
    return text


def _optional(text: str, name: str, unreadable: list[str]) -> float | None:
    if text.isdecimal():
        return float(text)
    unreadable.append(name)
    return None


def _battery_pct(value: int, extra: dict[str, Any]) -> float | None:
    if value == 0:
        return None
    if value > 100:
        extra["battery_code"] = value
        return None
    return float(LEVELS.get(value, value))


def _cells(frame: bytes) -> tuple[Cell, ...]:
    mcc, mnc = int.from_bytes(frame[37:39]), frame[39]
    lac, cid = int.from_bytes(frame[40:42]), int.from_bytes(frame[42:44])
    return (Cell(mcc=mcc, mnc=mnc, lac=lac, cid=cid),) if mcc >= MCC_MIN and (lac or cid) else ()
