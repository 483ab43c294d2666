"""The one check for what people write freely: long enough to say something, short enough to store, and really text."""

from __future__ import annotations

import unicodedata

from aralyk.access.errors import Refused

_LAYOUT = "\n\t"


USERNAME_MAX = 150


def check_username(field: str, value: str) -> str:
    """Go on only with what could be a user name; whether there is such an account is another question.

    Raises:
        Refused: invalid, naming the field.
    """
    return check_text(field, unicodedata.normalize("NFKC", value), longest=USERNAME_MAX)


def check_text(field: str, value: str, *, longest: int, shortest: int = 1) -> str:
    """Go on only with a text of this length, without control characters or halves of characters.

    Args:
        field: Its name in what the caller sent.
        value: The text; blanks round it don't count.
        longest: Characters.
        shortest: Characters.

    Returns:
        The text without blanks round it.

    Raises:
        Refused: invalid, naming the field; the text itself is never quoted.
    """
    text = value.strip()
    if not shortest <= len(text) <= longest:
        raise Refused.field(field, expected=f"{shortest} to {longest} characters", found=f"{len(text)} characters")
    if any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in _LAYOUT for letter in text):
        raise Refused.field(field, expected="text without control characters")
    return text
