"""Addresses of pages that stand in another part of the console."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse


def report_address(report: object) -> str:
    """The page of a report; empty for an id that no report can have."""
    try:
        return reverse("report", args=[report])
    except NoReverseMatch:
        return ""
