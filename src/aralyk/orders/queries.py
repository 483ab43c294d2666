"""Orders as a person may read them: by district, by name, or not at all.

`order_for(user, id)` is the only way to an order in a view; what is not this person's looks as if it were not there.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import F, Prefetch, Q, QuerySet

from aralyk import clock
from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import SEEN_ORDER, May, seen_by, seen_values
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.model import Article
from aralyk.jurisdictions.values import Event
from aralyk.orders.models import Condition, Order, OrderVersion
from aralyk.orders.outlines import outline
from aralyk.people.models import ProtectedPerson, Respondent
from aralyk.people.queries import named_like

ZONE_KINDS: Final = ("exclusion_zone", "inclusion_zone", "curfew")


class Standing(StrEnum):
    """Whether an order holds at a moment."""

    PENDING = "pending"
    LIVE = "live"
    SUSPENDED = "suspended"  # in force, and not watched for a time
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueClock:
    """One of the clocks that run for the issue of an order.

    Attributes:
        slug: Of the pack.
        runs_from: The moment it counts from.
        due_at: When it runs out.
        done_at: When the order was issued.
    """

    slug: str
    runs_from: datetime
    due_at: datetime
    done_at: datetime

    @property
    def late_by(self) -> timedelta:
        """By how much the order came too late; zero when in time."""
        return max(self.done_at - self.due_at, timedelta())


def orders_for(user: User, *, to: May = May.SEE_CASES) -> QuerySet[Order]:
    """The orders that this person may see, newest first, with the people of each: 4 queries however many.

    Args:
        user: Who looks.
        to: What the person wants to do there; an action says so, for a case opened by name may be there to read alone.
    """
    return (
        Order.objects.filter(seen_by(user, to=to))
        .select_related("respondent")
        .prefetch_related("protected_persons", "suspensions")
        .order_by("-issued_at", "pk")
    )


def orders_like(search: str) -> QuerySet[Order, Any]:
    """Ids of orders, anybody's, to narrow a list of a person's own with: by number, respondent's name or her code.

    Three searches of one column each: one with "or" over three tables would join everybody before it looks. Codes
    only: a protected person's name is sealed and no search may lead to it.
    """
    by_number = Order.objects.filter(number__icontains=search)
    by_name = Order.objects.filter(respondent__in=Respondent.objects.filter(named_like(search)))
    by_code = Order.objects.filter(protected_persons__in=ProtectedPerson.objects.filter(code__icontains=search))
    ids = [found.values("pk") for found in (by_number, by_name, by_code)]
    return ids[0].union(*ids[1:])


def live_orders_for(user: User, *, at: datetime | None = None) -> QuerySet[Order]:
    """The orders that this person may see and that hold at `at` (default: now)."""
    return orders_for(user).filter(holds_at(at or clock.now()))


def holds_at(at: datetime, *, prefix: str = "") -> Q:
    """The filter that keeps orders which hold at `at`; `prefix` leads to the order ("order__")."""
    return Q(
        **{
            f"{prefix}starts_at__lte": at,
            f"{prefix}expires_at__gt": at,
            f"{prefix}ended_at__isnull": True,
        }
    )


def order_for(user: User, order_id: UUID, *, to: May = May.SEE_CASES) -> Order:
    """One order with its people; an action says what it wants `to` do there.

    Raises:
        NotFound: There is none, or it is not this person's to see.
    """
    order = orders_for(user, to=to).filter(pk=order_id).first()
    if order is None:
        raise NotFound("order")
    return order


def standing(order: Order, *, at: datetime) -> Standing:
    """Whether the order holds at `at`."""
    if order.ended_at is not None and order.ended_at <= at:
        return Standing.ENDED
    if at < order.starts_at:
        return Standing.PENDING
    if at >= order.expires_at:
        return Standing.EXPIRED
    return Standing.SUSPENDED if _is_suspended(order, at=at) else Standing.LIVE


def _is_suspended(order: Order, *, at: datetime) -> bool:
    """By the rows that `orders_for` fetched with the order: a list asks for none of its own."""
    return any(
        one.begun_at is not None and one.from_at <= at < (one.resumed_at or one.until_at)
        for one in order.suspensions.all()
    )


def version_of(order: Order, number: int | None = None) -> OrderVersion:
    """A version of an order that was fetched with permission; the current one by default.

    Raises:
        NotFound: The order has no such version.
    """
    version = order.versions.filter(version=number or order.current_version).select_related("made_by").first()
    if version is None:
        raise NotFound("order_version")
    return version


def versions_of(order: Order) -> QuerySet[OrderVersion]:
    """All versions, newest first, each with who made it and its conditions."""
    return (
        order.versions.select_related("made_by")
        .prefetch_related(Prefetch("conditions", queryset=Condition.objects.order_by("pk")))
        .order_by("-version")
    )


def conditions_of(order: Order) -> QuerySet[Condition]:
    """The conditions that hold now, in the order in which they were written."""
    return Condition.objects.filter(order_version__order=order, order_version__version=order.current_version).order_by(
        "pk"
    )


def article_of(order: Order, condition: Condition) -> Article:
    """The article that a condition rests on, as it stood on the day the order was issued; may be unverified."""
    law = pack(order.jurisdiction)
    return law.article(condition.legal_basis, on=law.day_of(order.issued_at))


def issue_clocks(order: Order) -> tuple[IssueClock, ...]:
    """The clocks that ran for the issue: the law's, and the one from the report; the gap shows where it stood still."""
    law = pack(order.jurisdiction)
    day = law.day_of(order.issued_at)
    starts = {Event.VIOLENCE_ESTABLISHED: order.established_at, Event.REPORT_RECEIVED: order.reported_at}
    return tuple(
        IssueClock(slug=each.slug, runs_from=start, due_at=law.due_at(each.due, start).at, done_at=order.issued_at)
        for event, start in starts.items()
        if start is not None
        for each in law.clocks_on(day, runs_from=event, met_by=Event.ORDER_ISSUED)
    )


def zones_for(user: User, *, order_ids: Collection[UUID] | None = None) -> dict[str, Any]:
    """The fixed zones of live orders as a GeoJSON FeatureCollection; circles are drawn as polygons of 32 corners.

    Args:
        user: Who looks.
        order_ids: Only these orders', live or not; None: all live ones.

    Returns:
        Each feature's properties: order, condition, kind, scheduled (holds at set hours only), circle (its centre and
        radius in metres, when it is one).
    """
    orders = seen_by(user, order="order_version__order__")
    if order_ids is None:
        orders &= holds_at(clock.now(), prefix="order_version__order__")
    else:
        orders &= Q(order_version__order__in=order_ids)
    current = Q(order_version__version=F("order_version__order__current_version"))
    conditions = (
        Condition.objects.filter(orders, current, kind__in=ZONE_KINDS)
        .annotate(order=F("order_version__order"))
        .order_by("pk")
        .values("pk", "code", "kind", "parameters", "order")
    )
    return {"type": "FeatureCollection", "features": [_feature(condition) for condition in conditions]}


class Outline(NamedTuple):
    """One fixed zone of a live order; `shape` is the JSON of its geometry."""

    order: str
    condition: str
    kind: str
    shape: str


_OUTLINES: Final = f"""
    SELECT v.order_id::text, c.code, c.kind, (c.parameters->'shape')::text, c.parameters->'shape' ? 'circle'
    FROM orders_condition c
    JOIN orders_orderversion v ON v.id = c.order_version_id
    JOIN orders_order o ON o.id = v.order_id AND o.current_version = v.version
    WHERE c.kind = ANY(%(kinds)s) AND {SEEN_ORDER}
      AND CASE WHEN %(orders)s::uuid[] IS NULL
          THEN o.ended_at IS NULL AND o.starts_at <= %(at)s AND o.expires_at > %(at)s
          ELSE o.id = ANY(%(orders)s::uuid[]) END
    ORDER BY c.id
"""


def outlines_for(user: User, *, order_ids: Collection[UUID] | None = None) -> list[Outline]:
    """The zones of `zones_for`, with the shapes as they are stored: a map of everybody parses none of them.

    Args:
        user: Who looks.
        order_ids: Only these orders', live or not; None: all live ones.
    """
    asked: dict[str, Any] = {
        **seen_values(user),
        "kinds": list(ZONE_KINDS),
        "orders": None if order_ids is None else list(order_ids),
        "at": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_OUTLINES, asked)
        return [
            Outline(order, code, kind, json.dumps(outline(json.loads(shape))) if circle else shape)
            for order, code, kind, shape, circle in cursor.fetchall()
        ]


def _feature(condition: Mapping[str, Any]) -> dict[str, Any]:
    shape = condition["parameters"]["shape"]
    return {
        "type": "Feature",
        "id": condition["pk"],
        "geometry": outline(shape),
        "properties": {
            "order": str(condition["order"]),
            "condition": condition["code"],
            "kind": condition["kind"],
            "scheduled": condition["parameters"].get("schedule") is not None,
            "circle": shape.get("circle"),
        },
    }
