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

    REQUIRED_FIELDS: ClassVar[list[str]] = ["role"]
