"""The second look: a closed signal judged again, blind, by another person; and what a supervisor settles."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.sentences import sentence_of
from aralyk.console import incident_words, sentences, time_line
from aralyk.console.forms import problems
from aralyk.console.look_forms import LookForm
from aralyk.console.people import person_of
from aralyk.incidents.models import LookWhy, Outcome, SecondLook
from aralyk.incidents.second_looks import Material, disputes_for, do_give_look, do_take_look, looks_for, material_for
from aralyk.incidents.settling import do_settle

ROWS_MAX: Final = 100


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """What waits for a second person, and what two people judged differently."""
    user = person_of(request)
    if not (allows(user, May.CLOSE_INCIDENTS) or allows(user, May.SETTLE_LOOKS)):
        check_allowed(user, May.CLOSE_INCIDENTS)
    return _listing(request)


@require_POST
def take(request: HttpRequest, look_id: int) -> HttpResponse:
    """Begin to judge."""
    try:
        do_take_look(person_of(request), look_id)
    except Refused as error:
        if error.code is Code.NOT_PERMITTED:
            raise
        return _listing(request, refusal=sentence_of(error))
    return HttpResponseRedirect(reverse("look", args=[look_id]))


def page(request: HttpRequest, look_id: int) -> HttpResponse:
    """The facts without anybody's opinion, and the form for one's own."""
    user = person_of(request)
    material = material_for(user, look_id)
    waits = looks_for(user).filter(pk=look_id, taken_by=user).exists()
    if request.method != "POST":
        return _page(request, material, LookForm() if waits else None)
    form = LookForm(request.POST)
    if not form.is_valid():
        return _page(request, material, form)
    try:
        do_give_look(user, look_id, outcome=Outcome(form.cleaned_data["outcome"]), note=form.cleaned_data["note"])
    except Refused as error:
        if error.code is Code.NOT_PERMITTED:
            raise
        return _listing(request, refusal=sentence_of(error))
    return HttpResponseRedirect(reverse("look", args=[look_id]))


@require_POST
def settle(request: HttpRequest, look_id: int) -> HttpResponse:
    """Say which of two opinions stands."""
    user = person_of(request)
    if not disputes_for(user).filter(pk=look_id).exists():
        raise NotFound("second look")
    form = LookForm(request.POST, prefix=str(look_id))
    if not form.is_valid():
        return _listing(request, sent=(look_id, form))
    do_settle(user, look_id, outcome=Outcome(form.cleaned_data["outcome"]), note=form.cleaned_data["note"])
    return HttpResponseRedirect(reverse("looks"))


def _listing(request: HttpRequest, *, refusal: str = "", sent: tuple[int, LookForm] | None = None) -> HttpResponse:
    user = person_of(request)
    now = clock.now()
    values: dict[str, Any] = {
        "looks": [
            _row(look, user) | {"overdue": look.due_at <= now}
            for look in looks_for(user).select_related("incident")[:ROWS_MAX]
        ],
        "disputes": [
            {
                "id": look.pk,
                "number": look.incident.number,
                "kind": sentences.kind_title(look.incident.kind, ""),
                "first": sentences.text(sentences.OUTCOMES, look.first_outcome),
                "second": sentences.text(sentences.OUTCOMES, look.outcome),
                "note": look.note,
                "given_at": look.given_at,
                "incident": look.incident_id,
                "form": sent[1] if sent is not None and sent[0] == look.pk else LookForm(prefix=str(look.pk)),
                "open": sent is not None and sent[0] == look.pk,
            }
            for look in disputes_for(user)
        ],
        "problems": problems(sent[1]) if sent is not None else [],
        "refusal": refusal,
    }
    return render(request, "console/looks/list.html", values, status=409 if refusal else 422 if sent else 200)


def _row(look: SecondLook, user: User) -> dict[str, Any]:
    return {
        "id": look.pk,
        "number": look.incident.number,
        "kind": sentences.kind_title(look.incident.kind, ""),
        "why": sentences.text(incident_words.LOOKS, LookWhy(look.why).value),
        "due_at": look.due_at,
        "mine": look.taken_by_id == user.pk,
    }


def _page(request: HttpRequest, material: Material, form: LookForm | None) -> HttpResponse:
    user = person_of(request)
    decision = material.decision
    probability, distance = decision.get("probability"), decision.get("distance_m")
    given = SecondLook.objects.filter(pk=material.look, taken_by=user, given_at__isnull=False).first()
    values: dict[str, Any] = {
        "look": material,
        "title": sentences.kind_title(material.kind, str(decision.get("reason") or "")),
        "priority": material.worst_priority,
        "sentence": sentences.how_sure(material.kind, probability, None),
        "reason": sentences.text(sentences.REASONS, str(decision["reason"])) if decision.get("reason") else "",
        "distance": "" if distance is None else sentences.metres(distance),
        "percent": "" if probability is None else sentences.percent(probability),
        "time_line": [time_line.line_of(moment) for moment in material.time_line],
        "form": form,
        "given": None
        if given is None
        else {
            "own": sentences.text(sentences.OUTCOMES, given.outcome),
            "first": sentences.text(sentences.OUTCOMES, given.first_outcome),
            "agrees": given.outcome == given.first_outcome,
        },
        "problems": problems(form) if form is not None and form.is_bound else [],
    }
    status = 422 if form is not None and form.is_bound else 200
    return render(request, "console/looks/page.html", values, status=status)
