"""From the centre to the officer at the door, and back: every step has a name on it, and a wrong step says why."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connections

from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.incidents.actions import do_acknowledge, do_close, do_conclude
from aralyk.incidents.handing import (
    do_accept,
    do_arrive,
    do_give_back,
    do_hand_over,
    do_set_out,
    do_take_over,
    do_triage,
)
from aralyk.incidents.models import Incident, Judgement, Outcome, Status
from aralyk.incidents.queries import time_line_for
from aralyk.jurisdictions.values import DeskKind
from tests.conftest import Database
from tests.incidents.stage import DUTY_UNIT, man, officer
from tests.orders.cast import HERE, Cast, order, raised, witnesses


def handed(database: Database, roles: Cast, duty: User) -> Incident:
    """An incident that waits for an officer of 102."""
    man(roles.supervisor, DUTY_UNIT, DeskKind.DUTY_UNIT, duty, district=HERE)
    incident = raised(database, order(roles.police), episode_open=False)
    do_acknowledge(roles.operator, incident.pk)
    do_triage(roles.operator, incident.pk, judgement=Judgement.POLICE_AT_ONCE)
    return do_hand_over(roles.operator, incident.pk, desk=DUTY_UNIT)


def refusal_of(act: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value


def test_an_alert_goes_from_the_centre_to_a_named_officer_at_the_door_and_every_step_is_witnessed(
    database: Database, roles: Cast
) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    do_set_out(duty, incident.pk)
    do_arrive(duty, incident.pk)
    do_conclude(duty, incident.pk, outcome=Outcome.POSSIBLE_VIOLATION, reason="находился у подъезда, задержан")
    closed = do_close(roles.operator, incident.pk, outcome=None, reason="передано следователю")
    assert (closed.status, closed.outcome, closed.accepted_by) == (Status.CLOSED, Outcome.POSSIBLE_VIOLATION, duty)
    steps = [(moment.kind, moment.by) for moment in time_line_for(roles.operator, incident.pk)]
    centre, police = "Т. operator", "Т. duty_officer"
    assert steps == [
        ("raised", ""), ("acknowledged", centre), ("triaged", centre), ("handed_over", centre), ("accepted", police),
        ("on_the_way", police), ("arrived", police), ("concluded", police), ("closed", centre),
    ]  # fmt: skip
    of_it = [kind for kind, subject, *_ in witnesses(database) if subject == f"incident:{incident.pk}"]
    assert [kind for kind in of_it if kind.startswith("incident_")] == [
        "incident_acknowledged", "incident_triaged", "incident_handed_over", "incident_accepted",
        "incident_on_the_way", "incident_arrived", "incident_concluded", "incident_closed",
    ]  # fmt: skip
    assert "подъезда" not in str(witnesses(database))


def test_of_two_officers_who_accept_at_the_same_moment_one_goes_and_the_other_is_told_who(
    database: Database, roles: Cast
) -> None:
    first, second = officer(), officer("second_officer")
    incident = handed(database, roles, first)
    start = threading.Barrier(2)
    told: list[str] = []

    def accept(by: User) -> None:
        start.wait(timeout=30)
        try:
            do_accept(by, incident.pk, no_relation=True)
        except Refused as refused:
            told.append(f"{refused.code}: {refused.params['who']}")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=accept, args=(by,)) for by in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    incident.refresh_from_db()
    assert incident.accepted_by in {first, second}
    assert incident.accepted_by is not None
    assert told == [f"already_accepted: {incident.accepted_by.display_name}"]
    assert [kind for kind, *_ in witnesses(database)].count("incident_accepted") == 1


def test_an_officer_accepts_only_who_declares_no_relation_and_it_is_witnessed(database: Database, roles: Cast) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    refused = refusal_of(lambda: do_accept(duty, incident.pk, no_relation=False))
    assert [problem.field for problem in refused.fields] == ["no_relation"]
    do_accept(duty, incident.pk, no_relation=True)
    assert witnesses(database)[-1][3]["no_relation"] is True


def test_only_the_officer_who_accepted_says_that_he_is_on_the_way_or_there(database: Database, roles: Cast) -> None:
    duty, other = officer(), officer("second_officer")
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    for act in (do_set_out, do_arrive):
        refused = refusal_of(lambda act=act: act(other, incident.pk))
        assert (refused.code, refused.params["who"]) == (Code.ANOTHERS_INCIDENT, "Т. duty_officer")


def test_an_impossible_act_names_how_it_stands_and_what_is_possible(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police))
    refused = refusal_of(lambda: do_hand_over(roles.operator, incident.pk, note="по телефону дежурному"))
    (problem,) = refused.fields
    assert refused.code is Code.NOT_POSSIBLE_NOW
    assert (problem.field, problem.found, problem.expected) == ("act", "open", "show, acknowledge, note")


def test_given_back_it_is_the_centres_again_and_its_owner_is_still_known(database: Database, roles: Cast) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    back = do_give_back(duty, incident.pk, reason="машина сломалась")
    assert (back.status, back.accepted_by, back.handed_to, back.acknowledged_by) == (
        Status.ACKNOWLEDGED, None, None, roles.operator
    )  # fmt: skip
    taken = do_take_over(roles.supervisor, incident.pk)
    assert taken.acknowledged_by == roles.supervisor
    assert witnesses(database)[-1][3]["from"] == f"user:{roles.operator.pk}"


def test_police_of_another_district_neither_see_nor_accept_it(database: Database, roles: Cast) -> None:
    incident = handed(database, roles, officer())
    with pytest.raises(NotFound):
        do_accept(roles.police_elsewhere, incident.pk, no_relation=True)


def test_the_police_do_not_close_and_the_prosecutor_does_not_act(database: Database, roles: Cast) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    closing: dict[str, Any] = {"outcome": Outcome.FALSE, "reason": "ошибка"}
    assert refusal_of(lambda: do_close(duty, incident.pk, **closing)).code is Code.NOT_PERMITTED
    assert refusal_of(lambda: do_take_over(roles.prosecutor, incident.pk)).code is Code.NOT_PERMITTED
    assert refusal_of(lambda: do_accept(roles.operator, incident.pk, no_relation=True)).code is Code.NOT_PERMITTED


def test_a_hand_over_goes_to_a_duty_units_desk_or_says_to_whom_it_was_told(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police))
    do_acknowledge(roles.operator, incident.pk)
    man(roles.supervisor, "supervisor", DeskKind.SUPERVISOR, roles.supervisor)
    for given, field in (({}, "note"), ({"desk": "nowhere"}, "desk"), ({"desk": "supervisor"}, "desk")):
        refused = refusal_of(lambda given=given: do_hand_over(roles.operator, incident.pk, **given))
        assert [problem.field for problem in refused.fields] == [field]
    told = do_hand_over(roles.operator, incident.pk, note="по телефону, дежурному 102")
    assert (told.status, told.handed_to) == (Status.HANDED_OVER, None)


def test_what_is_closed_without_an_outcome_is_not_closed(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police), episode_open=False)
    do_acknowledge(roles.operator, incident.pk)
    refused = refusal_of(lambda: do_close(roles.operator, incident.pk, outcome=None, reason="закончено"))
    assert [problem.field for problem in refused.fields] == ["outcome"]
    incident.refresh_from_db()
    assert incident.status == Status.ACKNOWLEDGED
