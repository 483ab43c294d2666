"""How a stream that mixes H02's text and binary frames is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.protocols.codec import BrokenFrame
from aralyk.protocols.errors import ErrorCode
from aralyk.protocols.h02 import encoder
from aralyk.protocols.h02.splitter import FRAME_BYTES_MAX, H02Splitter, frames_of_datagram
from aralyk.protocols.messages import Cell, Message

PLACE = Message(
    device_id="4100000017", fixed_at_us=1_795_255_200_000_000, lat=42.87461, lon=74.56982, valid=True, battery_pct=80,
    cells=(Cell(mcc=437, mnc=5, lac=30200, cid=10251),),
)  # fmt: skip
SHORT = encoder.encode_binary(PLACE)
LONG = encoder.encode_binary(PLACE, signal=20)
TEXT = encoder.encode_text(PLACE)


def split(*chunks: bytes) -> list[bytes | BrokenFrame]:
    splitter = H02Splitter()
    return [frame for chunk in chunks for frame in splitter.feed(chunk)]


def told(frames: list[bytes | BrokenFrame]) -> list[object]:
    return [frame if isinstance(frame, bytes) else (frame.raw, frame.error.code) for frame in frames]


def test_a_copy_and_a_frame_with_a_long_id_are_cut_at_their_lengths() -> None:
    copy = b"X" + bytes.fromhex("0000981499") + SHORT[6:]
    long_id = b"$" + bytes.fromhex("8600000000000170") + SHORT[6:] + bytes(7)
    assert split(copy + long_id + SHORT + TEXT) == [copy, long_id, SHORT, TEXT]


def test_text_and_binary_frames_follow_each_other() -> None:
    stream = TEXT + b"\r\n" + SHORT + TEXT + LONG + LONG + TEXT
    assert split(stream) == [TEXT, SHORT, TEXT, LONG, LONG, TEXT]


def test_a_short_frame_that_looks_long_is_told_by_the_frame_after_it_and_then_at_once() -> None:
    odd = SHORT[:31] + b"\x14"
    splitter = H02Splitter()
    assert splitter.feed(odd) == []
    assert splitter.feed(odd[:12]) == [odd]
    assert splitter.feed(odd[12:]) == [odd]


def test_garbage_is_refused_once_and_the_next_frame_is_read() -> None:
    first, second, third = split(b"$hello * world X" + TEXT + SHORT)
    assert isinstance(first, BrokenFrame)
    assert (first.raw, first.error.code) == (b"$hello * world X", ErrorCode.UNKNOWN_FRAME)
    assert (second, third) == (TEXT, SHORT)


def test_a_frame_that_lost_its_end_is_refused_and_costs_the_next_one_nothing() -> None:
    first, second = split(TEXT[:-1] + TEXT)
    assert isinstance(first, BrokenFrame)
    assert (first.raw, second) == (TEXT[:-1], TEXT)


@pytest.mark.parametrize("flood", [b"*HQ,1,V1," + b"x" * 5000, b"y" * 5000])
def test_a_flood_is_refused_once_with_bounded_bytes_and_the_next_frame_is_read(flood: bytes) -> None:
    first, second = split(flood, flood[:9] + b"z" * 3000, b"\0" + TEXT)[:2]
    assert isinstance(first, BrokenFrame)
    assert len(first.raw) <= FRAME_BYTES_MAX
    assert split(flood + TEXT)[-1] == TEXT
    assert isinstance(second, bytes | BrokenFrame)


def test_the_end_of_the_connection_gives_what_it_cut() -> None:
    splitter = H02Splitter()
    assert splitter.feed(TEXT + TEXT[:20]) == [TEXT]
    cut = splitter.close()
    assert cut is not None
    assert (cut.raw, cut.error.code) == (TEXT[:20], ErrorCode.FRAME_CUT)
    assert splitter.close() is None


def test_a_datagram_ends_its_frames() -> None:
    odd = SHORT[:31] + b"\x14"
    assert frames_of_datagram(odd) == [odd]
    assert frames_of_datagram(LONG) == [LONG]
    assert frames_of_datagram(TEXT + b"\r\n") == [TEXT]
    (cut,) = frames_of_datagram(TEXT[:-1])
    assert isinstance(cut, BrokenFrame)


_parts = st.sampled_from([SHORT, LONG, TEXT, SHORT[:31] + b"\x14", b"$", b"*HQ,", b"#", b"\r\n", b"X", TEXT[:-1]])


@given(st.lists(_parts | st.binary(max_size=40), max_size=12), st.data())
def test_frames_do_not_depend_on_how_the_bytes_were_chunked(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert told(split(*chunks)) == told(split(stream)) == told(split(*(bytes((byte,)) for byte in stream)))


@given(st.lists(st.sampled_from([SHORT, LONG, TEXT]), max_size=8))
def test_what_trackers_write_is_cut_as_it_was_written(frames: list[bytes]) -> None:
    heard = split(b"".join(frames) + TEXT)
    assert heard == [*frames, TEXT]
