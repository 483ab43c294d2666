"""What can be wrong with an instrument. How an action says no is `aralyk.access.errors`, as everywhere."""

from __future__ import annotations


class InstrumentInvalid(ValueError):
    """An instrument that could mislead; says file, path in the file, expected and found."""

    def __init__(self, *, file: str, path: str, expected: str, found: str) -> None:
        super().__init__(f"{file}: {path}: expected {expected}, found {found}")
        self.file = file
        self.path = path
        self.expected = expected
        self.found = found


class InstrumentMissing(LookupError):
    """No such instrument, or no such version of it."""


class InstrumentChanged(RuntimeError):
    """The file of a version differs from the one that an assessment was made with: its answers can't be read by it."""
