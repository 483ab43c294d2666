"""Orders as issued and as varied. A version is never edited: a variation is a new one, the old stay as they were."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from aralyk.people.models import ProtectedPerson, Respondent


class Threat(models.TextChoices):
    """The level that the risk assessment gave; there is no "none"."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Order(models.Model):
    """One protection order over one respondent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=40, unique=True)
    jurisdiction = models.CharField(max_length=8)
    legal_basis = models.SlugField(max_length=64)
    respondent = models.ForeignKey(Respondent, on_delete=models.PROTECT, related_name="orders")
    protected_persons: models.ManyToManyField[ProtectedPerson, models.Model] = models.ManyToManyField(
        ProtectedPerson, related_name="orders"
    )
    district = models.SlugField(max_length=64)
    threat = models.CharField(max_length=8, choices=Threat.choices)
    statements = models.JSONField(default=dict)  # weapons, children, …: yes | no | unknown, as the applicant said
    reported_at = models.DateTimeField(null=True)
    established_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=400, blank=True)
    current_version = models.PositiveIntegerField(default=0)
    synthetic = models.BooleanField(default=False)


class OrderVersion(models.Model):
    """What the engine was told, word for word (`spec` is the ORDER of docs/reference), and by whom."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    spec = models.JSONField()
    reason = models.CharField(max_length=400)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["order", "version"], name="one_row_a_version")
        ]


class Condition(models.Model):
    """One prohibition or duty of a version, with its legal basis and how compliance is known."""

    order_version = models.ForeignKey(OrderVersion, on_delete=models.PROTECT, related_name="conditions")
    code = models.SlugField(max_length=32)  # the id that decisions name
    kind = models.SlugField(max_length=32)  # proximity | exclusion_zone | … | no_contact | no_weapons
    legal_basis = models.SlugField(max_length=64)  # an article of the pack, as in force on the day of the version
    known_by = models.CharField(max_length=16)  # device | check_in | report | programme
    parameters = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["order_version", "code"], name="one_condition_a_code")
        ]
