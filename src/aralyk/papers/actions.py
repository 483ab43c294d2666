"""Makes papers, hands them out, and names a place openly where the order itself does; who got one is `deliveries`.

A served paper and her copy are kept as they were made. A sealed one is made for the eyes of whoever asked: its facts
from the vault are looked at one by one, each look witnessed, and only the hash of the file stays.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.loader import pack
from aralyk.orders.actions import check_reason
from aralyk.orders.models import Condition, Order, OrderVersion
from aralyk.orders.queries import conditions_of, order_for
from aralyk.orders.versions import current_version, locked_order
from aralyk.papers.areas import publish_areas
from aralyk.papers.documents import Document
from aralyk.papers.geometry import digest_of_shape
from aralyk.papers.hers import her_document
from aralyk.papers.looks import look_at_facts
from aralyk.papers.models import (
    AreaCode,
    NamedZone,
    Paper,
    Rendition,
    WithheldArea,
)
from aralyk.papers.queries import paper_for
from aralyk.papers.sealed import sealed_document
from aralyk.papers.served import CLOSED_AREA, ServedArea, ServedOrder, served_document, served_order
from aralyk.papers.typesetting import set_pdf
from aralyk.papers.words import Words, check_language
from aralyk.people.looks import PURPOSE_MAX, PURPOSE_MIN
from aralyk.people.vault import SealedName


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPaper:
    """A sealed paper in the hands of whoever asked for it; nothing of it but the hash is stored."""

    paper: Paper
    document: Document
    pdf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """An order as papers need it: locked, with its conditions and how its zones are published."""

    order: Order
    version: OrderVersion
    conditions: Sequence[Condition]
    areas: dict[str, ServedArea]
    served: ServedOrder


def do_make_paper(by: User, order_id: UUID, *, rendition: Rendition, language: str) -> Paper:
    """Make the served paper or her copy of the order's current version; the same again gives the one that is kept.

    Args:
        by: Who may make papers, and sees the order.
        order_id: The order.
        rendition: SERVED or HERS.
        language: Of the reader.

    Raises:
        NotFound: No such order, or not this person's.
        Refused: not_permitted; invalid: a language that papers or the law are not written in, the sealed rendition.
    """
    check_allowed(by, May.MAKE_PAPERS)
    check_language(language)
    rendition = Rendition(rendition)
    if rendition is Rendition.SEALED:
        raise Refused.field("rendition", expected="served or hers: a sealed paper is made for a purpose")
    at = clock.now()
    with transaction.atomic():
        found = _prepare(by, order_id, to=May.MAKE_PAPERS, at=at)
        words = _words(found.order, language)
        make = served_document if rendition is Rendition.SERVED else her_document
        document = make(found.served, words)
        pdf = set_pdf(document, dated=found.version.made_at)
        digest = hashlib.sha256(pdf).hexdigest()
        kept = Paper.objects.filter(order=found.order, rendition=rendition, sha256=digest).first()
        if kept is not None:
            return kept
        return _keep(by, found, rendition=rendition, words=words, document=document, pdf=pdf, at=at)


def do_make_sealed_paper(
    by: User, order_id: UUID, *, language: str, purpose: str, fields: Sequence[SealedName] = ()
) -> SealedPaper:
    """Make the sealed paper of the order's current version, with the facts from the vault that are asked for.

    Args:
        by: Who may read sealed papers, and sees the order; each fact needs the right to look into the vault, too.
        order_id: The order.
        language: Of the reader.
        purpose: Why; the protected person can read it in the list of looks.
        fields: The sealed facts of each protected person that shall stand in it; what is not stored is left out.

    Raises:
        NotFound: No such order, or not this person's.
        Refused: not_permitted; invalid; vault_unreadable.
    """
    check_allowed(by, May.READ_SEALED_PAPERS)
    check_language(language)
    purpose = check_text("purpose", purpose, longest=PURPOSE_MAX, shortest=PURPOSE_MIN)
    opened = look_at_facts(by, order_for(by, order_id, to=May.READ_SEALED_PAPERS), fields=fields, purpose=purpose)
    at = clock.now()
    with transaction.atomic():
        found = _prepare(by, order_id, to=May.READ_SEALED_PAPERS, at=at)
        words = _words(found.order, language)
        document = sealed_document(
            found.order, found.served, found.conditions, words, areas=found.areas, opened=opened, purpose=purpose
        )
        pdf = set_pdf(document, dated=found.version.made_at)
        paper = _keep(by, found, rendition=Rendition.SEALED, words=words, document=document, pdf=pdf, at=at)
    return SealedPaper(paper=paper, document=document, pdf=pdf)


def do_take_paper(by: User, paper_id: UUID) -> Paper:
    """Hand out a kept paper; that it was taken is witnessed.

    Raises:
        NotFound: No such paper, or not this person's.
        Refused: paper_not_kept: it is a sealed one.
    """
    paper = paper_for(by, paper_id)
    if paper.pdf is None:
        raise Refused(Code.PAPER_NOT_KEPT)
    with transaction.atomic():
        witness(
            kind=Kind.PAPER_TAKEN,
            subject=f"order:{paper.order_id}",
            by=by,
            at=clock.now(),
            data={"paper": str(paper.pk), "rendition": paper.rendition, "sha256": paper.sha256},
        )
    return paper


def do_name_zone(by: User, order_id: UUID, *, condition: str, reason: str) -> NamedZone:
    """Let the papers of this order show one zone's own place, because the order itself names it.

    It holds for the zone as it is drawn now: a zone that moves is hidden again.

    Args:
        by: Who may make papers, and sees the order.
        order_id: The order.
        condition: The code of one of its closed areas.
        reason: The words of law or ruling that want it.

    Raises:
        NotFound: No such order, or no closed area of that code in it.
        Refused: not_permitted; invalid (reason).
    """
    check_allowed(by, May.MAKE_PAPERS)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        order = locked_order(by, order_id, to=May.MAKE_PAPERS)
        found = conditions_of(order).filter(kind=CLOSED_AREA, code=condition).first()
        if found is None:
            raise NotFound("condition")
        digest = digest_of_shape(found.parameters["shape"])
        named, new = NamedZone.objects.get_or_create(
            order=order,
            condition=condition,
            shape_sha256=digest,
            defaults={"reason": reason.strip(), "named_by": by, "named_at": at},
        )
        if new:
            witness(
                kind=Kind.ZONE_NAMED,
                subject=f"order:{order.pk}",
                by=by,
                at=at,
                data={"condition": condition, "reason_sha256": fingerprint(reason), "shape_sha256": digest},
            )
    return named


def do_withhold_area(by: User, order_id: UUID, *, condition: str, reason: str) -> WithheldArea:
    """Let no paper draw the public area of one zone, in this order or any later one.

    For the country: where one village stands in the whole circle, the circle names the village. Papers that were made
    before keep what they show, so withhold first and make the paper then.

    Args:
        by: Who may make papers, and sees the order.
        order_id: The order.
        condition: The code of one of its closed areas.
        reason: Why the area would lead to her.

    Raises:
        NotFound: No such order, or no hidden closed area of that code in it.
        Refused: not_permitted; invalid (reason).
    """
    check_allowed(by, May.MAKE_PAPERS)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        found = _prepare(by, order_id, to=May.MAKE_PAPERS, at=at)
        published = found.areas.get(condition)
        if published is None or published.named:
            raise NotFound("condition")
        area = AreaCode.objects.get(order=found.order, number=published.number).area
        withheld, new = WithheldArea.objects.get_or_create(
            area=area,
            defaults={"order": found.order, "reason": reason.strip(), "withheld_by": by, "withheld_at": at},
        )
        if new:
            witness(
                kind=Kind.AREA_WITHHELD,
                subject=f"order:{found.order.pk}",
                by=by,
                at=at,
                data={"number": published.number, "reason_sha256": fingerprint(reason)},
            )
    return withheld


def _prepare(by: User, order_id: UUID, *, to: May, at: datetime) -> _Order:
    order = locked_order(by, order_id, to=to)
    version, conditions = current_version(order), list(conditions_of(order))
    areas = publish_areas(by, order, conditions, at=at)
    served = served_order(order, version, conditions, areas=areas)
    return _Order(order=order, version=version, conditions=conditions, areas=areas, served=served)


def _words(order: Order, language: str) -> Words:
    law = pack(order.jurisdiction)
    return Words(language=language, law=law, day=law.day_of(order.issued_at))


def _keep(
    by: User, found: _Order, *, rendition: Rendition, words: Words, document: Document, pdf: bytes, at: datetime
) -> Paper:
    sealed = rendition is Rendition.SEALED
    paper = Paper.objects.create(
        id=uuid.uuid4(),
        order=found.order,
        version=found.version.version,
        rendition=rendition,
        language=words.language,
        draft=words.draft,
        sha256=hashlib.sha256(pdf).hexdigest(),
        document=None if sealed else document.as_json(),
        pdf=None if sealed else pdf,
        made_by=by,
        made_at=at,
    )
    witness(
        kind=Kind.PAPER_MADE,
        subject=f"order:{found.order.pk}",
        by=by,
        at=at,
        data={
            "draft": paper.draft,
            "language": paper.language,
            "paper": str(paper.pk),
            "rendition": paper.rendition,
            "sha256": paper.sha256,
            "version": paper.version,
        },
    )
    return paper
