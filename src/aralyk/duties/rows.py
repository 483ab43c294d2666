"""What one source of duties tells: rows in one order, and what is overdue however many look. Pure values.

A duty is something that an office owes in a case by a moment. Where it is stored is its package's; a source reads it
with the permission of whoever looks. All sources sort alike (due_at, source, id), so pages of several are one list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from aralyk import clock
from aralyk.access.models import User

PAGE_ROWS: Final = 50
ID_BITS: Final = 128  # some rows are numbered, some have a UUID; as a number the database sorts both in the same way
ID_DIGITS_MAX: Final = 39
COUNTED_MAX: Final = 200  # more is said as "more than": a count of everything would read everything


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Key:
    """Where a list goes on: the last row that was shown."""

    due_at: datetime
    source: str
    id: int

    def __str__(self) -> str:
        return f"{clock.to_us(self.due_at)}.{self.source}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Key | None:
        """The key of an address; None when it is none."""
        at, _, rest = text.partition(".")
        source, _, number = rest.partition(".")
        numbers = all(
            part.isascii() and part.isdigit() and len(part) <= longest
            for part, longest in ((at, 18), (number, ID_DIGITS_MAX))
        )
        if not numbers or not source.isidentifier() or int(number).bit_length() > ID_BITS:
            return None
        try:
            return cls(due_at=clock.from_us(int(at)), source=source, id=int(number))
        except (OverflowError, ValueError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which duties.

    Attributes:
        now: The moment of asking.
        overdue: Only what is overdue now.
        before: Only what is due before this moment.
        mine: Only what is this person's by what they did in the case.
        after: Only what follows this row.
        limit: At most so many.
    """

    now: datetime
    overdue: bool = False
    before: datetime | None = None
    mine: bool = False
    after: Key | None = None
    limit: int = PAGE_ROWS

    def one_more(self) -> Wanted:
        """The same with one row more: whether there is a next page."""
        return replace(self, limit=self.limit + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One duty that is not done.

    Attributes:
        source: Which source tells it.
        id: Of its row there.
        kind: What is owed; for its words.
        rule: Entry of the jurisdiction pack that names it; "" where none does.
        jurisdiction: Whose pack.
        subject: What it is owed on: a respondent, a report.
        number: What colleagues call the subject; "": it has no number.
        respondent: Whose case; None: nobody knows yet.
        respondent_name: For the page alone; "": nobody knows yet.
        protected_person: Towards whom; None: nobody named.
        code: Of the protected person; "": nobody named.
        district: Whose it is.
        began_at: Since when it is owed.
        due_at: By when.
        may_finish: Whether this person may tick it off.
        owner: Who answers for it by name; "": the office of the district.
        threat: Of the order that it is owed on; "": it is owed on none.
    """

    source: str
    id: int | UUID
    kind: str
    rule: str
    jurisdiction: str
    subject: UUID
    number: str
    respondent: UUID | None
    respondent_name: str
    protected_person: UUID | None
    code: str
    district: str
    began_at: datetime
    due_at: datetime
    may_finish: bool
    owner: str = ""
    threat: str = ""

    @property
    def key(self) -> Key:
        """Its place in the list."""
        return Key(due_at=self.due_at, source=self.source, id=int(self.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """What is overdue in one district, by one source.

    Attributes:
        district: Whose it is.
        count: How many.
        oldest_due_at: Of the one that waits longest.
        ids: Of the rows, the longest overdue first, at most as many as were asked for.
    """

    district: str
    count: int
    oldest_due_at: datetime
    ids: tuple[int | UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One package's duties.

    Attributes:
        name: Stands in addresses and alarms: an identifier.
        owed: What this person may see of it, in the order of `Key`.
        count: How many there are, at most COUNTED_MAX.
        late: Everybody's that was due before a moment, by district, with at most so many ids: for the alarm.
    """

    name: str
    owed: Callable[[User, Wanted], list[Owed]]
    count: Callable[[User, Wanted], int]
    late: Callable[[datetime, int], list[Late]]
