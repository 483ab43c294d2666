"""An outage, and the practice of one: who is told, who answers how soon, and whom of the protected we reached.

A practice is told in its own words, raises no alarm of the platform and calls nobody outside; it ends at once when a
real outage begins. Both need the database: a real outage of it is worked by the printed list (`risk_file`), and entered
when it is back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed, seen_by
from aralyk.access.queries import shown_name
from aralyk.access.witness import witness
from aralyk.channels.models import Notice
from aralyk.channels.notices import cancel, do_answer_about, do_tell
from aralyk.channels.words import Text
from aralyk.evidence.kinds import Kind
from aralyk.orders.models import Order
from aralyk.oversight.models import How, Outage, OutageCall
from aralyk.oversight.risk_file import header_of, json_of, sha256_of
from aralyk.oversight.risk_list import RiskList, list_for
from aralyk.people.models import ProtectedPerson
from aralyk.roster.queries import duty_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Somebody on duty who was told, and after how long the answer came; None: none yet."""

    name: str
    after_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How an outage or its practice went: the quickest answer first, then those who have not answered."""

    outage: Outage
    answers: tuple[Answer, ...]

    @property
    def answered(self) -> int:
        """How many have answered."""
        return sum(one.after_s is not None for one in self.answers)

    @property
    def first_s(self) -> float | None:
        """After how long the first answer came; None: none yet."""
        return self.answers[0].after_s if self.answers else None


def do_begin_outage(by: User, *, practice: bool, home: Path) -> Outage:
    """Say that people do the platform's work now, or begin a practice; everybody on duty is told at once.

    Args:
        by: Who declares it; is not told, and does not count as an answer.
        practice: Whether it is only rehearsed.
        home: The installation's directory: the printed list that would be used is in its `run`.

    Raises:
        Refused: not_permitted; invalid (practice): one runs already, or a practice during a real outage.
    """
    check_allowed(by, May.DECLARE_OUTAGES)
    header = header_of(home)
    with transaction.atomic():
        at = clock.now()
        running = list(Outage.objects.select_for_update().filter(ended_at__isnull=True))
        if any(one.practice == practice or not one.practice for one in running):
            raise Refused.field("practice", expected="no outage runs, and no practice")
        for one in running:
            _end(by, one, at=at)
        people = _on_duty(at, but=by)
        outage = Outage.objects.create(
            practice=practice, began_at=at, began_by=by, listed_at=header.made_at if header else None,
            cases=header.cases if header else None, told=len(people),
        )  # fmt: skip
        text = Text.PRACTICE_OUTAGE if practice else Text.PLATFORM_ALARM
        for person in people:
            do_tell(
                person, text=text, args={}, subject=subject_of(outage), once=f"{subject_of(outage)}:{person.pk}",
                urgent=True,
            )  # fmt: skip
        data: dict[str, object] = {
            "cases": "unknown" if outage.cases is None else outage.cases,
            "listed_at": "" if outage.listed_at is None else clock.iso(outage.listed_at),
            "practice": practice, "told": outage.told,
        }  # fmt: skip
        witness(kind=Kind.OUTAGE_BEGAN, subject=subject_of(outage), by=by, at=at, data=data)
    return outage


def do_answer_outage(by: User, outage: UUID) -> None:
    """Say that one is there: the person who was told, once.

    Raises:
        NotFound: Nobody told this person of such an outage.
    """
    with transaction.atomic():
        if not Notice.objects.filter(user=by, subject=f"outage:{outage}").exists():
            raise NotFound("outage")
        do_answer_about(by, f"outage:{outage}")


def do_end_outage(by: User, outage: UUID) -> Outage:
    """Say that it is over; whoever has not answered is not told any more.

    Raises:
        NotFound: No such outage.
        Refused: not_permitted; already_ended.
    """
    check_allowed(by, May.DECLARE_OUTAGES)
    with transaction.atomic():
        found = Outage.objects.select_for_update().filter(pk=outage).first()
        if found is None:
            raise NotFound("outage")
        if found.ended_at is not None:
            raise Refused(Code.ALREADY_ENDED)
        return _end(by, found, at=clock.now())


def do_record_told(
    by: User, outage: UUID, *, order: UUID, protected_person: UUID, how: How, reached: bool
) -> OutageCall:  # fmt: skip
    """Record that one tried to tell a protected person, in the words of her safe channel, and whether it reached her.

    Raises:
        NotFound: No such outage or case, or not this person's; somebody whom the order does not protect.
        Refused: not_permitted; already_ended; invalid (outage): a practice calls nobody.
    """
    check_allowed(by, May.ANSWER_INCIDENTS)
    if how not in set(How):
        raise Refused.field("how", expected=", ".join(How))
    with transaction.atomic():
        found = Outage.objects.filter(pk=outage).first()
        if found is None:
            raise NotFound("outage")
        if found.practice:
            raise Refused.field("outage", expected="a real one: in a practice nobody outside is called")
        if found.ended_at is not None:
            raise Refused(Code.ALREADY_ENDED)
        case = Order.objects.filter(seen_by(by, to=May.ANSWER_INCIDENTS), pk=order).first()
        if case is None:
            raise NotFound("order")
        person = ProtectedPerson.objects.filter(orders=case, pk=protected_person).first()
        if person is None:
            raise NotFound("protected_person")
        at = clock.now()
        call = OutageCall.objects.create(
            outage=found, order=case, protected_person=person, at=at, by=by, how=how, reached=reached
        )
        data: dict[str, object] = {
            "how": str(how), "order": str(case.pk), "protected_person": str(person.pk), "reached": reached
        }  # fmt: skip
        witness(kind=Kind.OUTAGE_TOLD, subject=subject_of(found), by=by, at=at, data=data)
    return call


def do_take_list(by: User) -> RiskList:
    """The list of one's cases as it stands now, to be printed or carried away; that it was taken is witnessed.

    Raises:
        Refused: not_permitted.
    """
    check_allowed(by, May.READ_RISK_LIST)
    with transaction.atomic():
        at = clock.now()
        found = list_for(by, at=at)
        data: dict[str, object] = {"cases": len(found.cases), "list_sha256": sha256_of(json_of(found))}
        witness(kind=Kind.RISK_LIST_TAKEN, subject=f"user:{by.pk}", by=by, at=at, data=data)
    return found


def running_for(user: User) -> Outage | None:
    """What runs now, a real outage before a practice; None for whoever has no part in it."""
    if not allows(user, May.READ_RISK_LIST):
        return None
    return Outage.objects.filter(ended_at__isnull=True).select_related("began_by").order_by("practice").first()


def courses_for(user: User, *, most: int) -> list[Course]:
    """The newest outages and practices with their answers."""
    if not allows(user, May.READ_RISK_LIST):
        return []
    outages = list(Outage.objects.select_related("began_by", "ended_by").order_by("-began_at")[:most])
    return [course_of(one) for one in outages]


def course_of(outage: Outage) -> Course:
    """How one outage or practice went so far. For whoever has the outage."""
    notices = Notice.objects.filter(subject=subject_of(outage)).select_related("user").order_by("user__username")
    answers = [
        Answer(
            name=shown_name(one.user),
            after_s=None if one.answered_at is None else (one.answered_at - outage.began_at).total_seconds(),
        )
        for one in notices
    ]
    return Course(
        outage=outage,
        answers=tuple(sorted(answers, key=lambda one: float("inf") if one.after_s is None else one.after_s)),
    )


def calls_of(outage: Outage, orders: Iterable[UUID]) -> Mapping[tuple[UUID, UUID], OutageCall]:
    """By order and protected person the newest call that reached her, or else the newest; of orders one may see."""
    found: dict[tuple[UUID, UUID], OutageCall] = {}
    calls = OutageCall.objects.filter(outage=outage, order__in=list(orders)).select_related("by")
    for call in calls.order_by("reached", "at"):
        found[call.order_id, call.protected_person_id] = call
    return found


def was_told(user: User, outage: Outage) -> bool:
    """Whether this person was told of it and has not answered."""
    return Notice.objects.filter(user=user, subject=subject_of(outage), answered_at__isnull=True).exists()


def subject_of(outage: Outage) -> str:
    """As evidence names it."""
    return f"outage:{outage.pk}"


def _end(by: User, outage: Outage, *, at: datetime) -> Outage:
    course = course_of(outage)
    outage.ended_at, outage.ended_by = at, by
    outage.save(update_fields=["ended_at", "ended_by"])
    for notice in Notice.objects.filter(subject=subject_of(outage), answered_at__isnull=True):
        cancel(notice)
    data: dict[str, object] = {"answered": course.answered, "practice": outage.practice, "told": outage.told}
    if course.first_s is not None:
        data["first_answer_s"] = round(course.first_s)
    witness(kind=Kind.OUTAGE_ENDED, subject=subject_of(outage), by=by, at=at, data=data)
    return outage


def _on_duty(at: datetime, *, but: User) -> Sequence[User]:
    ids = {person for desk in duty_at(at).desks for person in desk.people} - {but.pk}
    return list(User.objects.filter(pk__in=ids, is_active=True).order_by("pk"))
