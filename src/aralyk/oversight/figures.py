"""Figures about the work: how long each step takes, what alarms turned out to be, who carries how much.

Every figure has a definition (docs/reference/figures.md), a period, and the moment at which it was read. An incident
belongs to the period in which it was raised; of one that was opened again its last life counts; practices do not count.
Whoever sees no cases gets whole months of the whole country, without names, and no cell of less than SMALL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from aralyk.access.errors import NotFound
from aralyk.access.models import Role, User
from aralyk.access.permissions import GRANTS, SEEN_ORDER, May, Scope, allows, seen_values
from aralyk.incidents.kinds import REQUESTS
from aralyk.incidents.models import Outcome

SMALL: Final = 5  # a cell of fewer could be a person
NOT_CONCLUDED: Final = "open"
OUTCOMES: Final = (
    Outcome.POSSIBLE_VIOLATION.value, Outcome.NO_PURSUIT.value, Outcome.TECHNICAL.value, Outcome.FALSE.value,
    NOT_CONCLUDED,
)  # fmt: skip


class Step(StrEnum):
    """The steps whose time is measured."""

    ACKNOWLEDGE = "acknowledge"
    HAND_OVER = "hand_over"
    ACCEPT = "accept"
    ARRIVE = "arrive"


class By(StrEnum):
    """By what alarms are told apart."""

    RULE = "rule"
    DEVICE_MODEL = "device_model"
    DISTRICT = "district"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """How long one step took at one priority, seconds; None: too few to be shown."""

    step: Step
    priority: int
    count: int | None
    p50_s: float | None
    p90_s: float | None
    p99_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Economy:
    """What the alarms of one rule, model or district turned out to be; None: too few to be shown."""

    key: str
    total: int | None
    outcomes: Mapping[str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one person carried: taken on (an operator), or accepted (an officer), and what of it is still open."""

    name: str
    role: str
    taken: int
    open: int
    p50_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All figures of a period, as they stood at `read_at`."""

    since: datetime
    until: datetime
    read_at: datetime
    suppressed: bool
    durations: tuple[Duration, ...]
    economy: Mapping[By, tuple[Economy, ...]]
    operators: tuple[Load, ...]
    officers: tuple[Load, ...]


_COUNTED: Final = """
    FROM incidents_incident i JOIN orders_order o ON o.id = i.order_id
    WHERE i.raised_at >= %(since)s AND i.raised_at < %(until)s AND i.outcome <> 'practice'
      AND i.kind <> ALL(%(requests)s) AND (%(everything)s OR ({SEEN}))
""".replace("{SEEN}", SEEN_ORDER)
# Narrow rows: the latest decision, whole, stands in each, and sorting would carry it along.
_MOMENTS: Final = """i.priority, i.status, i.raised_at, i.clock_from, i.acknowledged_at, i.acknowledged_by_id,
        i.handed_over_at, i.accepted_at, i.accepted_by_id, i.arrived_at"""
_DURATIONS: Final = f"""
    WITH counted AS (SELECT {_MOMENTS} {_COUNTED})
    SELECT step, priority, count(*)::int,
           percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM took)::float8)
    FROM counted c CROSS JOIN LATERAL (VALUES
        ('acknowledge', c.acknowledged_at - CASE WHEN c.clock_from <= c.acknowledged_at THEN c.clock_from
                                                 ELSE c.raised_at END),
        ('hand_over', c.handed_over_at - c.acknowledged_at),
        ('accept', c.accepted_at - c.handed_over_at),
        ('arrive', c.arrived_at - c.accepted_at)
    ) AS steps (step, took)
    WHERE took IS NOT NULL AND took >= interval '0'
    GROUP BY step, priority
"""
_ECONOMY: Final = f"""
    WITH counted AS (
        SELECT i.kind, i.district, coalesce(nullif(d.model, ''), d.kind || ' ' || d.protocol, '') AS model,
               coalesce(nullif(i.outcome, ''), 'open') AS outcome
        FROM incidents_incident i JOIN orders_order o ON o.id = i.order_id
        LEFT JOIN devices_device d ON d.id = coalesce(
            i.decision->'basis'->>'device', i.decision->'basis'->'respondent'->>'device')
        WHERE i.raised_at >= %(since)s AND i.raised_at < %(until)s AND i.outcome <> 'practice'
          AND i.kind <> ALL(%(requests)s) AND (%(everything)s OR ({SEEN_ORDER}))
    )
    SELECT CASE WHEN grouping(kind) = 0 THEN 'rule' WHEN grouping(model) = 0 THEN 'device_model' ELSE 'district' END,
           coalesce(kind, model, district), outcome, count(*)::int
    FROM counted GROUP BY GROUPING SETS ((kind, outcome), (model, outcome), (district, outcome))
"""
_LOADS: Final = f"""
    WITH counted AS (SELECT {_MOMENTS} {_COUNTED})
    SELECT 'operator', coalesce(nullif(u.display_name, ''), u.username), u.role, count(*)::int,
           (count(*) FILTER (WHERE c.status <> 'closed'))::int,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.acknowledged_at
               - CASE WHEN c.clock_from <= c.acknowledged_at THEN c.clock_from ELSE c.raised_at END)::float8)
    FROM counted c JOIN access_user u ON u.id = c.acknowledged_by_id GROUP BY u.id
    UNION ALL
    SELECT 'officer', coalesce(nullif(u.display_name, ''), u.username), u.role, count(*)::int,
           (count(*) FILTER (WHERE c.status <> 'closed'))::int,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.arrived_at - c.accepted_at)::float8)
    FROM counted c JOIN access_user u ON u.id = c.accepted_by_id GROUP BY u.id
    ORDER BY 1, 4 DESC, 2
"""


def may_read_figures(user: User) -> bool:
    """Whether this person reads figures at all."""
    return allows(user, May.READ_FIGURES)


def sees_names(user: User) -> bool:
    """Whether the load of named colleagues is this person's to see: who oversees what others owe."""
    return may_read_figures(user) and allows(user, May.OVERSEE_DUTIES)


def figures_for(user: User, *, since: datetime, until: datetime, at: datetime) -> Figures:
    """The figures of a period: three queries, however many incidents.

    Args:
        user: Who reads: own districts, or of one who sees no cases the whole country with small cells suppressed.
        since: Aware; for the latter taken back to the first of its month.
        until: Aware; for the latter taken back to the first of its month, too.
        at: The moment of reading.

    Raises:
        NotFound: Figures are not this person's to read.
    """
    if not may_read_figures(user):
        raise NotFound("figures")
    outside = GRANTS[Role(user.role)].scope is Scope.NO_DISTRICT
    if outside:
        # Two periods that differ by a day would tell the day's cells by subtraction.
        since, until = _month_of(since), _month_of(until)
    values = {
        **seen_values(user), "everything": outside, "since": since, "until": until, "requests": sorted(REQUESTS)
    }  # fmt: skip
    durations = [_duration(row) for row in _rows(_DURATIONS, values)]
    economy = _economy(_rows(_ECONOMY, values))
    if outside:
        durations = [_without_small(one) for one in durations]
        economy = {by: _suppressed(rows) for by, rows in economy.items()}
    loads = _rows(_LOADS, values) if sees_names(user) else []
    return Figures(
        since=since, until=until, read_at=at, suppressed=outside,
        durations=tuple(sorted(durations, key=lambda one: (list(Step).index(one.step), one.priority))),
        economy=economy, operators=_loads(loads, "operator"), officers=_loads(loads, "officer"),
    )  # fmt: skip


def _rows(query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _duration(row: Sequence[Any]) -> Duration:
    p50, p90, p99 = row[3]
    return Duration(step=Step(row[0]), priority=row[1], count=row[2], p50_s=p50, p90_s=p90, p99_s=p99)


def _without_small(one: Duration) -> Duration:
    if one.count is not None and one.count >= SMALL:
        return one
    return replace(one, count=None, p50_s=None, p90_s=None, p99_s=None)


def _economy(rows: Sequence[Sequence[Any]]) -> dict[By, tuple[Economy, ...]]:
    counted: dict[By, dict[str, dict[str, int]]] = {by: {} for by in By}
    for by, key, outcome, count in rows:
        counted[By(by)].setdefault(key, {})[outcome] = count
    return {
        by: tuple(
            Economy(
                key=key, total=sum(found.values()), outcomes={one: found.get(one, 0) for one in OUTCOMES},
            )
            for key, found in sorted(keys.items(), key=lambda item: (-sum(item[1].values()), item[0]))
        )
        for by, keys in counted.items()
    }  # fmt: skip


def _suppressed(rows: tuple[Economy, ...]) -> tuple[Economy, ...]:
    """Without small cells, and without a second one of each row and column from which the first could be subtracted."""
    hidden = {
        (row, outcome)
        for row, one in enumerate(rows)
        for outcome, count in one.outcomes.items()
        if count is not None and 0 < count < SMALL
    }
    for outcome in OUTCOMES:
        column = [(one.outcomes[outcome] or 0, row) for row, one in enumerate(rows)]
        if sum((row, outcome) in hidden for _, row in column) == 1:
            rest = sorted((count, row) for count, row in column if count and (row, outcome) not in hidden)
            hidden |= {(row, outcome) for _, row in rest[:1]}
    return tuple(
        Economy(
            key=one.key,
            total=None if any((row, outcome) in hidden for outcome in OUTCOMES) else one.total,
            outcomes={name: None if (row, name) in hidden else count for name, count in one.outcomes.items()},
        )
        for row, one in enumerate(rows)
    )


def _loads(rows: Sequence[Sequence[Any]], what: str) -> tuple[Load, ...]:
    return tuple(
        Load(name=row[1], role=row[2], taken=row[3], open=row[4], p50_s=row[5]) for row in rows if row[0] == what
    )


def _month_of(at: datetime) -> datetime:
    return timezone.localtime(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
