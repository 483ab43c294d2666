"""Speaks as the Traccar Client app: the simulator's phones and the tests use it.

Each function writes what that version of the app writes, with its units, rounding and words for "unknown"; what a
version can't say (a strap) is not said.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote_plus

import msgspec

from aralyk.protocols.messages import Alarm, Message, iso_time
from aralyk.protocols.osmand.codec import ALARMS
from aralyk.protocols.wire import KNOT_MPS

COORDINATE_DECIMALS: Final = 7  # 1 cm
_WORDS: Final = {alarm: word for word, alarm in reversed(list(ALARMS.items()))}  # the first word of each
_UNKNOWN: Final = -1


def encode_query(message: Message) -> str:
    """Write the query string of versions 5 to 8, without "?": seconds, knots, percent with a decimal."""
    pairs = _identity(message)
    if message.lat is not None and message.lon is not None:
        pairs += [
            ("lat", _coordinate(message.lat)),
            ("lon", _coordinate(message.lon)),
            ("speed", repr(_knots(message.speed_mps) or 0.0)),
            ("bearing", repr(message.heading_deg or 0.0)),
            ("altitude", repr(message.altitude_m or 0.0)),
            ("accuracy", repr(message.accuracy_m or 0.0)),
        ]
    if message.battery_pct is not None:
        pairs.append(("batt", repr(float(message.battery_pct))))
    if message.extra.get("mock") is True:
        pairs.append(("mock", "true"))
    return _joined(pairs + _alarm(message))


def encode_form(message: Message) -> bytes:
    """Write the form body of version 10: seconds, knots with two decimals, whole percent; unknown is left out."""
    pairs = _identity(message)
    if message.lat is not None and message.lon is not None:
        pairs += [("lat", _coordinate(message.lat)), ("lon", _coordinate(message.lon))]
    speed_kn = _knots(message.speed_mps)
    for name, value in (("accuracy", message.accuracy_m), ("altitude", message.altitude_m)):
        if value is not None:
            pairs.append((name, f"{value:.1f}"))
    if speed_kn is not None:
        pairs.append(("speed", f"{speed_kn:.2f}"))
    if message.heading_deg is not None:
        pairs.append(("bearing", f"{message.heading_deg:.1f}"))
    if message.battery_pct is not None:
        pairs.append(("batt", str(round(message.battery_pct))))
    if message.charging is not None:
        pairs.append(("charge", "true" if message.charging else "false"))
    return _joined(pairs + _alarm(message)).encode("ascii")


def encode_json(message: Message) -> bytes:
    """Write the JSON body of version 9: ISO time in milliseconds, m/s, level 0 to 1, -1 for unknown."""
    extra = dict(message.extra)
    location: dict[str, Any] = {
        "timestamp": _iso_milliseconds(message.fixed_at_us),
        "is_moving": extra.pop("motion", False),
        "odometer": extra.pop("odometer", 0),
        "event": extra.pop("event", "motionchange"),
        "battery": {
            "level": _UNKNOWN if message.battery_pct is None else round(message.battery_pct / 100, 4),
            "is_charging": bool(message.charging),
        },
        "activity": {"type": extra.pop("activity", "unknown")},
    }
    if message.lat is not None and message.lon is not None:
        location["coords"] = {
            "latitude": round(message.lat, COORDINATE_DECIMALS),
            "longitude": round(message.lon, COORDINATE_DECIMALS),
            "accuracy": _or_unknown(message.accuracy_m),
            "speed": _or_unknown(message.speed_mps),
            "heading": _or_unknown(message.heading_deg),
            "altitude": message.altitude_m or 0,
        }
        location["_"] = "&" + _joined(
            [
                ("id", message.device_id or ""),
                ("lat", _coordinate(message.lat)),
                ("lon", _coordinate(message.lon)),
                ("timestamp", location["timestamp"] or ""),
            ]
        )
    if extra.pop("mock", False):
        location["mock"] = True
    location["extras"] = extra | dict(_alarm(message))
    return msgspec.json.encode({"location": location, "device_id": message.device_id})


def samples() -> list[bytes]:
    """One frame of each writing, for tests that must hold for all protocols."""
    said = Message(
        device_id="48241179", fixed_at_us=1_795_255_200_000_000, lat=42.87461, lon=74.56982, valid=True, accuracy_m=12,
        altitude_m=760, speed_mps=1.5, heading_deg=87, battery_pct=64, charging=True, alarms=(Alarm.SOS,),
    )  # fmt: skip
    return [
        b"?" + encode_query(said).encode("ascii") + b"\n",
        b"?\n" + encode_json(said),
        b"?\n" + encode_form(said),
    ]


def _identity(message: Message) -> list[tuple[str, str]]:
    if message.device_id is None:
        raise ValueError("the app always names its device")
    pairs = [("id", message.device_id)]
    if message.fixed_at_us is not None:
        pairs.append(("timestamp", str(message.fixed_at_us // 1_000_000)))
    return pairs


def _alarm(message: Message) -> list[tuple[str, str]]:
    words = [_WORDS[alarm] for alarm in message.alarms if alarm in _WORDS]
    return [("alarm", ",".join(words))] if words else []


def _joined(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={quote_plus(value)}" for name, value in pairs)


def _coordinate(degrees: float) -> str:
    return f"{degrees:.{COORDINATE_DECIMALS}f}"


def _knots(speed_mps: float | None) -> float | None:
    return None if speed_mps is None else speed_mps / KNOT_MPS


def _or_unknown(value: float | None) -> float:
    return _UNKNOWN if value is None else value


def _iso_milliseconds(us: int | None) -> str | None:
    text = iso_time(us)
    return None if text is None else f"{text[:-4]}Z"
