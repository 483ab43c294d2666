"""The people of a case. What could lead to a protected person is not here: it is sealed (`SealedField`), read only
through the vault's database role, with a purpose, and every look leaves its witness. The rows about her say that
there is a child, a helper, a number that may be called; who and which stands in the vault, `about` that row's id.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from aralyk.people.words import (
    ConsentKind,
    GivenBy,
    HelperRelation,
    How,
    LivesWith,
    NoticeKind,
    PlaceKind,
    RepresentativeKind,
    RoleOfChild,
    Standing,
    Stated,
    WeaponKind,
)

__all__ = [
    "Child", "ChildNotice", "ChildWithRespondent", "Consent", "DataKey", "Helper", "ImportedPerson", "LookPurpose",
    "LookRequest", "ProtectedPerson", "Representative", "Respondent", "RespondentPlace", "SafeChannel", "SealedField",
    "Shelter", "Stated", "Weapon",
]  # fmt: skip


class Respondent(models.Model):
    """The person under electronic monitoring."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=300, db_default="", default="")  # as `names.key_of` writes it
    born_on = models.DateField(null=True, blank=True)
    language = models.CharField(max_length=8, default="ru")
    residence_district = models.SlugField(max_length=64)
    weapons = models.CharField(max_length=16, choices=Stated.choices, default=Stated.UNKNOWN)
    synthetic = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["residence_district", "id"], name="respondents_of_district"),
            models.Index(fields=["name", "id"], name="respondents_by_name"),
        ]


class RespondentPlace(models.Model):
    """Where he may be found. No place of hers: that would stand in the clear."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    respondent = models.ForeignKey(Respondent, on_delete=models.PROTECT, related_name="places")
    kind = models.CharField(max_length=16, choices=PlaceKind.choices)
    address = models.CharField(max_length=300)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


class Weapon(models.Model):
    """A weapon he has, or had."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    respondent = models.ForeignKey(Respondent, on_delete=models.PROTECT, related_name="known_weapons")
    kind = models.CharField(max_length=16, choices=WeaponKind.choices)
    registered = models.CharField(max_length=16, choices=Stated.choices)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    seized_at = models.DateTimeField(null=True)


class ProtectedPerson(models.Model):
    """The person whom the order protects, known here by a code alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=16, unique=True)
    standing = models.CharField(
        max_length=16, choices=Standing.choices, default=Standing.PERSON, db_default=Standing.PERSON.value
    )
    language = models.CharField(max_length=8, default="ru")
    hears = models.CharField(
        max_length=8, choices=Stated.choices, default=Stated.UNKNOWN, db_default=Stated.UNKNOWN.value
    )
    reads = models.CharField(
        max_length=8, choices=Stated.choices, default=Stated.UNKNOWN, db_default=Stated.UNKNOWN.value
    )
    has_phone = models.CharField(
        max_length=8, choices=Stated.choices, default=Stated.UNKNOWN, db_default=Stated.UNKNOWN.value
    )
    # Whether she has children, as she said; the rows of children may be fewer.
    children_stated = models.CharField(
        max_length=8, choices=Stated.choices, default=Stated.UNKNOWN, db_default=Stated.UNKNOWN.value
    )
    safe_from = models.TimeField(null=True)  # local time; both null: not asked, and nobody calls by guess
    safe_until = models.TimeField(null=True)
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    registered_at = models.DateTimeField(null=True)
    synthetic = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(Upper("code"), name="protected_person_by_code"),  # however its letters are written
        ]


class Shelter(models.Model):
    """A shelter as others may know it: a code, a duty phone, a meeting point. Where it is stands in its desk's vault.

    Its staff are people to protect: the desk is a protected person, with its devices and orders like any other.
    Nobody's row says that she lives there: that is sealed with her.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=16, unique=True)
    desk = models.OneToOneField(ProtectedPerson, on_delete=models.PROTECT, related_name="shelter")
    duty_phone = models.CharField(max_length=40)
    meeting_point = models.CharField(max_length=200)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()


class SafeChannel(models.Model):
    """A way to reach her. Not used before she confirmed it alone with an officer; his number never."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    protected_person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="channels")
    how = models.CharField(max_length=16, choices=How.choices)
    given_by = models.CharField(max_length=16, choices=GivenBy.choices)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    confirmed_at = models.DateTimeField(null=True)  # in a private conversation
    ended_at = models.DateTimeField(null=True)


class Helper(models.Model):
    """Somebody who acts for her, with her consent; never a relative of his."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    protected_person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="helpers")
    relation = models.CharField(max_length=16, choices=HelperRelation.choices)
    consent_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)


class Consent(models.Model):
    """What she agreed to, and when she took it back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    protected_person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="consents")
    kind = models.CharField(max_length=32, choices=ConsentKind.choices)
    given_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal_recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["protected_person", "kind"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_standing_consent_a_kind",
            )
        ]


class Child(models.Model):
    """A child of the case. Name and school are sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    protected_person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="children")
    birth_year = models.PositiveSmallIntegerField(null=True)
    lives_with = models.CharField(max_length=16, choices=LivesWith.choices)
    role = models.CharField(max_length=16, choices=RoleOfChild.choices)
    child_of_respondent = models.CharField(max_length=8, choices=Stated.choices)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()


class Representative(models.Model):
    """Who speaks for her or for a child by law or by her will. A lawyer's mandate always has an end."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    protected_person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="representatives")
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="guardians", null=True)
    kind = models.CharField(max_length=24, choices=RepresentativeKind.choices)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="represents", null=True
    )
    consent_at = models.DateTimeField(null=True)  # null: by law, as for a child's guardian
    until = models.DateTimeField(null=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)


class ChildWithRespondent(models.Model):
    """A child is with him: a state that somebody owns until the child is back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="stays_with_respondent")
    respondent = models.ForeignKey(Respondent, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    due_at = models.DateTimeField()  # until when the owner must have found out, or brought the child back
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["child"], condition=Q(ended_at__isnull=True), name="a_child_is_with_one_respondent"
            )
        ]


class ChildNotice(models.Model):
    """A notice that is owed while a child is with him: to the school, to the border service."""

    stay = models.ForeignKey(ChildWithRespondent, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    due_at = models.DateTimeField()
    given_at = models.DateTimeField(null=True)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["stay", "kind"], name="one_notice_a_kind")
        ]


class LookRequest(models.Model):
    """A wish to see what a second person must confirm; one reveal, within minutes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    protected_person = models.ForeignKey(ProtectedPerson, on_delete=models.PROTECT, related_name="+")
    order = models.UUIDField()  # the case that gives the reason; orders stand above people
    field = models.CharField(max_length=32)
    about = models.UUIDField()
    purpose = models.CharField(max_length=400)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer_until = models.DateTimeField()
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    answered_at = models.DateTimeField(null=True)
    confirmed = models.BooleanField(null=True)
    shown_at = models.DateTimeField(null=True)


class LookPurpose(models.Model):
    """Why somebody looked, in words that may name anybody, so under her key; the evidence has their hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)  # as the evidence names the look
    protected_person = models.UUIDField(db_index=True)
    nonce = models.BinaryField()
    ciphertext = models.BinaryField()
    written_at = models.DateTimeField()


class ImportedPerson(models.Model):
    """Which row of somebody else's list became which person: a file that is read again adds nobody twice."""

    source = models.SlugField(max_length=64)
    reference = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)
    person = models.UUIDField()
    imported_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "reference"], name="one_person_a_reference")
        ]


class DataKey(models.Model):
    """The wrapped key of one protected person, or of one report; only the vault's role reads it. Destroyed: none of
    the facts under it opens."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    protected_person = models.UUIDField(unique=True)
    master_id = models.CharField(max_length=16)
    nonce = models.BinaryField()
    ciphertext = models.BinaryField()
    mark = models.BinaryField()  # chance, or for a canary what its key alone can tell from chance
    made_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)


class SealedField(models.Model):
    """One encrypted fact about a protected person; only the vault's role reads it."""

    protected_person = models.UUIDField()
    about = models.UUIDField()  # herself, or the row of hers whose secret it is
    field = models.CharField(max_length=32)
    data_key = models.UUIDField(null=True)  # null: sealed with the master itself, before persons had keys
    key_id = models.CharField(max_length=16, blank=True, default="")  # that master
    nonce = models.BinaryField()
    ciphertext = models.BinaryField()
    written_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["protected_person", "about", "field"], name="one_sealed_value_a_field")
        ]
