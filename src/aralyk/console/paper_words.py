"""Words and forms of the pages about papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aralyk.orders.drafts import REASON_MAX, REASON_MIN
from aralyk.papers.looks import ON_PAPER
from aralyk.papers.models import Recipient, Rendition, Way
from aralyk.people.looks import PURPOSE_MAX, PURPOSE_MIN
from aralyk.people.vault import SealedName

WITHHELD: Final = "withheld"
NAMED: Final = "named"
RENDITIONS: Final[Mapping[str, Promise]] = {
    Rendition.SERVED: _("For the person under monitoring"),
    Rendition.HERS: _("For the protected person"),
    Rendition.SEALED: _("Sealed: for court, prosecutor and police"),
}
LANGUAGES: Final[Mapping[str, Promise]] = {"ru": _("Russian"), "ky": _("Kyrgyz"), "en": _("English")}
RECIPIENTS: Final[Mapping[str, Promise]] = {
    Recipient.RESPONDENT: _("the person under monitoring"),
    Recipient.DEFENCE_LAWYER: _("the defence lawyer"),
    Recipient.PROTECTED_PERSON: _("the protected person"),
    Recipient.REPRESENTATIVE: _("the protected person's representative"),
    Recipient.COURT: _("the court"),
    Recipient.PROSECUTOR: _("the prosecutor"),
}
WAYS: Final[Mapping[str, Promise]] = {
    Way.IN_PERSON: _("handed over and signed for"),
    Way.READ_ALOUD: _("read aloud, and handed over"),
    Way.REFUSED_TO_SIGN: _("handed over; signature refused"),
    Way.POST: pgettext_lazy("delivery", "by post"),
}
FACTS: Final[Mapping[str, Promise]] = {
    SealedName.NAME: _("Name"),
    SealedName.PHONE: _("Phone"),
    SealedName.HOME_ADDRESS: _("Address of the home"),
    SealedName.WORK_ADDRESS: _("Address of the work"),
    SealedName.SCHOOL_ADDRESS: _("Address of the school"),
}
assert set(FACTS) == set(ON_PAPER)
assert set(RENDITIONS) == set(Rendition)
assert set(RECIPIENTS) == set(Recipient)
assert set(WAYS) == set(Way)


def word(words: Mapping[str, Promise], code: str) -> str:
    """A word in the active language; the code where there is none."""
    return str(words.get(code, code))


class PaperForm(forms.Form):
    """A paper that is kept."""

    rendition = forms.ChoiceField(
        label=_("For whom"),
        choices=[(each.value, RENDITIONS[each]) for each in (Rendition.SERVED, Rendition.HERS)],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose for whom"), "invalid_choice": _("Choose for whom")},
    )
    language = forms.ChoiceField(label=_("Language of the reader"), choices=list(LANGUAGES.items()))


class SealedPaperForm(forms.Form):
    """A sealed paper: each fact that is chosen is a look into the vault."""

    language = forms.ChoiceField(label=_("Language of the reader"), choices=list(LANGUAGES.items()))
    facts = forms.MultipleChoiceField(
        label=_("Facts of the vault"),
        choices=[(name.value, FACTS[name]) for name in ON_PAPER],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    purpose = forms.CharField(
        label=_("What it is for"),
        min_length=PURPOSE_MIN,
        max_length=PURPOSE_MAX,
        widget=forms.TextInput(),
        error_messages={
            "required": _("Write what it is for"),
            "min_length": _("Write the reason in at least %(limit_value)d characters"),
            "max_length": _("The reason is longer than %(limit_value)d characters"),
        },
    )


class ZoneForm(forms.Form):
    """How papers show one closed place, where it is not by a large area."""

    def __init__(self, *given: Any, zones: Sequence[str], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["condition"] = forms.ChoiceField(
            label=_("Closed place"),
            choices=[(code, code) for code in zones],
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose the closed place"), "invalid_choice": _("Choose the closed place")},
        )
        self.fields["shown"] = forms.ChoiceField(
            label=_("On papers"),
            choices=[
                (WITHHELD, _("withheld: no area is drawn")),
                (NAMED, _("named: the order itself names the place")),
            ],
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose how it is shown"), "invalid_choice": _("Choose how it is shown")},
        )
        self.fields["reason"] = forms.CharField(
            label=_("Why"),
            min_length=REASON_MIN,
            max_length=REASON_MAX,
            widget=forms.TextInput(),
            error_messages={
                "required": _("Write why"),
                "min_length": _("Write the reason in at least %(limit_value)d characters"),
                "max_length": _("The reason is longer than %(limit_value)d characters"),
            },
        )


class DeliveryForm(forms.Form):
    """That a paper reached somebody."""

    def __init__(self, *given: Any, recipients: Sequence[str], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["recipient"] = forms.ChoiceField(
            label=_("Who got it"),
            choices=[(each, RECIPIENTS[each]) for each in recipients],
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose who got it"), "invalid_choice": _("Choose who got it")},
        )
        self.fields["way"] = forms.ChoiceField(
            label=_("How"),
            choices=list(WAYS.items()),
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose how"), "invalid_choice": _("Choose how")},
        )
