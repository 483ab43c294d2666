"""My duties: what is owed in this person's districts, the longest overdue first, each with its running clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.access.queries import shown_name
from aralyk.access.sentences import sentence_of
from aralyk.console import law, sentences
from aralyk.console.duty_words import SHOWN
from aralyk.console.forms import problems
from aralyk.console.people import person_of
from aralyk.console.risk_forms import DoneForm
from aralyk.duties.queries import count_for, may_see_duties, owed_for
from aralyk.duties.rows import COUNTED_MAX, Key, Owed, Wanted
from aralyk.risk.actions import do_finish_duty
from aralyk.risk.queries import done_for

DONE_ROWS: Final = 20


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """What is owed; `?show=overdue|today|mine`, `?after=` goes on."""
    return _render(request)


@require_POST
def finish(request: HttpRequest, duty: int) -> HttpResponse:
    """Tick off a duty of risk, with what was done."""
    form = DoneForm(request.POST, prefix=str(duty))
    if form.is_valid():
        try:
            do_finish_duty(person_of(request), duty, note=form.cleaned_data["note"])
        except Refused as error:
            form.add_error("note", sentence_of(error))
        else:
            return HttpResponseRedirect(f"{reverse('duties')}?{_query(_show(request.POST))}")
    return _render(request, {f"risk_duty.{duty}": form})


def _render(request: HttpRequest, bound: Mapping[str, DoneForm] | None = None) -> HttpResponse:
    user = person_of(request)
    if not may_see_duties(user):
        raise NotFound("duties")
    at = clock.now()
    bound = bound or {}
    show = _show(request.POST if request.method == "POST" else request.GET)
    wanted = _wanted(show, at=at, after=Key.parse(request.GET.get("after", "")))
    page = owed_for(user, wanted)
    overdue = count_for(user, _wanted("overdue", at=at))
    today = count_for(user, _wanted("today", at=at))
    values = {
        "duties": [_facts(owed, bound, at=at) for owed in page.duties],
        "after": page.after,
        "first": wanted.after is None,
        "show": show,
        "query": _query(show),
        "tabs": [
            {"show": name, "title": title, "count": counted, "current": name == show}
            for name, title, counted in (
                ("all", _("All"), None),
                ("overdue", _("Overdue"), _counted(overdue)),
                ("today", _("Until tonight"), _counted(today)),
                ("mine", _("Where I assessed"), None),
            )
        ],
        "overdue": overdue,
        "oversees_only": not allows(user, May.READ_RISK),
        "done": [_done(user, duty, at=at) for duty in done_for(user)[:DONE_ROWS]] if wanted.after is None else [],
        "problems": [problem for form in bound.values() for problem in problems(form)],
    }
    return render(request, "console/duties/list.html", values, status=422 if values["problems"] else 200)


def _wanted(show: str, *, at: datetime, after: Key | None = None) -> Wanted:
    tonight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return Wanted(
        now=at, overdue=show == "overdue", before=tonight if show == "today" else None, mine=show == "mine", after=after
    )


def _facts(owed: Owed, bound: Mapping[str, DoneForm], *, at: datetime) -> dict[str, Any]:
    shown = SHOWN[owed.source]
    key = f"{owed.source}.{owed.id}"
    finish = shown.finish(owed) if owed.may_finish else ""
    return {
        "owed": owed,
        "words": shown.words(owed, at),
        "address": shown.address(owed),
        "finish": finish,
        "form": bound.get(key),  # empty ones are the template's: fifty forms a page would cost half its time
        "open": key in bound,
        "overdue": owed.due_at < at,
        "threat": sentences.text(sentences.THREATS, owed.threat) if owed.threat else "",
        "left_s": abs((owed.due_at - at).total_seconds()),
        "district": law.district_name(owed.jurisdiction, owed.district, at=at),
    }


def _done(user: User, duty: Any, *, at: datetime) -> dict[str, Any]:
    return {
        "words": law.duty_name(duty.decision.assessment.jurisdiction, duty.rule, at=at),
        "name": duty.respondent.name,
        "code": duty.protected_person.code,
        "at": duty.done_at,
        "by": shown_name(duty.done_by),
        "note": duty.note,
        "late": duty.done_at > duty.due_at,
    }


def _counted(count: int) -> str:
    return f"{COUNTED_MAX}+" if count >= COUNTED_MAX else str(count)


def _show(given: QueryDict) -> str:
    asked = given.get("show", "")
    return asked if asked in {"overdue", "today", "mine"} else "all"


def _query(show: str) -> str:
    return f"show={show}&" if show != "all" else ""
