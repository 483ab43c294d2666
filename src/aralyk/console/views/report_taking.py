"""Takes a report one thing after another. Every step is kept as it is sent, complete or not; nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed, districts_of
from aralyk.access.sentences import sentence_of
from aralyk.console.forms import problems
from aralyk.console.people import person_of
from aralyk.console.refusals import is_fragment
from aralyk.console.report_forms import (
    NEW,
    PEOPLE_MAX,
    UNKNOWN,
    AskedForm,
    HimForm,
    HowForm,
    PersonForm,
    WhatForm,
    bound,
    given_to,
    shown_when,
)
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.pack import Pack
from aralyk.reports import sealed
from aralyk.reports.drafts import HOME_JURISDICTION, ReportDraft, RespondentDraft
from aralyk.reports.joined import FoundRespondent, find_respondents
from aralyk.reports.models import Applicant, Channel, Report
from aralyk.reports.taking import do_take_report

Content = dict[str, dict[str, list[str]]]
STEPS: Final[Mapping[str, Promise]] = {
    "how": _("How it came"),
    "what": _("What happened"),
    "him": _("Who it was"),
    "her": _("Whom it reached"),
    "asked": _("What must be asked"),
    "check": _("Check and take"),
}
_ORDER: Final = tuple(STEPS)
VALUE_MAX: Final = 10_000  # characters of one field that is kept before anybody checked it
PEOPLE: Final = "people"  # how many people the step "her" shows
_CHANNEL_OF: Final = {"duty_unit": Channel.DUTY_UNIT, "juvenile_officer": Channel.JUVENILE_OFFICER,
                      "crisis_centre": Channel.CRISIS_CENTRE}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Who takes which draft, by the law of today."""

    user: User
    draft: UUID
    content: Content
    law: Pack
    on: date

    def step(self, name: str) -> dict[str, list[str]]:
        return self.content.get(name, {})

    def form(self, make: Callable[..., forms.Form], step: str, *, judged: bool, **more: Any) -> forms.Form:
        """A step's form: judged as sent, or only filled with what was kept."""
        if judged:
            return make(bound(self.step(step)), law=self.law, on=self.on, **more)
        form = make(law=self.law, on=self.on, **more)
        form.initial = {**_first(self, step), **given_to(form, self.step(step))}
        return form

    def people(self, *, judged: bool) -> list[PersonForm]:
        kept = self.step("her")
        count = min(max(int((kept.get(PEOPLE) or ["1"])[-1]), 1), PEOPLE_MAX)
        return [self._person(index, kept, judged=judged) for index in range(count)]

    def _person(self, index: int, kept: Mapping[str, Sequence[str]], *, judged: bool) -> PersonForm:
        prefix = f"p{index}"
        if judged:
            return PersonForm(bound(kept), law=self.law, on=self.on, prefix=prefix)
        form = PersonForm(law=self.law, on=self.on, prefix=prefix)
        mine = {name.removeprefix(f"{prefix}-"): list(row) for name, row in kept.items() if name.startswith(prefix)}
        fresh = {"part": "victim" if index == 0 else "witness", "minor": "unknown", "language": "ru"}
        form.initial = fresh | given_to(form, mine)
        return form

    def asked(self, *, judged: bool) -> AskedForm:
        questions = self.law.statements_on(self.on)
        if judged:
            return AskedForm(bound(self.step("asked")), questions=questions)
        form = AskedForm(questions=questions)
        form.initial = given_to(form, self.step("asked"))
        return form

    def found(self) -> list[FoundRespondent]:
        kept = self.step("him")
        name = (kept.get("name") or [""])[-1]
        born = (kept.get("born_on") or [""])[-1]
        return find_respondents(self.user, name=name, born_on=_day(born))


@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """A new draft."""
    check_allowed(person_of(request), May.TAKE_REPORTS)
    return HttpResponseRedirect(reverse("report_draft", args=[uuid4(), _ORDER[0]]))


@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest, draft_id: UUID, step: str) -> HttpResponse:
    """One step of a draft; what is sent is kept first, and judged after."""
    user = person_of(request)
    check_allowed(user, May.TAKE_REPORTS)
    if step not in STEPS:
        raise NotFound("report_draft")
    if Report.objects.filter(pk=draft_id, taken_by=user.pk).exists():
        return HttpResponseRedirect(reverse("report", args=[draft_id]))
    desk = _desk(user, draft_id)
    if request.method == "GET":
        return _render(request, desk, step)
    if step == "check":
        return _take(request, desk)
    desk = _kept(request, desk, step)
    if is_fragment(request):
        return HttpResponse(status=204)
    if "search" in request.POST or "add" in request.POST or "remove" in request.POST:
        return HttpResponseRedirect(f"{reverse('report_draft', args=[draft_id, step])}#again")
    wrong = [problem for form in _forms(desk, step, judged=True) for problem in _problems(form)]
    if wrong:
        return _render(request, desk, step, judged=True, wrong=wrong)
    following = _ORDER[_ORDER.index(step) + 1]
    # Named, or the browser would keep the place of the page before.
    return HttpResponseRedirect(f"{reverse('report_draft', args=[draft_id, following])}#main")


@require_POST
def drop(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Throw one's own draft away."""
    user = person_of(request)
    check_allowed(user, May.TAKE_REPORTS)
    sealed.drop_draft(user.pk, draft_id)
    return HttpResponseRedirect(reverse("reports"))


def _desk(user: User, draft_id: UUID) -> _Desk:
    law = pack(HOME_JURISDICTION)
    kept = sealed.draft_of(user.pk, draft_id)
    content = {} if kept is None else kept.content
    return _Desk(user=user, draft=draft_id, content=content, law=law, on=law.day_of(clock.now()))


def _kept(request: HttpRequest, desk: _Desk, step: str) -> _Desk:
    """The draft with what was sent, stored."""
    sent = {
        name: [value[:VALUE_MAX].replace("\0", "") for value in request.POST.getlist(name)]
        for name in request.POST
        if name not in {"csrfmiddlewaretoken", "search", "add", "remove"}
    }
    if step == "her":
        before = len(desk.people(judged=False))
        change = ("add" in request.POST) - ("remove" in request.POST)
        sent[PEOPLE] = [str(min(max(before + change, 1), PEOPLE_MAX))]
    content = {**desk.content, step: sent}
    if not sealed.save_draft(desk.draft, by=desk.user.pk, content=content, at=clock.now()):
        raise NotFound("report_draft")
    return _desk(desk.user, desk.draft)


def _forms(desk: _Desk, step: str, *, judged: bool) -> list[forms.Form]:
    match step:
        case "how":
            return [desk.form(HowForm, step, judged=judged)]
        case "what":
            return [desk.form(WhatForm, step, judged=judged)]
        case "him":
            return [desk.form(HimForm, step, judged=judged, found=desk.found())]
        case "her":
            return list(desk.people(judged=judged))
        case _:
            return [desk.asked(judged=judged)]


def _first(desk: _Desk, step: str) -> dict[str, Any]:
    """What most reports have, where nothing was written yet."""
    if step == "how":
        districts = sorted(districts_of(desk.user) or ())
        return {
            "channel": _CHANNEL_OF.get(str(desk.user.role), Channel.POLICE_DESK),
            "applicant_minor": "unknown",
            "applicant": Applicant.PROTECTED_PERSON,
            "reported_at": shown_when(timezone.localtime(clock.now())),
            "district": districts[0] if districts else "",
        }
    return {}


def _take(request: HttpRequest, desk: _Desk) -> HttpResponse:
    wrong = _wrong_steps(desk)
    if wrong:
        return _render(request, desk, "check", wrong=wrong)
    try:
        report = do_take_report(desk.user, _report_draft(desk), report_id=desk.draft)
    except Refused as error:
        texts = [sentence_of(error), *(f"{problem.field}: {problem.expected}" for problem in error.fields)]
        return _render(request, desk, "check", wrong=[{"text": text, "target": "#actions"} for text in texts])
    sealed.drop_draft(desk.user.pk, desk.draft)
    return HttpResponseRedirect(reverse("report", args=[report.pk]))


def _wrong_steps(desk: _Desk) -> list[dict[str, Any]]:
    """What must be put right before the report can be taken, each with the step where it stands."""
    return [
        {"text": f"{title}: {problem['text']}", "target": reverse("report_draft", args=[desk.draft, step])}
        for step, title in STEPS.items()
        if step != "check"
        for form in _forms(desk, step, judged=True)
        for problem in _problems(form)
    ]


def _problems(form: forms.Form) -> list[dict[str, Any]]:
    form.is_valid()
    return problems(form)


def _report_draft(desk: _Desk) -> ReportDraft:
    how, what, him = (_cleaned(desk, step) for step in ("how", "what", "him"))
    asked = desk.asked(judged=True)
    people = desk.people(judged=True)
    assert asked.is_valid()
    assert all(person.is_valid() for person in people)
    who = him["who"]
    new = None
    if who == NEW:
        new = RespondentDraft(name=him["name"], residence_district=him["residence_district"], born_on=him["born_on"])
    return ReportDraft(
        district=how["district"],
        channel=Channel(how["channel"]),
        applicant=Applicant(how["applicant"]),
        applicant_contact=how["applicant_contact"],
        applicant_minor=how["applicant_minor"],
        language=how["language"],
        reported_at=how["reported_at"],
        account=what["account"],
        happened_at=what["happened_at"],
        established_at=what["established_at"],
        violence=tuple(what["violence"]),
        respondent=None if who in {NEW, UNKNOWN} else UUID(who),
        new_respondent=new,
        unknown_respondent=him["unknown_respondent"] if who == UNKNOWN else "",
        involved=tuple(person.draft() for person in people),
        statements=asked.said(),
        jurisdiction=desk.law.country.code,
    )


def _cleaned(desk: _Desk, step: str) -> dict[str, Any]:
    (form,) = _forms(desk, step, judged=True)
    assert form.is_valid()
    return form.cleaned_data


def _render(
    request: HttpRequest, desk: _Desk, step: str, *, judged: bool = False, wrong: Sequence[dict[str, Any]] = ()
) -> HttpResponse:
    at = _ORDER.index(step)
    values = {
        "draft": desk.draft,
        "step": step,
        "title": STEPS[step],
        "number": at + 1,
        "steps": [
            {"step": name, "title": title, "filled": name in desk.content, "current": name == step}
            for name, title in STEPS.items()
        ],
        "back": _ORDER[at - 1] if at else "",
        "problems": list(wrong),
        "forms": [] if step == "check" else _forms(desk, step, judged=judged),
        "may_add": step == "her" and len(desk.people(judged=False)) < PEOPLE_MAX,
        "may_remove": step == "her" and len(desk.people(judged=False)) > 1,
        "missing": _wrong_steps(desk) if step == "check" and not wrong else [],
        "found": desk.found() if step == "check" and desk.step("him").get("who") == [NEW] else [],
    }
    return render(request, f"console/reports/{_TEMPLATES.get(step, 'step')}.html", values, status=422 if wrong else 200)


_TEMPLATES: Final = {"asked": "asked", "check": "check"}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
