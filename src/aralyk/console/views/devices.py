"""Devices: who carries what, and is it well."""

from __future__ import annotations

from typing import Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from aralyk.access.errors import Refused
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.queries import shown_name
from aralyk.access.sentences import sentence_of
from aralyk.console import sentences
from aralyk.console.device_facts import device_facts, worst_first
from aralyk.console.forms import DeviceForm, problems
from aralyk.console.paging import page_query
from aralyk.console.people import person_of
from aralyk.devices.actions import do_register_device
from aralyk.devices.models import DeviceKind
from aralyk.devices.queries import Place, assignments_for, device_for, devices_for, places_for, suspicions_of

PAGE_ROWS: Final = 50
SEARCH_MAX: Final = 100


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Devices under live orders, worst first, and the stock for those who manage it; `?q=` finds one by its carrier."""
    user = person_of(request)
    places = worst_first(places_for(user))
    search = request.GET.get("q", "").strip()[:SEARCH_MAX]
    found = [place for place in places if _matches(place, search.casefold())] if search else places
    page_of = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    carried = {place.device for place in places}
    stock = [device for device in devices_for(user) if device.pk not in carried]
    values = {
        "devices": device_facts(list(page_of)),
        "page": page_of,
        "page_query": page_query(request),
        "search": search,
        "silent": sum(place.silent for place in found),
        "may_register": allows(user, May.MANAGE_DEVICES),
        "stock": [
            {"id": device.pk, "kind": sentences.text(sentences.DEVICE_KINDS, device.kind), "model": device.model}
            for device in stock
        ],
    }
    return render(request, "console/devices/list.html", values)


def _matches(place: Place, search: str) -> bool:
    return search in f"{place.device}\n{place.label}\n{place.order_number}".casefold()


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


@require_GET
def page(request: HttpRequest, device_id: str) -> HttpResponse:
    """One device: its health now, and who carried it and why."""
    user = person_of(request)
    device = device_for(user, device_id)
    facts = device_facts(places_for(user, device_id=device.pk))
    values = {
        "device": device,
        "kind": sentences.text(sentences.DEVICE_KINDS, device.kind),
        "trust": sentences.word_of_device(device.trust, suspicions_of([device.pk]).get(device.pk, ())),
        "interval": sentences.duration(device.interval_s),
        "facts": facts[0] if facts else None,
        "assignments": [
            {
                "order": assignment.order,
                "party": sentences.text(sentences.PARTIES, assignment.party),
                "since": assignment.since,
                "until": assignment.until,
                "reason": assignment.reason,
                "decided_by": shown_name(assignment.decided_by),
            }
            for assignment in assignments_for(user, device.pk)
        ],
    }
    return render(request, "console/devices/page.html", values)
