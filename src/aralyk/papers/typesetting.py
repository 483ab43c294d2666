"""Sets a document as PDF/A-2a: tagged, with its fonts inside, the same bytes for the same document on every machine.

typst comes as one wheel with its fonts (Libertinus Serif has every letter of Kyrgyz, Russian and Uzbek). Nothing else
is read: no fonts of the system, no packages, no network, no clock. A letter that the font lacks stops the paper.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aralyk.ledger.canonical import canonical_bytes
from aralyk.papers.documents import Document

if TYPE_CHECKING:
    import typst

STANDARD: Final = "a-2a"
_TEMPLATE: Final = Path(__file__).with_name("paper.typ")


def set_pdf(document: Document, *, dated: datetime) -> bytes:
    """The document as a PDF/A-2a file.

    Args:
        document: What it says; texts are never read as markup.
        dated: The file's date, aware: the moment of the version that it prints, not of the printing.

    Returns:
        The file; equal documents and dates give equal bytes.

    Raises:
        AssertionError: It can't be set: a letter without a glyph, or our template is broken.
    """
    # Here and not above: the typesetter is 80 MB, and pages that only read never need it.
    import typst

    values = {
        **document.as_json(),
        "date": {name: getattr(dated, name) for name in ("year", "month", "day", "hour", "minute", "second")},
    }
    try:
        pdf = _compiler().compile(
            input=_TEMPLATE.read_bytes(),
            format="pdf",
            pdf_standards=[STANDARD],
            sys_inputs={"paper": canonical_bytes(values).decode()},
            timestamp=int(dated.timestamp()),
        )
    except typst.TypstError as error:
        # The diagnostic would quote the paper; its message names the rule that was broken.
        raise AssertionError(f"a paper can't be set: {error.message.splitlines()[0][:80]}") from None
    assert isinstance(pdf, bytes)
    return pdf


@cache
def _compiler() -> typst.Compiler:
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    return typst.Compiler(font_paths=fonts, ignore_system_fonts=True, root=str(_TEMPLATE.parent))
