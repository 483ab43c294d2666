"""Tells Django where this package stands."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The Django app of `aralyk.api`."""

    name = "aralyk.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"
