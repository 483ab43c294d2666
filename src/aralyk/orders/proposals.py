"""What leaves her less protected is proposed by one person and confirmed by another; what protects more needs one.

A proposal names the version that it was made on: when the order changes meanwhile, it is overtaken and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed, sees_case
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.loader import pack
from aralyk.orders import suspensions, versions
from aralyk.orders.actions import change, check_reason, rules_of_lawful
from aralyk.orders.comparing import cuts
from aralyk.orders.cutting import record_cut
from aralyk.orders.drafts import Answered, ConditionDraft
from aralyk.orders.models import Change, LessProtection, Order, Proposal, ProposalState
from aralyk.orders.written import answers_read, answers_written, condition_read, condition_written, time_read

WAITING_MAX: Final = 5  # of one order: a heap of proposals hides the one that matters


def do_propose_variation(
    by: User,
    order_id: UUID,
    *,
    reason: str,
    conditions: Sequence[ConditionDraft] | None = None,
    expires_at: datetime | None = None,
    answers: Mapping[str, Answered] | None = None,
) -> Proposal:
    """Propose conditions or an end that protect less; nothing changes until another person confirms.

    Raises:
        NotFound: No such order, or not this person's.
        Refused: not_permitted; order_ended; too_many_proposals; not_in_force; invalid: it changes nothing, or protects
            as much as before (vary the order), or the law does not allow it.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        order = _locked(by, order_id, at=at)
        if conditions is None and expires_at is None:
            raise Refused.field("conditions", expected="a change")
        if expires_at is not None and not at < expires_at < order.expires_at:
            raise Refused.field("expires_at", expected="earlier than the order's end, and not past")
        lost = [] if conditions is None else cuts(versions.rules_of(order), rules_of_lawful(order, conditions, at=at))
        if not lost and expires_at is None:
            raise Refused.field("conditions", expected="less protection than before: else vary the order")
        content = {
            "conditions": None if conditions is None else [condition_written(one) for one in conditions],
            "expires_at": None if expires_at is None else clock.iso(expires_at),
            "answers": answers_written(answers or {}),
            "cuts": lost,
        }
        return _propose(by, order, Change.VARIATION, content=content, reason=reason, at=at)


def do_propose_suspension(
    by: User, order_id: UUID, *, from_at: datetime, until_at: datetime, reason: str
) -> Proposal:  # fmt: skip
    """Propose a time in which the order is not watched.

    Raises:
        NotFound: No such order, or not this person's.
        Refused: not_permitted; order_ended; too_many_proposals; too_often; invalid.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        order = _locked(by, order_id, at=at)
        suspensions.check_time(order, from_at=from_at, until_at=until_at, at=at)
        content = {"from_at": clock.iso(from_at), "until_at": clock.iso(until_at)}
        return _propose(by, order, Change.SUSPENSION, content=content, reason=reason, at=at)


def do_confirm_proposal(by: User, proposal_id: int, *, reason: str) -> Proposal:
    """As the second person, put a proposal into effect.

    Raises:
        NotFound: No such proposal, or not this person's.
        Refused: not_permitted; own_proposal; proposal_decided; proposal_overtaken; order_ended; too_often; invalid.
    """
    check_allowed(by, May.CONFIRM_ORDERS)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        order, proposal = _locked_proposal(by, proposal_id)
        versions.check_not_ended(order, at=at)
        if proposal.on_version != order.current_version and proposal.change == Change.VARIATION:
            # Not marked here: a refusal writes nothing. The list shows it as overtaken, and refusing it closes it.
            raise Refused(Code.PROPOSAL_OVERTAKEN)
        _answer(by, proposal, state=ProposalState.CONFIRMED, reason=reason, at=at)
        _witness(by, proposal, kind=Kind.ORDER_PROPOSAL_CONFIRMED, at=at)
        if proposal.change == Change.SUSPENSION:
            suspensions.begin(by, order, proposal, at=at)
        else:
            _vary(by, order, proposal, at=at)
    return proposal


def do_refuse_proposal(by: User, proposal_id: int, *, reason: str) -> Proposal:
    """As the second person, let things stand; whoever proposed may take it back the same way.

    Raises:
        NotFound: No such proposal, or not this person's.
        Refused: not_permitted; proposal_decided; invalid (reason).
    """
    check_allowed(by, May.CONFIRM_ORDERS)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        _, proposal = _locked_proposal(by, proposal_id, own=True)
        _answer(by, proposal, state=ProposalState.REFUSED, reason=reason, at=at)
        _witness(by, proposal, kind=Kind.ORDER_PROPOSAL_REFUSED, at=at)
    return proposal


def _vary(by: User, order: Order, proposal: Proposal, *, at: datetime) -> None:
    content = proposal.content
    written = content["conditions"]
    expires_at = time_read(content["expires_at"])
    if expires_at is not None and expires_at <= at:
        raise Refused(Code.PROPOSAL_OVERTAKEN)
    for given, what in ((content["cuts"], LessProtection.ZONE_CUT), (expires_at, LessProtection.TERM_CUT)):
        if given:
            record_cut(proposal.proposed_by, order, what, reason=proposal.reason, second_by=by, at=at)
    change(
        proposal.proposed_by,
        order,
        reason=proposal.reason,
        conditions=None if written is None else [condition_read(one) for one in written],
        expires_at=expires_at,
        extended=expires_at is not None and _beyond_first_term(order, expires_at),
        answers=answers_read(content["answers"]),
        at=at,
    )


def _beyond_first_term(order: Order, expires_at: datetime) -> bool:
    """Whether this end lies in the longer term that was asked for before: cutting it must not need a new request."""
    law = pack(order.jurisdiction)
    basis = law.legal_basis(order.legal_basis, on=law.day_of(order.issued_at))
    return basis.extension is not None and expires_at > law.latest_end(basis, starts_at=order.starts_at)


def _locked(by: User, order_id: UUID, *, at: datetime) -> Order:
    order = versions.locked_order(by, order_id)
    versions.check_not_ended(order, at=at)
    waiting = order.proposals.filter(state=ProposalState.WAITING).count()
    if waiting >= WAITING_MAX:
        raise Refused(Code.TOO_MANY_PROPOSALS, most=WAITING_MAX)
    return order


def _propose(
    by: User, order: Order, what: Change, *, content: Mapping[str, object], reason: str, at: datetime
) -> Proposal:
    proposal = Proposal.objects.create(
        order=order, change=what, content=content, on_version=order.current_version, reason=reason.strip(),
        proposed_by=by, proposed_at=at,
    )  # fmt: skip
    _witness(by, proposal, kind=Kind.ORDER_PROPOSED, at=at)
    return proposal


def _locked_proposal(by: User, proposal_id: int, *, own: bool = False) -> tuple[Order, Proposal]:
    found = Proposal.objects.filter(pk=proposal_id).select_related("order").first()
    if found is None or not sees_case(by, found.order_id, district=found.order.district, to=May.CONFIRM_ORDERS):
        raise NotFound("proposal")
    order = versions.locked_order(
        by, found.order_id, to=May.CONFIRM_ORDERS
    )  # first the order: every writer locks it first
    proposal = Proposal.objects.select_for_update(of=("self",)).select_related("proposed_by").get(pk=proposal_id)
    if proposal.state != ProposalState.WAITING:
        raise Refused(Code.PROPOSAL_DECIDED)
    if proposal.proposed_by_id == by.pk and not own:
        raise Refused(Code.OWN_PROPOSAL)
    return order, proposal


def _answer(by: User, proposal: Proposal, *, state: ProposalState, reason: str, at: datetime) -> None:
    proposal.state = state
    if proposal.proposed_by_id != by.pk:
        proposal.second_by = by
    proposal.second_at, proposal.second_reason = at, reason.strip()
    proposal.save(update_fields=["state", "second_by", "second_at", "second_reason"])


def _witness(by: User, proposal: Proposal, *, kind: Kind, at: datetime) -> None:
    witness(
        kind=kind,
        subject=f"order:{proposal.order_id}",
        by=by,
        at=at,
        data={
            "change": str(proposal.change),
            "content_sha256": versions.digest_of(proposal.content),
            "proposal": proposal.pk,
            "proposed_by": f"user:{proposal.proposed_by_id}",
            "reason_sha256": fingerprint(proposal.second_reason or proposal.reason),
        },
    )
