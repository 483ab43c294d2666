"""Records that a party was handed the order: what was said, when, by whom, in which language, signed or refused.

A breach can be held against him only of what he was told, so the record names the version that was handed over, and
never one that was made later. It is made once and never edited; a mistake is mended by another one. Which file was
handed over, `aralyk.papers` adds: its delivery to a party is made from this record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.orders import versions
from aralyk.orders.drafts import REASON_MAX
from aralyk.orders.models import Order, Receipt, Weapons
from aralyk.people.actions import LANGUAGES

LATE_ENTRY: Final = timedelta(days=3)  # a page of paper is typed in after a round of villages, not a month later


class Topic(StrEnum):
    """What is said at service; the words stand on the page and on the paper."""

    CONDITIONS = "conditions"
    TERM = "term"
    BREACH = "breach"
    DEVICE = "device"
    CHARGING = "charging"
    CHECKS = "checks"
    CONTEST = "contest"
    HELP = "help"  # where to turn: crisis centre, 102, complaint


MUST_BE_TOLD: Final = frozenset({Topic.CONDITIONS, Topic.TERM, Topic.BREACH, Topic.CONTEST})  # the respondent


def do_record_service(
    by: User,
    order_id: UUID,
    *,
    served_at: datetime,
    language: str,
    told: Sequence[Topic],
    person: UUID | None = None,
    interpreter: bool = False,
    refused_to_sign: bool = False,
    weapons: Weapons | None = None,
    weapon_register_answered: bool = False,
    note: str = "",
    version: int | None = None,
) -> Receipt:
    """Record a service of the version that was handed over.

    Args:
        by: Who handed it over.
        order_id: The order.
        served_at: When; at most three days ago.
        language: In which it was explained.
        told: What was said.
        person: The protected person; None: the respondent.
        interpreter: Whether somebody interpreted.
        refused_to_sign: Whether the party would not sign.
        weapons: What became of weapons; of the respondent, required.
        weapon_register_answered: Whether the weapon register's answer was there before.
        note: Anything else; with a refusal or without the register's answer, why.
        version: Of the paper in hand; None: the version that held when it was served.

    Raises:
        NotFound: No such order or person in it, or not this person's.
        Refused: not_permitted; order_ended; invalid, naming the field.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    at = clock.now()
    if language not in LANGUAGES:
        raise Refused.field("language", expected=" or ".join(LANGUAGES), found=language)
    needs_note = refused_to_sign or (person is None and not weapon_register_answered)
    note = check_text("note", note, longest=REASON_MAX, shortest=3 if needs_note else 0)
    topics = sorted({Topic(one).value for one in told})
    if person is None:
        missing = sorted(topic.value for topic in MUST_BE_TOLD if topic.value not in topics)
        if missing:
            raise Refused.field("told", expected=f"also {', '.join(missing)}")
        if weapons is None:
            raise Refused.field("weapons", expected=" or ".join(Weapons.values))
    elif weapons is not None:
        raise Refused.field("weapons", expected="nothing: only the respondent is asked for weapons")
    with transaction.atomic():
        order = versions.locked_order(by, order_id)
        versions.check_not_ended(order, at=at)
        if person is not None and not order.protected_persons.filter(pk=person).exists():
            raise NotFound("protected_person")
        # People write minutes: handed over in the minute of the issue is after it.
        earliest = max(order.issued_at.replace(second=0, microsecond=0), at - LATE_ENTRY)
        if served_at.tzinfo is None or not earliest <= served_at <= at:
            raise Refused.field("served_at", expected="a time after the issue, of the last three days, with its zone")
        receipt = Receipt.objects.create(
            order=order,
            version=_version_served(order, version, served_at=served_at),
            protected_person_id=person,
            served_at=served_at,
            served_by=by,
            recorded_at=at,
            language=language,
            interpreter=interpreter,
            told=topics,
            refused_to_sign=refused_to_sign,
            weapons="" if weapons is None else Weapons(weapons),
            weapon_register_answered=weapon_register_answered,
            note=note,
        )
        witness(
            kind=Kind.ORDER_SERVED,
            subject=f"order:{order.pk}",
            by=by,
            at=at,
            data={
                "language": language,
                "note_sha256": fingerprint(note),
                "party": "respondent" if person is None else "protected",
                "receipt": receipt.pk,
                "refused_to_sign": refused_to_sign,
                "served_at": clock.iso(served_at),
                "told": topics,
                "version": receipt.version,
                "weapons": str(receipt.weapons),
            },
        )
    return receipt


def _version_served(order: Order, version: int | None, *, served_at: datetime) -> int:
    """The version that was there to be handed over: of the paper, or the newest of that minute."""
    minute_ends = served_at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    there = order.versions.filter(made_at__lt=minute_ends).order_by("-version")
    if version is not None:
        there = there.filter(version=version)
    found = there.first()
    if found is None:
        raise Refused.field("served_at", expected="a time after the making of the version that was handed over")
    return found.version
