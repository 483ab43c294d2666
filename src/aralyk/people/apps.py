"""Tells Django where this package stands."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The Django app of `aralyk.people`."""

    name = "aralyk.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"
