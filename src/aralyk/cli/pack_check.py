"""`aralyk pack check [FOLDER]`: may a jurisdiction pack be trusted? Every mistake at once, or what is in it.

Exit code 0: it holds together; 1: it doesn't, and each line names file, entry, field, expected and found; 2: there
is no such folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from aralyk.cli.errors import CommandRefused
from aralyk.jurisdictions.loader import PACKS, PackInvalid, available, entries_of, read_pack
from aralyk.jurisdictions.pack import Pack
from aralyk.jurisdictions.values import Text


def pack_check(
    folder: Annotated[Path | None, typer.Argument(help="The pack's folder; none: the packs of this version.")] = None,
    unverified: Annotated[bool, typer.Option("--unverified", help="List what nobody may rely on yet.")] = False,
) -> int:
    """Check a jurisdiction pack; exit code 0 only when it may be trusted."""
    if folder is not None and not folder.is_dir():
        raise CommandRefused("folder: expected a folder with a country.toml, found none there")
    folders = [PACKS / code for code in available()] if folder is None else [folder]
    return max([_check(each, unverified=unverified) for each in folders])


def _check(folder: Path, *, unverified: bool) -> int:
    try:
        law = read_pack(folder)
    except PackInvalid as invalid:
        for problem in invalid.problems:
            typer.echo(str(problem))
        found = len(invalid.problems)
        typer.echo(f"{folder.resolve().name}: {found} problem{'s' if found > 1 else ''}")
        return 1
    for line in _open_questions(law) if unverified else _contents(law):
        typer.echo(line)
    return 0


def _contents(law: Pack) -> Iterator[str]:
    entries = list(entries_of(law))
    kinds = Counter(name for name, _ in entries)
    unread = Counter(name for name, entry in entries if entry.unverified)
    yield f"{law.country.code}: {len(entries)} entries hold together, {unread.total()} unverified"
    for name, count in kinds.items():
        yield f"  {name:16} {count:4}" + (f", {unread[name]} unverified" if unread[name] else "")
    texts = [
        value for _, entry in entries for field in entry.__struct_fields__
        if isinstance(value := getattr(entry, field), Text)
    ]  # fmt: skip
    for language in law.country.languages:
        written = sum(language in text.languages() for text in texts)
        draft = sum(text.is_draft(language) for text in texts)
        yield f"  texts in {language:7} {written:4}, {draft} drafts, {len(texts) - written} missing"


def _open_questions(law: Pack) -> Iterator[str]:
    for name, entry in entries_of(law):
        if entry.unverified:
            yield f"{law.country.code}/{name}.toml: {entry.slug} (from {entry.valid_from}): {entry.source}"
