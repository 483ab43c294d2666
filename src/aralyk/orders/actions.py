"""Issues, varies and ends orders. Each is one transaction: rows, witness, and the line that tells the engine.

What the law allows is asked of the jurisdiction pack as of today (`drafts`); what a machine can measure, of the
engine's compiler (`versions.check_spec`). Devices come later: `aralyk.devices` assigns them to an order without any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from aralyk import clock
from aralyk.access.errors import Code, FieldProblem, NotFound, Refused
from aralyk.access.models import Role, User
from aralyk.access.permissions import May, check_allowed, check_district
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.loader import PackInvalid, pack
from aralyk.jurisdictions.model import Issuer, LegalBasis
from aralyk.jurisdictions.pack import NotInForce, Pack
from aralyk.orders import versions
from aralyk.orders.checking import check_answered, check_not_held_back, find, store_answers
from aralyk.orders.comparing import Rule, cuts
from aralyk.orders.cutting import record_cut
from aralyk.orders.drafts import (
    REASON_MAX,
    REASON_MIN,
    Answered,
    Circumstances,
    ConditionDraft,
    LawfulCondition,
    OrderDraft,
    check_draft,
    check_term,
    lawful_conditions,
)
from aralyk.orders.models import Finding, LessProtection, Order, OrderVersion, ProposalState, Threat
from aralyk.orders.overlaps import overlapping
from aralyk.orders.questions import ask_before_the_end
from aralyk.orders.sanity import Found
from aralyk.orders.threats import check_not_lowered_alone
from aralyk.orders.written import circumstances_read, circumstances_written
from aralyk.people.actions import her_to_keep
from aralyk.people.models import ProtectedPerson, Respondent
from aralyk.reports.actions import note_order_issued
from aralyk.reports.models import Report
from aralyk.reports.queries import report_for

ACT_MAX: Final = 80  # the number and date of a court's ruling
FIRST_VERSION_REASON = "issued"


def do_issue_order(by: User, draft: OrderDraft) -> Order:
    """Issue an order: version 1, without devices yet.

    Args:
        by: Who may issue orders, for the order's district.
        draft: What is ordered, with the answers to what the checks find.

    Returns:
        The order as stored; the engine hears of it from the log.

    Raises:
        NotFound: A district or protected person that is not there, or not this person's; no such respondent, who may
            be any district's.
        Refused: not_permitted; not_in_force; term_too_long; term_too_short; number_taken; article_unverified;
            findings_unanswered; too_often; invalid, naming the fields.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    at = clock.now()
    law, _, conditions = _lawful(by, draft, at=at)
    report = _report_of(by, draft)
    found = find(
        by, conditions, draft.circumstances, protected=draft.protected_persons, subject="draft", at=at
    )  # fmt: skip
    answered = check_answered(found, draft.answers)
    with transaction.atomic():
        order = _insert_order(draft, at=at)
        spec = versions.spec_of(
            order,
            timezone=law.country.timezone,
            respondent_devices=[],
            protected=[{"id": str(person), "devices": []} for person in draft.protected_persons],
            conditions=versions.engine_conditions(conditions),
        )
        version = versions.add_version(by, order, spec=spec, reason=FIRST_VERSION_REASON, at=at, conditions=conditions)
        store_answers(by, version, answered, draft.answers, at=at)
        ask_before_the_end(order, at=at)
        if report is not None:
            note_order_issued(report, order=order.pk, by=by, at=at)
        _witness_version(
            by, order, version, kind=Kind.ORDER_ISSUED, conditions=conditions, at=at,
            more={
                "findings": [one.key for one in answered],
                "overlaps": [str(other.pk) for other in overlapping(order)],
            },
        )  # fmt: skip
        versions.tell_engine(by, order, version, at=at)
    return order


def findings_of(by: User, draft: OrderDraft) -> list[Found]:
    """What the checks find in a draft that the law allows; nothing is written but the looks behind the vault's door.

    Raises:
        NotFound, Refused: As `do_issue_order`, but for the answers.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    at = clock.now()
    _, _, conditions = _lawful(by, draft, at=at)
    return find(by, conditions, draft.circumstances, protected=draft.protected_persons, subject="draft", at=at)


def do_vary_order(
    by: User,
    order_id: UUID,
    *,
    reason: str,
    conditions: Sequence[ConditionDraft] | None = None,
    expires_at: datetime | None = None,
    threat: Threat | None = None,
    extension_requested: bool = False,
    circumstances: Circumstances | None = None,
    answers: Mapping[str, Answered] | None = None,
) -> Order:
    """Change an order so that it protects at least as much: a new version, the old ones stay. None leaves a thing.

    Args:
        by: Who may issue orders, for the order's district.
        order_id: The order.
        reason: Why; stored with the version.
        conditions: All conditions from now on.
        expires_at: The new end, within the term of the legal basis.
        threat: The new threat; a lower one only where two people lowered the levels of risk before.
        extension_requested: Whether whom the law names asked for the longer term.
        circumstances: What the checks should know from now on.
        answers: To what the checks find in the new conditions.

    Raises:
        NotFound: No such order, or not this person's.
        Refused: not_permitted; order_ended; not_in_force; term_too_long; term_too_short; proposal_needed: it would
            protect less, so another person must confirm it; findings_unanswered; too_often; invalid.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        order = versions.locked_order(by, order_id)
        versions.check_not_ended(order, at=at)
        if conditions is not None:
            _check_cuts_nothing(order, conditions, at=at)
        if expires_at is not None and expires_at < order.expires_at:
            raise Refused.field(
                "expires_at", expected="the order's end or later", found=clock.iso(expires_at),
                code=Code.PROPOSAL_NEEDED,
            )  # fmt: skip
        if threat is not None:
            check_not_lowered_alone(by, order, Threat(threat))
            order.threat = Threat(threat)
        change(
            by, order, reason=reason, conditions=conditions, expires_at=expires_at, extended=extension_requested,
            circumstances=circumstances, answers=answers or {}, at=at,
        )  # fmt: skip
    return order


def change(
    by: User,
    order: Order,
    *,
    reason: str,
    conditions: Sequence[ConditionDraft] | None,
    expires_at: datetime | None,
    extended: bool,
    answers: Mapping[str, Answered],
    circumstances: Circumstances | None = None,
    at: datetime,
) -> OrderVersion:
    """Make the next version of an order that the caller has locked, and tell the engine: the last act of a transaction.

    Not checked here: who may, and whether it protects less than before.

    Raises:
        Refused: not_in_force; term_too_long; term_too_short; findings_unanswered; invalid.
    """
    law = _law(order.jurisdiction)
    before = versions.current_version(order)
    if circumstances is not None:
        order.circumstances = circumstances_written(circumstances)
    lawful = None if conditions is None else varied_conditions(order, conditions, law=law, at=at)
    found: list[Found] = []
    if lawful is not None:
        found = _new_findings(by, order, lawful, answers, at=at)
    if expires_at is not None:
        _check_new_term(order, expires_at, law=law, extended=extended, at=at)
        order.expires_at = expires_at
    spec = {
        **before.spec,
        "expires_at": clock.iso(order.expires_at),
        "threat_level": str(order.threat),
        "conditions": before.spec["conditions"] if lawful is None else versions.engine_conditions(lawful),
    }
    version = versions.add_version(by, order, spec=spec, reason=reason.strip(), at=at, conditions=lawful)
    store_answers(by, version, found, answers, at=at)
    ask_before_the_end(order, at=at)
    _witness_version(
        by, order, version, kind=Kind.ORDER_VARIED, conditions=lawful, at=at,
        more={"findings": [one.key for one in found]} if found else {},
    )  # fmt: skip
    versions.tell_engine(by, order, version, at=at)
    return version


def findings_after(
    by: User, order: Order, conditions: Sequence[ConditionDraft], *, at: datetime
) -> list[Found]:  # fmt: skip
    """What the checks find in changed conditions of an order that was fetched with permission, and nobody answered.

    Raises:
        Refused: As `do_vary_order`, but for the answers and for less protection.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    lawful = varied_conditions(order, conditions, law=_law(order.jurisdiction), at=at)
    return _unanswered(by, order, lawful, at=at)[0]


def do_end_order(by: User, order_id: UUID, *, reason: str, act: str = "") -> Order:
    """Revoke an order now, as its issuer; the engine stops watching it, what happened before stays.

    Args:
        by: Who may issue orders, for the order's district.
        order_id: The order.
        reason: Why.
        act: The number of the court's ruling, where a court made the order and somebody else records its end.

    Raises:
        NotFound: No such order, or not this person's.
        Refused: not_permitted; order_ended; request_waits: she asked for it, so it goes the way of her request;
            invalid (reason, act).
    """
    check_allowed(by, May.ISSUE_ORDERS)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        order = versions.locked_order(by, order_id)
        check_issuer(by, order, act=act, at=at)
        versions.check_not_ended(order, at=at)
        if order.reduction_requests.filter(decided_at__isnull=True).exists():
            raise Refused(Code.REQUEST_WAITS)
        record_cut(by, order, LessProtection.REVOKED, reason=reason, at=at)
        end(by, order, reason=reason, act=act, at=at)
    return order


def end(by: User, order: Order, *, reason: str, act: str = "", at: datetime) -> None:
    """End an order that the caller has locked, and tell the engine: the last act of a transaction."""
    order.ended_at = at
    order.ended_reason = reason.strip()
    order.save(update_fields=["ended_at", "ended_reason"])
    order.proposals.filter(state=ProposalState.WAITING).update(state=ProposalState.OVERTAKEN)
    order.extension_questions.filter(closed_at__isnull=True).update(closed_at=at)
    witness(
        kind=Kind.ORDER_ENDED,
        subject=f"order:{order.pk}",
        by=by,
        at=at,
        data={
            "act": act.strip(),
            "ended_at": clock.iso(at),
            "reason_sha256": fingerprint(reason),
            "version": order.current_version,
        },
    )
    versions.tell_engine_it_ended(by, order, at=at)


def check_issuer(by: User, order: Order, *, act: str, at: datetime) -> None:
    """Go on only as the office that made the order, or with the number of its ruling.

    Raises:
        Refused: not_permitted; invalid (act).
    """
    check_allowed(by, May.ISSUE_ORDERS)
    law = _law(order.jurisdiction)
    issuer = _basis(order, law=law, on=law.day_of(order.issued_at)).issuer
    if issuer is Issuer.COURT and by.role != Role.COURT:
        check_text("act", act, longest=ACT_MAX, shortest=3)
    elif act:
        check_text("act", act, longest=ACT_MAX)


def check_reason(reason: str) -> None:
    """Go on only with a reason that says something.

    Raises:
        Refused: invalid, naming the field and never quoting it.
    """
    check_text("reason", reason, longest=REASON_MAX, shortest=REASON_MIN)


def _law(code: str) -> Pack:
    try:
        return pack(code)
    except PackInvalid as error:
        raise Refused.field("jurisdiction", expected=error.expected, found=code) from error


def _lawful(by: User, draft: OrderDraft, *, at: datetime) -> tuple[Pack, LegalBasis, list[LawfulCondition]]:
    law = _law(draft.jurisdiction)
    basis = check_draft(draft, law=law, now=at)
    check_district(by, draft.district, what="district")
    # Whoever is asked about here, her sealed places answer: nobody asks about a person who is not theirs.
    for person in draft.protected_persons:
        her_to_keep(by, person)
    today = law.day_of(at)
    conditions = lawful_conditions(
        draft.conditions, law=law, basis=basis, protected=draft.protected_persons, on=today
    )  # fmt: skip
    check_not_held_back(law, basis, articles={condition.article for condition in conditions}, on=today)
    versions.check_measurable(
        conditions, protected=draft.protected_persons, starts_at=draft.starts_at, expires_at=draft.expires_at,
        timezone=law.country.timezone,
    )  # fmt: skip
    return law, basis, conditions


def _report_of(by: User, draft: OrderDraft) -> Report | None:
    """The report that the order answers: one that this person may read, about the same respondent."""
    if draft.report is None:
        return None
    report = report_for(by, draft.report)
    if report.respondent_id != draft.respondent:
        raise Refused.field("report", expected="a report about the respondent of this order")
    return report


def _check_cuts_nothing(order: Order, conditions: Sequence[ConditionDraft], *, at: datetime) -> None:
    lost = cuts(versions.rules_of(order), rules_of_lawful(order, conditions, at=at))
    if lost:
        raise Refused(
            Code.PROPOSAL_NEEDED,
            fields=tuple(
                FieldProblem(field=f"conditions.{code}", expected="at least as much protection as before")
                for code in lost
            ),
        )


def rules_of_lawful(order: Order, conditions: Sequence[ConditionDraft], *, at: datetime) -> list[Rule]:
    """Drafted conditions of an order as rules to compare; refused where the law refuses them."""
    lawful = varied_conditions(order, conditions, law=_law(order.jurisdiction), at=at)
    return [
        Rule(code=one.code, kind=one.kind.slug, parameters=one.parameters, facts=one.facts) for one in lawful
    ]  # fmt: skip


def _new_findings(
    by: User, order: Order, conditions: Sequence[LawfulCondition], answers: Mapping[str, Answered], *, at: datetime
) -> list[Found]:
    """What the checks find now that no earlier version answered; each must be answered."""
    found, already = _unanswered(by, order, conditions, at=at)
    return check_answered(found, answers, already=already)


def _unanswered(
    by: User, order: Order, conditions: Sequence[LawfulCondition], *, at: datetime
) -> tuple[list[Found], frozenset[str]]:
    protected = list(order.protected_persons.order_by("pk").values_list("pk", flat=True))
    found = find(
        by, conditions, circumstances_read(order.circumstances), protected=protected, subject=f"order:{order.pk}",
        at=at,
    )  # fmt: skip
    earlier = Finding.objects.filter(order_version__order=order).values_list("kind", "subject")
    already = frozenset(f"{kind}:{subject}" for kind, subject in earlier)
    return [one for one in found if one.key not in already], already


def _insert_order(draft: OrderDraft, *, at: datetime) -> Order:
    if not Respondent.objects.filter(pk=draft.respondent).exists():
        raise NotFound("respondent")
    protected = list(ProtectedPerson.objects.filter(pk__in=draft.protected_persons))
    if len(protected) != len(draft.protected_persons):
        raise NotFound("protected_person")
    order = Order(
        number=draft.number.strip(),
        jurisdiction=draft.jurisdiction,
        legal_basis=draft.legal_basis,
        respondent_id=draft.respondent,
        district=draft.district,
        threat=Threat(draft.threat),
        statements={name: str(stated) for name, stated in draft.statements.items()},
        circumstances=circumstances_written(draft.circumstances),
        report_id=draft.report,
        reported_at=draft.reported_at,
        established_at=draft.established_at,
        issued_at=at,
        starts_at=draft.starts_at,
        expires_at=draft.expires_at,
        synthetic=draft.synthetic,
    )
    try:
        with transaction.atomic():
            order.save(force_insert=True)
    except IntegrityError:
        raise Refused.field("number", expected="a number that no other order has", code=Code.NUMBER_TAKEN) from None
    order.protected_persons.set(protected)
    return order


def varied_conditions(
    order: Order, conditions: Sequence[ConditionDraft], *, law: Pack, at: datetime
) -> list[LawfulCondition]:
    """Conditions of an order, checked against the law of today.

    Raises:
        Refused: not_in_force or invalid, naming the condition and the field.
    """
    today = law.day_of(at)
    protected = list(order.protected_persons.order_by("pk").values_list("pk", flat=True))
    lawful = lawful_conditions(
        conditions, law=law, basis=_basis(order, law=law, on=today), protected=protected, on=today
    )  # fmt: skip
    versions.check_measurable(
        lawful, protected=protected, starts_at=order.starts_at, expires_at=order.expires_at,
        timezone=law.country.timezone,
    )  # fmt: skip
    return lawful


def _check_new_term(order: Order, expires_at: datetime, *, law: Pack, extended: bool, at: datetime) -> None:
    """The term is judged by the law of the day of issue: a later, stricter law does not shorten an old order."""
    basis = _basis(order, law=law, on=law.day_of(order.issued_at))
    check_term(law=law, basis=basis, starts_at=order.starts_at, expires_at=expires_at, extended=extended, now=at)


def _basis(order: Order, *, law: Pack, on: date) -> LegalBasis:
    try:
        return law.legal_basis(order.legal_basis, on=on)
    except NotInForce as error:
        expected = f"one of {', '.join(error.known)}"
        raise Refused.field("legal_basis", expected=expected, found=error.slug, code=Code.NOT_IN_FORCE) from None


def _witness_version(
    by: User,
    order: Order,
    version: OrderVersion,
    *,
    kind: Kind,
    conditions: Sequence[LawfulCondition] | None,
    at: datetime,
    more: Mapping[str, object],
) -> None:
    data: dict[str, object] = {
        "district": order.district,
        "expires_at": clock.iso(order.expires_at),
        "legal_basis": order.legal_basis,
        "reason_sha256": fingerprint(version.reason),
        "spec_sha256": versions.digest_of(version.spec),
        "starts_at": clock.iso(order.starts_at),
        "threat": str(order.threat),
        "version": version.version,
        **more,
    }
    if conditions is not None:
        data["conditions"] = [
            {"article": condition.article, "code": condition.code, "kind": condition.kind.slug}
            for condition in conditions
        ]
    witness(kind=kind, subject=f"order:{order.pk}", by=by, at=at, data=data)
