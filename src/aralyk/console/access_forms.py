"""Forms about accounts and access. Limits are the domain's own; a day means until its end in the zone of the pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aralyk import clock
from aralyk.access.actions import DISPLAY_NAME_MAX
from aralyk.access.break_glass import FINDING_MAX, FINDING_MIN, NUMBER_MAX, REASON_MAX, REASON_MIN
from aralyk.access.conflicts import NOTE_MAX, NOTE_MIN
from aralyk.access.errors import FieldProblem, Refused
from aralyk.access.grants import PURPOSE_MAX, PURPOSE_MIN
from aralyk.access.models import Closeness, Finding, Right
from aralyk.access.second_factors import REASON_MAX as FACTOR_REASON_MAX
from aralyk.access.second_factors import REASON_MIN as FACTOR_REASON_MIN
from aralyk.access.sentences import sentence_of
from aralyk.console.access_words import CLOSENESS, FINDINGS, RIGHTS, SUBJECTS

USERNAME_MAX: Final = 150
_TEXTS: Final = {
    "required": _("Write why"),
    "min_length": _("Write the reason in at least %(limit_value)d characters"),
    "max_length": _("The reason is longer than %(limit_value)d characters"),
}


def _text(label: Any, *, shortest: int, longest: int, rows: int = 2) -> forms.CharField:
    return forms.CharField(
        label=label,
        min_length=shortest or None,
        max_length=longest,
        required=shortest > 0,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages=_TEXTS,
    )


def _username(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=USERNAME_MAX,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Write the user name")},
    )


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": _("Choose the day"), "invalid": _("Write the day as year-month-day")},
    )


def end_of(day: date) -> datetime:
    """The last second of a day in the zone of the pages."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time())) - timedelta(seconds=1)


def start_of(day: date) -> datetime:
    """The first moment of a day in the zone of the pages; today means now."""
    return max(timezone.make_aware(datetime.combine(day, time())), clock.now())


class GrantForm(forms.Form):
    """Open a case to a person."""

    username = _username(_("User name of the person"))
    right = forms.ChoiceField(
        label=_("What may be done"),
        choices=[(right.value, RIGHTS[right]) for right in (Right.READ, Right.WORK, Right.SERVED)],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what may be done")},
    )
    purpose = _text(_("What for"), shortest=PURPOSE_MIN, longest=PURPOSE_MAX)
    ends_at = _day(_("Until the end of"))


class ShortReasonForm(forms.Form):
    """Why something is taken back."""

    reason = _text(_("Why"), shortest=3, longest=PURPOSE_MAX)


class GlassForm(forms.Form):
    """Open a case in an emergency."""

    number = forms.CharField(
        label=_("Number of the order"),
        max_length=NUMBER_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Write the number of the order")},
    )
    reason = _text(_("Who is in danger, and why it cannot wait"), shortest=REASON_MIN, longest=REASON_MAX, rows=3)


class FindingForm(forms.Form):
    """The finding of a review."""

    finding = forms.ChoiceField(
        label=_("Finding"),
        choices=[(finding.value, FINDINGS[finding]) for finding in Finding],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the finding")},
    )
    text = _text(_("How it was checked, and what was found"), shortest=FINDING_MIN, longest=FINDING_MAX, rows=4)


class ConflictForm(forms.Form):
    """Who is close to a party of a case."""

    def __init__(self, *given: Any, parties: Sequence[tuple[str, str]], others: bool, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["subject"] = forms.ChoiceField(
            label=_("Close to whom"),
            choices=[(value, f"{SUBJECTS[value.partition(':')[0]]} {name}".strip()) for value, name in parties],
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose to whom")},
        )
        if not others:
            del self.fields["username"]
        self.order_fields(["username", "subject", "closeness", "note"])

    username = _username(_("User name of the person"))
    closeness = forms.ChoiceField(
        label=_("In what way"),
        choices=[(closeness.value, CLOSENESS[closeness]) for closeness in Closeness],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose in what way")},
    )
    note = _text(_("In words"), shortest=NOTE_MIN, longest=NOTE_MAX)


class CoverForm(forms.Form):
    """Holiday cover."""

    def __init__(self, *given: Any, others: bool, **named: Any) -> None:
        super().__init__(*given, **named)
        if not others:
            del self.fields["giver"]

    giver = _username(_("User name of who is away"))
    deputy = _username(_("User name of who stands in"))
    starts_at = _day(_("From"))
    ends_at = _day(_("Until the end of"))
    reason = _text(_("Why"), shortest=3, longest=PURPOSE_MAX)


class ReviewForm(forms.Form):
    """What the reviewer says about one account."""

    note = forms.CharField(label=_("Why access is taken away"), max_length=PURPOSE_MAX, required=False)


class FactorForm(forms.Form):
    """Why a second factor is to be removed."""

    reason = _text(_("How the person proved who they are"), shortest=FACTOR_REASON_MIN, longest=FACTOR_REASON_MAX)


class AccountForm(forms.Form):
    """What an administrator changes of an account."""

    def __init__(
        self,
        *given: Any,
        roles: Sequence[tuple[str, str]],
        districts: Sequence[tuple[str, str]],
        **named: Any,
    ) -> None:
        super().__init__(*given, **named)
        self.fields["role"] = forms.ChoiceField(label=_("Role"), choices=roles)
        self.fields["districts"] = forms.MultipleChoiceField(
            label=_("Districts"), choices=districts, required=False, widget=forms.CheckboxSelectMultiple
        )
        self.order_fields(["username", "password", "display_name", "role", "agency", "districts", "language"])

    display_name = forms.CharField(
        label=_("Name that colleagues see"),
        max_length=DISPLAY_NAME_MAX,
        error_messages={"required": _("Write the name")},
    )


class NewAccountForm(AccountForm):
    """A new account for a named person."""

    def __init__(self, *given: Any, agencies: Sequence[tuple[str, str]], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["agency"] = forms.ChoiceField(label=_("Agency"), choices=[("", "—"), *agencies], required=False)
        self.order_fields(["username", "password", "display_name", "role", "agency", "districts", "language"])

    username = _username(_("User name"))
    password = forms.CharField(
        label=_("First password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Write the password")},
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class PasswordForm(forms.Form):
    """A new password."""

    password = forms.CharField(
        label=_("New password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Write the password")},
    )


EXPECTED: Final = {
    "username": _("There is no such active account, or it is your own, or the name is already taken."),
    "giver": _("This must be an active account with districts of its own."),
    "deputy": _("This must be another active account of the same agency and role."),
    "right": _("This cannot be given to the person's role."),
    "ends_at": _("The day is in the past or later than the rules allow."),
    "password": _("The password is too short, too common or too similar to the name: at least 12 characters."),
    "note": _("Write the reason in at least 3 characters"),
}


def blame(form: forms.Form, refused: Refused) -> None:
    """Put what the domain refused beside the field that it names; else above all."""
    for problem in refused.fields or (FieldProblem(field="", expected=""),):
        name = problem.field.partition("[")[0]
        known = name in form.fields
        form.add_error(name if known else None, str(EXPECTED.get(name, "")) or sentence_of(refused))
