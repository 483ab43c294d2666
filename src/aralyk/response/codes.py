"""The one-time code of a check: made for one officer and one order, shown by the respondent's device alone.

A phone's app asks for it with the secret of its registration; to a bracelet with a screen it goes by the queue of
commands, and that text is the code and nothing else. No page, no API and no list of commands shows it to anybody.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from django.db import connection, transaction

from aralyk import clock
from aralyk.access.errors import Code as Refusal
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.witness import name_of, witness
from aralyk.devices import command_queue
from aralyk.devices.command_queue import Wanted
from aralyk.devices.commands import CODE_OF_A_CHECK
from aralyk.devices.contacts import is_quiet
from aralyk.devices.models import Device, DeviceKind
from aralyk.evidence.kinds import Kind
from aralyk.orders.models import Order
from aralyk.orders.queries import live_orders_for
from aralyk.protocols.commands import CommandKind
from aralyk.response.models import Challenge, Check, Proof, Way
from aralyk.response.places import his_device

LASTS: Final = timedelta(minutes=5)
DIGITS: Final = 6
TRIES_MAX: Final = 5  # a code of six digits is not found by guessing
AT_ONCE_MAX: Final = 6  # of one officer within an hour and one order: more asks would make the guessing long


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an officer hears of a code: where to look for it, and how long. Never the code."""

    id: UUID
    way: Way
    expires_at: datetime


def do_ask_for_code(by: User, order_id: UUID) -> Asked:
    """Let the respondent's device show a code to the officer who stands in front of it.

    Raises:
        NotFound: No such order in force, or not this person's.
        Refused: not_permitted; device_not_carried; no_code_here (his device can show none); too_often.
    """
    check_allowed(by, May.MAKE_CHECKS)
    at = clock.now()
    with transaction.atomic():
        order = order_to_check(by, order_id)
        asked = Challenge.objects.filter(order=order, officer=by, made_at__gt=at - timedelta(hours=1))
        if asked.count() >= AT_ONCE_MAX:
            raise Refused(Refusal.TOO_OFTEN, most=AT_ONCE_MAX)
        device = his_device(order)
        if device is None:
            raise Refused(Refusal.DEVICE_NOT_CARRIED)
        way = _way(device)
        made = Challenge.objects.create(
            id=uuid4(), order=order, device=device.pk, code=f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}", way=way,
            officer=by, made_at=at, expires_at=at + LASTS,
        )  # fmt: skip
        if way is Way.DEVICE:
            _show(made, by=by, at=at)
        witness(
            kind=Kind.CHECK_CODE_MADE, subject=f"order:{order.pk}", by=by, at=at,
            data={"challenge": str(made.pk), "device": device.pk, "expires_at": clock.iso(made.expires_at), "way": way},
        )  # fmt: skip
    return Asked(id=made.pk, way=way, expires_at=made.expires_at)


def code_on(device: Device) -> Challenge | None:
    """The code that this device's app shows now: the newest that is in time and not used. None: it shows none."""
    used = Check.objects.filter(challenge__device=device.pk, proof=Proof.VERIFIED).values("challenge")
    found = Challenge.objects.filter(device=device.pk, way=Way.APP, expires_at__gt=clock.now()).exclude(pk__in=used)
    return found.order_by("-made_at").first()


def order_to_check(by: User, order_id: UUID) -> Order:
    """An order in force whose respondent this officer may check.

    Raises:
        NotFound: There is none, or it is not this person's.
    """
    order = live_orders_for(by).filter(pk=order_id).first()
    if order is None:
        raise NotFound("order")
    return order


def _way(device: Device) -> Way:
    if device.kind == DeviceKind.PHONE and device.secret_hash is not None:
        return Way.APP
    if is_quiet(device):  # ADR-0021: nothing comes to it at a moment that something about her could decide
        raise Refused(Refusal.NO_CODE_HERE)
    if command_queue.speaks(
        protocol=device.protocol, model=device.model, device=device.pk, kind=CommandKind.MESSAGE
    ):  # fmt: skip
        return Way.DEVICE
    raise Refused(Refusal.NO_CODE_HERE)


def _show(made: Challenge, *, by: User, at: datetime) -> None:
    wanted = Wanted(
        device=made.device, kind=CommandKind.MESSAGE, text=made.code, why=CODE_OF_A_CHECK,
        asked_by=f"check:{made.pk}", user_id=by.pk, life=LASTS, spoken=True,
    )  # fmt: skip
    with connection.cursor() as cursor:
        command_queue.ask(cursor, [wanted], by=name_of(by), at=at)
