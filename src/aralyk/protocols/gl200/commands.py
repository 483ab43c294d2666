"""Writes commands as a tracker takes them: `AT+GTxxx=password,…,serial$`."""

from __future__ import annotations

import re
from typing import Final

from aralyk.protocols.codec import Session
from aralyk.protocols.commands import Command, CommandKind, CommandNotSpoken

_PASSWORD: Final = re.compile(rb"[A-Za-z0-9]{0,20}")


def encode_command(command: Command, session: Session) -> bytes:
    """Write a command; the acknowledgement gives its serial back.

    Args:
        command: Only a position request has words that are the same in all models.
        session: `key` is the device's password; none is an empty one.

    Raises:
        CommandNotSpoken: Intervals are set together with a dozen other parameters that differ by model, and the
            trackers show no text and have no buzzer; or the password has other characters than letters and digits.
    """
    if command.kind is not CommandKind.POSITION:
        raise CommandNotSpoken(f"gl200: no words for {command.kind.value}")
    password = session.key or b""
    if not _PASSWORD.fullmatch(password):
        raise CommandNotSpoken("gl200: a password of up to 20 letters and digits is expected")
    return b"AT+GTRTO=" + password + f",1,,,,,,{command.serial:04X}$".encode("ascii")
