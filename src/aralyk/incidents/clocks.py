"""Which clocks of an incident run, from when, and when each round of telling is due. Pure: it counts seconds.

A run of a clock is (milestone, since): opened again, or handed over again, it is another run. Rounds are those of the
jurisdiction pack; the last one comes again and again until what is awaited has happened. After a time in which nothing
worked, each round that was missed is due at once, of the repetitions only the newest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from aralyk.incidents.life import WAITS_FOR
from aralyk.incidents.models import Incident, Status
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.model import IncidentClock
from aralyk.jurisdictions.values import DeskKind, Milestone

Run = tuple[Milestone, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One clock that runs.

    Attributes:
        milestone: What is awaited.
        since: From when it counts.
        due_at: When it runs out.
        rule: The entry of the pack that sets it.
    """

    milestone: Milestone
    since: datetime
    due_at: datetime
    rule: IncidentClock


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundDue:
    """One round of telling that is due: which clock, the how-many-eth round, when it was due, which desks."""

    clock: Running
    number: int
    due_at: datetime
    desks: tuple[DeskKind, ...]


def runs_of(incident: Incident) -> tuple[Run, ...]:
    """What is awaited of the incident as it stands, each with the moment from which it counts."""
    status = Status(incident.status)
    awaited = (m for m in WAITS_FOR[status] if m is not Milestone.SHOWN or incident.shown_at is None)
    return tuple((milestone, _since(incident, milestone)) for milestone in awaited)


def running(incident: Incident) -> tuple[Running, ...]:
    """The clocks that run, by the pack's times of the day on which the incident became what it is.

    The incident comes with its order.
    """
    law = pack(incident.order.jurisdiction)
    day = law.day_of(_from(incident))
    rules = {
        rule.milestone: rule
        for rule in law.incident_clocks_on(day, priority=incident.priority, threat=incident.order.threat)
    }
    return tuple(
        Running(
            milestone=milestone, since=since, due_at=since + timedelta(seconds=rules[milestone].seconds),
            rule=rules[milestone],
        )
        for milestone, since in runs_of(incident)
        if milestone in rules
    )  # fmt: skip


def rounds_due(clock: Running, *, now: datetime) -> Iterator[RoundDue]:
    """The rounds that are due by `now`, whether or not they were raised: the first of each, the newest repetition."""
    rounds = clock.rule.rounds
    for number, one in enumerate(rounds, start=1):
        due_at = clock.due_at + timedelta(seconds=one.after_s)
        if due_at <= now:
            yield RoundDue(clock=clock, number=number, due_at=due_at, desks=one.desks)
    again = _repetition(clock, now=now)
    if again >= 1:
        due_at = _last_due(clock) + again * timedelta(seconds=clock.rule.repeat_s)
        yield RoundDue(clock=clock, number=len(rounds) + again, due_at=due_at, desks=rounds[-1].desks)


def next_round_at(clock: Running, *, now: datetime) -> datetime:
    """When the next round after `now` is due; there always is one."""
    for one in clock.rule.rounds:
        due_at = clock.due_at + timedelta(seconds=one.after_s)
        if due_at > now:
            return due_at
    return _last_due(clock) + (_repetition(clock, now=now) + 1) * timedelta(seconds=clock.rule.repeat_s)


def _last_due(clock: Running) -> datetime:
    return clock.due_at + timedelta(seconds=clock.rule.rounds[-1].after_s)


def _repetition(clock: Running, *, now: datetime) -> int:
    return max(0, (now - _last_due(clock)) // timedelta(seconds=clock.rule.repeat_s))


def _since(incident: Incident, milestone: Milestone) -> datetime:
    became = _from(incident)
    if milestone is Milestone.HANDED_OVER:
        return max(at for at in (became, incident.acknowledged_at, incident.returned_at) if at is not None)
    if milestone is Milestone.ACCEPTED:
        return incident.handed_over_at or became
    if milestone in {Milestone.ON_THE_WAY, Milestone.ARRIVED}:
        return incident.accepted_at or became
    return became


def _from(incident: Incident) -> datetime:
    return incident.clock_from or incident.decided_at
