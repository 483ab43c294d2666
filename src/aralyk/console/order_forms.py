"""The forms of an order's steps and acts. What the law and the domain check is not checked here a second time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aralyk.access.errors import Refused
from aralyk.console import order_words as words
from aralyk.orders.drafts import NUMBER_MAX, REASON_MAX, REASON_MIN, THIRD_ADULT_MAX, Place
from aralyk.orders.fitting import Limit
from aralyk.orders.models import Answer, Carries, Exemption, LossCause, Weapons, Wish
from aralyk.orders.sealed import parse_place
from aralyk.orders.service import Topic
from aralyk.people.actions import LANGUAGES, NAME_MAX
from aralyk.people.models import Stated

Choices = Sequence[tuple[str, Any]]
ZONES_MAX: Final = 6
POINTS_MAX: Final = 4_000  # characters: 150 corners by hand are enough
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STATED: Final = [
    (Stated.YES.value, pgettext_lazy("stated", "yes")),
    (Stated.NO.value, pgettext_lazy("stated", "no")),
    (Stated.UNKNOWN.value, pgettext_lazy("stated", "not known")),
]


class MomentField(forms.DateTimeField):
    """A local time of the country, as a browser's own field gives it."""

    def __init__(self, **named: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(
            widget=widget,
            input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
            error_messages={"required": _("Write the day and time"), "invalid": _("Write the day and time")},
            **named,
        )

    def clean(self, value: Any) -> datetime | None:
        """The moment with its zone."""
        found: datetime | None = super().clean(value)
        return found if found is None or found.tzinfo else found.replace(tzinfo=ZoneInfo(settings.TIME_ZONE))


class PlaceField(forms.CharField):
    """A point as latitude and longitude; the map fills it, and hands can."""

    def __init__(self, **named: Any) -> None:
        super().__init__(
            max_length=60,
            widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off", "class": "short"}),
            error_messages={"required": _("Write the latitude and longitude")},
            **named,
        )

    def clean(self, value: Any) -> Place | None:
        """The place; None when nothing was written."""
        text = str(super().clean(value)).strip()
        if not text:
            return None
        try:
            return parse_place(text)
        except Refused:
            raise forms.ValidationError(
                _("Write the latitude and longitude in degrees, like 42.8746, 74.6122")
            ) from None


def radio(label: Any, choices: Choices, **named: Any) -> forms.ChoiceField:
    """One of a few."""
    return forms.ChoiceField(
        label=label,
        choices=choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one"), "invalid_choice": _("Choose one")},
        **named,
    )


def reason(label: Any, *, required: bool = True, help_text: Any = "") -> forms.CharField:
    """Words that a court may read."""
    return forms.CharField(
        label=label,
        required=required,
        min_length=REASON_MIN,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=help_text,
        error_messages={
            "required": _("Write why"),
            "min_length": _("Write the reason in at least %(limit_value)d characters"),
            "max_length": _("The reason is longer than %(limit_value)d characters"),
        },
    )


def tick(label: Any, *, required: bool = False, help_text: Any = "") -> forms.BooleanField:
    """Yes, or nothing."""
    return forms.BooleanField(
        label=label, required=required, help_text=help_text, error_messages={"required": _("Confirm this")}
    )


# --- the steps of the wizard ----------------------------------------------------------------------------------


class PeopleForm(forms.Form):
    """Over whom, and for whom."""

    respondent = forms.ChoiceField(label=_("Person under monitoring"), required=False)
    new_name = forms.CharField(label=_("Name, as in the papers"), required=False, max_length=NAME_MAX)
    new_born_on = forms.DateField(
        label=_("Date of birth"), required=False, widget=forms.DateInput(attrs={"type": "date", "class": "short"})
    )
    new_weapons = radio(_("Access to weapons"), STATED, required=False, initial=Stated.UNKNOWN.value)
    new_language = forms.ChoiceField(label=_("Language"), choices=words.LANGUAGES)
    district = forms.ChoiceField(label=_("District of his residence"))
    codes = forms.CharField(
        label=_("Codes of protected persons who are registered already"),
        required=False,
        max_length=200,
        help_text=_("One or more, with a comma between. Names are not searched: they are sealed."),
    )
    her_name = forms.CharField(label=_("Name, or what she wants to be called"), required=False, max_length=NAME_MAX)
    her_phone = forms.CharField(label=_("Telephone number"), required=False, max_length=30)
    her_language = forms.ChoiceField(label=_("Language"), choices=words.LANGUAGES)
    her_home = PlaceField(
        label=_("Her home"),
        required=False,
        help_text=_("Latitude, longitude. Sealed at once: it is used for the checks and shown to nobody."),
    )
    her_shelter = PlaceField(label=_("Her shelter, if she has one"), required=False, help_text=_("Sealed as well."))

    def __init__(self, *given: Any, respondents: Choices, districts: Choices, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["respondent"].choices = [("", _("A new person")), *respondents]  # type: ignore[attr-defined]
        self.fields["district"].choices = districts  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Somebody must stand on each side."""
        given = super().clean() or {}
        if not given.get("respondent") and not given.get("new_name", "").strip():
            self.add_error("new_name", _("Choose a person, or write the name of a new one"))
        if not given.get("codes", "").strip() and not given.get("her_name", "").strip():
            self.add_error("her_name", _("Write a code, or the name of a new person"))
        return given


class LawForm(forms.Form):
    """What it rests on, and for how long."""

    number = forms.CharField(
        label=_("Number of the order"), max_length=NUMBER_MAX, error_messages={"required": _("Write the number")}
    )
    term_days = forms.IntegerField(
        label=_("Term, days"),
        min_value=1,
        max_value=400,
        widget=forms.NumberInput(attrs={"class": "short"}),
        error_messages={
            "required": _("Write the term in days"),
            "invalid": _("Write a whole number of days"),
            "min_value": _("At least %(limit_value)d days"),
            "max_value": _("At most %(limit_value)d days"),
        },
    )
    starts_at = MomentField(
        label=_("In force from"), required=False, help_text=_("Empty: from the moment of its issue.")
    )
    extension_requested = tick(
        _("She asked for the longer term in a private conversation"),
        help_text=_("Only where the law knows an extension on her request."),
    )
    reported_at = MomentField(label=_("The report was received"), required=False)
    established_at = MomentField(
        label=_("The fact of violence was established"),
        required=False,
        help_text=_("Two clocks of 24 hours run: from here, and from the report."),
    )
    threat = radio(_("Threat, as the police assessed the risk"), words.THREATS)

    def __init__(self, *given: Any, bases: Choices, statements: Sequence[str], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["legal_basis"] = radio(_("Rests on"), bases)
        self.statements = tuple(statements)
        for name in statements:
            self.fields[f"stated_{name}"] = radio(words.statement(name), STATED)
        stated = [f"stated_{name}" for name in statements]
        self.order_fields(
            [
                "legal_basis", "number", "term_days", "starts_at", "extension_requested", "reported_at",
                "established_at", *stated, "threat",
            ]
        )  # fmt: skip


class ConditionsForm(forms.Form):
    """Prohibitions and duties but for the places."""

    def __init__(self, *given: Any, kinds: Sequence[Mapping[str, Any]], ring: bool, **named: Any) -> None:
        super().__init__(*given, **named)
        if ring:
            self.fields["ring"] = tick(
                _("Not to approach: watched by devices"),
                help_text=_("The ring moves with her. Distances are the same for everybody whom the order protects."),
            )
            for name, label in (("distance_m", _("Not nearer than, metres")), ("warning_m", _("Warning from, metres"))):
                self.fields[name] = forms.IntegerField(
                    label=label,
                    required=False,
                    min_value=1,
                    widget=forms.NumberInput(attrs={"class": "short"}),
                    error_messages={"invalid": _("Write a whole number of metres")},
                )
        for kind in kinds:
            slug = kind["slug"]
            self.fields[f"kind_{slug}"] = tick(kind["name"], help_text=kind["known_by"])
            for name in kind["numbers"]:
                self.fields[f"number_{slug}_{name}"] = forms.IntegerField(
                    label=_("How many times a month"),
                    required=False,
                    widget=forms.NumberInput(attrs={"class": "short"}),
                )

    def clean(self) -> dict[str, Any]:
        """A ring has both distances."""
        given = super().clean() or {}
        if given.get("ring"):
            for name in ("distance_m", "warning_m"):
                if given.get(name) is None and name not in self.errors:
                    self.add_error(name, _("Write a whole number of metres"))
        return given


class ZoneForm(forms.Form):
    """One closed area; empty rows are no areas. The map writes the same fields as hands do."""

    code = forms.SlugField(
        label=_("Name of the area"),
        required=False,
        max_length=32,
        help_text=_("Latin letters and digits. It stands on his paper: never what is there."),
        error_messages={"invalid": _("Use Latin letters, digits and dashes")},
    )
    form = radio(
        _("Form"),
        [("circle", pgettext_lazy("area", "circle")), ("polygon", pgettext_lazy("area", "polygon"))],
        required=False,
        initial="circle",
    )
    points = forms.CharField(
        label=_("Points"),
        required=False,
        max_length=POINTS_MAX,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "data-zone-points": ""}),
        help_text=_("Latitude, longitude: the middle of a circle, or a corner of a polygon on each line."),
    )
    radius_m = forms.IntegerField(
        label=_("Radius of the circle, metres"),
        required=False,
        min_value=20,
        max_value=20_000,
        widget=forms.NumberInput(attrs={"class": "short", "data-zone-radius": ""}),
    )
    days = forms.MultipleChoiceField(
        label=_("Only on these days"), required=False, choices=words.DAYS, widget=forms.CheckboxSelectMultiple
    )
    begins = forms.CharField(label=_("From, hh:mm"), required=False, max_length=5)
    ends = forms.CharField(label=_("Until, hh:mm"), required=False, max_length=5)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was drawn here."""
        return not str(self.cleaned_data.get("points", "")).strip()

    def clean(self) -> dict[str, Any]:
        """Points that form the shape, and hours that are whole."""
        given = super().clean() or {}
        lines = [line for line in str(given.get("points") or "").splitlines() if line.strip()]
        if not lines:
            return given
        try:
            given["places"] = [parse_place(line) for line in lines]
        except Refused:
            self.add_error("points", _("Write the latitude and longitude in degrees, like 42.8746, 74.6122"))
            return given
        if given.get("form") == "polygon" and len(lines) < 3:
            self.add_error("points", _("A polygon has at least three corners"))
        if given.get("form") != "polygon":
            if len(lines) != 1:
                self.add_error("points", _("A circle has one middle"))
            if not given.get("radius_m"):
                self.add_error("radius_m", _("Write the radius in metres"))
        if bool(given.get("days")) != bool(given.get("begins") and given.get("ends")):
            self.add_error("days", _("Write days, beginning and end, or none of them"))
        return given

    def shape(self) -> dict[str, Any]:
        """The shape as the order keeps it."""
        places: list[Place] = self.cleaned_data["places"]
        if self.cleaned_data.get("form") != "polygon":
            return {
                "circle": {"lat": places[0].lat, "lon": places[0].lon, "radius_m": float(self.cleaned_data["radius_m"])}
            }
        ring = [[place.lon, place.lat] for place in places]
        return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}

    def schedule(self) -> list[dict[str, Any]] | None:
        """When it holds; None: always."""
        given = self.cleaned_data
        if not given.get("days"):
            return None
        return [{"days": list(given["days"]), "from": given["begins"], "to": given["ends"]}]


class HandoverForm(forms.Form):
    """One hand-over of a child: where, when, and who is there besides."""

    place = PlaceField(label=_("Place of the hand-over"), required=False)
    from_at = MomentField(label=_("From"), required=False)
    to_at = MomentField(label=_("Until"), required=False)
    third_adult = forms.CharField(
        label=_("Third adult"),
        required=False,
        max_length=THIRD_ADULT_MAX,
        help_text=_("Who is there besides the parents."),
    )

    def clean(self) -> dict[str, Any]:
        """All of it, or nothing."""
        given = super().clean() or {}
        filled = [name for name in ("place", "from_at", "to_at", "third_adult") if given.get(name)]
        if filled and len(filled) < 4:
            for name in ("place", "from_at", "to_at", "third_adult"):
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, _("A hand-over needs place, beginning, end and a third adult"))
        return given


class CircumstancesForm(forms.Form):
    """What the checks need to know."""

    his_home = PlaceField(
        label=_("Where he lives"), required=False, help_text=_("Latitude, longitude. Empty: not known.")
    )
    his_work = PlaceField(
        label=_("Where he works"), required=False, help_text=_("Latitude, longitude. Empty: not known.")
    )
    police_travel_min = forms.IntegerField(
        label=_("How long the nearest police need to her home, minutes"),
        required=False,
        min_value=0,
        max_value=600,
        widget=forms.NumberInput(attrs={"class": "short"}),
        help_text=_("As the police state it. Empty: not known."),
    )
    interval_s = forms.IntegerField(
        label=_("Seconds between two reports of the devices"),
        initial=60,
        min_value=5,
        max_value=3_600,
        widget=forms.NumberInput(attrs={"class": "short"}),
        error_messages={"required": _("Write the seconds between two reports")},
    )

    def __init__(self, *given: Any, protected: Choices, **named: Any) -> None:
        super().__init__(*given, **named)
        for person, code in protected:
            self.fields[f"carries_{person}"] = radio(
                _("Will %(code)s carry a telephone or another device?") % {"code": code}, STATED
            )


class FindingForm(forms.Form):
    """The answer to one finding."""

    reason = reason(_("Why the order is made all the same"))

    def __init__(self, *given: Any, needs_alternative: bool, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["reason"].min_length = 10  # type: ignore[attr-defined]
        if needs_alternative:
            self.fields["alternative"] = reason(_("What protects her instead"))


# --- acts on an order that is there ----------------------------------------------------------------------------


class ReasonedForm(forms.Form):
    """An act that needs a reason alone."""

    reason = reason(_("Why"))


class EndForm(ReasonedForm):
    """The end of an order by its issuer."""

    act = forms.CharField(
        label=_("Number and date of the court's ruling"),
        required=False,
        max_length=80,
        help_text=_("Required where a court made the order and somebody else records its end."),
    )


class SuspendForm(ReasonedForm):
    """A time in which nobody watches."""

    from_at = MomentField(label=_("From"))
    until_at = MomentField(label=_("Until"), help_text=_("At most three days later. Watching begins again by itself."))
    field_order = ("from_at", "until_at", "reason")


class PrivateForm(forms.Form):
    """How a conversation with her was held; each must be so."""

    alone = tick(_("She was alone: nobody else could hear"))
    code_word_used = tick(_("She gave the agreed code word"))
    not_on_her_phone = tick(_("Not on her own telephone"))
    adviser_offered = tick(_("An adviser of a crisis centre was offered before she answered"))
    pressure = radio(_("Does somebody press her?"), STATED, initial=Stated.UNKNOWN.value)
    note = reason(_("What she said"), required=False)


class QuestionForm(PrivateForm):
    """Her answer about the extension."""

    answer = radio(_("Does she wish the order to go on?"), [
        (Answer.WISHES.value, _("She wishes it")),
        (Answer.DOES_NOT_WISH.value, _("She does not wish it: her request goes to reassessment and decision")),
        ("not_reached", _("She was not reached, or could not speak: the question stays open")),
    ])  # fmt: skip
    extend_to = MomentField(
        label=_("Extend until"), required=False, help_text=_("On her wish, within the terms of the law.")
    )
    field_order = ("answer", "alone", "code_word_used", "not_on_her_phone", "adviser_offered", "pressure", "note")


class RequestForm(forms.Form):
    """That less protection was asked for."""

    wish = radio(_("What is asked for"), [
        (Wish.LIFT.value, _("To lift the order")),
        (Wish.SHORTEN.value, _("To shorten its term")),
        (Wish.NOT_EXTEND.value, _("Not to extend it")),
    ])  # fmt: skip
    wished_until = MomentField(label=_("Shorter term: until"), required=False)
    pressure = radio(_("Does somebody press her?"), STATED, initial=Stated.UNKNOWN.value)
    note = reason(_("Who asked, and how"), required=False)

    def __init__(self, *given: Any, protected: Choices, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["person"] = forms.ChoiceField(label=_("Protected person"), choices=protected)
        self.order_fields(["person", "wish", "wished_until", "pressure", "note"])


class TalkForm(PrivateForm):
    """The conversation about a request."""

    still_wishes = radio(_("Does she still wish it?"), STATED)
    field_order = (
        "alone", "code_word_used", "not_on_her_phone", "adviser_offered", "still_wishes", "pressure", "note",
    )  # fmt: skip


class DecideForm(EndForm):
    """The issuer's decision about a request."""

    granted = radio(_("Decision"), [
        ("no", _("The order stays as it is")),
        ("yes", _("Do what she asked for")),
    ])  # fmt: skip
    field_order = ("granted", "reason", "act")


class ServiceForm(forms.Form):
    """That a party was handed the order."""

    served_at = MomentField(label=_("Handed over at"))
    language = forms.ChoiceField(label=_("Explained in"), choices=words.LANGUAGES)
    interpreter = tick(_("Somebody interpreted"))
    told = forms.MultipleChoiceField(
        label=_("What was said"),
        choices=[(topic.value, words.TOPICS[topic.value]) for topic in Topic],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Mark what was said")},
    )
    refused_to_sign = tick(_("Refused to sign"))
    weapons = radio(
        _("Weapons"), [(one.value, words.WEAPONS[one.value]) for one in Weapons], required=False,
        help_text=_("Of the person under monitoring only."),
    )  # fmt: skip
    weapon_register_answered = tick(_("The weapon register had answered before"))
    note = reason(
        _("Note"), required=False,
        help_text=_("Required when he refused to sign, or the weapon register had not answered."),
    )  # fmt: skip

    def __init__(self, *given: Any, protected: Choices, papers: Choices, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["person"] = forms.ChoiceField(
            label=_("To whom"), required=False, choices=[("", _("Person under monitoring")), *protected]
        )
        self.fields["paper"] = forms.ChoiceField(
            label=_("Paper that was handed over"),
            required=False,
            choices=[("", _("no paper of this list")), *papers],
        )
        self.order_fields(
            ["person", "paper", "served_at", "language", "interpreter", "told", "refused_to_sign", "weapons"]
        )


class ChooseDeviceForm(ReasonedForm):
    """The ministry's decision about the device."""

    carries = radio(_("He carries"), [(one.value, words.CARRIES[one.value]) for one in Carries])
    exemption = radio(
        _("Exemption from the bracelet"), [(one.value, words.EXEMPTIONS[one.value]) for one in Exemption],
        initial=Exemption.NONE.value,
    )  # fmt: skip
    exemption_reason = reason(_("What the exemption rests on"), required=False)
    free_charger_given = tick(_("A charger was given free of charge"))
    field_order = ("carries", "reason", "exemption", "exemption_reason", "free_charger_given")


class AssignForm(ReasonedForm):
    """Which device somebody of the order carries from now on."""

    def __init__(self, *given: Any, protected: Choices, stock: Choices, respondent: str, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["person"] = forms.ChoiceField(
            label=_("Who carries it"), choices=[(respondent, _("Person under monitoring")), *protected]
        )
        self.fields["device"] = forms.ChoiceField(
            label=_("Device"), choices=stock, help_text=_("Those that nobody carries.")
        )
        self.order_fields(["person", "device", "reason"])


class LimitsForm(forms.Form):
    """What she heard of what the system can't do."""

    language = forms.ChoiceField(label=_("Explained in"), choices=words.LANGUAGES)
    limits = forms.MultipleChoiceField(
        label=_("She heard"),
        choices=[(limit.value, words.LIMITS[limit.value]) for limit in Limit],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Mark what she heard")},
    )
    carries_device = radio(_("Does she carry a device?"), STATED)

    def __init__(self, *given: Any, protected: Choices, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["person"] = forms.ChoiceField(label=_("Protected person"), choices=protected)
        self.order_fields(["person", "language", "limits", "carries_device"])


class LossForm(forms.Form):
    """A loss outside his will."""

    cause = radio(_("Cause"), [(one.value, words.LOSSES[one.value]) for one in LossCause])
    from_at = MomentField(label=_("From"))
    until_at = MomentField(label=_("Until"), required=False, help_text=_("Empty: it goes on."))
    note = reason(_("How it is known"))


assert set(LANGUAGES) == {code for code, _name in words.LANGUAGES}
