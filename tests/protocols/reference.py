"""Compares a codec with the reference's expected output, frame by frame; see test_<protocol>_reference.py of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aralyk.protocols.codec import Decoded
from aralyk.protocols.errors import ProtocolError
from aralyk.protocols.messages import Message
from tests.protocols.vectors import read, vectors

KNOT_MPS: Final = 1852 / 3600
DEGREES: Final = 1e-6
# The reference's names of alarms that have one here; all the others are `other` or a better name of ours.
ALARMS: Final[Mapping[str, str]] = {
    "sos": "sos",
    "removing": "strap_open",
    "tampering": "tamper",
    "fallDown": "fall",
    "lowBattery": "low_battery",
    "powerCut": "power_cut",
    "powerOff": "power_off",
    "jamming": "jamming",
    "geofence": "geofence",
    "geofenceEnter": "geofence",
    "geofenceExit": "geofence",
    "vibration": "vibration",
    "movement": "movement",
    "overspeed": "overspeed",
    "fault": "fault",
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Difference:
    """One value that we read otherwise than the reference."""

    vector: str
    field: str
    ours: str
    reference: str


def differences(protocol: str) -> list[Difference]:
    """All values of a protocol's known frames that differ from the reference's.

    Compared: a wrong checksum is refused; the number of records; of each record whether it has a place, the place
    (1e-6 degrees), its time (exact), `valid`, and that no alarm is missing; the answer's bytes unless they hold a
    clock; the device. Of the measurements speed (0.01 m/s), heading (0.1 degrees), altitude (0.1 m) and battery:
    unknown is equal to the reference's 0, its word for what it did not read.
    """
    return sorted(difference for entry in vectors(protocol) for difference in _of_entry(protocol, entry))


def assert_reads_as_the_reference(protocol: str, wanted: Mapping[tuple[str, str], str]) -> None:
    """Fail on a difference that is not wanted, and on a wanted one that does not occur.

    Args:
        protocol: A file of the vectors, and a codec.
        wanted: (vector, field) to the reason why we read it otherwise.
    """
    found = differences(protocol)
    unwanted = [difference for difference in found if (difference.vector, difference.field) not in wanted]
    assert not unwanted, "\n".join(map(str, unwanted))
    assert {(difference.vector, difference.field) for difference in found} == wanted.keys()


def _of_entry(protocol: str, entry: Any) -> Iterator[Difference]:
    for field, ours, reference in _of_result(read(protocol, entry), entry):
        yield Difference(vector=entry["id"], field=field, ours=str(ours), reference=str(reference))


def _of_result(result: Decoded | ProtocolError, entry: Any) -> Iterator[tuple[str, object, object]]:
    if entry.get("checksum", {}).get("ok") is False:
        if not isinstance(result, ProtocolError):
            yield "checksum", "read", "refused"
        return
    if isinstance(result, ProtocolError):
        yield "frame", result, "read"
        return
    if entry.get("device_ids") and result.device_id not in entry["device_ids"]:
        yield "device", result.device_id, entry["device_ids"]
    if entry["kind"] != "http" and entry.get("reply") and not entry.get("reply_time_dependent"):
        wanted = b"".join(_bytes(reply) for reply in entry["reply"])
        if result.answer != wanted:
            yield "answer", None if result.answer is None else result.answer.hex(), wanted.hex()
    expected = _records_of(entry)
    if expected and len(result.messages) != len(expected):
        yield "count", len(result.messages), len(expected)
        return
    for number, (message, record) in enumerate(zip(result.messages, expected, strict=False)):
        prefix = f"{number}." if len(expected) > 1 else ""
        for field, ours, reference in _of_record(message, record):
            yield prefix + field, ours, reference


def _records_of(entry: Any) -> list[Any]:
    if "expect_basis" in entry:  # derived from documentation, in other names; test_owntracks_reference.py compares it
        return []
    return entry["expect"].get("positions") or ([entry["expect"]] if entry["expect"]["count"] else [])


def _of_record(message: Message, record: Any) -> Iterator[tuple[str, object, object]]:
    for alarm in str(record["attributes"].get("alarm", "")).split(","):
        name = ALARMS.get(alarm.strip())
        said = [alarm.value for alarm in message.alarms]
        if alarm and (name not in said if name else not said):
            yield "alarms", said, alarm
    if record["outdated"]:
        if message.lat is not None:
            yield "place", "some", "none"
        return
    for field, ours, reference, tolerance in (
        ("lat", message.lat, record["latitude"], DEGREES),
        ("lon", message.lon, record["longitude"], DEGREES),
        ("speed_mps", message.speed_mps or 0.0, (record["speed_knots"] or 0.0) * KNOT_MPS, 0.01),
        ("heading_deg", message.heading_deg or 0.0, (record["course"] or 0.0) % 360, 0.1),
        ("altitude_m", message.altitude_m or 0.0, record["altitude"] or 0.0, 0.1),
        ("battery_pct", message.battery_pct or 0.0, record["attributes"].get("batteryLevel") or 0.0, 0.1),
    ):
        if ours is None or abs(ours - reference) > tolerance:
            yield field, ours, reference
    if message.valid is not record["valid"]:
        yield "valid", message.valid, record["valid"]
    if record["time"] is not None:
        at = message.as_dict()["fixed_at"]
        if at is None or datetime.fromisoformat(at) != datetime.fromisoformat(record["time"]):
            yield "fixed_at", at, record["time"]


def _bytes(reply: Mapping[str, str]) -> bytes:
    return bytes.fromhex(reply["hex"]) if "hex" in reply else reply["text"].encode("latin-1")
