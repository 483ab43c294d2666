"""Devices, who carries them and why, and strangers. A phone's secret is kept as its SHA-256 alone."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from aralyk.orders.models import Order


class DeviceKind(models.TextChoices):
    """What the engine is told about a device."""

    BRACELET = "bracelet"
    PHONE = "phone"


class Party(models.TextChoices):
    """Whose device it is in an order."""

    RESPONDENT = "respondent"
    PROTECTED = "protected"


class Device(models.Model):
    """One bracelet or phone, by the id that it says on the wire (IMEI, or the id set at fitting)."""

    id = models.CharField(primary_key=True, max_length=64)
    kind = models.CharField(max_length=16, choices=DeviceKind.choices)
    protocol = models.SlugField(max_length=16)
    model = models.CharField(max_length=64, blank=True)
    interval_s = models.PositiveIntegerField()
    secret_hash = models.BinaryField(null=True, unique=True)
    trust = models.SlugField(max_length=16, default="self_reported")  # | imei | network | secret | attested
    networks = models.CharField(max_length=400, blank=True, default="", db_default="")  # CIDRs with commas; "": any
    key = models.BinaryField(null=True)  # of a device that encrypts, sealed (aralyk.devices.keys)
    active = models.BooleanField(default=True)
    synthetic = models.BooleanField(default=False)


class Stranger(models.Model):
    """Somebody who spoke and is not registered: what he called himself, since when, how often. Never a device.

    The gateway counts; the table holds the newest 10,000 and makes nobody known.
    """

    protocol = models.SlugField(max_length=16)
    claimed_id = models.CharField(max_length=64)  # "": it named nobody that could be read
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField(db_index=True)
    count = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["protocol", "claimed_id"], name="one_row_for_each_claim")
        ]


class Assignment(models.Model):
    """Who carries a device, from when, by whose decision and why."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="assignments")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="assignments")
    party = models.CharField(max_length=16, choices=Party.choices)
    person = models.UUIDField()
    reason = models.CharField(max_length=400)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["device", "order"], condition=models.Q(until__isnull=True), name="carried_once_in_an_order"
            )
        ]
