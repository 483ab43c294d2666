"""The uncertainty of a distance as a drawn scale: the 95 % interval, the middle, and the limit of the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from aralyk.console import sentences
from aralyk.console.cards import Card

WIDTH: Final = 320.0
_LEFT: Final = 8.0
_RIGHT: Final = 312.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Places on the drawing, in its own units, and the words beside them."""

    low: float
    high: float
    middle: float
    limit: float | None
    limit_text: str
    end_text: str
    description: str


def scale_of(card: Card) -> Scale | None:
    """The drawing for a card; None where the engine gave no distance."""
    if card.distance_m is None or card.distance_m_95 is None:
        return None
    low, high = card.distance_m_95
    reach = max(high, card.limit_m or 0.0, card.distance_m) * 1.15 or 1.0

    def x(metres: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * min(metres / reach, 1.0), 1)

    return Scale(
        low=x(low),
        high=x(high),
        middle=x(card.distance_m),
        limit=None if card.limit_m is None else x(card.limit_m),
        limit_text="" if card.limit_m is None else sentences.metres(card.limit_m),
        end_text=sentences.metres(reach),
        description=_("Scale of the distance. %(interval)s") % {"interval": card.interval},
    )
