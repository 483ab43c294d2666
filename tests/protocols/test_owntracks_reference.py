"""Every known request of OwnTracks: the reference's, and those of the booklet, whose fields have other names."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aralyk.protocols.codec import Decoded
from aralyk.protocols.messages import Message
from tests.protocols.reference import assert_reads_as_the_reference
from tests.protocols.vectors import read, vectors

REFUSED = {
    ("owntracks-doc-004", "frame"): "the documentation shows a shortened box: nothing can open it",
    ("owntracks-odd-007", "frame"): "a location without a place is no location; it goes to quarantine",
}
# (vector, the booklet's field): why we read it otherwise
WANTED = {
    ("owntracks-doc-004", "error"): REFUSED["owntracks-doc-004", "frame"],
    ("owntracks-doc-026", "battery_pct"): "-1 is the app's word for unknown",
    ("owntracks-doc-028", "vertical_accuracy_m"): "-1 is the app's word for unknown",
    ("owntracks-doc-036", "accuracy_m"): "the distance of a beacon is no radius of a place; it stands in extra.acc",
    ("owntracks-odd-007", "error"): REFUSED["owntracks-odd-007", "frame"],
}


def our_value(message: Message, name: str) -> Any:
    """A field of the booklet's vectors in ours."""
    said = message.as_dict()
    match name:
        case "latitude" | "longitude":
            return said[name[:3]]
        case "time" | "created_at":
            return said["fixed_at" if name == "time" else "sent_at"]
        case "course_deg":
            return message.heading_deg
        case "speed_kmh":
            return None if message.speed_mps is None else message.speed_mps * 3.6
        case "type":
            return message.extra.get("type", "location")
        case _:
            return said[name] if name in said else message.extra.get(name)


def same(ours: Any, expected: Any) -> bool:
    if isinstance(expected, str) and isinstance(ours, str) and expected.endswith("Z"):
        return datetime.fromisoformat(ours) == datetime.fromisoformat(expected)
    if isinstance(expected, int | float) and isinstance(ours, int | float):
        return abs(ours - expected) < 1e-5
    return bool(ours == expected)


def test_what_the_reference_reads_is_read_alike() -> None:
    assert_reads_as_the_reference("owntracks", REFUSED)


def test_every_field_that_the_booklet_explains_is_read_as_explained() -> None:
    differences: set[tuple[str, str]] = set()
    compared = 0
    for entry in vectors("owntracks"):
        if not entry["id"].startswith(("owntracks-doc", "owntracks-odd")):
            continue
        result = read("owntracks", entry)
        expect = entry["expect"]
        if not isinstance(result, Decoded):
            differences.add((entry["id"], "error"))
            continue
        fields = {name: expect[name] for name in ("type", "latitude", "longitude", "time") if name in expect}
        fields |= expect.get("attributes", {})
        assert bool(result.messages) == bool(fields), entry["id"]
        for name, expected in fields.items():
            compared += 1
            if not same(our_value(result.messages[0], name), expected):
                differences.add((entry["id"], name))
    assert differences == WANTED.keys()
    assert compared > 100
