"""What an officer has on his phone: what waits to be accepted, and what he accepted, each with no more than that.

Before acceptance: his place, the threat, weapons. After it, for the named officer alone and until the incident is
closed: where she is, the children, his record. What is not for the reader is not fetched. A shelter is its duty phone
and its meeting point, and nothing that could say where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from aralyk import clock
from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, seen_by
from aralyk.access.queries import shown_name
from aralyk.devices.models import Party
from aralyk.incidents.models import Incident, Status
from aralyk.incidents.queries import incidents_for
from aralyk.orders.models import Order
from aralyk.orders.queries import orders_for
from aralyk.people.models import Shelter, Weapon
from aralyk.people.queries import sealed_facts_for
from aralyk.people.vault import SealedName
from aralyk.people.words import Standing
from aralyk.response.models import FieldEntry
from aralyk.roster.models import Posting

MINE: Final = (Status.ACCEPTED, Status.ON_THE_WAY, Status.ARRIVED, Status.CONCLUDED)
EARLIER_MAX: Final = 5
HIDDEN_IN: Final = frozenset({SealedName.SHELTER_ADDRESS, SealedName.SHELTER_PLACE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a device was last: WGS 84 degrees, metres, and when. Unknown is None."""

    lat: float | None
    lon: float | None
    accuracy_m: float | None
    fixed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What every officer of the desk sees of a hand-over that waits.

    Attributes:
        id: Of the incident.
        number: What colleagues call it.
        kind: What the engine saw.
        priority: 1 is the worst.
        handed_over_at: Since when it waits.
        threat: Of the order.
        weapons: Whether he has any, as stated: yes, no or unknown.
        weapon_kinds: Those known and not seized.
        his: Where his devices were last; none: he carries none, or it never said.
    """

    id: UUID
    number: int
    kind: str
    priority: int
    handed_over_at: datetime | None
    threat: str
    weapons: str
    weapon_kinds: tuple[str, ...]
    his: tuple[Spot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelterContact:
    """How one reaches a shelter: never where it is."""

    duty_phone: str
    meeting_point: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Her:
    """One protected person of an accepted task.

    Attributes:
        code: What colleagues call her.
        language: She speaks.
        hears: Yes, no or unknown.
        spots: Where her devices were last; none also while `place_hidden`.
        shelter: Instead of a place, for the desk of a shelter.
        place_hidden: She may be in a shelter: the centre says where to meet her.
        children: Whether there are any, as stated.
        birth_years: Of the children known; None: not known.
    """

    code: str
    language: str
    hears: str
    spots: tuple[Spot, ...]
    shelter: ShelterContact | None
    place_hidden: bool
    children: str
    birth_years: tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of him from before, as far as this officer may see it."""

    orders: int
    incidents: int
    latest: tuple[tuple[int, str, datetime, str], ...]  # number, kind, raised, outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An accepted incident, for the officer who accepted it.

    Attributes:
        brief: What he saw before.
        status: How it stands.
        order: Its id.
        order_number: As people say it.
        respondent: His name.
        respondent_id: His id.
        accepted_at: Since when it is this officer's.
        watermark: Name and time that stand over her place.
        hers: The protected persons.
        record: His earlier cases.
        entries: What the officer said from the road.
    """

    brief: Brief
    status: Status
    order: UUID
    order_number: str
    respondent: str
    respondent_id: UUID
    accepted_at: datetime
    watermark: str
    hers: tuple[Her, ...]
    record: Record
    entries: tuple[FieldEntry, ...]


def waiting_for(user: User) -> list[Brief]:
    """Hand-overs to the desk at which this officer is on duty now, or by telephone to nobody's: the worst first."""
    return _briefs(list(_waiting(user).order_by("priority", "handed_over_at", "number")))


def accepted_by(user: User) -> list[Brief]:
    """What this officer accepted and nobody closed, the newest first."""
    return _briefs(list(_mine(user).order_by("-accepted_at", "number")))


def brief_for(user: User, incident_id: UUID) -> Brief:
    """One hand-over that waits for this officer's desk.

    Raises:
        NotFound: There is none, it was accepted meanwhile, or it is not this officer's desk's.
    """
    found = _waiting(user).filter(pk=incident_id).first()
    if found is None:
        raise NotFound("task")
    return _briefs([found])[0]


def task_for(user: User, incident_id: UUID) -> Task:
    """One accepted task, for the officer who accepted it.

    Raises:
        NotFound: It is not this officer's: not accepted by him, given back, or closed.
    """
    incident = _mine(user).filter(pk=incident_id).first()
    if incident is None or incident.accepted_at is None:
        raise NotFound("task")
    order, at = incident.order, clock.now()
    return Task(
        brief=_briefs([incident])[0], status=Status(incident.status), order=order.pk, order_number=order.number,
        respondent=order.respondent.name, respondent_id=order.respondent_id, accepted_at=incident.accepted_at,
        watermark=f"{shown_name(user)} · {timezone.localtime(at):%d.%m.%Y %H:%M}", hers=_hers(user, order),
        record=_record(user, order), entries=tuple(incident.field_entries.order_by("received_at")),
    )  # fmt: skip


def _seen(user: User) -> QuerySet[Incident]:
    if not allows(user, May.ACCEPT_INCIDENTS):
        return Incident.objects.none()
    return Incident.objects.filter(
        seen_by(user, order="order__", district="district", to=May.ACCEPT_INCIDENTS)
    ).select_related("order", "order__respondent")


def _waiting(user: User) -> QuerySet[Incident]:
    now = clock.now()
    desks = Posting.objects.filter(
        person=user, removed_at__isnull=True, shift__cancelled_at__isnull=True, shift__starts_at__lte=now,
        shift__ends_at__gt=now,
    ).values("shift__desk")  # fmt: skip
    return _seen(user).filter(Q(handed_to__in=desks) | Q(handed_to__isnull=True), status=Status.HANDED_OVER)


def _mine(user: User) -> QuerySet[Incident]:
    return _seen(user).filter(accepted_by=user, status__in=MINE)


def _briefs(incidents: Sequence[Incident]) -> list[Brief]:
    spots = _spots([incident.order_id for incident in incidents], Party.RESPONDENT)
    hims = {incident.order.respondent_id for incident in incidents}
    known = list(Weapon.objects.filter(respondent__in=hims, seized_at__isnull=True).order_by("recorded_at"))
    return [
        Brief(
            id=one.pk, number=one.number, kind=one.kind, priority=one.priority, handed_over_at=one.handed_over_at,
            threat=one.order.threat, weapons=one.order.respondent.weapons,
            weapon_kinds=tuple(weapon.kind for weapon in known if weapon.respondent_id == one.order.respondent_id),
            his=tuple(spots.get((one.order_id, one.order.respondent_id), ())),
        )
        for one in incidents
    ]  # fmt: skip


def _hers(user: User, order: Order) -> tuple[Her, ...]:
    persons = list(order.protected_persons.prefetch_related("children").order_by("code"))
    shelters = {one.desk_id: one for one in Shelter.objects.filter(desk__in=persons)}
    hidden = {one.pk for one in persons if _in_shelter(user, one.pk, one.standing)}
    shown = [one.pk for one in persons if one.pk not in hidden]
    spots = _spots([order.pk], Party.PROTECTED, persons=shown) if shown else {}
    return tuple(
        Her(
            code=one.code, language=one.language, hears=one.hears, spots=tuple(spots.get((order.pk, one.pk), ())),
            shelter=_contact(shelters.get(one.pk)), place_hidden=one.pk in hidden, children=one.children_stated,
            birth_years=tuple(child.birth_year for child in one.children.all()),
        )
        for one in persons
    )  # fmt: skip


def _in_shelter(user: User, person: UUID, standing: str) -> bool:
    """Whether her device's place could be a shelter's."""
    if standing == Standing.SHELTER_DESK:
        return True
    return any(fact.field in HIDDEN_IN for fact in sealed_facts_for(user, person))


def _contact(shelter: Shelter | None) -> ShelterContact | None:
    if shelter is None:
        return None
    return ShelterContact(duty_phone=shelter.duty_phone, meeting_point=shelter.meeting_point)


def _record(user: User, order: Order) -> Record:
    earlier = incidents_for(user).filter(order__respondent=order.respondent_id, status=Status.CLOSED)
    latest = earlier.order_by("-closed_at", "number")[:EARLIER_MAX]
    return Record(
        orders=orders_for(user).filter(respondent=order.respondent_id).count(),
        incidents=earlier.count(),
        latest=tuple((one.number, one.kind, one.raised_at, one.outcome) for one in latest),
    )


_SPOTS: Final = """
    SELECT a.order_id, a.person, s.lat, s.lon, s.accuracy_m, s.fixed_at
    FROM devices_assignment a LEFT JOIN device_status s ON s.device = a.device_id AND s.fixed_at >= a.since
    WHERE a.until IS NULL AND a.party = %s AND a.order_id = ANY(%s) AND (%s::uuid[] IS NULL OR a.person = ANY(%s))
    ORDER BY s.fixed_at DESC NULLS LAST, a.id
"""


def _spots(
    orders: Sequence[UUID], party: Party, *, persons: Sequence[UUID] | None = None
) -> dict[tuple[UUID, UUID], list[Spot]]:
    found: dict[tuple[UUID, UUID], list[Spot]] = {}
    asked = None if persons is None else list(persons)
    with connection.cursor() as cursor:
        cursor.execute(_SPOTS, (party.value, list(orders), asked, asked))
        for order, person, lat, lon, accuracy_m, fixed_at in cursor.fetchall():
            spot = Spot(lat=lat, lon=lon, accuracy_m=accuracy_m, fixed_at=fixed_at)
            found.setdefault((order, person), []).append(spot)
    return found
