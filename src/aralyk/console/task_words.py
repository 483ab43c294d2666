"""What the officer's phone says: codes of tasks and checks become sentences here."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from aralyk.console.sentences import Texts
from aralyk.incidents.models import Status
from aralyk.people.words import Stated
from aralyk.response.judging import Reason
from aralyk.response.models import CheckKind, FieldAct, Proof
from aralyk.response.tasks import Task

PROOFS: Final[Texts] = MappingProxyType(
    {
        Proof.VERIFIED: pgettext_lazy("check", "proven"),
        Proof.CLAIMED: pgettext_lazy("check", "claimed, no proof"),
        Proof.FLAGGED: pgettext_lazy("check", "something contradicts"),
        Proof.REFUSED: pgettext_lazy("check", "does not count"),
    }
)
LOOKS: Final = MappingProxyType(
    {
        Proof.VERIFIED: ("good", "circle-check"), Proof.CLAIMED: ("warn", "circle-help"),
        Proof.FLAGGED: ("bad", "triangle-alert"), Proof.REFUSED: ("bad", "x"),
    }
)  # fmt: skip
KINDS: Final[Texts] = MappingProxyType(
    {
        CheckKind.AT_HIS_PLACE: gettext_lazy("Check at his place"),
        CheckKind.VISIT_TO_HER: gettext_lazy("Visit to her"),
        CheckKind.ARRIVAL: gettext_lazy("Arrival at a signal"),
    }
)
REASONS: Final[Texts] = MappingProxyType(
    {
        Reason.NO_CODE: gettext_lazy("no code of his device was given"),
        Reason.CODE_EXPIRED: gettext_lazy("the code came after its time"),
        Reason.NO_FIX: gettext_lazy("the officer's device gave no place"),
        Reason.FIX_COARSE: gettext_lazy("the officer's place was too coarse"),
        Reason.FIX_OLD: gettext_lazy("the officer's place was old"),
        Reason.HIS_PLACE_UNKNOWN: gettext_lazy("his own place was not known then"),
        Reason.HIS_PLACE_COARSE: gettext_lazy("his own place was too coarse"),
        Reason.LATE: gettext_lazy("entered late"),
        Reason.HER_WORD_AWAITED: gettext_lazy("she has not said so yet"),
        Reason.ELSEWHERE: gettext_lazy("the officer's device was elsewhere"),
        Reason.CLOCK_BACK: gettext_lazy("the device's clock was set back"),
        Reason.CLOCK_AHEAD: gettext_lazy("the device's clock was ahead"),
        Reason.IMPOSSIBLE_ROUTE: gettext_lazy("no car is that fast from the place before"),
        Reason.SAME_FIX: gettext_lazy("the same place to the metre as another time"),
        Reason.SAME_PHOTO: gettext_lazy("the same photo as another time"),
        Reason.SHE_SAYS_NO: gettext_lazy("she says that nobody came"),
        Reason.EDITED: gettext_lazy("the record was changed afterwards"),
        Reason.CODE_WRONG: gettext_lazy("the code was wrong"),
        Reason.CODE_USED: gettext_lazy("the code was used before"),
        Reason.CODE_OF_ANOTHER: gettext_lazy("the code was made for another officer or case"),
        Reason.SAME_BYTES: gettext_lazy("the same entry was sent before"),
    }
)
assert (set(PROOFS), set(KINDS), set(REASONS)) == (set(Proof), set(CheckKind), set(Reason))
ACTS: Final[Texts] = MappingProxyType(
    {
        FieldAct.SET_OUT: gettext_lazy("on the way"),
        FieldAct.ARRIVE: gettext_lazy("arrived"),
        FieldAct.CONCLUDE: gettext_lazy("outcome told"),
    }
)
NEXT: Final = MappingProxyType(
    {
        Status.ACCEPTED: (FieldAct.SET_OUT, FieldAct.ARRIVE),
        Status.ON_THE_WAY: (FieldAct.ARRIVE,),
        Status.ARRIVED: (),
        Status.CONCLUDED: (),
    }
)
NO_WEAPON_FOUND: Final = gettext_lazy("Looked for weapons: none found")
WEAPON_SEIZED: Final = gettext_lazy("Weapon found and taken")
WEAPON_LEFT: Final = gettext_lazy("Weapon found, not taken")
_ALWAYS: Final = (
    gettext_lazy("Never tell him where she is, nor where the signal came from."),
    gettext_lazy("Speak with her alone, out of his sight and hearing."),
)


def advice(task: Task) -> list[Promise]:
    """How to go there, from what is known; what is not known counts as there."""
    found: list[Promise] = []
    if task.brief.weapons != Stated.NO:
        found.append(gettext_lazy("Go as if he were armed: not alone, and not straight to the door."))
    if task.brief.threat == "high":
        found.append(gettext_lazy("The threat is high: ask for a second officer before you enter."))
    if any(her.children != Stated.NO for her in task.hers):
        found.append(gettext_lazy("Children may be there: look for them, and see each with your own eyes."))
    if any(her.hears != Stated.YES for her in task.hers):
        found.append(gettext_lazy("She may not hear you: be ready to write."))
    return [*found, *_ALWAYS]
