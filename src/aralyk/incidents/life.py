"""How an incident lives, as one table; `docs/reference/incident-life.md` is made from it, and a test compares them.

A row says: from this status, this act leads there; who may do it, what it must state, what is witnessed, and what the
time line calls it. What stands in no row is refused. The engine opens and updates an incident and says when it no
longer sees the situation (`episode_open`); that moves the status in one case alone: a closed incident that grows worse,
that had ended and goes on, or another call for help in it, opens it again. Nothing else moves but by a named person.
Being shown moves nothing: a screen is not an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from aralyk.access.errors import Code
from aralyk.access.permissions import May
from aralyk.evidence.kinds import Kind
from aralyk.incidents.models import Status
from aralyk.jurisdictions.values import Milestone


class Act(StrEnum):
    """What a person does to an incident."""

    SHOW = "show"
    ACKNOWLEDGE = "acknowledge"
    TRIAGE = "triage"
    HAND_OVER = "hand_over"
    ACCEPT = "accept"
    SET_OUT = "set_out"
    ARRIVE = "arrive"
    GIVE_BACK = "give_back"
    TAKE_OVER = "take_over"
    CONCLUDE = "conclude"
    CLOSE = "close"
    REOPEN = "reopen"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What an act is wherever it is possible.

    Attributes:
        may: The permission without which it is refused.
        needs: What must be stated.
        kind: What is witnessed.
        event: What the time line calls it.
        officers_own: Only the officer who accepted the incident can say it.
    """

    may: May
    needs: tuple[str, ...]
    kind: Kind
    event: str
    officers_own: bool = False


DEEDS: Final[Mapping[Act, Deed]] = MappingProxyType(
    {
        Act.SHOW: Deed(may=May.WATCH, needs=(), kind=Kind.INCIDENT_SHOWN, event="shown"),
        Act.ACKNOWLEDGE: Deed(
            may=May.ANSWER_INCIDENTS, needs=(), kind=Kind.INCIDENT_ACKNOWLEDGED, event="acknowledged"
        ),
        Act.TRIAGE: Deed(may=May.ANSWER_INCIDENTS, needs=("judgement",), kind=Kind.INCIDENT_TRIAGED, event="triaged"),
        Act.HAND_OVER: Deed(
            may=May.ANSWER_INCIDENTS, needs=("desk",), kind=Kind.INCIDENT_HANDED_OVER, event="handed_over"
        ),
        Act.ACCEPT: Deed(
            may=May.ACCEPT_INCIDENTS, needs=("no_relation",), kind=Kind.INCIDENT_ACCEPTED, event="accepted"
        ),
        Act.SET_OUT: Deed(
            may=May.ACCEPT_INCIDENTS, needs=(), kind=Kind.INCIDENT_ON_THE_WAY, event="on_the_way", officers_own=True
        ),
        Act.ARRIVE: Deed(
            may=May.ACCEPT_INCIDENTS, needs=(), kind=Kind.INCIDENT_ARRIVED, event="arrived", officers_own=True
        ),
        Act.GIVE_BACK: Deed(
            may=May.ANSWER_INCIDENTS, needs=("reason",), kind=Kind.INCIDENT_GIVEN_BACK, event="given_back"
        ),
        Act.TAKE_OVER: Deed(may=May.ANSWER_INCIDENTS, needs=(), kind=Kind.INCIDENT_TAKEN_OVER, event="taken_over"),
        Act.CONCLUDE: Deed(
            may=May.ANSWER_INCIDENTS, needs=("outcome", "reason"), kind=Kind.INCIDENT_CONCLUDED, event="concluded"
        ),
        Act.CLOSE: Deed(
            may=May.CLOSE_INCIDENTS, needs=("outcome", "reason"), kind=Kind.INCIDENT_CLOSED, event="closed"
        ),
        Act.REOPEN: Deed(may=May.CLOSE_INCIDENTS, needs=("reason",), kind=Kind.INCIDENT_REOPENED, event="reopened"),
        Act.NOTE: Deed(may=May.ANSWER_INCIDENTS, needs=("text",), kind=Kind.INCIDENT_NOTED, event="noted"),
    }
)
assert set(DEEDS) == set(Act)

_CENTRE: Final = (Status.ACKNOWLEDGED, Status.TRIAGED)
_UNDER_WAY: Final = (Status.HANDED_OVER, Status.ACCEPTED, Status.ON_THE_WAY, Status.ARRIVED)
OWNED: Final = (*_CENTRE, *_UNDER_WAY, Status.CONCLUDED)


def _rows() -> Iterator[tuple[tuple[Status, Act], Status]]:
    yield (Status.OPEN, Act.SHOW), Status.OPEN
    yield (Status.OPEN, Act.ACKNOWLEDGE), Status.ACKNOWLEDGED
    for status in _CENTRE:
        yield (status, Act.TRIAGE), Status.TRIAGED
    # Over again, too: another desk when the first one does not accept, or when more is needed after the outcome.
    for status in (*_CENTRE, Status.HANDED_OVER, Status.CONCLUDED):
        yield (status, Act.HAND_OVER), Status.HANDED_OVER
    yield (Status.HANDED_OVER, Act.ACCEPT), Status.ACCEPTED
    yield (Status.ACCEPTED, Act.SET_OUT), Status.ON_THE_WAY
    for status in (Status.ACCEPTED, Status.ON_THE_WAY):  # who stands next door arrives without a way
        yield (status, Act.ARRIVE), Status.ARRIVED
    for status in _UNDER_WAY:
        yield (status, Act.GIVE_BACK), Status.ACKNOWLEDGED
    for status in OWNED:
        yield (status, Act.TAKE_OVER), status
        yield (status, Act.SHOW), status
        yield (status, Act.CONCLUDE), Status.CONCLUDED
        yield (status, Act.CLOSE), Status.CLOSED
    yield (Status.CLOSED, Act.REOPEN), Status.OPEN
    for status in Status:
        yield (status, Act.NOTE), status


TRANSITIONS: Final[Mapping[tuple[Status, Act], Status]] = MappingProxyType(dict(_rows()))

# Why an act is impossible, where one word says it better than the status.
_REFUSALS: Final[Mapping[tuple[Status, Act], Code]] = MappingProxyType(
    {(status, Act.ACKNOWLEDGE): Code.ALREADY_ACKNOWLEDGED for status in OWNED}
    | {(status, Act.ACCEPT): Code.ALREADY_ACCEPTED for status in _UNDER_WAY if status is not Status.HANDED_OVER}
    | {(Status.OPEN, Act.CLOSE): Code.NOT_ACKNOWLEDGED}
    | {(Status.CLOSED, act): Code.ALREADY_CLOSED for act in Act}
)

# Which clocks run while it stands so. The clock of closing runs from the first moment to the last.
WAITS_FOR: Final[Mapping[Status, tuple[Milestone, ...]]] = MappingProxyType(
    {
        Status.OPEN: (Milestone.SHOWN, Milestone.ACKNOWLEDGED, Milestone.CLOSED),
        Status.ACKNOWLEDGED: (Milestone.HANDED_OVER, Milestone.CLOSED),
        Status.TRIAGED: (Milestone.HANDED_OVER, Milestone.CLOSED),
        Status.HANDED_OVER: (Milestone.ACCEPTED, Milestone.CLOSED),
        Status.ACCEPTED: (Milestone.ON_THE_WAY, Milestone.ARRIVED, Milestone.CLOSED),
        Status.ON_THE_WAY: (Milestone.ARRIVED, Milestone.CLOSED),
        Status.ARRIVED: (Milestone.CLOSED,),
        Status.CONCLUDED: (Milestone.CLOSED,),
        Status.CLOSED: (),
    }
)
assert set(WAITS_FOR) == set(Status)


def possible(status: Status) -> tuple[Act, ...]:
    """What may be done to an incident that stands so, in the order of a life."""
    return tuple(act for act in Act if (status, act) in TRANSITIONS)


def refusal(status: Status, act: Act) -> Code:
    """Why this act is impossible now."""
    return _REFUSALS.get((status, act), Code.NOT_POSSIBLE_NOW)


def diagram() -> str:
    """The table as a Mermaid state diagram; what moves nothing is left out."""
    lines = ["stateDiagram-v2", "    [*] --> open: the engine decides"]
    for (status, act), result in TRANSITIONS.items():
        if result is not status:
            lines.append(f"    {status.value} --> {result.value}: {act.value}")
    lines += ["    closed --> open: the engine sees it grow worse, or begin again", "    closed --> [*]"]
    return "\n".join(lines)
