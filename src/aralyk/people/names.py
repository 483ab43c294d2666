"""How a name is spelt does not matter to a search: Cyrillic and Latin, ё and е, ң and н, doubled letters are one.

A name's key is its words in a skeleton of Latin letters. Two spellings of one name nearly always share a key; two
names may share one, too: the person who searches sees both and chooses.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

KEY_MAX: Final = 300
_CYRILLIC: Final = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "д": "d", "е": "e", "ё": "e", "ж": "j", "з": "z", "и": "i",
        "й": "i", "к": "k", "қ": "k", "л": "l", "м": "m", "н": "n", "ң": "n", "о": "o", "ө": "o", "п": "p", "р": "r",
        "с": "s", "т": "t", "у": "u", "ү": "u", "ұ": "u", "ў": "u", "ф": "f", "х": "h", "ҳ": "h", "һ": "h", "ц": "ts",
        "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ы": "i", "і": "i", "ь": "", "э": "e", "ә": "a", "ю": "iu",
        "я": "ia",
    }
)  # fmt: skip
# Latin spellings of one sound, longest first: "zh" and "dzh" are ж, "kh" is х, "ng" may stand for ң.
_LATIN: Final = (
    ("shch", "sh"), ("dzh", "j"), ("zh", "j"), ("dj", "j"), ("kh", "h"), ("ng", "n"), ("ks", "x"), ("q", "k"),
    ("w", "v"), ("y", "i"), ("c'", "ch"), ("ck", "k"),
)  # fmt: skip
_WORD: Final = re.compile(r"[a-z0-9]+")
_DOUBLED: Final = re.compile(r"(.)\1+")


def key_of(name: str) -> str:
    """The key of a name: words with a blank before each, to be found by the beginning of any of them."""
    return "".join(f" {word}" for word in words_of(name))[:KEY_MAX]


def words_of(name: str) -> list[str]:
    """The words of a name, or of a search, as keys hold them."""
    text = name.casefold().translate(_CYRILLIC)
    text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    for spelt, sound in _LATIN:
        text = text.replace(spelt, sound)
    # "ье", "ие", "е" and "iye", "ye" differ by an i that spellings drop.
    words = (_DOUBLED.sub(r"\1", word).replace("ie", "e") for word in _WORD.findall(text))
    return [word for word in words if word]
