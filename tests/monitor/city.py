"""One order and its devices for the monitor's tests: rows as the domain writes them, lines as the gateway does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from aralyk import clock
from aralyk.database import Role
from aralyk.tracking import log
from aralyk.tracking.log import Lane
from tests.conftest import Database

DISTRICT = "oktyabr"
METRES_PER_DEGREE = 111_000.0
HOME_LAT, HOME_LON = 42.87, 74.59


@dataclass(slots=True, kw_only=True)
class Order:
    """An order with one device on either side, proximity 500 m, warning ring 1000 m."""

    id: UUID = field(default_factory=uuid4)
    his: str
    hers: str
    starts_at: datetime
    expires_at: datetime
    interval_s: int = 15
    version: int = 1
    distance_m: int = 500

    def spec(self) -> dict[str, Any]:
        """The ORDER of docs/reference."""
        return {
            "order_id": str(self.id),
            "starts_at": clock.iso(self.starts_at),
            "expires_at": clock.iso(self.expires_at),
            "timezone": "Asia/Bishkek",
            "threat_level": "high",
            "version": self.version,
            "respondent": {"devices": [{"id": self.his, "kind": "bracelet", "interval_s": self.interval_s}]},
            "protected": [{"id": "p1", "devices": [{"id": self.hers, "kind": "phone", "interval_s": self.interval_s}]}],
            "conditions": [
                {
                    "id": "c1",
                    "kind": "proximity",
                    "protected": "p1",
                    "distance_m": self.distance_m,
                    "warning_m": 2 * self.distance_m,
                }
            ],
        }


class City:
    """Writes what the console and the gateway would write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._orders = 0
        self.gateway: psycopg.Connection[tuple[Any, ...]] = database.connect(Role.GATEWAY, autocommit=True)
        self.console: psycopg.Connection[tuple[Any, ...]] = database.connect(Role.CONSOLE, autocommit=True)

    def close(self) -> None:
        """Close its connections."""
        self.gateway.close()
        self.console.close()

    def order(
        self, *, starts_before: timedelta = timedelta(seconds=20), interval_s: int = 15, tell: bool = True
    ) -> Order:
        """Register an order in force, with its people and devices; tell the engine."""
        self._orders += 1
        order = Order(
            his=f"bracelet-{self._orders}",
            hers=f"phone-{self._orders}",
            starts_at=clock.now() - starts_before,
            expires_at=clock.now() + timedelta(days=30),
            interval_s=interval_s,
        )
        self._register(order)
        if tell:
            self.tell_order(order, at=order.starts_at)
        return order

    def _register(self, order: Order) -> None:
        from aralyk.devices.models import Assignment, Device
        from aralyk.orders.models import Order as OrderRow
        from aralyk.people.models import ProtectedPerson, Respondent

        respondent = Respondent.objects.create(name="Synthetic", residence_district=DISTRICT, synthetic=True)
        person = ProtectedPerson.objects.create(code=f"P-{self._orders}", synthetic=True)
        row = OrderRow.objects.create(
            id=order.id,
            number=f"T-{self._orders}",
            jurisdiction="KG",
            legal_basis="police_temporary",
            respondent=respondent,
            district=DISTRICT,
            threat="high",
            issued_at=order.starts_at,
            starts_at=order.starts_at,
            expires_at=order.expires_at,
            current_version=1,
            synthetic=True,
        )
        for device_id, kind, party, who in (
            (order.his, "bracelet", "respondent", respondent.pk),
            (order.hers, "phone", "protected", person.pk),
        ):
            device = Device.objects.create(
                id=device_id, kind=kind, protocol="osmand", interval_s=order.interval_s, synthetic=True
            )
            Assignment.objects.create(
                device=device, order=row, party=party, person=who, reason="test", since=order.starts_at
            )

    def tell_order(self, order: Order, *, at: datetime | None = None) -> None:
        """The control line of an order."""
        self.control({"type": "order", "order": order.spec(), "version": order.version}, at=at)

    def control(self, content: dict[str, Any], *, at: datetime | None = None) -> None:
        """Any control line."""
        at = at or clock.now()
        line = log.control_line(content, received_at_us=clock.to_us(at))
        self.write("control/c", [line], at=at, connection=self.console)

    def fix(
        self,
        device: str,
        *,
        north_m: float = 0.0,
        at: datetime | None = None,
        fixed_at: datetime | None = None,
        lane: Lane = Lane.POSITION,
        **said: Any,
    ) -> None:
        """One fix, `north_m` metres north of home; received and taken at `at`."""
        at = at or clock.now()
        self.write(
            f"{lane}/g1", [self.line(device, north_m=north_m, at=at, fixed_at=fixed_at, lane=lane, **said)], at=at
        )

    def line(
        self,
        device: str,
        *,
        north_m: float = 0.0,
        at: datetime,
        fixed_at: datetime | None = None,
        lane: Lane = Lane.POSITION,
        **said: Any,
    ) -> bytes:
        """The frame line of one fix."""
        message: dict[str, Any] = {
            "accuracy_m": 5.0,
            "fixed_at": clock.iso(fixed_at or at),
            "lat": HOME_LAT + north_m / METRES_PER_DEGREE,
            "lon": HOME_LON,
            "source": "gnss",
            "valid": True,
        }
        message |= said
        return log.frame_line(
            raw=b"raw",
            lane=lane,
            messages=[{name: value for name, value in message.items() if value is not None}],
            protocol="osmand",
            received_at_us=clock.to_us(at),
            device=device,
        )

    def write(
        self,
        stream: str,
        lines: list[bytes],
        *,
        at: datetime,
        connection: psycopg.Connection[tuple[Any, ...]] | None = None,
    ) -> int:
        """One batch."""
        with (connection or self.gateway).transaction(), (connection or self.gateway).cursor() as cursor:
            return log.append(cursor, stream=stream, lines=lines, received_at=at, by="system:gateway")

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What is in the database, asked as its owner."""
        with self._database.connect(Role.OWNER) as connection:
            return connection.execute(query, parameters).fetchall()

    def alarms(self) -> list[tuple[str, str]]:
        """Components and states of the platform's alarms, oldest first."""
        return [(row[0], row[1]) for row in self.rows("SELECT component, state FROM platform_alarm ORDER BY id")]

    def witnessed(self, kind: str) -> list[dict[str, Any]]:
        """The data of all witnesses of a kind, oldest first."""
        found = self.rows("SELECT body FROM evidence_entry WHERE kind = %s ORDER BY id", kind)
        return [json.loads(bytes(body))["data"] for (body,) in found]
