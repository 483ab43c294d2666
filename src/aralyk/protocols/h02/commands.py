"""Commands as trackers take them: `*maker,id,WORD,hhmmss,…#`.

The six digits of time come back in the tracker's confirmation (V4) and nothing is done with them, so our number goes
there, as seconds of a day: 1 to 65535 is 00:00:01 to 18:12:15.
"""

from __future__ import annotations

from typing import Final

from aralyk.protocols.codec import Session
from aralyk.protocols.commands import Command, CommandKind, CommandNotSpoken

VEHICLE_INTERVAL_S_MIN: Final = 30  # of the ST-901 family
VEHICLE_INTERVAL_S_MAX: Final = 65_535


def encode_command(command: Command, session: Session) -> bytes:
    """Write one command.

    Raises:
        CommandNotSpoken: The protocol has no such words, or the model not this interval.
    """
    head = f"*{session.context.get('maker', 'HQ')},{session.device_id or '000'}"
    at = f"{command.serial // 3600:02}{command.serial // 60 % 60:02}{command.serial % 60:02}"
    return f"{head},{_words(command, session, at)}#".encode("ascii")


def _words(command: Command, session: Session, at: str) -> str:
    match command.kind:
        case CommandKind.POSITION:
            return f"D1,{at},{VEHICLE_INTERVAL_S_MIN},1"  # one report: the interval does not count then
        case CommandKind.INTERVAL:
            interval_s = command.interval_s or 0
            if not (session.model or "").upper().startswith("ST-9"):
                return f"S71,{at},22,{interval_s}"
            if not VEHICLE_INTERVAL_S_MIN <= interval_s <= VEHICLE_INTERVAL_S_MAX:
                raise CommandNotSpoken(
                    f"interval_s: this model takes {VEHICLE_INTERVAL_S_MIN} to {VEHICLE_INTERVAL_S_MAX}"
                )
            return f"S17,{at},{interval_s}"
        case CommandKind.MESSAGE | CommandKind.BUZZ:
            raise CommandNotSpoken(f"h02 has no words for {command.kind.value}")
