"""The live stream: tells each open page, by server-sent events, what changed and that the line is alive.

One connection per process LISTENs on channel "live" and fans out (`Hub`). An event carries a kind and an id and nothing
else: whoever hears it must fetch it, with permission, and whether somebody may even hear it is asked of the database at
the moment of sending (`Door.admit`). Three promises that a screen relies on:
  * a `beat` every BEAT_S says "the server and its database are alive, and it is now this time". No beat: the page must
    say that it no longer knows. A hub that lost the database therefore stays silent instead of beating.
  * after a break the page comes back with the last event id and hears what it missed, or `resync`: fetch everything.
  * a page that reads too slowly gets `resync` instead of an endless queue; a revoked session gets `bye` within
    REVALIDATE_S + one beat.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import psycopg
import structlog

from aralyk import clock

BEAT_S: Final = 2.0  # a page calls the line lost after 5 s: two beats may be late, not three
FRESH_S: Final = 4.0  # the hub may beat only if the database answered within this time
REVALIDATE_S: Final = 2.0  # how often every session is asked for again; with one beat this stays below 5 s
RECONNECT_S: Final = 1.0
# A lower id may commit after a higher one, so whoever resumes at an id also hears this many before it. Hearing an id
# twice is harmless: it only means "fetch again".
OVERLAP: Final = 200
RESUME_EVENTS_MAX: Final = 2_000  # more than this missed: fetching everything is cheaper than following
PENDING_MAX: Final = 2_000  # distinct subjects that wait for one slow page before it is told to resync
DELIVERED_MAX: Final = 20_000  # ids remembered so that the poll behind the notifications repeats nothing

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row of live_event: something changed; `subject` is its id."""

    id: int
    kind: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who listens: a session of a user. Rights are not here; they are asked for at each send."""

    session_key: str
    user_id: int


class DatabaseLost(Exception):
    """The door could not ask the database. Nobody may be told anything until it answers again."""


class Door(Protocol):
    """What the hub asks about people. Implemented with Django's ORM, in threads (`aralyk.console.visibility`)."""

    async def admit(self, user_ids: Collection[int], changes: Sequence[Change]) -> Mapping[int, frozenset[int]]:
        """Ids of the changes that each user may hear of, as the database says now."""
        ...

    async def still_valid(self, viewers: Collection[Viewer]) -> frozenset[Viewer]:
        """Those whose session and account are still good."""
        ...


@dataclass(eq=False, slots=True)
class Subscriber:
    """One open page."""

    viewer: Viewer
    pending: dict[tuple[str, str], int] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    resync: bool = False
    closed: str | None = None
    last_id: int = 0

    def push(self, changes: Sequence[Change]) -> None:
        """Queue changes; of several about one subject the last stands for all."""
        for change in changes:
            key = (change.kind, change.subject)
            self.pending.pop(key, None)
            self.pending[key] = change.id
            self.last_id = max(self.last_id, change.id)
        if len(self.pending) > PENDING_MAX:
            self.pending.clear()
            self.resync = True
        self.wake.set()

    def close(self, reason: str) -> None:
        """End the stream, with a reason that the page can show."""
        self.closed = reason
        self.wake.set()


class Hub:
    """Reads live events from the database and hands each page what it may hear."""

    def __init__(self, conninfo: Callable[[], str], door: Door) -> None:
        self._conninfo = conninfo
        self._door = door
        self._subscribers: set[Subscriber] = set()
        self._delivered: dict[int, None] = {}
        self._seen_max = 0
        self._heard_at = float("-inf")

    @property
    def fresh(self) -> bool:
        """Whether the database answered a moment ago: only then is "nothing new" true."""
        return asyncio.get_running_loop().time() - self._heard_at <= FRESH_S

    @property
    def listening(self) -> bool:
        """Whether the hub has heard the database since its start."""
        return self._heard_at > float("-inf")

    @property
    def subscribers(self) -> int:
        """Pages connected now."""
        return len(self._subscribers)

    @property
    def last_id(self) -> int:
        """The highest event id seen."""
        return self._seen_max

    async def run(self) -> None:
        """Listen until cancelled; a lost database is tried again every RECONNECT_S."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._revalidate_forever())
            group.create_task(self._listen_forever())

    async def subscribe(self, viewer: Viewer, after: int | None) -> Subscriber:
        """Open a page's queue, filled with what it missed since the event id `after` (None: nothing missed)."""
        subscriber = Subscriber(viewer=viewer, last_id=self._seen_max)
        self._subscribers.add(subscriber)
        if after is not None:
            await self._resume(subscriber, after)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a page."""
        self._subscribers.discard(subscriber)

    def end_all(self) -> None:
        """End every stream without a word: the server stops, and pages will come back by themselves."""
        for subscriber in list(self._subscribers):
            subscriber.close("")

    async def _resume(self, subscriber: Subscriber, after: int) -> None:
        try:
            async with await psycopg.AsyncConnection.connect(self._conninfo(), autocommit=True) as connection:
                changes = await _fetch_missed(connection, after)
            if changes is not None:
                await self._deliver(changes, [subscriber])
                return
        except (psycopg.OperationalError, DatabaseLost) as error:
            log.warning("live_page_not_resumed", error=type(error).__name__)
        subscriber.resync = True
        subscriber.wake.set()

    async def _listen_forever(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.OperationalError, DatabaseLost) as error:
                log.warning("live_listener_lost", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_S)

    async def _listen(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._conninfo(), autocommit=True) as connection:
            await connection.execute("LISTEN live")
            await self._catch_up(connection)
            while True:
                ids = [int(notice.payload) async for notice in connection.notifies(timeout=BEAT_S / 2, stop_after=1)]
                changes = await _fetch_new(connection, ids, self._seen_max)
                self._heard_at = asyncio.get_running_loop().time()
                await self._deliver_once(changes)

    async def _catch_up(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        """After a break: hear again from a little before the last id seen; at the first start, only learn the id."""
        if self._seen_max:
            changes = await _fetch_new(connection, [], max(0, self._seen_max - OVERLAP))
            await self._deliver_once(changes)
        else:
            cursor = await connection.execute("SELECT coalesce(max(id), 0) FROM live_event")
            row = await cursor.fetchone()
            self._seen_max = int(str(row[0])) if row else 0
        self._heard_at = asyncio.get_running_loop().time()

    async def _deliver_once(self, changes: Sequence[Change]) -> None:
        fresh = [change for change in changes if change.id not in self._delivered]
        await self._deliver(fresh, list(self._subscribers))
        # Marked only now: had the database gone while asking for permission, the next connection delivers them.
        for change in fresh:
            self._delivered[change.id] = None
            self._seen_max = max(self._seen_max, change.id)
        while len(self._delivered) > DELIVERED_MAX:
            del self._delivered[next(iter(self._delivered))]

    async def _deliver(self, changes: Sequence[Change], subscribers: Sequence[Subscriber]) -> None:
        if not changes or not subscribers:
            return
        latest = list({(change.kind, change.subject): change for change in changes}.values())
        admitted = await self._door.admit({subscriber.viewer.user_id for subscriber in subscribers}, latest)
        for subscriber in subscribers:
            allowed = admitted.get(subscriber.viewer.user_id, frozenset())
            mine = [change for change in latest if change.id in allowed]
            if mine:
                subscriber.push(mine)

    async def _revalidate_forever(self) -> None:
        while True:
            await asyncio.sleep(REVALIDATE_S)
            viewers = {subscriber.viewer for subscriber in self._subscribers}
            if viewers:
                await self._revalidate(viewers)

    async def _revalidate(self, viewers: Collection[Viewer]) -> None:
        try:
            valid = await self._door.still_valid(viewers)
        except DatabaseLost as error:
            # Without the database nothing is sent and nothing beats: there is nothing to protect until it is back.
            log.warning("sessions_not_checked", error=type(error).__name__)
            return
        for subscriber in list(self._subscribers):
            if subscriber.viewer in viewers and subscriber.viewer not in valid:
                subscriber.close("session")


async def messages(hub: Hub, subscriber: Subscriber) -> AsyncIterator[bytes]:
    """What one page receives, frame by frame, until its session ends. The caller unsubscribes."""
    yield b"retry: 1000\n\n"
    loop = asyncio.get_running_loop()
    beat_due = loop.time()
    while subscriber.closed is None:
        if loop.time() >= beat_due:
            beat_due = loop.time() + BEAT_S
            yield _beat() if hub.fresh else b": the database does not answer\n\n"
        for frame in _drain(subscriber):
            yield frame
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(subscriber.wake.wait(), timeout=max(0.0, beat_due - loop.time()))
    if subscriber.closed:
        yield _frame("bye", {"reason": subscriber.closed})


def _drain(subscriber: Subscriber) -> list[bytes]:
    subscriber.wake.clear()
    if subscriber.resync:
        subscriber.resync = False
        subscriber.pending.clear()
        return [_frame("resync", {}, subscriber.last_id)]
    pending, subscriber.pending = subscriber.pending, {}
    return [_frame(kind, {"subject": subject}, event_id) for (kind, subject), event_id in pending.items()]


def _beat() -> bytes:
    return _frame("beat", {"now": clock.iso(clock.now_us()), "speed": clock.speed()})


def _frame(event: str, data: Mapping[str, object], event_id: int | None = None) -> bytes:
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


async def _fetch_new(
    connection: psycopg.AsyncConnection[tuple[object, ...]], ids: Sequence[int], after: int
) -> list[Change]:
    # The notified ids, and whatever else is newer: a poll behind the notifications, should one be lost.
    cursor = await connection.execute(
        "SELECT id, kind, subject FROM live_event WHERE id = ANY(%s) OR id > %s ORDER BY id", (list(ids), after)
    )
    return [_change(row) for row in await cursor.fetchall()]


async def _fetch_missed(connection: psycopg.AsyncConnection[tuple[object, ...]], after: int) -> list[Change] | None:
    """Changes since `after`; None when there are too many, or the table no longer reaches back that far."""
    cursor = await connection.execute("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM live_event")
    row = await cursor.fetchone()
    first, last = (int(str(value)) for value in row) if row else (0, 0)
    if after > last or after + 1 < first or last - after > RESUME_EVENTS_MAX:
        return None
    return await _fetch_new(connection, [], max(0, after - OVERLAP))


def _change(row: tuple[object, ...]) -> Change:
    return Change(id=int(str(row[0])), kind=str(row[1]), subject=str(row[2]))


Send = Callable[[Mapping[str, object]], Awaitable[None]]
Receive = Callable[[], Awaitable[Mapping[str, object]]]

_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


async def serve(hub: Hub, viewer: Viewer, after: int | None, receive: Receive, send: Send) -> None:
    """Answer one ASGI request with the stream, until the page leaves or its session ends."""
    subscriber = await hub.subscribe(viewer, after)
    gone = asyncio.create_task(_until_gone(receive, subscriber))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        async for frame in messages(hub, subscriber):
            await send({"type": "http.response.body", "body": frame, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    except OSError:
        log.info("live_page_left")
    finally:
        gone.cancel()
        hub.unsubscribe(subscriber)


async def _until_gone(receive: Receive, subscriber: Subscriber) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    subscriber.close("left")
