"""A report is taken from anybody, once; its words are sealed, its clocks start, and the risk is to be assessed."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from aralyk import clock
from aralyk.access.conflicts import do_record_conflict
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import CaseSubject, Closeness, Role, User
from aralyk.people.models import Respondent, SealedField, Stated
from aralyk.people.queries import protected_person_for
from aralyk.people.vault import SealedName
from aralyk.reports import clocks
from aralyk.reports.clocks import Owed
from aralyk.reports.drafts import InvolvedDraft, Said
from aralyk.reports.models import Answer, Applicant, Channel, OfficerComplaint, Report, SealedText, WhyNotTold
from aralyk.reports.queries import report_for, tasks_for, words_for
from aralyk.reports.taking import (
    do_add_words,
    do_establish,
    do_involve,
    do_name_respondent,
    do_state,
    do_take_report,
)
from aralyk.risk.models import Reassessment
from aralyk.risk.queries import reassessments_for
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, HER_NAME, HER_PHONE, account, order, witnesses
from tests.reports.cast import ACCOUNT, CHILD, CONTACT, HIM, SHE, STATED, WHY, YES, draft, taken
from tests.reports.conftest import Desk


def test_a_taken_report_has_a_number_its_clocks_and_one_witness(database: Database, desk: Desk) -> None:
    report = taken(desk.inspector)
    assert report.number.endswith("000001")
    (entry,) = [entry for entry in witnesses(database) if entry[0] == "report_taken"]
    assert entry[1:3] == (f"report:{report.pk}", f"user:{desk.inspector.pk}")
    assert entry[3]["channel"] == "police_desk"
    owed = {task.rule: task.due_at - report.reported_at for task in report.tasks.all() if task.kind != Owed.ACT}
    assert owed == {
        "issue_from_report": timedelta(hours=24),
        "assess_risk": timedelta(hours=24),
        "query_weapon_register": timedelta(hours=24),
    }
    (standing_still,) = report.tasks.filter(kind=Owed.ACT)
    assert standing_still.due_at == report.taken_at + timedelta(hours=24)


def test_no_word_of_a_report_stands_outside_the_vault(database: Database, desk: Desk) -> None:
    report = taken(desk.inspector)
    do_add_words(desk.inspector, report.pk, text="Её зовут Синтетическая Айгуль, она у сестры")
    with database.connect() as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            rows = connection.execute(f'SELECT to_jsonb(t)::text FROM "{table}" AS t').fetchall()
            stored = "\n".join(row[0] for row in rows)
            for word in (ACCOUNT, "кухне", CONTACT, "у сестры", HER_NAME, HER_PHONE, "+996555000002"):
                assert word not in stored, table
        entries = connection.execute("SELECT body FROM evidence_entry").fetchall()
    bodies = b"".join(bytes(body) for (body,) in entries).decode()
    for word in ("кухне", "Соседка", "сестры", "Айгуль", "Бакыт", "+996"):
        assert word not in bodies


def test_who_may_read_a_report_reads_its_words_and_every_look_is_witnessed(database: Database, desk: Desk) -> None:
    report = taken(desk.duty_unit)
    do_add_words(desk.duty_unit, report.pk, text="Перезвонила: он вернулся")
    read = words_for(desk.inspector, report.pk)
    assert [(words.said.value, words.text) for words in read] == [
        ("report_account", ACCOUNT), ("report_applicant", CONTACT), ("report_added", "Перезвонила: он вернулся"),
    ]  # fmt: skip
    assert witnesses(database)[-1][:3] == ("report_read", f"report:{report.pk}", f"user:{desk.inspector.pk}")


def what_comes_of(stranger: User, report_id: UUID) -> str:
    with pytest.raises((NotFound, Refused)) as refused:
        do_add_words(stranger, report_id, text="что-то ещё")
    return str(refused.value)


def test_nobody_without_a_right_to_the_case_learns_that_there_is_a_report(desk: Desk) -> None:
    report = taken(desk.inspector)
    cast = desk.cast
    for stranger in (cast.police_elsewhere, cast.operator, cast.supervisor, cast.probation, cast.administrator,
                     desk.crisis_centre):  # fmt: skip
        for fetch in (report_for, words_for):
            with pytest.raises(NotFound):
                fetch(stranger, report.pk)
        answers = [what_comes_of(stranger, each) for each in (report.pk, uuid4())]
        assert answers[0] == answers[1], "told apart from a report that there is not"
    assert report_for(cast.prosecutor, report.pk) == report


def test_a_prosecutor_for_whom_no_district_is_named_reads_the_reports_of_the_whole_country(desk: Desk) -> None:
    report = taken(desk.inspector)
    of_the_country = account("general_prosecutor", Role.PROSECUTOR, agency="prosecutor_general")
    assert report_for(of_the_country, report.pk) == report
    assert {task.report_id for task in tasks_for(of_the_country)} == {report.pk}
    OfficerComplaint.objects.create(
        report=report, officer=of_the_country, reason=WHY, recorded_by=desk.inspector, recorded_at=clock.now()
    )
    with pytest.raises(NotFound):
        report_for(of_the_country, report.pk)


def test_a_crisis_centre_sees_the_report_that_it_took_and_no_other(desk: Desk) -> None:
    own = taken(desk.crisis_centre, channel=Channel.CRISIS_CENTRE, applicant=Applicant.CRISIS_CENTRE)
    others = taken(desk.inspector)
    assert report_for(desk.crisis_centre, own.pk) == own
    with pytest.raises(NotFound):
        report_for(desk.crisis_centre, others.pk)


def test_the_same_report_sent_twice_is_taken_once(desk: Desk) -> None:
    report_id = uuid4()
    plan = draft()
    first = do_take_report(desk.inspector, plan, report_id=report_id)
    again = do_take_report(desk.inspector, plan, report_id=report_id)
    assert (first.pk, first.number) == (again.pk, again.number)
    assert (Report.objects.count(), Respondent.objects.count()) == (1, 1)
    with pytest.raises(NotFound):
        do_take_report(desk.duty_unit, plan, report_id=report_id)


def test_an_anonymous_report_is_taken_and_keeps_no_contact(desk: Desk) -> None:
    report = taken(desk.duty_unit, channel=Channel.PHONE, applicant=Applicant.ANONYMOUS, applicant_contact="")
    assert {words.said.value for words in words_for(desk.duty_unit, report.pk)} == {"report_account"}
    with pytest.raises(Refused) as refused:
        taken(desk.duty_unit, applicant=Applicant.ANONYMOUS)
    assert refused.value.fields[0].field == "applicant_contact"
    assert CONTACT not in str(refused.value.fields)


def test_a_report_about_an_unknown_person_joins_him_once_he_is_named(desk: Desk) -> None:
    earlier = taken(desk.inspector)
    report = taken(desk.inspector, new_respondent=None, unknown_respondent="Мужчина лет сорока, сосед сверху")
    assert report.respondent_id is None
    assert not Reassessment.objects.filter(event__source=f"report:{report.pk}").exists()
    do_name_respondent(desk.inspector, report.pk, respondent=earlier.respondent_id)
    assert Reassessment.objects.filter(event__source=f"report:{report.pk}").count() == 1
    with pytest.raises(Refused) as refused:
        do_name_respondent(desk.inspector, report.pk, new=HIM)
    assert refused.value.code is Code.RESPONDENT_KNOWN


def test_a_new_report_asks_for_an_assessment_towards_everyone_whom_it_reached(desk: Desk) -> None:
    report = taken(desk.inspector, involved=(SHE, CHILD))
    due = {row.protected_person_id: row.due_at - row.required_at for row in reassessments_for(desk.inspector)}
    assert due == dict.fromkeys([one.person_id for one in report.involved.all()], timedelta(hours=24))


def test_a_child_who_saw_violence_is_a_victim_and_child_services_must_be_told(desk: Desk) -> None:
    report = taken(desk.inspector, involved=(SHE, CHILD))
    assert [one.is_victim for one in report.involved.order_by("pk")] == [True, True]
    task = report.tasks.get(rule="notify_child_services_of_report")
    assert task.due_at == report.reported_at + timedelta(hours=24)
    without = taken(desk.inspector)
    assert not without.tasks.filter(kind=Owed.NOTIFY).exists()
    do_involve(desk.inspector, without.pk, CHILD)
    assert without.tasks.filter(rule="notify_child_services_of_report").exists()


def test_an_injury_that_is_told_later_makes_the_examination_due_from_the_report(desk: Desk) -> None:
    report = taken(desk.inspector)
    do_state(desk.inspector, report.pk, statements=[("injury", YES)])
    task = report.tasks.get(kind=Owed.REFER)
    assert (task.rule, task.began_at) == ("refer_to_forensic_examination", report.reported_at)


def test_both_clocks_run_and_the_gap_between_them_is_shown(desk: Desk) -> None:
    report = taken(desk.inspector, reported_at=clock.now() - timedelta(hours=30))
    (observed,) = clocks.issue_clocks(report)
    assert observed.late_by(at=report.reported_at + timedelta(hours=30)) == timedelta(hours=6)
    assert clocks.gap_of(report, at=report.reported_at + timedelta(hours=30)) == timedelta(hours=30)
    established_at = report.reported_at + timedelta(hours=29)
    report = do_establish(desk.inspector, report.pk, established_at=established_at)
    by_law = clocks.issue_clocks(report)[1]
    assert (by_law.slug, by_law.due_at) == ("issue_from_established_fact", established_at + timedelta(hours=24))
    assert clocks.gap_of(report, at=clock.now()) == timedelta(hours=29)
    with pytest.raises(Refused):
        do_establish(desk.inspector, report.pk, established_at=clock.now())


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"account": "  "}, "account"),
        ({"account": "он\0"}, "account"),
        ({"district": "moscow"}, "district"),
        ({"language": "xx"}, "language"),
        ({"violence": ("noise",)}, "violence"),
        ({"violence": ("physical", "physical")}, "violence"),
        ({"statements": {"colour": YES}}, "statements"),
        ({"statements": {"weapons": Said(answer=Answer.NOT_TOLD)}}, "statements.weapons.why"),
        ({"statements": {"weapons": Said(answer=Answer.NO, why=WhyNotTold.AFRAID)}}, "statements.weapons.why"),
        ({"statements": {"weapons": Said(answer=Answer.YES, on=STATED["separation"].on)}}, "statements.weapons.on"),
        ({"reported_at": clock.now() + timedelta(hours=1)}, "reported_at"),
        ({"happened_at": clock.now()}, "happened_at"),
        ({"established_at": clock.now() - timedelta(days=3)}, "established_at"),
    ],
)
def test_what_can_not_be_is_refused_with_its_field_and_nothing_is_stored(
    desk: Desk, changed: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        taken(desk.inspector, **changed)
    assert [problem.field for problem in refused.value.fields] == [field]
    assert Report.objects.count() == 0
    assert SealedText.objects.using("owner").count() == 0


def test_who_may_not_take_reports_is_refused(desk: Desk) -> None:
    for user in (desk.cast.operator, desk.cast.prosecutor, desk.cast.probation, desk.cast.administrator):
        with pytest.raises(Refused) as refused:
            taken(user)
        assert refused.value.code is Code.NOT_PERMITTED


def test_a_report_is_taken_where_somebody_comes_about_whoever_lives_elsewhere(desk: Desk) -> None:
    there = HIM.__class__(name="Синтетический Нурлан", residence_district=ELSEWHERE)
    report = taken(desk.inspector, new_respondent=there)
    assert report.respondent is not None
    assert report.respondent.residence_district == ELSEWHERE
    assert report_for(desk.inspector, report.pk) == report


def test_a_protected_person_whose_name_nobody_knows_is_registered_all_the_same(desk: Desk) -> None:
    report = taken(desk.inspector, involved=(CHILD,))
    person = report.involved.get().person_id
    assert SealedField.objects.using("vault").filter(protected_person=person, field=SealedName.NAME).exists()
    assert report.involved.get().minor == Stated.YES


def test_nobody_opens_a_protected_persons_page_to_themselves_by_a_report_about_her(desk: Desk) -> None:
    her = order(desk.inspector).protected_persons.get()
    stranger = desk.cast.police_elsewhere
    for act in (
        lambda: taken(stranger, district=ELSEWHERE, involved=(InvolvedDraft(person=her.pk),)),
        lambda: do_involve(stranger, taken(stranger, district=ELSEWHERE).pk, InvolvedDraft(person=her.pk)),
        lambda: taken(desk.crisis_centre, involved=(InvolvedDraft(person=her.pk),)),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(NotFound):
        protected_person_for(stranger, her.pk)
    assert taken(desk.duty_unit, involved=(InvolvedDraft(person=her.pk),)).involved.get().person_id == her.pk


def test_who_is_close_to_her_reads_no_report_about_her_also_when_nobody_knows_who_he_is(desk: Desk) -> None:
    case = order(desk.inspector)
    her = case.protected_persons.get().pk
    report = taken(
        desk.duty_unit, new_respondent=None, unknown_respondent="сосед сверху", involved=(InvolvedDraft(person=her),)
    )
    assert words_for(desk.inspector, report.pk)
    do_record_conflict(
        desk.inspector, username=desk.inspector.username, subject_kind=CaseSubject.PROTECTED_PERSON, subject_id=her,
        closeness=Closeness.RELATIVE, note="двоюродный брат",
    )  # fmt: skip
    with pytest.raises(NotFound):
        words_for(desk.inspector, report.pk)
    assert words_for(desk.duty_unit, report.pk)
