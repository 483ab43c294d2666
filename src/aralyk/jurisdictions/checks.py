"""What the entries of a pack must say together: dates without overlap or gap, references that hold, all languages.

Run by the loader on every entry whose own form is right. Nothing here stops at the first mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise, product
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aralyk.jurisdictions.model import (
    KINDS,
    Article,
    Calendar,
    Clock,
    ConditionKind,
    Contact,
    Country,
    District,
    Duty,
    Entry,
    Holiday,
    IncidentClock,
    LegalBasis,
    Playbook,
    RiskLevel,
    Sanction,
    StatisticsCode,
)
from aralyk.jurisdictions.problems import Problem, quoted
from aralyk.jurisdictions.values import (
    DeskKind,
    DeviceOf,
    Due,
    DutyKind,
    Ends,
    IncidentKind,
    KnownBy,
    Milestone,
    PlaceKnown,
    Text,
    ThreatLevel,
    Whom,
)

_PRIORITIES: Final = (1, 2, 3, 4)
_EVERY_LIFE: Final = frozenset({Milestone.SHOWN, Milestone.ACKNOWLEDGED, Milestone.CLOSED})
OFFICES: Final = "offices"  # the calendar by which terms in working days count
_SERIOUS: Final = 2
# Their moment tells nothing about where she is: his own device, whatever she does. Silence too, while it is technical:
# it becomes serious because she may be near.
_HIS_DEVICE: Final = frozenset(
    {IncidentKind.TAMPER, IncidentKind.SEPARATION, IncidentKind.BATTERY, IncidentKind.JAMMING, IncidentKind.SPOOFING,
     IncidentKind.CHECK_IN}
)  # fmt: skip
RESPONDENT: Final = "respondent"  # the only slug of contact.toml
_DAY: Final = timedelta(days=1)
Found = Iterator[Problem]


class Tables:
    """The entries of a pack while it is read: what is there, and which kinds are known completely."""

    def __init__(self) -> None:
        self.whole: dict[str, bool] = {}  # False: an entry of that kind is malformed, so dates can't be judged
        self._entries: dict[str, dict[str, list[Entry]]] = {name: {} for name in KINDS}
        self._declared: dict[str, set[str]] = {name: set() for name in KINDS}

    def declare(self, name: str, slug: object) -> None:
        """Note that an entry of this slug stands there, malformed or not."""
        if isinstance(slug, str):
            self._declared[name].add(slug)

    def add(self, name: str, entry: Entry) -> None:
        """Keep a well-formed entry."""
        self._entries[name].setdefault(entry.slug, []).append(entry)

    def versions(self, name: str) -> dict[str, tuple[Any, ...]]:
        """The entries of a kind by slug, in the order of slugs, oldest first."""
        return {
            slug: tuple(sorted(versions, key=lambda entry: entry.valid_from))
            for slug, versions in sorted(self._entries[name].items())
        }

    def declared(self, name: str) -> set[str]:
        """Every slug of a kind."""
        return self._declared[name]

    def all(self) -> Iterator[tuple[str, Entry]]:
        """Every well-formed entry with its kind's name."""
        for name in KINDS:
            for versions in self.versions(name).values():
                for entry in versions:
                    yield name, entry


def check(country: Country, tables: Tables) -> list[Problem]:
    """Everything that is wrong between the entries.

    Args:
        country: The pack's card.
        tables: Its entries.
    """
    problems = [*_zone(country), *_languages_of(country.name, country, file="country.toml", entry="", field="name")]
    for name in KINDS:
        for versions in tables.versions(name).values():
            problems += _dates(name, versions)
        problems += _ranks(name, tables)
    problems += _one_clock_each(tables)
    problems += _one_playbook_each(tables)
    for name, entry in tables.all():
        problems += _languages(name, entry, country)
        problems += _references(name, entry, tables)
        for kind, rules in _RULES.items():
            if isinstance(entry, kind):
                problems += rules(entry, tables)
    return problems


def _problem(entry: Entry, field: str, *, expected: str, found: object) -> Problem:
    shown = found if isinstance(found, str) else quoted(found)
    label = f"{entry.slug} (from {entry.valid_from})"
    return Problem(file=f"{entry.table}.toml", entry=label, field=field, expected=expected, found=shown)


def _zone(country: Country) -> Found:
    try:
        ZoneInfo(country.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is no zone
        yield Problem(
            file="country.toml", field="timezone", expected="a zone of the tz database", found=quoted(country.timezone)
        )


def _dates(name: str, versions: tuple[Entry, ...]) -> Found:
    """Of one slug exactly one entry holds on any day from the first to the last: no day with two answers, or none."""
    for entry in versions:
        if entry.valid_until is not None and entry.valid_until < entry.valid_from:
            expected = f"{entry.valid_from} or later"
            yield _problem(entry, "valid_until", expected=expected, found=str(entry.valid_until))
    for before, after in pairwise(versions):
        if before.valid_until != after.valid_from - _DAY:
            expected = f"{after.valid_from - _DAY} (the next entry holds from {after.valid_from})"
            yield _problem(before, "valid_until", expected=expected, found=str(before.valid_until or "nothing"))


def _ranks(name: str, tables: Tables) -> Found:
    """No two levels share a rank on a day, and no two statistics codes a place in their dimension."""
    seen: dict[tuple[object, ...], list[Entry]] = {}
    for versions in tables.versions(name).values():
        for entry in versions:
            if isinstance(entry, RiskLevel):
                seen.setdefault((entry.rank,), []).append(entry)
            if isinstance(entry, StatisticsCode):
                seen.setdefault((entry.series, entry.dimension, entry.position), []).append(entry)
    field = "rank" if name == "risk_level" else "position"
    for entries in seen.values():
        for before, after in pairwise(entries):
            if _overlap(before, after):
                yield _problem(after, field, expected=f"another than {before.slug} has", found="the same")


def _one_clock_each(tables: Tables) -> Found:
    """An incident never has two clocks for one milestone, and of each priority and threat it has those of every life.

    A pack without any clock of incidents may be read (nobody watches by it yet); half a list may not.
    """
    clocks = [entry for versions in tables.versions("incident_clock").values() for entry in versions]
    if not clocks or not tables.whole["incident_clock"]:
        return
    for milestone, priority, threat in product(Milestone, _PRIORITIES, ThreatLevel):
        fitting = [
            entry
            for entry in clocks
            if entry.milestone is milestone and entry.falls_on(priority=priority, threat=threat)
        ]
        for one, other in product(fitting, fitting):
            if one.slug < other.slug and _overlap(one, other):
                yield _problem(other, "milestone", expected=f"another than {one.slug} has", found=milestone.value)
        if milestone in _EVERY_LIFE and not any(entry.valid_until is None for entry in fitting):
            yield Problem(
                file="incident_clock.toml", field="milestone", found="none in force",
                expected=f"a clock for {milestone.value} at priority {priority} and threat {threat.value}",
            )  # fmt: skip


def _one_playbook_each(tables: Tables) -> Found:
    """An incident never has two playbooks, and once there is one, none is without."""
    books = [entry for versions in tables.versions("playbook").values() for entry in versions]
    if not books or not tables.whole["playbook"]:
        return
    told: set[tuple[str, str, IncidentKind]] = set()  # once a kind, not for each priority
    for kind, priority, device_of, place in product(IncidentKind, _PRIORITIES, DeviceOf, PlaceKnown):
        fitting = [
            one for one in books if one.fits(kind=kind, priority=priority, device_of=device_of.value, place=place)
        ]
        for one, other in product(fitting, fitting):
            seen = (one.slug, other.slug, kind)
            if one.slug < other.slug and _overlap(one, other) and seen not in told:
                told.add(seen)
                yield _problem(other, "kinds", expected=f"another than {one.slug} has", found=kind.value)
        if not any(entry.valid_until is None for entry in fitting):
            where = f"{kind.value}, priority {priority}, {device_of.value}, {place.value}"
            yield Problem(
                file="playbook.toml", field="kinds", expected=f"a playbook for {where}", found="none in force"
            )


def _overlap(one: Entry, other: Entry) -> bool:
    return (one.valid_until or date.max) >= other.valid_from and (other.valid_until or date.max) >= one.valid_from


def _languages(name: str, entry: Entry, country: Country) -> Found:
    for field in entry.__struct_fields__:
        value = getattr(entry, field)
        label = f"{entry.slug} (from {entry.valid_from})"
        if isinstance(value, Text):
            yield from _languages_of(value, country, file=f"{name}.toml", entry=label, field=field)
    for index, step in enumerate(entry.steps if isinstance(entry, Playbook) else ()):
        for field in ("title", "script", "ask"):
            text = getattr(step, field)
            if text is not None:
                path = f"steps[{index}].{field}"
                yield from _languages_of(text, country, file=f"{name}.toml", entry=label, field=path)


def _languages_of(text: Text, country: Country, *, file: str, entry: str, field: str) -> Found:
    """A text in each language of the pack, or named as missing: what is silent would have to fall back, and may not."""
    written, wanted, missing = set(text.languages()), set(country.languages), set(text.missing)
    if written | missing != wanted or written & missing or not set(text.draft) <= written or not written:
        found = f"{', '.join(text.languages()) or 'none'}; missing {', '.join(text.missing) or 'none'}; "
        found += f"draft {', '.join(text.draft) or 'none'}"
        expected = f"texts in {', '.join(country.languages)}, or the language in `missing`"
        yield Problem(file=file, entry=entry, field=field, expected=expected, found=found)


def _references(name: str, entry: Entry, tables: Tables) -> Found:
    for field, target in type(entry).references.items():
        value = getattr(entry, field)
        for slug in () if value is None else (value,) if isinstance(value, str) else value:
            yield from _reference(entry, field, slug, target, tables)
    if isinstance(entry, ConditionKind):
        for basis, article in entry.articles.items():
            yield from _known(entry, f"articles.{basis}", basis, "legal_basis", tables)
            yield from _known(entry, f"articles.{basis}", article, "article", tables)


def _reference(entry: Entry, field: str, slug: str, target: str, tables: Tables) -> Found:
    """The slug exists; what an entry points at with one slug holds as long as the entry itself."""
    unknown = list(_known(entry, field, slug, target, tables))
    yield from unknown
    lists_many = not isinstance(getattr(entry, field), str)
    if unknown or lists_many or not tables.whole[target]:
        return
    versions = tables.versions(target)[slug]
    since, until = versions[0].valid_from, versions[-1].valid_until
    if since > entry.valid_from or (until or date.max) < (entry.valid_until or date.max):
        found = f"{slug}, which holds {since} to {until or 'today'}"
        expected = f"an entry of {target}.toml that holds from {entry.valid_from} to {entry.valid_until or 'today'}"
        yield _problem(entry, field, expected=expected, found=found)


def _known(entry: Entry, field: str, slug: str, target: str, tables: Tables) -> Found:
    if slug not in tables.declared(target):
        known = ", ".join(sorted(tables.declared(target))) or f"the entries of {target}.toml (none yet)"
        yield _problem(entry, field, expected=f"one of {known}", found=slug)


def _district(entry: District, tables: Tables) -> Found:
    """No district lies within itself, on whatever way."""
    seen, at = {entry.slug}, entry.within
    while at is not None and at in tables.versions("district"):
        if at in seen:
            yield _problem(entry, "within", expected="a district that is not within this one", found=at)
            return
        seen.add(at)
        at = tables.versions("district")[at][-1].within


def _article(entry: Article, tables: Tables) -> Found:
    if entry.number is None and not entry.unverified:
        yield _problem(entry, "unverified", expected="true (no number)", found="false")


def _sanction(entry: Sanction, tables: Tables) -> Found:
    if entry.minimum is not None and entry.maximum is not None and entry.minimum > entry.maximum:
        yield _problem(entry, "maximum", expected=f"{entry.minimum} or more", found=entry.maximum)
    if entry.maximum is None and not entry.unverified:
        yield _problem(entry, "unverified", expected="true (no maximum)", found="false")


def _legal_basis(entry: LegalBasis, tables: Tables) -> Found:
    term = entry.term
    if (term.days_max is None) == (term.months_max is None):
        found = "both" if term.days_max is not None else "neither"
        yield _problem(entry, "term", expected="one of days_max and months_max", found=found)
        return
    if term.days_min is not None and term.months_min is not None:
        yield _problem(entry, "term", expected="at most one of days_min and months_min", found="both")
    shortest = (term.days_min or 0) + 31 * (term.months_min or 0)
    longest = (term.days_max or 0) + 31 * (term.months_max or 0)
    if shortest > longest:
        yield _problem(entry, "term", expected="a minimum that is not above the maximum", found="a longer minimum")


def _condition_kind(entry: ConditionKind, tables: Tables) -> Found:
    if entry.engine != (entry.known_by is KnownBy.DEVICE):
        yield _problem(entry, "engine", expected="true exactly where known_by is device", found=entry.engine)
    for number, bounds in entry.numbers.items():
        if bounds.minimum > bounds.maximum:
            expected = f"{bounds.minimum:g} or more"
            yield _problem(entry, f"numbers.{number}.maximum", expected=expected, found=bounds.maximum)


def _clock(entry: Clock, tables: Tables) -> Found:
    yield from _due(entry, entry.due, tables)


def _duty(entry: Duty, tables: Tables) -> Found:
    if entry.due is not None:
        yield from _due(entry, entry.due, tables)
    if entry.due is None and entry.repeats:
        yield _problem(entry, "repeats", expected="false (it has no due)", found="true")
    if (entry.tells is None) != (entry.kind not in {DutyKind.NOTIFY, DutyKind.REFER}):
        yield _problem(
            entry, "tells", expected="an agency exactly with the kinds notify and refer", found=str(entry.tells)
        )


def _incident_clock(entry: IncidentClock, tables: Tables) -> Found:
    """Rounds come one after the other, and the last one reaches the desk where every escalation ends."""
    for before, after in pairwise(entry.rounds):
        if after.after_s <= before.after_s:
            yield _problem(entry, "rounds", expected=f"a round after {before.after_s} s", found=after.after_s)
    if entry.priority <= _SERIOUS and DeskKind.LAST not in entry.rounds[-1].desks:
        found = ", ".join(desk.value for desk in entry.rounds[-1].desks)
        yield _problem(entry, "rounds", expected="the desk `last` in the last round", found=found)


def _playbook(entry: Playbook, tables: Tables) -> Found:
    """He is called because of an alert only where its moment tells him nothing of her (`what-he-can-learn`)."""
    technical = entry.priorities and min(entry.priorities) > _SERIOUS
    tells_nothing = entry.place is PlaceKnown.TOLD or all(
        kind in _HIS_DEVICE or (kind is IncidentKind.SILENCE and technical) for kind in entry.kinds
    )
    seen: set[str] = set()
    for index, step in enumerate(entry.steps):
        at = f"steps[{index}]"
        if step.contact is Whom.RESPONDENT and not tells_nothing:
            expected = "nobody who calls him: the moment of the call would tell where she is"
            yield _problem(entry, f"{at}.contact", expected=expected, found=step.contact.value)
        if step.slug in seen:
            yield _problem(entry, f"{at}.slug", expected="another than an earlier step has", found=step.slug)
        seen.add(step.slug)
        if step.again_after_s is not None and step.contact is not Whom.PROTECTED:
            expected = "absent: limits act on notices to her only"
            yield _problem(entry, f"{at}.again_after_s", expected=expected, found=step.again_after_s)
        if step.says is not None and step.says not in tables.declared("her_message"):
            known = ", ".join(sorted(tables.declared("her_message")))
            yield _problem(entry, f"{at}.says", expected=f"one of {known}", found=step.says)
    if entry.steps[0].at_once:
        yield _problem(entry, "steps[0].at_once", expected="false: nothing stands before it", found="true")


def _due(entry: Entry, due: Due, tables: Tables) -> Found:
    if len(due.units()) != 1:
        expected = "one of hours, days, months, working_days, working_hours"
        yield _problem(entry, "due", expected=expected, found=", ".join(due.units()) or "none")
        return
    (unit,) = due.units()
    if due.ends is Ends.END_OF_DAY and unit in {"hours", "working_hours"}:
        yield _problem(entry, "due.ends", expected="same_time (it counts hours)", found="end_of_day")
    if due.moves_to_working_day and unit not in {"days", "months"}:
        yield _problem(entry, "due.moves_to_working_day", expected="false (only with days and months)", found="true")
    if due.ahead and (unit not in {"hours", "days"} or due.ends is Ends.END_OF_DAY or due.moves_to_working_day):
        yield _problem(entry, "due.ahead", expected="only hours or days, ending at the same time", found=unit)
    if (unit.startswith("working") or due.moves_to_working_day) and OFFICES not in tables.declared("calendar"):
        yield _problem(entry, "due", expected=f"a calendar {OFFICES!r} in calendar.toml to count by", found="none")


def _calendar(entry: Calendar, tables: Tables) -> Found:
    if entry.slug != OFFICES:
        yield _problem(entry, "slug", expected=repr(OFFICES), found=entry.slug)
    if entry.closes <= entry.opens:
        yield _problem(entry, "closes", expected=f"later than {entry.opens}", found=str(entry.closes))


def _contact(entry: Contact, tables: Tables) -> Found:
    if entry.slug != RESPONDENT:
        yield _problem(entry, "slug", expected=repr(RESPONDENT), found=entry.slug)
    if entry.latest <= entry.earliest:
        yield _problem(entry, "latest", expected=f"later than {entry.earliest}", found=str(entry.latest))


def _holiday(entry: Holiday, tables: Tables) -> Found:
    for day in (*entry.days_off, *entry.days_on):
        if not entry.holds_on(day):
            expected = f"days from {entry.valid_from} to {entry.valid_until or 'today'}"
            yield _problem(entry, "days_off", expected=expected, found=str(day))


# class -> what only its own entries must hold to
_RULES: Final[Mapping[type[Entry], Callable[[Any, Tables], Found]]] = {
    District: _district,
    Article: _article,
    Sanction: _sanction,
    LegalBasis: _legal_basis,
    ConditionKind: _condition_kind,
    Clock: _clock,
    Duty: _duty,
    IncidentClock: _incident_clock,
    Playbook: _playbook,
    Calendar: _calendar,
    Contact: _contact,
    Holiday: _holiday,
}
