"""Who is on duty, who will be, and which hours have nobody. Whoever may not read a roster finds none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, districts_of, sees_district
from aralyk.jurisdictions.values import DeskKind
from aralyk.roster.hours import Hours, gaps
from aralyk.roster.models import Desk, Posting, Shift

LOOK_AHEAD: Final = timedelta(hours=24)  # a gap is said so long before it comes: time to find somebody


@dataclass(frozen=True, slots=True, kw_only=True)
class Manned:
    """A desk at one moment.

    Attributes:
        desk: Which.
        people: Who is on duty there now, by id, first who was posted first; none: nobody.
        answered: Whether a named person of a shift that runs now has answered its test call.
    """

    desk: Desk
    people: tuple[int, ...]
    answered: bool

    @property
    def is_ready(self) -> bool:
        """Whether somebody is known to be there: on the roster, and has answered."""
        return bool(self.people) and self.answered


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyNow:
    """Every open desk at one moment, for escalations: read once for many incidents."""

    desks: tuple[Manned, ...]

    def of(self, kind: DeskKind, *, district: str) -> tuple[Manned, ...]:
        """The desks of a kind that answer for a district: its own; without one, those of the whole country."""
        here = tuple(one for one in self.desks if one.desk.kind == kind and one.desk.district == district)
        return here or tuple(one for one in self.desks if one.desk.kind == kind and not one.desk.district)

    def any_ready(self, *, district: str) -> tuple[Manned, ...]:
        """One desk that certainly answers, whatever its kind: the nearest first. None: nobody anywhere."""
        ready = [one for one in self.desks if one.is_ready and one.desk.district in {"", district}]
        return tuple(sorted(ready, key=lambda one: (one.desk.kind != DeskKind.LAST, one.desk.pk))[:1])


def duty_at(at: datetime) -> DutyNow:
    """Who is on duty everywhere: three queries. For the machine; people read `desks_for`."""
    desks = list(Desk.objects.filter(closed_at__isnull=True).order_by("pk"))
    running: dict[int, list[Shift]] = defaultdict(list)
    for shift in _running(at):
        running[shift.desk_id].append(shift)
    people = _people([shift.pk for shifts in running.values() for shift in shifts])
    return DutyNow(
        desks=tuple(
            Manned(
                desk=desk,
                people=tuple(dict.fromkeys(one for shift in running[desk.pk] for one in people.get(shift.pk, ()))),
                answered=any(shift.call_answered_at is not None for shift in running[desk.pk]),
            )
            for desk in desks
        )
    )


def answers_for(user: User, district: str) -> bool:
    """Whether a desk of this district ("" for the whole country) is this person's to keep."""
    return sees_district(user, district) if district else districts_of(user) is None


def desks_for(user: User) -> QuerySet[Desk]:
    """The desks that this person may read: those of the whole country and of the own districts."""
    if not allows(user, May.READ_ROSTER):
        return Desk.objects.none()
    return Desk.objects.filter(_here(user, "district")).order_by("kind", "district", "code")


def desk_for(user: User, code: str) -> Desk:
    """One desk.

    Raises:
        NotFound: There is none, or it is not this person's to see.
    """
    found = desks_for(user).filter(code=code).first()
    if found is None:
        raise NotFound("desk")
    return found


def shifts_for(user: User, *, since: datetime, until: datetime) -> QuerySet[Shift]:
    """Shifts that touch these hours, the earliest first, cancelled ones too, with their people."""
    if not allows(user, May.READ_ROSTER):
        return Shift.objects.none()
    found = Shift.objects.filter(_here(user, "desk__district"), starts_at__lt=until, ends_at__gt=since)
    return found.select_related("desk", "call_answered_by").prefetch_related("postings__person").order_by(
        "starts_at", "pk"
    )  # fmt: skip


def on_duty_for(user: User, *, at: datetime) -> list[Manned]:
    """Who is on duty now at the desks that this person may read."""
    mine = set(desks_for(user).values_list("pk", flat=True))
    return [one for one in duty_at(at).desks if one.desk.pk in mine]


def gaps_for(user: User, *, at: datetime) -> Mapping[str, Sequence[Hours]]:
    """By desk's code, the hours ahead in which nobody will be there."""
    mine = set(desks_for(user).values_list("code", flat=True))
    return {code: found for code, found in gaps_ahead(at).items() if code in mine}


def gaps_ahead(at: datetime) -> Mapping[str, Sequence[Hours]]:
    """By code of each desk that must always answer, the hours within LOOK_AHEAD in which nobody will be there."""
    ahead = Hours(starts_at=at, ends_at=at + LOOK_AHEAD)
    desks = list(Desk.objects.filter(closed_at__isnull=True, always=True))
    shifts = Shift.objects.filter(
        desk__in=desks, cancelled_at__isnull=True, starts_at__lt=ahead.ends_at, ends_at__gt=at,
        pk__in=Posting.objects.filter(removed_at__isnull=True).values("shift"),
    )  # fmt: skip
    covered: dict[int, list[Hours]] = defaultdict(list)
    for shift in shifts:
        covered[shift.desk_id].append(Hours(starts_at=shift.starts_at, ends_at=shift.ends_at))
    found = {desk.code: gaps(covered[desk.pk], between=ahead) for desk in desks}
    return {code: hours for code, hours in found.items() if hours}


def is_on_duty(person: User, desk_id: int, *, at: datetime) -> bool:
    """Whether this person sits at this desk at that moment."""
    return Posting.objects.filter(
        person=person, removed_at__isnull=True, shift__desk=desk_id, shift__cancelled_at__isnull=True,
        shift__starts_at__lte=at, shift__ends_at__gt=at,
    ).exists()  # fmt: skip


def _running(at: datetime) -> QuerySet[Shift]:
    return Shift.objects.filter(cancelled_at__isnull=True, starts_at__lte=at, ends_at__gt=at).order_by("pk")


def _people(shifts: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    rows = Posting.objects.filter(shift__in=shifts, removed_at__isnull=True, person__is_active=True).order_by("pk")
    for shift, person in rows.values_list("shift", "person"):
        found[shift].append(person)
    return found


def _here(user: User, field: str) -> Q:
    districts = districts_of(user)
    return Q() if districts is None else Q(**{f"{field}__in": ["", *sorted(districts)]})
