"""What checks look like under /api/v1/. Fields may be added; these keep their names and meaning."""

from __future__ import annotations

from uuid import UUID

from ninja import Schema
from pydantic import AwareDatetime, Field

from aralyk.access.queries import shown_name
from aralyk.api.schemas import Time
from aralyk.response.checks import Given
from aralyk.response.codes import Asked
from aralyk.response.judging import Fix
from aralyk.response.models import Challenge, CheckKind
from aralyk.response.queries import Standing
from aralyk.risk.models import RiskDuty


class CodeIn(Schema):
    """In which case a code is asked for."""

    order: UUID


class AskedOut(Schema):
    """Where the respondent's device shows the code, and until when it counts. Never the code."""

    challenge: UUID
    way: str
    expires_at: Time


class ShownCodeOut(Schema):
    """What the respondent's app shows now; null: nothing."""

    code: str | None
    expires_at: Time | None


class FixIn(Schema):
    """Where the officer's device is: WGS 84 degrees, the radius in metres that it declares, and when by its clock."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    accuracy_m: float = Field(gt=0, le=100_000)
    fixed_at: AwareDatetime


class CheckIn(Schema):
    """One entry; `id` is made once by the officer's device and sent again with every retry."""

    id: UUID
    kind: CheckKind
    order: UUID
    device_at: AwareDatetime
    fix: FixIn | None = None
    challenge: UUID | None = None
    code: str = Field(default="", pattern=r"^(\d{6})?$")
    incident: UUID | None = None
    protected_person: UUID | None = None
    photo_sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")


class HerWordIn(Schema):
    """What she said, and by which of her ways."""

    channel: UUID
    visited: bool


class CheckOut(Schema):
    """One check and what it is worth: verified, claimed, flagged or refused, and why not verified.

    `her_word` null: she said nothing, and that confirms nothing. There is no place in it.
    """

    id: UUID
    kind: str
    order: UUID
    incident: UUID | None
    protected_person: UUID | None
    officer: str
    proof: str
    reasons: list[str]
    late: bool
    device_at: Time
    received_at: Time
    distance_m: float | None
    her_word: bool | None


class CheckPage(Schema):
    """Checks, newest first."""

    items: list[CheckOut]
    total: int


class VisitOut(Schema):
    """A visit that was ticked off with no verified check behind it."""

    id: int
    respondent: UUID
    due_at: Time
    done_at: Time
    done_by: str


def given(sent: CheckIn) -> Given:
    """As the domain takes it."""
    fix = sent.fix
    return Given(
        id=sent.id, kind=sent.kind, order=sent.order, device_at=sent.device_at, challenge=sent.challenge,
        fix=None if fix is None else Fix(lat=fix.lat, lon=fix.lon, accuracy_m=fix.accuracy_m, fixed_at=fix.fixed_at),
        code=sent.code, incident=sent.incident, protected_person=sent.protected_person, photo_sha256=sent.photo_sha256,
    )  # fmt: skip


def asked(one: Asked) -> AskedOut:
    """A code that was asked for."""
    return AskedOut(challenge=one.id, way=one.way, expires_at=one.expires_at)


def shown_code(one: Challenge | None) -> ShownCodeOut:
    """For the respondent's app alone."""
    if one is None:
        return ShownCodeOut(code=None, expires_at=None)
    return ShownCodeOut(code=one.code, expires_at=one.expires_at)


def check(one: Standing) -> CheckOut:
    """One check."""
    row, word = one.check, one.her_word
    return CheckOut(
        id=row.pk, kind=row.kind, order=row.order_id, incident=row.incident_id,
        protected_person=row.protected_person_id, officer=shown_name(row.officer), proof=one.proof,
        reasons=[str(reason) for reason in one.reasons], late=row.late, device_at=row.device_at,
        received_at=row.received_at, distance_m=row.distance_m, her_word=None if word is None else word.visited,
    )  # fmt: skip


def visit(duty: RiskDuty) -> VisitOut:
    """One visit."""
    assert duty.done_at is not None
    return VisitOut(
        id=duty.pk, respondent=duty.respondent_id, due_at=duty.due_at, done_at=duty.done_at,
        done_by=shown_name(duty.done_by),
    )  # fmt: skip
