"""The values that entries of a pack are made of: closed words, a text in its languages, terms and due times.

A closed word (`Event`, `KnownBy` …) is one that code acts on, so a new one needs code; everything that only names
something (a district, an article, a level, a relation) is an entry and needs none.
"""

from __future__ import annotations

from datetime import time
from enum import StrEnum
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

Slug = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
Filled = Annotated[str, Meta(min_length=1, max_length=2000)]
Hours = Annotated[int, Meta(ge=0, le=8784)]
Days = Annotated[int, Meta(ge=1, le=3660)]
Months = Annotated[int, Meta(ge=1, le=120)]
Positive = Annotated[int, Meta(ge=1, le=100_000)]
Years = Annotated[int, Meta(ge=0, le=120)]
LocalTime = Annotated[time, Meta(tz=False, extra_json_schema={"format": "partial-time"})]
Language = Literal["ru", "ky", "kk", "uz", "en"]
LANGUAGES: Final[tuple[str, ...]] = get_args(Language)  # those that packs may be written in


class KnownFrom(StrEnum):
    """Whose word an entry rests on."""

    OFFICIAL = "official"
    PRESS = "press"
    SECONDARY = "secondary"
    INFERENCE = "inference"
    OURS = "ours"


class Issuer(StrEnum):
    """Who may make an order on a legal basis."""

    POLICE = "police"
    COURT = "court"


class Competence(StrEnum):
    """Whose office is competent: the place that decides it."""

    RESPONDENT_RESIDENCE = "respondent_residence"


class KnownBy(StrEnum):
    """How compliance with a condition becomes known; most prohibitions no device can measure."""

    DEVICE = "device"
    CHECK_IN = "check_in"
    REPORT = "report"
    PROGRAMME = "programme"
    NONE = "none"


class AgencyKind(StrEnum):
    """What a body does in a case."""

    MONITORING_CENTRE = "monitoring_centre"
    POLICE = "police"
    COURT = "court"
    PROSECUTOR = "prosecutor"
    PROBATION = "probation"
    MINISTRY = "ministry"
    CRISIS_CENTRE = "crisis_centre"
    CHILD_SERVICES = "child_services"
    SOCIAL_SERVICES = "social_services"
    HEALTH = "health"
    OMBUDSMAN = "ombudsman"


class ArticleKind(StrEnum):
    """What an article is for: a rule of procedure, an offence, or a crime (counted apart)."""

    RULE = "rule"
    OFFENCE = "offence"
    CRIME = "crime"


class SanctionKind(StrEnum):
    """What a sanction takes; its unit is fixed: hours of work, days of arrest, calculation indices of a fine."""

    COMMUNITY_SERVICE_H = "community_service_h"
    ARREST_DAYS = "arrest_days"
    FINE_INDICES = "fine_indices"


class Event(StrEnum):
    """What a clock or duty runs from, and what meets a clock."""

    REPORT_RECEIVED = "report_received"
    REPORT_ACTED_ON = "report_acted_on"
    REPORT_REFUSED = "report_refused"
    VIOLENCE_ESTABLISHED = "violence_established"
    RISK_ASSESSED = "risk_assessed"
    RESPONDENT_DETAINED = "respondent_detained"
    RESPONDENT_RELEASED = "respondent_released"
    ORDER_ISSUED = "order_issued"
    ORDER_SERVED = "order_served"
    ORDER_EXPIRES = "order_expires"
    COURT_DATE = "court_date"
    NEW_REPORT = "new_report"
    BREACH = "breach"
    PANIC = "panic"
    TAMPER = "tamper"
    DEVICE_REMOVED = "device_removed"
    SEPARATION = "separation"
    PROTECTION_REDUCED = "protection_reduced"
    REDUCTION_REQUESTED = "reduction_requested"


class Circumstance(StrEnum):
    """What must be so for a duty to arise."""

    MINOR_INVOLVED = "minor_involved"
    WEAPONS_STATED = "weapons_stated"
    MONITORED = "monitored"
    INJURY_STATED = "injury_stated"


class DutyKind(StrEnum):
    """What is to be done."""

    ASSESS_RISK = "assess_risk"
    REASSESS_RISK = "reassess_risk"
    VISIT_RESPONDENT = "visit_respondent"
    CONTACT_PROTECTED_PERSON = "contact_protected_person"
    CHECK_WEAPONS = "check_weapons"
    ASK_ABOUT_EXTENSION = "ask_about_extension"
    CHOOSE_DEVICE = "choose_device"
    DELIVER = "deliver"
    REFER = "refer"
    NOTIFY = "notify"


class Milestone(StrEnum):
    """What must have happened with an incident when a clock of it runs out."""

    SHOWN = "shown"
    ACKNOWLEDGED = "acknowledged"
    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    ON_THE_WAY = "on_the_way"
    ARRIVED = "arrived"
    CLOSED = "closed"


class ThreatLevel(StrEnum):
    """The threat that an order carries."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class DeskKind(StrEnum):
    """A desk that people of a roster sit at. `last` is the one where every escalation ends: it always answers."""

    CENTRE = "centre"
    DUTY_UNIT = "duty_unit"
    SUPERVISOR = "supervisor"
    HER_CALLER = "her_caller"
    LAST = "last"


class Ends(StrEnum):
    """When on its last day a term ends."""

    SAME_TIME = "same_time"
    END_OF_DAY = "end_of_day"


class Weekday(StrEnum):
    """A day of the week; Monday first."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class Text(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One text in each language of its pack.

    The loader refuses a text that lacks one of the pack's languages without naming it in `missing`, and one in a
    language that the pack does not name.
    """

    ru: Filled | None = None
    ky: Filled | None = None
    kk: Filled | None = None
    uz: Filled | None = None
    en: Filled | None = None
    draft: Annotated[tuple[Language, ...], Meta(description="Languages that no native lawyer has reviewed.")] = ()
    missing: Annotated[
        tuple[Language, ...], Meta(description="Languages of the pack in which nobody has written it yet.")
    ] = ()

    def languages(self) -> tuple[str, ...]:
        """The languages in which it is written, in the order of the fields."""
        return tuple(name for name in LANGUAGES if getattr(self, name) is not None)

    def in_language(self, language: str) -> str:
        """The text in `language`.

        Raises:
            KeyError: It is not written in that language; a legal text never falls back to another one.
        """
        if language not in self.languages():
            raise KeyError(language)
        return str(getattr(self, language))

    def is_draft(self, language: str) -> bool:
        """Whether the screen must say that this text awaits a lawyer's review."""
        return language in self.draft


class Term(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long an order may run from its start: exactly one maximum, at most one minimum."""

    days_min: Days | None = None
    months_min: Months | None = None
    days_max: Annotated[Days | None, Meta(description="24 hours each, from the start.")] = None
    months_max: Annotated[
        Months | None,
        Meta(description="Calendar months in the country's zone; the month's last day where there is no such day."),
    ] = None


class Requester(StrEnum):
    """At whose request an order may be prolonged."""

    PROTECTED_PERSON = "protected_person"
    POLICE = "police"


class Extension(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By how much an order may be prolonged beyond its first term, and at whose request."""

    days_max: Days
    on_request_of: Requester


class Due(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long after an event something must be done: exactly one of the five units."""

    hours: Annotated[Hours | None, Meta(description="Elapsed hours: 24 are 24, also across a clock change.")] = None
    days: Annotated[Days | None, Meta(description="Calendar days in the country's zone.")] = None
    months: Annotated[Months | None, Meta(description="Calendar months in the country's zone.")] = None
    working_days: Annotated[
        Days | None, Meta(description="Working days after the day of the event; needs a calendar.")
    ] = None
    working_hours: Annotated[Days | None, Meta(description="Hours in which the offices are open.")] = None
    ends: Annotated[Ends, Meta(description="With days, months and working_days: when on the last day.")] = (
        Ends.SAME_TIME
    )
    moves_to_working_day: Annotated[
        bool, Meta(description="With days and months: a last day that is no working day moves to the next one.")
    ] = False
    ahead: Annotated[
        bool, Meta(description="Counts back from the event: done before it. With hours and days, same_time only.")
    ] = False

    def units(self) -> tuple[str, ...]:
        """The units that are given; one in a checked pack."""
        return tuple(name for name in UNITS if getattr(self, name) is not None)


UNITS: Final = ("hours", "days", "months", "working_days", "working_hours")


class IncidentKind(StrEnum):
    """What the engine raises an incident about."""

    PROXIMITY = "proximity"
    WARNING_RING = "warning_ring"
    APPROACH = "approach"
    EXCLUSION_ZONE = "exclusion_zone"
    INCLUSION_ZONE = "inclusion_zone"
    CURFEW = "curfew"
    TAMPER = "tamper"
    SEPARATION = "separation"
    SILENCE = "silence"
    PANIC = "panic"
    BATTERY = "battery"
    JAMMING = "jamming"
    SPOOFING = "spoofing"
    CHECK_IN = "check_in"
    HANDOVER = "handover"


class DeviceOf(StrEnum):
    """Whose device an incident is about."""

    RESPONDENT = "respondent"
    PROTECTED = "protected"


class PlaceKnown(StrEnum):
    """Whether the respondent was openly told the place that an incident is about."""

    TOLD = "told"
    HIDDEN = "hidden"


class Whom(StrEnum):
    """Whom a step of a playbook turns to."""

    RESPONDENT = "respondent"
    PROTECTED = "protected"
    POLICE = "police"
    DEVICE = "device"
    CENTRE = "centre"


class StepResult(StrEnum):
    """What came of a step: a closed list, so that it can be counted."""

    DONE = "done"
    SAFE = "safe"
    NEEDS_HELP = "needs_help"
    TOLD = "told"
    COMPLIES = "complies"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    NOT_POSSIBLE = "not_possible"


class PlaybookStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to do about an incident."""

    slug: Annotated[Slug, Meta(description="Its name in the time line; never changed.")]
    contact: Annotated[Whom, Meta(description="Whom it turns to.")]
    title: Annotated[Text, Meta(description="What the operator does, in a few words.")]
    at_once: Annotated[bool, Meta(description="True: together with the step before, not after it.")] = False
    script: Annotated[Text | None, Meta(description="What is said first, word for word.")] = None
    says: Annotated[Slug | None, Meta(description="The message for her that is said then.")] = None
    ask: Annotated[Text | None, Meta(description="What to ask.")] = None
    results: Annotated[tuple[StepResult, ...], Meta(min_length=1, description="What may be recorded.")]
    again_after_s: Annotated[
        Annotated[int, Meta(ge=30, le=86_400)] | None,
        Meta(description="Not said again to her before: limits act on notices to her only."),
    ] = None


class EscalationRound(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which desks are told together, so long after a clock of an incident ran out."""

    after_s: Annotated[int, Meta(ge=0, le=2_592_000, description="Seconds after the clock ran out.")]
    desks: Annotated[tuple[DeskKind, ...], Meta(min_length=1, description="Told at once and in parallel.")]


class Range(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a number in a condition may be, bounds included."""

    minimum: float
    maximum: float
