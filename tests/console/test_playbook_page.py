"""The playbook beside a signal: whom first, which words, what came of it; and what we told whom."""

from __future__ import annotations

import re

from aralyk.access.models import User
from aralyk.evidence.kinds import Kind
from aralyk.incidents.actions import do_acknowledge, do_close
from aralyk.incidents.models import Incident, IncidentEvent, Outcome
from aralyk.incidents.playbooks import do_step, playbook_of
from aralyk.jurisdictions.values import StepResult, Whom
from aralyk.orders.models import Order
from aralyk.papers.actions import do_name_zone
from tests.conftest import Database
from tests.console.test_incident_acts import page_of
from tests.console.test_pages import client_of, scene
from tests.orders.cast import Cast, raised, witnesses

__all__ = ["scene"]


def contacts(incident: Incident) -> list[Whom]:
    book = playbook_of(incident)
    assert book is not None
    return [step.contact for step in book.steps]


def zone_signal(database: Database, case: Order) -> Incident:
    incident = raised(database, case, kind="exclusion_zone")
    Incident.objects.filter(pk=incident.pk).update(condition="home")
    incident.refresh_from_db()
    return incident


def test_near_a_moving_person_or_a_sealed_place_nobody_calls_him(
    database: Database, scene: tuple[Order, Incident]
) -> None:
    case, _ = scene
    for kind in ("proximity", "warning_ring", "approach", "panic"):
        assert Whom.RESPONDENT not in contacts(raised(database, case, kind=kind)), kind
    assert Whom.RESPONDENT not in contacts(zone_signal(database, case))
    assert Whom.RESPONDENT not in contacts(raised(database, case, kind="silence", priority=2))


def test_at_a_place_that_the_order_names_openly_he_is_called_first(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    case, _ = scene
    do_name_zone(roles.police, case.pk, condition="home", reason="по требованию суда, пункт 3 определения")
    assert contacts(zone_signal(database, case))[0] is Whom.RESPONDENT


def test_on_a_cut_strap_both_are_called_at_once(database: Database, scene: tuple[Order, Incident]) -> None:
    case, _ = scene
    book = playbook_of(raised(database, case, kind="tamper"))
    assert book is not None
    first, second = book.steps[:2]
    assert {first.contact, second.contact} == {Whom.PROTECTED, Whom.RESPONDENT}
    assert (first.at_once, second.at_once) == (False, True)


def test_she_hears_something_else_when_he_is_near_when_his_signal_is_lost_and_when_we_are_down(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    case, near = scene
    could = raised(database, case, kind="silence", priority=2)
    could_not = raised(database, case, kind="silence", priority=3)
    said = {
        "I am calling help, and stay on the line.": near,
        "He could already be near.": could,
        "In this time he could not have reached you.": could_not,
    }
    for words, incident in said.items():
        for other in said.values():
            assert (words in page_of(roles.operator, other)) is (other == incident), words


def record(user: User, incident: Incident, step: str, **given: str) -> int:
    fields = {f"step_{step}-{name}": value for name, value in given.items()}
    return client_of(user, "en").post(f"/incidents/{incident.pk}/steps/{step}", fields).status_code


def test_a_step_stands_with_who_when_and_what_came_of_it_and_is_witnessed_without_its_words(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    _, incident = scene
    do_acknowledge(roles.operator, incident.pk)
    assert record(roles.operator, incident, "call_her", result="safe", note="у сестры, дети с ней") == 302
    page = page_of(roles.operator, incident)
    log = page.split("What we told whom")[1].split("</section>")[0]
    assert re.search(
        r"Her</td>.*?Reached: she says that she is safe — у сестры, дети с ней.*?Т. operator", log, re.DOTALL
    )
    event = IncidentEvent.objects.get(incident=incident, kind="step_done")
    said = [data for kind, _, _, data in witnesses(database) if kind == Kind.PLAYBOOK_STEP_DONE]
    assert [(one["event"], one["step"], one["contact"], one["result"]) for one in said] == [
        (event.pk, "call_her", "protected", "safe")
    ]
    assert "сестры" not in str(said)


def test_what_came_of_a_step_is_one_of_its_own_list(scene: tuple[Order, Incident], roles: Cast) -> None:
    _, incident = scene
    do_acknowledge(roles.operator, incident.pk)
    assert record(roles.operator, incident, "police", result="safe") == 422
    assert record(roles.operator, incident, "police") == 422
    assert record(roles.operator, incident, "call_him", result="complies") == 404
    assert not IncidentEvent.objects.filter(incident=incident, kind="step_done").exists()


def test_nobody_calls_before_somebody_has_taken_it_on_nor_after_it_was_closed(
    scene: tuple[Order, Incident], roles: Cast
) -> None:
    _, incident = scene
    assert record(roles.operator, incident, "police", result="told") == 409
    assert "Take the signal on first" in page_of(roles.operator, incident)
    do_acknowledge(roles.operator, incident.pk)
    do_close(roles.operator, incident.pk, outcome=Outcome.FALSE, reason="проверка связи", still_open_confirmed=True)
    assert record(roles.operator, incident, "police", result="told") == 409
    assert not IncidentEvent.objects.filter(incident=incident, kind="step_done").exists()


def test_who_only_reads_records_nothing(scene: tuple[Order, Incident], roles: Cast) -> None:
    _, incident = scene
    do_acknowledge(roles.operator, incident.pk)
    assert record(roles.prosecutor, incident, "police", result="told") == 403
    assert f"/incidents/{incident.pk}/steps/" not in page_of(roles.prosecutor, incident)


def test_a_limit_acts_on_notices_to_her_alone_and_stops_nobody(scene: tuple[Order, Incident], roles: Cast) -> None:
    _, incident = scene
    do_acknowledge(roles.operator, incident.pk)
    do_step(roles.operator, incident.pk, step="police", result=StepResult.TOLD)
    assert "Not the same again before" not in page_of(roles.operator, incident)
    do_step(roles.operator, incident.pk, step="call_her", result=StepResult.NO_ANSWER)
    assert "Not the same again before" in page_of(roles.operator, incident)
    assert record(roles.operator, incident, "call_her", result="safe") == 302


def test_scripts_are_there_in_the_languages_of_the_people_and_drafts_say_so(
    scene: tuple[Order, Incident], roles: Cast
) -> None:
    _, incident = scene
    page = page_of(roles.operator, incident, "ru")
    step = page.split('data-step="call_her"')[1].split("</li>")[0]
    first = re.search(r'<blockquote lang="(\w+)">', step)
    assert first is not None
    assert first[1] == "ru"
    assert {'lang="ky"', 'lang="uz"', 'lang="en"'} <= set(re.findall(r'lang="\w+"', step))
    assert "черновик, не проверен" in step
