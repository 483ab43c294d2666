"""What an officer says he did at a place, what of it is proven, and her own word. Rows only grow: triggers refuse more.

A check holds where his device says it was, and no word of hers: a visit to her has no place in it.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from aralyk.incidents.models import Incident
from aralyk.orders.models import Order
from aralyk.people.models import ProtectedPerson, SafeChannel


class CheckKind(models.TextChoices):
    """What was done."""

    AT_HIS_PLACE = "at_his_place"  # proven by a code of his device and the officer's own fix
    VISIT_TO_HER = "visit_to_her"  # proven by her alone
    ARRIVAL = "arrival"  # at an incident: proven by the officer's own fix


class Proof(models.TextChoices):
    """What a check is worth."""

    VERIFIED = "verified"
    CLAIMED = "claimed"  # the officer's word, without proof
    FLAGGED = "flagged"  # something speaks against it: a person must look
    REFUSED = "refused"  # kept as an attempt, and counts for nothing


class Way(models.TextChoices):
    """How a one-time code reached the respondent's device."""

    APP = "app"  # the app asks for it with the device's own secret
    DEVICE = "device"  # the bracelet shows a text


class Challenge(models.Model):
    """A one-time code that the respondent's device shows: whoever can say it stands in front of that device.

    The platform says it to nobody else. It is used once, by the officer who asked for it.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    device = models.CharField(max_length=64)
    code = models.CharField(max_length=8)
    way = models.CharField(max_length=8, choices=Way.choices)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["device", "-made_at"], name="codes_of_device")]


class Check(models.Model):
    """One entry of an officer, as it came; what it is worth was judged when it came, by the server's time."""

    id = models.UUIDField(primary_key=True, editable=False)  # the officer's device makes it: sent twice, it is one
    kind = models.CharField(max_length=16, choices=CheckKind.choices)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="checks")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="+", null=True)
    protected_person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="+", null=True)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    challenge = models.ForeignKey(Challenge, on_delete=models.PROTECT, related_name="checks", null=True)
    proof = models.CharField(max_length=8, choices=Proof.choices)
    reasons = ArrayField(models.CharField(max_length=24))
    late = models.BooleanField()
    device_at = models.DateTimeField()  # as the officer's device says
    received_at = models.DateTimeField()  # the server's
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    accuracy_m = models.FloatField(null=True)
    fixed_at = models.DateTimeField(null=True)
    distance_m = models.FloatField(null=True)  # from the respondent's device at that time
    photo_sha256 = models.CharField(max_length=64, blank=True)
    content_sha256 = models.CharField(max_length=64)  # of all that the officer's device sent, but the id
    duties = ArrayField(models.BigIntegerField(), default=list)  # of the risk's visits, those that it fulfils
    entry = models.BigIntegerField()  # the evidence that holds the hash of this row

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~Q(kind="visit_to_her") | Q(lat__isnull=True, lon__isnull=True), name="her_place_is_not_here"
            ),
            models.UniqueConstraint(
                fields=["challenge"], condition=Q(proof="verified"), name="a_code_proves_one_check"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["order", "-received_at"], name="checks_of_order"),
            models.Index(fields=["officer", "-received_at"], name="checks_of_officer"),
            models.Index(fields=["content_sha256"], name="checks_by_content"),
            models.Index(fields=["photo_sha256"], condition=~Q(photo_sha256=""), name="checks_by_photo"),
        ]


class HerWord(models.Model):
    """What she said through her own channel about one visit to her. No row: she said nothing, and that is no yes."""

    check_made = models.OneToOneField(Check, on_delete=models.PROTECT, related_name="her_word")
    visited = models.BooleanField()
    channel = models.ForeignKey(SafeChannel, on_delete=models.PROTECT, related_name="+")
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField()


class FieldAct(models.TextChoices):
    """What an officer who accepted an incident says from the road."""

    SET_OUT = "set_out"
    ARRIVE = "arrive"
    CONCLUDE = "conclude"


class FieldEntry(models.Model):
    """One word of an officer from the road, with both times. A weak line may bring it late, and twice: it is one."""

    id = models.UUIDField(primary_key=True, editable=False)  # the officer's device makes it
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="field_entries")
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=16, choices=FieldAct.choices)
    device_at = models.DateTimeField()
    received_at = models.DateTimeField()
    late = models.BooleanField()
    moved = models.BooleanField()  # the incident's status by it; no: it stood otherwise by then
    content_sha256 = models.CharField(max_length=64)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["incident", "received_at"], name="words_from_the_road")
        ]
