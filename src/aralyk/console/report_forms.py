"""Forms of the report desk: the steps of taking a report, and what is done on its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aralyk.access.models import User
from aralyk.console import report_words as words
from aralyk.console.sentences import Texts
from aralyk.jurisdictions.model import Statement, Text
from aralyk.jurisdictions.pack import Pack
from aralyk.people.actions import NAME_MAX
from aralyk.people.models import Stated
from aralyk.people.vault import VALUE_MAX, SealedName
from aralyk.reports.actions import COPY_REASON_MAX, NUMBER_MAX
from aralyk.reports.clocks import Result
from aralyk.reports.drafts import CONTACT_MAX, REASON_MAX, REASON_MIN, WORDS_MAX, InvolvedDraft, Said
from aralyk.reports.joined import FoundRespondent
from aralyk.reports.models import Answer, Applicant, Channel, Part, WhyNotTold

PEOPLE_MAX: Final = 8  # on one page; more are added on the report's own
NEW, UNKNOWN = "new", "unknown"
Choices = Sequence[tuple[str, Any]]
_WHEN_FORM: Final = "%Y-%m-%dT%H:%M"
LANGUAGE_NAMES: Final = {"ru": "Русский", "ky": "Кыргызча", "uz": "Oʻzbekcha", "kk": "Қазақша", "en": "English"}


def listed(texts: Texts, codes: Sequence[str]) -> Choices:
    """Choices with their words."""
    return [(code, texts[code]) for code in codes]


def named(entries: Sequence[Any]) -> Choices:
    """Entries of the pack as choices; one that has no name in the active language stands there with its code."""
    return [(entry.slug, text_in(entry.name, entry.slug)) for entry in entries]


def text_in(text: Text, code: str) -> str:
    """A text of the pack in the active language; the code where nobody has written it."""
    try:
        return text.in_language(get_language() or "ru")
    except KeyError:
        return code


def given_to(form: type[forms.Form] | forms.Form, content: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What a draft holds, as the initial values of a form."""
    fields = form.base_fields if isinstance(form, type) else form.fields
    return {
        name: list(values) if isinstance(fields.get(name), forms.MultipleChoiceField) else values[-1]
        for name, values in content.items()
        if values
    }


def bound(content: Mapping[str, Sequence[str]]) -> MultiValueDict[str, str]:
    """What a draft holds, as if it had just been sent."""
    return MultiValueDict({name: list(values) for name, values in content.items()})


def _when(label: Any, *, required: bool = True, hint: Any = "") -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=required,
        help_text=hint,
        input_formats=[_WHEN_FORM, "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_WHEN_FORM),
        error_messages={"required": _("Write the day and the time"), "invalid": _("Write a day and a time")},
    )


def _day(label: Any, *, required: bool = True, hint: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=hint,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Write the day"), "invalid": _("Write a day")},
    )


def _reason(label: Any = None, *, longest: int = REASON_MAX, hint: Any = "", required: bool = True) -> Any:
    return forms.CharField(
        label=label or _("Why"),
        required=required,
        help_text=hint,
        min_length=REASON_MIN,
        max_length=longest,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": _("Write why"),
            "min_length": _("Write the reason in at least %(limit_value)d characters"),
            "max_length": _("The reason is longer than %(limit_value)d characters"),
        },
    )


def _choice(label: Any, choices: Choices, *, hint: Any = "", radio: bool = False, required: bool = True) -> Any:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        help_text=hint,
        required=required,
        widget=forms.RadioSelect() if radio else forms.Select(),
        error_messages={"required": _("Choose one"), "invalid_choice": _("Choose one")},
    )


class HowForm(forms.Form):
    """How the report came, and from whom."""

    def __init__(self, *given: Any, law: Pack, on: date, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["channel"] = _choice(_("How it came"), listed(words.CHANNELS, Channel.values), radio=True)
        self.fields["applicant"] = _choice(
            _("Who reports"), listed(words.APPLICANTS, Applicant.values), hint=_("Anybody may, also without a name.")
        )
        self.fields["applicant_contact"] = forms.CharField(
            label=_("Name, and how to reach them safely"),
            required=False,
            max_length=CONTACT_MAX,
            widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
            help_text=_("It is encrypted, and every look at it is recorded. Leave it empty if no name was given."),
        )
        self.fields["applicant_minor"] = _choice(
            _("Is this person under 18?"), listed(words.STATED, Stated.values), radio=True
        )
        languages = [(str(code), LANGUAGE_NAMES.get(code, code)) for code in law.country.languages]
        self.fields["language"] = _choice(_("In which language"), languages)
        self.fields["reported_at"] = _when(
            _("When it was reported"), hint=_("When somebody first told any office, not when you write it down.")
        )
        self.fields["district"] = _choice(
            _("District"), named(law.districts_on(on)), hint=_("Whose office goes on with it.")
        )


class WhatForm(forms.Form):
    """What happened."""

    def __init__(self, *given: Any, law: Pack, on: date, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["account"] = forms.CharField(
            label=_("What happened, in the applicant's words"),
            max_length=WORDS_MAX,
            widget=forms.Textarea(attrs={"rows": 7, "autocomplete": "off"}),
            help_text=_("It is encrypted, and every look at it is recorded."),
            error_messages={"required": _("Write what happened"), "max_length": _("The text is too long")},
        )
        self.fields["happened_at"] = _when(
            _("When it happened"), required=False, hint=_("Leave it empty if nobody knows.")
        )
        self.fields["violence"] = forms.MultipleChoiceField(
            label=_("What kind of violence"),
            choices=named(law.violence_kinds_on(on)),
            required=False,
            widget=forms.CheckboxSelectMultiple(),
            help_text=_("All that apply. It may be added later."),
        )
        self.fields["established_at"] = _when(
            _("When the fact of violence was established"),
            required=False,
            hint=_("The law's 24 hours count from it. Leave it empty while it is not established."),
        )


class HimForm(forms.Form):
    """Who it was: searched for first, then registered, or unknown."""

    def __init__(self, *given: Any, law: Pack, on: date, found: Sequence[FoundRespondent] = (), **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["name"] = forms.CharField(
            label=_("Full name"),
            required=False,
            max_length=NAME_MAX,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
            help_text=_("As in the papers, as far as it is known."),
        )
        self.fields["born_on"] = _day(_("Date of birth"), required=False)
        people: Choices = [(str(one.respondent.pk), _found_line(one, law=law, on=on)) for one in found]
        self.fields["who"] = _choice(
            _("Who it is"),
            [*people, (NEW, _("none of these: register this person")), (UNKNOWN, _("nobody knows who it was"))],
            radio=True,
        )
        self.fields["residence_district"] = _choice(
            _("District of residence"), [("", "—"), *named(law.districts_on(on))], required=False
        )
        self.fields["unknown_respondent"] = forms.CharField(
            label=_("What is known of an unknown person"),
            required=False,
            max_length=CONTACT_MAX,
            widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
            help_text=_("It is encrypted. The report stays open until the person is named."),
        )

    def clean(self) -> dict[str, Any]:
        """Whoever is registered needs a name and a district."""
        cleaned = super().clean() or {}
        if cleaned.get("who") == NEW:
            if not str(cleaned.get("name") or "").strip():
                self.add_error("name", _("Write the name, or say that nobody knows who it was"))
            if not cleaned.get("residence_district"):
                self.add_error("residence_district", _("Choose the district of residence"))
        return cleaned


def _found_line(one: FoundRespondent, *, law: Pack, on: date) -> Any:
    names = {district.slug: text_in(district.name, district.slug) for district in law.districts_on(on)}
    district = names.get(one.respondent.residence_district, one.respondent.residence_district)
    born = "" if one.respondent.born_on is None else one.respondent.born_on.strftime("%d.%m.%Y")
    parts = [one.respondent.name, born, district]
    line = ", ".join(part for part in parts if part)
    return _("%(who)s — earlier reports: %(count)d") % {"who": line, "count": one.reports}


class PersonForm(forms.Form):
    """Somebody whom the violence reached, or who saw it."""

    def __init__(self, *given: Any, law: Pack, on: date, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["called"] = forms.CharField(
            label=_("Name, or what this person wants to be called"),
            required=False,
            max_length=NAME_MAX,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
            help_text=_("It is encrypted; colleagues see a code. Leave it empty if nobody knows it."),
        )
        self.fields["part"] = _choice(_("This person"), listed(words.PARTS, Part.values), radio=True)
        self.fields["minor"] = _choice(
            _("Is this person under 18?"),
            listed(words.STATED, Stated.values),
            radio=True,
            hint=_("A child who saw violence is a victim, too."),
        )
        self.fields["relation"] = _choice(
            _("What the person reported about is to this one"),
            [("", _("not known")), *named(law.relations_on(on))],
            required=False,
        )
        self.fields["language"] = _choice(
            _("Language"), [(code, LANGUAGE_NAMES[code]) for code in ("ru", "ky", "uz", "en")]
        )
        for name, label in (("phone", _("Telephone that is safe")), ("home_address", _("Where this person lives"))):
            self.fields[name] = forms.CharField(
                label=label,
                required=False,
                max_length=VALUE_MAX,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
                help_text=_("Encrypted."),
            )

    def draft(self) -> InvolvedDraft:
        """As the domain takes it; the form is valid."""
        given = self.cleaned_data
        facts = {
            SealedName.NAME: given["called"],
            SealedName.PHONE: given["phone"],
            SealedName.HOME_ADDRESS: given["home_address"],
        }
        return InvolvedDraft(
            sealed={name: text for name, text in facts.items() if text.strip()},
            part=Part(given["part"]),
            minor=Stated(given["minor"]),
            relation=given["relation"],
            language=given["language"],
        )


class AskedForm(forms.Form):
    """The questions of the pack, each with yes, no, or why nobody could say; what is left out was not asked."""

    def __init__(self, *given: Any, questions: Sequence[Statement], **more: Any) -> None:
        super().__init__(*given, **more)
        self._questions = questions
        answers = listed(words.ANSWERS, [Answer.YES, Answer.NO, Answer.NOT_TOLD])
        whys = [("", "—"), *listed(words.WHY_NOT, WhyNotTold.values)]
        for question in questions:
            label = text_in(question.text, question.slug)
            self.fields[question.slug] = _choice(label, answers, radio=True, required=False)
            self.fields[f"{question.slug}-why"] = _choice(_("Why not"), whys, required=False)
            if question.dated:
                self.fields[f"{question.slug}-on"] = _day(
                    _("Since which day"), required=False, hint=_("If nobody knows it, choose below why not.")
                )

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each question with the fields that belong to it."""
        for question in self._questions:
            yield {
                "required": question.required,
                "answer": self[question.slug],
                "why": self[f"{question.slug}-why"],
                "on": self[f"{question.slug}-on"] if question.dated else None,
            }

    def clean(self) -> dict[str, Any]:
        """Who says "not told" says why."""
        cleaned = super().clean() or {}
        for question in self._questions:
            if cleaned.get(question.slug) == Answer.NOT_TOLD and not cleaned.get(f"{question.slug}-why"):
                self.add_error(f"{question.slug}-why", _("Choose why nobody could say"))
        return cleaned

    def said(self) -> dict[str, Said]:
        """As the domain takes it; the form is valid."""
        return {
            question.slug: self._said(question) for question in self._questions if self.cleaned_data.get(question.slug)
        }

    def _said(self, question: Statement) -> Said:
        given = self.cleaned_data
        answer = Answer(given[question.slug])
        on = given.get(f"{question.slug}-on") if answer is Answer.YES else None
        why = given.get(f"{question.slug}-why")
        needs_why = answer is Answer.NOT_TOLD or (answer is Answer.YES and question.dated and on is None)
        return Said(answer=answer, why=WhyNotTold(why) if why and needs_why else None, on=on)


class EstablishForm(forms.Form):
    """When the fact of violence was established."""

    established_at = _when(_("When the fact of violence was established"))


class WordsForm(forms.Form):
    """What was told later."""

    text = forms.CharField(
        label=_("What was told"),
        max_length=WORDS_MAX,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text=_("It is encrypted, and every look at it is recorded."),
        error_messages={"required": _("Write what was told"), "max_length": _("The text is too long")},
    )


class DecideForm(forms.Form):
    """What becomes of the report, and why."""

    def __init__(self, *given: Any, law: Pack, on: date, **more: Any) -> None:
        super().__init__(*given, **more)
        outcomes = law.report_outcomes_on(on)
        registers = {slug for outcome in outcomes for slug in outcome.registers}
        kinds = {kind for outcome in outcomes for kind in outcome.sends_to}
        self.fields["outcome"] = _choice(_("What you decide"), named(outcomes), radio=True)
        self.fields["reason"] = _reason(hint=_("A prosecutor reads it."))
        self.fields["register"] = _choice(
            _("Register"),
            [("", "—"), *named([one for one in law.registers_on(on) if one.slug in registers])],
            required=False,
            hint=_("Only for a criminal case."),
        )
        self.fields["register_number"] = forms.CharField(
            label=_("Number in the register"), required=False, max_length=NUMBER_MAX
        )
        self.fields["office"] = _choice(
            _("To which office"),
            [("", "—"), *named([one for one in law.agencies_on(on) if one.kind in kinds])],
            required=False,
            hint=_("Only where the report goes to another office or a court."),
        )


class ReopenForm(forms.Form):
    """Why a closed report is opened again."""

    reason = _reason()


class TaskForm(forms.Form):
    """How something that was owed came out."""

    def __init__(self, *given: Any, results: Sequence[Result], **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["result"] = _choice(_("Result"), listed(words.RESULTS, results), radio=len(results) > 1)
        if Result.REFERRED in results:
            self.fields["result_due_at"] = _when(_("By when the result is due"), required=False)
        self.fields["note"] = forms.CharField(
            label=_("Note"), required=False, max_length=REASON_MAX, widget=forms.Textarea(attrs={"rows": 2})
        )


class CopyForm(forms.Form):
    """Whether the applicant left with a number and a copy."""

    given = _choice(
        _("The applicant's number and copy"),
        [("yes", _("given")), ("no", _("not given: paper would endanger, or there is nobody to give it to"))],
        radio=True,
    )
    reason = _reason(longest=COPY_REASON_MAX, required=False, hint=_("If it was not given."))

    def clean(self) -> dict[str, Any]:
        """A copy that was not given has its reason."""
        cleaned = super().clean() or {}
        if cleaned.get("given") == "no" and "reason" in cleaned and not cleaned["reason"].strip():
            self.add_error("reason", _("Write why"))
        return cleaned


class CaseStepForm(forms.Form):
    """A step of the criminal case."""

    def __init__(self, *given: Any, law: Pack, on: date, steps: Sequence[str], **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["step"] = _choice(_("What happened to the case"), listed(words.CASE_STEPS, steps))
        self.fields["register"] = _choice(_("Register"), named(law.registers_on(on)))
        self.fields["register_number"] = forms.CharField(
            label=_("Number in the register"),
            max_length=NUMBER_MAX,
            error_messages={"required": _("Write the number")},
        )
        self.fields["happened_on"] = _day(_("On which day"))
        self.fields["reason"] = _reason(required=False, hint=_("Needed where it was refused, stands still or ended."))


class ComplaintForm(forms.Form):
    """Of which officer somebody complained."""

    def __init__(self, *given: Any, officers: Sequence[tuple[User, str]], **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["officer"] = _choice(
            _("Officer"),
            [(str(officer.pk), name) for officer, name in officers],
            hint=_("From then on this report is hidden from that officer."),
        )
        self.fields["reason"] = _reason(_("What the complaint is"))


def shown_when(at: datetime) -> str:
    """A moment for a field of day and time; `at` is local."""
    return at.strftime(_WHEN_FORM)
