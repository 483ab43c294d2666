"""Change the conditions of an order: more protection at once, less as a proposal for a second person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from aralyk import clock
from aralyk.access.errors import Code, Refused
from aralyk.access.permissions import May, check_allowed
from aralyk.access.sentences import sentence_of
from aralyk.console import order_drafting
from aralyk.console.forms import problems
from aralyk.console.order_facts import order_facts
from aralyk.console.order_forms import ReasonedForm
from aralyk.console.people import person_of
from aralyk.console.views.map_data import map_values
from aralyk.console.views.order_wizard import finding_rows
from aralyk.orders.actions import do_vary_order, findings_after
from aralyk.orders.drafts import PROXIMITY, Answered, ConditionDraft
from aralyk.orders.models import Condition, Order
from aralyk.orders.proposals import do_propose_variation
from aralyk.orders.queries import conditions_of, order_for
from aralyk.orders.written import stored_as_draft

ZONE: Final = "exclusion_zone"


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """The conditions as they stand, to be changed."""
    user = person_of(request)
    order = order_for(user, order_id)
    check_allowed(user, May.ISSUE_ORDERS)
    rows = list(conditions_of(order))
    posted = request.POST if request.method == "POST" else None
    conditions = order_drafting.conditions_form(order.legal_basis, posted, initial=_initial(rows))
    zones = order_drafting.zone_forms(posted, initial=[_zone_initial(one) for one in rows if one.kind == ZONE])
    why = ReasonedForm(posted)
    shown: dict[str, Any] = {"rows": [], "cuts": (), "refused_fields": ()}
    found: list[dict[str, Any]] = []
    if posted is not None:
        valid = [form.is_valid() for form in (conditions, why, *zones)]
        if all(valid):
            drafts = _drafts(order, rows, conditions, zones)
            try:
                answers, shown["rows"], answered = _answers(request, order, drafts)
                if answered:
                    return _done(request, order, drafts, answers=answers, reason=why.cleaned_data["reason"])
                found = [{"text": _("The checks found something: answer it below."), "target": "#findings"}]
            except Refused as error:
                found = [{"text": sentence_of(error), "target": "#actions"}]
                shown["refused_fields"] = error.fields
                shown["cuts"] = error.fields if error.code is Code.PROPOSAL_NEEDED else ()
        forms_ = (conditions, why, *zones, *(row["form"] for row in shown["rows"]))
        found += [problem for form in forms_ for problem in problems(form)]
    values = {
        "order": order_facts(order), "form": conditions, "zone_rows": zones, "why": why, "problems": found,
        "map": map_values(only=UUID(int=0)), **shown,
    }  # fmt: skip
    return render(request, "console/orders/vary.html", values, status=422 if found else 200)


def _done(
    request: HttpRequest,
    order: Order,
    drafts: Sequence[ConditionDraft],
    *,
    answers: Mapping[str, Answered],
    reason: str,
) -> HttpResponse:
    user = person_of(request)
    if request.POST.get("propose") == "1":
        do_propose_variation(user, order.pk, reason=reason, conditions=drafts, answers=answers)
        return HttpResponseRedirect(reverse("orders_waiting"))
    do_vary_order(user, order.pk, reason=reason, conditions=drafts, answers=answers)
    return HttpResponseRedirect(reverse("order", args=[order.pk]))


def _answers(
    request: HttpRequest, order: Order, drafts: Sequence[ConditionDraft]
) -> tuple[dict[str, Answered], list[dict[str, Any]], bool]:
    """What the checks find in the new conditions, the forms of the answers, and whether all are given."""
    found = findings_after(person_of(request), order, drafts, at=clock.now())
    written = [{"kind": one.kind.value, "subject": one.subject, "facts": dict(one.facts)} for one in found]
    codes = {str(one.pk): one.code for one in order.protected_persons.all()}
    rows = finding_rows(written, {}, request, codes)
    valid = [row["form"].is_valid() for row in rows]
    if not all(valid):
        return {}, rows, False
    answers = {
        row["key"]: Answered(
            reason=row["form"].cleaned_data["reason"], alternative=row["form"].cleaned_data.get("alternative", "")
        )
        for row in rows
    }
    return answers, rows, True


def _drafts(order: Order, rows: Sequence[Condition], conditions: Any, zones: Any) -> list[ConditionDraft]:
    """What was typed, each condition under the code that it had: a signal names it by that."""
    protected = [one.pk for one in order.protected_persons.order_by("pk")]
    known = {(row.kind, row.parameters.get("protected")): row.code for row in rows if row.kind != ZONE}
    plain = [
        replace(draft, code=known.get((draft.kind, str(draft.protected) if draft.protected else None), draft.code))
        for draft in order_drafting.plain_conditions(conditions, order.legal_basis, protected)
    ]
    shown = {PROXIMITY, ZONE, *(kind["slug"] for kind in order_drafting.kinds_of(order.legal_basis))}
    others = [
        stored_as_draft(kind=row.kind, code=row.code, parameters=row.parameters, facts=row.facts)
        for row in rows
        if row.kind not in shown  # a hand-over, or what today's law no longer lists: kept as it stands
    ]
    return [*plain, *order_drafting.drawn(zones, "zones"), *others]


def _initial(rows: Sequence[Condition]) -> dict[str, Any]:
    initial: dict[str, Any] = {f"kind_{row.kind}": True for row in rows}
    for row in rows:
        initial |= {f"number_{row.kind}_{name}": value for name, value in row.facts.items()}
        if row.kind == PROXIMITY:
            initial |= {
                "ring": True,
                "distance_m": round(row.parameters["distance_m"]),
                "warning_m": round(row.parameters["warning_m"]),
            }
    return initial


def _zone_initial(row: Condition) -> dict[str, Any]:
    shape = row.parameters["shape"]
    circle = shape.get("circle")
    slots = row.parameters.get("schedule") or []
    initial: dict[str, Any] = {"code": row.code, "form": "circle" if circle else "polygon"}
    if circle:
        initial |= {"points": f"{circle['lat']:.6f}, {circle['lon']:.6f}", "radius_m": round(circle["radius_m"])}
    else:
        initial["points"] = "\n".join(f"{lat:.6f}, {lon:.6f}" for lon, lat, *_rest in shape["coordinates"][0][:-1])
    if slots:
        initial |= {"days": slots[0]["days"], "begins": slots[0]["from"], "ends": slots[0]["to"]}
    return initial
