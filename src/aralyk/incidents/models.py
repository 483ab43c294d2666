"""Incidents: what a person must answer. The monitor raises them (psycopg), people act on them (actions)."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from aralyk.orders.models import Order


class Status(models.TextChoices):
    """Where an incident stands. Open means: nobody has said "mine" yet."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Outcome(models.TextChoices):
    """What a person concluded at closing; an opinion with a name, never a finding of a court."""

    POSSIBLE_VIOLATION = "possible_violation"
    NO_PURSUIT = "no_pursuit"
    TECHNICAL = "technical"
    FALSE = "false"
    PRACTICE = "practice"


class Incident(models.Model):
    """One episode of one pair, zone or device; `engine_key` is the engine's own name for it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(unique=True)  # from sequence incident_number, what people say on the phone
    engine_key = models.CharField(max_length=200, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="incidents")
    district = models.SlugField(max_length=64)
    kind = models.SlugField(max_length=32)
    priority = models.PositiveSmallIntegerField()
    worst_priority = models.PositiveSmallIntegerField()
    condition = models.CharField(max_length=64, blank=True)
    party = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    late = models.BooleanField(default=False)
    episode_open = models.BooleanField(default=True)  # the engine still sees it; a person may close only with a reason
    occurred_at = models.DateTimeField()
    decided_at = models.DateTimeField()
    raised_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="acknowledged_incidents"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="closed_incidents"
    )
    outcome = models.CharField(max_length=24, choices=Outcome.choices, blank=True)
    close_reason = models.CharField(max_length=1000, blank=True)
    decision = models.JSONField()  # the latest DECISION of docs/reference, whole

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "priority", "-raised_at"], name="incident_queue"),
            models.Index(fields=["order", "-raised_at"], name="incident_by_order"),
            models.Index(fields=["status", "-closed_at", "number"], name="incident_closed_newest_first"),
        ]


class IncidentEvent(models.Model):
    """The time line: what the engine said and what people did, in order, never edited."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.SlugField(
        max_length=24
    )  # raised | updated | reopened | episode_ended | late | requested | shown | acknowledged | noted | closed
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    text = models.CharField(max_length=4000, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["incident", "at", "id"], name="incident_time_line")
        ]
