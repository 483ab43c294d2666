"""Reads a jurisdiction pack and refuses one that could mislead.

A pack is a folder of TOML files, one per kind of entry. It is checked whole before anybody sees it: types, unknown
fields, overlapping dates, references that lead nowhere, an article without a number that claims to be verified. The
error says file, path in the file, what was expected and what was found.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from aralyk.jurisdictions.model import (
    Agency,
    Article,
    Clock,
    ConditionKind,
    Country,
    DeviceMessage,
    District,
    Entry,
    LegalBasis,
    Text,
    Word,
)
from aralyk.jurisdictions.pack import Pack

PACKS: Final = Path(__file__).parent / "packs"
FILES: Final[dict[str, type[Entry]]] = {
    "district": District,
    "agency": Agency,
    "article": Article,
    "legal_basis": LegalBasis,
    "clock": Clock,
    "condition_kind": ConditionKind,
    "word": Word,
    "device_message": DeviceMessage,
}

E = TypeVar("E", bound=Entry)
_EXPECTED_GOT = re.compile(r"^Expected (?P<expected>.+?)(?:, got (?P<found>.+?))?(?: - at `(?P<path>.+)`)?$")
_AT = re.compile(r"^(?P<problem>.+?)(?: - at `(?P<path>.+)`)?$")


class PackInvalid(ValueError):
    """A pack that can't be trusted; says file, path, expected and found."""

    def __init__(self, *, file: str, path: str, expected: str, found: str) -> None:
        super().__init__(f"{file}: {path}: expected {expected}, found {found}")
        self.file = file
        self.path = path
        self.expected = expected
        self.found = found


@cache
def pack(code: str) -> Pack:
    """The pack of a country, read and checked once per process.

    Args:
        code: ISO 3166-1 alpha-2, upper case ("KG").

    Raises:
        PackInvalid: There is no such pack, or it can't be trusted.
    """
    known = available()
    if code not in known:
        raise PackInvalid(file=code, path="", expected=f"one of the packs {', '.join(known)}", found=repr(code))
    return read_pack(PACKS / code)


def available() -> tuple[str, ...]:
    """The codes of the packs that ship with this version."""
    return tuple(sorted(folder.name for folder in PACKS.iterdir() if (folder / "country.toml").is_file()))


def read_pack(folder: Path) -> Pack:
    """Read and check the pack in `folder`.

    Raises:
        PackInvalid: A file is missing or not TOML, an entry is malformed, dates overlap, a reference leads nowhere.
    """
    country = _convert(_read(folder / "country.toml"), Country, file="country.toml")
    if country.code != folder.name:
        raise PackInvalid(file="country.toml", path="code", expected=repr(folder.name), found=repr(country.code))
    _check_timezone(country)
    _check_languages(country.name, country, file="country.toml", path="name")
    result = Pack(
        country=country,
        districts=_entries(folder, District),
        agencies=_entries(folder, Agency),
        articles=_entries(folder, Article),
        legal_bases=_entries(folder, LegalBasis),
        clocks=_entries(folder, Clock),
        condition_kinds=_entries(folder, ConditionKind),
        words=_entries(folder, Word),
        device_messages=_entries(folder, DeviceMessage),
    )
    _check_references(result)
    _check_texts(result)
    return result


def _read(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PackInvalid(file=path.name, path="", expected="a file of this name", found="none") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackInvalid(file=path.name, path="", expected="TOML in UTF-8", found=str(error)) from error


T = TypeVar("T")


def _convert(value: object, kind: type[T], *, file: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        match = _EXPECTED_GOT.match(str(error))
        if match:
            raise PackInvalid(
                file=file,
                path=_path(match["path"]),
                expected=match["expected"],
                found=match["found"] or "another value",
            ) from error
        other = _AT.match(str(error))
        problem, path = (other["problem"], other["path"]) if other else (str(error), None)
        raise PackInvalid(
            file=file, path=_path(path), expected="the form of " + kind.__name__, found=problem
        ) from error


def _path(path: str | None) -> str:
    return (path or "$").removeprefix("$.")


def _entries(folder: Path, kind: type[E]) -> dict[str, tuple[E, ...]]:
    """Entries of one file by slug, oldest first."""
    name = next(name for name, known in FILES.items() if known is kind)
    file = f"{name}.toml"
    content = _read(folder / file)
    if set(content) != {name}:
        raise PackInvalid(file=file, path="", expected=f"only [[{name}]] tables", found=repr(sorted(content)))
    rows = content[name]
    if not isinstance(rows, list):
        raise PackInvalid(file=file, path=name, expected=f"[[{name}]] tables", found=type(rows).__name__)
    entries = [_convert_row(row, kind, file=file, path=f"{name}[{position}]") for position, row in enumerate(rows)]
    by_slug: dict[str, tuple[E, ...]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.slug, entry.valid_from)):
        by_slug[entry.slug] = (*by_slug.get(entry.slug, ()), entry)
    for slug, versions in by_slug.items():
        _check_dates(slug, versions, file=file)
    return by_slug


def _convert_row(row: object, kind: type[E], *, file: str, path: str) -> E:
    try:
        return _convert(row, kind, file=file)
    except PackInvalid as error:
        where = path if error.path == "$" else f"{path}.{error.path}"
        raise PackInvalid(file=file, path=where, expected=error.expected, found=error.found) from error


def _check_dates(slug: str, versions: Sequence[Entry], *, file: str) -> None:
    """Of one slug at most one entry holds on any day: two answers to "what is the term?" would be none."""
    for entry in versions:
        if entry.valid_until is not None and entry.valid_until < entry.valid_from:
            raise PackInvalid(
                file=file,
                path=f"{slug}.valid_until",
                expected=f"{entry.valid_from} or later",
                found=str(entry.valid_until),
            )
    for before, after in pairwise(versions):
        if before.valid_until is None or before.valid_until >= after.valid_from:
            raise PackInvalid(
                file=file,
                path=f"{slug}.valid_until",
                expected=f"a day before {after.valid_from} (the next entry)",
                found=str(before.valid_until),
            )


def _check_timezone(country: Country) -> None:
    try:
        ZoneInfo(country.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise PackInvalid(
            file="country.toml", path="timezone", expected="a zone of the tz database", found=repr(country.timezone)
        ) from None


def _check_references(pack: Pack) -> None:
    _check_places(pack)
    _check_articles(pack)
    _check_kinds(pack)


def _check_texts(pack: Pack) -> None:
    tables: dict[str, Mapping[str, tuple[Entry, ...]]] = {
        "district": pack.districts,
        "agency": pack.agencies,
        "article": pack.articles,
        "legal_basis": pack.legal_bases,
        "clock": pack.clocks,
        "condition_kind": pack.condition_kinds,
        "word": pack.words,
        "device_message": pack.device_messages,
    }
    for name, entries in tables.items():
        for entry in _all(entries):
            for field in entry.__struct_fields__:
                value = getattr(entry, field)
                if isinstance(value, Text):
                    _check_languages(value, pack.country, file=f"{name}.toml", path=f"{entry.slug}.{field}")


def _check_languages(text: Text, country: Country, *, file: str, path: str) -> None:
    """A text in each language of the pack: one that is missing would have to fall back, and no legal text may."""
    if set(text.languages()) != set(country.languages) or not set(text.draft) <= set(country.languages):
        found = f"{', '.join(text.languages())}; draft {', '.join(text.draft) or 'none'}"
        raise PackInvalid(file=file, path=path, expected=f"texts in {', '.join(country.languages)}", found=found)


def _check_places(pack: Pack) -> None:
    for district in _all(pack.districts):
        if district.within is not None:
            _check_known(district.within, pack.districts, file="district.toml", path=f"{district.slug}.within")
    for agency in _all(pack.agencies):
        for code in agency.districts:
            _check_known(code, pack.districts, file="agency.toml", path=f"{agency.slug}.districts")


def _check_articles(pack: Pack) -> None:
    for article in _all(pack.articles):
        if article.number is None and not article.unverified:
            raise PackInvalid(
                file="article.toml", path=f"{article.slug}.unverified", expected="true (no number)", found="false"
            )
    for basis in _all(pack.legal_bases):
        _check_known(basis.article, pack.articles, file="legal_basis.toml", path=f"{basis.slug}.article")
        _check_term(basis)
    for clock in _all(pack.clocks):
        if clock.article is not None:
            _check_known(clock.article, pack.articles, file="clock.toml", path=f"{clock.slug}.article")


def _check_kinds(pack: Pack) -> None:
    for kind in _all(pack.condition_kinds):
        for basis_slug, article_slug in kind.articles.items():
            path = f"{kind.slug}.articles.{basis_slug}"
            _check_known(basis_slug, pack.legal_bases, file="condition_kind.toml", path=path)
            _check_known(article_slug, pack.articles, file="condition_kind.toml", path=path)


def _all(entries: Mapping[str, tuple[E, ...]]) -> Iterable[E]:
    for versions in entries.values():
        yield from versions


def _check_known(slug: str, entries: Mapping[str, object], *, file: str, path: str) -> None:
    if slug not in entries:
        raise PackInvalid(file=file, path=path, expected=f"one of {', '.join(sorted(entries))}", found=repr(slug))


def _check_term(basis: LegalBasis) -> None:
    term = basis.term
    if (term.days_max is None) == (term.months_max is None):
        raise PackInvalid(
            file="legal_basis.toml",
            path=f"{basis.slug}.term",
            expected="one of days_max and months_max",
            found="both" if term.days_max is not None else "neither",
        )
