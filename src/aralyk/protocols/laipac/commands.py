"""Writes commands as the server, with the factory's password: a device with another one does not obey."""

from __future__ import annotations

from aralyk.protocols.codec import Session
from aralyk.protocols.commands import Command, CommandKind, CommandNotSpoken
from aralyk.protocols.laipac.sentence import PASSWORD, sentence


def encode_command(command: Command, session: Session) -> bytes:
    """Write a command.

    Args:
        command: POSITION; its serial has no room here.
        session: Not used.

    Raises:
        CommandNotSpoken: Another command.
    """
    if command.kind is not CommandKind.POSITION:
        raise CommandNotSpoken(f"{command.kind}: expected position; laipac has no words for it that we know")
    return sentence("AVREQ", PASSWORD, "1")
