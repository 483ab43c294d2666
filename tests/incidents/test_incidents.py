"""An incident is answered by a named person; the first wins; every act leaves one witness; nothing closes by itself."""

import threading
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from pytest_django import DjangoAssertNumQueries

from aralyk.access.errors import Code, NotFound, Refused
from aralyk.database import Role as DatabaseRole
from aralyk.incidents.actions import do_acknowledge, do_close, do_mark_shown, do_note
from aralyk.incidents.models import Incident, IncidentEvent, Outcome, Status
from aralyk.incidents.queries import (
    counts_for,
    decision_for,
    incident_for,
    queue_for,
    time_line_for,
)
from tests.conftest import Database
from tests.orders.cast import Cast, controls, heard, order, raised, witnesses

REASON = "проехал мимо по шоссе, не сбавляя скорость"


def live_events(database: Database) -> list[tuple[str, str, str]]:
    with database.connect() as connection:
        rows = connection.execute("SELECT kind, subject, district FROM live_event ORDER BY id").fetchall()
    return [(row[0], row[1], row[2]) for row in rows if row[0] == "incident"]


def test_the_first_to_acknowledge_owns_it_and_others_learn_who(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police))
    before = len(witnesses(database))
    taken = do_acknowledge(roles.operator, incident.pk)
    assert (taken.status, taken.acknowledged_by) == (Status.ACKNOWLEDGED, roles.operator)
    with pytest.raises(Refused) as refused:
        do_acknowledge(roles.supervisor, incident.pk)
    assert refused.value.code is Code.ALREADY_ACKNOWLEDGED
    assert refused.value.params == {"who": "Т. operator"}
    ((kind, subject, by, _),) = witnesses(database)[before:]
    assert (kind, subject, by) == ("incident_acknowledged", f"incident:{incident.pk}", f"user:{roles.operator.pk}")
    assert live_events(database) == [("incident", str(incident.pk), incident.district)]


def test_of_two_who_acknowledge_at_the_same_moment_exactly_one_wins(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police))
    start = threading.Barrier(4)
    results: list[str] = []

    def acknowledge(user: Any) -> None:
        start.wait(timeout=30)
        try:
            do_acknowledge(user, incident.pk)
            results.append("won")
        except Refused as refused:
            results.append(refused.code.value)
        finally:
            connections.close_all()

    users = (roles.operator, roles.supervisor, roles.police, roles.operator)
    threads = [threading.Thread(target=acknowledge, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(results) == ["already_acknowledged"] * 3 + ["won"]
    assert [kind for kind, *_ in witnesses(database)].count("incident_acknowledged") == 1
    assert IncidentEvent.objects.filter(incident=incident, kind="acknowledged").count() == 1


def test_closing_needs_an_owner_a_reason_and_an_opinion(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police), episode_open=False)
    closing: dict[str, Any] = {"outcome": Outcome.NO_PURSUIT, "reason": REASON}
    assert code_of(lambda: do_close(roles.operator, incident.pk, **closing)) is Code.NOT_ACKNOWLEDGED
    do_acknowledge(roles.operator, incident.pk)
    assert code_of(lambda: do_close(roles.operator, incident.pk, **(closing | {"reason": " . "}))) is Code.INVALID
    assert (
        code_of(lambda: do_close(roles.operator, incident.pk, **(closing | {"outcome": "his fault"}))) is Code.INVALID
    )
    before = len(witnesses(database))
    closed = do_close(roles.operator, incident.pk, **closing)
    assert (closed.status, closed.outcome, closed.closed_by) == ("closed", "no_pursuit", roles.operator)
    (kind, _, _, data), *_ = witnesses(database)[before:]
    assert kind == "incident_closed"
    assert (data["outcome"], data["threat"], data["still_open"]) == ("no_pursuit", "high", False)
    assert REASON not in str(data)
    assert code_of(lambda: do_close(roles.supervisor, incident.pk, **closing)) is Code.ALREADY_CLOSED
    assert code_of(lambda: do_acknowledge(roles.supervisor, incident.pk)) is Code.ALREADY_CLOSED


def code_of(act: Any) -> Code:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def test_what_still_goes_on_is_closed_only_by_somebody_who_says_so(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police), episode_open=True)
    do_acknowledge(roles.operator, incident.pk)
    closing: dict[str, Any] = {"outcome": Outcome.TECHNICAL, "reason": REASON}
    assert code_of(lambda: do_close(roles.operator, incident.pk, **closing)) is Code.STILL_OPEN
    do_close(roles.operator, incident.pk, **closing, still_open_confirmed=True)
    (closing_entry,) = [data for kind, _, _, data in witnesses(database) if kind == "incident_closed"]
    assert closing_entry["still_open"] is True


def test_closing_a_tamper_tells_the_engine_that_somebody_looked(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police), kind="tamper", priority=2)
    do_acknowledge(roles.operator, incident.pk)
    do_close(roles.operator, incident.pk, outcome=Outcome.TECHNICAL, reason="замок заменён")
    assert controls(database)[-1] == {
        "type": "tamper_cleared", "device": "860000000000017", "incident": incident.engine_key
    }  # fmt: skip


def test_a_tamper_whose_strap_is_still_open_is_not_closed_by_habit(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police), kind="tamper", priority=2)
    heard(database, "860000000000017", lat=42.87, lon=74.61, strap="open")
    do_acknowledge(roles.operator, incident.pk)
    closing: dict[str, Any] = {"outcome": Outcome.TECHNICAL, "reason": "замок заменён"}
    assert code_of(lambda: do_close(roles.operator, incident.pk, **closing)) is Code.STILL_OPEN
    heard(database, "860000000000017", lat=42.87, lon=74.61, strap="locked")
    do_close(roles.operator, incident.pk, **closing)


def test_an_incident_that_is_not_a_tamper_tells_the_engine_nothing(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police), episode_open=False)
    before = len(controls(database))
    do_acknowledge(roles.operator, incident.pk)
    do_close(roles.operator, incident.pk, outcome=Outcome.FALSE, reason=REASON)
    assert len(controls(database)) == before


def test_a_note_can_be_added_also_after_closing_and_evidence_holds_its_hash(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police), episode_open=False)
    do_acknowledge(roles.operator, incident.pk)
    do_close(roles.operator, incident.pk, outcome=Outcome.FALSE, reason=REASON)
    note = do_note(roles.police, incident.pk, text="  Позвонили соседи ")
    assert note.text == "Позвонили соседи"
    kind, _, by, data = witnesses(database)[-1]
    assert (kind, by) == ("incident_noted", f"user:{roles.police.pk}")
    assert "соседи" not in str(data)
    assert len(data["text_sha256"]) == 64
    line = time_line_for(roles.operator, incident.pk)
    assert [(moment.kind, moment.by) for moment in line] == [
        ("raised", ""), ("acknowledged", "Т. operator"), ("closed", "Т. operator"), ("noted", "Т. police")
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "  ", "x" * 4001, "a\x00b", "\ud800"])
def test_a_note_that_says_nothing_or_is_not_text_is_refused(database: Database, roles: Cast, text: str) -> None:
    incident = raised(database, order(roles.police))
    with pytest.raises(Refused) as refused:
        do_note(roles.operator, incident.pk, text=text)
    assert refused.value.fields[0].field == "text"


def test_shown_counts_once_and_only_on_a_screen_of_the_centre(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    first, second = raised(database, case), raised(database, case, kind="silence", priority=3)
    for user in (roles.police, roles.prosecutor, roles.probation, roles.administrator):
        assert do_mark_shown(user, [first.pk]) == []
    assert do_mark_shown(roles.operator, [first.pk, uuid4()]) == [first.pk]
    assert do_mark_shown(roles.supervisor, [first.pk, second.pk]) == [second.pk]
    shown = [(subject, by) for kind, subject, by, _ in witnesses(database) if kind == "incident_shown"]
    assert shown == [
        (f"incident:{first.pk}", f"user:{roles.operator.pk}"), (f"incident:{second.pk}", f"user:{roles.supervisor.pk}")
    ]  # fmt: skip
    with pytest.raises(Refused):
        do_mark_shown(roles.operator, [uuid4() for _ in range(201)])


def test_the_queue_is_worst_first_and_whoever_waits_longest_comes_first(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    made = {
        name: raised(database, case, kind=kind, priority=priority, minutes_ago=minutes)
        for name, kind, priority, minutes in [
            ("new critical", "proximity", 1, 1), ("old critical", "panic", 1, 9), ("serious", "tamper", 2, 30),
            ("technical", "battery", 3, 60), ("answered critical", "proximity", 1, 20), ("closed", "silence", 2, 90),
        ]
    }  # fmt: skip
    do_acknowledge(roles.operator, made["answered critical"].pk)
    do_acknowledge(roles.operator, made["closed"].pk)
    do_close(roles.operator, made["closed"].pk, outcome=Outcome.TECHNICAL, reason=REASON, still_open_confirmed=True)
    names = {incident.pk: name for name, incident in made.items()}

    def queue(**filters: Any) -> list[str]:
        return [names[incident.pk] for incident in queue_for(roles.operator, **filters)]

    waiting = ["old critical", "new critical", "serious", "technical", "answered critical"]
    assert queue() == waiting
    assert queue(include_closed=True) == [*waiting, "closed"]
    assert queue(status=Status.CLOSED) == ["closed"]
    assert queue(kind="tamper") == ["serious"]
    assert queue(priority=1, status=Status.OPEN) == ["old critical", "new critical"]
    assert queue(district="bishkek_leninsky") == []
    assert queue(order_id=case.pk) == waiting
    counts = counts_for(roles.operator)
    assert counts.open_by_priority == {1: 2, 2: 1, 3: 1, 4: 0}
    assert counts.acknowledged == 1


def test_the_queue_costs_one_query_however_long(
    database: Database, roles: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    case = order(roles.police)
    for number in range(12):
        raised(database, case, priority=1 + number % 4)
    do_acknowledge(roles.operator, queue_for(roles.operator)[0].pk)
    with django_assert_num_queries(1 + 1):  # and what is open or closed to this person by name
        rows = [
            (incident.number, incident.order.respondent.name, incident.acknowledged_by)
            for incident in queue_for(roles.operator)
        ]
    assert len(rows) == 12
    with django_assert_num_queries(1 + 1):
        counts_for(roles.operator)
    some = Incident.objects.values_list("pk", flat=True)[0]
    with django_assert_num_queries(2 + 1):
        time_line_for(roles.operator, some)


def test_who_does_not_watch_does_not_see_her_place_in_the_decision(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police))
    assert decision_for(roles.operator, incident)["basis"]["protected"]["lat"] == 42.871
    for user in (roles.police, roles.probation, roles.prosecutor):
        basis = decision_for(user, incident)["basis"]
        assert {"lat", "lon"}.isdisjoint(basis["protected"])
        assert basis["protected"]["age_s"] == 12.0
        assert basis["respondent"]["lat"] == 42.87
        assert basis["device"] == "860000000000017"


def see(user: Any, incident_id: UUID) -> object:
    return incident_for(user, incident_id)


def acknowledge(user: Any, incident_id: UUID) -> object:
    return do_acknowledge(user, incident_id)


def note(user: Any, incident_id: UUID) -> object:
    return do_note(user, incident_id, text="заметка")


def close(user: Any, incident_id: UUID) -> object:
    return do_close(user, incident_id, outcome=Outcome.TECHNICAL, reason=REASON, still_open_confirmed=True)


MATRIX = {
    "operator": {see, acknowledge, note, close},
    "supervisor": {see, acknowledge, note, close},
    "police": {see, acknowledge, note},
    "probation": {see},
    "prosecutor": {see},
    "police_elsewhere": set(),
    "administrator": set(),
}


def of_incidents(database: Database) -> list[str]:
    """What was witnessed of incidents' own lives; a closing may be listed and looked at again besides."""
    return [kind for kind, *_ in witnesses(database) if kind.startswith("incident_")]


@pytest.mark.parametrize("username", MATRIX)
def test_a_role_does_exactly_this_with_an_incident_and_what_is_refused_leaves_no_trace(
    database: Database, roles: Cast, username: str
) -> None:
    user = getattr(roles, username)
    for act in (see, acknowledge, note, close):
        incident = raised(database, order(roles.police))
        if act is close:
            do_acknowledge(roles.supervisor, incident.pk)
        before = len(of_incidents(database))
        if act in MATRIX[username]:
            act(user, incident.pk)
            assert len(of_incidents(database)) - before == (act is not see)
        else:
            with pytest.raises((Refused, NotFound)):
                act(user, incident.pk)
            assert len(of_incidents(database)) == before
    assert (queue_for(user).count() > 0) == (see in MATRIX[username])


def test_an_incident_that_does_not_exist_looks_like_one_of_another_district(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police))
    for incident_id in (incident.pk, uuid4()):
        with pytest.raises(NotFound, match=r"^incident$"):
            do_note(roles.police_elsewhere, incident_id, text="заметка")


def test_the_time_line_is_never_edited(database: Database, roles: Cast) -> None:
    raised(database, order(roles.police))
    for role in (DatabaseRole.CONSOLE, DatabaseRole.MONITOR):
        with database.connect(role) as connection, pytest.raises(Exception, match="permission denied"):
            connection.execute("UPDATE incidents_incidentevent SET text = 'x'")
