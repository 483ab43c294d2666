"""Pages of a list, and the links between them."""

from __future__ import annotations

from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Window
from django.http import HttpRequest

_DIGITS_MAX: Final = 7


def page_query(request: HttpRequest, *, name: str = "page") -> str:
    """What such a link keeps of the address, the search above all; its own page number, `name`, follows."""
    kept = request.GET.copy()
    kept.pop(name, None)
    return f"{kept.urlencode()}&" if kept else ""


def page_in_one_pass(rows: QuerySet[Any], number: str | None, page_rows: int) -> Page[Any]:
    """A page of a list that is dear to find, as a search is: its rows and how many there are come from one query."""
    asked = int(number) if number and number.isascii() and number.isdigit() and len(number) <= _DIGITS_MAX else 1
    first = (max(asked, 1) - 1) * page_rows
    found = list(rows.annotate(in_all=Window(Count("pk")))[first : first + page_rows])
    paginator = Paginator(rows, page_rows)
    if not found:
        return paginator.get_page(number)  # nothing at all, or beyond the end: the last page
    paginator.__dict__["count"] = found[0].in_all  # what its cached property would ask for
    return Page(found, max(asked, 1), paginator)
