"""The officer's tasks under /api/v1/: the same little before acceptance, the same rest for the one who accepted."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from aralyk.access.permissions import May, check_allowed
from aralyk.api import task_schemas as schemas
from aralyk.api.door import api, user_of
from aralyk.api.routes import responses
from aralyk.response.road import do_say
from aralyk.response.tasks import accepted_by, task_for, waiting_for

_TAG = ["tasks"]


@api.get("/tasks", response=responses(schemas.TasksOut), tags=_TAG)
def list_tasks(request: HttpRequest) -> schemas.TasksOut:
    """What waits for this officer's desk, and what he accepted."""
    user = user_of(request)
    check_allowed(user, May.ACCEPT_INCIDENTS)
    return schemas.TasksOut(
        waiting=[schemas.brief(one) for one in waiting_for(user)],
        accepted=[schemas.brief(one) for one in accepted_by(user)],
    )


@api.get("/tasks/{incident_id}", response=responses(schemas.TaskOut), tags=_TAG)
def get_task(request: HttpRequest, incident_id: UUID) -> schemas.TaskOut:
    """One task that this officer accepted and nobody closed."""
    return schemas.task(task_for(user_of(request), incident_id))


@api.post("/tasks/{incident_id}/say", response=responses(schemas.SaidOut), tags=_TAG)
def say(request: HttpRequest, incident_id: UUID, payload: schemas.SaidIn) -> schemas.SaidOut:
    """On the way, arrived, outcome: sent again under the same id it is the same word."""
    return schemas.said_out(do_say(user_of(request), schemas.said(incident_id, payload)))
