"""The papers of an order: make, print, take, deliver; the sealed one for a purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.errors import Refused
from aralyk.access.permissions import May, allows, check_allowed, served_to
from aralyk.access.queries import shown_name
from aralyk.console import paper_words
from aralyk.console.forms import problems
from aralyk.console.order_facts import order_facts
from aralyk.console.paper_words import WITHHELD, DeliveryForm, PaperForm, SealedPaperForm, ZoneForm
from aralyk.console.people import person_of
from aralyk.orders.models import Order
from aralyk.orders.queries import conditions_of, order_for
from aralyk.papers.actions import (
    do_make_paper,
    do_make_sealed_paper,
    do_name_zone,
    do_take_paper,
    do_withhold_area,
)
from aralyk.papers.deliveries import COPIES, do_record_delivery
from aralyk.papers.documents import document_of
from aralyk.papers.models import Paper, Recipient, Rendition, Way
from aralyk.papers.queries import paper_for, papers_for, served_papers_for
from aralyk.papers.served import CLOSED_AREA
from aralyk.people.vault import SealedName

_MAKE: Final = "make"
_SEALED: Final = "sealed"
_ZONE: Final = "zone"


@require_GET
def served(request: HttpRequest) -> HttpResponse:
    """For a defence lawyer: what was served in the cases that were opened to them, and nothing else of those cases."""
    found = served_papers_for(person_of(request))
    values = {"papers": [{**_facts(paper), "number": paper.order.number} for paper in found]}
    return render(request, "console/papers/served.html", values)


@require_GET
def listing(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """What was made of this order, and what can be made."""
    return _render(request, order_id)


@require_POST
def make(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Make a paper that is kept, and show it."""
    user = person_of(request)
    form = PaperForm(request.POST, prefix=_MAKE)
    if not form.is_valid():
        return _render(request, order_id, make_form=form)
    given = form.cleaned_data
    made = do_make_paper(user, order_id, rendition=Rendition(given["rendition"]), language=given["language"])
    return HttpResponseRedirect(reverse("paper", args=[made.pk]))


@require_POST
def make_sealed(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Make the sealed paper and hand it out; nothing of it but the hash stays."""
    user = person_of(request)
    check_allowed(user, May.READ_SEALED_PAPERS)
    form = SealedPaperForm(request.POST, prefix=_SEALED)
    if not form.is_valid():
        return _render(request, order_id, sealed_form=form)
    given = form.cleaned_data
    try:
        made = do_make_sealed_paper(
            user, order_id, language=given["language"], purpose=given["purpose"],
            fields=[SealedName(name) for name in given["facts"]],
        )  # fmt: skip
    except Refused as refusal:
        if not refusal.fields:
            raise
        form.add_error("purpose", refusal.fields[0].expected)
        return _render(request, order_id, sealed_form=form)
    return _file(made.pdf, name=f"sealed-{made.paper.pk}")


@require_POST
def decide_zone(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Withhold a closed place's area, or let papers name the place."""
    user = person_of(request)
    check_allowed(user, May.MAKE_PAPERS)
    form = ZoneForm(request.POST, prefix=_ZONE, zones=_zones(order_for(user, order_id)))
    if not form.is_valid():
        return _render(request, order_id, zone_form=form)
    given = form.cleaned_data
    decide = do_withhold_area if given["shown"] == WITHHELD else do_name_zone
    decide(user, order_id, condition=given["condition"], reason=given["reason"])
    return HttpResponseRedirect(reverse("papers", args=[order_id]))


@require_GET
def page(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    """The paper as a page to read and print, with its deliveries."""
    return _render_paper(request, paper_for(person_of(request), paper_id))


@require_POST
def take(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    """The PDF."""
    taken = do_take_paper(person_of(request), paper_id)
    return _file(bytes(taken.pdf or b""), name=f"{taken.rendition}-{taken.pk}")


@require_POST
def deliver(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    """Record that it reached somebody, now."""
    user = person_of(request)
    paper = paper_for(user, paper_id)
    form = _delivery_form(paper, request.POST)
    if not form.is_valid():
        return _render_paper(request, paper, form=form)
    given = form.cleaned_data
    do_record_delivery(
        user, paper.pk, recipient=Recipient(given["recipient"]), way=Way(given["way"]), delivered_at=clock.now()
    )
    return HttpResponseRedirect(reverse("paper", args=[paper.pk]))


def _render(
    request: HttpRequest,
    order_id: UUID,
    *,
    make_form: PaperForm | None = None,
    sealed_form: SealedPaperForm | None = None,
    zone_form: ZoneForm | None = None,
) -> HttpResponse:
    user = person_of(request)
    order = order_for(user, order_id)
    wrong = make_form or sealed_form or zone_form
    zones = _zones(order) if allows(user, May.MAKE_PAPERS) else []
    values = {
        "order": order_facts(order),
        "papers": [_facts(paper) for paper in papers_for(user, order_id)],
        "may_make": allows(user, May.MAKE_PAPERS),
        "may_seal": allows(user, May.READ_SEALED_PAPERS),
        "make_form": make_form or PaperForm(prefix=_MAKE, initial={"language": order.respondent.language}),
        "sealed_form": sealed_form or SealedPaperForm(prefix=_SEALED, initial={"language": "ru"}),
        "zone_form": (zone_form or ZoneForm(prefix=_ZONE, zones=zones)) if zones else None,
        "problems": [] if wrong is None else problems(wrong),
    }
    return render(request, "console/papers/list.html", values, status=200 if wrong is None else 422)


def _render_paper(request: HttpRequest, paper: Paper, *, form: DeliveryForm | None = None) -> HttpResponse:
    user = person_of(request)
    values = {
        "paper": _facts(paper),
        "order_id": None if paper.order_id in served_to(user) else paper.order_id,
        "number": paper.order.number,
        "document": None if paper.document is None else document_of(paper.document),
        "may_deliver": allows(user, May.MAKE_PAPERS),
        "form": form or _delivery_form(paper),
        "problems": [] if form is None else problems(form),
    }
    return render(request, "console/papers/page.html", values, status=200 if form is None else 422)


def _zones(order: Order) -> list[str]:
    return list(conditions_of(order).filter(kind=CLOSED_AREA).values_list("code", flat=True))


def _delivery_form(paper: Paper, data: Any = None) -> DeliveryForm:
    allowed = COPIES[Rendition(paper.rendition)]
    return DeliveryForm(data, recipients=[each for each in Recipient if each in allowed])


def _facts(paper: Paper) -> Mapping[str, Any]:
    return {
        "id": paper.pk,
        "rendition": paper_words.word(paper_words.RENDITIONS, paper.rendition),
        "sealed": paper.rendition == Rendition.SEALED,
        "language": paper_words.word(paper_words.LANGUAGES, paper.language),
        "code": paper.language,
        "draft": paper.draft,
        "version": paper.version,
        "sha256": paper.sha256,
        "made_at": paper.made_at,
        "made_by": shown_name(paper.made_by),
        "deliveries": [
            {
                "recipient": paper_words.word(paper_words.RECIPIENTS, each.recipient),
                "way": paper_words.word(paper_words.WAYS, each.way),
                "at": each.delivered_at,
                "by": shown_name(each.delivered_by),
            }
            for each in paper.deliveries.all()
        ],
    }


def _file(pdf: bytes, *, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)
