"""Replay: what an order makes of recorded observations, again and byte for byte, and what if it had said otherwise.

Arrival is simulated by `received_at` and time passes in between, so silence and hours speak at their own time. All
observations are read into columns first (about 80 bytes each: a pair's year is 84 MB), so that a mistake in the last
line is refused before the first decision, input in any order is put into the order of receipt, and a what-if decides
about the very same rows. Decisions are given as they are made.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from aralyk.engine.decisions import ABOUT_PAIR, Decision, Phase
from aralyk.engine.errors import ObservationInvalid, OrderInvalid
from aralyk.engine.observations import columns, parse_observation
from aralyk.engine.plan import OrderPlan, compile_order
from aralyk.engine.records import Rows
from aralyk.engine.state import State
from aralyk.engine.times import parse_us

BATCH: Final = 10_000
"""Observations in one step: decisions appear while a long record is still being replayed."""
SETTABLE: Final = {
    "proximity": ("distance_m", "warning_m", "drive_through"),
    "exclusion_zone": ("shape", "schedule", "drive_through"),
    "inclusion_zone": ("shape", "schedule"),
    "curfew": ("shape", "schedule"),
    "check_in": ("per_day", "grace_s"),
    "handover": ("shape", "windows", "schedule"),
}
AWAY: Final = "platform_away"
"""The type of a control line about such a time, as the platform's log names it."""
ALERTED_PRIORITY: Final = 2
"""An alert is a decision of at least this priority: someone was called (INTERFACES)."""


class ReplayRefused(Exception):
    """What was given cannot be replayed; the message names the file, the line and the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Observations of an order's devices as rows sorted by receipt, and how many were of other devices."""

    rows: Rows
    left_out: int


def parse_object(text: str | bytes, name: str) -> dict[str, Any]:
    """Read one JSON object. Raises: ReplayRefused: It is none; the message begins with `name`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReplayRefused(f"{name}: expected JSON, found: {error}") from error
    if not isinstance(value, dict):
        raise ReplayRefused(f"{name}: expected a JSON object, found {type(value).__name__}")
    return value


def compiled(order: Mapping[str, Any], name: str) -> OrderPlan:
    """Compile an order. Raises: ReplayRefused: With its name and field."""
    try:
        return compile_order(order)
    except OrderInvalid as error:
        raise ReplayRefused(f"{name}: {error}") from error


def changed(order: Mapping[str, Any], changes: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """Apply what-ifs of the form CONDITION.FIELD=VALUE to a copy of an order.

    Returns: The changed order, and notes: a warning ring that a wider ring swallows is left out, and said so.
    Raises:  ReplayRefused: A what-if names no condition or no field that can be set.
    """
    changes = list(changes)
    made: dict[str, Any] = copy.deepcopy(dict(order))
    given = made.get("conditions")
    conditions = [c for c in given if isinstance(c, dict)] if isinstance(given, list) else []
    for change in changes:
        path, equals, text = change.partition("=")
        target, dot, field = path.rpartition(".")
        if not (equals and dot and conditions):
            raise ReplayRefused(f"--set: expected CONDITION.FIELD=VALUE, found {change!r}")
        matching = [c for c in conditions if _fits(c, target, field)]
        if not matching:
            raise ReplayRefused(f"--set: expected a condition that has {field!r}, found none for {target!r}")
        for condition in matching:
            condition[field] = _value(text)
    return made, [note for c in conditions if changes for note in _without_swallowed_ring(c)]


def _fits(condition: Mapping[str, Any], target: str, field: str) -> bool:
    return target in ("condition", condition.get("id")) and field in SETTABLE.get(str(condition.get("kind")), ())


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _without_swallowed_ring(condition: dict[str, Any]) -> list[str]:
    distance, warning = condition.get("distance_m"), condition.get("warning_m")
    if not (isinstance(distance, int | float) and isinstance(warning, int | float) and warning < distance):
        return []
    condition["warning_m"] = None
    return [f"{condition.get('id')}: the warning ring lies inside the ring now and is left out"]


def read_observations(lines: Iterable[str | bytes], name: str, plan: OrderPlan, until_us: int | None) -> Heard:
    """Read observations, one JSON object a line; blank lines are skipped, what came after `until_us` is left away.

    Raises: ReplayRefused: A line is ill-formed; the message names the line and the field.
    """
    named = State.empty()
    named.set_order(plan, plan.starts_us)
    rows_of = {device.id: named.rows_of(device.id)[0] for device in plan.devices}
    told: dict[tuple[int, tuple[str, ...] | None], int] = {}
    parts: list[Rows] = []
    batch: list[tuple[Any, ...]] = []
    left_out = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            seen = parse_observation(parse_object(line, f"{name}:{number}"))
        except ObservationInvalid as error:
            raise ReplayRefused(f"{name}:{number}: {error}") from error
        if until_us is not None and seen.received_at_us > until_us:
            continue
        row = rows_of.get(seen.device)
        if row is None:
            left_out += 1
            continue
        key = row, seen.proximity_ble
        heard = told.get(key)
        if heard is None:
            heard = told[key] = named.heard_by(row, seen.proximity_ble)
        batch.append(seen.row(row, heard))
        if len(batch) == BATCH:
            parts.append(columns(batch))
            batch = []
    rows = np.concatenate([*parts, columns(batch)])
    received = rows["received_us"]
    if (received[1:] < received[:-1]).any():
        rows = rows[np.argsort(received, kind="stable")]
    return Heard(rows=rows, left_out=left_out)


def read_outages(lines: Iterable[tuple[str, bytes]]) -> tuple[tuple[int, int], ...]:
    """When the platform itself could not hear: from and to, ascending, out of named lines of its log.

    Raises: ReplayRefused: A line is no such line; the message begins with its name.
    """
    found = []
    for name, body in lines:
        control = parse_object(body, name).get("control")
        if not isinstance(control, dict) or control.get("type") != AWAY:
            raise ReplayRefused(f"{name}: expected a control line of type {AWAY}, found another")
        try:
            from_us, to_us = (parse_us(str(control.get(end))) for end in ("from", "to"))
        except (ValueError, OverflowError) as error:
            raise ReplayRefused(f"{name}: expected from and to as ISO 8601 times with Z, found: {error}") from error
        if to_us < from_us:
            raise ReplayRefused(f"{name}: expected to after from, found it before")
        found.append((from_us, to_us))
    return tuple(sorted(found))


class Replay:
    """One run of one order over observations."""

    def __init__(
        self, plan: OrderPlan, heard: Heard, until_us: int | None, outages: Sequence[tuple[int, int]] = ()
    ) -> None:
        """Prepare; nothing is decided before `decisions` is read. `outages` as `read_outages` gives them."""
        self._outages = [(since, to) for since, to in outages if until_us is None or since <= until_us]
        self._plan = plan
        self._heard = heard
        self._until_us = until_us
        self._state = State.empty()

    def decisions(self) -> Iterator[Decision]:
        """Everything decided, in the order of the decisions; ends with the last observation, or at `until_us`."""
        rows = self._heard.rows
        begins = min([self._plan.starts_us, *rows["received_us"][:1].tolist()])
        yield from self._state.set_order(self._plan, begins)
        done = 0
        for since_us, to_us in self._outages:
            heard = int(np.searchsorted(rows["received_us"], since_us, side="right"))
            yield from self._step(rows[done:heard])
            yield from self._state.away(since_us, to_us)
            done = heard
        yield from self._step(rows[done:])
        if self._until_us is not None:
            yield from self._state.tick(self._until_us)

    def _step(self, rows: Rows) -> Iterator[Decision]:
        for first in range(0, rows.size, BATCH):
            batch = rows[first : first + BATCH]
            yield from self._state.step_columns(batch, int(batch["received_us"][-1]))

    def notes(self) -> list[str]:
        """What had no part in the decisions, once they are read: unknown is never safe."""
        made = []
        if self._heard.left_out:
            made.append(f"{self._heard.left_out} observations of devices that the order does not name were left out")
        if self._state.unjudged:
            made.append(f"{self._state.unjudged} late places met no history of the other party: not judged")
        made += [
            f"condition {c}: cannot be measured by a device: somebody it is about carries none"
            for c in self._plan.unmeasured
        ]
        return made


def line_of(decision: Decision) -> str:
    """A decision as one line of JSON: the bytes that two engines are compared by."""
    return json.dumps(decision.as_dict(), ensure_ascii=False)


# --- before and after a what-if -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One alert that a what-if gains, loses or changes. `earlier_s`: of the first alert, negative when it is later."""

    change: str
    before: Decision | None
    after: Decision | None
    earlier_s: float | None

    def as_dict(self) -> dict[str, Any]:
        """The published form."""
        return {
            "change": self.change,
            "before": None if self.before is None else self.before.as_dict(),
            "after": None if self.after is None else self.after.as_dict(),
            "earlier_s": self.earlier_s,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An incident that called someone: when first, for how long it was open, and its first decision at its worst."""

    subject: tuple[str, str | None, str]
    begins_us: int
    ends_us: int
    worst: Decision

    def overlaps(self, other: Alert) -> bool:
        """Whether both are about the same thing at the same time."""
        together = self.begins_us <= other.ends_us and other.begins_us <= self.ends_us
        return self.subject == other.subject and together


def alerts_of(decisions: Iterable[Decision], ends_us: int) -> list[Alert]:
    """The alerts among decisions; an incident that was not closed lasts until `ends_us`."""
    incidents: dict[str, list[Decision]] = {}
    for decision in decisions:
        incidents.setdefault(decision.incident, []).append(decision)
    found = []
    for told in incidents.values():
        calls = [d for d in told if d.phase is not Phase.CLOSE and d.priority <= ALERTED_PRIORITY]
        if calls:
            found.append(_alert(told, calls, ends_us))
    return sorted(found, key=lambda a: (a.begins_us, a.worst.incident))


def _alert(told: Sequence[Decision], calls: Sequence[Decision], ends_us: int) -> Alert:
    last = told[-1]
    over = last.phase in (Phase.CLOSE, Phase.LATE)
    first = calls[0]
    group = "proximity" if first.kind in ABOUT_PAIR else first.kind.value
    subject = first.condition if first.condition is not None else first.basis.get("device")
    return Alert(
        subject=(group, subject, first.party if first.condition is None else ""),
        begins_us=first.occurred_at_us if first.phase is Phase.LATE else first.decided_at_us,
        ends_us=last.decided_at_us if over else max(ends_us, last.decided_at_us),
        worst=min(calls, key=lambda d: (d.priority, d.decided_at_us)),
    )


def differences(before: Sequence[Alert], after: Sequence[Alert]) -> list[Difference]:
    """What a what-if gains, loses and changes: alerts are the same when kind, condition and time agree.

    One that lies within another run's longer one is changed into it, neither lost nor gained.
    """
    made = []
    matched: set[int] = set()
    for old in before:
        candidates = [i for i, new in enumerate(after) if old.overlaps(new)]
        if not candidates:
            made.append(Difference(change="lost", before=old.worst, after=None, earlier_s=None))
            continue
        chosen = next((i for i in candidates if i not in matched), candidates[0])
        if chosen not in matched and _is_same(old, after[chosen]):
            matched.add(chosen)
            continue
        matched.add(chosen)
        made.append(_changed(old, after[chosen]))
    for i, new in enumerate(after):
        if i in matched:
            continue
        old_one = next((old for old in before if old.overlaps(new)), None)
        if old_one is not None:
            made.append(_changed(old_one, new))
        else:
            made.append(Difference(change="gained", before=None, after=new.worst, earlier_s=None))
    return sorted(made, key=lambda d: min(x.decided_at_us for x in (d.before, d.after) if x is not None))


def _is_same(old: Alert, new: Alert) -> bool:
    return old.begins_us == new.begins_us and old.worst.priority == new.worst.priority


def _changed(old: Alert, new: Alert) -> Difference:
    earlier_s = (old.begins_us - new.begins_us) / 1e6
    return Difference(change="changed", before=old.worst, after=new.worst, earlier_s=earlier_s)


def summary_of(before: Sequence[Alert], after: Sequence[Alert], found: Sequence[Difference]) -> dict[str, int]:
    """The differences in figures."""
    pairs = [(d.before.priority, d.after.priority) for d in found if d.before is not None and d.after is not None]
    return {
        "alerts_before": len(before),
        "alerts_after": len(after),
        "gained": sum(d.change == "gained" for d in found),
        "lost": sum(d.change == "lost" for d in found),
        "changed": sum(d.change == "changed" for d in found),
        "more_urgent": sum(new < old for old, new in pairs),
        "less_urgent": sum(new > old for old, new in pairs),
        "earlier": sum(d.earlier_s is not None and d.earlier_s > 0 for d in found),
        "later": sum(d.earlier_s is not None and d.earlier_s < 0 for d in found),
    }
