"""Tells Django where this package stands."""

from django.apps import AppConfig


class OversightConfig(AppConfig):
    """The Django app of `aralyk.oversight`."""

    name = "aralyk.oversight"
    label = "oversight"
    default_auto_field = "django.db.models.BigAutoField"
