"""Registers the tests' own protocol, which has commands, the way every protocol is registered: by a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aralyk import protocols

PROTOCOL: Final = "plainspoken"
_FOLDER: Final = str(Path(__file__).parent / "protocols")


@contextmanager
def spoken_protocol() -> Iterator[None]:
    """While open, `registry()` knows it."""
    protocols.__path__.append(_FOLDER)
    protocols.registry.cache_clear()
    try:
        yield
    finally:
        protocols.__path__.remove(_FOLDER)
        protocols.registry.cache_clear()
