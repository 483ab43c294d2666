"""Stands before every page and every address of the API: is this session still good, how sure is it, what does it see.

A session ends some time after its person's last request and, whatever happens, after a shift. What a page fetches by
itself is no person's request, except on the screens of those whose duty is to watch: a night without signals must not
turn them off. The machine's clock counts here, never the domain's, which runs faster in a demo.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Final

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from aralyk.access.limits import SecondFactor, limits
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.access.sight import remembering
from aralyk.access.strength import session_with
from aralyk.console.refusals import is_fragment

BEGAN: Final = "began_s"
SEEN: Final = "seen_s"
WRITTEN_EVERY_S: Final = 30  # the row of a session is not written at each request
_OPEN_WITHOUT: Final = ("/account/", "/static/", "/language", "/healthz", "/strip")
# With a password that somebody else chose: the page that changes it, and the way out.
_OPEN_TO_CHANGE: Final = ("/account/password/", "/account/logout/", "/static/", "/language", "/healthz")


class Doorkeeper:
    """Middleware; after those that know session and user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return self._get_response(request)
        if not within_limits(request.session):
            logout(request)
            return self._get_response(request)
        _note_seen(request.session, by_person=not is_fragment(request) or allows(user, May.WATCH))
        proven = used_second_factor(request, user)
        if user.password_is_temporary and not request.path.startswith(_OPEN_TO_CHANGE):
            return _lead_to(request, "account_change_password")
        if lacks_second_factor(proven=proven) and not request.path.startswith(_OPEN_WITHOUT):
            return _lead_to(request, "mfa_index")
        with remembering(), session_with(second_factor=proven):
            return self._get_response(request)


def within_limits(session: Mapping[str, Any]) -> bool:
    """Whether a session is neither too old nor idle for too long; one that was never seen is new."""
    now_s = time.time()
    began_s, seen_s = session.get(BEGAN, now_s), session.get(SEEN, now_s)
    return bool(now_s - began_s <= settings.SESSION_LIFE_S and now_s - seen_s <= settings.SESSION_IDLE_S)


def lacks_second_factor(*, proven: bool) -> bool:
    """Whether a session shows nothing yet, because everybody needs a second factor here and it used none."""
    return limits().second_factor is SecondFactor.EVERYBODY and not proven


def _lead_to(request: HttpRequest, page: str) -> HttpResponse:
    return HttpResponse(status=401) if is_fragment(request) else HttpResponseRedirect(reverse(page))


def used_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether a passkey or a one-time code was given in this session of this person."""
    records = get_authentication_records(request, user)
    return any(record.get("method") == "mfa" for record in records)


def _note_seen(session: MutableMapping[str, Any], *, by_person: bool) -> None:
    now_s = int(time.time())
    if BEGAN not in session:
        session[BEGAN] = session[SEEN] = now_s
    elif by_person and now_s - session.get(SEEN, 0) >= WRITTEN_EVERY_S:
        session[SEEN] = now_s
