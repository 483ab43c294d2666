"""The report desk: what waits, one report with everything that is known and owed, and what is done about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.access.queries import shown_name
from aralyk.access.sentences import sentence_of
from aralyk.console import report_facts as facts
from aralyk.console import report_words as words
from aralyk.console import sentences
from aralyk.console.forms import problems
from aralyk.console.law import district_name
from aralyk.console.paging import page_in_one_pass, page_query
from aralyk.console.people import person_of
from aralyk.console.report_acts import TASK, TITLES, Desk, acts_of, do, form_of, tasks_to_finish
from aralyk.console.report_forms import LANGUAGE_NAMES, text_in
from aralyk.jurisdictions.pack import NotInForce, Pack
from aralyk.reports import clocks, queries, sealed
from aralyk.reports.joined import joined_for
from aralyk.reports.models import Involved, Report
from aralyk.reports.queries import Waiting
from aralyk.reports.sealed import Words

PAGE_ROWS: Final = 50
SEARCH_MAX: Final = 100
REFUSALS: Final = timedelta(days=30)
_PAPER_WORDS: Final = ("report_copy_number", "report_copy_taken", "report_copy_office", "report_copy_keep")


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Reports by what waits; `?q=` finds a number, a respondent's name or a protected person's code."""
    user, at = person_of(request), clock.now()
    _check_may_open(user)
    asked = request.GET.get("waiting", "")
    waiting = Waiting(asked) if asked in set(Waiting) else Waiting.OPEN
    search = request.GET.get("q", "").strip()[:SEARCH_MAX].replace("\0", "")
    found = queries.reports_for(user, Waiting.ALL if search else waiting, at=at)
    if search:
        found = found.filter(pk__in=queries.reports_like(search))
    number = request.GET.get("page")
    page_of = page_in_one_pass(found, number, PAGE_ROWS) if search else Paginator(found, PAGE_ROWS).get_page(number)
    values = {
        "rows": facts.listed(list(page_of), at=at),
        "page": page_of,
        "page_query": page_query(request),
        "search": search,
        "waiting": waiting.value,
        "choices": [(code, str(word)) for code, word in words.WAITING.items()],
        "may_take": allows(user, May.TAKE_REPORTS),
        "drafts": sealed.drafts_of(user.pk) if allows(user, May.TAKE_REPORTS) else [],
        "refusals": [
            {**facts.decision_facts(one, jurisdiction=one.report.jurisdiction), "number": one.report.number}
            for one in queries.refused_for(user, since=at - REFUSALS)[:PAGE_ROWS]
        ],
    }
    return render(request, "console/reports/list.html", values)


@require_GET
def page(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """One report without anybody's words."""
    return _render(request, _desk(request, report_id))


@require_POST
def read(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """The report with what was said; the look is witnessed."""
    desk = _desk(request, report_id)
    return _render(request, desk, said=queries.words_for(desk.user, report_id))


@require_POST
def act(request: HttpRequest, report_id: UUID, name: str) -> HttpResponse:
    """Do one thing about the report; what is refused stays on the page with its reason."""
    desk = _desk(request, report_id)
    form = form_of(desk, name, request.POST)
    if "search" in request.POST:
        return _render(request, desk, act=name, form=form_of(desk, name, request.POST), judged=False)
    if form.is_valid():
        try:
            do(desk, name, form)
        except Refused as error:
            _put(form, error, desk)
        else:
            return HttpResponseRedirect(reverse("report" if _still_seen(desk) else "reports", args=_args(desk)))
    return _render(request, desk, act=name, form=form)


@require_GET
def paper(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """The applicant's number and copy, to be printed: nothing on it says what the report is about, or whom."""
    desk = _desk(request, report_id)
    report = desk.report
    law, on = desk.law, desk.law.day_of(desk.report.taken_at)
    written = _paper_languages(law, report)
    asked = request.GET.get("language", report.language)
    language = asked if asked in written else next(iter(written), "")
    if not language:
        raise NotFound("report_paper")
    agency = report.taken_by.agency
    office = "" if agency is None else text_in(law.agency(agency.pk, on=on).name, agency.name_ru)
    values = {
        "report": report,
        "title": law.form("report_receipt", on=on).name.in_language(language),
        "office": office,
        "officer": shown_name(report.taken_by),
        "language": language,
        "languages": [(code, LANGUAGE_NAMES.get(code, code)) for code in written],
        "texts": {slug: law.word(slug, on=on).in_language(language) for slug in _PAPER_WORDS},
    }
    return render(request, "console/reports/paper.html", values)


def _check_may_open(user: User) -> None:
    if not (allows(user, May.TAKE_REPORTS) or allows(user, May.READ_REPORTS)):
        raise NotFound("reports")


def _desk(request: HttpRequest, report_id: UUID) -> Desk:
    user = person_of(request)
    return Desk(user=user, report=queries.report_for(user, report_id), at=clock.now())


def _still_seen(desk: Desk) -> bool:
    return queries.reports_for(desk.user).filter(pk=desk.report.pk).exists()


def _args(desk: Desk) -> list[UUID]:
    return [desk.report.pk] if _still_seen(desk) else []


def _put(form: forms.Form, error: Refused, desk: Desk) -> None:
    """The refusal beside its field where the form has it, else on top; what lacks is named in words."""
    lacking = facts.lacking(desk.report) if error.code.value == "report_incomplete" else []
    text = sentence_of(error)
    field = error.fields[0].field if error.fields and not lacking else ""
    name = next((one for one in form.fields if field == one or field.endswith(f".{one}")), None)
    form.add_error(name, f"{text} {'; '.join(lacking)}" if lacking else text)


def _paper_languages(law: Pack, report: Report) -> list[str]:
    """In which languages everything on the paper is written; nothing falls back to another one."""
    on = law.day_of(report.taken_at)
    try:
        texts = [law.form("report_receipt", on=on).name, *(law.word(slug, on=on) for slug in _PAPER_WORDS)]
    except NotInForce:
        return []
    return [code for code in law.country.languages if all(code in text.languages() for text in texts)]


def _render(
    request: HttpRequest,
    desk: Desk,
    *,
    act: str = "",
    form: forms.Form | None = None,
    said: list[Words] | None = None,
    judged: bool = True,
) -> HttpResponse:
    report, at = desk.report, desk.at
    tasks = list(queries.tasks_of(report))
    wrong = problems(form) if form is not None and judged else []
    waiting = clocks.not_assessed(Involved.objects.filter(report=report)).select_related("person")
    values = {
        "report": report,
        "respondent": report.respondent,
        "district": district_name(report.jurisdiction, report.district, at=report.taken_at),
        "channel": sentences.text(words.CHANNELS, report.channel),
        "applicant": sentences.text(words.APPLICANTS, report.applicant),
        "language": LANGUAGE_NAMES.get(report.language, report.language),
        "taken_by": shown_name(report.taken_by),
        "violence": facts.violence_names(report),
        "people": facts.people_facts(report),
        "statements": facts.statement_facts(report),
        "issue": facts.issue_facts(report, at=at),
        "gap": facts.gap(report, at=at),
        "lacking": [] if report.closed_at else facts.lacking(report),
        "not_assessed": [
            {"code": one.person.code, "url": _assess_url(desk, one.person_id)} for one in waiting.order_by("pk")
        ],
        "joined": facts.joined_facts(joined_for(desk.user, report), jurisdiction=report.jurisdiction, at=at),
        "tasks": [
            {
                "task": task,
                "result": sentences.text(words.RESULTS, task.result) if task.result else "",
                "by": shown_name(task.done_by),
                "clock": facts.clock_facts(task, at=at),
            }
            for task in tasks
        ],
        "may_order": _may_order(desk),
        "decisions": [
            facts.decision_facts(one, jurisdiction=report.jurisdiction) for one in queries.decisions_of(report)
        ],
        "case_events": [
            {"event": one, "title": sentences.text(words.CASE_STEPS, one.kind), "by": shown_name(one.recorded_by)}
            for one in queries.case_events_of(report)
        ],
        "copy": sentences.text(words.COPIES, report.copy),
        "paper": bool(_paper_languages(desk.law, report)),
        "events": facts.event_facts(list(queries.events_of(report)), tasks, report),
        "said": None if said is None else [
            {"title": sentences.text(words.SAID, one.said.value), "text": one.text, "at": one.at} for one in said
        ],
        "acts": _acts(desk, act=act, form=form),
        "problems": wrong,
    }  # fmt: skip
    return render(request, "console/reports/page.html", values, status=422 if wrong else 200)


def _acts(desk: Desk, *, act: str, form: forms.Form | None) -> list[dict[str, Any]]:
    open_tasks = {f"{TASK}{task.pk}": facts.rule_name(desk.report, task) for task in tasks_to_finish(desk)}
    titles: dict[str, Any] = {**open_tasks, **{name: TITLES[name] for name in acts_of(desk)}}
    return [
        {
            "name": name,
            "title": title,
            "owed": name in open_tasks,
            "open": name == act,
            "form": form if name == act and form is not None else form_of(desk, name),
        }
        for name, title in titles.items()
    ]


def _may_order(desk: Desk) -> bool:
    """Whether this person may begin an order on this report."""
    report = desk.report
    known = report.respondent_id is not None and any(one.is_victim for one in report.involved.all())
    return known and report.closed_at is None and allows(desk.user, May.ISSUE_ORDERS)


def _assess_url(desk: Desk, person: UUID) -> str:
    """The form of the risk, where this person may fill one; "" before there is such a page."""
    report = desk.report
    if report.respondent_id is None or not allows(desk.user, May.ASSESS_RISK):
        return ""
    try:
        return f"{reverse('risk_assess', args=[report.respondent_id, person])}?report={report.pk}"
    except NoReverseMatch:
        return ""
