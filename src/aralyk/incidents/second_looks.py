"""A second person judges again: every closed tamper, and a lot drawn from closed priority 1.

Blind: whoever takes a look did nothing in that incident, and until he has given his opinion sees the case's facts alone
(`material_for`); meanwhile the incident itself is hidden from him everywhere else. Where two judge differently, a
supervisor who is neither settles it; if the first was wrong, the incident opens again.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed, seen_by
from aralyk.access.queries import shown_name
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.incidents.models import Incident, IncidentEvent, LookWhy, Outcome, SecondLook
from aralyk.incidents.queries import Moment, decision_for

SAMPLED_PER_HUNDRED: Final = 20  # ours: one closed priority 1 in five; no source names a share
DUE_WITHIN: Final = timedelta(hours=24)  # ours: a wrong closing is found while he can still be stopped
NOTE_MAX: Final = 1_000
NOTE_MIN: Final = 3
_OPINIONS: Final = frozenset({"concluded", "closed", "reopened"})  # events that tell what somebody thought


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a second person judges by: everything but anybody's opinion."""

    look: int
    incident: UUID
    number: int
    kind: str
    priority: int
    worst_priority: int
    occurred_at: datetime
    decision: Mapping[str, Any]
    time_line: Sequence[Moment]


def ask(incident: Incident, closing: IncidentEvent, *, by: User, at: datetime) -> SecondLook | None:
    """Ask for a second look at what was just closed, if the rules or the lot say so; inside its transaction."""
    if incident.kind == "tamper":
        why = LookWhy.TAMPER
    elif incident.worst_priority == 1 and secrets.randbelow(100) < SAMPLED_PER_HUNDRED:
        why = LookWhy.SAMPLE
    else:
        return None
    look = SecondLook.objects.create(
        incident=incident, closing=closing, why=why, first_outcome=incident.outcome, first_by=by, asked_at=at,
        due_at=at + DUE_WITHIN,
    )  # fmt: skip
    _witness(Kind.SECOND_LOOK_ASKED, look, by=by, at=at, why=why.value)
    return look


def looks_for(user: User) -> QuerySet[SecondLook]:
    """Those that wait and this person may take or has taken, the most urgent first. Never those of an own act."""
    if not allows(user, May.CLOSE_INCIDENTS):
        return SecondLook.objects.none()
    waiting = SecondLook.objects.filter(_seen(user), given_at__isnull=True)
    free = Q(taken_by__isnull=True) | Q(taken_by=user) | Q(due_at__lt=clock.now())
    return waiting.filter(free).exclude(incident__in=_acted_in(user)).order_by("due_at", "pk")


def disputes_for(user: User) -> QuerySet[SecondLook]:
    """Those in which two people judged differently, for a supervisor who is neither of them."""
    if not allows(user, May.SETTLE_LOOKS):
        return SecondLook.objects.none()
    found = SecondLook.objects.filter(_seen(user), given_at__isnull=False, settled_at__isnull=True)
    mine = Q(first_by=user) | Q(taken_by=user)
    return found.exclude(outcome=F("first_outcome")).exclude(mine).select_related("incident").order_by("given_at")


def do_take_look(by: User, look_id: int) -> Material:
    """Begin to judge: from now until the opinion is given, the incident is hidden from this person elsewhere.

    Raises:
        NotFound: No such look, or not this person's to see.
        Refused: not_permitted; another_person_needed: this person acted in it, or somebody else judges already.
    """
    check_allowed(by, May.CLOSE_INCIDENTS)
    at = clock.now()
    with transaction.atomic():
        look = _locked(by, look_id)
        held = look.taken_by_id not in {None, by.pk} and at <= look.due_at
        if held or look.first_by_id == by.pk or _acted_in(by).filter(incident=look.incident_id).exists():
            raise Refused(Code.ANOTHER_PERSON_NEEDED)
        if look.given_at is not None:
            raise Refused(Code.ALREADY_ANSWERED)
        if look.taken_by_id != by.pk:
            look.taken_by, look.taken_at = by, at
            look.save(update_fields=["taken_by", "taken_at"])
            _witness(Kind.SECOND_LOOK_TAKEN, look, by=by, at=at)
    return material_for(by, look_id)


def material_for(user: User, look_id: int) -> Material:
    """What this person judges by, once taken.

    Raises:
        NotFound: No such look, or this person did not take it.
    """
    look = SecondLook.objects.filter(_seen(user), pk=look_id, taken_by=user).select_related("incident").first()
    if look is None:
        raise NotFound("second look")
    incident = look.incident
    events = IncidentEvent.objects.filter(incident=incident).select_related("by").order_by("at", "pk")
    return Material(
        look=look.pk, incident=incident.pk, number=incident.number, kind=incident.kind, priority=incident.priority,
        worst_priority=incident.worst_priority, occurred_at=incident.occurred_at,
        decision=decision_for(user, incident),
        time_line=tuple(
            Moment(at=event.at, kind=event.kind, by=shown_name(event.by), text=event.text, data=event.data)
            for event in events
            if event.kind not in _OPINIONS
        ),
    )  # fmt: skip


def do_give_look(by: User, look_id: int, *, outcome: Outcome, note: str) -> SecondLook:
    """Give the second opinion; only now this person learns the first one.

    Raises:
        NotFound: No such look, or this person did not take it.
        Refused: not_permitted; already_answered; invalid.
    """
    check_allowed(by, May.CLOSE_INCIDENTS)
    outcome, note = _opinion(outcome, note)
    at = clock.now()
    with transaction.atomic():
        look = _locked(by, look_id)
        if look.taken_by_id != by.pk:
            raise NotFound("second look")
        if look.given_at is not None:
            raise Refused(Code.ALREADY_ANSWERED)
        look.outcome, look.note, look.given_at = outcome, note, at
        look.save(update_fields=["outcome", "note", "given_at"])
        agrees = outcome == look.first_outcome
        _witness(
            Kind.SECOND_LOOK_GIVEN, look, by=by, at=at, agrees=agrees, outcome=str(outcome),
            note_sha256=fingerprint(note),
        )  # fmt: skip
    return look


def settle(by: User, look_id: int, *, outcome: Outcome, note: str) -> SecondLook:
    """Write which of two opinions stands, or a third; inside a transaction (`settling` opens the incident again).

    Raises:
        NotFound: No such dispute, or not this person's to see.
        Refused: not_permitted; another_person_needed: this person is one of the two; invalid.
    """
    check_allowed(by, May.SETTLE_LOOKS)
    outcome, note = _opinion(outcome, note)
    at = clock.now()
    look = _locked(by, look_id)
    if not look.is_disputed:
        raise NotFound("second look")
    if by.pk in {look.first_by_id, look.taken_by_id}:
        raise Refused(Code.ANOTHER_PERSON_NEEDED)
    look.settled_outcome, look.settled_by, look.settled_at, look.settled_note = outcome, by, at, note
    look.save(update_fields=["settled_outcome", "settled_by", "settled_at", "settled_note"])
    _witness(Kind.SECOND_LOOK_SETTLED, look, by=by, at=at, outcome=str(outcome), note_sha256=fingerprint(note))
    return look


def _locked(by: User, look_id: int) -> SecondLook:
    found = SecondLook.objects.select_for_update(of=("self",)).filter(_seen(by), pk=look_id).first()
    if found is None:
        raise NotFound("second look")
    return found


def _seen(user: User) -> Q:
    return seen_by(user, order="incident__order__", district="incident__district")


def _acted_in(user: User) -> QuerySet[IncidentEvent, Any]:
    return IncidentEvent.objects.filter(by=user).exclude(kind="shown").values("incident")


def _opinion(outcome: Outcome, note: str) -> tuple[Outcome, str]:
    if outcome not in Outcome.values:
        raise Refused.field("outcome", expected=" or ".join(Outcome.values))
    return Outcome(outcome), check_text("note", note, shortest=NOTE_MIN, longest=NOTE_MAX)


def _witness(kind: Kind, look: SecondLook, *, by: User, at: datetime, **more: object) -> None:
    data = {"look": look.pk, **more}
    witness(kind=kind, subject=f"incident:{look.incident_id}", by=by, at=at, data=data)
