"""Tells Django where this package stands."""

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    """The Django app of `aralyk.channels`."""

    name = "aralyk.channels"
    label = "channels"
    default_auto_field = "django.db.models.BigAutoField"
