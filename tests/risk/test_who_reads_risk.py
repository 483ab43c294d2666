"""Police and prosecutors of a district read a risk whole, the centre and probation its level, others nothing."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.permissions import GRANTS, May
from aralyk.access.sight import remembering
from aralyk.risk.actions import do_assess, do_confirm_lowering, do_finish_duty, do_set_level
from aralyk.risk.events import Cause
from aralyk.risk.levels import Level
from aralyk.risk.models import RiskDuty
from aralyk.risk.queries import (
    assessment_for,
    assessments_for,
    done_for,
    duties_for,
    level_for,
    levels_for,
    lowered_for,
    proposals_for,
    reassessments_for,
    trajectories_for,
)
from tests.orders.cast import order, protected, respondent
from tests.risk.cast import WHY, assessed, form, told
from tests.risk.conftest import Pair

READS_ALL = ("police", "prosecutor")
READS_LEVEL = ("operator", "supervisor", "probation")
READS_NOTHING = ("police_elsewhere", "administrator")


@pytest.mark.parametrize("role", READS_ALL)
def test_police_and_prosecutor_of_the_district_read_it_whole(pair: Pair, role: str) -> None:
    found = assessed(pair, Level.HIGH)
    user = getattr(pair.cast, role)
    assert level_for(user, pair.respondent.pk, pair.protected.pk).level is Level.HIGH
    assert assessment_for(user, found.assessment.pk).reading.red_flags == ("weapon",)
    assert [point.level for point in trajectories_for(user, pair.respondent.pk)[0].points] == [Level.HIGH]
    assert len(duties_for(user)) == 3
    assert len(reassessments_for(user)) == 1


@pytest.mark.parametrize("role", READS_LEVEL)
def test_the_centre_and_probation_read_the_level_and_nothing_of_why(pair: Pair, role: str) -> None:
    found = do_assess(pair.inspector, form(pair, yes=("weapon",), level=Level.LOW, reason=WHY))
    user = getattr(pair.cast, role)
    (level,) = levels_for(user)
    assert (level.level, level.code) == (Level.HIGH, pair.protected.code)
    with pytest.raises(NotFound):
        assessment_for(user, found.assessment.pk)
    with pytest.raises(NotFound):
        trajectories_for(user, pair.respondent.pk)
    for read in (assessments_for, proposals_for, done_for):
        assert not read(user).exists()
    at_once = {"refer"} if role == "supervisor" else set()
    assert {duty.kind for duty in duties_for(user)} == at_once
    assert not reassessments_for(user).exists()


def test_a_supervisor_sees_what_others_owe_once_it_is_overdue_and_not_before(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    owed = duties_for(pair.inspector)
    owed.update(due_at=clock.now() + timedelta(hours=1))
    supervisor = pair.cast.supervisor
    assert not duties_for(supervisor).exists()
    late = owed.first()
    assert late is not None
    RiskDuty.objects.filter(pk=late.pk).update(due_at=clock.now() - timedelta(seconds=1))
    assert [duty.pk for duty in duties_for(supervisor)] == [late.pk]
    assert [duty.pk for duty in duties_for(supervisor, overdue_at=clock.now() + timedelta(days=9))] == [late.pk]
    with pytest.raises(Refused):
        do_finish_duty(supervisor, late.pk, note=WHY)


def test_mine_are_the_pairs_that_i_assessed(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    told(pair, Cause.TAMPER)
    assert len(duties_for(pair.inspector, mine=True)) == len(duties_for(pair.second)) > 0
    assert len(reassessments_for(pair.inspector, mine=True)) > 0
    assert not duties_for(pair.second, mine=True).exists()
    assert not reassessments_for(pair.second, mine=True).exists()


def test_a_form_that_is_sent_twice_is_kept_once(pair: Pair) -> None:
    one = form(pair, yes=("weapon",), id=uuid4())
    first, again = do_assess(pair.inspector, one), do_assess(pair.inspector, one)
    assert (first.assessment, first.decision) == (again.assessment, again.decision)
    assert len(assessments_for(pair.inspector)) == 1
    for by, sent in ((pair.second, one), (pair.inspector, form(pair, id=one.id))):
        with pytest.raises(Refused) as error:
            do_assess(by, sent)
        assert error.value.fields[0].field == "id"


@pytest.mark.parametrize("role", READS_NOTHING)
def test_another_district_and_an_administrator_learn_nothing(pair: Pair, role: str) -> None:
    found = assessed(pair, Level.HIGH)
    user = getattr(pair.cast, role)
    assert levels_for(user) == []
    for read in (
        lambda: level_for(user, pair.respondent.pk, pair.protected.pk),
        lambda: assessment_for(user, found.assessment.pk),
        lambda: trajectories_for(user, pair.respondent.pk),
    ):
        with pytest.raises(NotFound):
            read()
    for listed in (assessments_for, proposals_for, duties_for, reassessments_for):
        assert not listed(user).exists()


@pytest.mark.parametrize("role", ["operator", "supervisor", "probation", "prosecutor", "administrator"])
def test_only_police_assess(pair: Pair, role: str) -> None:
    with pytest.raises(Refused) as error:
        do_assess(getattr(pair.cast, role), form(pair))
    assert error.value.code is Code.NOT_PERMITTED
    assert [found for found, grant in GRANTS.items() if May.ASSESS_RISK in grant.may] == ["police", "juvenile_officer"]


def test_whoever_may_not_see_the_respondent_is_told_that_there_is_none(pair: Pair) -> None:
    with pytest.raises(NotFound) as error:
        do_assess(pair.cast.police_elsewhere, form(pair))
    assert error.value.what == "respondent"


def test_somebody_of_another_districts_case_is_not_there_unless_he_is_in_it(pair: Pair) -> None:
    elsewhere = pair.cast.police_elsewhere
    other = order(elsewhere, district=elsewhere.districts[0])
    with pytest.raises(NotFound) as error:
        do_assess(pair.inspector, form(pair, protected_person=other.protected_persons.get().pk))
    assert error.value.what == "protected_person"
    with_him = order(elsewhere, district=elsewhere.districts[0], respondent=pair.respondent.pk)
    hers = with_him.protected_persons.get().pk
    assert do_assess(pair.inspector, form(pair, protected_person=hers)).decision is not None


def test_a_trajectory_gives_levels_over_time_with_what_happened_meanwhile(pair: Pair) -> None:
    assessed(pair, Level.LOW)
    told(pair, Cause.TAMPER)
    do_assess(pair.inspector, form(pair, yes=("weapon",), unknown=("follows",)))
    proposal = do_set_level(
        pair.inspector, respondent=pair.respondent.pk, protected_person=pair.protected.pk, level=Level.MEDIUM,
        reason=WHY,
    )  # fmt: skip
    (waiting,) = trajectories_for(pair.inspector, pair.respondent.pk)
    assert waiting.proposal == proposal
    do_confirm_lowering(pair.second, proposal.pk, reason=WHY)
    since = clock.now() - timedelta(hours=1)
    assert [(one.before, one.level) for one in lowered_for(pair.cast.prosecutor, since=since)] == [("high", "medium")]
    assert not lowered_for(pair.cast.operator, since=since)
    (found,) = trajectories_for(pair.inspector, pair.respondent.pk)
    assert [(point.level, point.height, point.missing, point.asked) for point in found.points] == [
        (Level.LOW, 1, 0, 11), (Level.HIGH, 3, 1, 11), (Level.MEDIUM, 2, 1, 11),
    ]  # fmt: skip
    assert [point.at for point in found.points] == sorted(point.at for point in found.points)
    assert (found.points[2].by, found.points[2].second) == ("Т. police", "Т. second_inspector")
    assert [mark.cause for mark in found.marks] == ["tamper"]
    assert (found.proposal, found.code) == (None, pair.protected.code)


def test_each_protected_person_has_a_level_of_their_own(pair: Pair) -> None:
    other = protected(pair.inspector)
    assessed(pair, Level.HIGH)
    do_assess(pair.inspector, form(pair, protected_person=other.pk))
    levels = {one.protected_person: one.level for one in levels_for(pair.cast.operator)}
    assert levels == {pair.protected.pk: Level.HIGH, other.pk: Level.LOW}
    assert len(trajectories_for(pair.inspector, pair.respondent.pk)) == 2


@pytest.mark.parametrize("pairs", [1, 8])
def test_any_number_of_pairs_costs_as_many_queries_as_one(pair: Pair, pairs: int) -> None:
    for _ in range(pairs):
        do_assess(pair.inspector, form(pair, respondent=respondent(pair.inspector).pk))
    with remembering(), CaptureQueriesContext(connection) as asked:
        assert len(levels_for(pair.inspector)) == pairs
        assert len([duty.protected_person.code for duty in duties_for(pair.inspector)]) == 2 * pairs
        assert len([one.cause for one in reassessments_for(pair.inspector)]) == pairs
    assert len(asked) == 4  # one of them what is open and closed to this person
