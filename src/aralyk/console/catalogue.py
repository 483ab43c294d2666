"""Compiles the message catalogues: gettext's .po (what translators edit) into .mo (what Django reads).

`python -m aralyk.console.catalogue` is a step of the build. GNU's msgfmt does the same; a fresh machine does not have
it, and the format is small: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html. Fuzzy and empty
translations are left out, so the English text shows, which a test forbids.
"""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

LOCALE: Final = Path(__file__).resolve().parent.parent / "locale"
_MAGIC: Final = 0x950412DE
_CONTEXT_END: Final = "\x04"
_KEYWORD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[(\d+)\])?)\s+(".*")$')


class CatalogueBroken(ValueError):
    """A line of a catalogue that cannot be read; names file and line."""


@dataclass(slots=True, kw_only=True)
class Message:
    """One entry of a catalogue."""

    context: str | None = None
    single: str = ""
    plural: str | None = None
    translations: dict[int, str] = field(default_factory=dict)
    fuzzy: bool = False

    @property
    def key(self) -> str:
        """As gettext looks it up."""
        key = self.single if self.context is None else f"{self.context}{_CONTEXT_END}{self.single}"
        return key if self.plural is None else f"{key}\0{self.plural}"

    @property
    def value(self) -> str:
        """All plural forms, as gettext stores them."""
        return "\0".join(self.translations[index] for index in sorted(self.translations))

    @property
    def complete(self) -> bool:
        """Whether every form is there and a person has looked at it."""
        return not self.fuzzy and bool(self.translations) and all(self.translations.values())


def read(path: Path) -> list[Message]:
    """The messages of a .po file, the head (empty msgid) included.

    Raises:
        CatalogueBroken: A line that is none of the format's.
    """
    messages: list[Message] = []
    for block in _blocks(path.read_text(encoding="utf-8").splitlines()):
        message = _message(block, path)
        if message is not None:
            messages.append(message)
    return messages


def compiled(messages: Iterable[Message]) -> bytes:
    """The .mo file: a sorted table of keys, one of values, then the texts."""
    pairs = sorted((message.key.encode(), message.value.encode()) for message in messages if message.complete)
    head_bytes = 7 * 4
    at = head_bytes + 2 * 8 * len(pairs)
    table: list[bytes] = []
    texts: list[bytes] = []
    for column in (0, 1):
        for pair in pairs:
            table.append(struct.pack("<II", len(pair[column]), at))
            texts.append(pair[column] + b"\0")
            at += len(pair[column]) + 1
    head = struct.pack("<7I", _MAGIC, 0, len(pairs), head_bytes, head_bytes + 8 * len(pairs), 0, 0)
    return b"".join([head, *table, *texts])


def main() -> None:
    """Compile every catalogue below `locale`."""
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        path.with_suffix(".mo").write_bytes(compiled(read(path)))


def _blocks(lines: Iterable[str]) -> Iterator[list[tuple[int, str]]]:
    block: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            block.append((number, line.strip()))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _message(block: list[tuple[int, str]], path: Path) -> Message | None:
    message = Message()
    parts: dict[str, str] = {}
    current = ""
    for number, line in block:
        if line.startswith("#"):
            message.fuzzy = message.fuzzy or (line.startswith("#,") and "fuzzy" in line)
            continue
        started = _KEYWORD.match(line)
        if started:
            current = started[1]
            parts[current] = _text(started[3], path, number)
        elif line.startswith('"') and current:
            parts[current] += _text(line, path, number)
        else:
            raise CatalogueBroken(f"{path.name}, line {number}: expected msgid, msgstr or a quoted text")
    if "msgid" not in parts:
        return None  # comments alone, or an obsolete entry
    message.context = parts.get("msgctxt")
    message.single = parts["msgid"]
    message.plural = parts.get("msgid_plural")
    for keyword, text in parts.items():
        if keyword.startswith("msgstr"):
            message.translations[int(keyword[7:-1]) if "[" in keyword else 0] = text
    return message


def _text(quoted: str, path: Path, number: int) -> str:
    try:
        text = ast.literal_eval(quoted)
    except (SyntaxError, ValueError):
        raise CatalogueBroken(f"{path.name}, line {number}: expected a text in quotation marks") from None
    return str(text)


if __name__ == "__main__":
    main()
