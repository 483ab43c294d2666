"""The people of a case. Her name and addresses are not here: they are sealed (`SealedField`), read only through the
vault's database role, with a purpose, and every look leaves its witness."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models


class Stated(models.TextChoices):
    """An answer that must be given; not knowing is an answer, and never "no"."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Respondent(models.Model):
    """The person under electronic monitoring."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    born_on = models.DateField(null=True, blank=True)
    language = models.CharField(max_length=8, default="ru")
    residence_district = models.SlugField(max_length=64)
    weapons = models.CharField(max_length=16, choices=Stated.choices, default=Stated.UNKNOWN)
    synthetic = models.BooleanField(default=False)


class ProtectedPerson(models.Model):
    """The person whom the order protects, known here by a code alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=16, unique=True)
    language = models.CharField(max_length=8, default="ru")
    synthetic = models.BooleanField(default=False)


class SealedField(models.Model):
    """One encrypted fact about a protected person (AES-256-GCM, key outside the database)."""

    protected_person = models.UUIDField()
    field = models.CharField(max_length=32)  # name | home_address | work_address | school_address | phone
    key_id = models.CharField(max_length=16)
    nonce = models.BinaryField()
    ciphertext = models.BinaryField()
    written_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["protected_person", "field"], name="one_sealed_value_a_field")
        ]
