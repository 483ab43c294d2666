"""The queue, one incident, its time line: by district, worst first.

`incident_for(user, id)` is the only way to an incident in a view. What an engine's decision says of the protected
person's place is taken out for those who may not see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, seen_by
from aralyk.access.queries import shown_name
from aralyk.incidents.life import OWNED
from aralyk.incidents.models import Incident, IncidentEvent, SecondLook, Status

# Named, not "all but closed": of the thousands that are closed the index then reads none.
WAITING: Final = (Status.OPEN, *OWNED)
PLACE_FIELDS: Final = frozenset({"lat", "lon", "east_m", "north_m", "heading_deg"})
_RANK: Final = Case(
    When(status=Status.OPEN, then=Value(0)),
    When(status=Status.CLOSED, then=Value(2)),
    default=Value(1),
    output_field=IntegerField(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of an incident's time line; `by` is empty when the machine did it."""

    at: datetime
    kind: str
    by: str
    text: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """How many incidents wait, for the head of a screen: open by priority, and those somebody works on."""

    open_by_priority: Mapping[int, int]
    acknowledged: int  # and whatever comes after it, up to the closing


def incidents_for(user: User, *, to: May = May.SEE_CASES) -> QuerySet[Incident]:
    """Every incident that this person may see, with order, respondent and who acted: one query.

    A closed one that this person judges a second time is hidden until the opinion is given: it would tell the first
    one's. Opened again it is everybody's at once.
    """
    judged = SecondLook.objects.filter(incident=OuterRef("pk"), taken_by=user.pk, given_at__isnull=True)
    return (
        Incident.objects.filter(seen_by(user, order="order__", district="district", to=to))
        .exclude(Q(status=Status.CLOSED) & Exists(judged))
        .select_related("order", "order__respondent", "acknowledged_by", "accepted_by", "handed_to", "closed_by")
        .defer("acknowledged_by__password", "accepted_by__password", "closed_by__password")
    )


def queue_for(
    user: User,
    *,
    status: Status | None = None,
    kind: str | None = None,
    district: str | None = None,
    priority: int | None = None,
    order_id: UUID | None = None,
    include_closed: bool = False,
) -> QuerySet[Incident]:
    """What waits for an answer, worst first: open before acknowledged, then by priority, then who waits longest.

    Args:
        user: Who looks.
        status: Only these; None: all that are not closed.
        kind: Only of this kind of decision.
        district: Only of this district.
        priority: Only of this priority, 1 to 4.
        order_id: Only of this order.
        include_closed: With `status` None, closed ones too, at the end.

    Returns:
        A stable order, so that pages neither repeat nor skip.
    """
    incidents = incidents_for(user)
    if status is not None:
        incidents = incidents.filter(status=status)
    elif not include_closed:
        incidents = incidents.filter(status__in=WAITING)
    wanted = {"kind": kind, "district": district, "priority": priority, "order": order_id}
    incidents = incidents.filter(**{name: value for name, value in wanted.items() if value is not None})
    if status == Status.CLOSED:
        return incidents.order_by("-closed_at", "number")
    return incidents.annotate(rank=_RANK).order_by("rank", "priority", "raised_at", "number")


def counts_for(user: User) -> QueueCounts:
    """How many wait, by priority: one query."""
    rows = Incident.objects.filter(seen_by(user, order="order__", district="district"), status__in=WAITING)
    pairs = list(rows.values_list("status", "priority"))
    waiting = [priority for status, priority in pairs if status == Status.OPEN]
    return QueueCounts(
        open_by_priority={priority: waiting.count(priority) for priority in (1, 2, 3, 4)},
        acknowledged=len(pairs) - len(waiting),
    )


def incident_for(user: User, incident_id: UUID, *, to: May = May.SEE_CASES) -> Incident:
    """One incident; an action says what it wants `to` do there.

    Raises:
        NotFound: There is none, or it is not this person's to see.
    """
    incident = incidents_for(user, to=to).filter(pk=incident_id).first()
    if incident is None:
        raise NotFound("incident")
    return incident


def decision_for(user: User, incident: Incident) -> dict[str, Any]:
    """The latest decision as this person may read it: without the protected person's place, unless they watch."""
    decision: dict[str, Any] = incident.decision
    if allows(user, May.SEE_PROTECTED_PLACE):
        return decision
    basis = decision.get("basis")
    if not isinstance(basis, Mapping):
        return decision
    kept = {name: seen if name == "respondent" else _without_place(seen) for name, seen in basis.items()}
    return {**decision, "basis": kept}


def time_line_for(user: User, incident_id: UUID) -> list[Moment]:
    """What the engine said and what people did, in order: two queries.

    Raises:
        NotFound: No such incident, or not this person's.
    """
    incident = incident_for(user, incident_id)
    events = IncidentEvent.objects.filter(incident=incident).select_related("by").order_by("at", "pk")
    return [
        Moment(at=event.at, kind=event.kind, by=shown_name(event.by), text=event.text, data=event.data)
        for event in events
    ]


def _without_place(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_place(item) for name, item in value.items() if name not in PLACE_FIELDS}
    if isinstance(value, list):
        return [_without_place(item) for item in value]
    return value
