"""Every package's duties stand in one list: those of reports beside those of risk, by their clocks."""

from __future__ import annotations

from datetime import timedelta

from aralyk import clock
from aralyk.cases.history import Group, history_for
from aralyk.duties.alarms import do_raise_alarms
from aralyk.duties.queries import count_for, owed_for
from aralyk.duties.rows import Owed, Wanted
from aralyk.reports.models import Task
from aralyk.reports.taking import do_take_report
from aralyk.risk.levels import Level
from tests.conftest import Database
from tests.console.test_pages import client_of
from tests.orders.cast import HERE, order, witnesses
from tests.orders.stage import roles, with_accounts
from tests.reports.cast import draft
from tests.risk.cast import assessed
from tests.risk.conftest import Pair, pair

__all__ = ["pair", "roles", "with_accounts"]


def test_the_duties_of_reports_and_of_risk_are_one_list_by_their_clocks(pair: Pair) -> None:
    do_take_report(pair.inspector, draft())
    assessed(pair, Level.HIGH)
    found = owed_for(pair.inspector, Wanted(now=clock.now())).duties
    assert {one.source for one in found} == {"risk_duty", "risk_assessment", "report_task"}
    assert [one.key for one in found] == sorted(one.key for one in found)
    assert count_for(pair.inspector, Wanted(now=clock.now())) == len(found)
    pages: list[Owed] = []
    after = None
    while True:
        page = owed_for(pair.inspector, Wanted(now=clock.now(), after=after, limit=2))
        pages += page.duties
        after = page.after
        if after is None:
            break
    assert tuple(pages) == found
    assert owed_for(pair.cast.police_elsewhere, Wanted(now=clock.now())).duties == ()


def test_a_clock_of_the_law_is_said_by_its_name_in_the_pack(pair: Pair) -> None:
    do_take_report(pair.inspector, draft())
    page = client_of(pair.inspector, "ru").get("/duties/").content.decode()
    tasks = Task.objects.values_list("rule", flat=True)
    assert tasks
    for rule in tasks:
        assert f"<strong>{rule}</strong>" not in page


def test_an_overdue_clock_of_a_report_raises_its_districts_alarm(database: Database, pair: Pair) -> None:
    do_take_report(pair.inspector, draft())
    Task.objects.update(due_at=clock.now() + timedelta(days=1))
    late = Task.objects.order_by("pk")[0]
    Task.objects.filter(pk=late.pk).update(due_at=clock.now() - timedelta(hours=5))
    do_raise_alarms(now=clock.now(), grace=timedelta(hours=4))
    kind, subject, _, data = witnesses(database)[-1]
    assert (kind, subject, data["rows"]) == ("alarm_raised", f"component:duties.{HERE}", [f"report_task:{late.pk}"])


def test_a_report_about_the_people_of_a_case_is_in_its_line_for_whoever_may_read_reports(pair: Pair) -> None:
    taken = do_take_report(pair.inspector, draft())
    her = taken.involved.get().person_id
    case = order(pair.inspector, respondent=taken.respondent_id, protected_persons=(her,))
    (entry,) = history_for(pair.inspector, case.pk, groups=(Group.REPORT,)).entries
    assert (entry.kind, entry.subject) == ("report_taken", str(taken.pk))
    assert history_for(pair.cast.operator, case.pk, groups=(Group.REPORT,)).entries == ()
