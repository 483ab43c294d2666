"""What the Ministry of Justice's side decides and tells: the device, its exemptions, its limits, and his losses.

The police set the risk, the ministry picks the device: two decisions, each with its reason, side by side. What is lost
outside his will is recorded before anybody writes a protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.orders import versions
from aralyk.orders.actions import check_reason
from aralyk.orders.drafts import REASON_MAX, REASON_MIN
from aralyk.orders.models import Carries, DeviceChoice, Exemption, LimitsTold, Loss, LossCause
from aralyk.people.actions import LANGUAGES
from aralyk.people.models import Stated


class Limit(StrEnum):
    """What the system can't do; each is said to her."""

    NO_SIGNAL_NO_PLACE = "no_signal_no_place"  # without network nobody knows where he is
    POLICE_MAY_BE_LATE = "police_may_be_late"
    DEVICE_MAY_FAIL = "device_may_fail"
    OTHERS_MAY_COME = "others_may_come"  # only he is watched, not his relatives
    NO_DEVICE_NO_RING = "no_device_no_ring"  # without a device on her only fixed zones are watched


def do_choose_device(
    by: User,
    order_id: UUID,
    *,
    carries: Carries,
    reason: str,
    exemption: Exemption = Exemption.NONE,
    exemption_reason: str = "",
    free_charger_given: bool = False,
) -> DeviceChoice:
    """Decide what the respondent carries; which device it is, is assigned afterwards.

    Raises:
        NotFound: No such order, or not this person's.
        Refused: not_permitted; order_ended; invalid: a bracelet in spite of an exemption, or without a free charger.
    """
    check_allowed(by, May.MANAGE_DEVICES)
    check_reason(reason)
    carries, exemption = Carries(carries), Exemption(exemption)
    exempt = exemption is not Exemption.NONE
    exemption_reason = check_text(
        "exemption_reason", exemption_reason, longest=REASON_MAX, shortest=REASON_MIN if exempt else 0
    )
    if exempt and carries is Carries.BRACELET:
        raise Refused.field("carries", expected="no bracelet: there is an exemption", found=carries.value)
    if carries is not Carries.NOTHING and not free_charger_given:
        raise Refused.field("free_charger_given", expected="yes: a charger is given free of charge at the fitting")
    at = clock.now()
    with transaction.atomic():
        order = versions.locked_order(by, order_id, to=May.MANAGE_DEVICES)
        versions.check_not_ended(order, at=at)
        choice = DeviceChoice.objects.create(
            order=order, carries=carries, reason=reason.strip(), threat=order.threat, exemption=exemption,
            exemption_reason=exemption_reason, free_charger_given=free_charger_given, chosen_by=by, chosen_at=at,
        )  # fmt: skip
        witness(
            kind=Kind.DEVICE_CHOSEN,
            subject=f"order:{order.pk}",
            by=by,
            at=at,
            data={
                "carries": carries.value,
                "choice": choice.pk,
                "exemption": exemption.value,
                "free_charger_given": free_charger_given,
                "reason_sha256": fingerprint(reason),
                "threat": order.threat,
            },
        )
    return choice


def do_tell_limits(
    by: User, order_id: UUID, *, person: UUID, limits: Sequence[Limit], language: str, carries_device: Stated
) -> LimitsTold:
    """Record that she heard what the system can't do, all of it, in a language that she understands.

    Raises:
        NotFound: No such order or person in it, or not this person's.
        Refused: not_permitted; order_ended; invalid (limits, language).
    """
    may = May.ISSUE_ORDERS if allows(by, May.ISSUE_ORDERS) else May.MANAGE_DEVICES
    check_allowed(by, may)
    if language not in LANGUAGES:
        raise Refused.field("language", expected=" or ".join(LANGUAGES), found=language)
    said = {Limit(limit) for limit in limits}
    missing = sorted(limit.value for limit in set(Limit) - said)
    if missing:
        raise Refused.field("limits", expected=f"also {', '.join(missing)}")
    at = clock.now()
    with transaction.atomic():
        order = versions.locked_order(by, order_id, to=may)
        versions.check_not_ended(order, at=at)
        if not order.protected_persons.filter(pk=person).exists():
            raise NotFound("protected_person")
        told = LimitsTold.objects.create(
            order=order, protected_person_id=person, told_at=at, told_by=by, language=language,
            limits=sorted(limit.value for limit in said), carries_device=Stated(carries_device),
        )  # fmt: skip
        witness(
            kind=Kind.LIMITS_TOLD,
            subject=f"order:{order.pk}",
            by=by,
            at=at,
            data={
                "carries_device": str(told.carries_device),
                "language": language,
                "limits": told.limits,
                "protected_person": str(person),
            },
        )
    return told


def do_record_loss(
    by: User, order_id: UUID, *, cause: LossCause, from_at: datetime, until_at: datetime | None, note: str
) -> Loss:
    """Record a loss outside his will, before anybody writes a protocol about a silence.

    Raises:
        NotFound: No such order, or not this person's.
        Refused: not_permitted; invalid, naming the field.
    """
    may = May.ANSWER_INCIDENTS if allows(by, May.ANSWER_INCIDENTS) else May.MANAGE_DEVICES
    check_allowed(by, may)
    note = check_text("note", note, longest=REASON_MAX, shortest=REASON_MIN)
    at = clock.now()
    for name, moment in (("from_at", from_at), ("until_at", until_at)):
        if moment is not None and moment.tzinfo is None:
            raise Refused.field(name, expected="a time with its zone, like 2026-11-21T10:00:00Z")
    if from_at > at:
        raise Refused.field("from_at", expected="a time in the past")
    if until_at is not None and until_at <= from_at:
        raise Refused.field("until_at", expected="later than the beginning")
    with transaction.atomic():
        order = versions.locked_order(by, order_id, to=may)
        loss = Loss.objects.create(
            order=order, cause=LossCause(cause), from_at=from_at, until_at=until_at, note=note, recorded_by=by,
            recorded_at=at,
        )  # fmt: skip
        witness(
            kind=Kind.LOSS_RECORDED,
            subject=f"order:{order.pk}",
            by=by,
            at=at,
            data={
                "cause": str(loss.cause),
                "from_at": clock.iso(from_at),
                "loss": loss.pk,
                "note_sha256": fingerprint(note),
                "until_at": "" if until_at is None else clock.iso(until_at),
            },
        )
    return loss
