"""Keeps the list of cases by risk outside the database, readable by this installation's account alone.

`<home>/run/risk-list.json` and `risk-list.<language>.pdf`, replaced whole every few minutes: when the database is gone,
the newest ones are what police work by. Nothing here needs anything but a disk to be read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from aralyk import clock
from aralyk.oversight.risk_list import Case, RiskList
from aralyk.oversight.risk_paper import LANGUAGES, pdf_of

STALE_S: Final = 300.0  # REQUIREMENTS 5: within five minutes
_NAME: Final = "risk-list"
_SEALED: Final = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the file says of itself."""

    made_at: datetime
    cases: int

    @property
    def age_s(self) -> float:
        """Seconds since it was made, by domain time."""
        return (clock.now() - self.made_at).total_seconds()

    @property
    def is_stale(self) -> bool:
        """Older than the platform promises."""
        return self.age_s > STALE_S


def write_files(home: Path, found: RiskList) -> None:
    """Replace the files: JSON first, since it can't fail for a letter that a font lacks.

    Raises:
        OSError: The disk is full, or `run` can't be written; the older files stay.
    """
    run = home / "run"
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    _replace(run / f"{_NAME}.json", json_of(found))
    for language in LANGUAGES:
        _replace(run / f"{_NAME}.{language}.pdf", pdf_of(found, language=language))


def header_of(home: Path) -> Header | None:
    """When the standing file was made and how many cases it has; None: there is none that can be read."""
    try:
        content = msgspec.json.decode((home / "run" / f"{_NAME}.json").read_bytes())
        return Header(made_at=clock.parse_iso(content["made_at"]), cases=len(content["cases"]))
    except (FileNotFoundError, msgspec.DecodeError, KeyError, ValueError):
        return None


def json_of(found: RiskList) -> bytes:
    """The list as JSON; what is unknown is null."""
    content = {"made_at": clock.iso(found.made_at), "cases": list(_rows(found))}
    return msgspec.json.format(msgspec.json.encode(content), indent=1)


def sha256_of(content: bytes) -> str:
    """The fingerprint of a file, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _rows(found: RiskList) -> Iterator[dict[str, Any]]:
    for rank, one in enumerate(found.cases, start=1):
        yield {
            "rank": rank, "order": one.number, "district": one.district, "threat": one.threat,
            "waiting_priority": one.priority, "protected": list(one.codes), "desk_phone": one.desk_phone,
            "respondent_last_place": _place(one),
        }  # fmt: skip


def _place(one: Case) -> dict[str, Any] | None:
    place = one.place
    if place is None:
        return None
    return {
        "lat": place.lat, "lon": place.lon, "accuracy_m": place.accuracy_m, "source": place.source,
        "taken_at": clock.iso(place.fixed_at), "trust": place.trust,
    }  # fmt: skip


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f"{path.name}.new")
    partial.unlink(missing_ok=True)
    # Sealed from its first byte: never readable by others, not for the moment before a chmod either.
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SEALED), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
