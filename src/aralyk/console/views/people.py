"""People: the search, and the page of a person under electronic monitoring. Protected persons: `protected`."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.console import people_words as words
from aralyk.console import sentences
from aralyk.console.cards import cards
from aralyk.console.device_facts import device_facts
from aralyk.console.forms import problems
from aralyk.console.order_facts import order_facts
from aralyk.console.paging import page_query
from aralyk.console.people import person_of
from aralyk.console.people_facts import district_choices, respondent_facts, stay_facts
from aralyk.console.people_forms import PlaceForm, RespondentForm, WeaponForm, show_refusal
from aralyk.devices.queries import places_for
from aralyk.incidents.queries import incidents_for
from aralyk.orders.queries import orders_for
from aralyk.people.actions import check_may_keep, do_register_respondent
from aralyk.people.models import Respondent, Stated
from aralyk.people.queries import (
    children_with_him,
    find_protected_person,
    find_respondents,
    missing_of_respondent,
    respondent_for,
)
from aralyk.people.respondents import do_add_place, do_add_weapon, do_end_place, do_mark_seized
from aralyk.people.words import PlaceKind, WeaponKind
from aralyk.risk.queries import levels_for

PAGE_ROWS: Final = 50
SEARCH_MAX: Final = 100
SIGNALS_MAX: Final = 20
STAYS_MAX: Final = 20


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Search: respondents by name and birth date; a protected person by her whole code, and by nothing else."""
    user = person_of(request)
    search = request.GET.get("q", "").replace("\0", "").strip()[:SEARCH_MAX]
    born_on = _day(request.GET.get("born", ""))
    coded = find_protected_person(user, search) if search else None
    found = find_respondents(user, search, born_on=born_on)
    page_of = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    values = {
        "respondents": [respondent_facts(each) for each in page_of],
        "page": page_of,
        "page_query": page_query(request),
        "search": search,
        "born": born_on,
        "coded": coded,
        "may_keep": _may_keep(user),
        "stays": [stay_facts(stay, user=user) for stay in children_with_him(user)[:STAYS_MAX]],
    }
    return render(request, "console/people/list.html", values)


@require_http_methods(["GET", "POST"])
def register_respondent(request: HttpRequest) -> HttpResponse:
    """Register a person under electronic monitoring."""
    user = person_of(request)
    check_may_keep(user)
    form = RespondentForm(request.POST or None, districts=district_choices())
    if request.method == "POST" and form.is_valid():
        try:
            made = do_register_respondent(user, **form.cleaned_data)
        except Refused as refused:
            show_refusal(form, refused)
        except NotFound:
            show_refusal(form, Refused.field("residence_district", expected="a district of one's own"))
        else:
            return HttpResponseRedirect(reverse("respondent", args=[made.pk]))
    values = {"form": form, "problems": problems(form) if form.is_bound else []}
    return render(request, "console/people/respondent_new.html", values, status=422 if form.is_bound else 200)


@require_GET
def respondent(request: HttpRequest, respondent_id: UUID) -> HttpResponse:
    """One respondent."""
    user = person_of(request)
    return _render(request, respondent_for(user, respondent_id))


@require_POST
def add(request: HttpRequest, respondent_id: UUID, what: str) -> HttpResponse:
    """Write down a place or a weapon."""
    user = person_of(request)
    him = respondent_for(user, respondent_id)
    form = _form(what, request)
    if not form.is_valid():
        return _render(request, him, bound={what: form})
    given = form.cleaned_data
    try:
        if what == "places":
            do_add_place(user, respondent=him.pk, kind=PlaceKind(given["kind"]), address=given["address"])
        else:
            do_add_weapon(
                user, respondent=him.pk, kind=WeaponKind(given["kind"]), registered=Stated(given["registered"]),
                seized=given["seized"],
            )  # fmt: skip
    except Refused as refused:
        if not refused.fields:
            raise
        show_refusal(form, refused)
        return _render(request, him, bound={what: form})
    return HttpResponseRedirect(f"{reverse('respondent', args=[him.pk])}#{what}")


@require_POST
def end_place(request: HttpRequest, place_id: UUID) -> HttpResponse:
    """Say that he is not to be found there any more."""
    ended = do_end_place(person_of(request), place_id)
    return HttpResponseRedirect(f"{reverse('respondent', args=[ended.respondent_id])}#places")


@require_POST
def seized(request: HttpRequest, weapon_id: UUID) -> HttpResponse:
    """Say that a weapon was taken from him."""
    marked = do_mark_seized(person_of(request), weapon_id)
    return HttpResponseRedirect(f"{reverse('respondent', args=[marked.respondent_id])}#weapons")


def _form(what: str, request: HttpRequest | None = None) -> PlaceForm | WeaponForm:
    forms: dict[str, type[PlaceForm] | type[WeaponForm]] = {"places": PlaceForm, "weapons": WeaponForm}
    if what not in forms:
        raise NotFound("form")
    return forms[what](request.POST if request else None, prefix=what)


def _render(
    request: HttpRequest, him: Respondent, *, bound: dict[str, PlaceForm | WeaponForm] | None = None
) -> HttpResponse:
    user, bound = person_of(request), bound or {}
    orders = list(orders_for(user).filter(respondent=him))
    ids = [order.pk for order in orders]
    signals = incidents_for(user).filter(order_id__in=ids).order_by("-raised_at", "pk")[:SIGNALS_MAX]
    values: dict[str, Any] = {
        "person": respondent_facts(him),
        "missing": [sentences.text(words.MISSING, name) for name in missing_of_respondent(him)],
        "orders": [order_facts(order) for order in orders],
        "levels": [
            {"code": level.code, "level": sentences.text(sentences.THREATS, level.level.value), "since": level.since}
            for level in levels_for(user, respondent=him.pk)
        ],
        "devices": device_facts(places_for(user, order_ids=ids)) if ids else [],
        "cards": cards(user, signals),
        "places": [
            {"id": place.pk, "kind": sentences.text(words.PLACES, place.kind), "address": place.address,
             "recorded_at": place.recorded_at, "ended_at": place.ended_at}
            for place in him.places.order_by("-recorded_at", "pk")
        ],
        "weapons": [
            {"id": weapon.pk, "kind": sentences.text(words.WEAPONS, weapon.kind),
             "registered": sentences.text(words.STATED, weapon.registered), "seized_at": weapon.seized_at}
            for weapon in him.known_weapons.order_by("-recorded_at", "pk")
        ],
        "may_keep": _may_keep(user),
        "place_form": bound.get("places", _form("places")),
        "weapon_form": bound.get("weapons", _form("weapons")),
        "open": next(iter(bound), ""),
        "problems": [problem for form in bound.values() for problem in problems(form)],
    }  # fmt: skip
    return render(request, "console/people/respondent.html", values, status=422 if bound else 200)


def _may_keep(user: User) -> bool:
    return allows(user, May.KEEP_PEOPLE) or allows(user, May.ISSUE_ORDERS)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
