"""The hub's door: who a session belongs to, and which changes a user may hear of. Django's ORM, in worker threads.

Each ask opens its own connection and closes it: a stream that lives for hours holds none.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, TypeVar
from uuid import UUID

from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, connections
from django.http import HttpRequest

from aralyk.access.models import User
from aralyk.access.sight import Sight, remembering, sights
from aralyk.console.doorkeeper import lacks_second_factor, used_second_factor, within_limits
from aralyk.console.stream import Change, DatabaseLost, Viewer
from aralyk.devices.queries import devices_for
from aralyk.duties.queries import alarms_seen_by
from aralyk.incidents.queries import incidents_for
from aralyk.orders.queries import orders_for
from aralyk.tracking.live import LiveKind

T = TypeVar("T")


class OrmDoor:
    """Answers the hub from the database, as it stands at that moment."""

    async def admit(self, user_ids: Collection[int], changes: Sequence[Change]) -> Mapping[int, frozenset[int]]:
        """Ids of the changes that each user may hear of: each is asked for as a view would fetch it."""
        return await _in_thread(lambda: _admit(user_ids, changes))

    async def still_valid(self, viewers: Collection[Viewer]) -> frozenset[Viewer]:
        """Those whose session has not ended, whose password is the same, and whose account is active."""
        return await _in_thread(
            lambda: frozenset(viewer for viewer in viewers if viewer_of(viewer.session_key) == viewer)
        )

    async def viewer(self, session_key: str) -> Viewer | None:
        """Who a session cookie belongs to; None when nobody may listen with it."""
        return await _in_thread(lambda: viewer_of(session_key))


def viewer_of(session_key: str) -> Viewer | None:
    """Who a session belongs to, with all that Django checks at a request (expiry, account, password)."""
    session = SessionStore(session_key)
    if SESSION_KEY not in session or not within_limits(session):
        return None
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active or user.password_is_temporary:
        return None
    if lacks_second_factor(proven=used_second_factor(request, user)):
        return None
    return Viewer(session_key=session_key, user_id=user.pk)


async def _in_thread(ask: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(_ask_and_close, ask)
    except DatabaseError as error:
        raise DatabaseLost from error


def _ask_and_close(ask: Callable[[], T]) -> T:
    try:
        return ask()
    finally:
        connections.close_all()


def _admit(user_ids: Collection[int], changes: Sequence[Change]) -> dict[int, frozenset[int]]:
    """Asked once for all who hold the same rights: of an active account these are its role, its districts and what is
    open or closed to it besides (`aralyk.access.permissions`), so fifty pages of one centre cost one ask."""
    found: dict[tuple[str, frozenset[str], Sight], frozenset[int]] = {}
    admitted: dict[int, frozenset[int]] = {}
    besides = sights(user_ids)
    with remembering(besides):
        for user in User.objects.filter(pk__in=user_ids, is_active=True):
            rights = (user.role, frozenset(user.districts), besides[user.pk])
            if rights not in found:
                found[rights] = frozenset(_allowed(user, changes))
            admitted[user.pk] = found[rights]
    return admitted


def _allowed(user: User, changes: Sequence[Change]) -> list[int]:
    subjects: dict[str, set[str]] = defaultdict(set)
    for change in changes:
        subjects[change.kind].add(change.subject)
    seen = {kind: _ASK[kind](user, ids) for kind, ids in subjects.items() if kind in _ASK}
    return [change.id for change in changes if change.subject in seen.get(change.kind, ())]


def _incidents(user: User, ids: Collection[str]) -> set[str]:
    return {str(pk) for pk in incidents_for(user).filter(pk__in=_uuids(ids)).values_list("pk", flat=True)}


def _orders(user: User, ids: Collection[str]) -> set[str]:
    return {str(pk) for pk in orders_for(user).filter(pk__in=_uuids(ids)).values_list("pk", flat=True)}


def _devices(user: User, ids: Collection[str]) -> set[str]:
    return {str(pk) for pk in devices_for(user).filter(pk__in=ids).values_list("pk", flat=True)}


def _uuids(ids: Collection[str]) -> list[UUID]:
    return [UUID(text) for text in ids]


_ASK: Final[Mapping[str, Callable[[User, Collection[str]], set[str]]]] = {
    LiveKind.INCIDENT: _incidents,
    LiveKind.FIX: _orders,
    LiveKind.DEVICE: _devices,
    LiveKind.PLATFORM: alarms_seen_by,
}
