"""Reads a jurisdiction pack and refuses one that could mislead.

A pack is a folder of TOML files, one per kind of entry. It is read whole before anybody sees it: each field's form
here, and what entries say together (dates, references, languages) in `checks`. All mistakes are found in one go, each
with file, entry, field, expected and found.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from aralyk.jurisdictions.checks import Tables, check
from aralyk.jurisdictions.forms import form_of, schema_at
from aralyk.jurisdictions.model import KINDS, Country, Entry
from aralyk.jurisdictions.pack import Pack
from aralyk.jurisdictions.problems import PackInvalid as PackInvalid
from aralyk.jurisdictions.problems import Problem, quoted

PACKS: Final = Path(__file__).parent / "packs"
FILE_BYTES_MAX: Final = 1_000_000  # the largest of ours has 20 KB; more is not a pack
_COUNTRY: Final = "country.toml"
_AT: Final = re.compile(r"^(?P<problem>.+?)(?: - at (?:`key` in )?`(?P<path>.+)`)?$")
_FIELD: Final = re.compile(r"(?:missing required|contains unknown) field `(?P<name>.+)`")
_STEP: Final = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+|\.\.\.)\]")

S = TypeVar("S", bound=msgspec.Struct)


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
        raise PackInvalid([Problem(file=code, expected=f"one of the packs {', '.join(known)}", found=quoted(code))])
    return read_pack(PACKS / code)


def available() -> tuple[str, ...]:
    """The codes of the packs that ship with this version."""
    return tuple(sorted(folder.name for folder in PACKS.iterdir() if (folder / _COUNTRY).is_file()))


def read_pack(folder: Path) -> Pack:
    """Read and check the pack in `folder`, which is named by the country's code.

    Raises:
        PackInvalid: It names every mistake that was found. Of entries that are malformed themselves, dates and
            references are not judged before the form is right.
    """
    problems: list[Problem] = []
    country = _country(folder, problems)
    tables = Tables()
    for name, (kind, _) in KINDS.items():
        tables.whole[name] = True
        for row, label in _rows(folder, name, problems):
            tables.declare(name, row.get("slug"))
            try:
                tables.add(name, msgspec.convert(row, kind))
            except msgspec.ValidationError as error:  # names one mistake; all are wanted
                file = f"{name}.toml"
                problems += _form_problems(row, kind, file=file, entry=label) or [
                    Problem(file=file, entry=label, expected=f"a {kind.__name__}", found=str(error))
                ]
                tables.whole[name] = False
    if country is not None:
        problems += check(country, tables)
    if problems or country is None:
        raise PackInvalid(problems)
    return Pack(country=country, **{plural: tables.versions(name) for name, (_, plural) in KINDS.items()})


def _country(folder: Path, problems: list[Problem]) -> Country | None:
    content = _read(folder / _COUNTRY, problems)
    if content is None:
        return None
    found = _form_problems(content, Country, file=_COUNTRY, entry="")
    if not found and content["code"] != folder.resolve().name:
        found = [
            Problem(file=_COUNTRY, field="code", expected=f"the folder's name {folder.resolve().name!r}",
                    found=quoted(content["code"]))
        ]  # fmt: skip
    problems += found
    return None if found else msgspec.convert(content, Country)


def _read(path: Path, problems: list[Problem]) -> Mapping[str, Any] | None:
    try:
        raw = path.read_bytes()
        if len(raw) > FILE_BYTES_MAX:
            problems.append(
                Problem(file=path.name, expected=f"at most {FILE_BYTES_MAX} bytes", found=f"{len(raw)} bytes")
            )
            return None
        return tomllib.loads(raw.decode("utf-8"))
    except FileNotFoundError:
        problems.append(Problem(file=path.name, expected="a file of this name", found="none"))
    except OSError as error:
        problems.append(Problem(file=path.name, expected="a file that can be read", found=type(error).__name__))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(Problem(file=path.name, expected="TOML in UTF-8", found=str(error)))
    except RecursionError:
        problems.append(Problem(file=path.name, expected="TOML in UTF-8", found="values nested too deeply"))
    return None


def _rows(folder: Path, name: str, problems: list[Problem]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The tables of one file, each with the label that errors name it by."""
    file = f"{name}.toml"
    content = _read(folder / file, problems)
    if content is None:
        return
    if foreign := sorted(set(content) - {name}):
        problems.append(Problem(file=file, expected=f"only [[{name}]] tables", found=", ".join(foreign)))
    rows = content.get(name, [])
    if not isinstance(rows, list):
        problems.append(Problem(file=file, expected=f"[[{name}]] tables", found=quoted(rows)))
        return
    for position, row in enumerate(rows):
        if not isinstance(row, dict):
            problems.append(Problem(file=file, entry=f"{name}[{position}]", expected="a table", found=quoted(row)))
            continue
        slug, since = row.get("slug"), row.get("valid_from")
        yield row, f"{slug} (from {since})" if isinstance(slug, str) else f"{name}[{position}]"


def _form_problems(row: Mapping[str, Any], kind: type[S], *, file: str, entry: str) -> list[Problem]:
    """Every field that has not the form its class gives it."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    problems = [
        Problem(file=file, entry=entry, field=name, expected=f"one of the fields {', '.join(fields)}", found="another")
        for name in row
        if name not in fields
    ]
    for name, field in fields.items():
        if name not in row:
            if field.required:
                expected = _form(kind.__name__, [name])
                problems.append(Problem(file=file, entry=entry, field=name, expected=expected, found="nothing"))
            continue
        try:
            msgspec.convert(row[name], field.type)
        except msgspec.ValidationError as error:
            problems.append(_explained(str(error), kind.__name__, name, row[name], file=file, entry=entry))
    return problems


def _explained(message: str, kind: str, name: str, value: Any, *, file: str, entry: str) -> Problem:
    """One validation error of one field, with the path below it and the form that the schema gives there."""
    match = _AT.match(message)
    steps = list(_STEP.finditer((match["path"] or "") if match else ""))
    path, shown = [name], name
    for step in steps:
        if step["name"]:
            path.append(step["name"])
            shown += f".{step['name']}"
            value = value.get(step["name"]) if isinstance(value, Mapping) else value
        else:
            path.append("[]")
            shown += f"[{step['index']}]"
            if step["index"].isdigit() and isinstance(value, list):
                value = value[int(step["index"])]
    if field := _FIELD.search(message):
        known = schema_at(kind, [*path, field["name"]])
        expected = form_of(known) if known is not None else _form(kind, path)
        found = "nothing" if known is not None else "another field"
        return Problem(file=file, entry=entry, field=f"{shown}.{field['name']}", expected=expected, found=found)
    return Problem(file=file, entry=entry, field=shown, expected=_form(kind, path), found=quoted(value))


def _form(kind: str, path: list[str]) -> str:
    schema = schema_at(kind, path)
    return "another form" if schema is None else form_of(schema)


def entries_of(law: Pack) -> Iterator[tuple[str, Entry]]:
    """Every entry of a pack with its kind's name, in the order of the files."""
    for name, (_, plural) in KINDS.items():
        for versions in getattr(law, plural).values():
            for entry in versions:
                yield name, entry
