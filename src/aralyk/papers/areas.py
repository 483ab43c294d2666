"""How the closed places of an order are published: once, and the same ever after.

An area that was published for one of these people stands again for every place that it hides, in this order and in any
later one. So a variation that moves a zone a little, a tenth order about the same home, a second place round the corner
and the thousandth question all get the same answer; there is nothing to average and no difference to take. A place that
none of them hides gets an area of its own, with an offset of its own: a place that he knows tells nothing of others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from aralyk.access.models import User
from aralyk.access.witness import witness
from aralyk.evidence.kinds import Kind
from aralyk.ledger.canonical import canonical_bytes
from aralyk.orders.models import Condition, Order
from aralyk.papers.geometry import Circle, circle_of, digest_of_shape, draw, hides
from aralyk.papers.models import AreaCode, NamedZone, PublicArea, WithheldArea
from aralyk.papers.served import CLOSED_AREA, PROXIMITY, ServedArea
from aralyk.people.models import ProtectedPerson


def publish_areas(by: User, order: Order, conditions: Sequence[Condition], *, at: datetime) -> dict[str, ServedArea]:
    """Find or draw the public area of each closed place. Call it with the order locked, inside a transaction.

    Returns:
        By the condition's code: how its zone is published.
    """
    closed = [condition for condition in conditions if condition.kind == CLOSED_AREA]
    if not closed:
        return {}
    # Two orders about one person must not draw two areas of one home at the same moment.
    people = list(ProtectedPerson.objects.filter(orders=order).order_by("pk").select_for_update(of=("self",)))
    ordered_m = max((each.parameters["distance_m"] for each in conditions if each.kind == PROXIMITY), default=None)
    return {
        condition.code: _published(by, order, condition, people=people, ordered_m=ordered_m, at=at)
        for condition in closed
    }


def _published(
    by: User,
    order: Order,
    condition: Condition,
    *,
    people: Sequence[ProtectedPerson],
    ordered_m: float | None,
    at: datetime,
) -> ServedArea:
    shape = condition.parameters["shape"]
    place = circle_of(shape)
    named = NamedZone.objects.filter(
        order=order, condition=condition.code, shape_sha256=digest_of_shape(shape)
    ).exists()
    known = PublicArea.objects.filter(protected_persons__in=people, named=named).distinct().order_by("drawn_at", "pk")
    fits = (found for found in known if (_circle(found) == place if named else hides(_circle(found), place)))
    area = next(fits, None)
    if area is None:
        circle = place if named else draw(place, ordered_m=ordered_m)
        area = PublicArea.objects.create(
            lat=circle.lat, lon=circle.lon, radius_m=circle.radius_m, named=named, drawn_at=at
        )
    area.protected_persons.add(*people)
    withheld = WithheldArea.objects.filter(area=area).exists()
    return ServedArea(number=_number(by, order, area, at=at), circle=None if withheld else _circle(area), named=named)


def _number(by: User, order: Order, area: PublicArea, *, at: datetime) -> int:
    code = AreaCode.objects.filter(order=order, area=area).first()
    if code is None:
        given = AreaCode.objects.filter(order=order).count()
        code = AreaCode.objects.create(order=order, area=area, number=given + 1)
        circle = canonical_bytes([area.lat, area.lon, area.radius_m])
        witness(
            kind=Kind.AREA_DRAWN,
            subject=f"order:{order.pk}",
            by=by,
            at=at,
            data={"circle_sha256": hashlib.sha256(circle).hexdigest(), "number": code.number},
        )
    return code.number


def _circle(area: PublicArea) -> Circle:
    return Circle(lat=area.lat, lon=area.lon, radius_m=area.radius_m)
