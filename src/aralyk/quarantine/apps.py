"""Tells Django where this package stands."""

from django.apps import AppConfig


class QuarantineConfig(AppConfig):
    """The Django app of `aralyk.quarantine`."""

    name = "aralyk.quarantine"
    label = "quarantine"
    default_auto_field = "django.db.models.BigAutoField"
