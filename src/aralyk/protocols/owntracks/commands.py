"""Commands as the app takes them: JSON objects of the type "cmd", in the array that answers a request.

The app obeys only where its owner (or our set-up of it) has allowed remote commands and remote configuration. A phone
that encrypts gets each command in a box of its own: with a key, the connection alone must not be able to command it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from aralyk.protocols.codec import Session
from aralyk.protocols.commands import Command, CommandKind, CommandNotSpoken
from aralyk.protocols.owntracks.box import sealed

MOVE_MODE: Final = 2  # the only monitoring mode in which both apps keep an interval
DISPLACEMENT_M: Final = 1  # iOS reports at the interval or after this way, whichever comes first


def encode_command(command: Command, session: Session) -> bytes:
    """Write one command as a JSON object.

    Raises:
        CommandNotSpoken: The app shows no messages of ours and does not ring.
    """
    content = msgspec.json.encode({"_type": "cmd", **_words(command)})
    if not session.key:
        return content
    return msgspec.json.encode({"_type": "encrypted", "data": sealed(content, key=session.key)})


def answer_of_commands(commands: list[bytes]) -> bytes:
    """Join commands into the body that answers a request; `[]` for none, which the app expects too."""
    return b"[" + b",".join(commands) + b"]"


def _words(command: Command) -> dict[str, Any]:
    match command.kind:
        case CommandKind.POSITION:
            return {"action": "reportLocation"}
        case CommandKind.INTERVAL:
            configuration = {
                "_type": "configuration",
                "monitoring": MOVE_MODE,
                "locatorInterval": command.interval_s,  # iOS in this mode, Android in the others
                "moveModeLocatorInterval": command.interval_s,  # Android in this mode
                "locatorDisplacement": DISPLACEMENT_M,
            }
            return {"action": "setConfiguration", "configuration": configuration}
        case CommandKind.MESSAGE | CommandKind.BUZZ:
            raise CommandNotSpoken(f"owntracks has no words for {command.kind.value}")
