"""All settings of an installation: the shared ones and each process's, read and checked together.

A process describes its settings as a frozen dataclass in `aralyk.<process>.settings`; its field
`interval_s` is the variable ARALYK_<PROCESS>_INTERVAL_S. A field named like a shared setting (`home`,
`profile`, …) is given that value instead. Every start reads all of them, also those of processes that
do not run: a misspelt variable must not wait for its process.
"""

from __future__ import annotations

import difflib
import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from aralyk.clock import ANCHOR_VARIABLE
from aralyk.conf.loading import Problem, Setting, SettingsRefused, load, settings_of
from aralyk.conf.platform import PlatformSettings, platform_settings
from aralyk.database import Role

PREFIX = "ARALYK"
# In the order of their start: the watch first, the door for devices last.
PROCESSES = ("watchdog", "jobs", "monitor", "console", "courier", "gateway", "simulator")

_SHARED_FIELDS = frozenset(field.name for field in fields(PlatformSettings))
# Read by `aralyk.database` at each connection (see there), by the tests, and by a supervised process's clock.
_OTHERS = frozenset({role.variable for role in Role} | {"ARALYK_SHARED", ANCHOR_VARIABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the environment says.

    Attributes:
        platform: Shared by all processes.
        processes: The dataclass of each process by its name.
    """

    platform: PlatformSettings
    processes: Mapping[str, Any]


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check every setting.

    Raises:
        SettingsRefused: A variable is unknown, ill-typed, missing or weakens production; all are named.
    """
    environ = os.environ if environ is None else environ
    problems = list(_unknown(environ))
    platform: PlatformSettings | None = None
    processes: dict[str, Any] = {}
    try:
        platform = platform_settings(environ)
    except SettingsRefused as refused:
        problems += refused.problems
    if platform is not None:
        shared = {name: getattr(platform, name) for name in _SHARED_FIELDS}
        for name in PROCESSES:
            try:
                processes[name] = load(process_settings_class(name), f"{PREFIX}_{name}", environ, shared)
            except SettingsRefused as refused:
                problems += refused.problems
    if problems or platform is None:
        raise SettingsRefused(tuple(problems))
    return Settings(platform=platform, processes=processes)


def process_settings_class(name: str) -> type[Any]:
    """The settings dataclass of a process, by the convention above."""
    module = importlib.import_module(f"aralyk.{name}.settings")
    kind = getattr(module, f"{name.capitalize()}Settings")
    assert isinstance(kind, type)
    return kind


def documented_settings() -> dict[str, tuple[Setting, ...]]:
    """Every variable by section ("platform" and the processes), as the reference page lists them."""
    sections = {"platform": settings_of(PlatformSettings, PREFIX)}
    for name in sorted(PROCESSES):
        sections[name] = settings_of(process_settings_class(name), f"{PREFIX}_{name}", _SHARED_FIELDS)
    return sections


def _unknown(environ: Mapping[str, str]) -> list[Problem]:
    known = {setting.variable for section in documented_settings().values() for setting in section} | _OTHERS
    problems = []
    for variable in sorted(environ):
        if variable.startswith(f"{PREFIX}_") and variable not in known:
            near = difflib.get_close_matches(variable, known, n=1)
            expected = f"a known setting, perhaps {near[0]}" if near else "a known setting (docs/reference/settings.md)"
            problems.append(Problem(variable=variable, expected=expected, found="this unknown name"))
    return problems
