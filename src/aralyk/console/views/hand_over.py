"""The change of a shift: how everything stands, what the leaving person says, and who takes it over by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.queries import shown_name
from aralyk.console import law, sentences
from aralyk.console.forms import problems
from aralyk.console.order_words import LOSSES
from aralyk.console.oversight_forms import LeaveForm
from aralyk.console.people import person_of
from aralyk.incidents.handing import do_take_over
from aralyk.incidents.life import OWNED
from aralyk.jurisdictions.values import Milestone
from aralyk.oversight.hand_over import Silent, Waiting, do_leave_shift, do_take_shift, hand_overs_for, standing_for
from aralyk.oversight.models import ShiftHandOver

SHOWN: Final = 10
MILESTONES: Final = {
    Milestone.SHOWN.value: gettext_lazy("not shown in time"),
    Milestone.ACKNOWLEDGED.value: gettext_lazy("not acknowledged in time"),
    Milestone.HANDED_OVER.value: gettext_lazy("not handed over in time"),
    Milestone.ACCEPTED.value: gettext_lazy("not accepted in time"),
    Milestone.ON_THE_WAY.value: gettext_lazy("nobody set out in time"),
    Milestone.ARRIVED.value: gettext_lazy("nobody arrived in time"),
    Milestone.CLOSED.value: gettext_lazy("not closed in time"),
}
assert set(MILESTONES) == {one.value for one in Milestone}


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """How everything stands now, and the hand-overs that wait."""
    return _render(request)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Leave the shift."""
    form = LeaveForm(request.POST)
    if not form.is_valid():
        return _render(request, form=form)
    do_leave_shift(person_of(request), note=form.cleaned_data["note"])
    return HttpResponseRedirect(reverse("hand_over"))


@require_POST
def take(request: HttpRequest, hand_over_id: int) -> HttpResponse:
    """Take a shift over by name."""
    do_take_shift(person_of(request), hand_over_id)
    return HttpResponseRedirect(reverse("hand_over"))


@require_POST
def take_incident(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Take one signal over: an act of its own."""
    do_take_over(person_of(request), incident_id)
    return HttpResponseRedirect(f"{reverse('hand_over')}#signals")


def _render(request: HttpRequest, *, form: LeaveForm | None = None) -> HttpResponse:
    user = person_of(request)
    at = clock.now()
    found = standing_for(user, at=at)
    every = hand_overs_for(user)
    values: Mapping[str, Any] = {
        "at": at,
        "incidents": [_incident(one, mine=one.incident.acknowledged_by_id == user.pk) for one in found.incidents],
        "overdue": sum(bool(one.overdue) for one in found.incidents),
        "suspensions": [
            {
                "order": one.order, "until": one.until_at, "reason": one.proposal.reason,
                "district": law.district_name(one.order.jurisdiction, one.order.district, at=at),
            }
            for one in found.suspensions
        ],
        "silent": [_silent(one) for one in found.silent],
        "waiting": [
            _left(one, own=one.left_by_id == user.pk) for one in every.filter(taken_at__isnull=True)[:SHOWN]
        ],
        "past": [_left(one, own=False) for one in every.filter(taken_at__isnull=False)[:SHOWN]],
        "form": form or LeaveForm(),
        "problems": problems(form) if form else [],
    }  # fmt: skip
    return render(request, "console/oversight/hand_over.html", values, status=422 if form else 200)


def _incident(one: Waiting, *, mine: bool) -> dict[str, Any]:
    return {
        "incident": one.incident,
        "kind": sentences.text(sentences.KINDS, one.incident.kind),
        "status": sentences.text(sentences.STATUSES, one.incident.status),
        "owner": one.owner,
        "overdue": [MILESTONES[each] for each in one.overdue],
        "may_take": not mine and one.incident.status in OWNED,
    }


def _silent(one: Silent) -> dict[str, Any]:
    return {
        "one": one,
        "party": sentences.text(sentences.PARTIES, one.party),
        "cause": sentences.text(LOSSES, one.cause) if one.cause else "",
    }


def _left(one: ShiftHandOver, *, own: bool) -> dict[str, Any]:
    return {
        "left": one, "by": shown_name(one.left_by), "taken_by": shown_name(one.taken_by), "own": own,
        "incidents": len(one.standing["incidents"]), "suspended": len(one.standing["suspended"]),
        "silent": len(one.standing["silent"]),
    }  # fmt: skip
