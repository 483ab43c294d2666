"""The closed sets of what is stated about people; not knowing is a value of its own wherever it can happen."""

from __future__ import annotations

from django.db import models


class Stated(models.TextChoices):
    """An answer that must be given; not knowing is an answer, and never "no"."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Standing(models.TextChoices):
    """Whether a protected person is somebody, or the desk of a shelter with all who work there."""

    PERSON = "person"
    SHELTER_DESK = "shelter_desk"


class PlaceKind(models.TextChoices):
    """What an address is to him."""

    HOME = "home"
    WORK = "work"
    RELATIVES = "relatives"
    OTHER = "other"


class WeaponKind(models.TextChoices):
    """What kind of weapon."""

    HUNTING = "hunting"
    SERVICE = "service"
    TRAUMATIC = "traumatic"
    COLD = "cold"
    OTHER = "other"
    UNKNOWN = "unknown"


class How(models.TextChoices):
    """By which way she is reached."""

    CALL = "call"
    SMS = "sms"
    MESSENGER = "messenger"
    APP = "app"
    IN_PERSON = "in_person"
    THROUGH_HELPER = "through_helper"


class GivenBy(models.TextChoices):
    """Who gave the number."""

    HERSELF = "herself"
    HER_RELATIVE = "her_relative"
    CRISIS_CENTRE = "crisis_centre"
    AUTHORITY = "authority"
    RESPONDENT = "respondent"
    HIS_RELATIVE = "his_relative"
    UNKNOWN = "unknown"


class HelperRelation(models.TextChoices):
    """Who the helper is to her."""

    RELATIVE = "relative"
    FRIEND = "friend"
    NEIGHBOUR = "neighbour"
    COLLEAGUE = "colleague"
    SOCIAL_WORKER = "social_worker"
    CRISIS_CENTRE = "crisis_centre"
    OTHER = "other"


class ConsentKind(models.TextChoices):
    """What she may agree to, each apart."""

    DEVICE = "device"  # a device of her own
    TRACK = "track"  # her place is kept round signals
    CRISIS_CENTRE = "crisis_centre"  # her case is told to a crisis centre
    LAWYER = "lawyer"  # her file is shown to her lawyer
    HELPER = "helper"  # somebody she named acts for her
    CHILD_SERVICES = "child_services"  # more is told to child services than the law demands


class LivesWith(models.TextChoices):
    """With whom a child lives."""

    HER = "her"
    RESPONDENT = "respondent"
    BOTH = "both"
    GUARDIAN = "guardian"
    INSTITUTION = "institution"
    UNKNOWN = "unknown"


class RoleOfChild(models.TextChoices):
    """What the child is in the case; who saw violence is a victim by law, and is marked as who saw it."""

    VICTIM = "victim"
    WITNESS = "witness"
    NOT_PRESENT = "not_present"
    UNKNOWN = "unknown"


class RepresentativeKind(models.TextChoices):
    """By what right somebody speaks for her or for a child."""

    GUARDIAN = "guardian"
    GUARDIANSHIP_BODY = "guardianship_body"
    LAWYER = "lawyer"
    CRISIS_CENTRE_LAWYER = "crisis_centre_lawyer"


class NoticeKind(models.TextChoices):
    """Whom to tell that a child is with him."""

    SCHOOL = "school"
    BORDER = "border"
