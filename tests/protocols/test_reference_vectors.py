"""Every known frame of OsmAnd and R16H, value by value against the reference decoder.

Where we want something else than the reference, the difference stands in WANTED with both values and the reason; a
difference that is not listed fails, and so does a listed one that does not occur.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from aralyk.protocols.codec import Decoded
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Message, iso_time
from tests.protocols.vectors import read, vector, vectors

KNOT_MPS = 1852 / 3600
NOT_SAID = "the frame does not say it: unknown, not 0"
NOT_READ = "the reference does not read the JSON field"
WHOLE_BODY = "the reference reads four fields of JSON that is not called JSON; we read the body"

# (vector, our field): (what the reference gives, what we want, why)
WANTED: dict[tuple[str, str], tuple[Any, Any, str]] = {
    ("osmand-001", "heading_deg"): (0.0, None, "heading -1 is the app's word for unknown"),
    ("osmand-001", "accuracy_m"): (0.0, 5.0, NOT_READ),
    ("osmand-002", "heading_deg"): (0.0, None, "heading -1 is the app's word for unknown"),
    ("osmand-002", "accuracy_m"): (0.0, 5.0, NOT_READ),
    ("osmand-004", "accuracy_m"): (0.0, 3.8, NOT_READ),
    ("osmand-007", "heading_deg"): (0.0, None, NOT_SAID),
    ("osmand-007", "accuracy_m"): (0.0, None, NOT_SAID),
    ("osmand-008", "heading_deg"): (0.0, None, NOT_SAID),
    ("osmand-008", "accuracy_m"): (0.0, None, NOT_SAID),
    ("osmand-010", "accuracy_m"): (0.0, None, NOT_SAID),
    ("osmand-014", "altitude_m"): (0.0, None, NOT_SAID),
    ("osmand-014", "speed_mps"): (0.0, None, NOT_SAID),
    ("osmand-014", "heading_deg"): (0.0, None, NOT_SAID),
    ("osmand-014", "accuracy_m"): (0.0, None, NOT_SAID),
    ("osmand-015", "altitude_m"): (0.0, None, NOT_SAID),
    ("osmand-015", "accuracy_m"): (0.0, None, NOT_SAID),
    ("osmand-doc-004", "accuracy_m"): (0.0, None, "a radius of 0 m is Android's word for unknown"),
    ("osmand-app9-001", "accuracy_m"): (0.0, 4.5, NOT_READ),
    ("osmand-app9-001", "odometer"): (1234, 1234.5, "the reference cuts it to whole metres"),
    ("osmand-app9-005", "altitude_m"): (0.0, 12.3, WHOLE_BODY),
    ("osmand-app9-005", "speed_mps"): (0.0, 1.4, WHOLE_BODY),
    ("osmand-app9-005", "heading_deg"): (0.0, 87.2, WHOLE_BODY),
    ("osmand-app9-005", "accuracy_m"): (0.0, 4.5, WHOLE_BODY),
    ("r16h-002", "accuracy_m"): (0.0, None, NOT_SAID),
}
# Attributes of the reference that are fields of ours; the others are compared with `extra` by their own names.
FIELDS_BY_ATTRIBUTE = {"batteryLevel": "battery_pct", "charge": "charging", "strapLocked": "strap"}


def expected_fields(expect: dict[str, Any]) -> dict[str, Any]:
    """What the reference says, in our names and units."""
    fields: dict[str, Any] = {"lat": expect["latitude"], "lon": expect["longitude"], "valid": expect["valid"]}
    if not expect["outdated"]:
        fields |= {
            "altitude_m": expect["altitude"],
            "speed_mps": expect["speed_knots"] * KNOT_MPS,
            "heading_deg": expect["course"],
            "accuracy_m": expect["accuracy"],
        }
    if expect["time"] is not None:
        fields["fixed_at"] = datetime.fromisoformat(expect["time"])
    if "device_time" in expect:
        fields["sent_at"] = datetime.fromisoformat(expect["device_time"])
    for name, value in expect["attributes"].items():
        fields[FIELDS_BY_ATTRIBUTE.get(name, name)] = value
    if "strap" in fields:
        fields["strap"] = "locked" if fields["strap"] else "open"
    return fields


def our_field(message: Message, name: str) -> Any:
    said = message.as_dict()
    value = said[name] if name in said else message.extra[name]
    return datetime.fromisoformat(value) if name in ("fixed_at", "sent_at") and value else value


def same(ours: Any, expected: Any) -> bool:
    if isinstance(expected, bool) or isinstance(ours, bool) or not isinstance(ours, int | float):
        return bool(ours == expected)
    return isinstance(expected, int | float) and abs(ours - expected) <= 1e-5 * max(1.0, abs(expected))


def test_every_frame_is_read_as_the_reference_reads_it_but_for_listed_differences() -> None:
    occurred: set[tuple[str, str]] = set()
    compared = 0
    for protocol in ("osmand", "r16h"):
        for entry in vectors(protocol):
            result = read(protocol, entry)
            if entry["expect"].get("error") or not entry["expect"]["count"]:
                continue
            assert isinstance(result, Decoded), (entry["id"], result)
            assert len(result.messages) == entry["expect"]["count"]
            assert result.device_id in entry["device_ids"]
            for name, expected in expected_fields(entry["expect"]).items():
                ours = our_field(result.messages[0], name)
                reference, wanted, _ = WANTED.get((entry["id"], name), (expected, expected, ""))
                assert same(expected, reference), f"{entry['id']}: the reference's {name} is not what WANTED says"
                assert same(ours, wanted), f"{entry['id']}: {name} is {ours!r}, wanted {wanted!r}"
                compared += 1
                if (entry["id"], name) in WANTED:
                    occurred.add((entry["id"], name))
    assert occurred == WANTED.keys()
    assert compared > 100


@pytest.mark.parametrize(
    ("vector_id", "code", "field"),
    [
        ("osmand-006", ErrorCode.MISSING_FIELD, "id"),
        ("osmand-odd-001", ErrorCode.BAD_FIELD, "lat"),
        ("osmand-odd-005", ErrorCode.MISSING_FIELD, "id"),
    ],
)
def test_a_frame_that_the_reference_refuses_is_refused_naming_the_field(
    vector_id: str, code: ErrorCode, field: str
) -> None:
    error = read("osmand", vector("osmand", vector_id))
    assert isinstance(error, ProtocolError)
    assert error.code is code
    assert error.detail.startswith(f"{field}: ")


def test_a_missing_speed_does_not_cost_the_place_though_the_reference_throws() -> None:
    decoded = read("osmand", vector("osmand", "osmand-odd-006"))
    assert isinstance(decoded, Decoded)
    message = decoded.messages[0]
    assert (message.lat, message.lon, message.speed_mps, message.heading_deg) == (1.0, 2.0, None, None)
    assert iso_time(message.fixed_at_us) == "2025-06-15T13:45:12.862000Z"


def test_a_heartbeat_and_a_push_token_are_contacts_and_never_places() -> None:
    for vector_id in ("osmand-app10-003", "osmand-app10-004"):
        decoded = read("osmand", vector("osmand", vector_id))
        assert isinstance(decoded, Decoded)
        message = decoded.messages[0]
        assert (message.lat, message.lon, message.valid) == (None, None, None)
        assert "abc" not in str(message.as_dict())  # the token itself is not repeated


def test_the_bracelets_sign_of_life_names_its_device_and_holds_no_record() -> None:
    decoded = read("r16h", vector("r16h", "r16h-001"))
    assert decoded == Decoded(device_id="356823031235028", messages=())


def test_cells_are_read_with_their_hexadecimal_numbers() -> None:
    entry = vector("r16h", "r16h-003")
    decoded = read("r16h", entry)
    assert isinstance(decoded, Decoded)
    (tower,) = entry["expect"]["network"]["cellTowers"]
    (cell,) = decoded.messages[0].cells
    assert cell.as_dict() == {
        "mcc": tower["mobileCountryCode"],
        "mnc": tower["mobileNetworkCode"],
        "lac": tower["locationAreaCode"],
        "cid": tower["cellId"],
        "rssi_dbm": tower["signalStrength"],
    }
