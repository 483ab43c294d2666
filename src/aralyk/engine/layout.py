"""Where an order's rows lie in the shard's arrays, and what stays of them when the order changes.

An order's devices and conditions are contiguous rows. A new version gets new rows at the end; what is known of
a device (same id, same party) and of a condition (same id, kind and person) is copied over. Former rows are
never read again, but for the open tamper of a removed device, which only staff may close.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from aralyk.engine import policy, records
from aralyk.engine.plan import ConditionPlan, OrderPlan
from aralyk.engine.records import Rows

TABLES: Final = {
    "cases": records.CASE,
    "due": records.DUE,
    "devices": records.DEVICE,
    "rings": records.RING,
    "conditions": records.CONDITION,
    "edges": records.EDGE,
    "slots": records.SLOT,
    "device_episodes": records.EPISODE,
    "condition_episodes": records.EPISODE,
}
_BLANK_DEVICE: Final = records.blank_device()
_BLANK_EPISODES: Final = records.blank_episodes(records.DEVICE_EPISODES)


class Table:
    """A structured array that grows by doubling; `rows` is the part in use."""

    def __init__(self, dtype: np.dtype[np.void], rows: Rows | None = None) -> None:
        self._room: Rows = np.zeros(0, dtype) if rows is None else rows
        self.size = self._room.size

    @property
    def rows(self) -> Rows:
        """The rows in use: a view, good until the next `extend`."""
        return self._room[: self.size]

    def extend(self, count: int) -> int:
        """Add zeroed rows; return the first one's index."""
        first = self.size
        self.size += count
        if self.size > self._room.size:
            room = np.zeros(max(self.size, 2 * self._room.size, 16), self._room.dtype)
            room[:first] = self._room[:first]
            self._room = room
        return first


class Layout:
    """The arrays with the ids that belong to their rows."""

    def __init__(self) -> None:
        """Start without any order."""
        self.tables = {name: Table(dtype) for name, dtype in TABLES.items()}
        self.plans: list[OrderPlan] = []
        self.case_of: dict[str, int] = {}
        self.device_ids: list[str] = []
        self.condition_ids: list[str] = []
        self.rows_of: dict[str, tuple[int, ...]] = {}
        self.former: dict[str, tuple[int, ...]] = {}

    def rows(self, name: str) -> Rows:
        """The rows in use of one table."""
        return self.tables[name].rows

    def add(self, plan: OrderPlan, at_us: int) -> int:
        """Place a new order; return its case."""
        case = self.tables["cases"].extend(1)
        self.tables["due"].extend(1)
        self.plans.append(plan)
        self.case_of[plan.order_id] = case
        self._place(case, plan, at_us, None)
        return case

    def change(self, case: int, plan: OrderPlan, at_us: int) -> None:
        """Place a new version of an order, copying what remains."""
        former = self.plans[case]
        self._forget(case, plan)
        self.plans[case] = plan
        self._place(case, plan, at_us, former)

    def device_rows(self, case: int) -> range:
        """Rows of a case's devices, in the plan's order."""
        k = self.rows("cases")[case]
        return range(int(k["device_from"]), int(k["device_to"]))

    def condition_rows(self, case: int) -> range:
        """Rows of a case's conditions, in the plan's order."""
        k = self.rows("cases")[case]
        return range(int(k["condition_from"]), int(k["condition_to"]))

    def index_devices(self, rows: Iterable[int]) -> None:
        """Make rows findable by their device's id."""
        for row in rows:
            device = self.device_ids[row]
            self.rows_of[device] = (*self.rows_of.get(device, ()), row)

    def removed_devices(self, case: int, plan: OrderPlan) -> list[int]:
        """Rows of devices that the new plan does not have in the same party."""
        remaining = {(d.id, plan.parties[d.party]) for d in plan.devices}
        former = self.plans[case]
        pairs = zip(self.device_rows(case), former.devices, strict=True)
        return [row for row, d in pairs if (d.id, former.parties[d.party]) not in remaining]

    def removed_conditions(self, case: int, plan: OrderPlan) -> list[int]:
        """Rows of conditions that the new plan does not have with the same kind and person."""
        remaining = {_condition_key(c, plan) for c in plan.conditions}
        former = self.plans[case]
        pairs = zip(self.condition_rows(case), former.conditions, strict=True)
        return [row for row, c in pairs if _condition_key(c, former) not in remaining]

    def _forget(self, case: int, plan: OrderPlan) -> None:
        tampered = 1 << records.TAMPER
        removed = set(self.removed_devices(case, plan))
        for row in self.device_rows(case):
            device = self.device_ids[row]
            self.rows_of[device] = tuple(r for r in self.rows_of[device] if r != row)
            if not self.rows_of[device]:
                del self.rows_of[device]
            if row in removed and self.rows("devices")[row]["open"] & tampered:
                self.former[device] = (*self.former.get(device, ()), row)

    def _place(self, case: int, plan: OrderPlan, at_us: int, former: OrderPlan | None) -> None:
        k = self.rows("cases")[case]
        known_devices, known_conditions = {}, {}
        if former is not None:
            rows = self.device_rows(case)
            known_devices = {(d.id, former.parties[d.party]): r for r, d in zip(rows, former.devices, strict=True)}
            pairs = zip(self.condition_rows(case), former.conditions, strict=True)
            known_conditions = {_condition_key(c, former): r for r, c in pairs}
        first_device = self._place_devices(case, plan, known_devices)
        first_condition = self._place_conditions(case, plan, at_us, known_conditions)
        live = former is not None and k["life"] == records.LIVE
        k["starts_us"] = min(plan.starts_us, int(k["starts_us"])) if live else plan.starts_us
        k["expires_us"] = plan.expires_us
        k["life"] = records.LIVE if live else records.PENDING
        k["event_us"] = at_us
        k["device_from"] = first_device
        k["protected_from"] = first_device + sum(d.party == 0 for d in plan.devices)
        k["device_to"] = first_device + len(plan.devices)
        k["condition_from"] = first_condition
        k["condition_to"] = first_condition + len(plan.conditions)
        k["threat"] = plan.threat
        self.rows("due")[case]["due_us"] = 0
        if live:
            for row in self.condition_rows(case):
                c = self.rows("conditions")[row]
                c["active"] = c["always"]

    def _place_devices(self, case: int, plan: OrderPlan, known: dict[tuple[str, str], int]) -> int:
        count = len(plan.devices)
        first = self.tables["devices"].extend(count)
        self.tables["rings"].extend(count * policy.RING_FIXES)
        self.tables["device_episodes"].extend(count * records.DEVICE_EPISODES)
        devices, rings, episodes = self.rows("devices"), self.rows("rings"), self.rows("device_episodes")
        for row, device in enumerate(plan.devices, first):
            old = known.get((device.id, plan.parties[device.party]))
            if old is None:
                devices[row] = _BLANK_DEVICE[0]
                episodes[_span(row, records.DEVICE_EPISODES)] = _BLANK_EPISODES
            else:
                devices[row] = devices[old]
                rings[_span(row, policy.RING_FIXES)] = rings[_span(old, policy.RING_FIXES)]
                episodes[_span(row, records.DEVICE_EPISODES)] = episodes[_span(old, records.DEVICE_EPISODES)]
            d = devices[row]
            d["case"] = case
            d["party"] = device.party
            d["interval_us"] = device.interval_us
            self.device_ids.append(device.id)
        self.index_devices(range(first, first + count))
        return first

    def _place_conditions(self, case: int, plan: OrderPlan, at_us: int, known: dict[tuple[str, int, str], int]) -> int:
        count = len(plan.conditions)
        first = self.tables["conditions"].extend(count)
        self.tables["condition_episodes"].extend(count)
        for row, condition in enumerate(plan.conditions, first):
            old = known.get(_condition_key(condition, plan))
            episodes = self.rows("condition_episodes")
            episodes[row] = _BLANK_EPISODES[0] if old is None else episodes[old]
            self._place_condition(row, case, condition, at_us)
            self.condition_ids.append(condition.id)
        return first

    def _place_condition(self, row: int, case: int, condition: ConditionPlan, at_us: int) -> None:
        c = self.rows("conditions")[row]
        c["case"] = case
        c["kind"] = condition.kind
        c["party"] = condition.party
        c["distance_m"] = condition.distance_m
        c["warning_m"] = condition.warning_m
        c["always"] = 1 if condition.intervals_us is None else 0
        intervals = condition.intervals_us or ()
        c["slot_from"] = self.tables["slots"].extend(len(intervals))
        c["slot_to"] = c["slot_from"] + len(intervals)
        c["slot_at"] = c["slot_from"] + sum(ends <= at_us for _, ends in intervals)
        for slot, (begins, ends) in enumerate(intervals, int(c["slot_from"])):
            self.rows("slots")[slot] = (begins, ends)
        if condition.area is None:
            return
        area = condition.area
        c["circle"] = 0 if area.edges else 1
        c["lat"], c["lon"], c["east_m"], c["north_m"] = area.lat, area.lon, area.east_m, area.north_m
        c["bound_m"] = area.bound_m
        c["edge_from"] = self.tables["edges"].extend(len(area.edges))
        c["edge_to"] = c["edge_from"] + len(area.edges)
        if area.edges:
            self.rows("edges")[int(c["edge_from"]) :] = np.array(list(area.edges), records.EDGE)


def _span(row: int, width: int) -> slice:
    return slice(row * width, (row + 1) * width)


def _condition_key(condition: ConditionPlan, plan: OrderPlan) -> tuple[str, int, str]:
    return condition.id, condition.kind, plan.parties[condition.party]
