"""Figures about the work: times, what alarms turned out to be, load; each drawing with a table and a CSV beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from aralyk import clock
from aralyk.access.errors import NotFound
from aralyk.access.models import Role
from aralyk.console import law, sentences
from aralyk.console.bar_chart import chart_of
from aralyk.console.context import ROLE_NAMES
from aralyk.console.people import person_of
from aralyk.oversight.figures import NOT_CONCLUDED, OUTCOMES, By, Economy, Figures, Load, Step, figures_for, sees_names
from aralyk.risk.standing import JURISDICTION

PERIOD_DAYS: Final = 30
PERIOD_DAYS_MAX: Final = 366
BARS_MAX: Final = 12
STEPS: Final = {
    Step.ACKNOWLEDGE: gettext_lazy("until acknowledged"),
    Step.HAND_OVER: gettext_lazy("then until handed over"),
    Step.ACCEPT: gettext_lazy("then until accepted"),
    Step.ARRIVE: gettext_lazy("then until arrived"),
}
TITLES: Final = {
    By.RULE: gettext_lazy("What alarms turned out to be, by rule"),
    By.DEVICE_MODEL: gettext_lazy("What alarms turned out to be, by device model"),
    By.DISTRICT: gettext_lazy("What alarms turned out to be, by district"),
}
HEADS: Final = {
    By.RULE: gettext_lazy("Rule"),
    By.DEVICE_MODEL: gettext_lazy("Device model"),
    By.DISTRICT: gettext_lazy("District"),
}
TABLES: Final = ("times", *(by.value for by in By), "operators", "officers")


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """All figures of a period, `?since=` to `?until=`, by default the last thirty days."""
    user = person_of(request)
    found = _asked(request)
    names = sees_names(user)
    values: Mapping[str, Any] = {
        "figures": found,
        "since": timezone.localtime(found.since).date(),
        "last": timezone.localtime(found.until - timedelta(seconds=1)).date(),
        "query": f"since={_day(found.since)}&until={_day(found.until - timedelta(seconds=1))}",
        "times": _times(found),
        "times_chart": _times_chart(found),
        "economies": [_economy(by, found.economy[by]) for by in By],
        "outcomes": [_outcome(one) for one in OUTCOMES],
        "loads": [
            ("operators", _("Load of those who take signals on"), _("until acknowledged"), _loads(found.operators)),
            ("officers", _("Load of those who go there"), _("then until arrived"), _loads(found.officers)),
        ]
        if names
        else [],
    }
    return render(request, "console/oversight/figures.html", values)


@require_GET
def table(request: HttpRequest, name: str) -> HttpResponse:
    """One table as CSV, with its period and the moment of reading in the first lines."""
    if name not in TABLES or (name in {"operators", "officers"} and not sees_names(person_of(request))):
        raise NotFound("table")
    found = _asked(request)
    said = io.StringIO()
    writer = csv.writer(said)
    writer.writerow(["since", clock.iso(found.since)])
    writer.writerow(["until", clock.iso(found.until)])
    writer.writerow(["read_at", clock.iso(found.read_at)])
    writer.writerow(["suppressed_below", 5 if found.suppressed else ""])
    writer.writerows(_csv(found, name))
    headers = {"Content-Disposition": f'attachment; filename="{name}-{_day(found.since)}.csv"'}
    return HttpResponse(said.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def _asked(request: HttpRequest) -> Figures:
    now = clock.now()
    last = _date(request.GET.get("until", "")) or timezone.localtime(now).date()
    first = _date(request.GET.get("since", "")) or last - timedelta(days=PERIOD_DAYS - 1)
    first = max(min(first, last), last - timedelta(days=PERIOD_DAYS_MAX))
    zone = timezone.get_current_timezone()
    return figures_for(
        person_of(request), since=datetime.combine(first, time.min, tzinfo=zone),
        until=datetime.combine(last + timedelta(days=1), time.min, tzinfo=zone), at=now,
    )  # fmt: skip


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None


def _day(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d}"


def _times(found: Figures) -> list[dict[str, Any]]:
    return [{"one": one, "step": STEPS[one.step]} for one in found.durations]


def _times_chart(found: Figures) -> Any:
    """Priority 1 and 2: half within the first part, nine of ten within the second."""
    rows = [
        (f"{STEPS[one.step]} · {one.priority}", (round(one.p50_s), round(one.p90_s - one.p50_s)))
        for one in found.durations
        if one.priority <= 2 and one.p50_s is not None and one.p90_s is not None
    ]
    return chart_of(rows, legend=(_("half of them within"), _("nine of ten within")), first=1, running=True)


def _economy(by: By, rows: Sequence[Economy]) -> dict[str, Any]:
    named = [(_key(by, one.key), one) for one in rows]
    return {
        "by": by.value,
        "title": TITLES[by],
        "head": HEADS[by],
        "rows": [
            {"name": name, "total": one.total, "counts": [one.outcomes[each] for each in OUTCOMES]}
            for name, one in named
        ],
        "chart": chart_of(
            [(name, [one.outcomes[each] for each in OUTCOMES]) for name, one in named[:BARS_MAX]],
            legend=[_outcome(one) for one in OUTCOMES],
        ),
    }


def _key(by: By, key: str) -> str:
    if by is By.RULE:
        return sentences.text(sentences.KINDS, key)
    if by is By.DISTRICT:
        return law.district_name(JURISDICTION, key, at=clock.now())
    return key or _("not known")


def _outcome(outcome: str) -> str:
    return _("not closed yet") if outcome == NOT_CONCLUDED else sentences.text(sentences.OUTCOMES, outcome)


def _loads(found: Sequence[Load]) -> list[dict[str, Any]]:
    return [{"one": one, "role": str(ROLE_NAMES[Role(one.role)])} for one in found]


def _csv(found: Figures, name: str) -> list[list[Any]]:
    if name == "times":
        rows = [[one.step.value, one.priority, one.count, one.p50_s, one.p90_s, one.p99_s] for one in found.durations]
        return [["step", "priority", "count", "p50_s", "p90_s", "p99_s"], *_blank(rows)]
    if name in {"operators", "officers"}:
        loads = found.operators if name == "operators" else found.officers
        rows = [[_safe(one.name), one.role, one.taken, one.open, one.p50_s] for one in loads]
        return [["name", "role", "taken", "open", "p50_s"], *_blank(rows)]
    by = By(name)
    rows = [[_safe(one.key), one.total, *(one.outcomes[each] for each in OUTCOMES)] for one in found.economy[by]]
    return [[by.value, "total", *OUTCOMES], *_blank(rows)]


def _blank(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Unknown and suppressed are empty, never 0."""
    return [["" if one is None else one for one in row] for row in rows]


def _safe(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} else text
