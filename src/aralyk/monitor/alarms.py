"""Alarms about the monitoring itself: a row, a witness and a live event, once a change and not once a second."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from aralyk.evidence.kinds import Kind
from aralyk.evidence.record import record
from aralyk.tracking.live import LiveKind, announce

Cursor = psycopg.Cursor[tuple[Any, ...]]
BY = "system:monitor"


class Component(StrEnum):
    """What can be wrong, one name each. A lane's lag is named by `lag_of`."""

    LOG = "monitor.log"  # a stream has a hole
    REPLAY = "monitor.replay"  # the log gives other decisions than those stored
    SNAPSHOT = "monitor.snapshot"  # a snapshot could not be restored; an older one was taken
    LINE = "monitor.line"  # lines were set aside; a person must look
    ENGINE = "monitor.engine"  # the engine fails, and no line is to blame
    ORDER = "monitor.order"  # the engine watches an order that the register does not hold
    CLOCK = "monitor.clock"  # lines come from the future, or the last step does: the clocks disagree


# What a start that got through has disproved; the others wait for a person.
CLEARED_BY_A_START = (Component.LOG, Component.REPLAY, Component.ENGINE)


def lag_of(lane: str) -> str:
    """The component's name for one lane's lag."""
    return f"monitor.lag.{lane}"


def raise_alarm(cursor: Cursor, *, component: str, at: datetime, detail: Mapping[str, object]) -> bool:
    """Raise an alarm unless the same one stands already.

    Args:
        cursor: Inside a transaction.
        component: What is wrong, from `Component` or `lag_of`.
        at: Domain time.
        detail: Ids and counts, never a name or a place.

    Returns:
        Whether it is new.
    """
    state, standing = _latest(cursor, component)
    if state == "raised" and standing == dict(detail):
        return False
    _write(cursor, component=component, state="raised", kind=Kind.ALARM_RAISED, at=at, detail=detail)
    return True


def clear_alarm(cursor: Cursor, *, component: str, at: datetime) -> bool:
    """Clear an alarm if it stands; returns whether it did."""
    if _latest(cursor, component)[0] != "raised":
        return False
    _write(cursor, component=component, state="cleared", kind=Kind.ALARM_CLEARED, at=at, detail={})
    return True


def standing(cursor: Cursor) -> set[str]:
    """The monitor's alarms that stand."""
    cursor.execute(
        "SELECT component FROM (SELECT DISTINCT ON (component) component, state FROM platform_alarm"
        " WHERE component LIKE 'monitor.%%' ORDER BY component, id DESC) latest WHERE state = 'raised'",
        (),
    )
    return {str(row[0]) for row in cursor.fetchall()}


def _latest(cursor: Cursor, component: str) -> tuple[str | None, dict[str, Any]]:
    cursor.execute(
        "SELECT state, detail FROM platform_alarm WHERE component = %s ORDER BY id DESC LIMIT 1", (component,)
    )
    row = cursor.fetchone()
    return (row[0], dict(row[1])) if row else (None, {})


def _write(
    cursor: Cursor, *, component: str, state: str, kind: Kind, at: datetime, detail: Mapping[str, object]
) -> None:
    cursor.execute(
        "INSERT INTO platform_alarm (component, state, at, detail) VALUES (%s, %s, %s, %s)",
        (component, state, at, Jsonb(dict(detail))),
    )
    record(cursor, kind=kind, subject=f"component:{component}", by=BY, at=at, data=dict(detail))
    announce(cursor, kind=LiveKind.PLATFORM, subject=component, district="", at=at)
