"""What the platform itself sends to his device over an order: the product's own code, fed with the world's alerts.

The engine's requests go through `monitor.requests`, an operator tries whatever she may, the job of drawn moments runs
when it is due, all in a real database with the clock set to each event. What ever stood in the queue counts as heard.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pytest

from aralyk import clock
from aralyk.access.errors import Refused
from aralyk.database import Role, connect
from aralyk.devices.commands import do_ask_device
from aralyk.devices.contacts import CONSTANT_INTERVAL, do_keep_contacts, next_moment
from aralyk.devices.models import Command, ContactPlan, Device, DeviceKind
from aralyk.monitor import requests
from aralyk.orders.models import Order
from aralyk.protocols.commands import CommandKind
from tests.devices.speaking import PROTOCOL, spoken_protocol
from tests.orders.cast import Cast, equip, open_order, order
from tests.papers.attacker.world import ANSWERED, DAY_S, DELAY_S, Floats, World

FIRST_DAY: Final = datetime(2027, 1, 4, tzinfo=ZoneInfo("Asia/Bishkek"))  # later than any clock of a test run
REGISTERED_S: Final = 60
REQUEST_S: Final = 600.0
Monitor = psycopg.Connection[tuple[Any, ...]]
Event = Callable[[Cast, Monitor], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One thing that reached his device.

    Attributes:
        at_s: Seconds since the order began.
        kind: What it was.
        faster: Whether it makes the device report more often.
    """

    at_s: float
    kind: str
    faster: bool


def what_is_sent(world: World, roles: Cast, *, seed: int, openly: bool = False) -> list[Sent]:
    """Everything that his device gets after its fitting, in order.

    Args:
        world: Of it, its alerts alone.
        roles: The accounts of the database at hand.
        seed: Of the order's secret, and of who answers when.
        openly: An order that hides nothing from him, as the law exempts it.
    """
    chance = np.random.default_rng(seed + 15_485_863)
    began = FIRST_DAY
    days = int(world.t_s[-1] // DAY_S) + 1
    with pytest.MonkeyPatch.context() as patch, spoken_protocol():
        _set(patch, began)
        term = {"starts_at": clock.now(), "expires_at": clock.now() + timedelta(days=min(days, 30))}
        issued = open_order(roles.police, **term) if openly else order(roles.police, **term)
        device = Device.objects.create(
            id=f"his-{issued.number}", kind=DeviceKind.BRACELET, protocol=PROTOCOL, interval_s=REGISTERED_S,
            trust="imei", synthetic=True,
        )  # fmt: skip
        equip(roles.probation, issued, device=device.pk)
        for plan in ContactPlan.objects.filter(order=issued):
            plan.secret = chance.bytes(32)
            moment = next_moment(plan, after=clock.now())
            plan.next_at = None if moment is None else moment.at
            plan.save(update_fields=["secret", "next_at"])
        with connect(Role.MONITOR, autocommit=True) as monitor:
            for at_s, event in _events(world, device.pk, chance):
                at = began + timedelta(seconds=at_s)
                _keep_contacts(patch, issued.pk, until=at)
                _set(patch, at)
                event(roles, monitor)
        _keep_contacts(patch, issued.pk, until=began + timedelta(days=days))
        Order.objects.filter(pk=issued.pk).update(ended_at=clock.now())  # the next world begins on the same day
        rows = Command.objects.filter(device=device).exclude(state="refused").exclude(why=CONSTANT_INTERVAL)
        return [
            Sent(
                at_s=(row.created_at - began).total_seconds(),
                kind=row.kind,
                faster=row.interval_s is not None and row.interval_s < REGISTERED_S,
            )
            for row in rows.order_by("created_at", "pk")
        ]


@contextmanager
def a_platform() -> Iterator[Cast]:
    """A database with one account of each role, for a run that is no test."""
    from aralyk.cli.schema import bring_up_to_date
    from aralyk.database.cluster import Cluster
    from tests.conftest import NOT_STARTED, point_to
    from tests.orders.cast import cast, make_accounts

    with tempfile.TemporaryDirectory(prefix="aralyk-attacker-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        with Cluster(Path(home), durable=False) as cluster:
            cluster.create_database("attacker")
            point_to(cluster.url_of("attacker"))
            bring_up_to_date()
            make_accounts()
            yield cast()
            point_to(NOT_STARTED)


def _set(patch: pytest.MonkeyPatch, at: datetime) -> None:
    anchor = clock.Anchor(wall_s=at.timestamp(), monotonic_ns=time.monotonic_ns())
    patch.setattr(clock, "_clock", clock.SteadyClock(None, anchor))


def _keep_contacts(patch: pytest.MonkeyPatch, issued: Any, *, until: datetime) -> None:
    while True:
        plan = ContactPlan.objects.filter(order=issued, next_at__lte=until).first()
        if plan is None or plan.next_at is None:
            return
        _set(patch, plan.next_at)
        do_keep_contacts(now=clock.now())


def _events(world: World, device: str, chance: np.random.Generator) -> list[tuple[float, Event]]:
    found: list[tuple[float, Event]] = []
    for number, alert_s in enumerate(world.alerts_s):
        found += [
            (float(alert_s), _engine(device, number, phase="open")),
            (float(alert_s) + REQUEST_S, _engine(device, number, phase="close")),
        ]
        if chance.random() < ANSWERED:
            found.append((float(alert_s + chance.uniform(*DELAY_S)), _operator(device)))
    return sorted(found, key=lambda each: each[0])


def _engine(device: str, number: int, *, phase: str) -> Event:
    """The engine wants a place every 15 s and a better one, or wants them no more."""
    decisions = [
        {"incident": f"{device}/{kind}/{number}", "kind": kind, "phase": phase, "reason": "requested",
         "basis": {"device": device}}
        for kind in ("pursuit_mode", "better_fix")
    ]  # fmt: skip

    def write(_: Cast, monitor: Monitor) -> None:
        with monitor.transaction(), monitor.cursor() as cursor:
            requests.write(cursor, decisions, entry_ids=[1, 2], by="system:monitor", at=clock.now())

    return write


def _operator(device: str) -> Event:
    """Because of an alert somebody writes to him, makes it buzz, asks for a place."""

    def ask(roles: Cast, _: Monitor) -> None:
        for kind in (CommandKind.MESSAGE, CommandKind.POSITION, CommandKind.BUZZ):
            listed = ("call_centre", "ru") if kind is CommandKind.MESSAGE else None
            with suppress(Refused):
                do_ask_device(roles.operator, device_id=device, kind=kind, reason="сигнал", listed=listed)

    return ask


def times_of(sent: list[Sent], *, faster: bool = False) -> Floats:
    """When something came; or only when his device was made to report more often."""
    return np.array([one.at_s for one in sent if one.faster or not faster])
