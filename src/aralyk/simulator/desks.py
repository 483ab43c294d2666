"""Who is on duty in the pilot: the desks of the centre and of both districts' 102, and their shifts for ten days.

The calls of the shifts that run are answered, as people would; those of later shifts are left to whoever plays them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aralyk import clock
from aralyk.access.models import User
from aralyk.jurisdictions.values import DeskKind
from aralyk.roster.actions import SHIFT_MAX, do_answer_test_call, do_open_desk, do_plan_shift
from aralyk.roster.models import Desk, Shift
from aralyk.simulator.roster import DISTRICT_OF_SIDE

AHEAD: Final = timedelta(days=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seat:
    kind: DeskKind
    people: tuple[str, ...]
    district: str = ""


SEATS: Final[Mapping[str, _Seat]] = {
    "centre": _Seat(kind=DeskKind.CENTRE, people=("operator", "supervisor")),
    "supervisor": _Seat(kind=DeskKind.SUPERVISOR, people=("supervisor",)),
    "her_caller": _Seat(kind=DeskKind.HER_CALLER, people=("operator",)),
    "last": _Seat(kind=DeskKind.LAST, people=("supervisor", "operator")),
    "duty_unit_oktyabrsky": _Seat(kind=DeskKind.DUTY_UNIT, people=("police-a",), district=DISTRICT_OF_SIDE["east"]),
    "duty_unit_leninsky": _Seat(kind=DeskKind.DUTY_UNIT, people=("police-b",), district=DISTRICT_OF_SIDE["west"]),
}


def man(staff: Mapping[str, User]) -> None:
    """Open the desks that are missing, plan shifts where nobody would sit, and answer the calls of those that run."""
    keeper, now = staff["supervisor"], clock.now()
    for code, seat in SEATS.items():
        desk = Desk.objects.filter(code=code).first()
        if desk is None:
            desk = do_open_desk(keeper, code=code, kind=seat.kind, district=seat.district)
        last = Shift.objects.filter(desk=desk, cancelled_at__isnull=True).order_by("-ends_at").first()
        _plan(keeper, desk, seat, since=now if last is None else max(now, last.ends_at), until=now + AHEAD)
        waiting = Shift.objects.filter(desk=desk, cancelled_at__isnull=True, call_answered_at__isnull=True)
        for shift in waiting.filter(starts_at__lte=now, ends_at__gt=now):
            do_answer_test_call(staff[seat.people[0]], shift.pk)


def _plan(keeper: User, desk: Desk, seat: _Seat, *, since: datetime, until: datetime) -> None:
    while since < until:
        do_plan_shift(keeper, desk=desk.code, starts_at=since, ends_at=since + SHIFT_MAX, people=seat.people)
        since += SHIFT_MAX
