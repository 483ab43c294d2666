"""What the API says and takes about commands, health, checks and coverage."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from aralyk.access.queries import shown_name
from aralyk.api.schemas import Time
from aralyk.devices.checkup_steps import steps
from aralyk.devices.checkups import MINUTES_BY_DEFAULT, Run
from aralyk.devices.commands import shown_text
from aralyk.devices.coverage import Covered
from aralyk.devices.health import Health
from aralyk.devices.models import Command
from aralyk.protocols.commands import CommandKind


class ListedIn(Schema):
    """A text of the list, in one of its languages."""

    slug: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)
    language: str = Field(pattern=r"^[a-z]{2}$")


class CommandIn(Schema):
    """What is asked of a device; for a message either `listed` or `text`."""

    kind: CommandKind
    reason: str = Field(max_length=400)
    interval_s: int | None = None
    listed: ListedIn | None = None
    text: str | None = Field(default=None, max_length=200)


class WithdrawIn(Schema):
    """Why a command is taken back."""

    reason: str = Field(max_length=400)


class CommandOut(Schema):
    """One command; `finished_at` null: more may come. `asked_by` is a person, a decision or a check."""

    id: int
    serial: int
    kind: str
    interval_s: int | None
    text: str
    why: str
    asked_by: str
    asked_by_name: str
    created_at: Time
    expires_at: Time
    state: str
    outcome: str
    attempts: int
    last_sent_at: Time | None
    answered_at: Time | None
    finished_at: Time | None


class CommandPage(Schema):
    """Commands, newest first; `spoken`: what this device can be asked for; `quiet`: nothing, for he would learn by it.

    `next_contact_at`: when the platform writes to its carrier by itself; for those who may command devices.
    """

    items: list[CommandOut]
    total: int
    spoken: list[str]
    quiet: bool
    next_contact_at: Time | None


class KeepingOut(Schema):
    """What the last 24 h say."""

    contacts: int
    interval_median_s: float | None
    late_share: float | None
    backlog: int
    fixes: int
    coarse_share: float | None
    invalid_share: float | None
    accuracy_median_m: float | None
    clock_error_s: float | None


class BatteryPointOut(Schema):
    """One reading."""

    at: Time
    pct: int


class StrapOut(Schema):
    """A state of the strap and since when."""

    since: Time
    strap: str


class HealthDetail(Schema):
    """How one device keeps; null is unknown. `word` is the worst that holds, `figure` its figure."""

    device: str
    as_of: Time
    heard_at: Time | None
    interval_s: int
    silent: bool
    word: str
    figure: float | None
    trust: str
    signal: float | None
    signal_at: Time | None
    firmware: str | None
    keeping: KeepingOut
    battery: list[BatteryPointOut]
    empty_in_s: float | None
    charging_hours: list[int]
    straps: list[StrapOut]


class CheckupIn(Schema):
    """A check to begin; `with_alarm` under an order in force raises a real signal."""

    maker: str = Field(pattern=r"^[a-z]{1,16}$")
    minutes: int = MINUTES_BY_DEFAULT
    with_alarm: bool = False


class StepIn(Schema):
    """A step that was done."""

    step: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)


class StepOut(Schema):
    """One step in the language asked for; `draft`: nobody has reviewed this text."""

    slug: str
    text: str
    draft: bool
    done: bool


class CheckOut(Schema):
    """One thing that is looked at."""

    name: str
    result: str
    expected: dict[str, Any]
    found: dict[str, Any]


class CheckupOut(Schema):
    """A run as it stands: running, passed or failed."""

    id: UUID
    device: str
    maker: str
    with_alarm: bool
    started_at: Time
    ends_at: Time
    finished_at: Time | None
    result: str
    checks: list[CheckOut]
    steps: list[StepOut]


class CoveredOut(Schema):
    """One cell of about 500 m with three carriers or more."""

    lat: float
    lon: float
    devices: int
    share: float
    gnss_share: float
    signal: float | None


def command(found: Command) -> CommandOut:
    """One command."""
    names = set(CommandOut.model_fields) - {"asked_by_name", "text"}
    values = {name: getattr(found, name) for name in names}
    return CommandOut(**values, text=shown_text(found), asked_by_name=shown_name(found.user))


def health(found: Health) -> HealthDetail:
    """How one device keeps."""
    names = (
        "device",
        "as_of",
        "heard_at",
        "interval_s",
        "silent",
        "figure",
        "trust",
        "signal",
        "signal_at",
        "firmware",
    )
    left = found.battery.empty_in
    return HealthDetail(
        **{name: getattr(found, name) for name in names},
        word=found.word.value,
        keeping=KeepingOut(**asdict(found.keeping)),
        battery=[BatteryPointOut(at=at, pct=pct) for at, pct in found.battery.curve],
        empty_in_s=None if left is None else left.total_seconds(),
        charging_hours=list(found.battery.charging_hours),
        straps=[StrapOut(since=since, strap=strap) for since, strap in found.straps],
    )


def checkup(run: Run, *, language: str) -> CheckupOut:
    """A run with its steps in one language."""
    found = run.checkup
    known = steps()
    return CheckupOut(
        id=found.pk,
        device=found.device_id,
        maker=found.maker,
        with_alarm=found.with_alarm,
        started_at=found.started_at,
        ends_at=found.ends_at,
        finished_at=found.finished_at,
        result=run.result.value,
        checks=[
            CheckOut(name=check.name.value, result=check.result.value, expected=check.expected, found=check.found)
            for check in run.checks
        ],
        steps=[
            StepOut(
                slug=slug,
                text=known.step[slug].in_language(language),
                draft=language in known.step[slug].draft,
                done=slug in found.steps_done,
            )
            for slug in known.of(found.maker, with_alarm=found.with_alarm)
        ],
    )


def covered(cell: Covered) -> CoveredOut:
    """One cell."""
    return CoveredOut(**asdict(cell))
