"""Instruments of risk assessment as data: what is asked, what an answer weighs, which level follows.

An instrument is a TOML file in `instruments/`, one a version, checked whole before anybody sees it. A version is never
edited once somebody used it: an assessment keeps the version and the hash of its content, and a file that differs from
that hash is refused (`version_used`). A change is a new file with the next number.

An answer "yes" may add to a score and never take from it, so a further "yes" can't lower the level; an instrument with
a negative weight is refused. An instrument that nobody has compared with its official text is `unverified`: it can be
filled, and no level follows from it.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, structs

from aralyk.jurisdictions.values import Filled, KnownFrom, Slug, Text
from aralyk.ledger.canonical import canonical_bytes
from aralyk.risk.errors import InstrumentChanged, InstrumentInvalid, InstrumentMissing
from aralyk.risk.levels import Level

INSTRUMENTS: Final = Path(__file__).parent / "instruments"
LANGUAGES: Final = ("ru", "ky", "en")
ITEMS_MAX: Final = 80  # longer is no form that anybody fills at a door


class Method(StrEnum):
    """How a level comes of the answers."""

    SCORE = "score"  # weights, bands and red flags
    JUDGEMENT = "judgement"  # structured professional judgement: a person reads the answers and signs a level
    NOT_KNOWN = "not_known"  # the official rule has not been read by anybody here


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A heading of the form."""

    slug: Slug
    name: Text


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question, answered yes, no or unknown (not known, not answered, not asked)."""

    slug: Slug
    group: Slug
    text: Text
    weight: Annotated[int, Meta(ge=0, le=100)] = 0
    red_flag: bool = False
    unverified: bool = False


class Band(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From this score on, this level."""

    from_score: Annotated[int, Meta(ge=0)]
    level: Level


class Response(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was done at once (she was told, she spoke with a counsellor): recorded beside the answers, never scored."""

    slug: Slug
    text: Text


class Instrument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of an instrument.

    Attributes:
        before: What whoever asks must see to first: privacy, safety, time.
        licence: Whose it is, and what may be done with it.
        limits: What the instrument can't say; stands beside every level that it gives.
        sha256: Of what the file says, comments and layout apart; set by the loader, never written in the file.
    """

    slug: Slug
    version: Annotated[int, Meta(ge=1)]
    valid_from: date
    valid_until: date | None = None  # the last day on which new assessments are made with it
    method: Method
    unverified: bool
    source: Filled
    known_from: KnownFrom
    licence: Filled
    name: Text
    before: Text
    limits: Text
    group: tuple[Group, ...]
    item: tuple[Item, ...]
    band: tuple[Band, ...] = ()
    red_flag_level: Level | None = None
    response: tuple[Response, ...] = ()
    sha256: str = ""

    @property
    def gives_levels(self) -> bool:
        """Whether a level follows from the answers without anybody's signature."""
        return self.method is Method.SCORE and not self.unverified

    def holds_on(self, day: date) -> bool:
        """Whether new assessments may be made with it on `day`."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


@cache
def all_instruments() -> Mapping[tuple[str, int], Instrument]:
    """Every version that ships, by slug and number; read and checked once per process.

    Raises:
        InstrumentInvalid: One of them could mislead.
    """
    return read_instruments(INSTRUMENTS)


def read_instruments(folder: Path) -> Mapping[tuple[str, int], Instrument]:
    """Read and check every version in `folder`.

    Raises:
        InstrumentInvalid: One of them could mislead.
    """
    found = [read_instrument(path) for path in sorted(folder.glob("*.toml"))]
    return {(one.slug, one.version): one for one in sorted(found, key=lambda one: (one.slug, one.version))}


def instruments_on(day: date) -> tuple[Instrument, ...]:
    """What may be filled on `day`: the newest version of each instrument that holds then."""
    newest = {one.slug: one for one in all_instruments().values() if one.holds_on(day)}
    return tuple(newest.values())


def instrument_on(slug: str, *, on: date) -> Instrument:
    """The version of an instrument that is filled on that day.

    Raises:
        InstrumentMissing: None is.
    """
    for one in instruments_on(on):
        if one.slug == slug:
            return one
    raise InstrumentMissing(f"no instrument {slug!r} on {on}")


def version_used(slug: str, version: int, *, sha256: str) -> Instrument:
    """The very version that an assessment was made with.

    Raises:
        InstrumentMissing: It no longer ships.
        InstrumentChanged: Somebody edited it afterwards.
    """
    found = all_instruments().get((slug, version))
    if found is None:
        raise InstrumentMissing(f"no instrument {slug!r} of version {version}")
    if found.sha256 != sha256:
        raise InstrumentChanged(f"instrument {slug!r} of version {version} differs from the one that was used")
    return found


def read_instrument(path: Path) -> Instrument:
    """Read and check one file.

    Raises:
        InstrumentInvalid: Not TOML, malformed, or it could mislead.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        instrument = msgspec.convert(content, Instrument)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InstrumentInvalid(file=path.name, path="", expected="TOML in UTF-8", found=str(error)) from error
    except msgspec.ValidationError as error:
        raise InstrumentInvalid(
            file=path.name, path="", expected="the form of an instrument", found=str(error)
        ) from error
    _expect(not instrument.sha256, file=path.name, path="sha256", expected="nothing: it is computed", found="a value")
    name = f"{instrument.slug}_{instrument.version}.toml"
    _expect(path.name == name, file=path.name, path="slug", expected=f"a file named {name}", found=path.name)
    _check_items(instrument, file=path.name)
    _check_method(instrument, file=path.name)
    _check_texts(instrument, file=path.name)
    # Of the file's words and not of our class: a field that a later version of the platform adds changes no old hash.
    sha256 = hashlib.sha256(canonical_bytes(msgspec.to_builtins(content))).hexdigest()
    return structs.replace(instrument, sha256=sha256)


def _check_items(instrument: Instrument, *, file: str) -> None:
    count = len(instrument.item)
    _expect(1 <= count <= ITEMS_MAX, file=file, path="item", expected=f"1 to {ITEMS_MAX}", found=str(count))
    for path, slugs in (
        ("item", [item.slug for item in instrument.item]),
        ("group", [group.slug for group in instrument.group]),
        ("response", [response.slug for response in instrument.response]),
    ):
        twice = sorted({slug for slug in slugs if slugs.count(slug) > 1})
        _expect(not twice, file=file, path=path, expected="each slug once", found=", ".join(twice))
    named, used = {group.slug for group in instrument.group}, {item.group for item in instrument.item}
    _expect(named == used, file=file, path="group", expected=f"the groups {sorted(used)}", found=str(sorted(named)))
    if any(item.unverified for item in instrument.item):
        _expect(instrument.unverified, file=file, path="unverified", expected="true: an item is", found="false")


def _check_method(instrument: Instrument, *, file: str) -> None:
    if instrument.method is Method.SCORE:
        _check_bands(instrument, file=file)
        return
    weighed = [item.slug for item in instrument.item if item.weight or item.red_flag]
    _expect(not weighed, file=file, path="item", expected="no weight and no red flag", found=", ".join(weighed))
    scored = bool(instrument.band) or instrument.red_flag_level is not None
    _expect(not scored, file=file, path="band", expected="neither bands nor red_flag_level", found="some")
    if instrument.method is Method.NOT_KNOWN:
        _expect(instrument.unverified, file=file, path="unverified", expected="true: its rule is", found="false")


def _check_bands(instrument: Instrument, *, file: str) -> None:
    starts = [band.from_score for band in instrument.band]
    _expect(starts[:1] == [0], file=file, path="band", expected="a first band from 0", found=str(starts))
    for before, after in pairwise(instrument.band):
        rises = before.from_score < after.from_score and before.level.height < after.level.height
        _expect(rises, file=file, path="band", expected="scores and levels that rise", found=str(starts))
    reachable = sum(item.weight for item in instrument.item)
    _expect(starts[-1] <= reachable, file=file, path="band", expected=f"{reachable} at most", found=str(starts[-1]))
    flag = instrument.red_flag_level
    means_something = flag is not None and flag.height > instrument.band[0].level.height
    flagged = any(item.red_flag for item in instrument.item)
    _expect(
        means_something if flagged else flag is None, file=file, path="red_flag_level",
        expected="a level above the lowest if, and only if, an item is a red flag", found=str(flag),
    )  # fmt: skip


def _check_texts(instrument: Instrument, *, file: str) -> None:
    """Every text in every language: a question that fell back to another one would be asked wrongly."""
    for path, text in _texts(instrument):
        found = set(text.languages())
        complete = found == set(LANGUAGES) and set(text.draft) <= found
        _expect(complete, file=file, path=path, expected=f"texts in {', '.join(LANGUAGES)}", found=str(sorted(found)))


def _texts(instrument: Instrument) -> Iterable[tuple[str, Text]]:
    yield "name", instrument.name
    yield "before", instrument.before
    yield "limits", instrument.limits
    for group in instrument.group:
        yield f"group.{group.slug}", group.name
    for item in instrument.item:
        yield f"item.{item.slug}", item.text
    for response in instrument.response:
        yield f"response.{response.slug}", response.text


def _expect(holds: bool, *, file: str, path: str, expected: str, found: str) -> None:
    if not holds:
        raise InstrumentInvalid(file=file, path=path, expected=expected, found=found or "none")
