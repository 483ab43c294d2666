"""A check of a device at its fitting as pages say it: each thing that is looked at, with expected and found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aralyk.access.queries import shown_name
from aralyk.console import device_words, sentences
from aralyk.devices.checkup_steps import steps
from aralyk.devices.checkups import Check, CheckName, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFacts:
    """One check."""

    title: str
    look: str
    icon: str
    result: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """One step that whoever fits the device does by hand."""

    slug: str
    text: str
    draft: bool
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """One run."""

    id: UUID
    device: str
    maker: str
    by: str
    started_at: datetime
    ends_at: datetime
    running: bool
    look: str
    icon: str
    result: str
    checks: tuple[CheckFacts, ...]
    steps: tuple[StepFacts, ...]


def run_facts(run: Run) -> RunFacts:
    """A run that was fetched with permission, in the active language."""
    checkup = run.checkup
    look, icon = device_words.RESULT_LOOKS[run.result.value]
    return RunFacts(
        id=checkup.pk,
        device=checkup.device_id,
        maker=steps().maker[checkup.maker].name,
        by=shown_name(checkup.user) or _("the app itself"),
        started_at=checkup.started_at,
        ends_at=checkup.ends_at,
        running=checkup.finished_at is None,
        look=look,
        icon=icon,
        result=sentences.text(device_words.RESULTS, run.result.value),
        checks=tuple(_check(check) for check in run.checks),
        steps=_steps(run),
    )


def _steps(run: Run) -> tuple[StepFacts, ...]:
    language = (get_language() or "en").split("-")[0]
    known = steps()
    slugs = known.of(run.checkup.maker, with_alarm=run.checkup.with_alarm)
    return tuple(
        StepFacts(
            slug=slug,
            text=known.step[slug].in_language(language),
            draft=language in known.step[slug].draft,
            done=slug in run.checkup.steps_done,
        )
        for slug in slugs
    )


def _check(check: Check) -> CheckFacts:
    look, icon = device_words.RESULT_LOOKS[check.result.value]
    expected, found = _SAY[check.name](check.expected, check.found)
    return CheckFacts(
        title=sentences.text(device_words.CHECKS, check.name.value),
        look=look,
        icon=icon,
        result=sentences.text(device_words.RESULTS, check.result.value),
        expected=expected,
        found=found,
    )


Said = Mapping[str, Any]


def _reports(expected: Said, found: Said) -> tuple[str, str]:
    wanted = _("at least %(share)s in time, every %(interval)s; no gap above %(gap)s") % {
        "share": device_words.share(expected["kept_share_min"]),
        "interval": sentences.duration(expected["interval_s"]),
        "gap": sentences.duration(expected["gap_s_max"]),
    }
    if not found["contacts"]:
        return wanted, _("nothing was heard")
    return wanted, _("%(share)s in time; reports: %(count)d; longest gap %(gap)s") % {
        "share": device_words.share(found["kept_share"]),
        "count": found["contacts"],
        "gap": sentences.duration(found["gap_s"]),
    }


def _places(expected: Said, found: Said) -> tuple[str, str]:
    wanted = _("at least one place, most of them valid, ± %(radius)s or better") % {
        "radius": sentences.metres(expected["accuracy_m_max"])
    }
    if not found["places"]:
        return wanted, _("no place came")
    said = _("places: %(count)d, invalid: %(invalid)d") % {"count": found["places"], "invalid": found["invalid"]}
    if found["accuracy_m"] is not None:
        said += f", ± {sentences.metres(found['accuracy_m'])}"
    return wanted, said


def _battery(_expected: Said, found: Said) -> tuple[str, str]:
    pct = found["battery_pct"]
    return _("the device tells it"), _("unknown") if pct is None else device_words.share(pct / 100)


def _done(expected: Said, found: Said) -> tuple[str, str]:
    done = expected["steps"] - len(found["missing"])
    return _("every step: %(count)d") % {"count": expected["steps"]}, _("done: %(count)d") % {"count": done}


def _alarm(_expected: Said, found: Said) -> tuple[str, str]:
    return _("pressed once"), _("heard: %(count)d") % {"count": found["alarms"]}


def _command(_expected: Said, found: Said) -> tuple[str, str]:
    return _("confirmed, or sent where the protocol never confirms"), device_words.command_state(
        found["state"], found["outcome"], attempts=0
    )


_SAY = {
    CheckName.REPORTS: _reports,
    CheckName.PLACES: _places,
    CheckName.BATTERY: _battery,
    CheckName.STEPS: _done,
    CheckName.ALARM: _alarm,
    CheckName.COMMAND: _command,
}
assert set(_SAY) == set(CheckName)
