"""What people did about orders and what waits for them, each list by permission and district."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from django.db.models import QuerySet

from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed, seen_by
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.model import Duty
from aralyk.jurisdictions.values import Circumstance, DutyKind, Event
from aralyk.orders.models import (
    DraftedOrder,
    ExtensionQuestion,
    Order,
    Proposal,
    ProposalState,
    ProtectionCut,
    ReductionRequest,
    Suspension,
)
from aralyk.people.models import Stated

OfOrder = TypeVar("OfOrder", Proposal, ExtensionQuestion, ReductionRequest, ProtectionCut)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderClock:
    """Something that is owed because of an order, with its end.

    Attributes:
        slug: Of the pack's duty.
        kind: What is to be done.
        due_at: When; the moment of the event itself where no source names a term.
        done_at: When it was done; None: it is open.
    """

    slug: str
    kind: DutyKind
    due_at: datetime
    done_at: datetime | None

    def overdue(self, *, at: datetime) -> bool:
        """Whether it is late, or was done too late."""
        return (self.done_at or at) > self.due_at


def proposals_for(user: User, *, order: Order | None = None) -> QuerySet[Proposal]:
    """Changes that wait for a second person, oldest first, in this person's districts."""
    found = Proposal.objects.filter(seen_by(user, order="order__"), state=ProposalState.WAITING)
    if not (allows(user, May.CONFIRM_ORDERS) or allows(user, May.ISSUE_ORDERS) or allows(user, May.READ_CUTS)):
        found = found.none()
    if order is not None:
        found = found.filter(order=order)
    return _with_people(found.select_related("order__respondent", "proposed_by")).order_by("proposed_at", "pk")


def proposal_for(user: User, proposal_id: int) -> Proposal:
    """One proposal that waits.

    Raises:
        NotFound: There is none, it was answered, or it is not this person's to see.
    """
    found = proposals_for(user).filter(pk=proposal_id).first()
    if found is None:
        raise NotFound("proposal")
    return found


def questions_for(user: User, *, order: Order | None = None) -> QuerySet[ExtensionQuestion]:
    """Questions about an extension that nobody answered yet, those due first; an order's end closes none of them."""
    found = ExtensionQuestion.objects.filter(seen_by(user, order="order__"), closed_at__isnull=True)
    if not allows(user, May.ISSUE_ORDERS):
        found = found.none()
    if order is not None:
        found = found.filter(order=order)
    return _with_people(found.select_related("order__respondent")).order_by("due_at", "pk")


def question_for(user: User, question_id: int) -> ExtensionQuestion:
    """One open question.

    Raises:
        NotFound: There is none, it is closed, or it is not this person's to see.
    """
    found = questions_for(user).filter(pk=question_id).first()
    if found is None:
        raise NotFound("extension_question")
    return found


def reductions_for(user: User, *, order: Order | None = None) -> QuerySet[ReductionRequest]:
    """Requests for less protection that nobody decided yet, oldest first."""
    found = ReductionRequest.objects.filter(seen_by(user, order="order__"), decided_at__isnull=True)
    if not (allows(user, May.ISSUE_ORDERS) or allows(user, May.READ_CUTS)):
        found = found.none()
    if order is not None:
        found = found.filter(order=order)
    found = found.select_related("order__respondent", "protected_person", "recorded_by", "talked_by")
    return _with_people(found).order_by("requested_at", "pk")


def reduction_for(user: User, request_id: int) -> ReductionRequest:
    """One request that waits.

    Raises:
        NotFound: There is none, it was decided, or it is not this person's to see.
    """
    found = reductions_for(user).filter(pk=request_id).first()
    if found is None:
        raise NotFound("reduction_request")
    return found


def cuts_for(user: User, *, since: datetime | None = None) -> QuerySet[ProtectionCut]:
    """Everything that left somebody less protected, newest first: for whoever watches legality.

    Raises:
        Refused: not_permitted.
    """
    check_allowed(user, May.READ_CUTS)
    found = ProtectionCut.objects.filter(seen_by(user, order="order__"))
    if since is not None:
        found = found.filter(at__gte=since)
    return _with_people(found.select_related("order__respondent", "by", "second_by")).order_by("-at", "-pk")


def _with_people(rows: QuerySet[OfOrder]) -> QuerySet[OfOrder]:
    """With what a list says of each row's order: two queries more, however many rows."""
    return rows.prefetch_related("order__protected_persons", "order__suspensions")


def waiting_count(user: User) -> int:
    """How much waits for this person's office: proposals, questions and requests; 3 queries."""
    return proposals_for(user).count() + questions_for(user).count() + reductions_for(user).count()


def suspension_of(order: Order, *, at: datetime) -> Suspension | None:
    """The suspension that goes on at `at` or is to come; None: the order is watched."""
    return order.suspensions.filter(resumed_at__isnull=True, until_at__gt=at).order_by("from_at").first()


def draft_for(user: User, draft_id: UUID) -> DraftedOrder:
    """A draft of this person's own.

    Raises:
        NotFound: There is none, or it is somebody else's.
    """
    check_allowed(user, May.ISSUE_ORDERS)
    found = DraftedOrder.objects.filter(pk=draft_id, author=user).first()
    if found is None:
        raise NotFound("draft")
    return found


def drafts_for(user: User) -> QuerySet[DraftedOrder]:
    """This person's own drafts that are not issued yet, newest first."""
    return DraftedOrder.objects.filter(author_id=user.pk, issued_as__isnull=True).order_by("-updated_at")


def clocks_of(order: Order) -> list[OrderClock]:
    """What the order itself makes due, by the pack of its day of issue; of an order that was fetched with permission.

    Duties that a level of risk brings are risk's.
    """
    law = pack(order.jurisdiction)
    day = law.day_of(order.issued_at)
    starts = {
        Event.ORDER_ISSUED: order.issued_at,
        Event.ORDER_EXPIRES: order.expires_at,
        Event.ORDER_SERVED: _served_at(order),
    }
    found = []
    for versions in law.duties.values():
        for duty in versions:
            start = starts.get(duty.runs_from)
            if start is None or duty.levels or not duty.holds_on(day) or duty.kind not in _DONE:
                continue
            if duty.legal_bases and order.legal_basis not in duty.legal_bases:
                continue
            if not _arises(duty, order):
                continue
            due_at = start if duty.due is None else law.due_at(duty.due, start).at
            found.append(
                OrderClock(slug=duty.slug, kind=duty.kind, due_at=due_at, done_at=_DONE[duty.kind](order))
            )  # fmt: skip
    return sorted(found, key=lambda one: one.due_at)


def _arises(duty: Duty, order: Order) -> bool:
    if duty.only_if is Circumstance.WEAPONS_STATED:
        return bool(order.statements.get("weapons", Stated.UNKNOWN) != Stated.NO)  # not known is not "no"
    if duty.only_if is Circumstance.MONITORED:
        return bool(order.versions.get(version=order.current_version).spec["conditions"])
    return True


def _served_at(order: Order) -> datetime | None:
    first = order.receipts.filter(protected_person__isnull=True).order_by("served_at").first()
    return None if first is None else first.served_at


def _asked_at(order: Order) -> datetime | None:
    question = order.extension_questions.filter(expires_at=order.expires_at).first()
    return None if question is None else question.asked_at


def _chosen_at(order: Order) -> datetime | None:
    first = order.device_choices.order_by("chosen_at").first()
    return None if first is None else first.chosen_at


def _weapons_checked_at(order: Order) -> datetime | None:
    first = order.receipts.filter(weapons__in=("seized", "none_found")).order_by("served_at").first()
    return None if first is None else first.served_at


_DONE: Final = {
    DutyKind.DELIVER: _served_at,
    DutyKind.ASK_ABOUT_EXTENSION: _asked_at,
    DutyKind.CHOOSE_DEVICE: _chosen_at,
    DutyKind.CHECK_WEAPONS: _weapons_checked_at,
}
