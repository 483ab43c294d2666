"""A second opinion on a closed signal. Limits are the domain's own."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from aralyk.console import sentences
from aralyk.incidents.models import Outcome
from aralyk.incidents.second_looks import NOTE_MAX, NOTE_MIN


class LookForm(forms.Form):
    """What it was, in the eyes of whoever looks again, and why."""

    outcome = forms.ChoiceField(
        label=_("What you conclude"),
        choices=[(outcome.value, sentences.OUTCOMES[outcome.value]) for outcome in Outcome],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you conclude"), "invalid_choice": _("Choose what you conclude")},
    )
    note = forms.CharField(
        label=_("Why"),
        min_length=NOTE_MIN,
        max_length=NOTE_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("Write why"),
            "min_length": _("Write the reason in at least %(limit_value)d characters"),
            "max_length": _("The reason is longer than %(limit_value)d characters"),
        },
    )
