"""A device's health as pages say it: heard when, charged how far, strap since when, interval kept or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aralyk.console import sentences
from aralyk.devices.queries import Place

BATTERY_LOW_PCT = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts:
    """One device that somebody carries under a live order."""

    id: str
    kind: str
    kind_word: str
    party: str
    party_word: str
    label: str
    order: UUID
    order_number: str
    interval: str
    heard_at: datetime | None
    silent: bool
    fixed_at: datetime | None
    source: str
    accuracy: str
    battery_pct: float | None
    battery_low: bool
    charging: bool
    strap: str | None
    strap_since: datetime | None
    trust: str


def worst_first(places: Sequence[Place]) -> list[Place]:
    """The silent ones first: silence is the worst that a device can say."""
    return sorted(places, key=lambda place: (not place.silent, place.strap != "open", not _battery_low(place)))


def device_facts(places: Sequence[Place]) -> list[DeviceFacts]:
    """The facts of each, the worst first."""
    return [_facts(place) for place in worst_first(places)]


def _facts(place: Place) -> DeviceFacts:
    battery = place.battery_pct
    return DeviceFacts(
        id=place.device,
        kind=place.device_kind,
        kind_word=sentences.text(sentences.DEVICE_KINDS, place.device_kind),
        party=place.party.value,
        party_word=sentences.text(sentences.PARTIES, place.party.value),
        label=place.label,
        order=place.order,
        order_number=place.order_number,
        interval=sentences.duration(place.interval_s),
        heard_at=place.heard_at,
        silent=place.silent,
        fixed_at=place.fixed_at,
        source=sentences.text(sentences.SOURCES, place.source or "unknown"),
        accuracy=f"± {sentences.metres(place.accuracy_m)}" if place.accuracy_m is not None else "",
        battery_pct=None if battery is None else round(battery),
        battery_low=_battery_low(place),
        charging=bool(place.charging),
        strap=place.strap,
        strap_since=place.strap_since,
        trust=sentences.text(sentences.TRUST, place.trust),
    )


def _battery_low(place: Place) -> bool:
    return place.battery_pct is not None and place.battery_pct < BATTERY_LOW_PCT and not place.charging
