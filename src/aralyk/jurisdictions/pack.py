"""A checked pack, asked by day: what held when the order was made, not what holds today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from aralyk.jurisdictions.clocks import DueTime, OfficeDays, add_months_to_day, due_at
from aralyk.jurisdictions.model import (
    Agency,
    Article,
    Calendar,
    Clock,
    ConditionKind,
    Contact,
    Country,
    DeviceMessage,
    District,
    Duty,
    Entry,
    Form,
    HerMessage,
    Holiday,
    IncidentClock,
    LegalBasis,
    Playbook,
    Register,
    Relation,
    ReportOutcome,
    RiskLevel,
    Sanction,
    Statement,
    StatisticsCode,
    Text,
    ViolenceKind,
    Word,
)
from aralyk.jurisdictions.values import Due, Event, PlaceKnown

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
    """The law and the offices of one country, as dated entries: slug -> its versions, oldest first.

    `…(slug, on=day)` gives one entry and raises NotInForce; `…_on(day)` gives all that are in force, in the order of
    their slugs where nothing else is said.
    """

    country: Country
    districts: Mapping[str, tuple[District, ...]]
    agencies: Mapping[str, tuple[Agency, ...]]
    articles: Mapping[str, tuple[Article, ...]]
    sanctions: Mapping[str, tuple[Sanction, ...]]
    legal_bases: Mapping[str, tuple[LegalBasis, ...]]
    clocks: Mapping[str, tuple[Clock, ...]]
    condition_kinds: Mapping[str, tuple[ConditionKind, ...]]
    risk_levels: Mapping[str, tuple[RiskLevel, ...]]
    duties: Mapping[str, tuple[Duty, ...]]
    incident_clocks: Mapping[str, tuple[IncidentClock, ...]]
    her_messages: Mapping[str, tuple[HerMessage, ...]]
    playbooks: Mapping[str, tuple[Playbook, ...]]
    forms: Mapping[str, tuple[Form, ...]]
    words: Mapping[str, tuple[Word, ...]]
    device_messages: Mapping[str, tuple[DeviceMessage, ...]]
    contacts: Mapping[str, tuple[Contact, ...]]
    registers: Mapping[str, tuple[Register, ...]]
    violence_kinds: Mapping[str, tuple[ViolenceKind, ...]]
    relations: Mapping[str, tuple[Relation, ...]]
    statements: Mapping[str, tuple[Statement, ...]]
    report_outcomes: Mapping[str, tuple[ReportOutcome, ...]]
    statistics_codes: Mapping[str, tuple[StatisticsCode, ...]]
    calendars: Mapping[str, tuple[Calendar, ...]]
    holidays: Mapping[str, tuple[Holiday, ...]]

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

    def risk_level(self, slug: str, *, on: date) -> RiskLevel:
        """The level of risk. Raises NotInForce."""
        return _in_force(self.risk_levels, slug, on=on, what="risk level")

    def duty(self, slug: str, *, on: date) -> Duty:
        """The duty as it stands on `on`. Raises NotInForce."""
        return _in_force(self.duties, slug, on=on, what="duty")

    def form(self, slug: str, *, on: date) -> Form:
        """The form as it stands on `on`. Raises NotInForce."""
        return _in_force(self.forms, slug, on=on, what="form")

    def register(self, slug: str, *, on: date) -> Register:
        """The register that another office keeps. Raises NotInForce."""
        return _in_force(self.registers, slug, on=on, what="register")

    def violence_kind(self, slug: str, *, on: date) -> ViolenceKind:
        """The kind of violence. Raises NotInForce."""
        return _in_force(self.violence_kinds, slug, on=on, what="kind of violence")

    def relation(self, slug: str, *, on: date) -> Relation:
        """The relation of the parties. Raises NotInForce."""
        return _in_force(self.relations, slug, on=on, what="relation")

    def word(self, slug: str, *, on: date) -> Text:
        """An official word or name in its languages. Raises NotInForce."""
        return _in_force(self.words, slug, on=on, what="word").text

    def device_message(self, slug: str, *, on: date) -> Text:
        """A text that a device may show, in its languages. Raises NotInForce."""
        return _in_force(self.device_messages, slug, on=on, what="device message").text

    def device_messages_on(self, on: date) -> tuple[DeviceMessage, ...]:
        """Every text that a device may show."""
        return _all_in_force(self.device_messages, on)

    def contact_on(self, on: date) -> Contact | None:
        """How the platform keeps in touch with respondents; None: it does not."""
        return next(iter(_all_in_force(self.contacts, on)), None)

    def is_holiday(self, day: date) -> bool:
        """Whether the pack lists `day` as one on which offices are closed."""
        return any(day in entry.days_off for versions in self.holidays.values() for entry in versions)

    def districts_on(self, on: date) -> tuple[District, ...]:
        """Every district."""
        return _all_in_force(self.districts, on)

    def agencies_on(self, on: date) -> tuple[Agency, ...]:
        """Every agency."""
        return _all_in_force(self.agencies, on)

    def legal_bases_on(self, on: date) -> tuple[LegalBasis, ...]:
        """Every legal basis."""
        return _all_in_force(self.legal_bases, on)

    def condition_kinds_on(self, on: date, *, legal_basis: str) -> tuple[ConditionKind, ...]:
        """Every kind of condition that `legal_basis` allows on that day."""
        return tuple(kind for kind in _all_in_force(self.condition_kinds, on) if legal_basis in kind.articles)

    def sanctions_on(self, on: date, *, article: str) -> tuple[Sanction, ...]:
        """What a breach of that article may cost; none: no source says."""
        return tuple(sanction for sanction in _all_in_force(self.sanctions, on) if sanction.article == article)

    def clocks_on(self, on: date, *, runs_from: Event, met_by: Event) -> tuple[Clock, ...]:
        """The clocks that one event starts and another meets."""
        return tuple(
            clock for clock in _all_in_force(self.clocks, on) if (clock.runs_from, clock.met_by) == (runs_from, met_by)
        )

    def risk_levels_on(self, on: date) -> tuple[RiskLevel, ...]:
        """Every level of risk, the highest first."""
        return tuple(sorted(_all_in_force(self.risk_levels, on), key=lambda level: level.rank))

    def duties_on(self, on: date, *, level: str, legal_basis: str, runs_from: Event | None = None) -> tuple[Duty, ...]:
        """What offices owe at a level of risk under an order on a basis; those of one event, when it is named.

        Not judged here: `only_if`, which depends on the case.
        """
        return tuple(
            duty
            for duty in _all_in_force(self.duties, on)
            if duty.falls_on(level=level, legal_basis=legal_basis) and runs_from in {None, duty.runs_from}
        )

    def incident_clocks_on(self, on: date, *, priority: int, threat: str) -> tuple[IncidentClock, ...]:
        """The clocks that run for an incident of this priority under an order of this threat, one a milestone."""
        return tuple(
            clock
            for clock in _all_in_force(self.incident_clocks, on)
            if clock.falls_on(priority=priority, threat=threat)
        )

    def her_message(self, slug: str, *, on: date) -> Text:
        """What is said to the protected person."""
        return _in_force(self.her_messages, slug, on=on, what="message for her").text

    def playbook_on(self, on: date, *, kind: str, priority: int, device_of: str, place: PlaceKnown) -> Playbook | None:
        """What is done about such an incident; None: nobody has written it."""
        fitting = (
            one
            for one in _all_in_force(self.playbooks, on)
            if one.fits(kind=kind, priority=priority, device_of=device_of, place=place)
        )
        return next(fitting, None)

    def forms_on(self, on: date, *, legal_basis: str) -> tuple[Form, ...]:
        """Every form that belongs to orders on that basis."""
        return tuple(
            form for form in _all_in_force(self.forms, on) if not form.legal_bases or legal_basis in form.legal_bases
        )

    def registers_on(self, on: date) -> tuple[Register, ...]:
        """Every register that another office keeps."""
        return _all_in_force(self.registers, on)

    def violence_kinds_on(self, on: date) -> tuple[ViolenceKind, ...]:
        """Every kind of violence that a report may name."""
        return _all_in_force(self.violence_kinds, on)

    def relations_on(self, on: date) -> tuple[Relation, ...]:
        """Every relation of the parties that the law knows."""
        return _all_in_force(self.relations, on)

    def statements_on(self, on: date) -> tuple[Statement, ...]:
        """Everything that is asked of whoever reports, in the order of the form."""
        return tuple(sorted(_all_in_force(self.statements, on), key=lambda statement: statement.position))

    def report_outcome(self, slug: str, *, on: date) -> ReportOutcome:
        """What may be decided on a report. Raises NotInForce."""
        return _in_force(self.report_outcomes, slug, on=on, what="outcome of a report")

    def report_outcomes_on(self, on: date) -> tuple[ReportOutcome, ...]:
        """Everything that may be decided on a report, in the order of the form."""
        return tuple(sorted(_all_in_force(self.report_outcomes, on), key=lambda outcome: outcome.position))

    def duties_from(self, event: Event, *, on: date) -> tuple[Duty, ...]:
        """The duties that an event starts at every level of risk, whatever an order rests on.

        Not judged here: `only_if`, which depends on the case.
        """
        return tuple(
            duty
            for duty in _all_in_force(self.duties, on)
            if duty.runs_from is event and not duty.levels and not duty.legal_bases
        )

    def statistics_on(self, on: date, *, series: str) -> tuple[StatisticsCode, ...]:
        """The codes of one official table, dimension by dimension, in the table's own order."""
        codes = (code for code in _all_in_force(self.statistics_codes, on) if code.series == series)
        return tuple(sorted(codes, key=lambda code: (code.dimension, code.position)))

    def held_back_by(self, form: Form, *, articles: Iterable[str], on: date) -> tuple[str, ...]:
        """The articles for which a form can't be issued: nobody is charged by an article that nobody has read.

        Args:
            form: Of this pack.
            articles: Slugs of what it would rest on, besides the article that demands the form itself.
            on: The day of issue.

        Returns:
            Their slugs; empty: it may be issued. Forms that accuse nobody are never held back.

        Raises:
            NotInForce: An article is unknown on that day.
        """
        if not form.accuses:
            return ()
        behind = sorted({*articles, *([form.article] if form.article else [])})
        return tuple(slug for slug in behind if not self.article(slug, on=on).carries_a_protocol)

    def day_of(self, at: datetime) -> date:
        """The calendar day of a moment where the law is applied: midnight in Bishkek is not midnight UTC."""
        return at.astimezone(ZoneInfo(self.country.timezone)).date()

    def due_at(self, due: Due, event_at: datetime) -> DueTime:
        """When something is due here that an event at `event_at` (aware) started."""
        offices = OfficeDays.of(
            self.calendars.get("offices", ()), (day for versions in self.holidays.values() for day in versions)
        )
        return due_at(due, event_at=event_at, zone=ZoneInfo(self.country.timezone), offices=offices)

    def earliest_end(self, basis: LegalBasis, *, starts_at: datetime) -> datetime:
        """The first moment an order on `basis` may end at; its start where the law names no shortest term."""
        if basis.term.months_min is not None:
            return add_months(starts_at, basis.term.months_min, zone=self.country.timezone)
        return starts_at.astimezone(UTC) + timedelta(days=basis.term.days_min or 0)

    def latest_end(self, basis: LegalBasis, *, starts_at: datetime, extended: bool = False) -> datetime:
        """The last moment an order on `basis` may run to, its start included.

        Args:
            basis: As in force on the day of issue.
            starts_at: Aware.
            extended: Whether the extension was asked for by whom the law names.

        Returns:
            Days count as 24 h from the start; months as calendar months in the country's time zone.
        """
        more = timedelta(days=basis.extension.days_max if extended and basis.extension else 0)
        if basis.term.days_max is not None:
            return starts_at.astimezone(UTC) + timedelta(days=basis.term.days_max) + more
        assert basis.term.months_max is not None
        return add_months(starts_at, basis.term.months_max, zone=self.country.timezone) + more


def add_months(at: datetime, months: int, *, zone: str) -> datetime:
    """The same day and time of day `months` later in `zone`; the last day of the month where there is no such day."""
    local = at.astimezone(ZoneInfo(zone))
    day = add_months_to_day(local.date(), months)
    return local.replace(year=day.year, month=day.month, day=day.day).astimezone(UTC)


def _in_force(entries: Mapping[str, tuple[E, ...]], slug: str, *, on: date, what: str) -> E:
    for entry in entries.get(slug, ()):
        if entry.holds_on(on):
            return entry
    known = tuple(entry.slug for entry in _all_in_force(entries, on))
    raise NotInForce(what=what, slug=slug, on=on, known=known)


def _all_in_force(entries: Mapping[str, tuple[E, ...]], on: date) -> tuple[E, ...]:
    return tuple(entry for versions in entries.values() for entry in versions if entry.holds_on(on))
