"""Cuts a person off at once: sessions, grants, emergencies and covers end in the transaction that disables the account.

A change of role or agency ends what was lent or opened to the person in the old one, and the sessions too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Q

from aralyk.access.break_glass import Ended, end_glass
from aralyk.access.delegations import end_delegation
from aralyk.access.grants import end_grant
from aralyk.access.models import BreakGlass, CaseGrant, Delegation, User
from aralyk.access.witness import Actor, user_of

_REASON: Final = "account changed"


def end_all_access(by: Actor, user: User, *, at: datetime) -> int:
    """End everything that this person holds besides the account itself; inside a transaction.

    Returns:
        How many sessions were closed.
    """
    person = user_of(by) or user
    for grant in CaseGrant.objects.select_for_update().filter(user=user, withdrawn_at__isnull=True, ends_at__gt=at):
        end_grant(grant, by=person, at=at, reason=_REASON)
    for glass in BreakGlass.objects.select_for_update().filter(user=user, closed_at__isnull=True):
        end_glass(glass, by=by, at=at, why=Ended.ACCOUNT, ended_at=min(at, glass.ends_at))
    lent = Delegation.objects.select_for_update().filter(
        Q(giver=user) | Q(deputy=user), ended_at__isnull=True, ends_at__gt=at
    )
    for delegation in lent:
        end_delegation(delegation, by=person, at=at)
    return close_sessions(user)


def close_sessions(user: User) -> int:
    """Delete every session of a person: a table of one shift's sessions, read once; disabling is rare.

    Returns:
        How many there were.
    """
    theirs = [
        session.pk for session in Session.objects.iterator() if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    return Session.objects.filter(pk__in=theirs).delete()[0]
