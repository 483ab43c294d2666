"""Devices: who carries what, and is it well."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from aralyk.access.queries import shown_name
from aralyk.console import sentences
from aralyk.console.device_facts import device_facts
from aralyk.console.people import person_of
from aralyk.devices.queries import assignments_for, device_for, devices_for, places_for


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Devices under live orders, worst first, and the stock for those who manage it."""
    user = person_of(request)
    facts = device_facts(places_for(user))
    carried = {device.id for device in facts}
    stock = [device for device in devices_for(user) if device.pk not in carried]
    values = {
        "devices": facts,
        "silent": sum(device.silent for device in facts),
        "stock": [
            {"id": device.pk, "kind": sentences.text(sentences.DEVICE_KINDS, device.kind), "model": device.model}
            for device in stock
        ],
    }
    return render(request, "console/devices/list.html", values)


@require_GET
def page(request: HttpRequest, device_id: str) -> HttpResponse:
    """One device: its health now, and who carried it and why."""
    user = person_of(request)
    device = device_for(user, device_id)
    facts = [found for found in device_facts(places_for(user)) if found.id == device.pk]
    values = {
        "device": device,
        "kind": sentences.text(sentences.DEVICE_KINDS, device.kind),
        "trust": sentences.text(sentences.TRUST, device.trust),
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
