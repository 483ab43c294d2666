"""Turns what the engine asks of devices into commands, in the transaction of the decisions (ADR-0011).

`pursuit_mode` shortens the interval, and gives the registered one back when its last episode of that device has ended:
her phone may stand in two orders. `better_fix` asks for one place. A device whose protocol has no words for it gets a
row that says so, and so does a respondent's device that would tell him by it that he is near her (ADR-0021): that one
reports at its constant interval from the fitting on, and only hers is asked. Nothing here changes a decision: the
engine neither knows nor needs whether a device was asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

from aralyk.devices import command_queue
from aralyk.devices.command_queue import Outcome, Wanted
from aralyk.devices.discretion import kept_quiet
from aralyk.engine import policy
from aralyk.monitor.incidents import incident_id, is_request
from aralyk.protocols.commands import CommandKind

Cursor = psycopg.Cursor[tuple[Any, ...]]

PURSUIT_INTERVAL_S: Final = policy.PURSUIT_INTERVAL_US // 1_000_000
BETTER_FIX_LIFE: Final = timedelta(microseconds=policy.REQUEST_US)
# The end of the episode takes it back; this only bounds a row that nobody ever would.
PURSUIT_LIFE: Final = timedelta(days=1)
# A device that sleeps for days at 15 s comes back with an empty battery: the normal interval waits for it long.
RESTORE_LIFE: Final = timedelta(days=7)
RESTORED: Final = "pursuit_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registered:
    """A device as far as asking needs it."""

    protocol: str
    model: str
    interval_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """One decision about one device."""

    device: str
    kind: str
    opens: bool
    episode: UUID
    entry: int
    reason: str


def write(
    cursor: Cursor, decisions: Sequence[Mapping[str, Any]], *, entry_ids: Sequence[int], by: str, at: datetime
) -> None:
    """Ask the devices that a step's decisions are about.

    Args:
        cursor: Inside the step's transaction.
        decisions: All of the step's.
        entry_ids: Their evidence entries, in the same order.
        by: Who writes, as evidence names it.
        at: Domain time of writing.
    """
    requests = [
        _request(decision, entry) for decision, entry in zip(decisions, entry_ids, strict=True) if is_request(decision)
    ]
    if not requests:
        return
    known = _registered(cursor, {request.device for request in requests})
    requests = [request for request in requests if request.device in known]
    opened = [request for request in requests if request.opens]
    ended = [request for request in requests if not request.opens]
    command_queue.ask(cursor, [_wanted(request, known[request.device]) for request in opened], by=by, at=at)
    # Openings first: an episode that begins in the step in which another ends keeps the device at the short interval.
    if ended:
        _end(cursor, ended, known, by=by, at=at)


def _request(decision: Mapping[str, Any], entry: int) -> _Request:
    return _Request(
        device=decision["basis"]["device"],
        kind=decision["kind"],
        opens=decision["phase"] == "open",
        episode=incident_id(decision["incident"]),
        entry=entry,
        reason=decision["reason"],
    )


def _registered(cursor: Cursor, devices: set[str]) -> dict[str, _Registered]:
    cursor.execute(
        "SELECT id, protocol, model, interval_s FROM devices_device WHERE id = ANY(%s) AND active", (sorted(devices),)
    )
    return {
        device: _Registered(protocol=protocol, model=model, interval_s=interval_s)
        for device, protocol, model, interval_s in cursor.fetchall()
    }


def _wanted(request: _Request, device: _Registered) -> Wanted:
    pursuit = request.kind == "pursuit_mode"
    return _command(
        request,
        device,
        kind=CommandKind.INTERVAL if pursuit else CommandKind.POSITION,
        interval_s=PURSUIT_INTERVAL_S if pursuit else None,
        why=request.kind,
        life=PURSUIT_LIFE if pursuit else BETTER_FIX_LIFE,
        episode=request.episode,
    )


def _command(
    request: _Request,
    device: _Registered,
    *,
    kind: CommandKind,
    interval_s: int | None,
    why: str,
    life: timedelta,
    episode: UUID | None,
) -> Wanted:
    return Wanted(
        device=request.device,
        kind=kind,
        interval_s=interval_s,
        why=why,
        asked_by=f"decision:{request.entry}",
        episode=episode,
        life=life,
        spoken=command_queue.speaks(protocol=device.protocol, model=device.model, device=request.device, kind=kind),
        data={"incident": str(request.episode), "reason": request.reason},
    )


def _end(cursor: Cursor, ended: Sequence[_Request], known: Mapping[str, _Registered], *, by: str, at: datetime) -> None:
    """Take back what still waits for these episodes, and restore the interval where no other pursuit goes on."""
    episodes = [request.episode for request in ended]
    command_queue.withdraw(cursor, episodes=episodes, outcome=Outcome.NOT_NEEDED, by=by, at=at)
    cursor.execute(
        "UPDATE devices_command SET episode_ended_at = %s WHERE episode = ANY(%s) AND episode_ended_at IS NULL"
        " AND device_id = ANY(%s)",
        (at, episodes, sorted({request.device for request in ended})),
    )
    pursued = {request.device: request for request in ended if request.kind == "pursuit_mode"}
    cursor.execute(
        "SELECT DISTINCT device_id FROM devices_command WHERE device_id = ANY(%s) AND kind = %s"
        " AND episode IS NOT NULL AND episode_ended_at IS NULL",
        (sorted(pursued), CommandKind.INTERVAL.value),
    )
    # A quiet device was never asked for more, and the moment of giving back would tell as much as that of asking.
    still = {device for (device,) in cursor.fetchall()} | kept_quiet(cursor, pursued)
    restored = [
        _command(
            request,
            known[device],
            kind=CommandKind.INTERVAL,
            interval_s=known[device].interval_s,
            why=RESTORED,
            life=RESTORE_LIFE,
            episode=None,
        )
        for device, request in pursued.items()
        if device not in still
    ]
    # One that could never be asked for the short interval has nothing to be given back.
    command_queue.ask(cursor, [wanted for wanted in restored if wanted.spoken], by=by, at=at)
