"""How the devices of `aralyk bench path` speak: a small adapter for each protocol, over the protocol's own encoder.

A frame is built once and patched: what differs between two frames of a device is its time. Everybody stands in one of
a few places, so that a protocol whose frames name nobody (Teltonika, GT06) gives all its devices the very same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from aralyk.protocols.gt06 import encoder as gt06
from aralyk.protocols.h02.encoder import encode_text
from aralyk.protocols.messages import Alarm, Message
from aralyk.protocols.r16h.encoder import encode_position
from aralyk.protocols.teltonika.encoder import encode_login, encode_records
from aralyk.protocols.watch import encoder as watch
from aralyk.protocols.watch.wire import write_frame

_NO_TIME_US: Final = 1_000_000_000_000_000
_GT06_SHORTEST: Final = 10  # an answer: start, length, kind, serial, checksum, end
_GT06_COMMAND: Final = 0x80
_HTTP_STORED: Final = b"HTTP/1.1 200 "


class Place(NamedTuple):
    """Where a device stands."""

    lat: float
    lon: float


class Said(NamedTuple):
    """What one frame says: the times of its records, the place of all of them, and whether the first is a panic."""

    times_us: tuple[int, ...]
    place: Place
    sos: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """One protocol as the bench speaks it.

    Attributes:
        name: As in the log.
        door: As in the gateway's heartbeat.
        answers: Whether the gateway confirms each frame.
        waits: Whether a device sends a frame only when the one before was answered: the answers do not say to what.
        serves_many: Whether one connection may carry the frames of several devices.
        records_max: Most records in a frame.
        step_us: Smallest step of the device's clock.
        hello: What a connection begins with, and how many bytes answer it.
        frame: The bytes of a frame of the index-th device.
        poison: Bytes in the protocol's form that no codec can read.
        take_answer: Length of the first whole answer in what was received, and whether it confirms (None: it is a
            command of the platform and answers nothing); None: none yet.
    """

    name: str
    door: str
    answers: bool
    serves_many: bool
    records_max: int
    step_us: int
    frame: Callable[[int, Said], bytes]
    poison: Callable[[int], bytes]
    hello: Callable[[int], tuple[bytes, int]] = field(default=lambda _index: (b"", 0))
    take_answer: Callable[[bytes], tuple[int, bool | None] | None] = field(default=lambda _received: None)
    waits: bool = False

    def device_id(self, index: int) -> str:
        """What the index-th device calls itself."""
        return f"bench-{index}" if self.door == "http" else f"86{index:013d}"

    def secret_hash(self, index: int) -> bytes | None:
        """Of a device with a secret."""
        return hashlib.sha256(_secret(index).encode()).digest() if self.door == "http" else None


def index_of(device_id: str) -> int:
    """The number in a device's id."""
    return int(device_id.removeprefix("bench-")) if device_id.startswith("bench-") else int(device_id[2:])


def _secret(index: int) -> str:
    return f"bench-secret-{index}"


def _message(said: Said, at_us: int, *, device_id: str | None = None, first: bool = True) -> Message:
    return Message(
        device_id=device_id, fixed_at_us=at_us, lat=said.place.lat, lon=said.place.lon, valid=True, speed_mps=0.0,
        battery_pct=87.0, alarms=(Alarm.SOS,) if said.sos and first else (),
    )  # fmt: skip


# OsmAnd: one HTTP request, one record


def _osmand_frame(index: int, said: Said) -> bytes:
    (at_us,) = said.times_us
    query = (
        f"id=bench-{index}&timestamp={at_us // 1_000_000}.{at_us % 1_000_000:06d}"
        f"&lat={said.place.lat:.7f}&lon={said.place.lon:.7f}&speed=0.0&accuracy=8.0&batt=87.0"
    ) + ("&alarm=sos" if said.sos else "")
    head = f"POST /osmand/{_secret(index)}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"
    return head.encode("ascii")


def _osmand_poison(index: int) -> bytes:
    target = f"/osmand/{_secret(index)}?id=bench-{index}&lat=north&lon=NaN&timestamp=yesterday"
    return f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n".encode("ascii")


def _osmand_answer(received: bytes) -> tuple[int, bool | None] | None:
    head, found, rest = received.partition(b"\r\n\r\n")
    if not found:
        return None
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    length = int(lengths[0]) if lengths else 0
    if len(rest) < length:
        return None
    return len(head) + 4 + length, head.startswith(_HTTP_STORED)


# R16H: one line names the device, no answer


@lru_cache(maxsize=200_000)
def _r16h_around(index: int, place: Place, sos: bool) -> tuple[bytes, bytes]:
    said = Said(times_us=(), place=place, sos=sos)
    whole = encode_position(_message(said, _NO_TIME_US, device_id=f"86{index:013d}"))
    before, _, after = whole.partition(_r16h_time(_NO_TIME_US // 1_000_000))
    return before, after


@lru_cache(maxsize=1024)
def _r16h_time(at_s: int) -> bytes:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y%m%d,%H%M%S").encode("ascii")


def _r16h_frame(index: int, said: Said) -> bytes:
    (at_us,) = said.times_us
    before, after = _r16h_around(index, said.place, said.sos)
    return before + _r16h_time(at_us // 1_000_000) + after


def _r16h_poison(index: int) -> bytes:
    return f"@GPSD,86{index:013d},R,yesterday,noon,north,east$".encode("ascii")


# Teltonika: a login, then frames that name nobody, answered by their number of records


@lru_cache(maxsize=512)
def _teltonika_bytes(said: Said) -> bytes:
    return encode_records([_message(said, at_us, first=not n) for n, at_us in enumerate(said.times_us)])


def _teltonika_poison(_index: int) -> bytes:
    whole = bytearray(_teltonika_bytes(Said(times_us=(_NO_TIME_US,), place=Place(0.0, 0.0))))
    whole[-1] ^= 0xFF  # the checksum
    return bytes(whole)


def _teltonika_answer(received: bytes) -> tuple[int, bool | None] | None:
    if len(received) < 4:
        return None
    if int.from_bytes(received[:4], "big") > 0:  # the number of records that were taken
        return 4, True
    if len(received) < 8:
        return None
    length = 8 + int.from_bytes(received[4:8], "big") + 4  # a command: preamble of zeros, length, words, checksum
    return (length, None) if len(received) >= length else None


# GT06: a login, then frames that name nobody, answered one by one


@lru_cache(maxsize=512)
def _gt06_bytes(said: Said) -> bytes:
    (at_us,) = said.times_us
    return gt06.encode_position(_message(said, at_us))


def _gt06_poison(_index: int) -> bytes:
    whole = bytearray(_gt06_bytes(Said(times_us=(_NO_TIME_US,), place=Place(0.0, 0.0))))
    whole[-3] ^= 0xFF  # the checksum
    return bytes(whole)


def _gt06_answer(received: bytes) -> tuple[int, bool | None] | None:
    if len(received) < _GT06_SHORTEST:
        return None
    length = received[2] + 5  # start, length itself, end
    if len(received) < length:
        return None
    return length, None if received[3] == _GT06_COMMAND else True


# Watch and H02: text that names its device; what the gateway says is for its wearer or an alarm, and confirms nothing


@lru_cache(maxsize=4096)
def _watch_frame(index: int, said: Said) -> bytes:
    (at_us,) = said.times_us
    return watch.encode_position(_message(said, at_us, device_id=f"86{index:013d}"))


def _watch_poison(index: int) -> bytes:
    content = b"UD,yesterday,noon,A,north,N,east,E,0,0,0,9,9,87,0,0,0,0,1"
    return write_frame(content, manufacturer=watch.MANUFACTURER, device_id=f"86{index:013d}")


@lru_cache(maxsize=4096)
def _h02_frame(index: int, said: Said) -> bytes:
    (at_us,) = said.times_us
    return encode_text(_message(said, at_us, device_id=f"86{index:013d}"))


def _until(end: bytes) -> Callable[[bytes], tuple[int, bool | None] | None]:
    def taken(received: bytes) -> tuple[int, bool | None] | None:
        found = received.find(end)
        return None if found < 0 else (found + len(end), None)

    return taken


SPEAKERS: Final[Mapping[str, Speaker]] = {
    "osmand": Speaker(
        name="osmand", door="http", answers=True, serves_many=True, records_max=1, step_us=1,
        frame=_osmand_frame, poison=_osmand_poison, take_answer=_osmand_answer,
    ),
    "r16h": Speaker(
        name="r16h", door="r16h", answers=False, serves_many=True, records_max=1, step_us=1_000_000,
        frame=_r16h_frame, poison=_r16h_poison,
    ),
    "teltonika": Speaker(
        name="teltonika", door="teltonika", answers=True, serves_many=False, records_max=100, step_us=1_000,
        frame=lambda _index, said: _teltonika_bytes(said), poison=_teltonika_poison, take_answer=_teltonika_answer,
        hello=lambda index: (encode_login(f"86{index:013d}"), 1), waits=True,
    ),
    "gt06": Speaker(
        name="gt06", door="gt06", answers=True, serves_many=False, records_max=1, step_us=1_000_000,
        frame=lambda _index, said: _gt06_bytes(said), poison=_gt06_poison, take_answer=_gt06_answer,
        hello=lambda index: (gt06.encode_login(f"86{index:013d}"), _GT06_SHORTEST),
    ),
    "watch": Speaker(
        name="watch", door="watch", answers=False, serves_many=True, records_max=1, step_us=1_000_000,
        frame=_watch_frame, take_answer=_until(b"]"),
        poison=_watch_poison,
    ),
    "h02": Speaker(
        name="h02", door="h02", answers=False, serves_many=True, records_max=1, step_us=1_000_000,
        frame=_h02_frame, take_answer=_until(b"#"),
        poison=lambda index: f"*HQ,86{index:013d},V1,noon,A,north,N,east,E,0,0,yesterday,F#".encode("ascii"),
    ),
}  # fmt: skip
