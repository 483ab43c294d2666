"""Whatever anybody does in whatever order: never a status outside the table, never an act without its witness, and
never an open priority 1 without a clock that runs or a named owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.incidents import second_looks
from aralyk.incidents.actions import do_acknowledge, do_close, do_conclude, do_mark_shown, do_note, do_reopen
from aralyk.incidents.clocks import running
from aralyk.incidents.handing import (
    do_accept,
    do_arrive,
    do_give_back,
    do_hand_over,
    do_set_out,
    do_take_over,
    do_triage,
)
from aralyk.incidents.life import DEEDS, TRANSITIONS, Act
from aralyk.incidents.models import Escalation, Incident, IncidentEvent, Judgement, Outcome, Status
from aralyk.jurisdictions.values import DeskKind
from tests.conftest import Database
from tests.incidents.stage import DUTY_UNIT, a_second_passes, man, officer
from tests.orders.cast import HERE, Cast, order, raised

WHO = ("operator", "supervisor", "police", "police_elsewhere", "prosecutor", "administrator", "duty")
REASON = "так решено"
DO: dict[Act, Callable[[User, Incident, Outcome], Any]] = {
    Act.SHOW: lambda by, one, said: do_mark_shown(by, [one.pk]),
    Act.ACKNOWLEDGE: lambda by, one, said: do_acknowledge(by, one.pk),
    Act.TRIAGE: lambda by, one, said: do_triage(by, one.pk, judgement=Judgement.FIND_OUT_FIRST),
    Act.HAND_OVER: lambda by, one, said: do_hand_over(by, one.pk, desk=DUTY_UNIT),
    Act.ACCEPT: lambda by, one, said: do_accept(by, one.pk, no_relation=True),
    Act.SET_OUT: lambda by, one, said: do_set_out(by, one.pk),
    Act.ARRIVE: lambda by, one, said: do_arrive(by, one.pk),
    Act.GIVE_BACK: lambda by, one, said: do_give_back(by, one.pk, reason=REASON),
    Act.TAKE_OVER: lambda by, one, said: do_take_over(by, one.pk),
    Act.CONCLUDE: lambda by, one, said: do_conclude(by, one.pk, outcome=said, reason=REASON),
    Act.CLOSE: lambda by, one, said: do_close(by, one.pk, outcome=said, reason=REASON, still_open_confirmed=True),
    Act.REOPEN: lambda by, one, said: do_reopen(by, one.pk, reason=REASON),
    Act.NOTE: lambda by, one, said: do_note(by, one.pk, text=REASON),
}
assert set(DO) == set(Act)


class _Undo(Exception):
    """Ends an example without a trace."""


@contextmanager
def undone() -> Iterator[None]:
    """Take back all that an example wrote."""
    try:
        with transaction.atomic():
            yield
            raise _Undo
    except _Undo:
        pass


def test_any_order_of_acts_by_anybody_stays_within_the_table_and_is_witnessed(
    database: Database, roles: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_looks, "SAMPLED_PER_HUNDRED", 0)
    duty = officer()
    man(roles.supervisor, DUTY_UNIT, DeskKind.DUTY_UNIT, duty, district=HERE)
    people = {name: duty if name == "duty" else getattr(roles, name) for name in WHO}
    steps = st.lists(
        st.tuples(st.sampled_from(WHO), st.sampled_from(Act), st.sampled_from(Outcome)), min_size=1, max_size=20
    )
    incident = raised(database, order(roles.police), episode_open=True)
    reached: set[Status] = set()

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(steps)
    def whatever_happens(acts: list[tuple[str, Act, Outcome]]) -> None:
        with undone():
            for who, act, said in acts:
                _one_act(people[who], incident, act, said)
                reached.add(Status(Incident.objects.get(pk=incident.pk).status))

    whatever_happens()
    assert {Status.OPEN, Status.ACKNOWLEDGED} <= reached


def test_the_long_way_to_the_door_and_back_holds_the_same_promises(
    database: Database, roles: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way on which a random walk seldom goes: from each status of it every act is tried."""
    monkeypatch.setattr(second_looks, "SAMPLED_PER_HUNDRED", 0)
    duty = officer()
    man(roles.supervisor, DUTY_UNIT, DeskKind.DUTY_UNIT, duty, district=HERE)
    people = (roles.operator, roles.police_elsewhere, duty)
    incident = raised(database, order(roles.police), episode_open=True)
    way = [
        (roles.operator, Act.ACKNOWLEDGE), (roles.operator, Act.TRIAGE), (roles.operator, Act.HAND_OVER),
        (duty, Act.ACCEPT), (duty, Act.SET_OUT), (duty, Act.ARRIVE), (duty, Act.CONCLUDE), (roles.operator, Act.CLOSE),
    ]  # fmt: skip
    for by, act in [*way, (roles.supervisor, Act.REOPEN)]:
        for person in people:
            for tried in Act:
                with undone():
                    _one_act(person, incident, tried, Outcome.FALSE)
        _one_act(by, incident, act, Outcome.POSSIBLE_VIOLATION)
    assert Incident.objects.get(pk=incident.pk).status == Status.OPEN


def _one_act(by: User, incident: Incident, act: Act, said: Outcome) -> None:
    before = Incident.objects.get(pk=incident.pk)
    events, told = _events(), _witnessed()
    try:
        done = DO[act](by, incident, said)
    except (Refused, NotFound):
        done = None
    after = Incident.objects.select_related("order").get(pk=incident.pk)
    was, now = Status(before.status), Status(after.status)
    if done in (None, []):  # refused, or a screen that shows nothing new
        assert now is was
        assert (_events(), _witnessed()) == (events, told)
    else:
        assert TRANSITIONS[was, act] is now
        assert IncidentEvent.objects.filter(incident=incident).latest("pk").kind == DEEDS[act].event
        assert _events() == events + 1
        assert _witnessed()[DEEDS[act].kind.value] == told.get(DEEDS[act].kind.value, 0) + 1
    _check_promises(after)


def _events() -> int:
    return IncidentEvent.objects.exclude(kind="escalated").count()


def _check_promises(incident: Incident) -> None:
    a_second_passes()
    incident.refresh_from_db()
    closed = incident.status == Status.CLOSED
    assert bool(running(incident)) is not closed
    assert (incident.clock_at is None) is closed
    assert (incident.status == Status.OPEN) == (incident.acknowledged_by is None)
    assert not closed or (incident.outcome and incident.close_reason and incident.closed_by)
    standing = Escalation.objects.filter(incident=incident, acknowledged_at__isnull=True, stopped_at__isnull=True)
    awaited = {clock.milestone for clock in running(incident)}
    assert {row.milestone for row in standing} <= awaited


def _witnessed() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, count(*) FROM evidence_entry WHERE kind LIKE 'incident\\_%' AND kind <> 'incident_escalated'"
            " GROUP BY kind"
        )
        return dict(cursor.fetchall())
