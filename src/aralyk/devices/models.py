"""Devices, who carries them and why, and strangers. A phone's secret is kept as its SHA-256 alone."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

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
        indexes: ClassVar[list[models.Index]] = [
            # Whether a device's last word is older than its giving to this person: asked of every device of a list.
            models.Index(fields=["device", "until"], name="handed_on_last")
        ]


class Command(models.Model):
    """One command to a device; written by `command_queue` alone, from three processes."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="commands")
    serial = models.PositiveIntegerField()
    kind = models.SlugField(max_length=16)
    interval_s = models.PositiveIntegerField(null=True)
    text = models.CharField(max_length=200, blank=True)
    why = models.CharField(max_length=400)
    asked_by = models.CharField(max_length=80)  # user:<id> | decision:<evidence entry> | checkup:<id>
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    episode = models.UUIDField(null=True)  # of the engine
    episode_ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.SlugField(max_length=16)
    outcome = models.SlugField(max_length=16, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    last_sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["device", "-created_at"], name="commands_of_device"),
            models.Index(fields=["device"], condition=models.Q(finished_at__isnull=True), name="commands_under_way"),
            models.Index(
                fields=["device"],
                condition=models.Q(episode__isnull=False, episode_ended_at__isnull=True),
                name="commands_of_episodes",
            ),
        ]


class ContactPlan(models.Model):
    """An order's secret, from which its moments of contact with the respondent follow; drawn once, never changed."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="contact_plan")
    secret = models.BinaryField()
    drawn_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, db_index=True)  # the moment that is not yet served; None: none is ahead


class UrgentContact(models.Model):
    """Something that two people want to be sent to a quiet device at once; the prosecutor reads them all."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="urgent_contacts")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="+")
    kind = models.SlugField(max_length=16)  # message | buzz
    slug = models.SlugField(max_length=64, blank=True)  # of a text of the pack
    language = models.CharField(max_length=8, blank=True)
    reason = models.CharField(max_length=400)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    second_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    second_at = models.DateTimeField(null=True)
    second_reason = models.CharField(max_length=400, blank=True)
    command = models.ForeignKey(Command, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(second_by__isnull=True) | ~models.Q(second_by=models.F("proposed_by")),
                name="another_sends_at_once",
            )
        ]


class Checkup(models.Model):
    """One check of a device: what is expected of it for some minutes, and how it ended."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="checkups")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)  # None: the app itself
    maker = models.SlugField(max_length=16)
    with_alarm = models.BooleanField()
    command = models.ForeignKey(Command, on_delete=models.PROTECT, null=True)
    steps_done = models.JSONField(default=list)
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    result = models.SlugField(max_length=16, blank=True)
    checks = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["device"], condition=models.Q(finished_at__isnull=True), name="one_check_at_a_time"
            )
        ]
