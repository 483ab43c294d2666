"""The quarantine over REST: the queries and actions of its pages. Bytes come from `look` alone, which is witnessed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Schema
from pydantic import Field

from aralyk.api.door import api, user_of
from aralyk.api.routes import Limit, Slug, responses
from aralyk.api.schemas import Time
from aralyk.quarantine import actions
from aralyk.quarantine.queries import PAGE_ROWS, Filter, Frame, Standing, frame_for, frames_for, groups_for

FrameId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
DeviceId = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9._-]{4,64}$")]
Reason = Annotated[str, Field(min_length=actions.REASON_MIN, max_length=actions.REASON_MAX)]


class FrameOut(Schema):
    """A frame in quarantine, without its bytes."""

    id: int
    received_at: Time
    protocol: str
    device: str | None
    code: str
    detail: str
    size: int
    standing: Standing
    decided_at: Time | None
    decided_by: int | None
    reason: str
    stream: str | None
    seq: int | None


class FramePage(Schema):
    """Newest first; `before` asks for the next page, null: there is none."""

    items: list[FrameOut]
    before: int | None


class GroupOut(Schema):
    """How many frames of one protocol and reason wait."""

    protocol: str
    code: str
    waiting: int
    newest_at: Time


class LookOut(Schema):
    """The bytes and what today's codec reads in them; `obstacle` null: the frame may be released."""

    frame: FrameOut
    bytes_hex: str
    device: str | None
    messages: list[dict[str, Any]]
    code: str
    detail: str
    obstacle: str | None


class ReasonIn(Schema):
    """Why."""

    reason: Reason


class ReleaseAllIn(Schema):
    """What is released together, and why; `before` of the last answer goes on with the older ones."""

    protocol: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    reason: Reason
    before: Annotated[int | None, Field(ge=1, le=2**63 - 1)] = None


class ReleasedOut(Schema):
    """How many went to the log, and how many stay."""

    released: int
    kept: int
    before: int | None


@api.get("/quarantine", response=responses(FramePage), tags=["quarantine"])
def list_frames(
    request: HttpRequest,
    protocol: Slug = None,
    code: Slug = None,
    device: DeviceId = None,
    since: datetime | None = None,
    until: datetime | None = None,
    standing: Standing | None = None,
    before: Before = None,
    limit: Limit = PAGE_ROWS,
) -> FramePage:
    """Frames that were not taken, newest first."""
    wanted = Filter(protocol=protocol, code=code, device=device, since=since, until=until, standing=standing)
    found = frames_for(user_of(request), wanted, before=before, limit=limit)
    return FramePage(items=[_frame(frame) for frame in found.frames], before=found.before)


@api.get("/quarantine/groups", response=responses(list[GroupOut]), tags=["quarantine"])
def list_groups(request: HttpRequest) -> list[GroupOut]:
    """What waits, by protocol and reason."""
    return [
        GroupOut(protocol=group.protocol, code=group.code, waiting=group.waiting, newest_at=group.newest_at)
        for group in groups_for(user_of(request))
    ]


@api.post("/quarantine/release", response=responses(ReleasedOut), tags=["quarantine"])
def release_all(request: HttpRequest, payload: ReleaseAllIn) -> ReleasedOut:
    """Release what waits of one protocol and reason, at most 500 at once."""
    done = actions.do_release_all(
        user_of(request), protocol=payload.protocol, code=payload.code, reason=payload.reason, before=payload.before
    )
    return ReleasedOut(released=done.released, kept=done.kept, before=done.before)


@api.get("/quarantine/{frame_id}", response=responses(FrameOut), tags=["quarantine"])
def get_frame(request: HttpRequest, frame_id: FrameId) -> FrameOut:
    """One frame, without its bytes."""
    return _frame(frame_for(user_of(request), frame_id))


@api.post("/quarantine/{frame_id}/look", response=responses(LookOut), tags=["quarantine"])
def look(request: HttpRequest, frame_id: FrameId, response: HttpResponse) -> LookOut:
    """The bytes, read again with today's codec; nothing changes but that the look is witnessed."""
    response.headers["Cache-Control"] = "no-store"
    found = actions.do_look(user_of(request), frame_id)
    reading = found.reading
    return LookOut(
        frame=_frame(found.frame),
        bytes_hex=found.raw.hex(),
        device=reading.device,
        messages=[dict(message) for message in reading.messages],
        code=reading.code,
        detail=reading.detail,
        obstacle=None if reading.obstacle is None else reading.obstacle.value,
    )


@api.post("/quarantine/{frame_id}/release", response=responses(FrameOut), tags=["quarantine"])
def release(request: HttpRequest, frame_id: FrameId, payload: ReasonIn) -> FrameOut:
    """Put a frame into the log as a late one."""
    return _frame(actions.do_release(user_of(request), frame_id, reason=payload.reason))


@api.post("/quarantine/{frame_id}/dismiss", response=responses(FrameOut), tags=["quarantine"])
def dismiss(request: HttpRequest, frame_id: FrameId, payload: ReasonIn) -> FrameOut:
    """Say that a frame needs nothing more; its bytes stay."""
    return _frame(actions.do_dismiss(user_of(request), frame_id, reason=payload.reason))


def _frame(frame: Frame) -> FrameOut:
    return FrameOut(
        id=frame.id, received_at=frame.received_at, protocol=frame.protocol, device=frame.device, code=frame.code,
        detail=frame.detail, size=frame.size, standing=frame.standing, decided_at=frame.decided_at,
        decided_by=frame.decided_by, reason=frame.reason, stream=frame.stream, seq=frame.seq,
    )  # fmt: skip
