"""The forms about people. Limits are the domain's own, and what it refuses is shown beside the field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from aralyk.access.errors import Refused
from aralyk.access.sentences import sentence_of
from aralyk.console import people_words as words
from aralyk.console.sentences import Texts
from aralyk.people.actions import CODE_MAX, NAME_MAX, PHONE_MAX
from aralyk.people.looks import PURPOSE_MAX, PURPOSE_MIN
from aralyk.people.respondents import ADDRESS_MAX
from aralyk.people.vault import VALUE_MAX

_TOO_LONG: Final = _("Longer than %(limit_value)d characters")
_EXPECTED: Final[dict[str, Any]] = {
    "born_on": _("Write a day in the past, as in the papers"),
    "safe_until": _("Write a time after the first, on the same day"),
    "code": _("Write a code that nobody else has"),
    "meeting_point": _("Write a public place, not the address of the shelter"),
    "relative_of_his": _("Nobody of the monitored person's relatives may help; ask her when it is not known"),
    "consents": _("Her own consent is needed"),
    "alone": _("Only a conversation with her alone counts"),
    "given_by": _("This number was not given by her: let her give one and record it anew"),
    "until": _("Write a day in the future"),
    "account": _("Write the user name of somebody of a crisis centre"),
    "birth_year": _("Write a year from 1990 to this one"),
    "kind": _("This consent stands already"),
    "since": _("Write a moment in the past"),
    "number": _("Write the number"),
}


def _text(label: Any, *, longest: int = VALUE_MAX, required: bool = True, **named: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=longest,
        required=required,
        error_messages={"required": _("Fill this in"), "max_length": _TOO_LONG},
        **named,
    )


def _choice(label: Any, texts: Texts, *, listed: bool = False, **named: Any) -> forms.ChoiceField:
    choices: list[tuple[str, Any]] = list(texts.items())
    return forms.ChoiceField(
        label=label,
        choices=[("", "—"), *choices] if listed else choices,
        widget=forms.Select if listed else forms.RadioSelect,
        error_messages={"required": _("Choose one"), "invalid_choice": _("Choose one")},
        **named,
    )


def _day(label: Any, *, required: bool = False) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Fill this in"), "invalid": _("Write a day")},
    )


def _time(label: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}),
        error_messages={"invalid": _("Write a time as 10:00")},
    )


class RespondentForm(forms.Form):
    """A person under electronic monitoring."""

    name = _text(_("Name, as in the papers"), longest=NAME_MAX)
    born_on = _day(_("Date of birth"))
    language = _choice(_("Language"), words.LANGUAGES, listed=True)
    weapons = _choice(_("Are there weapons?"), words.STATED)

    def __init__(self, *given: Any, districts: Sequence[tuple[str, str]], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["residence_district"] = forms.ChoiceField(
            label=_("District where this person lives"), choices=[("", "—"), *districts],
            error_messages={"required": _("Choose one"), "invalid_choice": _("Choose one")},
        )  # fmt: skip
        self.order_fields(["name", "born_on", "residence_district", "language", "weapons"])


class HowToSpeakForm(forms.Form):
    """How to speak with her, and when."""

    language = _choice(_("Language"), words.LANGUAGES, listed=True)
    hears = _choice(_("Does she hear?"), words.STATED)
    reads = _choice(_("Does she read?"), words.STATED)
    has_phone = _choice(_("Has she a phone of her own?"), words.STATED)
    children_stated = _choice(_("Are there children?"), words.STATED)
    safe_from = _time(_("May be reached from"))
    safe_until = _time(_("May be reached until"))

    def clean(self) -> dict[str, Any]:
        """Both hours or none."""
        given = super().clean() or {}
        if (given.get("safe_from") is None) != (given.get("safe_until") is None):
            self.add_error("safe_until", _("Write both times, or none"))
        return given


class ProtectedForm(HowToSpeakForm):
    """A protected person; every text here is sealed."""

    name = _text(_("Her name, or what she wants to be called"))
    phone = _text(_("Her phone"), required=False)
    home_address = _text(_("Home address"), required=False)
    work_address = _text(_("Work address"), required=False)
    school_address = _text(_("School address"), required=False)
    shelter_address = _text(_("Address of the shelter"), required=False)
    code_word = _text(_("Code word"), required=False)
    field_order = ("name", "phone", "code_word", "home_address", "work_address", "school_address", "shelter_address",
                   "language", "hears", "reads", "has_phone", "children_stated", "safe_from", "safe_until")  # fmt: skip


class SealForm(forms.Form):
    """Write or replace one sealed fact."""

    value = _text(_("What to seal"))

    def __init__(self, *given: Any, facts: Sequence[tuple[str, Any]], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["field"] = forms.ChoiceField(
            label=_("Which fact"), choices=facts, error_messages={"invalid_choice": _("Choose one")}
        )
        self.order_fields(["field", "value"])


class LookForm(forms.Form):
    """Which fact to show, for which case, and why."""

    purpose = _text(
        _("Why you need it"), longest=PURPOSE_MAX, min_length=PURPOSE_MIN, widget=forms.Textarea(attrs={"rows": 2})
    )
    purpose.error_messages["min_length"] = _("Write why, in at least %(limit_value)d characters")

    def __init__(
        self, *given: Any, facts: Sequence[tuple[str, Any]], cases: Sequence[tuple[str, str]], **named: Any
    ) -> None:
        super().__init__(*given, **named)
        self.fields["fact"] = forms.ChoiceField(
            label=_("What to show"), choices=facts, error_messages={"invalid_choice": _("Choose one")}
        )
        self.fields["order"] = forms.ChoiceField(
            label=_("For which order"), choices=cases, error_messages={"invalid_choice": _("Choose one")}
        )
        self.order_fields(["fact", "order", "purpose"])


class ChannelForm(forms.Form):
    """A way to reach her."""

    how = _choice(_("How"), words.HOW, listed=True)
    number = _text(_("Number"), longest=PHONE_MAX, required=False)
    given_by = _choice(_("Who gave the number"), words.GIVEN_BY, listed=True)


class ConfirmChannelForm(forms.Form):
    """That she confirmed it."""

    alone = forms.BooleanField(required=False, label=_("I spoke with her alone, and not on this phone"))


class HelperForm(forms.Form):
    """Somebody who acts for her."""

    name = _text(_("Name"), longest=NAME_MAX)
    phone = _text(_("Phone"), longest=PHONE_MAX)
    relation = _choice(_("Who this is to her"), words.RELATIONS, listed=True)
    relative_of_his = _choice(_("A relative of the person under monitoring?"), words.STATED)
    consents = forms.BooleanField(required=False, label=_("She herself wants this helper"))


class ConsentForm(forms.Form):
    """What she agreed to."""

    kind = _choice(_("She agrees"), words.CONSENTS, listed=True)
    until = _day(_("Until (empty: until she takes it back)"))


class ChildForm(forms.Form):
    """A child of the case."""

    name = _text(_("Name"), longest=NAME_MAX)
    birth_year = forms.IntegerField(
        label=_("Year of birth"), required=False, error_messages={"invalid": _("Write a year")}
    )
    lives_with = _choice(_("Lives"), words.LIVES_WITH, listed=True)
    role = _choice(_("In this case the child"), words.CHILD_ROLES, listed=True)
    child_of_respondent = _choice(_("Is the monitored person a parent?"), words.STATED)
    school = _text(_("School or kindergarten"), required=False)


class RepresentativeForm(forms.Form):
    """Who speaks for her or for a child."""

    kind = _choice(_("By what right"), words.REPRESENTATIVES, listed=True)
    name = _text(_("Name"), longest=NAME_MAX)
    phone = _text(_("Phone"), longest=PHONE_MAX, required=False)
    until = _day(_("Mandate until (a lawyer's always ends)"))
    consents = forms.BooleanField(required=False, label=_("She herself agreed"))
    account = _text(_("Account of a crisis centre"), longest=150, required=False)

    def __init__(self, *given: Any, children: Sequence[tuple[str, str]], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["child"] = forms.ChoiceField(
            label=_("For whom"), choices=[("", _("for herself")), *children], required=False
        )
        self.order_fields(["kind", "child", "name", "phone", "until", "consents", "account"])


class ChildWithHimForm(forms.Form):
    """Since when a child is with him."""

    since = forms.DateTimeField(
        label=_("Since when, as far as known"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M"],
        error_messages={"required": _("Fill this in"), "invalid": _("Write a day and a time")},
    )

    def __init__(self, *given: Any, respondents: Sequence[tuple[str, str]], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["respondent"] = forms.ChoiceField(
            label=_("With whom"), choices=respondents, error_messages={"invalid_choice": _("Choose one")}
        )
        self.order_fields(["respondent", "since"])


class PlaceForm(forms.Form):
    """Where he may be found."""

    kind = _choice(_("What it is"), words.PLACES, listed=True)
    address = _text(_("Address"), longest=ADDRESS_MAX)


class WeaponForm(forms.Form):
    """A weapon."""

    kind = _choice(_("Kind of weapon"), words.WEAPONS, listed=True)
    registered = _choice(_("Is it registered?"), words.STATED)
    seized = forms.BooleanField(required=False, label=_("It has been seized"))


class ShelterForm(forms.Form):
    """A shelter: what those who drive there may know, and what is sealed."""

    code = _text(_("Code"), longest=CODE_MAX)
    name = _text(_("Name (sealed)"), longest=NAME_MAX)
    address = _text(_("Address (sealed)"))
    duty_phone = _text(_("Duty phone"), longest=PHONE_MAX)
    meeting_point = _text(_("Meeting point"), longest=NAME_MAX)


def show_refusal(form: forms.Form, refused: Refused) -> None:
    """Put what the domain refused beside its field, in the reader's language."""
    for problem in refused.fields:
        name = problem.field.removeprefix("sealed.")
        form.add_error(name if name in form.fields else None, str(_EXPECTED.get(name, _("Check this"))))
    if not refused.fields:
        form.add_error(None, sentence_of(refused))
