"""The question about an extension: a row with its own due time from the day the order is made.

The row is there before anybody remembers it, so no job can forget to make it; it stays open until she was asked, also
after the order has ended, and with her wish until the order is extended.
"""

from __future__ import annotations

from datetime import datetime

from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.values import DutyKind
from aralyk.orders.models import ExtensionQuestion, Order


def ask_before_the_end(order: Order, *, at: datetime) -> ExtensionQuestion | None:
    """See to it that the end that stands now has its question, and no other end has an open one.

    Returns:
        The question; None where the law knows no extension, or this end has been asked about.
    """
    order.extension_questions.filter(closed_at__isnull=True).exclude(expires_at=order.expires_at).update(closed_at=at)
    law = pack(order.jurisdiction)
    day = law.day_of(order.issued_at)
    duties = [
        duty
        for versions in law.duties.values()
        for duty in versions
        if duty.kind is DutyKind.ASK_ABOUT_EXTENSION
        and duty.holds_on(day)
        and order.legal_basis in duty.legal_bases
        and duty.due is not None
    ]
    extension = law.legal_basis(order.legal_basis, on=day).extension
    if extension is None or not duties:
        return None
    if order.expires_at >= law.latest_end(
        law.legal_basis(order.legal_basis, on=day), starts_at=order.starts_at, extended=True
    ):
        return None  # nothing is left to ask for
    assert duties[0].due is not None
    due_at = max(at, law.due_at(duties[0].due, order.expires_at).at)
    question, _ = ExtensionQuestion.objects.get_or_create(
        order=order, expires_at=order.expires_at, defaults={"due_at": due_at}
    )
    if question.closed_at is not None and not question.answer:
        # The order had this end before, then another, and nobody asked her: the end is back, and so is its question.
        question.closed_at = None
        question.save(update_fields=["closed_at"])
    return question
