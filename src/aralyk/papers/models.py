"""What was published of an order, and every paper that was made: rows are added and never changed.

Where a public area's place really is, stands nowhere here: the offset is not kept, only what came of it. An area
belongs to the people it protects and not to an order, so that the tenth order about one home shows what the first did.
"""

from __future__ import annotations

import uuid
from typing import ClassVar, Final

from django.conf import settings
from django.db import models

from aralyk.orders.models import Order, Receipt
from aralyk.people.models import ProtectedPerson


class Rendition(models.TextChoices):
    """For whose eyes a paper is."""

    SERVED = "served"  # the respondent and his lawyer
    HERS = "hers"  # the protected person
    SEALED = "sealed"  # court, police, prosecutor


class Recipient(models.TextChoices):
    """To whom a paper was given."""

    RESPONDENT = "respondent"
    DEFENCE_LAWYER = "defence_lawyer"
    PROTECTED_PERSON = "protected_person"
    REPRESENTATIVE = "representative"
    COURT = "court"
    PROSECUTOR = "prosecutor"


PARTIES: Final = (Recipient.PROTECTED_PERSON.value, Recipient.RESPONDENT.value)  # served, with a receipt


class Way(models.TextChoices):
    """How it was given."""

    IN_PERSON = "in_person"
    READ_ALOUD = "read_aloud"
    REFUSED_TO_SIGN = "refused_to_sign"
    POST = "post"


class PublicArea(models.Model):
    """A circle that stands on papers in the place of a closed one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lat = models.FloatField()
    lon = models.FloatField()
    radius_m = models.FloatField()
    named = models.BooleanField(default=False)  # the place itself, which an order names openly
    protected_persons: models.ManyToManyField[ProtectedPerson, models.Model] = models.ManyToManyField(
        ProtectedPerson, related_name="public_areas"
    )
    drawn_at = models.DateTimeField()


class AreaCode(models.Model):
    """The number by which one order names a public area; it is never given again within the order."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="area_codes")
    area = models.ForeignKey(PublicArea, on_delete=models.PROTECT, related_name="codes")
    number = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["order", "number"], name="one_area_a_number"),
            models.UniqueConstraint(fields=["order", "area"], name="one_number_an_area"),
        ]


class WithheldArea(models.Model):
    """An area that no paper draws, in any order: where few people live, even a large circle would lead to her."""

    area = models.OneToOneField(PublicArea, on_delete=models.PROTECT, related_name="withheld")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="withheld_areas")
    reason = models.CharField(max_length=400)
    withheld_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    withheld_at = models.DateTimeField()


class NamedZone(models.Model):
    """A zone that the order names openly, because the law or the court wants its place in the order itself."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="named_zones")
    condition = models.SlugField(max_length=32)
    shape_sha256 = models.CharField(max_length=64)  # a zone that moved is not named until somebody names it again
    reason = models.CharField(max_length=400)
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    named_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["order", "condition", "shape_sha256"], name="one_naming_a_shape")
        ]


class Paper(models.Model):
    """One rendition of one version in one language. Of a sealed one only the hash is kept: it holds her places."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="papers")
    version = models.PositiveIntegerField()
    rendition = models.CharField(max_length=8, choices=Rendition.choices)
    language = models.CharField(max_length=8)
    draft = models.BooleanField()  # some of its words await a lawyer's review
    sha256 = models.CharField(max_length=64)
    document = models.JSONField(null=True)
    pdf = models.BinaryField(null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(rendition=Rendition.SEALED, pdf__isnull=True, document__isnull=True)
                | (~models.Q(rendition=Rendition.SEALED) & models.Q(pdf__isnull=False, document__isnull=False)),
                name="no_sealed_paper_is_kept",
            )
        ]


class Delivery(models.Model):
    """That a paper reached somebody: who gave it, when, how.

    What a party was told, when and by whom, is the order's receipt of service and nothing else: a paper that was handed
    to a party has its receipt, and time, giver and way are copied from it.
    """

    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="deliveries")
    recipient = models.CharField(max_length=24, choices=Recipient.choices)
    way = models.CharField(max_length=16, choices=Way.choices)
    delivered_at = models.DateTimeField()
    delivered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    recorded_at = models.DateTimeField()
    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="delivery", null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(recipient__in=PARTIES, receipt__isnull=False)
                | (~models.Q(recipient__in=PARTIES) & models.Q(receipt__isnull=True)),
                name="a_party_is_served",
            )
        ]


class Correspondent(models.Model):
    """The other end of an exchange: a register of the pack, and the key that its files are signed with."""

    register = models.SlugField(max_length=64)
    jurisdiction = models.CharField(max_length=8)
    key = models.CharField(max_length=300)  # name+id+base64, as docs/reference/ledger.md writes keys
    sealed_allowed = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    added_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["key"], name="one_correspondent_a_key")
        ]


class ExchangedFile(models.Model):
    """A file that went out or came in, by its hash; what came in is kept as it came."""

    correspondent = models.ForeignKey(Correspondent, on_delete=models.PROTECT, related_name="files")
    sha256 = models.CharField(max_length=64, unique=True)
    outgoing = models.BooleanField()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="exchanged_files")
    content = models.BinaryField(null=True)  # None for an outgoing file with sealed facts
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    handled_at = models.DateTimeField()


class RegisterRecord(models.Model):
    """What the other register says about one of our orders: its number there, and what it recorded."""

    correspondent = models.ForeignKey(Correspondent, on_delete=models.PROTECT, related_name="records")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="register_records")
    record_id = models.CharField(max_length=80)
    kind = models.CharField(max_length=24)
    external_number = models.CharField(max_length=80, blank=True)
    recorded_at = models.DateTimeField()
    content_sha256 = models.CharField(max_length=64)
    file = models.ForeignKey(ExchangedFile, on_delete=models.PROTECT, related_name="records")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["correspondent", "record_id"], name="one_row_a_foreign_record")
        ]
