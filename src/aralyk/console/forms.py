"""The desk's forms: what a person may write about a signal. Limits are the domain's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from aralyk.bundles.actions import REASON_MAX
from aralyk.console import sentences
from aralyk.devices.actions import INTERVAL_S_MAX, INTERVAL_S_MIN, PROTOCOLS
from aralyk.devices.checkups import MINUTES_BY_DEFAULT
from aralyk.devices.commands import PURSUIT_INTERVAL_S
from aralyk.devices.models import DeviceKind
from aralyk.incidents.actions import CLOSE_REASON_MAX, CLOSE_REASON_MIN, NOTE_MAX
from aralyk.incidents.models import Outcome
from aralyk.orders.drafts import REASON_MAX as ASK_REASON_MAX
from aralyk.orders.drafts import REASON_MIN as ASK_REASON_MIN
from aralyk.protocols.commands import TEXT_CHARS_MAX
from aralyk.quarantine.actions import REASON_MAX as REASON_LENGTH_MAX
from aralyk.quarantine.actions import REASON_MIN as REASON_LENGTH_MIN

OWN_WORDS: Final = "own"


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


class AskForm(forms.Form):
    """Something that is asked of a device, and why; each kind has its own field besides."""

    reason = forms.CharField(
        label=_("Why"),
        min_length=ASK_REASON_MIN,
        max_length=ASK_REASON_MAX,
        widget=forms.TextInput(),
        error_messages={
            "required": _("Write why"),
            "min_length": _("Write the reason in at least %(limit_value)d characters"),
            "max_length": _("The reason is longer than %(limit_value)d characters"),
        },
    )


class AskIntervalForm(AskForm):
    """A shorter interval, within what the domain allows for this device now."""

    def __init__(self, *given: Any, longest_s: int, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["interval_s"] = forms.IntegerField(
            label=_("Seconds between two reports"),
            initial=min(PURSUIT_INTERVAL_S, longest_s),
            min_value=INTERVAL_S_MIN,
            max_value=longest_s,
            error_messages={
                "required": _("Write the seconds between two reports"),
                "invalid": _("Write a whole number of seconds"),
                "min_value": _("At least %(limit_value)d seconds"),
                "max_value": _("At most %(limit_value)d seconds"),
            },
        )
        self.order_fields(["interval_s", "reason"])


class AskMessageForm(AskForm):
    """A text of the list, or where the role allows it words of one's own."""

    def __init__(self, *given: Any, listed: Sequence[tuple[str, str]], own_words: bool, **named: Any) -> None:
        super().__init__(*given, **named)
        choices = [*listed, *([(OWN_WORDS, _("Words of one's own"))] if own_words else [])]
        self.fields["listed"] = forms.ChoiceField(
            label=_("What the wearer will read"),
            choices=choices,
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose the text"), "invalid_choice": _("Choose the text")},
        )
        if own_words:
            self.fields["text"] = forms.CharField(
                label=_("Words of one's own"),
                required=False,
                max_length=TEXT_CHARS_MAX,
                error_messages={"max_length": _("The text is longer than %(limit_value)d characters")},
            )
        self.order_fields(["listed", "text", "reason"])

    def clean(self) -> dict[str, Any]:
        """Words of one's own must be there when they were chosen, in one line."""
        given = super().clean() or {}
        text = str(given.get("text") or "").strip()
        if given.get("listed") == OWN_WORDS and not (text and text.isprintable()):
            self.add_error("text", _("Write the text, in one line"))
        return given


class CheckupForm(forms.Form):
    """A check at the fitting."""

    def __init__(self, *given: Any, makers: Sequence[tuple[str, str]], minutes: tuple[int, int], **named: Any) -> None:
        super().__init__(*given, **named)
        if len(makers) > 1:
            self.fields["maker"] = forms.ChoiceField(label=_("Maker of the phone"), choices=makers)
        self.fields["minutes"] = forms.IntegerField(
            label=_("How many minutes"),
            initial=max(MINUTES_BY_DEFAULT, minutes[0]),
            min_value=minutes[0],
            max_value=minutes[1],
            error_messages={
                "required": _("Write how many minutes"),
                "invalid": _("Write a whole number of minutes"),
                "min_value": _("At least %(limit_value)d minutes: three reports must fit"),
                "max_value": _("At most %(limit_value)d minutes"),
            },
        )
        self.fields["with_alarm"] = forms.BooleanField(required=False, label=_("The call button will be pressed, too"))


def problems(form: forms.Form) -> list[dict[str, Any]]:
    """The errors for the summary on top, each with the address of its field."""
    found = []
    for name, errors in form.errors.items():
        target = f"#{form[name].auto_id}" if name in form.fields else "#actions"
        if name in form.fields and isinstance(form.fields[name].widget, forms.RadioSelect):
            target = f"#{form[name].auto_id}_0"
        found += [{"text": text, "target": target} for text in errors]
    return found
