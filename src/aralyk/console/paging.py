"""Links between the pages of a list."""

from __future__ import annotations

from django.http import HttpRequest


def page_query(request: HttpRequest, *, name: str = "page") -> str:
    """What such a link keeps of the address, the search above all; its own page number, `name`, follows."""
    kept = request.GET.copy()
    kept.pop(name, None)
    return f"{kept.urlencode()}&" if kept else ""
