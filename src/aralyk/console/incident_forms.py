"""What must be stated for each act on an incident. Limits are the domain's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from aralyk.console import incident_words, sentences
from aralyk.incidents.actions import CLOSE_REASON_MAX, CLOSE_REASON_MIN
from aralyk.incidents.handing import NOTE_MAX, REASON_MIN
from aralyk.incidents.models import Outcome
from aralyk.jurisdictions.values import StepResult

BY_PHONE: Final = "phone"  # the choice of a hand-over that has no desk


def _reason(label: Any, *, shortest: int, longest: int) -> forms.CharField:
    return forms.CharField(
        label=label,
        min_length=shortest,
        max_length=longest,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": _("Write why"),
            "min_length": _("Write the reason in at least %(limit_value)d characters"),
            "max_length": _("The reason is longer than %(limit_value)d characters"),
        },
    )


def _free(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=NOTE_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _("The note is longer than %(limit_value)d characters")},
    )


class TriageForm(forms.Form):
    """What must happen next, in the opinion of whoever took it on."""

    judgement = forms.ChoiceField(
        label=_("What must happen next"),
        choices=list(incident_words.JUDGEMENTS.items()),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what must happen next"),
            "invalid_choice": _("Choose what must happen next"),
        },
    )
    note = _free(_("Note"))


class HandOverForm(forms.Form):
    """To which desk, or to whom by telephone."""

    def __init__(self, *given: Any, desks: Sequence[tuple[str, str]] = (), **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["desk"] = forms.ChoiceField(
            label=_("To whom"),
            choices=[*desks, (BY_PHONE, _("By telephone, to somebody without a desk here"))],
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose to whom"), "invalid_choice": _("Choose to whom")},
        )
        self.fields["note"] = _free(_("What was said"))
        self.order_fields(["desk", "note"])

    def clean(self) -> dict[str, Any]:
        """By telephone, the note must say to whom."""
        given = super().clean() or {}
        if given.get("desk") == BY_PHONE and len(str(given.get("note") or "").strip()) < REASON_MIN:
            self.add_error("note", _("Write to whom it was told: office and name or rank"))
        return given


class StepForm(forms.Form):
    """What came of a step, of its own closed list, and what was said or learned."""

    def __init__(self, *given: Any, results: Sequence[StepResult], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["result"] = forms.ChoiceField(
            label=_("What came of it"),
            choices=[(result.value, incident_words.RESULTS[result.value]) for result in results],
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose what came of it"), "invalid_choice": _("Choose what came of it")},
        )
        self.fields["note"] = _free(_("What was said or learned"))


class AcceptForm(forms.Form):
    """The officer's declaration."""

    no_relation = forms.BooleanField(
        label=_("I am no relation of either party"),
        error_messages={"required": _("Only an officer who is no relation of either party may accept")},
    )


class ReasonForm(forms.Form):
    """Why it is given back, or opened again."""

    reason = _reason(_("Why"), shortest=CLOSE_REASON_MIN, longest=CLOSE_REASON_MAX)


class ConcludeForm(forms.Form):
    """An opinion with a name: what it was."""

    outcome = forms.ChoiceField(
        label=_("What you conclude"),
        choices=[(outcome.value, sentences.OUTCOMES[outcome.value]) for outcome in Outcome],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you conclude"), "invalid_choice": _("Choose what you conclude")},
    )
    reason = _reason(_("Why"), shortest=CLOSE_REASON_MIN, longest=CLOSE_REASON_MAX)
