"""Sends what is due: claims rows with a lease, speaks outside of any transaction, writes what came of it.

A sender that is killed between speaking and writing says it again when its lease ends: heard twice is better than
never; the delivery's id goes along, so that a gateway may drop the second. What failed is tried again, ever later,
until the notice's time runs out; then it is given up aloud.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from aralyk.access.witness import System, witness
from aralyk.channels.addresses import code_of, do_end_address
from aralyk.channels.models import Delivery, DeliveryState, Notice, Way
from aralyk.channels.notices import cancel
from aralyk.channels.words import Text, in_words
from aralyk.evidence.kinds import Kind
from aralyk.tracking import alarms

BATCH: Final = 100
LEASE: Final = timedelta(seconds=60)  # longer than any transport's own limit
AGAIN_AFTER_S: Final = (5, 15, 60, 300, 900)  # the last one repeats
SPEAKERS: Final = 8  # a slow gateway must not hold up the others
UNREACHED: Final = "channels:unreached"
_FAILURE_MAX: Final = 40


class Failed(Exception):
    """The next server did not take it; worth another try.

    Args:
        why: A code like "http_503"; never what a server said.
    """

    def __init__(self, why: str) -> None:
        self.why = why[:_FAILURE_MAX]
        super().__init__(why)


class Gone(Failed):
    """There is no such address any more: never again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a transport is given."""

    delivery: UUID
    value: str
    text: str
    urgent: bool
    lasts_s: int
    keys: Mapping[str, str]


class Transport(Protocol):
    """One way out of the house."""

    def send(self, message: Message) -> str:
        """Give it to the next server; returns that server's own name for it, or "".

        Raises:
            Failed: It was not taken.
            Gone: The address is no more.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What one round did."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0


def work(transports: Mapping[Way, Transport], *, now: datetime) -> Sent:
    """Send what is due, as many as BATCH, and give up what is over.

    Args:
        transports: The ways that this installation has; a notice on another fails as "not_set_up".
        now: Domain time.
    """
    claimed = _claim(now)
    if claimed:
        with ThreadPoolExecutor(SPEAKERS, thread_name_prefix="channel") as speakers:
            ways = [transports.get(Way(one.address.way)) for one in claimed]
            results = list(speakers.map(_speak, ways, [_message(one, now) for one in claimed]))
    else:
        results = []
    sent = failed = 0
    for delivery, result in zip(claimed, results, strict=True):
        _settle(delivery, result, now)
        sent += isinstance(result, str)
        failed += not isinstance(result, str)
    return Sent(sent=sent, failed=failed, given_up=_give_up(now))


def do_take_receipt(reference: str, *, delivered: bool, at: datetime) -> bool:
    """Write what a gateway says became of a message; again changes nothing.

    Returns:
        Whether we know the message.
    """
    with transaction.atomic():
        found = Delivery.objects.select_for_update().filter(reference=reference).exclude(reference="").first()
        if found is None:
            return False
        if found.state != DeliveryState.SENT:
            return True
        found.state = DeliveryState.DELIVERED if delivered else DeliveryState.FAILED
        found.delivered_at = at if delivered else None
        found.failure = "" if delivered else "not_delivered"
        found.save(update_fields=["state", "delivered_at", "failure"])
        notice = Notice.objects.select_for_update().get(pk=found.notice_id)
        if delivered and notice.delivered_at is None:
            notice.delivered_at = at
            notice.save(update_fields=["delivered_at"])
            if not notice.urgent:
                cancel(notice)  # the next way was for the case that this one stays silent
        _witness(found, found.state, at)
    return True


def _claim(now: datetime) -> Sequence[Delivery]:
    with transaction.atomic():
        due = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(Q(leased_until__isnull=True) | Q(leased_until__lt=now), state=DeliveryState.DUE, due_at__lte=now)
            .filter(notice__expires_at__gt=now)
            .select_related("notice__user", "address")
            .order_by("-notice__urgent", "due_at")[:BATCH]
        )
        claimed = list(due)
        Delivery.objects.filter(pk__in=[one.pk for one in claimed]).update(leased_until=now + LEASE)
    return claimed


def _message(delivery: Delivery, now: datetime) -> Message:
    notice, address = delivery.notice, delivery.address
    args: dict[str, int | str] = dict(notice.args)
    if notice.text == Text.CONFIRM_ADDRESS:
        args["code"] = code_of(address)
    return Message(
        delivery=delivery.pk,
        value=address.value,
        text=in_words(Text(notice.text), args, language=notice.user.language),
        urgent=notice.urgent,
        lasts_s=max(1, int((notice.expires_at - now).total_seconds())),
        keys=address.keys,
    )


def _speak(transport: Transport | None, message: Message) -> str | Failed:
    if transport is None:
        return Failed("not_set_up")
    try:
        return transport.send(message)
    except Failed as failure:
        return failure


def _settle(delivery: Delivery, result: str | Failed, now: datetime) -> None:
    with transaction.atomic():
        found = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if found.state != DeliveryState.DUE:  # answered while it was on its way
            return
        found.tries += 1
        found.leased_until = None
        if isinstance(result, str):
            found.state, found.sent_at, found.reference, found.failure = DeliveryState.SENT, now, result, ""
        else:
            found.failure = result.why
            if isinstance(result, Gone):
                found.state = DeliveryState.FAILED
                do_end_address(System.CHANNELS, delivery.address, why="gone")
            else:
                pause_s = AGAIN_AFTER_S[min(found.tries, len(AGAIN_AFTER_S)) - 1]
                found.due_at = now + timedelta(seconds=pause_s)
        found.save()
        _witness(found, found.state if isinstance(result, str | Gone) else "tried", now)


def _give_up(now: datetime) -> int:
    """What nobody answered in its time, and what had no way at all: said aloud, each once."""
    waiting = Delivery.objects.filter(
        notice=OuterRef("pk"), state__in=(DeliveryState.DUE, DeliveryState.SENT, DeliveryState.DELIVERED)
    )
    over = Notice.objects.filter(answered_at__isnull=True, given_up_at__isnull=True).filter(
        Q(expires_at__lte=now) | ~Exists(waiting)
    )
    given_up = 0
    for pk in over.values_list("pk", flat=True)[:BATCH]:
        with transaction.atomic():
            notice = Notice.objects.select_for_update().get(pk=pk)
            if notice.answered_at or notice.given_up_at:
                continue
            cancel(notice)
            notice.given_up_at = now
            notice.save(update_fields=["given_up_at"])
            reached = notice.delivered_at is not None
            witness(
                kind=Kind.NOTICE_GIVEN_UP,
                subject=f"user:{notice.user_id}",
                by=System.CHANNELS,
                at=now,
                data={"about": notice.subject, "notice": str(notice.pk), "delivered": reached},
            )
            given_up += 1
            if notice.urgent and notice.text != Text.CONFIRM_ADDRESS and not reached:
                with connection.cursor() as cursor:
                    alarms.raise_alarm(
                        cursor,
                        component=f"{UNREACHED}:{notice.user_id}",
                        by=System.CHANNELS.value,
                        at=now,
                        detail={"about": notice.subject},
                    )
    return given_up


def _witness(delivery: Delivery, what: str, at: datetime) -> None:
    witness(
        kind=Kind.NOTICE_SENT,
        subject=f"user:{delivery.notice.user_id}",
        by=System.CHANNELS,
        at=at,
        data={
            "delivery": str(delivery.pk),
            "failure": delivery.failure,
            "notice": str(delivery.notice_id),
            "state": str(what),
            "way": delivery.address.way,
        },
    )
