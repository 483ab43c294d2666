"""Reads a frozen dataclass of settings from environment variables, by the types of its fields.

The field `interval_s` of a dataclass read with the prefix ARALYK_WATCHDOG comes from
ARALYK_WATCHDOG_INTERVAL_S. An empty variable counts as not set. All errors are collected, so that
one start shows everything that is wrong. The documentation of a field stands in the dataclass's
docstring (Google's "Attributes:"), and docs/reference/settings.md is made from it.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

SettingsT = TypeVar("SettingsT")
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One variable that cannot be accepted.

    Attributes:
        variable: Its name.
        expected: The form or value that would be.
        found: What it held, never a secret.
    """

    variable: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.variable}: expected {self.expected}, found {self.found!r}"


class SettingsRefused(ValueError):
    """The environment cannot be accepted; nothing was started."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))

    @classmethod
    def one(cls, variable: str, expected: str, found: str) -> SettingsRefused:
        """A refusal because of a single variable."""
        return cls((Problem(variable=variable, expected=expected, found=found),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One field of a settings dataclass, as people set it."""

    field: str
    variable: str
    form: str
    default: str | None
    documentation: str


def load(
    kind: type[SettingsT], prefix: str, environ: Mapping[str, str], given: Mapping[str, object] | None = None
) -> SettingsT:
    """Build a settings dataclass from the environment.

    Args:
        kind: A dataclass whose fields have the types read here (see `_READERS`).
        prefix: Of the variables, without the last underscore.
        environ: The variables.
        given: Values of fields that are not read from the environment (shared by all processes).

    Raises:
        SettingsRefused: Values are ill-typed or missing; all of them are named.
    """
    values: dict[str, object] = {}
    problems: list[Problem] = []
    types_by_field = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if given is not None and field.name in given:
            values[field.name] = given[field.name]
            continue
        variable = _variable(prefix, field.name)
        text = environ.get(variable, "")
        if not text:
            if _required(field):
                problems.append(Problem(variable=variable, expected=_form(types_by_field[field.name]), found=""))
            continue
        try:
            values[field.name] = _read(types_by_field[field.name], text)
        except ValueError as error:
            problems.append(Problem(variable=variable, expected=str(error), found=text))
    if problems:
        raise SettingsRefused(tuple(problems))
    try:
        return kind(**values)
    except ValueError as error:
        # A dataclass may check what a type cannot say; its message names the field.
        raise SettingsRefused.one(f"{prefix}_*", str(error), "values that do not") from error


def settings_of(kind: type[Any], prefix: str, given: frozenset[str] = frozenset()) -> tuple[Setting, ...]:
    """List what `load` would read, for the reference page and for finding unknown variables."""
    types_by_field = typing.get_type_hints(kind)
    documentation = _attributes_section(kind)
    return tuple(
        Setting(
            field=field.name,
            variable=_variable(prefix, field.name),
            form=_form(types_by_field[field.name]),
            default=None if _required(field) else _shown(_default(field)),
            documentation=documentation.get(field.name, ""),
        )
        for field in dataclasses.fields(kind)
        if field.name not in given
    )


def _variable(prefix: str, field: str) -> str:
    return f"{prefix}_{field}".upper()


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _default(field: dataclasses.Field[Any]) -> object:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _shown(value: object) -> str:
    if value is None or value == "" or value == ():
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}"
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(kind: Any, text: str) -> object:
    kind = _without_none(kind)
    if typing.get_origin(kind) is tuple:
        item = typing.get_args(kind)[0]
        return tuple(_read(item, part.strip()) for part in text.split(",") if part.strip())
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _read_enum(kind, text)
    form, reader = _READERS[kind]
    try:
        return reader(text)
    except ValueError:
        raise ValueError(form) from None


def _read_enum(kind: type[Enum], text: str) -> Enum:
    try:
        return kind(text)
    except ValueError:
        raise ValueError(_form(kind)) from None


def _form(kind: Any) -> str:
    kind = _without_none(kind)
    if typing.get_origin(kind) is tuple:
        return f"{_form(typing.get_args(kind)[0])}, more after commas"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " or ".join(str(member.value) for member in kind)
    return _READERS[kind][0]


def _without_none(kind: Any) -> Any:
    if typing.get_origin(kind) in {typing.Union, types.UnionType}:
        (kind,) = (part for part in typing.get_args(kind) if part is not type(None))
    # A NewType is read as what it stands for.
    return getattr(kind, "__supertype__", kind)


def _read_bool(text: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise ValueError


def _read_finite(text: str) -> float:
    value = float(text)
    if value - value != 0:  # infinity or not a number
        raise ValueError
    return value


_READERS: dict[Any, tuple[str, Callable[[str], object]]] = {
    str: ("text", str),
    int: ("a whole number", int),
    float: ("a number", _read_finite),
    bool: ("true or false", _read_bool),
    Path: ("a path", Path),
    timedelta: ("a number of seconds", lambda text: timedelta(seconds=_read_finite(text))),
}


def _attributes_section(kind: type[Any]) -> dict[str, str]:
    documentation: dict[str, str] = {}
    _, _, section = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    current = ""
    for line in section.splitlines():
        if not line.strip():
            break
        if started := re.fullmatch(r"    (\w+): (.*)", line):
            current, documentation[started[1]] = started[1], started[2]
        elif current:
            documentation[current] += " " + line.strip()
    return documentation
