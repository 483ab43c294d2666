"""A quiet device at once: one person proposes it, another sends it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.queries import shown_name
from aralyk.console import device_words, sentences
from aralyk.console.forms import AskForm
from aralyk.console.people import person_of
from aralyk.console.refusals import say_refused
from aralyk.devices import command_queue
from aralyk.devices.commands import listed_texts
from aralyk.devices.contacts import interval_by_hand_s, next_moment_of
from aralyk.devices.models import Device, UrgentContact
from aralyk.devices.queries import device_for
from aralyk.devices.urgent import KINDS, WAITS, do_propose_urgent_contact, do_send_urgent_contact, urgent_contacts_for
from aralyk.protocols.commands import CommandKind

PREFIX: Final = "urgent"


class UrgentForm(AskForm):
    """What goes out at once, and what it is worth that he may learn where she is."""

    def __init__(self, *given: Any, choices: list[tuple[str, str]], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["what"] = forms.ChoiceField(
            label=_("What goes out"),
            choices=choices,
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose what goes out"), "invalid_choice": _("Choose what goes out")},
        )
        self.order_fields(["what", "reason"])


@require_POST
def propose(request: HttpRequest, device_id: str) -> HttpResponse:
    """Ask another person to let something go at once."""
    user = person_of(request)
    check_allowed(user, May.WRITE_TO_RESPONDENT)
    device = device_for(user, device_id)
    form = UrgentForm(request.POST, prefix=PREFIX, choices=_choices(device))
    if not form.is_valid():
        return _not_filled_in(request, form)
    kind, _colon, listed = form.cleaned_data["what"].partition(":")
    slug, _colon, language = listed.partition(":")
    do_propose_urgent_contact(
        user,
        device_id=device.pk,
        kind=CommandKind(kind),
        reason=form.cleaned_data["reason"],
        listed=(slug, language) if listed else None,
    )
    return HttpResponseRedirect(f"{reverse('device', args=[device.pk])}#commands")


@require_POST
def send(request: HttpRequest, device_id: str, urgent: int) -> HttpResponse:
    """Send what another proposed."""
    user = person_of(request)
    check_allowed(user, May.COMMAND_DEVICES)
    device = device_for(user, device_id)
    form = AskForm(request.POST, prefix=f"{PREFIX}-{urgent}")
    if not form.is_valid():
        return _not_filled_in(request, form)
    do_send_urgent_contact(user, urgent, reason=form.cleaned_data["reason"])
    return HttpResponseRedirect(f"{reverse('device', args=[device.pk])}#commands")


def quiet_facts(user: User, device: Device, *, at: datetime) -> dict[str, Any]:
    """What the page of a quiet device says instead of offering commands, for those who may command others."""
    choices = _choices(device)
    said = dict(choices)
    waiting = [one for one in urgent_contacts_for(user, device.pk) if _waits(one, at)]
    return {
        "moment": next_moment_of(device),
        "by_hand_s": interval_by_hand_s(device),
        "interval": sentences.duration(device.interval_s),
        "urgent_form": UrgentForm(prefix=PREFIX, choices=choices)
        if choices and allows(user, May.WRITE_TO_RESPONDENT)
        else None,
        "waiting": [
            {
                "id": one.pk,
                "title": sentences.text(device_words.COMMANDS, one.kind),
                "text": said.get(f"{one.kind}:{one.slug}:{one.language}", ""),
                "by": shown_name(one.proposed_by),
                "reason": one.reason,
                "until": one.proposed_at + WAITS,
                "mine": one.proposed_by_id == user.pk,
                "form": AskForm(prefix=f"{PREFIX}-{one.pk}"),
            }
            for one in waiting
        ],
    }


def _waits(one: UrgentContact, at: datetime) -> bool:
    return one.command_id is None and at - one.proposed_at <= WAITS


def _choices(device: Device) -> list[tuple[str, str]]:
    spoken = {
        kind
        for kind in KINDS
        if command_queue.speaks(protocol=device.protocol, model=device.model, device=device.pk, kind=kind)
    }
    texts = listed_texts(device) if CommandKind.MESSAGE in spoken else []
    found = [(f"message:{one.slug}:{one.language}", f"{one.text} ({one.language})") for one in texts]
    others = sorted(spoken - {CommandKind.MESSAGE})
    return found + [(kind.value, str(device_words.COMMANDS[kind.value])) for kind in others]


def _not_filled_in(request: HttpRequest, form: forms.Form) -> HttpResponse:
    said = [str(problem) for problems in form.errors.values() for problem in problems]
    return say_refused(request, ". ".join(said), 422)
