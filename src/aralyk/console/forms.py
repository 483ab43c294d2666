"""The desk's forms: what a person may write about a signal. Limits are the domain's own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aralyk.bundles.actions import REASON_MAX
from aralyk.console import sentences
from aralyk.incidents.actions import CLOSE_REASON_MAX, CLOSE_REASON_MIN, NOTE_MAX
from aralyk.incidents.models import Outcome


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


def problems(form: forms.Form) -> list[dict[str, Any]]:
    """The errors for the summary on top, each with the address of its field."""
    found = []
    for name, errors in form.errors.items():
        target = f"#{form[name].auto_id}" if name in form.fields else "#actions"
        if name in form.fields and isinstance(form.fields[name].widget, forms.RadioSelect):
            target = f"#{form[name].auto_id}_0"
        found += [{"text": text, "target": target} for text in errors]
    return found
