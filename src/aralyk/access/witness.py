"""Who acted, as evidence names it, and the entry that every action leaves in its own transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from django.db import connections

from aralyk.access.models import User
from aralyk.evidence.kinds import Kind
from aralyk.evidence.record import EntryId, record


class System(StrEnum):
    """Who acts when no person does."""

    SETUP = "system:setup"  # the first account of an installation
    RISK = "system:risk"  # what happened elsewhere asks for an assessment
    VAULT = "system:vault"  # who keeps the machine's keys, at its command line
    ACCESS = "system:access"  # an emergency's time ran out, a log-in was refused
    DUTIES = "system:duties"  # what somebody owes is overdue
    REPORTS = "system:reports"  # something that was owed on a report is overdue
    INCIDENTS = "system:incidents"  # a clock of an incident ran out
    ROSTER = "system:roster"  # a test call was not answered, or nobody is on duty
    CONTACTS = "system:contacts"  # the moment of a routine text to a respondent has come
    CHANNELS = "system:channels"  # somebody is told, and what became of it
    CHECKUP = "system:checkup"  # a device checks itself, by its own secret, or a check runs out


Actor = User | System


def name_of(actor: Actor) -> str:
    """ "user:17" or "system:setup": an id, never a name."""
    return actor.value if isinstance(actor, System) else f"user:{actor.pk}"


def user_of(actor: Actor) -> User | None:
    """The person behind an actor, for the column that names who did it."""
    return actor if isinstance(actor, User) else None


def witness(
    *, kind: Kind, subject: str, by: Actor, at: datetime, data: Mapping[str, object], using: str = "default"
) -> EntryId:
    """Leave the entry of an action, inside the transaction that is open on `using`.

    Raises:
        AssertionError: No transaction is open (the entry would outlive a change that failed), or a broken grammar.
    """
    connection = connections[using]
    if not connection.in_atomic_block:
        raise AssertionError(f"{kind}: a witness stands in the transaction of its change, and none is open")
    with connection.cursor() as cursor:
        return record(cursor, kind=kind, subject=subject, by=name_of(by), at=at, data=data)


def fingerprint(text: str) -> str:
    """SHA-256 of what somebody wrote freely: proves the text in the table, and keeps names out of the evidence log."""
    return hashlib.sha256(text.strip().encode("utf-8")).hexdigest()
