"""When the platform writes to respondents, and what two people send at once, under /api/v1/."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Schema
from ninja.responses import codes_4xx
from pydantic import Field

from aralyk.access.queries import shown_name
from aralyk.api.device_routes import DeviceId
from aralyk.api.device_schemas import ListedIn
from aralyk.api.door import Error, api, user_of
from aralyk.api.schemas import Time
from aralyk.devices import contacts, urgent
from aralyk.devices.models import UrgentContact
from aralyk.protocols.commands import CommandKind


class ContactOut(Schema):
    """The next moment of an order; `call`: a person calls him then, too, whatever happened or did not."""

    order: UUID
    order_number: str
    at: Time
    call: bool


class UrgentIn(Schema):
    """What shall go to a quiet device at once; for a message its text of the list."""

    kind: CommandKind
    reason: str = Field(max_length=400)
    listed: ListedIn | None = None


class SendIn(Schema):
    """Why it is sent."""

    reason: str = Field(max_length=400)


class UrgentOut(Schema):
    """A proposal to send at once; `command` null: nobody has sent it."""

    id: int
    device: str
    order: UUID
    kind: str
    text: str
    reason: str
    proposed_by_name: str
    proposed_at: Time
    second_by_name: str
    second_at: Time | None
    second_reason: str
    command: int | None


def _responses(schema: Any) -> Any:
    return {200: schema, codes_4xx: Error}


@api.get("/contacts", response=_responses(list[ContactOut]), tags=["devices"])
def list_next_contacts(request: HttpRequest) -> list[ContactOut]:
    """When the platform next writes to each respondent whose device is kept quiet, soonest first; 200 at most."""
    return [
        ContactOut(order=one.order.pk, order_number=one.order.number, at=one.moment.at, call=one.moment.call)
        for one in contacts.next_contacts_for(user_of(request))
    ]


@api.get("/devices/{device_id}/urgent-contacts", response=_responses(list[UrgentOut]), tags=["devices"])
def list_urgent_contacts(request: HttpRequest, device_id: DeviceId) -> list[UrgentOut]:
    """What was proposed to be sent at once, newest first, sent or not."""
    return [_urgent(one) for one in urgent.urgent_contacts_for(user_of(request), device_id)]


@api.post("/devices/{device_id}/urgent-contacts", response=_responses(UrgentOut), tags=["devices"])
def propose_urgent_contact(request: HttpRequest, device_id: DeviceId, payload: UrgentIn) -> UrgentOut:
    """Propose that something goes to a quiet device at once; a second person sends it within ten minutes."""
    proposed = urgent.do_propose_urgent_contact(
        user_of(request),
        device_id=device_id,
        kind=payload.kind,
        reason=payload.reason,
        listed=None if payload.listed is None else (payload.listed.slug, payload.listed.language),
    )
    return _urgent(proposed)


@api.post("/urgent-contacts/{urgent_id}/send", response=_responses(UrgentOut), tags=["devices"])
def send_urgent_contact(request: HttpRequest, urgent_id: int, payload: SendIn) -> UrgentOut:
    """Send, as the second person, what another proposed."""
    return _urgent(urgent.do_send_urgent_contact(user_of(request), urgent_id, reason=payload.reason))


def _urgent(found: UrgentContact) -> UrgentOut:
    return UrgentOut(
        id=found.pk,
        device=found.device_id,
        order=found.order_id,
        kind=found.kind,
        text=":".join(filter(None, (found.slug, found.language))),
        reason=found.reason,
        proposed_by_name=shown_name(found.proposed_by),
        proposed_at=found.proposed_at,
        second_by_name=shown_name(found.second_by),
        second_at=found.second_at,
        second_reason=found.second_reason,
        command=found.command_id,
    )
