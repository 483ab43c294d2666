"""Says what is overdue on reports: one round, called by a job. A round that is cut off loses nothing.

A row is claimed with SKIP LOCKED and told once; it stays in every list until it is done. Before it is told, an
assessment that was made meanwhile is ticked off.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from aralyk import clock
from aralyk.access.witness import System, witness
from aralyk.evidence.kinds import Kind
from aralyk.reports import clocks
from aralyk.reports.acts import add_event
from aralyk.reports.clocks import OPEN, Owed
from aralyk.reports.models import Task

BATCH: Final = 200


def do_tell_overdue(*, now: datetime) -> int:
    """Write down what has become overdue, with its witness.

    Args:
        now: Domain time.

    Returns:
        How many rows were looked at; `BATCH`: more may wait.
    """
    waiting = Task.objects.filter(OPEN, told_overdue_at__isnull=True, due_at__lte=now)
    ids = list(waiting.order_by("due_at", "pk").values_list("pk", flat=True)[:BATCH])
    for task_id in ids:
        _tell(task_id, now=now)
    return len(ids)


def _tell(task_id: int, *, now: datetime) -> None:
    with transaction.atomic():
        task = (
            Task.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("report")
            .filter(OPEN, pk=task_id, told_overdue_at__isnull=True, due_at__lte=now)
            .first()
        )
        if task is None:
            return
        if task.kind == Owed.ASSESS_RISK and clocks.settle_assessed(task.report):
            return
        task.told_overdue_at = now
        task.save(update_fields=["told_overdue_at"])
        stalled = task.kind == Owed.ACT
        add_event(task.report, "stalled" if stalled else "overdue", by=None, at=now, data={"rule": task.rule})
        witness(
            kind=Kind.REPORT_OVERDUE,
            subject=f"report:{task.report_id}",
            by=System.REPORTS,
            at=now,
            data={"due_at": clock.iso(task.due_at), "rule": task.rule, "stalled": stalled},
        )
