"""Who may look: agencies, their people, and what district each of them answers for."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Role(models.TextChoices):
    """What a person does here; permission follows it, never the job title."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    POLICE = "police"  # the district inspector, and whoever issues temporary orders
    DUTY_UNIT = "duty_unit"  # 102
    JUVENILE_OFFICER = "juvenile_officer"
    COURT = "court"
    PROSECUTOR = "prosecutor"
    PROBATION = "probation"
    CRISIS_CENTRE = "crisis_centre"
    LABOUR_MINISTRY = "labour_ministry"
    OMBUDSMAN = "ombudsman"
    ANALYST = "analyst"
    DEFENCE_LAWYER = "defence_lawyer"
    ADMINISTRATOR = "administrator"


class Agency(models.Model):
    """A body of the state or a crisis centre; codes come from the jurisdiction pack."""

    code = models.SlugField(primary_key=True, max_length=64)
    name_ru = models.CharField(max_length=200)
    name_ky = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.code


class User(AbstractUser):
    """A named person of an agency. An account is never shared: an acknowledgement must have an owner."""

    role = models.CharField(max_length=20, choices=Role.choices)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, blank=True)
    districts = ArrayField(models.SlugField(max_length=64), default=list, blank=True)
    display_name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=8, default="ru")
    # Somebody else chose it and knows it: the person chooses another before anything else.
    password_is_temporary = models.BooleanField(default=False, db_default=False)

    REQUIRED_FIELDS: ClassVar[list[str]] = ["role"]


class Right(models.TextChoices):
    """What may be done in a case that was opened to a person; never more than the role may do elsewhere."""

    SERVED = "served"  # only what was served on the respondent: nothing of the protected person
    READ = "read"
    WORK = "work"  # also answer, assess, look into the vault, as far as the role does so in its own districts


class CaseGrant(models.Model):
    """One case opened to one person, for a purpose, until a day."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="case_grants")
    order = models.UUIDField()  # of aralyk.orders, which lies above
    right = models.CharField(max_length=8, choices=Right.choices)
    purpose = models.CharField(max_length=400)
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    withdrawn_reason = models.CharField(max_length=400, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "ends_at"], name="case_grant_by_user"),
            models.Index(fields=["order"], name="case_grant_by_order"),
        ]


class Finding(models.TextChoices):
    """What the review of an emergency found."""

    JUSTIFIED = "justified"
    MISTAKEN = "mistaken"  # in good faith
    ABUSE = "abuse"


class BreakGlass(models.Model):
    """A case that somebody without access opened at once, and what became of it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    order = models.UUIDField()
    reason = models.CharField(max_length=400)
    opened_at = models.DateTimeField()
    confirm_by = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    confirmed_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)  # written when it ended, however it ended
    closed_why = models.CharField(max_length=16, blank=True)
    review_by = models.DateTimeField()
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    reviewed_at = models.DateTimeField(null=True)
    finding = models.CharField(max_length=16, choices=Finding.choices, blank=True)
    finding_text = models.CharField(max_length=1000, blank=True)
    told_overdue_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "ends_at"], name="break_glass_by_user"),
            models.Index(
                fields=["opened_at"], name="break_glass_unreviewed", condition=models.Q(reviewed_at__isnull=True)
            ),
        ]


class Closeness(models.TextChoices):
    """Why a person must not see a case."""

    RELATIVE = "relative"  # of the respondent or of the protected person
    PARTY = "party"  # is the respondent, or the protected person
    NAMED_IN_COMPLAINT = "named_in_complaint"
    OTHER = "other"


class CaseSubject(models.TextChoices):
    """To whom or what somebody is close."""

    ORDER = "order"
    RESPONDENT = "respondent"
    PROTECTED_PERSON = "protected_person"
    REPORT = "report"  # to whomever it is about, now or later


class Conflict(models.Model):
    """A person who must not see a case, because he is close to a party of it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    subject_kind = models.CharField(max_length=16, choices=CaseSubject.choices)
    subject_id = models.UUIDField()
    closeness = models.CharField(max_length=24, choices=Closeness.choices)
    note = models.CharField(max_length=400)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    in_force_at = models.DateTimeField(null=True)  # at once when declared by oneself, else when confirmed
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    answered_at = models.DateTimeField(null=True)
    refused = models.BooleanField(default=False)
    lift_asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    lift_asked_at = models.DateTimeField(null=True)
    lift_reason = models.CharField(max_length=400, blank=True)
    lifted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["user", "lifted_at"], name="conflict_by_user")]


class Delegation(models.Model):
    """Holiday cover: the districts of one person answered for by another, until a day. Never handed on."""

    giver = models.ForeignKey(User, on_delete=models.PROTECT, related_name="delegations_given")
    deputy = models.ForeignKey(User, on_delete=models.PROTECT, related_name="delegations_held")
    reason = models.CharField(max_length=400)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["deputy", "ends_at"], name="delegation_by_deputy")
        ]


class AccountReview(models.Model):
    """That somebody looked at an account's access and confirmed or withdrew it."""

    account = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reviews")
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField()
    kept = models.BooleanField()
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account", "-reviewed_at"], name="account_review_newest")
        ]


class CountedLook(models.Model):
    """One look, or one try to open a case, that counts against an hour's limit."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=16)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "what", "at"], name="counted_look_by_user")
        ]


class SecondFactorRemoval(models.Model):
    """An administrator's wish to remove a second factor that somebody lost; another person answers."""

    account = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=400)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer_until = models.DateTimeField()
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    answered_at = models.DateTimeField(null=True)
    confirmed = models.BooleanField(null=True)
