"""Every known stream: its first frame is the one that the reference's splitter gives, however the bytes arrive."""

from __future__ import annotations

from typing import Any, Final

import pytest

from aralyk.protocols import registry
from aralyk.protocols.codec import BrokenFrame
from tests.protocols.vectors import vectors

# vector: why our first frame is another one. Bytes that we refuse where the reference skips them are no difference.
WANTED: Final[dict[str, str]] = {}


def first_frame(protocol: str, chunks: list[bytes]) -> bytes | None:
    """The first whole frame; what was refused before it is not one."""
    make = registry()[protocol].splitter
    assert make is not None
    splitter = make()
    frames = (frame for chunk in chunks for frame in splitter.feed(chunk))
    return next((frame for frame in frames if not isinstance(frame, BrokenFrame)), None)


def cases(protocol: str) -> list[Any]:
    found = [entry for entry in vectors("framing") if entry["protocol"] == protocol]
    if not found:
        pytest.skip(f"no known streams of {protocol}")
    return found


@pytest.mark.parametrize("protocol", [name for name, codec in registry().items() if codec.splitter])
def test_the_first_frame_of_every_known_stream_is_cut_as_the_reference_cuts_it(protocol: str) -> None:
    different = set()
    for entry in cases(protocol):
        stream, wanted = bytes.fromhex(entry["frame"]), bytes.fromhex(entry["expect"]["first_frame"])
        at_once = first_frame(protocol, [stream])
        assert first_frame(protocol, [bytes((byte,)) for byte in stream]) == at_once, entry["id"]
        if at_once != wanted:
            different.add(entry["id"])
    assert different == {vector for vector in WANTED if vector.startswith(f"{protocol}-")}
