"""What waits in orders, each list in pages: for a second person, for a question, for a decision; and what was cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from aralyk import clock
from aralyk.access.permissions import May, allows
from aralyk.access.queries import shown_name
from aralyk.console import order_words, sentences
from aralyk.console.order_facts import order_facts
from aralyk.console.paging import page_query
from aralyk.console.people import person_of
from aralyk.console.views.order_acts import cut_in_words
from aralyk.orders.life import cuts_for, proposals_for, questions_for, reductions_for
from aralyk.orders.models import Answer
from aralyk.orders.reductions import assessed_since
from aralyk.people.models import Stated

PAGE_ROWS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One page of one of several lists on a page; `name` is its number in the address, and its place on the page."""

    name: str
    page: Any
    query: str


def _part(request: HttpRequest, name: str, rows: QuerySet[Any]) -> _Part:
    found = Paginator(rows, PAGE_ROWS).get_page(request.GET.get(name))
    return _Part(name=name, page=found, query=page_query(request, name=name))


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What waits: for a second person, for a question, for a decision; and for the prosecutor what was cut."""
    user = person_of(request)
    now = clock.now()
    proposals = _part(request, "proposals", proposals_for(user))
    questions = _part(request, "questions", questions_for(user))
    reductions = _part(request, "requests", reductions_for(user))
    cuts = _part(request, "cuts", cuts_for(user)) if allows(user, May.READ_CUTS) else None
    assessed = assessed_since(list(reductions.page))
    values = {
        "proposals": [
            {
                "id": one.pk, "order": order_facts(one.order), "what": cut_in_words(one.content),
                "change": sentences.text(order_words.CHANGES, one.change),
                "reason": one.reason, "by": shown_name(one.proposed_by), "at": one.proposed_at,
                "own": one.proposed_by_id == user.pk,
                "overtaken": one.on_version != one.order.current_version and one.change == "variation",
            }
            for one in proposals.page
        ],
        "questions": [
            {
                "id": one.pk, "order": order_facts(one.order), "due_at": one.due_at, "expires_at": one.expires_at,
                "overdue": one.due_at < now, "lapsed": one.expires_at <= now, "attempts": one.attempts,
                "wished": one.answer == Answer.WISHES,
            }
            for one in questions.page
        ],
        "reductions": [
            {
                "id": one.pk, "order": order_facts(one.order), "code": one.protected_person.code,
                "wish": sentences.text(order_words.WISHES, one.wish), "at": one.requested_at,
                "pressed": one.pressure == Stated.YES, "talked": one.talked_at is not None,
                "assessed": one.pk in assessed, "own_talk": one.talked_by_id == user.pk,
            }
            for one in reductions.page
        ],
        "cuts": [
            {
                "order": order_facts(one.order), "what": sentences.text(order_words.CUTS, one.what), "at": one.at,
                "by": shown_name(one.by), "second": shown_name(one.second_by), "reason": one.reason,
                "threat": one.threat,
            }
            for one in (cuts.page if cuts else ())
        ],
        "parts": {"proposals": proposals, "questions": questions, "reductions": reductions, "cuts": cuts},
        "may_confirm": allows(user, May.CONFIRM_ORDERS),
        "may_issue": allows(user, May.ISSUE_ORDERS),
        "may_read_cuts": allows(user, May.READ_CUTS),
    }  # fmt: skip
    return render(request, "console/orders/waiting.html", values)
