"""Work without the platform: how each part stands, the cases by risk, whom we told, and the rehearsal of all that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.queries import shown_name
from aralyk.console import law, sentences
from aralyk.console.forms import problems
from aralyk.console.oversight_forms import PhoneForm
from aralyk.console.paging import page_query
from aralyk.console.people import person_of
from aralyk.console.platform_parts import parts_of
from aralyk.console.platform_state import OF_THE_MONITOR, platform_state
from aralyk.console.refusals import say_refused
from aralyk.jurisdictions.values import DeskKind
from aralyk.oversight.models import How, OutageCall
from aralyk.oversight.outages import (
    calls_of,
    courses_for,
    do_answer_outage,
    do_begin_outage,
    do_end_outage,
    do_record_told,
    do_take_list,
    running_for,
    was_told,
)
from aralyk.oversight.risk_file import header_of
from aralyk.oversight.risk_list import Case, list_for
from aralyk.oversight.risk_paper import pdf_of
from aralyk.roster.actions import do_set_desk_phone
from aralyk.roster.queries import desks_for

PAGE_ROWS: Final = 50
COURSES: Final = 10
HOWS: Final = {
    How.CALL.value: gettext_lazy("call on her safe channel"),
    How.SMS.value: gettext_lazy("message on her safe channel"),
    How.VISIT.value: gettext_lazy("visit"),
    How.HELPER.value: gettext_lazy("through her helper"),
}


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Everything of an outage on one page; `?district=` keeps one district."""
    return _render(request)


@require_POST
def phone(request: HttpRequest) -> HttpResponse:
    """Say under which number a desk answers."""
    user = person_of(request)
    check_allowed(user, May.KEEP_ROSTER)
    form = PhoneForm(request.POST, desks=_desks(user))
    if form.is_valid():
        try:
            do_set_desk_phone(user, form.cleaned_data["desk"], phone=form.cleaned_data["phone"])
        except Refused as error:
            if error.code is not Code.INVALID:
                raise
            form.add_error("phone", _("Write digits, with + in front if need be, or nothing"))
        else:
            return HttpResponseRedirect(f"{reverse('outage')}#cases")
    return _render(request, form=form)


def _desks(user: User) -> list[str]:
    """The duty units' desks, whose phones stand on the list."""
    found = desks_for(user).filter(kind=DeskKind.DUTY_UNIT, closed_at__isnull=True)
    return list(found.values_list("code", flat=True))


def _render(request: HttpRequest, *, form: PhoneForm | None = None) -> HttpResponse:
    user = person_of(request)
    if not allows(user, May.READ_RISK_LIST):
        raise NotFound("risk_list")
    at = clock.now()
    home = Path(settings.HOME)
    every = list_for(user, at=at).cases
    district = request.GET.get("district", "")
    cases = [one for one in every if not district or one.district == district]
    page_of = Paginator(cases, PAGE_ROWS).get_page(request.GET.get("page"))
    running = running_for(user)
    real = running if running is not None and not running.practice else None
    calls = calls_of(real, [one.order for one in page_of]) if real else {}
    header = header_of(home)
    values: Mapping[str, Any] = {
        "running": running,
        "real": real,
        "running_by": shown_name(running.began_by) if running else "",
        "must_answer": running is not None and was_told(user, running),
        "parts": parts_of(home),
        "lagging": [one for one in platform_state(user).alarms if one.component.startswith(OF_THE_MONITOR)],
        "cases": [_facts(one, calls) for one in page_of],
        "count": len(every),
        "page": page_of,
        "page_query": page_query(request),
        "district": district,
        "districts": sorted(
            {one.district: law.district_name(one.jurisdiction, one.district, at=at) for one in every}.items()
        ),
        "header": header,
        "courses": courses_for(user, most=COURSES),
        "hows": [(code, str(word)) for code, word in HOWS.items()],
        "phone_form": (form or PhoneForm(desks=_desks(user))) if allows(user, May.KEEP_ROSTER) else None,
        "problems": problems(form) if form else [],
        "may_declare": allows(user, May.DECLARE_OUTAGES),
        "may_tell": real is not None and allows(user, May.ANSWER_INCIDENTS),
    }
    return render(request, "console/oversight/outage.html", values, status=422 if form else 200)


@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Declare an outage, or begin a practice."""
    try:
        do_begin_outage(person_of(request), practice=request.POST.get("practice") != "no", home=Path(settings.HOME))
    except Refused as error:
        if not error.fields:
            raise
        return say_refused(request, _("An outage or a practice is already running."), 409)
    return _back()


@require_POST
def end(request: HttpRequest, outage_id: UUID) -> HttpResponse:
    """Say that it is over."""
    do_end_outage(person_of(request), outage_id)
    return _back()


@require_POST
def answer(request: HttpRequest, outage_id: UUID) -> HttpResponse:
    """Say that one is there."""
    do_answer_outage(person_of(request), outage_id)
    return _back()


@require_POST
def told(request: HttpRequest, outage_id: UUID) -> HttpResponse:
    """Record an attempt to tell a protected person."""
    given = request.POST
    try:
        order, person = UUID(given.get("order", "")), UUID(given.get("person", ""))
    except ValueError:
        raise NotFound("order") from None
    how = given.get("how", "")
    if how not in HOWS or given.get("reached") not in {"yes", "no"}:
        return say_refused(request, _("Choose how, and whether it reached her."), 422)
    do_record_told(
        person_of(request), outage_id, order=order, protected_person=person, how=How(how),
        reached=given["reached"] == "yes",
    )  # fmt: skip
    return HttpResponseRedirect(f"{reverse('outage')}?{page_query(request)}page={given.get('page', '1')[:6]}#cases")


@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """The list as a PDF, as it stands now, of the cases that this person sees."""
    found = do_take_list(person_of(request))
    pdf = pdf_of(found, language=get_language() or "ru")
    headers = {"Content-Disposition": f'attachment; filename="risk-list-{found.made_at:%Y%m%d-%H%M}.pdf"'}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)


def _back() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("outage"))


def _facts(one: Case, calls: Mapping[tuple[UUID, UUID], OutageCall]) -> dict[str, Any]:
    return {
        "case": one,
        "threat": sentences.text(sentences.THREATS, one.threat),
        "district": law.district_name(one.jurisdiction, one.district, at=clock.now()),
        "source": sentences.text(sentences.SOURCES, one.place.source) if one.place else "",
        "self_reported": one.place is not None and one.place.trust == "self_reported",
        "people": [
            {"id": person, "code": code, "call": _call(calls.get((one.order, person)))}
            for person, code in zip(one.people, one.codes, strict=True)
        ],
    }


def _call(call: OutageCall | None) -> dict[str, Any] | None:
    if call is None:
        return None
    return {"at": call.at, "by": shown_name(call.by), "how": HOWS[call.how], "reached": call.reached}
