"""Tells Django where this package stands."""

from django.apps import AppConfig


class PapersConfig(AppConfig):
    """The Django app of `aralyk.papers`."""

    name = "aralyk.papers"
    label = "papers"
    default_auto_field = "django.db.models.BigAutoField"
