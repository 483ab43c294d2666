"""Tells Django where this package stands."""

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    """The Django app of `aralyk.devices`."""

    name = "aralyk.devices"
    label = "devices"
    default_auto_field = "django.db.models.BigAutoField"
