"""The officer, the respondent's phone and what the officer's device sends, through the same ways as in production."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from aralyk import clock
from aralyk.devices.actions import do_register_device
from aralyk.devices.models import Device, DeviceKind, Party
from aralyk.orders.models import Order
from aralyk.response.checks import Given, do_check
from aralyk.response.codes import code_on, do_ask_for_code
from aralyk.response.judging import Fix
from aralyk.response.models import Check, CheckKind
from tests.conftest import Database
from tests.orders.cast import Cast, equip, heard, order

HIS_PHONE = "phone-his-01"
AT_HIS = (42.8700, 74.6100)
METRE_DEG = 1 / 111_000


@dataclass(frozen=True, kw_only=True)
class Case:
    """An order whose respondent carries a phone with the app, which was just heard at AT_HIS."""

    order: Order
    phone: Device
    secret: str


def case(database: Database, roles: Cast, *, device: str = HIS_PHONE, at: tuple[float, float] = AT_HIS) -> Case:
    found = order(roles.police)
    made = do_register_device(
        roles.probation, device_id=device, kind=DeviceKind.PHONE, protocol="osmand", interval_s=60, synthetic=True
    )
    equip(roles.probation, found, device=device, party=Party.RESPONDENT)
    heard_now(database, device, at)
    assert made.secret is not None
    return Case(order=found, phone=made.device, secret=made.secret)


def heard_now(database: Database, device: str, at: tuple[float, float] = AT_HIS) -> None:
    """His device says where it is, a moment after it was given to him."""
    heard(database, device, lat=at[0], lon=at[1])
    with database.connect() as connection:
        connection.execute("UPDATE device_status SET fixed_at = %s WHERE device = %s", (clock.now(), device))


def fix(*, north_m: float = 3.0, accuracy_m: float = 10.0, of: tuple[float, float] = AT_HIS) -> Fix:
    return Fix(lat=of[0] + north_m * METRE_DEG, lon=of[1], accuracy_m=accuracy_m, fixed_at=clock.now())


def entry(roles: Cast, here: Case, **changed: Any) -> Given:
    """An honest one: the code from his phone, the officer's own fix three metres away, both clocks right."""
    asked = do_ask_for_code(roles.police, here.order.pk)
    shown = code_on(here.phone)
    assert shown is not None
    plain = Given(
        id=uuid4(), kind=CheckKind.AT_HIS_PLACE, order=here.order.pk, device_at=clock.now(), fix=fix(),
        challenge=asked.id, code=shown.code,
    )  # fmt: skip
    return replace(plain, **changed)


def without_code(here: Case, **changed: Any) -> Given:
    """One that proves nothing but where the officer's device is."""
    plain = Given(id=uuid4(), kind=CheckKind.AT_HIS_PLACE, order=here.order.pk, device_at=clock.now(), fix=fix())
    return replace(plain, **changed)


def visit(here: Case, **changed: Any) -> Given:
    her = here.order.protected_persons.get()
    plain = Given(
        id=uuid4(), kind=CheckKind.VISIT_TO_HER, order=here.order.pk, device_at=clock.now(), protected_person=her.pk
    )
    return replace(plain, **changed)


def enter(roles: Cast, given: Given) -> Check:
    return do_check(roles.police, given)


MINUTE = timedelta(minutes=1)
