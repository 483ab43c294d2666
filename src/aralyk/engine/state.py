"""The engine's state: what `step` reads and changes, and the only door to the kernel.

State, input and engine version give the same decisions on every machine. Cases never touch each other, each
decision is dated by what caused it, and a step sorts its decisions by that date, so neither the way a batch was
split nor which cases share a shard changes what is decided. Arrays grow by doubling; rows of former versions of
orders are left behind and taken away from time to time (`Layout`).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Self

import numpy as np

from aralyk.engine import layout, loop, policy, reasons, records
from aralyk.engine.decisions import Decision, decision_of
from aralyk.engine.errors import SnapshotInvalid
from aralyk.engine.layout import Layout, Table
from aralyk.engine.observations import Observation, columns
from aralyk.engine.plan import OrderPlan, compile_order
from aralyk.engine.records import Rows
from aralyk.engine.shard import LAYOUT, Shard, door
from aralyk.engine.version import ENGINE_VERSION

MAGIC: Final = b"aralyk-engine-state\n"
TABLES: Final = tuple(name for name in layout.TABLES if name != "due")
"""Kept in a snapshot: `due` is derived (a lower bound) and starts again at 0."""


class State:
    """Everything the engine remembers of one shard. Not for concurrent use."""

    def __init__(self, *, decisions_buffer: int = policy.DECISIONS_BUFFER) -> None:
        """Start empty (as `State.empty()`).

        Args:    decisions_buffer: Raw decisions per kernel call, at least `policy.EVENT_DECISIONS`; however small,
                     nothing is lost: a full buffer is drained and the kernel goes on.
        """
        if decisions_buffer < policy.EVENT_DECISIONS:
            raise ValueError(f"decisions_buffer: expected >= {policy.EVENT_DECISIONS}, found {decisions_buffer}")
        self._layout = Layout()
        self._draft = np.zeros(1, records.DRAFT)
        self._sights = np.zeros(2, records.SIGHT)
        self._out = np.zeros(decisions_buffer, records.DECISION)
        self._counts = np.zeros(1, records.COUNTS)
        self._counts["room"] = decisions_buffer
        self._none = np.zeros(0, records.RECORD)
        self._shard: Shard | None = None
        self._door: Any = None
        self.now_us = 0
        self.ignored = 0

    @classmethod
    def empty(cls) -> Self:
        """A state that knows no order."""
        return cls()

    # --- reading ------------------------------------------------------------------------------------------

    @property
    def orders(self) -> tuple[str, ...]:
        """Ids of all orders this state knows, ended ones too."""
        return tuple(self._layout.case_of)

    def plan_of(self, order_id: str) -> OrderPlan:
        """The plan in force for an order. Raises: KeyError."""
        return self._layout.plans[self._layout.case_of[order_id]]

    def rows_of(self, device: str) -> tuple[int, ...]:
        """Rows of a device, one per order it serves; what `records.RECORD.device` names."""
        return self._layout.rows_of.get(device, ())

    @property
    def duplicates(self) -> int:
        """Repeated records that changed nothing, since this object was made."""
        return int(self._counts[0]["duplicates"])

    @property
    def unjudged(self) -> int:
        """Late places that met no history of the other party and could not be judged, since this object was made."""
        return int(self._counts[0]["unjudged"])

    @property
    def nbytes(self) -> int:
        """Bytes of all rows in use (without Python's ids and plans)."""
        return sum(table.rows.nbytes for table in self._layout.tables.values())

    def next_due_us(self) -> int:
        """A lower bound of the next moment at which time alone can cause a decision (`records.FOREVER`: never).

        A `tick` before it decides nothing, so the monitor records no step for it.
        """
        due = self._layout.rows("due")
        return int(due["due_us"].min()) if due.size else records.FOREVER

    # --- time and observations ----------------------------------------------------------------------------

    def step(self, observations: Sequence[Observation], now_us: int) -> list[Decision]:
        """Apply observations in the order of their receipt, then let time pass up to `now_us`.

        Args:    observations: Any order; equal `received_at_us` keep the given order. Unknown devices are counted
                     in `ignored`.  now_us: Microseconds since the epoch; raised to the state's own time.
        Returns: The decisions, sorted by `decided_at_us`; each is dated by its cause, never by `now_us`.
        """
        rows = []
        for seen in sorted(observations, key=_received):
            devices = self._layout.rows_of.get(seen.device)
            if devices is None:
                self.ignored += 1
                continue
            rows.extend([seen.row(device, self.heard_by(device, seen.proximity_ble)) for device in devices])
        return self.step_columns(columns(rows), now_us)

    def step_columns(self, rows: Rows, now_us: int) -> list[Decision]:
        """As `step`, for rows of `records.RECORD` (see `columns_of`) that are sorted by `received_us` already."""
        return self._decisions(self.step_raw(rows, now_us))

    def step_raw(self, rows: Rows, now_us: int) -> Rows:
        """As `step_columns`; returns raw rows of `records.DECISION`, in the order they were made."""
        # Not raised to the newest receipt: a case that was heard later is ahead by itself. The monitor hears a panic
        # before older positions of others that it has not read yet; those others must not fall silent by that.
        until = max(now_us, self.now_us)
        made = self._run(loop.APPLY, rows.size, rows)
        made += self._run(loop.PASS_TIME, self._layout.tables["due"].size, at_us=until)
        self.now_us = until
        return np.concatenate(made) if made else self._out[:0].copy()

    def tick(self, now_us: int) -> list[Decision]:
        """Let time pass: `step([], now_us)`."""
        return self.step((), now_us)

    def columns_of(self, observations: Iterable[Observation]) -> Rows:
        """The columnar form of observations for this state's devices, one row per device and order."""
        return columns(
            [
                seen.row(row, self.heard_by(row, seen.proximity_ble))
                for seen in observations
                for row in self.rows_of(seen.device)
            ]
        )

    def heard_by(self, row: int, devices: Sequence[str] | None) -> int:
        """What a record of device `row` says about the devices it hears (`records.RECORD.heard`); None: nothing."""
        if devices is None:
            return 0
        first = int(self._layout.rows("cases")[self._layout.rows("devices")[row]["case"]]["device_from"])
        mine = self._layout.device_rows(int(self._layout.rows("devices")[row]["case"]))
        heard = records.HEARD_STATED
        for device in devices:
            heard |= sum(1 << (other - first) for other in self.rows_of(device) if other in mine)
        return heard

    # --- orders and people's acts -------------------------------------------------------------------------

    def set_order(self, plan: OrderPlan, at_us: int) -> list[Decision]:
        """Take a new order, or the new version of a known one, from `at_us` on.

        What is known of devices and open episodes that remain is kept; episodes of removed or changed-kind
        conditions and devices close with their reason, but a tamper of a removed device stays open until cleared.
        """
        at = max(at_us, self.now_us)
        case = self._layout.case_of.get(plan.order_id)
        made = self._add_order(plan, at) if case is None else self._change_order(case, plan, at)
        return self._decisions(_joined(made, self._out))

    def set_orders(self, plans: Iterable[OrderPlan], at_us: int) -> list[Decision]:
        """Take many new orders at once, as `set_order` for each: one look at the clock instead of one per order.

        Raises: ValueError: An order is known already.
        """
        at = max(at_us, self.now_us)
        for plan in plans:
            if plan.order_id in self._layout.case_of:
                raise ValueError(f"order {plan.order_id} is known already: change it with set_order")
            self._layout.add(plan, at)
        self._shard = None
        return self._decisions(_joined(self._run(loop.PASS_TIME, len(self._layout.plans), at_us=at), self._out))

    def end_order(self, order_id: str, at_us: int) -> list[Decision]:
        """End an order early. Open episodes close, but panic and tamper. Raises: KeyError."""
        case = self._layout.case_of[order_id]
        at = max(at_us, self.now_us)
        made = self._pass_time_of(case, at)
        k = self._layout.rows("cases")[case]
        if k["life"] != records.ENDED:
            k["starts_us"] = min(int(k["starts_us"]), at)
            k["expires_us"] = at
            made += self._pass_time_of(case, at)
        return self._decisions(_joined(made, self._out))

    def clear_tamper(self, device: str, at_us: int) -> list[Decision]:
        """Close a device's open tampers because staff have seen to it: the only way they close."""
        at = max(at_us, self.now_us)
        made: list[Rows] = []
        for row in self._layout.rows_of.get(device, ()) + self._layout.former.get(device, ()):
            made += self._pass_time_of(int(self._layout.rows("devices")[row]["case"]), at)
            made += self._run(
                loop.CLOSE_DEVICE, 1, row=row, episode=records.TAMPER, reason=reasons.CLEARED_BY_STAFF, at_us=at
            )
        self._layout.forget_former(device)
        return self._decisions(_joined(made, self._out))

    def away(self, from_us: int, to_us: int) -> list[Decision]:
        """The platform itself could not hear from `from_us` to `to_us`: that time makes no device silent.

        What was due before the outage is decided now. For its time the clocks of silence and check-ins stand still;
        afterwards every device has at least one of its intervals to be heard, and a check-in whose deadline lay in
        the outage its grace anew. Areas' hours, order starts and ends and reachable sets go on. Call it before the
        first `step` or `tick` past `from_us`, once for each outage.

        Raises: ValueError: `to_us` is before `from_us`.
        """
        if to_us < from_us:
            raise ValueError(f"to_us: expected >= {from_us}, found {to_us}")
        begins = max(from_us, self.now_us)
        made = self._run(loop.PASS_TIME, len(self._layout.plans), at_us=begins)
        self.now_us = begins
        self._run(loop.EXCUSE, 1, at_us=begins, until_us=to_us)
        return self._decisions(_joined(made, self._out))

    # --- keeping ------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """Everything as bytes: `State.restore` of them goes on exactly as this state would."""
        own = self._layout
        head = {
            "engine": ENGINE_VERSION,
            "layout": LAYOUT,
            "now_us": self.now_us,
            "plans": [json.loads(plan.source) for plan in own.plans],
            "device_ids": own.device_ids,
            "condition_ids": own.condition_ids,
            "former": own.former,
            "sizes": [own.tables[name].size for name in TABLES],
        }
        packed = json.dumps(head, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        rows = [own.rows(name).tobytes() for name in TABLES]
        return b"".join([MAGIC, struct.pack("<Q", len(packed)), packed, *rows])

    @classmethod
    def restore(cls, data: bytes) -> Self:
        """Make the state that a snapshot was taken of.

        Raises: SnapshotInvalid: Not a snapshot, cut short, or of another engine version.
        """
        head, at = _head_of(data)
        state = cls()
        own = state._layout
        for name, size in zip(TABLES, head["sizes"], strict=True):
            dtype = layout.TABLES[name]
            if at + size * dtype.itemsize > len(data):
                raise SnapshotInvalid(f"{name}: expected {size} rows, found the end")
            own.tables[name] = Table(dtype, np.frombuffer(data, dtype, size, at).copy())
            at += size * dtype.itemsize
        state.now_us = head["now_us"]
        own.plans = [compile_order(source) for source in head["plans"]]
        own.case_of = {plan.order_id: case for case, plan in enumerate(own.plans)}
        own.device_ids = head["device_ids"]
        own.condition_ids = head["condition_ids"]
        own.former = {device: tuple(rows) for device, rows in head["former"].items()}
        own.tables["due"].extend(len(own.plans))
        for case in range(len(own.plans)):
            own.index_devices(own.device_rows(case))
        own.count_all()
        return state

    def digest(self) -> str:
        """SHA-256 over the state. The rings enter by the chained sum that each device keeps of its own."""
        own = self._layout
        seen = hashlib.sha256(f"{ENGINE_VERSION} {self.now_us} {len(own.plans)}\n".encode())
        for plan in own.plans:
            seen.update(plan.source.encode())
        for name in TABLES:
            if name != "rings":
                seen.update(own.rows(name).tobytes())
        return seen.hexdigest()

    # --- the kernel's door --------------------------------------------------------------------------------

    def _opened(self) -> Any:
        if self._shard is None:
            rows = {name: table.rows for name, table in self._layout.tables.items()}
            self._shard = Shard(draft=self._draft, sights=self._sights, out=self._out, counts=self._counts, **rows)
            self._counts[0]["cases"] = len(self._layout.plans)
            self._door = door(self._shard)
        return self._door

    def _run(
        self, operation: int, size: int, rows: Rows | None = None,
        *, at_us: int = 0, until_us: int = 0, row: int = 0, episode: int = 0, reason: int = 0,
    ) -> list[Rows]:  # fmt: skip
        """Call the kernel until it has come to `size`, taking the decisions out in between."""
        made = []
        at = 0
        while at < size:
            self._counts[0]["out"] = 0
            given = self._none if rows is None else rows
            at = loop.run(self._opened(), given, operation, at, at_us, until_us, row, episode, reason)
            count = int(self._counts[0]["out"])
            if count:
                made.append(self._out[:count].copy())
        return made

    def _pass_time_of(self, case: int, until_us: int) -> list[Rows]:
        return self._run(loop.PASS_TIME_OF, 1, row=case, at_us=until_us)

    def _decisions(self, made: Rows) -> list[Decision]:
        own = self._layout
        order = np.argsort(made["decided_us"], kind="stable")
        return [decision_of(row, own.plans[row[0]], own.device_ids, own.condition_ids) for row in made[order].tolist()]

    # --- changing orders ----------------------------------------------------------------------------------

    def _add_order(self, plan: OrderPlan, at_us: int) -> list[Rows]:
        case = self._layout.add(plan, at_us)
        self._shard = None
        return self._pass_time_of(case, at_us)

    def _change_order(self, case: int, plan: OrderPlan, at_us: int) -> list[Rows]:
        made = self._pass_time_of(case, at_us)
        if self._says_the_same(case, plan):
            self._layout.rename(case, plan)
            return made
        for row in self._layout.removed_conditions(case, plan):
            made += self._run(loop.CLOSE_CONDITION, 1, row=row, reason=reasons.ORDER_CHANGED, at_us=at_us)
        removed = self._layout.removed_devices(case, plan)
        made += self._remove_devices(removed, records.ENDING, at_us)
        if removed:  # who is apart from whom begins anew
            made += self._remove_devices(self._layout.device_rows(case), (records.SEPARATION,), at_us)
        self._layout.change(case, plan, at_us)
        self._shard = None
        made += self._pass_time_of(case, at_us)
        for row in self._layout.condition_rows(case):
            c = self._layout.rows("conditions")[row]
            if c["active"] == 0 and c["kind"] not in (records.PROXIMITY, records.HANDOVER):
                made += self._run(loop.CLOSE_CONDITION, 1, row=row, reason=reasons.SCHEDULE_ENDED, at_us=at_us)
        return made + self._run(loop.JUDGE_AGAIN, 1, row=case, at_us=at_us)

    def _remove_devices(self, rows: Iterable[int], episodes: Sequence[int], at_us: int) -> list[Rows]:
        made = []
        for row, episode in itertools.product(rows, episodes):
            made += self._run(
                loop.CLOSE_DEVICE, 1, row=row, episode=episode, reason=reasons.DEVICE_REMOVED, at_us=at_us
            )
        return made

    def _says_the_same(self, case: int, plan: OrderPlan) -> bool:
        """Whether a version differs in its number alone (an order ended early is revived by its old end)."""
        former = self._layout.plans[case]
        k = self._layout.rows("cases")[case]
        same = replace(plan, version=former.version, source=former.source) == former
        return same and int(k["expires_us"]) == plan.expires_us


def _received(seen: Observation) -> int:
    return seen.received_at_us


def _joined(made: list[Rows], empty: Rows) -> Rows:
    return np.concatenate(made) if made else empty[:0].copy()


def _head_of(data: bytes) -> tuple[Mapping[str, Any], int]:
    start = len(MAGIC) + 8
    if data[: len(MAGIC)] != MAGIC or len(data) < start:
        raise SnapshotInvalid(f"expected {MAGIC!r}, found {data[:20]!r}")
    (size,) = struct.unpack_from("<Q", data, len(MAGIC))
    try:
        head: Any = json.loads(data[start : start + size])
    except ValueError:
        raise SnapshotInvalid("expected a JSON head, found other bytes") from None
    if not isinstance(head, dict) or head.get("engine") != ENGINE_VERSION:
        found = head.get("engine") if isinstance(head, dict) else None
        raise SnapshotInvalid(f"expected engine {ENGINE_VERSION}, found {found!r}")
    if head.get("layout") != LAYOUT:
        raise SnapshotInvalid("expected this build's row layout, found another: replay the log instead")
    return head, start + size
