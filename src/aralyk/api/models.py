"""What the API remembers of itself: which request was already done."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class IdempotencyKey(models.Model):
    """One write that a caller named, and what it answered, sealed; gone after the time that the jobs process keeps it.

    Neither the key nor a word of the answer stands here in clear: the answer opens with the caller's key and the
    installation's secret together, and neither is in the database.
    """

    key_sha256 = models.CharField(max_length=64, unique=True)  # of the caller and the key
    request_sha256 = models.CharField(max_length=64)  # of method, address and body
    sight_sha256 = models.CharField(max_length=64)  # of what the caller could see when it was answered
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=100)
    answer = models.BinaryField(null=True)  # None: an answer that must not be stored, not even sealed
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["created_at"], name="idempotency_key_age")]
