"""What a person sees when there is no page for them. No template here needs the database: it may be what failed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(request, "bad_request", 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the role does not allow it, or the form was too old."""
    return _page(request, "forbidden", 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 of a form whose secret does not match: usually a page left open over a log-out."""
    return _page(request, "form_too_old", 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: there is none, or it is not this person's to see; the two look alike."""
    return _page(request, "not_found", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, without asking the database anything."""
    return _page(request, "server_error", 500)


def by_administrator(request: HttpRequest) -> HttpResponse:
    """Where allauth would sign people up or send e-mail."""
    return _page(request, "by_administrator", 404)


def not_here(request: HttpRequest) -> HttpResponse:
    """The stream is served before Django; who arrives here runs another server than ours."""
    return HttpResponse("the live stream needs the console's own server", status=501, content_type="text/plain")


def _page(request: HttpRequest, what: str, status: int) -> HttpResponse:
    if "X-Fragment" in request.headers:
        text = loader.render_to_string("console/failure_text.html", {"what": what}, request=None)
        return HttpResponse(text.strip(), status=status, content_type="text/plain; charset=utf-8")
    return render(request, "console/failure.html", {"what": what}, status=status)
