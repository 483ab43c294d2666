"""The page of a protected person: a code, masks, and what may be known without a look. Looks are `vault`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.console import people_words as words
from aralyk.console import sentences
from aralyk.console.forms import problems
from aralyk.console.order_facts import order_facts
from aralyk.console.people import person_of
from aralyk.console.people_facts import about_names, facts_shown, look_facts, protected_facts, rows_of, stay_facts
from aralyk.console.people_forms import (
    ChannelForm,
    ChildForm,
    ChildWithHimForm,
    ConfirmChannelForm,
    ConsentForm,
    HelperForm,
    HowToSpeakForm,
    LookForm,
    ProtectedForm,
    RepresentativeForm,
    SealForm,
    show_refusal,
)
from aralyk.orders.queries import orders_for
from aralyk.people.actions import (
    check_may_keep,
    do_change_protected_person,
    do_register_protected_person,
    do_seal,
)
from aralyk.people.custody import do_child_is_back, do_give_notice, do_record_child_with_him, do_take_over_child
from aralyk.people.models import Child, ProtectedPerson, Stated
from aralyk.people.protected import (
    do_add_channel,
    do_add_child,
    do_add_representative,
    do_confirm_channel,
    do_end_channel,
    do_name_helper,
    do_record_consent,
    do_withdraw_consent,
    do_withdraw_helper,
    do_withdraw_representative,
)
from aralyk.people.queries import (
    children_with_him,
    look_requests_for,
    looks_at,
    missing_of,
    protected_person_for,
    sealed_facts_for,
)
from aralyk.people.vault import OWN_FACTS, SealedName
from aralyk.people.words import (
    ConsentKind,
    GivenBy,
    HelperRelation,
    How,
    LivesWith,
    NoticeKind,
    RepresentativeKind,
    RoleOfChild,
)

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal:
    """What a look brought, for this answer alone."""

    key: str
    value: str


@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Register a protected person under a code."""
    user = person_of(request)
    check_may_keep(user)
    form = ProtectedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        sealed = {name: given[name.value] for name in OWN_FACTS if given.get(name.value, "").strip()}
        try:
            made = do_register_protected_person(user, sealed=sealed, **_how_to_speak(given))
        except Refused as refused:
            show_refusal(form, refused)
        else:
            return HttpResponseRedirect(reverse("protected_person", args=[made.pk]))
    values = {"form": form, "problems": problems(form) if form.is_bound else []}
    return render(request, "console/people/protected_new.html", values, status=422 if form.is_bound else 200)


@require_GET
def page(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """One protected person, masked."""
    return render_page(request, protected_person_for(person_of(request), person_id))


@require_GET
def looks(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Who looked into her file: the page that an officer shows her, or prints for her."""
    user = person_of(request)
    found = [look_facts(look) for look in looks_at(user, person_id)]
    her = protected_person_for(user, person_id)
    return render(request, "console/people/looks.html", {"person": protected_facts(her), "looks": found})


@require_POST
def add(request: HttpRequest, person_id: UUID, what: str) -> HttpResponse:
    """Write down something about her."""
    user = person_of(request)
    her = protected_person_for(user, person_id)
    if what not in _ADD:
        raise NotFound("form")
    form = _forms(user, her, {what: request})[what]
    if form.is_valid():
        try:
            _ADD[what](user, her.pk, form.cleaned_data)
        except Refused as refused:
            if not refused.fields:
                raise
            show_refusal(form, refused)
        else:
            return HttpResponseRedirect(f"{reverse('protected_person', args=[her.pk])}#{what}")
    return render_page(request, her, bound={what: form})


@require_POST
def change(request: HttpRequest, what: str, row_id: UUID) -> HttpResponse:
    """Confirm, end or take back a row about her."""
    user = person_of(request)
    if what not in _CHANGE:
        raise NotFound("form")
    person = _CHANGE[what](user, row_id, request)
    return HttpResponseRedirect(f"{reverse('protected_person', args=[person])}#{what.partition('-')[0]}")


@require_POST
def child_with_him(request: HttpRequest, child_id: UUID) -> HttpResponse:
    """Record that a child is with him."""
    user = person_of(request)
    child = Child.objects.filter(pk=child_id).first()
    if child is None:
        raise NotFound("child")
    her = protected_person_for(user, child.protected_person_id)
    what = f"with-him-{child.pk}"
    form = ChildWithHimForm(request.POST, prefix=what, respondents=_respondents(user, her))
    if form.is_valid():
        try:
            do_record_child_with_him(
                user, child=child.pk, respondent=UUID(form.cleaned_data["respondent"]), since=form.cleaned_data["since"]
            )
        except Refused as refused:
            if not refused.fields:
                raise
            show_refusal(form, refused)
        else:
            return HttpResponseRedirect(f"{reverse('protected_person', args=[her.pk])}#children")
    return render_page(request, her, bound={what: form})


def render_page(
    request: HttpRequest,
    her: ProtectedPerson,
    *,
    bound: Mapping[str, forms.Form] | None = None,
    reveal: Reveal | None = None,
) -> HttpResponse:
    """Her page; with what a look brought, for this answer alone."""
    user, bound = person_of(request), dict(bound or {})
    orders = list(orders_for(user).filter(protected_persons=her))
    may_look = allows(user, May.LOOK_INTO_VAULT) and bool(orders)
    may_keep = allows(user, May.KEEP_PEOPLE) or allows(user, May.ISSUE_ORDERS)
    facts = facts_shown(
        her, sealed_facts_for(user, her.pk), shown={reveal.key: reveal.value} if reveal else {},
        names=about_names(her),
    )  # fmt: skip
    rows = rows_of(her)
    stays = {stay.child_id: stay_facts(stay, user=user) for stay in children_with_him(user).filter(
        child__protected_person=her)}  # fmt: skip
    respondents = _respondents(user, her)
    for child in rows["children"]:
        what = f"with-him-{child['id']}"
        child["stay"] = stays.get(child["id"])
        child["form"] = bound.get(what) or ChildWithHimForm(
            prefix=what, respondents=respondents, initial={"since": timezone.localtime()}
        )
        child["open"] = what in bound
    values: dict[str, Any] = {
        "person": protected_facts(her),
        "missing": [sentences.text(words.MISSING, name) for name in missing_of(her)],
        "orders": [order_facts(order) for order in orders],
        "facts": facts,
        "revealed": reveal is not None,
        "requests": [each for each in look_requests_for(user) if each.protected_person_id == her.pk
                     and each.asked_by_id == user.pk],
        "may_look": may_look,
        "may_keep": may_keep,
        "has_respondent": bool(respondents),
        "look_form": bound.get("look") or look_form(user, her),
        "forms": {**_forms(user, her, {}), **bound},
        "bound": set(bound),
        "problems": [problem for form in bound.values() for problem in problems(form)],
        **rows,
    }  # fmt: skip
    for each in values["requests"]:
        each.title = sentences.text(words.FACTS, each.field)
    return render(request, "console/people/protected.html", values, status=422 if bound else 200)


def look_form(user: User, her: ProtectedPerson, given: Any = None) -> LookForm:
    """Which fact, for which order, and why."""
    facts = facts_shown(her, sealed_facts_for(user, her.pk), shown={}, names=about_names(her))
    cases = [(str(order.pk), order.number) for order in orders_for(user).filter(protected_persons=her)]
    return LookForm(given, prefix="look", facts=[(fact.key, fact.title) for fact in facts], cases=cases)


def _forms(user: User, her: ProtectedPerson, posted: Mapping[str, HttpRequest]) -> dict[str, forms.Form]:
    def given(what: str) -> Any:
        return posted[what].POST if what in posted else None

    hers = set(her.children.values_list("pk", flat=True))
    children = [(str(pk), name) for pk, name in about_names(her).items() if pk in hers]
    own = [(name.value, words.FACTS[name.value]) for name in OWN_FACTS]
    speaks = {name: getattr(her, name) for name in (*_STATED, "language", "safe_from", "safe_until")}
    return {
        "facts": SealForm(given("facts"), prefix="facts", facts=own),
        "speaking": HowToSpeakForm(given("speaking"), prefix="speaking", initial=speaks),
        "channels": ChannelForm(given("channels"), prefix="channels"),
        "helpers": HelperForm(given("helpers"), prefix="helpers"),
        "consents": ConsentForm(given("consents"), prefix="consents"),
        "children": ChildForm(given("children"), prefix="children"),
        "representatives": RepresentativeForm(given("representatives"), prefix="representatives", children=children),
    }


def _respondents(user: User, her: ProtectedPerson) -> list[tuple[str, str]]:
    orders = orders_for(user).filter(protected_persons=her)
    return list(dict.fromkeys((str(order.respondent_id), order.respondent.name) for order in orders))


_STATED: Final = ("hears", "reads", "has_phone", "children_stated")


def _how_to_speak(given: Given) -> dict[str, Any]:
    hours: tuple[time, time] | None = None
    if given["safe_from"] is not None:
        hours = (given["safe_from"], given["safe_until"])
    return {"language": given["language"], "safe_hours": hours} | {name: Stated(given[name]) for name in _STATED}


def _end_of(day: Any) -> datetime | None:
    """The end of that day, local time."""
    if day is None:
        return None
    return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


_ADD: Final[Mapping[str, Callable[[User, UUID, Given], object]]] = {
    "facts": lambda by, her, given: do_seal(by, person=her, field=SealedName(given["field"]), value=given["value"]),
    "speaking": lambda by, her, given: do_change_protected_person(by, person=her, **_how_to_speak(given)),
    "channels": lambda by, her, given: do_add_channel(
        by, person=her, how=How(given["how"]), given_by=GivenBy(given["given_by"]), number=given["number"]
    ),
    "helpers": lambda by, her, given: do_name_helper(
        by, person=her, name=given["name"], phone=given["phone"], relation=HelperRelation(given["relation"]),
        relative_of_his=Stated(given["relative_of_his"]), consents=given["consents"],
    ),
    "consents": lambda by, her, given: do_record_consent(
        by, person=her, kind=ConsentKind(given["kind"]), until=_end_of(given["until"])
    ),
    "children": lambda by, her, given: do_add_child(
        by, person=her, name=given["name"], lives_with=LivesWith(given["lives_with"]), role=RoleOfChild(given["role"]),
        child_of_respondent=Stated(given["child_of_respondent"]), birth_year=given["birth_year"],
        school=given["school"],
    ),
    "representatives": lambda by, her, given: do_add_representative(
        by, person=her, kind=RepresentativeKind(given["kind"]), name=given["name"], phone=given["phone"],
        child=UUID(given["child"]) if given["child"] else None, until=_end_of(given["until"]),
        consents=given["consents"], account=given["account"] or None,
    ),
}  # fmt: skip


def _confirm(by: User, row: UUID, request: HttpRequest) -> UUID:
    form = ConfirmChannelForm(request.POST, prefix=f"confirm-{row}")
    return do_confirm_channel(by, row, alone=form.is_valid() and form.cleaned_data["alone"]).protected_person_id


_CHANGE: Final[Mapping[str, Callable[[User, UUID, HttpRequest], UUID]]] = {
    "channels-confirm": _confirm,
    "channels-end": lambda by, row, _: do_end_channel(by, row).protected_person_id,
    "helpers-withdraw": lambda by, row, _: do_withdraw_helper(by, row).protected_person_id,
    "consents-withdraw": lambda by, row, _: do_withdraw_consent(by, row).protected_person_id,
    "representatives-withdraw": lambda by, row, _: do_withdraw_representative(by, row).protected_person_id,
    "children-school": lambda by, row, _: (
        do_give_notice(by, row, kind=NoticeKind.SCHOOL).stay.child.protected_person_id
    ),
    "children-border": lambda by, row, _: (
        do_give_notice(by, row, kind=NoticeKind.BORDER).stay.child.protected_person_id
    ),
    "children-take": lambda by, row, _: do_take_over_child(by, row).child.protected_person_id,
    "children-back": lambda by, row, _: do_child_is_back(by, row).child.protected_person_id,
}
