"""Takes a frame's content field by field, and gathers what it says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from struct import Struct
from typing import Any, Final

from aralyk.protocols.commands import CommandAnswer
from aralyk.protocols.messages import AccessPoint, Alarm, Cell, Message, Source, Strap

_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_SECOND_US: Final = 1_000_000
_U16: Final = Struct(">H")
_S16: Final = Struct(">h")
_U32: Final = Struct(">I")
TEXT_CHARS_MAX: Final = 500  # of words kept in a message; the frame itself is in the log


class CutShort(Exception):
    """A field was expected where the content had already ended."""


class Reader:
    """Stands at a place of the content.

    Attributes:
        long: Whether the frame starts with `79 79`.
        kind: The protocol number.
        length: The frame's length as it says it; some dialects are told apart by it.
        serial: The device counts its frames with it.
        model: The registered model in capitals, or empty.
        zone_us: The device's clock is so far ahead of UTC, by its login.
    """

    long = False
    kind = 0
    length = 0
    serial = 0
    model = ""
    zone_us = 0

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data = data
        self.at = at
        self.end = end

    @property
    def rest(self) -> int:
        """Bytes of the content that are left."""
        return self.end - self.at

    def take(self, form: Struct) -> tuple[Any, ...]:
        """Take several fields at once.

        Raises:
            CutShort: The content is shorter; so do all the others.
        """
        at = self.at
        self.at = at + form.size
        if self.at > self.end:
            raise CutShort
        return form.unpack_from(self.data, at)

    def raw(self, size: int) -> bytes:
        """Take bytes as they are."""
        at = self.at
        self.at = at + size
        if self.at > self.end:
            raise CutShort
        return self.data[at : self.at]

    def skip(self, size: int) -> None:
        """Pass over bytes."""
        self.raw(size)

    def u8(self) -> int:
        """Take a byte."""
        at = self.at
        if at >= self.end:
            raise CutShort
        self.at = at + 1
        return self.data[at]

    def u16(self) -> int:
        """Take two bytes, the higher one first, as everywhere here."""
        return int(self.take(_U16)[0])

    def s16(self) -> int:
        """Take two bytes with a sign."""
        return int(self.take(_S16)[0])

    def u32(self) -> int:
        """Take four bytes."""
        return int(self.take(_U32)[0])

    def number(self, size: int) -> int:
        """Take so many bytes as one number."""
        return int.from_bytes(self.raw(size), "big")

    def text(self, size: int | None = None, encoding: str = "ascii") -> str:
        """Take words; what is not of the alphabet becomes a replacement mark, control signs are dropped."""
        words = self.raw(self.rest if size is None else size).decode(encoding, "replace")
        return "".join(sign for sign in words if sign.isprintable())[:TEXT_CHARS_MAX].strip()


class Draft:
    """A message in the making, and what else the frame asks of us."""

    device_id: str | None = None
    at_us: int | None = None
    lat: float | None = None
    lon: float | None = None
    valid: bool | None = None
    accuracy_m: float | None = None
    altitude_m: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    battery_pct: float | None = None
    charging: bool | None = None
    strap: Strap | None = None
    silent: bool = False  # the frame holds no record
    answered: bool = True  # the usual acknowledgement is wanted
    answer: bytes | None = None  # instead of the usual one
    withheld: bool = False  # the answer would fetch a picture (ADR-0015)
    kept: bytes | None = None  # the frame without the picture
    command_answers: tuple[CommandAnswer, ...] = ()
    context: Mapping[str, str] | None = None

    def __init__(self) -> None:
        self.alarms: list[Alarm] = []
        self.cells: list[Cell] = []
        self.wifi: list[AccessPoint] = []
        self.extra: dict[str, Any] = {}

    def names_itself(self, imei: bytes) -> None:
        """The frame holds an IMEI; it counts where no login was heard, and is kept where it is another one."""
        digits = imei.hex()[1:]
        if self.device_id is None and digits.isdigit():
            self.device_id = digits
        elif digits != self.device_id:
            self.extra["device_imei"] = digits

    def raised(self, alarm: Alarm) -> None:
        """Add an alarm; a removal is also the state of the strap."""
        if alarm not in self.alarms:
            self.alarms.append(alarm)
        if alarm is Alarm.STRAP_OPEN:
            self.strap = Strap.OPEN

    def unreadable(self, name: str) -> None:
        """Name a field that was said in a form that can't be used."""
        self.extra.setdefault("unreadable", []).append(name)

    def message(self) -> Message:
        """What was gathered."""
        placed = self.lat is not None
        heard = self.cells or self.wifi
        return Message(
            device_id=self.device_id,
            fixed_at_us=self.at_us,
            lat=self.lat,
            lon=self.lon,
            valid=self.valid,
            accuracy_m=self.accuracy_m,
            altitude_m=self.altitude_m,
            speed_mps=self.speed_mps,
            heading_deg=self.heading_deg,
            source=Source.GNSS if placed else Source.NETWORK if heard else Source.UNKNOWN,
            battery_pct=self.battery_pct,
            charging=self.charging,
            strap=self.strap,
            alarms=tuple(self.alarms),
            cells=tuple(self.cells),
            wifi=tuple(self.wifi),
            extra=self.extra,
        )


def moment_us(year: int, month: int, day: int, hour: int, minute: int, second: int, *, zone_us: int) -> int | None:
    """Microseconds since 1970 of the device's clock; None for a date that does not exist (a clock never set)."""
    if hour > 23 or minute > 59 or second > 59:
        return None
    days = _days(year, month, day)
    return None if days is None else (days * 86_400 + hour * 3600 + minute * 60 + second) * _SECOND_US - zone_us


@lru_cache(maxsize=1024)
def _days(year: int, month: int, day: int) -> int | None:
    """Days since 1970; devices speak of the same few."""
    try:
        return date(2000 + year, month, day).toordinal() - _EPOCH_ORDINAL
    except ValueError:
        return None


def epoch_us(seconds: int) -> int | None:
    """The same for seconds since 1970; 0 is a clock never set."""
    return seconds * _SECOND_US if seconds else None
