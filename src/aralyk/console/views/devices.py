"""Devices: who carries what, and is it well."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.sentences import sentence_of
from aralyk.console import sentences
from aralyk.console.device_facts import listed_facts
from aralyk.console.forms import DeviceForm, problems
from aralyk.console.paging import page_query
from aralyk.console.people import person_of
from aralyk.devices.actions import do_register_device
from aralyk.devices.listing import list_devices, stock_for
from aralyk.devices.models import DeviceKind
from aralyk.orders.queries import order_for

PAGE_ROWS: Final = 50
SEARCH_MAX: Final = 100
PAGE_DIGITS_MAX: Final = 7


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Devices under live orders, worst first, and the stock; `?q=` finds one by its carrier, `?look=1` what is ill."""
    user = person_of(request)
    search = request.GET.get("q", "").strip()[:SEARCH_MAX].replace("\0", "")
    look = request.GET.get("look") == "1"
    number = request.GET.get("page", "")
    asked = int(number) if number.isascii() and number.isdigit() and len(number) <= PAGE_DIGITS_MAX else 1
    found = list_devices(user, search=search, only_to_look_at=look, page=asked, page_rows=PAGE_ROWS)
    values = {
        "devices": listed_facts(found.devices),
        "total": found.total,
        "number": found.page,
        "pages": found.pages,
        "page_query": page_query(request),
        "search": search,
        "look": look,
        "silent": found.silent,
        "may_register": allows(user, May.MANAGE_DEVICES),
        "stock": [
            {"id": device.pk, "kind": sentences.text(sentences.DEVICE_KINDS, device.kind), "model": device.model}
            for device in stock_for(user)
        ],
    }
    return render(request, "console/devices/list.html", values)


def _give_address(request: HttpRequest, user: User, device: str) -> str:
    """Where the new device is given to somebody of the order that asked for it; "" where none did."""
    try:
        order = order_for(user, UUID(request.GET.get("order", "")))
    except (ValueError, NotFound):
        return ""
    given = {"device": device, "person": request.GET.get("person", "")[:SEARCH_MAX]}
    return f"{reverse('order_act', args=[order.pk, 'assign'])}?{urlencode(given)}"


@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Put a device into the inventory; `?device_id=&protocol=` fill the form for one that was heard as a stranger.

    `?order=&person=` name the case for which it is registered: to give it to somebody there is offered then.
    """
    user = person_of(request)
    check_allowed(user, May.MANAGE_DEVICES)
    if request.method == "GET":
        heard = {name: request.GET.get(name, "")[:SEARCH_MAX] for name in ("device_id", "protocol")}
        return render(request, "console/devices/register.html", {"form": DeviceForm(initial=heard)})
    form = DeviceForm(request.POST)
    if form.is_valid():
        try:
            made = do_register_device(user, **{**form.cleaned_data, "kind": DeviceKind(form.cleaned_data["kind"])})
        except Refused as error:
            form.add_error("device_id", sentence_of(error))
        else:
            return render(
                request,
                "console/devices/register.html",
                {"made": made, "give": _give_address(request, user, made.device.pk)},
            )
    return render(request, "console/devices/register.html", {"form": form, "problems": problems(form)}, status=422)
