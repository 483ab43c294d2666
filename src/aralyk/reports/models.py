"""Reports of violence: who told the state of it, when, what was done, and what is still owed.

What was said in words, and how to reach whoever said it, is not here: it is sealed (`SealedText`, `Draft`), and only
the vault's database role can read it. Nothing of a report is ever deleted or closed silently: each act is an event of
its own, and what is owed stands as a row with its time.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from aralyk.people.models import ProtectedPerson, Respondent, Stated


class Channel(models.TextChoices):
    """How the report came."""

    POLICE_DESK = "police_desk"
    DUTY_UNIT = "duty_unit"  # 102
    JUVENILE_OFFICER = "juvenile_officer"
    CRISIS_CENTRE = "crisis_centre"
    PHONE = "phone"
    WRITTEN = "written"


class Applicant(models.TextChoices):
    """Who reported. Any person may."""

    PROTECTED_PERSON = "protected_person"
    CHILD = "child"
    RELATIVE = "relative"
    NEIGHBOUR = "neighbour"
    DOCTOR = "doctor"
    SCHOOL = "school"
    SOCIAL_WORKER = "social_worker"
    CRISIS_CENTRE = "crisis_centre"
    POLICE = "police"  # an officer saw it
    OTHER = "other"
    ANONYMOUS = "anonymous"


class Part(models.TextChoices):
    """What somebody is in a report. A minor who witnessed violence is a victim, whatever is written here."""

    VICTIM = "victim"
    WITNESS = "witness"


class Answer(models.TextChoices):
    """What was said to a question. That nobody asked is no answer, and it never reads as "no"."""

    YES = "yes"
    NO = "no"
    NOT_TOLD = "not_told"  # asked, and nobody could or would say; with the reason
    NOT_ASKED = "not_asked"


class WhyNotTold(models.TextChoices):
    """Why somebody who was asked gave no answer."""

    DOES_NOT_KNOW = "does_not_know"
    REFUSED = "refused"
    AFRAID = "afraid"
    COULD_NOT_SPEAK = "could_not_speak"
    NOT_REACHED = "not_reached"


class Copy(models.TextChoices):
    """What became of the applicant's paper."""

    OPEN = "open"
    GIVEN = "given"
    WITHHELD = "withheld"  # it would endanger, or there was nobody to give it to; with the reason


class Report(models.Model):
    """One report, as it was taken."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=20, unique=True)  # what the applicant is told
    jurisdiction = models.CharField(max_length=8)
    district = models.SlugField(max_length=64)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    applicant = models.CharField(max_length=20, choices=Applicant.choices)
    applicant_minor = models.CharField(max_length=8, choices=Stated.choices, default=Stated.UNKNOWN)
    language = models.CharField(max_length=8, default="ru")  # the applicant's
    respondent = models.ForeignKey(Respondent, on_delete=models.PROTECT, related_name="reports", null=True)
    violence = ArrayField(models.SlugField(max_length=64), default=list)
    statements = models.JSONField(default=dict)  # slug of the pack -> {"answer", "why"?, "on"?}
    happened_at = models.DateTimeField(null=True)  # null: nobody knows
    reported_at = models.DateTimeField()
    established_at = models.DateTimeField(null=True)  # null: the fact of violence is not established yet
    established_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reports_taken")
    taken_at = models.DateTimeField()
    acted_at = models.DateTimeField()  # when somebody last did something about it
    closed_at = models.DateTimeField(null=True)
    copy = models.CharField(max_length=10, choices=Copy.choices, default=Copy.OPEN)
    copy_reason = models.CharField(max_length=400, blank=True)
    copy_at = models.DateTimeField(null=True)
    synthetic = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["district", "-taken_at"], name="reports_of_district"),
            models.Index(fields=["respondent", "-reported_at"], name="reports_of_respondent"),
            models.Index(fields=["district", "-taken_at"], condition=Q(closed_at__isnull=True), name="reports_open"),
            models.Index(fields=["-taken_at", "id"], name="reports_newest_first"),
            models.Index(fields=["district", "respondent"], name="people_of_reports_by_district"),
            models.Index(fields=["-taken_at", "id"], condition=Q(closed_at__isnull=True), name="reports_open_newest"),
        ]


class Involved(models.Model):
    """Somebody whom the violence reached, under a code; her name is sealed with her."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="involved")
    person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="reports")
    part = models.CharField(max_length=8, choices=Part.choices)
    minor = models.CharField(max_length=8, choices=Stated.choices, default=Stated.UNKNOWN)
    relation = models.SlugField(max_length=64, blank=True)  # of the pack: what the respondent is to this person

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["report", "person"], name="one_part_a_person")
        ]

    @property
    def is_victim(self) -> bool:
        """Whether the law protects this person here: a minor who saw violence is a victim."""
        return self.part == Part.VICTIM or self.minor == Stated.YES


class Decision(models.Model):
    """What an office decided, and why. A later one does not replace an earlier one: both stand."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="decisions")
    outcome = models.SlugField(max_length=64)  # of the pack
    reason = models.CharField(max_length=1000)
    register = models.SlugField(max_length=64, blank=True)
    register_number = models.CharField(max_length=40, blank=True)
    office = models.SlugField(max_length=64, blank=True)  # agency of the pack that it goes to
    order = models.UUIDField(null=True)  # issued on this report
    closes = models.BooleanField()
    refuses = models.BooleanField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-decided_at"], condition=Q(refuses=True), name="reports_refused")
        ]


class Event(models.Model):
    """One line of the report's life. `data` holds codes, numbers and times; free words stand in `text`."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.SlugField(max_length=32)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    data = models.JSONField(default=dict)
    text = models.CharField(max_length=1000, blank=True)


class Task(models.Model):
    """Something that is owed on a report, with its clock; open until it is done or no longer owed."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="tasks")
    kind = models.SlugField(max_length=64)  # `clocks.Owed`
    rule = models.SlugField(max_length=64)  # the duty or clock of the pack
    began_at = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    result = models.SlugField(max_length=32, blank=True)
    note = models.CharField(max_length=1000, blank=True)
    lapsed_at = models.DateTimeField(null=True)  # no longer owed: the report was decided otherwise
    told_overdue_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["report", "rule"],
                condition=Q(done_at__isnull=True, lapsed_at__isnull=True),
                name="one_open_task_a_rule",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at"],
                condition=Q(done_at__isnull=True, lapsed_at__isnull=True),
                name="reports_task_due",
            )
        ]


class CaseEvent(models.Model):
    """A step of a criminal case that follows from a report: refusals, stalls and reopenings are not forgotten."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="case_events")
    kind = models.SlugField(max_length=32)
    register = models.SlugField(max_length=64)
    register_number = models.CharField(max_length=40)
    happened_on = models.DateField()
    reason = models.CharField(max_length=1000, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()


class OfficerComplaint(models.Model):
    """Somebody complained of an officer in this report: that officer has a conflict of interest here from now on."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="complaints")
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=1000)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["report", "officer"], name="one_complaint_an_officer")
        ]


class SealedText(models.Model):
    """Words that were said, encrypted; only the vault's role reads them. Added to, never changed."""

    report = models.UUIDField()  # no foreign key: written by another connection, before the report itself
    name = models.CharField(max_length=32)
    key_id = models.CharField(max_length=16)
    nonce = models.BinaryField()
    ciphertext = models.BinaryField()
    written_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["report", "id"], name="reports_sealed")]


class Draft(models.Model):
    """A report that somebody is taking, encrypted whole; gone once it is taken or thrown away."""

    id = models.UUIDField(primary_key=True, editable=False)  # becomes the report's
    by = models.BigIntegerField()  # the vault's role knows no accounts
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    key_id = models.CharField(max_length=16)
    nonce = models.BinaryField()
    ciphertext = models.BinaryField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["by", "-saved_at"], name="reports_drafts_of")]
