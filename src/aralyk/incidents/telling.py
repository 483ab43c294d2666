"""Who of a desk is told, by `aralyk.channels`: what its address gets holds a number and no name or place.

Asked for in the transaction of what happened. Whether it was delivered changes nothing here; only answers do.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction

from aralyk.access.models import User
from aralyk.channels.models import Notice
from aralyk.channels.notices import cancel, do_answer_about, do_tell
from aralyk.channels.words import Text
from aralyk.incidents.models import Incident
from aralyk.roster.actions import TEST_CALL_WITHIN
from aralyk.roster.models import Posting, Shift

_SERIOUS: Final = 2  # on every way at once


def tell_desk(incident: Incident, people: Iterable[int], *, text: Text, once: str, seconds: int | None = None) -> None:
    """Tell everybody who is on duty at a desk; inside the transaction that escalates or hands over.

    Args:
        incident: What it is about.
        people: Of the desk, by id.
        text: Which sentence.
        once: The round, or the hand-over: told again under the same words, nothing happens.
        seconds: How long it has waited, where the sentence says so.
    """
    args = {"number": incident.number} | ({} if seconds is None else {"seconds": seconds})
    for person in User.objects.filter(pk__in=list(people), is_active=True).order_by("pk"):
        do_tell(
            person, text=text, args=args, subject=subject_of(incident), once=f"{once}:{person.pk}",
            urgent=incident.priority <= _SERIOUS,
        )  # fmt: skip


def stop_telling(incident: Incident, *, by: User | None) -> None:
    """Somebody acted on it: his own notices are answered, and nothing more is sent to the others."""
    subject = subject_of(incident)
    if by is not None:
        do_answer_about(by, subject)
    for notice in Notice.objects.filter(subject=subject, answered_at__isnull=True, given_up_at__isnull=True):
        cancel(notice)


def do_tell_test_calls(*, now: datetime) -> int:
    """Ring the people of each shift that has begun and whose test call waits, once; returns how many were told."""
    waiting = Shift.objects.filter(
        cancelled_at__isnull=True, call_answered_at__isnull=True, call_missed_at__isnull=True, starts_at__lte=now,
        ends_at__gt=now,
    )  # fmt: skip
    told = 0
    minutes = int(TEST_CALL_WITHIN.total_seconds() // 60)
    with transaction.atomic():
        posted = Posting.objects.filter(shift__in=waiting, removed_at__isnull=True, person__is_active=True)
        for one in posted.select_related("person").order_by("pk"):
            notice = do_tell(
                one.person, text=Text.TEST_CALL, args={"minutes": minutes}, subject=f"shift:{one.shift_id}",
                once=f"test_call:{one.pk}", urgent=True, lasts=TEST_CALL_WITHIN,
            )  # fmt: skip
            told += notice is not None
    return told


def subject_of(incident: Incident) -> str:
    """As evidence names it."""
    return f"incident:{incident.pk}"
