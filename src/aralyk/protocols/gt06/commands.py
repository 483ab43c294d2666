"""Writes commands as the server: kind 80, words that end with "#", and our number in the server's flag.

The device gives the flag back in its answer (kinds 15 and 21). Words are those of Concox and Jimi; their relatives
share these two. The family has no common words for a text on a display or for a buzzer.
"""

from __future__ import annotations

from typing import Final

from aralyk.protocols.codec import Session
from aralyk.protocols.commands import Command, CommandKind, CommandNotSpoken
from aralyk.protocols.gt06.frame import wrapped

COMMAND_KIND: Final = 0x80
INTERVAL_S_MIN: Final = 5
INTERVAL_S_MAX: Final = 18_000


def encode_command(command: Command, session: Session) -> bytes:
    """Write a command.

    Args:
        command: INTERVAL from 5 to 18000 seconds, or POSITION.
        session: Not used: the words are the same for all models.

    Raises:
        CommandNotSpoken: Another command, or an interval that the devices don't take.
    """
    content = command.serial.to_bytes(4, "big") + _words(command).encode("ascii")
    return wrapped(COMMAND_KIND, bytes((len(content),)) + content, command.serial)


def _words(command: Command) -> str:
    if command.kind is CommandKind.POSITION:
        return "WHERE#"
    if command.kind is not CommandKind.INTERVAL or command.interval_s is None:
        raise CommandNotSpoken(f"{command.kind}: expected interval or position; gt06 has no words for it")
    if not INTERVAL_S_MIN <= command.interval_s <= INTERVAL_S_MAX:
        raise CommandNotSpoken(f"interval_s: expected from {INTERVAL_S_MIN} to {INTERVAL_S_MAX}")
    return f"TIMER,{command.interval_s},{command.interval_s}#"  # moving, and standing still
