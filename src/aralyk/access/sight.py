"""What is open and closed to a person at this moment besides the own districts: one query however many people.

Opened: cases given by name, and cases opened in an emergency. Lent: districts of a colleague on holiday. Closed: every
case of a party to whom the person is close; closed wins over everything. Nothing here is kept from one request to the
next, so that what was withdrawn is gone at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from aralyk import clock
from aralyk.access.cases import Case, case_book
from aralyk.access.models import CaseSubject, Right

_ASK: Final = """
    SELECT user_id, 'opened', "right", "order" FROM access_casegrant
    WHERE user_id = ANY(%(users)s) AND withdrawn_at IS NULL AND ends_at > %(now)s
    UNION ALL
    SELECT user_id, 'opened', CASE WHEN confirmed_at IS NULL THEN 'read' ELSE 'work' END, "order"
    FROM access_breakglass
    WHERE user_id = ANY(%(users)s) AND closed_at IS NULL AND ends_at > %(now)s
      AND (confirmed_at IS NOT NULL OR confirm_by > %(now)s)
    UNION ALL
    SELECT user_id, 'closed', subject_kind, subject_id FROM access_conflict
    WHERE user_id = ANY(%(users)s) AND in_force_at IS NOT NULL AND lifted_at IS NULL
    UNION ALL
    SELECT d.deputy_id, 'lent', unnest(g.districts), NULL
    FROM access_delegation d JOIN access_user g ON g.id = d.giver_id JOIN access_user p ON p.id = d.deputy_id
    WHERE d.deputy_id = ANY(%(users)s) AND d.ended_at IS NULL AND d.starts_at <= %(now)s AND d.ends_at > %(now)s
      AND g.is_active AND g.role = p.role AND g.agency_id = p.agency_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is open and closed to one person, besides the own districts. Equal sights see the same.

    Attributes:
        opened: Cases opened by name, each with what may be done there.
        lent: Districts of colleagues whom this person stands in for.
        closed: Orders that this person must not see, whatever else is true.
        closed_respondents: Respondents of those.
        closed_persons: Protected persons of those.
    """

    opened: frozenset[tuple[UUID, Right]] = frozenset()
    lent: frozenset[str] = frozenset()
    closed: frozenset[UUID] = frozenset()
    closed_respondents: frozenset[UUID] = frozenset()
    closed_persons: frozenset[UUID] = frozenset()


NOTHING_BESIDES: Final = Sight()
_remembered: ContextVar[dict[int, Sight] | None] = ContextVar("sights", default=None)


@contextmanager
def remembering(known: Mapping[int, Sight] | None = None) -> Iterator[None]:
    """Ask the database once for each person until the end of the block: one request, and never longer.

    Args:
        known: Sights that were asked for a moment ago.
    """
    token = _remembered.set(dict(known or {}))
    try:
        yield
    finally:
        _remembered.reset(token)


def forget() -> None:
    """Ask again from here on: somebody's access was changed a moment ago."""
    known = _remembered.get()
    if known is not None:
        known.clear()


def sight(user_id: int | None) -> Sight:
    """The sight of one person; an account that was never stored has none."""
    if user_id is None:
        return NOTHING_BESIDES
    known = _remembered.get()
    if known is not None and user_id in known:
        return known[user_id]
    found = sights([user_id])[user_id]
    if known is not None:
        known[user_id] = found
    return found


def sights(user_ids: Collection[int]) -> dict[int, Sight]:
    """The sights of several people: one query, and two more for those to whom something is closed."""
    rows: dict[int, list[tuple[str, str, UUID]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_ASK, {"users": list(user_ids), "now": clock.now()})
        for user_id, what, word, subject in cursor.fetchall():
            rows[user_id].append((what, word, subject))
    return {user_id: _sight(rows[user_id]) if user_id in rows else NOTHING_BESIDES for user_id in user_ids}


def _sight(rows: list[tuple[str, Any, UUID]]) -> Sight:
    subjects = [(CaseSubject(word), subject) for what, word, subject in rows if what == "closed"]
    subjects += parties_of_reports(subjects)
    cases = cases_around(subjects) if subjects else []
    named = {kind: {subject for of, subject in subjects if of is kind} for kind in CaseSubject}
    return Sight(
        opened=frozenset((subject, Right(word)) for what, word, subject in rows if what == "opened"),
        lent=frozenset(word for what, word, _ in rows if what == "lent"),
        closed=frozenset(case.order for case in cases) | named[CaseSubject.ORDER],
        closed_respondents=frozenset(case.respondent for case in cases) | named[CaseSubject.RESPONDENT],
        closed_persons=frozenset().union(*(case.protected for case in cases)) | named[CaseSubject.PROTECTED_PERSON],
    )


def parties_of_reports(subjects: Collection[tuple[CaseSubject, UUID]]) -> list[tuple[CaseSubject, UUID]]:
    """Whom the reports among these are about: whoever is named in one later is one of them from then on."""
    reports = [subject for kind, subject in subjects if kind is CaseSubject.REPORT]
    parties: list[tuple[CaseSubject, UUID]] = []
    for report in case_book().by_report(reports) if reports else ():
        if report.respondent is not None:
            parties.append((CaseSubject.RESPONDENT, report.respondent))
        parties += [(CaseSubject.PROTECTED_PERSON, person) for person in report.persons]
    return parties


def cases_around(subjects: Collection[tuple[CaseSubject, UUID]]) -> list[Case]:
    """The cases that are closed to whoever is close to these."""
    named = {kind: {subject for of, subject in subjects if of is kind} for kind in CaseSubject}
    return case_book().around(
        orders=named[CaseSubject.ORDER],
        respondents=named[CaseSubject.RESPONDENT],
        persons=named[CaseSubject.PROTECTED_PERSON],
    )
