"""Speaks as a tracker: the simulator and the tests use it. Text ends with "#", as on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from aralyk.protocols.h02.binary import LEVELS
from aralyk.protocols.h02.status import ALL_QUIET, IGNITION_BIT
from aralyk.protocols.messages import EPOCH, Alarm, Cell, Message
from aralyk.protocols.wire import KNOT_MPS

MINUTE_DECIMALS: Final = 4  # as trackers write: 0.2 m
_BITS: Final = {
    Alarm.VIBRATION: 0,
    Alarm.SOS: 1,
    Alarm.OVERSPEED: 2,
    Alarm.GEOFENCE: 7,
    Alarm.LOW_BATTERY: 11,
    Alarm.FAULT: 16,
    Alarm.POWER_CUT: 19,
}


def encode_text(message: Message, *, kind: str = "V1", maker: str = "HQ") -> bytes:
    """Write a place as text: knots with two decimals, whole degrees of course.

    Raises:
        ValueError: The message has no device, time or place, or an alarm that the word has no bit for.
    """
    device_id, lat, lon, time, date = _stands_on(message)
    parts = [
        f"*{maker},{device_id}",
        kind,
        time,
        "A" if message.valid else "V",
        _angle(lat, 2),
        "S" if lat < 0 else "N",
        _angle(lon, 3),
        "W" if lon < 0 else "E",
        f"{(message.speed_mps or 0.0) / KNOT_MPS:.2f}",
        f"{round(message.heading_deg or 0) % 360:03}",
        date,
        f"{status_word(message.alarms):08X}",
    ]
    return ",".join(parts).encode("ascii") + b"#"


def encode_binary(message: Message, *, signal: int | None = None) -> bytes:
    """Write a place in 32 bytes, or with a signal strength in 45: whole knots, battery in six levels.

    Raises:
        ValueError: As in `encode_text`; or an id of other than ten digits.
    """
    device_id, lat, lon, time, date = _stands_on(message)
    if len(device_id) != 10 or not device_id.isdecimal():
        raise ValueError("device_id: expected ten digits")
    flags = (0x2 if message.valid else 0) | (0x4 if lat >= 0 else 0) | (0x8 if lon >= 0 else 0)
    speed, course = round((message.speed_mps or 0.0) / KNOT_MPS), round(message.heading_deg or 0) % 360
    lat_digits, lon_digits = _angle(lat, 2).replace(".", ""), _angle(lon, 3).replace(".", "")
    digits = f"{device_id}{time}{date}{lat_digits}{_level(message):02x}{lon_digits}{flags:x}{speed:03}{course:03}"
    head = b"$" + bytes.fromhex(digits) + status_word(message.alarms).to_bytes(4)
    if signal is None:
        return head + bytes((0xFF, 0, 0))
    cell = message.cells[0] if message.cells else Cell(mcc=0, mnc=0, lac=0, cid=0)
    tail = cell.mcc.to_bytes(2) + bytes((cell.mnc,)) + cell.lac.to_bytes(2) + cell.cid.to_bytes(2)
    return head + bytes((0xFF, 0, signal, 0, 0, 0, 0, 0)) + tail + b"\x01"


def encode_heartbeat(device_id: str) -> bytes:
    """Write the keep-alive that waits for its echo."""
    return f"*HQ,{device_id},HTBT#".encode("ascii")


def encode_link(message: Message, *, signal: int, satellites: int, steps: int) -> bytes:
    """Write the report without a place: battery in percent, steps."""
    time, date = _moment(message)
    said = (message.device_id, "LINK", time, signal, satellites, round(message.battery_pct or 0), steps, 0, date)
    return f"*HQ,{','.join(map(str, said))},{status_word(message.alarms):08X}#".encode("ascii")


def encode_neighbours(message: Message) -> bytes:
    """Write the cells heard; all of one network.

    Raises:
        ValueError: No cell.
    """
    if not message.cells:
        raise ValueError("cells: expected at least one")
    time, date = _moment(message)
    cells = ",".join(f"{cell.lac},{cell.cid},{abs(cell.rssi_dbm or 0)}" for cell in message.cells)
    first = message.cells[0]
    head = f"*HQ,{message.device_id},NBR,{time},{first.mcc},{first.mnc},0,{len(message.cells)}"
    return f"{head},{cells},{date},{status_word(message.alarms):08X}#".encode("ascii")


def encode_confirmation(message: Message, *, command: str) -> bytes:
    """Write the confirmation (V4) of a command such as "S71,000007"."""
    return encode_text(message, kind=f"V4,{command}")


def status_word(alarms: Iterable[Alarm]) -> int:
    """The word with the bits of these alarms low, and the ignition off.

    Raises:
        ValueError: An alarm that the word has no bit for.
    """
    word = ALL_QUIET & ~(1 << IGNITION_BIT)
    for alarm in alarms:
        if alarm not in _BITS:
            raise ValueError(f"alarms: the word has no bit for {alarm.value}")
        word &= ~(1 << _BITS[alarm])
    return word


def samples() -> list[bytes]:
    """One frame of each kind as on the wire, for tests that must hold for all protocols."""
    place = Message(
        device_id="4100000017", fixed_at_us=1_795_255_200_000_000, lat=42.87461, lon=74.56982, valid=True,
        speed_mps=5.0, heading_deg=111, battery_pct=80, alarms=(Alarm.SOS, Alarm.POWER_CUT),
        cells=(Cell(mcc=437, mnc=5, lac=30200, cid=10251, rssi_dbm=-71),),
    )  # fmt: skip
    return [
        encode_text(place),
        encode_text(place, kind="V6", maker="TH"),
        encode_binary(place),
        encode_binary(place, signal=20),
        encode_heartbeat("860000000000017"),
        encode_link(place, signal=20, satellites=7, steps=1200),
        encode_neighbours(place),
        encode_confirmation(place, command="S71,000007"),
    ]


def _stands_on(message: Message) -> tuple[str, float, float, str, str]:
    if message.device_id is None or message.lat is None or message.lon is None:
        raise ValueError("device_id, lat, lon: expected in a message that says where a tracker is")
    return message.device_id, message.lat, message.lon, *_moment(message)


def _moment(message: Message) -> tuple[str, str]:
    if message.fixed_at_us is None:
        raise ValueError("fixed_at_us: a frame has a time")
    at = EPOCH + timedelta(microseconds=message.fixed_at_us)
    return at.strftime("%H%M%S"), at.strftime("%d%m%y")


def _angle(degrees: float, digits: int) -> str:
    ten_thousandths = round(abs(degrees) * 60 * 10**MINUTE_DECIMALS)  # of a minute; rounded once, so never 60.0000
    whole, rest = divmod(ten_thousandths, 60 * 10**MINUTE_DECIMALS)
    return f"{whole:0{digits}}{rest / 10**MINUTE_DECIMALS:0{3 + MINUTE_DECIMALS}.{MINUTE_DECIMALS}f}"


def _level(message: Message) -> int:
    if message.battery_pct is None:
        return 0
    return max(level for level, percent in LEVELS.items() if percent <= message.battery_pct)
