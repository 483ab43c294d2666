"""How one is reached: one's own addresses, the proof of each, what one was told; and the gateway's receipts."""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.errors import Code, Refused
from aralyk.access.models import User
from aralyk.channels.addresses import (
    do_add_address,
    do_ask_code,
    do_confirm_address,
    do_end_address,
    own_address,
    own_addresses,
)
from aralyk.channels.models import Address, Notice, Way
from aralyk.channels.notices import do_answer, own_notices
from aralyk.channels.outbox import do_take_receipt
from aralyk.channels.words import Text, in_words
from aralyk.console.access_forms import blame
from aralyk.console.forms import problems
from aralyk.console.people import person_of
from aralyk.console.ways_forms import AddressForm, CodeForm

RECEIPT_BYTES_MAX: Final = 4_096
PUSH_KEY: Final = Path("keys") / "push.pub"  # written by the courier, when pushes are set up
_WORKER: Final = "console/worker.js"


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """One's addresses, and what one was told."""
    return _page(request)


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """A number or an e-mail address; a code goes there."""
    form = AddressForm(request.POST)
    if form.is_valid():
        try:
            do_add_address(person_of(request), way=Way(form.cleaned_data["way"]), value=form.cleaned_data["value"])
        except Refused as refused:
            if refused.code not in {Code.INVALID, Code.ADDRESS_KNOWN}:
                raise
            blame(form, refused)
        else:
            return HttpResponseRedirect(reverse("ways"))
    return _page(request, form=form)


@require_POST
def add_browser(request: HttpRequest) -> HttpResponse:
    """This browser: its script posts the subscription."""
    try:
        given = json.loads(request.body[:RECEIPT_BYTES_MAX])
        endpoint, keys = given["endpoint"], given["keys"]
        if not isinstance(endpoint, str) or not isinstance(keys, dict):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        raise Refused.field("body", expected="a browser's subscription: endpoint and keys") from None
    do_add_address(person_of(request), way=Way.PUSH, value=endpoint, keys=keys, push_hosts=tuple(settings.PUSH_HOSTS))
    return HttpResponse(status=204)


@require_POST
def confirm(request: HttpRequest, address_id: UUID) -> HttpResponse:
    """The code that was sent there."""
    person = person_of(request)
    address = own_address(person, address_id)
    form = CodeForm(request.POST, prefix=str(address.pk))
    if form.is_valid():
        try:
            do_confirm_address(person, address.pk, code=form.cleaned_data["code"])
        except Refused as refused:
            if refused.code is not Code.INVALID:
                raise
            blame(form, refused)
        else:
            return HttpResponseRedirect(reverse("ways"))
    return _page(request, code_form=(address, form))


@require_POST
def code(request: HttpRequest, address_id: UUID) -> HttpResponse:
    """Another code."""
    do_ask_code(person_of(request), address_id)
    return HttpResponseRedirect(reverse("ways"))


@require_POST
def end(request: HttpRequest, address_id: UUID) -> HttpResponse:
    """Not that way any more."""
    person = person_of(request)
    do_end_address(person, own_address(person, address_id))
    return HttpResponseRedirect(reverse("ways"))


@require_POST
def notice(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Answer what one was told, and go to what it is about."""
    found = do_answer(person_of(request), notice_id)
    return HttpResponseRedirect(_about(found))


@require_GET
def worker(_request: HttpRequest) -> HttpResponse:
    """The service worker that wakes for a push; it must stand at the root to speak for every page."""
    path = finders.find(_WORKER)
    assert isinstance(path, str)
    answer = HttpResponse(Path(path).read_bytes(), content_type="text/javascript")
    answer["Cache-Control"] = "no-cache"
    return answer


@csrf_exempt
@require_POST
def sms_receipt(request: HttpRequest) -> HttpResponse:
    """The SMS gateway says what became of a message: `{"id": its own, "status": "delivered" or "failed"}`."""
    token = settings.SMS_RECEIPT_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        return JsonResponse({"error": "unauthorized"}, status=401)
    try:
        body = json.loads(request.body[:RECEIPT_BYTES_MAX])
        reference, status = body["id"], body["status"]
        if not isinstance(reference, str) or status not in ("delivered", "failed"):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        expected = '{"id": text, "status": "delivered" or "failed"}'
        return JsonResponse({"error": "invalid", "expected": expected}, status=422)
    known = do_take_receipt(reference, delivered=status == "delivered", at=clock.now())
    return JsonResponse({"known": known}, status=200 if known else 404)


def _page(
    request: HttpRequest, *, form: AddressForm | None = None, code_form: tuple[Address, CodeForm] | None = None
) -> HttpResponse:
    person = person_of(request)
    wrong = form or (code_form and code_form[1])
    forms = {code_form[0].pk: code_form[1]} if code_form else {}
    key = settings.HOME / PUSH_KEY
    values: dict[str, Any] = {
        "addresses": [
            {
                "id": one.pk, "way": Way(one.way), "value": "" if one.way == Way.PUSH else one.value,
                "confirmed_at": one.confirmed_at, "added_at": one.added_at,
                "form": forms.get(one.pk) or CodeForm(prefix=str(one.pk)),
            }
            for one in own_addresses(person)
        ],
        "form": form or AddressForm(),
        "notices": [_said(one, person) for one in own_notices(person)],
        "problems": problems(wrong) if wrong else [],
        "push_key": key.read_text(encoding="ascii") if key.exists() else "",
    }  # fmt: skip
    return render(request, "console/ways.html", values, status=422 if wrong else 200)


def _said(notice: Notice, person: User) -> dict[str, Any]:
    return {
        "id": notice.pk, "about": _about(notice), "asked_at": notice.asked_at, "answered_at": notice.answered_at,
        "delivered_at": notice.delivered_at, "given_up_at": notice.given_up_at, "urgent": notice.urgent,
        "text": in_words(Text(notice.text), notice.args, language=person.language),
    }  # fmt: skip


def _about(notice: Notice) -> str:
    kind, _, key = notice.subject.partition(":")
    if kind == "incident":
        return reverse("incident", args=[UUID(key)])
    return reverse("duties") if kind == "district" else reverse("desk")
