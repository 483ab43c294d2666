"""Risk in words: levels, what they rest on, what happened, how an answer reads."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from aralyk.people.models import Stated
from aralyk.risk.events import Cause
from aralyk.risk.levels import Level
from aralyk.risk.models import State
from aralyk.risk.reading import Basis

Texts = Mapping[str, Promise]

LEVELS: Final[Texts] = MappingProxyType(
    {
        Level.LOW: pgettext_lazy("risk", "low"),
        Level.MEDIUM: pgettext_lazy("risk", "medium"),
        Level.HIGH: pgettext_lazy("risk", "high"),
        Level.EXTREME: pgettext_lazy("risk", "extreme"),
    }
)
BASES: Final[Texts] = MappingProxyType(
    {
        Basis.SCORE: gettext_lazy("by the score of the answers"),
        Basis.RED_FLAG: gettext_lazy("by one answer that alone is enough (red flag)"),
        Basis.JUDGEMENT: gettext_lazy("by a person's signed judgement"),
        Basis.OVERRIDE: gettext_lazy("signed by a person against or without what the form gives"),
        Basis.STANDING: gettext_lazy("kept: a lower one waits for the second person"),
    }
)
CAUSES: Final[Texts] = MappingProxyType(
    {
        Cause.TERM: gettext_lazy("term of the level"),
        Cause.POSSIBLE_VIOLATION: gettext_lazy("possible violation, as devices signalled"),
        Cause.BREACH: gettext_lazy("violation that was established"),
        Cause.PANIC: gettext_lazy("call for help"),
        Cause.TAMPER: gettext_lazy("tampering with a device"),
        Cause.SILENCE: gettext_lazy("silence of a device"),
        Cause.DEVICE_REMOVED: gettext_lazy("device taken off"),
        Cause.NEW_REPORT: gettext_lazy("new report"),
        Cause.SEPARATION: gettext_lazy("divorce or separation"),
        Cause.ORDER_ENDING: gettext_lazy("the order ends"),
        Cause.COURT_DATE: gettext_lazy("court date"),
        Cause.REQUESTED: gettext_lazy("asked for"),
    }
)
STATES: Final[Texts] = MappingProxyType(
    {
        State.IN_FORCE: pgettext_lazy("risk", "in force"),
        State.PROPOSED: gettext_lazy("waits for the second person"),
        State.REFUSED: gettext_lazy("refused by the second person"),
        State.OVERTAKEN: gettext_lazy("overtaken by what happened"),
    }
)
ANSWERS: Final[Texts] = MappingProxyType(
    {
        Stated.YES: pgettext_lazy("answer", "Yes"),
        Stated.NO: pgettext_lazy("answer", "No"),
        Stated.UNKNOWN: pgettext_lazy("answer", "Not known"),
    }
)
assert (set(LEVELS), set(BASES), set(CAUSES)) == (set(Level), set(Basis), set(Cause))
assert (set(STATES), set(ANSWERS)) == (set(State), set(Stated))
