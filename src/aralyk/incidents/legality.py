"""The prosecutor's list: whatever could be bought, or lost by neglect, stands there within the hour.

Each suspension, cut of a zone or a term, lower level of risk and weaker device; each "false", "no sign of pursuit" and
"technical" closing under an order of high threat; and each suspected stalking. Closings are listed in their own
transaction, the rest by a job that looks for what is not listed yet: once each, however often it runs. The prosecutor
marks each as seen, with a remark.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed, seen_by
from aralyk.access.texts import check_text
from aralyk.access.witness import Actor, System, fingerprint, user_of, witness
from aralyk.evidence.kinds import Kind
from aralyk.incidents.models import Incident, IncidentEvent, LegalityItem, Listed, Outcome
from aralyk.orders.models import Threat

DUE_WITHIN: Final = timedelta(hours=1)  # REQUIREMENTS 9.3
REMARK_MAX: Final = 1_000
_CLOSED: Final = {
    Outcome.FALSE: Listed.CLOSED_FALSE,
    Outcome.NO_PURSUIT: Listed.CLOSED_NO_PURSUIT,
    Outcome.TECHNICAL: Listed.CLOSED_TECHNICAL,
}
# What lies in other packages and is not on the list. A first choice of device is weaker than nothing; a level of two
# people who have no order yet has no case to stand in.
_FIND: Final = """
    WITH found AS (
        SELECT 'cut:' || c.id AS source, c.what, c.order_id, c.at, c.by_id
        FROM orders_protectioncut c WHERE c.at >= %(since)s
        UNION ALL
        SELECT 'device:' || d.id, 'weaker_device', d.order_id, d.chosen_at, d.chosen_by_id
        FROM orders_devicechoice d
        JOIN LATERAL (
            SELECT e.carries FROM orders_devicechoice e
            WHERE e.order_id = d.order_id AND e.id < d.id ORDER BY e.id DESC LIMIT 1
        ) before ON true
        WHERE d.chosen_at >= %(since)s
          AND array_position(%(devices)s::text[], d.carries::text)
              < array_position(%(devices)s::text[], before.carries::text)
        UNION ALL
        SELECT 'level:' || l.id, 'risk_lowered', o.id, l.in_force_at, l.decided_by_id
        FROM risk_leveldecision l
        JOIN LATERAL (
            SELECT o.id FROM orders_order o JOIN orders_order_protected_persons p ON p.order_id = o.id
            WHERE o.respondent_id = l.respondent_id AND p.protectedperson_id = l.protected_person_id
            ORDER BY o.issued_at DESC, o.id LIMIT 1
        ) o ON true
        WHERE l.in_force_at >= %(since)s
          AND array_position(%(levels)s::text[], l.level::text) < array_position(%(levels)s::text[], l.before::text)
    )
    INSERT INTO incidents_legalityitem (source, what, order_id, district, threat, happened_at, due_at, listed_at, by_id,
        remark)
    SELECT f.source, f.what, f.order_id, o.district, o.threat, f.at, f.at + %(within)s, %(now)s, f.by_id, ''
    FROM found f JOIN orders_order o ON o.id = f.order_id
    WHERE NOT EXISTS (SELECT FROM incidents_legalityitem i WHERE i.source = f.source)
    ORDER BY f.at
    ON CONFLICT (source) DO NOTHING
    RETURNING id
"""
_DEVICES: Final = ["nothing", "app", "bracelet"]  # the weakest first
_LEVELS: Final = ["low", "medium", "high", "extreme"]


def list_closing(incident: Incident, closing: IncidentEvent, *, by: User, at: datetime) -> LegalityItem | None:
    """List a closing that the prosecutor must see; inside its transaction. None: it is not of those."""
    what = _CLOSED.get(Outcome(incident.outcome))
    if what is None or not (incident.order.threat == Threat.HIGH or incident.suspicion):
        return None
    return _list(incident, what=what, source=f"closing:{closing.pk}", by=by, at=at)


def list_suspicion(incident: Incident, *, at: datetime) -> LegalityItem:
    """List that an order's incidents were opened again together as suspected stalking; inside its transaction."""
    return _list(
        incident, what=Listed.SUSPECTED_STALKING, source=f"stalking:{incident.pk}", by=System.INCIDENTS, at=at
    )  # fmt: skip


def do_list_cuts(*, now: datetime, since: datetime) -> int:
    """List what other packages wrote since then and nobody has listed; returns how many are new."""
    values: dict[str, Any] = {
        "now": now, "since": since, "within": DUE_WITHIN, "devices": _DEVICES, "levels": _LEVELS
    }  # fmt: skip
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_FIND, values)
            fresh = [int(row[0]) for row in cursor.fetchall()]
        for item in LegalityItem.objects.filter(pk__in=fresh).order_by("pk"):
            _witness_listed(item, by=System.INCIDENTS, at=now)
    return len(fresh)


def items_for(user: User, *, seen: bool | None = None) -> QuerySet[LegalityItem]:
    """The list as this person may read it, newest first; `seen`: only those that were, or were not."""
    if not (allows(user, May.OVERSEE_LEGALITY) or allows(user, May.READ_CUTS)):
        return LegalityItem.objects.none()
    found = LegalityItem.objects.filter(seen_by(user, order="order__", district="district"))
    found = found if seen is None else found.filter(seen_at__isnull=not seen)
    return found.select_related("order", "incident", "by", "seen_by").order_by("-happened_at", "-pk")


def do_mark_seen(by: User, item_id: int, *, remark: str = "") -> LegalityItem:
    """Say that the prosecutor has seen it, and what he remarks.

    Raises:
        NotFound: No such item, or not this person's.
        Refused: not_permitted; already_answered; invalid (remark).
    """
    check_allowed(by, May.OVERSEE_LEGALITY)
    remark = check_text("remark", remark, shortest=0, longest=REMARK_MAX)
    at = clock.now()
    with transaction.atomic():
        item = items_for(by).select_for_update(of=("self",)).filter(pk=item_id).first()
        if item is None:
            raise NotFound("item")
        if item.seen_at is not None:
            raise Refused(Code.ALREADY_ANSWERED)
        item.seen_at, item.seen_by, item.remark = at, by, remark
        item.save(update_fields=["seen_at", "seen_by", "remark"])
        data: dict[str, object] = {"item": item.pk} | ({"remark_sha256": fingerprint(remark)} if remark else {})
        witness(kind=Kind.LEGALITY_SEEN, subject=f"order:{item.order_id}", by=by, at=at, data=data)
    return item


def _list(incident: Incident, *, what: Listed, source: str, by: Actor, at: datetime) -> LegalityItem:
    item = LegalityItem.objects.create(
        source=source, what=what, order=incident.order, incident=incident, district=incident.district,
        threat=incident.order.threat, happened_at=at, due_at=at + DUE_WITHIN, listed_at=at, by=user_of(by),
    )  # fmt: skip
    _witness_listed(item, by=by, at=at)
    return item


def _witness_listed(item: LegalityItem, *, by: Actor, at: datetime) -> None:
    data = {"happened_at": clock.iso(item.happened_at), "item": item.pk, "what": str(item.what)}
    witness(kind=Kind.LEGALITY_LISTED, subject=f"order:{item.order_id}", by=by, at=at, data=data)
