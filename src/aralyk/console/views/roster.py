"""Who is on duty now and later, hours with nobody, the test call of one's own shift, and a new shift."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.errors import Code, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.queries import shown_name
from aralyk.access.sentences import sentence_of
from aralyk.console.desk_names import desk_name
from aralyk.console.forms import problems
from aralyk.console.people import person_of
from aralyk.console.roster_forms import EXPECTED, ShiftForm
from aralyk.roster.actions import do_answer_test_call, do_cancel_shift, do_plan_shift
from aralyk.roster.models import Shift
from aralyk.roster.queries import answers_for, desks_for, gaps_for, on_duty_for, shifts_for

AHEAD: Final = timedelta(hours=48)  # two nights: what a supervisor looks at before going home


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The roster."""
    check_allowed(person_of(request), May.READ_ROSTER)
    return _page(request)


@require_POST
def answer(request: HttpRequest, shift_id: int) -> HttpResponse:
    """Say "here": the test call of one's own shift."""
    try:
        do_answer_test_call(person_of(request), shift_id)
    except Refused as error:
        if error.code is Code.NOT_PERMITTED:
            raise
        return _page(request, refusal=sentence_of(error))
    return HttpResponseRedirect(reverse("roster"))


@require_POST
def plan(request: HttpRequest) -> HttpResponse:
    """Put people on duty."""
    user = person_of(request)
    check_allowed(user, May.KEEP_ROSTER)
    form = ShiftForm(request.POST, desks=_kept(user))
    if form.is_valid():
        given = form.cleaned_data
        try:
            do_plan_shift(
                user, desk=given["desk"], starts_at=given["starts_at"], ends_at=given["ends_at"], people=given["people"]
            )
        except Refused as refused:
            if refused.code is not Code.INVALID:
                raise
            _blame(form, refused)
        else:
            return HttpResponseRedirect(reverse("roster"))
    return _page(request, form=form)


@require_POST
def cancel(request: HttpRequest, shift_id: int) -> HttpResponse:
    """Take a shift out of the roster."""
    try:
        do_cancel_shift(person_of(request), shift_id)
    except Refused as error:
        if error.code is Code.NOT_PERMITTED:
            raise
        return _page(request, refusal=sentence_of(error))
    return HttpResponseRedirect(reverse("roster"))


def _page(request: HttpRequest, *, form: ShiftForm | None = None, refusal: str = "") -> HttpResponse:
    user = person_of(request)
    now = clock.now()
    kept = _kept(user) if allows(user, May.KEEP_ROSTER) else []
    shifts = list(shifts_for(user, since=now, until=now + AHEAD))
    values: dict[str, Any] = {
        "desks": _desks(user),
        "calls": [_call(shift) for shift in shifts if _waits_for(shift, user)],
        "shifts": [_shift(shift, kept={code for code, _name in kept}) for shift in shifts],
        "hours": int(AHEAD.total_seconds() // 3600),
        "form": form or (ShiftForm(desks=kept) if kept else None),
        "problems": problems(form) if form is not None else [],
        "refusal": refusal,
    }
    return render(request, "console/roster.html", values, status=409 if refusal else 422 if form is not None else 200)


def _desks(user: User) -> list[dict[str, Any]]:
    now = clock.now()
    manned = on_duty_for(user, at=now)
    gaps = gaps_for(user, at=now)
    names = {
        one.pk: shown_name(one)
        for one in get_user_model().objects.filter(pk__in={person for desk in manned for person in desk.people})
    }
    return [
        {
            "name": desk_name(one.desk, at=now),
            "code": one.desk.code,
            "people": [names[person] for person in one.people if person in names],
            "ready": one.is_ready,
            "always": one.desk.always,
            "gaps": [
                {"starts_at": gap.starts_at, "ends_at": gap.ends_at, "now": gap.starts_at <= now}
                for gap in gaps.get(one.desk.code, ())
            ],
        }
        for one in manned
    ]


def _waits_for(shift: Shift, user: User) -> bool:
    """Whether its test call waits for this person now."""
    posted = any(one.person_id == user.pk and one.removed_at is None for one in shift.postings.all())
    return posted and shift.cancelled_at is None and shift.call_answered_at is None and shift.starts_at <= clock.now()


def _call(shift: Shift) -> dict[str, Any]:
    return {
        "id": shift.pk, "desk": desk_name(shift.desk, at=shift.starts_at), "due_at": shift.call_due_at,
        "overdue": shift.call_due_at <= clock.now(),
    }  # fmt: skip


def _shift(shift: Shift, *, kept: set[str]) -> dict[str, Any]:
    return {
        "id": shift.pk,
        "desk": desk_name(shift.desk, at=shift.starts_at),
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
        "people": [shown_name(one.person) for one in shift.postings.all() if one.removed_at is None],
        "cancelled": shift.cancelled_at is not None,
        "begun": shift.starts_at <= clock.now(),
        "answered_at": shift.call_answered_at,
        "answered_by": shown_name(shift.call_answered_by),
        "late": shift.call_missed_at is not None,
        "may_cancel": shift.cancelled_at is None and shift.desk.code in kept,
    }


def _kept(user: User) -> list[tuple[str, str]]:
    """The open desks that this person plans for; one of the whole country: who answers for the whole country."""
    now = clock.now()
    kept = [desk for desk in desks_for(user) if desk.closed_at is None and answers_for(user, desk.district)]
    return [(desk.code, desk_name(desk, at=now)) for desk in kept]


def _blame(form: ShiftForm, refused: Refused) -> None:
    for problem in refused.fields:
        name = problem.field.partition("[")[0]
        form.add_error(name if name in form.fields else None, str(EXPECTED.get(name, "")) or sentence_of(refused))
