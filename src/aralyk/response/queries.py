"""Checks as one person may read them: by case, what is not proven first of all as what it is. Her word is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from aralyk.access.models import User
from aralyk.access.permissions import May, allows, seen_by
from aralyk.jurisdictions.values import DutyKind
from aralyk.orders.models import Order
from aralyk.orders.queries import live_orders_for
from aralyk.response.checks import digest_of
from aralyk.response.judging import Reason, worst
from aralyk.response.models import Check, HerWord, Proof
from aralyk.risk.models import RiskDuty
from aralyk.risk.queries import done_for, duties_for

_READ: Final = (May.MAKE_CHECKS, May.TAKE_HER_WORD, May.OVERSEE_LEGALITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One check and what it is worth now.

    Attributes:
        check: The entry as it came.
        proof: With her word, and with what evidence says of the row.
        reasons: Why it is not verified.
        her_word: What she said; None: nothing yet, which confirms nothing.
    """

    check: Check
    proof: Proof
    reasons: tuple[Reason, ...]
    her_word: HerWord | None


def checks_for(user: User, *, order_id: UUID | None = None) -> QuerySet[Check]:
    """The checks that this person may read, newest first."""
    if not any(allows(user, may) for may in _READ):
        return Check.objects.none()
    found = Check.objects.filter(seen_by(user, order="order__"))
    found = found if order_id is None else found.filter(order=order_id)
    return found.select_related("officer", "order", "order__respondent", "protected_person", "her_word").order_by(
        "-received_at", "pk"
    )


def unproven_for(user: User) -> QuerySet[Check]:
    """What is claimed, flagged or refused and no word of hers has settled: for the prosecutor."""
    return checks_for(user).exclude(proof=Proof.VERIFIED).exclude(her_word__visited=True, proof=Proof.CLAIMED)


def visits_without_check_for(user: User) -> QuerySet[RiskDuty]:
    """Visits to respondents that were ticked off with no verified check behind them: the officer's word alone."""
    proven = Check.objects.filter(
        proof=Proof.VERIFIED, order__respondent=OuterRef("respondent"), duties__contains=[OuterRef("pk")]
    )  # fmt: skip
    return done_for(user).filter(kind=DutyKind.VISIT_RESPONDENT).exclude(Exists(proven))


def standings(checks: Sequence[Check]) -> list[Standing]:
    """What each is worth now: one query more, however many."""
    written = _digests([check.entry for check in checks])
    return [_standing(check, edited=written.get(check.entry) != digest_of(check)) for check in checks]


def _standing(check: Check, *, edited: bool) -> Standing:
    word = getattr(check, "her_word", None)
    reasons = {Reason(one) for one in check.reasons}
    if word is not None:
        reasons.discard(Reason.HER_WORD_AWAITED)
        if not word.visited:
            reasons.add(Reason.SHE_SAYS_NO)
    if edited:
        reasons.add(Reason.EDITED)
    kept = tuple(one for one in Reason if one in reasons)
    return Standing(check=check, proof=worst(kept), reasons=kept, her_word=word)


def _digests(entries: Sequence[int]) -> Mapping[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, body FROM evidence_entry WHERE id = ANY(%s)", (list(entries),))
        rows = cursor.fetchall()
    return {entry: msgspec.json.decode(bytes(body))["data"].get("row_sha256", "") for entry, body in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A respondent whom somebody of the district must visit, by the order under which the check is made."""

    order: Order
    due_at: datetime


def due_for(user: User) -> list[Due]:
    """Visits to respondents that the risk's levels made due, the most urgent first; one for each respondent."""
    if not allows(user, May.MAKE_CHECKS):
        return []
    owed = duties_for(user).filter(kind=DutyKind.VISIT_RESPONDENT)
    first: dict[UUID, datetime] = {}
    for respondent, due_at in owed.values_list("respondent", "due_at"):
        first.setdefault(respondent, due_at)
    found: dict[UUID, Order] = {}
    for order in live_orders_for(user).filter(respondent__in=list(first)):
        found.setdefault(order.respondent_id, order)
    return [Due(order=found[one], due_at=due_at) for one, due_at in first.items() if one in found]
