"""A level makes things due; what happened asks for a new assessment; no clock is set later by filling a form again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.database import Role
from aralyk.jurisdictions.loader import PACKS, PackInvalid
from aralyk.risk.actions import do_assess, do_confirm_lowering, do_finish_duty, do_set_level
from aralyk.risk.events import REQUIRE_REASSESSMENT, Cause, require_reassessment
from aralyk.risk.levels import Level
from aralyk.risk.models import Reassessment, RiskDuty, RiskEvent
from aralyk.risk.pickup import do_pick_up_events
from aralyk.risk.queries import duties_for, reassessments_for
from aralyk.risk.rules import read_rules, rule_of
from tests.conftest import Database
from tests.orders.cast import order, witnesses
from tests.risk.cast import WHY, assessed, form, told
from tests.risk.conftest import Pair

NEAR = timedelta(minutes=1)


def owed(pair: Pair) -> dict[str, RiskDuty]:
    return {duty.slug: duty for duty in duties_for(pair.inspector)}


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
    rule = rule_of("KG", Level.HIGH, on=clock.now().date())
    assert set(owed(pair)) == {"call_protected_person", "check_respondent", "check_weapons", "offer_shelter"}
    for duty in rule.duties:
        running = owed(pair)[duty.slug]
        assert abs(running.due_at - clock.now() - timedelta(hours=duty.within_hours)) < NEAR


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
    assert all(after[slug].due_at < before[slug].due_at for slug in before)
    assert len([one for one in due(pair) if one.cause == Cause.TERM]) == 1


def test_a_duty_lapses_only_with_the_second_persons_yes(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    proposal = do_set_level(
        pair.inspector, respondent=pair.respondent.pk, protected_person=pair.protected.pk, level=Level.LOW, reason=WHY
    )
    assert "offer_shelter" in owed(pair)
    before = due(pair)[0].due_at
    do_confirm_lowering(pair.second, proposal.pk, reason=WHY)
    assert set(owed(pair)) == {"call_protected_person", "check_weapons"}
    lapsed = RiskDuty.objects.filter(lapsed_by=proposal.pk).values_list("slug", flat=True)
    assert sorted(lapsed) == ["check_respondent", "offer_shelter"]
    assert due(pair)[0].due_at == before


def test_a_duty_that_is_owed_again_and_again_starts_anew_when_it_is_done(database: Database, pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    calls, once = owed(pair)["call_protected_person"], owed(pair)["offer_shelter"]
    before = len(witnesses(database))
    do_finish_duty(pair.inspector, calls.pk, note="Поговорили, условное слово названо")
    do_finish_duty(pair.second, once.pk, note="Отказалась, место записано за ней")
    assert [entry[0] for entry in witnesses(database)[before:]] == ["risk_duty_done"] * 2
    again = owed(pair)["call_protected_person"]
    assert again.pk != calls.pk
    assert abs(again.due_at - clock.now() - timedelta(hours=72)) < NEAR
    assert "offer_shelter" not in owed(pair)
    with pytest.raises(Refused) as error:
        do_finish_duty(pair.inspector, calls.pk, note="ещё раз")
    assert error.value.code is Code.DUTY_FINISHED


def test_a_duty_is_done_by_those_who_answer_for_the_district_alone(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    duty = owed(pair)["check_weapons"]
    with pytest.raises(NotFound):
        do_finish_duty(pair.cast.police_elsewhere, duty.pk, note="сделано")
    with pytest.raises(Refused):
        do_finish_duty(pair.cast.prosecutor, duty.pk, note="сделано")


def test_what_is_overdue_is_found(pair: Pair) -> None:
    assessed(pair, Level.EXTREME)
    later = clock.now() + timedelta(hours=5)
    assert {duty.slug for duty in duties_for(pair.inspector, overdue_at=later)} == {
        "call_protected_person", "check_weapons", "offer_shelter",
    }  # fmt: skip
    assert not duties_for(pair.inspector, overdue_at=clock.now())
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
    assert abs(required.due_at - clock.now() - timedelta(hours=12)) < NEAR
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
    assert required.due_at == date
    assert required.required_at == date - timedelta(days=7)


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


def test_rules_by_which_a_higher_level_waits_longer_are_refused(tmp_path: Path) -> None:
    text = (PACKS / "KG" / "risk_duty.toml").read_text(encoding="utf-8")
    languages = ("ru", "ky", "en")
    for before, after, path in (
        ("reassess_within_hours = 72\n", "reassess_within_hours = 999\n", "reassess_within_hours"),
        ('slug = "extreme"', 'slug = "low"', "on 2026-01-01"),
        ('ky = "Төмөн", ', "", "low"),
        ("reassess_within_hours = 720", "reassess_within_hours = 0", "risk_duty"),
    ):
        assert before in text
        file = tmp_path / "risk_duty.toml"
        file.write_text(text.replace(before, after, 1), encoding="utf-8")
        with pytest.raises(PackInvalid) as error:
            read_rules(file, languages=languages)
        assert error.value.path == path
