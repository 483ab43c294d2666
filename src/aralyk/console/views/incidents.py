"""One signal: what is known and how surely, who, when, and what a person may do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.sentences import sentence_of
from aralyk.access.witness import name_of
from aralyk.console import time_line
from aralyk.console.bundle_file import export
from aralyk.console.cards import card_of
from aralyk.console.certainty import scale_of
from aralyk.console.forms import BundleForm, CloseForm, NoteForm, problems
from aralyk.console.order_facts import condition_facts, order_facts
from aralyk.console.people import person_of
from aralyk.console.refusals import is_fragment, refused
from aralyk.console.views.map_data import map_values
from aralyk.incidents.actions import SHOWN_AT_ONCE_MAX, do_acknowledge, do_close, do_mark_shown, do_note
from aralyk.incidents.life import OWNED
from aralyk.incidents.models import Incident, Outcome, Status
from aralyk.incidents.queries import incident_for, time_line_for

_NOTE: Final = "note"
_CLOSE: Final = "close"
_BUNDLE: Final = "bundle"
_PARTS: Final = frozenset({"head", "sure", "when"})
_TEXT: Final = "text/plain; charset=utf-8"


@require_GET
def page(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """The page of a signal; that it was opened counts as shown."""
    user = person_of(request)
    incident = incident_for(user, incident_id)
    if incident.shown_at is None and do_mark_shown(user, [incident.pk]):
        incident.refresh_from_db()
    return _render_page(request, incident)


@require_GET
def live_part(request: HttpRequest, incident_id: UUID, part: str) -> HttpResponse:
    """What changes while the page is open, a part at a time: head, certainty, time line."""
    if part not in _PARTS:
        raise NotFound("part")
    incident = incident_for(person_of(request), incident_id)
    return render(request, f"console/incident/{part}.html", _live_values(request, incident))


@require_GET
def peek(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """The signal in a few sentences, for the desk."""
    user = person_of(request)
    return render(request, "console/desk/peek.html", {"card": card_of(user, incident_for(user, incident_id))})


@require_POST
def acknowledge(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Take the signal on."""
    do_acknowledge(person_of(request), incident_id)
    return _done(request, incident_id)


@require_POST
def note(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Add a note."""
    user = person_of(request)
    incident = incident_for(user, incident_id)
    form = NoteForm(request.POST, prefix=_NOTE)
    if not form.is_valid():
        return _render_page(request, incident, note_form=form)
    do_note(user, incident_id, text=form.cleaned_data["text"])
    return _done(request, incident_id)


@require_POST
def close(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Close with an opinion and a reason."""
    user = person_of(request)
    incident = incident_for(user, incident_id)
    form = CloseForm(request.POST, prefix=_CLOSE)
    if not form.is_valid():
        return _render_page(request, incident, close_form=form)
    try:
        do_close(
            user,
            incident_id,
            outcome=Outcome(form.cleaned_data["outcome"]),
            reason=form.cleaned_data["reason"],
            still_open_confirmed=form.cleaned_data["still_open_confirmed"],
        )
    except Refused as error:
        if error.code is not Code.STILL_OPEN:
            return refused(request, error)
        form.add_error("still_open_confirmed", sentence_of(error))
        return _render_page(request, incident, close_form=form)
    return _done(request, incident_id)


@require_POST
def shown(request: HttpRequest) -> HttpResponse:
    """Record which signals this screen has really shown."""
    ids = []
    for text in request.POST.getlist("incident")[: SHOWN_AT_ONCE_MAX + 1]:
        try:
            ids.append(UUID(text))
        except ValueError:
            return HttpResponse("incident: expected ids of signals", status=400, content_type="text/plain")
    do_mark_shown(person_of(request), ids)
    return HttpResponse(status=204)


@require_POST
def bundle(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Make the sealed evidence bundle and hand it out; that it was made, by whom and why, is witnessed."""
    user = person_of(request)
    check_allowed(user, May.EXPORT_BUNDLES)
    incident = incident_for(user, incident_id)
    form = BundleForm(request.POST, prefix=_BUNDLE)
    if not form.is_valid():
        if is_fragment(request):
            return HttpResponse(" ".join(found["text"] for found in problems(form)), status=422, content_type=_TEXT)
        return _render_page(request, incident, bundle_form=form)
    content, failed = export(incident.pk, by=name_of(user), reason=form.cleaned_data["reason"])
    headers = {
        "Content-Disposition": f'attachment; filename="bundle-{incident.number}.zip"',
        "X-Failed-Checks": ",".join(str(number) for number in failed),
    }
    return HttpResponse(content, content_type="application/zip", headers=headers)


def _done(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    if is_fragment(request):
        return HttpResponse(status=204)
    # A form on the desk comes back to the desk, one on the page to the page.
    if request.POST.get("back") == "desk":
        return HttpResponseRedirect(reverse("desk"))
    return HttpResponseRedirect(reverse("incident", args=[incident_id]))


def _render_page(
    request: HttpRequest,
    incident: Incident,
    *,
    note_form: NoteForm | None = None,
    close_form: CloseForm | None = None,
    bundle_form: BundleForm | None = None,
) -> HttpResponse:
    user = person_of(request)
    bound = [form for form in (note_form, close_form, bundle_form) if form is not None]
    values: Mapping[str, Any] = {
        **_live_values(request, incident),
        "order": order_facts(incident.order),
        "conditions": condition_facts(incident.order, named=incident.condition),
        "map": map_values(only=incident.order_id),
        "note_form": note_form or NoteForm(prefix=_NOTE),
        "close_form": close_form or CloseForm(prefix=_CLOSE),
        "bundle_form": bundle_form or BundleForm(prefix=_BUNDLE),
        "may_export": allows(user, May.EXPORT_BUNDLES),
        "problems": [problem for form in bound for problem in problems(form)],
        "may_note": allows(user, May.ANSWER_INCIDENTS),
        "may_close": allows(user, May.CLOSE_INCIDENTS) and incident.status in OWNED,
        "must_acknowledge_first": allows(user, May.CLOSE_INCIDENTS) and incident.status == Status.OPEN,
    }
    return render(request, "console/incident/page.html", values, status=422 if bound else 200)


def _live_values(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    user = person_of(request)
    card = card_of(user, incident)
    return {
        "incident": incident,
        "card": card,
        "scale": scale_of(card),
        "time_line": time_line.lines(incident, card, time_line_for(user, incident.pk)),
        "now": clock.now(),
    }
