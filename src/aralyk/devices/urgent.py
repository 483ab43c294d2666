"""What is sent to a quiet device at once, though its moment may tell him where she is: two people answer for it.

A supervisor proposes it with a reason, another person sends it, with a reason too, within minutes. Each time stands on
the prosecutor's list of what left somebody less protected, and in the evidence. Words of one's own are not among it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import QuerySet

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.witness import fingerprint, name_of, witness
from aralyk.devices import command_queue
from aralyk.devices.command_queue import Wanted
from aralyk.devices.commands import LIFE, listed_text
from aralyk.devices.contacts import is_quiet
from aralyk.devices.models import Device, Party, UrgentContact
from aralyk.devices.queries import device_for
from aralyk.evidence.kinds import Kind
from aralyk.orders.actions import check_reason
from aralyk.orders.cutting import record_cut
from aralyk.orders.models import LessProtection, Order
from aralyk.protocols.commands import CommandKind

WAITS: Final = timedelta(minutes=10)  # what can wait longer is no emergency
KINDS: Final = frozenset({CommandKind.MESSAGE, CommandKind.BUZZ, CommandKind.POSITION})
WHY: Final = "urgent_contact"


def do_propose_urgent_contact(
    by: User, *, device_id: str, kind: CommandKind, reason: str, listed: tuple[str, str] | None = None
) -> UrgentContact:
    """Ask another person to let something go to a quiet device at once.

    Args:
        by: Who may write to respondents, and sees this device.
        device_id: A quiet device.
        kind: A message, a buzz or a place.
        reason: What it is worth that he may learn where she is.
        listed: For a message: slug and language of a text of the pack.

    Raises:
        NotFound: No such device, or not this person's.
        Refused: not_permitted; invalid; command_not_spoken; not_quiet: it can be asked without this.
    """
    check_allowed(by, May.WRITE_TO_RESPONDENT)
    check_reason(reason)
    kind, at = CommandKind(kind), clock.now()
    with transaction.atomic():
        device = device_for(by, device_id, to=May.WRITE_TO_RESPONDENT)
        order = _order_of(device)
        if kind not in KINDS:
            raise Refused.field("kind", expected=" or ".join(sorted(KINDS)), found=kind.value)
        if (listed is not None) != (kind is CommandKind.MESSAGE):
            raise Refused.field("listed", expected="a text of the list, with the kind message alone")
        slug, language = listed or ("", "")
        if listed is not None:
            listed_text(device, slug, language)
        if not command_queue.speaks(protocol=device.protocol, model=device.model, device=device.pk, kind=kind):
            raise Refused(Code.COMMAND_NOT_SPOKEN)
        urgent = UrgentContact.objects.create(
            order=order, device=device, kind=kind.value, slug=slug, language=language, reason=reason.strip(),
            proposed_by=by, proposed_at=at,
        )  # fmt: skip
        witness(
            kind=Kind.URGENT_CONTACT_PROPOSED,
            subject=f"device:{device.pk}",
            by=by,
            at=at,
            data={
                "kind": kind.value,
                "order": str(order.pk),
                "reason_sha256": fingerprint(reason),
                "text": f"{slug}:{language}" if listed else None,
                "urgent_contact": urgent.pk,
            },
        )
    return urgent


def do_send_urgent_contact(by: User, urgent_id: int, *, reason: str) -> UrgentContact:
    """Send, as the second person, what another proposed; it goes out at the device's next contact.

    Raises:
        NotFound: No such proposal, or its device is not this person's.
        Refused: not_permitted; own_proposal; proposal_decided; confirmation_over: ten minutes have passed; invalid.
    """
    check_allowed(by, May.COMMAND_DEVICES)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        urgent = UrgentContact.objects.select_for_update().filter(pk=urgent_id).first()
        if urgent is None:
            raise NotFound("urgent_contact")
        device = device_for(by, urgent.device_id, to=May.COMMAND_DEVICES)
        if urgent.proposed_by_id == by.pk:
            raise Refused(Code.OWN_PROPOSAL)
        if urgent.command_id is not None:
            raise Refused(Code.PROPOSAL_DECIDED)
        if at - urgent.proposed_at > WAITS:
            raise Refused(Code.CONFIRMATION_OVER)
        kind = CommandKind(urgent.kind)
        wanted = Wanted(
            device=device.pk,
            kind=kind,
            text=listed_text(device, urgent.slug, urgent.language) if kind is CommandKind.MESSAGE else None,
            why=urgent.reason,
            asked_by=name_of(urgent.proposed_by),
            user_id=urgent.proposed_by_id,
            life=min(LIFE[kind], WAITS),
            spoken=True,
            may_be_seen=True,
            data={"reason_sha256": fingerprint(urgent.reason), "urgent_contact": urgent.pk},
        )
        with connection.cursor() as cursor:
            (urgent.command_id,) = command_queue.ask(cursor, [wanted], by=name_of(by), at=at)
        urgent.second_by, urgent.second_at, urgent.second_reason = by, at, reason.strip()
        urgent.save(update_fields=["command", "second_by", "second_at", "second_reason"])
        record_cut(
            urgent.proposed_by,
            urgent.order,
            LessProtection.CONTACTED_AT_ONCE,
            reason=urgent.reason,
            second_by=by,
            at=at,
        )
        witness(
            kind=Kind.URGENT_CONTACT_SENT,
            subject=f"device:{device.pk}",
            by=by,
            at=at,
            data={
                "command": urgent.command_id,
                "order": str(urgent.order_id),
                "proposed_by": name_of(urgent.proposed_by),
                "reason_sha256": fingerprint(reason),
                "urgent_contact": urgent.pk,
            },
        )
    return urgent


def urgent_contacts_for(user: User, device_id: str) -> QuerySet[UrgentContact]:
    """What was proposed for a device, newest first, sent or not.

    Raises:
        NotFound: No such device, or not this person's.
    """
    device = device_for(user, device_id)
    found = UrgentContact.objects.filter(device=device).select_related("proposed_by", "second_by")
    return found.order_by("-proposed_at", "-pk")


def _order_of(device: Device) -> Order:
    """The order under which the device is quiet; with several, the newest carries the row."""
    carried = device.assignments.filter(until__isnull=True, party=Party.RESPONDENT).select_related("order")
    newest = carried.order_by("-since", "-pk").first()
    if newest is None or not is_quiet(device):
        raise Refused(Code.NOT_QUIET)
    return newest.order
