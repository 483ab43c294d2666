"""Assesses risk, sets levels, lets a second person lower them, and ticks off what a level made due.

A level rises by one person's word and falls by two: whatever is lower than what stands, or than what the answers give,
is a proposal until another person with the right to confirm it agrees, with a reason of their own. Meanwhile the
higher level holds. Everything about one respondent is written under the lock of his row, so two people can't pass each
other by.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q

from aralyk import clock
from aralyk.access.cases import case_book
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed, in_districts, opened_to
from aralyk.access.sight import sight
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.loader import PackInvalid, pack
from aralyk.ledger.canonical import canonical_bytes
from aralyk.people.models import ProtectedPerson
from aralyk.people.queries import pairs_for, respondents_for
from aralyk.risk import clocks
from aralyk.risk.drafts import (
    REASON_MAX,
    AssessmentDraft,
    Outcome,
    check_instrument,
    check_reason,
    complete,
    held,
    outcome_of,
)
from aralyk.risk.facts import device_facts_of
from aralyk.risk.levels import Level, highest
from aralyk.risk.models import Assessment, LevelDecision, RiskDuty, RiskEvent, State
from aralyk.risk.pickup import do_pick_up_events
from aralyk.risk.reading import Basis, Reading, read_answers
from aralyk.risk.rules import LevelRule, check_levels, rule_of
from aralyk.risk.standing import lock, newest_assessment, standing_of, waiting_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """What came of a form.

    Attributes:
        assessment: As stored.
        reading: What the answers say and leave open.
        decision: The level in force now; None: the form was kept, no level follows from it.
        proposal: A lower level that waits for the second person.
    """

    assessment: Assessment
    reading: Reading
    decision: LevelDecision | None
    proposal: LevelDecision | None


def do_assess(by: User, draft: AssessmentDraft) -> Assessed:
    """Keep a filled form, and the level that follows.

    Raises:
        NotFound: A respondent or protected person that is not there, or not this person's.
        Refused: not_permitted; invalid, naming the fields.
    """
    # A form that comes twice under one id is one form.
    check_allowed(by, May.ASSESS_RISK)
    check_pair(by, respondent=draft.respondent, protected_person=draft.protected_person)
    at = clock.now()
    today = _today(draft.jurisdiction, at)
    instrument = check_instrument(draft, on=today)
    answers = complete("answers", draft.answers, asked=tuple(item.slug for item in instrument.item))
    responses = complete("responses", draft.responses, asked=tuple(one.slug for one in instrument.response))
    if draft.level is not None:
        check_reason(draft.reason)
    reading = read_answers(instrument, draft.answers)
    do_pick_up_events(respondent=draft.respondent)
    with transaction.atomic():
        lock(draft.respondent)
        kept = None if draft.id is None else Assessment.objects.filter(pk=draft.id).first()
        if kept is not None:
            return _kept(by, kept, draft, reading, answers=answers)
        standing = standing_of(draft.respondent, draft.protected_person)
        outcome = outcome_of(
            instrument, reading, signed=draft.level, standing=Level(standing.level) if standing else None
        )
        if outcome is not None and outcome.proposed is not None:
            check_reason(draft.reason)
        assessment = Assessment.objects.create(
            pk=draft.id or uuid4(),
            respondent_id=draft.respondent,
            protected_person_id=draft.protected_person,
            jurisdiction=draft.jurisdiction,
            instrument=instrument.slug,
            instrument_version=instrument.version,
            instrument_sha256=instrument.sha256,
            answers=answers,
            responses=responses,
            device_facts=device_facts_of(draft.respondent, draft.protected_person, at=at),
            missing=len(reading.missing),
            score_at_least=reading.score_at_least,
            score_at_most=reading.score_at_most,
            at_least=reading.at_least or "",
            at_most=reading.at_most or "",
            assessed_by=by,
            assessed_at=at,
            synthetic=draft.synthetic,
        )
        decision = proposal = None
        if outcome is not None:
            decision, proposal = _decide(by, assessment, outcome, standing=standing, reason=draft.reason, at=at)
            _run_clocks(decision, assessment, at=at)
        witness(
            kind=Kind.RISK_ASSESSED,
            subject=f"respondent:{draft.respondent}",
            by=by,
            at=at,
            data={
                "answers_sha256": hashlib.sha256(canonical_bytes({**answers, "responses": responses})).hexdigest(),
                "assessment": str(assessment.pk),
                "at_least": assessment.at_least,
                "at_most": assessment.at_most,
                "instrument": instrument.slug,
                "instrument_sha256": instrument.sha256,
                "level": "" if decision is None else decision.level,
                "missing": assessment.missing,
                "proposed": "" if proposal is None else proposal.level,
                "protected_person": str(draft.protected_person),
                "reason_sha256": fingerprint(draft.reason) if draft.reason else "",
                "version": instrument.version,
            },
        )
    return Assessed(assessment=assessment, reading=reading, decision=decision, proposal=proposal)


def do_set_level(by: User, *, respondent: UUID, protected_person: UUID, level: Level, reason: str) -> LevelDecision:
    """Sign another level than the one that stands, on the newest assessment: higher at once, lower as a proposal.

    Returns:
        What is in force now, or what is proposed.

    Raises:
        NotFound: No such pair, not this person's, or never assessed.
        Refused: not_permitted; invalid (level, reason).
    """
    check_allowed(by, May.ASSESS_RISK)
    check_pair(by, respondent=respondent, protected_person=protected_person)
    check_reason(reason)
    do_pick_up_events(respondent=respondent)
    at = clock.now()
    with transaction.atomic():
        lock(respondent)
        assessment = newest_assessment(respondent, protected_person)
        if assessment is None:
            raise NotFound("assessment")
        standing = standing_of(respondent, protected_person)
        before = Level(standing.level) if standing else None
        if level is before:
            raise Refused.field("level", expected="another level than the one that stands", found=level.value)
        outcome = held(Level(level), basis=Basis.OVERRIDE, floor=None, floor_basis=None, standing=before)
        if outcome.proposed is not None:
            changed = _propose(by, assessment, outcome, standing=standing, reason=reason, at=at)
        else:
            changed, _ = _decide(by, assessment, outcome, standing=standing, reason=reason, at=at)
            _run_clocks(changed, assessment, at=at, answers=False)
        witness(
            kind=Kind.RISK_LEVEL_DECIDED,
            subject=f"respondent:{respondent}",
            by=by,
            at=at,
            data={
                "before": changed.before,
                "decision": changed.pk,
                "level": changed.level,
                "protected_person": str(protected_person),
                "reason_sha256": fingerprint(reason),
                "state": changed.state,
            },
        )
    return changed


def do_confirm_lowering(by: User, decision_id: int, *, reason: str) -> LevelDecision:
    """As the second person, put a proposed lower level into force.

    Raises:
        NotFound: No such proposal, or not this person's.
        Refused: not_permitted; second_person_needed; level_decided; level_overtaken; invalid (reason).
    """
    return _answer(by, decision_id, reason=reason, confirmed=True)


def do_refuse_lowering(by: User, decision_id: int, *, reason: str) -> LevelDecision:
    """As the second person, let the higher level stand.

    Raises:
        NotFound: No such proposal, or not this person's.
        Refused: not_permitted; second_person_needed; level_decided; invalid (reason).
    """
    return _answer(by, decision_id, reason=reason, confirmed=False)


def do_finish_duty(by: User, duty_id: int, *, note: str) -> RiskDuty:
    """Tick off what a level made due; what is owed again and again starts anew.

    Raises:
        NotFound: No such duty, or not this person's.
        Refused: not_permitted; duty_finished; invalid (note).
    """
    check_allowed(by, May.ASSESS_RISK)
    text = check_text("note", note, longest=REASON_MAX)
    found = RiskDuty.objects.filter(pairs_for(by, to=May.ASSESS_RISK), pk=duty_id).first()
    if found is None:
        raise NotFound("risk_duty")
    at = clock.now()
    with transaction.atomic():
        lock(found.respondent_id)
        duty = RiskDuty.objects.select_for_update(of=("self",)).get(pk=duty_id)
        if duty.done_at is not None or duty.lapsed_at is not None:
            raise Refused(Code.DUTY_FINISHED)
        duty.done_at, duty.done_by, duty.note = at, by, text
        duty.save(update_fields=["done_at", "done_by", "note"])
        standing = standing_of(duty.respondent_id, duty.protected_person_id)
        assert standing is not None
        again = clocks.repeat_duty(duty, standing, _rule(standing, at=at), at=at)
        witness(
            kind=Kind.RISK_DUTY_DONE,
            subject=f"respondent:{duty.respondent_id}",
            by=by,
            at=at,
            data={
                "due_at": clock.iso(duty.due_at),
                "duty": duty.kind,
                "rule": duty.rule,
                "next_due_at": "" if again is None else clock.iso(again.due_at),
                "note_sha256": fingerprint(text),
                "protected_person": str(duty.protected_person_id),
            },
        )
    return duty


def check_pair(by: User, *, respondent: UUID, protected_person: UUID) -> None:
    """Go on only for a respondent who is this person's to see, and somebody who stands in a case with him or here.

    Raises:
        NotFound: One of them is not there, or not this person's.
    """
    if respondent in sight(by.pk).closed_respondents:
        raise NotFound("respondent")
    opened = opened_to(by, May.ASSESS_RISK)
    for case in case_book().by_order(opened) if opened else ():
        if respondent == case.respondent and protected_person in case.protected:
            return
    # Of his own districts: ISSUE_ORDERS is what a case opened by name never gives.
    if not respondents_for(by, to=May.ISSUE_ORDERS).filter(pk=respondent).exists():
        raise NotFound("respondent")
    hers = Q(orders__respondent=respondent) | Q(orders__isnull=True) | in_districts(by, field="orders__district")
    if not ProtectedPerson.objects.filter(hers, pk=protected_person).exists():
        raise NotFound("protected_person")


def _kept(
    by: User, assessment: Assessment, draft: AssessmentDraft, reading: Reading, *, answers: dict[str, str]
) -> Assessed:
    """The form that was kept when it was sent the first time: the line dropped before the answer came."""
    pair = (assessment.respondent_id, assessment.protected_person_id, assessment.assessed_by_id)
    if pair != (draft.respondent, draft.protected_person, by.pk) or assessment.answers != answers:
        raise Refused.field("id", expected="an id that no other form has")
    levels = {level.state: level for level in assessment.levels.order_by("pk")}
    return Assessed(
        assessment=assessment,
        reading=reading,
        decision=levels.get(State.IN_FORCE),
        proposal=levels.get(State.PROPOSED),
    )


def _answer(by: User, decision_id: int, *, reason: str, confirmed: bool) -> LevelDecision:
    check_allowed(by, May.CONFIRM_RISK)
    found = LevelDecision.objects.filter(pairs_for(by, to=May.CONFIRM_RISK), pk=decision_id).first()
    if found is None:
        raise NotFound("risk_level")
    reason = check_reason(reason)
    if found.decided_by_id == by.pk:
        raise Refused(Code.SECOND_PERSON_NEEDED)
    do_pick_up_events(respondent=found.respondent_id)
    at = clock.now()
    with transaction.atomic():
        lock(found.respondent_id)
        decision = LevelDecision.objects.select_for_update(of=("self",)).get(pk=decision_id)
        _check_still_proposed(decision)
        decision.second_by, decision.second_at, decision.second_reason = by, at, reason
        decision.state = State.IN_FORCE if confirmed else State.REFUSED
        decision.in_force_at = at if confirmed else None
        standing = standing_of(decision.respondent_id, decision.protected_person_id)
        decision.before = standing.level if standing else ""
        decision.save()
        if confirmed:
            clocks.start_duties(decision, _rule(decision, at=at), at=at)
        witness(
            kind=Kind.RISK_LOWERING_CONFIRMED if confirmed else Kind.RISK_LOWERING_REFUSED,
            subject=f"respondent:{decision.respondent_id}",
            by=by,
            at=at,
            data={
                "before": decision.before,
                "decision": decision.pk,
                "level": decision.level,
                "proposed_by": f"user:{decision.decided_by_id}",
                "protected_person": str(decision.protected_person_id),
                "reason_sha256": fingerprint(reason),
            },
        )
    return decision


def _check_still_proposed(decision: LevelDecision) -> None:
    """Go on only while nothing happened since: a level must not fall on what was known before the last signal."""
    waiting = RiskEvent.objects.filter(
        Q(protected_person=decision.protected_person_id) | Q(protected_person__isnull=True),
        respondent=decision.respondent_id, picked_up_at__isnull=True,
    )  # fmt: skip
    if decision.state == State.OVERTAKEN or waiting.exists():
        raise Refused(Code.LEVEL_OVERTAKEN)
    if decision.state != State.PROPOSED:
        raise Refused(Code.LEVEL_DECIDED)


def _decide(
    by: User, assessment: Assessment, outcome: Outcome, *, standing: LevelDecision | None, reason: str, at: datetime
) -> tuple[LevelDecision, LevelDecision | None]:
    """Put the level in force, and beside it the lower one that somebody asks for. An older proposal is overtaken."""
    signed = "" if outcome.proposed is not None else reason.strip()
    decision = LevelDecision.objects.create(
        respondent_id=assessment.respondent_id, protected_person_id=assessment.protected_person_id,
        assessment=assessment, level=outcome.level, before=standing.level if standing else "", basis=outcome.basis,
        reason=signed, state=State.IN_FORCE, decided_by=by, decided_at=at, in_force_at=at,
    )  # fmt: skip
    waiting_of(assessment.respondent_id, assessment.protected_person_id).update(state=State.OVERTAKEN)
    proposed = outcome.proposed is not None
    return decision, _propose(by, assessment, outcome, standing=decision, reason=reason, at=at) if proposed else None


def _propose(
    by: User, assessment: Assessment, outcome: Outcome, *, standing: LevelDecision | None, reason: str, at: datetime
) -> LevelDecision:
    waiting_of(assessment.respondent_id, assessment.protected_person_id).update(state=State.OVERTAKEN)
    assert outcome.proposed is not None
    assert outcome.proposed_basis is not None
    return LevelDecision.objects.create(
        respondent_id=assessment.respondent_id, protected_person_id=assessment.protected_person_id,
        assessment=assessment, level=outcome.proposed, before=standing.level if standing else "",
        basis=outcome.proposed_basis, reason=reason.strip(), state=State.PROPOSED, decided_by=by, decided_at=at,
    )  # fmt: skip


def _run_clocks(decision: LevelDecision, assessment: Assessment, *, at: datetime, answers: bool = True) -> None:
    """Start what the level makes due. The next assessment follows the worst that missing answers leave possible."""
    if answers:
        clocks.answer_reassessments(assessment, at=at)
    worst = highest(Level(decision.level), Level(assessment.at_most) if assessment.at_most else None)
    assert worst is not None
    rule = rule_of(assessment.jurisdiction, worst, on=_today(assessment.jurisdiction, at))
    clocks.set_term(decision, due_at=rule.next_assessment(at=at), at=at)
    clocks.start_duties(decision, _rule(decision, at=at), at=at)


def _rule(decision: LevelDecision, *, at: datetime) -> LevelRule:
    jurisdiction = decision.assessment.jurisdiction
    return rule_of(jurisdiction, Level(decision.level), on=_today(jurisdiction, at))


def _today(jurisdiction: str, at: datetime) -> date:
    try:
        law = pack(jurisdiction)
        check_levels(law, on=law.day_of(at))
        return law.day_of(at)
    except PackInvalid as error:
        raise Refused.field("jurisdiction", expected=error.expected) from error
