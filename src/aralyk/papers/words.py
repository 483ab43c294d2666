"""The words of papers: sentences of our own (`texts.toml`) and the law's names, in one language and with its drafts.

A word that is not written in the language of the paper refuses the paper: a legal sentence is never taken from another.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from aralyk.access.errors import Refused
from aralyk.jurisdictions.model import Article, Text
from aralyk.jurisdictions.pack import NotInForce, Pack

LANGUAGES: Final = ("ru", "ky", "en")
DRAFTS: Final = frozenset({"ky"})  # of texts.toml
_FILE: Final = Path(__file__).with_name("texts.toml")
_KILOMETRE: Final = 1_000


@dataclass(slots=True, kw_only=True)
class Words:
    """Speaks one language about orders of one country on one day; remembers whether anything it said is a draft.

    Attributes:
        language: One of LANGUAGES.
        law: The pack of the order's country.
        day: The day whose law the order rests on.
        draft: Whether a text that was said awaits a lawyer's review.
    """

    language: str
    law: Pack
    day: date
    draft: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        check_language(self.language)

    def say(self, key: str, **values: str) -> str:
        """A sentence of ours, filled in."""
        self.draft = self.draft or self.language in DRAFTS
        return _texts()[key][self.language].format(**values)

    def has(self, key: str) -> bool:
        """Whether there is such a sentence of ours."""
        return key in _texts()

    def name(self, text: Text) -> str:
        """A name that the pack gives.

        Raises:
            Refused: invalid (language): the law has no text in it.
        """
        self.draft = self.draft or text.is_draft(self.language)
        try:
            return text.in_language(self.language)
        except KeyError:
            written = ", ".join(sorted(set(text.languages()) & set(LANGUAGES)))
            raise Refused.field("language", expected=f"one of {written}: the law's words exist in no other") from None

    def word(self, slug: str) -> str:
        """An official word of the pack."""
        return self.name(self.law.word(slug, on=self.day))

    def article(self, slug: str) -> str:
        """An article as people cite it, with a warning where nobody has compared its number."""
        try:
            article: Article = self.law.article(slug, on=self.day)
        except NotInForce:
            return slug
        cited = self.say("article_of", act=article.act, number=article.number) if article.number else article.act
        return self.say("article_unverified", article=cited) if article.unverified else cited

    def moment(self, at: datetime) -> str:
        """A moment in the country's own time, to the minute."""
        return at.astimezone(ZoneInfo(self.law.country.timezone)).strftime("%d.%m.%Y %H:%M")

    def length(self, metres: float) -> str:
        """A distance: kilometres from 1 km on."""
        if metres >= _KILOMETRE:
            return self.say("kilometres", number=_number(metres / _KILOMETRE, self.language))
        return self.say("metres", number=_number(metres, self.language))


def check_language(language: str) -> None:
    """Go on only with a language that papers are written in.

    Raises:
        Refused: invalid (language).
    """
    if language not in LANGUAGES:
        raise Refused.field("language", expected=" or ".join(LANGUAGES))


def degrees(value: float, *, language: str, places: int = 3) -> str:
    """An angle as papers write it."""
    text = f"{value:.{places}f}"
    return text if language == "en" else text.replace(".", ",")


def _number(value: float, language: str) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return text if language == "en" else text.replace(".", ",")


@cache
def _texts() -> dict[str, dict[str, str]]:
    with _FILE.open("rb") as file:
        read: dict[str, Any] = tomllib.load(file)
    texts = msgspec.convert(read, dict[str, dict[str, str]])
    for key, text in texts.items():
        if set(text) != set(LANGUAGES):
            raise AssertionError(f"{_FILE.name}: [{key}] must be written in {', '.join(LANGUAGES)}")
    return texts
