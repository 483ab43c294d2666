"""Alarms that people must see and no order is about: a row, a witness and a live event, once a change.

Written by the processes that find something wrong with the platform or with a device's proof of who it is, and by a
look at somebody who does not exist. Works on a cursor of psycopg or Django inside a transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from aralyk.evidence.kinds import Kind
from aralyk.evidence.record import record
from aralyk.tracking.live import LiveKind, announce
from aralyk.tracking.log import Cursor

_NEWEST: Final = "SELECT state, detail::text FROM platform_alarm WHERE component = %s ORDER BY id DESC LIMIT 1"


def raise_alarm(cursor: Cursor, *, component: str, by: str, at: datetime, detail: Mapping[str, object]) -> bool:
    """Raise an alarm unless the same one stands already.

    Args:
        cursor: Inside a transaction.
        component: What is wrong.
        by: Who says so, as evidence names it ("system:monitor").
        at: Domain time.
        detail: Ids and counts, never a name or a place.

    Returns:
        Whether it is new.
    """
    state, standing = _latest(cursor, component)
    if state == "raised" and standing == dict(detail):
        return False
    _write(cursor, component=component, state="raised", kind=Kind.ALARM_RAISED, by=by, at=at, detail=detail)
    return True


def clear_alarm(cursor: Cursor, *, component: str, by: str, at: datetime) -> bool:
    """Clear an alarm if it stands; returns whether it did."""
    if _latest(cursor, component)[0] != "raised":
        return False
    _write(cursor, component=component, state="cleared", kind=Kind.ALARM_CLEARED, by=by, at=at, detail={})
    return True


def standing(cursor: Cursor, *, prefix: str) -> dict[str, dict[str, Any]]:
    """The detail of each standing alarm whose component begins with `prefix`."""
    cursor.execute(
        "SELECT component, detail::text FROM"
        " (SELECT DISTINCT ON (component) component, state, detail FROM platform_alarm"
        " WHERE starts_with(component, %s) ORDER BY component, id DESC) latest WHERE state = 'raised'",
        (prefix,),
    )
    return {str(component): json.loads(detail) for component, detail in cursor.fetchall()}


def _latest(cursor: Cursor, component: str) -> tuple[str | None, dict[str, Any]]:
    cursor.execute(_NEWEST, (component,))
    row = cursor.fetchone()
    # As text: how a driver reads JSON differs between the processes and the pages.
    return (row[0], json.loads(row[1])) if row else (None, {})


def _write(
    cursor: Cursor, *, component: str, state: str, kind: Kind, by: str, at: datetime, detail: Mapping[str, object]
) -> None:
    cursor.execute(
        "INSERT INTO platform_alarm (component, state, at, detail) VALUES (%s, %s, %s, %s)",
        (component, state, at, Jsonb(dict(detail))),
    )
    record(cursor, kind=kind, subject=f"component:{component}", by=by, at=at, data=dict(detail))
    announce(cursor, kind=LiveKind.PLATFORM, subject=component, district="", at=at)
