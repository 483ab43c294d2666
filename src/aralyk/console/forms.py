"""The desk's forms: what a person may write about a signal. Limits are the domain's own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aralyk.bundles.actions import REASON_MAX
from aralyk.console import sentences
from aralyk.devices.actions import INTERVAL_S_MAX, INTERVAL_S_MIN, PROTOCOLS
from aralyk.devices.models import DeviceKind
from aralyk.incidents.actions import CLOSE_REASON_MAX, CLOSE_REASON_MIN, NOTE_MAX
from aralyk.incidents.models import Outcome
from aralyk.quarantine.actions import REASON_MAX as REASON_LENGTH_MAX
from aralyk.quarantine.actions import REASON_MIN as REASON_LENGTH_MIN


class NoteForm(forms.Form):
    """A note on the time line; what is written there stays."""

    text = forms.CharField(
        label=_("Note"),
        max_length=NOTE_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("Write the note"),
            "max_length": _("The note is longer than %(limit_value)d characters"),
        },
    )


class CloseForm(forms.Form):
    """Closing: an opinion, its reason, and for a situation that goes on, a confirmation."""

    outcome = forms.ChoiceField(
        label=_("What you conclude"),
        choices=[(outcome.value, sentences.OUTCOMES[outcome.value]) for outcome in Outcome],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you conclude"), "invalid_choice": _("Choose what you conclude")},
    )
    reason = forms.CharField(
        label=_("Why"),
        min_length=CLOSE_REASON_MIN,
        max_length=CLOSE_REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("Write why"),
            "min_length": _("Write the reason in at least %(limit_value)d characters"),
            "max_length": _("The reason is longer than %(limit_value)d characters"),
        },
    )
    still_open_confirmed = forms.BooleanField(
        required=False, label=_("I know that the situation still goes on, and close the signal all the same")
    )


class BundleForm(forms.Form):
    """Why an evidence bundle is made; it is witnessed."""

    reason = forms.CharField(
        label=_("Why the bundle is made"),
        max_length=REASON_MAX,
        widget=forms.TextInput(),
        error_messages={
            "required": _("Write why the bundle is made"),
            "max_length": _("The reason is longer than %(limit_value)d characters"),
        },
    )


class ReasonForm(forms.Form):
    """Why a frame is released from quarantine, or dismissed."""

    reason = forms.CharField(
        label=_("Why"),
        min_length=REASON_LENGTH_MIN,
        max_length=REASON_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": _("Write why"),
            "min_length": _("Write the reason in at least %(limit_value)d characters"),
            "max_length": _("The reason is longer than %(limit_value)d characters"),
        },
    )


class DeviceForm(forms.Form):
    """A new device of the inventory; the domain checks the rest."""

    device_id = forms.CharField(
        label=_("Id"), max_length=64, error_messages={"required": _("Write the id of the device")}
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(kind.value, sentences.DEVICE_KINDS[kind.value]) for kind in DeviceKind],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the kind of the device")},
    )
    protocol = forms.ChoiceField(label=_("Protocol"), choices=[(name, name) for name in sorted(PROTOCOLS)])
    interval_s = forms.IntegerField(
        label=_("Seconds between two reports"),
        initial=60,
        min_value=INTERVAL_S_MIN,
        max_value=INTERVAL_S_MAX,
        error_messages={
            "required": _("Write the seconds between two reports"),
            "invalid": _("Write a whole number of seconds"),
            "min_value": _("At least %(limit_value)d seconds"),
            "max_value": _("At most %(limit_value)d seconds"),
        },
    )
    model = forms.CharField(label=_("Model"), max_length=64, required=False)


def problems(form: forms.Form) -> list[dict[str, Any]]:
    """The errors for the summary on top, each with the address of its field."""
    found = []
    for name, errors in form.errors.items():
        target = f"#{form[name].auto_id}" if name in form.fields else "#actions"
        if name in form.fields and isinstance(form.fields[name].widget, forms.RadioSelect):
            target = f"#{form[name].auto_id}_0"
        found += [{"text": text, "target": target} for text in errors]
    return found
