"""Papers as a person may read them: whoever sees the order sees its served papers; sealed ones need their own right."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, in_districts
from aralyk.orders.queries import order_for
from aralyk.papers.models import Delivery, Paper, Rendition


def papers_for(user: User, order_id: UUID) -> QuerySet[Paper]:
    """The papers of an order, newest first, without their contents, each with its deliveries.

    Raises:
        NotFound: No such order, or not this person's.
    """
    order = order_for(user, order_id)
    return _readable(user).filter(order=order).defer("pdf", "document").order_by("-made_at", "pk")


def paper_for(user: User, paper_id: UUID) -> Paper:
    """One paper with its contents.

    Raises:
        NotFound: There is none, or it is not this person's to see.
    """
    paper = _readable(user).filter(in_districts(user, field="order__district"), pk=paper_id).first()
    if paper is None:
        raise NotFound("paper")
    return paper


def _readable(user: User) -> QuerySet[Paper]:
    deliveries = Delivery.objects.select_related("delivered_by").order_by("delivered_at", "pk")
    papers = Paper.objects.select_related("made_by").prefetch_related(Prefetch("deliveries", queryset=deliveries))
    return papers if allows(user, May.READ_SEALED_PAPERS) else papers.exclude(rendition=Rendition.SEALED)
