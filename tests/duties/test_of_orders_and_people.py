"""The extension question, a child with him and the notices are duties like all others: listed, alarmed, overseen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aralyk import clock
from aralyk.access.models import User
from aralyk.duties.alarms import do_raise_alarms
from aralyk.duties.queries import count_for, owed_for
from aralyk.duties.rows import Key, Owed, Wanted
from aralyk.orders.extensions import do_answer_question, do_extend_order, do_note_attempt
from aralyk.orders.models import Answer, ExtensionQuestion, Order
from aralyk.orders.private import Privacy
from aralyk.people.custody import do_child_is_back, do_give_notice, do_record_child_with_him
from aralyk.people.models import ChildNotice, ChildWithRespondent, Stated
from aralyk.people.protected import do_add_child
from aralyk.people.words import LivesWith, NoticeKind, RoleOfChild
from aralyk.reports.actions import do_finish_task
from aralyk.reports.clocks import Owed as Clock
from aralyk.reports.clocks import Result
from aralyk.reports.models import Task
from aralyk.reports.taking import do_take_report
from tests.conftest import Database
from tests.console.test_pages import client_of
from tests.orders.cast import HERE, order, witnesses
from tests.orders.stage import roles, with_accounts
from tests.reports.cast import STATED, YES, draft
from tests.risk.conftest import Pair, pair

__all__ = ["pair", "roles", "with_accounts"]
ALONE = Privacy(alone=True, code_word_used=True, not_on_her_phone=True, adviser_offered=True)
GRACE = timedelta(hours=4)
CHILDREN = {"child_with_respondent", "child_notice"}


@pytest.fixture
def case(pair: Pair) -> Order:
    """A police order, born with the question about its extension; nothing else is owed in it."""
    now = clock.now()
    return order(
        pair.inspector, respondent=pair.respondent.pk, protected_persons=(pair.protected.pk,),
        legal_basis="police_temporary_order", starts_at=now, expires_at=now + timedelta(days=3),
    )  # fmt: skip


@pytest.fixture
def stay(pair: Pair, case: Order) -> ChildWithRespondent:
    """Her child is with him since now; the inspector answers for it."""
    child = do_add_child(
        pair.inspector, person=pair.protected.pk, name="Синтетический Ребёнок", lives_with=LivesWith.HER,
        role=RoleOfChild.WITNESS, child_of_respondent=Stated.YES, birth_year=2018, school="школа № 0",
    )  # fmt: skip
    return do_record_child_with_him(pair.inspector, child=child.pk, respondent=pair.respondent.pk, since=clock.now())


def owed(user: User, *sources: str, mine: bool = False) -> list[Owed]:
    found = owed_for(user, Wanted(now=clock.now(), mine=mine)).duties
    return [one for one in found if one.source in sources]


def late(rows: object, *, by: timedelta = GRACE + timedelta(minutes=1)) -> None:
    rows.update(due_at=clock.now() - by)  # type: ignore[attr-defined]


def rows_of_alarm(database: Database) -> list[str]:
    do_raise_alarms(now=clock.now(), grace=GRACE)
    kind, subject, _, data = witnesses(database)[-1]
    assert (kind, subject) == ("alarm_raised", f"component:duties.{HERE}")
    found: list[str] = data["rows"]
    return found


def test_the_question_that_nobody_asked_her_is_a_duty_with_the_threat_of_its_order_until_something_came_of_it(
    pair: Pair, case: Order
) -> None:
    (one,) = owed(pair.inspector, "extension_question")
    question = ExtensionQuestion.objects.get()
    assert (one.id, one.number, one.threat, one.due_at) == (question.pk, case.number, case.threat, question.due_at)
    assert owed(pair.inspector, "extension_question", mine=True) == [one]
    assert owed(pair.second, "extension_question", mine=True) == []
    assert owed(pair.cast.police_elsewhere, "extension_question") == []
    assert owed(pair.cast.prosecutor, "extension_question") == []  # who oversees hears of what is overdue
    late(ExtensionQuestion.objects)
    do_note_attempt(pair.inspector, question.pk, note="не отвечает")
    for overseer in (pair.cast.prosecutor, pair.cast.supervisor):
        assert [(found.id, found.may_finish) for found in owed(overseer, "extension_question")] == [(one.id, False)]
    assert owed(pair.cast.operator, "extension_question") == []
    do_answer_question(pair.inspector, question.pk, answer=Answer.WISHES, privacy=ALONE)
    assert [found.id for found in owed(pair.inspector, "extension_question")] == [one.id]  # nothing came of it yet
    do_extend_order(pair.inspector, case.pk, extend_to=case.expires_at + timedelta(days=10), reason="по её просьбе")
    # The longer term has a question of its own.
    assert one.id not in {found.id for found in owed(pair.inspector, "extension_question")}
    assert owed(pair.cast.prosecutor, "extension_question") == []


def test_a_child_with_him_is_its_owners_duty_and_each_notice_one_more(pair: Pair, stay: ChildWithRespondent) -> None:
    found = owed(pair.inspector, *CHILDREN)
    assert {(one.source, one.id, one.due_at) for one in found} == {
        ("child_with_respondent", stay.pk, stay.due_at),
        *(("child_notice", notice.pk, notice.due_at) for notice in stay.notices.all()),
    }
    assert {one.owner for one in found} == {pair.inspector.display_name or pair.inspector.username}
    assert len(owed(pair.second, *CHILDREN)) == 3
    assert owed(pair.second, *CHILDREN, mine=True) == []
    assert len(owed(pair.inspector, *CHILDREN, mine=True)) == 3
    assert owed(pair.cast.police_elsewhere, *CHILDREN) == owed(pair.cast.prosecutor, *CHILDREN) == []
    do_give_notice(pair.inspector, stay.pk, kind=NoticeKind.SCHOOL)
    assert {one.kind for one in owed(pair.inspector, "child_notice")} == {"border"}
    do_child_is_back(pair.inspector, stay.pk)
    assert owed(pair.inspector, *CHILDREN) == []


def test_what_is_overdue_raises_the_districts_alarm_and_is_the_prosecutors_to_see(
    database: Database, pair: Pair, stay: ChildWithRespondent
) -> None:
    late(ChildWithRespondent.objects)
    assert rows_of_alarm(database) == [f"child_with_respondent:{stay.pk}"]
    late(ChildNotice.objects.filter(kind="border"))
    late(ExtensionQuestion.objects)
    notice, question = ChildNotice.objects.get(kind="border"), ExtensionQuestion.objects.get()
    assert rows_of_alarm(database) == [
        f"extension_question:{question.pk}", f"child_with_respondent:{stay.pk}", f"child_notice:{notice.pk}",
    ]  # fmt: skip
    for overseer in (pair.cast.prosecutor, pair.cast.supervisor):
        seen = {one.source for one in owed(overseer, "extension_question", *CHILDREN)}
        assert seen == {"extension_question", *CHILDREN}
        assert count_for(overseer, Wanted(now=clock.now(), overdue=True)) == 3
    do_child_is_back(pair.inspector, stay.pk)
    assert rows_of_alarm(database) == [f"extension_question:{question.pk}"]


def test_the_result_of_an_examination_is_a_duty_by_the_day_that_was_set_and_is_alarmed_when_it_does_not_come(
    database: Database, pair: Pair
) -> None:
    report = do_take_report(pair.inspector, draft(statements={**STATED, "injury": YES}))
    referral = report.tasks.filter(kind=Clock.REFER).first()
    assert referral is not None
    due = clock.now() + timedelta(days=3)
    do_finish_task(pair.inspector, report.pk, referral.pk, result=Result.REFERRED, result_due_at=due)
    (one,) = [one for one in owed(pair.inspector, "report_task") if one.kind == Clock.REFERRAL_RESULT]
    assert one.due_at == due
    page = client_of(pair.inspector, "ru").get("/duties/").content.decode()
    assert "Итог: " in page
    Task.objects.update(due_at=clock.now() + timedelta(days=1))
    late(Task.objects.filter(pk=str(one.id)))
    assert rows_of_alarm(database) == [f"report_task:{one.id}"]


def test_pages_go_on_over_rows_with_numbers_and_rows_with_uuids_at_one_moment(
    pair: Pair, stay: ChildWithRespondent
) -> None:
    at = clock.now() + timedelta(minutes=5)
    for rows in (ExtensionQuestion.objects, ChildWithRespondent.objects, ChildNotice.objects):
        rows.update(due_at=at)
    whole = owed_for(pair.inspector, Wanted(now=clock.now())).duties
    found: list[Owed] = []
    after: Key | None = None
    while len(found) < 10:
        page = owed_for(pair.inspector, Wanted(now=clock.now(), after=after, limit=1))
        found += page.duties
        if page.after is None:
            break
        after = Key.parse(str(page.after))
        assert after == page.after
    assert tuple(found) == whole
    assert len(whole) == 4
    assert Key.parse(f"1.child_with_respondent.{2**128}") is None
    beyond = Key(due_at=at, source="extension_question", id=2**128 - 1)
    assert owed_for(pair.inspector, Wanted(now=clock.now(), after=beyond)).duties == ()


def test_each_duty_leads_to_a_page_that_its_reader_may_open(pair: Pair, stay: ChildWithRespondent) -> None:
    for rows in (ExtensionQuestion.objects, ChildWithRespondent.objects, ChildNotice.objects):
        late(rows)
    for user in (pair.inspector, pair.cast.prosecutor, pair.cast.supervisor):
        client = client_of(user, "ru")
        page = client.get("/duties/").content.decode()
        addresses = [part.split('"')[0] for part in page.split('class="duty-what"><a href="')[1:]]
        assert len(addresses) == 4
        for address in addresses:
            assert client.get(address.split("#")[0]).status_code == 200, (user.username, address)
