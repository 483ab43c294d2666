"""Tells Django where this package stands."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """The Django app of `aralyk.reports`."""

    name = "aralyk.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the vault's keys of the words sealed here: no master that they need is replaced or forgotten."""
        from aralyk.people.sealing import keeps_sealed
        from aralyk.reports.sealed import rows_by_master

        keeps_sealed("reports", rows_by_master)
