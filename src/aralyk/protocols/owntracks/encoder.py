"""Speaks as the OwnTracks app: the simulator's phones and the tests use it. Bodies are written as they are POSTed."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from aralyk.protocols.codec import HttpRequest
from aralyk.protocols.messages import Message
from aralyk.protocols.owntracks.box import sealed
from aralyk.protocols.owntracks.codec import frame_of_request
from aralyk.protocols.wire import KMH_MPS

COORDINATE_DECIMALS: Final = 6  # as the apps write: 10 cm
SAMPLE_KEY: Final = b"a key"
_BATTERY_STATES: Final = {None: 0, False: 1, True: 2}
_SECOND_US: Final = 1_000_000


def encode_location(message: Message, *, trigger: str = "u") -> bytes:
    """Write a location: whole seconds, metres, km/h, degrees and percent; what is unknown or 0 is left out.

    Raises:
        ValueError: The message has no place: the app writes no location then.
    """
    return msgspec.json.encode({"_type": "location", "t": trigger, **_place(message)})


def encode_transition(message: Message, *, entered: bool, region: str, region_since_us: int) -> bytes:
    """Write that a region of the app was entered or left.

    Raises:
        ValueError: The message has no place.
    """
    said = {"_type": "transition", "event": "enter" if entered else "leave", "desc": region, "t": "c"}
    return msgspec.json.encode(said | _place(message) | {"wtst": region_since_us // _SECOND_US})


def encode_lwt(*, connected_us: int) -> bytes:
    """Write the last will that a broker sends for a lost phone: it knows when the phone connected, not more."""
    return msgspec.json.encode({"_type": "lwt", "tst": connected_us // _SECOND_US})


def encode_status(*, may_locate: bool) -> bytes:
    """Write what Android says about its own limits (0: fine)."""
    state = 0 if may_locate else -1
    return msgspec.json.encode({"_type": "status", "android": {"hib": 0, "bo": 0, "loc": state, "ps": 0, "wifi": 1}})


def encode_encrypted(body: bytes, *, key: bytes, nonce: bytes | None = None) -> bytes:
    """Put a body into a box, as the app does when a secret is set."""
    return msgspec.json.encode({"_type": "encrypted", "data": sealed(body, key=key, nonce=nonce)})


def request(body: bytes, *, user: str = "wearer", device: str = "phone") -> HttpRequest:
    """Make the request that carries a body."""
    headers = {"content-type": "application/json", "x-limit-u": user, "x-limit-d": device}
    return HttpRequest(method="POST", target=b"/owntracks/secret", body=body, headers=headers)


def samples() -> list[bytes]:
    """One frame of each kind, for tests that must hold for all protocols."""
    at_us = 1_795_255_200 * _SECOND_US
    place = Message(
        fixed_at_us=at_us, sent_at_us=at_us + 5 * _SECOND_US, lat=42.874612, lon=74.569821, accuracy_m=12,
        altitude_m=760, speed_mps=1.5, heading_deg=87, battery_pct=64, charging=False,
    )  # fmt: skip
    location = encode_location(place)
    bodies = [
        location,
        encode_transition(place, entered=False, region="area 1", region_since_us=at_us),
        encode_lwt(connected_us=at_us),
        encode_status(may_locate=False),
        encode_encrypted(location, key=SAMPLE_KEY, nonce=bytes(24)),
        b"[" + location + b"," + encode_status(may_locate=True) + b"]",
        b"K2,6A018F20,k,42874612,74569821,9,6,76,120,4",
        b"",
    ]
    return [frame_of_request(request(body)) for body in bodies]


def _place(message: Message) -> dict[str, Any]:
    if message.lat is None or message.lon is None:
        raise ValueError("lat, lon: expected in a message that says where the phone is")
    said: dict[str, Any] = {
        "lat": round(message.lat, COORDINATE_DECIMALS),
        "lon": round(message.lon, COORDINATE_DECIMALS),
        "tst": _seconds(message.fixed_at_us),
        "created_at": _seconds(message.sent_at_us),
        "acc": _whole(message.accuracy_m),
        "alt": _whole(message.altitude_m),
        "vel": _whole(None if message.speed_mps is None else message.speed_mps / KMH_MPS),
        "cog": _whole(message.heading_deg),
        "batt": _whole(message.battery_pct),
        "bs": _BATTERY_STATES[message.charging],
    }
    return {name: value for name, value in said.items() if value is not None}


def _seconds(us: int | None) -> int | None:
    return None if us is None else us // _SECOND_US


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
