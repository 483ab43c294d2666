"""Acts on an order that is there: one page an act, a table says which form it has and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.queries import shown_name
from aralyk.access.sentences import sentence_of
from aralyk.console import order_forms as shapes
from aralyk.console import order_words, paper_words, sentences
from aralyk.console.forms import problems
from aralyk.console.order_facts import order_facts
from aralyk.console.people import person_of
from aralyk.devices.actions import do_assign_device
from aralyk.devices.listing import stock_for
from aralyk.devices.models import Party
from aralyk.orders.actions import do_end_order
from aralyk.orders.extensions import do_answer_question, do_note_attempt
from aralyk.orders.fitting import Limit, do_choose_device, do_record_loss, do_tell_limits
from aralyk.orders.life import (
    proposal_for,
    question_for,
    reduction_for,
    suspension_of,
)
from aralyk.orders.models import Answer, Carries, Exemption, LossCause, Order, Weapons, Wish
from aralyk.orders.private import Privacy
from aralyk.orders.proposals import do_confirm_proposal, do_propose_suspension, do_refuse_proposal
from aralyk.orders.queries import order_for
from aralyk.orders.reductions import (
    do_decide_reduction,
    do_record_conversation,
    do_record_reduction_request,
)
from aralyk.orders.service import Topic, do_record_service
from aralyk.orders.suspensions import do_resume
from aralyk.papers.deliveries import do_serve_paper
from aralyk.papers.models import Rendition
from aralyk.papers.queries import papers_for
from aralyk.people.models import Stated

Given = dict[str, Any]
_FILLED: Final = frozenset({"person", "device", "paper"})  # what a link of another page may fill in
_TO_BE_WATCHED: Final = frozenset({"serve", "choose-device", "assign", "limits"})
_PRIVACY: Final = ("alone", "code_word_used", "not_on_her_phone", "adviser_offered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act: its title, who may, its form, and what it does.

    Attributes:
        hint: What a person must know before.
        names_people: Whether its form asks which protected person.
        names_devices: Whether it asks for a device of the stock, too.
        names_papers: Whether it asks which paper of the order was handed over.
    """

    title: str | Promise
    may: May
    form: type[forms.Form]
    do: Callable[[User, Order, Given], object]
    hint: str | Promise = ""
    names_people: bool = False
    names_devices: bool = False
    names_papers: bool = False


def _suspend(user: User, order: Order, given: Given) -> object:
    return do_propose_suspension(
        user, order.pk, from_at=given["from_at"], until_at=given["until_at"], reason=given["reason"]
    )


def _request(user: User, order: Order, given: Given) -> object:
    return do_record_reduction_request(
        user, order.pk, person=UUID(given["person"]), wish=Wish(given["wish"]), note=given["note"],
        pressure=Stated(given["pressure"]), wished_until=given["wished_until"],
    )  # fmt: skip


def _serve(user: User, order: Order, given: Given) -> object:
    serve = partial(do_serve_paper, paper=UUID(given["paper"])) if given["paper"] else do_record_service
    return serve(
        user,
        order.pk,
        served_at=given["served_at"],
        language=given["language"],
        told=[Topic(one) for one in given["told"]],
        person=UUID(given["person"]) if given["person"] else None,
        interpreter=given["interpreter"],
        refused_to_sign=given["refused_to_sign"],
        weapons=Weapons(given["weapons"]) if given["weapons"] else None,
        weapon_register_answered=given["weapon_register_answered"],
        note=given["note"],
    )


def _choose(user: User, order: Order, given: Given) -> object:
    return do_choose_device(
        user, order.pk, carries=Carries(given["carries"]), reason=given["reason"],
        exemption=Exemption(given["exemption"]), exemption_reason=given["exemption_reason"],
        free_charger_given=given["free_charger_given"],
    )  # fmt: skip


def _assign(user: User, order: Order, given: Given) -> object:
    person = UUID(given["person"])
    return do_assign_device(
        user, device_id=given["device"], order_id=order.pk, person=person, reason=given["reason"],
        party=Party.RESPONDENT if person == order.respondent_id else Party.PROTECTED,
    )  # fmt: skip


def _tell(user: User, order: Order, given: Given) -> object:
    return do_tell_limits(
        user, order.pk, person=UUID(given["person"]), limits=[Limit(one) for one in given["limits"]],
        language=given["language"], carries_device=Stated(given["carries_device"]),
    )  # fmt: skip


def _lose(user: User, order: Order, given: Given) -> object:
    return do_record_loss(
        user, order.pk, cause=LossCause(given["cause"]), from_at=given["from_at"], until_at=given["until_at"],
        note=given["note"],
    )  # fmt: skip


ACTS: Final[dict[str, Act]] = {
    "serve": Act(
        title=_("Record the service"), may=May.ISSUE_ORDERS, form=shapes.ServiceForm, do=_serve, names_people=True,
        names_papers=True,
        hint=_("A breach can be held against him only of what he was told."),
    ),
    "choose-device": Act(
        title=_("Choose the device"), may=May.MANAGE_DEVICES, form=shapes.ChooseDeviceForm, do=_choose,
        hint=_("The ministry's own decision, beside the risk that the police assessed."),
    ),
    "assign": Act(
        title=_("Give a device"), may=May.MANAGE_DEVICES, form=shapes.AssignForm, do=_assign, names_people=True,
        names_devices=True, hint=_("From now on the engine listens to it."),
    ),
    "limits": Act(
        title=_("Tell what the system can't do"), may=May.MANAGE_DEVICES, form=shapes.LimitsForm, do=_tell,
        names_people=True, hint=_("She must hear each of these before she relies on a device."),
    ),
    "suspend": Act(
        title=_("Propose a suspension"), may=May.ISSUE_ORDERS, form=shapes.SuspendForm, do=_suspend,
        hint=_("A second person confirms it, and the prosecutor reads it. Her call for help is heard all the while."),
    ),
    "resume": Act(
        title=_("End the suspension"), may=May.ISSUE_ORDERS, form=shapes.ReasonedForm,
        do=lambda user, order, given: do_resume(user, order.pk, reason=given["reason"]),
    ),
    "request": Act(
        title=_("Record a request for less protection"), may=May.ISSUE_ORDERS, form=shapes.RequestForm, do=_request,
        names_people=True,
        hint=_(
            "Nothing changes yet: first a private conversation, a reassessment, and the decision of somebody else."
        ),
    ),
    "loss": Act(
        title=_("Record a loss outside his will"), may=May.SEE_CASES, form=shapes.LossForm, do=_lose,
        hint=_("Before any protocol about a silence."),
    ),
    "end": Act(
        title=_("Revoke the order"), may=May.ISSUE_ORDERS, form=shapes.EndForm,
        do=lambda user, order, given: do_end_order(user, order.pk, reason=given["reason"], act=given["act"]),
        hint=_("By its issuer only. At her request it goes another way: record the request."),
    ),
}  # fmt: skip


@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, order_id: UUID, name: str) -> HttpResponse:
    """One act on an order."""
    user = person_of(request)
    chosen = ACTS.get(name)
    if chosen is None:
        raise NotFound("act")
    order = order_for(user, order_id)
    check_allowed(user, chosen.may)
    extra: dict[str, Any] = {"protected": _people_of(order)} if chosen.names_people else {}
    if chosen.names_devices:
        stock = [(one.pk, f"{one.pk} · {sentences.text(sentences.DEVICE_KINDS, one.kind)}") for one in stock_for(user)]
        extra |= {"stock": stock, "respondent": str(order.respondent_id)}
    if chosen.names_papers:
        extra["papers"] = _papers_of(user, order)
    given = {field: request.GET[field] for field in _FILLED & request.GET.keys()}
    form = chosen.form(request.POST if request.method == "POST" else None, initial=given, **extra)
    back = reverse("order", args=[order.pk])
    register = reverse("device_register") if chosen.names_devices else ""
    return _answered(
        request, form, lambda given: chosen.do(user, order, given), title=chosen.title, hint=chosen.hint, order=order,
        back=back, done=f"{back}#{'next' if name in _TO_BE_WATCHED else 'life'}",
        register=f"{register}?{urlencode({'order': order.pk, **given})}" if register else "",
    )  # fmt: skip


def acts_for(user: User, order: Order) -> list[dict[str, Any]]:
    """The acts that this person may do, for the order's page."""
    if order.ended_at is not None:
        return []
    useless = "suspend" if suspension_of(order, at=clock.now()) else "resume"
    return [
        {"name": name, "title": one.title, "url": reverse("order_act", args=[order.pk, name])}
        for name, one in ACTS.items()
        if allows(user, one.may) and name != useless
    ]


@require_http_methods(["GET", "POST"])
def proposal(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Confirm or refuse a proposal, as the second person."""
    user = person_of(request)
    found = proposal_for(user, proposal_id)
    check_allowed(user, May.CONFIRM_ORDERS)
    form = shapes.ReasonedForm(request.POST if request.method == "POST" else None)
    confirmed = request.POST.get("answer") == "confirm"

    def answer(given: Given) -> object:
        act_ = do_confirm_proposal if confirmed else do_refuse_proposal
        return act_(user, proposal_id, reason=given["reason"])

    return _answered(
        request, form, answer, title=_("Answer the proposal"), order=found.order, back=reverse("orders_waiting"),
        template="console/orders/proposal.html",
        proposal={
            "change": sentences.text(order_words.CHANGES, found.change), "what": cut_in_words(found.content),
            "reason": found.reason,
            "by": shown_name(found.proposed_by), "at": found.proposed_at, "own": found.proposed_by_id == user.pk,
            "from_at": _moment(found.content, "from_at"), "until_at": _moment(found.content, "until_at"),
            "expires_at": _moment(found.content, "expires_at"),
        },
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def question(request: HttpRequest, question_id: int) -> HttpResponse:
    """Record what she said about an extension, or that she was not reached."""
    user = person_of(request)
    found = question_for(user, question_id)
    form = shapes.QuestionForm(request.POST if request.method == "POST" else None)

    def answer(given: Given) -> object:
        if given["answer"] == "not_reached":
            return do_note_attempt(user, question_id, note=given["note"])
        return do_answer_question(
            user, question_id, answer=Answer(given["answer"]), privacy=_privacy(given), note=given["note"],
            pressure=Stated(given["pressure"]), extend_to=given["extend_to"],
        )  # fmt: skip

    return _answered(
        request, form, answer, title=_("Ask about the extension"), order=found.order, back=reverse("orders_waiting"),
        hint=_("In a private conversation only. What she says with somebody beside her is not her word."),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def reduction(request: HttpRequest, request_id: int, part: str) -> HttpResponse:
    """The conversation about a request for less protection, or the decision."""
    user = person_of(request)
    found = reduction_for(user, request_id)
    check_allowed(user, May.ISSUE_ORDERS)
    data = request.POST if request.method == "POST" else None
    if part == "talk":
        return _answered(
            request, shapes.TalkForm(data),
            lambda given: do_record_conversation(
                user, request_id, privacy=_privacy(given), still_wishes=Stated(given["still_wishes"]),
                pressure=Stated(given["pressure"]), note=given["note"],
            ),
            title=_("Record the private conversation"), order=found.order, back=reverse("orders_waiting"),
        )  # fmt: skip
    if part != "decide":
        raise NotFound("part")
    return _answered(
        request, shapes.DecideForm(data),
        lambda given: do_decide_reduction(
            user, request_id, granted=given["granted"] == "yes", reason=given["reason"], act=given["act"]
        ),
        title=_("Decide the request"), order=found.order, back=reverse("orders_waiting"),
        hint=_("It is granted only after a private conversation and a reassessment made since the request."),
    )  # fmt: skip


def _answered(
    request: HttpRequest,
    form: forms.Form,
    do: Callable[[Given], object],
    *,
    title: str | Promise,
    order: Order,
    back: str,
    done: str = "",
    hint: str | Promise = "",
    template: str = "console/orders/act.html",
    **more: Any,
) -> HttpResponse:
    """The form, or what came of it: a refusal stands on top of the same page, with what was typed."""
    refusal: Refused | None = None
    if request.method == "POST" and form.is_valid():
        try:
            do(form.cleaned_data)
        except Refused as error:
            refusal = error
        else:
            return HttpResponseRedirect(done or back)
    found = problems(form) if form.is_bound else []
    if refusal is not None:
        found.append({"text": sentence_of(refusal), "target": "#actions"})
    values = {
        "form": form, "title": title, "hint": hint, "order": order_facts(order), "back": back,
        "problems": found, "refused_fields": refusal.fields if refusal else (), **more,
    }  # fmt: skip
    return render(request, template, values, status=422 if found else 200)


def _people_of(order: Order) -> list[tuple[str, str]]:
    return [(str(one.pk), one.code) for one in order.protected_persons.order_by("code")]


def _papers_of(user: User, order: Order) -> list[tuple[str, str]]:
    """The papers that a party may be served with."""
    kept = papers_for(user, order.pk).exclude(rendition=Rendition.SEALED)
    return [
        (str(one.pk), " · ".join((
            paper_words.word(paper_words.RENDITIONS, one.rendition),
            paper_words.word(paper_words.LANGUAGES, one.language),
            f"{_('version')} {one.version}",
        )))
        for one in kept
    ]  # fmt: skip


def _privacy(given: Given) -> Privacy:
    return Privacy(**{name: bool(given[name]) for name in _PRIVACY})


def cut_in_words(content: dict[str, Any]) -> str:
    return ", ".join(content.get("cuts") or [])


def _moment(content: dict[str, Any], name: str) -> Any:
    written = content.get(name)
    return clock.parse_iso(written) if written else None
