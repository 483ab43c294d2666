"""Papers as a person may read them: whoever sees the order sees its papers, sealed ones by a right of their own.

To whom a case was opened for what was served alone, sees exactly that: served papers that were given to the respondent
or his lawyer, and no order.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, seen_by, served_to
from aralyk.orders.queries import order_for
from aralyk.papers.models import Delivery, Paper, Recipient, Rendition

HIS_SIDE = (Recipient.RESPONDENT, Recipient.DEFENCE_LAWYER)


def papers_for(user: User, order_id: UUID) -> QuerySet[Paper]:
    """The papers of an order, newest first, without their contents, each with its deliveries.

    Raises:
        NotFound: No such order, or not this person's.
    """
    if order_id not in served_to(user):
        order_for(user, order_id)
    return _readable(user).filter(order=order_id).defer("pdf", "document").order_by("-made_at", "pk")


def served_papers_for(user: User) -> QuerySet[Paper]:
    """What was served in the cases that were opened to this person for that alone, newest first."""
    return _served(user, _papers()).defer("pdf", "document").order_by("-made_at", "pk")


def paper_for(user: User, paper_id: UUID) -> Paper:
    """One paper with its contents.

    Raises:
        NotFound: There is none, or it is not this person's to see.
    """
    paper = _readable(user).filter(pk=paper_id).first()
    if paper is None:
        raise NotFound("paper")
    return paper


def _readable(user: User) -> QuerySet[Paper]:
    papers = _papers()
    seen = Q(seen_by(user, order="order__")) & ~Q(rendition=Rendition.SEALED)
    if allows(user, May.READ_SEALED_PAPERS):
        seen |= Q(seen_by(user, order="order__", to=May.READ_SEALED_PAPERS)) & Q(rendition=Rendition.SEALED)
    return papers.filter(seen) | _served(user, papers)


def _served(user: User, papers: QuerySet[Paper]) -> QuerySet[Paper]:
    given = Delivery.objects.filter(paper=OuterRef("pk"), recipient__in=HIS_SIDE)
    return papers.filter(Exists(given), order__in=served_to(user), rendition=Rendition.SERVED)


def _papers() -> QuerySet[Paper]:
    deliveries = Delivery.objects.select_related("delivered_by").order_by("delivered_at", "pk")
    return Paper.objects.select_related("made_by", "order").prefetch_related(
        Prefetch("deliveries", queryset=deliveries)
    )
