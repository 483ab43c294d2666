"""The queue of commands: asked for by people and by the engine's decisions, sent by the gateway, each step witnessed.

One row for each command. Whoever asks (console, monitor) and whoever sends (gateway) are different processes with
different database libraries, so this is plain SQL on any cursor, and every function takes many at once: after an outage
of the network the engine asks thousands of devices in one step. A row only moves along TRANSITIONS. `finished_at` says
that nothing more will come; for a protocol without answers that is the sending.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from aralyk.devices.discretion import kept_quiet
from aralyk.evidence.kinds import Kind
from aralyk.evidence.record import Event, record_all
from aralyk.protocols import registry
from aralyk.protocols.codec import Codec, Session
from aralyk.protocols.commands import SERIAL_MAX, Command, CommandKind, CommandNotSpoken
from aralyk.tracking.live import LiveKind, announce
from aralyk.tracking.log import Cursor

CHANNEL: Final = "commands"  # NOTIFY: the payload is a device's id
WHY_MAX: Final = 400


class State(StrEnum):
    """Where a command stands."""

    QUEUED = "queued"  # waits for the device's next contact
    SENT = "sent"  # went out at least once; finished only where the protocol has no answers
    ANSWERED = "answered"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """Why a command is finished, beside its state."""

    ACCEPTED = "accepted"
    OWN_WORDS = "own_words"  # the device answered in words of its own: read them in the log
    NO_ANSWERS = "no_answers"  # sent, and the protocol never confirms: whether it was heard is not known
    BY_DEVICE = "by_device"
    NOT_SPOKEN = "not_spoken"  # the protocol, or this model, has no words for it
    WOULD_TELL = "would_tell"  # not sent: its moment would tell a respondent that he is near her
    NOT_HEARD = "not_heard"  # the device did not come, or never answered, until the command expired
    REPLACED = "replaced"  # a newer interval
    BY_PERSON = "by_person"
    NOT_NEEDED = "not_needed"  # the episode that it was for is over


TRANSITIONS: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        State.QUEUED: frozenset(State) - {State.QUEUED},
        State.SENT: frozenset({State.SENT, State.ANSWERED, State.REFUSED, State.EXPIRED, State.WITHDRAWN}),
        State.ANSWERED: frozenset(),
        State.REFUSED: frozenset(),
        State.EXPIRED: frozenset(),
        State.WITHDRAWN: frozenset(),
    }
)
OPEN_STATES: Final = tuple(state for state, following in TRANSITIONS.items() if following)
WITNESS: Final[Mapping[State, Kind]] = MappingProxyType(
    {
        State.QUEUED: Kind.COMMAND_ASKED,
        State.SENT: Kind.COMMAND_SENT,
        State.ANSWERED: Kind.COMMAND_ANSWERED,
        State.REFUSED: Kind.COMMAND_REFUSED,
        State.EXPIRED: Kind.COMMAND_EXPIRED,
        State.WITHDRAWN: Kind.COMMAND_WITHDRAWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A command that somebody asks for.

    Attributes:
        device: Its id, registered.
        kind: What is asked.
        interval_s: Seconds between reports, for INTERVAL.
        text: For MESSAGE.
        why: A code of ours, or a person's reason.
        asked_by: "user:<id>", "decision:<evidence entry>", "checkup:<id>", "contact:<plan>" or "fitting:<assignment>".
        user_id: The person's key, for screens.
        episode: The engine's episode that it serves.
        life: How long it may wait for the device.
        spoken: Whether the device's protocol has words for it (`speaks`); without, it is kept as refused.
        may_be_seen: Whether its coming tells a respondent nothing about her: its moment was fixed beforehand, he stands
            by, or two people answer for it. Without, a quiet device (`discretion`) does not get it.
        data: What its witness says besides; ids and numbers.
    """

    device: str
    kind: CommandKind
    interval_s: int | None = None
    text: str | None = None
    why: str
    asked_by: str
    user_id: int | None = None
    episode: UUID | None = None
    life: timedelta
    spoken: bool
    may_be_seen: bool = False
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command's next step, as whoever took it reports it.

    Attributes:
        command: Its id.
        state: Where it stands now.
        at: When that was.
        outcome: Why it is finished; None: more may come.
    """

    command: int
    state: State
    at: datetime
    outcome: Outcome | None


def codec_of(protocol: str) -> Codec | None:
    """The codec of a registered device's protocol; None: this version does not know it."""
    return registry().get(protocol)


def speaks(*, protocol: str, model: str, device: str, kind: CommandKind) -> bool:
    """Whether a device can be asked for something: its protocol, and its model, have words for it."""
    codec = codec_of(protocol)
    if codec is None or codec.encode_command is None:
        return False
    sample = Command(
        serial=1,
        kind=kind,
        interval_s=60 if kind is CommandKind.INTERVAL else None,
        text="." if kind is CommandKind.MESSAGE else None,
    )
    try:
        codec.encode_command(sample, Session(device_id=device, model=model or None))
    except CommandNotSpoken:
        return False
    return True


_LOCK: Final = (
    "SELECT pg_advisory_xact_lock(hashtext('devices_command'), hashtext(device)) FROM unnest(%s::text[]) AS u (device)"
)
# The serial follows the id: unique among those of a device that can be under way at once, without asking for the last.
_INSERT: Final = """
    INSERT INTO devices_command (id, serial, device_id, kind, interval_s, text, why, asked_by, user_id, episode,
                                 created_at, expires_at, state, outcome, finished_at, attempts)
    SELECT n.id, n.id %% %s + 1, n.device, n.kind, n.interval_s, n.text, n.why, n.asked_by, n.user_id, n.episode,
           %s, n.expires_at, n.state, n.outcome, n.finished_at, 0
    FROM (SELECT nextval(pg_get_serial_sequence('devices_command', 'id')) AS id, u.*
          FROM unnest(%s::text[], %s::text[], %s::integer[], %s::text[], %s::text[], %s::text[], %s::bigint[],
                      %s::uuid[], %s::timestamptz[], %s::text[], %s::text[], %s::timestamptz[])
              WITH ORDINALITY AS u (device, kind, interval_s, text, why, asked_by, user_id, episode, expires_at, state,
                                    outcome, finished_at, ordinal)
          ORDER BY u.ordinal) n
    RETURNING id, serial
"""


def ask(cursor: Cursor, wanted: Sequence[Wanted], *, by: str, at: datetime) -> list[int]:
    """Put commands into the queue and wake the gateways at the commit.

    A new interval takes the place of the one that still waits for the same device. What the device's protocol has no
    words for is kept as refused, and so is what would tell a respondent that he is near her: the file shows that more
    was wanted, and why it was not asked.

    Args:
        cursor: Inside an open transaction.
        wanted: In the order of asking.
        by: Who writes, as evidence names it.
        at: Domain time of asking.

    Returns:
        Their ids, in order.
    """
    if not wanted:
        return []
    cursor.execute(_LOCK, (sorted({one.device for one in wanted}),))
    cursor.fetchall()
    quiet = kept_quiet(cursor, {one.device for one in wanted if not one.may_be_seen})
    refused = [_refused(one, quiet) for one in wanted]
    newest = {
        one.device: place
        for place, one in enumerate(wanted)
        if one.kind is CommandKind.INTERVAL and refused[place] is None
    }
    withdraw(cursor, devices=sorted(newest), kind=CommandKind.INTERVAL, outcome=Outcome.REPLACED, by=by, at=at)
    states = [_state(one, place, refused=refused[place], newest=newest) for place, one in enumerate(wanted)]
    cursor.execute(
        _INSERT,
        (
            SERIAL_MAX,
            at,
            [one.device for one in wanted],
            [one.kind.value for one in wanted],
            [one.interval_s for one in wanted],
            [one.text or "" for one in wanted],
            [one.why for one in wanted],
            [one.asked_by for one in wanted],
            [one.user_id for one in wanted],
            [one.episode for one in wanted],
            [at + one.life for one in wanted],
            [state.value for state, _ in states],
            ["" if outcome is None else outcome.value for _, outcome in states],
            [None if outcome is None else at for _, outcome in states],
        ),
    )
    numbers = [(int(row[0]), int(row[1])) for row in cursor.fetchall()]
    events: list[Event] = []
    for (command, serial), one, (state, outcome) in zip(numbers, wanted, states, strict=True):
        asked = {
            "asked_by": one.asked_by,
            "command": command,
            "interval_s": one.interval_s,
            "kind": one.kind.value,
            "serial": serial,
        }
        events.append(Event(kind=Kind.COMMAND_ASKED, subject=f"device:{one.device}", data={**one.data, **asked}))
        if outcome is not None:
            events.append(_event(one.device, command, state=state, outcome=outcome, attempts=0))
    record_all(cursor, events, by=by, at=at)
    _wake(cursor, {one.device for one in wanted})
    return [command for command, _ in numbers]


def withdraw(
    cursor: Cursor,
    *,
    outcome: Outcome,
    by: str,
    at: datetime,
    commands: Collection[int] | None = None,
    devices: Collection[str] | None = None,
    episodes: Collection[UUID] | None = None,
    kind: CommandKind | None = None,
    data: Mapping[str, object] = MappingProxyType({}),
) -> list[int]:
    """Take back what still waits; what is finished stays as it is.

    Args:
        cursor: Inside an open transaction.
        outcome: Why.
        by: Who writes, as evidence names it.
        at: Domain time.
        commands: Only these.
        devices: Only of these.
        episodes: Only for these.
        kind: Only of this kind.
        data: What the witness says besides.

    Returns:
        Those that were taken back.
    """
    cursor.execute(
        "UPDATE devices_command SET state = %s, outcome = %s, finished_at = %s WHERE finished_at IS NULL"
        " AND (%s::bigint[] IS NULL OR id = ANY(%s)) AND (%s::text[] IS NULL OR device_id = ANY(%s))"
        " AND (%s::uuid[] IS NULL OR episode = ANY(%s)) AND (%s::text IS NULL OR kind = %s)"
        " RETURNING id, device_id, attempts",
        (
            State.WITHDRAWN.value, outcome.value, at, *2 * (_list(commands),), *2 * (_list(devices),),
            *2 * (_list(episodes),), *2 * (None if kind is None else kind.value,),
        ),
    )  # fmt: skip
    rows = sorted(cursor.fetchall())
    record_all(
        cursor,
        [
            _event(device, command, state=State.WITHDRAWN, outcome=outcome, attempts=attempts, data=data)
            for command, device, attempts in rows
        ],
        by=by,
        at=at,
    )
    _wake(cursor, {device for _, device, _ in rows})
    return [int(row[0]) for row in rows]


_MOVE: Final = """
    UPDATE devices_command c SET
        state = CASE WHEN c.finished_at IS NULL THEN %(state)s ELSE c.state END,
        outcome = CASE WHEN c.finished_at IS NULL THEN %(outcome)s ELSE c.outcome END,
        finished_at = CASE WHEN c.finished_at IS NULL AND %(ends)s THEN %(at)s ELSE c.finished_at END,
        attempts = c.attempts + CASE WHEN %(state)s = 'sent' THEN 1 ELSE 0 END,
        last_sent_at = CASE WHEN %(state)s = 'sent' THEN %(at)s ELSE c.last_sent_at END,
        answered_at = CASE WHEN %(answered)s THEN %(at)s ELSE c.answered_at END
    WHERE c.id = %(id)s RETURNING c.device_id, c.attempts
"""


def note(cursor: Cursor, steps: Sequence[Step], *, by: str, at: datetime) -> None:
    """Write down what happened to commands under way.

    A sending that crossed with a withdrawal is counted and witnessed all the same: it happened. The state then stays.

    Args:
        cursor: Inside an open transaction.
        steps: In the order in which they happened.
        by: Who writes.
        at: Domain time of writing.
    """
    events: list[Event] = []
    for step in steps:
        answered = step.state is State.ANSWERED or step.outcome is Outcome.BY_DEVICE
        cursor.execute(
            _MOVE,
            {
                "id": step.command,
                "state": step.state.value,
                "outcome": "" if step.outcome is None else step.outcome.value,
                "ends": step.outcome is not None,
                "answered": answered,
                "at": step.at,
            },
        )
        row = cursor.fetchone()
        assert row is not None, "a command under way that is no row: nobody deletes them"
        device, attempts = row
        events.append(_event(device, step.command, state=step.state, outcome=step.outcome, attempts=attempts))
        announce(cursor, kind=LiveKind.DEVICE, subject=device, district="", at=at)
    record_all(cursor, events, by=by, at=at)


def expire(cursor: Cursor, *, by: str, at: datetime) -> int:
    """Finish what has waited beyond its life; returns how many. Two gateways that do it at once do it once."""
    cursor.execute(
        "UPDATE devices_command SET state = %s, outcome = %s, finished_at = %s WHERE id IN ("
        " SELECT id FROM devices_command WHERE finished_at IS NULL AND expires_at <= %s ORDER BY id"
        " LIMIT 1000 FOR UPDATE SKIP LOCKED) RETURNING id, device_id, attempts",
        (State.EXPIRED.value, Outcome.NOT_HEARD.value, at, at),
    )
    rows = sorted(cursor.fetchall())
    events = [
        _event(device, command, state=State.EXPIRED, outcome=Outcome.NOT_HEARD, attempts=attempts)
        for command, device, attempts in rows
    ]
    record_all(cursor, events, by=by, at=at)
    return len(rows)


def _refused(one: Wanted, quiet: Collection[str]) -> Outcome | None:
    """Why it does not go out at all; None: it does."""
    if not one.spoken:
        return Outcome.NOT_SPOKEN
    return Outcome.WOULD_TELL if one.device in quiet and not one.may_be_seen else None


def _state(
    one: Wanted, place: int, *, refused: Outcome | None, newest: Mapping[str, int]
) -> tuple[State, Outcome | None]:
    if refused is not None:
        return State.REFUSED, refused
    replaced = one.kind is CommandKind.INTERVAL and newest[one.device] != place
    return (State.WITHDRAWN, Outcome.REPLACED) if replaced else (State.QUEUED, None)


def _event(
    device: str,
    command: int,
    *,
    state: State,
    outcome: Outcome | None,
    attempts: int,
    data: Mapping[str, object] = MappingProxyType({}),
) -> Event:
    said: dict[str, object] = {**data, "attempts": attempts, "command": command}
    if outcome is not None:
        said["outcome"] = outcome.value
    return Event(kind=WITNESS[state], subject=f"device:{device}", data=said)


def _list(values: Collection[Any] | None) -> list[Any] | None:
    return None if values is None else list(values)


def _wake(cursor: Cursor, devices: Collection[str]) -> None:
    if devices:
        cursor.execute("SELECT pg_notify(%s, device) FROM unnest(%s::text[]) AS u (device)", (CHANNEL, sorted(devices)))
        cursor.fetchall()
