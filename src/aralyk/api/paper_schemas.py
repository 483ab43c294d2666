"""What the API says and takes about papers and files for another office's register."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from aralyk.access.queries import shown_name
from aralyk.api.schemas import Time
from aralyk.ledger.checkpoint import parse_key
from aralyk.papers.models import Correspondent, Delivery, Paper, Recipient, RegisterRecord, Rendition, Way
from aralyk.papers.register_file import FILE_BYTES_MAX
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


class ZoneIn(Schema):
    """One closed area of an order, and why its place is named, or its border withheld."""

    condition: str = Field(pattern=r"^[-a-zA-Z0-9_]{1,32}$")
    reason: str = Field(max_length=400)


class ZoneOut(Schema):
    """What was decided about a closed area, and when."""

    condition: str
    decided_at: Time


class KeyIn(Schema):
    """The key of another office's register."""

    register_slug: str = Field(alias="register", pattern=r"^[a-z][a-z0-9_]*$", max_length=64)
    key: str = Field(max_length=300)


class KeyOut(Schema):
    """A key that files come from and go to."""

    id: int
    register_slug: str = Field(serialization_alias="register")
    key: str
    fingerprint: str
    sealed_allowed: bool


class ExportIn(Schema):
    """For whose key an order is written; `purpose` and `fields` belong to sealed files."""

    key: int
    sealed: bool = False
    purpose: str = Field(default="", max_length=400)
    fields: list[SealedName] = Field(default=[], max_length=len(SealedName))


class SignedFileOut(Schema):
    """A file and its detached signature."""

    content: str
    signature: str
    sha256: str


class ReplyIn(Schema):
    """A file of theirs with its signature."""

    key: int
    content: str = Field(max_length=FILE_BYTES_MAX)
    signature: str = Field(max_length=500)


class ImportedOut(Schema):
    """How many records were new."""

    sha256: str
    new: int
    known: int


class RecordOut(Schema):
    """What a register says of an order."""

    register_slug: str = Field(serialization_alias="register")
    record: str
    kind: str
    external_number: str
    recorded_at: Time


def key(found: Correspondent) -> KeyOut:
    """One key."""
    return KeyOut(
        id=found.pk, register_slug=found.register, key=found.key, fingerprint=parse_key(found.key).fingerprint,
        sealed_allowed=found.sealed_allowed,
    )  # fmt: skip


def record(found: RegisterRecord) -> RecordOut:
    """One record."""
    return RecordOut(
        register_slug=found.correspondent.register, record=found.record_id, kind=found.kind,
        external_number=found.external_number, recorded_at=found.recorded_at,
    )  # fmt: skip
