"""Tells Django where this package stands."""

from django.apps import AppConfig


class ResponseConfig(AppConfig):
    """The Django app of `aralyk.response`."""

    name = "aralyk.response"
    label = "response"
    default_auto_field = "django.db.models.BigAutoField"
