"""Tells Django where this package stands."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """The Django app of `aralyk.reports`."""

    name = "aralyk.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"
