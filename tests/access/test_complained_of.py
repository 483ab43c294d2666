"""Somebody complained of an officer in a report: from then on the whole case is not there for that officer."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from aralyk.access.conflicts import WAITING_ALARM, conflicts_for, do_answer_conflict, do_record_conflict
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import CaseSubject, Closeness, Role, User
from aralyk.devices.queries import alarms_seen_by
from aralyk.incidents.models import Incident
from aralyk.orders.models import Order
from aralyk.orders.queries import orders_for
from aralyk.people.models import ProtectedPerson, Stated
from aralyk.people.queries import find_protected_person, protected_person_for, respondent_for
from aralyk.reports.actions import do_complain_of_officer
from aralyk.reports.drafts import InvolvedDraft
from aralyk.reports.joined import find_respondents
from aralyk.reports.models import Part, Report
from aralyk.reports.queries import report_for, reports_for
from aralyk.reports.taking import do_involve, do_name_respondent
from tests.access.people import other, scene, ways_to
from tests.conftest import Database
from tests.console.test_pages import client_of
from tests.orders.cast import HERE, Cast, order, witnesses
from tests.reports.cast import HIM, taken

WHY = "Отказался принять заявление и назвал его адрес"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complained:
    """A case with a signal, a new report about its people, and who is concerned."""

    case: Order
    incident: Incident
    her: ProtectedPerson
    report: Report
    officer: User
    duty_unit: User
    database: Database

    def complain(self) -> None:
        """The applicant tells 102 about the inspector."""
        do_complain_of_officer(self.duty_unit, self.report.pk, officer=self.officer.pk, reason=WHY)


@pytest.fixture
def scene_of(database: Database, roles: Cast) -> Complained:
    case, incident = scene(database, roles)
    her = case.protected_persons.get()
    duty_unit = other(Role.DUTY_UNIT, "duty_102", HERE, agency="police_duty_102")
    about = InvolvedDraft(person=her.pk, part=Part.VICTIM, minor=Stated.NO, relation="spouse")
    report = taken(duty_unit, respondent=case.respondent_id, involved=(about,))
    return Complained(
        case=case, incident=incident, her=her, report=report, officer=roles.police, duty_unit=duty_unit,
        database=database,
    )  # fmt: skip


def test_nothing_of_the_case_is_there_for_the_officer_any_more(scene_of: Complained) -> None:
    before = ways_to(scene_of.officer, scene_of.case, scene_of.incident)
    assert all(before[way] for way in ("order", "incident", "respondent", "device"))
    scene_of.complain()
    assert not any(ways_to(scene_of.officer, scene_of.case, scene_of.incident).values())
    for ask in (
        lambda: respondent_for(scene_of.officer, scene_of.case.respondent_id),
        lambda: protected_person_for(scene_of.officer, scene_of.her.pk),
        lambda: report_for(scene_of.officer, scene_of.report.pk),
    ):
        with pytest.raises(NotFound):
            ask()
    assert find_protected_person(scene_of.officer, scene_of.her.code) is None
    name = scene_of.case.respondent.name
    assert scene_of.case.respondent_id not in {
        one.respondent.pk for one in find_respondents(scene_of.officer, name=name, born_on=HIM.born_on)
    }


def test_each_of_its_pages_answers_as_one_that_never_was(scene_of: Complained) -> None:
    case, her = scene_of.case, scene_of.her
    client = client_of(scene_of.officer, "ru")
    doors = [
        f"/orders/{case.pk}/", f"/incidents/{scene_of.incident.pk}/", f"/people/respondents/{case.respondent_id}/",
        f"/people/protected/{her.pk}/", f"/risk/{case.respondent_id}/", f"/risk/{case.respondent_id}/{her.pk}/assess",
        f"/reports/{scene_of.report.pk}/", "/devices/860000000000017/", f"/orders/{case.pk}/papers/",
        f"/orders/new?report={scene_of.report.pk}", f"/api/v1/orders/{case.pk}", f"/api/v1/orders/{case.pk}/history",
        f"/api/v1/reports/{scene_of.report.pk}", f"/api/v1/incidents/{scene_of.incident.pk}",
    ]  # fmt: skip
    open_before = [door for door in doors if client.get(door).status_code == 200]
    assert len(open_before) >= 8, open_before
    scene_of.complain()
    assert {door: client.get(door).status_code for door in open_before} == dict.fromkeys(open_before, 404)
    for lists in ("/", "/orders/", "/people/", "/reports/", "/duties/", "/devices/", "/risk/"):
        page = client.get(lists).content.decode()
        for told in (case.number, her.code, scene_of.report.number, str(case.pk), str(case.respondent_id)):
            assert told not in page, lists


def test_the_next_order_and_the_next_report_about_the_same_people_are_closed_too_and_no_others(
    scene_of: Complained,
) -> None:
    scene_of.complain()
    colleague = other(Role.POLICE, "p3", HERE, agency="police_oktyabrsky")
    order(colleague, respondent=scene_of.case.respondent_id, protected_persons=(scene_of.her.pk,))
    about = InvolvedDraft(person=scene_of.her.pk, part=Part.VICTIM, minor=Stated.NO)
    taken(scene_of.duty_unit, new_respondent=None, unknown_respondent="высокий, в куртке", involved=(about,))
    stranger, strange = order(colleague), taken(scene_of.duty_unit)
    assert [one.pk for one in orders_for(scene_of.officer)] == [stranger.pk]
    assert [one.pk for one in reports_for(scene_of.officer)] == [strange.pk]
    assert len(orders_for(colleague)) == 3  # routed to whoever else answers for the district
    with pytest.raises(NotFound):  # an id that he kept in mind is an id of nobody
        do_name_respondent(
            scene_of.officer, taken(scene_of.officer, new_respondent=None, unknown_respondent="сосед").pk,
            respondent=scene_of.case.respondent_id,
        )  # fmt: skip


def test_whoever_is_named_in_the_report_later_is_closed_from_then_on(scene_of: Complained, roles: Cast) -> None:
    unknown = taken(scene_of.duty_unit, new_respondent=None, unknown_respondent="высокий, в куртке")
    do_complain_of_officer(scene_of.duty_unit, unknown.pk, officer=scene_of.officer.pk, reason=WHY)
    assert ways_to(scene_of.officer, scene_of.case, scene_of.incident)["order"]
    do_involve(scene_of.duty_unit, unknown.pk, InvolvedDraft(person=scene_of.her.pk, part=Part.VICTIM, minor=Stated.NO))
    assert not any(ways_to(scene_of.officer, scene_of.case, scene_of.incident).values())


def test_the_prosecutor_is_told_at_once_and_decides(scene_of: Complained, roles: Cast) -> None:
    scene_of.complain()
    kinds = [kind for kind, *_ in witnesses(scene_of.database)]
    assert kinds[-3:] == ["officer_complaint", "conflict_recorded", "alarm_raised"]
    assert alarms_seen_by(roles.prosecutor, [WAITING_ALARM]) == {WAITING_ALARM}
    assert alarms_seen_by(scene_of.officer, [WAITING_ALARM]) == set()
    (one,) = conflicts_for(roles.prosecutor)
    assert one.conflict.closeness == Closeness.NAMED_IN_COMPLAINT
    assert [case.order for case in one.cases] == [scene_of.case.pk]
    assert one.report is not None
    assert one.report.number == scene_of.report.number
    assert conflicts_for(scene_of.officer) == []
    page = client_of(roles.prosecutor, "ru").get("/access/conflicts/").content.decode()
    assert scene_of.report.number in page
    do_answer_conflict(roles.prosecutor, one.conflict.pk, agreed=True)
    assert [kind for kind, *_ in witnesses(scene_of.database)][-2:] == ["conflict_confirmed", "alarm_cleared"]
    assert not any(ways_to(scene_of.officer, scene_of.case, scene_of.incident).values())


def test_a_complaint_that_is_no_conflict_gives_the_case_back_but_never_the_report(
    scene_of: Complained, roles: Cast
) -> None:
    scene_of.complain()
    (one,) = conflicts_for(roles.prosecutor)
    do_answer_conflict(roles.prosecutor, one.conflict.pk, agreed=False)
    assert ways_to(scene_of.officer, scene_of.case, scene_of.incident)["order"]
    assert scene_of.report not in reports_for(scene_of.officer)


def test_when_no_inspector_of_the_district_is_left_it_says_that_another_unit_must_be_given_the_case(
    scene_of: Complained, roles: Cast
) -> None:
    scene_of.complain()
    assert [one.left for one in conflicts_for(roles.prosecutor)] == [0]
    other(Role.POLICE, "p3", HERE, agency="police_oktyabrsky")
    assert [one.left for one in conflicts_for(roles.prosecutor)] == [1]


def test_a_conflict_about_a_report_comes_from_a_complaint_alone(scene_of: Complained, roles: Cast) -> None:
    with pytest.raises(Refused) as refused:
        do_record_conflict(
            roles.prosecutor, username=scene_of.officer.username, subject_kind=CaseSubject.REPORT,
            subject_id=scene_of.report.pk, closeness=Closeness.NAMED_IN_COMPLAINT, note=WHY,
        )  # fmt: skip
    assert refused.value.fields[0].field == "subject_kind"
