"""Makes docs/reference/asvs.md from asvs.toml: `python -m tests.docs.asvs > docs/reference/asvs.md`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
SOURCE: Final = REPOSITORY / "docs" / "reference" / "asvs.toml"
PAGE: Final = REPOSITORY / "docs" / "reference" / "asvs.md"
CHAPTERS: Final = {
    "V1": "Encoding and sanitization", "V2": "Validation and business logic", "V3": "Web frontend",
    "V4": "API and web service", "V5": "Files", "V6": "Authentication", "V7": "Sessions", "V8": "Authorization",
    "V11": "Cryptography", "V13": "Configuration", "V14": "Data protection", "V15": "Coding and architecture",
    "V16": "Logging and errors",
}  # fmt: skip
_OPENING: Final = """# OWASP ASVS 5.0: what holds, by which test, and what does not

Made from [asvs.toml](asvs.toml) by `python -m tests.docs.asvs`; a test compares them and looks for every test and file
that is named. Ids and levels are those of release 5.0.0; the words are ours, the requirements' texts are OWASP's. The
aim is level {everywhere} everywhere and level {vault} for the vault and for accounts. **Gap** is said where something
is missing, also when part of it is there. A requirement that is not listed was not gone through: that is no claim.
"""


def source() -> dict[str, Any]:
    """The table as written."""
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def requirements() -> list[dict[str, Any]]:
    """Every requirement that was gone through."""
    return [one for chapter in source()["requirements"].values() for one in chapter]


def page() -> str:
    """The whole page, as Markdown."""
    found = source()
    every = requirements()
    held = [one for one in every if one.get("by") and not one.get("gap")]
    partly = [one for one in every if one.get("by") and one.get("gap")]
    scope = found["scope"]
    lines = [_OPENING.format(everywhere=scope["everywhere"], vault=scope["vault_and_accounts"])]
    lines.append(
        f"Gone through: {len(every)} requirements. Held: {len(held)}. Partly: {len(partly)}. "
        f"Not: {len(every) - len(held) - len(partly)}.\n"
    )
    for chapter, rows in found["requirements"].items():
        lines += [f"## {chapter} {CHAPTERS[chapter]}\n", "| id | level | about | by | gap |", "|---|---|---|---|---|"]
        lines += [_row(one) for one in rows]
        lines.append("")
    lines += ["## Not gone through\n", "| what | why |", "|---|---|"]
    lines += [f"| {one['what']} | {one['why']} |" for one in found["outside"]]
    return "\n".join(lines) + "\n"


def _row(one: dict[str, Any]) -> str:
    by = "<br>".join(f"`{name}`" for name in one.get("by", ()))
    return f"| {one['id']} | {one['level']} | {one['about']} | {by} | {one.get('gap', '')} |"


if __name__ == "__main__":
    print(page(), end="")
