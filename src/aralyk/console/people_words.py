"""What pages say of the people of a case, made from the domain's codes."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext_lazy, pgettext_lazy

from aralyk.console.sentences import Texts
from aralyk.people.vault import SealedName
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
    Stated,
    WeaponKind,
)

STATED: Final[Texts] = MappingProxyType(
    {"yes": gettext_lazy("yes"), "no": gettext_lazy("no"), "unknown": gettext_lazy("not known")}
)
LANGUAGES: Final[Texts] = MappingProxyType(
    {
        "ru": gettext_lazy("Russian"),
        "ky": gettext_lazy("Kyrgyz"),
        "uz": gettext_lazy("Uzbek"),
        "en": gettext_lazy("English"),
    }
)
FACTS: Final[Texts] = MappingProxyType(
    {
        "name": gettext_lazy("Her name"),
        "phone": gettext_lazy("Her phone"),
        "home_address": gettext_lazy("Home address"),
        "work_address": gettext_lazy("Work address"),
        "school_address": gettext_lazy("School address"),
        "shelter_address": gettext_lazy("Address of the shelter"),
        "home_place": gettext_lazy("Home on the map"),
        "work_place": gettext_lazy("Work on the map"),
        "school_place": gettext_lazy("School on the map"),
        "shelter_place": gettext_lazy("Shelter on the map"),
        "code_word": gettext_lazy("Code word"),
        "channel_number": gettext_lazy("Number of a way to reach her"),
        "child_name": gettext_lazy("Name of a child"),
        "child_school": gettext_lazy("School of a child"),
        "helper_name": gettext_lazy("Name of a helper"),
        "helper_phone": gettext_lazy("Phone of a helper"),
        "representative_name": gettext_lazy("Name of a representative"),
        "representative_phone": gettext_lazy("Phone of a representative"),
    }
)
HOW: Final[Texts] = MappingProxyType(
    {
        "call": gettext_lazy("call"),
        "sms": gettext_lazy("SMS"),
        "messenger": gettext_lazy("messenger"),
        "app": gettext_lazy("app"),
        "in_person": gettext_lazy("in person"),
        "through_helper": gettext_lazy("through her helper"),
    }
)
GIVEN_BY: Final[Texts] = MappingProxyType(
    {
        "herself": gettext_lazy("herself"),
        "her_relative": gettext_lazy("a relative of hers"),
        "crisis_centre": gettext_lazy("a crisis centre"),
        "authority": gettext_lazy("an authority"),
        "respondent": gettext_lazy("the person under monitoring"),
        "his_relative": gettext_lazy("a relative of his"),
        "unknown": gettext_lazy("not known"),
    }
)
RELATIONS: Final[Texts] = MappingProxyType(
    {
        "relative": gettext_lazy("a relative of hers"),
        "friend": gettext_lazy("a friend"),
        "neighbour": gettext_lazy("a neighbour"),
        "colleague": gettext_lazy("a colleague"),
        "social_worker": gettext_lazy("a social worker"),
        "crisis_centre": gettext_lazy("a crisis centre"),
        "other": gettext_lazy("somebody else"),
    }
)
CONSENTS: Final[Texts] = MappingProxyType(
    {
        "device": gettext_lazy("to carry a device of her own"),
        "track": gettext_lazy("that her place is kept round signals"),
        "crisis_centre": gettext_lazy("that a crisis centre is told"),
        "lawyer": gettext_lazy("that her lawyer sees her file"),
        "helper": gettext_lazy("that a helper acts for her"),
        "child_services": gettext_lazy("that child services are told more than the law demands"),
    }
)
LIVES_WITH: Final[Texts] = MappingProxyType(
    {
        "her": gettext_lazy("with her"),
        "respondent": gettext_lazy("with the person under monitoring"),
        "both": gettext_lazy("with both"),
        "guardian": gettext_lazy("with a guardian"),
        "institution": gettext_lazy("in an institution"),
        "unknown": gettext_lazy("not known"),
    }
)
CHILD_ROLES: Final[Texts] = MappingProxyType(
    {
        "victim": gettext_lazy("suffered violence"),
        "witness": gettext_lazy("saw violence: a victim by law"),
        "not_present": gettext_lazy("was not present"),
        "unknown": gettext_lazy("not known"),
    }
)
REPRESENTATIVES: Final[Texts] = MappingProxyType(
    {
        "guardian": gettext_lazy("guardian"),
        "guardianship_body": gettext_lazy("guardianship body"),
        "lawyer": gettext_lazy("lawyer"),
        "crisis_centre_lawyer": gettext_lazy("lawyer of a crisis centre"),
    }
)
PLACES: Final[Texts] = MappingProxyType(
    {
        "home": gettext_lazy("home"),
        "work": gettext_lazy("work"),
        "relatives": gettext_lazy("relatives or friends"),
        "other": gettext_lazy("another place"),
    }
)
WEAPONS: Final[Texts] = MappingProxyType(
    {
        "hunting": gettext_lazy("hunting weapon"),
        "service": gettext_lazy("service weapon"),
        "traumatic": gettext_lazy("traumatic weapon"),
        "cold": gettext_lazy("cold weapon"),
        "other": gettext_lazy("another weapon"),
        "unknown": gettext_lazy("not known"),
    }
)
NOTICES: Final[Texts] = MappingProxyType(
    {"school": gettext_lazy("notice to the school"), "border": gettext_lazy("notice to the border service")}
)
MISSING: Final[Texts] = MappingProxyType(
    {
        "hears": gettext_lazy("whether she hears"),
        "reads": gettext_lazy("whether she reads"),
        "has_phone": gettext_lazy("whether she has a phone of her own"),
        "children_stated": gettext_lazy("whether there are children"),
        "safe_hours": gettext_lazy("at which hours she may be reached"),
        "safe_channel": gettext_lazy("a way to reach her that she confirmed"),
        "weapons": gettext_lazy("whether there are weapons"),
        "born_on": gettext_lazy("date of birth"),
        "places": gettext_lazy("where this person may be found"),
    }
)
LOOKS: Final[Texts] = MappingProxyType(
    {
        "vault_look": pgettext_lazy("look", "shown"),
        "vault_refused": pgettext_lazy("look", "refused"),
        "vault_look_asked": pgettext_lazy("look", "asked for"),
        "vault_look_confirmed": pgettext_lazy("look", "confirmed"),
        "vault_look_declined": pgettext_lazy("look", "declined"),
    }
)
for _texts, _codes in (
    (STATED, Stated), (FACTS, SealedName), (HOW, How), (GIVEN_BY, GivenBy), (RELATIONS, HelperRelation),
    (CONSENTS, ConsentKind), (LIVES_WITH, LivesWith), (CHILD_ROLES, RoleOfChild), (PLACES, PlaceKind),
    (REPRESENTATIVES, RepresentativeKind), (WEAPONS, WeaponKind), (NOTICES, NoticeKind),
):  # fmt: skip
    assert set(_texts) == {code.value for code in _codes}
