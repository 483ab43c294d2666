"""Words of a report, encrypted under the report's own key: what happened, who told it, who an unknown person may be.

They are written and read through the vault's database role alone, so neither the console's tables nor a backup of them
hold a sentence that could lead to anybody. Whoever calls this has checked permission, and leaves the witness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Count

from aralyk.people import sealing
from aralyk.people.sealing import VAULT
from aralyk.people.vault import Sealed
from aralyk.reports.models import Draft, SealedText

DRAFTS_MAX: Final = 20  # of one person: more is a mistake, and each holds somebody's words


class Said(StrEnum):
    """The words that are sealed with a report."""

    ACCOUNT = "report_account"  # what happened
    ADDED = "report_added"  # what was told later
    APPLICANT = "report_applicant"  # who reported and how to reach them
    UNKNOWN_RESPONDENT = "report_unknown_respondent"  # what is known of somebody whom nobody could name
    DRAFT = "report_draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Something that was said, in clear. Show it, never store or log it."""

    said: Said
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDraft:
    """A draft, in clear."""

    id: UUID
    started_at: datetime
    saved_at: datetime
    content: dict[str, Any]


def seal_words(report: UUID, words: Mapping[Said, str], *, at: datetime) -> None:
    """Keep words of a report, committed when this returns.

    Raises:
        Refused: vault_unreadable: words were sealed before and their key is gone.
    """
    with transaction.atomic(using=VAULT):
        for said, text in words.items():
            sealed = sealing.seal_words(report, name=said, text=text)
            SealedText.objects.using(VAULT).create(
                report=report,
                name=said.value,
                key_id="",
                nonce=sealed.nonce,
                ciphertext=sealed.ciphertext,
                written_at=at,
            )


def words_of(report: UUID) -> list[Words]:
    """Everything that was said, in the order in which it was written down.

    Raises:
        Refused: vault_unreadable.
    """
    rows = list(SealedText.objects.using(VAULT).filter(report=report).order_by("pk"))
    return [Words(said=Said(row.name), text=_open(row, person=report), at=row.written_at) for row in rows]


def save_draft(draft: UUID, *, by: int, content: Mapping[str, Any], at: datetime) -> bool:
    """Keep a draft, or its newer state; False: the id belongs to somebody else's.

    Raises:
        Refused: vault_unreadable.
    """
    with transaction.atomic(using=VAULT):
        sealed = sealing.seal_words(draft, name=Said.DRAFT, text=msgspec.json.encode(content).decode())
        values = {"key_id": "", "nonce": sealed.nonce, "ciphertext": sealed.ciphertext, "saved_at": at}
        row, made = Draft.objects.using(VAULT).get_or_create(pk=draft, defaults={**values, "by": by, "started_at": at})
        if not made and row.by == by:
            Draft.objects.using(VAULT).filter(pk=draft).update(**values)
    return row.by == by


def draft_of(by: int, draft: UUID) -> OpenDraft | None:
    """One's own draft; None: there is none.

    Raises:
        Refused: vault_unreadable.
    """
    row = Draft.objects.using(VAULT).filter(pk=draft, by=by).first()
    if row is None:
        return None
    content = msgspec.json.decode(_open(row, person=row.pk), type=dict[str, Any])
    return OpenDraft(id=row.pk, started_at=row.started_at, saved_at=row.saved_at, content=content)


def drafts_of(by: int) -> list[tuple[UUID, datetime, datetime]]:
    """One's own drafts without their words, newest first: id, begun, saved."""
    rows = Draft.objects.using(VAULT).filter(by=by).order_by("-saved_at")
    return list(rows.values_list("pk", "started_at", "saved_at")[:DRAFTS_MAX])


def drop_draft(by: int, draft: UUID) -> None:
    """Remove one's own draft; there may be none."""
    Draft.objects.using(VAULT).filter(pk=draft, by=by).delete()


def rows_by_master() -> dict[str, int]:
    """How many sealed rows there are here, by the master that sealed them itself; "": under a report's own key."""
    found: dict[str, int] = {}
    for model in (SealedText, Draft):
        counted = model.objects.using(VAULT).order_by().values_list("key_id").annotate(rows=Count("pk"))
        for master_id, rows in counted:
            found[master_id] = found.get(master_id, 0) + rows
    return found


def _open(row: SealedText | Draft, *, person: UUID) -> str:
    name = Said.DRAFT if isinstance(row, Draft) else Said(row.name)
    sealed = Sealed(nonce=bytes(row.nonce), ciphertext=bytes(row.ciphertext))
    return sealing.open_words(person, name=name, sealed=sealed, master_id=row.key_id)
