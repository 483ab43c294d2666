"""What every protocol's encoder shows of its device, for tests that must hold for all protocols.

The convention: `encoder.samples()` of a protocol gives a list of bytes, one entry for each kind of message: as on the
wire (with terminators, escapes and checksums) for streams, and as the kept frame for HTTP. In their order they are one
connection: a login comes first. Where some are encrypted, `encoder.SAMPLE_KEY` is their key.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import msgspec

from aralyk.protocols import registry
from aralyk.protocols.codec import BrokenFrame, Decoded, Session
from aralyk.protocols.errors import ProtocolError
from aralyk.protocols.messages import Message


@cache
def samples_of(name: str) -> tuple[bytes, ...]:
    """A protocol's samples; none where its encoder shows none."""
    give = getattr(_encoder(name), "samples", None)
    return () if give is None else tuple(give())


def _encoder(name: str) -> ModuleType:
    return import_module(f"aralyk.protocols.{name}.encoder")


def frames_of(name: str, chunks: list[bytes]) -> list[bytes | BrokenFrame]:
    """What a connection gives to decode; over HTTP each chunk is a frame."""
    codec = registry()[name]
    if codec.splitter is None:
        return list(chunks)
    splitter = codec.splitter()
    frames = [frame for chunk in chunks for frame in splitter.feed(chunk)]
    cut = splitter.close()
    return frames if cut is None else [*frames, cut]


def read_connection(name: str, frames: list[bytes | BrokenFrame]) -> list[Decoded | ProtocolError]:
    """Read frames one after the other as the gateway does: what a login says is known to the frames behind it."""
    codec = registry()[name]
    key: bytes | None = getattr(_encoder(name), "SAMPLE_KEY", None)
    session = Session(key=key)
    results: list[Decoded | ProtocolError] = []
    for frame in frames:
        try:
            if isinstance(frame, BrokenFrame):
                raise frame.error
            decoded = codec.decode(frame, session)
        except ProtocolError as error:
            results.append(error)
            continue
        context = session.context if decoded.context is None else decoded.context
        session = Session(device_id=decoded.device_id or session.device_id, key=key, context=context)
        results.append(decoded)
    return results


def check_message(message: Message) -> None:
    """A message can be stored, and holds no impossible place."""
    stored: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(message.as_line()))
    assert None not in stored.values()
    assert (message.lat is None) == (message.lon is None) == (message.valid is None)
    if message.lat is not None and message.lon is not None:
        assert -90 <= message.lat <= 90
        assert -180 <= message.lon <= 180
    for number in (message.accuracy_m, message.speed_mps, message.heading_deg, message.battery_pct):
        assert number is None or 0 <= number < float("inf")
