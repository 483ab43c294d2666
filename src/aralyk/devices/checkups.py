"""The check of a device at its fitting: what must be seen of it for some minutes, with expected and found.

Started by whoever fits the device, or by the app itself with the device's own secret. The platform then only watches
what arrives (`checkup_contact`, written by the reader of the log). Unknown is not passed: a check that saw nothing has
failed. A run that is over is settled once, with its result in the evidence log.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.witness import System, name_of, witness
from aralyk.devices import command_queue
from aralyk.devices.checkup_steps import BRACELET, steps
from aralyk.devices.command_queue import State, Wanted
from aralyk.devices.contacts import is_quiet
from aralyk.devices.models import Checkup, Device, DeviceKind
from aralyk.devices.queries import device_for, devices_for
from aralyk.evidence.kinds import Kind
from aralyk.protocols.commands import CommandKind

MINUTES: Final = (3, 120)
MINUTES_BY_DEFAULT: Final = 10
SETTLES_AFTER: Final = timedelta(seconds=60)  # what was under way at the end still counts; the reader needs 20 s
KEPT_SHARE_MIN: Final = 0.9
LATE_FACTOR: Final = 1.5
SILENT_FACTOR: Final = 3
GOOD_M: Final = 50.0
SHOWN_MAX: Final = 10


class CheckName(StrEnum):
    """What is looked at."""

    REPORTS = "reports_kept"
    PLACES = "places_good"
    BATTERY = "battery_known"
    STEPS = "steps_done"
    ALARM = "alarm_heard"
    COMMAND = "command_answered"


class Result(StrEnum):
    """How a check, or the whole run, stands."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: `expected` and `found` hold figures by name, never a place."""

    name: CheckName
    result: Result
    expected: dict[str, Any]
    found: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run as it stands now."""

    checkup: Checkup
    result: Result
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class _Contact:
    at: datetime
    place: bool
    valid: bool | None
    accuracy_m: float | None
    battery_pct: float | None
    sos: bool


def do_start_checkup(
    by: User | Device, *, device_id: str, maker: str, minutes: int = MINUTES_BY_DEFAULT, with_alarm: bool = False
) -> Run:
    """Begin to watch a device.

    Args:
        by: Who may command devices and sees this one; or the device itself.
        device_id: The device.
        maker: Of the phone, as in `steps()`; "bracelet" for bracelets.
        minutes: How long, at least three intervals.
        with_alarm: Whether the alarm button is pressed: under an order in force it raises a real signal.

    Raises:
        NotFound: No such device, or not this person's.
        Refused: not_permitted; invalid; checkup_runs.
    """
    device = _device(by, device_id)
    _check(device, maker=maker, minutes=minutes)
    at, actor = clock.now(), by if isinstance(by, User) else System.CHECKUP
    with transaction.atomic():
        _settle_if_over(device, at=at)
        try:
            with transaction.atomic():
                checkup = Checkup.objects.create(
                    device=device, user=by if isinstance(by, User) else None, maker=maker, with_alarm=with_alarm,
                    started_at=at, ends_at=at + timedelta(minutes=minutes),
                )  # fmt: skip
        except IntegrityError:
            raise Refused(Code.CHECKUP_RUNS) from None
        # A quiet device is only watched: whoever wants to know where he is could begin a check when he is near her.
        by_itself = isinstance(by, Device)
        if command_queue.speaks(
            protocol=device.protocol, model=device.model, device=device.pk, kind=CommandKind.POSITION
        ) and (by_itself or not is_quiet(device)):
            _ask(checkup, actor, by_itself=by_itself, at=at)
        witness(
            kind=Kind.CHECKUP_STARTED,
            subject=f"device:{device.pk}",
            by=actor,
            at=at,
            data={"checkup": str(checkup.pk), "maker": maker, "minutes": minutes, "with_alarm": with_alarm},
        )
    return _run(checkup)


def do_mark_step(by: User | Device, checkup_id: UUID, *, step: str) -> Run:
    """Note that a step was done; who set the phone says so, nobody else can see it.

    Raises:
        NotFound: No such run, or not this person's.
        Refused: not_permitted; invalid: no step of this run, or the run is over.
    """
    if isinstance(by, User):
        check_allowed(by, May.COMMAND_DEVICES)
    with transaction.atomic():
        checkup = _checkup(by, checkup_id)
        checkup = Checkup.objects.select_for_update(of=("self",)).select_related("device", "command").get(pk=checkup.pk)
        wanted = steps().of(checkup.maker, with_alarm=checkup.with_alarm)
        if step not in wanted or checkup.finished_at is not None:
            raise Refused.field("step", expected=", ".join(wanted) or "none", found=step)
        if step not in checkup.steps_done:
            checkup.steps_done = [*checkup.steps_done, step]
            checkup.save(update_fields=["steps_done"])
            witness(
                kind=Kind.CHECKUP_STEP,
                subject=f"device:{checkup.device_id}",
                by=by if isinstance(by, User) else System.CHECKUP,
                at=clock.now(),
                data={"checkup": str(checkup.pk), "done": step},
            )
    return _run(checkup)


def checkup_for(by: User | Device, checkup_id: UUID) -> Run:
    """One run as it stands; one that is over is settled now, if nobody looked before.

    Raises:
        NotFound: No such run, or not this person's.
    """
    checkup = _checkup(by, checkup_id)
    with transaction.atomic():
        _settle_if_over(checkup.device, at=clock.now())
    return _run(_checkup(by, checkup_id))


def checkups_for(user: User, device_id: str) -> list[Run]:
    """The newest runs of a device, newest first.

    Raises:
        NotFound: No such device, or not this person's.
    """
    device = device_for(user, device_id)
    with transaction.atomic():
        _settle_if_over(device, at=clock.now())
    found = device.checkups.select_related("device", "command", "user").order_by("-started_at")[:SHOWN_MAX]
    return [_run(checkup) for checkup in found]


def makers_of(device: Device) -> list[str]:
    """Whose steps a check of this device can follow."""
    return [name for name in steps().maker if (name == BRACELET) == (device.kind == DeviceKind.BRACELET)]


def minutes_of(device: Device) -> tuple[int, int]:
    """How short and how long a check of this device may be: three of its intervals must fit."""
    shortest = max(MINUTES[0], -(-SILENT_FACTOR * device.interval_s // 60))
    return shortest, max(MINUTES[1], shortest)


def _device(by: User | Device, device_id: str) -> Device:
    if isinstance(by, User):
        check_allowed(by, May.COMMAND_DEVICES)
        device = device_for(by, device_id, to=May.COMMAND_DEVICES)
    elif by.pk == device_id:
        device = by
    else:
        raise NotFound("device")
    if not device.active:
        raise NotFound("device")
    return device


def _checkup(by: User | Device, checkup_id: UUID) -> Checkup:
    mine = devices_for(by) if isinstance(by, User) else Device.objects.filter(pk=by.pk)
    found = Checkup.objects.filter(pk=checkup_id, device__in=mine).select_related("device", "command", "user").first()
    if found is None:
        raise NotFound("checkup")
    return found


def _check(device: Device, *, maker: str, minutes: int) -> None:
    known = makers_of(device)
    if maker not in known:
        raise Refused.field("maker", expected=" or ".join(known), found=maker)
    shortest, longest = minutes_of(device)
    if not shortest <= minutes <= longest:
        raise Refused.field("minutes", expected=f"{shortest} to {longest}", found=minutes)


def _ask(checkup: Checkup, actor: User | System, *, by_itself: bool, at: datetime) -> None:
    wanted = Wanted(
        device=checkup.device_id,
        kind=CommandKind.POSITION,
        why="checkup",
        asked_by=f"checkup:{checkup.pk}",
        life=checkup.ends_at - at,
        spoken=True,
        may_be_seen=by_itself,
    )
    with connection.cursor() as cursor:
        (command,) = command_queue.ask(cursor, [wanted], by=name_of(actor), at=at)
    checkup.command_id = command
    checkup.save(update_fields=["command"])


def _settle_if_over(device: Device, *, at: datetime) -> None:
    """Write the result of a run whose time is over; the row lock lets two who look at once do it once."""
    running = (
        Checkup.objects.select_for_update(of=("self",))
        .filter(device=device, finished_at__isnull=True, ends_at__lte=at - SETTLES_AFTER)
        .select_related("device", "command")
        .first()
    )
    if running is None:
        return
    checks = _checks(running, over=True)
    running.checks = [asdict(check) for check in checks]
    running.result = _overall(checks).value
    running.finished_at = at
    running.save(update_fields=["checks", "result", "finished_at"])
    witness(
        kind=Kind.CHECKUP_FINISHED,
        subject=f"device:{device.pk}",
        by=System.CHECKUP,
        at=at,
        data={"checks": running.checks, "checkup": str(running.pk), "result": running.result},
    )


def _run(checkup: Checkup) -> Run:
    if checkup.finished_at is None:
        checks = _checks(checkup, over=False)
        return Run(checkup=checkup, result=Result.RUNNING, checks=checks)
    checks = tuple(
        Check(
            name=CheckName(row["name"]), result=Result(row["result"]), expected=row["expected"], found=row["found"]
        )
        for row in checkup.checks
    )  # fmt: skip
    return Run(checkup=checkup, result=Result(checkup.result), checks=checks)


def _overall(checks: tuple[Check, ...]) -> Result:
    return Result.PASSED if all(check.result is Result.PASSED for check in checks) else Result.FAILED


def _checks(checkup: Checkup, *, over: bool) -> tuple[Check, ...]:
    contacts = _contacts(checkup)
    found = [_reports(checkup, contacts, over=over), _places(contacts, over=over), _battery(contacts, over=over)]
    wanted = steps().of(checkup.maker, with_alarm=checkup.with_alarm)
    if wanted:
        missing = [step for step in wanted if step not in checkup.steps_done]
        found.append(_check_of(CheckName.STEPS, not missing, over, {"steps": len(wanted)}, {"missing": missing}))
    if checkup.with_alarm:
        heard = sum(contact.sos for contact in contacts)
        found.append(_check_of(CheckName.ALARM, heard > 0, over, {"alarms_min": 1}, {"alarms": heard}))
    if checkup.command is not None:
        state, outcome = checkup.command.state, checkup.command.outcome
        done = state == State.ANSWERED or outcome == command_queue.Outcome.NO_ANSWERS
        found.append(
            _check_of(CheckName.COMMAND, done, over, {"state": "answered"}, {"state": state, "outcome": outcome})
        )
    return tuple(found)


def _reports(checkup: Checkup, contacts: list[_Contact], *, over: bool) -> Check:
    """Kept at the interval, up to the end: a phone whose app was killed in the middle has a last long gap."""
    interval_s = checkup.device.interval_s
    until = min(clock.now(), checkup.ends_at)
    times = [checkup.started_at, *(contact.at for contact in contacts), until]
    gaps_s = [(after - before).total_seconds() for before, after in pairwise(times)]
    kept = sum(gap_s <= LATE_FACTOR * interval_s for gap_s in gaps_s) / len(gaps_s)
    good = bool(contacts) and kept >= KEPT_SHARE_MIN and max(gaps_s) <= SILENT_FACTOR * interval_s
    between = [gap_s for gap_s in gaps_s[1:-1] if gap_s >= 1]
    return _check_of(
        CheckName.REPORTS,
        good,
        over,
        {"interval_s": interval_s, "kept_share_min": KEPT_SHARE_MIN, "gap_s_max": SILENT_FACTOR * interval_s},
        {
            "contacts": len(contacts),
            "interval_median_s": round(median(between), 1) if between else None,
            "kept_share": round(kept, 3),
            "gap_s": round(max(gaps_s), 1),
        },
        may_still_fail=True,
    )


def _places(contacts: list[_Contact], *, over: bool) -> Check:
    places = [contact for contact in contacts if contact.place]
    radii = [contact.accuracy_m for contact in places if contact.accuracy_m is not None and contact.valid is not False]
    middle = median(radii) if radii else None
    invalid = sum(contact.valid is False for contact in places)
    good = bool(places) and invalid * 2 < len(places) and (middle is None or middle <= GOOD_M)
    found = {"places": len(places), "invalid": invalid, "accuracy_m": None if middle is None else round(middle, 1)}
    return _check_of(
        CheckName.PLACES, good, over, {"places_min": 1, "accuracy_m_max": GOOD_M}, found, may_still_fail=True
    )


def _battery(contacts: list[_Contact], *, over: bool) -> Check:
    known = [contact.battery_pct for contact in contacts if contact.battery_pct is not None]
    return _check_of(
        CheckName.BATTERY, bool(known), over, {"known": True}, {"battery_pct": round(known[-1]) if known else None}
    )


def _check_of(
    name: CheckName,
    good: bool,
    over: bool,
    expected: dict[str, Any],
    found: dict[str, Any],
    *,
    may_still_fail: bool = False,
) -> Check:
    if over:
        result = Result.PASSED if good else Result.FAILED
    else:
        result = Result.PASSED if good and not may_still_fail else Result.RUNNING
    return Check(name=name, result=result, expected=expected, found=found)


def _contacts(checkup: Checkup) -> list[_Contact]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT received_at, bool_or(place), bool_or(valid), min(accuracy_m), max(battery_pct), bool_or(sos)"
            " FROM checkup_contact WHERE device = %s AND received_at >= %s AND received_at <= %s"
            " GROUP BY received_at ORDER BY received_at",
            (checkup.device_id, checkup.started_at, checkup.ends_at),
        )
        return [_Contact(*row) for row in cursor.fetchall()]
