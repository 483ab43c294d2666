"""How a Teltonika device's stream is cut into frames, and the checksum that each must have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.protocols.checksums import crc16_arc
from aralyk.protocols.codec import BrokenFrame
from aralyk.protocols.errors import ErrorCode
from aralyk.protocols.messages import Message
from aralyk.protocols.teltonika import encoder
from aralyk.protocols.teltonika.frame import FRAME_BYTES_MAX
from aralyk.protocols.teltonika.splitter import LengthSplitter
from tests.protocols.test_any_bytes import START_US
from tests.protocols.vectors import vectors

LOGIN = encoder.encode_login("860000000000017")
PACKET = encoder.encode_records([Message(fixed_at_us=START_US, lat=42.5, lon=74.5, valid=True)])
TOO_LONG = bytes(4) + (FRAME_BYTES_MAX).to_bytes(4, "big") + b"\x08"


def split(*chunks: bytes) -> list[bytes | BrokenFrame]:
    splitter = LengthSplitter()
    return [frame for chunk in chunks for frame in splitter.feed(chunk)]


def told(*chunks: bytes) -> list[object]:
    splitter = LengthSplitter()
    frames: list[bytes | BrokenFrame] = [frame for chunk in chunks for frame in splitter.feed(chunk)]
    cut = splitter.close()
    return [f if isinstance(f, bytes) else (f.raw, f.error.code) for f in [*frames, *([cut] if cut else [])]]


def test_the_references_streams_are_cut_where_it_cuts_them() -> None:
    entries = [entry for entry in vectors("framing") if entry["protocol"] == "teltonika"]
    assert entries
    for entry in entries:
        assert split(bytes.fromhex(entry["frame"]))[0] == bytes.fromhex(entry["expect"]["first_frame"])


def test_a_login_pings_and_packets_are_cut_by_their_lengths() -> None:
    assert split(LOGIN + b"\xff" + PACKET + PACKET + b"\xff") == [LOGIN, b"\xff", PACKET, PACKET, b"\xff"]


def test_each_frame_is_given_with_its_last_byte() -> None:
    splitter = LengthSplitter()
    assert splitter.feed(LOGIN[:-1]) == []
    assert splitter.feed(LOGIN[-1:]) == [LOGIN]
    assert splitter.feed(PACKET[:-1]) == []
    assert splitter.feed(PACKET[-1:]) == [PACKET]


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x00", b"\x00\x0f\x00\x08\xff", b"\xfe" * 40])
@pytest.mark.parametrize("frame", [LOGIN, PACKET])
def test_garbage_between_frames_is_given_once_and_the_stream_goes_on(garbage: bytes, frame: bytes) -> None:
    stream = PACKET + b"\xfe" + garbage + frame + PACKET
    assert told(stream) == [PACKET, (b"\xfe" + garbage, ErrorCode.UNKNOWN_FRAME), frame, PACKET]


def test_a_frame_over_the_limit_is_refused_once_and_the_next_one_is_read() -> None:
    first, second = told(TOO_LONG + b"x" * (3 * FRAME_BYTES_MAX) + LOGIN)
    assert first == ((TOO_LONG + b"x" * FRAME_BYTES_MAX)[:FRAME_BYTES_MAX], ErrorCode.FRAME_TOO_LONG)
    assert second == LOGIN


def test_garbage_without_end_holds_no_memory() -> None:
    splitter = LengthSplitter()
    frames = [frame for _ in range(20) for frame in splitter.feed(b"\xfe" * FRAME_BYTES_MAX)]
    assert len(frames) == 1
    assert len(splitter._held) + len(splitter._garbage) < 64


def test_the_end_of_the_connection_gives_what_it_cut() -> None:
    assert told(LOGIN + PACKET[:-1]) == [LOGIN, (PACKET[:-1], ErrorCode.FRAME_CUT)]
    assert told(b"\xfe" + LOGIN[:5]) == [(b"\xfe" + LOGIN[:5], ErrorCode.UNKNOWN_FRAME)]
    splitter = LengthSplitter()
    splitter.feed(LOGIN[:3])
    assert splitter.close() is not None
    assert splitter.close() is None


_PARTS = st.sampled_from([LOGIN, PACKET, b"\xff", TOO_LONG, bytes(9), b"\xfe", LOGIN[:9], PACKET[:20], b"\x00\x0f"])


@given(st.lists(st.binary(max_size=30) | _PARTS, max_size=12), st.data())
def test_frames_do_not_depend_on_how_the_bytes_were_chunked(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert told(*chunks) == told(stream)
    assert told(*(stream[at : at + 1] for at in range(len(stream)))) == told(stream)


def slow_crc(data: bytes) -> int:
    word = 0
    for byte in data:
        word ^= byte
        for _ in range(8):
            word = word >> 1 ^ (0xA001 if word & 1 else 0)
    return word


def test_the_checksum_has_the_value_of_the_catalogue() -> None:
    assert crc16_arc(b"123456789") == 0xBB3D
    assert crc16_arc(b"") == 0


@given(st.binary(max_size=300) | st.integers(0, FRAME_BYTES_MAX).map(bytes))
def test_the_fast_checksum_is_the_one_computed_bit_by_bit(data: bytes) -> None:
    assert crc16_arc(data) == slow_crc(data)
