"""Papers under /api/v1/: make, list, read, take and deliver. Taking a file is witnessed, so it is never cached."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja.responses import codes_4xx

from aralyk.api import paper_schemas as schemas
from aralyk.api.door import Error, api, user_of
from aralyk.papers import actions, deliveries, queries
from aralyk.papers.models import Recipient, Way


def _responses(schema: Any) -> Any:
    return {200: schema, codes_4xx: Error}


@api.get("/orders/{order_id}/renditions", response=_responses(list[schemas.PaperOut]), tags=["papers"])
def list_papers(request: HttpRequest, order_id: UUID) -> list[schemas.PaperOut]:
    """The papers of an order, newest first; sealed ones only for who may read them."""
    return [schemas.paper(found) for found in queries.papers_for(user_of(request), order_id)]


@api.post("/orders/{order_id}/renditions", response=_responses(schemas.PaperDetail), tags=["papers"])
def make_paper(request: HttpRequest, order_id: UUID, payload: schemas.PaperIn) -> schemas.PaperDetail:
    """Make the served paper or her copy of the current version; the same again answers with the one that is kept."""
    made = actions.do_make_paper(user_of(request), order_id, rendition=payload.rendition, language=payload.language)
    return schemas.paper_detail(made)


@api.post("/orders/{order_id}/renditions/sealed", response=_responses(None), tags=["papers"])
def make_sealed_paper(request: HttpRequest, order_id: UUID, payload: schemas.SealedPaperIn) -> HttpResponse:
    """Make the sealed paper: the answer is the PDF; each fact of the vault in it is a witnessed look."""
    made = actions.do_make_sealed_paper(
        user_of(request), order_id, language=payload.language, purpose=payload.purpose, fields=payload.fields
    )
    return _file(made.pdf, name=f"sealed-{made.paper.pk}", sha256=made.paper.sha256)


@api.post("/orders/{order_id}/areas/named", response=_responses(schemas.ZoneOut), tags=["papers"])
def name_zone(request: HttpRequest, order_id: UUID, payload: schemas.ZoneIn) -> schemas.ZoneOut:
    """Let papers show a closed area's own place, because the order names it; ends when the zone moves."""
    done = actions.do_name_zone(user_of(request), order_id, condition=payload.condition, reason=payload.reason)
    return schemas.ZoneOut(condition=done.condition, decided_at=done.named_at)


@api.post("/orders/{order_id}/areas/withheld", response=_responses(schemas.ZoneOut), tags=["papers"])
def withhold_area(request: HttpRequest, order_id: UUID, payload: schemas.ZoneIn) -> schemas.ZoneOut:
    """Let no paper draw a closed area's public circle, in any order, for ever."""
    done = actions.do_withhold_area(user_of(request), order_id, condition=payload.condition, reason=payload.reason)
    return schemas.ZoneOut(condition=payload.condition, decided_at=done.withheld_at)


@api.get("/renditions/{paper_id}", response=_responses(schemas.PaperDetail), tags=["papers"])
def get_paper(request: HttpRequest, paper_id: UUID) -> schemas.PaperDetail:
    """One paper with what it says."""
    return schemas.paper_detail(queries.paper_for(user_of(request), paper_id))


@api.get("/renditions/{paper_id}/file", response=_responses(None), tags=["papers"])
def take_paper(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    """The PDF of a kept paper; that it was taken is witnessed."""
    taken = actions.do_take_paper(user_of(request), paper_id)
    return _file(bytes(taken.pdf or b""), name=f"{taken.rendition}-{taken.pk}", sha256=taken.sha256)


@api.post("/renditions/{paper_id}/deliveries", response=_responses(schemas.DeliveryOut), tags=["papers"])
def record_delivery(request: HttpRequest, paper_id: UUID, payload: schemas.DeliveryIn) -> schemas.DeliveryOut:
    """Record that somebody who is no party got a copy; parties are served (`/orders/{id}/service`)."""
    done = deliveries.do_record_delivery(
        user_of(request),
        paper_id,
        recipient=Recipient(payload.recipient),
        way=Way(payload.way),
        delivered_at=payload.delivered_at,
    )
    return schemas.delivery(done)


def _file(pdf: bytes, *, name: str, sha256: str) -> HttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.pdf"',
        "Cache-Control": "no-store",
        "X-Content-SHA256": sha256,
    }
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)
