"""The playbook of an incident under /api/v1/: what is to be done, and what was done with which result."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from aralyk.access.queries import shown_name
from aralyk.api.door import api, user_of
from aralyk.api.routes import responses
from aralyk.api.schemas import MomentOut, Time, moment
from aralyk.incidents.playbooks import StepState, do_step, steps_for
from aralyk.incidents.queries import Moment
from aralyk.jurisdictions.values import StepResult, Whom

_TAG = ["incidents"]


class DoneOut(Schema):
    """A step that somebody did."""

    at: Time
    by: str
    result: StepResult
    text: str


class StepOut(Schema):
    """One step; `title` by language. Until `quiet_until` she is not told the same again, unless she asks."""

    step: str
    contact: Whom
    at_once: bool
    title: dict[str, str]
    results: list[StepResult]
    done: list[DoneOut]
    quiet_until: Time | None


class StepIn(Schema):
    """What came of a step."""

    result: StepResult
    note: str = Field(default="", max_length=1_000)


@api.get("/incidents/{incident_id}/playbook", response=responses(list[StepOut]), tags=_TAG)
def get_playbook(request: HttpRequest, incident_id: UUID) -> list[StepOut]:
    """What is to be done, in order; empty: nobody has written a playbook for it."""
    return [_step(one) for one in steps_for(user_of(request), incident_id)]


@api.post("/incidents/{incident_id}/steps/{step}", response=responses(MomentOut), tags=_TAG)
def record_step(request: HttpRequest, incident_id: UUID, step: str, payload: StepIn) -> MomentOut:
    """Record that a step was done, after somebody has taken the incident on; it may be done again."""
    by = user_of(request)
    event = do_step(by, incident_id, step=step, result=payload.result, note=payload.note)
    return moment(Moment(at=event.at, kind=event.kind, by=shown_name(by), text=event.text, data=event.data))


def _step(state: StepState) -> StepOut:
    step = state.step
    return StepOut(
        step=step.slug,
        contact=step.contact,
        at_once=step.at_once,
        title={language: step.title.in_language(language) for language in step.title.languages()},
        results=list(step.results),
        done=[DoneOut(at=one.at, by=one.by, result=one.result, text=one.text) for one in state.done],
        quiet_until=state.quiet_until,
    )
