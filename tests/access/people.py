"""Accounts that the stage does not have, and every way by which a person could come to know of a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.grants import do_grant_case
from aralyk.access.models import CaseGrant, Right, Role, User
from aralyk.devices import queries as devices
from aralyk.devices.models import Party
from aralyk.incidents import queries as incidents
from aralyk.incidents.models import Incident
from aralyk.orders import queries as orders
from aralyk.orders.models import Order
from aralyk.people import queries as people
from aralyk.risk import queries as risk
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, Cast, account, bracelet, equip, heard, order, phone, raised

PURPOSE = "сопровождение в суде"
REASON = "угроза убийством, выезд немедленно"


def other(role: Role, name: str | None = None, *districts: str, agency: str | None = None) -> User:
    """An account of a role, made now."""
    return account(name or f"new-{role.value}", role, *districts, agency=agency)


def scene(database: Database, roles: Cast) -> tuple[Order, Incident]:
    """A case in the district HERE with both devices heard, and a signal in it."""
    case = order(roles.police)
    bracelet(roles.probation)
    phone(roles.probation)
    equip(roles.probation, case, device="860000000000017")
    equip(roles.probation, case, device="phone-0001", party=Party.PROTECTED)
    heard(database, "860000000000017", lat=42.87, lon=74.61, strap="locked")
    heard(database, "phone-0001", lat=42.8801, lon=74.6202)
    return case, raised(database, case)


def open_to(by: User, user: User, case: Order, *, right: Right = Right.READ, days: float = 5) -> CaseGrant:
    """Open a case by name."""
    return do_grant_case(
        by, order=case.pk, username=user.username, right=right, purpose=PURPOSE,
        ends_at=clock.now() + timedelta(days=days),
    )  # fmt: skip


def ways_to(user: User, case: Order, incident: Incident) -> dict[str, bool]:
    """Each way to a case, and whether it leads there for this person."""
    order_id, respondent_id = case.pk, case.respondent_id

    def found(ask: Callable[[], Any]) -> bool:
        try:
            return bool(ask())
        except (NotFound, Refused):
            return False

    ways: dict[str, Callable[[], Any]] = {
        "order": lambda: orders.order_for(user, order_id),
        "orders": lambda: orders.orders_for(user).filter(pk=order_id),
        "live orders": lambda: orders.live_orders_for(user).filter(pk=order_id),
        "zones": lambda: orders.zones_for(user, order_ids=[order_id])["features"],
        "outlines": lambda: orders.outlines_for(user, order_ids=[order_id]),
        "all outlines": lambda: [one for one in orders.outlines_for(user) if one.order == str(order_id)],
        "incident": lambda: incidents.incident_for(user, incident.pk),
        "queue": lambda: incidents.queue_for(user, order_id=order_id),
        "counts": lambda: incidents.counts_for(user).open_by_priority[1],
        "time line": lambda: incidents.time_line_for(user, incident.pk),
        "respondent": lambda: people.respondent_for(user, respondent_id),
        "device": lambda: devices.device_for(user, "860000000000017"),
        "assignments": lambda: devices.assignments_for(user, "860000000000017"),
        "places": lambda: devices.places_for(user, order_ids=[order_id]),
        "all places": lambda: devices.places_for(user),
        "spots": lambda: devices.spots_for(user),
        "trails": lambda: [
            devices.trails_for(user, order_id, since=clock.now() - timedelta(hours=1), until=clock.now())
        ],
        "risk level": lambda: risk.levels_for(user, respondent=respondent_id),
    }
    return {name: found(ask) for name, ask in ways.items()}


def elsewhere(role: Role = Role.POLICE) -> User:
    """Somebody of another district."""
    return other(role, f"{role.value}-elsewhere-2", ELSEWHERE, agency="police_leninsky")
