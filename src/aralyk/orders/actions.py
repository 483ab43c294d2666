"""Issues, varies and ends orders. Each is one transaction: rows, witness, and the line that tells the engine.

What the law allows is asked of the jurisdiction pack as of today (`drafts`); what a machine can measure, of the
engine's compiler (`versions.check_spec`). Devices come later: `aralyk.devices` assigns them to an order without any.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed, check_district
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.loader import PackInvalid, pack
from aralyk.jurisdictions.model import LegalBasis
from aralyk.jurisdictions.pack import NotInForce, Pack
from aralyk.orders import versions
from aralyk.orders.drafts import (
    REASON_MAX,
    REASON_MIN,
    ConditionDraft,
    LawfulCondition,
    OrderDraft,
    check_draft,
    check_term,
    lawful_conditions,
)
from aralyk.orders.models import Order, OrderVersion, Threat
from aralyk.people.models import ProtectedPerson, Respondent

FIRST_VERSION_REASON = "issued"


def do_issue_order(by: User, draft: OrderDraft) -> Order:
    """Issue an order: version 1, without devices yet.

    Args:
        by: Who may issue orders, for the order's district.
        draft: What is ordered.

    Returns:
        The order as stored; the engine hears of it from the log.

    Raises:
        NotFound: A district, respondent or protected person that is not there, or not this person's.
        Refused: not_permitted; not_in_force; term_too_long; term_too_short; number_taken; invalid, naming the fields.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    at = clock.now()
    law = _law(draft.jurisdiction)
    basis = check_draft(draft, law=law, now=at)
    check_district(by, draft.district, what="district")
    conditions = lawful_conditions(
        draft.conditions, law=law, basis=basis, protected=draft.protected_persons, on=law.day_of(at)
    )
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
        _witness_version(by, order, version, kind=Kind.ORDER_ISSUED, conditions=conditions, at=at)
        versions.tell_engine(by, order, version, at=at)
    return order


def do_vary_order(
    by: User,
    order_id: UUID,
    *,
    reason: str,
    conditions: Sequence[ConditionDraft] | None = None,
    expires_at: datetime | None = None,
    threat: Threat | None = None,
    extension_requested: bool = False,
) -> Order:
    """Change an order: a new version, the old ones stay. None leaves a thing as it is.

    Args:
        by: Who may issue orders, for the order's district.
        order_id: The order.
        reason: Why; stored with the version.
        conditions: All conditions from now on.
        expires_at: The new end, within the term of the legal basis.
        threat: The new level.
        extension_requested: Whether whom the law names asked for the longer term.

    Raises:
        NotFound: No such order, or not this person's.
        Refused: not_permitted; order_ended; not_in_force; term_too_long; term_too_short; invalid.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        order = versions.locked_order(by, order_id)
        versions.check_not_ended(order, at=at)
        law = _law(order.jurisdiction)
        before = versions.current_version(order)
        lawful = None if conditions is None else _varied_conditions(order, conditions, law=law, at=at)
        if expires_at is not None:
            _check_new_term(order, expires_at, law=law, extended=extension_requested, at=at)
            order.expires_at = expires_at
        order.threat = order.threat if threat is None else Threat(threat)
        spec = {
            **before.spec,
            "expires_at": clock.iso(order.expires_at),
            "threat_level": str(order.threat),
            "conditions": before.spec["conditions"] if lawful is None else versions.engine_conditions(lawful),
        }
        version = versions.add_version(by, order, spec=spec, reason=reason.strip(), at=at, conditions=lawful)
        _witness_version(by, order, version, kind=Kind.ORDER_VARIED, conditions=lawful, at=at)
        versions.tell_engine(by, order, version, at=at)
    return order


def do_end_order(by: User, order_id: UUID, *, reason: str) -> Order:
    """End an order now; the engine stops watching it, what happened before stays.

    Raises:
        NotFound: No such order, or not this person's.
        Refused: not_permitted; order_ended; invalid (reason).
    """
    check_allowed(by, May.ISSUE_ORDERS)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        order = versions.locked_order(by, order_id)
        versions.check_not_ended(order, at=at)
        order.ended_at = at
        order.ended_reason = reason.strip()
        order.save(update_fields=["ended_at", "ended_reason"])
        witness(
            kind=Kind.ORDER_ENDED,
            subject=f"order:{order.pk}",
            by=by,
            at=at,
            data={"ended_at": clock.iso(at), "reason_sha256": fingerprint(reason), "version": order.current_version},
        )
        versions.tell_engine_it_ended(by, order, at=at)
    return order


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


def _varied_conditions(
    order: Order, conditions: Sequence[ConditionDraft], *, law: Pack, at: datetime
) -> list[LawfulCondition]:
    today = law.day_of(at)
    protected = list(order.protected_persons.order_by("pk").values_list("pk", flat=True))
    return lawful_conditions(
        conditions,
        law=law,
        basis=_basis(order, law=law, on=today),
        protected=protected,
        on=today,
    )


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
    }
    if conditions is not None:
        data["conditions"] = [
            {"article": condition.article, "code": condition.code, "kind": condition.kind.slug}
            for condition in conditions
        ]
    witness(kind=kind, subject=f"order:{order.pk}", by=by, at=at, data=data)
