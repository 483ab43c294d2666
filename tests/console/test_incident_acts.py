"""The page of a signal: what may be done now and no more, who must answer until when, and who was faster."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from aralyk import clock
from aralyk.access.models import User
from aralyk.access.permissions import allows
from aralyk.incidents.actions import do_acknowledge, do_conclude
from aralyk.incidents.handing import do_accept, do_hand_over
from aralyk.incidents.life import DEEDS, Act, possible
from aralyk.incidents.models import Escalation, Incident, IncidentEvent, Judgement, Outcome, Status
from aralyk.orders.models import Order
from aralyk.roster.models import Shift
from tests.conftest import Database
from tests.console.test_pages import client_of, scene
from tests.incidents.stage import DUTY_UNIT, a_second_passes, full_roster, officer
from tests.orders.cast import Cast, raised

__all__ = ["scene"]


def page_of(user: User, incident: Incident, language: str = "en") -> str:
    return client_of(user, language).get(f"/incidents/{incident.pk}/").content.decode()


def offered(page: str, incident: Incident) -> set[str]:
    """The acts that the page lets this person send."""
    found = set(re.findall(rf'action="/incidents/{incident.pk}/(\w+)"', page))
    return found - {"bundle"}


def post(user: User, incident: Incident, act: str, **given: str) -> int:
    fields = {f"{act}-{name}": value for name, value in given.items()}
    return client_of(user, "en").post(f"/incidents/{incident.pk}/{act}", fields).status_code


def test_the_page_offers_exactly_what_the_table_and_the_role_allow(scene: tuple[Order, Incident], roles: Cast) -> None:
    _, incident = scene
    for status in Status:
        Incident.objects.filter(pk=incident.pk).update(status=status)
        incident.refresh_from_db()
        for user in (roles.operator, roles.supervisor, roles.police, roles.prosecutor, roles.probation):
            wanted = {
                act.value
                for act in possible(status)
                if act is not Act.SHOW and allows(user, DEEDS[act].may) and not DEEDS[act].officers_own
            }
            assert offered(page_of(user, incident), incident) == wanted, (status, user.username)


def test_only_the_officer_who_accepted_is_offered_the_way_and_the_arrival(
    scene: tuple[Order, Incident], roles: Cast
) -> None:
    _, incident = scene
    duty = officer()
    full_roster(roles, duty=duty)
    do_acknowledge(roles.operator, incident.pk)
    do_hand_over(roles.operator, incident.pk, desk=DUTY_UNIT)
    do_accept(duty, incident.pk, no_relation=True)
    assert "set_out" in offered(page_of(duty, incident), incident)
    assert "set_out" not in offered(page_of(roles.police, incident), incident)
    assert "arrive" not in offered(page_of(roles.operator, incident), incident)


def test_a_signal_goes_from_the_desk_to_the_officer_and_to_its_end_through_the_page(
    scene: tuple[Order, Incident], roles: Cast
) -> None:
    _, incident = scene
    duty = officer()
    full_roster(roles, duty=duty)
    assert post(roles.operator, incident, "acknowledge") == 302
    assert post(roles.operator, incident, "triage", judgement="police_at_once", note="") == 302
    assert post(roles.operator, incident, "hand_over", desk=DUTY_UNIT, note="у дома, оружие") == 302
    assert post(duty, incident, "accept", no_relation="on") == 302
    assert post(duty, incident, "set_out") == 302
    assert post(duty, incident, "arrive") == 302
    assert post(duty, incident, "conclude", outcome="possible_violation", reason="был у подъезда") == 302
    assert post(roles.operator, incident, "close", outcome="possible_violation", reason="передано в ОВД") in {302, 422}
    kinds = list(IncidentEvent.objects.filter(incident=incident).order_by("pk").values_list("kind", flat=True))
    assert [kind for kind in kinds if kind not in {"raised", "shown"}][:7] == [
        "acknowledged", "triaged", "handed_over", "accepted", "on_the_way", "arrived", "concluded",
    ]  # fmt: skip
    incident.refresh_from_db()
    assert (incident.judgement, incident.accepted_by) == (Judgement.POLICE_AT_ONCE, duty)


def test_who_was_slower_reads_who_was_faster_on_the_page_as_it_stands_now(
    scene: tuple[Order, Incident], roles: Cast
) -> None:
    _, incident = scene
    do_acknowledge(roles.supervisor, incident.pk)
    answer = client_of(roles.operator, "en").post(f"/incidents/{incident.pk}/acknowledge")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Т. supervisor has already acknowledged this signal." in page
    assert "take_over" in offered(page, incident)
    incident.refresh_from_db()
    assert incident.acknowledged_by == roles.supervisor


def test_an_officer_who_does_not_declare_that_he_is_no_relation_does_not_accept(
    scene: tuple[Order, Incident], roles: Cast
) -> None:
    _, incident = scene
    duty = officer()
    full_roster(roles, duty=duty)
    do_acknowledge(roles.operator, incident.pk)
    do_hand_over(roles.operator, incident.pk, desk=DUTY_UNIT)
    answer = client_of(duty, "en").post(f"/incidents/{incident.pk}/accept", {})
    assert answer.status_code == 422
    assert "Only an officer who is no relation of either party may accept" in answer.content.decode()
    incident.refresh_from_db()
    assert incident.status == Status.HANDED_OVER


def test_a_hand_over_by_telephone_says_to_whom(scene: tuple[Order, Incident], roles: Cast) -> None:
    _, incident = scene
    do_acknowledge(roles.operator, incident.pk)
    assert post(roles.operator, incident, "hand_over", desk="phone", note=" ") == 422
    assert post(roles.operator, incident, "hand_over", desk="phone", note="участковый, старший лейтенант") == 302
    incident.refresh_from_db()
    assert (incident.status, incident.handed_to) == (Status.HANDED_OVER, None)


def test_the_desks_say_who_is_there_and_which_has_not_answered(scene: tuple[Order, Incident], roles: Cast) -> None:
    _, incident = scene
    full_roster(roles, duty=officer())
    do_acknowledge(roles.operator, incident.pk)
    assert "on duty: Т. duty_officer" in page_of(roles.operator, incident)
    Shift.objects.filter(desk__code=DUTY_UNIT).update(call_answered_at=None, call_answered_by=None)
    assert "has not answered the test call: Т. duty_officer" in page_of(roles.operator, incident)
    Shift.objects.filter(desk__code=DUTY_UNIT).update(cancelled_at=clock.now())
    assert "nobody on duty: also telephone" in page_of(roles.operator, incident)


def stage(page: str, name: str) -> str:
    found = re.search(rf'<li data-state="\w+" data-stage="{name}".*?</li>', page, re.DOTALL)
    assert found is not None
    return found[0]


def test_the_bar_says_until_when_somebody_must_answer_and_in_words_that_it_is_overdue(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    case, _ = scene
    fresh = raised(database, case, minutes_ago=0.1)
    waiting = stage(page_of(roles.operator, fresh), "acknowledged")
    assert 'data-state="waits"' in waiting
    assert "somebody must take it on" in waiting
    assert "data-overdue" not in waiting
    late = raised(database, case, minutes_ago=5.0)
    overdue = stage(page_of(roles.operator, late), "acknowledged")
    assert "data-overdue" in overdue
    assert "overdue for" in overdue
    do_acknowledge(roles.operator, late.pk)
    taken = stage(page_of(roles.operator, late), "acknowledged")
    assert 'data-state="done"' in taken
    assert "Т. operator" in taken


def test_the_page_says_who_was_told_that_nobody_answered_and_only_they_may_answer(
    scene: tuple[Order, Incident], roles: Cast
) -> None:
    _, incident = scene
    duty = officer()
    full_roster(roles, duty=duty)
    Incident.objects.filter(pk=incident.pk).update(decided_at=clock.now() - timedelta(seconds=90))
    assert a_second_passes() > 0
    hers = Escalation.objects.filter(incident=incident, desk__code=DUTY_UNIT).order_by("round").last()
    assert hers is not None
    there = page_of(duty, incident)
    assert re.search(r"<strong>Duty unit 102,.*?not answered", there, re.DOTALL)
    assert f'action="/incidents/{incident.pk}/told/{hers.pk}"' in there
    elsewhere = page_of(roles.police, incident)
    assert "Duty unit 102" in elsewhere
    assert "/told/" not in elsewhere
    refused = client_of(roles.police, "en").post(f"/incidents/{incident.pk}/told/{hers.pk}")
    assert (refused.status_code, "You are not on duty at this desk now." in refused.content.decode()) == (409, True)
    assert client_of(duty, "en").post(f"/incidents/{incident.pk}/told/{hers.pk}").status_code == 302
    incident.refresh_from_db()
    assert (incident.status, incident.acknowledged_by) == (Status.ACKNOWLEDGED, duty)


def test_an_escalation_is_answered_at_its_own_signal_alone(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    case, incident = scene
    duty = officer()
    full_roster(roles, duty=duty)
    Incident.objects.filter(pk=incident.pk).update(decided_at=clock.now() - timedelta(seconds=90))
    a_second_passes()
    row = Escalation.objects.filter(incident=incident, desk__code=DUTY_UNIT).first()
    assert row is not None
    another = raised(database, case)
    assert client_of(duty).post(f"/incidents/{another.pk}/told/{row.pk}").status_code == 404


@pytest.mark.parametrize("name", ["show", "delete", "raised"])
def test_there_is_no_other_act(scene: tuple[Order, Incident], roles: Cast, name: str) -> None:
    _, incident = scene
    assert client_of(roles.operator).post(f"/incidents/{incident.pk}/{name}").status_code == 404


def test_closing_offers_the_outcome_with_which_it_was_concluded(scene: tuple[Order, Incident], roles: Cast) -> None:
    _, incident = scene
    do_acknowledge(roles.operator, incident.pk)
    do_conclude(roles.operator, incident.pk, outcome=Outcome.TECHNICAL, reason="разряжен датчик")
    closing = page_of(roles.operator, incident).split('id="act-close"')[1]
    assert re.search(r'value="technical"[^>]*checked', closing)


def rows(user: User, show: str) -> list[str]:
    page = client_of(user, "en").get("/desk/rows", {"show": show}).content.decode()
    return re.findall(r'<li class="row" id="row-([0-9a-f-]+)"', page)


def test_the_queue_can_show_mine_nobodys_and_what_is_overdue(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    case, _ = scene
    fresh = raised(database, case, kind="battery", priority=3, minutes_ago=0.1)
    late = raised(database, case, priority=2, minutes_ago=60.0)
    taken = raised(database, case, priority=3, minutes_ago=0.1)
    do_acknowledge(roles.operator, taken.pk)
    assert rows(roles.operator, "mine") == [str(taken.pk)]
    unowned = rows(roles.operator, "unowned")
    assert {str(fresh.pk), str(late.pk)} <= set(unowned)
    assert str(taken.pk) not in unowned
    overdue = rows(roles.operator, "overdue")
    assert str(late.pk) in overdue
    assert not {str(fresh.pk), str(taken.pk)} & set(overdue)


def test_an_officers_own_are_those_that_he_accepted(scene: tuple[Order, Incident], roles: Cast) -> None:
    _, incident = scene
    duty = officer()
    full_roster(roles, duty=duty)
    do_acknowledge(roles.operator, incident.pk)
    do_hand_over(roles.operator, incident.pk, desk=DUTY_UNIT)
    assert rows(duty, "mine") == []
    do_accept(duty, incident.pk, no_relation=True)
    assert rows(duty, "mine") == [str(incident.pk)]


def test_each_row_says_what_is_awaited_and_until_when(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    case, _ = scene
    late = raised(database, case, minutes_ago=5.0)
    page = client_of(roles.operator, "en").get("/desk/rows").content.decode()
    row = page.split(f'id="row-{late.pk}"')[1].split("</li>")[0]
    assert "data-overdue" in row
    assert "overdue for" in row


def test_the_page_says_how_far_a_silent_device_may_have_come(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    case, _ = scene
    silent = raised(database, case, kind="silence", priority=2)
    last = silent.decision["basis"]["respondent"]
    last |= {"fixed_at": clock.iso(clock.now() - timedelta(minutes=10)), "accuracy_m": 8.0}
    silent.decision["basis"]["reach_mps"] = 16.67
    Incident.objects.filter(pk=silent.pk).update(decision=silent.decision)
    page = page_of(roles.operator, silent)
    said = re.search(
        r"Could be here: by now up to ([^ ]+) km from the last place, at 60 km/h", page.replace("\xa0", " ")
    )
    assert said is not None
    assert 9.9 <= float(said[1].replace(",", ".")) <= 10.2
    Incident.objects.filter(pk=silent.pk).update(episode_open=False)
    assert "Could be here" not in page_of(roles.operator, silent)
