"""An incident as it really comes about: orders issued, frames logged, the monitor's watch, people who answer."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from aralyk import clock
from aralyk.access.models import Role as UserRole
from aralyk.access.models import User
from aralyk.database import Role
from aralyk.devices.models import Assignment, Party
from aralyk.evidence.keys import SigningKey, signing_key
from aralyk.incidents import actions
from aralyk.incidents.models import Incident, Outcome
from aralyk.jobs.sequencer import Sequencer
from aralyk.monitor.heartbeat import Heartbeat
from aralyk.monitor.metrics import Metrics
from aralyk.monitor.settings import MonitorSettings
from aralyk.monitor.watch import Watch
from aralyk.orders.models import Order
from aralyk.simulator.seed import seed
from aralyk.tracking.log import Lane, append, frame_line
from tests.conftest import Database

ORIGIN = "log.test/aralyk"
PLACE = (42.8746, 74.5698)
TURNS_MAX = 200


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return signing_key(tmp_path, origin=ORIGIN)


@pytest.fixture
def sequenced(database: Database, key: SigningKey) -> Iterator[None]:
    """The sequencer at work, as in the jobs process."""
    stop = threading.Event()

    def work() -> None:
        with database.connect(Role.SEQUENCER, autocommit=True) as connection:
            Sequencer(connection, key, ORIGIN).run(stop, lambda run: None)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


@dataclass(frozen=True, kw_only=True)
class Case:
    """One incident with the people round it."""

    database: Database
    incident: UUID
    number: int
    order: str
    devices: tuple[str, str]
    others: tuple[str, ...]
    operator: User


class Field:
    """Devices in the field: logs what they say and lets the monitor hear it."""

    def __init__(self, database: Database, watch: Watch) -> None:
        self._database = database
        self._watch = watch

    def say(self, **places: tuple[float, float]) -> None:
        """One batch with a fix of each device."""
        now_us = clock.now_us()
        lines = [
            frame_line(
                raw=b"frame",
                lane=Lane.POSITION,
                messages=[
                    {
                        "accuracy_m": 6.0,
                        "fixed_at": clock.iso(now_us),
                        "lat": lat,
                        "lon": lon,
                        "source": "gnss",
                        "valid": True,
                    }
                ],
                protocol="osmand",
                received_at_us=now_us,
                device=device,
            )
            for device, (lat, lon) in places.items()
        ]
        with self._database.connect(Role.GATEWAY) as connection, connection.cursor() as cursor:
            append(cursor, stream="position/g1", lines=lines, received_at=clock.from_us(now_us), by="system:gateway")

    def hear(self) -> None:
        """Let the monitor take what is there."""
        while self._watch.turn():
            pass


def device_of(order: Order, party: Party) -> str:
    return Assignment.objects.get(order=order, party=party, until__isnull=True).device_id


@pytest.fixture
def case(database: Database, tmp_path: Path, sequenced: None) -> Iterator[Case]:
    """He comes within 100 m of her while strangers move elsewhere; an operator answers and closes."""
    seed(home=tmp_path, profile="test")
    order, *rest = Order.objects.order_by("number")
    respondent, protected = device_of(order, Party.RESPONDENT), device_of(order, Party.PROTECTED)
    others = tuple(device_of(other, Party.RESPONDENT) for other in rest[:3])
    operator = User.objects.filter(role=UserRole.OPERATOR).first()
    assert operator is not None
    settings = MonitorSettings(home=tmp_path, settle_ms=0)
    with database.connect(Role.MONITOR, autocommit=True) as connection:
        field = Field(database, Watch(connection, settings, Heartbeat(tmp_path, "monitor"), Metrics()))
        strangers = {device: (PLACE[0] + 0.1, PLACE[1] + 0.01 * n) for n, device in enumerate(others)}
        incident = None
        for _ in range(TURNS_MAX):
            field.say(**strangers, **{protected: PLACE, respondent: (PLACE[0] + 0.0005, PLACE[1])})
            field.hear()
            incident = Incident.objects.filter(order=order, kind="proximity").first()
            if incident is not None:
                break
        assert incident is not None
        field.say(**strangers)
        actions.do_acknowledge(operator, incident.pk)
        actions.do_note(operator, incident.pk, text="позвонили, не отвечает")
        actions.do_close(
            operator, incident.pk, outcome=Outcome.NO_PURSUIT, reason="ушёл сам", still_open_confirmed=True
        )
        yield Case(
            database=database,
            incident=incident.pk,
            number=incident.number,
            order=str(order.pk),
            devices=(respondent, protected),
            others=others,
            operator=operator,
        )
