"""Speaks as the bracelet: the simulator and the tests use it. Frames end with "$", as on the wire."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from aralyk.protocols.messages import EPOCH, Alarm, Cell, Message, Strap
from aralyk.protocols.r16h.codec import KMH_MPS
from aralyk.protocols.r16h.splitter import TERMINATOR

COORDINATE_DECIMALS: Final = 5  # as the bracelet writes: about 1 m
_FLAGS: Final = {Alarm.SOS: "SOS", Alarm.LOW_BATTERY: "LBT", Alarm.STRAP_OPEN: "ULK"}
_STRAPS: Final = {Strap.LOCKED: "L", Strap.OPEN: "R", None: ""}


def encode_position(message: Message) -> bytes:
    """Write @GPSD for a message with a place, @LBSD for one without; whole km/h, degrees, metres and percent.

    Raises:
        ValueError: The message has no device or no time, or more than one alarm (a frame has room for one flag).
    """
    if message.device_id is None:
        raise ValueError("the bracelet always names itself")
    place = _place(message) if message.lat is not None else [*_cells(message.cells), "", ""]
    parts = [
        "@GPSD" if message.lat is not None else "@LBSD",
        message.device_id,
        "S" if message.extra.get("stored") else "R",
        _time(message),
        *place,
        _whole(message.battery_pct),
        _STRAPS[message.strap],
        _flag(message.alarms),
    ]
    return ",".join(parts).encode("ascii") + TERMINATOR


def encode_link(device_id: str) -> bytes:
    """Write the sign of life."""
    return f"@LINK,{device_id}".encode("ascii") + TERMINATOR


def samples() -> list[bytes]:
    """One frame of each kind as on the wire, for tests that must hold for all protocols."""
    imei, at_us = "860000000000017", 1_795_255_200_000_000
    fix = Message(
        device_id=imei, fixed_at_us=at_us, lat=42.87461, lon=74.56982, valid=True, speed_mps=1.5, heading_deg=111,
        altitude_m=760, battery_pct=72, strap=Strap.OPEN, alarms=(Alarm.STRAP_OPEN,), extra={"stored": True},
    )  # fmt: skip
    cells = (Cell(mcc=437, mnc=5, lac=30200, cid=102512405, rssi_dbm=-91),)
    cell_only = Message(device_id=imei, sent_at_us=at_us, battery_pct=71, strap=Strap.LOCKED, cells=cells)
    return [encode_position(fix), encode_position(cell_only), encode_link(imei)]


def _place(message: Message) -> list[str]:
    lat, lon = message.lat or 0.0, message.lon or 0.0
    speed_kmh = None if message.speed_mps is None else message.speed_mps / KMH_MPS
    return [
        f"{abs(lat):0{3 + COORDINATE_DECIMALS}.{COORDINATE_DECIMALS}f}",
        "S" if lat < 0 else "N",
        f"{abs(lon):0{4 + COORDINATE_DECIMALS}.{COORDINATE_DECIMALS}f}",
        "W" if lon < 0 else "E",
        _whole(speed_kmh),
        _whole(None if message.heading_deg is None else message.heading_deg % 360),
        _whole(message.altitude_m),
    ]


def _cells(cells: tuple[Cell, ...]) -> list[str]:
    if not cells:
        return [""]
    cell = cells[0]
    rssi = "" if cell.rssi_dbm is None else f":{cell.rssi_dbm}"
    return [f"{cell.mcc}-{cell.mnc}-{cell.lac:x}-{cell.cid:x}{rssi}"]


def _time(message: Message) -> str:
    at_us = message.fixed_at_us if message.fixed_at_us is not None else message.sent_at_us
    if at_us is None:
        raise ValueError("a frame has a time")
    return (EPOCH + timedelta(microseconds=at_us)).strftime("%Y%m%d,%H%M%S")


def _flag(alarms: tuple[Alarm, ...]) -> str:
    if len(alarms) > 1:
        raise ValueError("a frame has room for one alarm")
    return _FLAGS[alarms[0]] if alarms else ""


def _whole(value: float | None) -> str:
    return "" if value is None else str(round(value))
