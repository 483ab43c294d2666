"""Speaks as the device: the load tools and the tests use it. Sentences end with a line end, as on the wire."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from aralyk.protocols.laipac.sentence import sentence
from aralyk.protocols.messages import EPOCH, Alarm, Cell, Message
from aralyk.protocols.wire import KNOT_MPS

EVENTS: Final = {
    Alarm.SOS: "3",
    Alarm.GEOFENCE: "4",
    Alarm.POWER_CUT: "5",
    Alarm.OVERSPEED: "6",
    Alarm.VIBRATION: "8",
    Alarm.POWER_OFF: "H",
    Alarm.TAMPER: "T",
    Alarm.MOVEMENT: "Y",
    Alarm.LOW_BATTERY: "Z",
}
_REGULAR: Final = "0"


def encode_position(message: Message, *, wants_answer: bool = False) -> bytes:
    """Write $AVRMC; the letter of the status is small where the device waits for an answer.

    Raises:
        ValueError: No device, no time, no place, or more than one alarm (a sentence has room for one event).
    """
    if message.device_id is None or message.fixed_at_us is None or message.lat is None or message.lon is None:
        raise ValueError("a sentence has a device, a time and a place")
    if len(message.alarms) > 1:
        raise ValueError("a sentence has room for one event")
    at = EPOCH + timedelta(microseconds=message.fixed_at_us)
    status = "R" if message.valid else "V"
    return sentence(
        "AVRMC",
        message.device_id,
        at.strftime("%H%M%S"),
        status.lower() if wants_answer else status,
        _angle(message.lat, 2),
        "S" if message.lat < 0 else "N",
        _angle(message.lon, 3),
        "W" if message.lon < 0 else "E",
        f"{(message.speed_mps or 0) / KNOT_MPS:.2f}",
        f"{message.heading_deg or 0:.2f}",
        at.strftime("%d%m%y"),
        EVENTS[message.alarms[0]] if message.alarms else _REGULAR,
        f"{round(float(message.extra.get('battery_v', 4)) * 1000):04d}",
        "0",
        "1",
        "0",
        "0",
        *(field for cell in message.cells[:1] for field in _cell(cell)),
    )


def encode_check(device_id: str, number: int) -> bytes:
    """Write the sign of life."""
    return sentence("ECHK", device_id, str(number))


def _angle(degrees: float, digits: int) -> str:
    parts = round(abs(degrees) * 600_000)  # of ten-thousandths of a minute
    return f"{parts // 600_000:0{digits}d}{parts % 600_000 // 10_000:02d}.{parts % 10_000:04d}"


def _cell(cell: Cell) -> tuple[str, str]:
    network = f"{cell.mcc:03d}{cell.mnc:02d}"
    return f"{cell.lac:04X}{cell.cid & 0xFFFF:04X}", network.rjust(6, "0")
