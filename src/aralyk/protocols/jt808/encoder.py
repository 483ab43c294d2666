"""Speaks as a terminal: tests and load tools use it. Frames are as on the wire, escaped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aralyk.protocols.jt808.alarms import ALARM_BITS
from aralyk.protocols.jt808.location import CHARGING, FIX, SOUTH, WEST
from aralyk.protocols.jt808.wire import BEIJING, USUAL, Envelope, escaped, id_bytes_count, id_bytes_of, sealed
from aralyk.protocols.messages import EPOCH, Alarm, Message, Strap
from aralyk.protocols.wire import KMH_MPS

# Which bit says an alarm; the first of those that do, and the bit of item EB for an open strap.
_BITS: Final = {alarm: bit for bit, (_, alarms) in reversed(ALARM_BITS.items()) for alarm in alarms}
_REMOVED: Final = b"\x00\x06\x00\x89" + (0xFFFF_FFFF ^ 1 << 12).to_bytes(4, "big")


@dataclass(slots=True, kw_only=True)
class Terminal:
    """One terminal; counts its messages.

    Attributes:
        device_id: Digits.
        version: Of the protocol (1 for 2019), or None for 2011 and 2013.
        delimiter: 7E or E7.
        serial: Of the next message.
    """

    device_id: str
    version: int | None = None
    delimiter: int = USUAL
    serial: int = 0

    def encode(self, kind: int, body: bytes, *, part: tuple[int, int] | None = None) -> bytes:
        """Write any message."""
        count = id_bytes_count(self.version is not None, self.delimiter)
        envelope = Envelope(
            delimiter=self.delimiter,
            kind=kind,
            id_bytes=id_bytes_of(self.device_id, bytes_count=count),
            version=self.version,
            serial=self.serial,
            part=part,
            body=body,
        )
        self.serial = (self.serial + 1) % 0x10000
        return escaped(sealed(envelope))

    def encode_register(self) -> bytes:
        """Ask for a token; maker, model and plate stay empty."""
        return self.encode(0x0100, bytes(37))

    def encode_authenticate(self, token: bytes) -> bytes:
        """Give the token back."""
        return self.encode(0x0102, token)

    def encode_heartbeat(self) -> bytes:
        """Write a sign of life."""
        return self.encode(0x0002, b"")

    def encode_position(self, message: Message) -> bytes:
        """Write 0200."""
        return self.encode(0x0200, location_of(message))

    def encode_batch(self, messages: list[Message], *, archive: bool = True) -> bytes:
        """Write 0704, the positions that were kept while nobody listened."""
        records = [location_of(message) for message in messages]
        body = len(records).to_bytes(2, "big") + bytes([archive])
        return self.encode(0x0704, body + b"".join(len(record).to_bytes(2, "big") + record for record in records))

    def encode_answer(self, serial: int, kind: int, result: int = 0) -> bytes:
        """Answer a command (0001)."""
        return self.encode(0x0001, serial.to_bytes(2, "big") + kind.to_bytes(2, "big") + bytes([result]))


def location_of(message: Message) -> bytes:
    """The 28 bytes of a position and its items; whole metres and degrees, tenths of km/h, millionths of a degree.

    Raises:
        ValueError: The message has no time, or an alarm that no bit tells.
    """
    if message.fixed_at_us is None:
        raise ValueError("a position has a time")
    lat, lon = message.lat or 0.0, message.lon or 0.0
    status = (FIX if message.valid else 0) | (SOUTH if lat < 0 else 0) | (WEST if lon < 0 else 0)
    status |= CHARGING if message.charging else 0
    return b"".join(
        (
            _alarm_word(message.alarms).to_bytes(4, "big"),
            status.to_bytes(4, "big"),
            round(abs(lat) * 1_000_000).to_bytes(4, "big"),
            round(abs(lon) * 1_000_000).to_bytes(4, "big"),
            round(message.altitude_m or 0).to_bytes(2, "big", signed=True),
            round((message.speed_mps or 0) / KMH_MPS * 10).to_bytes(2, "big"),
            round(message.heading_deg or 0).to_bytes(2, "big"),
            _bcd_time(message.fixed_at_us),
            b"" if message.battery_pct is None else bytes([0x06, 1, round(message.battery_pct)]),
            b"\xeb" + bytes([len(_REMOVED)]) + _REMOVED if message.strap is Strap.OPEN else b"",
        )
    )


def _alarm_word(alarms: tuple[Alarm, ...]) -> int:
    word = 0
    for alarm in alarms:
        if alarm is Alarm.STRAP_OPEN:
            continue  # said by an item
        if alarm not in _BITS:
            raise ValueError(f"no bit tells the alarm {alarm.value}")
        word |= 1 << _BITS[alarm]
    return word


def _bcd_time(at_us: int) -> bytes:
    at: datetime = EPOCH + timedelta(microseconds=at_us)
    return bytes.fromhex(at.astimezone(BEIJING).strftime("%y%m%d%H%M%S"))
