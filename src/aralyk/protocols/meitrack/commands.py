"""Writes commands as the server."""

from __future__ import annotations

from typing import Final

from aralyk.protocols.codec import Session
from aralyk.protocols.commands import Command, CommandKind, CommandNotSpoken
from aralyk.protocols.meitrack.envelope import envelope

_FLAGS: Final = 58  # "A" to "z"
_INTERVAL_UNIT_S: Final = 10


def encode_command(command: Command, session: Session) -> bytes:
    """Write a command.

    Args:
        command: POSITION, or INTERVAL: rounded down to tens of seconds, for more often is the safe side.
        session: Names the device, to which the frame must be addressed.

    Raises:
        CommandNotSpoken: Another command, or no device.
    """
    if session.device_id is None:
        raise CommandNotSpoken("device: expected to be known, its IMEI stands in the command")
    flag = chr(ord("A") + command.serial % _FLAGS)
    if command.kind is CommandKind.POSITION:
        return envelope(b"@@", flag, session.device_id, "A10")
    if command.interval_s is not None:
        units = max(1, command.interval_s // _INTERVAL_UNIT_S)
        return envelope(b"@@", flag, session.device_id, "A12", str(units).encode("ascii"))
    raise CommandNotSpoken(f"{command.kind}: expected position or interval; meitrack has no words for it that we know")
