"""What she wishes, as it is asked and recorded: the steps that stand before less protection."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from aralyk import clock
from aralyk.access.models import User
from aralyk.orders.models import Order, ReductionRequest, Wish
from aralyk.orders.private import Privacy
from aralyk.orders.reductions import do_record_conversation, do_record_reduction_request
from aralyk.people.models import Stated
from aralyk.risk.actions import do_assess
from aralyk.risk.drafts import AssessmentDraft
from aralyk.risk.instrument import instruments_on
from aralyk.risk.levels import Level
from tests.orders.cast import Cast, order

PRIVATE = Privacy(alone=True, code_word_used=True, not_on_her_phone=True, adviser_offered=True)


def police_order(roles: Cast, *, days: float = 3, **changed: Any) -> Order:
    now = clock.now()
    return order(
        roles.police, legal_basis="police_temporary_order", starts_at=now, expires_at=now + timedelta(days=days),
        **changed,
    )  # fmt: skip


def assess(roles: Cast, issued: Order) -> None:
    """The respondent's risk towards everyone whom the order protects, by a form and a signed level."""
    instrument = instruments_on(clock.now().date())[0]
    for person in issued.protected_persons.all():
        do_assess(
            roles.police,
            AssessmentDraft(
                respondent=issued.respondent_id, protected_person=person.pk, instrument=instrument.slug,
                version=instrument.version, answers={}, level=Level.HIGH,
                reason="угрозы продолжаются, оружие не изъято",
            ),
        )  # fmt: skip


def requested(roles: Cast, issued: Order, *, person: UUID | None = None, **changed: Any) -> ReductionRequest:
    values: dict[str, Any] = {"wish": Wish.LIFT, "pressure": Stated.UNKNOWN} | changed
    return do_record_reduction_request(
        roles.police, issued.pk, person=person or issued.protected_persons.get().pk, **values
    )


def talked(roles: Cast, request: ReductionRequest, *, still: Stated = Stated.YES, by: User | None = None) -> None:
    do_record_conversation(by or roles.police, request.pk, privacy=PRIVATE, still_wishes=still, pressure=Stated.NO)
