"""What the API remembers of itself: which request was already done."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class IdempotencyKey(models.Model):
    """One write that a caller named, and what came of it: an id, never a body that may hold somebody's words."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=128)
    request_sha256 = models.CharField(max_length=64)  # of method, address and body
    result = models.CharField(max_length=100, blank=True)  # "type:id"; empty only inside the transaction that does it
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "key"], name="one_request_a_key")
        ]
