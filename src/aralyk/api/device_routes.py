"""Commands, health, checks and coverage under /api/v1/. A check is also the app's own, by its device's secret."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Path, Query
from ninja.responses import codes_4xx
from ninja.security import HttpBearer

from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.api import device_schemas as schemas
from aralyk.api.door import Error, SignedIn, api, user_of
from aralyk.devices import checkups, commands, contacts, coverage, health
from aralyk.devices.models import Device
from aralyk.devices.queries import device_for, places_for

DeviceId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{4,64}$")]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=100_000)]


class OwnDevice(HttpBearer):
    """A phone's app, by the secret that it was given at its registration."""

    def authenticate(self, request: HttpRequest, token: str) -> Device | None:
        """The device, or None: then the answer is 401."""
        secret_hash = hashlib.sha256(token.encode()).digest()
        return Device.objects.filter(secret_hash=secret_hash, active=True).first()


PERSON_OR_DEVICE = [SignedIn(), OwnDevice()]


def _responses(schema: Any) -> Any:
    return {200: schema, codes_4xx: Error}


def asker_of(request: HttpRequest) -> User | Device:
    """Whoever asks: a person, or a device by its secret."""
    asker: User | Device = request.auth  # type: ignore[attr-defined]  # set by ninja
    return asker


@api.get("/devices/{device_id}/commands", response=_responses(schemas.CommandPage), tags=["devices"])
def list_commands(
    request: HttpRequest, device_id: DeviceId, limit: Limit = 50, offset: Offset = 0
) -> schemas.CommandPage:
    """What was asked of a device, newest first, and what it can be asked for."""
    user = user_of(request)
    found = commands.commands_for(user, device_id)
    items = [schemas.command(command) for command in found[offset : offset + limit]]
    device = device_for(user, device_id)
    quiet = contacts.is_quiet(device)
    moment = contacts.next_moment_of(device) if quiet and allows(user, May.COMMAND_DEVICES) else None
    return schemas.CommandPage(
        items=items,
        total=found.count(),
        spoken=[kind.value for kind in commands.spoken_by(device)],
        quiet=quiet,
        next_contact_at=None if moment is None else moment.at,
    )


@api.post("/devices/{device_id}/commands", response=_responses(schemas.CommandOut), tags=["devices"])
def ask_device(request: HttpRequest, device_id: DeviceId, payload: schemas.CommandIn) -> schemas.CommandOut:
    """Ask a device for something; it hears it at its next contact."""
    asked = commands.do_ask_device(
        user_of(request),
        device_id=device_id,
        kind=payload.kind,
        reason=payload.reason,
        interval_s=payload.interval_s,
        listed=None if payload.listed is None else (payload.listed.slug, payload.listed.language),
        text=payload.text,
    )
    return schemas.command(asked)


@api.post("/devices/{device_id}/commands/{command}/withdraw", response=_responses(schemas.CommandOut), tags=["devices"])
def withdraw_command(
    request: HttpRequest, device_id: DeviceId, command: int, payload: schemas.WithdrawIn
) -> schemas.CommandOut:
    """Take back a command that still waits."""
    taken = commands.do_withdraw_command(user_of(request), device_id=device_id, command=command, reason=payload.reason)
    return schemas.command(taken)


@api.get("/devices/{device_id}/health", response=_responses(schemas.HealthDetail), tags=["devices"])
def get_device_health(request: HttpRequest, device_id: DeviceId) -> schemas.HealthDetail:
    """How a device keeps."""
    user = user_of(request)
    places = places_for(user, device_id=device_id)
    return schemas.health(health.health_for(user, device_id, place=places[0] if places else None))


@api.post(
    "/devices/{device_id}/checkups", response=_responses(schemas.CheckupOut), auth=PERSON_OR_DEVICE, tags=["devices"]
)
def start_checkup(request: HttpRequest, device_id: DeviceId, payload: schemas.CheckupIn) -> schemas.CheckupOut:
    """Begin to watch a device for some minutes; steps come in the language of the request."""
    run = checkups.do_start_checkup(
        asker_of(request),
        device_id=device_id,
        maker=payload.maker,
        minutes=payload.minutes,
        with_alarm=payload.with_alarm,
    )
    return schemas.checkup(run, language=_language())


@api.get("/devices/{device_id}/checkups", response=_responses(list[schemas.CheckupOut]), tags=["devices"])
def list_checkups(request: HttpRequest, device_id: DeviceId) -> list[schemas.CheckupOut]:
    """The newest checks of a device."""
    runs = checkups.checkups_for(user_of(request), device_id)
    return [schemas.checkup(run, language=_language()) for run in runs]


@api.get("/checkups/{checkup_id}", response=_responses(schemas.CheckupOut), auth=PERSON_OR_DEVICE, tags=["devices"])
def get_checkup(request: HttpRequest, checkup_id: UUID) -> schemas.CheckupOut:
    """Each check with expected and found, and the whole result."""
    return schemas.checkup(checkups.checkup_for(asker_of(request), checkup_id), language=_language())


@api.post(
    "/checkups/{checkup_id}/steps", response=_responses(schemas.CheckupOut), auth=PERSON_OR_DEVICE, tags=["devices"]
)
def mark_step(request: HttpRequest, checkup_id: UUID, payload: schemas.StepIn) -> schemas.CheckupOut:
    """Say that a step was done."""
    run = checkups.do_mark_step(asker_of(request), checkup_id, step=payload.step)
    return schemas.checkup(run, language=_language())


@api.get("/map/coverage", response=_responses(list[schemas.CoveredOut]), tags=["map"])
def get_coverage(request: HttpRequest) -> list[schemas.CoveredOut]:
    """Where devices are heard: cells of about 500 m with three carriers or more."""
    return [schemas.covered(cell) for cell in coverage.coverage_for(user_of(request))]


def _language() -> str:
    return (get_language() or "en").split("-")[0]
