"""The forms of risk: an instrument's questions, a signed level, the second person's answer, a duty that is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aralyk.console import risk_words
from aralyk.jurisdictions.values import Text
from aralyk.people.models import Stated
from aralyk.risk.drafts import REASON_MAX, REASON_MIN
from aralyk.risk.instrument import Instrument
from aralyk.risk.levels import Level

ANSWER: Final = "answer-"
RESPONSE: Final = "response-"
_ERRORS: Final = {
    "required": _("Write why"),
    "min_length": _("Write the reason in at least %(limit_value)d characters"),
    "max_length": _("The reason is longer than %(limit_value)d characters"),
}
_THREE: Final = [(stated, risk_words.ANSWERS[stated]) for stated in (Stated.YES, Stated.NO, Stated.UNKNOWN)]
_LEVELS: Final = [(level.value, risk_words.LEVELS[level]) for level in reversed(Level)]


class AssessForm(forms.Form):
    """One instrument: each question has three answers and may be left open, which counts as not known."""

    form_id = forms.UUIDField(widget=forms.HiddenInput())
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput())

    def __init__(self, *given: Any, instrument: Instrument, levels: Mapping[str, str], **named: Any) -> None:
        super().__init__(*given, **named)
        self.instrument = instrument
        for item in instrument.item:
            self.fields[ANSWER + item.slug] = _three_states(item.text)
        for response in instrument.response:
            self.fields[RESPONSE + response.slug] = _three_states(response.text)
        none_signed = _("what the answers give") if instrument.gives_levels else _("no level: only keep the answers")
        self.fields["level"] = forms.ChoiceField(
            label=_("Level"),
            required=False,
            choices=[("", none_signed), *((level.value, levels[level]) for level in reversed(Level))],
            widget=forms.RadioSelect,
            error_messages={"invalid_choice": _("Choose the level")},
        )
        self.fields["reason"] = forms.CharField(
            label=_("Why this level"),
            required=False,
            min_length=REASON_MIN,
            max_length=REASON_MAX,
            widget=forms.Textarea(attrs={"rows": 3}),
            error_messages=_ERRORS,
        )

    def answers(self) -> dict[str, Stated]:
        """What was answered, by item; what was left open is not there."""
        return self._stated(ANSWER)

    def responses(self) -> dict[str, Stated]:
        """What was done at once."""
        return self._stated(RESPONSE)

    def level(self) -> Level | None:
        """The signed level; None: what the answers give."""
        chosen = self.cleaned_data["level"]
        return Level(chosen) if chosen else None

    def form_uuid(self) -> UUID:
        """The id under which the form is kept, however often it is sent."""
        found: UUID = self.cleaned_data["form_id"]
        return found

    def _stated(self, prefix: str) -> dict[str, Stated]:
        given = {name: value for name, value in self.cleaned_data.items() if name.startswith(prefix) and value}
        return {name.removeprefix(prefix): Stated(value) for name, value in given.items()}


class SignForm(forms.Form):
    """A reason that a court will read."""

    reason = forms.CharField(
        label=_("Why"),
        min_length=REASON_MIN,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages=_ERRORS,
    )


class LevelForm(SignForm):
    """A signed level on the newest assessment."""

    level = forms.ChoiceField(
        label=_("Level"),
        choices=_LEVELS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the level"), "invalid_choice": _("Choose the level")},
    )
    field_order = ("level", "reason")


class DoneForm(forms.Form):
    """What was done about a duty."""

    note = forms.CharField(
        label=_("What was done"),
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": _("Write what was done"),
            "max_length": _("The note is longer than %(limit_value)d characters"),
        },
    )


def read(text: Text) -> str:
    """An instrument's text in the reader's language; every instrument has all of them."""
    return text.in_language(get_language() or "ru")


def is_draft(text: Text) -> bool:
    """Whether nobody has reviewed the words that this reader sees."""
    return (get_language() or "ru") in text.draft


def _three_states(text: Text) -> forms.ChoiceField:
    return forms.ChoiceField(label=read(text), required=False, choices=_THREE, widget=forms.RadioSelect)
