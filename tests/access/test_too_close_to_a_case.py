"""Whoever is close to a party does not find the case: not by office, not by name, not in an emergency."""

from __future__ import annotations

from uuid import UUID

import pytest

from aralyk.access.break_glass import do_break_glass, do_confirm_glass, emergencies_for
from aralyk.access.conflicts import (
    conflicts_for,
    do_answer_conflict,
    do_ask_to_lift,
    do_lift,
    do_record_conflict,
)
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.grants import cases_opened_to
from aralyk.access.models import CaseSubject, Closeness, Conflict, Right, Role, User
from aralyk.incidents.models import Incident
from aralyk.orders.models import Order
from aralyk.orders.queries import orders_for
from aralyk.people.looks import do_look
from aralyk.people.vault import SealedName
from tests.access.people import REASON, open_to, other, scene, ways_to
from tests.conftest import Database
from tests.orders.cast import HERE, Cast, order, witnesses

NOTE = "двоюродный брат заявлен в рапорте"


@pytest.fixture
def case(database: Database, roles: Cast) -> tuple[Order, Incident]:
    return scene(database, roles)


def record(
    by: User, user: User, case: Order, kind: CaseSubject = CaseSubject.RESPONDENT, subject: UUID | None = None
) -> Conflict:
    return do_record_conflict(
        by, username=user.username, subject_kind=kind, subject_id=subject or case.respondent_id,
        closeness=Closeness.RELATIVE, note=NOTE,
    )  # fmt: skip


def test_what_one_declares_of_oneself_holds_at_once_and_everywhere(roles: Cast, case: tuple[Order, Incident]) -> None:
    found, _ = case
    assert ways_to(roles.police, *case)["order"]
    record(roles.police, roles.police, found)
    assert not any(ways_to(roles.police, *case).values())
    with pytest.raises(NotFound):
        do_look(
            roles.police, person=found.protected_persons.get().pk, order=found.pk, field=SealedName.PHONE,
            purpose="позвонить ей",
        )  # fmt: skip


@pytest.mark.parametrize("kind", [CaseSubject.ORDER, CaseSubject.RESPONDENT, CaseSubject.PROTECTED_PERSON])
def test_whatever_is_named_the_whole_case_is_closed(
    roles: Cast, case: tuple[Order, Incident], kind: CaseSubject
) -> None:
    found, _ = case
    subject = {
        CaseSubject.ORDER: found.pk,
        CaseSubject.RESPONDENT: found.respondent_id,
        CaseSubject.PROTECTED_PERSON: found.protected_persons.get().pk,
    }[kind]
    record(roles.operator, roles.operator, found, kind, subject)
    assert not any(ways_to(roles.operator, *case).values())


def test_the_next_order_over_the_same_people_is_closed_too_and_no_other(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    found, _ = case
    record(roles.police, roles.police, found, CaseSubject.ORDER, found.pk)
    again = order(
        other(Role.POLICE, "p3", HERE), respondent=found.respondent_id,
        protected_persons=(found.protected_persons.get().pk,),
    )  # fmt: skip
    stranger = order(other(Role.POLICE, "p4", HERE))
    assert [one.pk for one in orders_for(roles.police)] == [stranger.pk]
    assert again.pk in {one.pk for one in orders_for(roles.supervisor)}


def test_neither_a_grant_nor_an_emergency_opens_it(
    database: Database, roles: Cast, case: tuple[Order, Incident]
) -> None:
    found, _ = case
    close = roles.police_elsewhere
    conflict = record(roles.supervisor, close, found)
    do_answer_conflict(roles.prosecutor, conflict.pk, agreed=True)
    open_to(roles.police, close, found, right=Right.WORK)
    assert not any(ways_to(close, *case).values())
    assert cases_opened_to(close) == []
    with pytest.raises(NotFound) as closed:
        do_break_glass(close, number=found.number, reason=REASON)
    with pytest.raises(NotFound) as missing:
        do_break_glass(close, number="ПР-нет", reason=REASON)
    assert closed.value.what == missing.value.what
    refused = [entry for entry in witnesses(database) if entry[0] == "glass_refused"]
    assert {entry[1] for entry in refused} == {f"user:{close.pk}"}
    assert [set(entry[3]) for entry in refused] == [{"number_sha256", "reason_sha256"}] * 2


def test_an_emergency_that_was_open_closes_when_the_closeness_is_recorded(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    close = roles.police_elsewhere
    glass = do_break_glass(close, number=case[0].number, reason=REASON)
    do_confirm_glass(roles.operator, glass.pk)
    record(close, close, case[0])
    assert not any(ways_to(close, *case).values())
    assert emergencies_for(close) == []


def test_of_somebody_else_it_holds_when_a_second_person_agrees(
    database: Database, roles: Cast, case: tuple[Order, Incident]
) -> None:
    before = len(witnesses(database))
    conflict = record(roles.supervisor, roles.police, case[0])
    assert ways_to(roles.police, *case)["order"]
    with pytest.raises(Refused) as refused:
        do_answer_conflict(roles.supervisor, conflict.pk, agreed=True)
    assert refused.value.code is Code.ANOTHER_PERSON_NEEDED
    do_answer_conflict(roles.prosecutor, conflict.pk, agreed=True)
    assert not any(ways_to(roles.police, *case).values())
    entries = witnesses(database)[before:]
    assert [(kind, by) for kind, _, by, _ in entries] == [
        ("conflict_recorded", f"user:{roles.supervisor.pk}"), ("conflict_confirmed", f"user:{roles.prosecutor.pk}"),
    ]  # fmt: skip
    assert {subject for _, subject, *_ in entries} == {f"user:{roles.police.pk}"}
    assert "брат" not in str(entries)


def test_a_second_person_who_disagrees_leaves_the_case_open(roles: Cast, case: tuple[Order, Incident]) -> None:
    conflict = record(roles.supervisor, roles.police, case[0])
    do_answer_conflict(roles.prosecutor, conflict.pk, agreed=False)
    assert ways_to(roles.police, *case)["order"]
    assert conflicts_for(roles.supervisor) == []


def test_lifting_needs_two_people_and_never_the_one_concerned(
    database: Database, roles: Cast, case: tuple[Order, Incident]
) -> None:
    second = other(Role.SUPERVISOR, "supervisor2")
    conflict = record(roles.police, roles.police, case[0])
    with pytest.raises(Refused) as refused:
        do_lift(roles.supervisor, conflict.pk)
    assert refused.value.code is Code.ANOTHER_PERSON_NEEDED
    do_ask_to_lift(roles.supervisor, conflict.pk, reason="ошибка: однофамилец")
    with pytest.raises(Refused):
        do_lift(roles.supervisor, conflict.pk)
    assert not any(ways_to(roles.police, *case).values())
    do_lift(second, conflict.pk)
    assert ways_to(roles.police, *case)["order"]
    assert [kind for kind, *_ in witnesses(database)][-2:] == ["conflict_lift_asked", "conflict_lifted"]


def test_one_person_alone_does_not_undo_what_somebody_declared_of_themselves(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    conflict = record(roles.police, roles.police, case[0])
    with pytest.raises(Refused) as refused:
        do_answer_conflict(roles.supervisor, conflict.pk, agreed=False)
    assert refused.value.code is Code.ANOTHER_PERSON_NEEDED
    assert not any(ways_to(roles.police, *case).values())


def test_who_is_close_does_not_decide_about_it_nor_read_that_it_was_recorded(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    second = other(Role.SUPERVISOR, "supervisor2")
    conflict = record(second, roles.supervisor, case[0])
    assert conflicts_for(roles.supervisor) == []
    with pytest.raises(Refused):
        do_answer_conflict(roles.supervisor, conflict.pk, agreed=False)
    do_answer_conflict(roles.prosecutor, conflict.pk, agreed=True)
    with pytest.raises(NotFound):
        do_ask_to_lift(roles.supervisor, conflict.pk, reason="это не так")
    with pytest.raises(NotFound):
        do_lift(roles.supervisor, conflict.pk)


def test_only_of_a_case_that_one_sees(roles: Cast, case: tuple[Order, Incident]) -> None:
    with pytest.raises(NotFound):
        record(roles.police_elsewhere, roles.police_elsewhere, case[0])
    with pytest.raises(Refused) as refused:
        record(roles.police, roles.operator, case[0])
    assert refused.value.code is Code.NOT_PERMITTED
    with pytest.raises(NotFound):
        record(other(Role.PROSECUTOR, "pr2", "bishkek_leninsky"), roles.police, case[0])
