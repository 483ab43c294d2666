"""Asks her before the end whether she wishes the order to go on, and extends it on her word.

No answer is no answer: the question stays open on somebody's list, and a wish stays there until the order is
extended. "I don't wish it" is a request for less protection, and goes the way of every such request (`reductions`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed, sees_case
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.orders import reductions, versions
from aralyk.orders.actions import change, check_issuer
from aralyk.orders.drafts import REASON_MAX
from aralyk.orders.models import Answer, ExtensionQuestion, Order
from aralyk.orders.private import Privacy, check_private
from aralyk.people.models import Stated

HER_WISH: Final = "her wish, in a private conversation"


def do_note_attempt(by: User, question_id: int, *, note: str) -> ExtensionQuestion:
    """Record that she was not reached, or could not speak; the question stays open.

    Raises:
        NotFound: No such question, or not this person's.
        Refused: not_permitted; question_closed; invalid (note).
    """
    check_allowed(by, May.ISSUE_ORDERS)
    note = check_text("note", note, longest=REASON_MAX, shortest=3)
    at = clock.now()
    with transaction.atomic():
        _, question = _locked(by, question_id)
        question.attempts += 1
        question.last_attempt_at, question.note = at, note
        question.save(update_fields=["attempts", "last_attempt_at", "note"])
        _witness(by, question, outcome="not_reached", at=at)
    return question


def do_answer_question(
    by: User,
    question_id: int,
    *,
    answer: Answer,
    privacy: Privacy,
    note: str = "",
    pressure: Stated = Stated.UNKNOWN,
    extend_to: datetime | None = None,
    act: str = "",
) -> ExtensionQuestion:
    """Record what she said in a private conversation; on her wish extend the order by the law's terms.

    Args:
        by: Who asked her.
        question_id: The question.
        answer: What she said.
        privacy: How the conversation was held.
        note: In her words, or about them.
        pressure: Whether somebody presses her.
        extend_to: The new end, with a wish; None: she wishes it, and the order is extended by another act. Until
            then the question stays on the list.
        act: As of `do_extend_order`.

    Raises:
        NotFound: No such question, or not this person's.
        Refused: not_permitted; question_closed; conversation_needed; order_ended; term_too_long; invalid.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    check_private(privacy)
    note = check_text("note", note, longest=REASON_MAX, shortest=0)
    at = clock.now()
    with transaction.atomic():
        order, question = _locked(by, question_id)
        over = versions.is_over(order, at=at)
        question.answer, question.asked_by, question.asked_at = Answer(answer), by, at
        if over or extend_to is not None or question.answer != Answer.WISHES:
            question.closed_at = at
        question.attempts += 1
        question.last_attempt_at, question.note = at, note
        question.save()
        _witness(by, question, outcome=str(question.answer), at=at)
        if question.answer == Answer.DOES_NOT_WISH and not over:
            reductions.open_after_question(by, order, note=note, pressure=Stated(pressure), at=at)
        elif extend_to is not None:
            _extend(by, order, extend_to=extend_to, reason=note or HER_WISH, act=act, at=at)
    return question


def do_extend_order(by: User, order_id: UUID, *, extend_to: datetime, reason: str, act: str = "") -> Order:
    """Extend an order whose protected person wished it when she was asked.

    Raises:
        NotFound: No such order, or not this person's.
        Refused: not_permitted; order_ended; conversation_needed: she was not asked, or did not wish it;
            term_too_long; invalid.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    check_text("reason", reason, longest=REASON_MAX, shortest=3)
    at = clock.now()
    with transaction.atomic():
        order = versions.locked_order(by, order_id)
        if not order.extension_questions.filter(answer=Answer.WISHES, expires_at=order.expires_at).exists():
            raise Refused(Code.CONVERSATION_NEEDED)
        _extend(by, order, extend_to=extend_to, reason=reason, act=act, at=at)
    return order


def _extend(by: User, order: Order, *, extend_to: datetime, reason: str, act: str, at: datetime) -> None:
    check_issuer(by, order, act=act, at=at)
    versions.check_not_ended(order, at=at)
    if extend_to <= order.expires_at:
        raise Refused.field("extend_to", expected="later than the order's end", found=clock.iso(extend_to))
    change(
        by, order, reason=reason, conditions=None, expires_at=extend_to, extended=True, answers={}, at=at
    )  # fmt: skip


def _locked(by: User, question_id: int) -> tuple[Order, ExtensionQuestion]:
    found = ExtensionQuestion.objects.filter(pk=question_id).select_related("order").first()
    if found is None or not sees_case(by, found.order_id, district=found.order.district, to=May.ISSUE_ORDERS):
        raise NotFound("extension_question")
    order = versions.locked_order(by, found.order_id)
    question = ExtensionQuestion.objects.select_for_update().get(pk=question_id)
    if question.closed_at is not None:
        raise Refused(Code.QUESTION_CLOSED)
    return order, question


def _witness(by: User, question: ExtensionQuestion, *, outcome: str, at: datetime) -> None:
    witness(
        kind=Kind.EXTENSION_ASKED,
        subject=f"order:{question.order_id}",
        by=by,
        at=at,
        data={
            "due_at": clock.iso(question.due_at),
            "late": at > question.due_at,
            "note_sha256": fingerprint(question.note),
            "outcome": outcome,
            "question": question.pk,
        },
    )
