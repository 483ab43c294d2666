"""A device is fitted only after it was watched: the check says what was expected, what was found, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.devices.checkup_steps import BRACELET, LANGUAGES, steps
from aralyk.devices.checkups import (
    SETTLES_AFTER,
    Result,
    Run,
    checkup_for,
    checkups_for,
    do_mark_step,
    do_start_checkup,
)
from aralyk.devices.models import Command, Device, DeviceKind
from tests.conftest import Database
from tests.devices.speaking import PROTOCOL, spoken_protocol
from tests.devices.test_health import project, say
from tests.orders.cast import Cast, bracelet, equip, order, phone, witnesses

IMEI, PHONE = "860000000000017", "phone-0001"


class Watch:
    """Lets time pass while a device speaks."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self._database = database
        self._monkeypatch = monkeypatch

    def by(self, span: timedelta) -> datetime:
        later = clock.now() + span
        anchor = clock.Anchor(wall_s=later.timestamp(), monotonic_ns=time.monotonic_ns())
        self._monkeypatch.setattr(clock, "_clock", clock.SteadyClock(None, anchor))
        return later

    def speaks(self, device: str, *, minutes: int = 10, every_s: int = 60, **said: Any) -> None:
        """Reports for so long, read by the projector."""
        for _ in range(minutes * 60 // every_s):
            self.by(timedelta(seconds=every_s))
            say(self._database, ago_s=0, device=device, **said)
        project(self._database)

    def ends(self) -> None:
        self.by(timedelta(minutes=11) + SETTLES_AFTER)


@pytest.fixture
def watch(database: Database, monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(database, monkeypatch)


def results(run: Run) -> dict[str, str]:
    return {check.name.value: check.result.value for check in run.checks}


GOOD: dict[str, Any] = {"lat": 42.87, "lon": 74.61, "source": "gnss", "accuracy_m": 9.0, "battery_pct": 77}


def test_a_bracelet_that_keeps_its_interval_passes(database: Database, roles: Cast, watch: Watch) -> None:
    bracelet(roles.probation)
    run = do_start_checkup(roles.probation, device_id=IMEI, maker=BRACELET)
    assert run.result is Result.RUNNING
    assert set(results(run).values()) == {"running"}
    watch.speaks(IMEI, **GOOD)
    assert checkup_for(roles.probation, run.checkup.pk).result is Result.RUNNING
    watch.ends()
    done = checkup_for(roles.probation, run.checkup.pk)
    assert results(done) == {"reports_kept": "passed", "places_good": "passed", "battery_known": "passed"}
    assert done.result is Result.PASSED
    reports = done.checks[0]
    assert (reports.expected["interval_s"], reports.found["interval_median_s"]) == (60, pytest.approx(60, abs=0.5))
    kinds = [(kind, by, data.get("result")) for kind, _, by, data in witnesses(database) if kind.startswith("checkup")]
    assert kinds == [
        ("checkup_started", f"user:{roles.probation.pk}", None), ("checkup_finished", "system:checkup", "passed")
    ]  # fmt: skip
    assert checkup_for(roles.probation, run.checkup.pk).checkup.finished_at == done.checkup.finished_at


def test_an_app_that_the_phone_killed_in_the_middle_fails(roles: Cast, watch: Watch) -> None:
    bracelet(roles.probation)
    run = do_start_checkup(roles.probation, device_id=IMEI, maker=BRACELET)
    watch.speaks(IMEI, minutes=5, **GOOD)
    watch.ends()
    done = checkup_for(roles.probation, run.checkup.pk)
    assert results(done)["reports_kept"] == "failed"
    assert done.checks[0].found["gap_s"] > done.checks[0].expected["gap_s_max"]
    assert done.result is Result.FAILED


def test_a_check_that_saw_nothing_has_failed(roles: Cast, watch: Watch) -> None:
    bracelet(roles.probation)
    run = do_start_checkup(roles.probation, device_id=IMEI, maker=BRACELET)
    watch.ends()
    assert set(results(checkup_for(roles.probation, run.checkup.pk)).values()) == {"failed"}


def test_coarse_or_invalid_places_do_not_pass(roles: Cast, watch: Watch) -> None:
    for device, said in (("860000000000025", {"accuracy_m": 800.0}), ("860000000000033", {"valid": False})):
        bracelet(roles.probation, device)
        run = do_start_checkup(roles.probation, device_id=device, maker=BRACELET)
        watch.speaks(device, **(GOOD | said))
        watch.ends()
        assert results(checkup_for(roles.probation, run.checkup.pk))["places_good"] == "failed"


def test_a_phone_is_set_step_by_step_and_the_alarm_is_heard(roles: Cast, watch: Watch) -> None:
    device = phone(roles.probation)
    run = do_start_checkup(device, device_id=PHONE, maker="xiaomi", with_alarm=True)
    wanted = steps().of("xiaomi", with_alarm=True)
    assert wanted[-2:] == ("press_sos", "screen_off")
    for step in wanted[:-1]:
        run = do_mark_step(device, run.checkup.pk, step=step)
    assert results(run)["steps_done"] == "running"
    assert run.checks[3].found == {"missing": ["screen_off"]}
    do_mark_step(device, run.checkup.pk, step="screen_off")
    watch.speaks(PHONE, minutes=5, **GOOD)
    watch.speaks(PHONE, minutes=5, alarms=["sos"], **GOOD)
    watch.ends()
    done = checkup_for(device, run.checkup.pk)
    assert results(done)["alarm_heard"] == "passed"
    assert done.result is Result.PASSED
    with pytest.raises(Refused):
        do_mark_step(device, run.checkup.pk, step="screen_off")


def test_the_alarm_that_was_not_heard_fails_the_check(roles: Cast, watch: Watch) -> None:
    bracelet(roles.probation)
    run = do_start_checkup(roles.probation, device_id=IMEI, maker=BRACELET, with_alarm=True)
    watch.speaks(IMEI, **GOOD)
    watch.ends()
    assert results(checkup_for(roles.probation, run.checkup.pk))["alarm_heard"] == "failed"


@pytest.fixture
def _speaking() -> Iterator[None]:
    with spoken_protocol():
        yield


@pytest.mark.usefixtures("_speaking")
def test_a_device_that_can_be_asked_is_asked_and_must_answer(roles: Cast, watch: Watch) -> None:
    Device.objects.create(id="tracker-1", kind=DeviceKind.BRACELET, protocol=PROTOCOL, interval_s=60)
    run = do_start_checkup(roles.probation, device_id="tracker-1", maker=BRACELET)
    asked = Command.objects.get()
    assert (asked.kind, asked.asked_by) == ("position", f"checkup:{run.checkup.pk}")
    assert results(run)["command_answered"] == "running"
    Command.objects.update(state="answered", outcome="accepted", finished_at=clock.now())
    assert results(checkup_for(roles.probation, run.checkup.pk))["command_answered"] == "passed"


def test_one_check_of_a_device_runs_at_a_time(roles: Cast, watch: Watch) -> None:
    bracelet(roles.probation)
    do_start_checkup(roles.probation, device_id=IMEI, maker=BRACELET)
    with pytest.raises(Refused) as refused:
        do_start_checkup(roles.supervisor, device_id=IMEI, maker=BRACELET)
    assert refused.value.code is Code.CHECKUP_RUNS
    watch.ends()
    do_start_checkup(roles.supervisor, device_id=IMEI, maker=BRACELET)
    assert [run.result.value for run in checkups_for(roles.supervisor, IMEI)] == ["running", "failed"]


@pytest.mark.parametrize("changed", [{"maker": "nokia"}, {"maker": "xiaomi"}, {"minutes": 2}, {"minutes": 121}])
def test_a_check_that_could_say_nothing_is_refused(roles: Cast, changed: dict[str, Any]) -> None:
    bracelet(roles.probation)
    with pytest.raises(Refused) as refused:
        do_start_checkup(roles.probation, **({"device_id": IMEI, "maker": BRACELET} | changed))
    assert refused.value.code is Code.INVALID


def test_whose_check_it_is(roles: Cast) -> None:
    case = order(roles.police)
    bracelet(roles.probation)
    own = phone(roles.probation)
    equip(roles.probation, case, device=IMEI)
    run = do_start_checkup(roles.operator, device_id=IMEI, maker=BRACELET)
    assert checkup_for(roles.police, run.checkup.pk).result is Result.RUNNING
    for other in (roles.police_elsewhere, roles.administrator, own):
        with pytest.raises(NotFound):
            checkup_for(other, run.checkup.pk)
    with pytest.raises(NotFound):
        do_start_checkup(own, device_id=IMEI, maker=BRACELET)
    with pytest.raises(Refused):
        do_start_checkup(roles.police, device_id=IMEI, maker=BRACELET)


def test_every_step_has_its_text_in_three_languages() -> None:
    found = steps()
    assert {"xiaomi", "huawei", "samsung", "oppo", "tecno", "android", "iphone", BRACELET} == set(found.maker)
    for text in found.step.values():
        assert all(text.in_language(language) for language in LANGUAGES)
