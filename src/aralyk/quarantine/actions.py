"""What people do with frames in quarantine: look at the bytes, release, dismiss. Each leaves its witness.

A released frame is decoded by the codec that runs now and appended to the log of its lane, with the time at which the
gateway had it beside (`heard_at`). The monitor reads it like any line: the engine judges it at its own time, as late,
so a cry for help in it is told, with its delay; and it is no sign that the device lives now.
The quarantine row stays as it is. One decision for a frame: the database refuses a second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, connection, transaction

from aralyk import clock
from aralyk.access.errors import Code, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, name_of, witness
from aralyk.evidence.kinds import Kind
from aralyk.quarantine.queries import Filter, Frame, Standing, frame_for, frames_for
from aralyk.quarantine.reading import Reading, read_again
from aralyk.tracking import log
from aralyk.tracking.log import Lane

REASON_MIN: Final = 5
REASON_MAX: Final = 400
TOGETHER_MAX: Final = 500  # frames of one bulk release: a second's work, and one page of witnesses
WRITER: Final = "release"  # of the streams that released frames stand in


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A frame with its bytes and what they say today."""

    frame: Frame
    raw: bytes
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What a bulk release did.

    Attributes:
        released: How many frames went to the log.
        kept: How many were read and may not go: still unreadable, or nobody can say who sent them.
        before: Where the next act goes on; None: all were looked at.
    """

    released: int
    kept: int
    before: int | None


def do_look(by: User, frame_id: int) -> Look:
    """Show a frame's bytes and read them again; that somebody looked is witnessed.

    Raises:
        NotFound: No such frame, or not this person's to see.
        Refused: not_permitted: the role may not see a protected person's place, which may be in it.
    """
    frame = frame_for(by, frame_id)
    check_allowed(by, May.SEE_PROTECTED_PLACE)
    with transaction.atomic():
        raw = _bytes_of(frame.id)
        witness(
            kind=Kind.QUARANTINE_LOOK,
            subject=f"frame:{frame.id}",
            by=by,
            at=clock.now(),
            data={"frame_sha256": hashlib.sha256(raw).hexdigest()},
        )
    return Look(frame=frame, raw=raw, reading=read_again(raw, protocol=frame.protocol, device=frame.device))


def do_release(by: User, frame_id: int, *, reason: str) -> Frame:
    """Put a frame into the log as a late one.

    Raises:
        NotFound: No such frame, or not this person's to see.
        Refused: not_permitted; frame_decided; frame_not_releasable, naming the obstacle; invalid (reason).
    """
    check_allowed(by, May.RELEASE_FRAMES)
    reason = check_text("reason", reason, shortest=REASON_MIN, longest=REASON_MAX)
    frame = _undecided(by, frame_id)
    raw = _bytes_of(frame.id)
    reading = read_again(raw, protocol=frame.protocol, device=frame.device)
    if reading.obstacle is not None:
        raise Refused(Code.FRAME_NOT_RELEASABLE, obstacle=reading.obstacle.value)
    _append(by, [_Readable(frame=frame, raw=raw, reading=reading)], reason=reason)
    return frame_for(by, frame_id)


def do_release_all(by: User, *, protocol: str, code: str, reason: str, before: int | None = None) -> Released:
    """Release what waits of one protocol and reason, after a codec learned to read it; newest first, so many at once.

    Raises:
        NotFound: The role sees no quarantine.
        Refused: not_permitted; frame_decided (another person was quicker: nothing was done); invalid (reason).
    """
    check_allowed(by, May.RELEASE_FRAMES)
    reason = check_text("reason", reason, shortest=REASON_MIN, longest=REASON_MAX)
    wanted = Filter(protocol=protocol, code=code, standing=Standing.WAITING)
    page = frames_for(by, wanted, before=before, limit=TOGETHER_MAX)
    readable = []
    for frame in page.frames:
        raw = _bytes_of(frame.id)
        reading = read_again(raw, protocol=frame.protocol, device=frame.device)
        if reading.obstacle is None:
            readable.append(_Readable(frame=frame, raw=raw, reading=reading))
    if readable:
        _append(by, readable, reason=reason)
    return Released(released=len(readable), kept=len(page.frames) - len(readable), before=page.before)


def do_dismiss(by: User, frame_id: int, *, reason: str) -> Frame:
    """Say that a frame needs nothing more; its bytes stay.

    Raises:
        NotFound: No such frame, or not this person's to see.
        Refused: not_permitted; frame_decided; invalid (reason).
    """
    check_allowed(by, May.RELEASE_FRAMES)
    reason = check_text("reason", reason, shortest=REASON_MIN, longest=REASON_MAX)
    frame = _undecided(by, frame_id)
    at = clock.now()
    with transaction.atomic():
        _decide(by, frame, outcome=Standing.DISMISSED, at=at, reason=reason)
        witness(
            kind=Kind.FRAME_DISMISSED,
            subject=f"frame:{frame.id}",
            by=by,
            at=at,
            data={"code": frame.code, "protocol": frame.protocol, "reason_sha256": fingerprint(reason)},
        )
    return frame_for(by, frame_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readable:
    frame: Frame
    raw: bytes
    reading: Reading

    @property
    def lane(self) -> Lane:
        return log.lane_of([dict(message) for message in self.reading.messages])

    def line(self, at: datetime) -> bytes:
        return log.frame_line(
            raw=self.raw,
            lane=self.lane,
            messages=[dict(message) for message in self.reading.messages],
            protocol=self.frame.protocol,
            received_at_us=clock.to_us(at),
            device=self.reading.device,
            model=self.reading.model,
            heard_at_us=clock.to_us(self.frame.received_at),
        )


def _undecided(by: User, frame_id: int) -> Frame:
    frame = frame_for(by, frame_id)
    if frame.standing is not Standing.WAITING:
        raise Refused(Code.FRAME_DECIDED)
    return frame


def _append(by: User, readable: Sequence[_Readable], *, reason: str) -> None:
    """The log's batches last, their streams in sorted order, as every writer does."""
    at = clock.now()
    by_lane: dict[Lane, list[_Readable]] = {}
    for one in sorted(readable, key=lambda one: one.frame.id):
        by_lane.setdefault(one.lane, []).append(one)
    with transaction.atomic(), connection.cursor() as cursor:
        for lane in sorted(by_lane):
            stream = f"{lane.value}/{WRITER}"
            lines = [one.line(at) for one in by_lane[lane]]
            seq = log.append(cursor, stream=stream, lines=lines, received_at=at, by=name_of(by))
            for one in by_lane[lane]:
                _decide(
                    by, one.frame, outcome=Standing.RELEASED, at=at, reason=reason,
                    device=one.reading.device, stream=stream, seq=seq,
                )  # fmt: skip
                _witness_release(by, one, at=at, reason=reason, stream=stream, seq=seq)


def _witness_release(by: User, one: _Readable, *, at: datetime, reason: str, stream: str, seq: int) -> None:
    witness(
        kind=Kind.FRAME_RELEASED,
        subject=f"frame:{one.frame.id}",
        by=by,
        at=at,
        data={
            "code": one.frame.code,
            "device": str(one.reading.device),
            "frame_sha256": hashlib.sha256(one.raw).hexdigest(),
            "heard_at": clock.iso(one.frame.received_at),
            "protocol": one.frame.protocol,
            "reason_sha256": fingerprint(reason),
            "seq": seq,
            "stream": stream,
        },
    )


def _decide(
    by: User,
    frame: Frame,
    *,
    outcome: Standing,
    at: datetime,
    reason: str,
    device: str | None = None,
    stream: str | None = None,
    seq: int | None = None,
) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO quarantine_outcome (frame, outcome, by_user, at, reason, device, stream, seq)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                (frame.id, outcome.value, by.pk, at, reason, device, stream, seq),
            )
    except IntegrityError:
        raise Refused(Code.FRAME_DECIDED) from None


def _bytes_of(frame_id: int) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT bytes FROM quarantine WHERE id = %s", (frame_id,))
        return bytes(cursor.fetchone()[0])
