"""A device's health as pages say it: heard when, charged how far, strap since when, interval kept or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from aralyk.console import device_words, sentences
from aralyk.devices.health import BATTERY_LOW_PCT, CLOCK_ERROR_S_MAX, Health
from aralyk.devices.listing import Listed
from aralyk.devices.queries import Place

T = TypeVar("T")


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
    word: str = ""
    look: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFacts:
    """How one device keeps, in the words and figures of its page; an empty text is not known."""

    word: str
    look: str
    icon: str
    facts: DeviceFacts | None
    heard_at: datetime | None
    silent: bool
    interval: str
    interval_kept: str
    late: str
    contacts: int
    backlog: int
    fixes: int
    accuracy: str
    coarse: str
    invalid: str
    clock_error: str
    clock_wrong: bool
    empty_in: str
    charging_hours: str
    straps: tuple[tuple[datetime, bool], ...]
    signal: str
    signal_at: datetime | None
    firmware: str


def health_facts(health: Health, place: Place | None) -> HealthFacts:
    """The health of a device that was fetched with permission."""
    keeping, battery = health.keeping, health.battery
    look, icon = device_words.HEALTH_LOOKS[health.word.value]
    error_s = keeping.clock_error_s
    return HealthFacts(
        word=device_words.health_text(health.word, health.figure),
        look=look,
        icon=icon,
        facts=None if place is None else _facts(place),
        heard_at=health.heard_at,
        silent=health.silent,
        interval=sentences.duration(health.interval_s),
        interval_kept=_or_unknown(keeping.interval_median_s, sentences.duration),
        late=_or_unknown(keeping.late_share, device_words.share),
        contacts=keeping.contacts,
        backlog=keeping.backlog,
        fixes=keeping.fixes,
        accuracy=_or_unknown(keeping.accuracy_median_m, lambda radius_m: f"± {sentences.metres(radius_m)}"),
        coarse=_or_unknown(keeping.coarse_share, device_words.share),
        invalid=_or_unknown(keeping.invalid_share, device_words.share),
        clock_error=_or_unknown(error_s, _signed),
        clock_wrong=error_s is not None and abs(error_s) > CLOCK_ERROR_S_MAX,
        empty_in=_or_unknown(battery.empty_in, lambda left: sentences.duration(left.total_seconds())),
        charging_hours=device_words.hours(battery.charging_hours),
        straps=tuple((since, strap == "open") for since, strap in health.straps),
        signal=_or_unknown(health.signal, lambda signal: f"{signal:g}"),
        signal_at=health.signal_at,
        firmware=health.firmware or "",
    )


def _or_unknown(value: T | None, say: Callable[[T], str]) -> str:
    return "" if value is None else say(value)


def _signed(seconds: float) -> str:
    """Behind or ahead; the way through the network is part of it."""
    return f"{'−' if seconds < 0 else '+'}{sentences.duration(abs(seconds))}"


def worst_first(places: Sequence[Place]) -> list[Place]:
    """The silent ones first: silence is the worst that a device can say."""
    return sorted(places, key=lambda place: (not place.silent, place.strap != "open", not _battery_low(place)))


def device_facts(places: Sequence[Place]) -> list[DeviceFacts]:
    """The facts of each, the worst first."""
    return [_facts(place) for place in worst_first(places)]


def listed_facts(listed: Sequence[Listed]) -> list[DeviceFacts]:
    """The facts of a page of the list, each with its word."""
    found = []
    for one in listed:
        look, icon = device_words.HEALTH_LOOKS[one.word.value]
        word = device_words.health_text(one.word, one.figure)
        found.append(replace(_facts(one.place), word=word, look=look, icon=icon))
    return found


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
