"""How long access lasts and how often somebody may look: set per installation, read from Django's settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.conf import settings


class SecondFactor(StrEnum):
    """Who must have used a passkey or a one-time code in this session."""

    NOBODY = "nobody"
    SENSITIVE = "sensitive"  # whoever looks into the vault, changes accounts or opens cases to others
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an installation sets.

    Attributes:
        grant_max: The longest time for which one case is opened to a person.
        glass_confirm: Within which a second person confirms a case that was opened in an emergency.
        glass_open: How long such a case stays open.
        glass_review: Within which its use is reviewed.
        delegation_max: The longest holiday cover.
        review_every: How often each account's access is confirmed anew.
        looks_an_hour: Looks into sealed facts by one person.
        glass_asks_an_hour: Tries to open a case in an emergency by one person.
        second_factor: Who must have used one.
    """

    grant_max: timedelta
    glass_confirm: timedelta
    glass_open: timedelta
    glass_review: timedelta
    delegation_max: timedelta
    review_every: timedelta
    looks_an_hour: int
    glass_asks_an_hour: int
    second_factor: SecondFactor


def limits() -> Limits:
    """The limits of this installation."""
    found = settings.ACCESS_LIMITS
    assert isinstance(found, Limits)
    return found
