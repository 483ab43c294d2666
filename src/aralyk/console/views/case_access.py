"""Who else sees one case, and who must not: grants, and people close to a party."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.conflicts import conflicts_for, do_answer_conflict, do_ask_to_lift, do_lift, do_record_conflict
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.grants import do_grant_case, do_withdraw_grant, grants_of_case
from aralyk.access.limits import limits
from aralyk.access.models import CaseGrant, CaseSubject, Closeness, Right, User
from aralyk.access.permissions import May, allows, sees_case
from aralyk.access.queries import shown_name
from aralyk.console.access_forms import ConflictForm, GrantForm, ShortReasonForm, blame, end_of
from aralyk.console.access_words import CLOSENESS, RIGHTS, SUBJECTS
from aralyk.console.context import role_name
from aralyk.console.forms import problems
from aralyk.console.people import person_of
from aralyk.orders.models import Order
from aralyk.orders.queries import order_for

_GRANT = "grant"
_CLOSE = "close"


@require_GET
def page(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Who sees this case besides its offices."""
    return _page(request, order_id)


@require_POST
def grant(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Open it to a person."""
    user = person_of(request)
    form = GrantForm(request.POST, prefix=_GRANT)
    if form.is_valid():
        given = form.cleaned_data
        try:
            do_grant_case(
                user, order=order_for(user, order_id).pk, username=given["username"], right=Right(given["right"]),
                purpose=given["purpose"], ends_at=end_of(given["ends_at"]),
            )  # fmt: skip
        except Refused as refused:
            if refused.code is not Code.INVALID:
                raise
            blame(form, refused)
        else:
            return HttpResponseRedirect(reverse("case_access", args=[order_id]))
    return _page(request, order_id, grant_form=form)


@require_POST
def withdraw(request: HttpRequest, order_id: UUID, grant_id: int) -> HttpResponse:
    """Take it back."""
    form = ShortReasonForm(request.POST, prefix=str(grant_id))
    if not form.is_valid():
        return _page(request, order_id, withdrawal=(grant_id, form))
    do_withdraw_grant(person_of(request), grant_id, reason=form.cleaned_data["reason"])
    return HttpResponseRedirect(reverse("case_access", args=[order_id]))


@require_POST
def record_conflict(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Record that somebody is close to a party: oneself, or where the role allows it somebody else."""
    user = person_of(request)
    order = order_for(user, order_id)
    form = _conflict_form(user, order, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        kind, _colon, subject = given["subject"].partition(":")
        try:
            made = do_record_conflict(
                user, username=given.get("username", user.username), subject_kind=CaseSubject(kind),
                subject_id=UUID(subject), closeness=Closeness(given["closeness"]), note=given["note"],
            )  # fmt: skip
        except Refused as refused:
            if refused.code is not Code.INVALID:
                raise
            blame(form, refused)
        else:
            own = made.user_id == user.pk
            return HttpResponseRedirect(reverse("orders") if own else reverse("conflicts"))
    return _page(request, order_id, conflict_form=form)


@require_GET
def conflicts(request: HttpRequest) -> HttpResponse:
    """People who must not see a case, as far as I decide about them."""
    return _conflicts(request)


@require_POST
def decide(request: HttpRequest, conflict_id: str, act: str) -> HttpResponse:
    """Agree, disagree, ask to lift, lift."""
    user, number = person_of(request), int(conflict_id)
    if act == "ask":
        form = ShortReasonForm(request.POST, prefix=conflict_id)
        if not form.is_valid():
            return _conflicts(request, wrong=(number, form))
        try:
            do_ask_to_lift(user, number, reason=form.cleaned_data["reason"])
        except Refused as refused:
            if refused.code is not Code.INVALID:
                raise
            blame(form, refused)
            return _conflicts(request, wrong=(number, form))
    elif act == "lift":
        do_lift(user, number)
    else:
        do_answer_conflict(user, number, agreed=act == "agree")
    return HttpResponseRedirect(reverse("conflicts"))


def _page(
    request: HttpRequest,
    order_id: UUID,
    *,
    grant_form: GrantForm | None = None,
    conflict_form: ConflictForm | None = None,
    withdrawal: tuple[int, ShortReasonForm] | None = None,
) -> HttpResponse:
    user = person_of(request)
    order = order_for(user, order_id)
    gives = sees_case(user, order.pk, district=order.district, to=May.GIVE_ACCESS) and allows(user, May.GIVE_ACCESS)
    try:
        grants = [_grant(one, withdrawal, gives=gives) for one in grants_of_case(user, order.pk)]
    except NotFound:
        grants = None
    bound = [form for form in (grant_form, conflict_form, withdrawal[1] if withdrawal else None) if form is not None]
    values = {
        "order": {"id": order.pk, "number": order.number},
        "grants": grants,
        "grant_form": (grant_form or GrantForm(prefix=_GRANT)) if gives else None,
        "conflict_form": conflict_form or _conflict_form(user, order),
        "records": allows(user, May.RECORD_CONFLICTS),
        "days": limits().grant_max.days,
        "problems": [problem for form in bound for problem in problems(form)],
    }
    return render(request, "console/access/case.html", values, status=422 if bound else 200)


def _conflict_form(user: User, order: Order, given: Any = None) -> ConflictForm:
    parties = [
        (f"{CaseSubject.RESPONDENT}:{order.respondent_id}", order.respondent.name),
        *((f"{CaseSubject.PROTECTED_PERSON}:{her.pk}", her.code) for her in order.protected_persons.all()),
        (f"{CaseSubject.ORDER}:{order.pk}", order.number),
    ]
    others = allows(user, May.RECORD_CONFLICTS)
    initial = {"username": user.username}
    return ConflictForm(given, prefix=_CLOSE, parties=parties, others=others, initial=initial)


def _grant(one: CaseGrant, withdrawal: tuple[int, ShortReasonForm] | None, *, gives: bool) -> dict[str, Any]:
    over = one.withdrawn_at is not None or one.ends_at <= clock.now()
    wrong = withdrawal[1] if withdrawal and withdrawal[0] == one.pk else None
    return {
        "id": one.pk, "who": shown_name(one.user), "role": role_name(one.user), "right": RIGHTS[Right(one.right)],
        "purpose": one.purpose, "by": shown_name(one.given_by), "given_at": one.given_at, "ends_at": one.ends_at,
        "over": over, "withdrawn_at": one.withdrawn_at, "withdrawn_by": shown_name(one.withdrawn_by),
        "form": None if over or not gives else wrong or ShortReasonForm(prefix=str(one.pk)), "wrong": bool(wrong),
    }  # fmt: skip


def _conflicts(request: HttpRequest, *, wrong: tuple[int, ShortReasonForm] | None = None) -> HttpResponse:
    user = person_of(request)
    if not allows(user, May.RECORD_CONFLICTS):
        raise NotFound("conflicts")
    rows = []
    for one in conflicts_for(user):
        found = one.conflict
        rows.append(
            {
                "id": found.pk, "who": shown_name(found.user), "role": role_name(found.user),
                "closeness": CLOSENESS[Closeness(found.closeness)], "note": found.note,
                "subject": SUBJECTS[CaseSubject(found.subject_kind)],
                "cases": [case for case in one.cases if sees_case(user, case.order, district=case.district)],
                "by": shown_name(found.recorded_by), "at": found.recorded_at, "in_force": found.in_force_at is not None,
                "waits": found.answered_at is None,
                "report": one.report if one.report is not None and allows(user, May.READ_REPORTS) else None,
                "left": one.left,
                "may_answer": found.answered_at is None
                and found.recorded_by_id not in (user.pk, found.user_id),
                "second": shown_name(found.answered_by),
                "asked": shown_name(found.lift_asked_by), "lift_reason": found.lift_reason,
                "may_lift": found.lift_asked_by_id not in (None, user.pk),
                "form": wrong[1] if wrong and wrong[0] == found.pk else ShortReasonForm(prefix=str(found.pk)),
                "wrong": bool(wrong and wrong[0] == found.pk),
            }
        )  # fmt: skip
    values = {"conflicts": rows, "problems": problems(wrong[1]) if wrong else []}
    return render(request, "console/access/conflicts.html", values, status=422 if wrong else 200)
