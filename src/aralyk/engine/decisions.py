"""What the engine says: one decision, with everything a court needs, and its JSON form.

Field names are those of INTERFACES DECISION, and `order_id`. `probability` is "the probability that the distance
was below D (or the place inside, or outside, the area), given this error model", never that of a breach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from aralyk.engine import records
from aralyk.engine.error_model import ERROR_MODEL_VERSION
from aralyk.engine.observations import SOURCE_NAMES
from aralyk.engine.plan import OrderPlan
from aralyk.engine.reasons import NAMES
from aralyk.engine.times import iso
from aralyk.engine.version import ENGINE_VERSION


class Phase(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    UPDATE = "update"
    CLOSE = "close"
    LATE = "late"


class Kind(StrEnum):
    """What an incident is about, in the kernel's order."""

    TAMPER = "tamper"
    SILENCE = "silence"
    BATTERY = "battery"
    JAMMING = "jamming"
    SPOOFING = "spoofing"
    PANIC = "panic"
    SEPARATION = "separation"
    PURSUIT_MODE = "pursuit_mode"
    BETTER_FIX = "better_fix"
    PROXIMITY = "proximity"
    WARNING_RING = "warning_ring"
    EXCLUSION_ZONE = "exclusion_zone"
    INCLUSION_ZONE = "inclusion_zone"
    CURFEW = "curfew"
    APPROACH = "approach"
    CHECK_IN = "check_in"
    HANDOVER = "handover"


class Approached(StrEnum):
    """Whose movement closed the distance."""

    UNKNOWN = "unknown"
    RESPONDENT = "respondent"
    PROTECTED = "protected"
    BOTH = "both"


PHASES: Final = tuple(Phase)
KINDS: Final = tuple(Kind)
APPROACHED: Final = tuple(Approached)
ATTESTATION_NAMES: Final = {records.SELF_REPORTED: "self_reported", records.ATTESTED: "attested"}
ABOUT_PAIR: Final = frozenset({Kind.PROXIMITY, Kind.WARNING_RING, Kind.APPROACH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision. Times in microseconds since the epoch; `as_dict` gives the published form."""

    decided_at_us: int
    occurred_at_us: int
    order_id: str
    incident: str
    phase: Phase
    priority: int
    kind: Kind
    condition: str | None
    party: str
    probability: float | None
    distance_m: float | None
    distance_m_95: tuple[float, float] | None
    time_to_contact_s: float | None
    who_approached: Approached
    basis: Mapping[str, Any]
    reason: str
    engine: str = ENGINE_VERSION

    def as_dict(self) -> dict[str, Any]:
        """The INTERFACES form, ready for JSON: times ISO 8601 with Z and six decimals."""
        bounds = self.distance_m_95
        return {
            "decided_at": iso(self.decided_at_us),
            "occurred_at": iso(self.occurred_at_us),
            "order_id": self.order_id,
            "incident": self.incident,
            "phase": self.phase.value,
            "priority": self.priority,
            "kind": self.kind.value,
            "condition": self.condition,
            "party": self.party,
            "probability": self.probability,
            "distance_m": self.distance_m,
            "distance_m_95": None if bounds is None else list(bounds),
            "time_to_contact_s": self.time_to_contact_s,
            "who_approached": self.who_approached.value,
            "basis": dict(self.basis),
            "reason": self.reason,
            "engine": self.engine,
        }


def decision_of(row: Any, plan: OrderPlan, device_ids: list[str], condition_ids: list[str]) -> Decision:
    """Turn a raw row (a tuple in the order of `records.DECISION`) into a decision."""
    f = dict(zip(records.DECISION.names or (), row, strict=True))
    kind = KINDS[f["kind"]]
    condition = condition_ids[f["condition"]] if f["condition"] >= 0 else None
    device = device_ids[f["device"]] if f["device"] >= 0 else None
    group = Kind.PROXIMITY if kind in ABOUT_PAIR else kind
    subject = condition if condition is not None else device
    if f["lead_condition"] >= 0:  # a silence, or the ring again, goes on with the ring's
        group, subject = Kind.PROXIMITY, condition_ids[f["lead_condition"]]
    known_distance = f["distance_cm"] != records.UNKNOWN
    return Decision(
        decided_at_us=f["decided_us"], occurred_at_us=f["occurred_us"], order_id=plan.order_id,
        incident=f"{plan.order_id}/{group}/{subject}/{iso(f['opened_us'])}",
        phase=PHASES[f["phase"]], priority=f["priority"], kind=kind, condition=condition,
        party=plan.parties[f["party"]], probability=_scaled(f["ppm"], 1e6), distance_m=_scaled(f["distance_cm"], 100.0),
        distance_m_95=(f["low_cm"] / 100.0, f["high_cm"] / 100.0) if known_distance and f["low_cm"] >= 0 else None,
        time_to_contact_s=_scaled(f["contact_ms"], 1000.0), who_approached=APPROACHED[f["who"]],
        basis=_basis(f, kind, device, device_ids), reason=NAMES[f["reason"]],
    )  # fmt: skip


def _scaled(value: int, per_unit: float) -> float | None:
    return None if value == records.UNKNOWN else value / per_unit


def _basis(f: Mapping[str, Any], kind: Kind, device: str | None, device_ids: list[str]) -> dict[str, Any]:
    second = _sighting(f, "p", device_ids)
    own = kind is Kind.SEPARATION  # both devices are the respondent's
    basis: dict[str, Any] = {
        "respondent": _sighting(f, "r", device_ids),
        "protected": None if own else second,
        "error_model": ERROR_MODEL_VERSION,
    }
    if own:
        basis["companion"] = second
    if device is not None:
        basis["device"] = device
    if f["reach_mmps"] != records.UNKNOWN:
        basis["reach_mps"] = f["reach_mmps"] / 1000.0
    return basis


def _sighting(f: Mapping[str, Any], which: str, device_ids: list[str]) -> dict[str, Any] | None:
    row = f[f"{which}_device"]
    if row < 0:
        return None
    received = f[f"{which}_received_us"]
    fixed = f[f"{which}_fixed_us"]
    sighting = {
        "device": device_ids[row],
        "fixed_at": iso(fixed),
        "received_at": None if received == records.UNKNOWN else iso(received),
        "age_s": round((f["decided_us"] - fixed) / 1e6, 3),
        "lat": round(f[f"{which}_lat"], 7),
        "lon": round(f[f"{which}_lon"], 7),
        "accuracy_m": round(f[f"{which}_radius_m"], 2),
        "source": SOURCE_NAMES[f[f"{which}_source"]],
        "attestation": ATTESTATION_NAMES[f[f"{which}_attest"]],
    }
    if which == "r":
        confirmed = f["r_identity_us"]
        sighting["identity_confirmed_at"] = None if confirmed == records.NEVER else iso(confirmed)
    return sighting
