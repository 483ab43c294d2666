"""Which language a page is in: the person's own choice, else Russian. The browser's wish is not asked.

A centre's machine may run a system in any language; the operator chose once, and it stays theirs on every machine.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

KNOWN = frozenset(code for code, _ in settings.LANGUAGES)


class ChosenLanguage:
    """Middleware: the cookie of this browser, else the account's language, else the default."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self._get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response


def language_of(request: HttpRequest) -> str:
    """The language for this request."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in KNOWN:
        return chosen
    user = getattr(request, "user", None)
    own = getattr(user, "language", "") if user is not None and user.is_authenticated else ""
    return own if own in KNOWN else settings.LANGUAGE_CODE
