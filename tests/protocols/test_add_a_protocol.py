"""The how-to's example is a protocol: taken from the page, registered by being there, tested like the others."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aralyk.protocols
from aralyk.protocols import registry
from aralyk.protocols.codec import BrokenFrame, Codec, Decoded, Session
from aralyk.protocols.errors import ProtocolError
from aralyk.protocols.messages import Alarm
from tests.protocols.samples import frames_of, read_connection, samples_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "add-a-protocol.md"
NAME = "tally"


@pytest.fixture(scope="module")
def tally(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Codec]:
    """The example as a folder beside the others, for as long as these tests run."""
    home = tmp_path_factory.mktemp("protocols")
    blocks = re.findall(r"```python\n# (tally/\w+\.py)\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    for name, code in blocks:
        path = home / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(code, encoding="utf-8")
    aralyk.protocols.__path__.append(str(home))
    registry.cache_clear()
    try:
        yield registry()[NAME]
    finally:
        aralyk.protocols.__path__.remove(str(home))
        registry.cache_clear()
        samples_of.cache_clear()
        for module in [module for module in sys.modules if module.startswith(f"aralyk.protocols.{NAME}")]:
            del sys.modules[module]


def test_a_folder_with_a_codec_is_registered_by_being_there(tally: Codec) -> None:
    assert tally.name == NAME
    assert {"osmand", "r16h"} <= registry().keys()


def test_what_the_example_shows_is_read(tally: Codec) -> None:
    first, second = read_connection(NAME, frames_of(NAME, list(samples_of(NAME))))
    assert isinstance(first, Decoded)
    assert isinstance(second, Decoded)
    assert (first.messages[0].lat, first.messages[0].alarms, first.answer) == (42.87461, (), b"OK\n")
    assert second.messages[0].alarms == (Alarm.SOS,)


def test_the_examples_panic_does_not_wait_for_its_place(tally: Codec) -> None:
    (message,) = tally.decode(b"T,7,soon,91,x,S\n", Session()).messages
    assert (message.alarms, message.lat, message.extra) == ((Alarm.SOS,), None, {"unreadable": ["time"]})


@given(
    parts=st.lists(st.binary(max_size=60) | st.sampled_from([b"\n", b"T,7,1795255200,1,2,S\n", b"x" * 90])),
    data=st.data(),
)
def test_the_example_keeps_the_rules_of_all_protocols(tally: Codec, parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    at_once = frames_of(NAME, [stream])
    assert [_bytes(frame) for frame in frames_of(NAME, chunks)] == [_bytes(frame) for frame in at_once]
    for frame in at_once:
        assert len(_bytes(frame)) <= tally.frame_bytes_max
    assert all(isinstance(result, Decoded | ProtocolError) for result in read_connection(NAME, at_once))


def _bytes(frame: bytes | BrokenFrame) -> bytes:
    return frame.raw if isinstance(frame, BrokenFrame) else frame
