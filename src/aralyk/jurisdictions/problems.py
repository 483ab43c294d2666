"""What is wrong with a pack: every mistake at once, each with its file, entry, field and the form that is expected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

FOUND_MAX: Final = 80  # a mistake is found by its place; a long text quoted whole only hides it


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a pack.

    Attributes:
        file: Name of the file ("legal_basis.toml").
        entry: Slug and first day of the entry, or its position while it has none; empty: the whole file.
        field: Path in the entry ("term.days_max"); empty: the whole entry.
        expected: The form that is expected.
        found: What stands there.
    """

    file: str
    entry: str = ""
    field: str = ""
    expected: str
    found: str

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, self.entry, self.field) if part)
        return f"{place}: expected {self.expected}, found {self.found}"


class PackInvalid(ValueError):
    """A pack that can't be trusted: raised with all its problems, or with the parts of the only one.

    Attributes:
        problems: All of them, one at least, in the order of the files.
    """

    def __init__(
        self, problems: Iterable[Problem] = (), *, file: str = "", path: str = "", expected: str = "", found: str = ""
    ) -> None:
        one = Problem(file=file, field=path, expected=expected, found=found)
        self.problems = tuple(problems) or (one,)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @property
    def expected(self) -> str:
        """What was expected at the first problem."""
        return self.problems[0].expected


def quoted(value: object) -> str:
    """A value as an error shows it, in the words of the file."""
    shown = str(value).lower() if isinstance(value, bool) else repr(value)
    return shown if len(shown) <= FOUND_MAX else f"{shown[: FOUND_MAX - 1]}…"
