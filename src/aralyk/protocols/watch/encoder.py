"""Speaks as a watch: load tools and tests use it. Frames are as on the wire."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from aralyk.protocols.messages import EPOCH, Alarm, Message, Strap
from aralyk.protocols.watch.wire import escape, write_frame
from aralyk.protocols.wire import KMH_MPS

MANUFACTURER: Final = "3G"
_ALARM_BITS: Final = {
    Alarm.SOS: 16,
    Alarm.LOW_BATTERY: 17,
    Alarm.GEOFENCE: 18,
    Alarm.STRAP_OPEN: 20,
    Alarm.FALL: 21,
    Alarm.POWER_CUT: 14,
}
_STRAP_OPEN_BIT: Final = 3


def encode_position(message: Message, *, manufacturer: str = MANUFACTURER, index: str | None = None) -> bytes:
    """Write AL for a message with alarms, UD for one without.

    Raises:
        ValueError: The message has no device or no time, or an alarm that the status word has no bit for.
    """
    kind = "AL" if message.alarms else "UD"
    content = ",".join([kind, *_fields(message), f"{_status(message):08X}", *_networks(message)])
    return _frame(content.encode("utf-8"), message.device_id, manufacturer, index)


def encode_link(device_id: str, *, steps: int, battery_pct: int, manufacturer: str = MANUFACTURER) -> bytes:
    """Write the link that a watch sends every few minutes."""
    return _frame(f"LK,{steps},0,{battery_pct}".encode("ascii"), device_id, manufacturer, None)


def encode_sound(device_id: str, sound: bytes, *, manufacturer: str = MANUFACTURER) -> bytes:
    """Write a voice message."""
    return _frame(b"TK," + escape(sound), device_id, manufacturer, None)


def _frame(content: bytes, device_id: str | None, manufacturer: str, index: str | None) -> bytes:
    if device_id is None:
        raise ValueError("a watch always names itself")
    return write_frame(content, manufacturer=manufacturer, device_id=device_id, index=index)


def _fields(message: Message) -> list[str]:
    if message.fixed_at_us is None:
        raise ValueError("a position has a time")
    lat, lon = message.lat or 0.0, message.lon or 0.0
    return [
        (EPOCH + timedelta(microseconds=message.fixed_at_us)).strftime("%d%m%y,%H%M%S"),
        "A" if message.valid else "V",
        f"{abs(lat):.6f}",
        "S" if lat < 0 else "N",
        f"{abs(lon):.6f}",
        "W" if lon < 0 else "E",
        f"{(message.speed_mps or 0.0) / KMH_MPS:.2f}",
        f"{message.heading_deg or 0.0:.1f}",
        f"{message.altitude_m or 0.0:.1f}",
        str(message.extra.get("satellites", 0)),
        str(message.extra.get("signal", 0)),
        "" if message.battery_pct is None else str(round(message.battery_pct)),
        str(message.extra.get("steps", 0)),
        "0",
    ]


def _status(message: Message) -> int:
    unknown = set(message.alarms) - _ALARM_BITS.keys()
    if unknown:
        raise ValueError("an alarm that the status word has no bit for")
    word = sum(1 << _ALARM_BITS[alarm] for alarm in set(message.alarms))
    return word | 1 << _STRAP_OPEN_BIT if message.strap is Strap.OPEN else word


def _networks(message: Message) -> list[str]:
    operator = [str(message.cells[0].mcc), str(message.cells[0].mnc)] if message.cells else []
    cells = [f"{cell.lac},{cell.cid},{abs(cell.rssi_dbm or 0)}" for cell in message.cells]
    wifi = [f",{point.mac},{point.rssi_dbm or 0}" for point in message.wifi]
    return [str(len(cells)), "1", *operator, *cells, str(len(wifi)), *wifi]
