"""The time line of a signal: when it happened, was received, decided, raised, shown, answered, with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext as _

from aralyk.console import incident_words, sentences
from aralyk.console.cards import Card
from aralyk.console.desk_names import codes_in, names_of
from aralyk.incidents.models import Incident
from aralyk.incidents.queries import Moment

OF_THE_ENGINE: Final = frozenset({"raised", "updated", "late", "episode_ended", "reopened", "requested"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: when, what, who (empty: the machine), and what was written."""

    at: datetime
    title: str
    by: str
    detail: str
    text: str


def lines(incident: Incident, card: Card, moments: Sequence[Moment]) -> list[Line]:
    """The stored moments, with those that the decision itself carries, in order."""
    found = [Line(at=incident.occurred_at, title=_title("occurred"), by="", detail="", text="")]
    received = [line.received_at for line in card.fix_lines if line.received_at is not None]
    if received and max(received) <= incident.updated_at:
        found.append(Line(at=max(received), title=_title("received"), by="", detail=_("latest decision"), text=""))
    found.append(Line(at=incident.decided_at, title=_title("decided"), by="", detail=_("first decision"), text=""))
    desks = names_of((code for moment in moments for code in codes_in(moment.data)), at=incident.decided_at)
    found += [line_of(moment, desks) for moment in moments]
    return sorted(found, key=lambda line: line.at)


def line_of(moment: Moment, desks: Mapping[str, str] = MappingProxyType({})) -> Line:
    """One stored moment in the active language; `desks` are their names by code."""
    return Line(
        at=moment.at,
        title=_title(moment.kind),
        by=moment.by,
        detail=_detail(moment) if moment.kind in OF_THE_ENGINE else _said(moment, desks),
        text=moment.text,
    )


def _title(kind: str) -> str:
    return sentences.text(sentences.EVENTS, kind)


def _detail(moment: Moment) -> str:
    data = moment.data
    kind, reason, priority = data.get("kind"), str(data.get("reason") or ""), data.get("priority")
    if moment.kind == "requested":
        said = [sentences.text(sentences.KINDS, str(kind)), str(data.get("device") or "")]
        return " · ".join(part for part in [*said, sentences.text(sentences.REASONS, reason)] if part)
    parts = [sentences.kind_title(kind, reason)] if kind else []
    if priority:
        parts.append(sentences.priority_word(priority).lower())
    if data.get("distance_m") is not None and kind in sentences.ABOUT_DISTANCE:
        parts.append(f"≈ {sentences.metres(data['distance_m'])}")
    if data.get("probability") is not None:
        parts.append(sentences.percent(data["probability"]))
    if moment.kind == "episode_ended":  # why matters here: the word of his own phone is no proof that it is over
        parts.append(sentences.text(sentences.REASONS, reason))
    return " · ".join(parts)


_SAID: Final = (
    ("outcome", sentences.OUTCOMES),
    ("judgement", incident_words.JUDGEMENTS),
    ("contact", incident_words.CONTACTS),
    ("result", incident_words.RESULTS),
    ("milestone", incident_words.AWAITED),
)


def _said(moment: Moment, desks: Mapping[str, str]) -> str:
    """What a person's act stated, in words."""
    data = moment.data
    parts = [sentences.text(texts, str(data[name])) for name, texts in _SAID if data.get(name)]
    return " · ".join([*parts, *(desks.get(code, code) for code in codes_in(data))])
