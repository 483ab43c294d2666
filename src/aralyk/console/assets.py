"""Names of the built files: Vite puts a hash of the content in each name, its manifest says which is which."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

DIST: Final = Path(__file__).resolve().parent / "static" / "console" / "dist"
_ENTRY: Final = "src/main.ts"


class NotBuilt(RuntimeError):
    """The pages' scripts and styles were not built; `make` builds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """Paths below STATIC_URL."""

    script: str
    styles: tuple[str, ...]


@cache
def assets() -> Assets:
    """Read the manifest once.

    Raises:
        NotBuilt: There is none.
    """
    try:
        manifest = json.loads((DIST / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotBuilt("the console's pages are not built: run `make build`") from None
    entry = manifest[_ENTRY]
    return Assets(
        script=f"console/dist/{entry['file']}", styles=tuple(f"console/dist/{style}" for style in entry["css"])
    )
