"""Takes a report, and adds what becomes known later: the established fact, who it was, whom it reached, what was told.

The words are sealed in the same act: their transaction is another connection's and is committed just before the
report's, so a report never stands without its account. Taking the same report twice, as a phone does that lost its
answer, takes it once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import connection, transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.sight import sight
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.pack import Pack
from aralyk.people.actions import do_register_protected_person, do_register_respondent, hers_of
from aralyk.people.models import ProtectedPerson, Respondent
from aralyk.people.vault import SealedName
from aralyk.reports import clocks, sealed
from aralyk.reports.acts import add_event, locked_open, tell_risk
from aralyk.reports.drafts import (
    INVOLVED_MAX,
    WORDS_MAX,
    InvolvedDraft,
    ReportDraft,
    RespondentDraft,
    Said,
    check_draft,
    check_relation,
    check_statement,
    check_times,
    check_violence,
    law_of,
)
from aralyk.reports.models import Involved, Report
from aralyk.risk.pickup import do_pick_up_events

NOT_NAMED: Final = "—"  # sealed in place of her name: somebody reported who does not know it


def do_take_report(by: User, draft: ReportDraft, *, report_id: UUID | None = None) -> Report:
    """Take a report: its clocks start, and the risk is to be assessed.

    Args:
        by: Who takes reports.
        draft: What was said.
        report_id: The id of the draft that it was written as; the same one takes the same report, once.

    Returns:
        The report as stored, with the number that the applicant is told.

    Raises:
        NotFound: A respondent or protected person that is not there; an id that is somebody else's report.
        Refused: not_permitted; invalid or not_in_force, naming the fields; vault_unreadable.
    """
    check_allowed(by, May.TAKE_REPORTS)
    at = clock.now()
    law = law_of(draft.jurisdiction)
    check_draft(draft, law=law, now=at)
    pk = report_id or uuid4()
    with transaction.atomic():
        if taken := _taken_before(pk, by=by):
            return taken
        respondent = _respondent_of(by, draft)
        report = Report.objects.create(
            id=pk,
            number=_new_number(law, at=at),
            jurisdiction=draft.jurisdiction,
            district=draft.district,
            channel=draft.channel,
            applicant=draft.applicant,
            applicant_minor=draft.applicant_minor,
            language=draft.language,
            respondent_id=respondent,
            violence=list(draft.violence),
            statements={slug: said.stored() for slug, said in draft.statements.items()},
            happened_at=draft.happened_at,
            reported_at=draft.reported_at,
            established_at=draft.established_at,
            established_by=None if draft.established_at is None else by,
            taken_by=by,
            taken_at=at,
            acted_at=at,
            synthetic=draft.synthetic,
        )
        for one in draft.involved:
            _involve(by, report, one)
        clocks.start(report, at=at)
        add_event(report, "taken", by=by, at=at)
        tell_risk(report, at=at)
        witness(
            kind=Kind.REPORT_TAKEN,
            subject=f"report:{report.pk}",
            by=by,
            at=at,
            data={
                "account_sha256": fingerprint(draft.account),
                "applicant": report.applicant,
                "channel": report.channel,
                "district": report.district,
                "established_at": "" if report.established_at is None else clock.iso(report.established_at),
                "involved": [str(one.person_id) for one in report.involved.all()],
                "number": report.number,
                "reported_at": clock.iso(report.reported_at),
                "respondent": "" if respondent is None else str(respondent),
                "statements": report.statements,
                "synthetic": report.synthetic,
            },
        )
        sealed.seal_words(report.pk, _words(draft), at=at)
    _follow(report)
    return report


def do_establish(by: User, report_id: UUID, *, established_at: datetime) -> Report:
    """Say when the fact of violence was established: the law's clock runs from then.

    Raises:
        NotFound: No such report, or not this person's.
        Refused: not_permitted; report_closed; invalid (established_at), also when it was said before.
    """
    at = clock.now()
    with transaction.atomic():
        report = locked_open(by, report_id, may=May.DECIDE_REPORTS)
        if report.established_at is not None:
            raise Refused.field("established_at", expected="nothing: the fact was established before")
        check_times(
            happened_at=report.happened_at, reported_at=report.reported_at, established_at=established_at, now=at
        )
        report.established_at, report.established_by = established_at, by
        report.save(update_fields=["established_at", "established_by"])
        clocks.start_from_established_fact(report)
        _changed(by, report, "established", at=at, established_at=clock.iso(established_at))
    return report


def do_name_respondent(
    by: User, report_id: UUID, *, respondent: UUID | None = None, new: RespondentDraft | None = None
) -> Report:
    """Say who the unknown person is: somebody registered, or somebody new. Earlier reports on him are joined by that.

    Raises:
        NotFound: No such report or respondent, or not this person's.
        Refused: not_permitted; report_closed; respondent_known; invalid.
    """
    at = clock.now()
    with transaction.atomic():
        report = locked_open(by, report_id)
        if report.respondent_id is not None:
            raise Refused(Code.RESPONDENT_KNOWN)
        if (respondent is None) == (new is None):
            raise Refused.field("respondent", expected="somebody registered, or somebody new")
        report.respondent_id = _registered(by, respondent, new, report=report)
        report.save(update_fields=["respondent"])
        tell_risk(report, at=at)
        _changed(by, report, "respondent_named", at=at, respondent=str(report.respondent_id))
    _follow(report)
    return report


def do_involve(by: User, report_id: UUID, one: InvolvedDraft) -> Involved:
    """Add somebody whom the violence reached, or who saw it.

    Raises:
        NotFound: No such report or person, or not this person's.
        Refused: not_permitted; report_closed; invalid; not_in_force.
    """
    at = clock.now()
    with transaction.atomic():
        report = locked_open(by, report_id)
        if report.involved.count() >= INVOLVED_MAX:
            raise Refused.field("involved", expected=f"at most {INVOLVED_MAX} people")
        law = law_of(report.jurisdiction)
        check_relation("relation", one.relation, law=law, on=law.day_of(at))
        involved = _involve(by, report, one)
        clocks.start_duties(report)
        tell_risk(report, at=at)
        _changed(by, report, "involved", at=at, person=str(involved.person_id), part=involved.part)
    _follow(report)
    return involved


def do_state(
    by: User, report_id: UUID, *, statements: Iterable[tuple[str, Said]], violence: Iterable[str] = ()
) -> Report:
    """Write down answers, and kinds of violence that became known. What was answered before may be answered anew.

    Raises:
        NotFound: No such report, or not this person's.
        Refused: not_permitted; report_closed; invalid or not_in_force, naming the field.
    """
    at = clock.now()
    given, kinds = dict(statements), list(violence)
    with transaction.atomic():
        report = locked_open(by, report_id)
        law = law_of(report.jurisdiction)
        today = law.day_of(at)
        for slug, said in given.items():
            check_statement(slug, said, law=law, on=today)
        check_violence(kinds, law=law, on=today)
        report.statements = {**report.statements, **{slug: said.stored() for slug, said in given.items()}}
        report.violence = [*report.violence, *(kind for kind in kinds if kind not in report.violence)]
        report.save(update_fields=["statements", "violence"])
        clocks.start_duties(report)
        told = {slug: report.statements[slug] for slug in given}
        _changed(by, report, "stated", at=at, statements=told, violence=report.violence)
    return report


def do_add_words(by: User, report_id: UUID, *, text: str) -> Report:
    """Write down what was told later; sealed as the first account is.

    Raises:
        NotFound: No such report, or not this person's.
        Refused: not_permitted; invalid (text); vault_unreadable.
    """
    check_allowed(by, May.TAKE_REPORTS)
    words = check_text("text", text, longest=WORDS_MAX)
    at = clock.now()
    with transaction.atomic():
        report = locked_open(by, report_id)
        _changed(by, report, "words_added", at=at, words_sha256=fingerprint(words))
        sealed.seal_words(report.pk, {sealed.Said.ADDED: words}, at=at)
    return report


def _taken_before(pk: UUID, *, by: User) -> Report | None:
    """The report of this id; whoever asks at the same moment waits until the first is done."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"report:{pk}"])
    found = Report.objects.filter(pk=pk).first()
    if found is not None and found.taken_by_id != by.pk:
        raise NotFound("report")
    return found


def _respondent_of(by: User, draft: ReportDraft) -> UUID | None:
    if draft.respondent is None and draft.new_respondent is None:
        return None
    if draft.respondent is not None:
        return _known(by, draft.respondent)
    assert draft.new_respondent is not None
    return _new(by, draft.new_respondent, jurisdiction=draft.jurisdiction, synthetic=draft.synthetic)


def _registered(by: User, respondent: UUID | None, new: RespondentDraft | None, *, report: Report) -> UUID:
    if respondent is not None:
        return _known(by, respondent)
    assert new is not None
    return _new(by, new, jurisdiction=report.jurisdiction, synthetic=report.synthetic)


def _known(by: User, respondent: UUID) -> UUID:
    """Somebody registered: a report may be about whoever lives anywhere, so no district is asked."""
    closed = respondent in sight(by.pk).closed_respondents
    if closed or not Respondent.objects.filter(pk=respondent).exists():
        raise NotFound("respondent")
    return respondent


def _new(by: User, new: RespondentDraft, *, jurisdiction: str, synthetic: bool) -> UUID:
    made = do_register_respondent(
        by,
        name=new.name,
        residence_district=new.residence_district,
        born_on=new.born_on,
        language=new.language,
        synthetic=synthetic,
        jurisdiction=jurisdiction,
        reported=True,
    )
    return made.pk


def _involve(by: User, report: Report, one: InvolvedDraft) -> Involved:
    # A report opens her page to its district: nobody brings somebody in who is not theirs to see.
    if one.person is not None and not ProtectedPerson.objects.filter(hers_of(by), pk=one.person).exists():
        raise NotFound("protected_person")
    if one.person is not None and report.involved.filter(person=one.person).exists():
        raise Refused.field("person", expected="somebody who does not stand in this report yet")
    person = one.person
    if person is None:
        facts = {SealedName.NAME: NOT_NAMED} | {name: text for name, text in one.sealed.items() if text.strip()}
        made = do_register_protected_person(
            by, sealed=facts, language=one.language, synthetic=report.synthetic, reported=True
        )
        person = made.pk
    return Involved.objects.create(
        report=report, person_id=person, part=one.part, minor=one.minor, relation=one.relation
    )


def _words(draft: ReportDraft) -> dict[sealed.Said, str]:
    given = {
        sealed.Said.ACCOUNT: draft.account,
        sealed.Said.APPLICANT: draft.applicant_contact,
        sealed.Said.UNKNOWN_RESPONDENT: draft.unknown_respondent,
    }
    return {said: text.strip() for said, text in given.items() if text.strip()}


def _new_number(law: Pack, *, at: datetime) -> str:
    """Short enough to be told over a telephone; it leads nowhere without an account."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('report_number')")
        (number,) = cursor.fetchone()
    return f"{law.day_of(at).year}-{number:06d}"


def _changed(by: User, report: Report, what: str, *, at: datetime, **data: object) -> None:
    add_event(report, what, by=by, at=at, data=data)
    witness(kind=Kind.REPORT_CHANGED, subject=f"report:{report.pk}", by=by, at=at, data={"what": what, **data})


def _follow(report: Report) -> None:
    """Make the assessment due at once; should this process end here, the job does it."""
    if report.respondent_id is not None:
        do_pick_up_events(respondent=report.respondent_id)
