"""The person behind a request, as the domain knows people."""

from __future__ import annotations

from django.http import HttpRequest

from aralyk.access.models import User


def person_of(request: HttpRequest) -> User:
    """Whoever is logged in; pages are behind a log-in (`aralyk.console.urls`)."""
    user = request.user
    if not isinstance(user, User):
        raise AssertionError("a page without a log-in reached its view")
    return user
