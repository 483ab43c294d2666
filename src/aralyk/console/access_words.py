"""What the pages say about access: roles, rights, findings, kinds of closeness."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aralyk.access.models import CaseSubject, Closeness, Finding, Right

RIGHTS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        Right.SERVED: _("Only what was served on the respondent"),
        Right.READ: _("To read"),
        Right.WORK: _("To work in, as the role allows"),
    }
)
FINDINGS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        Finding.JUSTIFIED: _("It was right"),
        Finding.MISTAKEN: _("It was a mistake in good faith"),
        Finding.ABUSE: _("It was abuse"),
    }
)
CLOSENESS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        Closeness.RELATIVE: _("A relative or close person of a party"),
        Closeness.PARTY: _("Is a party of the case"),
        Closeness.NAMED_IN_COMPLAINT: _("Is named in a complaint in this case"),
        Closeness.OTHER: _("Another reason"),
    }
)
SUBJECTS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        CaseSubject.RESPONDENT: _("The person under monitoring"),
        CaseSubject.PROTECTED_PERSON: _("The protected person"),
        CaseSubject.ORDER: _("This case"),
        CaseSubject.REPORT: _("Everybody in the report"),
    }
)
ENDINGS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        "time": _("its time was over"),
        "unconfirmed": _("nobody confirmed it in time"),
        "refused": _("the second person said no"),
        "self": _("closed by the person"),
        "account": _("the account was changed"),
    }
)
assert (set(RIGHTS), set(FINDINGS), set(CLOSENESS)) == (set(Right), set(Finding), set(Closeness))
