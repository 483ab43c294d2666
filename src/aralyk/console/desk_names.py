"""What a desk of the roster is called on a page: what it is for, where, and its code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from aralyk.console import incident_words, law, sentences
from aralyk.roster.models import Desk

JURISDICTION: Final = "KG"


def desk_name(desk: Desk, *, at: datetime, jurisdiction: str = JURISDICTION) -> str:
    """Like "Duty unit 102, Oktyabrsky district"."""
    kind = sentences.text(incident_words.DESKS, desk.kind)
    return f"{kind}, {law.district_name(jurisdiction, desk.district, at=at)}" if desk.district else kind


def names_of(codes: Iterable[str], *, at: datetime) -> dict[str, str]:
    """By code, what desks are called; one query, none where there is no code."""
    wanted = set(codes)
    return {desk.code: desk_name(desk, at=at) for desk in Desk.objects.filter(code__in=wanted)} if wanted else {}


def codes_in(data: Mapping[str, Any]) -> list[str]:
    """The desks that a line of a time line names."""
    return [str(code) for code in data.get("desks") or ([data["desk"]] if data.get("desk") else [])]
