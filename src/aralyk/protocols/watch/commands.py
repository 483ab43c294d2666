"""Writes commands as a watch takes them."""

from __future__ import annotations

from typing import Final

from aralyk.protocols.codec import Session
from aralyk.protocols.commands import Command, CommandKind, CommandNotSpoken
from aralyk.protocols.watch.wire import write_frame

MANUFACTURER: Final = "3G"  # the commonest letters, for a watch that has not spoken since the gateway started
INDEX: Final = "0001"  # our commands are not numbered; a watch of the numbered form expects some number


def encode_command(command: Command, session: Session) -> bytes:
    """Write a command.

    Args:
        command: What is asked.
        session: Its `device_id`, and the letters and form that the watch itself used (`Decoded.context`).

    Raises:
        CommandNotSpoken: Nobody knows which watch is meant, which every frame must name.
    """
    if session.device_id is None:
        raise CommandNotSpoken("watch: a command names its watch, and the session has none")
    return write_frame(
        _content(command).encode("ascii"),
        manufacturer=session.context.get("manufacturer", MANUFACTURER),
        device_id=session.device_id,
        index=INDEX if "numbered" in session.context else None,
    )


def _content(command: Command) -> str:
    match command.kind:
        case CommandKind.INTERVAL:
            return f"UPLOAD,{command.interval_s}"
        case CommandKind.POSITION:
            return "CR"
        case CommandKind.BUZZ:
            return "FIND"
        case CommandKind.MESSAGE:
            assert command.text is not None
            return f"MESSAGE,{command.text.encode('utf-16-be').hex().upper()}"
