"""People who must not see a case because they are close to a party of it: from then on it is not there for them.

What somebody declares of himself holds at once. What is recorded of somebody else holds once a second person agreed, or
one rival could take an inspector off a case alone. An officer who was complained of in a report is the exception: the
case must not stay in those hands until somebody finds the time, so it is closed at once, and an alarm stands for
whoever reviews access until a second person agreed or disagreed. Lifting needs two, and never the one concerned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from aralyk import clock
from aralyk.access.cases import Case, ReportOfCase, case_book
from aralyk.access.counting import ALARM_PREFIX
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import CaseSubject, Closeness, Conflict, Role, User
from aralyk.access.permissions import May, allows, check_allowed, sees_case, sees_district
from aralyk.access.sight import cases_around, forget, parties_of_reports, sights
from aralyk.access.strength import check_strong
from aralyk.access.texts import check_text, check_username
from aralyk.access.witness import System, fingerprint, name_of, witness
from aralyk.evidence.kinds import Kind
from aralyk.tracking.alarms import clear_alarm, raise_alarm

NOTE_MIN: Final = 8
NOTE_MAX: Final = 400
WAITING_ALARM: Final = f"{ALARM_PREFIX}conflicts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A recorded conflict, with the cases that it closes."""

    conflict: Conflict
    cases: tuple[Case, ...]
    report: ReportOfCase | None = None
    left: int | None = None  # inspectors of the report's district to whom it is not closed; None: not of a report


def do_record_conflict(
    by: User, *, username: str, subject_kind: CaseSubject, subject_id: UUID, closeness: Closeness, note: str
) -> Conflict:
    """Record that somebody is close to a party of a case; of oneself it holds at once.

    Args:
        by: The person concerned, or whoever may record conflicts; sees one of the cases.
        username: Of the person concerned.
        subject_kind: What the id names.
        subject_id: The order, the respondent or the protected person.
        closeness: In what way.
        note: In words.

    Raises:
        NotFound: No such case, or not this person's.
        Refused: not_permitted; second_factor_needed; invalid, naming the field.
    """
    kinds = [kind.value for kind in CaseSubject if kind is not CaseSubject.REPORT]  # that one follows from a complaint
    if subject_kind not in kinds:
        raise Refused.field("subject_kind", expected=" or ".join(kinds), found=subject_kind)
    username = check_username("username", username)
    own = username == by.username
    if not own:
        check_allowed(by, May.RECORD_CONFLICTS)
        check_strong()
    note = check_text("note", note, shortest=NOTE_MIN, longest=NOTE_MAX)
    if closeness not in Closeness.values:
        raise Refused.field("closeness", expected=" or ".join(Closeness.values), found=closeness)
    _check_seen(by, (CaseSubject(subject_kind), subject_id), to=May.SEE_CASES if own else May.RECORD_CONFLICTS)
    user = by if own else User.objects.filter(username=username).first()
    if user is None:
        raise Refused.field("username", expected="the user name of an account")
    at = clock.now()
    with transaction.atomic():
        conflict = Conflict.objects.create(
            user=user, subject_kind=CaseSubject(subject_kind), subject_id=subject_id, closeness=Closeness(closeness),
            note=note, recorded_by=by, recorded_at=at, in_force_at=at if own else None,
        )  # fmt: skip
        _witness(by, conflict, Kind.CONFLICT_RECORDED, note_sha256=fingerprint(note), closeness=conflict.closeness)
    forget()
    return conflict


def do_close_after_complaint(by: User, *, officer: User, report: ReportOfCase, at: datetime) -> Conflict:
    """Close to an officer everything about the people of a report in which somebody complained of that officer.

    Inside the transaction that records the complaint; permission is asked there.
    """
    conflict = Conflict.objects.create(
        user=officer, subject_kind=CaseSubject.REPORT, subject_id=report.report,
        closeness=Closeness.NAMED_IN_COMPLAINT, note=f"№ {report.number}", recorded_by=by, recorded_at=at,
        in_force_at=at,
    )  # fmt: skip
    _witness(by, conflict, Kind.CONFLICT_RECORDED, note_sha256=fingerprint(conflict.note), closeness=conflict.closeness)
    _say_what_waits(at=at)
    forget()
    return conflict


def do_answer_conflict(by: User, conflict_id: int, *, agreed: bool) -> Conflict:
    """Agree, as the second person, that it is one, or say that it is none.

    Raises:
        NotFound: No such conflict, or in no case of this person's.
        Refused: not_permitted; second_factor_needed; another_person_needed: who recorded it, or to disagree alone with
            what the person concerned declared: that is lifted by two; already_answered.
    """
    at = clock.now()
    with transaction.atomic():
        conflict = _locked(by, conflict_id)
        _check_another(by, conflict.user_id, conflict.recorded_by_id)
        if conflict.answered_at is not None:
            raise Refused(Code.ALREADY_ANSWERED)
        if conflict.recorded_by_id == conflict.user_id and not agreed:
            raise Refused(Code.ANOTHER_PERSON_NEEDED)
        conflict.answered_by, conflict.answered_at, conflict.refused = by, at, not agreed
        if agreed:
            conflict.in_force_at = conflict.in_force_at or at
        elif conflict.in_force_at is not None:
            conflict.lifted_by, conflict.lifted_at = by, at
        conflict.save()
        _witness(by, conflict, Kind.CONFLICT_CONFIRMED if agreed else Kind.CONFLICT_REFUSED)
        _say_what_waits(at=at)
    forget()
    return conflict


def do_ask_to_lift(by: User, conflict_id: int, *, reason: str) -> Conflict:
    """Ask that a conflict be lifted; a second person does it.

    Raises:
        NotFound: No such conflict, or in no case of this person's.
        Refused: not_permitted; second_factor_needed; another_person_needed: it is one's own; access_over; invalid.
    """
    check_allowed(by, May.RECORD_CONFLICTS)
    reason = check_text("reason", reason, shortest=NOTE_MIN, longest=NOTE_MAX)
    with transaction.atomic():
        conflict = _locked(by, conflict_id)
        _check_another(by, conflict.user_id)
        _check_in_force(conflict)
        conflict.lift_asked_by, conflict.lift_asked_at, conflict.lift_reason = by, clock.now(), reason
        conflict.save(update_fields=["lift_asked_by", "lift_asked_at", "lift_reason"])
        _witness(by, conflict, Kind.CONFLICT_LIFT_ASKED, reason_sha256=fingerprint(reason))
    return conflict


def do_lift(by: User, conflict_id: int) -> Conflict:
    """Lift a conflict, as the second person.

    Raises:
        NotFound: No such conflict, or in no case of this person's.
        Refused: not_permitted; second_factor_needed; another_person_needed: nobody else asked for it; access_over.
    """
    with transaction.atomic():
        conflict = _locked(by, conflict_id)
        _check_in_force(conflict)
        if conflict.lift_asked_by_id is None:
            raise Refused(Code.ANOTHER_PERSON_NEEDED)
        _check_another(by, conflict.user_id, conflict.lift_asked_by_id)
        conflict.lifted_by, conflict.lifted_at = by, clock.now()
        conflict.save(update_fields=["lifted_by", "lifted_at"])
        _witness(by, conflict, Kind.CONFLICT_LIFTED)
    forget()
    return conflict


def conflicts_for(user: User) -> list[Closed]:
    """The conflicts that this person may decide on, newest first; never those about oneself."""
    if not allows(user, May.RECORD_CONFLICTS):
        return []
    rows = _with_people(Conflict.objects.filter(lifted_at__isnull=True, refused=False)).exclude(user=user)
    found = [_closed(row) for row in rows.order_by("-pk")]
    return [one for one in found if _sees(user, one)]


def _with_people(rows: QuerySet[Conflict]) -> QuerySet[Conflict]:
    return rows.select_related("user", "recorded_by", "answered_by", "lift_asked_by")


def _closed(conflict: Conflict) -> Closed:
    subject = (CaseSubject(conflict.subject_kind), conflict.subject_id)
    report = next(iter(case_book().by_report([conflict.subject_id])), None) if _of_report(conflict) else None
    return Closed(
        conflict=conflict,
        cases=tuple(_cases_of(subject)),
        report=report,
        left=None if report is None else _left_for(report),
    )


def _of_report(conflict: Conflict) -> bool:
    return conflict.subject_kind == CaseSubject.REPORT


def _left_for(report: ReportOfCase) -> int:
    """How many inspectors of its district may still work on it: with none, another unit must be given the case."""
    near = User.objects.filter(role=Role.POLICE, is_active=True, districts__contains=[report.district])
    near_sights = sights(list(near.values_list("pk", flat=True)))
    return sum(
        not (report.persons & one.closed_persons or report.respondent in one.closed_respondents)
        for one in near_sights.values()
    )


def _cases_of(subject: tuple[CaseSubject, UUID]) -> list[Case]:
    kind, subject_id = subject
    if kind is CaseSubject.ORDER:
        return case_book().by_order([subject_id])
    return cases_around([subject, *parties_of_reports([subject])])


def _sees(by: User, closed: Closed) -> bool:
    of_report = closed.report is not None and sees_district(by, closed.report.district)
    return of_report or _sees_one(by, closed.cases)


def _sees_one(by: User, cases: tuple[Case, ...], *, to: May = May.RECORD_CONFLICTS) -> bool:
    return any(sees_case(by, case.order, district=case.district, to=to) for case in cases)


def _check_seen(by: User, subject: tuple[CaseSubject, UUID], *, to: May) -> None:
    if not _sees_one(by, tuple(_cases_of(subject)), to=to):
        raise NotFound(subject[0].value)


def _locked(by: User, conflict_id: int) -> Conflict:
    check_allowed(by, May.RECORD_CONFLICTS)
    check_strong()
    conflict = Conflict.objects.select_for_update().filter(pk=conflict_id).first()
    if conflict is None or not _sees(by, _closed(conflict)):
        raise NotFound("conflict")
    return conflict


def _say_what_waits(*, at: datetime) -> None:
    waiting = Conflict.objects.filter(
        subject_kind=CaseSubject.REPORT, answered_at__isnull=True, lifted_at__isnull=True
    ).order_by("pk")
    ids = list(waiting.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        if ids:
            raise_alarm(
                cursor, component=WAITING_ALARM, by=System.ACCESS.value, at=at, detail={"conflicts": ids}
            )  # fmt: skip
        else:
            clear_alarm(cursor, component=WAITING_ALARM, by=System.ACCESS.value, at=at)


def _check_another(by: User, *others: int | None) -> None:
    if by.pk in others:
        raise Refused(Code.ANOTHER_PERSON_NEEDED)


def _check_in_force(conflict: Conflict) -> None:
    if conflict.in_force_at is None or conflict.lifted_at is not None:
        raise Refused(Code.ACCESS_OVER)


def _witness(by: User, conflict: Conflict, kind: Kind, **data: object) -> None:
    said = {"conflict": conflict.pk, "subject": f"{conflict.subject_kind}:{conflict.subject_id}", **data}
    witness(kind=kind, subject=name_of(conflict.user), by=by, at=clock.now(), data=said)
