"""What a desk of the roster is called on a page: what it is for, where, and its code."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from aralyk.console import incident_words, law, sentences
from aralyk.roster.models import Desk

JURISDICTION: Final = "KG"


def desk_name(desk: Desk, *, at: datetime, jurisdiction: str = JURISDICTION) -> str:
    """Like "Duty unit 102, Oktyabrsky district"."""
    kind = sentences.text(incident_words.DESKS, desk.kind)
    return f"{kind}, {law.district_name(jurisdiction, desk.district, at=at)}" if desk.district else kind
