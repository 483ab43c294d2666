"""What the platform may ask of a device, and what the device says about it.

A command is words for a device, not an order of the court: the encoder of each protocol writes those that the protocol
has, and refuses the others by name, so that somebody hears that this device can't be asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SERIAL_MAX: Final = 65_535  # two bytes, the least that protocols have room for
INTERVAL_S_MAX: Final = 86_400
TEXT_CHARS_MAX: Final = 200


class CommandKind(StrEnum):
    """What is asked. Stable: rows and log lines carry it."""

    INTERVAL = "interval"  # report every `interval_s` seconds (pursuit mode is 15)
    POSITION = "position"  # one place, now, the best it can
    MESSAGE = "message"  # show `text` to the wearer and wait for the confirmation
    BUZZ = "buzz"  # vibrate or ring


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command on its way to one device.

    Attributes:
        serial: Our number for it, 1 to 65535, sent along where the protocol has room and given back by its answer.
        kind: What is asked.
        interval_s: Seconds between reports, for INTERVAL.
        text: For MESSAGE; no line break.
    """

    serial: int
    kind: CommandKind
    interval_s: int | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        """Refuse a command that no device could be sent.

        Raises:
            ValueError: Names the field and what it may be.
        """
        if not 1 <= self.serial <= SERIAL_MAX:
            raise ValueError(f"serial: from 1 to {SERIAL_MAX}, not {self.serial}")
        if (self.kind is CommandKind.INTERVAL) != (self.interval_s is not None):
            raise ValueError("interval_s: expected with the kind interval, and with no other")
        if self.interval_s is not None and not 1 <= self.interval_s <= INTERVAL_S_MAX:
            raise ValueError(f"interval_s: from 1 to {INTERVAL_S_MAX}, not {self.interval_s}")
        if (self.kind is CommandKind.MESSAGE) != (self.text is not None):
            raise ValueError("text: expected with the kind message, and with no other")
        if self.text is not None and not (0 < len(self.text) <= TEXT_CHARS_MAX and self.text.isprintable()):
            raise ValueError(f"text: 1 to {TEXT_CHARS_MAX} printable characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAnswer:
    """What a device says about a command.

    Attributes:
        serial: The command's, where the protocol gives it back; None: the oldest one that waits is meant.
        kind: What was asked, where the answer says that instead.
        accepted: Whether the device took it; None: it answered in words of its own.
    """

    serial: int | None = None
    kind: CommandKind | None = None
    accepted: bool | None = None


class CommandNotSpoken(ValueError):
    """The protocol, or this model, has no words for a command."""
