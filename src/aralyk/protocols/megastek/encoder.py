"""Speaks as the bracelet: the simulator and the tests use it. Sentences end as on the wire."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from aralyk.protocols.checksums import xor_of
from aralyk.protocols.messages import EPOCH, Alarm, Message, Strap
from aralyk.protocols.wire import KNOT_MPS

MINUTE_DECIMALS: Final = 5  # as the bracelet writes: about 2 cm
WORDS: Final = {
    Alarm.SOS: "SOS",
    Alarm.STRAP_OPEN: "Belt Off",
    Alarm.TAMPER: "Tamper",
    Alarm.FALL: "Fall",
    Alarm.LOW_BATTERY: "LowBattery",
    Alarm.POWER_OFF: "PW OFF",
}
_BELTS: Final = {Strap.LOCKED: "1", Strap.OPEN: "0", None: ""}


def encode_position(message: Message, *, has_length: bool = False) -> bytes:
    """Write $MGV002; without a place the four fields are empty.

    Raises:
        ValueError: The message has no device or no time, or more than one alarm (a sentence has one alert).
    """
    charger = "" if message.strap is None and message.charging is None else str(int(bool(message.charging)))
    cell = message.cells[0] if message.cells else None
    wifi = "|".join(f"{point.mac.replace(':', '')}:{abs(point.rssi_dbm or 0)}" for point in message.wifi)
    parts = [
        "$MGV002",
        _identity(message),
        "",
        "S" if message.extra.get("stored") else "R",
        _time(message).strftime("%d%m%y,%H%M%S"),
        "A" if message.valid else "V",
        *_place(message),
        "00",
        f"{int(message.extra.get('satellites', 0)):02d}",
        "00",
        "",
        _decimal(None if message.speed_mps is None else message.speed_mps / KNOT_MPS, 3),
        _decimal(message.heading_deg, 2),
        _decimal(message.altitude_m, 1),
        "",
        *((str(cell.mcc), f"{cell.mnc:02d}", f"{cell.lac:04X}", f"{cell.cid:04X}") if cell else ("", "", "", "")),
        str(-cell.rssi_dbm) if cell and cell.rssi_dbm is not None else "",
        *[""] * 8,
        f"{charger}{_BELTS[message.strap]}",
        "" if message.battery_pct is None else f"{round(message.battery_pct):03d}",
        _alert(message.alarms),
        wifi,
    ]
    sentence = (",".join(parts) + ";!").encode("ascii")
    return (f"{len(sentence):04d}".encode("ascii") if has_length else b"") + sentence


def encode_older(message: Message) -> bytes:
    """Write the older form with words: a $GPRMC and a status.

    Raises:
        ValueError: As for `encode_position`.
    """
    lat, north, lon, east = _place(message)
    speed = _decimal(None if message.speed_mps is None else message.speed_mps / KNOT_MPS, 2)
    at = _time(message)
    rmc = f"GPRMC,{at:%H%M%S}.000,{'A' if message.valid else 'V'},{lat},{north},{lon},{east},"
    rmc += f"{speed},{_decimal(message.heading_deg, 2)},{at:%d%m%y},,,A"
    checksum = xor_of(rmc.encode("ascii"))
    battery = "" if message.battery_pct is None else f"Battery={round(message.battery_pct)}%"
    status = f"F,{_alert(message.alarms)},imei:{_identity(message)},05,{_decimal(message.altitude_m, 1)},{battery}"
    charger = "" if message.charging is None else str(int(message.charging))
    sentence = f"STX,{_identity(message)},${rmc}*{checksum:02X},{status},,{charger},,,,;00\r\n"
    return sentence.encode("ascii")


def _identity(message: Message) -> str:
    if message.device_id is None:
        raise ValueError("the bracelet always names itself")
    return message.device_id


def _time(message: Message) -> datetime:
    at_us = message.fixed_at_us if message.fixed_at_us is not None else message.sent_at_us
    if at_us is None:
        raise ValueError("a sentence has a time")
    return EPOCH + timedelta(microseconds=at_us)


def _place(message: Message) -> tuple[str, str, str, str]:
    if message.lat is None or message.lon is None:
        return "", "", "", ""
    lat, lon = _minutes(message.lat, 2), _minutes(message.lon, 3)
    return lat, "S" if message.lat < 0 else "N", lon, "W" if message.lon < 0 else "E"


def _minutes(degrees: float, digits: int) -> str:
    unit = 10**MINUTE_DECIMALS
    whole, minutes = divmod(round(abs(degrees) * 60 * unit), 60 * unit)
    return f"{whole:0{digits}d}{minutes / unit:0{3 + MINUTE_DECIMALS}.{MINUTE_DECIMALS}f}"


def _alert(alarms: tuple[Alarm, ...]) -> str:
    if len(alarms) > 1:
        raise ValueError("a sentence has room for one alert")
    return WORDS[alarms[0]] if alarms else "Timer"


def _decimal(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"
