"""Lets the engine hear what arrived. The same function runs live and in replay, so both give the same bytes.

Frames become the engine's columns; an act of people (an order, its end, a tamper cleared) and an outage of our own are
applied at their own moment, between what arrived before and after it. Nothing here reads a clock or the database.
If the engine fails on what arrived, `find_unbearable` names the line, so that one message can't stop the watch over
everyone; the line is set aside, witnessed, and left out of every replay.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from aralyk import clock
from aralyk.engine import Decision, OrderInvalid, OrderPlan, State, compile_order
from aralyk.ledger.canonical import canonical_bytes
from aralyk.ledger.derived import AWAY
from aralyk.monitor.intake import Arrival, Poison, Position
from aralyk.monitor.sightings import rows_for
from aralyk.tracking.arrivals import Frame, to_us
from aralyk.tracking.projection import Heard, heard

MemberT = TypeVar("MemberT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One decision of the engine with the bytes that are stored and compared."""

    decision: Mapping[str, Any]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """What came of one step.

    Attributes:
        judgements: The engine's decisions, in order.
        poisons: Acts of people that the engine refused; their lines changed nothing.
        controls: How many acts were applied: who is watched may have changed.
        messages: What believed senders said, in the order of arrival.
    """

    judgements: list[Judgement]
    poisons: list[Poison]
    controls: int
    messages: list[Heard]


class ControlRefused(ValueError):
    """An act of people that the engine does not understand; the message names fields, never values."""


def advance(
    state: State, arrivals: Sequence[Arrival], *, now_us: int, skip: Collection[Position] = frozenset()
) -> Advance:
    """Let `state` hear `arrivals` and let time pass to `now_us`.

    Args:
        state: Changed in place. After an exception it is half-way and must be thrown away.
        arrivals: Sorted by arrival.
        now_us: How far time passes for everyone; one that was heard later than this is judged at its own time.
        skip: Lines to leave out, found unbearable before.
    """
    decisions: list[Decision] = []
    poisons: list[Poison] = []
    messages: list[Heard] = []
    told = controls = 0
    for received_us, _, position, line in arrivals:
        if position in skip:
            continue
        if isinstance(line, Frame):
            messages.extend(_messages(line, received_us, position))
            continue
        if told < len(messages):
            # Time passes for everyone at the end alone: an act moves only its own order's time.
            decisions += state.step_columns(rows_for(state, messages[told:]), state.now_us)
            told = len(messages)
        try:
            decisions += _apply(state, line.control, received_us)
            controls += 1
        except ControlRefused as refused:
            poisons.append(Poison(position=position, reason=str(refused)))
    decisions += state.step_columns(rows_for(state, messages[told:]), now_us)
    return Advance(
        judgements=[_judgement(decision) for decision in decisions],
        poisons=poisons,
        controls=controls,
        messages=messages,
    )


def find_unbearable(
    restore: Callable[[], State], arrivals: Sequence[Arrival], *, now_us: int, skip: Collection[Position]
) -> Poison | None:
    """Find the first line at which the engine fails, trying ever shorter beginnings (about log2 n restores).

    Args:
        restore: Gives a fresh state as it was before these arrivals.
        arrivals: What the engine failed on.
        now_us: As in `advance`.
        skip: Lines already left out.

    Returns:
        The line; None when it fails without any (time alone does it): then no line is to blame.
    """

    def failure_of(count: int) -> Exception | None:
        try:
            advance(restore(), arrivals[:count], now_us=now_us, skip=skip)
        except Exception as error:  # noqa: BLE001  (the engine's own fault of any kind; named, witnessed and raised)
            return error
        return None

    if failure_of(0) is not None:
        return None
    bearable, failing = 0, len(arrivals)
    failure = failure_of(failing)
    while failing - bearable > 1:
        middle = (bearable + failing) // 2
        found = failure_of(middle)
        if found is None:
            bearable = middle
        else:
            failing, failure = middle, found
    if failure is None:
        return None
    return Poison(
        position=arrivals[failing - 1].position, reason=f"the engine fails: {type(failure).__name__}", unbearable=True
    )


def _messages(frame: Frame, received_us: int, position: Position) -> list[Heard]:
    if frame.device is None:  # of a sender who was not believed
        return []
    device, (stream, seq, _) = frame.device, position
    heard_us = None if frame.heard_at is None else to_us(frame.heard_at)
    return [
        heard(device=device, received_us=received_us, stream=stream, seq=seq, message=message, heard_us=heard_us)
        for message in frame.messages
    ]


def _apply(state: State, control: Mapping[str, Any], at_us: int) -> list[Decision]:
    kind = control.get("type")
    if kind == "order":
        return state.set_order(_plan(_member(control, "order", dict)), at_us)
    if kind == "order_ended":
        return _end(state, _member(control, "order_id", str), at_us)
    if kind == "tamper_cleared":
        return state.clear_tamper(_member(control, "device", str), at_us)
    if kind == AWAY:
        return _away(state, control)
    raise ControlRefused("control: unknown type")


def _away(state: State, control: Mapping[str, Any]) -> list[Decision]:
    try:
        from_us, to_us = (clock.to_us(clock.parse_iso(_member(control, name, str))) for name in ("from", "to"))
        return state.away(from_us, to_us)
    except ControlRefused:
        raise
    except ValueError as error:
        raise ControlRefused("control: from and to, expected two times in their order") from error


def _end(state: State, order_id: str, at_us: int) -> list[Decision]:
    try:
        state.plan_of(order_id)
    except KeyError as error:
        raise ControlRefused("control: order_id, expected an order that the engine was told") from error
    return state.end_order(order_id, at_us)


def _plan(order: Mapping[str, object]) -> OrderPlan:
    try:
        UUID(str(order.get("order_id")))
    except ValueError as error:
        raise ControlRefused("order: field order_id, expected a UUID") from error
    try:
        return compile_order(order)
    except OrderInvalid as invalid:
        raise ControlRefused(f"order: field {invalid.field}, expected {invalid.expected}") from invalid


def _member(control: Mapping[str, Any], name: str, kind: type[MemberT]) -> MemberT:
    value = control.get(name)
    if not isinstance(value, kind):
        raise ControlRefused(f"control: field {name}, expected {kind.__name__}")
    return value


def _judgement(decision: Decision) -> Judgement:
    content = decision.as_dict()
    return Judgement(decision=content, body=canonical_bytes(content))
