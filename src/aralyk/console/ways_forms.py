"""Forms about how one is reached."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from aralyk.channels.models import Way


class AddressForm(forms.Form):
    """A number or an e-mail address of one's own."""

    way = forms.ChoiceField(
        label=_("How"),
        choices=[(Way.SMS.value, _("SMS")), (Way.EMAIL.value, _("E-mail"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how"), "invalid_choice": _("Choose how")},
    )
    value = forms.CharField(
        label=_("Number or address"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email"}),
        error_messages={"required": _("Write the number or the address")},
    )


class CodeForm(forms.Form):
    """The code that was sent there."""

    code = forms.CharField(
        label=_("Code"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": _("Write the six digits")},
    )
