"""What `aralyk bench pages` asks for: every address of the console and the API, read from their own tables of URLs.

The parts in an address are filled with rows of one large district, so that every role may see some of them. An address
that nothing fills is told as not measured; one that takes no GET, or is not this role's, says so itself when asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from aralyk.cli.bench_many import HERE, Heavy

SUBJECTS: Final = 10
_PART: Final = re.compile(r"<(?:\w+:)?(\w+)>")
_ELSEWHERE: Final = ("account/second-factor/", "account/sessions/", "live", "api/v1/openapi", "api/v1/docs")
# Lists with what people put behind them; the page itself stands in the tables of URLs.
_ASKED: Final[Mapping[str, Sequence[Mapping[str, str]]]] = {
    "desk/rows": ({"show": "all"}, {"show": "closed"}),
    "orders/": ({"q": "Вымышленов"}, {"q": "К000777"}, {"all": "1"}, {"page": "last"}, {"all": "1", "page": "last"},
                {"all": "1", "q": "Вымышленов"}, {"all": "1", "q": "нет такого"}),
    "devices/": ({"page": "1000000"}, {"q": "777"}, {"q": "Вымышленов"}, {"look": "1"}),
    "people/": ({"q": "Вымышленов"}, {"q": "Вымышленов Азамат"}, {"q": "нет такого"}, {"page": "last"},
                {"born": "1990-01-01"}),
    "reports/": ({"waiting": "mine"}, {"waiting": "overdue"}, {"waiting": "stalled"}, {"waiting": "not_assessed"},
                 {"waiting": "closed"}, {"waiting": "all"}, {"q": "Вымышленов"}, {"q": "K777-"},
                 {"waiting": "all", "page": "last"}),
    "duties/": ({"show": "overdue"}, {"show": "today"}, {"show": "mine"}),
    "accounts/": ({"q": "staff-77"}, {"page": "last"}),
    "quarantine/": ({"standing": "waiting"},),
    "api/v1/incidents": ({"limit": "200"},),
    "api/v1/orders": ({"limit": "200"}, {"live": "true", "limit": "200"}),
    "api/v1/devices": ({"limit": "200"},),
    "api/v1/reports": ({"limit": "200"},),
    "api/v1/people/respondents": ({"limit": "200"}, {"q": "Вымышленов"}),
    "api/v1/duties": ({"overdue": "true"},),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: its address as the tables of URLs write it, and with rows of the database in it."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All pages, and the addresses that no row of the database fills."""

    pages: tuple[Page, ...]
    without_rows: tuple[str, ...]


def pages(heavy: Heavy) -> Found:
    """Every page of console and API; Django must be set up."""
    rows = _rows()
    found, without = [], []
    for route in _routes():
        filled = _filled(route, rows)
        if not filled:
            without.append(route)
            continue
        found.append(Page(name=route, addresses=tuple(f"/{one}" for one in filled)))
        for asked in _ASKED.get(route, ()):
            query = urlencode(asked)
            found.append(Page(name=f"{route}?{query}", addresses=(f"/{route}?{query}",)))
    return Found(pages=(*found, *_heavy(heavy)), without_rows=tuple(without))


def _heavy(heavy: Heavy) -> Iterator[Page]:
    """Pages of the one case in which most happened."""
    order = f"/orders/{heavy.order}/"
    for name, address in (
        ("orders/HEAVY/", order),
        ("orders/HEAVY/?kind=incident", f"{order}?kind=incident"),
        ("people/respondents/HEAVY/", f"/people/respondents/{heavy.respondent}/"),
        ("people/protected/HEAVY/", f"/people/protected/{heavy.protected_person}/"),
        ("risk/HEAVY/", f"/risk/{heavy.respondent}/"),
        ("map/orders/HEAVY/tracks.json", f"/map/orders/{heavy.order}/tracks.json"),
        ("map/places.json?order=HEAVY", f"/map/places.json?order={heavy.order}"),
        ("api/v1/orders/HEAVY/history", f"/api/v1/orders/{heavy.order}/history"),
        ("api/v1/risk/levels?respondent=HEAVY", f"/api/v1/risk/levels?respondent={heavy.respondent}"),
        ("api/v1/risk/respondents/HEAVY", f"/api/v1/risk/respondents/{heavy.respondent}"),
    ):
        yield Page(name=name, addresses=(address,))


def _routes() -> Iterator[str]:
    """The tables of URLs in one row each; patterns by regular expression are acts and catch-alls, never pages."""
    from django.urls import get_resolver

    yield from sorted(set(_below("", get_resolver().url_patterns)))


def _below(prefix: str, patterns: Sequence[Any]) -> Iterator[str]:
    from django.urls.resolvers import RoutePattern

    for each in patterns:
        if not isinstance(each.pattern, RoutePattern):
            continue
        route = prefix + str(each.pattern)
        if route.startswith(_ELSEWHERE):
            continue
        below = getattr(each, "url_patterns", None)
        if below is None:
            yield route
        else:
            yield from _below(route, below)


def _filled(route: str, rows: Mapping[str, Sequence[Any]]) -> list[str]:
    names = _PART.findall(route)
    columns = [_column(route, name, rows) for name in names]
    count = max((len(column) for column in columns), default=1)
    if not all(columns):
        return []
    filled = []
    for number in range(count):
        values = iter([column[number % len(column)] for column in columns])
        filled.append(_PART.sub(lambda _, values=values: str(next(values)), route))  # type: ignore[misc]
    return filled


def _column(route: str, name: str, rows: Mapping[str, Sequence[Any]]) -> Sequence[Any]:
    """The values for one part of an address; where a name means different things, the route says which."""
    from aralyk.console.order_drafting import STEPS
    from aralyk.console.views.order_acts import ACTS

    by_route: dict[str, Sequence[Any]] = {
        "orders/<uuid:order_id>/act/<slug:name>": tuple(ACTS),
        "orders/drafts/<uuid:draft_id>/<slug:name>": STEPS,
        "incidents/<uuid:incident_id>/live/<slug:part>": ("head", "certainty", "timeline"),
        "devices/<str:device_id>/live/<slug:part>": ("health", "commands"),
    }
    if name in {"name", "part"}:
        return by_route.get(route, ())
    if name == "draft_id" and route.startswith("reports/"):
        return ()
    if name == "request_id" and not route.startswith("orders/"):
        return ()
    return rows.get(name, ())


def _rows() -> dict[str, Sequence[Any]]:
    from aralyk import clock
    from aralyk.access.models import BreakGlass, User
    from aralyk.devices.models import Assignment
    from aralyk.incidents.models import Incident
    from aralyk.orders.models import DraftedOrder, ExtensionQuestion, Order, Proposal, ReductionRequest
    from aralyk.orders.queries import holds_at
    from aralyk.papers.models import Paper
    from aralyk.reports.models import Report
    from aralyk.risk.models import Assessment, LevelDecision, State

    def some(queryset: Any, column: str = "pk") -> tuple[Any, ...]:
        return tuple(queryset.values_list(column, flat=True)[:SUBJECTS])

    orders = list(Order.objects.filter(holds_at(clock.now()), district=HERE).order_by("-number")[:SUBJECTS])
    respondents = [order.respondent_id for order in orders]
    persons = [order.protected_persons.order_by("code")[0].pk for order in orders]
    mine = {"order__in": orders}
    assessments = some(Assessment.objects.filter(respondent__in=respondents).order_by("-assessed_at"))
    return {
        "order_id": tuple(order.pk for order in orders),
        "respondent_id": respondents,
        "respondent": respondents,
        "person_id": persons,
        "protected_person": persons,
        "incident_id": some(Incident.objects.filter(**mine).order_by("number")),
        "device_id": some(Assignment.objects.filter(**mine, until__isnull=True).order_by("pk"), "device"),
        "report_id": some(Report.objects.filter(district=HERE).order_by("-taken_at")),
        "assessment": assessments,
        "assessment_id": assessments,
        "decision": some(LevelDecision.objects.filter(state=State.PROPOSED).order_by("pk")),
        "proposal_id": some(Proposal.objects.filter(order__district=HERE).order_by("-pk")),
        "question_id": some(
            ExtensionQuestion.objects.filter(order__district=HERE, closed_at__isnull=True).order_by("pk")
        ),
        "request_id": some(ReductionRequest.objects.filter(order__district=HERE).order_by("pk")),
        "draft_id": some(DraftedOrder.objects.order_by("pk")),
        "paper_id": some(Paper.objects.filter(**mine).order_by("pk")),
        "glass_id": some(BreakGlass.objects.order_by("pk")),
        "account_id": some(User.objects.order_by("pk")),
        "frame_id": _frames(),
    }


def _frames() -> tuple[int, ...]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM quarantine ORDER BY id DESC LIMIT %s", (SUBJECTS,))
        return tuple(row[0] for row in cursor.fetchall())
