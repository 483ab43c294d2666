"""What is owed, over all sources, as one person may see it: one list, the longest overdue first.

Every package that lets something fall due gives a `Source` and is named in SOURCES; the page, the API and the alarm
then know it. Who sees what is each source's own query.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Final

from aralyk.access.models import User
from aralyk.access.permissions import May, allows, sees_district
from aralyk.devices import queries as devices
from aralyk.duties.of_orders import OF_QUESTIONS
from aralyk.duties.of_people import OF_CHILDREN, OF_NOTICES
from aralyk.duties.of_reports import OF_REPORTS
from aralyk.duties.of_risk import OF_ASSESSMENTS, OF_LEVELS
from aralyk.duties.rows import COUNTED_MAX, Key, Owed, Source, Wanted

OF_DUTIES: Final = "duties."  # the alarm's component is this and the district
SOURCES: Final[tuple[Source, ...]] = (
    OF_ASSESSMENTS, OF_LEVELS, OF_REPORTS, OF_QUESTIONS, OF_CHILDREN, OF_NOTICES,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some duties, and where the list goes on; None: it ends here."""

    duties: tuple[Owed, ...]
    after: Key | None


def may_see_duties(user: User) -> bool:
    """Whether any duty could ever be this person's to see."""
    return any(allows(user, may) for may in (May.READ_RISK, May.OVERSEE_DUTIES, May.READ_REPORTS, May.TAKE_REPORTS))


def owed_for(user: User, wanted: Wanted) -> Page:
    """One page of what is owed, the most urgent first: as many queries as there are sources."""
    rows = merge(*(source.owed(user, wanted.one_more()) for source in SOURCES), key=lambda owed: owed.key)
    found = tuple(islice(rows, wanted.limit + 1))
    shown = found[: wanted.limit]
    return Page(duties=shown, after=shown[-1].key if len(found) > len(shown) else None)


def count_for(user: User, wanted: Wanted) -> int:
    """How many there are, at most COUNTED_MAX."""
    return min(sum(source.count(user, wanted) for source in SOURCES), COUNTED_MAX)


def alarms_seen_by(user: User, components: Collection[str]) -> set[str]:
    """Of the platform's alarms those that this person may hear of: about duties, those of the districts they see."""
    about_duties = {component for component in components if component.startswith(OF_DUTIES)}
    seen = devices.alarms_seen_by(user, [component for component in components if component not in about_duties])
    if not may_see_duties(user):
        return seen
    return seen | {one for one in about_duties if sees_district(user, one.removeprefix(OF_DUTIES))}
