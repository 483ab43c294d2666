"""What a level brings in a country: its name, its duties with their clocks, and when it is assessed again.

Read from `risk_duty.toml` of the jurisdiction pack: dated entries, one a level, so that a duty that was due under the
old entry stays due under it.
"""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from aralyk.jurisdictions.loader import PACKS, PackInvalid, pack
from aralyk.jurisdictions.model import Entry, Slug, Text
from aralyk.risk.levels import Level

FILE: Final = "risk_duty.toml"
Hours = Annotated[int, Meta(ge=1, le=8784)]


class DutyRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that is owed at a level: within so many hours, and again every so many."""

    slug: Slug
    name: Text
    within_hours: Hours
    every_hours: Hours | None = None


class LevelRule(Entry, frozen=True, kw_only=True):
    """What one level brings; its slug is the level's."""

    name: Text
    reassess_within_hours: Hours
    reassess_after_event_hours: Hours
    duties: tuple[DutyRule, ...] = ()

    @property
    def reassess_within(self) -> timedelta:
        """The longest time between two assessments."""
        return timedelta(hours=self.reassess_within_hours)

    @property
    def reassess_after_event(self) -> timedelta:
        """The longest time from an event to the assessment that it demands."""
        return timedelta(hours=self.reassess_after_event_hours)


@cache
def rules_of(jurisdiction: str) -> tuple[LevelRule, ...]:
    """Every rule of a country, of all dates; read and checked once per process.

    Raises:
        PackInvalid: No such pack, or rules that can't be trusted.
    """
    pack(jurisdiction)
    return read_rules(PACKS / jurisdiction / FILE, languages=pack(jurisdiction).country.languages)


def rule_of(jurisdiction: str, level: Level, *, on: date) -> LevelRule:
    """What `level` brings on that day.

    Raises:
        PackInvalid: The country names no rule for it on that day.
    """
    for rule in rules_of(jurisdiction):
        if rule.slug == level.value and rule.holds_on(on):
            return rule
    raise PackInvalid(file=FILE, path=level.value, expected=f"an entry in force on {on}", found="none")


def read_rules(path: Path, *, languages: tuple[str, ...]) -> tuple[LevelRule, ...]:
    """Read and check the rules of one country.

    Raises:
        PackInvalid: Malformed; a level unnamed; a higher level that is less urgent than a lower one.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        rules = msgspec.convert(content.get("risk_duty"), tuple[LevelRule, ...])
    except FileNotFoundError:
        raise PackInvalid(file=FILE, path="", expected="a file of this name", found="none") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise PackInvalid(file=FILE, path="risk_duty", expected="rules by level", found=str(error)) from error
    for day in sorted({rule.valid_from for rule in rules}):
        _check_day([rule for rule in rules if rule.holds_on(day)], day=day)
    for rule in rules:
        for text in (rule.name, *(duty.name for duty in rule.duties)):
            if set(text.languages()) != set(languages):
                raise PackInvalid(
                    file=FILE, path=rule.slug, expected=f"texts in {', '.join(languages)}",
                    found=", ".join(text.languages()),
                )  # fmt: skip
    return rules


def _check_day(rules: list[LevelRule], *, day: date) -> None:
    """On any day each level has one rule, and no higher level waits longer than a lower one."""
    by_level = {rule.slug: rule for rule in rules}
    if len(by_level) != len(rules) or set(by_level) != {level.value for level in Level}:
        found = ", ".join(sorted(rule.slug for rule in rules))
        raise PackInvalid(file=FILE, path=f"on {day}", expected="one entry for each level", found=found)
    ordered = [by_level[level.value] for level in Level]
    for name in ("reassess_within_hours", "reassess_after_event_hours"):
        hours = [getattr(rule, name) for rule in ordered]
        if hours != sorted(hours, reverse=True):
            raise PackInvalid(file=FILE, path=name, expected="no longer at a higher level", found=str(hours))
