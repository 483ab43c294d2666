"""Whose district an order is, which orders a device stands in, and until when: for maps, never for a decision."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import psycopg

from aralyk import clock
from aralyk.tracking.projection import Term

Cursor = psycopg.Cursor[tuple[Any, ...]]


class Directory:
    """A copy of the registry in memory, read again when somebody changed it."""

    def __init__(self) -> None:
        self._orders_of: dict[str, list[str]] = {}
        self._district_of: dict[str, str] = {}
        self._terms: dict[str, Term] = {}

    @property
    def terms(self) -> Mapping[str, Term]:
        """From when to when places may be kept, by device in an order."""
        return self._terms

    def refresh(self, cursor: Cursor) -> None:
        """Read the orders with the devices that are assigned in them."""
        cursor.execute("SELECT id::text, district FROM orders_order")
        self._district_of = dict(cursor.fetchall())
        cursor.execute(
            "SELECT a.device_id, o.id::text, greatest(o.starts_at, s.until_at), least(o.expires_at, o.ended_at)"
            " FROM devices_assignment a JOIN orders_order o ON o.id = a.order_id"
            # Nothing is collected on an order while it is suspended.
            " LEFT JOIN LATERAL (SELECT max(until_at) AS until_at FROM orders_suspension WHERE order_id = o.id"
            "   AND begun_at IS NOT NULL AND resumed_at IS NULL AND until_at > %s) s ON true"
            " WHERE a.until IS NULL",
            (clock.now(),),
        )
        self._orders_of, self._terms = {}, {}
        for device, order_id, starts_at, ends_at in cursor.fetchall():
            self._orders_of.setdefault(device, []).append(order_id)
            term = Term(clock.to_us(starts_at), clock.to_us(ends_at))
            other = self._terms.get(device, term)
            self._terms[device] = Term(min(term.from_us, other.from_us), max(term.until_us, other.until_us))

    def orders_of(self, device: str) -> list[str]:
        """The orders that a device stands in."""
        return self._orders_of.get(device, [])

    def districts_of(self, cursor: Cursor, order_ids: Collection[str]) -> dict[str, str]:
        """Districts of the orders that exist."""
        if any(order_id not in self._district_of for order_id in order_ids):
            self.refresh(cursor)
        return {order_id: self._district_of[order_id] for order_id in order_ids if order_id in self._district_of}
