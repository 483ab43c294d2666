"""The form of a shift. Limits are the domain's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aralyk.roster.actions import PEOPLE_MAX

_MOMENT: Final = "%Y-%m-%dT%H:%M"
# What the domain refuses, as the field says it.
EXPECTED: Final = {
    "ends_at": _("After the beginning and after now; a shift lasts at most 36 hours"),
    "people": _("User names of active accounts that answer for the desk's district, each once"),
}


def _when(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        input_formats=[_MOMENT],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_MOMENT),
        error_messages={"required": _("Write day and time"), "invalid": _("Write day and time")},
    )


class ShiftForm(forms.Form):
    """Who sits at which desk, from when until when."""

    def __init__(self, *given: Any, desks: Sequence[tuple[str, str]], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["desk"] = forms.ChoiceField(
            label=pgettext_lazy("roster", "Desk"),
            choices=desks,
            error_messages={"required": _("Choose the desk"), "invalid_choice": _("Choose the desk")},
        )
        self.fields["starts_at"] = _when(_("From"))
        self.fields["ends_at"] = _when(_("Until"))
        self.fields["people"] = forms.CharField(
            label=pgettext_lazy("roster", "People"),
            max_length=PEOPLE_MAX * 152,
            widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
            error_messages={"required": _("Write the user names")},
        )

    def clean_people(self) -> tuple[str, ...]:
        """User names, apart by commas or spaces."""
        return tuple(str(self.cleaned_data["people"]).replace(",", " ").split())
