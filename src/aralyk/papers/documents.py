"""A paper before it has a form: headings, facts, lists, lines to fill in by hand. PDF and page are made from the same.

Nothing but this goes to the typesetter, so what is not in a `Document` can't be in the file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import msgspec


class BlockKind(StrEnum):
    """How a block is set."""

    HEADING = "heading"
    TEXT = "text"
    NOTICE = "notice"  # in a frame
    FACTS = "facts"  # rows of name and value
    ITEMS = "items"  # rows of title, detail and source
    LINES = "lines"  # rows of one label, with a line to write on


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of a paper.

    Attributes:
        kind: How it is set.
        text: Of headings, texts and notices.
        rows: Of the others.
    """

    kind: BlockKind
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A paper.

    Attributes:
        language: Of every text in it.
        over: What stands above the title: whose paper this is.
        title: Its title, also the file's.
        copy: Whose copy it is.
        blocks: What it says.
        warning: That words of it await review; empty when none do.
    """

    language: str
    over: str
    title: str
    copy: str
    blocks: tuple[Block, ...]
    warning: str = ""

    def as_json(self) -> dict[str, Any]:
        """The document as it is stored and set."""
        return asdict(self)


def document_of(stored: Any) -> Document:
    """A stored document, read again."""
    return msgspec.convert(stored, Document)


def heading(text: str) -> Block:
    """A heading."""
    return Block(kind=BlockKind.HEADING, text=text)


def text(text: str) -> Block:
    """A paragraph."""
    return Block(kind=BlockKind.TEXT, text=text)


def notice(text: str) -> Block:
    """A paragraph in a frame."""
    return Block(kind=BlockKind.NOTICE, text=text)


def facts(*rows: tuple[str, str]) -> Block:
    """Names and values."""
    return Block(kind=BlockKind.FACTS, rows=rows)


def items(*rows: tuple[str, ...]) -> Block:
    """A list: each row a title, and what stands below it."""
    return Block(kind=BlockKind.ITEMS, rows=rows)


def lines(*labels: str) -> Block:
    """Lines to write on."""
    return Block(kind=BlockKind.LINES, rows=tuple((label,) for label in labels))
