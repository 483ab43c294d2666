"""Which device each person of the city carries, as the seeding fitted it: `<home>/simulator/devices.json`.

The file holds the phones' secrets in the clear, because a phone knows its own: its owner alone may read it, and it
exists only where the people are synthetic.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from aralyk.simulator.pilot import Wire


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """One person's device."""

    person: str
    device: str
    wire: Wire
    interval_s: int
    secret: str | None = None


class Fitting(msgspec.Struct, frozen=True, kw_only=True):
    """All devices of one seeding; the city must be moved by the same seed, or its zones would lie elsewhere."""

    seed: int
    devices: list[Fitted]


def path_in(home: Path) -> Path:
    """Where the file stands."""
    return home / "simulator" / "devices.json"


def read(home: Path) -> Fitting | None:
    """Read the file, or none when nothing was seeded yet.

    Raises:
        msgspec.ValidationError: Not such a file; the message names the field.
    """
    path = path_in(home)
    return msgspec.json.decode(path.read_bytes(), type=Fitting) if path.exists() else None


def write(home: Path, fitting: Fitting) -> None:
    """Write the file, whole or not at all, readable by its owner alone."""
    path = path_in(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(fitting), indent=1))
    partial.replace(path)
