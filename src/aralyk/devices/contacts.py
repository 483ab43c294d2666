"""When the platform speaks to a respondent: at moments drawn before anything happened, and with the same words always.

A message because of an alert leads him to her home, and so does one that only waits for the next drawn moment: that it
is another text, or that there is one, says that something happened since the last. So at each moment the same neutral
text goes out, whatever happened and whatever did not. Some moments, drawn beforehand too, are for a person's call.

The moments follow from a secret of the order alone: the same however often they are asked for. The secret's fingerprint
is witnessed when it is drawn, so that anybody can check later that no alert moved them.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from aralyk import clock
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed, seen_by
from aralyk.access.witness import System, name_of, witness
from aralyk.devices import command_queue
from aralyk.devices.command_queue import Wanted
from aralyk.devices.discretion import kept_quiet
from aralyk.devices.models import Assignment, ContactPlan, Device, Party
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.model import Contact
from aralyk.jurisdictions.pack import Pack
from aralyk.jurisdictions.values import Text
from aralyk.orders.models import Order
from aralyk.protocols.commands import CommandKind

SECRET_BYTES: Final = 32
WHY: Final = "routine_contact"
CONSTANT_INTERVAL: Final = "constant_interval"
FITTING: Final = timedelta(hours=24)  # a bracelet may be charged first
LIFE: Final = timedelta(hours=1)  # a device that is away so long gets the next one
LATE_MAX: Final = timedelta(minutes=30)  # after the platform was away longer, the moment has passed
LOOK_AHEAD_DAYS: Final = 31  # a row of holidays is shorter
PLANS_AT_ONCE: Final = 500
SHOWN_MAX: Final = 200
_FRACTION: Final = 2.0**64


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When the platform writes to him.

    Attributes:
        at: Aware, UTC.
        call: Whether a person calls him then, too. Drawn with the moment: a call is owed at each of these or at none.
    """

    at: datetime
    call: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NextContact:
    """The next moment of one order."""

    order: Order
    moment: Moment


def moments_of_day(secret: bytes, rule: Contact, day: date, *, zone: ZoneInfo) -> tuple[Moment, ...]:
    """The moments of one day, in order; the same for the same secret, rule and day.

    Args:
        secret: Of the order.
        rule: How often, and between which hours.
        day: Of the country's calendar.
        zone: The country's.
    """
    opens, closes = (datetime.combine(day, at, tzinfo=zone) for at in (rule.earliest, rule.latest))
    found = []
    for number in range(rule.a_day):
        drawn = hmac.digest(secret, f"{day.isoformat()}/{number}".encode(), "sha256")
        share, call = (int.from_bytes(part, "big") / _FRACTION for part in (drawn[:8], drawn[8:16]))
        at = opens + (closes - opens) * share
        found.append(Moment(at=clock.from_us(clock.to_us(at)), call=call * rule.call_one_in < 1))
    return tuple(sorted(found, key=lambda moment: moment.at))


def moments_after(secret: bytes, law: Pack, after: datetime) -> Iterator[Moment]:
    """The moments later than `after`, soonest first, for a month; none on holidays, none where the law has no rule."""
    first = law.day_of(after)
    for day in (first + timedelta(days=ahead) for ahead in range(LOOK_AHEAD_DAYS)):
        rule = law.contact_on(day)
        if rule is None or law.is_holiday(day):
            continue
        for moment in moments_of_day(secret, rule, day, zone=ZoneInfo(law.country.timezone)):
            if moment.at > after:
                yield moment


def next_moment(plan: ContactPlan, *, after: datetime) -> Moment | None:
    """The plan's next moment; None: its law has no rule, or only holidays are ahead."""
    return next(moments_after(bytes(plan.secret), pack(plan.order.jurisdiction), after), None)


def draw_contacts(actor: User | System, order: Order, *, at: datetime) -> ContactPlan:
    """Draw an order's secret, if nobody has; call it inside a transaction."""
    secret = secrets.token_bytes(SECRET_BYTES)
    plan, new = ContactPlan.objects.get_or_create(order=order, defaults={"secret": secret, "drawn_at": at})
    if new:
        _aim(plan, after=at)
        digest = hashlib.sha256(secret).hexdigest()
        witness(kind=Kind.CONTACTS_DRAWN, subject=f"order:{order.pk}", by=actor, at=at, data={"secret_sha256": digest})
    return plan


def begin(by: User, assignment: Assignment, *, at: datetime) -> None:
    """At the fitting of a quiet device: draw his moments, and ask it for its one interval; call it in a transaction.

    He stands by, and nothing has happened yet: that the device changes now tells him nothing. It never changes again.
    """
    device, order = assignment.device, assignment.order
    if not is_quiet(device):
        return
    draw_contacts(by, order, at=at)
    constant_s = _constant_interval_s(order, device, at=at)
    if constant_s is None or not _speaks(device, CommandKind.INTERVAL):
        return  # as frequent already; or it is set by hand, and the device's page says so
    wanted = Wanted(
        device=device.pk,
        kind=CommandKind.INTERVAL,
        interval_s=constant_s,
        why=CONSTANT_INTERVAL,
        asked_by=f"fitting:{assignment.pk}",
        life=FITTING,
        spoken=True,
        may_be_seen=True,
    )
    with connection.cursor() as cursor:
        command_queue.ask(cursor, [wanted], by=name_of(by), at=at)


def do_keep_contacts(*, now: datetime) -> int:
    """Draw what is missing and write to everybody whose moment has come; returns to how many devices.

    Args:
        now: Domain time.
    """
    with transaction.atomic():
        carried = _in_force(Assignment.objects.filter(order__contact_plan__isnull=True), now=now)
        with connection.cursor() as cursor:
            quiet = kept_quiet(cursor, set(carried.values_list("device_id", flat=True)))
        for assignment in carried.filter(device__in=quiet).select_related("order")[:PLANS_AT_ONCE]:
            draw_contacts(System.CONTACTS, assignment.order, at=now)
    with transaction.atomic():
        due = ContactPlan.objects.filter(next_at__lte=now).select_related("order__respondent").order_by("next_at")
        plans = list(due.select_for_update(of=("self",), skip_locked=True)[:PLANS_AT_ONCE])
        wanted = [one for plan in plans for one in _texts(plan, now=now)]
        for plan in plans:
            _aim(plan, after=now)
        with connection.cursor() as cursor:
            command_queue.ask(cursor, wanted, by=name_of(System.CONTACTS), at=now)
    return len(wanted)


def next_contacts_for(user: User) -> list[NextContact]:
    """The next moment of each order that this person commands devices of, soonest first.

    Raises:
        Refused: not_permitted.
    """
    check_allowed(user, May.COMMAND_DEVICES)
    at = clock.now()
    seen = seen_by(user, order="order__", to=May.COMMAND_DEVICES)
    plans = ContactPlan.objects.filter(Q(seen), order__ended_at__isnull=True, order__expires_at__gt=at)
    found = [
        NextContact(order=plan.order, moment=moment)
        for plan in plans.select_related("order").order_by("next_at")[:SHOWN_MAX]
        if (moment := next_moment(plan, after=at)) is not None
    ]
    return sorted(found, key=lambda one: one.moment.at)


def is_quiet(device: Device) -> bool:
    """Whether nothing may be sent to this device because of what happens."""
    with connection.cursor() as cursor:
        return device.pk in kept_quiet(cursor, [device.pk])


def interval_by_hand_s(device: Device) -> int | None:
    """The interval that a quiet device should have and can't be told from here; None: it has it, or was told."""
    at = clock.now()
    carried = device.assignments.filter(until__isnull=True, party=Party.RESPONDENT).select_related("order")
    assignment = carried.order_by("-since", "-pk").first()
    if assignment is None or _speaks(device, CommandKind.INTERVAL):
        return None
    return _constant_interval_s(assignment.order, device, at=at)


def next_moment_of(device: Device) -> Moment | None:
    """When its carrier, a respondent, is next written to; None: nobody has drawn it, or he is no respondent."""
    at = clock.now()
    plans = ContactPlan.objects.filter(
        order__assignments__device=device,
        order__assignments__until__isnull=True,
        order__assignments__party=Party.RESPONDENT,
    ).select_related("order")
    found = [moment for plan in plans if (moment := next_moment(plan, after=at)) is not None]
    return min(found, key=lambda moment: moment.at, default=None)


def _in_force(assignments: QuerySet[Assignment], *, now: datetime) -> QuerySet[Assignment]:
    """Those by which a respondent carries a device under an order that holds now."""
    return assignments.filter(
        party=Party.RESPONDENT, until__isnull=True, order__ended_at__isnull=True,
        order__starts_at__lte=now, order__expires_at__gt=now,
    )  # fmt: skip


def _constant_interval_s(order: Order, device: Device, *, at: datetime) -> int | None:
    """What the law of the order wants of his device from the fitting on; None: it reports as often already."""
    law = pack(order.jurisdiction)
    rule = law.contact_on(law.day_of(at))
    return None if rule is None or rule.interval_s >= device.interval_s else rule.interval_s


def _speaks(device: Device, kind: CommandKind) -> bool:
    return command_queue.speaks(protocol=device.protocol, model=device.model, device=device.pk, kind=kind)


def _aim(plan: ContactPlan, *, after: datetime) -> None:
    """Set when the plan's row is next looked at; never, when its order is over."""
    over = plan.order.ended_at is not None or plan.order.expires_at <= after
    moment = None if over else next_moment(plan, after=after)
    plan.next_at = None if moment is None else moment.at
    plan.save(update_fields=["next_at"])


def _texts(plan: ContactPlan, *, now: datetime) -> list[Wanted]:
    """The routine text for each quiet device of the respondent; none when the moment is long past."""
    assert plan.next_at is not None
    law = pack(plan.order.jurisdiction)
    rule = law.contact_on(law.day_of(now))
    if rule is None or now - plan.next_at > LATE_MAX:
        return []
    carried = _in_force(Assignment.objects.filter(order=plan.order_id), now=now).select_related("device")
    devices = {assignment.device_id: assignment.device for assignment in carried}
    with connection.cursor() as cursor:
        quiet = kept_quiet(cursor, devices)
    text = law.device_message(rule.message, on=law.day_of(now))
    return [
        Wanted(
            device=device,
            kind=CommandKind.MESSAGE,
            text=_in_his_language(text, plan.order.respondent.language, law),
            why=WHY,
            asked_by=f"contact:{plan.pk}",
            life=LIFE,
            spoken=True,
            may_be_seen=True,
            data={"moment": clock.iso(plan.next_at), "text": rule.message},
        )
        for device in sorted(quiet)
        if _speaks(devices[device], CommandKind.MESSAGE)
    ]


def _in_his_language(text: Text, language: str, law: Pack) -> str:
    try:
        return text.in_language(language)
    except KeyError:
        return text.in_language(law.country.languages[0])
