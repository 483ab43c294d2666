"""Ways to reach the people of the agencies, what they were told, and each attempt to tell them.

An attempt that was delivered is not read, and what was read is not answered: three columns, never one.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class Way(models.TextChoices):
    """How somebody is reached."""

    PUSH = "push"  # the browser's own, without content
    EMAIL = "email"
    SMS = "sms"


class Address(models.Model):
    """One person's address on one way. Used only after its owner proved that it is his."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="addresses")
    way = models.CharField(max_length=8, choices=Way.choices)
    value = models.CharField(max_length=1024)  # a number, an e-mail address, or the push service's endpoint
    keys = models.JSONField(default=dict)  # of a browser's subscription
    rank = models.PositiveSmallIntegerField(default=0)  # 0 first; the next when this one brings no receipt
    added_at = models.DateTimeField()
    code_asked_at = models.DateTimeField(null=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user", "way", "value"], condition=Q(ended_at__isnull=True), name="address_once_a_user"
            )
        ]


class Notice(models.Model):
    """One thing that one person must know. The text is a code and numbers: no name, no place."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices")
    once = models.CharField(max_length=120, unique=True)  # what it is about: asked for twice, told once
    text = models.SlugField(max_length=40)
    args = models.JSONField(default=dict)
    subject = models.CharField(max_length=80)  # as evidence names it, "incident:17"
    urgent = models.BooleanField()
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)  # the first receipt of any way
    answered_at = models.DateTimeField(null=True)  # by the named person, and by nobody else
    given_up_at = models.DateTimeField(null=True)  # every way failed, or its time ran out

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "-asked_at"], name="notice_by_user"),
            models.Index(
                fields=["expires_at"],
                name="notice_open",
                condition=Q(answered_at__isnull=True, given_up_at__isnull=True),
            ),
        ]


class DeliveryState(models.TextChoices):
    """How far one attempt on one way came."""

    DUE = "due"
    SENT = "sent"  # the next server took it
    DELIVERED = "delivered"  # a receipt says so
    FAILED = "failed"
    CANCELLED = "cancelled"  # answered meanwhile, or another way brought a receipt


class Delivery(models.Model):
    """One notice on one address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="deliveries")
    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="deliveries")
    state = models.CharField(max_length=16, choices=DeliveryState.choices, default=DeliveryState.DUE)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)  # a sender that dies lets go by itself
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    reference = models.CharField(max_length=128, blank=True)  # the next server's own name for it
    failure = models.CharField(max_length=40, blank=True)  # a code, never what a server said about a number

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["notice", "address"], name="delivery_once_an_address")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], name="delivery_due", condition=Q(state="due")),
            models.Index(fields=["reference"], name="delivery_by_reference", condition=~Q(reference="")),
        ]
