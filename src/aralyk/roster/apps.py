"""Tells Django where this package stands."""

from django.apps import AppConfig


class RosterConfig(AppConfig):
    """The Django app of `aralyk.roster`."""

    name = "aralyk.roster"
    label = "roster"
    default_auto_field = "django.db.models.BigAutoField"
