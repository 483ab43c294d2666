"""The steps of a check, by phone maker, as data (`checkup_steps.toml`): read whole and checked when first asked for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

LANGUAGES: Final = ("ru", "ky", "en")
BRACELET: Final = "bracelet"
ALWAYS: Final = "screen_off"  # the step of every phone: the check is about a phone in a pocket
ALARM: Final = "press_sos"
_FILE: Final = Path(__file__).parent / "checkup_steps.toml"


class StepText(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step in each language; `draft` names those that nobody has tried on a real phone or reviewed."""

    ru: str
    ky: str
    en: str
    draft: tuple[str, ...]

    def in_language(self, language: str) -> str:
        """The text; English for a language that has none: how to set a phone is no legal sentence."""
        return str(getattr(self, language if language in LANGUAGES else "en"))


class Maker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One maker's phones, by the names on their boxes."""

    name: str
    steps: tuple[str, ...]


class Steps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    maker: Mapping[str, Maker]
    step: Mapping[str, StepText]

    def of(self, maker: str, *, with_alarm: bool) -> tuple[str, ...]:
        """The steps of a check, in order. Raises KeyError for an unknown maker."""
        own = self.maker[maker].steps
        last = () if maker == BRACELET else (ALWAYS,)
        return (*own, *((ALARM,) if with_alarm else ()), *last)


@cache
def steps() -> Steps:
    """All steps.

    Raises:
        msgspec.ValidationError: The file does not have its form.
        AssertionError: A maker names a step without a text.
    """
    found = msgspec.convert(tomllib.loads(_FILE.read_text(encoding="utf-8")), Steps)
    named = {step for maker in found.maker.values() for step in maker.steps} | {ALWAYS, ALARM}
    assert named == set(found.step), f"steps without a maker or a text: {sorted(named ^ set(found.step))}"
    return found
