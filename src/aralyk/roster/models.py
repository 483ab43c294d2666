"""Who is on duty: desks, shifts, the people of a shift, and the test call that proves that somebody is there."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from aralyk.jurisdictions.values import DeskKind

KINDS = [(kind.value, kind.value) for kind in DeskKind]


class Desk(models.Model):
    """A place that answers: of one district, or of the whole country where none is named. Never a person."""

    code = models.SlugField(max_length=64, unique=True)
    kind = models.CharField(max_length=16, choices=KINDS)
    district = models.SlugField(max_length=64, blank=True)
    always = models.BooleanField(default=True)  # somebody must be on duty at every hour: a gap is an alarm
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["kind", "district"], condition=Q(closed_at__isnull=True), name="desks_that_answer")
        ]

    def __str__(self) -> str:
        return self.code


class Shift(models.Model):
    """A desk's hours with its people; its test call is due soon after it began."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    call_due_at = models.DateTimeField()
    call_answered_at = models.DateTimeField(null=True)
    call_answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    call_missed_at = models.DateTimeField(null=True)  # said so by the machine, once

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_shift_lasts")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["desk", "ends_at"], condition=Q(cancelled_at__isnull=True), name="shifts_of_a_desk"),
            models.Index(
                fields=["call_due_at"],
                condition=Q(cancelled_at__isnull=True, call_answered_at__isnull=True, call_missed_at__isnull=True),
                name="test_calls_that_wait",
            ),
        ]


class Posting(models.Model):
    """One person of a shift; who stands in for somebody names whose place it was."""

    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="postings")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="postings")
    covers = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["shift", "person"], condition=Q(removed_at__isnull=True), name="once_in_a_shift"
            )
        ]
