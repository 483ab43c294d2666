"""Tells Django where this package stands."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """The Django app of `aralyk.incidents`."""

    name = "aralyk.incidents"
    label = "incidents"
    default_auto_field = "django.db.models.BigAutoField"
