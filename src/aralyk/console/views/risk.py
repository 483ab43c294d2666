"""Risk: fill a form, read what came of it, follow the levels, answer a proposed lower level as the second person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.queries import shown_name
from aralyk.access.sentences import sentence_of
from aralyk.console import risk_facts, risk_words, sentences
from aralyk.console.addresses import report_address
from aralyk.console.forms import problems
from aralyk.console.order_next import report_to_order_on
from aralyk.console.paging import page_query
from aralyk.console.people import person_of
from aralyk.console.risk_chart import chart_of
from aralyk.console.risk_forms import AssessForm, LevelForm, SignForm, read
from aralyk.jurisdictions.loader import pack
from aralyk.people.models import ProtectedPerson, Respondent
from aralyk.people.queries import respondent_for
from aralyk.risk.actions import check_pair, do_assess, do_confirm_lowering, do_refuse_lowering, do_set_level
from aralyk.risk.drafts import AssessmentDraft
from aralyk.risk.facts import device_facts_of
from aralyk.risk.instrument import Instrument, instruments_on
from aralyk.risk.levels import Level
from aralyk.risk.models import Assessment, LevelDecision
from aralyk.risk.queries import (
    Mark,
    Trajectory,
    assessment_for,
    duties_for,
    lowered_for,
    proposals_for,
    reassessments_for,
    trajectories_for,
)
from aralyk.risk.reading import read_answers
from aralyk.risk.standing import JURISDICTION, standing_of

PAGE_ROWS: Final = 50
TABLE_ROWS: Final = 100  # of a chart's table
LOWERED_SINCE: Final = timedelta(days=30)
LOWERED_MAX: Final = 50
WORD_MAX: Final = 64


@require_http_methods(["GET", "POST"])
def assess(request: HttpRequest, respondent: UUID, protected_person: UUID) -> HttpResponse:
    """Fill an instrument; `?instrument=` chooses one, `?report=` names the report that asked for it."""
    user = person_of(request)
    check_allowed(user, May.ASSESS_RISK)
    check_pair(user, respondent=respondent, protected_person=protected_person)
    at = clock.now()
    his = Respondent.objects.get(pk=respondent)
    jurisdiction = _jurisdiction(his, protected_person)
    offered = _offered(jurisdiction, at=at)
    instrument = _chosen(offered, request.GET.get("instrument", ""))
    names = risk_facts.level_names(jurisdiction, at=at)
    if request.method == "POST":
        form = AssessForm(request.POST, instrument=instrument, levels=names)
        if form.is_valid():
            try:
                done = do_assess(user, _draft(form, his, protected_person, jurisdiction))
            except Refused as error:
                _tell(form, error)
            else:
                address = reverse("risk_assessment", args=[done.assessment.pk])
                return HttpResponseRedirect(f"{address}?{_report_query(request)}")
    else:
        form = AssessForm(initial={"form_id": uuid4(), "version": instrument.version}, instrument=instrument,
                          levels=names)  # fmt: skip
    standing = standing_of(respondent, protected_person)
    values = {
        "form": form,
        "problems": problems(form) if form.is_bound else [],
        "about": risk_facts.about(instrument),
        "groups": risk_facts.questions(form),
        "responses": risk_facts.responses(form),
        "asked": len(instrument.item),
        "answered": _answered(form),
        "missing": _missing(form),
        "others": [(one.slug, read(one.name)) for one in offered if one is not instrument],
        "facts": risk_facts.device_facts(device_facts_of(respondent, protected_person, at=at)),
        "name": his.name,
        "code": ProtectedPerson.objects.values_list("code", flat=True).get(pk=protected_person),
        "standing": names[standing.level] if standing else "",
        "kept_as": f"{user.pk}.{respondent}.{protected_person}.{instrument.slug}.{instrument.version}",
        "report_query": _report_query(request),
        **risk_facts.pair_links(respondent, protected_person),
    }
    return render(request, "console/risk/assess.html", values, status=422 if values["problems"] else 200)


@require_GET
def assessment(request: HttpRequest, assessment: UUID) -> HttpResponse:
    """What came of a form: answers, score, level and what it made due."""
    user = person_of(request)
    filled = assessment_for(user, assessment)
    found = filled.assessment
    at = clock.now()
    names = risk_facts.level_names(found.jurisdiction, at=found.assessed_at)
    levels = found.levels.select_related("decided_by", "second_by").order_by("pk")
    missing = set(filled.reading.missing)
    pair = risk_facts.pair_links(found.respondent_id, found.protected_person_id)
    values = {
        "assessment": found,
        "by": filled.by,
        "about": risk_facts.about(filled.instrument),
        "decisions": [risk_facts.decision_facts(level, names) for level in levels],
        "score": risk_facts.score_line(filled),
        "span": _span(found, names),
        "groups": risk_facts.answers_of(filled),
        "missing": [read(item.text) for item in filled.instrument.item if item.slug in missing],
        "asked": len(filled.instrument.item),
        "facts": risk_facts.device_facts(found.device_facts),
        "due": _due(user, found.respondent_id, found.protected_person_id, found.jurisdiction, at=at),
        "respondent_name": respondent_for(user, found.respondent_id).name,
        "code": found.protected_person.code,
        "kept_as": f"{user.pk}.{found.respondent_id}.{found.protected_person_id}.{found.instrument}."
        f"{found.instrument_version}",
        "report": _report_address(request),
        "report_id": report_to_order_on(
            user, respondent=found.respondent_id, protected_person=found.protected_person_id
        ),
        "may_order": allows(user, May.ISSUE_ORDERS),
        "may_assess": allows(user, May.ASSESS_RISK),
        **pair,
    }
    return render(request, "console/risk/assessment.html", values)


@require_GET
def trajectory(request: HttpRequest, respondent: UUID) -> HttpResponse:
    """One respondent: for each protected person the level, how it went, what happened and what is owed."""
    user = person_of(request)
    found = trajectories_for(user, respondent)
    his = respondent_for(user, respondent)
    at = clock.now()
    assessed = {one.protected_person for one in found}
    others = ProtectedPerson.objects.filter(orders__respondent=his).exclude(pk__in=assessed).distinct().order_by("code")
    values = {
        "respondent": his,
        "pairs": [_pair(request, his, one, number, at=at) for number, one in enumerate(found, 1)],
        "never": list(others),
        "may_assess": allows(user, May.ASSESS_RISK),
    }
    return render(request, "console/risk/respondent.html", values)


@require_http_methods(["GET", "POST"])
def set_level(request: HttpRequest, respondent: UUID, protected_person: UUID) -> HttpResponse:
    """Sign another level on the newest assessment: higher at once, lower as a proposal."""
    user = person_of(request)
    check_allowed(user, May.ASSESS_RISK)
    check_pair(user, respondent=respondent, protected_person=protected_person)
    standing = standing_of(respondent, protected_person)
    form = LevelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            do_set_level(
                user, respondent=respondent, protected_person=protected_person,
                level=Level(form.cleaned_data["level"]), reason=form.cleaned_data["reason"],
            )  # fmt: skip
        except Refused as error:
            _tell(form, error)
        else:
            return HttpResponseRedirect(reverse("risk", args=[respondent]))
    names = risk_facts.level_names(JURISDICTION, at=clock.now())
    values = {
        "form": form,
        "problems": problems(form) if form.is_bound else [],
        "name": respondent_for(user, respondent).name,
        "code": ProtectedPerson.objects.values_list("code", flat=True).get(pk=protected_person),
        "standing": names[standing.level] if standing else "",
        **risk_facts.pair_links(respondent, protected_person),
    }
    return render(request, "console/risk/level.html", values, status=422 if values["problems"] else 200)


@require_GET
def proposals(request: HttpRequest) -> HttpResponse:
    """Lower levels that wait for a second person, and those that two people lowered lately."""
    user = person_of(request)
    check_allowed(user, May.READ_RISK)
    at = clock.now()
    names = risk_facts.level_names(JURISDICTION, at=at)
    page_of = Paginator(proposals_for(user), PAGE_ROWS).get_page(request.GET.get("page"))
    lowered = lowered_for(user, since=at - LOWERED_SINCE)[:LOWERED_MAX]
    values = {
        "waiting": [_listed(decision, names) for decision in page_of],
        "page": page_of,
        "page_query": "",
        "lowered": [_listed(decision, names) for decision in lowered],
        "own": user.pk,
        "may_confirm": allows(user, May.CONFIRM_RISK),
    }
    return render(request, "console/risk/proposals.html", values)


@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, decision: int) -> HttpResponse:
    """As the second person, agree to a lower level or let the higher one stand."""
    user = person_of(request)
    found = proposals_for(user).filter(pk=decision).first()
    form = SignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = do_confirm_lowering if request.POST.get("agree") == "yes" else do_refuse_lowering
        # The action asks again and under lock: a proposal that was answered meanwhile says so.
        done = act(user, decision, reason=form.cleaned_data["reason"])
        return HttpResponseRedirect(reverse("risk", args=[done.respondent_id]))
    if found is None:
        raise NotFound("risk_level")
    filled = assessment_for(user, found.assessment_id)
    names = risk_facts.level_names(found.assessment.jurisdiction, at=clock.now())
    missing, asked = filled.missing_of
    values = {
        "form": form,
        "problems": problems(form) if form.is_bound else [],
        "decision": risk_facts.decision_facts(found, names),
        "respondent": found.respondent,
        "code": found.protected_person.code,
        "assessment": found.assessment,
        "missing": missing,
        "asked": asked,
        "own": found.decided_by_id == user.pk,
        "may_confirm": allows(user, May.CONFIRM_RISK),
    }
    return render(request, "console/risk/answer.html", values, status=422 if values["problems"] else 200)


def _pair(request: HttpRequest, his: Respondent, found: Trajectory, number: int, *, at: datetime) -> dict[str, Any]:
    user = person_of(request)
    table = f"table-{number}"  # its page in the address
    newest = found.decisions[0]
    jurisdiction = newest.assessment.jurisdiction
    names = risk_facts.level_names(jurisdiction, at=at)
    standing = found.points[-1] if found.points else None
    page = Paginator(_history(found), TABLE_ROWS).get_page(request.GET.get(table))
    return {
        "code": found.code,
        "level": names[standing.level] if standing else "",
        "level_code": standing.level.value if standing else "",
        "since": standing.at if standing else None,
        "missing": standing.missing if standing else 0,
        "asked": standing.asked if standing else 0,
        "basis": sentences.text(risk_words.BASES, standing.basis) if standing else "",
        "chart": chart_of(found, names=names, at=at),
        "page": page,
        "rows": [_row(one, names) for one in page],
        "page_name": table,
        "page_query": page_query(request, name=table),
        "turned": table in request.GET,
        "proposal": None if found.proposal is None else risk_facts.decision_facts(found.proposal, names),
        "due": _due(user, his.pk, found.protected_person, jurisdiction, at=at),
        **risk_facts.pair_links(his.pk, found.protected_person),
    }


def _history(found: Trajectory) -> list[LevelDecision | Mark]:
    """The chart's twin: each level and each thing that happened, newest first."""
    return sorted([*found.decisions, *found.marks], key=_when, reverse=True)


def _when(one: LevelDecision | Mark) -> datetime:
    return one.at if isinstance(one, Mark) else one.in_force_at or one.decided_at


def _row(one: LevelDecision | Mark, names: dict[str, str]) -> dict[str, Any]:
    if isinstance(one, Mark):
        return {"at": one.at, "what": sentences.text(risk_words.CAUSES, one.cause)}
    return {
        "at": _when(one),
        "what": names[one.level],
        "state": sentences.text(risk_words.STATES, one.state),
        "basis": sentences.text(risk_words.BASES, one.basis),
        "by": shown_name(one.decided_by),
        "second": shown_name(one.second_by),
        "missing": one.assessment.missing,
        "asked": len(one.assessment.answers),
        "assessment": one.assessment_id,
        "reason": one.reason,
    }


def _listed(decision: Any, names: dict[str, str]) -> dict[str, Any]:
    return {
        "facts": risk_facts.decision_facts(decision, names),
        "respondent": decision.respondent,
        "code": decision.protected_person.code,
        "decided_by": decision.decided_by_id,
    }


def _due(user: User, respondent: UUID, protected: UUID, jurisdiction: str, *, at: datetime) -> list[risk_facts.Due]:
    of_pair = {"respondent": respondent, "protected_person": protected}
    return risk_facts.due_of(
        duties_for(user).filter(**of_pair), reassessments_for(user).filter(**of_pair), jurisdiction=jurisdiction, at=at
    )


def _draft(form: AssessForm, his: Respondent, protected_person: UUID, jurisdiction: str) -> AssessmentDraft:
    return AssessmentDraft(
        respondent=his.pk,
        protected_person=protected_person,
        instrument=form.instrument.slug,
        version=form.cleaned_data["version"],
        answers=form.answers(),
        responses=form.responses(),
        level=form.level(),
        reason=form.cleaned_data["reason"],
        id=form.form_uuid(),
        jurisdiction=jurisdiction,
        synthetic=his.synthetic,
    )


def _tell(form: Any, error: Refused) -> None:
    """Put the domain's refusal beside the fields that it names, in the reader's words."""
    for problem in error.fields:
        form.add_error(problem.field if problem.field in form.fields else None, _sentence(form, problem.field))
    if not error.fields:
        form.add_error(None, sentence_of(error))


def _sentence(form: Any, field: str) -> str:
    if field == "reason":
        return _("Write why: a level that a person signs has a reason")
    if field == "id":
        return _("This form was already signed with other answers: empty it and begin a new one")
    if field == "version":
        return _("Another version of this form came into force: load the page again and compare your answers")
    if field == "level" and isinstance(form, AssessForm):
        reading = read_answers(form.instrument, form.answers())
        if reading.at_least is None:
            return _("This form gives no level by itself: choose one and say why")
        return _("The answers leave it open (missing: %(missing)d of %(asked)d): choose a level and say why") % {
            "missing": len(reading.missing),
            "asked": len(form.instrument.item),
        }
    return _("Choose another level than the one that stands") if field == "level" else _("This can't be accepted")


def _answered(form: AssessForm) -> int:
    given = [form[f"answer-{item.slug}"].value() for item in form.instrument.item]
    return sum(1 for value in given if value)


def _missing(form: AssessForm) -> int:
    """Not answered, or answered "not known": both are missing."""
    given = [form[f"answer-{item.slug}"].value() for item in form.instrument.item]
    return sum(1 for value in given if value in (None, "", "unknown"))


def _jurisdiction(his: Respondent, protected_person: UUID) -> str:
    standing = standing_of(his.pk, protected_person)
    if standing is not None:
        return standing.assessment.jurisdiction
    ordered = his.orders.order_by("-issued_at").values_list("jurisdiction", flat=True).first()
    return ordered or JURISDICTION


def _offered(jurisdiction: str, *, at: datetime) -> Sequence[Instrument]:
    """What may be filled today, that which gives a level by itself first."""
    return sorted(instruments_on(pack(jurisdiction).day_of(at)), key=lambda one: (not one.gives_levels, one.slug))


def _chosen(offered: Sequence[Instrument], slug: str) -> Instrument:
    if not offered:
        raise NotFound("instrument")
    for one in offered:
        if one.slug == slug:
            return one
    if slug:
        raise NotFound("instrument")
    return offered[0]


def _span(found: Assessment, names: dict[str, str]) -> str:
    if not found.at_least or found.at_least == found.at_most:
        return ""
    return _("%(low)s to %(high)s, as the missing answers would be") % {
        "low": names[found.at_least],
        "high": names[found.at_most],
    }


def _report_query(request: HttpRequest) -> str:
    report = request.GET.get("report", "")[:WORD_MAX]
    return f"report={report}" if report.replace("-", "").isalnum() and report.isascii() else ""


def _report_address(request: HttpRequest) -> str:
    """The report that asked for the assessment, where its page is."""
    report = _report_query(request).removeprefix("report=")
    return report_address(report) if report else ""
