"""What the answers of one form say, and what they leave open. Pure: answers in, bounds of the score and level out.

What was not answered is neither yes nor no: the level is a span, from "if none of it is so" to "if all of it is so".
Only when both ends agree does a level follow by itself; otherwise a person signs one, and the upper end sets the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from aralyk.people.models import Stated
from aralyk.risk.instrument import Instrument
from aralyk.risk.levels import Level, highest


class Basis(StrEnum):
    """What a level rests on."""

    SCORE = "score"
    RED_FLAG = "red_flag"
    JUDGEMENT = "judgement"  # signed, where the answers leave it open or the instrument asks for judgement
    OVERRIDE = "override"  # signed, against or without what the instrument gives
    STANDING = "standing"  # kept: a lower one waits for the second person


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the answers say.

    Attributes:
        yes: Items answered yes, in the order of the form.
        missing: Items that nobody knows or answered, in the order of the form.
        red_flags: Red flags among `yes`.
        score_at_least: With everything missing taken as no; None when the instrument gives no level by itself.
        score_at_most: With everything missing taken as yes.
        at_least: The level of `score_at_least` or of a red flag.
        at_most: The level that the missing answers could still make of it.
        basis: What `at_least` rests on.
    """

    yes: tuple[str, ...]
    missing: tuple[str, ...]
    red_flags: tuple[str, ...]
    score_at_least: int | None = None
    score_at_most: int | None = None
    at_least: Level | None = None
    at_most: Level | None = None
    basis: Basis | None = None

    @property
    def settled(self) -> bool:
        """Whether one level follows whatever the missing answers would be."""
        return self.at_least is not None and self.at_least is self.at_most


def read_answers(instrument: Instrument, answers: Mapping[str, Stated]) -> Reading:
    """Read the answers by the instrument's own rule; an item that is not there was not answered."""
    yes = tuple(item.slug for item in instrument.item if answers.get(item.slug) == Stated.YES)
    missing = tuple(item.slug for item in instrument.item if answers.get(item.slug, Stated.UNKNOWN) == Stated.UNKNOWN)
    red_flags = tuple(item.slug for item in instrument.item if item.red_flag and item.slug in yes)
    if not instrument.gives_levels:
        return Reading(yes=yes, missing=missing, red_flags=red_flags)
    low, by_score, at_least = _level(instrument, yes)
    high, _, at_most = _level(instrument, (*yes, *missing))
    return Reading(
        yes=yes,
        missing=missing,
        red_flags=red_flags,
        score_at_least=low,
        score_at_most=high,
        at_least=at_least,
        at_most=at_most,
        basis=Basis.SCORE if at_least is by_score else Basis.RED_FLAG,
    )


def _level(instrument: Instrument, yes: tuple[str, ...]) -> tuple[int, Level, Level]:
    """The score, the level by score alone, and the level with red flags."""
    said_yes = set(yes)
    score = sum(item.weight for item in instrument.item if item.slug in said_yes)
    by_score = max(
        (band for band in instrument.band if band.from_score <= score), key=lambda band: band.from_score
    ).level
    flagged = any(item.red_flag and item.slug in said_yes for item in instrument.item)
    level = highest(by_score, instrument.red_flag_level if flagged else None)
    assert level is not None
    return score, by_score, level
