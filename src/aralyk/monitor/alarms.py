"""Alarms about the monitoring itself: a row, a witness and a live event, once a change and not once a second."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg

from aralyk.tracking import alarms

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
    """Raise an alarm unless the same one stands already; see `tracking.alarms`.

    Args:
        cursor: Inside a transaction.
        component: What is wrong, from `Component` or `lag_of`.
        at: Domain time.
        detail: Ids and counts, never a name or a place.

    Returns:
        Whether it is new.
    """
    return alarms.raise_alarm(cursor, component=component, by=BY, at=at, detail=detail)


def clear_alarm(cursor: Cursor, *, component: str, at: datetime) -> bool:
    """Clear an alarm if it stands; returns whether it did."""
    return alarms.clear_alarm(cursor, component=component, by=BY, at=at)


def standing(cursor: Cursor) -> set[str]:
    """The monitor's alarms that stand."""
    return set(alarms.standing(cursor, prefix="monitor."))
