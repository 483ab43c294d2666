"""Tells Django where this package stands."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The Django app of `aralyk.console`: templates, static files, template tags; it has no tables."""

    name = "aralyk.console"
    label = "console"

    def ready(self) -> None:
        """Listen to log-ins."""
        from aralyk.console import log_ins as log_ins
