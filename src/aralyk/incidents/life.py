"""How an incident lives, as a table; `docs/reference/incidents.md` shows the diagram made from it.

The engine opens and updates an incident and says when it no longer sees the situation (`episode_open`); that moves the
status in one case alone: a closed incident that grows worse, that had ended and goes on, or another call for help in
it, opens it again. Otherwise only a named person does: takes it on, and closes it with an opinion and a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from aralyk.access.errors import Code
from aralyk.incidents.models import Status


class Act(StrEnum):
    """What a person does to an incident."""

    ACKNOWLEDGE = "acknowledge"
    NOTE = "note"
    CLOSE = "close"


TRANSITIONS: Final[Mapping[tuple[Status, Act], Status | Code]] = MappingProxyType(
    {
        (Status.OPEN, Act.ACKNOWLEDGE): Status.ACKNOWLEDGED,
        (Status.OPEN, Act.NOTE): Status.OPEN,
        (Status.OPEN, Act.CLOSE): Code.NOT_ACKNOWLEDGED,
        (Status.ACKNOWLEDGED, Act.ACKNOWLEDGE): Code.ALREADY_ACKNOWLEDGED,
        (Status.ACKNOWLEDGED, Act.NOTE): Status.ACKNOWLEDGED,
        (Status.ACKNOWLEDGED, Act.CLOSE): Status.CLOSED,
        (Status.CLOSED, Act.ACKNOWLEDGE): Code.ALREADY_CLOSED,
        (Status.CLOSED, Act.NOTE): Status.CLOSED,
        (Status.CLOSED, Act.CLOSE): Code.ALREADY_CLOSED,
    }
)
assert set(TRANSITIONS) == {(status, act) for status in Status for act in Act}


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> open: the engine decides"]
    for (status, act), result in TRANSITIONS.items():
        if isinstance(result, Status):
            lines.append(f"    {status.value} --> {result.value}: {act.value}")
    lines += ["    closed --> open: the engine sees it grow worse, or begin again", "    closed --> [*]"]
    return "\n".join(lines)
