"""An incident as the queue and the pages show it: figures become sentences here, rights become buttons.

Cards are built for many incidents at once: four queries more than the incidents themselves, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from aralyk import clock
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.access.queries import shown_name
from aralyk.console import incident_words, law, sentences
from aralyk.console.incident_clocks import next_clock
from aralyk.devices.models import Device
from aralyk.devices.queries import suspicions_of
from aralyk.incidents.life import OWNED
from aralyk.incidents.models import Incident, Status
from aralyk.incidents.queries import decision_for
from aralyk.orders.models import Condition, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class FixLine:
    """One party's place in a decision: where from, how exact, how old it was when the engine decided."""

    party: str
    title: str
    device: str
    at: datetime
    received_at: datetime | None
    age_s: float
    accuracy: str
    source: str
    trust: str
    lat: float | None
    lon: float | None

    @property
    def text(self) -> str:
        """In one phrase, before the age."""
        return f"{self.title}: {self.accuracy}, {self.source},"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a row, a summary and a page say about one incident."""

    id: UUID
    number: int
    order_id: UUID
    order_number: str
    priority: int
    worst_priority: int
    priority_word: str
    kind: str
    title: str
    status: str
    state: str
    owner: str
    respondent: str
    protected: str
    district: str
    facts: str
    late: bool
    episode_open: bool
    since: datetime
    version: str
    unshown: bool
    due_at: datetime | None
    awaited: str
    can_acknowledge: bool
    sentence: str
    probability: float | None
    percent: str
    likelihood: str
    limit_m: float | None
    distance_m: float | None
    distance_m_95: tuple[float, float] | None
    interval: str
    reason: str
    who_approached: str
    reach: str
    contact: str
    fix_lines: tuple[FixLine, ...]
    device: str
    device_trust: str
    engine: str
    error_model: str
    calibrated: bool

    @property
    def overdue(self) -> bool:
        """Whether the clock that it shows has run out."""
        return self.due_at is not None and self.due_at <= clock.now()

    @property
    def answered(self) -> bool:
        """Whether somebody has taken it on."""
        return self.status != Status.OPEN


def cards(user: User, incidents: Iterable[Incident]) -> list[Card]:
    """One card for each incident, in the given order; the incidents were fetched for this user."""
    found = list(incidents)
    decisions = [decision_for(user, incident) for incident in found]
    limits = _limits(found)
    trust = _trust(decisions)
    protected = _protected_codes({incident.order_id for incident in found})
    may_answer = allows(user, May.ANSWER_INCIDENTS)
    may_watch = allows(user, May.WATCH)
    return [
        _card(
            incident,
            decision,
            trust=trust,
            limits=limits.get((incident.order_id, incident.condition), {}),
            protected=protected.get(incident.order_id, ""),
            may_answer=may_answer,
            may_watch=may_watch,
        )
        for incident, decision in zip(found, decisions, strict=True)
    ]


def card_of(user: User, incident: Incident) -> Card:
    """The card of one incident."""
    return cards(user, [incident])[0]


def _limits(incidents: list[Incident]) -> dict[tuple[UUID, str], Mapping[str, Any]]:
    """The parameters of the conditions that the incidents name, by order and code, as they hold now."""
    conditions = Condition.objects.filter(
        order_version__order__in={incident.order_id for incident in incidents if incident.condition},
        order_version__version=F("order_version__order__current_version"),
    ).values_list("order_version__order", "code", "parameters")
    return {(order, code): parameters for order, code, parameters in conditions}


def _trust(decisions: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """How far the word of each device goes that the decisions name, as sentences by device."""
    bases = [decision.get("basis") or {} for decision in decisions]
    named = {str(seen.get("device") or "") for basis in bases for seen in (basis, *_seen(basis).values())}
    signs = suspicions_of(named)
    pairs = Device.objects.filter(pk__in=named).values_list("pk", "trust")
    return {device: sentences.word_of_device(trust, signs.get(device, ())) for device, trust in pairs}


def _seen(basis: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What a decision rests on, by party."""
    return {party: basis[party] for party in ("respondent", "protected") if basis.get(party)}


def _protected_codes(orders: set[UUID]) -> dict[UUID, str]:
    pairs = Order.objects.filter(pk__in=orders).values_list("pk", "protected_persons__code")
    codes: dict[UUID, str] = {}
    for order, code in sorted((order, code) for order, code in pairs if code):
        codes[order] = f"{codes[order]}, {code}" if order in codes else code
    return codes


def _card(
    incident: Incident,
    decision: Mapping[str, Any],
    *,
    trust: Mapping[str, str],
    limits: Mapping[str, Any],
    protected: str,
    may_answer: bool,
    may_watch: bool,
) -> Card:
    # The engine's probability is that of the ordered distance, for the warning ring and an approach too.
    limit_m = limits.get("distance_m")
    interval = decision.get("distance_m_95")
    probability = decision.get("probability")
    owner = shown_name(incident.acknowledged_by)
    reason = str(decision.get("reason") or "")
    basis = decision.get("basis") or {}
    waits = next_clock(incident)
    error_model = str(basis.get("error_model") or "")
    return Card(
        id=incident.pk,
        number=incident.number,
        order_id=incident.order_id,
        order_number=incident.order.number,
        priority=incident.priority,
        worst_priority=incident.worst_priority,
        priority_word=sentences.priority_word(incident.priority),
        kind=incident.kind,
        title=sentences.kind_title(incident.kind, reason),
        status=incident.status,
        state=_state(incident, owner),
        owner=owner,
        respondent=incident.order.respondent.name,
        protected=protected,
        district=law.district_name(incident.order.jurisdiction, incident.district, at=incident.order.issued_at),
        facts=_facts(incident, decision),
        late=incident.late,
        episode_open=incident.episode_open,
        since=incident.raised_at,
        version=f"{clock.to_us(incident.updated_at):x}{incident.status[0]}{'s' if incident.shown_at else ''}",
        unshown=may_watch and incident.shown_at is None,
        due_at=None if waits is None else waits.due_at,
        awaited="" if waits is None else sentences.text(incident_words.AWAITED, waits.milestone.value),
        can_acknowledge=may_answer and incident.status == Status.OPEN,
        sentence=sentences.how_sure(incident.kind, probability, limit_m),
        probability=probability,
        percent="" if probability is None else sentences.percent(probability),
        likelihood="" if probability is None else sentences.likelihood(probability),
        limit_m=limit_m,
        distance_m=decision.get("distance_m"),
        distance_m_95=(float(interval[0]), float(interval[1])) if interval else None,
        interval=_interval(decision),
        reason=sentences.text(sentences.REASONS, reason) if reason not in {"", "none"} else "",
        who_approached=_who(incident.kind, decision),
        reach=_reach(incident, basis),
        contact=_contact(incident, decision),
        fix_lines=tuple(_fix_lines(basis, trust)),
        device=str(basis.get("device") or ""),
        device_trust=trust.get(str(basis.get("device") or ""), ""),
        engine=str(decision.get("engine") or ""),
        error_model=error_model.partition(" (")[0],
        calibrated="not calibrated" not in error_model,
    )


def _state(incident: Incident, owner: str) -> str:
    word = sentences.text(sentences.STATUSES, incident.status)
    return f"{word}: {owner}" if owner and incident.status in OWNED else word


def _facts(incident: Incident, decision: Mapping[str, Any]) -> str:
    """Distance and probability for a row; nothing where the engine gave none."""
    distance, probability = decision.get("distance_m"), decision.get("probability")
    parts = []
    if distance is not None and incident.kind in sentences.ABOUT_DISTANCE:
        parts.append(f"≈ {sentences.metres(distance)}")
    if probability is not None:
        parts.append(sentences.percent(probability))
    return " · ".join(parts)


def _interval(decision: Mapping[str, Any]) -> str:
    distance, bounds = decision.get("distance_m"), decision.get("distance_m_95")
    if distance is None or not bounds:
        return ""
    return _("Distance about %(distance)s; with 95 %% confidence between %(bounds)s.") % {
        "distance": sentences.metres(distance),
        "bounds": sentences.metres_between(bounds[0], bounds[1]),
    }


def _who(kind: str, decision: Mapping[str, Any]) -> str:
    if kind not in sentences.ABOUT_DISTANCE:
        return ""
    return sentences.text(sentences.WHO_APPROACHED, str(decision.get("who_approached") or "unknown"))


def _reach(incident: Incident, basis: Mapping[str, Any]) -> str:
    """Could he be here: how far from its last place a device that is silent may have come by now."""
    speed_mps, last = basis.get("reach_mps"), basis.get(incident.party)
    if speed_mps is None or not isinstance(last, Mapping) or not incident.episode_open:
        return ""
    passed_s = (clock.now() - clock.parse_iso(last["fixed_at"])).total_seconds()
    far_m = max(0.0, passed_s) * float(speed_mps) + float(last.get("accuracy_m") or 0.0)
    return _("Could be here: by now up to %(far)s from the last place, at %(speed)d km/h in a straight line.") % {
        "far": sentences.metres(far_m),
        "speed": round(float(speed_mps) * 3.6),
    }


def _contact(incident: Incident, decision: Mapping[str, Any]) -> str:
    """In how long they would meet if both went on so, as the latest decision said."""
    seconds = decision.get("time_to_contact_s")
    if seconds is None or seconds < 0 or not incident.episode_open:
        return ""
    span = sentences.duration(float(seconds))
    return _("If both went on so: at the ordered distance %(span)s after the latest decision.") % {"span": span}


def _fix_lines(basis: Mapping[str, Any], trust: Mapping[str, str]) -> Iterable[FixLine]:
    for party, seen in _seen(basis).items():
        accuracy = seen.get("accuracy_m")
        received = seen.get("received_at")
        yield FixLine(
            party=party,
            title=sentences.text(sentences.PARTIES, party),
            device=str(seen.get("device") or ""),
            at=clock.parse_iso(seen["fixed_at"]),
            received_at=clock.parse_iso(received) if received else None,
            age_s=float(seen.get("age_s") or 0.0),
            accuracy=f"± {sentences.metres(accuracy)}" if accuracy is not None else _("error unknown"),
            source=sentences.text(sentences.SOURCES, str(seen.get("source") or "unknown")),
            trust=trust.get(str(seen.get("device") or ""), ""),
            lat=seen.get("lat"),
            lon=seen.get("lon"),
        )
