"""Writes commands as the texts of Codec 12.

The intervals are parameters of the vendor's common platform: one per state of the device (home, roaming, unknown
network; standing, moving), each with a period between records and one between sendings. They are known for the models
below; another model's parameter of the same number may mean anything, so it is not touched.
"""

from __future__ import annotations

import re
import struct
from typing import Final

from aralyk.protocols.codec import Session
from aralyk.protocols.commands import Command, CommandKind, CommandNotSpoken
from aralyk.protocols.teltonika.frame import framed
from aralyk.protocols.teltonika.texts import CODEC_12, COMMAND

POSITION_WORDS: Final = "getgps"
# FMB, FMC, FMM, FMU and their relatives, and the personal trackers of the same platform.
PLATFORM_MODELS: Final = re.compile(r"(?:FMB|FMC|FMM|FMU|FMP|MTB|TMT|TST|TFT)[0-9]{2,3}.*|GH5200", re.IGNORECASE)
# Least period between records, and period between sendings: standing and moving, at home, roaming, unknown.
RECORD_PERIODS: Final = (10_000, 10_050, 10_100, 10_150, 10_200, 10_250)
SEND_PERIODS: Final = tuple(number + 5 for number in RECORD_PERIODS)
PERIOD_S_MAX: Final = 65_535


def encode_command(command: Command, session: Session) -> bytes:
    """Write a command, ready for the wire.

    Raises:
        CommandNotSpoken: A message, a buzz, or the interval of a model whose parameters are not known.
    """
    if command.kind is CommandKind.POSITION:
        return encode_words(POSITION_WORDS)
    if command.kind is CommandKind.INTERVAL:
        if session.model is None or not PLATFORM_MODELS.fullmatch(session.model):
            raise CommandNotSpoken("teltonika: the interval is set by parameters, which are not known for this model")
        if command.interval_s is None or command.interval_s > PERIOD_S_MAX:
            raise CommandNotSpoken(f"teltonika: an interval has at most {PERIOD_S_MAX} seconds")
        pairs = (f"{number}:{command.interval_s}" for number in sorted(RECORD_PERIODS + SEND_PERIODS))
        return encode_words(f"setparam {';'.join(pairs)}")
    raise CommandNotSpoken(f"teltonika: no words for {command.kind.value}")


def encode_words(words: str) -> bytes:
    """Frame a command's words."""
    text = words.encode("ascii")
    return framed(struct.pack(">BBBI", CODEC_12, 1, COMMAND, len(text)) + text + b"\x01")
