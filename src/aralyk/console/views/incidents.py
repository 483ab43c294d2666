"""One signal: what is known and how surely, who, when, and what a person may do about it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django import forms
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
from aralyk.console.access_forms import blame
from aralyk.console.bundle_file import export
from aralyk.console.cards import card_of
from aralyk.console.certainty import scale_of
from aralyk.console.forms import BundleForm, problems
from aralyk.console.incident_acts import form_for, offers, send
from aralyk.console.incident_life import stages_of, told_of
from aralyk.console.order_facts import condition_facts, order_facts
from aralyk.console.people import person_of
from aralyk.console.playbook_facts import contacts_of, form_of_step, playbook_facts
from aralyk.console.refusals import is_fragment, refused
from aralyk.console.views.map_data import map_values
from aralyk.incidents.actions import SHOWN_AT_ONCE_MAX, do_mark_shown
from aralyk.incidents.escalation import do_answer_escalation, escalations_for
from aralyk.incidents.life import DEEDS, Act
from aralyk.incidents.models import Incident, Status
from aralyk.incidents.playbooks import do_step, steps_for
from aralyk.incidents.queries import incident_for, time_line_for
from aralyk.jurisdictions.values import StepResult

_BUNDLE: Final = "bundle"
_PARTS: Final = frozenset({"head", "sure", "when", "life", "acts", "playbook"})
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
def act(request: HttpRequest, incident_id: UUID, name: str) -> HttpResponse:
    """Do one act of the table. What the form lacks, or the domain refuses, stands on the page in words."""
    user = person_of(request)
    if name not in set(Act) - {Act.SHOW}:
        raise NotFound("act")
    chosen = Act(name)
    incident = incident_for(user, incident_id)
    form = form_for(user, incident, chosen, request.POST)
    if form is not None and not form.is_valid():
        # Not offered any more: what stands in the way matters, not the form.
        check_allowed(user, DEEDS[chosen].may)
        return _render_page(request, incident, bound={chosen: form})
    try:
        send(user, incident_id, chosen, form.cleaned_data if form is not None else {})
    except Refused as error:
        if form is not None and error.code is Code.STILL_OPEN:
            form.add_error("still_open_confirmed", sentence_of(error))
            return _render_page(request, incident, bound={chosen: form})
        if form is not None and error.code is Code.INVALID:
            blame(form, error)
            return _render_page(request, incident, bound={chosen: form})
        return _say(request, incident_id, error)
    return _done(request, incident_id)


@require_POST
def step(request: HttpRequest, incident_id: UUID, step: str) -> HttpResponse:
    """Record that a step of the playbook was done."""
    user = person_of(request)
    states = steps_for(user, incident_id)
    found = next((one.step for one in states if one.step.slug == step), None)
    if found is None:
        raise NotFound("step")
    form = form_of_step(found, request.POST)
    if not form.is_valid():
        check_allowed(user, May.ANSWER_INCIDENTS)
        return _render_page(request, incident_for(user, incident_id), step_form=(step, form))
    result = StepResult(form.cleaned_data["result"])
    try:
        do_step(user, incident_id, step=step, result=result, note=form.cleaned_data["note"])
    except Refused as error:
        if error.code is Code.INVALID:
            blame(form, error)
            return _render_page(request, incident_for(user, incident_id), step_form=(step, form))
        return _say(request, incident_id, error)
    return _done(request, incident_id)


@require_POST
def answer(request: HttpRequest, incident_id: UUID, escalation_id: int) -> HttpResponse:
    """Say "I was told" for a desk at which one is on duty."""
    user = person_of(request)
    incident_for(user, incident_id)
    if not escalations_for(user, incident_id).filter(pk=escalation_id).exists():
        raise NotFound("escalation")
    try:
        do_answer_escalation(user, escalation_id)
    except Refused as error:
        return _say(request, incident_id, error)
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


def _say(request: HttpRequest, incident_id: UUID, error: Refused) -> HttpResponse:
    """Why nothing was done, on the page as the incident stands now: somebody else was faster, most often."""
    if is_fragment(request) or error.code is Code.NOT_PERMITTED:
        return refused(request, error)
    incident = incident_for(person_of(request), incident_id)
    return _render_page(request, incident, refusal=sentence_of(error))


def _render_page(
    request: HttpRequest,
    incident: Incident,
    *,
    bound: Mapping[Act, forms.Form] = MappingProxyType({}),
    step_form: tuple[str, forms.Form] | None = None,
    bundle_form: BundleForm | None = None,
    refusal: str = "",
) -> HttpResponse:
    user = person_of(request)
    wrong = [*bound.values(), *([step_form[1]] if step_form else []), *([bundle_form] if bundle_form else [])]
    values: Mapping[str, Any] = {
        **_live_values(request, incident, bound=bound, step_form=step_form),
        "order": order_facts(incident.order),
        "conditions": condition_facts(incident.order, named=incident.condition),
        "map": map_values(only=incident.order_id),
        "bundle_form": bundle_form or BundleForm(prefix=_BUNDLE),
        "may_export": allows(user, May.EXPORT_BUNDLES),
        "problems": [problem for form in wrong for problem in problems(form)],
        "refusal": refusal,
    }
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return render(request, "console/incident/page.html", values, status=status)


def _live_values(
    request: HttpRequest,
    incident: Incident,
    *,
    bound: Mapping[Act, forms.Form] = MappingProxyType({}),
    step_form: tuple[str, forms.Form] | None = None,
) -> dict[str, Any]:
    user = person_of(request)
    card = card_of(user, incident)
    moments = time_line_for(user, incident.pk)
    return {
        "incident": incident,
        "card": card,
        "scale": scale_of(card),
        "stages": stages_of(incident),
        "told": told_of(user, incident),
        "offers": offers(user, incident, bound=bound),
        "must_acknowledge_first": allows(user, May.CLOSE_INCIDENTS) and incident.status == Status.OPEN,
        "time_line": time_line.lines(incident, card, moments),
        "playbook": playbook_facts(user, incident, sent=step_form),
        "contacts": contacts_of(incident, moments),
        "now": clock.now(),
    }
