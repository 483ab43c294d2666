"""The cases of `aralyk bench console`: orders, places and incidents in a scratch database, in any number.

The first 18 are the pilot's, made by the domain's actions (`aralyk.simulator.seed`). The others are copies of these
rows with people, numbers, devices and zones of their own, written in bulk as the console's role: five thousand orders
by actions would take longer than the measurement. No evidence and no sealed facts are copied; the measured pages read
neither. What the devices of a case said in its last hour goes through the monitor's own functions and database role:
the engine decides, `write_step` writes places, decisions, witnesses and incidents. Of the fixes only those of the
pilot's orders and everybody's last are kept. Then an operator answers all but the newest incidents: in bulk, too.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from aralyk import clock

OPEN: Final = 50  # incidents that wait for an answer
INCIDENTS_EACH: Final = 10
STEP_US: Final = 15_000_000  # between two reports of a device
GAP_US: Final = 300_000_000  # all devices are silent once: long enough for its incident
APPROACH_M: Final = (3000.0, 100.0, 3000.0, 3000.0)  # his distance from her, report by report: one episode
EPISODES: Final = INCIDENTS_EACH - 4  # the others: his device and hers are silent at the beginning and in the gap
ISSUED_BEFORE: Final = timedelta(days=1)
METRES_PER_DEGREE: Final = 111_195.0
GRID: Final = 20  # copies of the city side by side
APART_DEG: Final = 0.1
BATCH: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What is in the database now."""

    respondents: int
    devices: int
    places: int
    fixes: int
    incidents: int
    incidents_open: int
    moments: int


class Cases:
    """The cases so far; `grow` adds to them. Django must be set up."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._step = 0

    def begin(self) -> tuple[str, str]:
        """Seed the pilot, as of yesterday; returns an operator's name and password."""
        from aralyk.access.models import Role
        from aralyk.simulator.seed import seed

        now_s = clock.now_us() / 1e6
        clock.follow(clock.Pace(real_s=now_s, start_s=now_s - ISSUED_BEFORE.total_seconds(), speed=1.0))
        seeded = seed(home=self._home, profile="test")
        now_s = clock.now_us() / 1e6 + ISSUED_BEFORE.total_seconds()
        clock.follow(clock.Pace(real_s=now_s, start_s=now_s, speed=1.0))
        self._live_through([order.pk for order in _orders()], keep_fixes=True)
        operator = next(account for account in seeded.accounts if account.role is Role.OPERATOR)
        return operator.username, seeded.password

    def grow(self, respondents: int) -> Rows:
        """Add cases until there are so many respondents, let them live and people answer; never fewer than now."""
        present = _count("orders_order")
        if respondents > present:
            added = _copy_orders(range(present, respondents))
            self._live_through(added, keep_fixes=False)
        _answer_all_but(OPEN)
        _analyze()
        return Rows(
            respondents=_count("(SELECT DISTINCT respondent_id FROM orders_order) AS watched"),
            devices=_count("devices_device"),
            places=_count("device_status"),
            fixes=_count("fix"),
            incidents=_count("incidents_incident"),
            incidents_open=_count("incidents_incident WHERE status <> 'closed'"),
            moments=_count("incidents_incidentevent"),
        )

    def _live_through(self, orders: Sequence[UUID], *, keep_fixes: bool) -> None:
        """Let the engine hear the last hour of these orders and write what came of it, a thousand orders at a time."""
        from aralyk.database import Role, connect
        from aralyk.monitor.directory import Directory
        from aralyk.tracking import columns

        with connect(Role.MONITOR, autocommit=True) as connection:
            columns.register(connection)
            directory = Directory()
            directory.refresh(connection.cursor())
            for first in range(0, len(orders), BATCH):
                specs = _specs(orders[first : first + BATCH])
                for record in _steps(specs, first_step=self._step + 1, keep_fixes=keep_fixes):
                    self._write(connection, record, directory)

    def _write(self, connection: Any, record: Any, directory: Any) -> None:
        from aralyk.monitor.writing import write_step

        write_step(connection, record, directory)
        self._step = record.step


def _steps(specs: Sequence[dict[str, Any]], *, first_step: int, keep_fixes: bool) -> Iterator[Any]:
    from aralyk.engine import State, compile_order
    from aralyk.monitor.stepping import advance
    from aralyk.monitor.writing import StepRecord

    reports = [*APPROACH_M * EPISODES, 3000.0]
    start_us = clock.now_us() - len(reports) * STEP_US - GAP_US
    state = State.empty()
    state.set_orders((compile_order(spec) for spec in specs), start_us)
    for number, away_m in enumerate(reports):
        last = number == len(reports) - 1
        now_us = start_us + number * STEP_US + (GAP_US if last else 0)
        advanced = advance(state, _arrivals(specs, away_m, now_us=now_us), now_us=now_us)
        yield StepRecord(
            shard=0, step=first_step + number, now_us=now_us, at=clock.from_us(now_us), up_to={}, state="bench",
            messages=advanced.messages if keep_fixes or last else (), judgements=advanced.judgements, poisons=(),
            live_orders=(),
        )  # fmt: skip


def _arrivals(specs: Sequence[dict[str, Any]], away_m: float, *, now_us: int) -> list[Any]:
    """Both devices of each order report: she is at home, he is so far north of her."""
    from aralyk.monitor.intake import Arrival, Position

    arrivals: list[Any] = []
    for spec in specs:
        lat, lon = _home_of(spec)
        parties = ((spec["protected"][0], lat), (spec["respondent"], lat + away_m / METRES_PER_DEGREE))
        for party, here_lat in parties:
            position = Position("position/bench", 1, len(arrivals))
            frame = _frame(party["devices"][0]["id"], here_lat, lon, received_us=now_us)
            arrivals.append(Arrival(now_us, 0, position, frame))
    return arrivals


def _frame(device: str, lat: float, lon: float, *, received_us: int) -> Any:
    from aralyk.tracking.arrivals import Frame, Message

    message = Message(
        fixed_at=clock.from_us(received_us - 1_000_000), lat=lat, lon=lon, valid=True, accuracy_m=12.0,
        source="gnss", speed_mps=1.2, heading_deg=90.0, battery_pct=80.0, charging=False,
    )  # fmt: skip
    return Frame(device=device, received_at=clock.from_us(received_us), messages=[message])


def _home_of(spec: dict[str, Any]) -> tuple[float, float]:
    """A place for each order that depends on its id alone: within the copies of the city."""
    number = UUID(spec["order_id"]).int
    lat = 40.0 + number % 9973 / 9973 * GRID * APART_DEG
    return lat, 72.0 + number % 9967 / 9967 * GRID * APART_DEG


def _orders() -> list[Any]:
    from aralyk.orders.models import Order

    return list(Order.objects.select_related("respondent").order_by("number"))


def _specs(orders: Sequence[UUID]) -> list[dict[str, Any]]:
    from django.db.models import F

    from aralyk.orders.models import OrderVersion

    current = OrderVersion.objects.filter(order__in=orders, version=F("order__current_version"))
    return [version.spec for version in current.order_by("order__number")]


def _copy_orders(numbers: Iterable[int]) -> list[UUID]:
    """Copy the pilot's orders; returns the ids of the copies."""
    from django.db import transaction

    originals = _originals()
    copies = [_Copy(originals[number % len(originals)], number) for number in numbers]
    with transaction.atomic():
        for rows in zip(*(each.rows() for each in copies), strict=True):
            same_kind = [row for several in rows for row in several]
            type(same_kind[0]).objects.bulk_create(same_kind, batch_size=BATCH)
    return [each.order_id for each in copies]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Original:
    """One of the pilot's orders with everything that hangs on it."""

    order: Any
    protected: Any
    version: Any
    conditions: list[Any]
    assignments: list[Any]


def _originals() -> list[_Original]:
    from aralyk.orders.models import Condition

    found = []
    for order in _orders()[: _pilot_pairs()]:
        version = order.versions.get(version=order.current_version)
        found.append(
            _Original(
                order=order,
                protected=order.protected_persons.get(),
                version=version,
                conditions=list(Condition.objects.filter(order_version=version).order_by("pk")),
                assignments=list(order.assignments.select_related("device").order_by("pk")),
            )
        )
    return found


def _pilot_pairs() -> int:
    from aralyk.simulator.pilot import PAIRS

    return PAIRS


class _Copy:
    """The rows of one more order like an original."""

    def __init__(self, original: _Original, number: int) -> None:
        self._original = original
        self._number = number
        self.order_id = uuid4()
        self._respondent_id = uuid4()
        self._protected_id = uuid4()
        self._version = _like(original.version, order_id=self.order_id, version=1)
        self._version.spec = self._spec()

    def rows(self) -> Iterator[list[Any]]:
        """By table, parents first."""
        from aralyk.orders.models import Order
        from aralyk.simulator.roster import respondent_name

        order = self._original.order
        name = respondent_name(self._number + 1)
        yield [_like(order.respondent, pk=self._respondent_id, name=name)]
        yield [_like(self._original.protected, pk=self._protected_id, code=f"K{self._number:05d}")]
        yield [
            _like(order, pk=self.order_id, number=f"УЧЕБ-К{self._number:05d}", respondent_id=self._respondent_id,
                  current_version=1)
        ]  # fmt: skip
        yield [Order.protected_persons.through(order_id=self.order_id, protectedperson_id=self._protected_id)]
        yield [self._version]
        yield [
            _like(row, order_version=self._version, parameters=self._parameters(row.parameters))
            for row in self._original.conditions
        ]
        yield [
            _like(worn.device, pk=self._device_id(worn.party), secret_hash=None) for worn in self._original.assignments
        ]
        yield [
            _like(worn, order_id=self.order_id, device_id=self._device_id(worn.party), person=self._person(worn.party))
            for worn in self._original.assignments
        ]

    def _spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = copy.deepcopy(self._original.version.spec)
        spec |= {"order_id": str(self.order_id), "version": 1}
        spec["conditions"] = [self._parameters(condition) for condition in spec["conditions"]]
        spec["protected"][0]["id"] = str(self._protected_id)
        spec["protected"][0]["devices"][0]["id"] = self._device_id("protected")
        spec["respondent"]["devices"][0]["id"] = self._device_id("respondent")
        return spec

    def _parameters(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Of a condition, with her own id and her own zone."""
        changed = dict(parameters)
        if "protected" in changed:
            changed["protected"] = str(self._protected_id)
        if "shape" in changed:
            turn = self._number // _pilot_pairs()
            north, east = APART_DEG * (turn % GRID), APART_DEG * (turn // GRID)
            rings = changed["shape"]["coordinates"]
            moved = [[[round(lon + east, 6), round(lat + north, 6)] for lon, lat in ring] for ring in rings]
            changed["shape"] = {**changed["shape"], "coordinates": moved}
        return changed

    def _device_id(self, party: str) -> str:
        return f"copy-{self._number:06d}-{party[0]}"

    def _person(self, party: str) -> UUID:
        return self._respondent_id if party == "respondent" else self._protected_id


def _like(row: Any, **changes: Any) -> Any:
    """A new row with the values of another, but for these; its key is made anew unless it is among them."""
    values = {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key
    }
    for name in changes:
        values.pop(f"{name}_id", None)
    return type(row)(**(values | changes))


_ANSWERED: Final = """
    WITH waiting AS (
        SELECT id FROM incidents_incident WHERE status <> 'closed' ORDER BY raised_at DESC, number DESC OFFSET %(kept)s
    ), closed AS (
        UPDATE incidents_incident SET status = 'closed', shown_at = raised_at + interval '2 s',
            acknowledged_at = raised_at + interval '20 s', acknowledged_by_id = %(by)s,
            closed_at = raised_at + interval '5 min', closed_by_id = %(by)s, outcome = 'no_pursuit',
            close_reason = 'both were called; he left the area'
        WHERE id IN (SELECT id FROM waiting)
        RETURNING id, raised_at
    )
    INSERT INTO incidents_incidentevent (incident_id, at, kind, by_id, text, data)
    SELECT id, raised_at + after, kind, %(by)s, '', '{}'
    FROM closed, (VALUES ('shown', interval '2 s'), ('acknowledged', interval '20 s'), ('closed', interval '5 min'))
        AS moment (kind, after)
"""


def _answer_all_but(kept: int) -> None:
    from aralyk.database import Role, connect

    with connect(Role.OWNER) as connection:
        rows = connection.execute("SELECT id FROM access_user WHERE username = 'operator'").fetchall()
        connection.execute(_ANSWERED, {"kept": kept, "by": rows[0][0]})


def _analyze() -> None:
    """What autovacuum does within minutes in a database that grows by itself."""
    from aralyk.database import Role, connect

    with connect(Role.OWNER, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _count(rows: str) -> int:
    from aralyk.database import Role, connect

    with connect(Role.OWNER) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])
