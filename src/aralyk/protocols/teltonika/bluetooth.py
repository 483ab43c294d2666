"""Reads the variable-length elements of Codec 8E: beacons and tags heard, and texts.

They never cost the record: a list that does not end where its length says is kept as hexadecimal text. What is heard
here is a device's claim; it never reaches `proximity_ble`, which is the platform's own finding.
"""

from __future__ import annotations

from typing import Any, Final

BEACONS: Final = 385
TAG_LISTS: Final = frozenset({548, 10_828, 10_829, 10_831, 11_317})
VIN: Final = 256

_RSSI, _TAG_ID, _MANUFACTURER = 0, 1, 2
_TAG_VOLTAGE_BASE_MV: Final = 2_000
_TAG_VOLTAGE_STEP_MV: Final = 10


def add_variable(extra: dict[str, Any], number: int, data: bytes) -> None:
    """Add an element of variable length to a record's extra."""
    try:
        if number == BEACONS:
            extra.setdefault("beacons", []).extend(_beacons(data))
        elif number in TAG_LISTS:
            extra.setdefault("tags", []).extend(_tags(data))
        elif number == VIN and data.isascii() and data.decode("ascii").isprintable():
            extra["vin"] = data.decode("ascii")
        else:
            extra[f"io{number}"] = data.hex()
    except (IndexError, ValueError):
        extra[f"io{number}"] = data.hex()


def _beacons(data: bytes) -> list[dict[str, Any]]:
    beacons: list[dict[str, Any]] = []
    at = 1  # the first byte numbers the parts of a long list
    while at < len(data):
        flags = data[at]
        if flags & 0xF0:
            words = _words(data, at + 1, uuid=16, major=2, minor=2)
        else:
            words = _words(data, at + 1, namespace=10, instance=6)
        at += 1 + sum(map(len, words.values()))
        beacon: dict[str, Any] = {name: word.hex() for name, word in words.items()}
        for name in ("major", "minor"):
            if name in words:
                beacon[name] = int.from_bytes(words[name], "big")
        beacon["rssi_dbm"] = _signed(data[at])
        at += 1
        for bit, name in ((1, "battery_raw"), (2, "temperature_raw")):
            if flags >> bit & 1:
                word = _words(data, at, value=2)["value"]
                beacon[name] = int.from_bytes(word, "big")
                at += 2
        beacons.append(beacon)
    return beacons


def _tags(data: bytes) -> list[dict[str, Any]]:
    tags: list[dict[str, Any]] = []
    at = 1
    while at < len(data):
        end = at + 1 + data[at]
        if end > len(data):
            raise ValueError("a tag ends after its list")
        tags.append(_tag(data[at + 1 : end]))
        at = end
    return tags


def _tag(data: bytes) -> dict[str, Any]:
    tag: dict[str, Any] = {}
    at = 0
    while at < len(data):
        kind, length = data[at], data[at + 1]
        word = data[at + 2 : at + 2 + length]
        if len(word) != length:
            raise ValueError("a field ends after its tag")
        at += 2 + length
        if kind == _RSSI and length == 1:
            tag["rssi_dbm"] = _signed(word[0])
        elif kind == _TAG_ID:
            tag["id"] = word.hex()
        elif kind == _MANUFACTURER and length >= 2 and word[0] & 0x80:
            tag["battery_mv"] = _TAG_VOLTAGE_BASE_MV + word[1] * _TAG_VOLTAGE_STEP_MV
        else:
            tag[f"field{kind}"] = word.hex()
    return tag


def _words(data: bytes, at: int, **lengths: int) -> dict[str, bytes]:
    words: dict[str, bytes] = {}
    for name, length in lengths.items():
        words[name] = data[at : at + length]
        if len(words[name]) != length:
            raise ValueError("a beacon ends after its list")
        at += length
    return words


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte
