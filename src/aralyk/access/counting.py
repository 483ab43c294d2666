"""Counts looks that must stay rare, and stops whoever looks too often: a stolen account empties no vault in a night."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.db import connection, transaction

from aralyk import clock
from aralyk.access.errors import Code, Refused
from aralyk.access.limits import limits
from aralyk.access.models import CountedLook, User
from aralyk.access.witness import name_of, witness
from aralyk.evidence.kinds import Kind
from aralyk.tracking.alarms import raise_alarm

HOUR: Final = timedelta(hours=1)
ALARM_PREFIX: Final = "access."


class Counted(StrEnum):
    """What is counted."""

    VAULT = "vault"
    BREAK_GLASS = "break_glass"


def do_count(by: User, what: Counted) -> None:
    """Count one more, committed whatever happens to the look itself; beyond the hour's limit nobody looks.

    Raises:
        Refused: too_many_looks. The first one beyond the limit is witnessed and raises an alarm.
    """
    most = limits().looks_an_hour if what is Counted.VAULT else limits().glass_asks_an_hour
    at = clock.now()
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=by.pk)  # two at once are counted one after the other
        CountedLook.objects.create(user=by, what=what.value, at=at)
        found = CountedLook.objects.filter(user=by, what=what.value, at__gt=at - HOUR).count()
        if found == most + 1:
            witness(
                kind=Kind.LOOKS_STOPPED, subject=f"user:{by.pk}", by=by, at=at,
                data={"an_hour": most, "what": what.value},
            )  # fmt: skip
            with connection.cursor() as cursor:
                raise_alarm(
                    cursor, component=f"{ALARM_PREFIX}{what.value}.{by.pk}", by=name_of(by), at=at,
                    detail={"an_hour": most, "user": by.pk},
                )  # fmt: skip
    if found > most:
        raise Refused(Code.TOO_MANY_LOOKS)
