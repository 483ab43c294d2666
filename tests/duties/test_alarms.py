"""An overdue duty is never silent: its district has an alarm that names it, until it is done."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from aralyk import clock
from aralyk.console.platform_state import platform_state
from aralyk.duties.alarms import do_raise_alarms
from aralyk.duties.queries import alarms_seen_by
from aralyk.jobs.process import Jobs
from aralyk.jobs.settings import JobsSettings
from aralyk.risk.actions import do_finish_duty
from aralyk.risk.levels import Level
from aralyk.risk.models import RiskDuty
from tests.conftest import Database
from tests.orders.cast import HERE, witnesses
from tests.orders.stage import roles, with_accounts
from tests.platform.waiting import wait_until
from tests.risk.cast import assessed
from tests.risk.conftest import Pair, pair

__all__ = ["pair", "roles", "with_accounts"]
GRACE = timedelta(hours=4)
COMPONENT = f"duties.{HERE}"


def late(pair: Pair, *, by: timedelta) -> RiskDuty:
    """One duty that is overdue by so much; the others are due tomorrow."""
    assessed(pair, Level.HIGH)
    RiskDuty.objects.update(due_at=clock.now() + timedelta(days=1))
    RiskDuty.objects.filter(kind="refer").update(due_at=clock.now() - by)
    return RiskDuty.objects.get(kind="refer")


def look() -> int:
    return do_raise_alarms(now=clock.now(), grace=GRACE)


def test_a_duty_overdue_beyond_the_grace_raises_its_districts_alarm_once_and_is_witnessed(
    database: Database, pair: Pair
) -> None:
    duty = late(pair, by=GRACE + timedelta(minutes=1))
    assert [look(), look()] == [1, 0]
    kind, subject, by, data = witnesses(database)[-1]
    assert (kind, subject, by) == ("alarm_raised", f"component:{COMPONENT}", "system:duties")
    assert data == {"overdue": 1, "oldest_due_at": clock.iso(duty.due_at), "rows": [f"risk_duty:{duty.pk}"]}


def test_within_the_grace_there_is_no_alarm(pair: Pair) -> None:
    late(pair, by=GRACE - timedelta(minutes=1))
    assert look() == 0


def test_another_duty_that_falls_overdue_says_it_anew_and_doing_them_clears_it(database: Database, pair: Pair) -> None:
    duty = late(pair, by=GRACE + timedelta(hours=1))
    look()
    other = RiskDuty.objects.exclude(pk=duty.pk)[0]
    RiskDuty.objects.filter(pk=other.pk).update(due_at=clock.now() - GRACE - timedelta(minutes=1))
    assert look() == 1
    assert witnesses(database)[-1][3]["rows"] == [f"risk_duty:{duty.pk}", f"risk_duty:{other.pk}"]
    for one in (duty, other):
        do_finish_duty(pair.inspector, one.pk, note="сделано")
    assert [look(), look()] == [1, 0]
    assert witnesses(database)[-1][0] == "alarm_cleared"


def test_the_alarm_is_for_whoever_answers_for_the_district_or_oversees_it(pair: Pair, tmp_path: Path) -> None:
    late(pair, by=GRACE + timedelta(hours=1))
    look()
    for user, sees in (
        (pair.inspector, True), (pair.cast.prosecutor, True), (pair.cast.supervisor, True),
        (pair.cast.police_elsewhere, False), (pair.cast.operator, False), (pair.cast.administrator, False),
    ):  # fmt: skip
        state = platform_state(user, tmp_path)
        assert [alarm.component for alarm in state.duties] == ([COMPONENT] if sees else []), user.username
        assert COMPONENT not in [alarm.component for alarm in state.alarms]
        assert (COMPONENT in alarms_seen_by(user, [COMPONENT])) is sees


def _alarm() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, detail->'rows' FROM platform_alarm WHERE component = %s", (COMPONENT,))
        return cursor.fetchone()


def test_the_running_jobs_process_says_it_by_itself(database: Database, pair: Pair, tmp_path: Path) -> None:
    duty = late(pair, by=timedelta(minutes=30))
    stop = threading.Event()
    jobs = Jobs(JobsSettings(home=tmp_path, risk_s=1, duty_grace_minutes=10), stop)
    running = threading.Thread(target=jobs._follow_risk)
    running.start()
    try:
        found = wait_until(_alarm, within_s=30.0, what="the alarm of the district")
    finally:
        stop.set()
        running.join()
    assert (found[0], f"risk_duty:{duty.pk}" in str(found[1])) == ("raised", True)
