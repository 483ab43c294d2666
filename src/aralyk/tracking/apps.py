"""Tells Django where this package stands."""

from django.apps import AppConfig


class TrackingConfig(AppConfig):
    """The Django app of `aralyk.tracking`."""

    name = "aralyk.tracking"
    label = "tracking"
    default_auto_field = "django.db.models.BigAutoField"
