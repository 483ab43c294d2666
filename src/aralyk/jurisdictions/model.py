"""What a jurisdiction pack says: agencies, districts, legal bases, articles, clocks, kinds of conditions, words.

Everything here is law or an office's practice, so everything is dated data with its source: a change of law is a new
entry with a later `valid_from`, never an edit. `unverified` marks what nobody has yet read in the primary text; an
offence protocol that rests on an unverified article can't be issued. `draft` names the languages of a text that no
native lawyer has reviewed; a legal sentence never falls back silently to another language.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

Slug = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
Filled = Annotated[str, Meta(min_length=1, max_length=2000)]
Days = Annotated[int, Meta(ge=1, le=3660)]
Months = Annotated[int, Meta(ge=1, le=120)]
LANGUAGES: Final = ("ru", "ky", "kk", "uz", "en")  # those that packs may be written in


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


class KnownBy(StrEnum):
    """How compliance with a condition becomes known; most prohibitions no device can measure."""

    DEVICE = "device"
    CHECK_IN = "check_in"
    REPORT = "report"
    PROGRAMME = "programme"


class AgencyKind(StrEnum):
    """What a body does in a case."""

    MONITORING_CENTRE = "monitoring_centre"
    POLICE = "police"
    COURT = "court"
    PROSECUTOR = "prosecutor"
    PROBATION = "probation"
    MINISTRY = "ministry"
    CRISIS_CENTRE = "crisis_centre"


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every entry carries: since when it holds, who says so, and whether anybody has checked it."""

    slug: Slug
    valid_from: date
    valid_until: date | None = None  # the last day on which it holds
    source: Filled
    known_from: KnownFrom
    unverified: bool

    def holds_on(self, day: date) -> bool:
        """Whether this entry is in force on `day`."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


class Text(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One text in each language of its pack; `draft` names those that a native lawyer has not reviewed.

    The loader refuses a text that lacks one of the pack's languages, or has one that the pack does not name.
    """

    ru: Filled | None = None
    ky: Filled | None = None
    kk: Filled | None = None
    uz: Filled | None = None
    en: Filled | None = None
    draft: tuple[str, ...] = ()

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


class District(Entry, frozen=True, kw_only=True):
    """A territory that somebody answers for: a code and names, no polygon (none that may be claimed exact exists)."""

    name: Text
    within: Slug | None = None
    statistics_code: str | None = None


class Agency(Entry, frozen=True, kw_only=True):
    """A body of the state, or a crisis centre."""

    name: Text
    kind: AgencyKind
    districts: tuple[Slug, ...] = ()  # empty: the whole country


class Article(Entry, frozen=True, kw_only=True):
    """An article of an act. `number` is None while nobody has read it in the text."""

    act: Filled
    number: str | None = None
    subject: Text
    community_service_h: int | None = None
    arrest_days: tuple[int, int] | None = None

    @property
    def carries_a_protocol(self) -> bool:
        """Whether an offence protocol may rest on it: not before it has been verified."""
        return not self.unverified


class Term(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long an order may run from its start. Exactly one of the two maxima is given."""

    days_min: Days | None = None
    days_max: Days | None = None
    months_max: Months | None = None


class Extension(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By how much an order may be prolonged beyond its first term, and at whose request."""

    days_max: Days
    on_request_of: str


class LegalBasis(Entry, frozen=True, kw_only=True):
    """What an order rests on: who may make it, for how long, and what must be stated for it."""

    name: Text
    issuer: Issuer
    article: Slug
    term: Term
    extension: Extension | None = None
    electronic_monitoring: bool
    required_statements: tuple[Slug, ...] = ()


class Clock(Entry, frozen=True, kw_only=True):
    """A duty that runs out: hours from an event."""

    name: Text
    runs_from: Slug
    hours: Annotated[int, Meta(ge=1, le=8784)]
    article: Slug | None = None


class Range(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a number in a condition may be, bounds included."""

    minimum: float
    maximum: float


class ConditionKind(Entry, frozen=True, kw_only=True):
    """A prohibition or duty that an order may hold, with the article for each legal basis that allows it."""

    name: Text
    known_by: KnownBy
    engine: bool  # whether the engine watches it; the others are known by report or programme
    articles: dict[Slug, Slug]  # legal basis -> article
    numbers: dict[Slug, Range] = {}


class Word(Entry, frozen=True, kw_only=True):
    """An official word or name that stands on screens and papers."""

    text: Text
    never: tuple[str, ...] = ()


class DeviceMessage(Entry, frozen=True, kw_only=True):
    """A text that a device may show to whoever wears it: neutral, one act to do, nothing about anybody else.

    The same texts go out in ordinary weeks, so that their coming tells nothing about a place or a person.
    """

    text: Text


class Country(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pack's own card."""

    code: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
    name: Text
    timezone: Filled
    languages: Annotated[tuple[str, ...], Meta(min_length=1)]
