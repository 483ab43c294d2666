"""What the API says and takes about papers and files for another office's register."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from aralyk.access.queries import shown_name
from aralyk.api.schemas import Time
from aralyk.papers.models import Delivery, Paper, Recipient, Rendition, Way
from aralyk.people.vault import SealedName


class PaperIn(Schema):
    """Which paper to make: served or hers."""

    rendition: Rendition
    language: str = Field(pattern=r"^[a-z]{2}$")


class SealedPaperIn(Schema):
    """A sealed paper: why, and which facts of the vault shall stand in it."""

    language: str = Field(pattern=r"^[a-z]{2}$")
    purpose: str = Field(max_length=400)
    fields: list[SealedName] = Field(default=[], max_length=len(SealedName))


class DeliveryIn(Schema):
    """That a paper reached somebody."""

    recipient: Recipient
    way: Way
    delivered_at: datetime


class DeliveryOut(Schema):
    """Who got a paper, how, when, from whom."""

    recipient: Recipient
    way: Way
    delivered_at: Time
    delivered_by: str


class PaperOut(Schema):
    """A paper without its contents; of a sealed one nothing else is kept."""

    id: UUID
    order: UUID
    version: int
    rendition: Rendition
    language: str
    draft: bool
    sha256: str
    made_at: Time
    made_by: str
    kept: bool
    deliveries: list[DeliveryOut]


class PaperDetail(PaperOut):
    """A kept paper with what it says, block by block, as it was set."""

    document: dict[str, Any] | None


def delivery(found: Delivery) -> DeliveryOut:
    """One delivery."""
    return DeliveryOut(
        recipient=Recipient(found.recipient), way=Way(found.way), delivered_at=found.delivered_at,
        delivered_by=shown_name(found.delivered_by),
    )  # fmt: skip


def paper(found: Paper) -> PaperOut:
    """One paper."""
    return PaperOut(**_values(found))


def paper_detail(found: Paper) -> PaperDetail:
    """One paper with its contents."""
    return PaperDetail(**_values(found), document=found.document)


def _values(found: Paper) -> dict[str, Any]:
    return {
        "id": found.pk,
        "order": found.order_id,
        "version": found.version,
        "rendition": Rendition(found.rendition),
        "language": found.language,
        "draft": found.draft,
        "sha256": found.sha256,
        "made_at": found.made_at,
        "made_by": shown_name(found.made_by),
        "kept": found.rendition != Rendition.SEALED,
        "deliveries": [delivery(each) for each in found.deliveries.all()],
    }
