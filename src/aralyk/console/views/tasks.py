"""The officer's phone: what waits for his desk, what he accepted, and what he says from the road."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.sentences import sentence_of
from aralyk.console import people_words, sentences, task_words
from aralyk.console.forms import problems
from aralyk.console.people import person_of
from aralyk.console.refusals import is_fragment
from aralyk.console.task_forms import CheckForm, HerWordForm, OutcomeForm, SaidForm, VisitForm, WeaponForm
from aralyk.console.task_sketch import sketch_of
from aralyk.incidents.actions import do_note
from aralyk.incidents.handing import do_accept
from aralyk.incidents.models import Status
from aralyk.people.respondents import do_add_weapon
from aralyk.people.words import Stated, WeaponKind
from aralyk.response.checks import do_check, do_take_her_word, her_ways
from aralyk.response.codes import Asked, do_ask_for_code, order_to_check
from aralyk.response.judging import Reason
from aralyk.response.models import Check, FieldAct
from aralyk.response.queries import Standing, checks_for, due_for, standings, unproven_for, visits_without_check_for
from aralyk.response.road import do_say
from aralyk.response.tasks import Brief, Task, accepted_by, brief_for, task_for, waiting_for

SHOWN_CHECKS: Final = 50
NO_WEAPON: Final = "none"
_TEXT: Final = "text/plain; charset=utf-8"


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """What waits, and what is mine."""
    check_allowed(person_of(request), May.ACCEPT_INCIDENTS)
    return render(request, "console/tasks/list.html", _lists(request))


@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    """The same, anew."""
    check_allowed(person_of(request), May.ACCEPT_INCIDENTS)
    return render(request, "console/tasks/rows.html", _lists(request))


@require_GET
def page(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """One task: before acceptance the little that every officer of the desk sees, then all that he needs."""
    return _render(request, incident_id)


@require_GET
def live_part(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Where both are, anew; gone with the acceptance."""
    return render(request, "console/tasks/place.html", _place(task_for(person_of(request), incident_id)))


@require_POST
def accept(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Accept as the named officer who goes."""
    user = person_of(request)
    brief_for(user, incident_id)
    do_accept(user, incident_id, no_relation=request.POST.get("no_relation") == "on")
    return HttpResponseRedirect(reverse("task", args=[incident_id]))


@require_POST
def say(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """On the way, arrived, outcome; a script sends it when the line is back."""
    user = person_of(request)
    form = SaidForm(request.POST)
    if not form.is_valid():
        if is_fragment(request):
            return _problems(form)
        outcome = OutcomeForm(request.POST) if request.POST.get("act") == FieldAct.CONCLUDE else None
        return _render(request, incident_id, outcome=outcome)
    entry = do_say(user, form.said(incident_id, now=clock.now()))
    if is_fragment(request):
        return JsonResponse({"late": entry.late, "moved": entry.moved})
    return HttpResponseRedirect(reverse("task", args=[incident_id]))


@require_POST
def weapon(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """What was found of weapons, and whether it was taken."""
    user = person_of(request)
    task = task_for(user, incident_id)
    form = WeaponForm(request.POST, prefix="weapon")
    if not form.is_valid():
        return _render(request, incident_id, weapons=form)
    kind, seized = form.cleaned_data["kind"], form.cleaned_data["seized"]
    if kind == NO_WEAPON:
        do_note(user, incident_id, text=str(task_words.NO_WEAPON_FOUND))
        return HttpResponseRedirect(reverse("task", args=[incident_id]))
    if allows(user, May.KEEP_PEOPLE):
        do_add_weapon(
            user, respondent=task.respondent_id, kind=WeaponKind(kind), registered=Stated.UNKNOWN, seized=seized
        )
    found = sentences.text(people_words.WEAPONS, kind)
    text = task_words.WEAPON_SEIZED if seized else task_words.WEAPON_LEFT
    do_note(user, incident_id, text=f"{text}: {found}")
    return HttpResponseRedirect(reverse("task", args=[incident_id]))


@require_GET
def checks(request: HttpRequest) -> HttpResponse:
    """Checks with what each is worth; `?show=unproven` those that are not proven, visits that were only ticked off."""
    user = person_of(request)
    if not any(allows(user, may) for may in (May.MAKE_CHECKS, May.TAKE_HER_WORD, May.OVERSEE_LEGALITY)):
        raise NotFound("checks")
    unproven = request.GET.get("show") == "unproven"
    found = (unproven_for(user) if unproven else checks_for(user))[:SHOWN_CHECKS]
    values = {
        "checks": [
            _check(one) | {"ways": _ways(one) if allows(user, May.TAKE_HER_WORD) else []}
            for one in standings(list(found))
        ],
        "visits": [
            {"name": one.respondent.name, "by": one.done_by, "at": one.done_at, "note": one.note}
            for one in visits_without_check_for(user).select_related("respondent")[:SHOWN_CHECKS]
        ],
        "unproven": unproven,
        "due": due_for(user),
    }
    return render(request, "console/tasks/checks.html", values)


@require_GET
def check(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """A check of one respondent, on the spot."""
    return _render_check(request, order_id)


@require_POST
def ask_for_code(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Let his device show a code; the page then asks what it shows."""
    user = person_of(request)
    check_allowed(user, May.MAKE_CHECKS)
    try:
        asked = do_ask_for_code(user, order_id)
    except Refused as error:
        return _render_check(request, order_id, refused=sentence_of(error))
    return _render_check(request, order_id, asked=asked)


@require_POST
def enter_check(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Enter the check; a script sends it when the line is back."""
    user = person_of(request)
    form = CheckForm(request.POST)
    if not form.is_valid():
        if is_fragment(request):
            return _problems(form)
        return _render_check(request, order_id, form=form)
    made = do_check(user, form.given(order_id, now=clock.now()))
    if is_fragment(request):
        return JsonResponse({"late": made.late, "proof": made.proof})
    return HttpResponseRedirect(reverse("checks"))


@require_POST
def enter_visit(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Say that one visited her; her own word makes it count."""
    user = person_of(request)
    form = VisitForm(request.POST)
    if not form.is_valid():
        if is_fragment(request):
            return _problems(form)
        return _render_check(request, order_id)
    made = do_check(user, form.given(order_id, now=clock.now()))
    if is_fragment(request):
        return JsonResponse({"late": made.late, "proof": made.proof})
    return HttpResponseRedirect(reverse("checks"))


@require_POST
def her_word(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """What she said about a visit, by her own channel, to somebody of the centre."""
    form = HerWordForm(request.POST)
    if not form.is_valid():
        raise Refused.field("channel", expected="one of her ways, and yes or no")
    said = form.cleaned_data
    do_take_her_word(person_of(request), check_id, channel=said["channel"], visited=said["visited"] == "yes")
    return HttpResponseRedirect(reverse("checks"))


def _render_check(
    request: HttpRequest,
    order_id: UUID,
    *,
    asked: Asked | None = None,
    form: CheckForm | None = None,
    refused: str = "",
) -> HttpResponse:
    user = person_of(request)
    check_allowed(user, May.MAKE_CHECKS)
    order = order_to_check(user, order_id)
    latest = checks_for(user, order_id=order_id).filter(officer=user)[:3]
    values = {
        "order": order,
        "asked": asked,
        "form": form or CheckForm(),
        "refused": refused,
        "id": uuid4(),
        "hers": [{"person": person, "id": uuid4()} for person in order.protected_persons.order_by("code")],
        "latest": [_check(one) for one in standings(list(latest))],
        "problems": problems(form) if form is not None else [],
    }
    return render(request, "console/tasks/check.html", values)


def _ways(one: Standing) -> list[dict[str, Any]]:
    """Her ways by which her word may come, while it is awaited."""
    if Reason.HER_WORD_AWAITED not in one.reasons:
        return []
    return [{"id": way.pk, "how": sentences.text(people_words.HOW, way.how)} for way in her_ways(one.check)]


def _problems(form: forms.Form) -> HttpResponse:
    return HttpResponse(" ".join(found["text"] for found in problems(form)), status=422, content_type=_TEXT)


def _lists(request: HttpRequest) -> Mapping[str, Any]:
    user = person_of(request)
    return {
        "waiting": [_brief(one) for one in waiting_for(user)],
        "mine": [_brief(one) for one in accepted_by(user)],
    }


def _render(
    request: HttpRequest, incident_id: UUID, *, outcome: OutcomeForm | None = None, weapons: WeaponForm | None = None
) -> HttpResponse:
    user = person_of(request)
    check_allowed(user, May.ACCEPT_INCIDENTS)
    try:
        task = task_for(user, incident_id)
    except NotFound:
        return render(request, "console/tasks/brief.html", {"one": _brief(brief_for(user, incident_id))})
    bound = [form for form in (outcome, weapons) if form is not None]
    values = {
        **_place(task),
        "task": task,
        "one": _brief(task.brief),
        "status": sentences.text(sentences.STATUSES, task.status.value),
        "advice": task_words.advice(task),
        "acts": [{"act": act.value, "id": uuid4()} for act in task_words.NEXT[task.status]],
        "said": [
            {"title": sentences.text(task_words.ACTS, one.act), "one": one, "check": _proof_of(one.pk)}
            for one in task.entries
        ],
        "outcome": outcome or OutcomeForm(),
        "outcome_id": uuid4(),
        "may_conclude": task.status is not Status.CONCLUDED,
        "weapon_form": weapons or WeaponForm(prefix="weapon"),
        "latest": [
            {"number": number, "title": sentences.text(sentences.KINDS, kind), "at": at,
             "outcome": sentences.text(sentences.OUTCOMES, how) if how else ""}
            for number, kind, at, how in task.record.latest
        ],
        "problems": [problem for form in bound for problem in problems(form)],
    }  # fmt: skip
    return render(request, "console/tasks/task.html", values)


def _place(task: Task) -> dict[str, Any]:
    hers = [spot for her in task.hers for spot in her.spots]
    return {
        "task": task,
        "sketch": sketch_of(task.brief.his, hers),
        "his": task.brief.his[0] if task.brief.his else None,
        "people": [
            {
                "her": her,
                "spot": her.spots[0] if her.spots else None,
                "children": sentences.text(people_words.STATED, her.children),
                "language": sentences.text(people_words.LANGUAGES, her.language),
                "years": [year for year in her.birth_years if year is not None],
            }
            for her in task.hers
        ],
        "marks": range(12),
    }


def _brief(brief: Brief) -> dict[str, Any]:
    return {
        "task": brief,
        "title": sentences.text(sentences.KINDS, brief.kind),
        "threat": sentences.text(sentences.THREATS, brief.threat),
        "weapons": sentences.text(people_words.STATED, brief.weapons),
        "armed": brief.weapons != Stated.NO,
        "kinds": [sentences.text(people_words.WEAPONS, kind) for kind in brief.weapon_kinds],
        "his": brief.his[0] if brief.his else None,
    }


def _proof_of(entry: UUID) -> dict[str, Any] | None:
    found = Check.objects.filter(pk=entry).select_related("officer").first()
    return None if found is None else _check(standings([found])[0])


def _check(one: Standing) -> dict[str, Any]:
    look, icon = task_words.LOOKS[one.proof]
    return {
        "one": one,
        "title": sentences.text(task_words.KINDS, one.check.kind),
        "proof": sentences.text(task_words.PROOFS, one.proof.value),
        "reasons": [sentences.text(task_words.REASONS, reason.value) for reason in one.reasons],
        "look": look,
        "icon": icon,
    }
