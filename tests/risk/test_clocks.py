"""A level makes things due; what happened asks for a new assessment; no clock is set later by filling a form again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.database import Role
from aralyk.jurisdictions.loader import PackInvalid, available, pack
from aralyk.risk.actions import do_assess, do_confirm_lowering, do_finish_duty, do_set_level
from aralyk.risk.events import REQUIRE_REASSESSMENT, Cause, require_reassessment
from aralyk.risk.levels import Level
from aralyk.risk.models import Reassessment, RiskDuty, RiskEvent
from aralyk.risk.pickup import do_pick_up_events
from aralyk.risk.queries import duties_for, reassessments_for
from aralyk.risk.rules import check_levels, rule_of
from tests.conftest import Database
from tests.orders.cast import order, witnesses
from tests.risk.cast import WHY, assessed, form, told
from tests.risk.conftest import Pair

NEAR = timedelta(minutes=1)


def owed(pair: Pair) -> dict[str, RiskDuty]:
    return {duty.kind: duty for duty in duties_for(pair.inspector)}


def due(pair: Pair) -> list[Reassessment]:
    return list(reassessments_for(pair.inspector))


@pytest.mark.parametrize(
    ("level", "hours"), [(Level.EXTREME, 72), (Level.HIGH, 7 * 24), (Level.MEDIUM, 30 * 24), (Level.LOW, 60 * 24)]
)
def test_the_next_assessment_is_due_by_the_clock_of_the_level(pair: Pair, level: Level, hours: int) -> None:
    assessed(pair, level)
    (next_one,) = due(pair)
    assert next_one.cause == Cause.TERM
    assert abs(next_one.due_at - clock.now() - timedelta(hours=hours)) < NEAR


def test_with_answers_missing_the_next_assessment_is_due_by_the_worst_that_they_leave_possible(pair: Pair) -> None:
    do_assess(pair.inspector, form(pair, unknown=("may_kill",), level=Level.LOW, reason=WHY))
    (next_one,) = due(pair)
    assert abs(next_one.due_at - clock.now() - timedelta(days=7)) < NEAR


def test_a_level_brings_its_duties_each_with_its_clock(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    for kind, wait in (
        ("visit_respondent", timedelta(days=7)), ("contact_protected_person", timedelta(days=7)),
        ("refer", timedelta()),
    ):  # fmt: skip
        assert abs(owed(pair)[kind].due_at - clock.now() - wait) < NEAR
    assert len(owed(pair)) == 3


def test_filling_the_form_again_does_not_buy_time(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    first = {slug: duty.due_at for slug, duty in owed(pair).items()}
    for _ in range(3):
        assessed(pair, Level.HIGH)
    assert {slug: duty.due_at for slug, duty in owed(pair).items()} == first


def test_a_higher_level_shortens_the_clocks_that_run(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    before = owed(pair)
    assessed(pair, Level.EXTREME)
    after = owed(pair)
    assert set(before) <= set(after)
    for kind in ("visit_respondent", "contact_protected_person"):
        assert before[kind].due_at - after[kind].due_at > timedelta(days=3)
    assert after["refer"].due_at == before["refer"].due_at
    assert len([one for one in due(pair) if one.cause == Cause.TERM]) == 1


def test_a_duty_lapses_only_with_the_second_persons_yes(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    proposal = do_set_level(
        pair.inspector, respondent=pair.respondent.pk, protected_person=pair.protected.pk, level=Level.LOW, reason=WHY
    )
    assert "refer" in owed(pair)
    before = due(pair)[0].due_at
    do_confirm_lowering(pair.second, proposal.pk, reason=WHY)
    assert set(owed(pair)) == {"visit_respondent", "contact_protected_person"}
    assert list(RiskDuty.objects.filter(lapsed_by=proposal.pk).values_list("kind", flat=True)) == ["refer"]
    assert due(pair)[0].due_at == before


def test_a_duty_that_is_owed_again_and_again_starts_anew_when_it_is_done(database: Database, pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    calls, once = owed(pair)["contact_protected_person"], owed(pair)["refer"]
    before = len(witnesses(database))
    do_finish_duty(pair.inspector, calls.pk, note="Поговорили, условное слово названо")
    do_finish_duty(pair.second, once.pk, note="Отказалась, место записано за ней")
    assert [entry[0] for entry in witnesses(database)[before:]] == ["risk_duty_done"] * 2
    again = owed(pair)["contact_protected_person"]
    assert again.pk != calls.pk
    assert abs(again.due_at - clock.now() - timedelta(days=7)) < NEAR
    assert "refer" not in owed(pair)
    with pytest.raises(Refused) as error:
        do_finish_duty(pair.inspector, calls.pk, note="ещё раз")
    assert error.value.code is Code.DUTY_FINISHED


def test_a_duty_is_done_by_those_who_answer_for_the_district_alone(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    duty = owed(pair)["refer"]
    with pytest.raises(NotFound):
        do_finish_duty(pair.cast.police_elsewhere, duty.pk, note="сделано")
    with pytest.raises(Refused):
        do_finish_duty(pair.cast.prosecutor, duty.pk, note="сделано")


def test_what_is_overdue_is_found(pair: Pair) -> None:
    assessed(pair, Level.EXTREME)
    later = clock.now() + timedelta(hours=5)
    assert [duty.kind for duty in duties_for(pair.inspector, overdue_at=later)] == ["refer"]
    assert len(duties_for(pair.inspector, overdue_at=clock.now() + timedelta(hours=73))) == 3
    assert not duties_for(pair.inspector, overdue_at=clock.now() - timedelta(hours=1))
    assert not reassessments_for(pair.inspector, overdue_at=later)
    assert len(reassessments_for(pair.inspector, overdue_at=clock.now() + timedelta(hours=73))) == 1


@pytest.mark.parametrize("cause", sorted(REQUIRE_REASSESSMENT))
def test_what_happened_asks_for_an_assessment_once_however_often_it_is_told(
    database: Database, pair: Pair, cause: Cause
) -> None:
    assessed(pair, Level.HIGH)
    before = len(witnesses(database))
    assert told(pair, cause)
    assert not told(pair, cause)
    assert do_pick_up_events() == 1
    assert do_pick_up_events() == 0
    (required,) = [one for one in due(pair) if one.cause == cause]
    assert abs(required.due_at - clock.now() - timedelta(hours=24)) < NEAR
    (entry,) = witnesses(database)[before:]
    assert (entry[0], entry[2], entry[3]["cause"]) == ("reassessment_required", "system:risk", cause.value)


def test_an_assessment_answers_what_was_due_and_a_form_without_a_level_answers_nothing(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    told(pair, Cause.PANIC)
    do_assess(pair.inspector, form(pair, instrument="kg_protocol"))
    assert {one.cause for one in due(pair)} == {"term", "panic"}
    again = assessed(pair, Level.HIGH)
    assert [one.cause for one in due(pair)] == ["term"]
    answered = Reassessment.objects.get(cause="panic")
    assert answered.answered_by == again.assessment


def test_a_signed_level_without_a_new_form_answers_nothing(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    told(pair, Cause.TAMPER)
    do_set_level(
        pair.inspector, respondent=pair.respondent.pk, protected_person=pair.protected.pk, level=Level.EXTREME,
        reason=WHY,
    )  # fmt: skip
    assert {one.cause for one in due(pair)} == {"term", "tamper"}


def test_an_assessment_long_before_a_court_date_does_not_answer_it(pair: Pair) -> None:
    assessed(pair, Level.LOW)
    date = clock.now() + timedelta(days=20)
    told(pair, Cause.COURT_DATE, source="court:1", occurred_at=date)
    do_pick_up_events()
    assessed(pair, Level.LOW)
    (required,) = [one for one in due(pair) if one.cause == Cause.COURT_DATE]
    assert required.due_at == date - timedelta(hours=24)
    assert required.required_at == required.due_at - timedelta(days=7)


def test_an_event_about_nobody_in_particular_is_about_everyone_his_orders_protect(pair: Pair) -> None:
    first = order(pair.inspector, respondent=pair.respondent.pk)
    second = order(pair.inspector, respondent=pair.respondent.pk)
    told(pair, Cause.NEW_REPORT, source="report:1", about_her=False)
    do_pick_up_events()
    persons = {one.protected_person_id for one in due(pair)}
    assert persons == {first.protected_persons.get().pk, second.protected_persons.get().pk}


def test_an_event_about_somebody_whom_no_order_names_is_not_lost(pair: Pair) -> None:
    told(pair, Cause.NEW_REPORT, source="report:1", about_her=False)
    do_pick_up_events()
    (required,) = due(pair)
    assert required.protected_person is None
    assessed(pair, Level.HIGH)
    assert [one.cause for one in due(pair)] == ["term"]


def test_what_devices_said_stands_beside_the_answers_and_is_none(pair: Pair) -> None:
    quiet = do_assess(pair.inspector, form(pair))
    for number, cause in enumerate((Cause.POSSIBLE_VIOLATION, Cause.SILENCE, Cause.SILENCE, Cause.TAMPER)):
        told(pair, cause, source=f"incident:{number}", facts={"priority": 1})
    told(pair, Cause.NEW_REPORT, source="report:1")
    loud = do_assess(pair.inspector, form(pair))
    assert loud.assessment.answers == quiet.assessment.answers
    assert (loud.reading, loud.assessment.at_least) == (quiet.reading, "low")
    facts = loud.assessment.device_facts
    assert facts["counts"] == {"possible_violation": 1, "silence": 2, "tamper": 1}
    assert [row["source"] for row in facts["rows"]] == ["incident:3", "incident:2", "incident:1", "incident:0"]
    assert quiet.assessment.device_facts["rows"] == []


def test_silence_is_a_fact_and_asks_for_no_form(pair: Pair) -> None:
    told(pair, Cause.SILENCE)
    assert do_pick_up_events() == 1
    assert due(pair) == []


def test_the_monitor_tells_through_its_own_connection_without_reading_anything_of_risk(
    database: Database, pair: Pair
) -> None:
    now = clock.now()
    with database.connect(Role.MONITOR) as connection, connection.cursor() as cursor:
        told_once = [
            require_reassessment(
                cursor, respondent=pair.respondent.pk, cause=Cause.TAMPER, source="incident:7", occurred_at=now,
                recorded_at=now,
            )
            for _ in range(2)
        ]  # fmt: skip
    assert told_once == [True, False]
    assert RiskEvent.objects.get().source == "incident:7"


@pytest.mark.parametrize("code", available())
def test_in_every_country_a_higher_level_never_waits_longer(code: str) -> None:
    at = datetime(2026, 11, 22, 10, tzinfo=UTC)
    ends = [rule_of(code, level, on=at.date()).next_assessment(at=at) for level in Level]
    assert ends == sorted(ends, reverse=True)
    for kind in {kind for level in Level for kind in rule_of(code, level, on=at.date()).duties}:
        rules = [rule_of(code, level, on=at.date()) for level in Level]
        waits = [rule.due_at(rule.duties[kind], at=at) for rule in rules if kind in rule.duties]
        assert waits == sorted(waits, reverse=True)


def test_a_country_whose_levels_are_others_is_refused_before_anything_is_written() -> None:
    law = pack("KG")
    without = replace(law, risk_levels={slug: kept for slug, kept in law.risk_levels.items() if slug != "extreme"})
    with pytest.raises(PackInvalid) as error:
        check_levels(without, on=date(2026, 11, 22))
    assert error.value.problems[0].found == "high, medium, low"
