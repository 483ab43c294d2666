"""An order from its first word to its issue: one step a page, each saved, the last one issues."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.sentences import sentence_of
from aralyk.console import law, order_drafting, order_words
from aralyk.console.forms import problems
from aralyk.console.order_drafting import JURISDICTION, STEPS, StepMissing, keep, kept, order_draft, save
from aralyk.console.order_forms import FindingForm, HandoverForm, PeopleForm
from aralyk.console.people import person_of
from aralyk.console.views.map_data import map_values
from aralyk.jurisdictions.loader import pack
from aralyk.orders.actions import do_issue_order, findings_of
from aralyk.orders.drafts import HANDOVER
from aralyk.orders.life import draft_for, drafts_for
from aralyk.orders.models import DraftedOrder
from aralyk.orders.sanity import FindingKind, Found
from aralyk.orders.sealed import written_place
from aralyk.orders.templates import templates_on
from aralyk.people.actions import do_register_protected_person, do_register_respondent
from aralyk.people.models import Stated
from aralyk.people.queries import find_protected_person, respondent_for
from aralyk.people.vault import SealedName
from aralyk.reports.queries import FromReport, from_report

TITLES: Final[dict[str, Callable[[], str]]] = {
    "people": lambda: _("The people"),
    "law": lambda: _("What it rests on, and its term"),
    "conditions": lambda: _("Conditions"),
    "zones": lambda: _("Closed areas"),
    "circumstances": lambda: _("Circumstances"),
    "findings": lambda: _("What the checks found"),
    "review": lambda: _("Look over and issue"),
}
CODES_MAX: Final = 10


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin an order, or go on with one that was begun."""
    user = person_of(request)
    check_allowed(user, May.ISSUE_ORDERS)
    report = _report_of(request, user)
    if request.method == "POST":
        begun = None if report is None else order_drafting.draft_of_report(user, report)
        if begun is not None:
            return _to(begun, STEPS[0])
        now = clock.now()
        draft = DraftedOrder.objects.create(author=user, created_at=now, updated_at=now)
        if report is not None:
            order_drafting.take_over(draft, report, threat=order_drafting.threat_of(user, report))
        return _to(draft, STEPS[0])
    drafts = [
        {"id": one.pk, "number": (one.content.get("law", {}).get("number") or [""])[0], "updated_at": one.updated_at}
        for one in drafts_for(user)[:20]
    ]
    values = {"drafts": drafts, "report": None if report is None else report.report}
    return render(request, "console/orders/new.html", values)


def _report_of(request: HttpRequest, user: User) -> FromReport | None:
    """The report that the order answers: `?report=` of its page's link."""
    written = request.GET.get("report") or request.POST.get("report")
    if not written:
        return None
    try:
        report_id = UUID(written)
    except ValueError:
        raise NotFound("report") from None
    asked = sorted({name for basis in order_drafting.bases() for name in basis.required_statements})
    return from_report(user, report_id, asked=tuple(asked))


@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, draft_id: UUID, name: str) -> HttpResponse:
    """One step of the wizard."""
    user = person_of(request)
    draft = draft_for(user, draft_id)
    if name not in STEPS:
        raise NotFound("step")
    if draft.issued_as_id is not None:
        return HttpResponseRedirect(reverse("order", args=[draft.issued_as_id]))
    try:
        return _VIEWS[name](request, user, draft)
    except StepMissing as missing:
        return _to(draft, missing.step)


@require_POST
def use_template(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Fill the step of the conditions from a set of them."""
    draft = draft_for(person_of(request), draft_id)
    basis = order_drafting.legal_basis_of(draft)
    day = pack(JURISDICTION).day_of(clock.now())
    chosen = next(
        (
            one
            for one in templates_on(day, jurisdiction=JURISDICTION, legal_basis=basis)
            if one.slug == request.POST.get("template")
        ),
        None,
    )
    if chosen is None:
        raise NotFound("template")
    allowed = {kind["slug"] for kind in order_drafting.kinds_of(basis)}
    filled: dict[str, list[str]] = {f"kind_{kind}": ["on"] for kind in chosen.kinds if kind in allowed}
    if chosen.distance_m is not None and order_drafting.may_be_measured(basis, "proximity"):
        filled |= {
            "ring": ["on"],
            "distance_m": [f"{chosen.distance_m:.0f}"],
            "warning_m": [f"{chosen.warning_m or chosen.distance_m:.0f}"],
        }
    draft.content["conditions"] = filled
    draft.content.pop("found", None)
    save(draft)
    return _to(draft, "conditions")


@require_POST
def discard(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Throw a draft away; people who were registered for it stay."""
    draft = draft_for(person_of(request), draft_id)
    if draft.issued_as_id is not None:
        raise Refused(Code.DRAFT_ISSUED)
    draft.delete()
    return HttpResponseRedirect(reverse("order_new"))


def _people(request: HttpRequest, user: User, draft: DraftedOrder) -> HttpResponse:
    who = draft.content.get("who", {})
    initial = {
        "respondent": who.get("respondent", ""),
        "district": who.get("district", ""),
        "codes": ", ".join(code for _id, code in order_drafting.protected_of(draft)),
    }
    form = PeopleForm(
        request.POST or None, initial=initial, respondents=order_drafting.respondents(user),
        districts=order_drafting.districts(user),
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            protected = _known(user, form.cleaned_data["codes"])
            draft.content["who"] = {
                "report": who.get("report"),
                "district": form.cleaned_data["district"],
                "respondent": _respondent(user, form.cleaned_data),
                "protected": [*protected, *_registered(user, form.cleaned_data)],
            }
        except Refused as error:
            form.add_error(None, _said(error))
        else:
            draft.content.pop("found", None)
            save(draft)
            return _next(draft, "people")
    return _render(request, draft, "people", form=form)


def _respondent(user: User, given: dict[str, Any]) -> str:
    if given["respondent"]:
        return str(respondent_for(user, UUID(given["respondent"])).pk)
    made = do_register_respondent(
        user,
        name=given["new_name"],
        residence_district=given["district"],
        born_on=given["new_born_on"],
        language=given["new_language"],
        weapons=Stated(given["new_weapons"] or Stated.UNKNOWN),
    )
    return str(made.pk)


def _known(user: User, codes: str) -> list[str]:
    wanted = list(dict.fromkeys(code.strip().upper() for code in codes.split(",") if code.strip()))[:CODES_MAX]
    found = [find_protected_person(user, code) for code in wanted]
    if None in found:
        raise Refused.field("codes", expected="codes of people of your districts, or of nobody's case yet")
    return [str(one.pk) for one in found if one is not None]


def _registered(user: User, given: dict[str, Any]) -> list[str]:
    if not given["her_name"].strip():
        return []
    sealed = {SealedName.NAME: given["her_name"]}
    if given["her_phone"].strip():
        sealed[SealedName.PHONE] = given["her_phone"]
    for field, name in (("her_home", SealedName.HOME_PLACE), ("her_shelter", SealedName.SHELTER_PLACE)):
        if given[field] is not None:
            sealed[name] = written_place(given[field])
    return [str(do_register_protected_person(user, sealed=sealed, language=given["her_language"]).pk)]


def _law(request: HttpRequest, user: User, draft: DraftedOrder) -> HttpResponse:
    return _plain_step(request, draft, "law", order_drafting.law_form(_data(request, draft, "law")))


def _conditions(request: HttpRequest, user: User, draft: DraftedOrder) -> HttpResponse:
    basis = order_drafting.legal_basis_of(draft)
    form = order_drafting.conditions_form(basis, _data(request, draft, "conditions"))
    day = pack(JURISDICTION).day_of(clock.now())
    templates = [
        {"slug": one.slug, "name": order_drafting.template_name(one.name)}
        for one in templates_on(day, jurisdiction=JURISDICTION, legal_basis=basis)
    ]
    return _plain_step(request, draft, "conditions", form, templates=templates)


def _zones(request: HttpRequest, user: User, draft: DraftedOrder) -> HttpResponse:
    basis = order_drafting.legal_basis_of(draft)
    if not order_drafting.may_be_measured(basis, "exclusion_zone"):
        if request.method == "POST":
            keep(draft, "zones", request.POST)
            return _next(draft, "zones")
        return _render(request, draft, "zones", rows=[], handover=None)
    data = _data(request, draft, "zones")
    rows = order_drafting.zone_forms(data)
    handover = HandoverForm(data, prefix=HANDOVER)
    if request.method == "POST":
        valid = [form.is_valid() for form in (*rows, handover)]
        if all(valid):
            keep(draft, "zones", request.POST)
            return _next(draft, "zones")
    return _render(request, draft, "zones", rows=rows, handover=handover, map=map_values(only=UUID(int=0)))


def _circumstances(request: HttpRequest, user: User, draft: DraftedOrder) -> HttpResponse:
    form = order_drafting.circumstances_form(
        _data(request, draft, "circumstances"), order_drafting.protected_of(draft)
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        keep(draft, "circumstances", request.POST)
        return _next(draft, "circumstances")
    return _render(request, draft, "circumstances", form=form)


def _findings(request: HttpRequest, user: User, draft: DraftedOrder) -> HttpResponse:
    """The checks run once for what is written; an answer changes nothing that they looked at."""
    if "found" not in draft.content:
        try:
            found = findings_of(user, order_draft(draft))
        except Refused as error:
            return _render(request, draft, "findings", refusal=error, rows=[])
        draft.content["found"] = [
            {"kind": one.kind.value, "subject": one.subject, "facts": dict(one.facts)} for one in found
        ]
        save(draft)
    rows = finding_rows(draft.content["found"], draft.content.get("answers", {}), request, dict(_codes(draft)))
    valid = [row["form"].is_valid() for row in rows]  # each is asked, so that each shows its own error
    if request.method == "POST" and all(valid):
        draft.content["answers"] = {row["key"]: dict(row["form"].cleaned_data) for row in rows}
        save(draft)
        return _next(draft, "findings")
    return _render(request, draft, "findings", rows=rows)


def finding_rows(
    found: list[dict[str, Any]], answers: dict[str, Any], request: HttpRequest, codes: dict[str, str]
) -> list[dict[str, Any]]:
    """Each finding in words, with the form of its answer."""
    rows = []
    for number, one in enumerate(found):
        finding = Found(kind=FindingKind(one["kind"]), subject=one["subject"], facts=one["facts"])
        form = FindingForm(
            request.POST if request.method == "POST" else None,
            prefix=f"finding-{number}",
            initial=answers.get(finding.key),
            needs_alternative=finding.needs_alternative,
        )
        sentence = order_words.finding(one["kind"], one["subject"], one["facts"], codes=codes)
        rows.append({"key": finding.key, "sentence": sentence, "form": form, "serious": finding.needs_alternative})
    return rows


def _review(request: HttpRequest, user: User, draft: DraftedOrder) -> HttpResponse:
    plan = order_draft(draft)
    if "found" not in draft.content:
        return _to(draft, "findings")
    if request.method == "POST":
        try:
            issued = do_issue_order(user, plan)
        except Refused as error:
            if error.code is Code.FINDINGS_UNANSWERED:
                draft.content.pop("found", None)
                save(draft)
                return _to(draft, "findings")
            return _render(request, draft, "review", plan=_shown(user, draft), refusal=error, status=422)
        draft.issued_as = issued
        draft.content = {}
        save(draft)
        return HttpResponseRedirect(f"{reverse('order', args=[issued.pk])}#next")
    return _render(request, draft, "review", plan=_shown(user, draft))


def _shown(user: User, draft: DraftedOrder) -> dict[str, Any]:
    plan, now = order_draft(draft), clock.now()
    codes = _codes(draft)
    return {
        "number": plan.number,
        "legal_basis": law.legal_basis_name(JURISDICTION, plan.legal_basis, at=now),
        "respondent": respondent_for(user, plan.respondent).name,
        "protected": ", ".join(code for _id, code in codes),
        "district": law.district_name(JURISDICTION, plan.district, at=now),
        "threat": dict(order_words.THREATS)[str(plan.threat)],
        "starts_at": plan.starts_at,
        "expires_at": plan.expires_at,
        "conditions": [
            {
                "name": law.condition_name(JURISDICTION, one.kind, at=now),
                "code": one.code,
                "distance_m": one.distance_m,
                "warning_m": one.warning_m,
            }
            for one in plan.conditions
        ],
        "answers": [
            {
                "sentence": order_words.finding(one["kind"], one["subject"], one["facts"], codes=dict(codes)),
                **draft.content.get("answers", {}).get(f"{one['kind']}:{one['subject']}", {}),
            }
            for one in draft.content.get("found", [])
        ],
    }


def _codes(draft: DraftedOrder) -> list[tuple[str, str]]:
    return order_drafting.protected_of(draft)


def _plain_step(
    request: HttpRequest, draft: DraftedOrder, name: str, form: forms.Form, **more: Any
) -> HttpResponse:  # fmt: skip
    if request.method == "POST" and form.is_valid():
        keep(draft, name, request.POST)
        return _next(draft, name)
    return _render(request, draft, name, form=form, **more)


def _data(request: HttpRequest, draft: DraftedOrder, name: str) -> Any:
    return request.POST if request.method == "POST" else kept(draft, name)


def _render(
    request: HttpRequest,
    draft: DraftedOrder,
    name: str,
    *,
    status: int = 200,
    refusal: Refused | None = None,
    **more: Any,
) -> HttpResponse:
    posted = request.method == "POST"
    bound = [form for form in (more.get("form"), more.get("handover"), *_row_forms(more)) if form is not None]
    found = [problem for form in bound for problem in problems(form)] if posted else []
    if refusal is not None:
        found.append({"text": _said(refusal), "target": "#actions"})
    values = {
        "draft": draft,
        "step": name,
        "title": TITLES[name](),
        "number": STEPS.index(name) + 1,
        "steps": [
            {
                "name": one, "title": TITLES[one](), "current": one == name,
                "done": one in draft.content or (one == "people" and "who" in draft.content),
            }
            for one in STEPS
        ],
        "previous": STEPS[STEPS.index(name) - 1] if name != STEPS[0] else None,
        "problems": found,
        "refused_fields": refusal.fields if refusal else (),
        **more,
    }  # fmt: skip
    return render(request, f"console/orders/step_{name}.html", values, status=422 if found and posted else status)


def _row_forms(more: dict[str, Any]) -> list[forms.Form]:
    return [row["form"] if isinstance(row, dict) else row for row in more.get("rows", [])]


def _said(error: Refused) -> str:
    fields = "; ".join(f"{field.field}: {field.expected}" for field in error.fields)
    return f"{sentence_of(error)} {fields}".strip()


def _next(draft: DraftedOrder, name: str) -> HttpResponse:
    return _to(draft, STEPS[STEPS.index(name) + 1])


def _to(draft: DraftedOrder, name: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("order_step", args=[draft.pk, name]))


_VIEWS: Final[dict[str, Callable[[HttpRequest, User, DraftedOrder], HttpResponse]]] = {
    "people": _people,
    "law": _law,
    "conditions": _conditions,
    "zones": _zones,
    "circumstances": _circumstances,
    "findings": _findings,
    "review": _review,
}
assert set(_VIEWS) == set(STEPS) == set(TITLES)
