"""Who may see which frames in quarantine, by page, and what a frame says when it is read with today's codec.

A frame's bytes hold places and ids, so they are not here: `actions.do_look` gives them and leaves a witness. A frame of
a registered device is seen by whoever sees the device; one that nobody is known to have sent, by whoever sees every
district. Pages run backwards by id, so that the millionth is as quick as the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.db import connection

from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, districts_of
from aralyk.access.sight import sight
from aralyk.devices.models import Stranger
from aralyk.devices.queries import devices_for

PAGE_ROWS: Final = 50
GROUP_ROWS_MAX: Final = 100_000  # newest frames that the summary counts
STRANGERS_MAX: Final = 50


class Standing(StrEnum):
    """What people have decided about a frame."""

    WAITING = "waiting"
    RELEASED = "released"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame in quarantine, without its bytes.

    Attributes:
        id: Its number.
        received_at: When the gateway had it.
        protocol: Of the door that it came through.
        device: The registered device that was believed or suspected to speak; None: nobody's.
        code: Why it was not taken.
        detail: The field and the form that was expected; never a value.
        size: Bytes.
        standing: What people decided.
        decided_at: When.
        decided_by: Whose decision, an account's id.
        reason: Why.
        stream: Where a released frame stands in the log: the stream,
        seq: and the batch.
    """

    id: int
    received_at: datetime
    protocol: str
    device: str | None
    code: str
    detail: str
    size: int
    standing: Standing
    decided_at: datetime | None
    decided_by: int | None
    reason: str
    stream: str | None
    seq: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which frames; None: any.

    Attributes:
        protocol: Of the door.
        code: The reason.
        device: A registered device.
        since: Received at or after.
        until: Received before.
        standing: What people decided.
    """

    protocol: str | None = None
    code: str | None = None
    device: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    standing: Standing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some frames, newest first; `before` asks for the next page, None: there is none."""

    frames: tuple[Frame, ...]
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """How many frames of one protocol and reason wait, of the newest GROUP_ROWS_MAX."""

    protocol: str
    code: str
    waiting: int
    newest_at: datetime


_SELECT: Final = """
    SELECT q.id, q.received_at, q.protocol, q.device, q.code, q.detail, octet_length(q.bytes),
           o.outcome, o.at, o.by_user, coalesce(o.reason, ''), o.stream, o.seq
    FROM quarantine q LEFT JOIN quarantine_outcome o ON o.frame = q.id
"""
_WANTED: Final = """
    WHERE (%(protocol)s::text IS NULL OR q.protocol = %(protocol)s) AND (%(code)s::text IS NULL OR q.code = %(code)s)
      AND (%(device)s::text IS NULL OR q.device = %(device)s)
      AND (%(since)s::timestamptz IS NULL OR q.received_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR q.received_at < %(until)s)
      AND (%(standing)s::text IS NULL OR coalesce(o.outcome, 'waiting') = %(standing)s)
"""
_SEEN: Final = """
      AND (%(every)s OR q.device = ANY(%(devices)s))
      AND (q.device IS NULL OR q.device NOT IN (
          SELECT a.device_id FROM devices_assignment a WHERE a.order_id = ANY(%(closed)s::uuid[])))
"""


def frames_for(user: User, wanted: Filter, *, before: int | None = None, limit: int = PAGE_ROWS) -> Page:
    """One page of the frames that this person may see.

    Raises:
        NotFound: The role sees no quarantine.
    """
    asked = {**_asked(user, wanted), "before": before, "limit": limit + 1}
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_SELECT} {_WANTED} {_SEEN} AND (%(before)s::bigint IS NULL OR q.id < %(before)s)"
            " ORDER BY q.id DESC LIMIT %(limit)s",
            asked,
        )
        rows = cursor.fetchall()
    frames = tuple(_frame(row) for row in rows[:limit])
    return Page(frames=frames, before=frames[-1].id if len(rows) > limit else None)


def frame_for(user: User, frame_id: int) -> Frame:
    """One frame, without its bytes.

    Raises:
        NotFound: There is none, or it is not this person's to see.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"{_SELECT} WHERE q.id = %(id)s {_SEEN}", {"id": frame_id, **_scope(user)})
        row = cursor.fetchone()
    if row is None:
        raise NotFound("frame")
    return _frame(row)


def groups_for(user: User) -> list[Group]:
    """What waits, by protocol and reason, the most first.

    Raises:
        NotFound: The role sees no quarantine.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT protocol, code, count(*), max(received_at) FROM ("
            "  SELECT q.protocol, q.code, q.received_at FROM quarantine q"
            "  WHERE NOT EXISTS (SELECT FROM quarantine_outcome o WHERE o.frame = q.id)"
            f" {_SEEN} ORDER BY q.id DESC LIMIT %(most)s) newest"
            " GROUP BY protocol, code ORDER BY count(*) DESC, protocol, code",
            {"most": GROUP_ROWS_MAX, **_scope(user)},
        )
        rows = cursor.fetchall()
    return [Group(protocol=row[0], code=row[1], waiting=row[2], newest_at=row[3]) for row in rows]


def strangers_for(user: User) -> list[Stranger]:
    """Who spoke last and is not registered: never a device until a person makes it one.

    Raises:
        NotFound: The role sees no quarantine, or not of every district.
    """
    if not _scope(user)["every"]:
        raise NotFound("strangers")
    return list(Stranger.objects.exclude(claimed_id="").order_by("-last_seen")[:STRANGERS_MAX])


def sees_quarantine(user: User) -> bool:
    """Whether this role reads the quarantine at all."""
    return allows(user, May.READ_QUARANTINE)


def _asked(user: User, wanted: Filter) -> dict[str, Any]:
    return {
        "protocol": wanted.protocol,
        "code": wanted.code,
        "device": wanted.device,
        "since": wanted.since,
        "until": wanted.until,
        "standing": None if wanted.standing is None else wanted.standing.value,
        **_scope(user),
    }


def _scope(user: User) -> dict[str, Any]:
    if not sees_quarantine(user):
        raise NotFound("quarantine")
    every = districts_of(user) is None
    devices = [] if every else list(devices_for(user).values_list("pk", flat=True))
    return {"every": every, "devices": devices, "closed": sorted(sight(user.pk).closed)}


def _frame(row: Sequence[Any]) -> Frame:
    return Frame(
        id=row[0], received_at=row[1], protocol=row[2], device=row[3], code=row[4], detail=row[5], size=row[6],
        standing=Standing(row[7] or Standing.WAITING), decided_at=row[8], decided_by=row[9], reason=row[10],
        stream=row[11], seq=row[12],
    )  # fmt: skip
