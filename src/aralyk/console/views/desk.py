"""The desk: the queue of signals beside the live map."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aralyk import clock
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.console.cards import cards
from aralyk.console.incident_clocks import is_overdue
from aralyk.console.people import person_of
from aralyk.console.views.map_data import map_values
from aralyk.incidents.life import OWNED
from aralyk.incidents.models import Incident, Status
from aralyk.incidents.queries import queue_for

LOOKED_AT_MAX: Final = 2_000  # signals whose clocks one page looks at, the worst first
ROWS_MAX: Final = 200  # as many as may be marked shown at once; the rest is counted below the list


class Show(StrEnum):
    """Which signals the queue holds."""

    OPEN = "open"
    MINE = "mine"
    UNOWNED = "unowned"
    OVERDUE = "overdue"
    ALL = "all"


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Queue and map."""
    show = _show(request)
    values = {
        **_rows(request, show),
        "filters": _filters(show),
        "rows_url": f"{reverse('desk_rows')}?{urlencode({'show': show.value})}",
        "watches": allows(person_of(request), May.WATCH),
        "map": map_values(),
    }
    return render(request, "console/desk/page.html", values)


@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    """The rows alone."""
    return render(request, "console/desk/rows.html", _rows(request, _show(request)))


def _show(request: HttpRequest) -> Show:
    try:
        return Show(request.GET.get("show", Show.OPEN))
    except ValueError:
        return Show.OPEN


def _rows(request: HttpRequest, show: Show) -> dict[str, Any]:
    user = person_of(request)
    found: list[Incident] = []
    for part in _parts(user, show):
        found += part[: ROWS_MAX + 1 - len(found)]
    more = sum(part.count() for part in _parts(user, show)) - ROWS_MAX if len(found) > ROWS_MAX else 0
    return {
        "cards": cards(user, found[:ROWS_MAX]),
        "more": max(0, more),
        "empty_text": _empty_text(show, sees_cases=allows(user, May.SEE_CASES)),
    }


def _parts(user: User, show: Show) -> list[QuerySet[Incident]]:
    """What the list holds, one after the other: each part is read by its own index, so the thousands cost nothing."""
    waiting = queue_for(user)
    if show is Show.MINE:
        return [waiting.filter(Q(acknowledged_by=user) | Q(accepted_by=user), status__in=OWNED)]
    if show is Show.UNOWNED:
        return [queue_for(user, status=Status.OPEN)]
    if show is Show.OVERDUE:
        # Counted here and not read from escalations: those are written by a process that may stand still.
        now = clock.now()
        late = [one.pk for one in waiting.defer("decision")[:LOOKED_AT_MAX] if is_overdue(one, now=now)]
        return [waiting.filter(pk__in=late)]
    return [waiting, queue_for(user, status=Status.CLOSED)] if show is Show.ALL else [waiting]


def _filters(show: Show) -> list[dict[str, Any]]:
    titles = {
        Show.OPEN: pgettext("filter", "In work"),
        Show.MINE: pgettext("filter", "Mine"),
        Show.UNOWNED: pgettext("filter", "Nobody's"),
        Show.OVERDUE: pgettext("filter", "Overdue"),
        Show.ALL: pgettext("filter", "All"),
    }
    return [
        {"url": f"{reverse('desk')}?{urlencode({'show': each.value})}", "title": titles[each], "current": each is show}
        for each in Show
    ]


def _empty_text(show: Show, *, sees_cases: bool) -> str:
    if not sees_cases:
        return _("Your role sees no cases.")
    if show is Show.UNOWNED:
        return _("Every signal has somebody who took it on.")
    if show is Show.OVERDUE:
        return _("Nothing is overdue.")
    if show is Show.MINE:
        return _("You have no signals in work.")
    return _("No signals. New ones appear here by themselves.")
