"""What a level brings in a country, read from its jurisdiction pack: duties with their clocks, the next assessment.

A duty belongs to a level when the pack names levels for it; it starts with the level. What one level asks for every
three days and another every thirty is one duty with another clock, known by its kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from aralyk.jurisdictions.loader import PackInvalid, pack
from aralyk.jurisdictions.model import Duty
from aralyk.jurisdictions.pack import Pack
from aralyk.jurisdictions.values import DutyKind, Event, Text
from aralyk.risk.events import Cause
from aralyk.risk.levels import Level

AFTER_EVENT: Final = timedelta(hours=24)  # where the pack names no term: ours
_STARTED_BY: Final = frozenset({Event.RISK_ASSESSED, Event.ORDER_ISSUED})
_EVENTS: Final = {
    Cause.POSSIBLE_VIOLATION: Event.BREACH,  # the same haste, though nobody has decided that it was one
    Cause.BREACH: Event.BREACH,
    Cause.PANIC: Event.PANIC,
    Cause.TAMPER: Event.TAMPER,
    Cause.DEVICE_REMOVED: Event.DEVICE_REMOVED,
    Cause.NEW_REPORT: Event.NEW_REPORT,
    Cause.SEPARATION: Event.SEPARATION,
    Cause.ORDER_ENDING: Event.ORDER_EXPIRES,
    Cause.COURT_DATE: Event.COURT_DATE,
    Cause.REQUESTED: Event.REDUCTION_REQUESTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRule:
    """What one level brings on one day.

    Attributes:
        level: The level.
        name: What the country calls it.
        duties: What is owed at it, by kind; the assessments apart.
    """

    level: Level
    name: Text
    duties: dict[str, Duty]
    _law: Pack
    _reassess: tuple[Duty, ...]

    def next_assessment(self, *, at: datetime) -> datetime:
        """When the next assessment is due after one made at `at`."""
        return min(self._ends(_from(self._reassess, Event.RISK_ASSESSED), at))

    def after_event(self, cause: Cause, *, occurred_at: datetime, recorded_at: datetime, legal_basis: str) -> datetime:
        """When an assessment is due because of something that happened, or will.

        Args:
            cause: What.
            occurred_at: When; what is ahead is assessed before it.
            recorded_at: When it became known; what is past counts from then.
            legal_basis: Of the order concerned; "" when there is none.
        """
        coming = occurred_at > recorded_at
        duties = [
            duty
            for duty in _from(self._reassess, _EVENTS[cause])
            if duty.due is not None
            and duty.due.ahead == coming
            and (not duty.legal_bases or legal_basis in duty.legal_bases)
        ]
        if not duties:
            return occurred_at if coming else recorded_at + AFTER_EVENT
        return max(recorded_at, min(self._ends(duties, occurred_at if coming else recorded_at)))

    def due_at(self, duty: Duty, *, at: datetime) -> datetime:
        """When a duty that starts at `at` is due; one without a term, at once."""
        return at if duty.due is None else self._law.due_at(duty.due, at).at

    def _ends(self, duties: Iterable[Duty], at: datetime) -> list[datetime]:
        return [self.due_at(duty, at=at) for duty in duties]


def rule_of(jurisdiction: str, level: Level, *, on: date) -> LevelRule:
    """What `level` brings on that day.

    Raises:
        PackInvalid: No such pack, a level that it does not know in this order, or no term for the next assessment.
    """
    law = pack(jurisdiction)
    check_levels(law, on=on)
    of_level = [
        duty
        for versions in law.duties.values()
        for duty in versions
        if duty.holds_on(on) and (not duty.levels or level.value in duty.levels)
    ]
    reassess = tuple(duty for duty in of_level if duty.kind is DutyKind.REASSESS_RISK)
    if not _from(reassess, Event.RISK_ASSESSED):
        raise PackInvalid(
            file="duty.toml", path=level.value, expected="a reassess_risk duty from risk_assessed", found="none"
        )
    owed = [
        duty
        for duty in of_level
        if duty.levels and duty.kind is not DutyKind.REASSESS_RISK and duty.runs_from in _STARTED_BY
    ]
    return LevelRule(
        level=level,
        name=law.risk_level(level.value, on=on).name,
        duties={duty.kind.value: duty for duty in sorted(owed, key=lambda duty: duty.slug)},
        _law=law,
        _reassess=reassess,
    )


def check_levels(law: Pack, *, on: date) -> None:
    """Go on only with a pack that knows our levels, in our order.

    Raises:
        PackInvalid: It knows others.
    """
    expected = [level.value for level in reversed(Level)]
    found = [level.slug for level in law.risk_levels_on(on)]
    if found != expected:
        raise PackInvalid(
            file="risk_level.toml", path=law.country.code, expected=", ".join(expected), found=", ".join(found)
        )


def _from(duties: Iterable[Duty], event: Event) -> list[Duty]:
    return [duty for duty in duties if duty.runs_from is event]
