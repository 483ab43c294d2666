"""Incidents: what a person must answer. The monitor raises them (psycopg), people act on them (actions)."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from aralyk.clock import EPOCH
from aralyk.jurisdictions.values import Milestone
from aralyk.orders.models import Order
from aralyk.roster.models import Desk

MILESTONES = [(milestone.value, milestone.value) for milestone in Milestone]


class Status(models.TextChoices):
    """Where an incident stands. Open means: nobody has said "mine" yet."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    TRIAGED = "triaged"
    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    ON_THE_WAY = "on_the_way"
    ARRIVED = "arrived"
    CONCLUDED = "concluded"
    CLOSED = "closed"


class Judgement(models.TextChoices):
    """What whoever took it on thinks must happen next."""

    POLICE_AT_ONCE = "police_at_once"
    FIND_OUT_FIRST = "find_out_first"
    TECHNICAL = "technical"


class Suspicion(models.TextChoices):
    """What several incidents together may be, though none of them alone."""

    STALKING = "stalking"


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
    judgement = models.CharField(max_length=16, choices=Judgement.choices, blank=True, db_default="")
    handed_to = models.ForeignKey(Desk, on_delete=models.PROTECT, null=True, related_name="+")
    handed_over_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    on_the_way_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)  # given back by those it was handed to
    concluded_at = models.DateTimeField(null=True)
    concluded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    suspicion = models.CharField(max_length=16, choices=Suspicion.choices, blank=True, db_default="")
    clock_from = models.DateTimeField(
        null=True
    )  # since when it is so urgent, or open again; null: since it was decided
    # When its clocks must be looked at next; the epoch: at once. Null: closed, nothing runs.
    clock_at = models.DateTimeField(null=True, db_default=EPOCH)
    decision = models.JSONField()  # the latest DECISION of docs/reference, whole

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "priority", "-raised_at"], name="incident_queue"),
            models.Index(fields=["order", "-raised_at"], name="incident_by_order"),
            models.Index(fields=["status", "-closed_at", "number"], name="incident_closed_newest_first"),
            models.Index(fields=["clock_at"], condition=Q(clock_at__isnull=False), name="incident_clocks_that_run"),
        ]


class IncidentEvent(models.Model):
    """The time line: what the engine said and what people did, in order, never edited."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.SlugField(
        max_length=24
    )  # raised | updated | reopened | episode_ended | late | requested | escalated, and of each act its `event`
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    text = models.CharField(max_length=4000, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["incident", "at", "id"], name="incident_time_line")
        ]


class Escalation(models.Model):
    """One desk told in one round that a clock of an incident ran out; only a named person's answer stops it.

    Whoever sends messages reads these rows and never writes them: delivered is not read.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="escalations")
    milestone = models.CharField(max_length=16, choices=MILESTONES)
    since = models.DateTimeField()  # from when the clock runs: open again, it is another run
    round = models.PositiveIntegerField()  # 1 is the first
    desk = models.ForeignKey(
        Desk, on_delete=models.PROTECT, null=True, related_name="+"
    )  # null: there is no desk at all
    person = models.ForeignKey(  # who was on duty there; null: nobody was known to be
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    due_at = models.DateTimeField()
    raised_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    stopped_at = models.DateTimeField(null=True)  # what was awaited has happened

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["incident", "milestone", "since", "round", "desk"],
                nulls_distinct=False,
                name="told_once_a_round",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True) ^ Q(acknowledged_by__isnull=False),
                name="a_named_person_answers",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["raised_at"],
                condition=Q(acknowledged_at__isnull=True, stopped_at__isnull=True),
                name="escalations_that_stand",
            )
        ]


class LookWhy(models.TextChoices):
    """Why somebody judges a closed incident again."""

    TAMPER = "tamper"
    SAMPLE = "sample"  # drawn by lot from closed priority 1


class SecondLook(models.Model):
    """A closed incident that another person judges, without seeing what the first one concluded."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="second_looks")
    closing = models.OneToOneField(IncidentEvent, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=8, choices=LookWhy.choices)
    first_outcome = models.CharField(max_length=24, choices=Outcome.choices)
    first_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=24, choices=Outcome.choices, blank=True)
    note = models.CharField(max_length=1000, blank=True)
    given_at = models.DateTimeField(null=True)
    settled_outcome = models.CharField(max_length=24, choices=Outcome.choices, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)
    settled_note = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(taken_by__isnull=True) | ~Q(taken_by=F("first_by")), name="another_looks_again"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=Q(given_at__isnull=True), name="second_looks_that_wait"),
            models.Index(fields=["taken_by"], condition=Q(given_at__isnull=True), name="second_looks_under_way"),
        ]

    @property
    def is_disputed(self) -> bool:
        """Two people judged it differently, and nobody has settled it."""
        return self.given_at is not None and self.outcome != self.first_outcome and self.settled_at is None


class Listed(models.TextChoices):
    """Why something stands on the prosecutor's list."""

    SUSPENDED = "suspended"
    ZONE_CUT = "zone_cut"
    TERM_CUT = "term_cut"
    REVOKED = "revoked"
    LIFTED_ON_REQUEST = "lifted_on_request"
    NOT_EXTENDED_ON_REQUEST = "not_extended_on_request"
    RISK_LOWERED = "risk_lowered"
    WEAKER_DEVICE = "weaker_device"
    CLOSED_FALSE = "closed_false"
    CLOSED_NO_PURSUIT = "closed_no_pursuit"
    CLOSED_TECHNICAL = "closed_technical"
    SUSPECTED_STALKING = "suspected_stalking"


class LegalityItem(models.Model):
    """Something by which protection could have been bought or lost: the prosecutor marks each as seen."""

    source = models.CharField(max_length=80, unique=True)  # "cut:17": the row that it is about; listed once
    what = models.CharField(max_length=32, choices=Listed.choices)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, null=True, related_name="+")
    district = models.SlugField(max_length=64)
    threat = models.CharField(max_length=8)
    happened_at = models.DateTimeField()
    due_at = models.DateTimeField()  # within the hour
    listed_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    remark = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-happened_at"], condition=Q(seen_at__isnull=True), name="legality_not_seen"),
            models.Index(fields=["order", "-happened_at"], name="legality_by_order"),
        ]
