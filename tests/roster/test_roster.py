"""Somebody is there, and has said so; an hour without anybody is known before it comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import Role
from aralyk.jurisdictions.values import DeskKind
from aralyk.roster.actions import (
    do_answer_test_call,
    do_cancel_shift,
    do_close_desk,
    do_cover,
    do_open_desk,
    do_plan_shift,
)
from aralyk.roster.alarms import do_watch_roster
from aralyk.roster.hours import Hours, gaps
from aralyk.roster.models import Shift
from aralyk.roster.queries import desks_for, duty_at, gaps_for, on_duty_for
from aralyk.tracking import alarms
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, HERE, Cast, account, witnesses
from tests.orders.shifting import ShiftClock

HOUR = timedelta(hours=1)
NOON = datetime(2026, 12, 31, 12, tzinfo=UTC)


def standing(prefix: str) -> dict[str, dict[str, object]]:
    with connection.cursor() as cursor:
        return alarms.standing(cursor, prefix=prefix)


def planned(roles: Cast, *people: str, begins: timedelta = -HOUR, lasts: timedelta = 12 * HOUR) -> Shift:
    start = clock.now() + begins
    return do_plan_shift(
        roles.supervisor, desk="supervisor", starts_at=start, ends_at=start + lasts, people=people or ("supervisor",)
    )  # fmt: skip


@pytest.fixture
def desk(database: Database, roles: Cast) -> None:
    """One desk of the whole country."""
    do_open_desk(roles.supervisor, code="supervisor", kind=DeskKind.SUPERVISOR)


@given(
    st.lists(st.tuples(st.integers(-30, 60), st.integers(1, 30)), max_size=8),
    st.integers(0, 20),
    st.integers(1, 40),
)
def test_an_hour_lies_in_a_gap_exactly_when_no_shift_covers_it(
    shifts: list[tuple[int, int]], begins: int, lasts: int
) -> None:
    covered = [Hours(starts_at=NOON + a * HOUR, ends_at=NOON + (a + b) * HOUR) for a, b in shifts]
    between = Hours(starts_at=NOON + begins * HOUR, ends_at=NOON + (begins + lasts) * HOUR)
    found = gaps(covered, between=between)
    for hour in range(begins, begins + lasts):
        at = NOON + hour * HOUR
        free = not any(one.starts_at <= at < one.ends_at for one in covered)
        assert any(one.starts_at <= at < one.ends_at for one in found) == free
    assert all(one.starts_at < one.ends_at for one in found)


@pytest.mark.usefixtures("desk")
def test_a_test_call_is_answered_by_a_named_person_of_the_shift_once(database: Database, roles: Cast) -> None:
    shift = planned(roles)
    assert not duty_at(clock.now()).desks[0].is_ready
    with pytest.raises(NotFound):
        do_answer_test_call(roles.operator, shift.pk)
    answered = do_answer_test_call(roles.supervisor, shift.pk)
    assert answered.call_answered_by == roles.supervisor
    assert duty_at(clock.now()).desks[0].is_ready
    kind, subject, by, data = witnesses(database)[-1]
    assert (kind, subject, by, data["late"]) == (
        "test_call_answered", "desk:supervisor", f"user:{roles.supervisor.pk}", False
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        do_answer_test_call(roles.supervisor, shift.pk)
    assert refused.value.code is Code.ALREADY_ANSWERED


@pytest.mark.usefixtures("desk")
def test_a_test_call_of_a_shift_that_has_not_begun_proves_nothing(roles: Cast) -> None:
    shift = planned(roles, begins=HOUR)
    with pytest.raises(Refused) as refused:
        do_answer_test_call(roles.supervisor, shift.pk)
    assert refused.value.code is Code.NOT_ON_DUTY


@pytest.mark.usefixtures("desk")
def test_a_test_call_that_nobody_answers_is_an_alarm_until_somebody_does_and_stands_as_late(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    made = planned(roles)
    shift.by(timedelta(minutes=11))
    do_watch_roster(now=clock.now())
    assert list(standing("roster.call.")) == ["roster.call.supervisor"]
    assert do_watch_roster(now=clock.now()) == 0
    do_answer_test_call(roles.supervisor, made.pk)
    assert witnesses(database)[-1][3]["late"] is True
    do_watch_roster(now=clock.now())
    assert standing("roster.call.") == {}
    assert [kind for kind, *_ in witnesses(database)].count("test_call_missed") == 1


@pytest.mark.usefixtures("desk")
def test_an_hour_without_anybody_is_an_alarm_before_it_comes(roles: Cast, shift: ShiftClock) -> None:
    planned(roles, lasts=timedelta(hours=20))
    do_watch_roster(now=clock.now())
    ((component, detail),) = standing("roster.gap.").items()
    assert (component, detail["until"]) == ("roster.gap.supervisor", "")
    assert list(gaps_for(roles.operator, at=clock.now())) == ["supervisor"]
    planned(roles, begins=18 * HOUR, lasts=timedelta(hours=30))
    do_watch_roster(now=clock.now())
    assert standing("roster.gap.") == {}


@pytest.mark.usefixtures("desk")
def test_a_shift_with_nobody_left_in_it_covers_nothing(roles: Cast) -> None:
    made = planned(roles, begins=-HOUR, lasts=30 * HOUR)
    assert gaps_for(roles.supervisor, at=clock.now()) == {}
    made.postings.update(removed_at=clock.now())
    assert list(gaps_for(roles.supervisor, at=clock.now())) == ["supervisor"]


@pytest.mark.usefixtures("desk")
def test_whoever_stands_in_is_called_and_whoever_went_is_not(database: Database, roles: Cast) -> None:
    made = planned(roles, "supervisor")
    do_cover(roles.supervisor, made.pk, goes="supervisor", comes="operator")
    (here,) = duty_at(clock.now()).desks
    assert here.people == (roles.operator.pk,)
    data = witnesses(database)[-1][3]
    assert (data["act"], data["goes"], data["comes"]) == (
        "covered", f"user:{roles.supervisor.pk}", f"user:{roles.operator.pk}"
    )  # fmt: skip
    with pytest.raises(NotFound):
        do_answer_test_call(roles.supervisor, made.pk)


@pytest.mark.usefixtures("desk")
def test_a_cancelled_shift_and_a_closed_desk_call_nobody(roles: Cast) -> None:
    made = planned(roles)
    do_cancel_shift(roles.supervisor, made.pk)
    assert duty_at(clock.now()).desks[0].people == ()
    with pytest.raises(Refused) as refused:
        do_cancel_shift(roles.supervisor, made.pk)
    assert refused.value.code is Code.SHIFT_OVER
    do_close_desk(roles.supervisor, "supervisor")
    assert duty_at(clock.now()).desks == ()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"people": []}, "people"),
        ({"people": ["supervisor", "supervisor"]}, "people"),
        ({"people": ["nobody"]}, "people[0]"),
        ({"lasts": 37 * HOUR}, "ends_at"),
        ({"lasts": -HOUR}, "ends_at"),
        ({"begins": -30 * HOUR, "lasts": 2 * HOUR}, "ends_at"),
    ],
)
@pytest.mark.usefixtures("desk")
def test_a_shift_that_cannot_be_is_refused_by_naming_its_field(
    roles: Cast, values: dict[str, object], field: str
) -> None:
    begins, lasts = values.get("begins", -HOUR), values.get("lasts", 12 * HOUR)
    assert isinstance(begins, timedelta)
    assert isinstance(lasts, timedelta)
    people = values.get("people", ["supervisor"])
    assert isinstance(people, list)
    start = clock.now() + begins
    with pytest.raises(Refused) as refused:
        do_plan_shift(roles.supervisor, desk="supervisor", starts_at=start, ends_at=start + lasts, people=people)
    assert [problem.field for problem in refused.value.fields] == [field]


def test_a_duty_unit_keeps_the_desks_of_its_district_and_no_other(database: Database, roles: Cast) -> None:
    duty = account("duty_officer", Role.DUTY_UNIT, HERE, agency="police_oktyabrsky")
    do_open_desk(duty, code="unit_here", kind=DeskKind.DUTY_UNIT, district=HERE)
    for district in ("", ELSEWHERE):
        with pytest.raises(NotFound):
            do_open_desk(duty, code="unit_there", kind=DeskKind.DUTY_UNIT, district=district)
    with pytest.raises(Refused) as refused:
        do_open_desk(duty, code="unit_here", kind=DeskKind.DUTY_UNIT, district=HERE)
    assert refused.value.code is Code.DESK_TAKEN
    for user in (roles.operator, roles.police):
        with pytest.raises(Refused) as refused:
            do_open_desk(user, code="other", kind=DeskKind.CENTRE)
        assert refused.value.code is Code.NOT_PERMITTED
    assert [one.code for one in desks_for(roles.police)] == ["unit_here"]
    assert list(desks_for(roles.police_elsewhere)) == []
    assert on_duty_for(roles.administrator, at=clock.now()) == []
