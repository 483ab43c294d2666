"""Says before it is too late that nobody will be there, and at once that nobody answered. A job calls it each minute.

One alarm a desk: hours ahead without anybody (`roster.gap.<desk>`), and a test call that was not answered in its time
(`roster.call.<desk>`), which stands until somebody of a running shift answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from aralyk import clock
from aralyk.access.witness import System, witness
from aralyk.evidence.kinds import Kind
from aralyk.roster.hours import Hours
from aralyk.roster.models import Shift
from aralyk.roster.queries import LOOK_AHEAD, duty_at, gaps_ahead
from aralyk.tracking import alarms

OF_GAPS: Final = "roster.gap."
OF_CALLS: Final = "roster.call."


def do_watch_roster(*, now: datetime) -> int:
    """Write what test calls were missed; raise, renew and clear the alarms of desks.

    Returns:
        How many alarms changed.
    """
    with transaction.atomic():
        _write_missed(now)
        silent = {
            one.desk.code: {"people": len(one.people)}
            for one in duty_at(now).desks
            if not one.answered and _missed(one.desk.pk, now)
        }
        empty = {code: _said(hours[0], now) for code, hours in gaps_ahead(now).items()}
        return _settle(OF_CALLS, silent, now) + _settle(OF_GAPS, empty, now)


def _write_missed(now: datetime) -> None:
    late = Shift.objects.select_for_update(of=("self",), skip_locked=True).select_related("desk").filter(
        cancelled_at__isnull=True, call_answered_at__isnull=True, call_missed_at__isnull=True, call_due_at__lt=now
    )  # fmt: skip
    for shift in late:
        shift.call_missed_at = now
        shift.save(update_fields=["call_missed_at"])
        witness(
            kind=Kind.TEST_CALL_MISSED, subject=f"desk:{shift.desk.code}", by=System.ROSTER, at=now,
            data={"shift": shift.pk, "due_at": clock.iso(shift.call_due_at)},
        )  # fmt: skip


def _missed(desk_id: int, now: datetime) -> bool:
    return Shift.objects.filter(
        desk=desk_id, cancelled_at__isnull=True, call_missed_at__isnull=False, call_answered_at__isnull=True,
        starts_at__lte=now, ends_at__gt=now,
    ).exists()  # fmt: skip


def _said(gap: Hours, now: datetime) -> Mapping[str, object]:
    """The first gap in words that do not move with the clock: said anew each minute it would only be noise."""
    begins = "now" if gap.starts_at <= now else clock.iso(gap.starts_at)
    return {"from": begins, "until": "" if gap.ends_at >= now + LOOK_AHEAD else clock.iso(gap.ends_at)}


def _settle(prefix: str, wanted: Mapping[str, Mapping[str, object]], now: datetime) -> int:
    changed = 0
    with connection.cursor() as cursor:
        for component in alarms.standing(cursor, prefix=prefix):
            if component.removeprefix(prefix) not in wanted:
                changed += alarms.clear_alarm(cursor, component=component, by=System.ROSTER.value, at=now)
        for code, detail in wanted.items():
            changed += alarms.raise_alarm(
                cursor, component=f"{prefix}{code}", by=System.ROSTER.value, at=now, detail=detail
            )
    return changed
