"""Tells Django where this package stands."""

from django.apps import AppConfig


class RiskConfig(AppConfig):
    """The Django app of `aralyk.risk`."""

    name = "aralyk.risk"
    label = "risk"
    default_auto_field = "django.db.models.BigAutoField"
