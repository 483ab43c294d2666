"""Records who got a paper. A party is served, everybody else is handed a copy.

What a party was told, when, by whom and in which language is the order's receipt of service (`aralyk.orders.service`),
and that record alone: the delivery of a paper to a party is made together with its receipt and from it, never by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.witness import witness
from aralyk.evidence.kinds import Kind
from aralyk.orders.models import Receipt, Weapons
from aralyk.orders.service import Topic, do_record_service
from aralyk.papers.models import PARTIES, Delivery, Paper, Recipient, Rendition, Way
from aralyk.papers.queries import paper_for

# To whom each rendition may be given; a sealed paper has its own way, by hand to an office that asked for it.
RECIPIENTS: Final[dict[Rendition, frozenset[Recipient]]] = {
    Rendition.SERVED: frozenset(Recipient),
    Rendition.HERS: frozenset({Recipient.PROTECTED_PERSON, Recipient.REPRESENTATIVE}),
    Rendition.SEALED: frozenset({Recipient.COURT, Recipient.PROSECUTOR}),
}
assert set(RECIPIENTS) == set(Rendition)
COPIES: Final = {rendition: allowed - set(PARTIES) for rendition, allowed in RECIPIENTS.items()}


def do_record_delivery(by: User, paper_id: UUID, *, recipient: Recipient, way: Way, delivered_at: datetime) -> Delivery:
    """Record that somebody who is no party got a copy of a paper; parties are served (`do_serve_paper`).

    Args:
        by: Who may make papers, and gave it.
        paper_id: The paper.
        recipient: Who got it; her copy goes to her side alone, a sealed paper to court or prosecutor.
        way: How.
        delivered_at: When; aware, and past.

    Raises:
        NotFound: No such paper, or not this person's.
        Refused: not_permitted; invalid (recipient, delivered_at).
    """
    check_allowed(by, May.MAKE_PAPERS)
    paper = paper_for(by, paper_id)
    at = clock.now()
    allowed = COPIES[Rendition(paper.rendition)]
    if recipient not in allowed:
        expected = f"one of {', '.join(sorted(allowed))}; a party is served, and the service recorded with the order"
        raise Refused.field("recipient", expected=expected, found=recipient)
    if delivered_at.tzinfo is None or not paper.made_at <= delivered_at <= at:
        raise Refused.field("delivered_at", expected="a time with its zone, between the making of the paper and now")
    with transaction.atomic():
        return _deliver(by, paper, recipient=Recipient(recipient), way=Way(way), delivered_at=delivered_at, at=at)


def do_serve_paper(
    by: User,
    order_id: UUID,
    *,
    paper: UUID,
    served_at: datetime,
    language: str,
    told: Sequence[Topic],
    person: UUID | None = None,
    interpreter: bool = False,
    refused_to_sign: bool = False,
    weapons: Weapons | None = None,
    weapon_register_answered: bool = False,
    note: str = "",
) -> Receipt:
    """Record that a party was served with this paper: the receipt of its version, and the delivery that follows.

    Args:
        by: Who may make papers and issue orders, and handed it over.
        order_id: The order.
        paper: One of its papers: the served one for the respondent, her copy or the served one for a protected person.
        served_at: When; not before the paper was made.
        language: In which it was explained.
        told: As of `do_record_service`, with what follows.
        person: The protected person; None: the respondent.
        interpreter: Whether somebody interpreted.
        refused_to_sign: Whether the party would not sign.
        weapons: What became of weapons.
        weapon_register_answered: Whether the weapon register's answer was there before.
        note: Anything else.

    Raises:
        NotFound: No such order, paper of it or person in it, or not this person's.
        Refused: not_permitted; order_ended; invalid (paper, or a field of the service).
    """
    check_allowed(by, May.MAKE_PAPERS)
    found = paper_for(by, paper)
    if found.order_id != order_id:
        raise NotFound("paper")
    recipient = Recipient.RESPONDENT if person is None else Recipient.PROTECTED_PERSON
    if recipient not in RECIPIENTS[Rendition(found.rendition)]:
        raise Refused.field("paper", expected=f"a paper for {recipient}", found=found.rendition)
    # People write minutes: handed over in the minute of its making is after it.
    if served_at.tzinfo is None or served_at < found.made_at.replace(second=0, microsecond=0):
        raise Refused.field("served_at", expected="a time with its zone, not before the making of the paper")
    with transaction.atomic():
        receipt = do_record_service(
            by, order_id, served_at=served_at, language=language, told=told, person=person, interpreter=interpreter,
            refused_to_sign=refused_to_sign, weapons=weapons, weapon_register_answered=weapon_register_answered,
            note=note, version=found.version,
        )  # fmt: skip
        _deliver(
            by, found, recipient=recipient, way=Way.REFUSED_TO_SIGN if refused_to_sign else Way.IN_PERSON,
            delivered_at=receipt.served_at, at=receipt.recorded_at, receipt=receipt,
        )  # fmt: skip
    return receipt


def _deliver(
    by: User,
    paper: Paper,
    *,
    recipient: Recipient,
    way: Way,
    delivered_at: datetime,
    at: datetime,
    receipt: Receipt | None = None,
) -> Delivery:
    delivery = Delivery.objects.create(
        paper=paper, recipient=recipient, way=way, delivered_at=delivered_at, delivered_by=by, recorded_at=at,
        receipt=receipt,
    )  # fmt: skip
    witness(
        kind=Kind.PAPER_DELIVERED,
        subject=f"order:{paper.order_id}",
        by=by,
        at=at,
        data={
            "delivered_at": clock.iso(delivered_at),
            "language": paper.language,
            "paper": str(paper.pk),
            "receipt": None if receipt is None else receipt.pk,
            "recipient": delivery.recipient,
            "sha256": paper.sha256,
            "way": delivery.way,
        },
    )
    return delivery
