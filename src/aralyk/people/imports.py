"""A first filling from a list: CSV in, people out, all of a file or nothing of it.

Every row is tried, so that all mistakes are told at once, each by its line and field and never with its value. A dry
run does everything and takes it back. A row is known again by its reference: a file that is read twice adds nobody
twice, and changes nothing that people corrected meanwhile.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.sentences import sentence_of
from aralyk.access.texts import check_text
from aralyk.access.witness import witness
from aralyk.evidence.kinds import Kind
from aralyk.people.actions import check_may_keep, do_register_protected_person, do_register_respondent
from aralyk.people.models import ImportedPerson, Stated
from aralyk.people.sealing import VAULT
from aralyk.people.vault import OWN_FACTS, SealedName

ROWS_MAX: Final = 20_000
BYTES_MAX: Final = 20_000_000
REFERENCE_MAX: Final = 64
SEALED_COLUMNS: Final = {name.value: name for name in OWN_FACTS if name is not SealedName.NAME}
REQUIRED: Final = ("reference", "kind", "name")
COLUMNS: Final = (*REQUIRED, "born_on", "language", "residence_district", "weapons", "hears", "reads", "has_phone",
                  "children", *SEALED_COLUMNS)  # fmt: skip
_HIS_ALONE: Final = ("born_on", "residence_district", "weapons")
_HERS_ALONE: Final = ("hears", "reads", "has_phone", "children", *SEALED_COLUMNS)


class Who(StrEnum):
    """What a row is about."""

    RESPONDENT = "respondent"
    PROTECTED_PERSON = "protected_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """One field of one line that can't be accepted; line 1 is the heading."""

    line: int
    field: str
    expected: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.field}: expected {self.expected}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What a file did, or would do.

    Attributes:
        respondents: How many are new.
        protected_persons: How many are new.
        known: How many rows were imported before and are left as they are.
        problems: Why nothing was written; empty when all is well.
        applied: Whether it was written.
    """

    respondents: int
    protected_persons: int
    known: int
    problems: tuple[LineProblem, ...]
    applied: bool


class _TakenBack(Exception):
    """Ends a dry run, or a file with mistakes: nothing of it stays."""


def do_import_people(by: User, content: bytes, *, source: str, apply: bool) -> ImportReport:
    """Register the people of a list.

    Args:
        by: Who keeps people; each row is registered in their name, within their districts.
        content: CSV in UTF-8, with a heading (`COLUMNS`; the first three are needed).
        source: Whose list it is: references are unique within it.
        apply: False: a dry run.

    Returns:
        What was done; with a problem in any line, nothing was.

    Raises:
        Refused: not_permitted; invalid: not such a file at all (heading, encoding, size, source).
    """
    check_may_keep(by)
    if not (source.isascii() and source.replace("-", "").replace("_", "").isalnum() and len(source) <= REFERENCE_MAX):
        raise Refused.field("source", expected="a short name of Latin letters, digits, - and _")
    rows = _rows(content)
    problems: list[LineProblem] = []
    counts = dict.fromkeys(Who, 0)
    known = 0
    before = dict(ImportedPerson.objects.filter(source=source).values_list("reference", "kind"))
    seen: set[str] = set()
    applied = False
    try:
        with transaction.atomic(), transaction.atomic(using=VAULT):
            for line, row in rows:
                reference = row["reference"]
                if reference in before and before[reference] == row["kind"]:
                    known += 1
                    continue
                found = _check_row(line, row, seen=seen, before=before)
                seen.add(reference)
                if not found:
                    found = _register(by, line, row, source=source)
                problems += found
                if not found:
                    counts[Who(row["kind"])] += 1
            if problems or not apply:
                raise _TakenBack
            if any(counts.values()):
                _witness(by, source, counts)
        applied = True
    except _TakenBack:
        pass
    return ImportReport(
        respondents=counts[Who.RESPONDENT],
        protected_persons=counts[Who.PROTECTED_PERSON],
        known=known,
        problems=tuple(problems),
        applied=applied,
    )


def _rows(content: bytes) -> list[tuple[int, dict[str, str]]]:
    if len(content) > BYTES_MAX:
        raise Refused.field("file", expected=f"at most {BYTES_MAX} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused.field("file", expected="text in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text), strict=True)
    rows = []
    try:
        heading = [name.strip() for name in reader.fieldnames or ()]
        _check_heading(heading)
        reader.fieldnames = heading
        for row in reader:
            if None in row or None in row.values():
                raise Refused.field(f"line {reader.line_num}", expected=f"{len(heading)} values, as in the heading")
            rows.append((reader.line_num, {name: value.strip() for name, value in row.items()}))
            if len(rows) > ROWS_MAX:
                raise Refused.field("file", expected=f"at most {ROWS_MAX} people")
    except csv.Error:
        raise Refused.field(f"line {reader.line_num + 1}", expected="a line of CSV, quotes closed") from None
    return rows


def _check_heading(heading: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in heading]
    if missing:
        raise Refused.field("heading", expected=f"the columns {', '.join(missing)}")
    if len(set(heading)) != len(heading) or not set(heading) <= set(COLUMNS):
        raise Refused.field("heading", expected=f"each once, of {', '.join(COLUMNS)}")


def _check_row(line: int, row: Mapping[str, str], *, seen: set[str], before: Mapping[str, str]) -> list[LineProblem]:
    problems = []
    if not 0 < len(row["reference"]) <= REFERENCE_MAX:
        problems.append(LineProblem(line=line, field="reference", expected=f"1 to {REFERENCE_MAX} characters"))
    elif row["reference"] in seen:
        problems.append(LineProblem(line=line, field="reference", expected="one that no other line has"))
    elif row["reference"] in before:
        problems.append(LineProblem(line=line, field="kind", expected="the same as when it was first imported"))
    if row["kind"] not in set(Who):
        return [*problems, LineProblem(line=line, field="kind", expected=" or ".join(Who))]
    needed = ("name", "residence_district") if row["kind"] == Who.RESPONDENT else ("name",)
    problems += [LineProblem(line=line, field=name, expected="a value") for name in needed if not row.get(name)]
    foreign = _HERS_ALONE if row["kind"] == Who.RESPONDENT else _HIS_ALONE
    problems += [
        LineProblem(line=line, field=name, expected=f"nothing in a line about a {row['kind']}")
        for name in foreign
        if row.get(name)
    ]
    if row.get("born_on"):
        try:
            date.fromisoformat(row["born_on"])
        except ValueError:
            problems.append(LineProblem(line=line, field="born_on", expected="a day as 1990-12-31"))
    problems += [
        LineProblem(line=line, field=name, expected="yes, no or unknown")
        for name in ("weapons", "hears", "reads", "has_phone", "children")
        if row.get(name) and row[name] not in set(Stated)
    ]
    return problems


def _register(by: User, line: int, row: Mapping[str, str], *, source: str) -> list[LineProblem]:
    try:
        with transaction.atomic(), transaction.atomic(using=VAULT):
            person = _person_of(by, row)
            ImportedPerson.objects.create(
                source=source, reference=row["reference"], kind=row["kind"], person=person, imported_at=clock.now()
            )
    except NotFound:
        return [LineProblem(line=line, field="residence_district", expected="a district of yours")]
    except Refused as refused:
        said = [
            LineProblem(line=line, field=problem.field.removeprefix("sealed."), expected=problem.expected)
            for problem in refused.fields
        ]
        return said or [LineProblem(line=line, field="-", expected=sentence_of(refused))]
    return []


def _person_of(by: User, row: Mapping[str, str]) -> UUID:
    def stated(name: str) -> Stated:
        return Stated(row.get(name) or Stated.UNKNOWN)

    language = row.get("language") or "ru"
    if row["kind"] == Who.RESPONDENT:
        born = row.get("born_on")
        return do_register_respondent(
            by, name=row["name"], residence_district=check_text(
                "residence_district", row.get("residence_district", ""), longest=64
            ),
            born_on=date.fromisoformat(born) if born else None, language=language, weapons=stated("weapons"),
        ).pk  # fmt: skip
    sealed = {SealedName.NAME: row["name"]}
    sealed |= {name: row[column] for column, name in SEALED_COLUMNS.items() if row.get(column)}
    return do_register_protected_person(
        by, sealed=sealed, language=language, hears=stated("hears"), reads=stated("reads"),
        has_phone=stated("has_phone"), children_stated=stated("children"),
    ).pk  # fmt: skip


def _witness(by: User, source: str, counts: Mapping[Who, int]) -> None:
    witness(
        kind=Kind.PEOPLE_IMPORTED,
        subject=f"import:{source}",
        by=by,
        at=clock.now(),
        data={"protected_persons": counts[Who.PROTECTED_PERSON], "respondents": counts[Who.RESPONDENT]},
    )
