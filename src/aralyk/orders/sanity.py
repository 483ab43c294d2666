"""Asks of an order, before it is made: can it be obeyed, and can it protect her? What speaks against it is a finding.

A finding forbids nothing: it must be answered by the issuer's signed reason, and where the device can't protect by what
does instead. What is not known is a finding too. Her places are asked behind the vault's door (`sealed`): from there
come findings, never a place or a distance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from aralyk.orders.drafts import HANDOVER, PROXIMITY, Circumstances, LawfulCondition, Place
from aralyk.orders.geometry import holds
from aralyk.people.models import Stated

DRIVING_MPS: Final = 50 / 3.6  # REQUIREMENTS 3.7: warning times are promised for 50 km/h
WALKING_MPS: Final = 1.4
DELAY_S: Final = 2.0  # from a fix to the operator's screen, 99 of 100
APPROACH_S: Final = 170.0  # the engine tells an approach by car so long before the ring
DISTANCES: Final = frozenset({"exclusion_zone", PROXIMITY})
WITHIN: Final = frozenset({"inclusion_zone", "curfew", HANDOVER})  # zones that he may or must be in


AREAS: Final = "areas"  # how a finding begins that names none of several areas


class FindingKind(StrEnum):
    """What a check can find."""

    HIS_PLACE_IN_ZONE = "his_place_in_zone"
    PLACES_TOO_CLOSE = "places_too_close"
    PLACES_NOT_COMPARED = "places_not_compared"
    CANNOT_PROTECT_HERE = "cannot_protect_here"
    TRAVEL_TIME_UNKNOWN = "travel_time_unknown"
    COVERAGE_POOR = "coverage_poor"
    COVERAGE_UNKNOWN = "coverage_unknown"
    NO_DEVICE_ON_HER = "no_device_on_her"
    INTERVAL_TOO_LONG = "interval_too_long"
    SHELTER_IN_ZONE = "shelter_in_zone"


# The device alone does not protect: what does must be named.
NEEDS_ALTERNATIVE: Final = frozenset({FindingKind.CANNOT_PROTECT_HERE, FindingKind.NO_DEVICE_ON_HER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that speaks against an order.

    Attributes:
        kind: What.
        subject: Which condition, person or place; never a coordinate.
        facts: Numbers that a reader needs.
    """

    kind: FindingKind
    subject: str
    facts: Mapping[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Names the finding in what the issuer answers."""
        return f"{self.kind.value}:{self.subject}"

    @property
    def needs_alternative(self) -> bool:
        """Whether a reason is not enough."""
        return self.kind in NEEDS_ALTERNATIVE


def findings(
    conditions: Sequence[LawfulCondition], circumstances: Circumstances, *, protected: Iterable[UUID]
) -> list[Found]:
    """What speaks against these conditions, as far as no sealed place is needed to see it.

    Args:
        conditions: Lawful, all of the order.
        circumstances: What is known of him, the police and the devices.
        protected: Whom the order protects.
    """
    measured = [condition for condition in conditions if condition.kind.engine]
    if not measured:
        return []  # no device is to protect anybody: nothing here promises what it can't keep
    rings = [condition for condition in measured if condition.kind.slug == PROXIMITY]
    found = [one for condition in measured for one in _his_places(condition, circumstances)]
    found += [one for ring in rings for one in _ring(ring, circumstances)]
    if rings:
        found += [
            Found(kind=FindingKind.NO_DEVICE_ON_HER, subject=str(person))
            for person in protected
            if circumstances.carries.get(person, Stated.UNKNOWN) != Stated.YES
        ]
    return found


def warning_s(ring: Mapping[str, float], *, interval_s: int, speed_mps: float) -> int:
    """Seconds from the first certain signal until somebody at that speed could be where she is; never below zero.

    The better of two: the warning ring in metres, or the engine's ring in seconds. A report may just be missed.
    """
    by_ring = (ring["warning_m"] - ring["distance_m"]) / speed_mps
    from_ring_to_her = ring["distance_m"] / speed_mps
    return round(max(max(by_ring, APPROACH_S) + from_ring_to_her - interval_s - DELAY_S, 0.0))


def _his_places(condition: LawfulCondition, circumstances: Circumstances) -> list[Found]:
    shape = condition.parameters.get("shape")
    if shape is None or condition.kind.slug in WITHIN:
        return []
    places: dict[str, Place | None] = {"home": circumstances.his_home, "work": circumstances.his_work}
    return [
        Found(kind=FindingKind.HIS_PLACE_IN_ZONE, subject=f"{condition.code}/{name}")
        for name, place in places.items()
        if place is not None and holds(shape, place)
    ]


def _ring(ring: LawfulCondition, circumstances: Circumstances) -> list[Found]:
    interval_s = circumstances.interval_s
    found = []
    if interval_s * DRIVING_MPS > ring.parameters["warning_m"] - ring.parameters["distance_m"]:
        metres = round(interval_s * DRIVING_MPS)
        facts = {"interval_s": interval_s, "metres_between_reports": metres}
        found.append(Found(kind=FindingKind.INTERVAL_TOO_LONG, subject=ring.code, facts=facts))
    if circumstances.police_travel_min is None:
        found.append(Found(kind=FindingKind.TRAVEL_TIME_UNKNOWN, subject=ring.code))
        return found
    driving_s = warning_s(ring.parameters, interval_s=interval_s, speed_mps=DRIVING_MPS)
    if circumstances.police_travel_min * 60 > driving_s:
        facts = {
            "police_travel_s": circumstances.police_travel_min * 60,
            "warning_driving_s": driving_s,
            "warning_walking_s": warning_s(ring.parameters, interval_s=interval_s, speed_mps=WALKING_MPS),
        }
        found.append(Found(kind=FindingKind.CANNOT_PROTECT_HERE, subject=ring.code, facts=facts))
    return found
