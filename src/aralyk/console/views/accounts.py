"""Accounts, for administrators: the list, a new one, one changed, disabled or given a new password."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aralyk import clock
from aralyk.access.actions import do_change_user, do_create_user, do_set_password
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import Role, User
from aralyk.access.permissions import May, allows
from aralyk.access.queries import shown_name, user_for, users_for
from aralyk.access.second_factors import do_ask_to_remove_factor, has_second_factor, removals_for
from aralyk.console import law
from aralyk.console.access_forms import AccountForm, FactorForm, NewAccountForm, PasswordForm, blame
from aralyk.console.context import ROLE_NAMES, role_name
from aralyk.console.forms import problems
from aralyk.console.paging import page_query
from aralyk.console.people import person_of
from aralyk.jurisdictions.loader import pack

PAGE_ROWS = 50
SEARCH_MAX = 100
JURISDICTION = "KG"


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every account, by user name; `?q=` finds a part of a name."""
    users = users_for(_administrator(request))
    search = request.GET.get("q", "").strip()[:SEARCH_MAX].replace("\0", "")
    if search:
        users = users.filter(Q(username__icontains=search) | Q(display_name__icontains=search))
    page_of = Paginator(users, PAGE_ROWS).get_page(request.GET.get("page"))
    values = {
        "accounts": [_facts(user) for user in page_of], "page": page_of, "page_query": page_query(request),
        "search": search,
    }  # fmt: skip
    return render(request, "console/accounts/list.html", values)


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new account for a named person."""
    administrator = _administrator(request)
    form = NewAccountForm(request.POST or None, **_choices(), agencies=_agencies())
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = do_create_user(
                administrator, username=given["username"], password=given["password"], role=Role(given["role"]),
                agency=given["agency"] or None, districts=given["districts"], display_name=given["display_name"],
                language=given["language"],
            )  # fmt: skip
        except Refused as refused:
            if refused.code not in {Code.INVALID, Code.USERNAME_TAKEN}:
                raise
            blame(form, refused)
        else:
            return HttpResponseRedirect(reverse("account", args=[made.pk]))
    wrong = request.method == "POST"
    values = {"form": form, "problems": problems(form) if wrong else []}
    return render(request, "console/accounts/new.html", values, status=422 if wrong else 200)


@require_GET
def page(request: HttpRequest, account_id: int) -> HttpResponse:
    """One account."""
    return _page(request, user_for(_administrator(request), account_id))


@require_POST
def change(request: HttpRequest, account_id: int) -> HttpResponse:
    """Role, districts and shown name."""
    administrator = _administrator(request)
    account = user_for(administrator, account_id)
    form = AccountForm(request.POST, **_choices())
    if form.is_valid():
        given = form.cleaned_data
        try:
            do_change_user(
                administrator, account.pk, role=Role(given["role"]), districts=given["districts"],
                display_name=given["display_name"],
            )  # fmt: skip
        except Refused as refused:
            if refused.code is not Code.INVALID:
                raise
            blame(form, refused)
        else:
            return HttpResponseRedirect(reverse("account", args=[account.pk]))
    return _page(request, account, form=form)


@require_POST
def switch(request: HttpRequest, account_id: str, state: str) -> HttpResponse:
    """Disable an account, or enable it again."""
    administrator = _administrator(request)
    do_change_user(administrator, user_for(administrator, int(account_id)).pk, active=state == "enable")
    return HttpResponseRedirect(reverse("account", args=[account_id]))


@require_POST
def password(request: HttpRequest, account_id: int) -> HttpResponse:
    """A new password."""
    administrator = _administrator(request)
    account = user_for(administrator, account_id)
    form = PasswordForm(request.POST)
    if form.is_valid():
        try:
            do_set_password(administrator, account.pk, password=form.cleaned_data["password"])
        except Refused as refused:
            if refused.code is not Code.INVALID:
                raise
            blame(form, refused)
        else:
            return HttpResponseRedirect(reverse("account", args=[account.pk]))
    return _page(request, account, password_form=form)


@require_POST
def remove_factor(request: HttpRequest, account_id: int) -> HttpResponse:
    """Ask that a lost second factor be removed; somebody else answers."""
    administrator = _administrator(request)
    account = user_for(administrator, account_id)
    form = FactorForm(request.POST)
    if form.is_valid():
        do_ask_to_remove_factor(administrator, account.pk, reason=form.cleaned_data["reason"])
        return HttpResponseRedirect(reverse("account", args=[account.pk]))
    return _page(request, account, factor_form=form)


def _page(
    request: HttpRequest,
    account: User,
    *,
    form: AccountForm | None = None,
    password_form: PasswordForm | None = None,
    factor_form: FactorForm | None = None,
) -> HttpResponse:
    bound = [one for one in (form, password_form, factor_form) if one is not None]
    initial = {"display_name": account.display_name, "role": account.role, "districts": account.districts}
    values = {
        "account": _facts(account),
        "form": form or AccountForm(initial=initial, **_choices()),
        "password_form": password_form or PasswordForm(),
        "factor_form": factor_form or FactorForm(),
        "has_factor": has_second_factor(account),
        "removals": removals_for(person_of(request)).filter(account=account),
        "own": account.pk == person_of(request).pk,
        "problems": [problem for one in bound for problem in problems(one)],
    }
    return render(request, "console/accounts/page.html", values, status=422 if bound else 200)


def _administrator(request: HttpRequest) -> User:
    user = person_of(request)
    if not allows(user, May.MANAGE_USERS):
        raise NotFound("accounts")
    return user


def _facts(user: User) -> dict[str, Any]:
    return {
        "id": user.pk, "username": user.username, "name": shown_name(user), "role": role_name(user),
        "agency": law.agency_name(JURISDICTION, user.agency_id, at=clock.now()) if user.agency_id else "",
        "districts": [law.district_name(JURISDICTION, code, at=clock.now()) for code in user.districts],
        "active": user.is_active, "last_login": user.last_login, "joined_at": user.date_joined,
    }  # fmt: skip


def _choices() -> dict[str, Any]:
    country, at = pack(JURISDICTION), clock.now()
    districts = [one.slug for one in country.districts_on(country.day_of(at))]
    return {
        "roles": [(role.value, ROLE_NAMES[role]) for role in Role],
        "districts": [(slug, law.district_name(JURISDICTION, slug, at=at)) for slug in districts],
    }


def _agencies() -> list[tuple[str, str]]:
    country, at = pack(JURISDICTION), clock.now()
    slugs = [one.slug for one in country.agencies_on(country.day_of(at))]
    return [(slug, law.agency_name(JURISDICTION, slug, at=at)) for slug in slugs]
