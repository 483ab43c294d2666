"""Risk as pages say it: the form beside its facts, what came of it, the levels over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from aralyk import clock
from aralyk.access.queries import shown_name
from aralyk.console import law, risk_words, sentences
from aralyk.console.risk_forms import ANSWER, RESPONSE, AssessForm, is_draft, read
from aralyk.risk.instrument import Instrument, Method
from aralyk.risk.levels import Level
from aralyk.risk.models import LevelDecision, Reassessment, RiskDuty
from aralyk.risk.queries import Filled


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What stands over a form and beside its level: whose it is and what it can't say."""

    slug: str
    version: int
    name: str
    before: str
    limits: str
    licence: str
    source: str
    draft: bool
    unverified: bool
    gives_levels: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFacts:
    """A level with who signed it and what it rests on."""

    id: int
    level: str
    level_code: str
    before: str
    basis: str
    state: str
    state_code: str
    reason: str
    by: str
    at: datetime
    second: str
    second_at: datetime | None
    second_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something that a level makes due."""

    words: str
    due_at: datetime
    overdue: bool


def about(instrument: Instrument) -> About:
    """The instrument's own words in the reader's language."""
    return About(
        slug=instrument.slug,
        version=instrument.version,
        name=read(instrument.name),
        before=read(instrument.before),
        limits=read(instrument.limits),
        licence=instrument.licence,
        source=instrument.source,
        draft=is_draft(instrument.name),
        unverified=instrument.unverified,
        gives_levels=instrument.gives_levels,
    )


def level_names(jurisdiction: str, *, at: datetime) -> dict[str, str]:
    """What the country calls each level; where it has no word in this language, ours."""
    names = {level.value: law.risk_level_name(jurisdiction, level.value, at=at) for level in Level}
    return {slug: str(risk_words.LEVELS[Level(slug)]) if name == slug else name for slug, name in names.items()}


def questions(form: AssessForm) -> list[dict[str, Any]]:
    """The groups of the form with their questions, numbered through, as the instrument orders them."""
    instrument, number, found = form.instrument, 0, []
    for group in instrument.group:
        items = []
        for item in instrument.item:
            if item.group == group.slug:
                number += 1
                items.append({"number": number, "field": form[ANSWER + item.slug], "unverified": item.unverified})
        found.append({"name": read(group.name), "items": items})
    return found


def responses(form: AssessForm) -> list[Any]:
    """The questions about what was done at once."""
    return [form[RESPONSE + response.slug] for response in form.instrument.response]


def device_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Counts of what devices said in the last year: facts beside the answers."""
    counts: Mapping[str, int] = facts.get("counts", {})
    return {
        "total": sum(counts.values()),
        "since": clock.parse_iso(facts["since"]) if facts.get("since") else None,
        "counts": [(str(word), counts[cause]) for cause, word in risk_words.CAUSES.items() if cause in counts],
    }


def decision_facts(decision: LevelDecision, names: Mapping[str, str]) -> DecisionFacts:
    """One level that was set or proposed."""
    return DecisionFacts(
        id=decision.pk,
        level=names[decision.level],
        level_code=decision.level,
        before=names.get(decision.before, ""),
        basis=sentences.text(risk_words.BASES, decision.basis),
        state=sentences.text(risk_words.STATES, decision.state),
        state_code=decision.state,
        reason=decision.reason,
        by=shown_name(decision.decided_by),
        at=decision.decided_at,
        second=shown_name(decision.second_by),
        second_at=decision.second_at,
        second_reason=decision.second_reason,
    )


def answers_of(filled: Filled) -> list[dict[str, Any]]:
    """The answers as they were given, by group."""
    given = filled.assessment.answers
    return [
        {
            "name": read(group.name),
            "items": [
                {
                    "text": read(item.text),
                    "answer": sentences.text(risk_words.ANSWERS, given[item.slug]),
                    "code": given[item.slug],
                    "red_flag": item.red_flag and given[item.slug] == "yes",
                }
                for item in filled.instrument.item
                if item.group == group.slug
            ],
        }
        for group in filled.instrument.group
    ]


def score_line(filled: Filled) -> str:
    """The score, or its range while answers are missing; empty for a form without scores."""
    low, high = filled.reading.score_at_least, filled.reading.score_at_most
    if filled.instrument.method is not Method.SCORE or low is None:
        return ""
    if low == high:
        return str(low)
    return _("%(low)d to %(high)d, as the missing answers would be") % {"low": low, "high": high}


def due_of(
    duties: Iterable[RiskDuty], reassessments: Iterable[Reassessment], *, jurisdiction: str, at: datetime
) -> list[Due]:
    """What is owed for a pair now, the most urgent first."""
    found = [
        Due(words=law.duty_name(jurisdiction, duty.rule, at=at), due_at=duty.due_at, overdue=duty.due_at < at)
        for duty in duties
    ]
    found += [Due(words=assess_again(one.cause), due_at=one.due_at, overdue=one.due_at < at) for one in reassessments]
    return sorted(found, key=lambda due: due.due_at)


def assess_again(cause: str) -> str:
    """ "Assess the risk again: call for help"."""
    return _("Assess the risk again: %(cause)s") % {"cause": sentences.text(risk_words.CAUSES, cause)}


def pair_links(respondent: UUID, protected_person: UUID) -> dict[str, UUID]:
    """What the addresses of a pair's pages are made of."""
    return {"respondent": respondent, "protected_person": protected_person}
