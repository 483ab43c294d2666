"""The jobs process keeps the clocks: what is due is raised by a process that starts late, and once."""

from __future__ import annotations

import threading
from pathlib import Path

from aralyk.incidents.models import Escalation, Incident
from aralyk.jobs.process import Jobs
from aralyk.jobs.settings import JobsSettings
from tests.conftest import Database
from tests.orders.cast import Cast, order, raised
from tests.orders.stage import roles, with_accounts
from tests.platform.waiting import wait_until

__all__ = ["roles", "with_accounts"]


def test_a_jobs_process_that_starts_after_the_clock_ran_out_raises_it_and_its_successor_does_not_again(
    database: Database, roles: Cast, tmp_path: Path
) -> None:
    incident = raised(database, order(roles.police), minutes_ago=1.1)
    first = Escalation.objects.filter(milestone="acknowledged", round=1)
    _run(tmp_path)
    assert first.count() == 1
    # As if it had been killed before it wrote when to look again.
    Incident.objects.filter(pk=incident.pk).update(clock_at=incident.raised_at)
    _run(tmp_path)
    assert first.count() == 1


def _run(home: Path) -> None:
    """Until it has looked at what was due."""
    stop = threading.Event()
    running = threading.Thread(target=Jobs(JobsSettings(home=home), stop)._follow_incidents)
    running.start()
    try:
        wait_until(_is_looked_at, within_s=60.0, what="the clocks to be looked at")
    finally:
        stop.set()
        running.join()


def _is_looked_at() -> bool | None:
    one = Incident.objects.get()
    return (one.clock_at is not None and one.clock_at > one.updated_at) or None
