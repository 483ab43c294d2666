"""Sets of conditions to begin an order from: dated data, checked when it is read."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("condition_templates.toml")


class ConditionTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One set; without distances it has no ring."""

    slug: str
    valid_from: date
    valid_until: date | None = None
    jurisdiction: str
    legal_bases: tuple[str, ...]
    name: dict[str, str]
    distance_m: float | None = None
    warning_m: float | None = None
    kinds: tuple[str, ...]


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    template: tuple[ConditionTemplate, ...]


def templates_on(day: date, *, jurisdiction: str, legal_basis: str) -> tuple[ConditionTemplate, ...]:
    """The sets that may be used on that day for an order on that basis, in the file's order."""
    return tuple(
        one
        for one in _all()
        if one.jurisdiction == jurisdiction
        and legal_basis in one.legal_bases
        and one.valid_from <= day
        and (one.valid_until is None or day <= one.valid_until)
    )


@cache
def _all() -> tuple[ConditionTemplate, ...]:
    return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), _File).template
