"""Looks into a PDF as somebody would who wants to find her: every byte, every stream unpacked, every letter."""

from __future__ import annotations

import io
from functools import lru_cache

import pikepdf
from pdfminer.high_level import extract_text

SHORT = 6


@lru_cache(maxsize=4)
def letters(pdf: bytes) -> str:
    """The text that a reader sees or copies, without blanks, because a line may break inside anything."""
    return "".join(extract_text(io.BytesIO(pdf)).split())


@lru_cache(maxsize=4)
def everything(pdf: bytes) -> bytes:
    """The raw file, then every object and every stream of it unpacked, then the metadata."""
    parts = [pdf]
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for number in range(1, len(opened.objects) + 1):
            found = opened.get_object(number, 0)
            parts.append(found.unparse(resolved=True))
            if isinstance(found, pikepdf.Stream):
                parts.append(found.read_bytes())
        parts.append(str(opened.docinfo).encode())
        parts.append(str(opened.open_metadata()).encode())
    return b"\n".join(parts)


def holds(pdf: bytes, token: str) -> bool:
    """Whether the token stands anywhere in the file, in any way that texts are written in a PDF.

    A token of few characters is looked for in what can be read alone: three digits stand in every file by chance.
    """
    squeezed = "".join(token.split())
    if len(token) < SHORT:
        return squeezed in letters(pdf)
    raw = everything(pdf)
    forms = (
        token.encode(), token.encode("utf-16-be"), token.encode("utf-16-be").hex().encode(),
        token.encode("utf-16-be").hex().upper().encode(), token.encode().hex().encode(),
    )  # fmt: skip
    return squeezed in letters(pdf) or any(form in raw for form in forms)
