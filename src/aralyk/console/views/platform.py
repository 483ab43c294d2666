"""The platform's own pages: state strip, health for a load balancer, the language switch."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.actions import do_set_language
from aralyk.access.models import User
from aralyk.console.context import last_live_event
from aralyk.console.language import KNOWN

YEAR_S = 365 * 24 * 3600


@require_GET
def strip(request: HttpRequest) -> HttpResponse:
    """The part of the state strip that the server knows."""
    return render(request, "console/parts/system.html")


@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """Whether pages can be served: the database answers. Says nothing about anybody, asks for no log-in."""
    return JsonResponse({"at": clock.iso(clock.now_us()), "live_event": last_live_event(), "status": "well"})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language in this browser, and with the account of whoever is logged in."""
    chosen = request.POST.get("language", "")
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    response = HttpResponseRedirect(target)
    if chosen not in KNOWN:
        return response
    if isinstance(request.user, User) and request.user.language != chosen:
        do_set_language(request.user, language=chosen)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=YEAR_S,
        samesite="Lax",
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
    )
    return response
