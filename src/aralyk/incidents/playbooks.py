"""What is to be done about an incident, from the jurisdiction pack, and what was done: each step with a name.

A step done is one line of the time line and one witness: which step, whom it turned to, what came of it. What somebody
wrote beside it stands in the time line; evidence holds its hash. Nothing here stops a person from calling: a limit acts
on notices to her alone, and says when the last one was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.queries import shown_name
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.incidents.acting import announce_change, locked
from aralyk.incidents.models import Incident, IncidentEvent, Status
from aralyk.incidents.queries import incident_for
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.model import Playbook
from aralyk.jurisdictions.values import DeviceOf, IncidentKind, PlaceKnown, PlaybookStep, StepResult
from aralyk.orders.queries import conditions_of
from aralyk.papers.geometry import digest_of_shape
from aralyk.papers.models import NamedZone

EVENT: Final = "step_done"
NOTE_MAX: Final = 1_000
# He knows these places whatever the papers show: his own home, and where the child changes hands.
_HIS_OWN: Final = frozenset({IncidentKind.INCLUSION_ZONE, IncidentKind.CURFEW, IncidentKind.HANDOVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A step that somebody did."""

    at: datetime
    by: str
    result: StepResult
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """One step of the playbook, what was done of it, and until when she is not told the same again."""

    step: PlaybookStep
    done: Sequence[Done]
    quiet_until: datetime | None


def place_of(incident: Incident) -> PlaceKnown:
    """Whether he was openly told the place that it is about. What is not known to be told is hidden."""
    if incident.kind in _HIS_OWN:
        return PlaceKnown.TOLD
    if incident.kind != IncidentKind.EXCLUSION_ZONE:
        return PlaceKnown.HIDDEN
    zone = conditions_of(incident.order).filter(code=incident.condition).first()
    shape = None if zone is None else zone.parameters.get("shape")
    if shape is None:
        return PlaceKnown.HIDDEN
    named = NamedZone.objects.filter(
        order=incident.order, condition=incident.condition, shape_sha256=digest_of_shape(shape)
    ).exists()
    return PlaceKnown.TOLD if named else PlaceKnown.HIDDEN


def playbook_of(incident: Incident) -> Playbook | None:
    """What the pack says is to be done, by the day on which it was decided; None: nobody has written it."""
    law = pack(incident.order.jurisdiction)
    device_of = DeviceOf.PROTECTED if incident.party == DeviceOf.PROTECTED else DeviceOf.RESPONDENT
    return law.playbook_on(
        law.day_of(incident.decided_at), kind=incident.kind, priority=incident.priority, device_of=device_of.value,
        place=place_of(incident),
    )  # fmt: skip


def steps_for(user: User, incident_id: UUID) -> tuple[StepState, ...]:
    """The steps of an incident and what was done of each.

    Raises:
        NotFound: No such incident, or not this person's.
    """
    incident = incident_for(user, incident_id)
    book = playbook_of(incident)
    if book is None:
        return ()
    done: dict[str, list[Done]] = defaultdict(list)
    for event in IncidentEvent.objects.filter(incident=incident, kind=EVENT).select_related("by").order_by("at", "pk"):
        done[str(event.data["step"])].append(
            Done(at=event.at, by=shown_name(event.by), result=StepResult(event.data["result"]), text=event.text)
        )
    return tuple(_state(step, done[step.slug]) for step in book.steps)


def do_step(by: User, incident_id: UUID, *, step: str, result: StepResult, note: str = "") -> IncidentEvent:
    """Record that a step of the playbook was done, and what came of it; it may be done again.

    Args:
        by: Who answers incidents.
        incident_id: One that somebody has taken on and nobody has closed.
        step: Its slug in the playbook that holds for this incident now.
        result: One that the step names.
        note: What was said or learned.

    Raises:
        NotFound: No such incident, or not this person's; no such step.
        Refused: not_permitted; already_closed; not_acknowledged; invalid (result, note).
    """
    check_allowed(by, May.ANSWER_INCIDENTS)
    text = check_text("note", note, shortest=0, longest=NOTE_MAX)
    with transaction.atomic():
        incident = locked(by, incident_id, to=May.ANSWER_INCIDENTS)
        if incident.status == Status.CLOSED:
            raise Refused(Code.ALREADY_CLOSED)
        if incident.status == Status.OPEN:
            raise Refused(Code.TAKE_IT_ON_FIRST)
        book = playbook_of(incident)
        found = next((one for one in book.steps if one.slug == step), None) if book is not None else None
        if book is None or found is None:
            raise NotFound("step")
        if result not in found.results:
            raise Refused.field("result", expected=" or ".join(one.value for one in found.results))
        at = clock.now()
        data: dict[str, object] = {
            "playbook": book.slug, "step": found.slug, "contact": found.contact.value,
            "result": StepResult(result).value,
        }  # fmt: skip
        if text:
            data["text_sha256"] = fingerprint(text)
        event = IncidentEvent.objects.create(incident=incident, at=at, kind=EVENT, by=by, text=text, data=data)
        witness(
            kind=Kind.PLAYBOOK_STEP_DONE, subject=f"incident:{incident.pk}", by=by, at=at,
            data={"number": incident.number, "event": event.pk, **data},
        )  # fmt: skip
        announce_change(incident, at=at)
    return event


def _state(step: PlaybookStep, done: Sequence[Done]) -> StepState:
    until = None
    if step.again_after_s is not None and done:
        after = done[-1].at + timedelta(seconds=step.again_after_s)
        until = after if after > clock.now() else None
    return StepState(step=step, done=tuple(done), quiet_until=until)
