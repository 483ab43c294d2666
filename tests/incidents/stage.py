"""The people and desks of these tests: a roster that is manned now, made through the same actions as in production."""

from __future__ import annotations

from datetime import timedelta

from aralyk import clock
from aralyk.access.models import Role, User
from aralyk.incidents.escalation import BATCH, do_escalate
from aralyk.jurisdictions.values import DeskKind
from aralyk.roster.actions import do_answer_test_call, do_open_desk, do_plan_shift
from aralyk.roster.models import Desk, Shift
from tests.orders.cast import HERE, Cast, account

DUTY_UNIT = "duty_unit_oktyabrsky"


def officer(name: str = "duty_officer") -> User:
    """Somebody of 102's duty unit of the district."""
    return account(name, Role.DUTY_UNIT, HERE, agency="police_oktyabrsky")


def man(by: User, code: str, kind: DeskKind, person: User, *, district: str = "", answers: bool = True) -> Shift:
    """A desk with somebody on duty for twelve hours, who answered the test call unless told otherwise."""
    do_open_desk(by, code=code, kind=kind, district=district)
    return sit(by, code, person, answers=answers)


def sit(by: User, code: str, person: User, *, answers: bool = True) -> Shift:
    now = clock.now()
    shift = do_plan_shift(
        by, desk=code, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=12), people=[person.username]
    )
    return do_answer_test_call(person, shift.pk) if answers else shift


def full_roster(roles: Cast, *, duty: User) -> dict[str, Desk]:
    """Every kind of desk, manned and answered: 102 of the district, supervisor, her caller, the last one."""
    caller = account("her_caller", Role.OPERATOR, agency="monitoring_centre")
    last = account("last_desk", Role.OPERATOR, agency="monitoring_centre")
    man(roles.supervisor, DUTY_UNIT, DeskKind.DUTY_UNIT, duty, district=HERE)
    man(roles.supervisor, "supervisor", DeskKind.SUPERVISOR, roles.supervisor)
    man(roles.supervisor, "her_caller", DeskKind.HER_CALLER, caller)
    man(roles.supervisor, "last", DeskKind.LAST, last)
    return {desk.code: desk for desk in Desk.objects.all()}


def a_second_passes() -> int:
    """What the jobs process does each second; returns how many rows are new."""
    looked = do_escalate(now=clock.now())
    raised = looked.raised
    while looked.incidents == BATCH:
        looked = do_escalate(now=clock.now())
        raised += looked.raised
    return raised
