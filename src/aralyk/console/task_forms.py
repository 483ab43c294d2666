"""What an officer sends from the road. Ids and times are the device's, filled in by its script."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from aralyk import clock
from aralyk.console import people_words, sentences
from aralyk.incidents.actions import CLOSE_REASON_MAX, CLOSE_REASON_MIN
from aralyk.incidents.models import Outcome
from aralyk.people.words import WeaponKind
from aralyk.response.checks import Given
from aralyk.response.judging import Fix
from aralyk.response.models import CheckKind, FieldAct
from aralyk.response.road import Said

_CHOOSE: Final = _("Choose what you conclude")


class OutcomeForm(forms.Form):
    """What it was, in the officer's opinion."""

    outcome = forms.ChoiceField(
        label=_("What you conclude"),
        choices=[(one.value, sentences.OUTCOMES[one.value]) for one in Outcome],
        widget=forms.RadioSelect,
        error_messages={"required": _CHOOSE, "invalid_choice": _CHOOSE},
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


class WeaponForm(forms.Form):
    """What was found."""

    kind = forms.ChoiceField(
        label=_("What you found"),
        choices=[("none", _("no weapon")), *((one.value, people_words.WEAPONS[one.value]) for one in WeaponKind)],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you found"), "invalid_choice": _("Choose what you found")},
    )
    seized = forms.BooleanField(required=False, label=_("It was taken from him, with a protocol"))


class _Moment(forms.CharField):
    """An ISO 8601 time of the device; empty when its script did not run."""

    def clean(self, value: Any) -> datetime | None:
        """The time."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return clock.parse_iso(text)
        except ValueError:
            raise forms.ValidationError(_("The device's time can't be read")) from None


class CheckForm(forms.Form):
    """One check: the code that his device shows, and what the officer's device says of itself."""

    id = forms.UUIDField()
    challenge = forms.UUIDField(required=False)
    code = forms.RegexField(
        r"^\d{6}$",
        required=False,
        label=_("Code on his device"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": "6"}),
        error_messages={"invalid": _("The code has six digits")},
    )
    device_at = _Moment(required=False, max_length=40)
    lat = forms.FloatField(required=False, min_value=-90, max_value=90)
    lon = forms.FloatField(required=False, min_value=-180, max_value=180)
    accuracy_m = forms.FloatField(required=False, min_value=0.001, max_value=100_000)
    fixed_at = _Moment(required=False, max_length=40)

    def given(self, order: UUID, *, now: datetime) -> Given:
        """As the domain takes it; without a code it goes without its challenge."""
        data = self.cleaned_data
        code = data["code"] if data["challenge"] else ""
        return Given(
            id=data["id"], kind=CheckKind.AT_HIS_PLACE, order=order, device_at=data["device_at"] or now,
            fix=_fix_of(data), challenge=data["challenge"] if code else None, code=code,
        )  # fmt: skip


class VisitForm(forms.Form):
    """A visit to her: when, and to whom; never where."""

    id = forms.UUIDField()
    person = forms.UUIDField()
    device_at = _Moment(required=False, max_length=40)

    def given(self, order: UUID, *, now: datetime) -> Given:
        """As the domain takes it."""
        data = self.cleaned_data
        return Given(
            id=data["id"], kind=CheckKind.VISIT_TO_HER, order=order, device_at=data["device_at"] or now,
            protected_person=data["person"],
        )  # fmt: skip


class HerWordForm(forms.Form):
    """What she said, and by which way."""

    channel = forms.UUIDField()
    visited = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])


def _fix_of(data: dict[str, Any]) -> Fix | None:
    if any(data[name] is None for name in ("lat", "lon", "accuracy_m", "fixed_at")):
        return None
    return Fix(lat=data["lat"], lon=data["lon"], accuracy_m=data["accuracy_m"], fixed_at=data["fixed_at"])


class SaidForm(forms.Form):
    """One word from the road."""

    id = forms.UUIDField()
    act = forms.ChoiceField(choices=[(one.value, one.value) for one in FieldAct])
    device_at = _Moment(required=False, max_length=40)
    lat = forms.FloatField(required=False, min_value=-90, max_value=90)
    lon = forms.FloatField(required=False, min_value=-180, max_value=180)
    accuracy_m = forms.FloatField(required=False, min_value=0.001, max_value=100_000)
    fixed_at = _Moment(required=False, max_length=40)
    outcome = forms.CharField(required=False, max_length=24)
    reason = forms.CharField(required=False, max_length=CLOSE_REASON_MAX)

    def clean(self) -> dict[str, Any]:
        """An outcome is said whole."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("act") == FieldAct.CONCLUDE:
            opinion = OutcomeForm(self.data)
            for name, errors in opinion.errors.items():
                self.add_error(name, errors)
        return data

    def said(self, incident: UUID, *, now: datetime) -> Said:
        """As the domain takes it; a page without scripts sends no time and no place."""
        data = self.cleaned_data
        act = FieldAct(data["act"])
        is_outcome = act is FieldAct.CONCLUDE
        return Said(
            id=data["id"], incident=incident, act=act, device_at=data["device_at"] or now,
            fix=_fix_of(data) if act is FieldAct.ARRIVE else None, outcome=data["outcome"] if is_outcome else "",
            reason=data["reason"] if is_outcome else "",
        )  # fmt: skip
