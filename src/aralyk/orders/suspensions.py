"""A time in which an order is not watched: with a reason, a second person, a beginning and an end.

The engine is told an end, and a version that begins at the suspension's end: watching begins again by time alone, and
no job, person or process has to remember it. Her call for help is heard all the while. A suspension that begins later
is started by a job; if no job runs, nothing happens, and she stays protected.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.orders import versions
from aralyk.orders.actions import check_reason
from aralyk.orders.cutting import record_cut
from aralyk.orders.models import LessProtection, Order, Proposal, Suspension

LONGEST: Final = timedelta(days=3)  # a stay in hospital, an exchange of the device; longer is a variation
AHEAD_MAX: Final = timedelta(days=14)
IN_30_DAYS_MAX: Final = 3  # protection can be bought in small pieces, too


def check_time(order: Order, *, from_at: datetime, until_at: datetime, at: datetime) -> None:
    """Go on only with a time that lies in the order's, ahead, and short enough.

    Raises:
        Refused: invalid; too_often.
    """
    for name, moment in (("from_at", from_at), ("until_at", until_at)):
        if moment.tzinfo is None:
            raise Refused.field(name, expected="a time with its zone, like 2026-11-21T10:00:00Z")
    if until_at <= max(from_at, at):
        raise Refused.field("until_at", expected="later than the beginning, and than now")
    if until_at - from_at > LONGEST:
        raise Refused.field("until_at", expected=f"at most {LONGEST.days} days after the beginning")
    if from_at > at + AHEAD_MAX:
        raise Refused.field("from_at", expected=f"at most {AHEAD_MAX.days} days ahead")
    if until_at >= order.expires_at:
        raise Refused.field("until_at", expected="earlier than the order's end")
    if order.suspensions.filter(from_at__gt=at - timedelta(days=30)).count() >= IN_30_DAYS_MAX:
        raise Refused(Code.TOO_OFTEN, most=IN_30_DAYS_MAX)
    if _unfinished(order, at=at) is not None:
        raise Refused.field("from_at", expected="no other suspension that goes on or is to come")


def begin(by: User, order: Order, proposal: Proposal, *, at: datetime) -> Suspension:
    """Put a confirmed proposal into effect, now or at its time; the caller has locked the order."""
    from_at = max(clock.parse_iso(proposal.content["from_at"]), at)
    until_at = clock.parse_iso(proposal.content["until_at"])
    check_time(order, from_at=from_at, until_at=until_at, at=at)
    suspension = Suspension.objects.create(order=order, proposal=proposal, from_at=from_at, until_at=until_at)
    record_cut(
        proposal.proposed_by, order, LessProtection.SUSPENDED, reason=proposal.reason, second_by=by, at=at
    )  # fmt: skip
    if from_at <= at:
        _tell_begun(by, order, suspension, at=at)
    return suspension


def do_begin_due(*, now: datetime) -> int:
    """Begin the suspensions whose time has come. A job calls it; calling it again changes nothing.

    Returns:
        How many began.
    """
    due = Suspension.objects.filter(
        begun_at__isnull=True, resumed_at__isnull=True, from_at__lte=now, until_at__gt=now
    ).values_list("pk", "order_id")  # fmt: skip
    return sum(_begin_due(suspension_id, order_id, now=now) for suspension_id, order_id in list(due))


def do_resume(by: User, order_id: UUID, *, reason: str) -> Suspension:
    """End a suspension early, or call off one that is to come: more protection, so one person is enough.

    Raises:
        NotFound: No such order, not this person's, or nothing suspends it.
        Refused: not_permitted; order_ended; invalid (reason).
    """
    check_allowed(by, May.ISSUE_ORDERS)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        order = versions.locked_order(by, order_id)
        versions.check_not_ended(order, at=at)
        suspension = _unfinished(order, at=at)
        if suspension is None:
            raise NotFound("suspension")
        suspension.resumed_at, suspension.resumed_by = at, by
        suspension.save(update_fields=["resumed_at", "resumed_by"])
        if suspension.begun_at is not None:
            spec = {**versions.current_version(order).spec, "starts_at": clock.iso(order.starts_at)}
            version = versions.add_version(by, order, spec=spec, reason=reason.strip(), at=at)
        witness(
            kind=Kind.ORDER_RESUMED,
            subject=f"order:{order.pk}",
            by=by,
            at=at,
            data={"reason_sha256": fingerprint(reason), "suspension": suspension.pk, "version": order.current_version},
        )
        if suspension.begun_at is not None:
            versions.tell_engine(by, order, version, at=at)
    return suspension


def _begin_due(suspension_id: int, order_id: UUID, *, now: datetime) -> int:
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order_id)
        suspension = (
            Suspension.objects.select_related("proposal__second_by")
            .filter(pk=suspension_id, begun_at__isnull=True, resumed_at__isnull=True)
            .first()
        )
        # A term that was cut after the confirmation leaves no time to begin again in: then she stays protected.
        if suspension is None or order.ended_at is not None or order.expires_at <= suspension.until_at:
            return 0
        by = suspension.proposal.second_by
        assert by is not None, "only a confirmed proposal makes a suspension"
        _tell_begun(by, order, suspension, at=now)
    return 1


def _tell_begun(by: User, order: Order, suspension: Suspension, *, at: datetime) -> None:
    suspension.begun_at = at
    suspension.save(update_fields=["begun_at"])
    spec = {**versions.current_version(order).spec, "starts_at": clock.iso(suspension.until_at)}
    version = versions.add_version(by, order, spec=spec, reason=suspension.proposal.reason, at=at)
    witness(
        kind=Kind.ORDER_SUSPENDED,
        subject=f"order:{order.pk}",
        by=by,
        at=at,
        data={
            "from_at": clock.iso(suspension.from_at),
            "proposal": suspension.proposal_id,
            "suspension": suspension.pk,
            "until_at": clock.iso(suspension.until_at),
            "version": version.version,
        },
    )
    versions.tell_engine_it_pauses(by, order, version, at=at)


def _unfinished(order: Order, *, at: datetime) -> Suspension | None:
    return order.suspensions.filter(resumed_at__isnull=True, until_at__gt=at).order_by("-from_at").first()
