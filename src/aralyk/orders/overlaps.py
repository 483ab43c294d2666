"""Orders of the same pair that hold at the same time. Each is watched to its own end, so the longer one rules.

Orders both ways are two orders with respondent and protected person exchanged; they are no overlap and stay two.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet

from aralyk.orders.models import Order


def overlapping(order: Order) -> QuerySet[Order]:
    """Other orders over the same respondent for one of the same people, in force in a part of the same time."""
    return (
        Order.objects.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gt=order.starts_at),
            respondent=order.respondent_id,
            protected_persons__in=order.protected_persons.all(),
            starts_at__lt=order.expires_at,
            expires_at__gt=order.starts_at,
        )
        .exclude(pk=order.pk)
        .distinct()
        .order_by("-expires_at", "pk")
    )
