"""Tells Django where this package stands."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """The Django app of `aralyk.evidence`."""

    name = "aralyk.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"
