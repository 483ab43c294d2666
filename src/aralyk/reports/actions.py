"""Decides on reports and ticks off what is owed on them: no report ends without a risk assessment and a reason.

Taking one, and adding what becomes known later, is `taking`. Everything about one report is written under the lock of
its row. A decision never replaces an earlier one, and what is owed to others (child services, a weapon register's
answer, an examination's result) stays owed after the report is closed.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.cases import case_book
from aralyk.access.conflicts import do_close_after_complaint
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.model import ReportOutcome
from aralyk.jurisdictions.pack import NotInForce
from aralyk.jurisdictions.values import Event as PackEvent
from aralyk.reports import clocks
from aralyk.reports.acts import add_event, locked, locked_open
from aralyk.reports.clocks import RESULTS, Owed, Result
from aralyk.reports.drafts import REASON_MAX, check_reason, law_of, unstated
from aralyk.reports.models import CaseEvent, Copy, Decision, OfficerComplaint, Report, Task

NUMBER_MAX: Final = 40
COPY_REASON_MAX: Final = 400
# The steps of a criminal case that are recorded, and whether each must say why.
CASE_STEPS: Final = {
    "registered": False,
    "refused": True,
    "stalled": True,
    "reopened": False,
    "terminated": True,
    "sent_to_court": False,
}


def do_decide(
    by: User,
    report_id: UUID,
    *,
    outcome: str,
    reason: str,
    register: str = "",
    register_number: str = "",
    office: str = "",
) -> Decision:
    """Decide what becomes of a report. What closes it needs everything stated, and every victim's risk assessed.

    Args:
        by: Who decides on reports.
        report_id: The report.
        outcome: Of the pack.
        reason: Why; a prosecutor reads it.
        register: In which register the case has its number, where the outcome asks for one.
        register_number: The number there.
        office: To which agency of the pack it goes, where the outcome sends it.

    Raises:
        NotFound: No such report, or not this person's.
        Refused: not_permitted; report_closed; report_incomplete, naming the fields; report_not_assessed; not_in_force;
            invalid, naming the field.
    """
    check_allowed(by, May.DECIDE_REPORTS)
    reason = check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        report = locked_open(by, report_id, may=May.DECIDE_REPORTS)
        found = _outcome(report, outcome, at=at)
        _check_register(found, register, register_number)
        _check_office(report, found, office, at=at)
        order = _order_of(report)
        if found.needs_order and order is None:
            raise Refused.field("outcome", expected="an outcome other than this: no order was issued on the report")
        if found.closes:
            _check_may_close(report)
        decision = Decision.objects.create(
            report=report,
            outcome=found.slug,
            reason=reason,
            register=register,
            register_number=register_number.strip(),
            office=office,
            order=order if found.needs_order else None,
            closes=found.closes,
            refuses=found.refuses,
            decided_by=by,
            decided_at=at,
        )
        add_event(report, "decided", by=by, at=at, data={"outcome": found.slug, "closes": found.closes}, text=reason)
        if found.closes:
            _close(report, at=at)
        if found.refuses:
            clocks.start_duties(report, PackEvent.REPORT_REFUSED, began_at=at)
        witness(
            kind=Kind.REPORT_DECIDED,
            subject=f"report:{report.pk}",
            by=by,
            at=at,
            data={
                "closes": found.closes,
                "office": office,
                "order": "" if decision.order is None else str(decision.order),
                "outcome": found.slug,
                "reason_sha256": fingerprint(reason),
                "refuses": found.refuses,
                "register": register,
                "register_number": decision.register_number,
            },
        )
    return decision


def do_reopen(by: User, report_id: UUID, *, reason: str) -> Report:
    """Open a closed report again: its clocks run on, that of standing still anew; what was decided stays to be read.

    Raises:
        NotFound: No such report, or not this person's.
        Refused: not_permitted; report_not_closed; invalid (reason).
    """
    check_allowed(by, May.DECIDE_REPORTS)
    reason = check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        report = locked(by, report_id, may=May.DECIDE_REPORTS)
        if report.closed_at is None:
            raise Refused(Code.REPORT_NOT_CLOSED)
        report.closed_at = None
        report.save(update_fields=["closed_at"])
        clocks.resume_issue(report)
        clocks.restart_standing_still(report, at=at)
        add_event(report, "reopened", by=by, at=at, text=reason)
        witness(
            kind=Kind.REPORT_REOPENED,
            subject=f"report:{report.pk}",
            by=by,
            at=at,
            data={"reason_sha256": fingerprint(reason)},
        )
    return report


def do_finish_task(
    by: User, report_id: UUID, task_id: int, *, result: Result, note: str = "", result_due_at: datetime | None = None
) -> Task:
    """Tick off what was owed, with its result. A referral makes its own result due, by the day that is set here.

    Args:
        by: Who takes or decides on reports.
        report_id: The report.
        task_id: What was owed.
        result: One of those that belong to it.
        note: What the next reader must know; needed where it was declined or not carried out.
        result_due_at: With a referral: by when its result is expected.

    Raises:
        NotFound: No such report or task, or not this person's.
        Refused: not_permitted; duty_finished; invalid, naming the field.
    """
    at = clock.now()
    with transaction.atomic():
        report = locked(by, report_id)
        task = report.tasks.filter(pk=task_id).first()
        if task is None:
            raise NotFound("report_task")
        if task.done_at is not None or task.lapsed_at is not None:
            raise Refused(Code.DUTY_FINISHED)
        allowed = RESULTS.get(Owed(task.kind), ())
        if result not in allowed:
            known = ", ".join(allowed) or "nothing: this is met by the act itself"
            raise Refused.field("result", expected=known)
        text = _note(result, note)
        _check_result_due(result, result_due_at, at=at)
        task.done_at, task.done_by, task.result, task.note = at, by, result.value, text
        task.save(update_fields=["done_at", "done_by", "result", "note"])
        if result is Result.REFERRED:
            assert result_due_at is not None
            clocks.ask_for_referral_result(report, task, due_at=result_due_at, at=at)
        add_event(report, "task_done", by=by, at=at, data={"rule": task.rule, "result": result.value}, text=text)
        witness(
            kind=Kind.REPORT_TASK_DONE,
            subject=f"report:{report.pk}",
            by=by,
            at=at,
            data={
                "due_at": clock.iso(task.due_at),
                "note_sha256": fingerprint(text) if text else "",
                "result": result.value,
                "result_due_at": "" if result_due_at is None else clock.iso(result_due_at),
                "rule": task.rule,
            },
        )
    return task


def do_record_copy(by: User, report_id: UUID, *, given: bool, reason: str = "") -> Report:
    """Record that the applicant left with a number and a plain copy, or why not: paper may endanger her.

    Raises:
        NotFound: No such report, or not this person's.
        Refused: not_permitted; report_closed; invalid (reason).
    """
    check_allowed(by, May.TAKE_REPORTS)
    text = "" if given and not reason.strip() else check_text("reason", reason, longest=COPY_REASON_MAX, shortest=10)
    at = clock.now()
    with transaction.atomic():
        report = locked_open(by, report_id)
        report.copy = Copy.GIVEN if given else Copy.WITHHELD
        report.copy_reason, report.copy_at = text, at
        report.save(update_fields=["copy", "copy_reason", "copy_at"])
        add_event(report, f"copy_{report.copy}", by=by, at=at, text=text)
        witness(
            kind=Kind.REPORT_COPY,
            subject=f"report:{report.pk}",
            by=by,
            at=at,
            data={"copy": str(report.copy), "reason_sha256": fingerprint(text) if text else ""},
        )
    return report


def do_record_case_step(
    by: User, report_id: UUID, *, step: str, register: str, register_number: str, happened_on: date, reason: str = ""
) -> CaseEvent:
    """Record what became of the criminal case: registered, refused, stalled, reopened, ended, sent to court.

    Raises:
        NotFound: No such report, or not this person's.
        Refused: not_permitted; invalid, naming the field; not_in_force (register).
    """
    check_allowed(by, May.DECIDE_REPORTS)
    if step not in CASE_STEPS:
        raise Refused.field("step", expected=f"one of {', '.join(CASE_STEPS)}")
    text = check_reason(reason) if CASE_STEPS[step] or reason.strip() else ""
    number = check_text("register_number", register_number, longest=NUMBER_MAX)
    at = clock.now()
    with transaction.atomic():
        report = locked(by, report_id, may=May.DECIDE_REPORTS)
        law = law_of(report.jurisdiction)
        known = [one.slug for one in law.registers_on(law.day_of(at))]
        if register not in known:
            raise Refused.field("register", expected=f"one of {', '.join(known)}", code=Code.NOT_IN_FORCE)
        if happened_on > law.day_of(at):
            raise Refused.field("happened_on", expected="a day in the past")
        made = CaseEvent.objects.create(
            report=report, kind=step, register=register, register_number=number, happened_on=happened_on, reason=text,
            recorded_by=by, recorded_at=at,
        )  # fmt: skip
        add_event(report, "case_step", by=by, at=at, data={"step": step, "happened_on": str(happened_on)}, text=text)
        witness(
            kind=Kind.REPORT_CASE,
            subject=f"report:{report.pk}",
            by=by,
            at=at,
            data={
                "happened_on": str(happened_on),
                "reason_sha256": fingerprint(text) if text else "",
                "register": register,
                "register_number": number,
                "step": step,
            },
        )
    return made


def do_complain_of_officer(by: User, report_id: UUID, *, officer: int, reason: str) -> OfficerComplaint:
    """Record that somebody complained of an officer: from now on this case is not that officer's to see.

    The report stays hidden from the officer for good; everything else about its people until a second person says that
    there is no conflict.

    Raises:
        NotFound: No such report, or not this person's; no such officer.
        Refused: not_permitted; invalid (reason, officer).
    """
    check_allowed(by, May.TAKE_REPORTS)
    reason = check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        report = locked(by, report_id)
        named = User.objects.filter(pk=officer).first()
        if named is None:
            raise NotFound("user")
        if report.complaints.filter(officer=officer).exists():
            raise Refused.field("officer", expected="somebody of whom nobody complained in this report yet")
        made = OfficerComplaint.objects.create(
            report=report, officer_id=officer, reason=reason, recorded_by=by, recorded_at=at
        )
        add_event(report, "officer_complaint", by=by, at=at, data={"officer": officer}, text=reason)
        witness(
            kind=Kind.OFFICER_COMPLAINT,
            subject=f"report:{report.pk}",
            by=by,
            at=at,
            data={"officer": f"user:{officer}", "reason_sha256": fingerprint(reason)},
        )
        (of_case,) = case_book().by_report([report.pk])
        do_close_after_complaint(by, officer=named, report=of_case, at=at)
    return made


def note_order_issued(report: Report, *, order: UUID, by: User, at: datetime) -> None:
    """Say, inside the transaction that issues an order, on which report it was issued: both clocks are met.

    The report stays open until somebody decides on it. Permission is the caller's: issuing orders is asked there.
    """
    clocks.meet(report, [Owed.ISSUE_ORDER], by=by, at=at)
    add_event(report, "order_issued", by=by, at=at, data={"order": str(order)})


def _outcome(report: Report, slug: str, *, at: datetime) -> ReportOutcome:
    law = law_of(report.jurisdiction)
    try:
        return law.report_outcome(slug, on=law.day_of(at))
    except NotInForce as error:
        raise Refused.field("outcome", expected=f"one of {', '.join(error.known)}", code=Code.NOT_IN_FORCE) from None


def _check_register(found: ReportOutcome, register: str, number: str) -> None:
    if not found.registers:
        if register or number.strip():
            raise Refused.field("register", expected="nothing: this outcome has no number")
        return
    if register not in found.registers:
        raise Refused.field("register", expected=f"one of {', '.join(found.registers)}")
    check_text("register_number", number, longest=NUMBER_MAX)


def _check_office(report: Report, found: ReportOutcome, office: str, *, at: datetime) -> None:
    law = law_of(report.jurisdiction)
    known = [agency.slug for agency in law.agencies_on(law.day_of(at)) if agency.kind in found.sends_to]
    if (office or found.sends_to) and office not in known:
        raise Refused.field("office", expected=f"one of {', '.join(known)}" if known else "nothing")


def _order_of(report: Report) -> UUID | None:
    issued = report.events.filter(kind="order_issued").order_by("-at", "-pk").first()
    return None if issued is None else UUID(issued.data["order"])


def _check_may_close(report: Report) -> None:
    if problems := unstated(report):
        raise Refused(Code.REPORT_INCOMPLETE, fields=tuple(problems))
    if not clocks.settle_assessed(report):
        raise Refused(Code.REPORT_NOT_ASSESSED)


def _close(report: Report, *, at: datetime) -> None:
    report.closed_at = at
    report.save(update_fields=["closed_at"])
    clocks.lapse(report, [Owed.ISSUE_ORDER, Owed.ACT], at=at)


def _note(result: Result, note: str) -> str:
    if result in {Result.DECLINED, Result.NOT_CARRIED_OUT}:
        return check_reason(note, field="note")
    return check_text("note", note, longest=REASON_MAX) if note.strip() else ""


def _check_result_due(result: Result, due_at: datetime | None, *, at: datetime) -> None:
    if result is not Result.REFERRED:
        if due_at is not None:
            raise Refused.field("result_due_at", expected="nothing: only a referral has a result to come")
        return
    if due_at is None or due_at.tzinfo is None or due_at <= at:
        raise Refused.field("result_due_at", expected="a time ahead, with its zone")
