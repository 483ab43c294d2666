"""Does a change leave her as protected as before? Only what provably does takes effect at once.

Every rule here errs to one side: what can't be shown to cover all that stood is a cut, and a cut waits for a second
person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aralyk.orders.drafts import HANDOVER, PROXIMITY
from aralyk.orders.geometry import covers

_MAY_BE_IN: Final = frozenset({"inclusion_zone", "curfew"})  # the smaller, the stricter
_Rules = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One condition, as far as two versions of it are compared."""

    code: str
    kind: str
    parameters: Mapping[str, Any]
    facts: Mapping[str, Any]


def cuts(before: Sequence[Rule], after: Sequence[Rule]) -> list[str]:
    """The codes of the conditions by which she would be less protected, or might be."""
    later = {(rule.code, rule.kind): rule for rule in after}
    earlier = {(rule.code, rule.kind) for rule in before}
    lost = [rule.code for rule in before if not _keeps(rule, later.get((rule.code, rule.kind)))]
    # A hand-over takes the ring away for its time.
    opened = [rule.code for rule in after if rule.kind == HANDOVER and (rule.code, rule.kind) not in earlier]
    return lost + opened


def _keeps(before: Rule, after: Rule | None) -> bool:
    if before.kind == HANDOVER:
        return after is None or (after.parameters == before.parameters and after.facts == before.facts)
    if after is None:
        return False
    if before.kind == PROXIMITY:
        return bool(
            after.parameters["protected"] == before.parameters["protected"]
            and after.parameters["distance_m"] >= before.parameters["distance_m"]
            and after.parameters["warning_m"] >= before.parameters["warning_m"]
        )
    shape, was = after.parameters.get("shape"), before.parameters.get("shape")
    if shape is not None and was is not None:
        larger = covers(was, shape) if before.kind in _MAY_BE_IN else covers(shape, was)
        return larger and _hours_cover(after.parameters.get("schedule"), before.parameters.get("schedule"))
    return all(after.facts.get(name, 0) >= value for name, value in before.facts.items())


def _hours_cover(after: _Rules | None, before: _Rules | None) -> bool:
    """Whether the hours of `after` hold all those of `before`; None is always."""
    if after is None:
        return True
    if before is None:
        return False
    return all(any(_slot_covers(wide, slot) for wide in after) for slot in before)


def _slot_covers(wide: Mapping[str, Any], slot: Mapping[str, Any]) -> bool:
    if wide == slot:
        return True
    over_midnight = any(one["to"] <= one["from"] for one in (wide, slot))
    return (
        not over_midnight
        and set(slot["days"]) <= set(wide["days"])
        and wide["from"] <= slot["from"]
        and slot["to"] <= wide["to"]
    )
