"""Orders: the list, and one order with its conditions, devices, versions and signals."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from aralyk import clock
from aralyk.access.permissions import May, allows
from aralyk.access.queries import shown_name
from aralyk.console import law, order_words
from aralyk.console.cards import cards
from aralyk.console.case_line import case_values
from aralyk.console.device_facts import device_facts
from aralyk.console.order_facts import condition_facts, order_facts
from aralyk.console.order_next import next_steps
from aralyk.console.paging import page_in_one_pass, page_query
from aralyk.console.people import person_of
from aralyk.console.views.map_data import map_values
from aralyk.console.views.order_acts import acts_for
from aralyk.devices.queries import places_for
from aralyk.incidents.queries import queue_for
from aralyk.orders.actions import FIRST_VERSION_REASON
from aralyk.orders.life import clocks_of, suspension_of, waiting_count
from aralyk.orders.models import Finding, Order
from aralyk.orders.overlaps import overlapping
from aralyk.orders.queries import holds_at, order_for, orders_for, orders_like, versions_of
from aralyk.orders.threats import RISEN

PAGE_ROWS: Final = 50
SEARCH_MAX: Final = 100
INCIDENTS_MAX: Final = 50
OWN_REASONS: Final = {FIRST_VERSION_REASON: gettext_lazy("issued"), RISEN: gettext_lazy("the level of risk rose")}


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Orders of this person's districts; `?q=` finds a number, a respondent's name or a protected person's code."""
    user = person_of(request)
    found = orders_for(user)
    search = request.GET.get("q", "").strip()[:SEARCH_MAX]
    every = request.GET.get("all") == "1"
    if search:
        found = found.filter(pk__in=orders_like(search))
    if not every:
        found = found.filter(holds_at(clock.now()))
    number = request.GET.get("page")
    page_of = page_in_one_pass(found, number, PAGE_ROWS) if search else Paginator(found, PAGE_ROWS).get_page(number)
    values = {
        "orders": [order_facts(order) for order in page_of],
        "page": page_of,
        "page_query": page_query(request),
        "search": search,
        "every": every,
        "may_issue": allows(user, May.ISSUE_ORDERS),
        "may_see_waiting": any(allows(user, one) for one in (May.ISSUE_ORDERS, May.CONFIRM_ORDERS, May.READ_CUTS)),
        "waiting": waiting_count(user),
    }
    return render(request, "console/orders/list.html", values)


@require_GET
def page(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """One order."""
    user = person_of(request)
    order = order_for(user, order_id)
    places = places_for(user, order_ids=[order.pk])
    steps = next_steps(user, order, places)
    values = {
        "order": order_facts(order),
        "conditions": condition_facts(order),
        "devices": device_facts(places),
        "next_steps": steps,
        "first_step": next((step.address for step in steps if step.address), ""),
        "versions": [
            {
                "number": version.version,
                "made_at": version.made_at,
                "made_by": shown_name(version.made_by),
                "reason": str(OWN_REASONS.get(version.reason, version.reason)),
            }
            for version in versions_of(order)
        ],
        "cards": cards(user, queue_for(user, order_id=order.pk, include_closed=True)[:INCIDENTS_MAX]),
        "map": map_values(only=order.pk),
        "case": case_values(request, user, order),
        "overlaps": [order_facts(other) for other in orders_for(user).filter(pk__in=overlapping(order).values("pk"))],
        "suspension": suspension_of(order, at=clock.now()),
        "clocks": _clocks(order),
        "findings": _findings(order),
        "acts": acts_for(user, order),
        "may_vary": allows(user, May.ISSUE_ORDERS),
    }
    return render(request, "console/orders/page.html", values)


def _clocks(order: Order) -> list[dict[str, Any]]:
    now = clock.now()
    return [
        {
            "name": law.duty_name(order.jurisdiction, one.slug, at=order.issued_at), "due_at": one.due_at,
            "done_at": one.done_at, "overdue": one.overdue(at=now),
        }
        for one in clocks_of(order)
    ]  # fmt: skip


def _findings(order: Order) -> list[dict[str, Any]]:
    codes = {str(one.pk): one.code for one in order.protected_persons.all()}
    rows = Finding.objects.filter(order_version__order=order).select_related("answered_by").order_by("pk")
    return [
        {
            "sentence": order_words.finding(one.kind, one.subject, one.facts, codes=codes), "reason": one.reason,
            "alternative": one.alternative, "by": shown_name(one.answered_by), "at": one.answered_at,
        }
        for one in rows
    ]  # fmt: skip
