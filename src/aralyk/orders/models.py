"""Orders as issued and as varied. A version is never edited: a variation is a new one, the old stay as they were."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from aralyk.people.models import ProtectedPerson, Respondent, Stated
from aralyk.reports.models import Report


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
    circumstances = models.JSONField(default=dict)  # his places, the police's way, who will carry what: for the checks
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="orders", null=True)
    reported_at = models.DateTimeField(null=True)
    established_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=400, blank=True)
    current_version = models.PositiveIntegerField(default=0)
    synthetic = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["district", "-issued_at", "id"], name="orders_of_district"),
            models.Index(fields=["-issued_at", "id"], name="orders_newest_first"),
            models.Index(fields=["district", "respondent"], name="people_of_orders_by_district"),
            # Most of what is stored is over: what may hold now is found among those that end after now.
            models.Index(fields=["expires_at"], condition=Q(ended_at__isnull=True), name="orders_that_may_hold"),
        ]


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
    parameters = models.JSONField(default=dict)  # what the engine is told besides id and kind
    facts = models.JSONField(default=dict)  # what only people need: how often, who the third adult is

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["order_version", "code"], name="one_condition_a_code")
        ]


class Finding(models.Model):
    """Something that a check found before a version was made, and who answered for it with what reason."""

    order_version = models.ForeignKey(OrderVersion, on_delete=models.PROTECT, related_name="findings")
    kind = models.SlugField(max_length=32)
    subject = models.CharField(max_length=80)  # the condition, person or place concerned; never coordinates
    facts = models.JSONField(default=dict)  # numbers that a reader needs: seconds, minutes, carriers
    reason = models.CharField(max_length=400)
    alternative = models.CharField(max_length=400, blank=True)  # what protects her where the device can't
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["order_version", "kind", "subject"], name="one_answer_a_finding")
        ]


class DraftedOrder(models.Model):
    """An order that somebody is writing; it binds nobody, and only its author sees it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    content = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    issued_as = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+", null=True)


class Change(models.TextChoices):
    """What a proposal would do."""

    VARIATION = "variation"
    SUSPENSION = "suspension"


class ProposalState(models.TextChoices):
    """What became of a proposal."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    OVERTAKEN = "overtaken"  # the order changed before the second person agreed


class Proposal(models.Model):
    """A change that leaves her less protected: nothing happens until another person confirms it."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="proposals")
    change = models.CharField(max_length=16, choices=Change.choices)
    content = models.JSONField()
    on_version = models.PositiveIntegerField()  # what stood when it was proposed
    reason = models.CharField(max_length=400)
    state = models.CharField(max_length=16, choices=ProposalState.choices, default=ProposalState.WAITING)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    second_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    second_at = models.DateTimeField(null=True)
    second_reason = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # The database too holds that nobody is the second person of their own proposal.
            models.CheckConstraint(
                condition=Q(second_by__isnull=True) | ~Q(second_by=F("proposed_by")), name="another_confirms"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["proposed_at"], condition=Q(state="waiting"), name="proposals_that_wait")
        ]


class Suspension(models.Model):
    """A time in which the order is not watched; it begins again by itself."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="suspensions")
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="suspension")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)  # when the engine was told
    resumed_at = models.DateTimeField(null=True)  # earlier than `until_at`: somebody ended it
    resumed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(until_at__gt=F("from_at")), name="suspended_for_a_time")
        ]


class LessProtection(models.TextChoices):
    """In what way she became less protected."""

    ZONE_CUT = "zone_cut"
    TERM_CUT = "term_cut"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    LIFTED_ON_REQUEST = "lifted_on_request"
    NOT_EXTENDED_ON_REQUEST = "not_extended_on_request"
    CONTACTED_AT_ONCE = "contacted_at_once"  # he was written to at a moment that may tell him where she is


class ProtectionCut(models.Model):
    """One row each time an order protects less than before: the prosecutor reads them all."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="cuts")
    what = models.CharField(max_length=32, choices=LessProtection.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    second_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    reason = models.CharField(max_length=400)
    threat = models.CharField(max_length=8)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["-at"], name="newest_cuts_first")]


class Answer(models.TextChoices):
    """What she said when she was asked about an extension."""

    WISHES = "wishes"
    DOES_NOT_WISH = "does_not_wish"


class ExtensionQuestion(models.Model):
    """Whether she wishes the order to be extended: due before its end, open until something came of it."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="extension_questions")
    expires_at = models.DateTimeField()  # the end that it asks about
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    last_attempt_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=16, choices=Answer.choices, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    asked_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=400, blank=True)
    closed_at = models.DateTimeField(null=True)  # nothing is left to do, or its end is no longer the order's

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["order", "expires_at"], name="one_question_an_end")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=Q(closed_at__isnull=True), name="questions_that_are_due")
        ]


class Wish(models.TextChoices):
    """What somebody asks for who wants less protection."""

    LIFT = "lift"
    SHORTEN = "shorten"
    NOT_EXTEND = "not_extend"


class ReductionRequest(models.Model):
    """Her request for less protection: a conversation, a reassessment and a decision stand before its effect."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="reduction_requests")
    protected_person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="+")
    wish = models.CharField(max_length=16, choices=Wish.choices)
    wished_until = models.DateTimeField(null=True)  # of a shorter term
    note = models.CharField(max_length=400, blank=True)
    pressure = models.CharField(max_length=16, choices=Stated.choices, default=Stated.UNKNOWN)
    requested_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    talked_at = models.DateTimeField(null=True)
    talked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    still_wishes = models.CharField(max_length=16, choices=Stated.choices, default=Stated.UNKNOWN)
    talk_note = models.CharField(max_length=400, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    granted = models.BooleanField(null=True)
    decision_reason = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["order", "protected_person"], condition=Q(decided_at__isnull=True), name="one_request_waits"
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("talked_by")), name="another_decides"
            ),
        ]


class Weapons(models.TextChoices):
    """What became of weapons at service."""

    SEIZED = "seized"
    NONE_FOUND = "none_found"
    NOT_CHECKED = "not_checked"


class Receipt(models.Model):
    """That a party was handed the order: what was said, when, by whom, in which language."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="receipts")
    version = models.PositiveIntegerField()
    protected_person = models.ForeignKey(  # None: the respondent
        ProtectedPerson, on_delete=models.PROTECT, related_name="+", null=True
    )
    served_at = models.DateTimeField()
    served_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    language = models.CharField(max_length=8)
    interpreter = models.BooleanField(default=False)
    told = models.JSONField(default=list)  # of `service.Topic`
    refused_to_sign = models.BooleanField(default=False)
    weapons = models.CharField(max_length=16, choices=Weapons.choices, blank=True)  # of the respondent only
    weapon_register_answered = models.BooleanField(default=False)
    note = models.CharField(max_length=400, blank=True)


class Carries(models.TextChoices):
    """What a respondent is to carry."""

    BRACELET = "bracelet"
    APP = "app"
    NOTHING = "nothing"


class Exemption(models.TextChoices):
    """Why somebody can't wear a bracelet."""

    NONE = "none"
    SKIN = "skin"
    PACEMAKER = "pacemaker"
    OTHER = "other"


class DeviceChoice(models.Model):
    """The Ministry of Justice's decision about the device; the risk that the police set stands beside it."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="device_choices")
    carries = models.CharField(max_length=16, choices=Carries.choices)
    reason = models.CharField(max_length=400)
    threat = models.CharField(max_length=8)  # what the police had set when the device was chosen
    exemption = models.CharField(max_length=16, choices=Exemption.choices, default=Exemption.NONE)
    exemption_reason = models.CharField(max_length=400, blank=True)
    free_charger_given = models.BooleanField()
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField()


class LimitsTold(models.Model):
    """That a protected person heard what the system can't do."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="limits_told")
    protected_person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="+")
    told_at = models.DateTimeField()
    told_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=8)
    limits = models.JSONField()  # of `fitting.Limit`
    carries_device = models.CharField(max_length=16, choices=Stated.choices)


class LossCause(models.TextChoices):
    """Why he could not be heard, though he did not will it."""

    NO_POWER = "no_power"
    HOMELESS = "homeless"
    DETENTION = "detention"
    HOSPITAL = "hospital"
    WORK_WITHOUT_PHONE = "work_without_phone"
    DEVICE_FAULT = "device_fault"


class Loss(models.Model):
    """A loss outside his will, recorded before any protocol."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="losses")
    cause = models.CharField(max_length=24, choices=LossCause.choices)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)  # None: it goes on
    note = models.CharField(max_length=400)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
