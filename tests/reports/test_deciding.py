"""No report ends without everything stated, every victim's risk assessed, and a reason that a prosecutor can read."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.jurisdictions.loader import pack
from aralyk.people.models import Stated
from aralyk.reports import clocks
from aralyk.reports.actions import (
    do_complain_of_officer,
    do_decide,
    do_finish_task,
    do_record_case_step,
    do_record_copy,
    do_reopen,
    note_order_issued,
)
from aralyk.reports.clocks import Owed, Result
from aralyk.reports.drafts import Said
from aralyk.reports.joined import find_respondents, joined_for
from aralyk.reports.models import Answer, Report, Task, WhyNotTold
from aralyk.reports.overdue import do_tell_overdue
from aralyk.reports.queries import (
    Waiting,
    from_report,
    refused_for,
    report_for,
    reports_for,
    tasks_for,
    weapon_result_of,
)
from aralyk.reports.taking import do_state
from aralyk.risk.actions import do_assess
from aralyk.risk.drafts import AssessmentDraft
from aralyk.risk.instrument import instrument_on
from tests.conftest import Database
from tests.orders.cast import order, witnesses
from tests.orders.shifting import ShiftClock
from tests.reports.cast import CHILD, HIM, NO, SHE, STATED, WHY, YES, assessed, taken
from tests.reports.conftest import Desk


def ready(desk: Desk, **changed: object) -> Report:
    """A report that lacks only its decision."""
    report = taken(desk.inspector, **changed)
    assessed(desk.inspector, report)
    do_record_copy(desk.inspector, report.pk, given=True)
    return report


def refusal(desk: Desk, report: Report, **decided: str) -> Refused:
    with pytest.raises(Refused) as refused:
        do_decide(desk.inspector, report.pk, **({"outcome": "refused", "reason": WHY} | decided))
    return refused.value


def test_a_report_never_closes_without_a_risk_assessment(desk: Desk) -> None:
    report = taken(desk.inspector)
    do_record_copy(desk.inspector, report.pk, given=True)
    assert refusal(desk, report).code is Code.REPORT_NOT_ASSESSED
    assessed(desk.inspector, report)
    do_decide(desk.inspector, report.pk, outcome="refused", reason=WHY)
    assert Report.objects.get().closed_at is not None


def test_every_victim_must_be_assessed_the_child_too(desk: Desk) -> None:
    report = taken(desk.inspector, involved=(SHE, CHILD))
    do_record_copy(desk.inspector, report.pk, given=True)
    her, child = report.involved.order_by("pk")
    assessed(desk.inspector, report, her.person_id)
    assert refusal(desk, report).code is Code.REPORT_NOT_ASSESSED
    assessed(desk.inspector, report, child.person_id)
    do_decide(desk.inspector, report.pk, outcome="refused", reason=WHY)


def test_an_assessment_made_before_the_report_does_not_count(desk: Desk) -> None:
    first = ready(desk)
    her = first.involved.get().person_id
    second = taken(desk.inspector, respondent=first.respondent_id, involved=(SHE.__class__(person=her),))
    do_record_copy(desk.inspector, second.pk, given=True)
    assert refusal(desk, second).code is Code.REPORT_NOT_ASSESSED


def test_a_report_does_not_close_while_something_was_not_stated(desk: Desk) -> None:
    report = taken(desk.inspector, statements={}, violence=(), new_respondent=None, involved=())
    problems = {problem.field for problem in refusal(desk, report).fields}
    assert problems == {
        "statements.weapons", "statements.children", "statements.prior_reports", "statements.exits",
        "statements.leaving", "statements.separation", "statements.injury", "violence", "respondent", "involved",
        "copy",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "enough"),
    [
        (Said(answer=Answer.NOT_ASKED), False),
        (Said(answer=Answer.YES), False),
        (Said(answer=Answer.YES, why=WhyNotTold.DOES_NOT_KNOW), True),
        (Said(answer=Answer.NOT_TOLD, why=WhyNotTold.REFUSED), True),
        (NO, True),
    ],
)
def test_asked_and_not_told_is_an_answer_and_a_separation_has_its_day(desk: Desk, said: Said, enough: bool) -> None:
    report = ready(desk, statements={**STATED, "separation": said})
    if enough:
        do_decide(desk.inspector, report.pk, outcome="refused", reason=WHY)
    else:
        assert [problem.field for problem in refusal(desk, report).fields] == ["statements.separation"]


def test_the_applicant_leaves_with_a_copy_or_it_is_written_why_not(desk: Desk) -> None:
    report = taken(desk.inspector)
    assessed(desk.inspector, report)
    assert [problem.field for problem in refusal(desk, report).fields] == ["copy"]
    with pytest.raises(Refused):
        do_record_copy(desk.inspector, report.pk, given=False, reason="")
    do_record_copy(desk.inspector, report.pk, given=False, reason="Он проверяет её сумку")
    do_decide(desk.inspector, report.pk, outcome="refused", reason=WHY)


def test_a_refusal_has_its_reason_and_reaches_the_prosecutor(database: Database, desk: Desk) -> None:
    report = ready(desk)
    assert refusal(desk, report, reason="нет").fields[0].field == "reason"
    do_decide(desk.inspector, report.pk, outcome="refused", reason=WHY)
    (listed,) = refused_for(desk.cast.prosecutor, since=clock.now() - timedelta(days=1))
    assert (listed.report_id, listed.reason) == (report.pk, WHY)
    assert report.tasks.get(rule="tell_prosecutor_of_refusal").done_at is None
    (entry,) = [entry for entry in witnesses(database) if entry[0] == "report_decided"]
    assert WHY not in str(entry)
    assert entry[3]["refuses"] is True


def test_a_criminal_case_has_its_number_in_the_register(desk: Desk) -> None:
    report = ready(desk)
    for wrong in ({}, {"register": "erp"}, {"register": "offences", "register_number": "1"}):
        assert refusal(desk, report, outcome="criminal_case", **wrong).fields[0].field.startswith("register")
    made = do_decide(
        desk.inspector, report.pk, outcome="criminal_case", reason=WHY, register="erp", register_number="УЧ-26-17"
    )
    assert (made.register, made.register_number) == ("erp", "УЧ-26-17")


def test_an_order_issued_on_the_report_meets_both_clocks(desk: Desk) -> None:
    report = ready(desk, established_at=clock.now() - timedelta(hours=1))
    assert refusal(desk, report, outcome="order_issued").fields[0].field == "outcome"
    issued, at = uuid4(), clock.now()
    with transaction.atomic():
        note_order_issued(report, order=issued, by=desk.inspector, at=at)
    assert [met.met_at for met in clocks.issue_clocks(report)] == [at, at]
    assert do_decide(desk.inspector, report.pk, outcome="order_issued", reason=WHY).order == issued


def test_a_court_that_was_asked_leaves_the_report_open_with_its_clocks(desk: Desk) -> None:
    report = ready(desk)
    assert refusal(desk, report, outcome="order_asked_for").fields[0].field == "office"
    do_decide(desk.inspector, report.pk, outcome="order_asked_for", reason=WHY, office="court_oktyabrsky")
    assert Report.objects.get().closed_at is None
    assert clocks.issue_clocks(report)[0].stopped_at is None


def test_a_decision_without_an_order_stops_the_clocks_and_shows_where_they_stood(desk: Desk) -> None:
    report = ready(desk)
    do_decide(desk.inspector, report.pk, outcome="refused", reason=WHY)
    (stopped,) = clocks.issue_clocks(report)
    assert stopped.met_at is None
    assert stopped.stopped_at == Report.objects.get().closed_at
    assert set(report.tasks.filter(clocks.OPEN).values_list("rule", flat=True)) == {
        "query_weapon_register", "tell_prosecutor_of_refusal",
    }  # fmt: skip


def test_a_closed_report_is_reopened_with_a_reason_and_its_decisions_stay(desk: Desk) -> None:
    report = ready(desk)
    with pytest.raises(Refused) as refused:
        do_reopen(desk.inspector, report.pk, reason=WHY)
    assert refused.value.code is Code.REPORT_NOT_CLOSED
    do_decide(desk.inspector, report.pk, outcome="refused", reason=WHY)
    assert refusal(desk, report).code is Code.REPORT_CLOSED
    do_reopen(desk.inspector, report.pk, reason="Прокурор отменил отказ")
    do_decide(desk.inspector, report.pk, outcome="referred_to_court", reason=WHY, office="court_oktyabrsky")
    assert [decision.outcome for decision in report.decisions.order_by("pk")] == ["refused", "referred_to_court"]


def test_closing_a_report_wrongly_buys_no_time_for_the_order(desk: Desk, shift: ShiftClock) -> None:
    report = ready(desk)
    do_decide(desk.inspector, report.pk, outcome="refused", reason=WHY)
    at = shift.by(timedelta(hours=30))
    do_reopen(desk.inspector, report.pk, reason="Прокурор отменил отказ")
    (from_report,) = clocks.issue_clocks(report)
    assert (from_report.stopped_at, from_report.due_at) == (None, report.reported_at + timedelta(hours=24))
    assert from_report.late_by(at=at) >= timedelta(hours=8)
    do_tell_overdue(now=clock.now())
    assert report.tasks.get(kind=Owed.ISSUE_ORDER).told_overdue_at is not None
    with transaction.atomic():
        note_order_issued(report, order=uuid4(), by=desk.inspector, at=clock.now())
    (met,) = clocks.issue_clocks(report)
    assert met.met_at is not None


def test_a_report_on_which_nobody_does_anything_is_stalled_and_an_act_starts_the_clock_anew(
    database: Database, desk: Desk
) -> None:
    report = taken(desk.inspector)
    later = clock.now() + timedelta(hours=25)
    assert list(reports_for(desk.cast.prosecutor, Waiting.STALLED, at=later)) == [report]
    do_tell_overdue(now=later)
    do_tell_overdue(now=later)
    told = [entry[3]["rule"] for entry in witnesses(database) if entry[0] == "report_overdue"]
    assert sorted(told) == ["assess_risk", "issue_from_report", "query_weapon_register", "report_without_action"]
    assert report.events.filter(kind="stalled").count() == 1
    do_state(desk.inspector, report.pk, statements=[("pregnancy", NO)])
    (standing_still,) = report.tasks.filter(kind=Owed.ACT)
    assert standing_still.told_overdue_at is None
    assert standing_still.due_at == Report.objects.get().acted_at + timedelta(hours=24)


def test_an_assessment_that_was_made_in_time_is_never_told_as_overdue(database: Database, desk: Desk) -> None:
    report = taken(desk.inspector)
    assessed(desk.inspector, report)
    do_tell_overdue(now=clock.now() + timedelta(hours=25))
    assert report.tasks.get(rule="assess_risk").done_at is not None
    assert "assess_risk" not in [entry[3]["rule"] for entry in witnesses(database) if entry[0] == "report_overdue"]


def test_a_form_that_gave_no_level_does_not_make_a_late_assessment_timely(desk: Desk, shift: ShiftClock) -> None:
    report = taken(desk.inspector)
    (victim,) = report.involved.all()
    unverified = instrument_on("kg_protocol", on=clock.now().date())
    assert report.respondent_id is not None
    empty = AssessmentDraft(
        respondent=report.respondent_id, protected_person=victim.person_id, instrument=unverified.slug,
        version=unverified.version, answers={}, synthetic=True,
    )  # fmt: skip
    do_assess(desk.inspector, empty)
    late = shift.by(timedelta(hours=30))
    assessed(desk.inspector, report)
    do_tell_overdue(now=late + timedelta(minutes=1))
    task = report.tasks.get(rule="assess_risk")
    assert task.done_at is not None
    assert task.done_at >= late > task.due_at


def test_what_is_overdue_stays_listed_until_it_is_done(desk: Desk) -> None:
    report = taken(desk.inspector)
    later = clock.now() + timedelta(hours=25)
    do_tell_overdue(now=later)
    task = report.tasks.get(rule="query_weapon_register")
    assert task in tasks_for(desk.inspector, overdue_at=later)
    do_finish_task(desk.inspector, report.pk, task.pk, result=Result.NO_WEAPON_REGISTERED)
    assert task not in tasks_for(desk.inspector, overdue_at=later)
    with pytest.raises(Refused) as refused:
        do_finish_task(desk.inspector, report.pk, task.pk, result=Result.NO_WEAPON_REGISTERED)
    assert refused.value.code is Code.DUTY_FINISHED


def test_a_referral_to_an_examination_has_a_day_for_its_result(desk: Desk) -> None:
    report = taken(desk.inspector, statements={**STATED, "injury": YES})
    referral = report.tasks.get(kind=Owed.REFER)
    with pytest.raises(Refused) as refused:
        do_finish_task(desk.inspector, report.pk, referral.pk, result=Result.REFERRED)
    assert refused.value.fields[0].field == "result_due_at"
    due_at = clock.now() + timedelta(days=10)
    do_finish_task(desk.inspector, report.pk, referral.pk, result=Result.REFERRED, result_due_at=due_at)
    awaited = report.tasks.get(kind=Owed.REFERRAL_RESULT)
    assert awaited.due_at == due_at
    with pytest.raises(Refused):
        do_finish_task(desk.inspector, report.pk, awaited.pk, result=Result.NOT_CARRIED_OUT)
    do_finish_task(desk.inspector, report.pk, awaited.pk, result=Result.RECEIVED, note="Лёгкий вред здоровью")
    assert Task.objects.get(pk=awaited.pk).result == "received"


def test_only_what_is_a_persons_to_tick_off_can_be_ticked_off(desk: Desk) -> None:
    report = taken(desk.inspector)
    for rule in ("assess_risk", "issue_from_report", "report_without_action"):
        with pytest.raises(Refused) as refused:
            do_finish_task(desk.inspector, report.pk, report.tasks.get(rule=rule).pk, result=Result.DONE)
        assert refused.value.fields[0].field == "result"


def test_the_weapon_register_is_known_before_an_order_is_served(desk: Desk) -> None:
    report = taken(desk.inspector)
    asked = weapon_result_of(report)
    assert asked is not None
    assert asked.done_at is None
    do_finish_task(desk.inspector, report.pk, asked.pk, result=Result.WEAPON_REGISTERED)
    found = weapon_result_of(report)
    assert found is not None
    assert found.result == "weapon_registered"


def test_a_repeated_report_is_joined_with_reports_orders_and_levels(desk: Desk) -> None:
    first = ready(desk)
    assert first.respondent_id is not None
    her = first.involved.get().person_id
    order(desk.inspector, respondent=first.respondent_id, protected_persons=(her,))
    second = taken(desk.inspector, respondent=first.respondent_id, involved=(SHE.__class__(person=her),))
    joined = joined_for(desk.inspector, second)
    assert (list(joined.reports), joined.elsewhere, joined.earlier) == ([first], 0, 1)
    assert len(joined.orders) == 1
    assert [level.protected_person for level in joined.levels] == [her]
    assert joined_for(desk.crisis_centre, second).elsewhere == 1


def test_a_respondent_is_searched_for_before_he_is_registered_twice(desk: Desk) -> None:
    first = taken(desk.inspector)
    (found,) = find_respondents(desk.inspector, name="бакыт")
    assert (found.respondent.pk, found.reports) == (first.respondent_id, 1)
    assert find_respondents(desk.inspector, name="ба") == []
    assert find_respondents(desk.cast.police_elsewhere, name="бакыт") == []
    whole = find_respondents(desk.cast.police_elsewhere, name=HIM.name, born_on=HIM.born_on)
    assert [one.respondent.pk for one in whole] == [first.respondent_id]


def test_an_officer_of_whom_somebody_complained_does_not_see_the_report_any_more(desk: Desk) -> None:
    report = taken(desk.inspector)
    do_complain_of_officer(desk.duty_unit, report.pk, officer=desk.inspector.pk, reason="Отказался принять заявление")
    with pytest.raises(NotFound):
        report_for(desk.inspector, report.pk)
    assert list(reports_for(desk.inspector)) == []
    with pytest.raises(NotFound):
        do_decide(desk.inspector, report.pk, outcome="refused", reason=WHY)
    assert report_for(desk.juvenile, report.pk) == report


def test_what_becomes_of_a_criminal_case_is_recorded_also_after_the_report_is_closed(desk: Desk) -> None:
    report = ready(desk)
    do_decide(desk.inspector, report.pk, outcome="refused", reason=WHY)
    today = pack("KG").day_of(clock.now())
    step: dict[str, Any] = {"register": "erp", "register_number": "УЧ-26-17", "happened_on": today}
    with pytest.raises(Refused) as refused:
        do_record_case_step(desk.inspector, report.pk, step="stalled", **step)
    assert refused.value.fields[0].field == "reason"
    do_record_case_step(desk.inspector, report.pk, step="stalled", reason="Нет заключения эксперта", **step)
    do_record_case_step(desk.inspector, report.pk, step="reopened", **step)
    assert [each.kind for each in report.case_events.order_by("pk")] == ["stalled", "reopened"]


def test_who_takes_reports_may_not_decide_on_them(desk: Desk) -> None:
    report = ready(desk)
    for user in (desk.duty_unit, desk.cast.prosecutor):
        with pytest.raises(Refused) as refused:
            do_decide(user, report.pk, outcome="refused", reason=WHY)
        assert refused.value.code is Code.NOT_PERMITTED


def test_an_order_takes_over_what_the_report_says_and_unknown_is_never_no(desk: Desk) -> None:
    report = taken(desk.inspector, involved=(SHE, CHILD))
    given = from_report(desk.inspector, report.pk, asked=("weapons", "children", "colour"))
    assert given.statements == {"weapons": Stated.UNKNOWN, "children": Stated.NO, "colour": Stated.UNKNOWN}
    assert given.respondent == report.respondent_id
    assert len(given.protected_persons) == 2
    with pytest.raises(NotFound):
        from_report(desk.cast.police_elsewhere, report.pk, asked=())


@pytest.mark.parametrize(
    ("waiting", "found"),
    [
        (Waiting.OPEN, True), (Waiting.MINE, True), (Waiting.OVERDUE, False), (Waiting.STALLED, False),
        (Waiting.NOT_ASSESSED, True), (Waiting.CLOSED, False), (Waiting.ALL, True),
    ],
)  # fmt: skip
def test_a_fresh_report_stands_in_these_lists(desk: Desk, waiting: Waiting, found: bool) -> None:
    report = taken(desk.inspector)
    assert list(reports_for(desk.inspector, waiting)) == ([report] if found else [])
    assert list(reports_for(desk.cast.police_elsewhere, waiting)) == []


def test_a_list_of_reports_asks_the_database_the_same_number_of_times_however_many_there_are(desk: Desk) -> None:
    asked = []
    for _ in range(3):
        taken(desk.inspector)
        with CaptureQueriesContext(connection) as queries:
            rows = list(reports_for(desk.inspector, Waiting.NOT_ASSESSED))
            assert [one.person.code for report in rows for one in report.involved.all()]
        asked.append(len(queries))
    assert asked[0] == asked[2] <= 4
