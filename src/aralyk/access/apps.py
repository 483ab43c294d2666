"""Tells Django where this package stands."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The Django app of `aralyk.access`."""

    name = "aralyk.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"
