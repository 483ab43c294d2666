"""Devices: who carries what, and is it well."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from aralyk.access.errors import Refused
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


@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Put a device into the inventory; `?device_id=&protocol=` fill the form for one that was heard as a stranger."""
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
            return render(request, "console/devices/register.html", {"made": made})
    return render(request, "console/devices/register.html", {"form": form, "problems": problems(form)}, status=422)
