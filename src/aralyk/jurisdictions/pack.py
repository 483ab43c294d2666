"""A checked pack, asked by day: what held when the order was made, not what holds today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from aralyk.jurisdictions.model import (
    Agency,
    Article,
    Clock,
    ConditionKind,
    Country,
    DeviceMessage,
    District,
    Entry,
    LegalBasis,
    Text,
    Word,
)

E = TypeVar("E", bound=Entry)


class NotInForce(LookupError):
    """The pack has no such entry on that day."""

    def __init__(self, *, what: str, slug: str, on: date, known: tuple[str, ...]) -> None:
        super().__init__(f"no {what} {slug!r} in force on {on}; in force are {', '.join(known) or 'none'}")
        self.what = what
        self.slug = slug
        self.on = on
        self.known = known


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """The law and the offices of one country, as dated entries: slug -> its versions, oldest first."""

    country: Country
    districts: Mapping[str, tuple[District, ...]]
    agencies: Mapping[str, tuple[Agency, ...]]
    articles: Mapping[str, tuple[Article, ...]]
    legal_bases: Mapping[str, tuple[LegalBasis, ...]]
    clocks: Mapping[str, tuple[Clock, ...]]
    condition_kinds: Mapping[str, tuple[ConditionKind, ...]]
    words: Mapping[str, tuple[Word, ...]]
    device_messages: Mapping[str, tuple[DeviceMessage, ...]]

    def district(self, slug: str, *, on: date) -> District:
        """The district of that code. Raises NotInForce."""
        return _in_force(self.districts, slug, on=on, what="district")

    def agency(self, slug: str, *, on: date) -> Agency:
        """The agency of that code. Raises NotInForce."""
        return _in_force(self.agencies, slug, on=on, what="agency")

    def article(self, slug: str, *, on: date) -> Article:
        """The article of that slug. Raises NotInForce."""
        return _in_force(self.articles, slug, on=on, what="article")

    def legal_basis(self, slug: str, *, on: date) -> LegalBasis:
        """The legal basis as it stands on `on`. Raises NotInForce."""
        return _in_force(self.legal_bases, slug, on=on, what="legal basis")

    def clock(self, slug: str, *, on: date) -> Clock:
        """The clock of that slug. Raises NotInForce."""
        return _in_force(self.clocks, slug, on=on, what="clock")

    def condition_kind(self, slug: str, *, on: date) -> ConditionKind:
        """The kind of condition as it stands on `on`. Raises NotInForce."""
        return _in_force(self.condition_kinds, slug, on=on, what="condition kind")

    def word(self, slug: str, *, on: date) -> Text:
        """An official word or name in its languages. Raises NotInForce."""
        return _in_force(self.words, slug, on=on, what="word").text

    def device_message(self, slug: str, *, on: date) -> Text:
        """A text that a device may show, in its languages. Raises NotInForce."""
        return _in_force(self.device_messages, slug, on=on, what="device message").text

    def device_messages_on(self, on: date) -> tuple[DeviceMessage, ...]:
        """Every text that a device may show, in the order of their slugs."""
        return _all_in_force(self.device_messages, on)

    def districts_on(self, on: date) -> tuple[District, ...]:
        """Every district in force, in the order of their codes."""
        return _all_in_force(self.districts, on)

    def agencies_on(self, on: date) -> tuple[Agency, ...]:
        """Every agency in force, in the order of their codes."""
        return _all_in_force(self.agencies, on)

    def legal_bases_on(self, on: date) -> tuple[LegalBasis, ...]:
        """Every legal basis in force, in the order of their slugs."""
        return _all_in_force(self.legal_bases, on)

    def condition_kinds_on(self, on: date, *, legal_basis: str) -> tuple[ConditionKind, ...]:
        """Every kind of condition that `legal_basis` allows on that day."""
        return tuple(kind for kind in _all_in_force(self.condition_kinds, on) if legal_basis in kind.articles)

    def day_of(self, at: datetime) -> date:
        """The calendar day of a moment where the law is applied: midnight in Bishkek is not midnight UTC."""
        return at.astimezone(ZoneInfo(self.country.timezone)).date()

    def latest_end(self, basis: LegalBasis, *, starts_at: datetime, extended: bool = False) -> datetime:
        """The last moment an order on `basis` may run to, its start included.

        Args:
            basis: As in force on the day of issue.
            starts_at: Aware.
            extended: Whether the extension was asked for by whom the law names.

        Returns:
            Days count as 24 h from the start; months as calendar months in the country's time zone.
        """
        days = basis.extension.days_max if extended and basis.extension else 0
        if basis.term.days_max is not None:
            return starts_at + timedelta(days=basis.term.days_max + days)
        assert basis.term.months_max is not None
        return add_months(starts_at, basis.term.months_max, zone=self.country.timezone) + timedelta(days=days)


def add_months(at: datetime, months: int, *, zone: str) -> datetime:
    """The same day and time of day `months` later in `zone`; the last day of the month where there is no such day."""
    local = at.astimezone(ZoneInfo(zone))
    year, month_index = divmod(local.year * 12 + local.month - 1 + months, 12)
    for day in range(local.day, 27, -1):
        try:
            return local.replace(year=year, month=month_index + 1, day=day).astimezone(at.tzinfo)
        except ValueError:
            continue
    return local.replace(year=year, month=month_index + 1).astimezone(at.tzinfo)


def _in_force(entries: Mapping[str, tuple[E, ...]], slug: str, *, on: date, what: str) -> E:
    for entry in entries.get(slug, ()):
        if entry.holds_on(on):
            return entry
    known = tuple(entry.slug for entry in _all_in_force(entries, on))
    raise NotInForce(what=what, slug=slug, on=on, known=known)


def _all_in_force(entries: Mapping[str, tuple[E, ...]], on: date) -> tuple[E, ...]:
    return tuple(entry for versions in entries.values() for entry in versions if entry.holds_on(on))
