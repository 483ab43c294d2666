"""What a jurisdiction pack says, kind by kind; each kind is one file of the pack.

Everything here is law or an office's practice, so everything is dated data with its source: a change of law is a new
entry with a later `valid_from`, never an edit. `unverified` marks what no source that may be relied on says; an offence
protocol that rests on an unverified article can't be issued. `draft` names the languages of a text that no native
lawyer has reviewed; a legal sentence never falls back silently to another language.

The JSON Schema and the reference page are made from these classes (`reference`): a field without a description, or a
class without a first line, has none there either.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import Meta

from aralyk.jurisdictions.values import AgencyKind as AgencyKind
from aralyk.jurisdictions.values import (
    ArticleKind,
    Circumstance,
    Competence,
    DeviceOf,
    Due,
    DutyKind,
    EscalationRound,
    Event,
    Extension,
    Filled,
    IncidentKind,
    LocalTime,
    Milestone,
    PlaceKnown,
    PlaybookStep,
    Positive,
    Range,
    SanctionKind,
    Slug,
    Term,
    ThreatLevel,
    Weekday,
    Years,
)
from aralyk.jurisdictions.values import Issuer as Issuer
from aralyk.jurisdictions.values import KnownBy as KnownBy
from aralyk.jurisdictions.values import KnownFrom as KnownFrom
from aralyk.jurisdictions.values import Language as Language
from aralyk.jurisdictions.values import Text as Text


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every entry carries: since when it holds, who says so, and whether anybody may rely on it."""

    table: ClassVar[str]  # the file's and the table's name
    references: ClassVar[dict[str, str]] = {}  # field -> the kind that its slugs name

    slug: Annotated[Slug, Meta(description="Its name in code and data; never changed.")]
    valid_from: Annotated[date, Meta(description="First day on which it holds, or for which a source speaks.")]
    valid_until: Annotated[date | None, Meta(description="Last day on which it holds; absent: still in force.")] = None
    source: Annotated[Filled, Meta(description="Where this was read; never empty.")]
    known_from: Annotated[KnownFrom, Meta(description="Whose word it is.")]
    unverified: Annotated[bool, Meta(description="True: no source that may be relied on settles it.")]

    def holds_on(self, day: date) -> bool:
        """Whether this entry is in force on `day`."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


class District(Entry, frozen=True, kw_only=True):
    """A territory that somebody answers for: a code and names, no polygon (none that may be claimed exact exists)."""

    table = "district"
    references = {"within": "district"}

    name: Text
    within: Annotated[Slug | None, Meta(description="The district that it is a part of.")] = None
    statistics_code: Annotated[str | None, Meta(description="Its code in official statistics or ISO 3166-2.")] = None


class Agency(Entry, frozen=True, kw_only=True):
    """A body of the state, or a crisis centre."""

    table = "agency"
    references = {"districts": "district"}

    name: Text
    kind: Annotated[AgencyKind, Meta(description="What it does in a case.")]
    districts: Annotated[tuple[Slug, ...], Meta(description="Where it is competent; none: the whole country.")] = ()


class Article(Entry, frozen=True, kw_only=True):
    """An article of an act."""

    table = "article"

    act: Annotated[Filled, Meta(description="The act's official title, in the language it is cited in.")]
    number: Annotated[str | None, Meta(description="Absent: nobody has found it; then it must be unverified.")] = None
    kind: Annotated[ArticleKind, Meta(description="Crimes are counted apart.")] = ArticleKind.RULE
    subject: Text

    @property
    def carries_a_protocol(self) -> bool:
        """Whether an offence protocol may rest on it: not before it has been verified."""
        return not self.unverified


class Sanction(Entry, frozen=True, kw_only=True):
    """What a breach of an article may cost; absent bounds are unknown, never zero."""

    table = "sanction"
    references = {"article": "article"}

    article: Annotated[Slug, Meta(description="The article that threatens it.")]
    kind: Annotated[SanctionKind, Meta(description="What it takes; the unit stands in its name.")]
    minimum: Annotated[Positive | None, Meta(description="Least; absent: unknown.")] = None
    maximum: Annotated[Positive | None, Meta(description="Most; absent: unknown.")] = None


class LegalBasis(Entry, frozen=True, kw_only=True):
    """What an order rests on: who may make it, for how long, and what must be stated for it."""

    table = "legal_basis"
    references = {"article": "article"}

    name: Text
    issuer: Annotated[Issuer, Meta(description="Who makes the order.")]
    article: Annotated[Slug, Meta(description="The article that gives the power.")]
    term: Term
    extension: Annotated[Extension | None, Meta(description="Absent: the term can't be prolonged.")] = None
    electronic_monitoring: Annotated[bool, Meta(description="Whether conditions may be measured by a device.")]
    competence: Annotated[Competence | None, Meta(description="Which office is competent; absent: not found.")] = None
    respondent_age_over: Annotated[Years | None, Meta(description="The respondent must be older; years.")] = None
    required_statements: Annotated[
        tuple[Slug, ...], Meta(description="Answers (yes, no, unknown) without which no order is issued.")
    ] = ()


class Clock(Entry, frozen=True, kw_only=True):
    """A duty of the office that runs out once, counted from an event."""

    table = "clock"
    references = {"article": "article"}

    name: Text
    runs_from: Annotated[Event, Meta(description="What starts it.")]
    met_by: Annotated[Event, Meta(description="What must have happened when it runs out.")]
    due: Due
    article: Annotated[Slug | None, Meta(description="Absent: not a rule of law.")] = None


class ConditionKind(Entry, frozen=True, kw_only=True):
    """A prohibition or duty that an order may hold, with the article for each legal basis that allows it."""

    table = "condition_kind"

    name: Text
    known_by: Annotated[KnownBy, Meta(description="How compliance becomes known.")]
    engine: Annotated[bool, Meta(description="Whether the engine watches it: true exactly with device.")]
    articles: Annotated[dict[Slug, Slug], Meta(description="Legal basis → article.")]
    numbers: Annotated[dict[Slug, Range], Meta(description="Numbers the order states, with their bounds.")] = {}


class RiskLevel(Entry, frozen=True, kw_only=True):
    """A level that a risk assessment may give; there is no level "none"."""

    table = "risk_level"

    name: Text
    rank: Annotated[int, Meta(ge=1, le=9, description="1 is the highest; no two levels share one.")]
    mark: Annotated[Text | None, Meta(description="The mark that the order carries at this level.")] = None


class Duty(Entry, frozen=True, kw_only=True):
    """Something that an office owes in a case: at every level of risk or at some, once or again and again."""

    table = "duty"
    references = {"article": "article", "levels": "risk_level", "legal_bases": "legal_basis"}

    name: Text
    kind: Annotated[DutyKind, Meta(description="What is to be done.")]
    owner: Annotated[AgencyKind, Meta(description="Whose duty it is.")]
    tells: Annotated[AgencyKind | None, Meta(description="With notify and refer: who is told.")] = None
    runs_from: Annotated[Event, Meta(description="What starts it.")]
    due: Annotated[Due | None, Meta(description="Absent: at once; neither a source nor we name a term.")] = None
    due_known_from: Annotated[
        KnownFrom | None, Meta(description="Whose word the term is, where it is not the entry's.")
    ] = None
    repeats: Annotated[bool, Meta(description="Once done, it is due again as long after.")] = False
    levels: Annotated[tuple[Slug, ...], Meta(description="Levels of risk; none named: every level.")] = ()
    legal_bases: Annotated[tuple[Slug, ...], Meta(description="None named: whatever the order rests on.")] = ()
    only_if: Annotated[Circumstance | None, Meta(description="Arises only when this is so.")] = None
    article: Annotated[Slug | None, Meta(description="Absent: not a rule of law.")] = None

    def falls_on(self, *, level: str, legal_basis: str) -> bool:
        """Whether it is owed at this level of risk under an order on this basis."""
        return (not self.levels or level in self.levels) and (not self.legal_bases or legal_basis in self.legal_bases)


class IncidentClock(Entry, frozen=True, kw_only=True):
    """How soon something must have happened with an incident, and who is told when it has not. It counts seconds."""

    table = "incident_clock"

    milestone: Annotated[Milestone, Meta(description="What must have happened.")]
    priority: Annotated[int, Meta(ge=1, le=4, description="Of the incident; 1 is critical.")]
    threats: Annotated[
        tuple[ThreatLevel, ...], Meta(description="Threat levels of the order; none named: every level.")
    ] = ()
    seconds: Annotated[int, Meta(ge=1, le=31_622_400, description="Elapsed seconds: nights and holidays count.")]
    rounds: Annotated[
        tuple[EscalationRound, ...], Meta(min_length=1, description="Who is told, the first round first.")
    ]
    repeat_s: Annotated[
        int, Meta(ge=30, le=2_592_000, description="The last round comes again after so many seconds, and again.")
    ]

    def falls_on(self, *, priority: int, threat: str) -> bool:
        """Whether it runs for an incident of this priority under an order of this threat."""
        return priority == self.priority and (not self.threats or threat in self.threats)


class HerMessage(Entry, frozen=True, kw_only=True):
    """What is said to the protected person: neutral, one act to do; product, centre and order are never named.

    Said by a person who knows that she is alone, to a number that she gave herself, after a private conversation.
    """

    table = "her_message"

    text: Text


class Playbook(Entry, frozen=True, kw_only=True):
    """What is done about incidents of some kinds, step by step: whom first, which words, what to record."""

    table = "playbook"

    name: Text
    kinds: Annotated[tuple[IncidentKind, ...], Meta(min_length=1, description="Which incidents it is for.")]
    priorities: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=4)], ...], Meta(description="Of these priorities; none named: of all.")
    ] = ()
    device_of: Annotated[DeviceOf | None, Meta(description="About whose device; absent: either.")] = None
    place: Annotated[
        PlaceKnown | None, Meta(description="Whether he was openly told the place; absent: it does not matter.")
    ] = None
    steps: Annotated[tuple[PlaybookStep, ...], Meta(min_length=1, max_length=9, description="One key each.")]

    def fits(self, *, kind: str, priority: int, device_of: str, place: PlaceKnown) -> bool:
        """Whether it is for an incident of this kind."""
        return (
            kind in self.kinds
            and (not self.priorities or priority in self.priorities)
            and (self.device_of is None or self.device_of == device_of)
            and (self.place is None or self.place is place)
        )


class Form(Entry, frozen=True, kw_only=True):
    """A paper that an office issues."""

    table = "form"
    references = {"article": "article", "legal_bases": "legal_basis"}

    name: Text
    made_by: Annotated[AgencyKind, Meta(description="Which office signs it.")]
    accuses: Annotated[bool, Meta(description="True: it is not issued while anything it rests on is unverified.")]
    reaches_respondent: Annotated[bool, Meta(description="True: only the served rendition, without sealed places.")]
    official_number: Annotated[str | None, Meta(description="The form's number in the act that fixes it.")] = None
    article: Annotated[Slug | None, Meta(description="The article that demands it.")] = None
    legal_bases: Annotated[tuple[Slug, ...], Meta(description="Orders that it belongs to; none named: all.")] = ()


class Word(Entry, frozen=True, kw_only=True):
    """An official word or name that stands on screens and papers."""

    table = "word"

    text: Text
    never: Annotated[tuple[str, ...], Meta(description="Words that must not stand in its place.")] = ()


class DeviceMessage(Entry, frozen=True, kw_only=True):
    """A text that a device may show to whoever wears it: neutral, one act to do, nothing about anybody else.

    The same texts go out in ordinary weeks, so that their coming tells nothing about a place or a person.
    """

    table = "device_message"

    text: Text


class Contact(Entry, frozen=True, kw_only=True):
    """How the platform keeps in touch with a respondent: at drawn moments, whatever happens. One slug: `respondent`.

    Absent: nothing is written to a respondent who must not learn where the protected person is.
    """

    table = "contact"
    references = {"message": "device_message"}

    message: Annotated[Slug, Meta(description="The text, always the same.")]
    a_day: Annotated[int, Meta(ge=1, le=6, description="Moments drawn for each day that is no holiday.")]
    earliest: Annotated[LocalTime, Meta(description="Local time before which nobody is disturbed.")]
    latest: Annotated[LocalTime, Meta(description="Local time after which nobody is disturbed; later than `earliest`.")]
    call_one_in: Annotated[int, Meta(ge=1, description="One moment in so many is for a call by a person, too.")]
    interval_s: Annotated[
        int,
        Meta(ge=5, le=60, description="What a respondent's device is told at its fitting: seconds between reports."),
    ]


class Register(Entry, frozen=True, kw_only=True):
    """A register that another office keeps: files are exchanged with it, it is never replaced."""

    table = "register"
    references = {"kept_by": "agency"}

    name: Text
    kept_by: Annotated[Slug, Meta(description="The agency that keeps it.")]


class ViolenceKind(Entry, frozen=True, kw_only=True):
    """A kind of violence that a report may name."""

    table = "violence_kind"

    name: Text
    statutory: Annotated[bool, Meta(description="Whether the law itself lists it.")]


class Relation(Entry, frozen=True, kw_only=True):
    """What the respondent is to the protected person, as far as the law protects it."""

    table = "relation"

    name: Text
    equated: Annotated[bool, Meta(description="Whether the law equates it to family rather than calling it family.")]


class Statement(Entry, frozen=True, kw_only=True):
    """Something that is asked of whoever reports: yes, no, or why nobody could say."""

    table = "statement"

    text: Annotated[Text, Meta(description="The question, as it stands on forms and on the applicant's copy.")]
    required: Annotated[bool, Meta(description="True: a report does not close while it was not asked.")]
    dated: Annotated[bool, Meta(description="True: a yes asks for its day as well.")] = False
    circumstance: Annotated[
        Circumstance | None, Meta(description="What a yes means for the duties that arise only if it is so.")
    ] = None
    position: Annotated[int, Meta(ge=1, description="Its place on forms; no two share one.")]


class ReportOutcome(Entry, frozen=True, kw_only=True):
    """What an office may decide on a report; every decision has its reason besides."""

    table = "report_outcome"
    references = {"registers": "register", "article": "article"}

    name: Text
    closes: Annotated[bool, Meta(description="False: the report stays open, for something is still awaited.")]
    needs_order: Annotated[bool, Meta(description="True: an order must have been issued on the report.")] = False
    registers: Annotated[
        tuple[Slug, ...], Meta(description="Registers in one of which the case has a number; none: no number.")
    ] = ()
    sends_to: Annotated[
        tuple[AgencyKind, ...], Meta(description="Offices to one of which the report goes; none: it stays.")
    ] = ()
    refuses: Annotated[bool, Meta(description="True: nothing is done for whoever reported; a prosecutor sees it.")] = (
        False
    )
    article: Annotated[Slug | None, Meta(description="Absent: not a rule of law.")] = None
    position: Annotated[int, Meta(ge=1, description="Its place on forms; no two share one.")]


class StatisticsCode(Entry, frozen=True, kw_only=True):
    """One column, row or code of an official table, so that figures come out in its form exactly."""

    table = "statistics_code"

    name: Text
    series: Annotated[Slug, Meta(description="The table that it belongs to.")]
    dimension: Annotated[Slug, Meta(description="What it divides: column, sex, age, occupation …")]
    position: Annotated[int, Meta(ge=1, description="Its place in that dimension; no two share one.")]
    code: Annotated[str | None, Meta(description="Its code in the official data set; absent: it has none.")] = None


class Calendar(Entry, frozen=True, kw_only=True):
    """When the offices work; needed only where a term counts working days or hours. One slug: `offices`."""

    table = "calendar"

    weekdays: Annotated[tuple[Weekday, ...], Meta(min_length=1, description="Working days of the week.")]
    opens: Annotated[LocalTime, Meta(description="Local time at which the offices open.")]
    closes: Annotated[LocalTime, Meta(description="Local time at which they close; later than `opens`.")]
    years_known: Annotated[
        tuple[int, ...], Meta(description="Years whose holidays are all listed; a term beyond them is provisional.")
    ] = ()


class Holiday(Entry, frozen=True, kw_only=True):
    """Days on which offices are closed though the week says work, and days on which they work instead."""

    table = "holiday"

    name: Text
    days_off: Annotated[tuple[date, ...], Meta(min_length=1, description="Days without work.")]
    days_on: Annotated[tuple[date, ...], Meta(description="Days of rest that were made working days for it.")] = ()


class Country(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pack's own card."""

    code: Annotated[str, Meta(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2; the folder's name.")]
    name: Text
    timezone: Annotated[Filled, Meta(description="A zone of the tz database; every day of law is a day there.")]
    languages: Annotated[
        tuple[Language, ...], Meta(min_length=1, description="Each text is in each, or says `missing`.")
    ]


# file and table -> its entries' class, the field of `Pack` that holds them
KINDS: Final[dict[str, tuple[type[Entry], str]]] = {
    kind.table: (kind, plural)
    for kind, plural in (
        (District, "districts"),
        (Agency, "agencies"),
        (Article, "articles"),
        (Sanction, "sanctions"),
        (LegalBasis, "legal_bases"),
        (Clock, "clocks"),
        (ConditionKind, "condition_kinds"),
        (RiskLevel, "risk_levels"),
        (Duty, "duties"),
        (IncidentClock, "incident_clocks"),
        (HerMessage, "her_messages"),
        (Playbook, "playbooks"),
        (Form, "forms"),
        (Word, "words"),
        (DeviceMessage, "device_messages"),
        (Contact, "contacts"),
        (Register, "registers"),
        (ViolenceKind, "violence_kinds"),
        (Relation, "relations"),
        (Statement, "statements"),
        (ReportOutcome, "report_outcomes"),
        (StatisticsCode, "statistics_codes"),
        (Calendar, "calendars"),
        (Holiday, "holidays"),
    )
}
