"""Tells Django where this package stands."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The Django app of `aralyk.console`: templates, static files, template tags; it has no tables."""

    name = "aralyk.console"
    label = "console"
