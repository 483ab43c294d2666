"""Nobody is left alone with an alarm: who does not answer is not asked again alone, by night and on holidays too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from aralyk import clock
from aralyk.access.errors import Code, Refused
from aralyk.channels.models import Notice
from aralyk.incidents.actions import do_acknowledge, do_close, do_mark_shown, do_reopen
from aralyk.incidents.clocks import next_round_at, rounds_due, running
from aralyk.incidents.escalation import do_answer_escalation, do_escalate, standing_for
from aralyk.incidents.handing import do_accept, do_hand_over
from aralyk.incidents.models import Escalation, Incident, Outcome, Status
from aralyk.jurisdictions.values import DeskKind, Milestone
from aralyk.orders.models import Threat
from aralyk.roster.actions import do_cancel_shift
from tests.conftest import Database
from tests.incidents.stage import DUTY_UNIT, a_second_passes, full_roster, man, officer, sit
from tests.orders.cast import HERE, Cast, order, raised, witnesses
from tests.orders.shifting import ShiftClock

ACKNOWLEDGED = Milestone.ACKNOWLEDGED


def told(milestone: Milestone = ACKNOWLEDGED) -> list[tuple[int, str | None]]:
    """Round and desk of what was raised for one clock, in order."""
    rows = Escalation.objects.filter(milestone=milestone).select_related("desk").order_by("round", "pk")
    return [(row.round, row.desk.code if row.desk else None) for row in rows]


def test_a_priority_one_that_nobody_takes_for_a_minute_reaches_102_the_supervisor_and_her_caller_together(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    duty = officer()
    full_roster(roles, duty=duty)
    incident = raised(database, order(roles.police), minutes_ago=0)
    do_mark_shown(roles.operator, [incident.pk])
    shift.by(timedelta(seconds=50))
    assert a_second_passes() == 0
    shift.by(timedelta(seconds=11))
    assert a_second_passes() == 3
    assert told() == [(1, DUTY_UNIT), (1, "supervisor"), (1, "her_caller")]
    assert {row.person for row in Escalation.objects.select_related("person") if row.desk_id} >= {duty}
    kind, subject, by, data = witnesses(database)[-1]
    assert (kind, subject, by) == ("incident_escalated", f"incident:{incident.pk}", "system:incidents")
    assert data["desks"] == [DUTY_UNIT, "supervisor", "her_caller"]


def test_the_next_rounds_follow_and_end_at_the_last_desk_again_and_again(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    full_roster(roles, duty=officer())
    raised(database, order(roles.police), minutes_ago=0)
    for _ in range(6):
        shift.by(timedelta(seconds=61))
        a_second_passes()
    assert [number for number, desk in told() if desk == "last"] == [2, 3, 4]


def test_a_round_is_told_once_however_often_the_job_runs_or_is_killed(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    full_roster(roles, duty=officer())
    incident = raised(database, order(roles.police), minutes_ago=2)
    now = clock.now()
    do_escalate(now=now)
    before = told()
    # Killed after its transaction, or its memory lost: what must be looked at again tells nothing twice.
    Incident.objects.filter(pk=incident.pk).update(clock_at=clock.EPOCH)
    assert do_escalate(now=now).raised == 0
    assert told() == before
    row = Escalation.objects.first()
    assert row is not None
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_job_that_dies_in_the_middle_has_told_nobody_and_its_successor_tells_all(
    database: Database, roles: Cast
) -> None:
    full_roster(roles, duty=officer())
    raised(database, order(roles.police), minutes_ago=2)

    class Killed(BaseException):
        pass

    def escalate_and_die() -> None:
        with transaction.atomic():
            do_escalate(now=clock.now())
            raise Killed

    with pytest.raises(Killed):
        escalate_and_die()
    assert told() == []
    assert a_second_passes() > 0
    assert {desk for _, desk in told()} == {DUTY_UNIT, "supervisor", "her_caller", "last"}


def test_after_an_hour_without_the_platform_each_missed_round_is_told_once_and_of_repetitions_the_newest(
    database: Database, roles: Cast
) -> None:
    full_roster(roles, duty=officer())
    raised(database, order(roles.police), minutes_ago=62)
    a_second_passes()
    rounds = sorted({number for number, _ in told()})
    assert rounds[:2] == [1, 2]
    assert len(rounds) == 3
    assert rounds[2] == 2 + 30  # 60 minutes after the second round, one each two minutes


def test_being_shown_or_told_stops_nothing_and_a_named_persons_answer_does(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    duty = officer()
    full_roster(roles, duty=duty)
    incident = raised(database, order(roles.police), minutes_ago=2)
    do_mark_shown(roles.operator, [incident.pk])
    a_second_passes()
    assert incident.pk in {row.incident_id for row in standing_for(duty)}
    mine = standing_for(duty).filter(desk__code=DUTY_UNIT, milestone=ACKNOWLEDGED).first()
    assert mine is not None
    answered = do_answer_escalation(duty, mine.pk)
    assert (answered.acknowledged_by, answered.stopped_at) == (duty, None)
    incident.refresh_from_db()
    assert (incident.status, incident.acknowledged_by) == (Status.ACKNOWLEDGED, duty)
    assert not standing_for(duty).filter(milestone=ACKNOWLEDGED).exists()
    shift.by(timedelta(minutes=1))
    a_second_passes()
    assert not Escalation.objects.filter(milestone=ACKNOWLEDGED, raised_at__gt=answered.acknowledged_at).exists()


def test_the_caller_for_her_answers_for_her_alone_and_the_others_are_told_on(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    desks = full_roster(roles, duty=officer())
    incident = raised(database, order(roles.police), minutes_ago=0)
    shift.by(timedelta(seconds=61))
    a_second_passes()
    row = Escalation.objects.get(desk=desks["her_caller"], milestone=ACKNOWLEDGED)
    caller = row.person
    assert caller is not None
    do_answer_escalation(caller, row.pk)
    incident.refresh_from_db()
    assert incident.status == Status.OPEN
    shift.by(timedelta(seconds=60))
    a_second_passes()
    assert [desk for number, desk in told() if number == 2] == [DUTY_UNIT, "supervisor", "last"]


def test_nobody_answers_for_a_desk_where_he_is_not_on_duty(database: Database, roles: Cast) -> None:
    full_roster(roles, duty=officer())
    raised(database, order(roles.police), minutes_ago=2)
    a_second_passes()
    row = Escalation.objects.filter(desk__code=DUTY_UNIT).first()
    assert row is not None
    with pytest.raises(Refused) as refused:
        do_answer_escalation(roles.operator, row.pk)
    assert refused.value.code is Code.NOT_ON_DUTY


def test_a_desk_with_nobody_or_without_an_answered_test_call_sends_the_first_round_to_the_last_desk_too(
    database: Database, roles: Cast
) -> None:
    last = officer("last_desk_officer")
    man(roles.supervisor, DUTY_UNIT, DeskKind.DUTY_UNIT, officer(), district=HERE, answers=False)
    man(roles.supervisor, "supervisor", DeskKind.SUPERVISOR, roles.supervisor)
    man(roles.supervisor, "last", DeskKind.LAST, last)
    raised(database, order(roles.police), minutes_ago=1.1)
    a_second_passes()
    assert told() == [(1, DUTY_UNIT), (1, "supervisor"), (1, "last")]


def test_without_any_ready_desk_of_the_round_any_desk_that_answered_this_shift_is_told(
    database: Database, roles: Cast
) -> None:
    man(roles.supervisor, "centre", DeskKind.CENTRE, roles.operator)
    raised(database, order(roles.police), minutes_ago=1.1)
    a_second_passes()
    assert told() == [(1, "centre")]


def test_without_any_desk_at_all_a_row_still_stands_until_somebody_answers(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police), minutes_ago=1.1)
    a_second_passes()
    assert told() == [(1, None)]
    row = Escalation.objects.get(milestone=ACKNOWLEDGED)
    do_answer_escalation(roles.operator, row.pk)
    incident.refresh_from_db()
    assert incident.acknowledged_by == roles.operator


def test_a_shift_that_was_cancelled_calls_nobody(database: Database, roles: Cast) -> None:
    duty = officer()
    running_shift = man(roles.supervisor, DUTY_UNIT, DeskKind.DUTY_UNIT, duty, district=HERE)
    do_cancel_shift(roles.supervisor, running_shift.pk)
    raised(database, order(roles.police), minutes_ago=1.1)
    a_second_passes()
    assert {row.person_id for row in Escalation.objects.all()} == {None}
    sit(roles.supervisor, DUTY_UNIT, duty)


def test_every_priority_two_has_its_own_clock_and_it_is_shorter_where_the_threat_is_high(
    database: Database, roles: Cast
) -> None:
    grave = raised(database, order(roles.police), priority=2, minutes_ago=0)
    lesser = raised(database, order(roles.police, threat=Threat.LOW), priority=2, minutes_ago=0)
    seconds = [next(c.rule.seconds for c in running(one) if c.milestone is ACKNOWLEDGED) for one in (grave, lesser)]
    assert seconds == [180, 300]


def test_a_threat_that_is_raised_meanwhile_shortens_the_clock_that_runs(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    case = order(roles.police, threat=Threat.LOW)
    raised(database, case, priority=2, minutes_ago=0)
    a_second_passes()
    shift.by(timedelta(seconds=181))
    a_second_passes()
    assert told() == []
    type(case).objects.filter(pk=case.pk).update(threat=Threat.HIGH)
    shift.by(timedelta(seconds=61))
    a_second_passes()
    assert told() == [(1, None)]


def test_a_handover_that_nobody_accepts_escalates_and_one_that_was_accepted_does_not(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    duty = officer()
    full_roster(roles, duty=duty)
    incident = raised(database, order(roles.police), minutes_ago=0)
    do_acknowledge(roles.operator, incident.pk)
    do_hand_over(roles.operator, incident.pk, desk=DUTY_UNIT)
    shift.by(timedelta(seconds=61))
    a_second_passes()
    assert told(Milestone.ACCEPTED) == [(1, DUTY_UNIT), (1, "supervisor"), (1, "her_caller")]
    do_accept(duty, incident.pk, no_relation=True)
    assert not standing_for(roles.supervisor).filter(milestone=Milestone.ACCEPTED).exists()
    shift.by(timedelta(seconds=61))
    a_second_passes()
    assert len(told(Milestone.ACCEPTED)) == 3


def test_opened_again_its_clocks_begin_anew_and_its_rounds_with_them(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    full_roster(roles, duty=officer())
    incident = raised(database, order(roles.police), minutes_ago=1.1, episode_open=False)
    a_second_passes()
    do_acknowledge(roles.operator, incident.pk)
    do_close(roles.operator, incident.pk, outcome=Outcome.FALSE, reason="ошибка места")
    incident.refresh_from_db()
    assert incident.clock_at is None
    do_reopen(roles.supervisor, incident.pk, reason="ошиблись")
    assert a_second_passes() == 0
    shift.by(timedelta(seconds=61))
    a_second_passes()
    assert [number for number, desk in told() if desk == "supervisor"] == [1, 1]


def test_the_clocks_count_seconds_across_midnight_the_new_year_and_a_clock_that_was_set_back(
    database: Database, roles: Cast
) -> None:
    incident = raised(database, order(roles.police), minutes_ago=0)
    incident.decided_at = clock.parse_iso("2026-12-31T23:59:30+06:00")
    (one,) = [c for c in running(incident) if c.milestone is ACKNOWLEDGED]
    assert one.due_at == clock.parse_iso("2027-01-01T00:00:30+06:00")
    assert [due.number for due in rounds_due(one, now=one.due_at)] == [1]
    assert list(rounds_due(one, now=one.due_at - timedelta(microseconds=1))) == []
    assert next_round_at(one, now=one.due_at - timedelta(seconds=1)) == one.due_at


def test_the_job_looks_only_at_what_runs_by_an_index(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police), minutes_ago=0)
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO incidents_incident (id, number, engine_key, order_id, district, kind, priority,"
            " worst_priority, condition, party, status, late, episode_open, occurred_at, decided_at, raised_at,"
            " updated_at, outcome, close_reason, decision, clock_at)"
            " SELECT gen_random_uuid(), nextval('incident_number'), 'many-' || n, order_id, district, kind, priority,"
            " worst_priority, condition, party, 'closed', late, false, occurred_at, decided_at, raised_at, updated_at,"
            " 'false', 'x', '{}', NULL FROM incidents_incident, generate_series(1, 20000) n WHERE id = %s",
            (incident.pk,),
        )
        connection.execute("ANALYZE incidents_incident")
        plan = connection.execute(
            "EXPLAIN SELECT id FROM incidents_incident WHERE clock_at <= now() ORDER BY clock_at LIMIT 200"
        ).fetchall()
    assert "incident_clocks_that_run" in str(plan)


def test_everybody_on_duty_at_a_desk_is_told_without_a_name_and_an_answer_ends_what_is_still_to_be_sent(
    database: Database, roles: Cast
) -> None:
    duty = officer()
    full_roster(roles, duty=duty)
    incident = raised(database, order(roles.police), minutes_ago=1.1)
    a_second_passes()
    told_to = Notice.objects.filter(subject=f"incident:{incident.pk}", text="unanswered")
    assert {notice.user for notice in told_to.select_related("user")} >= {duty, roles.supervisor}
    assert all(set(notice.args) == {"number", "seconds"} for notice in told_to)
    do_acknowledge(duty, incident.pk)
    mine = told_to.filter(user=duty)
    assert mine.exists()
    assert all(notice.answered_at is not None for notice in mine)
    before = Notice.objects.count()
    do_hand_over(duty, incident.pk, desk=DUTY_UNIT)
    (notice,) = Notice.objects.order_by("-asked_at")[: Notice.objects.count() - before]
    assert (notice.text, notice.user, notice.args) == ("handed_over", duty, {"number": incident.number})
