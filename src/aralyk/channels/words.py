"""What a person of an agency may be told, as codes with one sentence per language: no name, no place, no product.

Numbers alone are filled in. Whoever reads over a shoulder learns that a signal waits, and nothing of whom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override


class Text(StrEnum):
    """Everything that may be told this way."""

    SIGNAL = "signal"
    UNANSWERED = "unanswered"
    HANDED_OVER = "handed_over"
    TEST_CALL = "test_call"
    DUTY_OVERDUE = "duty_overdue"
    PLATFORM_ALARM = "platform_alarm"
    CONFIRM_ADDRESS = "confirm_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One sentence and the numbers it needs."""

    sentence: str | Promise
    numbers: frozenset[str]


def _wording(sentence: str | Promise, *numbers: str) -> Wording:
    return Wording(sentence=sentence, numbers=frozenset(numbers))


WORDINGS: Final[Mapping[Text, Wording]] = {
    Text.SIGNAL: _wording(
        _("Signal %(number)d, priority %(priority)d. Open the desk and answer it."), "number", "priority"
    ),
    Text.UNANSWERED: _wording(
        _("Nobody has answered signal %(number)d for %(seconds)d s. Take it now."), "number", "seconds"
    ),
    Text.HANDED_OVER: _wording(_("Signal %(number)d is handed over to you. Accept it on the desk."), "number"),
    Text.TEST_CALL: _wording(_("Test call of your shift: answer on the desk within %(minutes)d min."), "minutes"),
    Text.DUTY_OVERDUE: _wording(_("%(count)d duties of your district are overdue. See the desk."), "count"),
    Text.PLATFORM_ALARM: _wording(_("A part of the platform has stopped. See the desk, or call the centre.")),
    Text.CONFIRM_ADDRESS: _wording(_("Your code: %(code)s. Enter it on the desk. Nobody will ask you for it."), "code"),
}


def numbers_of(text: Text) -> frozenset[str]:
    """The numbers that a text is filled with."""
    return WORDINGS[text].numbers - {"code"}


def in_words(text: Text, args: Mapping[str, int | str], *, language: str) -> str:
    """The sentence in the person's language."""
    with override(language):
        return str(WORDINGS[text].sentence) % dict(args)
