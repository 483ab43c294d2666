"""Her request to lift, shorten or not extend an order: three things stand between the request and its effect.

A private conversation, a reassessment of the risk made after the request, and the issuer's decision by somebody else
than who spoke with her. Until then the order holds as it stands. That she was pressed is kept with the request.

An order may protect several people, and it ends for all of them at once: so what one asks for takes effect only when
each of the others asked for it, too, and was heard alone and assessed in the same way.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from aralyk import clock
from aralyk.access.errors import Code, FieldProblem, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed, sees_case
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.orders import versions
from aralyk.orders.actions import change, check_issuer, check_reason, end
from aralyk.orders.cutting import record_cut
from aralyk.orders.drafts import REASON_MAX
from aralyk.orders.models import Answer, LessProtection, Order, ReductionRequest, Wish
from aralyk.orders.private import Privacy, check_private
from aralyk.people.models import Stated
from aralyk.risk.events import Cause, require_reassessment
from aralyk.risk.models import Assessment


def do_record_reduction_request(
    by: User,
    order_id: UUID,
    *,
    person: UUID,
    wish: Wish,
    note: str = "",
    pressure: Stated = Stated.UNKNOWN,
    wished_until: datetime | None = None,
) -> ReductionRequest:
    """Record that less protection was asked for; nothing changes but that the risk must be assessed again.

    Args:
        by: Who heard of it.
        order_id: The order.
        person: Whose protection; she, or somebody who speaks for her, asked.
        wish: What for.
        note: How it was asked.
        pressure: Whether somebody presses her.
        wished_until: The shorter end.

    Raises:
        NotFound: No such order or person in it, or not this person's.
        Refused: not_permitted; order_ended; request_waits; invalid.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    note = check_text("note", note, longest=REASON_MAX, shortest=0)
    at = clock.now()
    with transaction.atomic():
        order = versions.locked_order(by, order_id)
        versions.check_not_ended(order, at=at)
        if not order.protected_persons.filter(pk=person).exists():
            raise NotFound("protected_person")
        wish = Wish(wish)
        if wish is Wish.SHORTEN and (wished_until is None or not at < wished_until < order.expires_at):
            raise Refused.field("wished_until", expected="a time before the order's end, and not past")
        if wish is not Wish.SHORTEN and wished_until is not None:
            raise Refused.field("wished_until", expected="nothing: only a shorter term has an end of its own")
        return _open(
            by, order, person=person, wish=wish, note=note, pressure=Stated(pressure), wished_until=wished_until, at=at
        )


def open_after_question(by: User, order: Order, *, note: str, pressure: Stated, at: datetime) -> list[ReductionRequest]:
    """That she does not wish an extension, said in a private conversation: it still needs assessment and decision.

    Of an order that protects several people the answer does not say who gave it: each is still to be heard alone.
    """
    made = []
    people = list(order.protected_persons.order_by("pk"))
    for person in people:
        if order.reduction_requests.filter(protected_person=person, decided_at__isnull=True).exists():
            continue
        request = _open(
            by, order, person=person.pk, wish=Wish.NOT_EXTEND, note=note, pressure=pressure, wished_until=None, at=at
        )
        if len(people) == 1:
            _talked(by, request, still_wishes=Stated.YES, pressure=pressure, note=note, at=at)
        made.append(request)
    return made


def do_record_conversation(
    by: User,
    request_id: int,
    *,
    privacy: Privacy,
    still_wishes: Stated,
    pressure: Stated,
    note: str = "",
) -> ReductionRequest:
    """Record the private conversation about a request.

    Raises:
        NotFound: No such request, or not this person's.
        Refused: not_permitted; conversation_needed, naming what was missing; request_decided; invalid.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    check_private(privacy)
    note = check_text("note", note, longest=REASON_MAX, shortest=0)
    at = clock.now()
    with transaction.atomic():
        _, request = _locked(by, request_id)
        _talked(by, request, still_wishes=Stated(still_wishes), pressure=Stated(pressure), note=note, at=at)
    return request


def do_decide_reduction(by: User, request_id: int, *, granted: bool, reason: str, act: str = "") -> ReductionRequest:
    """Decide as the issuer: let the order stand, or do what she asked for.

    What is granted is granted to everyone whom the order protects, in one act. A request that an order's end overtook
    can be refused alone; a refused wish not to extend puts the question on the list again.

    Raises:
        NotFound: No such request, or not this person's.
        Refused: not_permitted; request_decided; own_conversation: who spoke with her does not decide; and of a grant
            order_ended; conversation_needed; assessment_needed; not_wished: she no longer wishes it; invalid.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    check_reason(reason)
    at = clock.now()
    with transaction.atomic():
        order, request = _locked(by, request_id)
        check_issuer(by, order, act=act, at=at)
        together = [request]
        if granted:
            versions.check_not_ended(order, at=at)
            together += _requests_of_the_others(order, request)
        for one in together:
            if one.talked_by_id == by.pk:
                raise Refused(Code.OWN_CONVERSATION)
            if granted:
                _check_may_be_granted(order, one)
            _decide(by, one, granted=granted, reason=reason, act=act, at=at)
        if granted:
            _take_effect(by, order, together, reason=reason, act=act, at=at)
        elif request.wish == Wish.NOT_EXTEND and not versions.is_over(order, at=at):
            order.extension_questions.filter(expires_at=order.expires_at, answer=Answer.DOES_NOT_WISH).update(
                answer="", closed_at=None
            )
    return request


def assessed_since(requests: Collection[ReductionRequest]) -> set[int]:
    """The ids of those after which the risk between the two was assessed: one query.

    A form that gave no level assesses nothing.
    """
    later = Assessment.objects.filter(
        respondent=OuterRef("order__respondent"),
        protected_person=OuterRef("protected_person"),
        assessed_at__gt=OuterRef("requested_at"),
        levels__isnull=False,
    )
    asked = ReductionRequest.objects.filter(Exists(later), pk__in=[request.pk for request in requests])
    return set(asked.values_list("pk", flat=True))


def _requests_of_the_others(order: Order, request: ReductionRequest) -> list[ReductionRequest]:
    """The same wish of everyone else whom the order protects.

    Raises:
        Refused: conversation_needed: one of them did not ask for it.
    """
    others = order.protected_persons.exclude(pk=request.protected_person_id)
    # Who talked is read after the lock: what is joined stays as it was before somebody else was faster.
    waiting = order.reduction_requests.select_for_update()
    found = list(waiting.filter(protected_person__in=others, wish=request.wish, decided_at__isnull=True).order_by("pk"))
    if len(found) != others.count():
        problem = FieldProblem(field="protected_persons", expected="the same wish of each of them, said in private")
        raise Refused(Code.CONVERSATION_NEEDED, fields=(problem,))
    return found


def _decide(by: User, request: ReductionRequest, *, granted: bool, reason: str, act: str, at: datetime) -> None:
    request.decided_at, request.decided_by = at, by
    request.granted, request.decision_reason = granted, reason.strip()
    request.save(update_fields=["decided_at", "decided_by", "granted", "decision_reason"])
    _witness(by, request, kind=Kind.REDUCTION_DECIDED, at=at, more={"act": act.strip(), "granted": granted})


def _check_may_be_granted(order: Order, request: ReductionRequest) -> None:
    if request.talked_at is None:
        raise Refused(Code.CONVERSATION_NEEDED)
    if request.still_wishes != Stated.YES:
        raise Refused(Code.NOT_WISHED)
    if not assessed_since([request]):
        raise Refused(Code.ASSESSMENT_NEEDED)


def _take_effect(
    by: User, order: Order, requests: Sequence[ReductionRequest], *, reason: str, act: str, at: datetime
) -> None:  # fmt: skip
    wish, talked_by = requests[0].wish, requests[0].talked_by
    assert talked_by is not None
    if wish == Wish.NOT_EXTEND:
        record_cut(
            talked_by, order, LessProtection.NOT_EXTENDED_ON_REQUEST, reason=reason, second_by=by, at=at
        )  # fmt: skip
        order.extension_questions.filter(closed_at__isnull=True).update(closed_at=at, answer=Answer.DOES_NOT_WISH)
    elif wish == Wish.LIFT:
        record_cut(talked_by, order, LessProtection.LIFTED_ON_REQUEST, reason=reason, second_by=by, at=at)
        end(by, order, reason=reason, act=act, at=at)
    else:
        ends = [one.wished_until for one in requests if one.wished_until is not None]
        assert len(ends) == len(requests)
        record_cut(talked_by, order, LessProtection.TERM_CUT, reason=reason, second_by=by, at=at)
        # The latest of their wishes: nobody loses a day that she did not give up.
        change(by, order, reason=reason, conditions=None, expires_at=max(ends), extended=True, answers={}, at=at)


def _open(
    by: User,
    order: Order,
    *,
    person: UUID,
    wish: Wish,
    note: str,
    pressure: Stated,
    wished_until: datetime | None,
    at: datetime,
) -> ReductionRequest:
    if order.reduction_requests.filter(protected_person=person, decided_at__isnull=True).exists():
        raise Refused(Code.REQUEST_WAITS)
    request = ReductionRequest.objects.create(
        order=order, protected_person_id=person, wish=wish, wished_until=wished_until, note=note, pressure=pressure,
        requested_at=at, recorded_by=by,
    )  # fmt: skip
    _witness(by, request, kind=Kind.REDUCTION_REQUESTED, at=at, more={"note_sha256": fingerprint(note)})
    with connection.cursor() as cursor:
        require_reassessment(
            cursor,
            respondent=order.respondent_id,
            protected_person=person,
            cause=Cause.REQUESTED,
            source=f"reduction_request:{request.pk}",
            occurred_at=at,
            recorded_at=at,
            facts={"jurisdiction": order.jurisdiction, "legal_basis": order.legal_basis, "wish": wish.value},
        )
    return request


def _talked(
    by: User, request: ReductionRequest, *, still_wishes: Stated, pressure: Stated, note: str, at: datetime
) -> None:  # fmt: skip
    request.talked_at, request.talked_by = at, by
    request.still_wishes, request.talk_note = still_wishes, note
    # Pressure that somebody saw once is not unseen by a later word.
    request.pressure = Stated.YES if Stated.YES in {request.pressure, pressure} else pressure
    request.save(update_fields=["talked_at", "talked_by", "still_wishes", "talk_note", "pressure"])
    _witness(by, request, kind=Kind.REDUCTION_TALKED, at=at, more={"note_sha256": fingerprint(note)})


def _locked(by: User, request_id: int) -> tuple[Order, ReductionRequest]:
    found = ReductionRequest.objects.filter(pk=request_id).select_related("order").first()
    if found is None or not sees_case(by, found.order_id, district=found.order.district, to=May.ISSUE_ORDERS):
        raise NotFound("reduction_request")
    order = versions.locked_order(by, found.order_id)
    request = ReductionRequest.objects.select_for_update().get(pk=request_id)
    if request.decided_at is not None:
        raise Refused(Code.REQUEST_DECIDED)
    return order, request


def _witness(
    by: User, request: ReductionRequest, *, kind: Kind, at: datetime, more: dict[str, object]
) -> None:  # fmt: skip
    witness(
        kind=kind,
        subject=f"order:{request.order_id}",
        by=by,
        at=at,
        data={
            "pressure": str(request.pressure),
            "protected_person": str(request.protected_person_id),
            "request": request.pk,
            "still_wishes": str(request.still_wishes),
            "wish": str(request.wish),
            **more,
        },
    )
