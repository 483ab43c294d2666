"""Where an order's rows lie in the shard's arrays, and what stays of them when the order changes.

An order's devices and conditions are contiguous rows. A new version gets new rows at the end; what is known of
a device (same id, same party) and of a condition (same id, kind and person) is copied over. Former rows are
never read again, but for the open tamper of a removed device, which only staff may close. Once a table is more
dead than alive all tables are written anew without the dead rows, so memory follows the orders, not their versions.
No row names a row of another table but those that `_compact` renumbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

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
WASTE_MAX: Final = 1024
"""Dead rows of a table that are not worth the copying, however few are alive."""
_HANDED_OVER: Final = ("came_us", "apart_us", "found", "far_m")
"""What a hand-over remembers beside its episode; who is silent is told anew, for devices may have changed."""
_BLANK_DEVICE: Final = records.blank_device()
_BLANK_EPISODES: Final = records.blank_episodes(records.DEVICE_EPISODES)


class Table:
    """A structured array that grows by doubling; `rows` is the part in use."""

    def __init__(self, dtype: np.dtype[np.void], rows: Rows | None = None) -> None:
        self._room: Rows = np.zeros(0, dtype) if rows is None else rows
        self.size = self._room.size

    @property
    def dtype(self) -> np.dtype[np.void]:
        """The form of a row."""
        return self._room.dtype

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
        self.alive = dict.fromkeys(("devices", "conditions", "edges", "slots"), 0)

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
        self._count(former, -1)
        self._place(case, plan, at_us, former)
        if any(self.tables[name].size > 2 * alive + WASTE_MAX for name, alive in self.alive.items()):
            self._compact()

    def rename(self, case: int, plan: OrderPlan) -> None:
        """Take a version that says the same: nothing moves."""
        self.plans[case] = plan

    def forget_former(self, device: str) -> None:
        """Let go of the rows of a removed device whose tamper staff have cleared."""
        self.alive["devices"] -= len(self.former.pop(device, ()))

    def count_all(self) -> None:
        """Count the living rows anew, after the tables were read from a snapshot."""
        self.alive = dict.fromkeys(self.alive, 0)
        for plan in self.plans:
            self._count(plan, 1)
        self.alive["devices"] += sum(map(len, self.former.values()))

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
        cases = self.rows("devices")["case"]
        for row in rows:
            device = self.device_ids[row]
            known = self.rows_of.get(device)
            # By case: the same order whatever became of the orders, so that a restored state goes on alike.
            self.rows_of[device] = (row,) if known is None else tuple(sorted((*known, row), key=cases.__getitem__))

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
                self.alive["devices"] += 1

    def _count(self, plan: OrderPlan, sign: int) -> None:
        self.alive["devices"] += sign * len(plan.devices)
        self.alive["conditions"] += sign * len(plan.conditions)
        self.alive["edges"] += sign * sum(len(c.area.edges) for c in plan.conditions if c.area is not None)
        self.alive["slots"] += sign * sum(len(c.intervals_us or ()) for c in plan.conditions)

    def _compact(self) -> None:
        """Write all tables anew without dead rows, and renumber what names a row."""
        cases = self.rows("cases")
        former = [row for _, rows in sorted(self.former.items()) for row in rows]
        devices = np.concatenate([_ranges(cases["device_from"], cases["device_to"]), np.array(former, np.int64)])
        conditions = _ranges(cases["condition_from"], cases["condition_to"])
        place = np.zeros(self.tables["devices"].size, np.int64)
        place[devices] = np.arange(devices.size)
        self._keep("devices", devices, 1)
        self._keep("rings", devices, policy.RING_ROWS)
        self._keep("device_episodes", devices, records.DEVICE_EPISODES)
        self._keep("conditions", conditions, 1)
        self._keep("condition_episodes", conditions, 1)
        kept = self.rows("conditions")
        at = kept["slot_at"] - kept["slot_from"]
        for table, begins, ends in (("edges", "edge_from", "edge_to"), ("slots", "slot_from", "slot_to")):
            self._keep(table, _ranges(kept[begins], kept[ends]), 1)
            _renumber(kept, begins, ends)
        kept["slot_at"] = kept["slot_from"] + at
        owned = cases["protected_from"] - cases["device_from"]
        _renumber(cases, "device_from", "device_to")
        _renumber(cases, "condition_from", "condition_to")
        cases["protected_from"] = cases["device_from"] + owned
        self.device_ids = [self.device_ids[row] for row in devices.tolist()]
        self.condition_ids = [self.condition_ids[row] for row in conditions.tolist()]
        self.rows_of = {device: tuple(place[list(rows)].tolist()) for device, rows in self.rows_of.items()}
        self.former = {device: tuple(place[list(rows)].tolist()) for device, rows in self.former.items()}

    def _keep(self, name: str, rows: npt.NDArray[np.int64], width: int) -> None:
        table = self.tables[name]
        self.tables[name] = Table(table.dtype, table.rows.reshape(-1, width)[rows].reshape(-1))

    def _place(self, case: int, plan: OrderPlan, at_us: int, former: OrderPlan | None) -> None:
        k = self.rows("cases")[case]
        known_devices, known_conditions = {}, {}
        if former is not None:
            rows = self.device_rows(case)
            known_devices = {(d.id, former.parties[d.party]): r for r, d in zip(rows, former.devices, strict=True)}
            pairs = zip(self.condition_rows(case), former.conditions, strict=True)
            known_conditions = {_condition_key(c, former): r for r, c in pairs}
        self._count(plan, 1)
        first_device = self._place_devices(case, plan, at_us, known_devices)
        first_condition = self._place_conditions(case, plan, at_us, known_conditions)
        if former is not None:
            self._renumber_leads(case, first_device, first_condition)
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

    def _renumber_leads(self, case: int, first_device: int, first_condition: int) -> None:
        """Which ring leads an incident is known by its number in the case, which a new version may have changed."""
        former = int(self.rows("cases")[case]["condition_from"])
        ids = self.condition_ids
        for table, first in (
            ("device_episodes", first_device * records.DEVICE_EPISODES), ("condition_episodes", first_condition),
        ):  # fmt: skip
            for e in self.rows(table)[first:]:
                if e["lead_condition"] < 0:
                    continue
                leader = ids[former + int(e["lead_condition"])]
                stays = leader in ids[first_condition:]
                e["lead_condition"] = ids.index(leader, first_condition) - first_condition if stays else records.UNKNOWN

    def _place_devices(self, case: int, plan: OrderPlan, at_us: int, known: dict[tuple[str, str], int]) -> int:
        count = len(plan.devices)
        first = self.tables["devices"].extend(count)
        self.tables["rings"].extend(count * policy.RING_ROWS)
        self.tables["device_episodes"].extend(count * records.DEVICE_EPISODES)
        devices, rings, episodes = self.rows("devices"), self.rows("rings"), self.rows("device_episodes")
        for row, device in enumerate(plan.devices, first):
            old = known.get((device.id, plan.parties[device.party]))
            if old is None:
                devices[row] = _BLANK_DEVICE[0]
                devices[row]["since_us"] = at_us
                episodes[_span(row, records.DEVICE_EPISODES)] = _BLANK_EPISODES
            else:
                devices[row] = devices[old]
                rings[_span(row, policy.RING_ROWS)] = rings[_span(old, policy.RING_ROWS)]
                episodes[_span(row, records.DEVICE_EPISODES)] = episodes[_span(old, records.DEVICE_EPISODES)]
            d = devices[row]
            d["case"] = case
            d["party"] = device.party
            d["kind"] = device.kind_code
            if old is None or d["attested"] != device.attested:
                d["attest_now"] = records.ATTESTED if device.attested else records.SELF_REPORTED
            d["attested"] = 1 if device.attested else 0
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
            if condition.kind == records.CHECK_IN:
                self._place_check_in(row, old, at_us)
            handovers = [c for c in plan.conditions if c.kind == records.HANDOVER]
            conditions = self.rows("conditions")
            conditions[row]["handovers"] = sum(condition.party in (c.party, c.child) for c in handovers)
            if old is not None:
                for name in _HANDED_OVER:
                    conditions[row][name] = conditions[old][name]
            self.condition_ids.append(condition.id)
        return first

    def _place_condition(self, row: int, case: int, condition: ConditionPlan, at_us: int) -> None:
        c = self.rows("conditions")[row]
        c["case"] = case
        c["kind"] = condition.kind
        c["party"] = condition.party
        c["distance_m"] = condition.distance_m
        c["warning_m"] = condition.warning_m
        c["drive_through"] = condition.drive_through
        c["always"] = 1 if condition.intervals_us is None or condition.kind == records.CHECK_IN else 0
        c["grace_us"] = condition.grace_us
        intervals = condition.intervals_us or ()
        c["slot_from"] = self.tables["slots"].extend(len(intervals))
        c["slot_to"] = c["slot_from"] + len(intervals)
        c["slot_at"] = c["slot_from"] + sum(ends <= at_us for _, ends in intervals)
        returns = condition.returns_us or (records.NEVER,) * len(intervals)
        for slot, ((begins, ends), back) in enumerate(zip(intervals, returns, strict=True), int(c["slot_from"])):
            self.rows("slots")[slot] = (begins, ends, records.NEVER, back)
        if condition.kind == records.HANDOVER:
            c["slot_at"] = c["slot_from"]
            c["child"] = condition.child
            c["mark_us"] = at_us
            c["came_us"] = c["apart_us"] = records.NEVER
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

    def _place_check_in(self, row: int, old: int | None, at_us: int) -> None:
        """Begin with the first window of which half is left, or go on: what was met or missed stays so."""
        c = self.rows("conditions")[row]
        slots = self.rows("slots")[int(c["slot_from"]) : int(c["slot_to"])]
        if old is None:
            c["slot_at"] = c["slot_from"] + np.sum(2 * (slots["to_us"] - at_us) < slots["to_us"] - slots["from_us"])
            for name in ("lapse_us", "passed_us", "failed_us"):
                c[name] = records.NEVER
            return
        was = self.rows("conditions")[old]
        for name in ("excused_us", "missed", "lapse_us", "passed_us", "failed_us"):
            c[name] = was[name]
        judged = np.maximum(slots["to_us"], c["excused_us"]) + c["grace_us"] <= at_us
        c["slot_at"] = c["slot_from"] + np.sum(judged)
        met = self.rows("slots")["met_us"][int(was["slot_from"]) : int(was["slot_to"])]
        met = met[met != records.NEVER]
        window = np.searchsorted(slots["to_us"], met, side="right")
        met, window = met[window < slots.size], window[window < slots.size]
        held = slots["from_us"][window] <= met
        slots["met_us"][window[held]] = met[held]


def _span(row: int, width: int) -> slice:
    return slice(row * width, (row + 1) * width)


def _ranges(begins: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """All numbers of all half-open ranges, one range after the other."""
    sizes = ends - begins
    starts = np.cumsum(sizes) - sizes
    shifted: npt.NDArray[np.int64] = np.arange(int(sizes.sum()), dtype=np.int64) + np.repeat(begins - starts, sizes)
    return shifted


def _renumber(rows: Rows, begins: str, ends: str) -> None:
    """Let each row's range begin where the one before ends."""
    sizes = rows[ends] - rows[begins]
    rows[ends] = np.cumsum(sizes)
    rows[begins] = rows[ends] - sizes


def _condition_key(condition: ConditionPlan, plan: OrderPlan) -> tuple[str, int, str]:
    return condition.id, condition.kind, plan.parties[condition.party]
