"""An officer's entry comes in, is judged by the server's time, and stays as it is; and her own word about a visit.

The same entry under the same id is the retry of a weak line: it is answered as before. Nothing is ever edited.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from aralyk import clock
from aralyk.access.errors import Code as Refusal
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed, seen_by
from aralyk.access.witness import witness
from aralyk.evidence.kinds import Kind
from aralyk.incidents.models import Incident
from aralyk.incidents.queries import incident_for
from aralyk.jurisdictions.values import DutyKind
from aralyk.ledger.canonical import canonical_bytes
from aralyk.orders.models import Order
from aralyk.people.models import ProtectedPerson, SafeChannel
from aralyk.people.queries import usable_channels
from aralyk.response.codes import TRIES_MAX, order_to_check
from aralyk.response.judging import Code, Earlier, Entry, Fix, HisPlace, agrees, apart_m, reasons_of, worst
from aralyk.response.models import Challenge, Check, CheckKind, HerWord, Proof
from aralyk.response.places import her_places, his_place
from aralyk.risk.actions import do_finish_duty
from aralyk.risk.models import RiskDuty

NEAR_IN_TIME: Final = timedelta(hours=12)  # beyond, any two places of this country can be reached
SAME_FIX_DEG: Final = 2e-5  # about two metres; the pure judge measures
OLDEST: Final = timedelta(days=7)  # what waited longer on a phone is told, and not entered
ACCURACY_M_MAX: Final = 100_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the officer's device sends.

    Attributes:
        id: Of this entry; the device makes it once, and sends it again with every retry.
        kind: What was done.
        order: Whose respondent.
        device_at: When, by the officer's device.
        fix: Where the officer's device is; never for a visit to her.
        challenge: The code that was asked for.
        code: What the respondent's device showed.
        incident: For an arrival.
        protected_person: For a visit to her.
        photo_sha256: Of a photo that was taken there; the photo itself stays in the file.
    """

    id: UUID
    kind: CheckKind
    order: UUID
    device_at: datetime
    fix: Fix | None = None
    challenge: UUID | None = None
    code: str = ""
    incident: UUID | None = None
    protected_person: UUID | None = None
    photo_sha256: str = ""


def do_check(by: User, given: Given) -> Check:
    """Keep an entry with what it is worth.

    Raises:
        NotFound: No such order in force, incident, or person in it; or not this person's.
        Refused: not_permitted; invalid (fields); key_reused: another entry has this id.
    """
    check_allowed(by, May.MAKE_CHECKS)
    _check_form(given)
    content = _content_of(by, given)
    with transaction.atomic():
        _one_at_a_time(by)
        known = Check.objects.filter(pk=given.id).first()
        if known is not None:
            if known.officer_id != by.pk or known.content_sha256 != content:
                raise Refused(Refusal.KEY_REUSED)
            return known
        order = order_to_check(by, given.order)
        incident = None if given.incident is None else _incident(by, given.incident, order)
        person = None if given.protected_person is None else _person(order, given.protected_person)
        check = _judged(by, given, order, content=content, at=clock.now())
        check.incident, check.protected_person = incident, person
        if check.proof == Proof.VERIFIED and check.kind == CheckKind.AT_HIS_PLACE:
            check.duties = _fulfilled(by, order, check.pk)
        _keep(by, check)
    return check


def do_take_her_word(by: User, check_id: UUID, *, channel: UUID, visited: bool) -> HerWord:
    """Write down what she said about a visit, by her own channel, to somebody of the centre.

    Args:
        by: Of the centre; never the officer who says that he visited her.
        check_id: A visit to her. Of anything else she is no witness.
        channel: The way that she confirmed in private, by which she said it.
        visited: Whether the officer was there.

    Raises:
        NotFound: No such visit, or not this person's.
        Refused: not_permitted; another_person_needed; already_answered; invalid (channel).
    """
    check_allowed(by, May.TAKE_HER_WORD)
    with transaction.atomic():
        found = Check.objects.filter(seen_by(by, order="order__"), pk=check_id, kind=CheckKind.VISIT_TO_HER)
        check = found.select_related("protected_person").first()
        if check is None or check.protected_person is None:
            raise NotFound("check")
        if check.officer_id == by.pk:
            raise Refused(Refusal.ANOTHER_PERSON_NEEDED)
        way = her_ways(check).filter(pk=channel).first()
        if way is None:
            raise Refused.field("channel", expected="a way that she confirmed in private, to another than this officer")
        if HerWord.objects.filter(check_made=check).exists():
            raise Refused(Refusal.ALREADY_ANSWERED)
        at = clock.now()
        word = HerWord.objects.create(check_made=check, visited=visited, channel=way, taken_by=by, taken_at=at)
        witness(
            kind=Kind.CHECK_HER_WORD, subject=f"order:{check.order_id}", by=by, at=at,
            data={"channel": str(way.pk), "check": str(check.pk), "visited": visited},
        )  # fmt: skip
    return word


def her_ways(check: Check) -> QuerySet[SafeChannel]:
    """The ways by which her word on a visit may come: never one that this very officer says she confirmed."""
    if check.protected_person is None:
        return SafeChannel.objects.none()
    return usable_channels(check.protected_person).exclude(confirmed_by=check.officer_id)


def digest_of(check: Check) -> str:
    """The hash of a row as it was written; evidence holds it, so an edited row is found."""
    row = {
        "challenge": _text(check.challenge_id), "content_sha256": check.content_sha256,
        "device_at": clock.iso(check.device_at), "distance_m": check.distance_m, "duties": list(check.duties),
        "fix": [check.lat, check.lon, check.accuracy_m, check.fixed_at and clock.iso(check.fixed_at)],
        "id": str(check.pk), "incident": _text(check.incident_id), "kind": str(check.kind), "late": check.late,
        "officer": check.officer_id, "order": str(check.order_id), "photo_sha256": check.photo_sha256,
        "proof": str(check.proof), "protected_person": _text(check.protected_person_id),
        "reasons": [str(one) for one in check.reasons], "received_at": clock.iso(check.received_at),
    }  # fmt: skip
    return hashlib.sha256(canonical_bytes(row)).hexdigest()


def _check_form(given: Given) -> None:
    if given.device_at < clock.now() - OLDEST:
        raise Refused.field("device_at", expected="not older than seven days")
    if (given.kind is CheckKind.VISIT_TO_HER) != (given.protected_person is not None):
        raise Refused.field("protected_person", expected="for a visit to her, and for nothing else")
    if (given.kind is CheckKind.ARRIVAL) != (given.incident is not None):
        raise Refused.field("incident", expected="for an arrival, and for nothing else")
    if given.kind is not CheckKind.AT_HIS_PLACE and (given.challenge is not None or given.code):
        raise Refused.field("challenge", expected="for a check at his place, and for nothing else")
    if (given.challenge is None) != (not given.code):
        raise Refused.field("code", expected="together with the challenge that it answers")
    if re.fullmatch(r"([0-9a-f]{64})?", given.photo_sha256) is None:
        raise Refused.field("photo_sha256", expected="64 hexadecimal digits")
    if given.fix is not None:
        _check_fix(given.kind, given.fix)


def _check_fix(kind: CheckKind, fix: Fix) -> None:
    if kind is CheckKind.VISIT_TO_HER:
        raise Refused.field("fix", expected="nothing: it would say where she is")
    if not (-90 <= fix.lat <= 90 and -180 <= fix.lon <= 180):
        raise Refused.field("fix", expected="degrees of WGS 84")
    if not (math.isfinite(fix.accuracy_m) and 0 < fix.accuracy_m <= ACCURACY_M_MAX):
        raise Refused.field("fix.accuracy_m", expected="metres, above 0 and at most 100000")


def _judged(by: User, given: Given, order: Order, *, content: str, at: datetime) -> Check:
    challenge = None if given.challenge is None else Challenge.objects.filter(pk=given.challenge).first()
    if given.challenge is not None and challenge is None:
        raise NotFound("challenge")
    fix = given.fix
    entry = Entry(
        kind=given.kind, device_at=given.device_at, received_at=at, fix=fix,
        code=None if challenge is None else _code(by, challenge, given.code, order),
    )  # fmt: skip
    his = his_place(order, at=entry.taken_at)
    there = his
    if fix is not None and given.kind is CheckKind.ARRIVAL and not agrees(fix, his):
        there = next((one for one in her_places(order, at=entry.taken_at) if agrees(fix, one)), his)
    mine = Check.objects.filter(officer=by).exclude(proof=Proof.REFUSED)
    newest = mine.order_by("-received_at").first()
    reasons = reasons_of(
        entry, his=there, others=[_earlier(one) for one in _near(mine, entry)],
        newest=None if newest is None else _earlier(newest),
        same_bytes=Check.objects.filter(content_sha256=content).exists(),
        same_photo=bool(given.photo_sha256) and Check.objects.filter(photo_sha256=given.photo_sha256).exists(),
    )  # fmt: skip
    check = Check(
        id=given.id, kind=given.kind, order=order, officer=by, challenge=challenge, proof=worst(reasons),
        reasons=[str(one) for one in reasons], late=entry.late, device_at=given.device_at, received_at=at,
        photo_sha256=given.photo_sha256, content_sha256=content,
    )  # fmt: skip
    # Where an officer stands who went to her would say where she is: then the fix is compared and not kept.
    if fix is not None and (given.kind is not CheckKind.ARRIVAL or agrees(fix, his)):
        check.lat, check.lon, check.accuracy_m, check.fixed_at = fix.lat, fix.lon, fix.accuracy_m, fix.fixed_at
        check.distance_m = _distance(fix, his)
    return check


def _distance(fix: Fix, his: HisPlace) -> float | None:
    apart = apart_m(fix, his)
    return None if apart is None else round(apart, 1)


def _code(by: User, challenge: Challenge, said: str, order: Order) -> Code:
    tried = Check.objects.filter(challenge=challenge, reasons__contains=["code_wrong"]).count()
    return Code(
        right=hmac.compare_digest(said.encode(), challenge.code.encode()) and tried < TRIES_MAX,
        used=Check.objects.filter(challenge=challenge, proof__in=[Proof.VERIFIED, Proof.FLAGGED]).exists(),
        own=challenge.officer_id == by.pk and challenge.order_id == order.pk,
        made_at=challenge.made_at, expires_at=challenge.expires_at,
    )  # fmt: skip


def _near(mine: QuerySet[Check], entry: Entry) -> QuerySet[Check]:
    fix = entry.fix
    if fix is None:
        return mine.none()
    when = Q(received_at__range=(entry.taken_at - NEAR_IN_TIME, entry.taken_at + NEAR_IN_TIME))
    when |= Q(device_at__range=(entry.taken_at - NEAR_IN_TIME, entry.taken_at + NEAR_IN_TIME))
    where = Q(lat__range=(fix.lat - SAME_FIX_DEG, fix.lat + SAME_FIX_DEG)) & Q(
        lon__range=(fix.lon - SAME_FIX_DEG, fix.lon + SAME_FIX_DEG)
    )
    return mine.filter(when | where, lat__isnull=False)


def _earlier(check: Check) -> Earlier:
    return Earlier(
        taken_at=check.device_at if check.late else check.received_at, device_at=check.device_at, lat=check.lat,
        lon=check.lon, accuracy_m=check.accuracy_m,
    )  # fmt: skip


def _fulfilled(by: User, order: Order, check: UUID) -> list[int]:
    """Tick off what the risk's levels made due of visits to him, if this officer is one who may."""
    if not allows(by, May.ASSESS_RISK):
        return []
    owed = RiskDuty.objects.filter(
        respondent=order.respondent_id, kind=DutyKind.VISIT_RESPONDENT, done_at__isnull=True, lapsed_at__isnull=True,
        protected_person__in=order.protected_persons.all(),
    )  # fmt: skip
    return [do_finish_duty(by, duty, note=f"check {check}").pk for duty in owed.values_list("pk", flat=True)]


def _keep(by: User, check: Check) -> None:
    check.entry = witness(
        kind=Kind.CHECK_MADE, subject=f"order:{check.order_id}", by=by, at=check.received_at,
        data={
            "check": str(check.pk), "device_at": clock.iso(check.device_at), "incident": _text(check.incident_id),
            "kind": str(check.kind), "late": check.late, "proof": str(check.proof),
            "protected_person": _text(check.protected_person_id), "reasons": [str(one) for one in check.reasons],
            "row_sha256": digest_of(check),
        },
    )  # fmt: skip
    check.save(force_insert=True)


def _incident(by: User, incident_id: UUID, order: Order) -> Incident:
    """The incident that this officer accepted, and no other."""
    incident = incident_for(by, incident_id)
    if incident.accepted_by_id != by.pk or incident.order_id != order.pk:
        raise NotFound("incident")
    return incident


def _person(order: Order, person: UUID) -> ProtectedPerson:
    found = order.protected_persons.filter(pk=person).first()
    if found is None:
        raise NotFound("protected_person")
    return found


def _content_of(by: User, given: Given) -> str:
    fix = given.fix
    sent: dict[str, Any] = {
        "by": by.pk, "challenge": _text(given.challenge), "code": given.code, "device_at": clock.iso(given.device_at),
        "fix": None if fix is None else [fix.lat, fix.lon, fix.accuracy_m, clock.iso(fix.fixed_at)],
        "incident": _text(given.incident), "kind": str(given.kind), "order": str(given.order),
        "person": _text(given.protected_person), "photo": given.photo_sha256,
    }  # fmt: skip
    return hashlib.sha256(canonical_bytes(sent)).hexdigest()


def _one_at_a_time(by: User) -> None:
    """Entries of one officer, one after the other: two at once could use one code twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('response_check'), %s)", (by.pk,))


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
