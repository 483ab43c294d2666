"""Each time an order protects less than before there is a row for the prosecutor, in the transaction that did it."""

from __future__ import annotations

from datetime import datetime

from aralyk.access.models import User
from aralyk.orders.models import LessProtection, Order, ProtectionCut


def record_cut(
    by: User, order: Order, what: LessProtection, *, reason: str, second_by: User | None = None, at: datetime
) -> ProtectionCut:
    """Put it on the prosecutor's list."""
    return ProtectionCut.objects.create(
        order=order, what=what, at=at, by=by, second_by=second_by, reason=reason.strip(), threat=order.threat
    )
