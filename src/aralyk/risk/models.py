"""Assessments, the levels that followed, what was due because of them, and what happened meanwhile.

A risk is somebody's towards somebody: every row names the respondent and the protected person. Assessments are never
edited; a level changes only from "proposed" to what became of it.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from aralyk.people.models import ProtectedPerson, Respondent
from aralyk.risk.events import Cause
from aralyk.risk.levels import Level
from aralyk.risk.reading import Basis

LEVELS = [(level.value, level.value) for level in Level]
BASES = [(basis.value, basis.value) for basis in Basis]
CAUSES = [(cause.value, cause.value) for cause in Cause]


class State(models.TextChoices):
    """What became of a level that somebody set or proposed."""

    IN_FORCE = "in_force"  # from `in_force_at` until the next one
    PROPOSED = "proposed"  # lower than what stands: waits for the second person
    REFUSED = "refused"
    OVERTAKEN = "overtaken"  # something happened before the second person agreed


class Assessment(models.Model):
    """One form as it was filled, with the version of the instrument and what devices had said by then."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    respondent = models.ForeignKey(Respondent, on_delete=models.PROTECT, related_name="assessments")
    protected_person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="assessments")
    jurisdiction = models.CharField(max_length=8)
    instrument = models.SlugField(max_length=64)
    instrument_version = models.PositiveIntegerField()
    instrument_sha256 = models.CharField(max_length=64)
    answers = models.JSONField()  # every item: yes | no | unknown
    responses = models.JSONField(default=dict)  # what was done at once: yes | no | unknown
    device_facts = models.JSONField(default=dict)  # counts and rows as devices gave them, beside the answers
    missing = models.PositiveIntegerField()
    score_at_least = models.PositiveIntegerField(null=True)
    score_at_most = models.PositiveIntegerField(null=True)
    at_least = models.CharField(max_length=8, choices=LEVELS, blank=True)  # empty: the instrument gives no level
    at_most = models.CharField(max_length=8, choices=LEVELS, blank=True)
    assessed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    assessed_at = models.DateTimeField()
    synthetic = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["respondent", "protected_person", "-assessed_at"], name="risk_assessed"),
            models.Index(fields=["-assessed_at", "id"], name="risk_assessed_newest"),
        ]


class LevelDecision(models.Model):
    """A level that somebody set, or a lower one that somebody proposed and a second person answered."""

    respondent = models.ForeignKey(Respondent, on_delete=models.PROTECT, related_name="risk_levels")
    protected_person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="risk_levels")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="levels")
    level = models.CharField(max_length=8, choices=LEVELS)
    before = models.CharField(max_length=8, choices=LEVELS, blank=True)  # what stood then; empty: nothing yet
    basis = models.CharField(max_length=12, choices=BASES)
    reason = models.CharField(max_length=1000, blank=True)
    state = models.CharField(max_length=12, choices=State.choices)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    second_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    second_at = models.DateTimeField(null=True)
    second_reason = models.CharField(max_length=1000, blank=True)
    in_force_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # The database too holds that nobody is the second person of their own proposal.
            models.CheckConstraint(
                condition=Q(second_by__isnull=True) | ~Q(second_by=F("decided_by")), name="second_person_is_another"
            ),
            models.CheckConstraint(
                condition=Q(state=State.IN_FORCE) ^ Q(in_force_at__isnull=True), name="in_force_since_a_moment"
            ),
            models.UniqueConstraint(
                fields=["respondent", "protected_person"],
                condition=Q(state=State.PROPOSED),
                name="one_lower_level_waits",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["respondent", "protected_person", "-in_force_at"], name="risk_level_of"),
            models.Index(
                fields=["-in_force_at", "-id"], condition=Q(second_by__isnull=False), name="risk_level_lowered"
            ),
        ]


class RiskEvent(models.Model):
    """Something that touches risk, as whoever knew of it wrote it (`events.require_reassessment`)."""

    respondent = models.ForeignKey(Respondent, on_delete=models.PROTECT, related_name="risk_events")
    protected_person = models.ForeignKey(
        ProtectedPerson, on_delete=models.PROTECT, related_name="risk_events", null=True
    )
    cause = models.CharField(max_length=20, choices=CAUSES)
    source = models.CharField(max_length=100)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    facts = models.JSONField(default=dict)
    picked_up_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["respondent", "protected_person", "cause", "source"],
                nulls_distinct=False,
                name="one_row_an_event",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id"], condition=Q(picked_up_at__isnull=True), name="risk_event_waits")
        ]


class Reassessment(models.Model):
    """An assessment that is due, and the one that answered it. Nothing lapses: it stays open until one does."""

    respondent = models.ForeignKey(Respondent, on_delete=models.PROTECT, related_name="reassessments")
    protected_person = models.ForeignKey(
        ProtectedPerson, on_delete=models.PROTECT, related_name="reassessments", null=True
    )
    cause = models.CharField(max_length=20, choices=CAUSES)
    event = models.ForeignKey(RiskEvent, on_delete=models.PROTECT, related_name="reassessments", null=True)
    required_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answered_by = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="answered", null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=Q(answered_by__isnull=True), name="risk_reassessment_due")
        ]


class RiskDuty(models.Model):
    """Something that a level made due."""

    respondent = models.ForeignKey(Respondent, on_delete=models.PROTECT, related_name="risk_duties")
    protected_person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="risk_duties")
    decision = models.ForeignKey(LevelDecision, on_delete=models.PROTECT, related_name="duties")
    kind = models.SlugField(max_length=32)  # of the pack: what is to be done
    rule = models.SlugField(max_length=64)  # the entry of the pack that sets its clock now
    began_at = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    note = models.CharField(max_length=1000, blank=True)
    lapsed_at = models.DateTimeField(null=True)
    lapsed_by = models.ForeignKey(LevelDecision, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["respondent", "protected_person", "kind"],
                condition=Q(done_at__isnull=True, lapsed_at__isnull=True),
                name="one_open_duty_a_kind",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at"], condition=Q(done_at__isnull=True, lapsed_at__isnull=True), name="risk_duty_due"
            ),
            models.Index(fields=["-done_at", "-id"], condition=Q(done_at__isnull=False), name="risk_duty_done"),
        ]
