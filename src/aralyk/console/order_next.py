"""What is still missing until an order is watched, each step with the page where it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.devices.models import Party
from aralyk.devices.queries import Place
from aralyk.orders.models import Carries, Order
from aralyk.people.models import Stated
from aralyk.reports.queries import Waiting, reports_for


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """One step.

    Attributes:
        title: What is to be done.
        done: Whether it is.
        address: Where this person does it; "" when it is done, or is another office's.
        office: Whose it is.
    """

    title: str
    done: bool
    address: str
    office: str


def report_to_order_on(user: User, *, respondent: UUID, protected_person: UUID) -> UUID | None:
    """The newest open report about the two on which this person may make an order; None: there is none."""
    if not allows(user, May.ISSUE_ORDERS):
        return None
    found = reports_for(user, Waiting.OPEN).filter(respondent=respondent, involved__person=protected_person)
    return found.values_list("pk", flat=True).first()


def next_steps(user: User, order: Order, places: Sequence[Place]) -> list[NextStep]:
    """The way to being watched, in its order; empty when everything is done, or nothing in the order is measured.

    Args:
        user: Who looks.
        order: Fetched with permission.
        places: Of its devices.
    """
    if order.ended_at is not None or not order.versions.get(version=order.current_version).spec["conditions"]:
        return []
    steps = list(_steps(user, order, places))
    return [] if all(step.done for step in steps) else steps


def _steps(user: User, order: Order, places: Sequence[Place]) -> list[NextStep]:
    def step(title: str, name: str, *, done: bool, may: May, **given: str) -> NextStep:
        address = reverse("order_act", args=[order.pk, name])
        return NextStep(
            title=title,
            done=done,
            address="" if done or not allows(user, may) else f"{address}?{urlencode(given)}" if given else address,
            office=_("police or court") if may is May.ISSUE_ORDERS else _("monitoring centre or probation"),
        )

    choice = order.device_choices.order_by("-chosen_at", "-pk").first()
    carries = dict(order.limits_told.order_by("told_at", "pk").values_list("protected_person", "carries_device"))
    with_him = [place for place in places if place.party is Party.RESPONDENT]
    found = [
        step(
            _("Record the service"), "serve", may=May.ISSUE_ORDERS,
            done=order.receipts.filter(protected_person__isnull=True).exists(),
        ),
        step(
            _("Choose the device"), "choose-device", may=May.MANAGE_DEVICES, done=choice is not None or bool(with_him)
        ),
    ]  # fmt: skip
    if choice is None or choice.carries != Carries.NOTHING:
        person = str(order.respondent_id)
        found.append(
            step(
                _("Give him the device"), "assign", may=May.MANAGE_DEVICES, done=bool(with_him), person=person
            )
        )  # fmt: skip
    for her in order.protected_persons.order_by("code"):
        with_her = [place for place in places if place.person == her.pk]
        found.append(
            step(
                _("Tell %(code)s what the system can't do") % {"code": her.code}, "limits", may=May.MANAGE_DEVICES,
                done=her.pk in carries, person=str(her.pk),
            )
        )  # fmt: skip
        if carries.get(her.pk) != Stated.NO:  # without a device is a whole mode of its own
            found.append(
                step(
                    _("Give %(code)s a device") % {"code": her.code}, "assign", may=May.MANAGE_DEVICES,
                    done=bool(with_her), person=str(her.pk),
                )
            )  # fmt: skip
    silent = [place for place in places if place.heard_at is None]
    found.append(
        NextStep(
            title=_("Each device was heard: the order is watched"),
            done=bool(places) and not silent,
            address=reverse("device", args=[silent[0].device]) if silent else "",
            office=_("the devices themselves"),
        )
    )
    return found
