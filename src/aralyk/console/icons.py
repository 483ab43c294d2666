"""Lucide's icons (ISC licence), the few that the desk uses, drawn inline: no font of icons, no request for each.

`frontend/icons.mjs` writes `icons.json` from the package lucide-static, so that names and shapes come from one place.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_FILE: Final = Path(__file__).resolve().parent / "static" / "console" / "icons.json"


@cache
def _shapes() -> dict[str, str]:
    shapes: dict[str, str] = json.loads(_FILE.read_text(encoding="utf-8"))
    return shapes


def icon(name: str) -> SafeString:
    """The icon as SVG, hidden from screen readers: a word always stands beside it, or in the control's label."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
        ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>',
        mark_safe(_shapes()[name]),  # our own file, written at build time
    )
