"""Looks into the vault: ask, confirm, show once; and what whoever watches the vault must hear."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.access.queries import shown_name
from aralyk.console import people_words as words
from aralyk.console import sentences
from aralyk.console.forms import problems
from aralyk.console.people import person_of
from aralyk.console.people_forms import ShelterForm, show_refusal
from aralyk.console.views.protected import Reveal, look_form, render_page
from aralyk.people.actions import check_may_keep, do_register_shelter
from aralyk.people.looks import do_answer_look, do_ask_look, do_clear_canary_alarm, do_look, needs_second
from aralyk.people.models import LookRequest, Shelter
from aralyk.people.queries import canary_alarms_for, look_requests_for, protected_person_for
from aralyk.people.vault import SealedName

REQUESTS_MAX: Final = 100


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What waits for a second person, one's own requests, and looks at people who do not exist."""
    user = person_of(request)
    if not opens_vault(user):
        raise NotFound("vault")
    requests = list(look_requests_for(user)[:REQUESTS_MAX])
    values = {
        "waiting": [_request_facts(each) for each in requests if each.asked_by_id != user.pk],
        "own": [_request_facts(each) for each in requests if each.asked_by_id == user.pk],
        "may_confirm": allows(user, May.CONFIRM_VAULT_LOOKS),
        "may_look": allows(user, May.LOOK_INTO_VAULT),
        "may_keep": allows(user, May.KEEP_PEOPLE),
        "watches": allows(user, May.WATCH_VAULT),
        "alarms": [
            {"at": alarm.at, "looker": alarm.looker, "by": alarm.by, "fact": sentences.text(words.FACTS, alarm.field)}
            for alarm in canary_alarms_for(user)
        ],
        "shelters": Shelter.objects.order_by("code") if allows(user, May.LOOK_INTO_VAULT) else [],
    }
    return render(request, "console/people/vault.html", values)


@require_POST
def look(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Show a fact, or where a second person is needed, ask for it."""
    user = person_of(request)
    her = protected_person_for(user, person_id)
    form = look_form(user, her, request.POST)
    if not form.is_valid():
        return render_page(request, her, bound={"look": form})
    given = form.cleaned_data
    field, about = _fact(given["fact"])
    asked: dict[str, Any] = {
        "person": her.pk, "order": UUID(given["order"]), "field": field, "about": about, "purpose": given["purpose"],
    }  # fmt: skip
    if needs_second(her.pk, field):
        do_ask_look(user, **asked)
        return HttpResponseRedirect(f"{reverse('protected_person', args=[her.pk])}#requests")
    return render_page(request, her, reveal=Reveal(key=given["fact"], value=do_look(user, **asked)))


@require_POST
def show(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Show what a second person confirmed: once."""
    user = person_of(request)
    asked = LookRequest.objects.filter(pk=request_id, asked_by=user).first()
    if asked is None:
        raise NotFound("look_request")
    her = protected_person_for(user, asked.protected_person_id)
    value = do_look(
        user, person=her.pk, order=asked.order, field=SealedName(asked.field), about=asked.about,
        purpose=asked.purpose, request=asked.pk,
    )  # fmt: skip
    return render_page(request, her, reveal=Reveal(key=f"{asked.field}.{asked.about}", value=value))


@require_POST
def answer(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Confirm or decline, as the second person."""
    do_answer_look(person_of(request), request_id, confirmed=request.POST.get("answer") == "confirm")
    return HttpResponseRedirect(reverse("vault"))


@require_POST
def clear(request: HttpRequest, looker: int) -> HttpResponse:
    """Say that a look at somebody who does not exist was followed up."""
    do_clear_canary_alarm(person_of(request), looker)
    return HttpResponseRedirect(reverse("vault"))


@require_http_methods(["GET", "POST"])
def register_shelter(request: HttpRequest) -> HttpResponse:
    """Register a shelter."""
    user = person_of(request)
    check_may_keep(user)
    form = ShelterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = do_register_shelter(user, **form.cleaned_data)
        except Refused as refused:
            show_refusal(form, refused)
        else:
            return HttpResponseRedirect(reverse("protected_person", args=[made.desk_id]))
    values = {"form": form, "problems": problems(form) if form.is_bound else []}
    return render(request, "console/people/shelter_new.html", values, status=422 if form.is_bound else 200)


def opens_vault(user: User) -> bool:
    """Whether the section has anything for this person's role."""
    return any(allows(user, may) for may in (May.LOOK_INTO_VAULT, May.CONFIRM_VAULT_LOOKS, May.WATCH_VAULT))


def _fact(key: str) -> tuple[SealedName, UUID]:
    field, _, about = key.partition(".")
    return SealedName(field), UUID(about)


def _request_facts(asked: LookRequest) -> dict[str, Any]:
    return {
        "id": asked.pk,
        "person": asked.protected_person_id,
        "code": asked.protected_person.code,
        "fact": sentences.text(words.FACTS, asked.field),
        "purpose": asked.purpose,
        "by": shown_name(asked.asked_by),
        "asked_at": asked.asked_at,
        "answer_until": asked.answer_until,
        "confirmed": asked.confirmed,
        "answered_by": shown_name(asked.answered_by),
        "late": asked.answer_until < clock.now(),
    }
