"""What access knows of a case: whose it is and who stands in it. Orders fill this book; access lies below them.

A case that is *opened* to somebody is one order. A case that is *closed* to somebody, because he is close to a party,
is wider: every order of the same respondents and of the same protected persons, or the next one would open it again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One order: enough to decide who may see it, and its number for those who may."""

    order: UUID
    number: str
    district: str
    respondent: UUID
    protected: frozenset[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOfCase:
    """One report: whose it is, and whom it is about; nobody may be known yet."""

    report: UUID
    number: str
    district: str
    respondent: UUID | None
    persons: frozenset[UUID]


class CaseBook(Protocol):
    """Finds cases, whoever asks: permission is the caller's."""

    def by_order(self, orders: Collection[UUID]) -> list[Case]:
        """The cases of these orders, as far as there are any."""
        ...

    def by_number(self, number: str) -> Case | None:
        """The case with exactly this number."""
        ...

    def by_report(self, reports: Collection[UUID]) -> list[ReportOfCase]:
        """Whom these reports are about, as far as there are any."""
        ...

    def around(
        self, *, orders: Collection[UUID], respondents: Collection[UUID], persons: Collection[UUID]
    ) -> list[Case]:
        """Every case of the respondents and protected persons that these lead to."""
        ...


class _Shelf:
    book: CaseBook | None = None


def keep(book: CaseBook) -> None:
    """Say where cases are found; `aralyk.orders` does so when it is loaded."""
    _Shelf.book = book


def case_book() -> CaseBook:
    """Where cases are found.

    Raises:
        AssertionError: The package that knows orders is not installed.
    """
    if _Shelf.book is None:
        raise AssertionError("no package keeps the book of cases")
    return _Shelf.book
