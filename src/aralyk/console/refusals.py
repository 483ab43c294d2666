"""Turns the domain's "no" into pages: `NotFound` into 404, `Refused` into a sentence with its own status.

One place for all views. A script that asked for a fragment gets the sentence alone, a person gets a page around it.
Unexpected errors are logged by kind and place, never with values, and end in a page that says nothing about anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from aralyk.access.errors import Code, FieldProblem, NotFound, Refused
from aralyk.access.sentences import sentence_of
from aralyk.bundles.errors import BundleRefused

log = structlog.get_logger(__name__)

STATUS: Final = {
    Code.NOT_PERMITTED: HTTPStatus.FORBIDDEN,
    Code.SECOND_FACTOR_NEEDED: HTTPStatus.FORBIDDEN,
    Code.INVALID: HTTPStatus.BAD_REQUEST,
    Code.TOO_MANY_LOOKS: HTTPStatus.TOO_MANY_REQUESTS,
}


class Refusals:
    """Middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for what the domain refused; leave everything else to Django."""
        if isinstance(error, NotFound):
            raise Http404 from error
        if isinstance(error, Refused):
            return refused(request, error)
        if isinstance(error, BundleRefused):
            log.warning("bundle_refused", error=type(error).__name__)
            return say_refused(request, _("The bundle could not be made now: the log did not seal in time."), 503)
        return None


def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """The sentence of a refusal, as a fragment or as a page."""
    status = STATUS.get(error.code, HTTPStatus.CONFLICT)
    second_factor = error.code is Code.SECOND_FACTOR_NEEDED
    return say_refused(request, sentence_of(error), status, error.fields, second_factor=second_factor)


def say_refused(
    request: HttpRequest,
    sentence: str,
    status: int,
    fields: tuple[FieldProblem, ...] = (),
    *,
    second_factor: bool = False,
) -> HttpResponse:
    """One sentence that says why nothing was done."""
    if is_fragment(request):
        return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    values = {"sentence": sentence, "fields": fields, "second_factor": second_factor}
    return render(request, "console/refused.html", values, status=status)


def is_fragment(request: HttpRequest) -> bool:
    """Whether a script asked, that will put the answer into a page."""
    return "X-Fragment" in request.headers
