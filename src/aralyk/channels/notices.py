"""Asks that somebody be told, once; and takes the answer, which alone ends the telling.

An urgent notice goes on every way at once; any other on the first way, and on the next when no receipt came.
Whoever asks does so in the transaction of what happened, so nothing is told that did not happen and nothing that
happened is not told. Sending is `aralyk.channels.outbox`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.witness import System, witness
from aralyk.channels.models import Address, Delivery, DeliveryState, Notice, Way
from aralyk.channels.words import Text, numbers_of
from aralyk.evidence.kinds import Kind

FALL_BACK_AFTER: Final = timedelta(minutes=2)  # without a receipt the next way is used
LASTS: Final = timedelta(hours=12)


def do_tell(
    user: User,
    *,
    text: Text,
    args: Mapping[str, int],
    subject: str,
    once: str,
    urgent: bool,
    lasts: timedelta = LASTS,
    only: Address | None = None,
) -> Notice | None:
    """Ask that a person be told. Call it in the transaction of what happened.

    Args:
        user: Who must know.
        text: What, as a code.
        args: The numbers of that text, and nothing else.
        subject: What it is about, as evidence names it ("incident:17").
        once: Asked again with the same words, nothing happens: a job may be repeated.
        urgent: On every way at once, or one after the other.
        lasts: After that it is given up.
        only: To this address alone, proven or not: the code that proves it.

    Returns:
        The notice; None when it had been asked for already.

    Raises:
        AssertionError: Not inside a transaction, or numbers that the text does not have.
    """
    if set(args) != numbers_of(text) or not all(isinstance(value, int) for value in args.values()):
        raise AssertionError(f"{text}: expected the numbers {sorted(numbers_of(text))}")
    now = clock.now()
    notice = Notice(
        user=user, once=once, text=text, args=dict(args), subject=subject, urgent=urgent,
        asked_at=now, expires_at=now + lasts,
    )  # fmt: skip
    if (
        not Notice.objects.bulk_create([notice], ignore_conflicts=True)
        or not Notice.objects.filter(pk=notice.pk).exists()
    ):
        return None
    addresses = [only] if only else _usable(user)
    Delivery.objects.bulk_create(
        Delivery(
            notice=notice,
            address=address,
            due_at=now if urgent else now + position * FALL_BACK_AFTER,
        )
        for position, address in enumerate(addresses)
    )
    witness(
        kind=Kind.NOTICE_ASKED,
        subject=f"user:{user.pk}",
        by=System.CHANNELS,
        at=now,
        data={
            "about": subject,
            "notice": str(notice.pk),
            "text": text.value,
            "urgent": urgent,
            "ways": [address.way for address in addresses],
        },
    )
    return notice


def do_answer(by: User, notice: UUID) -> Notice:
    """Take a notice as answered: by its own person, by opening it. Ends what is still due.

    Raises:
        NotFound: No such notice of one's own.
    """
    with transaction.atomic():
        found = Notice.objects.select_for_update().filter(pk=notice, user=by).first()
        if found is None:
            raise NotFound("notice")
        if found.answered_at is None:
            found.answered_at = clock.now()
            found.save(update_fields=["answered_at"])
            cancel(found)
            witness(
                kind=Kind.NOTICE_ANSWERED,
                subject=f"user:{by.pk}",
                by=by,
                at=found.answered_at,
                data={"about": found.subject, "notice": str(found.pk)},
            )
    return found


def do_answer_about(by: User, subject: str) -> None:
    """Take all of one's own open notices about a subject as answered: its person acted on it."""
    for pk in Notice.objects.filter(
        user=by, subject=subject, answered_at__isnull=True, given_up_at__isnull=True
    ).values_list("pk", flat=True):
        do_answer(by, pk)


def own_notices(by: User, *, most: int = 50) -> list[Notice]:
    """What one was told, newest first, without the codes that prove an address."""
    return list(Notice.objects.filter(user=by).exclude(text=Text.CONFIRM_ADDRESS).order_by("-asked_at")[:most])


def cancel(notice: Notice) -> None:
    """Nothing more of it is sent."""
    Delivery.objects.filter(notice=notice, state=DeliveryState.DUE).update(
        state=DeliveryState.CANCELLED, leased_until=None
    )


def _usable(user: User) -> list[Address]:
    """Proven addresses in their order. A push alone is none: it has no content, and a phone may drop it."""
    proven = Address.objects.filter(user=user, confirmed_at__isnull=False, ended_at__isnull=True)
    return sorted(proven, key=lambda address: (address.rank, address.way != Way.PUSH))
