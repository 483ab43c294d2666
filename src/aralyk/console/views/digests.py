"""The digests of folded alerts: which days wait for a signature, and one day with a way to each decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.permissions import May, allows
from aralyk.access.queries import shown_name
from aralyk.console import law, sentences
from aralyk.console.forms import problems
from aralyk.console.oversight_forms import SignForm
from aralyk.console.paging import page_query
from aralyk.console.people import person_of
from aralyk.oversight.digests import Group, digest_for, digests_for, do_sign_digest, may_read_digests

PAGE_ROWS: Final = 31


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The days, the newest first."""
    user = person_of(request)
    if not may_read_digests(user):
        raise NotFound("digests")
    found = digests_for(user)
    page_of = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    values = {
        "digests": [{"digest": one, "by": shown_name(one.signed_by)} for one in page_of],
        "page": page_of,
        "page_query": page_query(request),
        "now": clock.now(),
        "waiting": found.filter(signed_at__isnull=True).count(),
        "overdue": found.filter(signed_at__isnull=True, due_at__lt=clock.now()).count(),
    }
    return render(request, "console/oversight/digests.html", values)


@require_GET
def page(request: HttpRequest, day: date) -> HttpResponse:
    """One day."""
    return _render(request, day)


@require_POST
def sign(request: HttpRequest, day: date) -> HttpResponse:
    """Sign that one has read it."""
    user = person_of(request)
    form = SignForm(request.POST)
    if not form.is_valid():
        return _render(request, day, form=form)
    try:
        do_sign_digest(
            user, day, list_sha256=form.cleaned_data["list_sha256"], remark=form.cleaned_data["remark"]
        )  # fmt: skip
    except Refused as error:
        if error.code is not Code.INVALID:
            raise
        form.add_error("read", _("The list changed, or a case of it is hidden from you: somebody else must sign it."))
        return _render(request, day, form=form)
    return HttpResponseRedirect(reverse("digest", args=[day]))


def _render(request: HttpRequest, day: date, *, form: SignForm | None = None) -> HttpResponse:
    user = person_of(request)
    shown = digest_for(user, day)
    waits = shown.digest.signed_at is None
    values: Mapping[str, Any] = {
        "digest": shown.digest,
        "by": shown_name(shown.digest.signed_by),
        "whole": shown.whole,
        "groups": [_facts(one) for one in shown.groups],
        "now": clock.now(),
        "form": (form or SignForm(initial={"list_sha256": shown.list_sha256}))
        if waits and shown.whole and allows(user, May.SIGN_DIGESTS)
        else None,
        "problems": problems(form) if form else [],
    }
    return render(request, "console/oversight/digest.html", values, status=422 if form else 200)


def _facts(one: Group) -> dict[str, Any]:
    return {
        "group": one,
        "rule": sentences.text(sentences.KINDS, one.rule),
        "district": law.district_name(one.jurisdiction, one.district, at=clock.now()),
        "priority": one.worst_priority,
    }
