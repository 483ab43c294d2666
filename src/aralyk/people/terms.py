"""The terms of `terms.toml`: read once, checked, and shown as unverified wherever they are used."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from aralyk.people.words import NoticeKind

FILE: Final = Path(__file__).with_name("terms.toml")
HOURS_MAX: Final = 24 * 30


class TermsInvalid(RuntimeError):
    """The file does not say what it must; names the entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is owed while a child is with him, and by when."""

    owner: timedelta
    notices: dict[NoticeKind, timedelta]
    unverified: bool


@functools.cache
def terms() -> Terms:
    """The terms of this version.

    Raises:
        TermsInvalid: An entry is missing or not a number of hours.
    """
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    entries = content.get("child_with_respondent", {})
    return Terms(
        owner=_hours(entries, "owner_hours"),
        notices={kind: _hours(entries, f"{kind.value}_notice_hours") for kind in NoticeKind},
        unverified=content.get("unverified") is not False,
    )


def _hours(entries: dict[str, object], name: str) -> timedelta:
    value = entries.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= HOURS_MAX:
        raise TermsInvalid(f"{FILE.name}: {name}: expected whole hours from 1 to {HOURS_MAX}")
    return timedelta(hours=value)
