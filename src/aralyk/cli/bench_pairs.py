"""The people of `aralyk bench path`: pairs on a wide grid, each with an order, a phone on either side, and a script.

Most respondents stay 3 km away. Every fourth comes near while the clock runs, in steps that a car makes in 15 s; that
opens one incident, whose way from the socket to the live stream is measured. Nothing here knows the engine.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from psycopg import sql

from aralyk import clock
from aralyk.database import Role, connect
from aralyk.tracking import log

DISTANCE_M: Final = 500.0
APPROACHING_EVERY: Final = 4
# Distance in metres at a respondent's first, second … record; he stays at the last.
APPROACH_M: Final = (1500.0, 1100.0, 650.0, 250.0, 100.0)
AWAY_M: Final = 3000.0
METRES_PER_DEGREE: Final = 111_195.0
JURISDICTION: Final = "KG"  # an incident of an order without a pack would end the jobs process
_LINES: Final = 500  # control lines in one batch
_NAMESPACE: Final = uuid.UUID("8d7f3f43-5f0b-4a83-9d4c-7f4f4d1c2b10")


def device_id(index: int) -> str:
    """Even: a respondent's phone; odd: the protected person's of the same pair."""
    return f"bench-{index}"


def secret(index: int) -> str:
    """What the phone's address ends with."""
    return f"bench-secret-{index}"


def order_id(pair: int) -> uuid.UUID:
    """The pair's order."""
    return uuid.uuid5(_NAMESPACE, str(pair))


def place(index: int, record: int, *, approaching: bool) -> tuple[float, float]:
    """Where a phone is at its n-th record: latitude, longitude."""
    pair = index // 2
    lat, lon = 40.0 + (pair // 200) * 0.1, 60.0 + (pair % 200) * 0.15
    if index % 2:
        return lat, lon
    near = approaching and pair % APPROACHING_EVERY == 0
    away_m = APPROACH_M[min(record, len(APPROACH_M) - 1)] if near else AWAY_M
    return lat + away_m / METRES_PER_DEGREE, lon


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One device of a pair as it is registered."""

    id: str
    protocol: str
    secret_hash: bytes | None


def phones(pairs: int) -> list[Carried]:
    """The phones of pairs, in their order."""
    return [
        Carried(id=device_id(n), protocol="osmand", secret_hash=hashlib.sha256(secret(n).encode()).digest())
        for n in range(2 * pairs)
    ]


def seed(pairs: int, *, interval_s: int, devices: Sequence[Carried] | None = None) -> None:
    """Put the pairs into the register and their orders into the log, as the owner and in few statements.

    Args:
        pairs: How many.
        interval_s: Of every device.
        devices: Two for each pair, his first; those beyond are registered and carried by nobody. None: phones.
    """
    devices = phones(pairs) if devices is None else devices
    at = clock.now()
    starts_at, expires_at = at, at + timedelta(days=1)
    respondent = uuid.uuid5(_NAMESPACE, "respondent")
    orders = [(order_id(pair), f"BENCH-{pair}") for pair in range(pairs)]
    with connect(Role.OWNER) as connection, connection.cursor() as cursor:
        _copy(
            cursor,
            "people_respondent",
            {
                "name": "Synthetic",
                "language": "ru",
                "residence_district": "bench",
                "weapons": "unknown",
                "synthetic": True,
            },
            ("id",),
            [(respondent,)],
        )
        _copy(
            cursor,
            "orders_order",
            {
                "jurisdiction": JURISDICTION,
                "legal_basis": "bench",
                "respondent_id": respondent,
                "district": "bench",
                "threat": "medium",
                "statements": "{}",
                "circumstances": "{}",
                "issued_at": at,
                "starts_at": starts_at,
                "expires_at": expires_at,
                "ended_reason": "",
                "current_version": 1,
                "synthetic": True,
            },
            ("id", "number"),
            orders,
        )
        _copy(
            cursor,
            "devices_device",
            {
                "kind": "phone",
                "model": "",
                "interval_s": interval_s,
                "trust": "secret",
                "active": True,
                "synthetic": True,
            },
            ("id", "protocol", "secret_hash"),
            [(device.id, device.protocol, device.secret_hash) for device in devices],
        )
        _copy(cursor, "devices_assignment",
              {"reason": "bench", "since": starts_at},
              ("device_id", "order_id", "party", "person"),
              [(devices[n].id, order_id(n // 2), "protected" if n % 2 else "respondent", uuid.uuid4())
               for n in range(2 * pairs)])  # fmt: skip
        _tell_engine(cursor, pairs, devices, interval_s=interval_s, starts_at=starts_at, expires_at=expires_at)


def _copy(
    cursor: Any, table: str, same: dict[str, object], names: tuple[str, ...], rows: Sequence[tuple[object, ...]]
) -> None:
    """Insert rows that agree in all but a few columns."""
    columns = sql.SQL(", ").join(map(sql.Identifier, (*names, *same)))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row((*row, *same.values()))


def _tell_engine(
    cursor: Any, pairs: int, carried: Sequence[Carried], *, interval_s: int, starts_at: datetime, expires_at: datetime
) -> None:
    term = {"starts_at": clock.iso(starts_at), "expires_at": clock.iso(expires_at.astimezone(UTC))}
    for first in range(0, pairs, _LINES):
        now = clock.now()
        lines = [
            log.control_line(
                {"type": "order", "version": 1, "order": _order(pair, carried, interval_s=interval_s) | term},
                received_at_us=clock.to_us(now),
            )
            for pair in range(first, min(first + _LINES, pairs))
        ]
        log.append(cursor, stream="control/c", lines=lines, received_at=now, by="system:bench")


def _order(pair: int, carried: Sequence[Carried], *, interval_s: int) -> dict[str, Any]:
    def devices(index: int) -> list[dict[str, object]]:
        return [{"id": carried[index].id, "kind": "phone", "interval_s": interval_s}]

    return {
        "order_id": str(order_id(pair)),
        "version": 1,
        "timezone": "Asia/Bishkek",
        "threat_level": "medium",
        "respondent": {"devices": devices(2 * pair)},
        "protected": [{"id": "p", "devices": devices(2 * pair + 1)}],
        "conditions": [{"id": "c", "kind": "proximity", "protected": "p", "distance_m": DISTANCE_M, "warning_m": None}],
    }
