"""My access: cases that were opened to me, covers, and the way to what I review."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.break_glass import (
    Emergency,
    do_break_glass,
    do_close_glass,
    do_confirm_glass,
    do_refuse_glass,
    do_review_glass,
    emergencies_for,
)
from aralyk.access.delegations import delegations_for, do_delegate, do_end_delegation
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.grants import cases_opened_to
from aralyk.access.limits import limits
from aralyk.access.models import BreakGlass, Delegation, Finding, Right, Role, User
from aralyk.access.permissions import GRANTS, May, Scope, allows
from aralyk.access.queries import shown_name
from aralyk.access.reviews import count_overdue, do_review_account, reviews_due_for
from aralyk.access.second_factors import do_answer_removal, removals_for
from aralyk.access.sentences import sentence_of
from aralyk.console import law
from aralyk.console.access_forms import CoverForm, FindingForm, GlassForm, ReviewForm, blame, end_of, start_of
from aralyk.console.access_words import ENDINGS, FINDINGS, RIGHTS
from aralyk.console.context import role_name
from aralyk.console.forms import problems
from aralyk.console.people import person_of
from aralyk.console.views.accounts import JURISDICTION

_ANSWERS: Final[Mapping[str, Callable[[User, int], BreakGlass]]] = {
    "confirm": do_confirm_glass, "refuse": do_refuse_glass, "close": do_close_glass,
}  # fmt: skip


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What is open to me besides my office, and who stands in for whom."""
    return _page(request)


@require_POST
def lend(request: HttpRequest) -> HttpResponse:
    """Let a colleague stand in."""
    user = person_of(request)
    form = CoverForm(request.POST, others=allows(user, May.MANAGE_USERS))
    if form.is_valid():
        given = form.cleaned_data
        try:
            do_delegate(
                user, giver=given.get("giver", user.username), deputy=given["deputy"],
                starts_at=start_of(given["starts_at"]), ends_at=end_of(given["ends_at"]), reason=given["reason"],
            )  # fmt: skip
        except Refused as refused:
            if refused.code is not Code.INVALID:
                raise
            blame(form, refused)
        else:
            return HttpResponseRedirect(reverse("access"))
    return _page(request, form=form)


@require_POST
def take_back(request: HttpRequest, delegation_id: int) -> HttpResponse:
    """End a cover."""
    do_end_delegation(person_of(request), delegation_id)
    return HttpResponseRedirect(reverse("access"))


@require_GET
def emergencies(request: HttpRequest) -> HttpResponse:
    """Emergencies that I may know of, those without a finding first."""
    return _emergencies(request)


@require_POST
def break_glass(request: HttpRequest) -> HttpResponse:
    """Open a case at once."""
    form = GlassForm(request.POST)
    if form.is_valid():
        try:
            glass = do_break_glass(person_of(request), **form.cleaned_data)
        except NotFound:
            form.add_error("number", _("There is no order with this number."))
        except Refused as refused:
            if refused.code is Code.NOT_PERMITTED:
                raise
            form.add_error(None, sentence_of(refused))
        else:
            return HttpResponseRedirect(reverse("order", args=[glass.order]))
    return _emergencies(request, form=form)


@require_GET
def emergency(request: HttpRequest, glass_id: int) -> HttpResponse:
    """One emergency."""
    return _emergency(request, glass_id)


@require_POST
def answer(request: HttpRequest, glass_id: str, act: str) -> HttpResponse:
    """Confirm, refuse or close it."""
    _ANSWERS[act](person_of(request), int(glass_id))
    return HttpResponseRedirect(reverse("emergency", args=[glass_id]))


@require_POST
def review(request: HttpRequest, glass_id: int) -> HttpResponse:
    """Write the finding."""
    form = FindingForm(request.POST)
    if not form.is_valid():
        return _emergency(request, glass_id, form=form)
    given = form.cleaned_data
    do_review_glass(person_of(request), glass_id, finding=Finding(given["finding"]), text=given["text"])
    return HttpResponseRedirect(reverse("emergency", args=[glass_id]))


@require_GET
def accounts_due(request: HttpRequest) -> HttpResponse:
    """The monthly review: every account that I review, the longest overdue first."""
    return _accounts_due(request)


@require_POST
def review_account(request: HttpRequest, account_id: int) -> HttpResponse:
    """Confirm an account's access, or take it away."""
    keep = request.POST.get("keep") == "1"
    form = ReviewForm(request.POST, prefix=str(account_id))
    if form.is_valid():
        try:
            do_review_account(person_of(request), account_id, keep=keep, note=form.cleaned_data["note"])
        except Refused as refused:
            if refused.code is not Code.INVALID:
                raise
            blame(form, refused)
        else:
            return HttpResponseRedirect(reverse("access_review"))
    return _accounts_due(request, wrong=(account_id, form))


@require_POST
def answer_removal(request: HttpRequest, removal_id: str, act: str) -> HttpResponse:
    """Agree, as the second person, that a lost second factor is removed, or say no."""
    do_answer_removal(person_of(request), int(removal_id), confirmed=act == "confirm")
    return HttpResponseRedirect(reverse("access_review"))


def _page(request: HttpRequest, *, form: CoverForm | None = None) -> HttpResponse:
    user = person_of(request)
    manages = allows(user, May.MANAGE_USERS)
    lends = manages or (
        GRANTS[Role(user.role)].scope in {Scope.OWN_DISTRICTS, Scope.OWN_DISTRICTS_OR_EVERY_IF_NONE_NAMED}
        and bool(user.districts)
    )
    today = timezone.localdate(clock.now())
    values = {
        "opened": [
            {
                "order": one.case.order, "number": one.case.number, "right": RIGHTS[one.right],
                "link": one.right is not Right.SERVED, "purpose": one.purpose, "ends_at": one.ends_at,
                "by": shown_name(one.given_by),
            }
            for one in cases_opened_to(user)
        ],
        "covers": [_cover(one) for one in delegations_for(user)[:100]],
        "form": form or CoverForm(others=manages, initial={"starts_at": today}) if lends else None,
        "problems": problems(form) if form else [],
        "may_break": allows(user, May.BREAK_GLASS),
        "sees_emergencies": _knows_emergencies(user),
        "records": allows(user, May.RECORD_CONFLICTS),
        "reviews": allows(user, May.REVIEW_ACCOUNTS),
        "unreviewed": len(emergencies_for(user, only_unreviewed=True)) if allows(user, May.REVIEW_ACCESS) else 0,
        "overdue": count_overdue(user),
        "manages": manages,
        "days": limits().delegation_max.days,
    }  # fmt: skip
    return render(request, "console/access/page.html", values, status=422 if form else 200)


def _cover(one: Delegation) -> dict[str, Any]:
    at = clock.now()
    return {
        "id": one.pk, "giver": shown_name(one.giver), "deputy": shown_name(one.deputy), "starts_at": one.starts_at,
        "ends_at": one.ended_at or one.ends_at, "reason": one.reason,
        "over": one.ended_at is not None or one.ends_at <= at, "runs": one.starts_at <= at,
    }  # fmt: skip


def _knows_emergencies(user: User) -> bool:
    return any(allows(user, may) for may in (May.BREAK_GLASS, May.CONFIRM_ACCESS, May.REVIEW_ACCESS))


def _emergencies(request: HttpRequest, *, form: GlassForm | None = None) -> HttpResponse:
    user = person_of(request)
    if not _knows_emergencies(user):
        raise NotFound("break_glass")
    found = emergencies_for(user)
    may_break = allows(user, May.BREAK_GLASS)
    values = {
        "waiting": [_facts(one, user) for one in found if one.glass.reviewed_at is None],
        "done": [_facts(one, user) for one in found if one.glass.reviewed_at is not None],
        "form": (form or GlassForm()) if may_break else None,
        "problems": problems(form) if form else [],
        "minutes": int(limits().glass_confirm.total_seconds()) // 60,
        "hours": int(limits().glass_open.total_seconds()) // 3600,
    }
    return render(request, "console/access/emergencies.html", values, status=422 if form else 200)


def _emergency(request: HttpRequest, glass_id: int, *, form: FindingForm | None = None) -> HttpResponse:
    user = person_of(request)
    one = next((found for found in emergencies_for(user) if found.glass.pk == glass_id), None)
    if one is None:
        raise NotFound("break_glass")
    glass = one.glass
    took_part = user.pk in (glass.user_id, glass.confirmed_by_id)
    values = {
        "one": _facts(one, user),
        "may_answer": one.waits_for_second and glass.user_id != user.pk and allows(user, May.CONFIRM_ACCESS),
        "may_close": one.open and glass.user_id == user.pk,
        "form": (form or FindingForm())
        if allows(user, May.REVIEW_ACCESS) and not took_part and not one.open and glass.reviewed_at is None
        else None,
        "problems": problems(form) if form else [],
    }
    return render(request, "console/access/emergency.html", values, status=422 if form else 200)


def _facts(one: Emergency, user: User) -> dict[str, Any]:
    glass = one.glass
    return {
        "id": glass.pk, "number": one.case.number, "order": glass.order, "who": shown_name(glass.user),
        "role": role_name(glass.user), "reason": glass.reason, "opened_at": glass.opened_at,
        "confirm_by": glass.confirm_by, "second": shown_name(glass.confirmed_by), "confirmed_at": glass.confirmed_at,
        "open": one.open, "waits": one.waits_for_second, "ends_at": glass.closed_at or glass.ends_at,
        "ending": ENDINGS.get(glass.closed_why, ""), "review_by": glass.review_by, "overdue": one.overdue,
        "reviewer": shown_name(glass.reviewed_by), "reviewed_at": glass.reviewed_at,
        "finding": FINDINGS.get(glass.finding, ""), "finding_text": glass.finding_text,
        "link": one.open or glass.user_id != user.pk,
    }  # fmt: skip


def _accounts_due(request: HttpRequest, *, wrong: tuple[int, forms.Form] | None = None) -> HttpResponse:
    user = person_of(request)
    if not allows(user, May.REVIEW_ACCOUNTS):
        raise NotFound("access_review")
    due, at = reviews_due_for(user), clock.now()
    rows = [
        {
            "id": one.account.pk, "name": shown_name(one.account), "username": one.account.username,
            "agency": law.agency_name(JURISDICTION, one.account.agency_id, at=at) if one.account.agency_id else "",
            "role": role_name(one.account),
            "districts": [law.district_name(JURISDICTION, code, at=at) for code in one.account.districts],
            "reviewed_at": one.reviewed_at, "due_at": one.due_at, "overdue": one.overdue,
            "last_login": one.account.last_login,
            "form": wrong[1] if wrong and wrong[0] == one.account.pk else ReviewForm(prefix=str(one.account.pk)),
        }
        for one in due
    ]  # fmt: skip
    values = {
        "accounts": rows, "overdue": sum(one.overdue for one in due), "days": limits().review_every.days,
        "problems": problems(wrong[1]) if wrong else [],
        "removals": [
            {
                "id": one.pk, "name": shown_name(one.account), "username": one.account.username, "reason": one.reason,
                "by": shown_name(one.asked_by), "asked_at": one.asked_at, "own": one.asked_by_id == user.pk,
            }
            for one in removals_for(user)
        ],
    }  # fmt: skip
    return render(request, "console/access/review.html", values, status=422 if wrong else 200)
