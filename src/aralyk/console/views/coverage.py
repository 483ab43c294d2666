"""Where devices are heard and where not: a map of cells with its table."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from aralyk.console import device_words
from aralyk.console.people import person_of
from aralyk.console.views.map_data import map_values
from aralyk.devices.coverage import DEVICES_MIN, Covered, coverage_for

ROWS_MAX: Final = 100
WELL_FROM: Final = 0.95
POOR_BELOW: Final = 0.8
LEVELS: Final = {
    "poor": (gettext_lazy("often not heard"), "state-bad", "unplug"),
    "fair": (gettext_lazy("sometimes not heard"), "state-warn", "triangle-alert"),
    "well": (gettext_lazy("heard well"), "state-good", "circle-check"),
}


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The page: the worst cells in its table, all of them on its map."""
    found = sorted(coverage_for(person_of(request)), key=lambda cell: (cell.share, -cell.devices))
    levels = [level_of(cell) for cell in found]
    values = {
        "map": map_values(),
        "rows": [_row(cell) for cell in found[:ROWS_MAX]],
        "cells": len(found),
        "cut": len(found) > ROWS_MAX,
        "counts": [
            {"word": str(word), "look": look, "icon": icon, "count": levels.count(level)}
            for level, (word, look, icon) in LEVELS.items()
        ],
        "devices_min": DEVICES_MIN,
    }
    return render(request, "console/devices/coverage.html", values)


@require_GET
def cells(request: HttpRequest) -> JsonResponse:
    """The cells for the map."""
    found = [{**asdict(cell), "level": level_of(cell)} for cell in coverage_for(person_of(request))]
    return JsonResponse({"cells": found}, headers={"Cache-Control": "no-store"})


def level_of(cell: Covered) -> str:
    """How well a cell is heard."""
    if cell.share < POOR_BELOW:
        return "poor"
    return "well" if cell.share >= WELL_FROM else "fair"


def _row(cell: Covered) -> dict[str, Any]:
    word, look, icon = LEVELS[level_of(cell)]
    return {
        "lat": f"{cell.lat:.4f}", "lon": f"{cell.lon:.4f}", "devices": cell.devices, "word": str(word), "look": look,
        "icon": icon, "share": device_words.share(cell.share), "gnss": device_words.share(cell.gnss_share),
        "signal": "" if cell.signal is None else f"{cell.signal:g}",
    }  # fmt: skip
