"""What somebody filled in, before it is an assessment, and the level that it comes to.

A level follows from the answers only when the missing ones could not change it. Everything else is a person's signed
word with a reason, and what is lower than the answers give, or than what stands, is only a proposal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from aralyk.access.errors import Code, FieldProblem, Refused
from aralyk.access.texts import check_text
from aralyk.people.models import Stated
from aralyk.risk.errors import InstrumentMissing
from aralyk.risk.instrument import Instrument, Method, instrument_on, instruments_on
from aralyk.risk.levels import Level, highest
from aralyk.risk.reading import Basis, Reading

REASON_MIN: Final = 10  # "she says so" is a reason, "ok" is none: a court will read it
REASON_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentDraft:
    """A filled form.

    Attributes:
        respondent: Whose risk.
        protected_person: Towards whom.
        instrument: Slug.
        version: The version that was on the screen; refused when another one is in force by now.
        answers: By item: yes, no or unknown. What is left out was not answered.
        responses: What was done at once, by the instrument's list.
        level: What the person who assesses signs; None: what the answers give.
        reason: For a signed level.
        id: Of the form, made where it was opened: sent twice over a bad line, it is kept once.
    """

    respondent: UUID
    protected_person: UUID
    instrument: str
    version: int
    answers: Mapping[str, Stated]
    responses: Mapping[str, Stated] = field(default_factory=dict)
    level: Level | None = None
    reason: str = ""
    id: UUID | None = None
    jurisdiction: str = "KG"
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an assessment or a signed level comes to.

    Attributes:
        level: In force at once; never lower than what the answers give or what stands.
        basis: What `level` rests on.
        proposed: A lower level that waits for the second person; None: none was asked for.
        proposed_basis: What `proposed` rests on.
    """

    level: Level
    basis: Basis
    proposed: Level | None = None
    proposed_basis: Basis | None = None


def check_instrument(draft: AssessmentDraft, *, on: date) -> Instrument:
    """Go on only with a form that is in force, in the version that was filled.

    Raises:
        Refused: invalid, naming the field.
    """
    try:
        instrument = instrument_on(draft.instrument, on=on)
    except InstrumentMissing:
        known = ", ".join(one.slug for one in instruments_on(on))
        raise Refused.field("instrument", expected=f"one of {known}") from None
    if instrument.version != draft.version:
        raise Refused.field("version", expected=f"version {instrument.version}", found=draft.version)
    return instrument


def complete(field: str, given: Mapping[str, Stated], *, asked: tuple[str, ...]) -> dict[str, str]:
    """An answer for everything that is asked: what was left out is unknown, never no.

    Raises:
        Refused: invalid: an answer to something that is not asked, or another word than yes, no, unknown.
    """
    problems = tuple(
        FieldProblem(field=f"{field}.{slug}", expected="an item of the form, with yes, no or unknown")
        for slug, answer in given.items()
        if slug not in asked or answer not in set(Stated)
    )
    if problems:
        raise Refused(Code.INVALID, fields=problems)
    return {slug: Stated(given.get(slug, Stated.UNKNOWN)).value for slug in asked}


def outcome_of(
    instrument: Instrument, reading: Reading, *, signed: Level | None, standing: Level | None
) -> Outcome | None:
    """The level that follows.

    Args:
        instrument: What was filled.
        reading: What the answers say.
        signed: The level that the person signs, with a reason that was checked.
        standing: What stands for this pair.

    Returns:
        None for a form of an unverified instrument on which nobody signed: it is kept, and no level follows.

    Raises:
        Refused: invalid (level): the answers leave it open and nobody signed.
    """
    if signed is None:
        if instrument.unverified:
            return None
        if not reading.settled:
            raise Refused.field("level", expected=_needed(instrument, reading))
        assert reading.at_least is not None
        assert reading.basis is not None
        return held(reading.at_least, basis=reading.basis, floor=None, floor_basis=None, standing=standing)
    return held(
        signed, basis=_basis_of(signed, instrument, reading), floor=reading.at_least, floor_basis=reading.basis,
        standing=standing,
    )  # fmt: skip


def held(
    level: Level, *, basis: Basis, floor: Level | None, floor_basis: Basis | None, standing: Level | None
) -> Outcome:
    """Let a level rise at once, and turn a lower one into a proposal.

    Args:
        level: What is asked for.
        basis: What it rests on.
        floor: What the answers give at least.
        floor_basis: What that rests on.
        standing: What stands.
    """
    kept = highest(floor, standing)
    if kept is None or level.height >= kept.height:
        return Outcome(level=level, basis=basis)
    kept_basis = floor_basis if kept is floor and kept is not standing and floor_basis is not None else Basis.STANDING
    return Outcome(level=kept, basis=kept_basis, proposed=level, proposed_basis=basis)


def check_reason(reason: str) -> str:
    """Go on only with a reason that says something.

    Raises:
        Refused: invalid, naming the field and never quoting it.
    """
    return check_text("reason", reason, longest=REASON_MAX, shortest=REASON_MIN)


def _basis_of(signed: Level, instrument: Instrument, reading: Reading) -> Basis:
    if instrument.method is Method.JUDGEMENT and not instrument.unverified:
        return Basis.JUDGEMENT
    if reading.at_least is None or reading.at_most is None or reading.basis is None:
        return Basis.OVERRIDE
    if reading.settled and signed is reading.at_least:
        return reading.basis
    within = reading.at_least.height <= signed.height <= reading.at_most.height
    return Basis.JUDGEMENT if within else Basis.OVERRIDE


def _needed(instrument: Instrument, reading: Reading) -> str:
    if reading.at_least is None:
        return f"a level, with a reason: {instrument.slug} gives none by itself"
    return (
        f"{reading.at_least} to {reading.at_most}, with a reason:"
        f" {len(reading.missing)} of {len(instrument.item)} answers are missing"
    )
