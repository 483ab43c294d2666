"""One device: how it keeps, what is asked of it, its checks at the fitting, and who carried it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.queries import shown_name
from aralyk.console import device_words, sentences
from aralyk.console.battery_chart import chart_of
from aralyk.console.checkup_facts import run_facts
from aralyk.console.command_facts import command_facts
from aralyk.console.device_facts import health_facts
from aralyk.console.forms import OWN_WORDS, AskForm, AskIntervalForm, AskMessageForm, CheckupForm, problems
from aralyk.console.people import person_of
from aralyk.console.views.urgent import quiet_facts
from aralyk.devices.checkup_steps import BRACELET, steps
from aralyk.devices.checkups import (
    checkup_for,
    checkups_for,
    do_mark_step,
    do_start_checkup,
    makers_of,
    minutes_of,
)
from aralyk.devices.commands import do_ask_device, do_withdraw_command, listed_texts, longest_interval_s, spoken_by
from aralyk.devices.contacts import is_quiet
from aralyk.devices.health import health_for
from aralyk.devices.models import Device, Party
from aralyk.devices.queries import assignments_for, device_for, places_for, suspicions_of
from aralyk.protocols.commands import CommandKind

CHECKUP: Final = "checkup"
SHOWN_RUNS: Final = 3
_LIVE: Final = frozenset({"health", "commands"})


@require_GET
def page(request: HttpRequest, device_id: str) -> HttpResponse:
    """The page."""
    return _render(request, device_for(person_of(request), device_id))


@require_GET
def live_part(request: HttpRequest, device_id: str, part: str) -> HttpResponse:
    """What changes while the page is open."""
    if part not in _LIVE:
        raise NotFound("part")
    user = person_of(request)
    device = device_for(user, device_id)
    values = _health(user, device) if part == "health" else {"commands": _commands(user, device, {})}
    return render(request, f"console/devices/{part}.html", {"device": device, **values})


@require_POST
def ask(request: HttpRequest, device_id: str, kind: str) -> HttpResponse:
    """Ask the device for something."""
    user = person_of(request)
    check_allowed(user, May.COMMAND_DEVICES)
    device = device_for(user, device_id)
    if kind not in set(CommandKind):
        raise NotFound("command")
    form = _ask_form(user, device, CommandKind(kind), request.POST)
    if not form.is_valid():
        return _render(request, device, bound={kind: form})
    given = form.cleaned_data
    listed = given.get("listed")
    do_ask_device(
        user,
        device_id=device.pk,
        kind=CommandKind(kind),
        reason=given["reason"],
        interval_s=given.get("interval_s"),
        listed=_slug_and_language(listed) if listed and listed != OWN_WORDS else None,
        text=given.get("text") if listed == OWN_WORDS else None,
    )
    return HttpResponseRedirect(f"{reverse('device', args=[device.pk])}#commands")


@require_POST
def withdraw(request: HttpRequest, device_id: str, command: int) -> HttpResponse:
    """Take a command back that still waits."""
    user = person_of(request)
    check_allowed(user, May.COMMAND_DEVICES)
    device = device_for(user, device_id)
    form = AskForm(request.POST, prefix=f"withdraw-{command}")
    if not form.is_valid():
        return _render(request, device, bound={f"withdraw-{command}": form})
    do_withdraw_command(user, device_id=device.pk, command=command, reason=form.cleaned_data["reason"])
    return HttpResponseRedirect(f"{reverse('device', args=[device.pk])}#commands")


@require_POST
def start_checkup(request: HttpRequest, device_id: str) -> HttpResponse:
    """Begin a check."""
    user = person_of(request)
    check_allowed(user, May.COMMAND_DEVICES)
    device = device_for(user, device_id)
    form = _checkup_form(device, request.POST)
    if not form.is_valid():
        return _render(request, device, bound={CHECKUP: form})
    given = form.cleaned_data
    run = do_start_checkup(
        user,
        device_id=device.pk,
        maker=given.get("maker") or BRACELET,
        minutes=given["minutes"],
        with_alarm=given["with_alarm"],
    )
    return HttpResponseRedirect(reverse("checkup", args=[run.checkup.pk]))


@require_GET
def checkup(request: HttpRequest, checkup_id: UUID) -> HttpResponse:
    """One check as it stands: steps to do by hand, and what was seen."""
    user = person_of(request)
    values = {"run": run_facts(checkup_for(user, checkup_id)), "may_mark": allows(user, May.COMMAND_DEVICES)}
    return render(request, "console/devices/checkup.html", values)


@require_GET
def checkup_live(request: HttpRequest, checkup_id: UUID) -> HttpResponse:
    """What was seen so far."""
    values = {"run": run_facts(checkup_for(person_of(request), checkup_id))}
    return render(request, "console/devices/checks.html", values)


@require_POST
def mark_step(request: HttpRequest, checkup_id: UUID) -> HttpResponse:
    """Say that a step was done."""
    do_mark_step(person_of(request), checkup_id, step=request.POST.get("step", ""))
    return HttpResponseRedirect(f"{reverse('checkup', args=[checkup_id])}#steps")


def _render(request: HttpRequest, device: Device, *, bound: Mapping[str, forms.Form] | None = None) -> HttpResponse:
    user = person_of(request)
    bound = bound or {}
    may_command = allows(user, May.COMMAND_DEVICES) and device.active
    hers = device.assignments.filter(until__isnull=True, party=Party.PROTECTED).exists()
    quiet = is_quiet(device)
    values = {
        "device": device,
        "kind": sentences.text(sentences.DEVICE_KINDS, device.kind),
        **_health(user, device),
        "commands": _commands(user, device, bound),
        "may_command": may_command,
        "asks": _asks(user, device, bound) if may_command else [],
        "hers": hers,
        "quiet": quiet,
        **(quiet_facts(user, device, at=clock.now()) if quiet and may_command else {}),
        "runs": [run_facts(run) for run in checkups_for(user, device.pk)[:SHOWN_RUNS]],
        "checkup_form": bound.get(CHECKUP) or _checkup_form(device),
        "checkup_open": CHECKUP in bound,
        "problems": [problem for form in bound.values() for problem in problems(form)],
        "assignments": [
            {
                "order": assignment.order,
                "party": sentences.text(sentences.PARTIES, assignment.party),
                "since": assignment.since,
                "until": assignment.until,
                "reason": assignment.reason,
                "decided_by": shown_name(assignment.decided_by),
            }
            for assignment in assignments_for(user, device.pk)
        ],
    }
    return render(request, "console/devices/page.html", values, status=422 if bound else 200)


def _health(user: User, device: Device) -> dict[str, Any]:
    at = clock.now()
    places = places_for(user, device_id=device.pk, at=at)
    found = health_for(user, device.pk, place=places[0] if places else None, at=at)
    return {
        "health": health_facts(found, places[0] if places else None),
        "orders": [place.order for place in places],
        "chart": chart_of(found.battery, at=at),
        "trust": sentences.word_of_device(device.trust, suspicions_of([device.pk]).get(device.pk, ())),
    }


def _commands(user: User, device: Device, bound: Mapping[str, forms.Form]) -> list[dict[str, Any]]:
    return [
        {
            "facts": facts,
            "form": bound.get(f"withdraw-{facts.id}") or AskForm(prefix=f"withdraw-{facts.id}"),
            "open": f"withdraw-{facts.id}" in bound,
        }
        for facts in command_facts(user, device.pk)
    ]


def _asks(user: User, device: Device, bound: Mapping[str, forms.Form]) -> list[dict[str, Any]]:
    """A form for each thing that this device can be asked for, and none for the others."""
    spoken = spoken_by(device)
    return [
        {
            "kind": kind.value,
            "title": sentences.text(device_words.COMMANDS, kind.value),
            "hint": sentences.text(device_words.COMMAND_HINTS, kind.value),
            "form": bound.get(kind.value) or _ask_form(user, device, kind),
            "open": kind.value in bound,
        }
        for kind in _BY_NEED
        if kind in spoken
    ]


_BY_NEED: Final = (CommandKind.POSITION, CommandKind.INTERVAL, CommandKind.MESSAGE, CommandKind.BUZZ)


def _ask_form(user: User, device: Device, kind: CommandKind, given: QueryDict | None = None) -> AskForm:
    if kind is CommandKind.INTERVAL:
        return AskIntervalForm(given, prefix=kind.value, longest_s=longest_interval_s(device))
    if kind is CommandKind.MESSAGE:
        listed = [(f"{one.slug}:{one.language}", f"{one.text} ({one.language})") for one in listed_texts(device)]
        own_words = allows(user, May.WRITE_TO_RESPONDENT)
        return AskMessageForm(given, prefix=kind.value, listed=listed, own_words=own_words)
    return AskForm(given, prefix=kind.value)


def _checkup_form(device: Device, given: QueryDict | None = None) -> CheckupForm:
    makers: Sequence[tuple[str, str]] = [(name, steps().maker[name].name) for name in makers_of(device)]
    return CheckupForm(given, prefix=CHECKUP, makers=makers, minutes=minutes_of(device))


def _slug_and_language(chosen: str) -> tuple[str, str]:
    slug, _, language = chosen.partition(":")
    return slug, language
