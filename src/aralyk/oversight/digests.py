"""The digest of folded alerts: each day every decision that called nobody anew, for a supervisor to read and sign.

Folded is a decision that the engine added to an incident which was there already; downgraded, one of these that was
less urgent than the decision before it in the same incident. They are counted by case and rule, each with its
incidents, whose time lines hold every single one. What is signed is the hash of the list as it was shown; whoever does
not see all of it can't sign it. Time lines only grow, so the list of a past day can be made again and compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import QuerySet

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import SEEN_ORDER, May, allows, check_allowed, seen_values
from aralyk.access.texts import check_text
from aralyk.access.witness import System, fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.incidents.models import IncidentEvent
from aralyk.jurisdictions.loader import pack
from aralyk.ledger.canonical import canonical_bytes
from aralyk.oversight.models import FoldedDigest
from aralyk.tracking import alarms

JURISDICTION: Final = "KG"  # whose clock says where a day ends
SIGN_WITHIN: Final = timedelta(hours=12)  # ours: within the shift that follows
# A step of the monitor that began before midnight is stored by then.
SETTLED_AFTER: Final = timedelta(minutes=10)
LOOK_BACK: Final = timedelta(days=31)
REMARK_MAX: Final = 1_000
OF_DIGESTS: Final = "digest."
_FOLDED: Final = """
    SELECT i.order_id, o.number, o.district, o.jurisdiction, e.data->>'kind' AS rule,
           count(*)::int,
           (count(*) FILTER (WHERE (e.data->>'priority')::int > (before.data->>'priority')::int))::int,
           min((e.data->>'priority')::int), min(e.at), max(e.at),
           array_agg(DISTINCT i.id::text || ' ' || i.number)
    FROM incidents_incidentevent e
    JOIN incidents_incident i ON i.id = e.incident_id
    JOIN orders_order o ON o.id = i.order_id
    JOIN LATERAL (
        SELECT p.data FROM incidents_incidentevent p
        WHERE p.incident_id = e.incident_id AND p.by_id IS NULL AND p.data ? 'priority' AND (p.at, p.id) < (e.at, e.id)
        ORDER BY p.at DESC, p.id DESC LIMIT 1
    ) AS before ON true
    WHERE e.at >= %(from_at)s AND e.at < %(until_at)s AND e.by_id IS NULL AND e.kind IN ('updated', 'late')
      AND e.data ? 'priority' AND {seen}
    GROUP BY i.order_id, o.number, o.district, o.jurisdiction, e.data->>'kind'
    ORDER BY min((e.data->>'priority')::int), count(*) DESC, o.number, rule
"""
_ALL: Final = _FOLDED.format(seen="true")
_SEEN: Final = _FOLDED.format(seen=SEEN_ORDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What was folded in one case under one rule.

    Attributes:
        order: The case.
        number: Its number.
        district: Its district.
        jurisdiction: Its country.
        rule: The kind of the decisions.
        folded: How many called nobody anew.
        downgraded: How many of these were less urgent than the one before.
        worst_priority: The most urgent among them.
        first_at: When the first was written.
        last_at: When the last was written.
        incidents: Number and id of each incident that they stand in.
    """

    order: UUID
    number: str
    district: str
    jurisdiction: str
    rule: str
    folded: int
    downgraded: int
    worst_priority: int
    first_at: datetime
    last_at: datetime
    incidents: tuple[tuple[int, UUID], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A digest as one person sees it; `whole` says that nothing of it is hidden from this person."""

    digest: FoldedDigest
    groups: tuple[Group, ...]
    list_sha256: str

    @property
    def whole(self) -> bool:
        """Whether this is the list that was made."""
        return self.list_sha256 == self.digest.list_sha256


def do_make_digests(*, now: datetime, sign_within: timedelta = SIGN_WITHIN) -> int:
    """Make the digest of each day that is over and has none; an empty day has one too, which says that it is empty.

    Returns:
        How many are new.
    """
    first = IncidentEvent.objects.order_by("pk").values_list("at", flat=True).first()
    if first is None:
        return 0
    day = max(_day_of(first), _day_of(now - LOOK_BACK))
    there = set(FoldedDigest.objects.filter(day__gte=day).values_list("day", flat=True))
    made = 0
    while _hours_of(day)[1] + SETTLED_AFTER <= now:
        if day not in there:
            _make(day, now=now, sign_within=sign_within)
            made += 1
        day += timedelta(days=1)
    return made


def do_watch_digests(*, now: datetime) -> int:
    """Raise an alarm for each digest that nobody signed in time, clear those that were; returns how many changed."""
    late = {
        f"{OF_DIGESTS}{one.day:%Y-%m-%d}": {"due_at": clock.iso(one.due_at)}
        for one in FoldedDigest.objects.filter(signed_at__isnull=True, due_at__lt=now)
    }
    changed = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for component in alarms.standing(cursor, prefix=OF_DIGESTS):
            if component not in late:
                changed += alarms.clear_alarm(cursor, component=component, by=System.INCIDENTS.value, at=now)
        for component, detail in late.items():
            changed += alarms.raise_alarm(cursor, component=component, by=System.INCIDENTS.value, at=now, detail=detail)
    return changed


def do_sign_digest(by: User, day: date, *, list_sha256: str, remark: str = "") -> FoldedDigest:
    """Sign that one has read a day's digest.

    Args:
        by: Who read it.
        day: Which.
        list_sha256: The hash of the list that was shown.
        remark: What there is to say; its fingerprint goes into the evidence.

    Raises:
        NotFound: No such digest, or not this person's to read.
        Refused: not_permitted; already_answered; invalid (remark; list_sha256: another list was shown, or part of it).
    """
    check_allowed(by, May.SIGN_DIGESTS)
    remark = check_text("remark", remark, shortest=0, longest=REMARK_MAX)
    with transaction.atomic():
        digest = digests_for(by).select_for_update(of=("self",)).filter(day=day).first()
        if digest is None:
            raise NotFound("digest")
        if digest.signed_at is not None:
            raise Refused(Code.ALREADY_ANSWERED)
        if not _shown(by, digest).whole or list_sha256 != digest.list_sha256:
            raise Refused.field("list_sha256", expected="the hash of the whole list; a case is hidden, or it changed")
        digest.signed_at, digest.signed_by, digest.remark = clock.now(), by, remark
        digest.save(update_fields=["signed_at", "signed_by", "remark"])
        data = _said(digest) | ({"remark_sha256": fingerprint(remark)} if remark else {})
        witness(kind=Kind.DIGEST_SIGNED, subject=_subject(digest), by=by, at=digest.signed_at, data=data)
    return digest


def digests_for(user: User) -> QuerySet[FoldedDigest]:
    """The digests, the newest first; only for who signs or oversees."""
    if not may_read_digests(user):
        return FoldedDigest.objects.none()
    return FoldedDigest.objects.select_related("signed_by").order_by("-day")


def digest_for(user: User, day: date) -> Shown:
    """One digest with the groups of the cases that this person sees.

    Raises:
        NotFound: There is none, or it is not this person's to read.
    """
    digest = digests_for(user).filter(day=day).first()
    if digest is None:
        raise NotFound("digest")
    return _shown(user, digest)


def may_read_digests(user: User) -> bool:
    """Whether this person signs digests, or oversees who does."""
    return allows(user, May.SIGN_DIGESTS) or allows(user, May.OVERSEE_LEGALITY)


def _make(day: date, *, now: datetime, sign_within: timedelta) -> None:
    from_at, until_at = _hours_of(day)
    with transaction.atomic():
        groups = _groups(_ALL, {"from_at": from_at, "until_at": until_at})
        digest = FoldedDigest.objects.create(
            day=day, from_at=from_at, until_at=until_at, made_at=now, due_at=now + sign_within, groups=len(groups),
            folded=sum(one.folded for one in groups), downgraded=sum(one.downgraded for one in groups),
            list_sha256=_hash(day, groups),
        )  # fmt: skip
        data = _said(digest) | {"due_at": clock.iso(digest.due_at)}
        witness(kind=Kind.DIGEST_MADE, subject=_subject(digest), by=System.INCIDENTS, at=now, data=data)


def _shown(user: User, digest: FoldedDigest) -> Shown:
    hours = {"from_at": digest.from_at, "until_at": digest.until_at}
    groups = _groups(_SEEN, {**hours, **seen_values(user)})
    return Shown(digest=digest, groups=groups, list_sha256=_hash(digest.day, groups))


def _groups(query: str, values: dict[str, Any]) -> tuple[Group, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        rows = cursor.fetchall()
    return tuple(
        Group(
            order=row[0], number=row[1], district=row[2], jurisdiction=row[3], rule=row[4], folded=row[5],
            downgraded=row[6], worst_priority=row[7], first_at=row[8], last_at=row[9], incidents=_incidents(row[10]),
        )
        for row in rows
    )  # fmt: skip


def _incidents(found: Sequence[str]) -> tuple[tuple[int, UUID], ...]:
    pairs = (one.split(" ") for one in found)
    return tuple(sorted((int(number), UUID(key)) for key, number in pairs))


def _hash(day: date, groups: Sequence[Group]) -> str:
    listed = {
        "day": f"{day:%Y-%m-%d}",
        "groups": [
            {
                "order": str(one.order), "rule": one.rule, "folded": one.folded, "downgraded": one.downgraded,
                "worst_priority": one.worst_priority, "first_at": clock.iso(one.first_at),
                "last_at": clock.iso(one.last_at), "incidents": [str(key) for _, key in one.incidents],
            }
            for one in groups
        ],
    }  # fmt: skip
    return sha256(canonical_bytes(listed)).hexdigest()


def _said(digest: FoldedDigest) -> dict[str, object]:
    return {
        "downgraded": digest.downgraded, "folded": digest.folded, "groups": digest.groups,
        "list_sha256": digest.list_sha256,
    }  # fmt: skip


def _subject(digest: FoldedDigest) -> str:
    return f"digest:{digest.day:%Y-%m-%d}"


def _zone() -> ZoneInfo:
    return ZoneInfo(pack(JURISDICTION).country.timezone)


def _day_of(at: datetime) -> date:
    return at.astimezone(_zone()).date()


def _hours_of(day: date) -> tuple[datetime, datetime]:
    begins = datetime.combine(day, time.min, tzinfo=_zone())
    return begins, datetime.combine(day + timedelta(days=1), time.min, tzinfo=_zone())
