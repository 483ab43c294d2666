"""What may be done on a report's page: for each act its form, who sees it, and the action that it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.console.report_facts import officer_names
from aralyk.console.report_forms import (
    NEW,
    UNKNOWN,
    AskedForm,
    CaseStepForm,
    ComplaintForm,
    CopyForm,
    DecideForm,
    EstablishForm,
    HimForm,
    PersonForm,
    ReopenForm,
    TaskForm,
    WordsForm,
    shown_when,
)
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.pack import Pack
from aralyk.reports import actions, taking
from aralyk.reports.clocks import OPEN, RESULTS, Owed, Result
from aralyk.reports.drafts import RespondentDraft, Said
from aralyk.reports.joined import find_respondents
from aralyk.reports.models import Report, Task
from aralyk.reports.queries import officers_near

TASK: Final = "task-"  # and the id of what is owed
TITLES: Final[Mapping[str, Promise]] = {
    "established": _("Establish the fact of violence"),
    "decide": _("Decide"),
    "reopen": _("Reopen"),
    "copy": _("The applicant's copy"),
    "asked": _("Write down answers"),
    "words": _("More was told"),
    "person": _("Add a person"),
    "him": _("Name the unknown person"),
    "case": _("A step of the criminal case"),
    "complaint": _("Complaint about an officer"),
}
_DECIDES: Final = frozenset({"established", "decide", "reopen", "case"})
_ONLY_OPEN: Final = frozenset({"established", "decide", "copy", "asked", "words", "person", "him"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A report that was fetched with permission, and who works on it."""

    user: User
    report: Report
    at: datetime

    @property
    def law(self) -> Pack:
        """The pack of the report."""
        return pack(self.report.jurisdiction)

    @property
    def today(self) -> date:
        """The day where the law is applied."""
        return self.law.day_of(self.at)


def acts_of(desk: Desk) -> list[str]:
    """What this person may do on this report now, but its tasks; in the order of the page."""
    report = desk.report
    if not allows(desk.user, May.TAKE_REPORTS):
        return []
    possible = [act for act in TITLES if act not in _DECIDES or allows(desk.user, May.DECIDE_REPORTS)]
    if report.closed_at is not None:
        return [act for act in possible if act not in _ONLY_OPEN]
    hidden = {"reopen"}
    hidden |= {"established"} if report.established_at is not None else set()
    hidden |= {"him"} if report.respondent_id is not None else set()
    return [act for act in possible if act not in hidden]


def tasks_to_finish(desk: Desk) -> list[Task]:
    """What is owed and is a person's to tick off."""
    if not allows(desk.user, May.TAKE_REPORTS):
        return []
    kinds = [kind.value for kind in RESULTS]
    return list(desk.report.tasks.filter(OPEN, kind__in=kinds).order_by("due_at", "pk"))


def form_of(desk: Desk, act: str, given: Any = None) -> forms.Form:
    """The form of an act, empty or with what was sent.

    Raises:
        NotFound: No such act.
    """
    if act.startswith(TASK):
        return TaskForm(given, results=RESULTS[Owed(_task(desk, act).kind)], prefix=act)
    if act not in _FORMS:
        raise NotFound("report_act")
    return _FORMS[act](desk, given, act)


def do(desk: Desk, act: str, form: forms.Form) -> None:
    """Do what a valid form asks for.

    Raises:
        NotFound, Refused: As the action does.
    """
    if act.startswith(TASK):
        _finish(desk, act, form.cleaned_data)
    else:
        _DOES[act](desk, form)


def _established_form(desk: Desk, given: Any, prefix: str) -> forms.Form:
    first = {"established_at": shown_when(timezone.localtime(desk.at))}
    return EstablishForm(given, initial=first, prefix=prefix)


def _asked_form(desk: Desk, given: Any, prefix: str) -> forms.Form:
    questions = desk.law.statements_on(desk.law.day_of(desk.report.taken_at))
    return AskedForm(given, questions=questions, initial=_answers(desk.report), prefix=prefix)


def _person_form(desk: Desk, given: Any, prefix: str) -> forms.Form:
    first = {"part": "victim", "minor": "unknown", "language": desk.report.language}
    return PersonForm(given, law=desk.law, on=desk.today, initial=first, prefix=prefix)


def _him_form(desk: Desk, given: Any, prefix: str) -> forms.Form:
    found = find_respondents(desk.user, name=_sent(given, f"{prefix}-name"))
    return HimForm(given, law=desk.law, on=desk.today, found=found, prefix=prefix)


def _case_form(desk: Desk, given: Any, prefix: str) -> forms.Form:
    return CaseStepForm(given, law=desk.law, on=desk.today, steps=tuple(actions.CASE_STEPS), prefix=prefix)


def _complaint_form(desk: Desk, given: Any, prefix: str) -> forms.Form:
    officers = officer_names(list(officers_near(desk.user, desk.report)))
    return ComplaintForm(given, officers=officers, prefix=prefix)


_FORMS: Final[Mapping[str, Callable[[Desk, Any, str], forms.Form]]] = {
    "established": _established_form,
    "decide": lambda desk, given, prefix: DecideForm(given, law=desk.law, on=desk.today, prefix=prefix),
    "reopen": lambda _desk, given, prefix: ReopenForm(given, prefix=prefix),
    "copy": lambda _desk, given, prefix: CopyForm(given, prefix=prefix),
    "asked": _asked_form,
    "words": lambda _desk, given, prefix: WordsForm(given, prefix=prefix),
    "person": _person_form,
    "him": _him_form,
    "case": _case_form,
    "complaint": _complaint_form,
}
assert set(_FORMS) == set(TITLES)


def _finish(desk: Desk, act: str, given: Mapping[str, Any]) -> None:
    actions.do_finish_task(
        desk.user,
        desk.report.pk,
        _task(desk, act).pk,
        result=Result(given["result"]),
        note=given["note"],
        result_due_at=given.get("result_due_at"),
    )


def _copy(desk: Desk, form: forms.Form) -> None:
    given = form.cleaned_data["given"] == "yes"
    reason = "" if given else form.cleaned_data["reason"]
    actions.do_record_copy(desk.user, desk.report.pk, given=given, reason=reason)


def _state(desk: Desk, form: forms.Form) -> None:
    assert isinstance(form, AskedForm)
    taking.do_state(desk.user, desk.report.pk, statements=_changed(desk.report, form.said()))


def _involve(desk: Desk, form: forms.Form) -> None:
    assert isinstance(form, PersonForm)
    taking.do_involve(desk.user, desk.report.pk, form.draft())


def _name(desk: Desk, form: forms.Form) -> None:
    given = form.cleaned_data
    who = given["who"]
    if who == UNKNOWN:
        return  # nothing became known
    if who == NEW:
        new = RespondentDraft(
            name=given["name"], residence_district=given["residence_district"], born_on=given["born_on"]
        )
        taking.do_name_respondent(desk.user, desk.report.pk, new=new)
    else:
        taking.do_name_respondent(desk.user, desk.report.pk, respondent=UUID(who))


def _complain(desk: Desk, form: forms.Form) -> None:
    given = form.cleaned_data
    actions.do_complain_of_officer(desk.user, desk.report.pk, officer=int(given["officer"]), reason=given["reason"])


_DOES: Final[Mapping[str, Callable[[Desk, forms.Form], object]]] = {
    "established": lambda desk, form: taking.do_establish(desk.user, desk.report.pk, **form.cleaned_data),
    "decide": lambda desk, form: actions.do_decide(desk.user, desk.report.pk, **form.cleaned_data),
    "reopen": lambda desk, form: actions.do_reopen(desk.user, desk.report.pk, **form.cleaned_data),
    "copy": _copy,
    "asked": _state,
    "words": lambda desk, form: taking.do_add_words(desk.user, desk.report.pk, **form.cleaned_data),
    "person": _involve,
    "him": _name,
    "case": lambda desk, form: actions.do_record_case_step(desk.user, desk.report.pk, **form.cleaned_data),
    "complaint": _complain,
}
assert set(_DOES) == set(TITLES)


def _task(desk: Desk, act: str) -> Task:
    number = act.removeprefix(TASK)
    task = desk.report.tasks.filter(pk=int(number)).first() if number.isascii() and number.isdigit() else None
    if task is None or Owed(task.kind) not in RESULTS:
        raise NotFound("report_task")
    return task


def _answers(report: Report) -> dict[str, str]:
    """What was answered before, as the form's first values."""
    first: dict[str, str] = {}
    for slug, row in report.statements.items():
        first |= {slug: row["answer"], f"{slug}-why": row.get("why", ""), f"{slug}-on": row.get("on", "")}
    return first


def _changed(report: Report, said: Mapping[str, Said]) -> list[tuple[str, Said]]:
    """Only what differs: an answer that nobody touched is not said again."""
    return [(slug, one) for slug, one in said.items() if report.statements.get(slug) != one.stored()]


def _sent(given: Any, name: str) -> str:
    return "" if given is None else str(given.get(name, ""))[:200]
