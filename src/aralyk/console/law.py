"""Names that the jurisdiction pack gives: districts, legal bases, kinds of conditions, articles, statements.

As in force when the thing was made. A code that the pack did not know then, or has no text for in the active language,
is shown as the code; a legal text is never taken from another language.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language

from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.model import Text
from aralyk.jurisdictions.pack import NotInForce


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleText:
    """An article as a page shows it."""

    act: str
    number: str | None
    subject: str
    unverified: bool


def district_name(jurisdiction: str, code: str, *, at: datetime) -> str:
    """The district in the active language."""
    law = pack(jurisdiction)
    try:
        return _read(law.district(code, on=law.day_of(at)).name)
    except (NotInForce, KeyError):
        return code


def agency_name(jurisdiction: str, code: str, *, at: datetime) -> str:
    """The agency in the active language."""
    law = pack(jurisdiction)
    try:
        return _read(law.agency(code, on=law.day_of(at)).name)
    except (NotInForce, KeyError):
        return code


def legal_basis_name(jurisdiction: str, slug: str, *, at: datetime) -> str:
    """What an order rests on, in the active language."""
    law = pack(jurisdiction)
    try:
        return _read(law.legal_basis(slug, on=law.day_of(at)).name)
    except (NotInForce, KeyError):
        return slug


def condition_name(jurisdiction: str, kind: str, *, at: datetime) -> str:
    """What a condition orders, in the active language."""
    law = pack(jurisdiction)
    try:
        return _read(law.condition_kind(kind, on=law.day_of(at)).name)
    except (NotInForce, KeyError):
        return kind


def duty_name(jurisdiction: str, slug: str, *, at: datetime) -> str:
    """What is owed, in the active language."""
    law = pack(jurisdiction)
    try:
        return _read(law.duty(slug, on=law.day_of(at)).name)
    except (NotInForce, KeyError):
        return slug


def article_text(jurisdiction: str, slug: str, *, at: datetime) -> ArticleText | None:
    """The article of a condition; None when the pack has none in force."""
    law = pack(jurisdiction)
    try:
        article = law.article(slug, on=law.day_of(at))
    except NotInForce:
        return None
    try:
        subject = _read(article.subject)
    except KeyError:  # act and number say which article it is
        subject = ""
    return ArticleText(act=article.act, number=article.number, subject=subject, unverified=article.unverified)


def risk_level_name(jurisdiction: str, level: str, *, at: datetime) -> str:
    """What the country calls a level of risk."""
    law = pack(jurisdiction)
    try:
        return _read(law.risk_level(level, on=law.day_of(at)).name)
    except (NotInForce, KeyError):
        return level


def clock_name(jurisdiction: str, slug: str, *, at: datetime) -> str:
    """What a clock of the law is for."""
    law = pack(jurisdiction)
    try:
        return _read(law.clock(slug, on=law.day_of(at)).name)
    except (NotInForce, KeyError):
        return slug


def _read(text: Text) -> str:
    return text.in_language(get_language() or "ru")
