"""Forms of what is seen from above: the signature under a digest, what somebody says who leaves a shift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aralyk.oversight.digests import REMARK_MAX
from aralyk.oversight.hand_over import NOTE_MAX, NOTE_MIN


class SignForm(forms.Form):
    """A signature: that it was read, and what there is to say."""

    list_sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput())
    remark = forms.CharField(
        required=False,
        label=_("Remark"),
        max_length=REMARK_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _("The remark is longer than %(limit_value)d characters")},
    )
    read = forms.BooleanField(
        label=_("I have read this list and looked at what was unclear"),
        error_messages={"required": _("Confirm that you have read the list")},
    )


class LeaveForm(forms.Form):
    """What somebody who leaves says to whoever comes."""

    note = forms.CharField(
        label=_("What the next person must know"),
        min_length=NOTE_MIN,
        max_length=NOTE_MAX,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": _("Write what the next person must know, or that there is nothing"),
            "min_length": _("Write what the next person must know, or that there is nothing"),
            "max_length": _("The text is longer than %(limit_value)d characters"),
        },
    )


class PhoneForm(forms.Form):
    """Under which number a desk answers; empty: none."""

    desk = forms.ChoiceField(
        label=_("Desk of the duty unit"),
        error_messages={"required": _("Choose the desk"), "invalid_choice": _("Choose the desk")},
    )
    phone = forms.CharField(
        required=False,
        label=_("Phone of the desk"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, desks: Sequence[str], **more: Any) -> None:
        super().__init__(*args, **more)
        desk = self.fields["desk"]
        assert isinstance(desk, forms.ChoiceField)
        desk.choices = [(code, code) for code in desks]
