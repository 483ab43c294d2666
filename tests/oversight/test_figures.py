"""Figures say how long people waited for people, what alarms turned out to be, and never who a small number was."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from aralyk import clock
from aralyk.access.errors import NotFound
from aralyk.access.models import Role, User
from aralyk.database import Role as DatabaseRole
from aralyk.incidents.models import Incident, Outcome, Status
from aralyk.orders.models import Order
from aralyk.oversight.figures import OUTCOMES, By, Economy, Figures, Step, _suppressed, figures_for
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, Cast, account, bracelet, order, raised

DAY = timedelta(days=1)


def figures(user: User) -> Figures:
    now = clock.now()
    return figures_for(user, since=now - 31 * DAY, until=now + 31 * DAY, at=now)


def lived(
    database: Database, case: Order, *, seconds: tuple[float, ...] = (), outcome: Outcome | None = None,
    priority: int = 1, by: User | None = None, officer: User | None = None, kind: str = "proximity",
) -> Incident:  # fmt: skip
    """An incident with the times of its steps, each after the one before."""
    incident = raised(database, case, kind=kind, priority=priority)
    at, change = incident.raised_at, {}
    for name, after_s in zip(("acknowledged_at", "handed_over_at", "accepted_at", "arrived_at"), seconds, strict=False):
        at += timedelta(seconds=after_s)
        change[name] = at
    given = {"acknowledged_by": by if seconds else None, "accepted_by": officer if len(seconds) > 2 else None}
    closed = {"status": Status.CLOSED, "outcome": outcome} if outcome else {}
    Incident.objects.filter(pk=incident.pk).update(**change, **given, **closed)
    return incident


def test_each_step_is_measured_from_the_end_of_the_one_before(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    for seconds in ((10, 30, 20, 300), (20, 30, 40, 600), (30, 30, 60, 900)):
        lived(database, case, seconds=seconds, by=roles.operator, officer=roles.police)
    lived(database, case)  # nobody has answered: no duration, and no 0
    found = {one.step: one for one in figures(roles.supervisor).durations}
    assert {step: one.count for step, one in found.items()} == dict.fromkeys(Step, 3)
    assert {step: one.p50_s for step, one in found.items()} == pytest.approx(
        {Step.ACKNOWLEDGE: 20, Step.HAND_OVER: 30, Step.ACCEPT: 40, Step.ARRIVE: 600}
    )
    assert found[Step.ACKNOWLEDGE].p90_s == pytest.approx(28)
    assert found[Step.ACKNOWLEDGE].p99_s == pytest.approx(29.8)


def test_an_incident_that_was_opened_again_is_measured_from_then(database: Database, roles: Cast) -> None:
    incident = lived(database, order(roles.police), seconds=(4000,), by=roles.operator)
    Incident.objects.filter(pk=incident.pk).update(clock_from=incident.raised_at + timedelta(seconds=3990))
    (one,) = figures(roles.supervisor).durations
    assert one.p50_s == pytest.approx(10)


def test_a_practice_and_what_was_asked_of_a_device_count_nowhere(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    lived(database, case, seconds=(5,), by=roles.operator, outcome=Outcome.PRACTICE)
    lived(database, case, kind="pursuit_mode")
    found = figures(roles.supervisor)
    assert (found.durations, found.operators) == ((), ())
    assert found.economy == dict.fromkeys(By, ())


def test_what_alarms_turned_out_to_be_stands_by_rule_by_model_and_by_district(database: Database, roles: Cast) -> None:
    bracelet(roles.probation)
    case = order(roles.police)
    for outcome in (Outcome.POSSIBLE_VIOLATION, Outcome.FALSE, Outcome.FALSE):
        lived(database, case, outcome=outcome)
    lived(database, case, kind="tamper", outcome=Outcome.TECHNICAL)
    lived(database, order(roles.police_elsewhere, district=ELSEWHERE))
    found = figures(roles.supervisor).economy
    by_rule = {one.key: one for one in found[By.RULE]}
    assert by_rule["proximity"].total == 4
    assert by_rule["proximity"].outcomes == {
        "possible_violation": 1, "no_pursuit": 0, "technical": 0, "false": 2, "open": 1,
    }  # fmt: skip
    assert by_rule["tamper"].outcomes["technical"] == 1
    assert [(one.key, one.total) for one in found[By.DEVICE_MODEL]] == [("bracelet r16h", 5)]
    assert {one.key: one.total for one in found[By.DISTRICT]} == {case.district: 4, ELSEWHERE: 1}


def test_the_load_of_each_operator_and_officer_is_seen_by_who_oversees_them_alone(
    database: Database, roles: Cast
) -> None:
    case = order(roles.police)
    lived(database, case, seconds=(10, 5, 5, 60), by=roles.operator, officer=roles.police)
    lived(database, case, seconds=(30,), by=roles.operator, outcome=Outcome.FALSE)
    found = figures(roles.supervisor)
    assert [(one.name, one.taken, one.open, one.p50_s) for one in found.operators] == [("Т. operator", 2, 1, 20.0)]
    assert [(one.name, one.taken, one.p50_s) for one in found.officers] == [("Т. police", 1, 60.0)]
    assert figures(roles.prosecutor).officers == found.officers
    analyst = account("analyst", Role.ANALYST)
    assert (figures(analyst).operators, figures(analyst).officers) == ((), ())


def test_a_prosecutor_of_one_district_reads_its_figures_alone(database: Database, roles: Cast) -> None:
    here = order(roles.police)
    lived(database, here)
    lived(database, order(roles.police_elsewhere, district=ELSEWHERE))
    assert [one.key for one in figures(roles.prosecutor).economy[By.DISTRICT]] == [here.district]


def test_who_sees_no_cases_gets_no_cell_of_fewer_than_five_and_no_time_of_them(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    for _ in range(6):
        lived(database, case, seconds=(10,), by=roles.operator, outcome=Outcome.FALSE)
    lived(database, case, priority=2, seconds=(10,), by=roles.operator, outcome=Outcome.TECHNICAL)
    for role in (Role.ANALYST, Role.OMBUDSMAN):
        now = clock.now()
        until = (now.replace(day=1) + 40 * DAY).replace(day=5)
        found = figures_for(account(role.value, role), since=now, until=until, at=now)
        assert found.suppressed
        assert {one.priority: one.count for one in found.durations} == {1: 6, 2: None}
        assert {one.p50_s for one in found.durations if one.priority == 2} == {None}
        (row,) = found.economy[By.RULE]
        assert (row.outcomes["false"], row.outcomes["technical"], row.total) == (6, None, None)


def test_who_sees_no_cases_reads_whole_months_so_that_a_day_cannot_be_worked_out(
    database: Database, roles: Cast
) -> None:
    analyst = account("analyst", Role.ANALYST)
    now = clock.now()
    found = figures_for(analyst, since=now - 40 * DAY, until=now, at=now)
    assert {found.since.astimezone().day, found.until.astimezone().day} <= {1, 30, 31}
    again = figures_for(analyst, since=found.since + 3 * DAY, until=found.until + 3 * DAY, at=now)
    assert (again.since, again.until) == (found.since, found.until)


def test_a_single_hidden_cell_of_a_column_hides_another_so_that_no_total_gives_it_away() -> None:
    def row(key: str, count: int) -> Economy:
        outcomes = dict.fromkeys(OUTCOMES, 0) | {"false": count}
        return Economy(key=key, total=count, outcomes=outcomes)

    found = {one.key: one.outcomes["false"] for one in _suppressed((row("a", 90), row("b", 3), row("c", 12)))}
    assert found == {"a": 90, "b": None, "c": None}
    assert all(one.outcomes["false"] for one in _suppressed((row("a", 90), row("b", 7))))


def test_whoever_may_not_read_figures_finds_none(roles: Cast) -> None:
    for user in (roles.operator, roles.police, roles.probation, roles.administrator):
        with pytest.raises(NotFound):
            figures(user)


@pytest.mark.slow
def test_figures_of_a_hundred_thousand_incidents_are_read_within_three_seconds(database: Database, roles: Cast) -> None:
    one = lived(database, order(roles.police), seconds=(10, 5, 5, 60), by=roles.operator, officer=roles.police)
    with database.connect(DatabaseRole.OWNER) as connection:
        columns = connection.execute(
            "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM"
            " information_schema.columns WHERE table_name = 'incidents_incident'"
            " AND column_name NOT IN ('id', 'number', 'engine_key')"
        ).fetchone()
        assert columns is not None
        connection.execute(
            f"INSERT INTO incidents_incident (id, number, engine_key, {columns[0]})"
            f" SELECT gen_random_uuid(), 1000000 + n, 'copy-' || n, {columns[0]}"
            " FROM incidents_incident, generate_series(1, 100000) n WHERE id = %s",
            (one.pk,),
        )
        connection.execute("ANALYZE incidents_incident")
    began_s = time.perf_counter()
    found = figures(roles.supervisor)
    took_s = time.perf_counter() - began_s
    print(f"figures of 100,001 incidents: {took_s:.2f} s")
    assert found.operators[0].taken == 100_001
    assert took_s < 3.0
