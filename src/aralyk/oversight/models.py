"""What is seen from above the single case: outages, their rehearsals, digests of folded alerts, changes of a shift."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from aralyk.orders.models import Order
from aralyk.people.models import ProtectedPerson


class Outage(models.Model):
    """A time in which people do the platform's work by the printed list; or the practice of one, never both."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practice = models.BooleanField()
    began_at = models.DateTimeField()
    began_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    listed_at = models.DateTimeField(null=True)  # when the printed list was made; null: there was none
    cases = models.PositiveIntegerField(null=True)  # on that list
    told = models.PositiveIntegerField()  # how many people on duty
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["practice"], condition=Q(ended_at__isnull=True), name="one_at_a_time"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")), name="ends_after_it_began"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["-began_at"], name="newest_outages_first")]


class How(models.TextChoices):
    """In what way a protected person was told that the platform does not watch."""

    CALL = "call"
    SMS = "sms"
    VISIT = "visit"
    HELPER = "helper"  # through the helper whom she named


class OutageCall(models.Model):
    """One attempt to tell a protected person; only one that reached her counts."""

    outage = models.ForeignKey(Outage, on_delete=models.PROTECT, related_name="calls")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    protected_person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    how = models.CharField(max_length=8, choices=How.choices)
    reached = models.BooleanField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["outage", "order", "-at"], name="calls_of_an_outage")
        ]


class FoldedDigest(models.Model):
    """A day's decisions that called nobody anew: a supervisor reads and signs what they were folded into."""

    day = models.DateField(unique=True)  # of the country's own clock
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    groups = models.PositiveIntegerField()  # cases and rules
    folded = models.PositiveIntegerField()
    downgraded = models.PositiveIntegerField()
    list_sha256 = models.CharField(max_length=64)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    remark = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True) ^ Q(signed_by__isnull=False), name="a_named_person_signs"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=Q(signed_at__isnull=True), name="digests_not_signed")
        ]


class ShiftHandOver(models.Model):
    """What somebody who leaves says to whoever comes; two people, each by name. No incident changes its owner by it."""

    left_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    left_at = models.DateTimeField()
    note = models.CharField(max_length=4000)
    standing = models.JSONField()  # how it stood then: ids and numbers, as the fingerprint covers them
    standing_sha256 = models.CharField(max_length=64)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(taken_by__isnull=True) | ~Q(taken_by=F("left_by")), name="another_takes_over"
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True) ^ Q(taken_by__isnull=False), name="a_named_person_takes_over"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-left_at"], name="newest_hand_overs_first"),
            models.Index(fields=["left_at"], condition=Q(taken_at__isnull=True), name="hand_overs_that_wait"),
        ]
